# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""An image's bytes: the file they come from, sending them, and whether the cloud has the same."""

from __future__ import annotations

import hashlib
import os
import stat
import typing as t

from ._attributes import Image
from ._errors import GlanceError, InvalidInput

BLOCK = 1024 * 1024
# Glance's default (its option hashing_algorithm). An image tells its own only once it has data.
EXPECTED_ALGORITHM = "sha512"


class WrongData(GlanceError):
    """The image has other data than were sent."""


def file_size(path: str) -> int:
    """Size (bytes) of the file that the task names as source, which must be one that can be sent."""
    try:
        status = os.stat(path)
        if stat.S_ISDIR(status.st_mode):
            raise InvalidInput(f"path: {path} is a directory; an image's data come from one file.")
        if not stat.S_ISREG(status.st_mode):
            raise InvalidInput(f"path: {path} is not a regular file.")
        with open(path, "rb"):
            pass
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise InvalidInput(f"path: {path!r} cannot be read on the host that runs the task: {reason}.") from error
    if status.st_size == 0:
        raise InvalidInput(f"path: {path} is empty. Glance would make an active image of it that cannot boot.")
    return status.st_size


def file_digest(path: str, algorithm: str) -> str:
    """Hash of a file (hexadecimal)."""
    digest = _new_hash(algorithm)
    with open(path, "rb", buffering=0) as file:
        while block := file.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()


def has_same_data(image: Image, path: str, size: int) -> bool:
    """Whether the image's data are the file's: by size, and only if that is the same by hash."""
    if image.get("size") != size:
        return False
    algorithm, value = hash_of(image)
    return file_digest(path, algorithm) == value


def hash_of(image: Image) -> tuple[str, str]:
    """Algorithm and value of the hash that the cloud keeps of the image's data."""
    if image.get("os_hash_algo") and image.get("os_hash_value"):
        return str(image["os_hash_algo"]), str(image["os_hash_value"])
    if image.get("checksum"):
        return "md5", str(image["checksum"])
    raise GlanceError(
        f"The cloud keeps no hash of the data of image {image.get('id')} '{image.get('name')}',"
        " so they cannot be told from other data of the same size."
    )


class Upload:
    """A file on its way to the cloud, hashed while it is sent.

    Whoever sends it again, as keystoneauth does after a 401, iterates again, and each iteration begins at the first byte
    with a new hash: a body can never be sent from where an earlier try stopped.
    """

    def __init__(self, path: str, size: int) -> None:
        self.path = path
        self.size = size
        self._digest = _new_hash(EXPECTED_ALGORITHM)

    def __len__(self) -> int:
        return self.size

    def __iter__(self) -> t.Iterator[bytes]:
        self._digest = _new_hash(EXPECTED_ALGORITHM)
        left = self.size
        with open(self.path, "rb", buffering=0) as file:
            while left:
                block = file.read(min(BLOCK, left))
                if not block:
                    raise GlanceError(f"path: {self.path} became shorter while it was being sent.")
                left -= len(block)
                # Asked before the last block leaves: without it Glance does not take the data for whole.
                if not left and file.read(1):
                    raise GlanceError(f"path: {self.path} became longer while it was being sent.")
                self._digest.update(block)
                yield block

    def check_arrived(self, image: Image) -> None:
        """Compare what the cloud says it has with what was sent; any difference is an error."""
        algorithm, value = hash_of(image)
        sent = self._digest.hexdigest() if algorithm == EXPECTED_ALGORITHM else file_digest(self.path, algorithm)
        if image.get("size") != self.size or sent != value:
            raise WrongData(
                f"The data arrived changed: sent were {self.size} bytes with {algorithm} {sent},"
                f" the cloud has {image.get('size')} bytes with {algorithm} {value}."
            )


def _new_hash(algorithm: str) -> hashlib._Hash:
    try:
        return hashlib.new(algorithm)
    except ValueError as error:
        raise GlanceError(f"This host's Python cannot compute the hash '{algorithm}' that the cloud uses.") from error
