# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""Conditions of lists, with operators and without."""

from __future__ import annotations

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.image import Image
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.list_query import (
    Query,
    list_filters,
    sort_of,
    sorted_images,
    uses_operators,
    without_operators,
)


@pytest.mark.parametrize(
    ("query", "news", "old"),
    [
        ([("name", "a"), ("tag", "a:b")], False, [("name", "a"), ("tag", "a:b")]),
        ([("name", "eq:ubuntu:22.04")], True, [("name", "ubuntu:22.04")]),
        ([("id", 'in:"a","b"'), ("visibility", "all")], True, [("visibility", "all")]),
        ([("created_at", "lt:2026-01-31T12:00:00Z"), ("owner", "o")], True, [("owner", "o")]),
        ([("sort", "size:asc,id:desc"), ("tag", "t")], True, [("tag", "t")]),
    ],
)
def test_operators_are_removed_for_old_clouds(query: Query, news: bool, old: Query) -> None:
    assert uses_operators(query) is news
    assert without_operators(query) == old


@pytest.mark.parametrize(
    ("values", "filters"),
    [
        (["a"], ["a"]),
        (["a:b"], ["eq:a:b"]),
        (["a", "b:c"], ['in:"a","b:c"']),
        # A quote or a backslash cannot stand in a list.
        (['a"', "b", "c\\", "d"], ['in:"b","d"', 'a"', "c\\"]),
        # Each value takes nine characters more, and a list 1,000 at most.
        (["a" * 491, "b" * 491, "c"], [f'in:"{"a" * 491}","{"b" * 491}"', "c"]),
        (["a" * 491, "b" * 492], ["a" * 491, "b" * 492]),
        (["ä" * 82, "b" * 490], [f'in:"{"ä" * 82}","{"b" * 490}"']),
        (["ä" * 82, "b" * 491], ["ä" * 82, "b" * 491]),
    ],
)
def test_values_are_joined_to_filters_of_limited_length(values: list[str], filters: list[str]) -> None:
    assert list_filters(values) == filters


def test_sort_keys_are_read_from_the_query() -> None:
    assert sort_of([("name", "a"), ("sort", "size:asc,id:desc"), ("tag", "a:b")]) == [("size", "asc"), ("id", "desc")]
    assert sort_of([("name", "a")]) == []


def test_images_are_sorted_by_several_keys() -> None:
    images = [Image(fields) for fields in ({"name": "b", "size": 1}, {"name": "a", "size": None}, {"name": "a", "size": 2})]
    assert sorted_images(images, [("name", "asc"), ("size", "desc")]) == [images[2], images[1], images[0]]
