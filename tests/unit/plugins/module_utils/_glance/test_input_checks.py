# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._errors import InvalidInput
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.input_checks import (
    MAX_INTEGER,
    MAX_TIMEOUT,
    check_characters,
    check_id,
    check_text,
    check_timeout,
    id_spellings,
)

ID = "8f4c9f1e-0a1c-4f1f-9f8e-3a7c5b0f6a11"


@pytest.mark.parametrize("value", [ID, ID.upper()])
def test_uuid_is_an_id(value: str) -> None:
    assert check_id(value) == value


@pytest.mark.parametrize("value", ["", "debian-13", ID[:-1], f"{ID}0", ID.replace("-", ""), ID.replace("8", "g")])
def test_other_text_is_no_id(value: str) -> None:
    with pytest.raises(InvalidInput, match=f"kernel: '{value}' is not an image id"):
        check_id(value, "kernel")


def test_ids_are_asked_for_as_given_and_in_lower_case() -> None:
    other = "C0FFEE00-0a1c-4f1f-9f8e-3a7c5b0f6a11"
    assert id_spellings([ID, other]) == [ID, other, other.lower()]


@pytest.mark.parametrize("value", ["", "a", "ä", "\ud7ff", "\ue000", "\uffff"])
def test_characters_that_glance_stores(value: str) -> None:
    assert check_characters(value, "name") == value


@pytest.mark.parametrize(
    ("value", "shown"),
    [("a\U00010000", r"a\U00010000"), ("\U0001f600b", r"\U0001f600b"), ("\ud800", r"\ud800"), ("\udfff", r"\udfff")],
)
def test_characters_that_glance_cannot_store(value: str, shown: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        check_characters(value, "name")
    assert caught.value.message == f"name: '{shown}' has a character beyond U+FFFF, which Glance cannot store."


@pytest.mark.parametrize("length", [1, 2, 255])
def test_text_of_allowed_length(length: int) -> None:
    assert check_text("x" * length, "tags") == "x" * length


@pytest.mark.parametrize("length", [0, 256])
def test_text_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(InvalidInput, match=f"tags: '{'x' * length}' has {length} characters; 1 to 255 are allowed"):
        check_text("x" * length, "tags")


def test_text_with_a_refused_character_is_refused() -> None:
    with pytest.raises(InvalidInput, match="tags: 'a.*' has a character beyond"):
        check_text("a\U0001f600", "tags")


def test_largest_integer_is_that_of_the_database() -> None:
    assert MAX_INTEGER == 2_147_483_647


@pytest.mark.parametrize("seconds", [1, 2.5, MAX_TIMEOUT])
def test_time_that_a_task_may_wait(seconds: float) -> None:
    assert check_timeout(seconds, "wait_timeout") == seconds


@pytest.mark.parametrize("seconds", [-1, 0, 0.5, MAX_TIMEOUT + 1])
def test_time_that_no_task_may_wait(seconds: float) -> None:
    with pytest.raises(
        InvalidInput, match=f"wait_timeout: {seconds:.10g} was given; 1 to {MAX_TIMEOUT} seconds are allowed"
    ):
        check_timeout(seconds, "wait_timeout")
