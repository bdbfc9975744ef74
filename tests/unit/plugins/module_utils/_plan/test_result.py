# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.image import Image
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.json_patch import Change, property_change
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.operations import UPLOAD, Operation
from ansible_collections.cloudimage.glance.plugins.module_utils._plan.desired_image import DataSpec, DesiredImage
from ansible_collections.cloudimage.glance.plugins.module_utils._plan.plan import Plan, plan_create, plan_delete, plan_update
from ansible_collections.cloudimage.glance.plugins.module_utils._plan.result import result_of

IMAGE = Image({"id": "8f4c9f1e-0a1c-4f1f-9f8e-3a7c5b0f6a11", "name": "n", "status": "active"})
# Glance allows properties that have the names of the result's own keys.
NAMED_LIKE_KEYS = {"properties": "one", "changes": "two", "operations": "three"}


def test_properties_may_have_the_names_of_result_keys() -> None:
    """A property named "properties" was taken for the dictionary of all properties, and the module failed."""
    result = result_of([plan_update(IMAGE, DesiredImage({}, NAMED_LIKE_KEYS))], IMAGE)
    assert {change["attribute"]: change["after"] for change in result["changes"]} == {
        f"properties.{name}": value for name, value in NAMED_LIKE_KEYS.items()
    }
    assert result["diff"]["after"] == {"properties": NAMED_LIKE_KEYS}


def test_created_image_has_the_id_of_the_cloud() -> None:
    plan = plan_create(DesiredImage({"name": "n"}, NAMED_LIKE_KEYS), None)
    result = result_of([plan], IMAGE)
    assert result["diff"]["after"]["properties"] == NAMED_LIKE_KEYS
    assert result["operations"][0]["body"]["id"] == IMAGE.id


def test_plans_without_changes_have_an_empty_result() -> None:
    result = result_of([plan_update(IMAGE, DesiredImage({"name": "n"}))])
    assert result == {"changed": False, "changes": [], "operations": [], "diff": {"before": {}, "after": {}}}


@pytest.mark.parametrize(
    ("plan", "headers"),
    [
        (plan_delete(IMAGE, force=False), [IMAGE.name, IMAGE.name]),
        (plan_update(IMAGE, DesiredImage({"name": "new"})), [IMAGE.name, "new"]),
        (plan_create(DesiredImage({"name": "n"}), None), ["n", "n"]),
        (plan_delete(Image({**IMAGE.fields, "name": None}), force=False), [IMAGE.id, IMAGE.id]),
    ],
)
def test_diff_of_one_image_has_its_name(plan: Plan, headers: list[str]) -> None:
    diff = result_of([plan, plan_update(IMAGE, DesiredImage())])["diff"]
    assert [diff["before_header"], diff["after_header"]] == headers


@pytest.mark.parametrize(("image", "new_id"), [(None, "{id}"), (IMAGE, IMAGE.id)])
def test_id_of_a_replacement_is_filled_in(image: Image | None, new_id: str) -> None:
    changes = (Change("id", "old", "{id}"), Change("name", "n", "{id}"), property_change("id", None, "{id}"))
    replace = plan_delete(IMAGE, force=False).operations
    plan = Plan(None, None, changes, replace, {"id": "old", "name": "n"}, {"id": "{id}", "name": "{id}"})
    result = result_of([plan], image)
    assert [change["after"] for change in result["changes"]] == [new_id, "{id}", "{id}"]
    assert result["diff"]["after"] == {"id": new_id, "name": "{id}"}


def test_diffs_of_several_images_name_the_image() -> None:
    other = Image({**IMAGE.fields, "id": "9f4c9f1e-0a1c-4f1f-9f8e-3a7c5b0f6a11"})
    unchanged = plan_update(IMAGE, DesiredImage())
    result = result_of([plan_delete(IMAGE, force=False), unchanged, plan_delete(other, force=False)])
    headers = [f"{IMAGE.name} ({IMAGE.id})", f"{IMAGE.name} ({other.id})"]
    assert [diff["before_header"] for diff in result["diff"]] == headers
    assert [diff["after_header"] for diff in result["diff"]] == headers
    assert [change["id"] for change in result["changes"]] == [IMAGE.id, other.id]


def plan_of_a_recorded_source() -> Plan:
    data = DataSpec("path", "/f", 3, source_checksum="sha256:1", calls=(Operation(UPLOAD),))
    return plan_create(DesiredImage({"name": "n", "disk_format": "raw", "container_format": "bare"}, data=data), None)


@pytest.mark.parametrize(
    ("image", "image_id", "record"),
    [
        (None, None, "sha256:1 = {hash}"),
        (Image({**IMAGE.fields, "checksum": "m"}), IMAGE.id, "sha256:1 = md5:m"),
    ],
)
def test_id_and_hash_are_known_once_the_image_exists(image: Image | None, image_id: str | None, record: str) -> None:
    result = result_of([plan_of_a_recorded_source()], image)
    assert {change["id"] for change in result["changes"]} == {image_id}
    assert result["diff"]["after"]["properties"] == {"cloudimage_source_checksum": record}
    recorded = [each["after"] for each in result["changes"] if each["attribute"] == "properties.cloudimage_source_checksum"]
    assert recorded == [record]
