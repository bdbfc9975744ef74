# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

from ansible_collections.cloudimage.glance.plugins.module_utils._glance.image import Image
from ansible_collections.cloudimage.glance.plugins.module_utils._plan.desired_image import DesiredImage
from ansible_collections.cloudimage.glance.plugins.module_utils._plan.plan import plan_create, plan_update
from ansible_collections.cloudimage.glance.plugins.module_utils._plan.result import result_of_plans

IMAGE = Image({"id": "8f4c9f1e-0a1c-4f1f-9f8e-3a7c5b0f6a11", "name": "n", "status": "active"})
# Glance allows properties that have the names of the result's own keys.
NAMED_LIKE_KEYS = {"properties": "one", "changes": "two", "operations": "three"}


def test_properties_may_have_the_names_of_result_keys() -> None:
    """A property named "properties" was taken for the dictionary of all properties, and the module failed."""
    result = result_of_plans([plan_update(IMAGE, DesiredImage({}, NAMED_LIKE_KEYS))], IMAGE)
    assert {change["attribute"]: change["after"] for change in result["changes"]} == {
        f"properties.{name}": value for name, value in NAMED_LIKE_KEYS.items()
    }
    assert result["diff"]["after"] == {"properties": NAMED_LIKE_KEYS}


def test_created_image_has_the_id_of_the_cloud() -> None:
    plan = plan_create(DesiredImage({"name": "n"}, NAMED_LIKE_KEYS), None)
    result = result_of_plans([plan], IMAGE)
    assert result["diff"]["after"]["properties"] == NAMED_LIKE_KEYS
    assert result["operations"][0]["body"]["id"] == IMAGE.id
