# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""docs/clouds/support.md, in which the tests write what came of them."""

from __future__ import annotations

import os
import pathlib
import re

DOCS = pathlib.Path(__file__).resolve().parents[2] / "docs" / "clouds"
SUPPORT_PAGE = DOCS / "support.md"
WRITE = os.environ.get("GLANCE_WRITE_SUPPORT") == "yes"


def replaced_block(name: str, text: str) -> str:
    """The page with this in the block of that name; it is written if GLANCE_WRITE_SUPPORT=yes asks for it."""
    page = SUPPORT_PAGE.read_text()
    block = re.compile(rf"(<!-- {name}: begin -->\n).*?(<!-- {name}: end -->)", re.DOTALL)
    assert block.search(page), name
    replaced = block.sub(lambda match: f"{match[1]}{text}\n{match[2]}", page)
    if WRITE:
        SUPPORT_PAGE.write_text(replaced)
    return replaced
