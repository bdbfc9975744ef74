# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""Downloading an image: into a file beside the wanted one, resumed after a break, verified, then put in its place."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import typing as t

from .._client.image_api import GlanceApi
from .._errors import ApiError, ConnectionProblem, GlanceError, not_none
from .._glance.checksums import Checksum
from .._glance.image import Image
from .._glance.image_hashes import strongest_hash
from .._timing import TIMING
from .progress import Reporter
from .source import BLOCK, new_hash
from .upload import MAX_ATTEMPTS, TRANSIENT_STATUS, Backoff, DataMismatch, Deadline, OutOfTime, TransferStats, size_and_hash

with contextlib.suppress(ImportError):  # _session says so, before anything here is called
    import requests
    import urllib3


# Of a file, in bytes, on the usual file systems.
LONGEST_NAME = 255


def image_blocks(
    api: GlanceApi, image: Image, offset: int, deadline: Deadline, transfer: TransferStats | None = None
) -> t.Iterator[bytes]:
    """The image's data from ``offset`` on; after a break it resumes where it stopped.

    From a store that cannot send a part of an image, everything is requested again and what came before is skipped.
    Errors: more than MAX_ATTEMPTS breaks in a row without a new byte in between; more bytes than the image has; the time is
    over.

    :param transfer: counts the attempts, and the bytes that arrive, with those that are skipped.
    """
    size = not_none(image.size)
    transfer = transfer or TransferStats("download")
    poll, failures = Backoff(), 0
    while offset < size:
        begun_at = offset
        transfer.attempts += 1
        # Where a Range is answered with 500, or breaks the connection, only a request without it can get further.
        last = failures + 1 == MAX_ATTEMPTS
        try:
            for block in _answered_blocks(api, image, offset, deadline, transfer, whole=last):
                offset += len(block)
                if offset > size:
                    raise DataMismatch(f"The cloud sends more than the {size} bytes that image {image.id} has.")
                yield block
                _check_time(api, image, offset, deadline)
            broken: GlanceError = ConnectionProblem(f"the answer ended after {offset} of {size} bytes.")
        except (ApiError, ConnectionProblem) as error:
            if isinstance(error, ApiError) and error.status not in TRANSIENT_STATUS:
                raise
            broken = error
        if offset == size:
            return
        # Only new bytes are progress: a run must not skip the same bytes again and again without end.
        failures = failures + 1 if offset == begun_at else 1
        if failures >= MAX_ATTEMPTS:
            raise ConnectionProblem(
                f"The download of image {image.id} broke off {failures} times at byte {offset} of {size}:"
                f" {broken.message} {_where_it_resumes(api, image)}"
            )
        if offset == begun_at:
            poll.pause(deadline.left)
        else:
            poll = Backoff()


def _answered_blocks(
    api: GlanceApi, image: Image, offset: int, deadline: Deadline, transfer: TransferStats, whole: bool
) -> t.Iterator[bytes]:
    """What one request gives from ``offset`` on; of an answer with all of the data, what is before that is left out.

    :param whole: whether all of the data are requested, although only those from ``offset`` on are needed.
    """
    with api.download(image.id, 0 if whole else offset) as answer:
        skip = 0
        if answer.status_code == 206:
            start = re.match(r"bytes (\d{1,18})-", answer.headers.get("Content-Range", ""))
            if start and int(start[1]) != offset:
                raise DataMismatch(
                    f"The cloud was asked for the data of image {image.id} from byte {offset} on and gives others."
                )
        else:
            skip = offset
        try:
            for block in answer.raw.stream(BLOCK, decode_content=False):
                transfer.bytes += len(block)
                if skip < len(block):
                    yield block[skip:] if skip else block
                else:
                    _check_time(api, image, offset, deadline)
                skip = max(0, skip - len(block))
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            raise ConnectionProblem(f"{error}.") from error


def _check_time(api: GlanceApi, image: Image, offset: int, deadline: Deadline) -> None:
    if deadline.passed:
        raise OutOfTime(
            f"The download was stopped after {deadline.seconds} s, the 'wait_timeout', with {offset} of {image.size}"
            f" bytes. {_where_it_resumes(api, image)}"
        )


def _where_it_resumes(api: GlanceApi, image: Image) -> str:
    if api.refuses_ranges(image.id):
        return (
            "This cloud's store cannot send a part of an image, so each attempt starts at the first byte again. Run the"
            " task again, with a longer 'wait_timeout' if it was stopped by that."
        )
    return "Run the task again: it goes on there."


def read_back(api: GlanceApi, image: Image, algorithm: str, deadline: Deadline) -> Checksum:
    """The hash of what the cloud has, where it does not compute it itself: all of it is downloaded and none of it kept."""
    return size_and_hash(image_blocks(api, image, 0, deadline), algorithm)[1]


def file_has(path: str, image: Image) -> bool:
    """Whether a file has the image's data: by size, and only if that is the same by hash."""
    try:
        if os.path.getsize(path) != image.size:
            return False
        stored = strongest_hash(image)
        with open(path, "rb", buffering=0) as file:
            found = size_and_hash(iter(lambda: file.read(BLOCK), b""), stored.algorithm)[1]
    except FileNotFoundError:
        return False
    except OSError as error:
        raise GlanceError(f"dest: {path} cannot be read: {error.strerror}.") from error
    return found == stored


def partial_file(dest: str, image: Image) -> str:
    """Where an image's data are while they are not whole. An image's data never change, so its id says whose they are."""
    folder, name = os.path.split(dest)
    suffix = f".{image.id}.part"
    kept = os.fsencode(name)[: LONGEST_NAME - len(suffix) - 1].decode(errors="ignore")
    return os.path.join(folder, f".{kept}{suffix}")


def download(
    api: GlanceApi, image: Image, part: str, deadline: Deadline, transfer: TransferStats, progress: Reporter | None = None
) -> None:
    """Have the image's data, verified, in the file ``part``; what of them is there already is not fetched again.

    If they do not have the hash that the cloud tells, the file is removed and all is fetched once more, and then it is an
    error.
    """
    stored = strongest_hash(image)
    began = TIMING.monotonic()
    try:
        for last in (False, True):
            with _opened(part, deadline) as file:
                found = _fill(api, image, file, stored.algorithm, deadline, transfer, progress)
            if found == stored:
                break
            os.unlink(part)
            if last:
                raise DataMismatch(
                    f"The data of image {image.id} arrive changed, twice: {found} instead of {stored}. Nothing was kept."
                )
    except OSError as error:
        raise GlanceError(f"dest: {part} cannot be written: {error.strerror}.") from error
    transfer.seconds = TIMING.monotonic() - began
    transfer.hash = stored


@contextlib.contextmanager
def _opened(part: str, deadline: Deadline) -> t.Iterator[t.Any]:
    """The partial file, for this run alone. In a folder like /tmp somebody else may have put something in its place."""
    poll = Backoff()
    while True:
        fd = os.open(part, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with open(fd, "ab+", buffering=0) as file:
            if os.fstat(fd).st_uid != os.geteuid():
                raise GlanceError(f"dest: {part} is in the way; it belongs to another user.")
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                # Whoever had it locked before may have put it in its place since.
                if os.path.exists(part) and os.path.samestat(os.fstat(fd), os.stat(part)):
                    yield file
                    return
                continue
        if deadline.passed:
            raise GlanceError(f"dest: another run has been writing {part} for {deadline.seconds} s.")
        poll.pause(deadline.left)


def _fill(
    api: GlanceApi,
    image: Image,
    file: t.Any,
    algorithm: str,
    deadline: Deadline,
    transfer: TransferStats,
    progress: Reporter | None,
) -> Checksum:
    """Append the missing bytes; returns the hash of the complete file. Bytes that are there are never written again."""
    found, offset = new_hash(algorithm), 0
    file.seek(0)
    while block := file.read(BLOCK):
        found.update(block)
        offset += len(block)
    if offset > not_none(image.size):
        file.truncate(0)
        found, offset = new_hash(algorithm), 0
    had = offset
    for block in image_blocks(api, image, offset, deadline, transfer):
        written = 0
        while written < len(block):
            written += file.write(block[written:] if written else block)
        found.update(block)
        offset += len(block)
        if progress:
            progress(offset, image.size, had)
    os.fsync(file.fileno())
    return Checksum(algorithm, found.hexdigest())
