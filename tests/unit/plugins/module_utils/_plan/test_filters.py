# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.image import Image
from ansible_collections.cloudimage.glance.plugins.module_utils._plan.filters import matches
from ansible_collections.cloudimage.glance.tests.unit.plugins.module_utils.parsed import filters_of

ID = "8f4c9f1e-0a1c-4f1f-9f8e-3a7c5b0f6a11"


MATCHING = {
    "id": ID,
    "name": "Debian",
    "status": "active",
    "visibility": "shared",
    "owner": "p",
    "protected": True,
    "os_hidden": False,
    "disk_format": "raw",
    "size": 10,
    "tags": ["a", "b"],
    "created_at": "2026-02-01T00:00:00Z",
    "os_distro": "debian",
}


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"name": ["Debian"]}, True),
        ({"name": ["debian"]}, False),
        ({"id": [ID]}, True),
        ({"name_pattern": "^Deb"}, True),
        ({"name_pattern": "bia"}, True),
        ({"name_pattern": "^bia"}, False),
        ({"status": ["queued", "active"]}, True),
        ({"status": ["queued"]}, False),
        ({"tags": ["b"]}, True),
        ({"tags": ["b", "c"]}, False),
        ({"size_min": 10, "size_max": 10}, True),
        ({"size_min": 9, "size_max": 11}, True),
        ({"size_min": 11}, False),
        ({"size_max": 9}, False),
        ({"protected": False}, False),
        ({"hidden": "true"}, False),
        ({"hidden": "any"}, True),
        ({"visibility": "all"}, True),
        ({"visibility": "public"}, False),
        ({"owner": "q"}, False),
        ({"properties": {"os_distro": "debian"}}, True),
        ({"properties": {"os_distro": "Debian"}}, False),
        ({"older_than": "1w"}, True),
        ({"older_than": "8w"}, False),
    ],
)
def test_image_matches_all_filters(options: dict[str, t.Any], expected: bool) -> None:
    assert matches(Image(MATCHING), filters_of(**options)) is expected


@pytest.mark.parametrize(
    ("created_at", "expected"),
    [("2026-02-28T11:59:59Z", True), ("2026-02-28T12:00:00Z", False), ("2026-02-01T00:00:00Z", False)],
)
def test_all_conditions_on_a_time_are_checked(created_at: str, expected: bool) -> None:
    filters = filters_of(older_than="1d", newer_than="10d")
    assert matches(Image({"status": "active", "created_at": created_at}), filters) is expected


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        # Conditions that each cloud knows: it has looked.
        ({"owner": "p", "visibility": "public", "disk_format": ["raw"]}, True),
        # Those that it may not have understood.
        ({"disk_format": ["raw", "qcow2"]}, False),
        ({"older_than": "1d"}, False),
        ({"protected": False, "hidden": "false"}, True),
        ({"protected": True}, False),
        ({"hidden": "true"}, False),
        ({"size_min": 1}, False),
        ({"tags": ["a"]}, False),
    ],
)
def test_attribute_that_the_cloud_does_not_show_has_its_default(options: dict[str, t.Any], expected: bool) -> None:
    assert matches(Image({"id": ID, "name": "n", "status": "active"}), filters_of(**options)) is expected


@pytest.mark.parametrize(("status", "expected"), [(None, False), (["active"], False), (["deleted"], True)])
def test_deleted_images_are_found_only_by_their_status(status: t.Any, expected: bool) -> None:
    assert matches(Image({**MATCHING, "status": "deleted"}), filters_of(status=status)) is expected
