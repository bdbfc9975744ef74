# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""Sending requests: what is sent again, which responses are errors, and how much of a response is read.

A response whose status is not listed for its call is an error. That holds for HTTP 300 too, which Glance answers, with the
list of its versions, to a path prefix that it does not know.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import random
import typing as t
import urllib.parse

from .._errors import ApiError, ConnectionProblem, ErrorResponse, GlanceError
from .._glance.list_query import Query
from .._glance.operations import Call
from .._glance.responses import (
    MAX_ERROR,
    MISDIRECTED,
    effective_status,
    parse_error,
    proxy_name,
    seconds_until,
    shortened,
)
from .._timing import TIMING

with contextlib.suppress(ImportError):  # _client.openstack_config reports it before anything here is called
    import requests
    from keystoneauth1 import exceptions as ksa

if t.TYPE_CHECKING:
    from .connection import Connection

RETRIED_STATUS = frozenset({429, 502, 503, 504})
# The one status that is sent before anything was done: a call that is not idempotent is sent again after it, and only it.
REFUSED_UNDONE = frozenset({429})
# No response is longer (bytes).
MAX_BODY = 256 * 1024 * 1024
BLOCK = 64 * 1024

T = t.TypeVar("T")


@dataclasses.dataclass(frozen=True)
class Retries:
    """How often a request is sent, and how long to wait between (seconds)."""

    attempts: int = 5
    first_delay: float = dataclasses.field(default_factory=lambda: TIMING.first_retry)
    longest_delay: float = dataclasses.field(default_factory=lambda: TIMING.longest_retry)
    sleep: t.Callable[[float], None] = dataclasses.field(default_factory=lambda: TIMING.sleep)
    jitter: t.Callable[[], float] = random.random

    def delay(self, attempt: int, asked: float | None) -> float:
        """Seconds to wait after the ``attempt``-th attempt: doubling, spread by jitter, or as long as the server asks.

        A server can ask for no pause at all, and by a clock that differs from this host's it does.
        """
        own = self.first_delay * 2.0 ** (attempt - 1) * (0.5 + self.jitter())
        return min(max(own, asked or 0.0), self.longest_delay)


@dataclasses.dataclass(frozen=True)
class Request:
    """A call with all that is sent.

    :param path: the call's path with ids in it; null where it has none.
    :param base: base URL of the API; null for that of the connection's Image API.
    :param timeout: how long the server may be silent (s), or how long while the body is sent and how long after that.
    :param attempts: how often it may be sent; null for as often as most requests.
    :param allow_reauth: whether keystoneauth may log in anew and send it again after HTTP 401.
    """

    call: Call
    path: str | None = None
    base: str | None = None
    query: Query = ()
    headers: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    data: bytes | t.Iterable[bytes] | None = None
    timeout: tuple[float, float] | None = None
    attempts: int | None = None
    allow_reauth: bool = True

    @property
    def path_and_query(self) -> str:
        path = self.path or self.call.path
        return f"{path}?{urllib.parse.urlencode(self.query)}" if self.query else path

    @property
    def shown_path(self) -> str:
        return shown_path(self.path or self.call.path)

    def __str__(self) -> str:
        return f"{self.call.method} {self.shown_path}"


@dataclasses.dataclass(frozen=True)
class Response:
    """A response that has been read."""

    status: int
    body: bytes

    @property
    def text(self) -> str:
        """The body as text, as far as an error shows it."""
        return self.body[:MAX_ERROR].decode("utf-8", "replace")


class NoAnswer(ConnectionProblem):
    """A request that was sent and not answered.

    :param is_final: whether another attempt would fail in the same way.
    """

    retry_after = None

    def __init__(self, message: str, is_final: bool) -> None:
        super().__init__(message)
        self.is_final = is_final


class HttpClient:
    """Sends requests over one connection.

    :param max_body: a longer response (bytes) is an error.
    """

    def __init__(self, connection: Connection, retries: Retries | None = None, max_body: int = MAX_BODY) -> None:
        self._connection = connection
        self._retries = retries or Retries()
        self._max_body = max_body

    def send(self, request: Request) -> Response:
        """Send a request; returns the whole response."""
        return self._with_retries(request, lambda response: self._read(response, request))

    def send_for_json(self, request: Request) -> dict[str, t.Any]:
        """Send a request whose response is a JSON object; returns that."""
        return json_object(self.send(request), request)

    def open(self, request: Request) -> requests.Response:
        """Send a request; returns the response with its body unread. The caller closes it."""
        return self._with_retries(request, lambda response: response)

    def _with_retries(self, request: Request, read: t.Callable[[requests.Response], T]) -> T:
        """Send a request until it succeeds, or must not or need not be sent again.

        :param read: what is to be done with a response of success; where it gets no more data, the request is sent again.
        """
        attempts = request.attempts or self._retries.attempts
        attempt = 1
        while True:
            try:
                return self._send_once(request, attempt, read)
            except (ApiError, NoAnswer) as error:
                if attempt == attempts or not _may_be_sent_again(request.call, error):
                    raise
                pause = self._retries.delay(attempt, error.retry_after)
            self._retries.sleep(pause)
            attempt += 1

    def _send_once(self, request: Request, attempt: int, read: t.Callable[[requests.Response], T]) -> T:
        base = request.base or self._connection.image_url
        try:
            response = self._connection.session.request(
                base + request.path_and_query,
                request.call.method,
                headers=dict(request.headers),
                data=request.data,
                raise_exc=False,
                redirect=False,  # a redirect could carry the token to another host
                log=False,
                stream=True,
                timeout=request.timeout or self._connection.timeout,
                allow_reauth=request.allow_reauth,
            )
            if response.status_code in request.call.accepted:
                return read(response)
        except GlanceError:  # of the body that is sent or read
            raise
        except (ksa.ConnectionError, requests.RequestException) as error:
            raise _no_answer(request, error) from error
        except Exception as error:  # a certificate that is not there, a bad URL, what login plugins raise
            raise ConnectionProblem(f"{request} could not be sent: {error}") from error
        raise ApiError(_error_response(request, response, base, attempt))

    def _read(self, response: requests.Response, request: Request) -> Response:
        """All of a response. It is an error if it takes longer than the timeout, or is longer than any response."""
        seconds = self._connection.timeout
        end = TIMING.monotonic() + seconds
        body = bytearray()
        with contextlib.closing(response):
            for block in response.iter_content(BLOCK):
                body += block
                if len(body) > self._max_body or TIMING.monotonic() > end:
                    raise GlanceError(
                        f"{request} was answered HTTP {response.status_code} with a body that does not end:"
                        f" {len(body)} bytes in {seconds - end + TIMING.monotonic():.0f} s, beginning with"
                        f" '{shortened(body[:MAX_ERROR].decode('utf-8', 'replace'))}'."
                    )
        return Response(response.status_code, bytes(body))


def shown_path(path: str) -> str:
    """A path as errors show it: those of the Image API from ``/v2`` on."""
    return f"/v2{path}" if path.startswith(("/images", "/info", "/metadefs", "/schemas", "/stores")) else path


def json_object(response: Response, request: Request) -> dict[str, t.Any]:
    """The JSON object that a response is."""
    try:
        body = json.loads(response.body)
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        # In a part of an object, what is secret cannot be told from the rest.
        is_broken = response.text[:1] in ("[", "{")
        said = f"{len(response.body)} bytes that are not valid JSON" if is_broken else f"'{shortened(response.text)}'"
        raise GlanceError(f"{request} was answered HTTP {response.status} without a JSON object: {said}.")
    return body


def _may_be_sent_again(call: Call, error: ApiError | NoAnswer) -> bool:
    if isinstance(error, NoAnswer):
        return call.idempotent and not error.is_final
    return error.status in (RETRIED_STATUS if call.idempotent else REFUSED_UNDONE)


def _no_answer(request: Request, error: Exception) -> NoAnswer:
    text = f"{request} got no answer: {error}."
    if not request.call.idempotent:
        text += " Whether it was carried out is not known; run the task again to find out and go on from there."
    return NoAnswer(text, is_final=isinstance(error, ksa.SSLError))


def _error_response(request: Request, response: requests.Response, base: str, attempt: int) -> ErrorResponse:
    """The facts of a response that is an error."""
    now = TIMING.utc_now()
    headers = response.headers
    parsed = parse_error(_beginning(response), headers.get("Content-Type", ""), now)
    retry_after = headers.get("Retry-After")
    delay = seconds_until(retry_after, now)
    status = effective_status(response.status_code, parsed, retry_after)
    reason = _without_token(parsed.reason or str(response.reason), response)
    if 300 <= status < 400 or status == MISDIRECTED or (request.call.in_every_api and status == 404):
        reason += (
            f" This is not the answer of an Image API at {base}: check 'endpoint_override', 'interface' and the catalogue."
        )
    return ErrorResponse(
        request.call.method,
        request.shown_path,
        response.status_code,
        reason,
        effective_status=status,
        code=parsed.code,
        request_id=headers.get("x-openstack-request-id") or headers.get("x-request-id") or parsed.request_id,
        retry_after=parsed.retry_after if delay is None else delay,
        proxy=proxy_name(headers, parsed),
        attempt=attempt,
    )


def _beginning(response: requests.Response) -> str:
    """The body of an error, as far as it is looked at."""
    body = b""
    with contextlib.closing(response), contextlib.suppress(requests.RequestException):
        body = next(response.iter_content(MAX_ERROR), b"")
    return body.decode("utf-8", "replace")


def _without_token(text: str, response: requests.Response) -> str:
    """A text without the token that the request was sent with, which some gateways repeat."""
    token = response.request.headers.get("X-Auth-Token") if response.request else None
    secret = token.decode("latin-1") if isinstance(token, bytes) else token
    return text.replace(secret, "…") if secret else text
