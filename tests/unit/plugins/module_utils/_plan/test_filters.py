# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

import datetime
import typing as t

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._argspec import IMAGE_INFO
from ansible_collections.cloudimage.glance.plugins.module_utils._errors import InvalidInput
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.image import Image
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.list_query import MAX_LIST_CHARACTERS
from ansible_collections.cloudimage.glance.plugins.module_utils._plan.filters import (
    Filters,
    id_queries,
    matches,
    merge_order,
    needs_check,
    parse_filters,
    parse_time_condition,
    queries,
    within_project,
)

NOW = datetime.datetime(2026, 3, 1, 12, 0, 0, tzinfo=datetime.timezone.utc)
ID = "8f4c9f1e-0a1c-4f1f-9f8e-3a7c5b0f6a11"


def parse(**options: t.Any) -> Filters:
    params = {name: spec.get("default") for name, spec in IMAGE_INFO.items()}
    return parse_filters({**params, **options}, options.get("owner"), NOW)


@pytest.mark.parametrize(
    ("options", "query"),
    [
        ({}, []),
        ({"name": ["a"]}, [("name", "a")]),
        ({"name": ["ubuntu:22.04"]}, [("name", "eq:ubuntu:22.04")]),
        ({"name": ["a", "b,c", "a"]}, [("name", 'in:"a","b,c"')]),
        ({"status": ["active"]}, [("status", "active")]),
        ({"status": ["active", "queued"]}, [("status", 'in:"active","queued"')]),
        ({"status": ['a"b', "c"]}, []),
        ({"visibility": "community"}, [("visibility", "community")]),
        ({"owner": "p"}, [("owner", "p")]),
        ({"protected": True}, [("protected", "true")]),
        ({"protected": False}, [("protected", "false")]),
        ({"hidden": "true"}, [("os_hidden", "true")]),
        ({"hidden": "false"}, []),
        ({"tags": ["a", "b"]}, [("tag", "a"), ("tag", "b")]),
        ({"tags": [" a", ""]}, []),
        ({"size_min": 0, "size_max": 9}, [("size_min", "0"), ("size_max", "9")]),
        ({"older_than": "30d"}, [("created_at", "lt:2026-01-30T12:00:00Z")]),
        ({"newer_than": "1w2d3h"}, [("created_at", "gt:2026-02-20T09:00:00Z")]),
        ({"created_at": "2026-01-01T10:00:00Z"}, [("created_at", "gte:2026-01-01T10:00:00Z")]),
        ({"created_at": "lte:2026-01-01T23:59:59Z"}, [("created_at", "lt:2026-01-02T00:00:00Z")]),
        ({"updated_at": "gte:2026-01-01"}, [("updated_at", "gte:2026-01-01T00:00:00Z")]),
        ({"properties": {"a": True, "b": 1}}, [("a", "true"), ("b", "1")]),
        ({"properties": {"x_min": "1", "get": "2", "limit": "3"}}, []),
        ({"sort": ["name", "size:desc"]}, [("sort", "name:asc,size:desc")]),
        ({"newest": True}, [("sort", "created_at:desc,id:desc")]),
        ({"member_status": "all"}, [("member_status", "all")]),
    ],
)
def test_options_become_one_query(options: dict[str, t.Any], query: list[tuple[str, str]]) -> None:
    assert queries(parse(**options)) == [query]


def test_one_condition_on_a_time_goes_to_the_server_and_all_are_checked() -> None:
    filters = parse(older_than="1d", newer_than="10d")
    assert queries(filters) == [[("created_at", "gt:2026-02-19T12:00:00Z")]]
    assert needs_check(filters)
    for created_at, expected in (
        ("2026-02-28T11:59:59Z", True),
        ("2026-02-28T12:00:00Z", False),
        ("2026-02-01T00:00:00Z", False),
    ):
        assert matches(Image({"status": "active", "created_at": created_at}), filters) is expected


def test_hidden_and_visible_images_are_two_queries() -> None:
    assert queries(parse(name=["a"], hidden="any")) == [
        [("name", "a")],
        [("name", "a"), ("os_hidden", "true")],
    ]


def test_names_with_quotes_are_queried_alone() -> None:
    names = ["a", 'b"c', "d\\"]
    assert [query[0][1] for query in queries(parse(name=names))] == ["a", 'b"c', "d\\"]


def test_many_names_are_split_into_several_queries() -> None:
    names = [f"name-{number:04}" for number in range(300)]
    values = [query[0][1] for query in queries(parse(name=names))]
    assert len(values) > 1
    assert all(len(value) < MAX_LIST_CHARACTERS for value in values)
    assert [name for value in values for name in value.removeprefix("in:").replace('"', "").split(",")] == names


def test_empty_list_needs_no_query() -> None:
    assert queries(parse(name=[])) == []
    assert id_queries([], hidden=True) == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"id": ["x"]}, "id: 'x' is not an image id"),
        ({"limit": 0}, "limit: 0 was given; 1 or more is allowed"),
        ({"limit": -1}, "limit: -1"),
        ({"size_min": -1}, "size_min: -1"),
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
        ({"properties": {"a": ["b"]}}, "the value of 'a' is a list"),
    ],
)
def test_invalid_options_are_rejected(options: dict[str, t.Any], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        parse(**options)


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("gt:2026-01-31T12:00:00Z", ("gt", "2026-01-31T12:00:00Z")),
        ("lte:2026-01-31T12:00:00+02:00", ("lte", "2026-01-31T10:00:00Z")),
        ("2026-01-31T12:00:00", ("eq", "2026-01-31T12:00:00Z")),
        ("neq:2026-01-31", ("neq", "2026-01-31T00:00:00Z")),
    ],
)
def test_time_with_an_operator_is_parsed(text: str, condition: tuple[str, str]) -> None:
    assert parse_time_condition("created_at", text) == condition


MATCHING = {
    "id": ID,
    "name": "Debian",
    "status": "active",
    "visibility": "shared",
    "owner": "p",
    "protected": True,
    "os_hidden": False,
    "disk_format": "raw",
    "size": 10,
    "tags": ["a", "b"],
    "created_at": "2026-02-01T00:00:00Z",
    "os_distro": "debian",
}


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"name": ["Debian"]}, True),
        ({"name": ["debian"]}, False),
        ({"id": [ID]}, True),
        ({"name_pattern": "^Deb"}, True),
        ({"name_pattern": "bia"}, True),
        ({"name_pattern": "^bia"}, False),
        ({"status": ["queued", "active"]}, True),
        ({"status": ["queued"]}, False),
        ({"tags": ["b"]}, True),
        ({"tags": ["b", "c"]}, False),
        ({"size_min": 10, "size_max": 10}, True),
        ({"size_min": 11}, False),
        ({"size_max": 9}, False),
        ({"protected": False}, False),
        ({"hidden": "true"}, False),
        ({"hidden": "any"}, True),
        ({"visibility": "all"}, True),
        ({"visibility": "public"}, False),
        ({"owner": "q"}, False),
        ({"properties": {"os_distro": "debian"}}, True),
        ({"properties": {"os_distro": "Debian"}}, False),
        ({"properties": {"name": "Debian"}}, False),
        ({"older_than": "1w"}, True),
        ({"older_than": "8w"}, False),
    ],
)
def test_image_matches_all_filters(options: dict[str, t.Any], expected: bool) -> None:
    assert matches(Image(MATCHING), parse(**options)) is expected


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        # Conditions that each cloud knows: it has looked.
        ({"owner": "p", "visibility": "public", "disk_format": ["raw"]}, True),
        # Those that it may not have understood.
        ({"disk_format": ["raw", "qcow2"]}, False),
        ({"older_than": "1d"}, False),
        ({"protected": False, "hidden": "false"}, True),
        ({"protected": True}, False),
        ({"hidden": "true"}, False),
        ({"size_min": 1}, False),
        ({"tags": ["a"]}, False),
    ],
)
def test_attribute_that_the_cloud_does_not_show_has_its_default(options: dict[str, t.Any], expected: bool) -> None:
    assert matches(Image({"id": ID, "name": "n", "status": "active"}), parse(**options)) is expected


@pytest.mark.parametrize(("status", "expected"), [(None, False), (["active"], False), (["deleted"], True)])
def test_deleted_images_are_found_only_by_their_status(status: t.Any, expected: bool) -> None:
    assert matches(Image({**MATCHING, "status": "deleted"}), parse(status=status)) is expected


@pytest.mark.parametrize(
    ("visibility", "parts"),
    [
        (None, [("p", None), (None, "public")]),
        ("all", [("p", "all"), (None, "public"), (None, "community")]),
        ("public", [(None, "public")]),
        ("community", [(None, "community")]),
        ("private", [("p", "private")]),
        ("shared", [("p", "shared")]),
    ],
)
def test_list_of_an_administrator_is_split_by_visibility(
    visibility: str | None, parts: list[tuple[str | None, str | None]]
) -> None:
    filters = parse(visibility=visibility, tags=["x"], limit=2)
    found = within_project(filters, "p")
    assert [(part.owner, part.visibility) for part in found] == parts
    assert all((part.tags, part.limit) == (("x",), 2) for part in found)


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ([], [("created_at", "desc")]),
        (["name"], [("name", "asc"), ("created_at", "asc")]),
        (["name:desc"], [("name", "desc"), ("created_at", "desc")]),
        (["name", "size"], [("name", "asc"), ("size", "asc"), ("created_at", "desc")]),
        (["created_at:asc"], [("created_at", "asc")]),
    ],
)
def test_several_lists_are_merged_in_the_order_of_glance(sort: list[str], order: list[tuple[str, str]]) -> None:
    assert list(merge_order(parse(sort=sort).sort)) == order


def test_all_projects_includes_community_images() -> None:
    assert parse(all_projects=True).visibility == "all"
    assert parse(all_projects=True, visibility="private").visibility == "private"
