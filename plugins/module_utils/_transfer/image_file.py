# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""An image's data in a file: downloaded into a partial file beside it, resumed after a break, and verified."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import typing as t

from .._errors import GlanceError, not_none
from .._glance.checksums import Checksum
from .._glance.image import Image
from .._glance.image_hashes import strongest_hash
from .._glance.input_checks import UUID
from .._timing import TIMING
from .blocks import BLOCK, new_hash, size_and_hash
from .download import Download
from .errors import DataMismatch
from .polling import Deadline, poll
from .progress import Reporter

# Of a file, in bytes, on the usual file systems.
LONGEST_NAME = 255


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


def download_to(dest: str, download: Download, move: t.Callable[[str, str], None], progress: Reporter | None = None) -> bool:
    """Download an image's data into a partial file, verify them, and move the file to ``dest``.

    What the partial file has already is not fetched again. If the data do not have the hash that the cloud shows, the file
    is deleted and everything is fetched once more; a second mismatch is an error.

    :param move: moves the first file to the place of the second.
    :returns: whether this run brought the data; false if another one did while this one waited for it.
    """
    image, stored = download.image, strongest_hash(download.image)
    part = _partial_file(dest, image)
    began = TIMING.monotonic()
    try:
        for last in (False, True):
            with _locked(part, download.deadline) as file:
                if file_has(dest, image):
                    os.unlink(part)
                    return False
                found = _fill(file, download, stored.algorithm, progress)
                if found == stored:
                    # While it is locked: another run that waits for it would move it too.
                    move(part, dest)
                    break
            os.unlink(part)
            if last:
                raise DataMismatch(
                    f"The data of image {image.id} arrive changed, twice: {found} instead of {stored}. Nothing was kept."
                )
    except OSError as error:
        raise GlanceError(f"dest: {part} cannot be written: {error.strerror}.") from error
    _remove_parts_of_other_images(dest, image)
    download.transfer.seconds = TIMING.monotonic() - began
    download.transfer.hash = stored
    return True


def _partial_file(dest: str, image: Image) -> str:
    """The path of the file that gets an image's data until they are complete.

    The image's id is part of the name: an image's data never change, so a later run can continue the file.
    """
    folder, name = os.path.split(dest)
    suffix = f".{image.id}.part"
    kept = os.fsencode(name)[: LONGEST_NAME - len(suffix) - 1].decode(errors="ignore")
    return os.path.join(folder, f".{kept}{suffix}")


def _remove_parts_of_other_images(dest: str, image: Image) -> None:
    """Remove what interrupted downloads of other images to the same file have left: nothing else ever would.

    What another run is writing stays, and so does what cannot be removed.
    """
    folder, own = os.path.split(_partial_file(dest, image))
    begin, end = own.rsplit(image.id, 1)
    of_same_file = re.compile(re.escape(begin) + UUID.pattern + re.escape(end))
    names: list[str] = []
    with contextlib.suppress(OSError):  # a folder that can be written need not be readable
        names = os.listdir(folder or ".")
    for name in names:
        if of_same_file.fullmatch(name):
            path = os.path.join(folder, name)
            with contextlib.suppress(OSError, GlanceError):
                file = _try_to_lock(path)
                if file:
                    with file:
                        os.unlink(path)


@contextlib.contextmanager
def _locked(part: str, deadline: Deadline) -> t.Iterator[t.Any]:
    """The partial file, open for this run alone."""
    file = poll(
        lambda: _try_to_lock(part),
        lambda opened: opened is not None,
        deadline,
        lambda _opened: GlanceError(f"dest: another run has been writing {part} for {deadline.seconds} s."),
    )
    with not_none(file):
        yield file


def _try_to_lock(part: str) -> t.Any | None:
    """The partial file, open and locked; null while another run has it."""
    while True:
        # In a folder like /tmp another user may have put something else in its place.
        fd = os.open(part, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with contextlib.ExitStack() as stack:
            file = stack.enter_context(open(fd, "ab+", buffering=0))
            if os.fstat(fd).st_uid != os.geteuid():
                raise GlanceError(f"dest: {part} is in the way; it belongs to another user.")
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return None
            # Another run that had it locked may have renamed it since; then the path means another file.
            with contextlib.suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(fd), os.stat(part)):
                    stack.pop_all()
                    return file


def _fill(file: t.Any, download: Download, algorithm: str, progress: Reporter | None) -> Checksum:
    """Append the missing bytes; returns the hash of the complete file. Bytes that are there are never written again."""
    size = not_none(download.image.size)
    digest, offset = new_hash(algorithm), 0
    file.seek(0)
    while block := file.read(BLOCK):
        digest.update(block)
        offset += len(block)
    if offset > size:
        file.truncate(0)
        digest, offset = new_hash(algorithm), 0
    had = offset
    for block in download.blocks(offset):
        written = 0
        while written < len(block):
            written += file.write(block[written:] if written else block)
        digest.update(block)
        offset += len(block)
        if progress:
            progress(offset, size, had)
    os.fsync(file.fileno())
    return Checksum(algorithm, digest.hexdigest())
