# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._errors import InvalidInput
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.image import Image
from ansible_collections.cloudimage.glance.plugins.module_utils._plan.members import (
    DesiredMembers,
    check_can_have_members,
    member_changes,
    member_operations,
)

ID = "8f4c9f1e-0a1c-4f1f-9f8e-3a7c5b0f6a11"
CURRENT = {"a": "accepted", "b": "pending"}


@pytest.mark.parametrize(
    ("desired", "changes", "requests"),
    [
        (DesiredMembers(()), [], []),
        (DesiredMembers(("a", "b")), [], []),
        (DesiredMembers(("b", "c")), [("members.c", None, "pending")], ["POST /v2/images/ID/members"]),
        (
            DesiredMembers(("c",), purge=True),
            [("members.c", None, "pending"), ("members.a", "accepted", None), ("members.b", "pending", None)],
            ["POST /v2/images/ID/members", "DELETE /v2/images/ID/members/a", "DELETE /v2/images/ID/members/b"],
        ),
        (
            DesiredMembers((), purge=True),
            [("members.a", "accepted", None), ("members.b", "pending", None)],
            ["DELETE /v2/images/ID/members/a", "DELETE /v2/images/ID/members/b"],
        ),
    ],
)
def test_members_are_added_and_only_removed_with_purge(
    desired: DesiredMembers, changes: list[tuple[str, str | None, str | None]], requests: list[str]
) -> None:
    found = [(change.attribute, change.before, change.after) for change in member_changes(CURRENT, desired)]
    assert found == changes
    shown = [operation.shown() for operation in member_operations(ID, CURRENT, desired)]
    assert [f"{each['method']} {each['path']}".replace(ID, "ID") for each in shown] == requests


@pytest.mark.parametrize("visibility", ["private", "public", "community"])
def test_image_that_is_not_shared_cannot_have_members(visibility: str) -> None:
    image = Image({"id": ID, "name": "n", "visibility": visibility})
    with pytest.raises(InvalidInput, match=f"is {visibility}, and only a shared image has members"):
        check_can_have_members(image)
    check_can_have_members(image, "shared")


def test_image_that_the_task_makes_private_cannot_have_members() -> None:
    with pytest.raises(InvalidInput, match="is private, and only a shared image has members"):
        check_can_have_members(Image({"id": ID, "name": "n", "visibility": "shared"}), "private")
