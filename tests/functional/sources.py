# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""Data that tests upload: disks, headers of disks, and checksums."""

from __future__ import annotations

import hashlib
import os
import pathlib
import struct
import subprocess

MIB = 2**20


def qemu_img(*words: str | os.PathLike[str]) -> None:
    subprocess.run(["qemu-img", *map(str, words)], check=True, stdout=subprocess.DEVNULL)


def make_disk(path: pathlib.Path, pattern: str = "7", size: str = "3M") -> str:
    """A qcow2 disk with a block of data."""
    qemu_img("create", "-q", "-f", "qcow2", path, size)
    qemu_img("bench", "-q", "-w", "-c", "1", "--pattern", pattern, path)
    return str(path)


def qcow2_header(backing: int = 0, features: int = 0) -> bytes:
    """The header of a qcow2 of one MiB, which is all that an inspection needs."""
    header = struct.pack(">4sIQIIQ", b"QFI\xfb", 3, backing, 0, 16, MIB)
    return header.ljust(72, b"\0") + struct.pack(">Q", features) + bytes(65536)


def file_of(tmp_path: pathlib.Path, data: bytes) -> str:
    path = tmp_path / "disk"
    path.write_bytes(data)
    return str(path)


def checksum_of(data: bytes, algorithm: str = "sha512") -> str:
    """The option C(checksum) of data."""
    return f"{algorithm}:{hashlib.new(algorithm, data).hexdigest()}"
