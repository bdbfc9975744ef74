# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""Serves a handler of http.server on a free loopback port."""

from __future__ import annotations

import contextlib
import http.server
import socketserver
import ssl
import threading
import typing as t

from .timing import HANGS

BLOCK = 64 * 1024
# What a proxy does not pass on: headers of one connection, and those that it sets itself.
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "host"}


class Broken(Exception):
    """The client has closed the connection, or the test closes it."""


class Handler(http.server.BaseHTTPRequestHandler):
    """Logs nothing, and reads bodies with a Content-Length and chunked ones."""

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""

    def compresses(self, when: str | None) -> bool:
        """Whether to compress the answer.

        :param when: ``always``, ``unless refused`` by the client; null for never.
        """
        is_refused = self.headers.get("Accept-Encoding") == "identity"
        return when == "always" or (when == "unless refused" and not is_refused)

    def parse_request(self) -> bool:
        self._begun = True
        t.cast("Server", self.server).count(1)
        return super().parse_request()

    def handle_one_request(self) -> None:
        self._begun = False
        try:
            super().handle_one_request()
        finally:
            if self._begun:
                t.cast("Server", self.server).count(-1)

    @staticmethod
    def broken() -> t.NoReturn:
        raise Broken

    def body(self) -> t.Iterator[bytes]:
        """The request's body, as it comes in."""
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            while size := int(self.rfile.readline().split(b";")[0] or self.broken(), 16):
                piece = self.rfile.read(size)
                yield piece if len(piece) == size else self.broken()
                self.rfile.readline()
            self.rfile.readline()
        else:
            left = int(self.headers.get("Content-Length") or 0)
            while left:
                piece = self.rfile.read(min(left, BLOCK))
                if not piece:
                    raise Broken
                left -= len(piece)
                yield piece


class Server(http.server.ThreadingHTTPServer):
    """Counts the requests in progress: a request's thread may still run after its client has closed the connection."""

    # With 5, which is Python's default, connections of many clients at once are delayed by a second.
    request_queue_size = 64

    def __init__(self, handler: type[socketserver.BaseRequestHandler]) -> None:
        super().__init__(("127.0.0.1", 0), handler)
        self._at_work = 0
        self._changed = threading.Condition()

    def count(self, change: int) -> None:
        with self._changed:
            self._at_work += change
            self._changed.notify_all()

    def wait_for_requests(self) -> None:
        """Wait until no request is being handled."""
        with self._changed:
            assert self._changed.wait_for(lambda: self._at_work == 0, HANGS), "a request is still being handled"


@contextlib.contextmanager
def served(
    handler: type[socketserver.BaseRequestHandler], tls: tuple[str, str] | None = None, client_ca: str | None = None
) -> t.Iterator[str]:
    """Yields the server's address; at the end all requests have been handled.

    :param tls: with a certificate's file and its key's it speaks HTTPS.
    :param client_ca: with it, each client must present a certificate of this authority.
    """
    server = Server(handler)
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*tls)
        if client_ca:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(client_ca)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.wait_for_requests()
        server.server_close()
