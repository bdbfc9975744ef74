# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.image import (
    Image,
    describe,
    missing_stores,
    to_result,
)

FULL = Image(
    {
        "id": "i",
        "name": "n",
        "status": "active",
        "visibility": "shared",
        "owner": "p",
        "protected": True,
        "os_hidden": True,
        "tags": ["b", "a"],
        "disk_format": "raw",
        "container_format": "bare",
        "size": 3,
        "created_at": "2026-11-21T00:00:01Z",
        "updated_at": "2026-11-21T00:00:02Z",
        "stores": "fast,cheap",
        "os_glance_import_task": "t",
        "os_glance_failed_import": "slow",
        "q": "2",
        "p": "1",
        "self": "/v2/images/i",
        "direct_url": "swift+https://user:secret@store",
    }
)
# A cloud may show no more than these.
BARE = Image({"id": "i", "name": None, "status": "queued"})


@pytest.mark.parametrize(
    ("attribute", "full", "bare"),
    [
        ("id", "i", "i"),
        ("name", "n", None),
        ("status", "active", "queued"),
        ("visibility", "shared", None),
        ("owner", "p", None),
        ("protected", True, False),
        ("hidden", True, False),
        ("tags", ["a", "b"], []),
        ("disk_format", "raw", None),
        ("container_format", "bare", None),
        ("formats", {"disk_format": "raw", "container_format": "bare"}, {"disk_format": None, "container_format": None}),
        ("size", 3, None),
        ("created_at", "2026-11-21T00:00:01Z", None),
        ("updated_at", "2026-11-21T00:00:02Z", None),
        ("stores", ["cheap", "fast"], []),
        ("properties", {"os_glance_failed_import": "slow", "os_glance_import_task": "t", "p": "1", "q": "2"}, {}),
        ("import_task", "t", None),
        ("failed_import_stores", "slow", None),
    ],
)
def test_attribute_of_an_image(attribute: str, full: t.Any, bare: t.Any) -> None:
    assert (getattr(FULL, attribute), getattr(BARE, attribute)) == (full, bare)


@pytest.mark.parametrize("attribute", ["name", "owner"])
def test_empty_text_is_kept(attribute: str) -> None:
    assert getattr(Image({**FULL.fields, attribute: ""}), attribute) == ""


@pytest.mark.parametrize("attribute", ["import_task", "failed_import_stores"])
def test_empty_record_of_an_import_is_none(attribute: str) -> None:
    image = Image({**FULL.fields, "os_glance_import_task": "", "os_glance_failed_import": ""})
    assert getattr(image, attribute) is None


def test_result_has_all_attributes_and_the_defaults_of_glance() -> None:
    assert to_result(BARE) == {
        "id": "i",
        "name": None,
        "status": "queued",
        "visibility": None,
        "protected": False,
        "os_hidden": False,
        "owner": None,
        "tags": [],
        "disk_format": None,
        "container_format": None,
        "size": None,
        "virtual_size": None,
        "min_disk": 0,
        "min_ram": 0,
        "checksum": None,
        "os_hash_algo": None,
        "os_hash_value": None,
        "stores": [],
        "created_at": None,
        "updated_at": None,
        "properties": {},
    }


def test_result_has_no_links() -> None:
    result = to_result(FULL)
    assert "secret" not in str(result)
    assert "self" not in result
    assert list(result["properties"]) == ["os_glance_failed_import", "os_glance_import_task", "p", "q"]


def test_stores_without_the_data_are_missing() -> None:
    assert missing_stores(FULL, ["tape", "fast", "slow"]) == ["tape", "slow"]


def test_candidates_are_described_by_what_tells_them_apart() -> None:
    assert describe(FULL) == "i 'n', active, shared, created 2026-11-21T00:00:01Z, owner p, hidden"
    assert describe(Image({**FULL.fields, "os_hidden": False})).endswith("owner p")
