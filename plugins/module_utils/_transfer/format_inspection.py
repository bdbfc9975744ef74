# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""What an image's data are, from their first bytes, with the inspectors of oslo.utils that Glance, Nova and Cinder use.

Only the beginning is read, and of a file its last bytes: the footers of some formats are there.
"""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import typing as t

from .._glance.checksums import Checksum
from .blocks import EXPECTED_ALGORITHM, Blocks, new_hash
from .errors import BrokenSource, WrongSource
from .file_source import FileSource
from .source import Beginning, SourceContent

# The release of oslo.utils that has the inspectors first.
LIBRARY = "oslo.utils>=7.3.0"
MISSING_LIBRARY = f"the Python library oslo.utils on the host that runs the task (pip install '{LIBRARY}')."
# No more is read from the beginning (bytes): qemu puts the metadata of a VHDX, which lie farthest, below 4 MiB.
HEAD = 8 * 1024 * 1024
# Read from the end of a file (bytes): the footer of a VMDK has 1536, that of a VHD 512.
TAIL = 4096
_STEP = 4096
VHD_COOKIE = b"conectix"
# The first bytes of compressed files, by what ``decompress`` calls them.
COMPRESSED = {b"\x1f\x8b": "gz", b"BZh": "bz2", b"\xfd7zXZ\x00": "xz", b"\x28\xb5\x2f\xfd": "zst"}
# Whatever is on a disk: a partition table, the file system of a CD, or encrypted data. Its size is that of the disk.
PLAIN = frozenset({"raw", "gpt", "iso", "luks"})
# The contents that an image of a disk format may have. Formats that are not here cannot be told by their content.
ALLOWED_CONTENT = {
    "raw": PLAIN,
    "qcow2": frozenset({"qcow2"}),
    "vmdk": frozenset({"vmdk"}),
    "vdi": frozenset({"vdi"}),
    "vhdx": frozenset({"vhdx"}),
    "vhd": frozenset({"vhd"}),
    "iso": frozenset({"iso"}),
}
# The formats whose beginning cannot be taken for another one: a task may leave out the disk_format of such data.
SELF_DESCRIBING = ("qcow2", "vmdk", "vdi", "vhdx")
# The safety checks of oslo.utils that show that the data need another file, or that no program should open them.
UNSAFE = {
    "backing_file": "it has a backing file, which is not part of the image",
    "data_file": "its data are in an external data file, which is not part of the image",
    "unknown_features": "it has features that OpenStack does not know",
    "descriptor": "its descriptor refers to other files, or is of a kind that OpenStack does not take",
    "banned": "OpenStack does not take this format",
}


@dataclasses.dataclass(frozen=True)
class Inspection:
    """What the first bytes of an image's data show.

    :param format: as oslo.utils calls it; ``raw`` where it knows none, ``gpt`` for a disk with a partition table.
    :param virtual_size: size of the disk that the data hold (bytes); null if the beginning does not show it.
    :param faults: why OpenStack refuses such data, whatever ``disk_format`` says.
    :param compression: how the data are compressed; null if they are not.
    :param beginning: the bytes that were looked at, but for the end of a file.
    """

    format: str
    virtual_size: int | None = None
    faults: tuple[str, ...] = ()
    compression: str | None = None
    beginning: Beginning | None = dataclasses.field(default=None, compare=False)

    @property
    def is_plain(self) -> bool:
        """Whether the data are the bytes of a disk themselves."""
        return self.format in PLAIN


def library() -> t.Any | None:
    """The inspectors of oslo.utils; null where it is not installed, or is too old."""
    try:
        from oslo_utils.imageutils import format_inspector  # noqa: PLC0415
    except ImportError:
        return None
    # It logs each check that fails, which Python would write to the terminal if nothing else handles it.
    logging.getLogger(format_inspector.__name__).addHandler(logging.NullHandler())
    return format_inspector


def inspect_content(content: SourceContent, inspectors: t.Any) -> Inspection:
    """What the data are, decompressed if the task says so.

    :param inspectors: what ``library`` returns.
    """
    blocks = content.read()
    digest, read = new_hash(EXPECTED_ALGORITHM), 0

    def hashed() -> Blocks:
        nonlocal read
        for block in blocks:
            digest.update(block)
            read += len(block)
            yield block

    with contextlib.closing(t.cast("t.Generator[bytes, None, None]", blocks)):
        found = _inspect(hashed(), content, inspectors)
    return dataclasses.replace(found, beginning=Beginning(read, Checksum(EXPECTED_ALGORITHM, digest.hexdigest())))


def _inspect(blocks: Blocks, content: SourceContent, inspectors: t.Any) -> Inspection:
    found = [kind() for name, kind in inspectors.ALL_FORMATS.items() if name != "raw"]
    beginning, fed, is_whole = b"", 0, True
    for block in blocks:
        beginning = beginning or block[:16]
        for start in range(0, len(block), _STEP):
            piece = block[start : start + _STEP]
            found = [each for each in found if _eats(each, piece)]
            fed += len(piece)
        if fed >= HEAD or all(each.complete for each in found):
            is_whole = False  # the rest, if there is any, is not read
            break
    has_end = is_whole or _feed_end(content, found, fed)
    for each in found:
        each.finish()
    matching = _matching(found)
    size = fed if is_whole else content.size
    if len(matching) > 1:
        names = sorted(str(each) for each in matching)
        return Inspection(names[0], None, (f"it looks like {' and '.join(names)} at the same time",))
    if not matching or str(matching[0]) == "gpt":
        return _without_structure(str(matching[0]) if matching else "raw", size, beginning, content)
    name, virtual_size = str(matching[0]), matching[0].virtual_size or None
    return Inspection(name, size if name in PLAIN else virtual_size, _faults(matching[0], has_end, inspectors))


def _matching(found: t.Sequence[t.Any]) -> list[t.Any]:
    """The inspectors whose format the data have."""
    matching = [each for each in found if each.complete and each.format_match]
    # A CD from which a computer can boot has a partition table too.
    is_bootable_cd = {str(each) for each in matching} == {"iso", "gpt"}
    return [each for each in matching if not is_bootable_cd or str(each) == "iso"]


def _without_structure(name: str, size: int | None, beginning: bytes, content: SourceContent) -> Inspection:
    """Data whose beginning shows no format, or a partition table."""
    end = _last_bytes(content)
    if end.startswith(VHD_COOKIE):  # a VHD of a fixed size has nothing but a footer
        return Inspection("vhd", None if size is None else size - len(end))
    compression = next((kind for magic, kind in COMPRESSED.items() if beginning.startswith(magic)), None)
    return Inspection(name, size, compression=compression)


def _eats(inspector: t.Any, piece: bytes) -> bool:
    """Whether an inspector still takes the data for its format."""
    try:
        inspector.eat_chunk(piece)
    except Exception:  # noqa: BLE001 - the inspectors raise whatever struct, or their own checks, do
        return False
    return True


def _feed_end(content: SourceContent, found: t.Sequence[t.Any], fed: int) -> bool:
    """Give the end of a file to the inspectors; returns whether they have it."""
    source = content.source
    if content.compression or not isinstance(source, FileSource):
        return False
    if source.size > fed:
        end = _end_of(source, min(TAIL, source.size - fed))
        for each in found:
            _eats(each, end)
    return True


def _last_bytes(content: SourceContent) -> bytes:
    source = content.source
    return _end_of(source, 512) if isinstance(source, FileSource) and not content.compression else b""


def _end_of(source: FileSource, length: int) -> bytes:
    try:
        with open(source.path, "rb") as file:
            file.seek(max(0, source.size - length))
            return file.read(length)
    except OSError as error:
        raise BrokenSource(f"path: {source.path} cannot be read: {error.strerror}.") from error


def _faults(inspector: t.Any, has_end: bool, inspectors: t.Any) -> tuple[str, ...]:
    try:
        inspector.safety_check()
    except inspectors.SafetyCheckFailed as error:
        failed = error.failures
    except inspectors.ImageFormatError as error:
        return (str(error),)
    else:
        return ()
    faults = [text for name, text in UNSAFE.items() if name in failed]
    if "footer" in failed and has_end:
        faults.append("its footer does not match its header")
    return tuple(faults)


def check_content(inspection: Inspection, disk_format: str, content: SourceContent, may_be_changed: bool = False) -> None:
    """Refuse data that are not what the task says they are.

    :param may_be_changed: whether the cloud may decompress the data when it imports them.
    """
    label, option = content.source.label, content.source.option
    allowed = ALLOWED_CONTENT.get(disk_format)
    if allowed is None or (inspection.compression and may_be_changed):
        return
    # The end of a VHD, which alone shows one of a fixed size, is read of files only.
    is_unknown = disk_format == "vhd" and inspection.is_plain and not isinstance(content.source, FileSource)
    if inspection.compression or (inspection.format not in allowed and not is_unknown):
        raise WrongSource(
            f"disk_format: '{disk_format}' was given, and {option} {label} is {_named(inspection)}."
            f" {_advice(inspection, disk_format)} Set 'inspect: never' to send it all the same."
        )
    check_faults(inspection, content)


def recognised_format(inspection: Inspection, content: SourceContent) -> str:
    """The disk_format of data for which the task names none; an error unless the beginning of the data shows it for sure."""
    if inspection.format not in SELF_DESCRIBING:
        label, option = content.source.label, content.source.option
        decompress = f"set 'decompress: {inspection.compression}' or " if inspection.compression else ""
        raise WrongSource(
            f"disk_format: the task names none, and {option} {label} is {_named(inspection)}. Only"
            f" {', '.join(SELF_DESCRIBING)} are recognised with certainty: {decompress}give the disk_format, for example"
            " 'disk_format: raw'."
        )
    check_faults(inspection, content)
    return inspection.format


def check_faults(inspection: Inspection, content: SourceContent) -> None:
    """Refuse data that OpenStack does not take, whatever the task says of them."""
    if inspection.faults:
        label, option = content.source.label, content.source.option
        raise WrongSource(
            f"{option}: {label} is {_named(inspection)}, and {'; '.join(inspection.faults)}. 'qemu-img convert' makes one"
            " complete image of it, on the host that has all its files."
        )


def _named(inspection: Inspection) -> str:
    if inspection.compression:
        return f"compressed with {inspection.compression}"
    if inspection.format in PLAIN:
        return {"gpt": "a raw disk with a partition table", "raw": "of no known format, as raw data are"}.get(
            inspection.format, inspection.format
        )
    return inspection.format


def _advice(inspection: Inspection, disk_format: str) -> str:
    if inspection.compression:
        return f"Set 'decompress: {inspection.compression}'."
    actual = "raw" if inspection.format in PLAIN - {"iso"} else inspection.format
    return f"Set 'disk_format: {actual}', or 'convert: {disk_format}' to convert it."
