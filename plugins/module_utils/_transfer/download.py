# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""Downloading an image's data: resumed after a break, and bounded in time."""

from __future__ import annotations

import contextlib
import dataclasses
import re

from .._client.image_api import GlanceApi
from .._errors import ApiError, ConnectionProblem, GlanceError, not_none
from .._glance.checksums import Checksum
from .._glance.image import Image
from .blocks import BLOCK, Blocks, size_and_hash
from .errors import DataMismatch, OutOfTime
from .polling import MAX_ATTEMPTS, Backoff, Deadline, is_transient
from .stats import TransferStats

with contextlib.suppress(ImportError):  # _client.openstack_config reports it before anything here is called
    import requests
    import urllib3


@dataclasses.dataclass
class Download:
    """The download of one image's data.

    :param transfer: counts the attempts, and the bytes that arrive, including those that are skipped.
    :param is_kept: whether what has arrived is kept if the download fails, so that the next run resumes there.
    """

    api: GlanceApi
    image: Image
    deadline: Deadline
    transfer: TransferStats = dataclasses.field(default_factory=lambda: TransferStats("download"))
    is_kept: bool = True

    def blocks(self, offset: int = 0) -> Blocks:
        """The data from ``offset`` on; after a break the download resumes where it stopped.

        From a store that cannot send a part of an image, everything is requested again and the bytes before are skipped.
        Errors: MAX_ATTEMPTS breaks in a row without a new byte in between; more bytes than the image has; the time is over.
        """
        size = not_none(self.image.size)
        backoff, failures = Backoff(), 0
        while offset < size:
            begun_at = offset
            self.transfer.attempts += 1
            # Where a Range is answered with 500, or breaks the connection, only a request without it can get further.
            last = failures + 1 == MAX_ATTEMPTS
            error: GlanceError
            try:
                for block in self._blocks_of_one_answer(offset, without_range=last):
                    offset += len(block)
                    if offset > size:
                        raise DataMismatch(f"The cloud sends more than the {size} bytes that image {self.image.id} has.")
                    yield block
                    self._check_time(offset)
            except (ApiError, ConnectionProblem) as failure:
                if not is_transient(failure):
                    raise
                error = failure
            else:
                error = ConnectionProblem(f"the answer ended after {offset} of {size} bytes.")
            if offset == size:
                return
            # Only new bytes are progress: a run must not skip the same bytes again and again without end.
            failures = failures + 1 if offset == begun_at else 1
            if failures >= MAX_ATTEMPTS:
                raise self._broken_off(failures, offset, error)
            if offset == begun_at:
                backoff.pause(self.deadline.left)
            else:
                backoff = Backoff()

    def _blocks_of_one_answer(self, offset: int, without_range: bool) -> Blocks:
        """The data from ``offset`` on that one request gives; if its answer begins with the first byte, the rest is skipped.

        :param without_range: whether to request all data, although only those from ``offset`` on are needed.
        """
        with self.api.download(self.image.id, 0 if without_range else offset) as answer:
            is_part = answer.status_code == 206
            if is_part:
                self._check_start(answer.headers.get("Content-Range", ""), offset)
            skip = 0 if is_part else offset
            try:
                for block in answer.raw.stream(BLOCK, decode_content=False):
                    self.transfer.bytes += len(block)
                    if skip < len(block):
                        yield block[skip:] if skip else block
                    else:
                        self._check_time(offset)
                    skip = max(0, skip - len(block))
            except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
                raise ConnectionProblem(f"{error}.") from error

    def _check_start(self, content_range: str, offset: int) -> None:
        start = re.match(r"bytes (\d{1,18})-", content_range)
        if start and int(start[1]) != offset:
            raise DataMismatch(
                f"The cloud was asked for the data of image {self.image.id} from byte {offset} on and gives others."
            )

    def _check_time(self, offset: int) -> None:
        if self.deadline.passed:
            raise OutOfTime(
                f"The download was stopped after {self.deadline.seconds} s, the 'wait_timeout', with {offset} of"
                f" {self.image.size} bytes. {self._where_it_resumes()}"
            )

    def _broken_off(self, failures: int, offset: int, error: GlanceError) -> ConnectionProblem:
        return ConnectionProblem(
            f"The download of image {self.image.id} broke off {failures} times at byte {offset} of {self.image.size}:"
            f" {error.message} {self._where_it_resumes()}"
        )

    def _where_it_resumes(self) -> str:
        if self.api.refuses_ranges(self.image.id):
            return (
                "This cloud's store cannot send a part of an image, so each attempt starts at the first byte again. Run the"
                " task again, with a longer 'wait_timeout' if it was stopped by that."
            )
        return (
            "Run the task again: it goes on there." if self.is_kept else "Run the task again: it starts at the first byte."
        )


def hash_of_stored_data(api: GlanceApi, image: Image, algorithm: str, deadline: Deadline) -> Checksum:
    """The hash of the data that the cloud has, where it does not compute it itself: they are downloaded, and not kept."""
    return size_and_hash(Download(api, image, deadline).blocks(), algorithm)[1]
