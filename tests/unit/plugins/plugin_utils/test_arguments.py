# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""Arguments that cannot be handed to a module as they are."""

from __future__ import annotations

import datetime
import json
import typing as t

import pytest
from ansible_collections.cloudimage.glance.plugins.plugin_utils._arguments import find_argument_problem, key_text

DAY = datetime.date(2026, 11, 24)


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({"a": {"b": [1, None, True, {"c": DAY}]}, "d": 5}, None),
        ({"a": {1: 1, 1.5: 2, "x": 3}}, None),
        ({"a": {True: 1}}, "a: the name true is a boolean"),
        ({"a": {False: 1}}, "a: the name false is a boolean"),
        ({"a": {None: 1}}, "a: the name null is null"),
        ({"a": {DAY: 1}}, "a: the name 2026-11-24 is a date"),
        ({"a": {(1, 2): 1}}, "a: the name (1, 2) is a tuple"),
        ({"a": {1: 1, "1": 2}}, "a: the name '1' is given twice"),
        ({"a": [{}, {"b": {None: 1}}]}, "a[1].b: the name null is null"),
        ({"a": [b"x"]}, "a[0]: binary data were given"),
        ({None: 1}, "The task: the name null is null"),
    ],
)
def test_arguments_that_json_cannot_hold_are_a_problem(arguments: t.Any, problem: str | None) -> None:
    found = find_argument_problem(arguments)
    assert found is None if problem is None else str(found).startswith(problem)


@pytest.mark.parametrize("key", [0, 7, -1, 10**30, 1.0, 1.5, 1e30, 1e-7, float("inf"), float("nan"), "on"])
def test_numeric_keys_are_written_as_in_json(key: t.Any) -> None:
    assert [key_text(key)] == list(json.loads(json.dumps({key: 1})))
