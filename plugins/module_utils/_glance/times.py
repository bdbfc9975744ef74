# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""Times as clouds write them. Pure."""

from __future__ import annotations

import datetime


def parse_time(text: str) -> datetime.datetime | None:
    """A time in ISO 8601; without a time zone it is in UTC. Null if the text is no time."""
    try:
        return as_utc(datetime.datetime.fromisoformat(text.replace("Z", "+00:00")))
    except ValueError:
        return None


def as_utc(moment: datetime.datetime) -> datetime.datetime:
    """The moment with its time zone, which is UTC where it has none."""
    return moment if moment.tzinfo else moment.replace(tzinfo=datetime.timezone.utc)
