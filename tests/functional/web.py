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
    :param go_on: lets a server that waits go on, and is set at the end.
    :param encodings: the Content-Encoding that it gives for a path, without encoding anything.
    :param compresses: which answers it compresses: ``unless refused``: those to requests that do not say
        'Accept-Encoding: identity'; ``always``; null for none.
    """

    url: str = ""
    files: dict[str, bytes] = dataclasses.field(default_factory=dict)
    faults: list[t.Any] = dataclasses.field(default_factory=list)
    redirects: dict[str, str] = dataclasses.field(default_factory=dict)
    go_on: threading.Event = dataclasses.field(default_factory=threading.Event)
    asked: list[str] = dataclasses.field(default_factory=list)
    encodings: dict[str, str] = dataclasses.field(default_factory=dict)
    compresses: str | None = None


@contextlib.contextmanager
def serving() -> t.Iterator[Web]:
    web = Web()

    class WebHandler(Handler):
        def head(self) -> None:
            self.answer(None)

        def get(self) -> None:
            self.answer(web.faults.pop(0) if web.faults else None)

        def answer(self, fault: t.Any) -> None:
            web.asked.append(f"{self.command} {self.path}")
            path = self.path.split("?", maxsplit=1)[0]
            if path in web.redirects:
                self.send_response(302)
                self.send_header("Location", web.redirects[path])
                self.end_headers()
                return
            data = web.files.get(path)
            if data is None or isinstance(fault, int):
                self.send_error(fault or 404)
                return
            kind, _colon, number = str(fault).partition(":")
            refused = self.headers.get("Accept-Encoding") == "identity"
            compressed = web.compresses == "always" or (web.compresses == "unless refused" and not refused)
            if compressed:
                data = gzip.compress(data, 1)
            self.send_response(200)
            if compressed or path in web.encodings:
                self.send_header("Content-Encoding", "gzip" if compressed else web.encodings[path])
            if not compressed:  # as servers that compress on the way, which do not know it beforehand
                self.send_header("Content-Length", str(len(data) + (int(number) if kind == "long" else 0)))
            self.end_headers()
            if self.command == "GET" and kind == "slow":
                step = len(data) // (10 * int(number)) + 1
                for start in range(0, len(data), step):
                    self.wfile.write(data[start : start + step])
                    web.go_on.wait(0.1)
            elif self.command == "GET":
                if kind == "held":
                    web.go_on.wait()
                self.wfile.write(data[: int(number)] if kind in ("cut", "stall") else data)
                if kind == "stall":
                    self.wfile.flush()
                    web.go_on.wait()

        do_HEAD, do_GET = head, get  # noqa: N815

    with served(WebHandler) as web.url:
        try:
            yield web
        finally:
            web.go_on.set()
