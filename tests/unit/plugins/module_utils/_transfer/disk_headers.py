# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""Beginnings of disks of each format, with zeros behind them: all that an inspection reads."""

from __future__ import annotations

import struct

GIB = 2**30


def qcow2(backing: int = 0, features: int = 0, version: int = 3) -> bytes:
    """The header of a qcow2 of one GiB, with zeros behind it."""
    header = struct.pack(">4sIQIIQ", b"QFI\xfb", version, backing, 0, 16, GIB)
    return header.ljust(72, b"\0") + struct.pack(">Q", features) + bytes(65536)


def vmdk(extent: str = 'RW 2097152 SPARSE "disk.vmdk"', kind: str = "monolithicSparse") -> bytes:
    """The header and the descriptor of a VMDK of one GiB."""
    descriptor = f'# Disk DescriptorFile\nversion=1\nCID=1\nparentCID=ffffffff\ncreateType="{kind}"\n{extent}\n'
    header = struct.pack("<4sIIQQQQIQQ", b"KDMV", 1, 3, GIB // 512, 128, 1, 20, 512, 21, 26)
    return header.ljust(512, b"\0") + descriptor.encode().ljust(20 * 512, b"\0") + bytes(65536)


def vdi() -> bytes:
    header = bytearray(512)
    header[0x40:0x44] = struct.pack("<I", 0xBEDA107F)
    header[0x170:0x178] = struct.pack("<Q", GIB)
    return bytes(header) + bytes(65536)


def vhd() -> bytes:
    return b"conectix".ljust(40, b"\0") + struct.pack(">Q", GIB) + bytes(65536)


def fixed_vhd() -> bytes:
    return bytes(65536) + b"conectix".ljust(512, b"\0")


def partitioned(first: bytes = b"") -> bytes:
    return first.ljust(510, b"\0") + b"\x55\xaa" + bytes(65536)


def iso(first: bytes = b"") -> bytes:
    return first.ljust(32 * 1024, b"\0") + b"\x01CD001\x01".ljust(2048, b"\0") + bytes(65536)
