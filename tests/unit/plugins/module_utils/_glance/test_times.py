# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

import datetime

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.times import parse_time

NOON = datetime.datetime(2026, 1, 31, 12, tzinfo=datetime.timezone.utc)


@pytest.mark.parametrize(
    "text", ["2026-01-31T12:00:00Z", "2026-01-31T12:00:00", "2026-01-31T13:00:00+01:00", "2026-01-31 12:00:00"]
)
def test_times_are_read_with_and_without_a_time_zone(text: str) -> None:
    assert parse_time(text) == NOON


@pytest.mark.parametrize("text", ["", "None", "yesterday", "2026-13-01T00:00:00Z"])
def test_what_is_no_time_is_null(text: str) -> None:
    assert parse_time(text) is None
