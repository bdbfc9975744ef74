# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._errors import GlanceError
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.checksums import Checksum
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.image import Image
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.image_hashes import (
    hashes_of,
    identity_of_data,
    recorded_formats,
    recorded_source,
    source_record,
    strongest_hash,
)
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.operations import CREATE, UPDATE, Operation

KEY = "cloudimage_source_checksum"
HASHED = Image({"id": "i", "os_hash_algo": "sha512", "os_hash_value": "a", "checksum": "m"})


@pytest.mark.parametrize(
    ("attributes", "hashes"),
    [
        (HASHED.fields, {"md5": "m", "sha512": "a"}),
        ({"checksum": None, "os_hash_algo": "sha512", "os_hash_value": None}, {}),
        ({"checksum": "", "os_hash_value": "a"}, {}),
        ({"checksum": "m", "os_hash_algo": "sha512"}, {"md5": "m"}),
    ],
)
def test_all_hashes_of_an_image_are_found(attributes: dict[str, t.Any], hashes: dict[str, str]) -> None:
    assert hashes_of(Image(attributes)) == hashes


@pytest.mark.parametrize(
    ("attributes", "strongest"),
    [
        (HASHED.fields, Checksum("sha512", "a")),
        ({"id": "i", "checksum": "m"}, Checksum("md5", "m")),
    ],
)
def test_the_strongest_hash_is_not_md5_if_there_is_another(attributes: dict[str, t.Any], strongest: Checksum) -> None:
    assert strongest_hash(Image(attributes)) == strongest


def test_an_image_without_a_hash_has_no_strongest_one() -> None:
    with pytest.raises(GlanceError, match="keeps no hash"):
        strongest_hash(Image({"id": "i", "size": 3}))


@pytest.mark.parametrize(
    ("attributes", "identity"),
    [
        (HASHED.fields, "sha512:a"),
        ({"id": "i", "checksum": "m"}, "md5:m"),
        ({"id": "i", "checksum": None, "os_hash_value": None}, "id:i"),
    ],
)
def test_identity_of_data(attributes: dict[str, t.Any], identity: str) -> None:
    image = Image(attributes)
    assert identity_of_data(image) == identity
    assert recorded_source(Image({**image.fields, KEY: source_record("sha256:1 gz", identity)})) == "sha256:1 gz"


@pytest.mark.parametrize(
    "record",
    [
        None,
        "",
        "sha256:1",
        "sha256:1 = ",
        "sha256:1 = sha512:b",
        "sha256:1 = id:i",
        "sha256:1 = {hash}",
        "sha256:1=sha512:a",
    ],
)
def test_record_that_does_not_describe_the_data_is_ignored(record: str | None) -> None:
    assert recorded_source(Image({**HASHED.fields, KEY: record})) is None


def test_record_of_another_image_without_hashes_is_ignored() -> None:
    assert recorded_source(Image({"id": "i", KEY: source_record("sha256:1", "id:j")})) is None


@pytest.mark.parametrize(
    ("record", "formats"),
    [
        (None, {}),
        ("qcow2 bare", {}),
        ("qcow2 bare = sha512:b", {}),
        ("qcow2 bare = sha512:a", {"disk_format": "qcow2", "container_format": "bare"}),
    ],
)
def test_formats_of_a_converted_source(record: str | None, formats: dict[str, str]) -> None:
    assert recorded_formats(Image({**HASHED.fields, "cloudimage_source_formats": record})) == formats


def test_hash_is_filled_into_the_record_alone() -> None:
    patch = [
        {"op": "add", "path": f"/{KEY}", "value": source_record("sha256:1")},
        {"op": "add", "path": "/p", "value": "a = {hash}"},
        {"op": "remove", "path": "/q"},
    ]
    filled = Operation(UPDATE, "i", patch).with_hash("sha512:a").body
    assert filled == [{**patch[0], "value": "sha256:1 = sha512:a"}, *patch[1:]]
    made = Operation(CREATE, body={"id": "i", "p": "{hash}"})
    assert made.with_hash("sha512:a") == made
