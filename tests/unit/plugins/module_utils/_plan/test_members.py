# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._errors import InvalidInput
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.image import Image, to_result
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.operations import UPDATE, Operation
from ansible_collections.cloudimage.glance.plugins.module_utils._plan.members import (
    DesiredMembers,
    check_can_have_members,
    copied_members,
    member_changes,
    member_operations,
    warnings_of_hidden_members,
)
from ansible_collections.cloudimage.glance.plugins.module_utils._plan.plan import Plan, plan_members, plan_sharing

ID = "8f4c9f1e-0a1c-4f1f-9f8e-3a7c5b0f6a11"
IMAGE = Image({"id": ID, "name": "n", "visibility": "shared"})
CURRENT = {"a": "accepted", "b": "pending"}


@pytest.mark.parametrize(
    ("before", "after", "method", "path", "body"),
    [
        ({}, {"p": "pending"}, "POST", "members", {"member": "p"}),
        ({"p": "accepted"}, {}, "DELETE", "members/p", None),
        ({"p": "pending"}, {"p": "accepted"}, "PUT", "members/p", {"status": "accepted"}),
        ({"p": "accepted"}, {"p": "pending"}, "PUT", "members/p", {"status": "pending"}),
    ],
)
def test_member_is_changed_with_one_call(
    before: dict[str, str], after: dict[str, str], method: str, path: str, body: dict[str, str] | None
) -> None:
    plan = plan_members(IMAGE, before, after)
    shown = [operation.to_result() for operation in plan.operations]
    assert shown == [{"method": method, "path": f"/v2/images/{ID}/{path}", "body": body}]
    values = before.get("p"), after.get("p")
    assert [(change.attribute, change.before, change.after) for change in plan.changes] == [("members.p", *values)]
    assert (plan.before, plan.after) == ({"members.p": values[0]}, {"members.p": values[1]})
    assert plan.image == to_result(IMAGE)


@pytest.mark.parametrize("members", [{}, {"p": "pending"}, {"p": "accepted"}])
def test_member_that_is_as_wanted_is_unchanged(members: dict[str, str]) -> None:
    assert not plan_members(IMAGE, members, members).changed


@pytest.mark.parametrize("visibility", ["private", "public", "community"])
def test_image_that_is_not_shared_cannot_have_members(visibility: str) -> None:
    with pytest.raises(InvalidInput, match=f"^state: .* is {visibility}, and only a shared image has members"):
        check_can_have_members(IMAGE, visibility, "state")
    check_can_have_members(IMAGE, "shared", "state")
    with pytest.raises(InvalidInput, match="^members: "):
        DesiredMembers(("p",)).check(IMAGE, visibility)
    DesiredMembers(()).check(IMAGE, visibility)


@pytest.mark.parametrize(
    ("desired", "after"),
    [
        (DesiredMembers(()), CURRENT),
        (DesiredMembers(("a", "c")), {**CURRENT, "c": "pending"}),
        (DesiredMembers(("a", "c"), purge=True), {"a": "accepted", "c": "pending"}),
        (DesiredMembers((), purge=True), {}),
    ],
)
def test_members_are_added_and_others_removed_only_with_purge(desired: DesiredMembers, after: dict[str, str]) -> None:
    assert desired.applied_to(CURRENT) == after
    assert desired.applied_to(after) == after


def test_members_are_added_before_others_are_removed() -> None:
    calls = [(each.call.method, each.path) for each in member_operations(None, CURRENT, {"c": "accepted", "b": "pending"})]
    assert calls == [
        ("POST", "/images/{id}/members"),
        ("PUT", "/images/{id}/members/c"),
        ("DELETE", "/images/{id}/members/a"),
    ]
    changes = member_changes(CURRENT, {"c": "accepted", "b": "pending"})
    assert [(change.attribute, change.before, change.after) for change in changes] == [
        ("members.c", None, "accepted"),
        ("members.a", "accepted", None),
    ]


@pytest.mark.parametrize(
    ("visibility", "number"), [(None, 0), ("shared", 0), ("private", 1), ("public", 1), ("community", 1)]
)
def test_members_that_glance_does_not_show_are_warned_of(visibility: str | None, number: int) -> None:
    warnings = list(warnings_of_hidden_members(IMAGE, visibility))
    assert len(warnings) == number
    assert all(
        f"is {visibility}, and of such an image Glance neither shows nor removes members" in each for each in warnings
    )


@pytest.mark.parametrize(("may_accept", "after"), [(True, CURRENT), (False, {"a": "pending", "b": "pending"})])
def test_only_an_administrator_copies_what_projects_have_answered(may_accept: bool, after: dict[str, str]) -> None:
    assert copied_members(CURRENT, may_accept) == after


def test_sharing_comes_after_the_calls_of_a_plan() -> None:
    plan = Plan({"id": ID, "name": "n", "visibility": "shared"}, ID, before={"min_ram": 0}, after={"min_ram": 1})
    shared = plan_sharing(plan, DesiredMembers(("c",)), CURRENT)
    assert (shared.before, shared.after) == ({"min_ram": 0, "members.c": None}, {"min_ram": 1, "members.c": "pending"})
    assert shared.members_after == {**CURRENT, "c": "pending"}
    assert shared.changed
    assert plan_sharing(plan, None, {}) == plan


@pytest.mark.parametrize(
    ("visibility", "calls"),
    [(None, ["PATCH", "DELETE"]), ("shared", ["PATCH", "DELETE"]), ("private", ["DELETE", "PATCH"])],
)
def test_members_leave_before_the_image_is_no_longer_shared(visibility: str | None, calls: list[str]) -> None:
    image = {"id": ID, "name": "n", "visibility": visibility}
    plan = Plan(image, ID, operations=(Operation(UPDATE, ID, body=[]),))
    shared = plan_sharing(plan, DesiredMembers((), purge=True), {"a": "accepted"})
    assert [operation.call.method for operation in shared.operations] == calls


@pytest.mark.parametrize("visibility", ["private", "public", "community"])
def test_image_that_will_not_be_shared_gets_no_members(visibility: str) -> None:
    plan = Plan({"id": None, "name": "n", "visibility": visibility}, None)
    with pytest.raises(InvalidInput, match=f"members: image 'n' is {visibility}, and only a shared image has members"):
        plan_sharing(plan, DesiredMembers(("c",)), {})
