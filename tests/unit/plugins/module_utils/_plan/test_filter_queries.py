# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.list_query import MAX_LIST_CHARACTERS
from ansible_collections.cloudimage.glance.plugins.module_utils._plan.filter_queries import (
    brings_others,
    id_queries,
    merge_order,
    queries,
    within_project,
)
from ansible_collections.cloudimage.glance.tests.unit.plugins.module_utils.parsed import filters_of


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
        ({"status": ['a"b']}, [("status", 'a"b')]),
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
    assert queries(filters_of(**options)) == [query]


def test_one_condition_on_a_time_goes_to_the_server() -> None:
    filters = filters_of(older_than="1d", newer_than="10d")
    assert queries(filters) == [[("created_at", "gt:2026-02-19T12:00:00Z")]]
    assert brings_others(filters)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, False),
        ({"name": ["a"], "tags": ["a", "b c"], "properties": {"os_distro": "debian"}}, False),
        ({"older_than": "1d"}, False),
        ({"created_at": "lt:2026-01-01T00:00:00Z", "updated_at": "gte:2026-01-01"}, True),
        ({"created_at": "2026-01-01T10:00:00Z"}, True),
        ({"id": ["8f4c9f1e-0a1c-4f1f-9f8e-3a7c5b0f6a11"]}, True),
        ({"name_pattern": "^a"}, True),
        ({"tags": ["a", " a"]}, True),
        ({"tags": ["a", ""]}, True),
        ({"properties": {"os_distro": "debian", "x_min": "1"}}, True),
    ],
)
def test_filters_that_glance_cannot_carry_out_alone(options: dict[str, t.Any], expected: bool) -> None:
    assert brings_others(filters_of(**options)) is expected


def test_hidden_and_visible_images_are_two_queries() -> None:
    assert queries(filters_of(name=["a"], hidden="any")) == [
        [("name", "a")],
        [("name", "a"), ("os_hidden", "true")],
    ]


def test_names_with_quotes_are_queried_alone() -> None:
    names = ["a", 'b"c', "d\\"]
    assert [query[0][1] for query in queries(filters_of(name=names))] == ["a", 'b"c', "d\\"]


def test_many_names_are_split_into_several_queries() -> None:
    names = [f"name-{number:04}" for number in range(300)]
    values = [query[0][1] for query in queries(filters_of(name=names))]
    assert len(values) > 1
    assert all(len(value) < MAX_LIST_CHARACTERS for value in values)
    assert [name for value in values for name in value.removeprefix("in:").replace('"', "").split(",")] == names


@pytest.mark.parametrize(("hidden", "last"), [(False, []), (True, [("os_hidden", "true")])])
def test_images_of_ids_are_looked_for_in_all_projects(hidden: bool, last: list[tuple[str, str]]) -> None:
    everyones = [("visibility", "all"), ("member_status", "all")]
    assert id_queries(["a", "b"], hidden) == [[("id", 'in:"a","b"'), *everyones, *last]]


def test_empty_list_needs_no_query() -> None:
    assert queries(filters_of(name=[])) == []
    assert id_queries([], hidden=True) == []


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
    filters = filters_of(visibility=visibility, tags=["x"], limit=2)
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
    assert list(merge_order(filters_of(sort=sort).sort)) == order
