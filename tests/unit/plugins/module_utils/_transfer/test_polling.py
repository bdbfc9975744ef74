# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

import itertools
import typing as t

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._errors import (
    ApiError,
    ConnectionProblem,
    ErrorResponse,
    GlanceError,
)
from ansible_collections.cloudimage.glance.plugins.module_utils._timing import TIMING
from ansible_collections.cloudimage.glance.plugins.module_utils._transfer.polling import (
    Backoff,
    Deadline,
    is_transient,
    poll,
)

if t.TYPE_CHECKING:
    from ansible_collections.cloudimage.glance.tests.unit.plugins.module_utils.conftest import Clock


def test_poll_returns_the_look_that_is_done(clock: Clock) -> None:
    looks = iter([1, 2, 3, 4])
    assert poll(lambda: next(looks), lambda seen: seen == 3, Deadline(60)) == 3
    assert len(clock.pauses) == 2


def test_poll_does_not_pause_if_the_first_look_is_done(clock: Clock) -> None:
    assert poll(lambda: "seen", bool, Deadline(60)) == "seen"
    assert clock.pauses == []


def test_poll_looks_once_after_the_deadline(clock: Clock) -> None:
    counter = itertools.count(1)
    assert poll(lambda: next(counter), lambda _seen: False, Deadline(0)) == 1
    assert clock.pauses == []


def test_poll_raises_the_error_of_a_passed_deadline(clock: Clock) -> None:
    with pytest.raises(GlanceError, match="still saving"):
        poll(lambda: "saving", lambda _seen: False, Deadline(60), lambda seen: GlanceError(f"still {seen}"))
    assert clock.now == 60


def test_poll_returns_what_is_seen_at_the_deadline_without_an_error(clock: Clock) -> None:
    assert poll(lambda: "saving", lambda _seen: False, Deadline(2), lambda _seen: None) == "saving"
    assert clock.now == 2


def test_poll_takes_the_deadline_of_what_is_seen(clock: Clock) -> None:
    short, long = Deadline(1), Deadline(100)
    looks = itertools.chain(["moving", "moving", "moving"], itertools.repeat("waiting"))
    assert poll(lambda: next(looks), lambda _seen: False, lambda seen: long if seen == "moving" else short) == "waiting"
    assert sum(clock.pauses) == 0.5 + 1 + 2


def test_poll_begins_with_what_the_caller_has_seen(clock: Clock) -> None:
    looks = iter(["saving", "active"])
    assert poll(lambda: next(looks), lambda seen: seen == "active", Deadline(60), first=["queued"]) == "active"
    assert clock.pauses == [0.5, 1]
    assert poll(lambda: next(looks), lambda seen: seen == "active", Deadline(60), first=["active"]) == "active"


@pytest.mark.usefixtures("clock")
def test_poll_passes_on_an_error_about_what_is_seen() -> None:
    def is_done(_seen: str) -> bool:
        raise GlanceError("it is gone")

    with pytest.raises(GlanceError, match="it is gone"):
        poll(lambda: "", is_done, Deadline(60))


def test_pauses_double_up_to_the_longest(clock: Clock) -> None:
    backoff = Backoff()
    for _pause in range(6):
        backoff.pause()
    assert clock.pauses == [0.5, 1, 2, 4, 8, TIMING.longest_poll]


def test_a_pause_ends_at_the_deadline(clock: Clock) -> None:
    Backoff().pause(0.25)
    assert clock.pauses == [0.25]


def test_a_deadline_without_seconds_never_passes(clock: Clock) -> None:
    deadline = Deadline(None)
    clock.sleep(1e9)
    assert (deadline.passed, deadline.left) == (False, float("inf"))


def test_a_deadline_passes_when_its_seconds_are_over(clock: Clock) -> None:
    deadline = Deadline(3)
    clock.sleep(2)
    assert (deadline.passed, deadline.left) == (False, 1)
    clock.sleep(2)
    assert (deadline.passed, deadline.left) == (True, 0)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ConnectionProblem("no answer"), True),
        (GlanceError("the source broke off"), True),
        (ApiError(ErrorResponse("PUT", "/v2/images/1/file", 401, "expired")), True),
        (ApiError(ErrorResponse("PUT", "/v2/images/1/file", 503, "try later")), True),
        (ApiError(ErrorResponse("PUT", "/v2/images/1/file", 403, "no")), False),
        (ApiError(ErrorResponse("PUT", "/v2/images/1/file", 409, "not queued")), False),
    ],
)
def test_only_some_refusals_are_final(error: GlanceError, expected: bool) -> None:
    assert is_transient(error) is expected
