# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""A file on the host that runs the task, as the source of an image's data."""

from __future__ import annotations

import dataclasses
import os
import stat

from .._errors import InvalidInput
from .blocks import BLOCK, Blocks
from .errors import BrokenSource, WrongSource


@dataclasses.dataclass(frozen=True)
class FileSource:
    """A file that is read from its first byte on; one whose size changes meanwhile is an error.

    :param size: of the file (bytes).
    """

    path: str
    size: int
    option: str = "path"

    @property
    def label(self) -> str:
        return self.path

    def read(self) -> Blocks:
        left = self.size
        try:
            with open(self.path, "rb", buffering=0) as file:
                while left:
                    block = file.read(min(BLOCK, left))
                    if not block:
                        raise WrongSource(f"path: {self.path} became shorter while it was being read.")
                    left -= len(block)
                    # Checked before the last block is sent: without it Glance does not take the data for whole.
                    if not left and file.read(1):
                        raise WrongSource(f"path: {self.path} became longer while it was being read.")
                    yield block
        except OSError as error:  # to urllib3 it would look like a broken connection to the cloud
            raise BrokenSource(f"path: {self.path} cannot be read: {error.strerror}.") from error

    def published_size(self) -> int | None:
        return self.size


def file_source(path: str) -> FileSource:
    """The file that a task names as its source; it is an error if it cannot be sent."""
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
        where = "" if os.path.isabs(path) else f" Relative paths begin in {os.getcwd()}; give an absolute path."
        raise InvalidInput(f"path: {path!r} cannot be read on the host that runs the task: {reason}.{where}") from error
    if status.st_size == 0:
        raise InvalidInput(f"path: {path} is empty. Glance would make an active image of it that cannot boot.")
    return FileSource(path, status.st_size)
