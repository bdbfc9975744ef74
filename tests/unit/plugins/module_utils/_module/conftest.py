# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._timing import TIMING


@pytest.fixture
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every wait end after the first look."""
    monkeypatch.setattr(TIMING, "sleep", lambda _seconds: None)
    for limit in ("min_delete_timeout", "creation_timeout", "staged_abandoned"):
        monkeypatch.setattr(TIMING, limit, 0.0)
