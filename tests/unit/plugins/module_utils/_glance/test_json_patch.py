# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.json_patch import (
    Change,
    Subject,
    build_patch,
    pointer,
    property_change,
)


@pytest.mark.parametrize(
    ("key", "path"),
    [("a", "/a"), ("a/b", "/a~1b"), ("a~b", "/a~0b"), ("~1", "/~01"), ("~/~", "/~0~1~0"), ("ä:,'\"", "/ä:,'\"")],
)
def test_pointer_escapes_tilde_and_slash(key: str, path: str) -> None:
    assert pointer(key) == path


@pytest.mark.parametrize(
    ("change", "operation"),
    [
        (Change("name", "a", "b"), {"op": "replace", "path": "/name", "value": "b"}),
        (Change("tags", ["a"], []), {"op": "replace", "path": "/tags", "value": []}),
        (Change("min_disk", None, 1), {"op": "replace", "path": "/min_disk", "value": 1}),
        (property_change("a", None, "1"), {"op": "add", "path": "/a", "value": "1"}),
        (property_change("a", "1", ""), {"op": "replace", "path": "/a", "value": ""}),
        (property_change("a", "", "1"), {"op": "replace", "path": "/a", "value": "1"}),
        (property_change("a/b.c", "1", None), {"op": "remove", "path": "/a~1b.c"}),
        (property_change("owner_x", None, "1"), {"op": "add", "path": "/owner_x", "value": "1"}),
    ],
)
def test_change_becomes_one_operation(change: Change, operation: dict[str, t.Any]) -> None:
    assert build_patch([change]) == [operation]


def test_the_owner_is_replaced_and_goes_last() -> None:
    patch = build_patch([Change("owner", "a", "b"), Change("tags", [], ["t"]), property_change("p", None, "1")])
    assert [(operation["op"], operation["path"]) for operation in patch] == [
        ("replace", "/tags"),
        ("add", "/p"),
        ("replace", "/owner"),
    ]


@pytest.mark.parametrize(
    ("change", "attribute"),
    [
        (Change("min_ram", 0, 1), "min_ram"),
        (property_change("min_ram.x", None, "1"), "properties.min_ram.x"),
        (Change("name", "a", "b", subject=Subject.REPLACED), "replaced.name"),
        (Change("state", "present", "absent", subject=Subject.UNFINISHED), "unfinished.state"),
    ],
)
def test_results_name_the_image_and_the_kind_of_attribute(change: Change, attribute: str) -> None:
    assert change.attribute == attribute
