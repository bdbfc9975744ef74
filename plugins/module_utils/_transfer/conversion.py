# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""Converting the source of an image's data with qemu-img, into a temporary file that never has a name.

The kernel frees a file without a name once no process has it open, however the processes end: nothing is left of a run that
was killed. qemu-img gets its files as open descriptors, so it reads what was inspected, and opens no other file.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import json
import os
import shutil
import subprocess
import tempfile
import typing as t

from .._errors import GlanceError, InvalidInput, not_none
from .._glance.checksums import Checksum
from .blocks import BLOCK, Blocks
from .errors import BrokenSource, OutOfTime, WrongSource
from .file_source import FileSource
from .format_inspection import MISSING_LIBRARY, Inspection, check_faults, inspect_content, library
from .polling import Deadline
from .source import SourceContent

# The formats that a source can be converted to, by the disk_format, as qemu-img calls them.
TARGETS = {"raw": "raw", "qcow2": "qcow2", "vmdk": "vmdk", "vdi": "vdi", "vhd": "vpc", "vhdx": "vhdx"}
# A VHD that qemu-img makes is otherwise a little larger than its source, as its size goes by cylinders.
_OPTIONS = {"vpc": ("-o", "force_size=on")}
# The format that a source is read as, by what the inspection calls it. Plain data are raw, whatever is in them.
_READ_AS = {"gpt": "raw", "iso": "raw", "luks": "raw", "vhd": "vpc"}
GIB = 2**30
SECTOR = 512


def qemu_format(inspection: Inspection) -> str:
    """What qemu-img calls the format that an inspection has found."""
    return _READ_AS.get(inspection.format, inspection.format)


def qemu_img() -> str:
    """The path of qemu-img; it is an error if it is not installed."""
    program = shutil.which("qemu-img")
    if program is None:
        raise InvalidInput(
            "convert: it needs the program qemu-img on the host that runs the task. On Debian and Ubuntu it is in the"
            " package qemu-utils, on Fedora and RHEL in qemu-img."
        )
    return program


def min_disk_for(virtual_size: int) -> int:
    """The size of the smallest disk (GiB) that holds so many bytes."""
    return -(-virtual_size // GIB)


@dataclasses.dataclass(frozen=True)
class Disk:
    """An open file that holds a disk.

    :param format: as qemu-img calls it.
    """

    file: t.Any
    format: str

    @property
    def path(self) -> str:
        return f"/dev/fd/{self.file.fileno()}"


class ConvertedSource:
    """A source in another format. It is converted once, by ``prepare``, and can be read only then.

    :param content: what is converted.
    :param target: the disk_format that the data get.
    """

    def __init__(self, content: SourceContent, target: str) -> None:
        self._content = content
        self._file: t.Any = None
        self.target = target
        self.size: int | None = None

    @functools.cached_property
    def inspection(self) -> Inspection:
        """What the source is; it is an error if OpenStack does not take it."""
        qemu_img()
        inspectors = library()
        if inspectors is None:
            raise InvalidInput(f"convert: qemu-img must be told what the source is, which needs {MISSING_LIBRARY}")
        inspection = inspect_content(self._content, inspectors)
        check_faults(inspection, self._content)
        if inspection.compression:
            raise WrongSource(
                f"convert: {self.label} is compressed with {inspection.compression}. Set 'decompress:"
                f" {inspection.compression}'."
            )
        return inspection

    @property
    def virtual_size(self) -> int | None:
        """Size of the disk (bytes); null if the beginning of the source does not show it."""
        inspection = self.inspection
        if inspection.virtual_size is None and inspection.is_plain:
            return self._content.published_size()
        return inspection.virtual_size

    @property
    def expected_size(self) -> int | None:
        """Size of the converted data (bytes) as far as it is known before: of raw data it is the size of the disk."""
        size = self.virtual_size
        return None if size is None or self.target != "raw" else -(-size // SECTOR) * SECTOR

    @property
    def label(self) -> str:
        return self._content.source.label

    @property
    def option(self) -> str:
        return self._content.source.option

    def published_size(self) -> int | None:
        return self.size

    def read(self) -> Blocks:
        file, left = not_none(self._file), not_none(self.size)
        offset = 0
        while left:
            block = os.pread(file.fileno(), min(BLOCK, left), offset)
            if not block:
                raise WrongSource(f"convert: the converted data of {self.label} became shorter while they were read.")
            offset += len(block)
            left -= len(block)
            yield block

    def prepare(self, deadline: Deadline) -> None:
        """Convert the source, unless that was done before. Nothing of it is left if this fails."""
        if self._file is not None:
            return
        folder = temporary_folder()
        with contextlib.ExitStack() as undo:
            image = undo.enter_context(temporary_file(folder))
            with self._opened_source(folder) as source:
                check_whole(source, deadline)
                _check_space(folder, required_space(source, deadline), self.label)
                convert(source, Disk(image, TARGETS[self.target]), deadline)
            self._check_virtual_size(Disk(image, TARGETS[self.target]), deadline)
            undo.pop_all()
        self._file, self.size = image, os.fstat(image.fileno()).st_size

    def is_disk_of(self, blocks: Blocks, size: int, deadline: Deadline) -> bool:
        """Whether an image holds the same disk as the source, whatever else differs in their formats.

        :param blocks: the data of the image.
        :param size: of the image (bytes).
        """
        if self.target == "raw" and size != (self.expected_size or size):
            return False
        folder = temporary_folder()
        _check_space(folder, size, "the image to compare with")
        with temporary_file(folder) as image:
            for block in blocks:
                _write(image, block, folder, "the image to compare with")
            found = inspect_content(SourceContent(FileSource(Disk(image, "raw").path, size)), library())
            if found.faults or qemu_format(found) != TARGETS[self.target]:
                return False
            with self._opened_source(folder) as source:
                return hold_same_data(source, Disk(image, TARGETS[self.target]), deadline)

    def close(self) -> None:
        """Free the disk space."""
        if self._file is not None:
            self._file.close()
            self._file = None

    @contextlib.contextmanager
    def _opened_source(self, folder: str) -> t.Iterator[Disk]:
        """The source as an open file, which is read to its end first, so that its checksum is known and right."""
        original = self._content.source
        if isinstance(original, FileSource) and not self._content.compression:
            with _opened_file(original) as file:
                before = os.fstat(file.fileno())
                for _block in self._content.read():
                    pass
                yield self._inspected_again(file)
                after, named = os.fstat(file.fileno()), os.stat(original.path)
                if before.st_mtime_ns != after.st_mtime_ns or not os.path.samestat(before, named):
                    raise WrongSource(f"path: {original.path} was changed while it was being converted.")
            return
        if size := self._content.published_size():
            _check_space(folder, size, self.label)
        with temporary_file(folder) as file:
            for block in self._content.read():
                _write(file, block, folder, self.label)
            yield self._inspected_again(file)

    def _inspected_again(self, file: t.Any) -> Disk:
        """The disk in an open file, which was read after the inspection and so may have other data.

        qemu-img would open the files that the header of such data names.
        """
        disk = Disk(file, qemu_format(self.inspection))
        again = SourceContent(FileSource(disk.path, os.fstat(file.fileno()).st_size))
        found = inspect_content(again, library())
        is_same = qemu_format(found) == disk.format
        if found.format == "vhd" and not is_same:
            # Only the end of such a disk shows what it is, and of what is no file the beginning was inspected.
            raise WrongSource(
                f"convert: {self.label} is a VHD of a fixed size. Such a disk is converted from a file only: download and"
                " decompress it, and give the file as 'path'. Nothing was changed."
            )
        if found.faults or not is_same:
            raise WrongSource(
                f"convert: {self.label} changed between two reads: it was {self.inspection.format}, and is {found.format}"
                f"{''.join(f', and {fault}' for fault in found.faults)}. Nothing was changed."
            )
        return disk

    def expect(self, checksum: Checksum) -> None:
        """Convert only what has this checksum, by which an earlier read of the source is recorded."""
        self._content = dataclasses.replace(self._content, checksum=checksum, stated_by="an earlier read of it")

    def _check_virtual_size(self, image: Disk, deadline: Deadline) -> None:
        found = int(_info(image, deadline)["virtual-size"])
        expected = self.expected_size if self.target == "raw" else self.inspection.virtual_size
        # A disk consists of whole sectors, and in some formats of larger units.
        unit = 1 if self.target == "raw" else 1024 * 1024
        if expected is not None and not expected <= found < expected + unit:
            raise WrongSource(
                f"convert: qemu-img made a disk of {found} bytes of {self.label}, whose header says {expected}. Nothing was"
                " changed."
            )


def _opened_file(source: FileSource) -> t.Any:
    try:
        return open(source.path, "rb")
    except OSError as error:
        raise BrokenSource(f"path: {source.path} cannot be read: {error.strerror}.") from error


def temporary_folder() -> str:
    """Where converted data are: the folder that TMPDIR names, else the system's."""
    return tempfile.gettempdir()


def temporary_file(folder: str) -> t.Any:
    """An open file without a name. The caller closes it."""
    try:
        return tempfile.TemporaryFile(dir=folder)
    except OSError as error:
        raise GlanceError(f"convert: no file can be created in {folder}: {error.strerror}.") from error


def _write(file: t.Any, block: bytes, folder: str, label: str) -> None:
    try:
        file.write(block)
        file.flush()
    except OSError as error:
        raise GlanceError(
            f"convert: {label} cannot be written to {folder}: {error.strerror}. Nothing was changed. {_OTHER_FOLDER}"
        ) from error


_OTHER_FOLDER = "Set TMPDIR in the task's 'environment' to a folder with more space."


def _check_space(folder: str, needed: int, label: str) -> None:
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise GlanceError(
            f"convert: {label} needs {needed} bytes in {folder}, and {free} are free. Nothing was changed. {_OTHER_FOLDER}"
        )


def check_whole(source: Disk, deadline: Deadline) -> None:
    """Refuse a damaged source: what is missing at its end qemu-img converts to zeros.

    Unused space that is marked as used (3) does no harm, and not all formats can be checked (63).
    """
    _run(["check", "-q", "-f", source.format, source.path], [source], deadline, accepted=(0, 3, 63))


def required_space(source: Disk, deadline: Deadline) -> int:
    """How much space the converted data take at most (bytes), about; qemu-img measures it for raw and qcow2 only."""
    command = ["measure", "--output=json", "-f", source.format, "-O", "qcow2", source.path]
    return int(json.loads(_run(command, [source], deadline).stdout)["required"])


def convert(source: Disk, image: Disk, deadline: Deadline) -> None:
    """Write a disk into another open file, in another format."""
    options = _OPTIONS.get(image.format, ())
    command = ["convert", "-f", source.format, "-O", image.format, *options, source.path, image.path]
    _run(command, [source, image], deadline)


def hold_same_data(source: Disk, image: Disk, deadline: Deadline) -> bool:
    """Whether two files hold the same disk, whatever their formats are."""
    command = ["compare", "-f", source.format, "-F", image.format, source.path, image.path]
    return _run(command, [source, image], deadline, accepted=(0, 1)).returncode == 0


def _info(disk: Disk, deadline: Deadline) -> dict[str, t.Any]:
    command = ["info", "--output=json", "-f", disk.format, disk.path]
    return t.cast("dict[str, t.Any]", json.loads(_run(command, [disk], deadline).stdout))


def _run(
    command: t.Sequence[str], disks: t.Sequence[Disk], deadline: Deadline, accepted: t.Collection[int] = (0,)
) -> subprocess.CompletedProcess[str]:
    """Run qemu-img with open files.

    :param accepted: the exit codes that mean success.
    """
    try:
        done = subprocess.run(
            [qemu_img(), *command],
            pass_fds=[disk.file.fileno() for disk in disks],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=None if deadline.seconds is None else max(deadline.left, 1.0),
            check=False,
            env={**os.environ, "LC_ALL": "C.UTF-8"},
        )
    except subprocess.TimeoutExpired as error:
        raise OutOfTime(
            f"convert: 'qemu-img {command[0]}' was stopped after {error.timeout:.0f} s, as the task's 'wait_timeout' is"
            " over. Nothing was changed."
        ) from error
    if done.returncode not in accepted:
        reason = " ".join((done.stderr or done.stdout).split())
        raise WrongSource(f"convert: 'qemu-img {command[0]}' failed: {reason}. Nothing was changed.")
    return done
