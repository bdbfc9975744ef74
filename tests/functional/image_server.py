# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""A web server on loopback that image data come from, and that can misbehave."""

from __future__ import annotations

import contextlib
import dataclasses
import gzip
import threading
import typing as t

from .http_server import Handler, served


@dataclasses.dataclass
class Web:
    """What it serves, by path, and what it was asked for.

    :param faults: for each GET in turn what goes wrong with it: a status code, ``cut:N`` (the connection ends after N
        bytes), ``long:N`` (it says N bytes more than there are), ``stall:N`` (it says nothing more after N bytes),
        ``slow:N`` (it takes N seconds, or until ``go_on`` is set), ``held`` (no data come until ``go_on`` is set) or null.
    :param next_files: what a path serves after one GET of it.
    :param go_on: lets a server that waits go on, and is set at the end.
    :param encodings: the Content-Encoding that it gives for a path, without encoding anything.
    :param compresses: which answers it compresses: ``unless refused``: those to requests that do not say
        'Accept-Encoding: identity'; ``always``; null for none.
    """

    url: str = ""
    files: dict[str, bytes] = dataclasses.field(default_factory=dict)
    faults: list[t.Any] = dataclasses.field(default_factory=list)
    next_files: dict[str, bytes] = dataclasses.field(default_factory=dict)
    redirects: dict[str, str] = dataclasses.field(default_factory=dict)
    go_on: threading.Event = dataclasses.field(default_factory=threading.Event)
    asked: list[str] = dataclasses.field(default_factory=list)
    encodings: dict[str, str] = dataclasses.field(default_factory=dict)
    compresses: str | None = None


class WebHandler(Handler):
    web: Web

    def do_HEAD(self) -> None:  # noqa: N802
        self._respond(None)

    def do_GET(self) -> None:  # noqa: N802
        self._respond(self.web.faults.pop(0) if self.web.faults else None)

    def _respond(self, fault: t.Any) -> None:
        web = self.web
        web.asked.append(f"{self.command} {self.path}")
        path = self.path.split("?", maxsplit=1)[0]
        data = web.files.get(path)
        if self.command == "GET" and path in web.next_files:
            web.files[path] = web.next_files.pop(path)
        if path in web.redirects:
            self.send_response(302)
            self.send_header("Location", web.redirects[path])
            self.end_headers()
        elif data is None or isinstance(fault, int):
            self.send_error(fault or 404)
        else:
            kind, _colon, number = str(fault).partition(":")
            if self.compresses(self.web.compresses):
                # As servers that compress while they send, which do not know the size beforehand.
                data = gzip.compress(data, 1)
                headers = {"Content-Encoding": "gzip"}
            else:
                headers = {"Content-Length": str(len(data) + (int(number) if kind == "long" else 0))}
                if path in web.encodings:
                    headers["Content-Encoding"] = web.encodings[path]
            self.send_response(200)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command == "GET":
                self._send_data(data, kind, number)

    def _send_data(self, data: bytes, kind: str, number: str) -> None:
        if kind == "slow":
            step = len(data) // (10 * int(number)) + 1
            for start in range(0, len(data), step):
                self.wfile.write(data[start : start + step])
                self.web.go_on.wait(0.1)
            return
        if kind == "held":
            self.web.go_on.wait()
        self.wfile.write(data[: int(number)] if kind in ("cut", "stall") else data)
        if kind == "stall":
            self.wfile.flush()
            self.web.go_on.wait()


@contextlib.contextmanager
def serving() -> t.Iterator[Web]:
    web = Web()
    with served(type("ConfiguredWebHandler", (WebHandler,), {"web": web})) as web.url:
        try:
            yield web
        finally:
            web.go_on.set()
