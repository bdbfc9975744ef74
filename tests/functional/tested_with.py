# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""docs/tested_with.md, in which each session that tests a variant writes its results."""

from __future__ import annotations

import datetime
import pathlib
import re
import typing as t

PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs" / "tested_with.md"
BLOCK = re.compile(r"(<!-- sessions: begin -->\n)(.*?)(<!-- sessions: end -->)", re.DOTALL)


def row_of(session: str, versions: dict[str, str], stats: dict[str, list[t.Any]]) -> str:
    """A row of the table.

    :param stats: the reports by outcome, as pytest's terminal reporter has them.
    """
    counts = {outcome: len(stats.get(outcome, [])) for outcome in ("passed", "skipped", "failed", "error")}
    cells = (
        f"`{session}`",
        ", ".join(f"{name} {version}" for name, version in versions.items()),
        *(counts["passed"], counts["skipped"], counts["failed"] + counts["error"]),
        datetime.datetime.now(datetime.timezone.utc).date(),
    )
    return f"| {' | '.join(map(str, cells))} |"


def with_row(page: str, session: str, row: str) -> str:
    """The page with the row in place of the session's earlier one, or as the last of the table."""
    found = BLOCK.search(page)
    assert found, "the page has no table of sessions"
    rows = [line for line in found[2].splitlines() if not line.startswith(f"| `{session}` |")]
    return f"{page[: found.start()]}{found[1]}{chr(10).join([*rows, row])}\n{found[3]}{page[found.end() :]}"


def write_row(session: str, versions: dict[str, str], stats: dict[str, list[t.Any]]) -> None:
    PAGE.write_text(with_row(PAGE.read_text(), session, row_of(session, versions, stats)))
