# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""Waiting: deadlines, growing pauses, one loop that polls the cloud, and which failures are worth another attempt."""

from __future__ import annotations

import typing as t

from .._errors import ApiError, GlanceError
from .._timing import TIMING

# A transfer that fails this often in a row has a cause that does not pass by itself.
MAX_ATTEMPTS = 4
# Refusals that may not come again: an expired token, a limit on requests, a gateway or a store in trouble.
TRANSIENT_STATUS = frozenset({401, 408, 429, 500, 502, 503, 504})

Seen = t.TypeVar("Seen")


class Deadline:
    """The end of the time that a task may take.

    :param seconds: the time from now on; null for no end.
    """

    def __init__(self, seconds: float | None) -> None:
        self.seconds = seconds
        self._end = None if seconds is None else TIMING.monotonic() + seconds

    @property
    def left(self) -> float:
        """Seconds until then, not below 0."""
        return float("inf") if self._end is None else max(0.0, self._end - TIMING.monotonic())

    @property
    def passed(self) -> bool:
        return self.left <= 0


class Backoff:
    """Pauses that double, from TIMING.first_poll to TIMING.longest_poll."""

    def __init__(self) -> None:
        self._delay = TIMING.first_poll

    def pause(self, longest: float = float("inf")) -> None:
        """Sleep until the next attempt, for no more than ``longest`` seconds."""
        TIMING.sleep(max(0.0, min(self._delay, longest)))
        self._delay = min(self._delay * 2, TIMING.longest_poll)


def poll(
    look: t.Callable[[], Seen],
    is_done: t.Callable[[Seen], bool],
    deadline: Deadline | t.Callable[[Seen], Deadline],
    timeout_error: t.Callable[[Seen], GlanceError | None] = lambda _seen: None,
    first: t.Sequence[Seen] = (),
) -> Seen:
    """Look at the cloud again and again, with growing pauses, until it is done; returns what the last look saw.

    :param is_done: whether to stop. It may raise an error about what was seen.
    :param deadline: when to stop, or a function that says so by what was seen.
    :param timeout_error: the error that a passed deadline is; null to return what was seen.
    :param first: what the first look saw, in a list, if the caller has looked already.
    """
    backoff = Backoff()
    seen = first[0] if first else look()
    while not is_done(seen):
        limit = deadline(seen) if callable(deadline) else deadline
        if limit.passed:
            error = timeout_error(seen)
            if error:
                raise error
            return seen
        backoff.pause(limit.left)
        seen = look()
    return seen


def is_transient(error: GlanceError) -> bool:
    """Whether another attempt may succeed: only a refusal can say that it will not."""
    return not isinstance(error, ApiError) or error.status in TRANSIENT_STATUS
