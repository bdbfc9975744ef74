# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""A proxy between the modules and Glance that answers some requests itself, or not at all."""

from __future__ import annotations

import contextlib
import http.client
import http.server
import ssl
import threading
import typing as t
import urllib.parse

# Given method, path and how many requests came before; the answer's status, or CUT to close the connection unanswered, or
# None to pass the request on.
Fault = t.Callable[[str, str, int], int | None]
CUT = -1
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "host"}


def fault_on(method: str, end_of_path: str, status: int) -> Fault:
    return lambda asked, path, _count: status if asked == method and path.endswith(end_of_path) else None


@contextlib.contextmanager
def proxy(target: str, fault: Fault, tls: tuple[str, str] | None = None) -> t.Iterator[str]:
    """Run the proxy; yields its address. With ``tls``, a certificate's file and its key's, it speaks HTTPS."""
    upstream = urllib.parse.urlsplit(target).netloc
    count = iter(range(1_000_000))

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status = fault(self.command, urllib.parse.urlsplit(self.path).path, next(count))
            if status == CUT:
                self.close_connection = True
                return
            if status is not None:
                self.answer(status, {}, b"a fault of the proxy")
                return
            connection = http.client.HTTPConnection(upstream)
            headers = {key: value for key, value in self.headers.items() if key.lower() not in HOP_BY_HOP}
            connection.request(self.command, self.path, body or None, headers)
            reply = connection.getresponse()
            self.answer(reply.status, dict(reply.getheaders()), reply.read())
            connection.close()

        def answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
            self.send_response(status)
            for key, value in headers.items():
                if key.lower() not in HOP_BY_HOP:
                    self.send_header(key, value)
            if status != 204:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = handle_any  # noqa: N815

        def log_message(self, *_arguments: object) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*tls)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
