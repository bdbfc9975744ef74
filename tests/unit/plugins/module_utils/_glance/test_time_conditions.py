# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

import pytest
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
