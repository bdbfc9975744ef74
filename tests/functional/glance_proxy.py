# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""A proxy between the modules and Glance that passes requests on, answers some itself, or disturbs the transfer."""

from __future__ import annotations

import contextlib
import dataclasses
import gzip
import http.client
import itertools
import os
import socket
import threading
import typing as t
import urllib.parse

from .http_server import BLOCK, HOP_BY_HOP, Broken, Handler, served

TCP_ESTABLISHED = 1  # as Linux counts them


@dataclasses.dataclass(frozen=True)
class BodyFault:
    """What happens to a body, of the request for a PUT and of the response for a GET, after ``at`` bytes of it have passed.

    :param how: ``cut``: the connection ends; ``status``: the client gets that answer; ``stall``: nothing more moves;
        ``corrupt``: one byte arrives changed; ``wrong length``: less arrives than Content-Length says.
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
# a BodyFault, a Page, or None to pass the request on.
Fault = t.Callable[[str, str, int], "int | BodyFault | Page | None"]
CUT = -1
# The request is carried out, and its answer lost.
CUT_ANSWER = -2


def no_fault(_method: str, _path: str, _count: int) -> None:
    return None


def fault_on(method: str, end_of_path: str, status: int | Page) -> Fault:
    return lambda asked, path, _count: status if asked == method and path.endswith(end_of_path) else None


def breaking_at(*places: int) -> Fault:
    """Breaks the first downloads at these bytes of what they send, one after the other."""
    left = list(places)

    def fault(method: str, path: str, _count: int) -> BodyFault | None:
        return BodyFault("cut", left.pop(0)) if left and method == "GET" and path.endswith("/file") else None

    return fault


def _is_closed(connection: socket.socket) -> bool:
    """Whether the other side has closed a connection, without reading from it."""
    state = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]
    return state != TCP_ESTABLISHED


@dataclasses.dataclass
class ProxySettings:
    """What the handlers of one proxy have in common."""

    upstream: str
    fault: Fault
    behaviour: Behaviour
    stopped: threading.Event = dataclasses.field(default_factory=threading.Event)
    count: t.Iterator[int] = dataclasses.field(default_factory=itertools.count)


class ProxyHandler(Handler):
    """Passes requests on to Glance, except where the fault says otherwise."""

    protocol_version = "HTTP/1.1"
    settings: ProxySettings

    def handle_any(self) -> None:
        chosen = self._choose_fault()
        try:
            if chosen == CUT:
                self.close_connection = True
            elif isinstance(chosen, int) and chosen != CUT_ANSWER:
                self._read_body()
                self._send_status(chosen)
            elif isinstance(chosen, Page):
                self._read_body()
                self._send_page(chosen)
            else:
                self._pass_on(chosen)
        except (Broken, OSError):
            self.close_connection = True

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = handle_any  # noqa: N815

    def _choose_fault(self) -> t.Any:
        path = urllib.parse.urlsplit(self.path).path
        chosen = self.settings.fault(self.command, path, next(self.settings.count))
        if self.command == "GET" and path.endswith("/file"):
            behaviour = self.settings.behaviour
            behaviour.ranges.append(self.headers.get("Range", ""))
            if self.headers.get("Range") and behaviour.refuses_ranges:
                return behaviour.refuses_ranges
        return chosen

    def _read_body(self) -> None:
        for _piece in self.body():
            pass

    def _pass_on(self, chosen: t.Any) -> None:
        body_fault = chosen if isinstance(chosen, BodyFault) else None
        upwards = body_fault if self.command == "PUT" else None
        connection = http.client.HTTPConnection(self.settings.upstream)
        try:
            reply = self._forward(connection, upwards)
            if chosen == CUT_ANSWER:
                reply.read()
                self.close_connection = True
            elif self.compresses(self.settings.behaviour.compresses):
                self._send_compressed(reply)
            else:
                self._send_reply(reply, body_fault if self.command == "GET" else None)
        except Broken:
            if upwards and upwards.how == "status":
                self._send_status(upwards.status)
            raise
        finally:
            connection.close()

    def _forward(self, connection: http.client.HTTPConnection, body_fault: BodyFault | None) -> http.client.HTTPResponse:
        headers = {key: value for key, value in self.headers.items() if key.lower() not in HOP_BY_HOP}
        length = self.headers.get("Content-Length")
        if length:
            headers["Content-Length"] = length
        is_chunked = "chunked" in self.headers.get("Transfer-Encoding", "")
        pieces = self._damaged(self.body(), body_fault) if length or is_chunked else None
        connection.request(self.command, self.path, pieces, headers, encode_chunked=is_chunked)
        return connection.getresponse()

    def _damaged(self, pieces: t.Iterator[bytes], body_fault: BodyFault | None) -> t.Iterator[bytes]:
        passed = 0
        for piece in pieces:
            end = passed + len(piece)
            if body_fault and passed <= body_fault.at < end:
                yield from self._damaged_piece(piece, body_fault.at - passed, body_fault)
            else:
                yield piece
            passed = end

    def _damaged_piece(self, piece: bytes, before: int, body_fault: BodyFault) -> t.Iterator[bytes]:
        """The piece in which the fault is, after so many bytes."""
        if body_fault.how == "corrupt":
            yield piece[:before] + bytes([piece[before] ^ 1]) + piece[before + 1 :]
            return
        yield piece[:before]
        if body_fault.how == "stall":
            self._wait_until_the_client_leaves()
        raise Broken

    def _wait_until_the_client_leaves(self) -> None:
        """The client sends until the buffers are full, and nothing of it is passed on."""
        while not self.settings.stopped.is_set():
            if _is_closed(self.connection):
                return
            self.settings.stopped.wait(0.02)

    def _send_head_of(self, reply: http.client.HTTPResponse) -> None:
        self.send_response(reply.status)
        for key, value in reply.getheaders():
            if key.lower() not in HOP_BY_HOP:
                self.send_header(key, value)

    def _send_compressed(self, reply: http.client.HTTPResponse) -> None:
        body = gzip.compress(reply.read(), 1)
        self._send_head_of(reply)
        if reply.status != 204:
            self.send_header("Content-Encoding", "gzip")
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if reply.status != 204:
            self.wfile.write(body)

    def _send_reply(self, reply: http.client.HTTPResponse, body_fault: BodyFault | None) -> None:
        has_wrong_length = body_fault is not None and body_fault.how == "wrong length"
        length = reply.headers.get("Content-Length")
        is_chunked = length is None and reply.status != 204
        self._send_head_of(reply)
        if is_chunked:
            self.send_header("Transfer-Encoding", "chunked")
        elif length is not None:
            self.send_header("Content-Length", str(int(length) + (7 if has_wrong_length else 0)))
        self.end_headers()
        pieces = iter(lambda: reply.read(BLOCK), b"")
        for piece in self._damaged(pieces, None if has_wrong_length else body_fault):
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece) if is_chunked else piece)
        if is_chunked:
            self.wfile.write(b"0\r\n\r\n")
        if has_wrong_length:
            raise Broken

    def _send_page(self, page: Page) -> None:
        body = page.body.encode()
        self.send_response_only(page.status)
        self.send_header("Server", page.server)
        self.send_header("Content-Type", page.content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _send_status(self, status: int) -> None:
        body = b"a fault of the proxy"
        self.send_response(status)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if status != 204:
            self.wfile.write(body)


@contextlib.contextmanager
def proxy(
    target: str, fault: Fault, tls: tuple[str, str] | None = None, behaviour: Behaviour | None = None
) -> t.Iterator[str]:
    """Run the proxy; yields its address. With ``tls``, a certificate's file and its key's, it speaks HTTPS."""
    settings = ProxySettings(urllib.parse.urlsplit(target).netloc, fault, behaviour or Behaviour())
    with served(type("ConfiguredProxyHandler", (ProxyHandler,), {"settings": settings}), tls) as url:
        try:
            yield url
        finally:
            settings.stopped.set()
