# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.image import Image
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.time_conditions import parse_time_condition


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
    found = parse_time_condition("created_at", text)
    assert (found.operator, found.moment) == condition


@pytest.mark.parametrize(
    ("operator", "is_met", "query", "is_exact"),
    [
        # For a time before, at and after the moment.
        ("gt", (False, False, True), "gt:2026-01-31T12:00:00Z", False),
        ("gte", (False, True, True), "gte:2026-01-31T12:00:00Z", True),
        ("lt", (True, False, False), "lt:2026-01-31T12:00:00Z", True),
        ("lte", (True, True, False), "lt:2026-01-31T12:00:01Z", True),
        ("eq", (False, True, False), "gte:2026-01-31T12:00:00Z", False),
        ("neq", (True, False, True), "neq:2026-01-31T12:00:00Z", True),
    ],
)
def test_condition_compares_the_seconds_that_glance_shows(
    operator: str, is_met: tuple[bool, bool, bool], query: str, is_exact: bool
) -> None:
    """Glance compares fractions of a second, which it does not show."""
    condition = parse_time_condition("created_at", f"{operator}:2026-01-31T12:00:00Z")
    times = (f"2026-01-31T{time}Z" for time in ("11:59:59", "12:00:00", "12:00:01"))
    assert tuple(condition.is_met_by(Image({"created_at": time})) for time in times) == is_met
    assert (condition.query_value, condition.is_exact_in_query) == (query, is_exact)
    assert not condition.is_met_by(Image({}))
