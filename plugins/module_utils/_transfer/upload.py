# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""An image's bytes on their way, and whether the cloud has the same."""

from __future__ import annotations

import dataclasses
import typing as t

from .._errors import GlanceError, not_none
from .._glance.checksums import Checksum
from .._glance.image import Image
from .._timing import TIMING
from .progress import Reporter
from .source import SourceContent, new_hash

# Glance's default (its option hashing_algorithm). An image tells its own only once it has data.
EXPECTED_ALGORITHM = "sha512"
# How often a transfer is begun again, before what breaks it counts as more than a passing trouble.
MAX_ATTEMPTS = 4
# Refusals that may not come again: an expired token, a limit on requests, a gateway or a store in trouble.
TRANSIENT_STATUS = frozenset({401, 408, 429, 500, 502, 503, 504})


class DataMismatch(GlanceError):
    """The image has other data than were sent."""


class OutOfTime(GlanceError):
    """The time that the task gives is over."""


class Deadline:
    """The end of the time that a task may take (``wait_timeout``); with null there is none."""

    def __init__(self, seconds: float | None) -> None:
        self.seconds = seconds
        self._end = None if seconds is None else TIMING.monotonic() + seconds

    @property
    def left(self) -> float:
        """Seconds until then, not below 0."""
        return float("inf") if self._end is None else max(0.0, self._end - TIMING.monotonic())

    @property
    def passed(self) -> bool:
        return self.left <= 0


class Backoff:
    """The moments at which to look again: the pauses grow from half a second to ten (TIMING)."""

    def __init__(self) -> None:
        self._delay = TIMING.first_poll

    def pause(self, longest: float = float("inf")) -> None:
        TIMING.sleep(max(0.0, min(self._delay, longest)))
        self._delay = min(self._delay * 2, TIMING.longest_poll)


@dataclasses.dataclass
class TransferStats:
    """What a task's result says of the bytes that were moved."""

    method: str
    bytes: int = 0
    seconds: float = 0.0
    hash: Checksum | None = None
    attempts: int = 0

    def shown(self) -> dict[str, t.Any]:
        return {
            "method": self.method,
            "bytes": self.bytes,
            "seconds": round(self.seconds, 3),
            "rate": round(self.bytes / self.seconds) if self.seconds else None,
            "hash": str(self.hash) if self.hash else None,
            "attempts": self.attempts,
        }


def size_and_hash(blocks: t.Iterable[bytes], algorithm: str) -> tuple[int, Checksum]:
    """Size (bytes) and hash of data, by reading them through."""
    found, size = new_hash(algorithm), 0
    for block in blocks:
        found.update(block)
        size += len(block)
    return size, Checksum(algorithm, found.hexdigest())


class Upload:
    """Data on their way to the cloud, hashed while they are sent.

    Whoever sends them again, as keystoneauth does after a 401, iterates again, and each iteration begins at the first byte
    with a new hash: a body can never be sent from where an earlier try stopped.
    """

    def __init__(
        self, content: SourceContent, transfer: TransferStats, deadline: Deadline, progress: Reporter | None = None
    ) -> None:
        self.content = content
        self.size = content.size
        self.sent = 0
        self.complete = False  # whether the last byte has left; before that the cloud cannot take the data for whole
        self._transfer = transfer
        self._deadline = deadline
        self._progress = progress
        self._digest = new_hash(EXPECTED_ALGORITHM)

    def __iter__(self) -> t.Iterator[bytes]:
        self._digest = new_hash(EXPECTED_ALGORITHM)
        self.sent = 0
        self.complete = False
        for block in self.content.read():
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
                self._progress(self.sent, self.size)
        self.complete = True

    @property
    def hash(self) -> Checksum:
        """Hash of what was sent."""
        return Checksum(EXPECTED_ALGORITHM, self._digest.hexdigest())

    def check_arrived(self, image: Image, stored: Checksum | None) -> None:
        """Compare what the cloud has with what was sent; any difference is an error.

        :param stored: the hash of what it has; null where that cannot be known.
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
    """An upload whose length is known; requests sends any other in chunks (RFC 9112, 7.1)."""

    def __len__(self) -> int:
        return not_none(self.size)


def new_upload(
    content: SourceContent, transfer: TransferStats, deadline: Deadline, progress: Reporter | None = None
) -> Upload:
    kind = Upload if content.size is None else SizedUpload
    return kind(content, transfer, deadline, progress)
