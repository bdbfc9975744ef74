# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

import builtins
import gzip
import hashlib
import pathlib
import typing as t

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.checksums import Checksum
from ansible_collections.cloudimage.glance.plugins.module_utils._transfer.errors import WrongSource
from ansible_collections.cloudimage.glance.plugins.module_utils._transfer.file_source import file_source
from ansible_collections.cloudimage.glance.plugins.module_utils._transfer.format_inspection import (
    HEAD,
    Inspection,
    check_content,
    inspect_content,
    library,
    recognised_format,
)
from ansible_collections.cloudimage.glance.plugins.module_utils._transfer.source import Beginning, SourceContent
from ansible_collections.cloudimage.glance.tests.unit.plugins.module_utils._transfer.bytes_source import BytesSource
from ansible_collections.cloudimage.glance.tests.unit.plugins.module_utils._transfer.disk_headers import (
    GIB,
    fixed_vhd,
    iso,
    partitioned,
    qcow2,
    vdi,
    vhd,
    vmdk,
)
from oslo_utils.imageutils import format_inspector

RAW = bytes(range(256)) * 512


def inspected(data: bytes, compression: str | None = None) -> Inspection:
    return inspect_content(SourceContent(BytesSource(data, 4096), compression=compression), format_inspector)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (qcow2(), Inspection("qcow2", GIB)),
        (vmdk(), Inspection("vmdk", GIB)),
        (vdi(), Inspection("vdi", GIB)),
        (vhd(), Inspection("vhd", GIB)),
        (RAW, Inspection("raw", len(RAW))),
        (b"short", Inspection("raw", 5)),
        (partitioned(), Inspection("gpt", 66048)),
        (gzip.compress(RAW), Inspection("raw", len(gzip.compress(RAW)), compression="gz")),
    ],
    ids=["qcow2", "vmdk", "vdi", "vhd", "raw", "short", "partitioned", "compressed"],
)
def test_the_content_shows_the_format_and_the_size_of_the_disk(data: bytes, expected: Inspection) -> None:
    assert inspected(data) == expected


def test_a_cd_may_have_a_partition_table_too() -> None:
    for data in (iso(), iso(partitioned()[:512])):
        inspection = inspected(data)
        assert (inspection.format, inspection.faults) == ("iso", ())


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (qcow2(backing=104), "backing file"),
        (qcow2(features=0b100), "external data file"),
        (qcow2(features=1 << 40), "features that OpenStack does not know"),
        (vmdk('RW 2097152 FLAT "/etc/passwd" 0'), "refers to other files"),
        (vmdk(kind="monolithicFlat"), "of a kind that OpenStack does not take"),
        (b"QED\0" + bytes(65536), "does not take this format"),
        (vdi()[:512] + iso()[512:], "iso and vdi at the same time"),
    ],
)
def test_data_that_openstack_does_not_take_are_recognised(data: bytes, fault: str) -> None:
    inspection = inspected(data)
    assert fault in " ".join(inspection.faults)


def test_a_compressed_source_is_inspected_as_it_is_decompressed() -> None:
    assert inspected(gzip.compress(qcow2()), "gz") == Inspection("qcow2", GIB)


def test_only_the_beginning_of_a_large_source_is_read() -> None:
    read = 0

    class Large(BytesSource):
        size = HEAD * 100

        def read(self) -> t.Iterator[bytes]:
            nonlocal read
            while True:
                read += 2**18
                yield b"x" * 2**18

    inspection = inspect_content(SourceContent(Large()), format_inspector)
    assert inspection == Inspection("raw", HEAD * 100)
    assert inspection.beginning == Beginning(2**18, Checksum("sha512", hashlib.sha512(b"x" * 2**18).hexdigest()))
    assert read <= HEAD + 2**18


def test_a_vhd_of_a_fixed_size_shows_at_the_end_of_a_file(tmp_path: pathlib.Path) -> None:
    disk = tmp_path / "disk"
    disk.write_bytes(fixed_vhd())
    assert inspect_content(SourceContent(file_source(str(disk))), format_inspector) == Inspection("vhd", 65536)


@pytest.mark.parametrize(
    ("data", "disk_format"),
    [
        (RAW, "raw"),
        (partitioned(), "raw"),
        (iso(), "raw"),
        (iso(), "iso"),
        (qcow2(), "qcow2"),
        (qcow2(version=2), "qcow2"),
        (vmdk(), "vmdk"),
        (vhd(), "vhd"),
        (RAW, "vhd"),  # only its end could show it
        (RAW, "ami"),
        (qcow2(), "something-new"),
    ],
)
def test_data_of_the_format_are_allowed(data: bytes, disk_format: str) -> None:
    inspection = inspected(data)
    check_content(inspection, disk_format, SourceContent(BytesSource(data)))


@pytest.mark.parametrize(
    ("data", "disk_format", "message"),
    [
        (RAW, "qcow2", "disk is of no known format, as raw data are. Set 'disk_format: raw', or 'convert: qcow2'"),
        (partitioned(), "qcow2", "a raw disk with a partition table"),
        (qcow2(), "raw", "path disk is qcow2. Set 'disk_format: qcow2', or 'convert: raw' to convert it."),
        (qcow2(), "vhd", "Set 'disk_format: qcow2'"),
        (qcow2(), "iso", "Set 'disk_format: qcow2'"),
        (gzip.compress(RAW), "qcow2", "compressed with gz. Set 'decompress: gz'."),
        (qcow2(backing=104), "qcow2", "disk is qcow2, and it has a backing file"),
        (qcow2(features=0b100), "qcow2", "external data file"),
    ],
)
def test_data_of_another_format_are_refused(data: bytes, disk_format: str, message: str) -> None:
    inspection = inspected(data)
    with pytest.raises(WrongSource) as caught:
        check_content(inspection, disk_format, SourceContent(BytesSource(data)))
    assert message in str(caught.value)


def test_compressed_data_are_allowed_where_the_cloud_may_decompress_them() -> None:
    archive = gzip.compress(RAW)
    inspection = inspected(archive)
    check_content(inspection, "qcow2", SourceContent(BytesSource(archive)), may_be_changed=True)


def test_without_the_library_there_are_no_inspectors(monkeypatch: pytest.MonkeyPatch) -> None:
    assert library() is format_inspector
    real_import = builtins.__import__

    def missing(name: str, *args: t.Any, **kwargs: t.Any) -> t.Any:
        if name.startswith("oslo_utils"):
            raise ImportError(name)
        return real_import(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", missing)
    assert library() is None


@pytest.mark.parametrize(("data", "name"), [(qcow2(), "qcow2"), (vmdk(), "vmdk"), (vdi(), "vdi")])
def test_the_format_of_data_with_a_header_of_their_own_is_recognised(data: bytes, name: str) -> None:
    content = SourceContent(BytesSource(data, 4096))
    assert recognised_format(inspected(data), content) == name


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (RAW, "is of no known format, as raw data are. Only qcow2, vmdk, vdi, vhdx are recognised with certainty: give"),
        (partitioned(), "is a raw disk with a partition table"),
        (iso(), "is iso. Only qcow2"),
        (vhd(), "is vhd. Only qcow2"),
        (gzip.compress(RAW), "set 'decompress: gz' or give the disk_format"),
        (qcow2(backing=104), "it has a backing file"),
    ],
)
def test_no_format_is_guessed(data: bytes, message: str) -> None:
    with pytest.raises(WrongSource, match=message):
        recognised_format(inspected(data), SourceContent(BytesSource(data, 4096)))
