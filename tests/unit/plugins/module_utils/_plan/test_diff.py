# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._errors import InvalidInput
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.image import Image
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.json_patch import Change, Subject, property_change
from ansible_collections.cloudimage.glance.plugins.module_utils._plan.desired_image import DesiredImage
from ansible_collections.cloudimage.glance.plugins.module_utils._plan.diff import (
    attribute_changes,
    check_formats_can_change,
    diff_of,
    property_changes,
)

FIELDS: dict[str, t.Any] = {
    "id": "8f4c9f1e-0a1c-4f1f-9f8e-3a7c5b0f6a11",
    "name": "n",
    "status": "active",
    "owner": "p",
    "tags": ["b", "a"],
    "disk_format": "raw",
    "container_format": "bare",
    "os_hash_algo": "sha512",
    "os_hash_value": "abc",
}


def image(**fields: t.Any) -> Image:
    return Image({**FIELDS, **fields})


@pytest.mark.parametrize(
    ("fields", "attributes", "changes"),
    [
        ({}, {}, []),
        ({}, {"name": "n", "tags": ["a", "b"]}, []),
        ({}, {"tags": ["a"]}, [("tags", ["a", "b"], ["a"])]),
        ({"tags": None}, {"tags": []}, []),
        # What a cloud leaves out has Glance's default.
        ({}, {"protected": False, "min_disk": 0}, []),
        ({}, {"protected": True}, [("protected", False, True)]),
        ({}, {"owner": "q"}, [("owner", "p", "q")]),
        ({}, {"disk_format": "qcow2"}, [("disk_format", "raw", "qcow2")]),
        # The cloud converted qcow2 to raw.
        (
            {"cloudimage_source_formats": "qcow2 bare = sha512:abc"},
            {"disk_format": "qcow2", "container_format": "bare", "name": "m", "min_disk": 1, "tags": ["a"]},
            [("min_disk", 0, 1), ("name", "n", "m"), ("tags", ["a", "b"], ["a"])],
        ),
        # The record is of other data.
        (
            {"cloudimage_source_formats": "qcow2 bare = sha512:def"},
            {"disk_format": "qcow2"},
            [("disk_format", "raw", "qcow2")],
        ),
    ],
)
def test_only_attributes_that_differ_are_changed(
    fields: dict[str, t.Any], attributes: dict[str, t.Any], changes: list[tuple[str, t.Any, t.Any]]
) -> None:
    found = attribute_changes(image(**fields), attributes)
    assert sorted((change.key, change.before, change.after) for change in found) == changes


def test_owner_that_the_cloud_does_not_show_is_not_compared() -> None:
    without_owner = Image({key: value for key, value in FIELDS.items() if key != "owner"})
    assert [change.key for change in attribute_changes(without_owner, {"owner": "q", "name": "m"})] == ["name"]


@pytest.mark.parametrize(
    ("desired", "changes"),
    [
        (DesiredImage(), []),
        (DesiredImage(properties={"a": "1", "missing": None}), []),
        (DesiredImage(properties={"a": "2", "new": "x"}), [("a", "1", "2"), ("new", None, "x")]),
        (DesiredImage(properties={"b": None}), [("b", "2", None)]),
        (DesiredImage(properties={"a": "1"}, purge=True), [("b", "2", None)]),
        # Purging does not remove what the task names, nor what other options and Glance itself set.
        (DesiredImage(properties={"a": "3"}, purge=True), [("a", "1", "3"), ("b", "2", None)]),
    ],
)
def test_only_properties_that_differ_are_changed(desired: DesiredImage, changes: list[tuple[str, t.Any, t.Any]]) -> None:
    current = image(a="1", b="2", kernel_id="k", os_glance_stage_host="h", cloudimage_source_checksum="x")
    found = property_changes(current, desired)
    assert [(change.key, change.before, change.after) for change in found] == changes
    assert all(change.is_property for change in found)


@pytest.mark.parametrize("key", ["deactivate", " a"])
def test_purging_a_property_that_glance_cannot_remove_is_an_error(key: str) -> None:
    assert property_changes(image(**{key: "1"}), DesiredImage()) == []
    with pytest.raises(InvalidInput, match=f"has the property '{key}', which Glance cannot remove"):
        property_changes(image(**{key: "1"}), DesiredImage(purge=True))


@pytest.mark.parametrize(
    ("status", "change", "allowed"),
    [
        ("queued", Change("disk_format", None, "raw"), True),
        ("importing", Change("container_format", "bare", "ovf"), True),
        ("active", Change("disk_format", "raw", "qcow2"), False),
        ("active", Change("container_format", "bare", "ovf"), False),
        ("active", Change("name", "a", "b"), True),
        ("active", property_change("disk_format", None, "raw"), True),
    ],
)
def test_formats_change_only_before_there_are_data(status: str, change: Change, allowed: bool) -> None:
    changes = [Change("min_ram", 0, 1), change]
    if allowed:
        check_formats_can_change(image(status=status), changes)
        return
    with pytest.raises(InvalidInput, match=f"has {change.key} '{change.before}', which cannot be changed to"):
        check_formats_can_change(image(status=status), changes)


@pytest.mark.parametrize(
    ("changes", "before", "after"),
    [
        ([], {}, {}),
        ([Change("name", "a", None)], {"name": "a"}, {"name": None}),
        (
            [property_change("p", None, "1"), property_change("q", "2", None), property_change("r", "", "3")],
            {"properties": {"q": "2", "r": ""}},
            {"properties": {"p": "1", "r": "3"}},
        ),
        # An attribute of another image has that image's id only where its name alone is not unique.
        (
            [Change("name", "a", "b"), Change("name", "c", "d", subject=Subject.REPLACED, image_id="1")],
            {"name": "a", "replaced.name": "c"},
            {"name": "b", "replaced.name": "d"},
        ),
        (
            [Change("state", "present", "absent", subject=Subject.REPLACED, image_id=each) for each in "12"],
            {"replaced.state (1)": "present", "replaced.state (2)": "present"},
            {"replaced.state (1)": "absent", "replaced.state (2)": "absent"},
        ),
        (
            [
                Change("state", "present", "absent", subject=Subject.REPLACED),
                Change("state", "present", "absent", subject=Subject.REPLACED, image_id="1"),
            ],
            {"replaced.state": "present", "replaced.state (1)": "present"},
            {"replaced.state": "absent", "replaced.state (1)": "absent"},
        ),
        (
            # Which image loses a property is said, as it may be another one than the task's.
            [
                property_change("p", None, "1"),
                Change("p", "1", None, is_property=True, subject=Subject.REPLACED, image_id="i"),
            ],
            {"properties": {}, "replaced.properties.p": "1"},
            {"properties": {"p": "1"}, "replaced.properties.p": None},
        ),
    ],
)
def test_diff_has_only_what_changes(changes: list[Change], before: dict[str, t.Any], after: dict[str, t.Any]) -> None:
    assert diff_of(changes) == (before, after)
