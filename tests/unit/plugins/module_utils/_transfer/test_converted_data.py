# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

import hashlib
import typing as t

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.checksums import Checksum
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.image import Image
from ansible_collections.cloudimage.glance.plugins.module_utils._options.data import DataOptions
from ansible_collections.cloudimage.glance.plugins.module_utils._transfer.conversion import GIB, ConvertedSource
from ansible_collections.cloudimage.glance.plugins.module_utils._transfer.converted_data import ConvertedTaskData
from ansible_collections.cloudimage.glance.plugins.module_utils._transfer.format_inspection import Inspection
from ansible_collections.cloudimage.glance.plugins.module_utils._transfer.source import SourceContent
from ansible_collections.cloudimage.glance.tests.unit.plugins.module_utils._transfer.bytes_source import DATA, BytesSource

IDENTITY = "sha512:" + "a" * 128

BARE = {"container_format": "bare"}


def checksum(algorithm: str = "sha512", data: bytes = DATA) -> str:
    return f"{algorithm}:{hashlib.new(algorithm, data).hexdigest()}"


def resolver(given: str | None = None, option: str = "path", compression: str | None = None) -> t.Any:
    """The data of a task that converts to raw."""
    content = SourceContent(
        BytesSource(option=option), Checksum(*given.split(":")) if given else None, compression=compression
    )
    options = DataOptions(url="http://h/disk" if option == "url" else None, checksum=content.checksum, convert="raw")
    return ConvertedTaskData(t.cast("t.Any", None), options, 10.0, content)


def image(record: str | None, disk_format: str = "raw") -> Image:
    recorded = {} if record is None else {"cloudimage_source_checksum": f"{record} = {IDENTITY}"}
    algorithm, value = IDENTITY.split(":")
    hashes = {"os_hash_algo": algorithm, "os_hash_value": value}
    return Image({"id": "i", "name": "n", "status": "active", "size": 9, "disk_format": disk_format, **hashes, **recorded})


@pytest.mark.parametrize(
    ("given", "compression", "record", "expected"),
    [
        (None, None, f"{checksum()} convert:raw", True),
        (None, None, f"{checksum('sha256')} convert:raw", True),
        (checksum("sha256"), None, f"{checksum('sha256')} convert:raw", True),
        (checksum("sha256"), None, f"{checksum()} convert:raw", True),
        (None, "gz", f"{checksum()} gz convert:raw", True),
        (None, None, f"{checksum(data=b'other')} convert:raw", False),
        (None, None, f"{checksum()} convert:qcow2", False),
        (None, None, f"{checksum()} gz convert:raw", False),
        (None, "gz", f"{checksum()} convert:raw", False),
        (None, None, checksum(), False),
    ],
)
def test_the_record_shows_whether_an_image_was_made_of_the_source(
    given: str | None, compression: str | None, record: str, expected: bool
) -> None:
    assert resolver(given, compression=compression).is_in(image(record)) is expected


def test_without_a_record_the_disks_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[int] = []

    def is_disk_of(_self: t.Any, _blocks: t.Any, size: int, _deadline: t.Any) -> bool:
        compared.append(size)
        return True

    monkeypatch.setattr(ConvertedSource, "is_disk_of", is_disk_of)
    assert resolver().is_in(image(None))
    assert not resolver().is_in(image(None, "qcow2"))
    assert compared == [9]


def test_a_url_without_a_checksum_is_not_compared() -> None:
    of_url = resolver(option="url")
    assert of_url.is_in(image(None, "qcow2"))
    assert of_url.data.record == {}
    assert resolver(checksum(), option="url").data.record


def test_the_checksum_and_the_format_are_recorded() -> None:
    assert resolver().data.source_checksum == f"{checksum()} convert:raw"
    assert resolver(checksum("sha256"), compression="xz").data.source_checksum == f"{checksum('sha256')} xz convert:raw"


@pytest.mark.parametrize(
    ("size", "named", "current", "expected"),
    [
        (GIB, BARE, {}, {"min_disk": 1}),
        (GIB + 1, {}, {"min_disk": 0, **BARE}, {"min_disk": 2}),
        (GIB, BARE, {"min_disk": 4}, {"min_disk": 4}),
        (GIB, {"min_disk": 0, **BARE}, {}, {}),
        (GIB, {}, {}, {"min_disk": 1, **BARE}),
        (GIB, {"min_disk": 0}, {}, BARE),
    ],
)
def test_min_disk_follows_from_the_size_of_the_disk(
    size: int, named: dict[str, t.Any], current: dict[str, t.Any], expected: dict[str, t.Any]
) -> None:
    data = resolver()
    data._conversion.inspection = Inspection("qcow2", size)
    assert data.attributes_for(data.data, named, current) == expected
    assert data.warnings == []
    assert data.inspected == {"format": "qcow2", "virtual_size": size, "converted_to": "raw"}


def test_a_disk_of_unknown_size_is_a_warning() -> None:
    data = resolver(compression="gz")
    assert data.inspected is None
    data._conversion.inspection = Inspection("raw")
    assert data.attributes_for(data.data, BARE, {}) == {}
    assert "Give 'min_disk' too" in data.warnings[0]
