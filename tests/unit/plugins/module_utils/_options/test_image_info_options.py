# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._errors import InvalidInput
from ansible_collections.cloudimage.glance.plugins.module_utils._options.image_info import ImageFilters, ImageInfoOptions
from ansible_collections.cloudimage.glance.plugins.module_utils._options.project import ProjectReference
from ansible_collections.cloudimage.glance.tests.unit.plugins.module_utils.parsed import filters_of, image_info_options


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"id": ["x"]}, "id: 'x' is not an image id"),
        ({"limit": 0}, "limit: 0 was given; 1 or more is allowed"),
        ({"limit": -1}, "limit: -1"),
        ({"size_min": -1}, "size_min: -1"),
        ({"exactly": -1}, "exactly: -1 was given; 0 or more is allowed"),
        (
            {"exactly": 3, "limit": 2},
            "exactly: 3 was given, but 'limit: 2' returns at most 2, so the task would always fail",
        ),
        ({"exactly": 2, "newest": True}, "'newest: true' returns at most 1"),
        ({"older_than": "30"}, "older_than: '30' is not a duration"),
        ({"older_than": "d"}, "is not a duration"),
        ({"newer_than": "1y"}, "newer_than: '1y' is not a duration"),
        ({"newer_than": ""}, "is not a duration"),
        ({"older_than": "9999999999d"}, "before the beginning of time"),
        ({"older_than": "999999d"}, "before the beginning of time"),
        ({"older_than": "9" * 5000 + "d"}, "before the beginning of time"),
        ({"created_at": "gt:0001-01-01T00:00:00+05:00"}, "created_at: 'gt:0001"),
        ({"created_at": "lte:9999-12-31T23:59:59"}, "created_at: 'lte:9999"),
        ({"size_max": 2**63}, "size_max: 9223372036854775808"),
        ({"name_pattern": "a{99999999999}"}, "is not a regular expression"),
        ({"name_pattern": "(" * 5000}, "is not a regular expression"),
        ({"created_at": "gt:yesterday"}, "created_at: 'gt:yesterday' was given"),
        ({"created_at": "like:2026-01-01"}, "created_at: 'like:2026-01-01'"),
        ({"sort": ["nmae"]}, "sort: 'nmae' was given. Allowed is one of name"),
        ({"sort": ["name:up"]}, "sort: 'name:up'"),
        ({"name_pattern": "("}, "name_pattern: '\\(' is not a regular expression"),
        ({"properties": {"a": None}}, "'a' is null"),
        ({"properties": {"status": "active"}}, "properties: 'status' is an attribute of the image, not a property"),
        ({"properties": {"a": ["b"]}}, "the value of 'a' is a list"),
    ],
)
def test_invalid_options_are_rejected(options: dict[str, t.Any], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        filters_of(**options)


def test_filters_that_a_task_does_not_give_are_none() -> None:
    options = image_info_options()
    assert options == ImageInfoOptions(ImageFilters(hidden=False))
    assert (options.members, options.filters.all_projects) == (False, False)


@pytest.mark.parametrize(("option", "value"), [("limit", 1), ("size_min", 0), ("size_max", 2**63 - 1)])
def test_first_and_last_number_that_is_allowed(option: str, value: int) -> None:
    assert getattr(filters_of(**{option: value}), option) == value


def test_all_projects_includes_community_images() -> None:
    assert filters_of(all_projects=True).visibility == "all"
    assert filters_of(all_projects=True, visibility="private").visibility == "private"


def test_newest_is_the_first_of_the_newest_images() -> None:
    filters = filters_of(newest=True)
    assert (filters.sort, filters.limit) == ((("created_at", "desc"), ("id", "desc")), 1)


@pytest.mark.parametrize(
    ("options", "hidden"),
    [
        ({}, False),
        ({"id": ["8f4c9f1e-0a1c-4f1f-9f8e-3a7c5b0f6a11"]}, None),
        ({"hidden": "any"}, None),
        ({"hidden": "true"}, True),
    ],
)
def test_hidden_images_are_listed_where_asked_for_or_given_by_id(options: dict[str, t.Any], hidden: bool | None) -> None:
    assert filters_of(**options).hidden is hidden


def test_an_owner_is_a_project_and_its_domain() -> None:
    assert image_info_options(owner="p", owner_domain="d").owner == ProjectReference("p", "d")
    assert image_info_options(owner_domain="d").owner is None


@pytest.mark.parametrize(
    ("options", "conditions"),
    [
        ({}, ""),
        ({"exactly": 1, "sort": ["name"], "newest": False, "all_projects": False}, ""),
        ({"name": ["é"], "status": ["active", "queued"]}, 'name: "é", status: ["active", "queued"]'),
        ({"name": [], "tags": []}, "name: [], tags: []"),
        ({"protected": False, "newest": True, "size_min": 0}, "protected: false, size_min: 0, newest: true"),
        ({"properties": {"a": 1}, "limit": 2}, 'properties: {"a": 1}, limit: 2'),
        ({"properties": {"a": "é"}}, 'properties: {"a": "é"}'),
        ({"tags": list("abcdefghij")}, 'tags: ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"]'),
        ({"tags": list("abcdefghijkl")}, 'tags: ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"] and 2 more'),
    ],
)
def test_conditions_are_the_filters_as_they_are_given(options: dict[str, t.Any], conditions: str) -> None:
    assert image_info_options(**options).conditions == conditions


def test_limit_may_be_as_large_as_the_number_wanted() -> None:
    assert image_info_options(exactly=2, limit=2).exactly == 2
    assert image_info_options(exactly=1, newest=True).exactly == 1
    assert image_info_options(exactly=0).exactly == 0
