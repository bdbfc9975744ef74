# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""How tests wait: for an event, or with a clock of their own. No result depends on how fast the machine is."""

from __future__ import annotations

import contextlib
import datetime
import time
import typing as t
from unittest import mock

import requests
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.image_ids import LONG_SLOT

# Only a test that hangs takes longer than this (s).
HANGS = 300
# How long a client waits for a server that a test has stalled (s). The server never continues, so any value gives the same
# result.
STALLED = 0.5


def wait_until(condition: t.Callable[[], bool]) -> None:
    """Wait for something that happens in another thread or process."""
    end = time.monotonic() + HANGS
    while not condition():
        assert time.monotonic() < end, f"it did not happen within {HANGS} s"
        time.sleep(0.02)


def wait_for_a_later_second(moment: str) -> None:
    """Wait until this host's clock shows a later second than a time that Glance gives: its times have whole seconds."""
    earlier = datetime.datetime.fromisoformat(moment.replace("Z", "+00:00"))
    wait_until(lambda: datetime.datetime.now(datetime.timezone.utc) >= earlier + datetime.timedelta(seconds=1))


def wait_for_same_first_id(seconds: int) -> None:
    """Wait until runs that begin now and are over within these seconds derive the same first id of a new image."""
    wait_until(lambda: time.time() % LONG_SLOT < LONG_SLOT - seconds)


class Clock:
    """A clock that only the collection's own pauses move on, and these take no time."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@contextlib.contextmanager
def timing_out_soon(is_stalled: t.Callable[[str, str], bool]) -> t.Iterator[None]:
    """Let requests that the server will stall time out soon, and no others, however slow the machine is.

    :param is_stalled: whether a request will be stalled, from its method and URL; called once for each request.
    """
    request = requests.Session.request

    def with_timeout(self: requests.Session, method: str, url: str, **options: t.Any) -> requests.Response:
        if is_stalled(method, url):
            options["timeout"] = STALLED
        return request(self, method, url, **options)

    with mock.patch.object(requests.Session, "request", with_timeout):
        yield
