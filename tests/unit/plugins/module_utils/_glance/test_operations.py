# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.operations import (
    ADD_MEMBER,
    CREATE,
    DEACTIVATE,
    DELETE,
    IMPORT,
    REACTIVATE,
    REMOVE_MEMBER,
    SET_MEMBER_STATUS,
    STAGE,
    UPDATE,
    UPLOAD,
    Call,
    remove_from_store,
)


@pytest.mark.parametrize("call", [CREATE, UPDATE, UPLOAD, STAGE, IMPORT, ADD_MEMBER])
def test_call_that_could_act_twice_is_not_sent_again(call: Call) -> None:
    assert not call.idempotent


@pytest.mark.parametrize(
    "call", [DELETE, DEACTIVATE, REACTIVATE, SET_MEMBER_STATUS, REMOVE_MEMBER, remove_from_store("fast")]
)
def test_call_that_says_how_things_are_to_be_may_be_sent_again(call: Call) -> None:
    assert call.idempotent


def test_only_calls_with_an_image_in_the_answer_return_one() -> None:
    calls = (CREATE, UPDATE, UPLOAD, STAGE, IMPORT, ADD_MEMBER, DELETE, DEACTIVATE, REMOVE_MEMBER, remove_from_store("a"))
    assert [call for call in calls if call.returns_image] == [CREATE, UPDATE]


def test_404_to_a_call_for_one_image_says_nothing_about_the_address() -> None:
    assert not Call("GET", "/images/{id}", (200,)).in_every_api


def test_store_may_have_any_name() -> None:
    assert remove_from_store("a/b c").path == "/stores/a%2Fb%20c/{id}"
