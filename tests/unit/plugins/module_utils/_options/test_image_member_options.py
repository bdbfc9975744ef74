# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._errors import InvalidInput
from ansible_collections.cloudimage.glance.plugins.module_utils._options.image_member import ImageMemberOptions

ID = "8f4c9f1e-0a1c-4f1f-9f8e-3a7c5b0f6a11"
GIVEN: dict[str, t.Any] = {
    **dict.fromkeys(("id", "name", "owner", "owner_domain", "member", "member_domain")),
    "state": "accepted",
}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "id, name: both are null"),
        ({"id": "no id"}, "id"),
        ({"name": ""}, "name: '' has 0 characters"),
        ({"name": "n", "state": "present"}, "'state: present' needs it"),
        ({"name": "n", "state": "absent"}, "'state: absent' needs it"),
    ],
)
def test_incomplete_options_are_rejected(given: dict[str, t.Any], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        ImageMemberOptions.from_params({**GIVEN, **given})


def test_image_is_given_by_id_or_name() -> None:
    named = ImageMemberOptions.from_params({**GIVEN, "name": "n"})
    assert (named.image_id, named.name) == (None, "n")
    by_id = ImageMemberOptions.from_params({**GIVEN, "id": ID})
    assert (by_id.image_id, by_id.name) == (ID, None)


@pytest.mark.parametrize(
    ("state", "is_answer"),
    [("accepted", True), ("rejected", True), ("pending", True), ("present", False), ("absent", False)],
)
def test_state_says_whose_side_acts(state: str, is_answer: bool) -> None:
    options = ImageMemberOptions.from_params({**GIVEN, "name": "n", "member": "p", "member_domain": "d", "state": state})
    assert options.is_answer is is_answer
    assert options.member is not None
    assert (options.member.project, options.member.domain, options.member.option) == ("p", "d", "member")
