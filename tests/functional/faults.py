# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""A proxy between the modules and Glance that passes requests on, answers some itself, or spoils them on their way."""

from __future__ import annotations

import contextlib
import dataclasses
import gzip
import http.client
import os
import socket
import threading
import typing as t
import urllib.parse

from .http_server import BLOCK, Broken, Handler, served

TCP_ESTABLISHED = 1  # as Linux counts them


@dataclasses.dataclass(frozen=True)
class Spoil:
    """What happens to a body on its way, upwards for a PUT and downwards for a GET, once ``at`` bytes of it have passed.

    :param how: ``cut``: the connection ends; ``status``: the client gets that answer; ``stall``: nothing more moves;
        ``corrupt``: one byte arrives changed; ``lie``: less arrives than was said.
    """

    how: str
    at: int = 0
    status: int = 503


@dataclasses.dataclass(frozen=True)
class Page:
    """An answer of the proxy's own, instead of the Image API's."""

    status: int
    body: str
    content_type: str = "text/html"
    server: str = "nginx/1.22.1"


@dataclasses.dataclass
class Behaviour:
    """How a proxy treats all requests, besides the faults.

    :param refuses_ranges: the answer to requests with a Range; null to pass them on.
    :param compresses: which answers are compressed: ``unless refused``: those to requests that do not say
        'Accept-Encoding: identity', as nginx does; ``always``; null for none.
    :param ranges: the header Range of each request for data that came; empty where it had none.
    """

    refuses_ranges: Page | None = None
    compresses: str | None = None
    ranges: list[str] = dataclasses.field(default_factory=list)


# nginx's answer to a body that is larger than its client_max_body_size.
NGINX_413 = Page(
    413,
    "<html>\r\n<head><title>413 Request Entity Too Large</title></head>\r\n<body>\r\n"
    "<center><h1>413 Request Entity Too Large</h1></center>\r\n<hr><center>nginx/1.22.1</center>\r\n</body>\r\n</html>\r\n",
)
# Glance's answer to a Range where the image's store has no random access, as S3, RBD, Swift and HTTP have none.
NO_RANDOM_ACCESS = Page(
    400,
    "<html>\n <head>\n  <title>400 Bad Request</title>\n </head>\n <body>\n  <h1>400 Bad Request</h1>\n"
    "  Getting images randomly from this store is not supported. Offset: 1000000, length: 2072000<br /><br />\n\n\n\n"
    " </body>\n</html>",
)


# Whether everything is tried, which takes minutes (nox -s faults), or a slice of it.
ALL = os.environ.get("GLANCE_FAULTS") == "all"

# Given method, path and how many requests came before; the answer's status, or CUT to close the connection unanswered, or
# a Spoil, a Page, or None to pass the request on.
Fault = t.Callable[[str, str, int], "int | Spoil | Page | None"]
CUT = -1
# The request is carried out, and its answer lost.
CUT_ANSWER = -2
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "host"}


def no_fault(_method: str, _path: str, _count: int) -> None:
    return None


def fault_on(method: str, end_of_path: str, status: int | Page) -> Fault:
    return lambda asked, path, _count: status if asked == method and path.endswith(end_of_path) else None


def _is_closed(connection: socket.socket) -> bool:
    """Whether the other side has closed a connection, without reading from it."""
    state = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]
    return state != TCP_ESTABLISHED


@contextlib.contextmanager
def proxy(
    target: str, fault: Fault, tls: tuple[str, str] | None = None, behaviour: Behaviour | None = None
) -> t.Iterator[str]:
    """Run the proxy; yields its address. With ``tls``, a certificate's file and its key's, it speaks HTTPS."""
    upstream = urllib.parse.urlsplit(target).netloc
    count = iter(range(1_000_000))
    stopped = threading.Event()
    always = behaviour or Behaviour()

    class ProxyHandler(Handler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            path = urllib.parse.urlsplit(self.path).path
            chosen = fault(self.command, path, next(count))
            if self.command == "GET" and path.endswith("/file"):
                always.ranges.append(self.headers.get("Range", ""))
                if self.headers.get("Range") and always.refuses_ranges:
                    chosen = always.refuses_ranges
            try:
                if chosen == CUT:
                    self.close_connection = True
                elif isinstance(chosen, int) and chosen != CUT_ANSWER:
                    for _piece in self.body():
                        pass
                    self.answer(chosen)
                elif isinstance(chosen, Page):
                    for _piece in self.body():
                        pass
                    self.answer_page(chosen)
                else:
                    self.pass_on(chosen)
            except (Broken, OSError):
                self.close_connection = True

        def spoilt(self, pieces: t.Iterator[bytes], spoil: Spoil | None) -> t.Iterator[bytes]:
            passed = 0
            for piece in pieces:
                end = passed + len(piece)
                if spoil and passed <= spoil.at < end:
                    before = spoil.at - passed
                    if spoil.how == "corrupt":
                        yield piece[:before] + bytes([piece[before] ^ 1]) + piece[before + 1 :]
                        passed = end
                        continue
                    yield piece[:before]
                    if spoil.how == "stall":
                        self.wait_for_the_client_to_go()
                    raise Broken
                yield piece
                passed = end

        def wait_for_the_client_to_go(self) -> None:
            """Take what it sends for as long as nobody's buffers are full, and pass none of it on."""
            while not stopped.is_set():
                if _is_closed(self.connection):
                    return
                stopped.wait(0.02)

        def pass_on(self, chosen: t.Any) -> None:
            spoil = chosen if isinstance(chosen, Spoil) else None
            upwards = spoil if self.command == "PUT" else None
            connection = http.client.HTTPConnection(upstream)
            headers = {key: value for key, value in self.headers.items() if key.lower() not in HOP_BY_HOP}
            sized = self.headers.get("Content-Length")
            if sized:
                headers["Content-Length"] = sized
            try:
                chunked = "chunked" in self.headers.get("Transfer-Encoding", "")
                pieces = self.spoilt(self.body(), upwards) if sized or chunked else None
                connection.request(self.command, self.path, pieces, headers, encode_chunked=chunked)
                reply = connection.getresponse()
                if chosen == CUT_ANSWER:
                    reply.read()
                    self.close_connection = True
                elif self.compresses():
                    self.answer_compressed(reply)
                else:
                    self.answer_with(reply, spoil if self.command == "GET" else None)
            except Broken:
                if upwards and upwards.how == "status":
                    self.answer(upwards.status)
                raise
            finally:
                connection.close()

        def compresses(self) -> bool:
            refused = self.headers.get("Accept-Encoding", "") == "identity"
            return always.compresses == "always" or (always.compresses == "unless refused" and not refused)

        def answer_compressed(self, reply: http.client.HTTPResponse) -> None:
            body = gzip.compress(reply.read(), 1)
            self.send_response(reply.status)
            for key, value in reply.getheaders():
                if key.lower() not in HOP_BY_HOP:
                    self.send_header(key, value)
            if reply.status != 204:
                self.send_header("Content-Encoding", "gzip")
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if reply.status != 204:
                self.wfile.write(body)

        def answer_page(self, page: Page) -> None:
            body = page.body.encode()
            self.send_response_only(page.status)
            self.send_header("Server", page.server)
            self.send_header("Content-Type", page.content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def answer_with(self, reply: http.client.HTTPResponse, spoil: Spoil | None) -> None:
            self.send_response(reply.status)
            for key, value in reply.getheaders():
                if key.lower() not in HOP_BY_HOP:
                    self.send_header(key, value)
            length = reply.headers.get("Content-Length")
            if length is None and reply.status != 204:
                self.send_header("Transfer-Encoding", "chunked")
            elif length is not None:
                # A lie: what comes is shorter, and ends as if it were whole.
                self.send_header("Content-Length", str(int(length) + (7 if spoil and spoil.how == "lie" else 0)))
            self.end_headers()
            pieces = iter(lambda: reply.read(BLOCK), b"")
            for piece in self.spoilt(pieces, spoil if spoil and spoil.how != "lie" else None):
                self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece) if length is None else piece)
            if length is None and reply.status != 204:
                self.wfile.write(b"0\r\n\r\n")
            if spoil and spoil.how == "lie":
                raise Broken

        def answer(self, status: int) -> None:
            body = b"a fault of the proxy"
            self.send_response(status)
            if status != 204:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if status != 204:
                self.wfile.write(body)

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = handle_any  # noqa: N815

    with served(ProxyHandler, tls) as url:
        try:
            yield url
        finally:
            stopped.set()
