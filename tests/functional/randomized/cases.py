# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""What a case consists of.

A task's options hold placeholders for what is known only when the case runs: names, ids, files and URLs.
"""

from __future__ import annotations

import dataclasses
import gzip
import hashlib
import lzma
import pathlib
import shutil
import subprocess
import tempfile
import typing as t

from ..cloud import Json

# Two of the same length, so that the size alone does not tell them apart, and one of another.
DATA = {"same": b"some data", "other": b"other dat", "long": b"data of another length"}
COMPRESS: dict[str, t.Callable[[bytes], bytes]] = {
    "gz": lambda data: gzip.compress(data, mtime=0),
    "xz": lzma.compress,
}
# Sources are converted only where qemu-img is; the session random_cases demands it.
CAN_CONVERT = shutil.which("qemu-img") is not None
SECTOR = 512


def disk_of(data: bytes) -> bytes:
    """A raw disk of one sector that begins with the data."""
    return data.ljust(SECTOR, b"\0")


def _as_qcow2(data: bytes) -> bytes:
    """The same disk as qemu-img writes it in qcow2."""
    with tempfile.TemporaryDirectory() as folder:
        raw, qcow2 = pathlib.Path(folder, "raw"), pathlib.Path(folder, "qcow2")
        raw.write_bytes(disk_of(data))
        subprocess.run(["qemu-img", "convert", "-f", "raw", "-O", "qcow2", str(raw), str(qcow2)], check=True)
        return qcow2.read_bytes()


FILES = {
    **DATA,
    **{f"{key}.{kind}": compress(data) for key, data in DATA.items() for kind, compress in COMPRESS.items()},
    **({f"{key}.qcow2": _as_qcow2(data) for key, data in DATA.items()} if CAN_CONVERT else {}),
}

RECORD = "cloudimage_source_checksum"


@dataclasses.dataclass(frozen=True)
class Name:
    """An image's name, to which the case's own prefix is added."""

    text: str


@dataclasses.dataclass(frozen=True)
class ImageId:
    """The id of an image that exists before, by its number; of none if there are not as many."""

    number: int


@dataclasses.dataclass(frozen=True)
class File:
    """The path of one of FILES."""

    name: str


@dataclasses.dataclass(frozen=True)
class Url:
    """The URL of one of FILES."""

    name: str


@dataclasses.dataclass(frozen=True)
class Project:
    """The id of a user's project."""

    user: str


Place = t.Callable[[t.Any], t.Any]


def resolved(value: t.Any, place: Place) -> t.Any:
    """A value with ``place(placeholder)`` in the place of each placeholder."""
    if isinstance(value, Name | ImageId | File | Url | Project):
        return place(value)
    if isinstance(value, list):
        return [resolved(item, place) for item in value]
    if isinstance(value, dict):
        return {key: resolved(item, place) for key, item in value.items()}
    return value


def checksum_of(algorithm: str, file: str) -> str:
    return f"{algorithm}:{hashlib.new(algorithm, FILES[file]).hexdigest()}"


def record_of(algorithm: str, file: str) -> Json:
    """The property in which the module records the source of an image's data, for this file that is not compressed."""
    return {RECORD: f"{checksum_of(algorithm, file)} = {checksum_of('sha512', file)}"}


@dataclasses.dataclass(frozen=True)
class Start:
    """An image that exists before the task runs.

    :param owner: the user who makes it: alice of project alpha, bob of project beta, or admin.
    :param attributes: as the module image names them, but for ``os_hidden``.
    :param accepted_by: the user whose project it is shared with and who has accepted it; null for none.
    :param catalogue: the catalogue whose mark it has; null for none.
    :param is_copy: whether Nova or Cinder copied the mark from another image.
    """

    owner: str
    name: str
    status: str
    attributes: Json
    accepted_by: str | None = None
    catalogue: str | None = None
    is_copy: bool = False


@dataclasses.dataclass(frozen=True)
class Task:
    """One task of a user: a module and its options."""

    who: str
    module: str
    options: Json

    @property
    def entries(self) -> list[Json]:
        """The options for each image: one for the module image, several for images."""
        return list(self.options["images"]) if self.module == "images" else [self.options]


@dataclasses.dataclass(frozen=True)
class Single:
    """One task, in check mode, for real and again.

    :param before: tasks that run before it, each in the same way.
    """

    start: list[Start]
    task: Task
    before: tuple[Task, ...] = ()


@dataclasses.dataclass(frozen=True)
class Interrupted:
    """A task whose run is killed at one of its requests that change something, and another one after it.

    :param step: the number of that request, from 0; beyond the last one it counts from the first again.
    :param carried_out: whether the cloud still carries out that request.
    :param before: tasks that run before both, in check mode, for real and again.
    """

    start: list[Start]
    first: Task
    step: int
    carried_out: bool
    then: Task
    before: tuple[Task, ...] = ()


@dataclasses.dataclass(frozen=True)
class Overlapping:
    """Two tasks at the same time.

    :param order: which of them (0 or 1) sends its next request, one request after the other. Then they take turns.
    """

    start: list[Start]
    tasks: tuple[Task, Task]
    order: list[int]


Case = Single | Interrupted | Overlapping
