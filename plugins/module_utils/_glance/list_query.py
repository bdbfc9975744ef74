# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The conditions of Glance's lists, and how to ask a cloud that does not know their operators. Pure.

A condition may have an operator before a colon, ``in:"a","b"`` or ``gt:2026-01-31T12:00:00Z``
(https://docs.openstack.org/api-ref/image/v2/#list-images). A cloud that does not know operators compares the whole
text, and finds nothing.
"""

from __future__ import annotations

import typing as t
import urllib.parse

from .image import Image

Query = t.Sequence[tuple[str, str]]

# uWSGI takes a request's line and headers only up to 4096 bytes by default, and counts the query twice.
MAX_LIST_CHARACTERS = 1000
# Attributes whose conditions may have an operator.
WITH_OPERATORS = frozenset({"id", "name", "status", "disk_format", "container_format", "created_at", "updated_at"})
EQUALS = "eq:"
# A condition that a cloud which knows operators refuses (400), and any other answers.
UNKNOWN_OPERATOR = ("name", "unknown-operator:x")


def equals_filter(value: str) -> str:
    """The condition for one value: with an operator only if a part of the value would else be taken for one."""
    return f"{EQUALS}{value}" if ":" in value else value


def any_of_filter(values: t.Sequence[str]) -> str:
    """The condition for one of several values: ``a``, or ``in:"a","b"``."""
    if len(values) == 1:
        return equals_filter(values[0])
    return "in:" + ",".join(f'"{value}"' for value in values)


def fits_in_list(value: str) -> bool:
    """Whether the value can stand in a list: Glance does not undo the escapes that a quote or a backslash needs there."""
    return '"' not in value and "\\" not in value


def list_filters(values: t.Sequence[str]) -> list[str]:
    """Filter values that together ask for each of ``values``, none of them too long for a request line."""
    alone = [value for value in values if not fits_in_list(value)]
    lists: list[list[str]] = []
    room = 0
    for value in values:
        if value in alone:
            continue
        length = len(urllib.parse.quote_plus(value)) + 9  # with the quotes and the comma, which are sent as %XX
        if not lists or room < length:
            lists.append([])
            room = MAX_LIST_CHARACTERS
        lists[-1].append(value)
        room -= length
    return [any_of_filter(values) for values in lists] + [equals_filter(value) for value in alone]


def uses_operators(query: Query) -> bool:
    """Whether a query has what old clouds do not know: operators, or ``sort``."""
    return any(key == "sort" or (key in WITH_OPERATORS and ":" in value) for key, value in query)


def without_operators(query: Query) -> Query:
    """The query as an old cloud knows it, which brings at least all that the query is for: the rest is to be checked."""
    old: list[tuple[str, str]] = []
    for key, value in query:
        if key == "sort":
            continue
        if key not in WITH_OPERATORS or ":" not in value:
            old.append((key, value))
        elif value.startswith(EQUALS):
            old.append((key, value[len(EQUALS) :]))
    return old


def sort_of(query: Query) -> list[tuple[str, str]]:
    """The keys that a query sorts by, each with its direction."""
    items = [item.partition(":") for key, value in query if key == "sort" for item in value.split(",")]
    return [(key, direction) for key, _colon, direction in items]


def sorted_images(images: t.Iterable[Image], sort: t.Sequence[tuple[str, str]]) -> list[Image]:
    """In the order of ``sort``, for images of several calls or of a cloud that does not sort; nulls first, as databases
    mostly have them."""
    result = list(images)
    for key, direction in reversed(sort):
        result.sort(key=lambda image: _sortable(image.get(key)), reverse=direction == "desc")
    return result


def _sortable(value: t.Any) -> tuple[bool, t.Any]:
    return (value is not None, value if value is not None else 0)
