# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._errors import InvalidInput
from ansible_collections.cloudimage.glance.plugins.module_utils._options.project import MemberOptions, ProjectReference

GIVEN: dict[str, t.Any] = {"members": None, "member_domain": None, "purge_members": False, "visibility": None}


def members_of(**given: t.Any) -> MemberOptions | None:
    return MemberOptions.from_params({**GIVEN, **given})


def test_task_that_names_no_members_has_none() -> None:
    assert members_of() is None
    assert members_of(visibility="private") is None


def test_each_project_is_meant_once() -> None:
    options = members_of(members=["a", "b", "a"], member_domain="d")
    expected = tuple(ProjectReference(project, "d", "members", "member_domain") for project in ("a", "b"))
    assert options == MemberOptions(expected, purge=False)


@pytest.mark.parametrize("visibility", [None, "shared", "private", "public", "community"])
@pytest.mark.parametrize("purge", [True, False])
def test_image_of_any_visibility_can_have_no_members(visibility: str | None, purge: bool) -> None:
    assert members_of(members=[], purge_members=purge, visibility=visibility) == MemberOptions((), purge)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"purge_members": True}, "purge_members: give 'members' too"),
        ({"members": [""]}, "members: '' has 0 characters"),
        ({"members": ["a"], "visibility": "private"}, "members: they need 'visibility: shared', and 'private' was given"),
    ],
)
def test_invalid_members_are_refused(given: dict[str, t.Any], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        members_of(**given)
    assert members_of(members=["a"], visibility="shared") is not None
