# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._errors import InvalidInput
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.image import Image, to_result
from ansible_collections.cloudimage.glance.plugins.module_utils._plan.members import check_can_have_members, plan_member

ID = "8f4c9f1e-0a1c-4f1f-9f8e-3a7c5b0f6a11"
IMAGE = Image({"id": ID, "name": "n", "visibility": "shared"})


@pytest.mark.parametrize(
    ("before", "after", "method", "path", "body"),
    [
        (None, "pending", "POST", "members", {"member": "p"}),
        ("accepted", None, "DELETE", "members/p", None),
        ("pending", "accepted", "PUT", "members/p", {"status": "accepted"}),
        ("accepted", "pending", "PUT", "members/p", {"status": "pending"}),
    ],
)
def test_member_is_changed_with_one_call(
    before: str | None, after: str | None, method: str, path: str, body: dict[str, str] | None
) -> None:
    plan = plan_member(IMAGE, "p", before, after)
    shown = [operation.shown() for operation in plan.operations]
    assert shown == [{"method": method, "path": f"/v2/images/{ID}/{path}", "body": body}]
    assert [(change.attribute, change.before, change.after) for change in plan.changes] == [("members.p", before, after)]
    assert (plan.before, plan.after) == ({"members.p": before}, {"members.p": after})
    assert plan.image == to_result(IMAGE)


@pytest.mark.parametrize("status", [None, "pending", "accepted"])
def test_member_that_is_as_wanted_is_unchanged(status: str | None) -> None:
    assert not plan_member(IMAGE, "p", status, status).changed


@pytest.mark.parametrize("visibility", ["private", "public", "community"])
def test_image_that_is_not_shared_cannot_have_members(visibility: str) -> None:
    image = Image({"id": ID, "name": "n", "visibility": visibility})
    with pytest.raises(InvalidInput, match=f"is {visibility}, and only a shared image has members"):
        check_can_have_members(image)
    check_can_have_members(IMAGE)
