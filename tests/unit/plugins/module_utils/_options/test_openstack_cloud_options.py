# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._argspec import IMAGE_INFO
from ansible_collections.cloudimage.glance.plugins.module_utils._errors import InvalidInput
from ansible_collections.cloudimage.glance.plugins.module_utils._options.openstack_cloud import (
    OPENSTACK_CLOUD_FILTERS,
    own_filters,
)
from ansible_collections.cloudimage.glance.tests.unit.plugins.module_utils.parsed import (
    filters_of,
    image_info_options,
    image_options,
    params_of,
)

ID = "8f4c9f1e-0a1c-4f1f-9f8e-3a7c5b0f6a11"


@pytest.mark.parametrize(
    ("options", "own"),
    [
        ({"is_public": True}, {"visibility": "public"}),
        ({"is_public": False}, {"visibility": "private"}),
        ({"is_public": True, "visibility": "public"}, {"visibility": "public"}),
        ({"is_public": False, "visibility": "community"}, {"visibility": "community"}),
        ({"path": "/a", "use_import": True}, {"path": "/a", "import_method": "glance-direct"}),
        (
            {"url": "https://a/b", "use_import": True, "import_method": "glance-direct"},
            {"url": "https://a/b", "import_method": "glance-direct"},
        ),
        (
            {"url": "https://a/b", "use_import": False, "import_method": "web-download"},
            {"url": "https://a/b", "import_method": "web-download"},
        ),
        ({"state": "absent", "is_public": True, "use_import": True}, {"state": "absent"}),
    ],
)
def test_an_option_of_openstack_cloud_is_the_same_as_the_option_here(
    options: dict[str, t.Any], own: dict[str, t.Any]
) -> None:
    assert image_options(name="a", **options) == image_options(name="a", **own)


def test_inactive_is_present_and_deactivated() -> None:
    options = image_options(name="a", state="inactive", tags=["b"])
    assert (options.state, options.status, options.attributes["tags"]) == ("present", "deactivated", ["b"])
    assert image_options(name="a").status is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"is_public": True, "visibility": "private"}, "is_public: true was given, and the visibility is 'private'"),
        ({"is_public": False, "visibility": "public"}, "is_public: false was given, and the visibility is 'public'"),
        ({"is_public": True, "members": ["p"]}, "members: they need 'visibility: shared', and 'public' was given"),
        (
            {"url": "https://a/b", "use_import": True, "import_method": "web-download"},
            "use_import: it means glance-direct, and import_method is 'web-download'",
        ),
        ({"use_import": True}, "import_method: it says something of the data, and the task names none"),
        ({"state": "inactive", "on_duplicate": "all"}, "on_duplicate: 'all' is allowed with 'state: absent' only"),
    ],
)
def test_contradictions_are_rejected(options: dict[str, t.Any], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        image_options(name="a", **options)


@pytest.mark.parametrize(
    ("filters", "own"),
    [
        ({}, {}),
        ({"id": ID}, {"id": [ID]}),
        ({"name": "a", "status": "active"}, {"name": ["a"], "status": ["active"]}),
        ({"name": 7}, {"name": ["7"]}),
        ({"visibility": "public"}, {"visibility": "public"}),
        ({"owner_id": "p"}, {"owner": "p"}),
        ({"is_protected": False}, {"protected": False}),
        ({"protected": "True"}, {"protected": True}),
        ({"tags": "a"}, {"tags": ["a"]}),
        ({"tags": ["a", 1]}, {"tags": ["a", "1"]}),
        ({"is_hidden": True}, {"hidden": "true"}),
        ({"protected": "yes"}, {"protected": True}),
        ({"protected": "false"}, {"protected": False}),
        ({"os_hidden": "no"}, {"hidden": "false"}),
        ({"disk_format": "raw", "container_format": "bare"}, {"disk_format": ["raw"], "container_format": ["bare"]}),
        (
            {"os_distro": "debian", "needs_secure_boot": True},
            {"properties": {"os_distro": "debian", "os_secure_boot": True}},
        ),
        ({"properties": {"a": 1}, "hw_disk_bus": "scsi"}, {"properties": {"a": 1, "hw_disk_bus": "scsi"}}),
    ],
)
def test_a_filter_is_the_same_as_the_option(filters: dict[str, t.Any], own: dict[str, t.Any]) -> None:
    assert filters_of(filters=filters) == filters_of(**own)
    assert image_info_options(filters=filters).conditions == image_info_options(**own).conditions


def test_filters_and_other_options_are_combined() -> None:
    found = filters_of(filters={"status": "active", "os_distro": "debian"}, properties={"a": "b"}, tags=["c"])
    assert found == filters_of(status=["active"], properties={"a": "b", "os_distro": "debian"}, tags=["c"])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"filters": {"os_flavour": "x"}}, "filters: 'os_flavour' was given; allowed are id, name, status"),
        ({"filters": {"size": 1}}, "such as name_pattern, size_min"),
        ({"filters": {"status": None}}, "filters: 'status' is null"),
        ({"filters": {"status": ["active"]}}, "filters: 'status' is one value; for several use the option 'status'"),
        ({"filters": {"is_protected": "maybe"}}, "filters: 'is_protected' is 'maybe'; true or false is allowed"),
        ({"filters": {"visibility": "open"}}, "filters: the visibility is 'open'; public, private"),
        ({"filters": {"properties": "a=b"}}, "filters: 'properties' is a dictionary"),
        ({"filters": {"status": "active"}, "status": ["queued"]}, "another filter or option sets 'status'"),
        ({"filters": {"owner": "a", "owner_id": "b"}}, "another filter or option sets 'owner'"),
    ],
)
def test_invalid_filters_are_rejected(options: dict[str, t.Any], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        filters_of(**options)


def test_each_filter_is_an_option() -> None:
    assert set(OPENSTACK_CLOUD_FILTERS.values()) <= IMAGE_INFO.keys()
    assert own_filters(params_of(IMAGE_INFO))["filters"] is None
