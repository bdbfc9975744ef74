# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""A proxy before Glance that knows each request as a whole, so that a test decides between which two something happens."""

from __future__ import annotations

import contextlib
import dataclasses
import http.client
import json
import threading
import typing as t
import urllib.parse

from ..http_server import HOP_BY_HOP, Handler, served

READING = ("GET", "HEAD")
# Longer than any run takes; only a run that hangs is waited for as long.
PATIENCE = 300.0


@dataclasses.dataclass
class Request:
    """A request and how it was answered; ``status`` is null as long as it is not."""

    method: str
    path: str
    body: t.Any = None
    status: int | None = None

    @property
    def changes_something(self) -> bool:
        return self.method not in READING

    @property
    def shown(self) -> str:
        return f"{self.method} {self.path.partition('?')[0]} -> {self.status or 'no answer'}"


class Steps:
    """What happens around each request. Of this class: nothing, but that they are noted."""

    def __init__(self) -> None:
        self.requests: list[Request] = []

    def before(self, request: Request) -> bool:
        """Called when a request has come whole; returns whether it is passed on to the cloud."""
        self.requests.append(request)
        return True

    def after(self, request: Request) -> bool:  # noqa: ARG002
        """Called when the cloud has answered; returns whether the client gets the answer."""
        return True


@contextlib.contextmanager
def stepping(target: str, steps: Steps) -> t.Iterator[str]:
    """Run the proxy; yields its address."""
    upstream = urllib.parse.urlsplit(target).netloc

    class StepHandler(Handler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            try:
                self.pass_on()
            except OSError:
                self.close_connection = True

        def pass_on(self) -> None:
            data = b"".join(self.body())
            is_json = data and not self.path.endswith(("/file", "/stage"))
            request = Request(self.command, self.path, json.loads(data) if is_json else None)
            if not steps.before(request):
                self.close_connection = True
                return
            headers = {key: value for key, value in self.headers.items() if key.lower() not in HOP_BY_HOP}
            connection = http.client.HTTPConnection(upstream)
            try:
                connection.request(self.command, self.path, data or None, headers)
                reply = connection.getresponse()
                body = reply.read()
            finally:
                connection.close()
            request.status = reply.status
            if not steps.after(request):
                self.close_connection = True
                return
            self.send_response(reply.status)
            for key, value in reply.getheaders():
                if key.lower() not in HOP_BY_HOP:
                    self.send_header(key, value)
            if reply.status != 204:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = handle_any  # noqa: N815

    with served(StepHandler) as url:
        yield url


class StopAt(Steps):
    """Calls ``stop`` at the ``step``-th request that changes something, which then gets no answer.

    :param carried_out: whether the cloud carries that request out before.
    """

    def __init__(self, step: int, carried_out: bool, stop: t.Callable[[], None]) -> None:
        super().__init__()
        self._step = step
        self._carried_out = carried_out
        self._stop = stop

    def _is_it(self, request: Request) -> bool:
        changing = [each for each in self.requests if each.changes_something]
        return request.changes_something and len(changing) == self._step + 1

    def before(self, request: Request) -> bool:
        super().before(request)
        if self._is_it(request) and not self._carried_out:
            self._stop()
            return False
        return True

    def after(self, request: Request) -> bool:
        if self._is_it(request) and self._carried_out:
            self._stop()
            return False
        return True


class Turns:
    """Passes the requests of two runs to the cloud one at a time, in an order that is given beforehand.

    The next one is chosen only when each run waits with a request or has ended: how fast they are makes no difference.
    """

    def __init__(self, order: t.Sequence[int]) -> None:
        self._order = list(order)
        self._changed = threading.Condition()
        self._waiting: set[int] = set()
        self._ended: set[int] = set()
        self._turn: int | None = None
        self._last = 1
        self.trace: list[str] = []

    def take(self, run: int) -> None:
        """Wait until it is this run's turn."""
        with self._changed:
            self._waiting.add(run)
            self._choose()
            if not self._changed.wait_for(lambda: self._turn == run, PATIENCE):
                raise AssertionError(f"run {run} did not get its turn: {self.trace}")
            self._waiting.discard(run)

    def give_back(self, request: Request, run: int) -> None:
        with self._changed:
            self.trace.append(f"{'AB'[run]}: {request.shown}")
            self._turn = None

    def end(self, run: int) -> None:
        """Called when a run has ended."""
        with self._changed:
            self._ended.add(run)
            if self._turn == run:
                self._turn = None
            self._choose()

    def _choose(self) -> None:
        if self._turn is not None or not self._waiting or len(self._waiting | self._ended) < 2:
            return
        wanted = self._order.pop(0) if self._order else 1 - self._last
        self._turn = self._last = wanted if wanted in self._waiting else next(iter(self._waiting))
        self._changed.notify_all()


class InTurn(Steps):
    """The requests of one of the runs that take turns."""

    def __init__(self, turns: Turns, run: int, after_each: t.Callable[[], None]) -> None:
        super().__init__()
        self._turns = turns
        self._run = run
        self._after_each = after_each

    def before(self, request: Request) -> bool:
        self._turns.take(self._run)
        return super().before(request)

    def after(self, request: Request) -> bool:
        if request.changes_something:
            self._after_each()
        self._turns.give_back(request, self._run)
        return True
