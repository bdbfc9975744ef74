# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

import datetime

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._timing import TIMING

# A wait that pauses more often than this has no end.
MOST_PAUSES = 1000
# When the clock of a test begins.
BEGIN = datetime.datetime(2026, 3, 1, 12, 0, 0, tzinfo=datetime.timezone.utc)


class Clock:
    """Time that passes only while something sleeps."""

    def __init__(self) -> None:
        self.now = 0.0
        self.pauses: list[float] = []

    def utc_now(self) -> datetime.datetime:
        return BEGIN + datetime.timedelta(seconds=self.now)

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds
        assert len(self.pauses) < MOST_PAUSES, "the wait does not end"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(TIMING, "monotonic", clock.monotonic)
    monkeypatch.setattr(TIMING, "utc_now", clock.utc_now)
    monkeypatch.setattr(TIMING, "sleep", clock.sleep)
    return clock
