# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The body of an upload, and whether the cloud has the same bytes."""

from __future__ import annotations

import itertools
import typing as t

from .._errors import not_none
from .._glance.checksums import Checksum
from .._glance.image import Image
from .blocks import EXPECTED_ALGORITHM, Blocks, new_hash, size_and_hash
from .errors import DataMismatch, OutOfTime
from .polling import Deadline
from .progress import Reporter
from .source import SourceContent
from .stats import TransferStats


class Upload:
    """The body of an upload, hashed while it is sent.

    Each iteration begins at the first byte with a new hash, so a second attempt never continues where the first one stopped.
    """

    def __init__(
        self, content: SourceContent, transfer: TransferStats, deadline: Deadline, progress: Reporter | None = None
    ) -> None:
        self.content = content
        self.size = content.size
        self.sent = 0
        self.complete = False  # whether all bytes were sent: before that the cloud cannot take the data for whole
        self._transfer = transfer
        self._deadline = deadline
        self._progress = progress
        self._expected = content.size
        self._digest = new_hash(EXPECTED_ALGORITHM)
        self._opened: Blocks | None = None

    def open(self) -> None:
        """Read the first block before the request begins: a server waits only seconds for a body, by default uWSGI four."""
        blocks = self.content.read()
        self._opened = itertools.chain([next(blocks)], blocks)
        if self._progress and self._expected is None:  # so that the progress is told in percent
            self._expected = self.content.published_size()

    def __iter__(self) -> t.Iterator[bytes]:
        self._digest = new_hash(EXPECTED_ALGORITHM)
        self.sent = 0
        self.complete = False
        blocks, self._opened = self._opened or self.content.read(), None
        for block in blocks:
            if self._deadline.passed:
                raise OutOfTime(
                    f"The upload was stopped after {self._deadline.seconds} s, the 'wait_timeout', with {self.sent} bytes"
                    " sent. Give it a longer one; of an upload nothing can be kept."
                )
            self._digest.update(block)
            self.sent += len(block)
            self._transfer.bytes = self.sent
            yield block
            if self._progress:
                self._progress(self.sent, self._expected)
        self.complete = True

    @property
    def hash(self) -> Checksum:
        """Hash of what was sent."""
        return Checksum(EXPECTED_ALGORITHM, self._digest.hexdigest())

    def check_arrived(self, image: Image, stored: Checksum | None) -> None:
        """Compare what the cloud has with what was sent; any difference is an error.

        :param stored: the hash of what the cloud has; null if the cloud does not let it be known.
        """
        sent = self.hash
        if stored and stored.algorithm != EXPECTED_ALGORITHM:
            sent = size_and_hash(self.content.read(), stored.algorithm)[1]
        if image.size != self.sent or stored not in (None, sent):
            raise DataMismatch(
                f"The data arrived changed: sent were {self.sent} bytes with {sent},"
                f" the cloud has {image.size} bytes with {stored or 'no hash'}."
            )


class SizedUpload(Upload):
    """The body of an upload whose length is known; requests sends any other in chunks (RFC 9112, 7.1)."""

    def __len__(self) -> int:
        return not_none(self.size)


def new_upload(
    content: SourceContent, transfer: TransferStats, deadline: Deadline, progress: Reporter | None = None
) -> Upload:
    kind = Upload if content.size is None else SizedUpload
    return kind(content, transfer, deadline, progress)
