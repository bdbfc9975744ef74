# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""How docs/tested_with.md is written."""

from __future__ import annotations

from .tested_with import row_of, with_row

PAGE = """# Title

<!-- sessions: begin -->
| Session | Ran with |
|---|---|
| `proxy` | old |
| `stores` | old |
<!-- sessions: end -->
"""


def test_a_row_has_versions_and_counts() -> None:
    row = row_of("proxy", {"Glance": "33.0.0", "nginx": "1.22.1"}, {"passed": [1, 2], "failed": [1], "error": [1]})
    assert row.startswith("| `proxy` | Glance 33.0.0, nginx 1.22.1 | 2 | 0 | 2 | 20")


def test_a_session_replaces_its_own_row_only() -> None:
    page = with_row(PAGE, "proxy", "| `proxy` | new |")
    assert "| `proxy` | old |" not in page
    assert "| `stores` | old |\n| `proxy` | new |\n<!-- sessions: end -->" in page
    assert page.startswith("# Title")
