# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""A server in front of the sandbox, through which each request goes and can be answered in another way."""

from __future__ import annotations

import contextlib
import dataclasses
import http.client
import json
import typing as t
import urllib.parse

from .http_server import HOP_BY_HOP, Broken, Handler, served

# What a server asks the services behind it for itself, which no count of requests is to see.
OWN_AGENT = {"User-Agent": "a gateway"}

Json = dict[str, t.Any]


@dataclasses.dataclass
class Request:
    method: str
    path: str
    query: list[tuple[str, str]]
    headers: dict[str, str]
    body: bytes = b""

    @property
    def asked(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def json(self) -> t.Any:
        return json.loads(self.body)


@dataclasses.dataclass
class Reply:
    """An answer; ``missing`` bytes more than come are announced, and then the connection ends."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = dataclasses.field(default_factory=dict)
    missing: int = 0

    @property
    def json(self) -> t.Any:
        """What the body says; null if it is no JSON."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    def with_json(self, answer: t.Any) -> Reply:
        return dataclasses.replace(
            self, body=json.dumps(answer).encode(), headers={**self.headers, "Content-Type": "application/json"}
        )


def json_reply(status: int, answer: t.Any) -> Reply:
    return Reply(status).with_json(answer)


def forward(base: str, request: Request) -> Reply:
    """Send a request on, with its path and query, to the service at ``base``."""
    connection = http.client.HTTPConnection(urllib.parse.urlsplit(base).netloc)
    query = f"?{urllib.parse.urlencode(request.query)}" if request.query else ""
    try:
        connection.request(request.method, urllib.parse.quote(request.path) + query, request.body, request.headers)
        reply = connection.getresponse()
        headers = {key: value for key, value in reply.getheaders() if key.lower() not in HOP_BY_HOP}
        return Reply(reply.status, reply.read(), headers)
    finally:
        connection.close()


def token_of(request: Request) -> dict[str, str]:
    return {key: value for key, value in request.headers.items() if key.lower() == "x-auth-token"}


class Gateway:
    """Answers as a cloud does; ``handle`` says how.

    :param keystone: address of the Identity service behind it, without a path.
    :param glance: address of the Image service behind it, without a path.
    """

    url = ""

    def __init__(self, keystone: str, glance: str) -> None:
        self.keystone = keystone
        self.glance = glance
        self.asked: list[Request] = []
        # Answers to give before any other, in turn: to the next request for images of this method, or of this method and
        # end of its path ("GET /file").
        self.instead: list[tuple[str, Reply]] = []

    def handle(self, request: Request) -> Reply:
        raise NotImplementedError

    def answer(self, request: Request) -> Reply:
        self.asked.append(request)
        method, _space, end = self.instead[0][0].partition(" ") if self.instead else ("", "", "")
        if method == request.method and "/images" in request.path and request.path.endswith(end):
            return self.instead.pop(0)[1]
        return self.handle(request)

    @property
    def asked_for_images(self) -> list[str]:
        """What was asked of the Image API, as 'METHOD path'."""
        return [request.asked for request in self.asked if "/images" in request.path]

    @contextlib.contextmanager
    def running(self, tls: tuple[str, str] | None = None) -> t.Iterator[None]:
        gateway = self

        class GatewayHandler(Handler):
            protocol_version = "HTTP/1.1"

            def handle_any(self) -> None:
                try:
                    asked = urllib.parse.urlsplit(self.path)
                    query = urllib.parse.parse_qsl(asked.query, keep_blank_values=True)
                    headers = {key: value for key, value in self.headers.items() if key.lower() not in HOP_BY_HOP}
                    headers["Host"] = self.headers["Host"]
                    path = urllib.parse.unquote(asked.path)
                    reply = gateway.answer(Request(self.command, path, query, headers, b"".join(self.body())))
                    self.send_response(reply.status)
                    for key, value in reply.headers.items():
                        self.send_header(key, value)
                    if reply.status != 204:
                        self.send_header("Content-Length", str(len(reply.body) + reply.missing))
                    self.end_headers()
                    if reply.status != 204:
                        self.wfile.write(reply.body)
                    self.close_connection = self.close_connection or bool(reply.missing)
                except (Broken, OSError):
                    self.close_connection = True

            do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = handle_any  # noqa: N815

        with served(GatewayHandler, tls) as self.url:
            yield
