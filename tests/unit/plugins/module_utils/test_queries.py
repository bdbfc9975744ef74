# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""Conditions of lists, with operators and without."""

from __future__ import annotations

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._queries import Query, has_news, without_news


@pytest.mark.parametrize(
    ("query", "news", "old"),
    [
        ([("name", "a"), ("tag", "a:b")], False, [("name", "a"), ("tag", "a:b")]),
        ([("name", "eq:ubuntu:22.04")], True, [("name", "ubuntu:22.04")]),
        ([("id", 'in:"a","b"'), ("visibility", "all")], True, [("visibility", "all")]),
        ([("created_at", "lt:2026-01-31T12:00:00Z"), ("owner", "o")], True, [("owner", "o")]),
        (
            [("sort", "size:asc,id:desc")],
            True,
            [("sort_key", "size"), ("sort_dir", "asc"), ("sort_key", "id"), ("sort_dir", "desc")],
        ),
    ],
)
def test_old_clouds(query: Query, news: bool, old: Query) -> None:
    assert has_news(query) is news
    assert without_news(query) == old
