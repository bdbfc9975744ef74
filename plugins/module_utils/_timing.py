# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The clocks, the pauses and the time limits of the whole collection, so that a test can replace each in one place."""

from __future__ import annotations

import dataclasses
import datetime
import time
import typing as t


def _utc_now() -> datetime.datetime:
    return datetime.datetime.now(datetime.timezone.utc)


@dataclasses.dataclass
class Timing:
    """What every wait uses; all times are in seconds.

    Read the values of TIMING when they are needed, never at import: a test may have replaced them.
    """

    monotonic: t.Callable[[], float] = time.monotonic
    utc_now: t.Callable[[], datetime.datetime] = _utc_now
    sleep: t.Callable[[float], None] = time.sleep
    # The pauses between two looks at an image double from the first to the longest.
    first_poll: float = 0.5
    longest_poll: float = 10.0
    # The pauses before a call is repeated double too. The cloud can ask for another pause, up to the longest.
    first_retry: float = 0.5
    longest_retry: float = 30.0
    # After this long without a change, no run continues with staged data. Another run may also need this long between two
    # of its requests: after it created an image, or before it imports what it staged.
    staged_abandoned: float = 10.0
    # A cloud may show a new image this long before it has stored all its attributes, and the run that creates the image may
    # need this long to begin to send its data.
    creation_timeout: float = 2.0
    # An upload lasts no longer than its token, which is a matter of hours.
    upload_abandoned: float = 24 * 3600.0
    # The cloud may need this long to notice that an upload has broken off.
    upload_release_timeout: float = 10.0
    # A deletion may take this long even if the task's own time is over.
    min_delete_timeout: float = 30.0


TIMING = Timing()
