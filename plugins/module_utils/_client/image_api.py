# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The one layer that talks HTTP: sending, retrying, paging, and telling an answer from an error.

An answer whose status code is not listed for its call is an error. That holds for HTTP 300 too, which Glance gives, with
the list of its versions, for a path prefix that it does not know.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import random
import re
import typing as t
import urllib.parse

from .._errors import ApiError, ConnectionProblem, GlanceError, NotSupported
from .._glance.image import GONE, Image
from .._glance.json_patch import PATCH_CONTENT_TYPE
from .._glance.list_query import UNKNOWN_OPERATOR, Query, sort_of, sorted_images, uses_operators, without_operators
from .._glance.operations import CREATE, DELETE, IMPORT, UPDATE, Call, Operation
from .._glance.responses import (
    IDENTITY,
    MAX_ERROR,
    MISDIRECTED,
    content_encoding,
    effective_status,
    parse_error,
    proxy_name,
    seconds_until,
    server_name,
    shortened,
    unapplied_fields,
    validate_image,
)
from .._timing import TIMING

with contextlib.suppress(ImportError):  # _session says so, before anything here is called
    import requests
    from keystoneauth1 import exceptions as ksa

if t.TYPE_CHECKING:
    from .._transfer.upload import Upload
    from .connection import Connection

PAGE_SIZE = 1000
RETRIED_STATUS = frozenset({429, 502, 503, 504})
# The one code that is sent before anything was done: a call that is not idempotent is sent again after it, and only it.
REFUSED_UNDONE = frozenset({429})
# No answer is longer (bytes), and no list has more pages: what does not come to an end is no answer.
MAX_ANSWER = 256 * 1024 * 1024
MAX_PAGES = 10_000
# Pages in a row that bring nothing new.
MAX_BARREN_PAGES = 10
BLOCK = 64 * 1024
# These say that there is no image of a marker (Glance: 400), or that the query is wrong, which the first page tells already.
NO_SUCH_MARKER = frozenset({400, 404})
# Refusals of a Range: Glance's for stores without random access (S3, RBD, Swift, HTTP), and RFC 9110's (15.5.17, 15.6.2).
RANGE_REFUSED = frozenset({400, 416, 501})
# These say that there is no such operation, the first one also that there is no such image.
NO_SUCH_OPERATION = frozenset({404, 405, 501})

SHOW = Call("GET", "/images/{id}", (200,), idempotent=True)
LIST = Call("GET", "/images", (200,), idempotent=True)
TASKS = Call("GET", "/images/{id}/tasks", (200,), idempotent=True)
MEMBERS = Call("GET", "/images/{id}/members", (200,), idempotent=True)
MEMBER = Call("GET", "/images/{id}/members/{member}", (200,), idempotent=True)
VERSIONS = Call("GET", "/", (200, 300))
IMPORT_INFO = Call("GET", "/info/import", (200,), idempotent=True)
STORES_INFO = Call("GET", "/info/stores", (200,), idempotent=True)
# 206 is the answer to a Range, 200 that of a cloud that ignores it.
DOWNLOAD = Call("GET", "/images/{id}/file", (200, 206), idempotent=True)
LIST_PROJECTS = Call("GET", "/projects", (200,), idempotent=True)
LIST_OWN_PROJECTS = Call("GET", "/auth/projects", (200,), idempotent=True)
LIST_DOMAINS = Call("GET", "/domains", (200,), idempotent=True)


@dataclasses.dataclass(frozen=True)
class Retries:
    """How often a call is sent, and how long to wait between (seconds)."""

    attempts: int = 5
    first_delay: float = dataclasses.field(default_factory=lambda: TIMING.first_retry)
    longest_delay: float = dataclasses.field(default_factory=lambda: TIMING.longest_retry)
    sleep: t.Callable[[float], None] = dataclasses.field(default_factory=lambda: TIMING.sleep)
    jitter: t.Callable[[], float] = random.random

    def delay(self, attempt: int, asked: float | None) -> float:
        """Seconds to wait after the ``attempt``-th try (from 0): as the server asks, else doubling, spread by jitter."""
        if asked is not None:
            return min(asked, self.longest_delay)
        return min(self.first_delay * 2.0**attempt * (0.5 + self.jitter()), self.longest_delay)


Read = t.TypeVar("Read")


class Answer(t.NamedTuple):
    """An answer that has been read."""

    status: int
    headers: t.Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body[:MAX_ERROR].decode("utf-8", "replace")


class GlanceApi:
    """The Image API of one cloud."""

    def __init__(self, connection: Connection, retries: Retries | None = None) -> None:
        self.connection = connection
        self._known = connection.known
        self._retries = retries or Retries()
        self._without_ranges: set[str] = set()

    # Reading

    def find_image(self, image_id: str, base: str | None = None) -> Image | None:
        """The image of this id, or null where there is none or only a deleted one's record.

        :param base: base URL of another region's Image API.
        """
        path = _of(SHOW, image_id)
        try:
            answer = self._send(SHOW, path, base=base)
        except ApiError as error:
            if error.status != 404:
                raise
            # Whatever else is at this address may answer 404 too.
            self._check_is_image_api(base)
            return None
        image = self._image(answer, SHOW, path, image_id)
        self._known.image_apis.add(base)
        return None if image.status in GONE else image

    def list_images(self, query: Query, page_size: int = PAGE_SIZE) -> t.Iterator[Image]:
        """Images that match, page by page: no page is fetched before it is needed.

        A cloud that does not know a condition of the query may give more than that, so each image is to be checked.
        """
        found = False
        if self._known.operators is not False or not uses_operators(query):
            for image in self._listed(query, page_size):
                found = True
                yield image
        if not found and uses_operators(query) and not self._knows_operators():
            # Most of these may be left out again, so a page of few would be of no use.
            images = self._listed(without_operators(query), PAGE_SIZE)
            sort = sort_of(query)
            yield from sorted_images(images, sort) if sort else images

    def _listed(self, query: Query, page_size: int) -> t.Iterator[Image]:
        """The images of all pages of a list.

        The query stays this layer's own and only the marker is taken from Glance's ``next``, in which Glance loses repeated
        parameters and which is without the prefix on some clouds. Images seen before are left out. Where the image that a
        page ended with has been deleted since, Glance knows no page after it: that page is asked for again.
        """
        markers: list[str | None] = [None]
        refused: str | None = None
        seen: set[str] = set()
        barren = 0
        for _page in range(MAX_PAGES):
            marker = markers[-1]
            try:
                page = self._page([*query, ("limit", str(page_size)), *([("marker", marker)] if marker else [])])
            except ApiError as error:
                if marker in (None, refused) or error.status not in NO_SUCH_MARKER:
                    raise
                refused = markers.pop()
                continue
            barren += 1
            for answered in page["images"]:
                image = validate_image(answered, "GET /v2/images")
                if image.id not in seen:
                    seen.add(image.id)
                    barren = 0
                    yield image
            marker = _marker_of(page.get("next"))
            if marker is None:
                return
            if marker in markers or barren > MAX_BARREN_PAGES:
                break
            markers.append(marker)
        raise GlanceError(
            f"GET /v2/images: the cloud's pages do not come to an end. The last one ends with the marker '{marker}', after"
            f" {len(seen)} images."
        )

    def _page(self, query: Query, base: str | None = None) -> dict[str, t.Any]:
        page = self._json(self._send(LIST, query=query, base=base), LIST)
        if not isinstance(page.get("images"), list):
            raise GlanceError("GET /v2/images was answered without a list of images. Is this address an Image API?")
        self._known.image_apis.add(base)
        return page

    def _check_is_image_api(self, base: str | None) -> None:
        if base not in self._known.image_apis:
            self._page([("limit", "1")], base)

    def _knows_operators(self) -> bool:
        """Whether the cloud knows the operators of conditions: where it does, it refuses one that does not exist."""
        if self._known.operators is None:
            try:
                self._page([UNKNOWN_OPERATOR, ("limit", "1")])
                self._known.operators = False
            except ApiError as error:
                if error.status != 400:
                    raise
                self._known.operators = True
        return self._known.operators

    def list_projects(self, query: Query, own_only: bool = False) -> list[dict[str, t.Any]]:
        """Keystone's projects that match; with ``own_only`` those that the user has a role in, which any user may list."""
        call = LIST_OWN_PROJECTS if own_only else LIST_PROJECTS
        answer = self._json(self._send(call, query=query, base=self.connection.identity_url), call)
        return list(answer.get("projects") or [])

    def list_domains(self, query: Query) -> list[dict[str, t.Any]]:
        """Keystone's domains that match."""
        answer = self._json(self._send(LIST_DOMAINS, query=query, base=self.connection.identity_url), LIST_DOMAINS)
        return list(answer.get("domains") or [])

    def list_tasks(self, image_id: str) -> list[dict[str, t.Any]]:
        """The tasks that Glance has had with an image, oldest first; none on clouds that do not show them."""
        answer = self._found(TASKS, _of(TASKS, image_id)) or {}
        return sorted(answer.get("tasks") or [], key=lambda task: str(task.get("created_at")))

    def list_members(self, image_id: str) -> list[dict[str, t.Any]]:
        """The projects that an image is shared with."""
        path = _of(MEMBERS, image_id)
        answer = self._json(self._send(MEMBERS, path), MEMBERS, path)
        return list(answer.get("members") or [])

    def member_status(self, image_id: str, project: str) -> str | None:
        """The status of one project among an image's members; null where it is not one of them."""
        path = _of(MEMBER, image_id).replace("{member}", urllib.parse.quote(project, safe=""))
        status = (self._found(MEMBER, path) or {}).get("status")
        return None if status is None else str(status)

    def import_methods(self) -> frozenset[str]:
        """The ways to import data that the cloud offers; none where it does not know the question."""
        methods = (self._found(IMPORT_INFO) or {}).get("import-methods")
        return frozenset(methods.get("value") or ()) if isinstance(methods, dict) else frozenset()

    def list_stores(self) -> list[str]:
        """The names of the cloud's stores; none where it has but one."""
        answer = self._found(STORES_INFO) or {}
        return [str(store["id"]) for store in answer.get("stores") or [] if store.get("read-only") != "true"]

    def download(self, image_id: str, offset: int = 0) -> requests.Response:
        """The image's data from this byte on, as an open answer: 206, or 200 with all of it. The caller closes it.

        After a store has refused a Range, no more are requested from it.
        """
        if offset and image_id not in self._without_ranges:
            try:
                answer = self._download(image_id, {"Range": f"bytes={offset}-"})
            except ApiError as error:
                if error.http_status not in RANGE_REFUSED:
                    raise
            else:
                if answer.status_code == 206:
                    return answer
                self._without_ranges.add(image_id)
                return answer
            self._without_ranges.add(image_id)
        return self._download(image_id, {})

    def _download(self, image_id: str, headers: dict[str, str]) -> requests.Response:
        headers = {"Accept-Encoding": IDENTITY, **headers}
        return self._answered(_check_not_encoded, DOWNLOAD, _of(DOWNLOAD, image_id), headers=headers)

    def refuses_ranges(self, image_id: str) -> bool:
        """Whether the cloud did not send a part of the image's data that was requested in this run."""
        return image_id in self._without_ranges

    def check_supported(self, operations: t.Iterable[Operation]) -> None:
        """Refuse what the cloud's API is too old for, as far as it tells its version: NotSupported."""
        for operation in operations:
            since = operation.call.since
            if since and self._version and self._version < since:
                raise NotSupported(
                    f"Not supported by this cloud: {_shown_call(operation.call, operation.path)}. Its Image API is"
                    f" v{_dotted(self._version)}, and this came with v{_dotted(since)}."
                )

    @property
    def _version(self) -> tuple[int, int] | None:
        """The newest version of the Image API that the cloud has; null where it does not say. It is asked once."""
        if not self._known.version_asked:
            root = re.sub(r"/v2(\.\d+)?(/.*)?$", "", self.connection.image_url)
            try:
                answer = self._json(self._send(VERSIONS, base=root, attempts=1), VERSIONS)
            except GlanceError:
                answer = {}
            self._known.version = newest_version(answer)
            self._known.version_asked = True
        return self._known.version

    # Changing

    def perform(self, operation: Operation) -> Image | None:
        """Make one planned call, other than an upload; returns the image if the answer holds it.

        An image that is not as the call asked for is an error, and so is an operation that the cloud does not have:
        NotSupported.
        """
        call, path = operation.call, operation.path
        headers = {"Content-Type": PATCH_CONTENT_TYPE if call is UPDATE else "application/json"}
        data = None if operation.body is None else json.dumps(operation.body).encode()
        try:
            # An import is begun again by whoever has seen that none is going on.
            attempts = 1 if call is IMPORT else None
            answer = self._send(call, path, data=data, headers=headers if data else {}, attempts=attempts)
        except ApiError as error:
            if call.since and error.http_status in NO_SUCH_OPERATION and self.find_image(str(operation.image_id)):
                raise NotSupported(
                    f"Not supported by this cloud, though the image is there: {error}", http_status=error.http_status
                ) from error
            raise
        if not call.returns_image:
            return None
        image_id = operation.body.get("id") if call is CREATE else operation.image_id
        image = self._image(answer, call, path, image_id)
        lost = unapplied_fields(operation.body, image)
        if lost:
            raise GlanceError(
                f"{_shown_call(call, path)} was answered HTTP {answer.status}, but the cloud did not do all of it:"
                f" {', '.join(lost)} is not as was asked for."
            )
        return image

    def upload(self, operation: Operation, upload: Upload, store: str | None, timeout: float) -> None:
        """Make a planned upload.

        :param store: the store that the data go to; null for the cloud's default.
        :param timeout: seconds that the store may take to answer once it has all data; no less than other calls may take.
        """
        headers = {"Content-Type": "application/octet-stream"}
        if upload.size is not None:
            # Glance refuses a body of another length (from 2025.2 on; older ones take no notice).
            headers["x-openstack-image-size"] = str(upload.size)
        if store:
            headers["x-image-meta-store"] = store
        limits = (self.connection.timeout, max(timeout, self.connection.timeout))
        # requests lets a body stand still as long as connecting may take, and waits for the answer as long as reading may.
        # Sent again only by whoever has seen that the image is ready for it: neither here nor by keystoneauth after a 401.
        self._send(
            operation.call, operation.path, data=upload, headers=headers, timeout=limits, attempts=1, allow_reauth=False
        )

    def new_token(self) -> None:
        """Log in again before the next call: the token may have expired, or been withdrawn."""
        self.connection.session.invalidate()

    # The machinery

    def _found(self, call: Call, path: str | None = None) -> dict[str, t.Any] | None:
        """The answer to a question that not every cloud knows; null where this one does not."""
        try:
            return self._json(self._send(call, path), call, path)
        except ApiError as error:
            if error.http_status in NO_SUCH_OPERATION:
                return None
            raise

    def _send(self, call: Call, path: str | None = None, **options: t.Any) -> Answer:
        return self._answered(lambda response: _read(response, self.connection.timeout, call), call, path, **options)

    def _answered(
        self,
        read: t.Callable[[requests.Response], Read],
        call: Call,
        path: str | None = None,
        query: Query = (),
        base: str | None = None,
        timeout: float | tuple[float, float] | None = None,
        attempts: int | None = None,
        **request: t.Any,
    ) -> Read:
        """Send a call until it is answered, and say what ``read`` makes of the answer."""
        path = path or call.path
        url = (base or self.connection.image_url) + path
        if query:
            url += "?" + urllib.parse.urlencode(query)
        attempts = attempts or self._retries.attempts
        for attempt in range(attempts):
            last = attempt + 1 == attempts
            try:
                answer = self.connection.session.request(
                    url,
                    call.method,
                    raise_exc=False,
                    redirect=False,  # a redirect could carry the token to another host
                    log=False,
                    stream=True,
                    timeout=timeout or self.connection.timeout,
                    **request,
                )
                if answer.status_code in call.accepted:
                    return read(answer)
            except (ksa.ConnectionError, requests.RequestException) as error:
                if last or not call.idempotent or isinstance(error, ksa.SSLError):
                    raise self._unanswered(call, path, error) from error
                self._retries.sleep(self._retries.delay(attempt, None))
                continue
            except GlanceError:
                raise
            except Exception as error:  # a certificate that is not there, a bad URL, what login plugins raise
                raise ConnectionProblem(f"{_shown_call(call, path)} could not be sent: {error}") from error
            beginning = _beginning(answer)
            token = answer.request.headers.get("X-Auth-Token") if answer.request else None
            refusal = self._refusal(call, path, beginning, str(answer.reason), base, token)
            if call is DELETE and attempt and refusal.status == 404:
                return t.cast("Read", beginning)  # the try before, whose answer did not arrive, has done it
            if last or refusal.status not in (RETRIED_STATUS if call.idempotent else REFUSED_UNDONE):
                raise refusal
            self._retries.sleep(self._retries.delay(attempt, refusal.retry_after))
        raise AssertionError("unreachable: the last try returns or raises")

    def _unanswered(self, call: Call, path: str, error: Exception) -> ConnectionProblem:
        text = f"{_shown_call(call, path)} got no answer: {error}."
        if not call.idempotent:
            text += " Whether it was carried out is not known; run the task again to find out and go on from there."
        return ConnectionProblem(text)

    def _refusal(
        self, call: Call, path: str, answer: Answer, phrase: str, base: str | None, token: str | bytes | None
    ) -> ApiError:
        """The error that an answer is.

        :param phrase: the words behind its status code.
        :param token: what it was asked with, which some gateways repeat.
        """
        fault = parse_error(answer.text, answer.headers.get("Content-Type", ""))
        retry_after = answer.headers.get("Retry-After")
        means = effective_status(answer.status, fault, retry_after)
        secret = token.decode("latin-1") if isinstance(token, bytes) else token
        reason = (fault.reason or phrase).replace(secret or "\0", "…")
        if 300 <= means < 400 or means == MISDIRECTED or (call is LIST and means == 404):
            reason = (
                f"{reason} This is not the answer of an Image API at {base or self.connection.image_url}:"
                " check 'endpoint_override', 'interface' and the catalogue."
            )
        request_id = answer.headers.get("x-openstack-request-id") or answer.headers.get("x-request-id") or fault.request_id
        error = ApiError(call.method, _shown_path(path), answer.status, reason, fault.code, request_id, means)
        error.proxy = proxy_name(answer.headers, fault)
        header = seconds_until(retry_after)
        error.retry_after = fault.retry_after if header is None else header
        return error

    def _image(self, answer: Answer, call: Call, path: str, image_id: str | None) -> Image:
        """The image that an answer holds, if it is the one that was asked for."""
        image = validate_image(self._json(answer, call, path), _shown_call(call, path))
        if image_id and image.id.lower() != image_id.lower():
            raise GlanceError(f"{_shown_call(call, path)} was answered with another image, {image.id}.")
        return image

    @staticmethod
    def _json(answer: Answer, call: Call, path: str | None = None) -> dict[str, t.Any]:
        try:
            body = json.loads(answer.body)
        except (ValueError, RecursionError):
            body = None
        if not isinstance(body, dict):
            # Of what is broken off nobody knows what is secret in it.
            is_broken = answer.text[:1] in ("[", "{")
            said = f"{len(answer.body)} bytes that are none" if is_broken else f"'{shortened(answer.text)}'"
            raise GlanceError(
                f"{_shown_call(call, path or call.path)} was answered HTTP {answer.status} without a JSON object: {said}."
            )
        return body


def _check_not_encoded(response: requests.Response) -> requests.Response:
    """An answer with data, as it is; encoded data have other bytes than the image, and cannot be resumed."""
    encoding = content_encoding(response.headers)
    if encoding:
        response.close()
        raise GlanceError(
            f"The image's data arrive with 'Content-Encoding: {encoding}', although the request says 'Accept-Encoding:"
            f" {IDENTITY}': {server_name(response.headers)} in front of the Image API compresses them. Switch that off for"
            " the Image API (nginx: 'gzip off'; Apache: 'SetEnv no-gzip 1'), or give an address of the Image API that does"
            " not lead through it as 'endpoint_override'."
        )
    return response


def _read(response: requests.Response, seconds: float, call: Call) -> Answer:
    """All of an answer. It is an error if it takes longer than ``seconds`` (s), or is longer than any answer is."""
    end = TIMING.monotonic() + seconds
    body = bytearray()
    with contextlib.closing(response):
        for block in response.iter_content(BLOCK):
            body += block
            if len(body) > MAX_ANSWER or TIMING.monotonic() > end:
                raise GlanceError(
                    f"{_shown_call(call, call.path)} was answered HTTP {response.status_code} with a body that does not come"
                    f" to an end: {len(body)} bytes in {seconds - end + TIMING.monotonic():.0f} s, beginning with"
                    f" '{shortened(body[:MAX_ERROR].decode('utf-8', 'replace'))}'."
                )
    return Answer(response.status_code, response.headers, bytes(body))


def _beginning(response: requests.Response) -> Answer:
    """An answer as far as an error's body is looked at."""
    body = b""
    with contextlib.closing(response), contextlib.suppress(requests.RequestException):
        body = next(response.iter_content(MAX_ERROR), b"")
    return Answer(response.status_code, response.headers, body)


def newest_version(answer: t.Mapping[str, t.Any]) -> tuple[int, int] | None:
    """The newest version in a document of versions, which has them in no order; null where it has none."""
    versions = answer.get("versions")
    ids = [str(version.get("id")) for version in versions if isinstance(version, dict)] if isinstance(versions, list) else []
    found = [re.fullmatch(r"v(\d{1,4})\.(\d{1,4})", version) for version in ids]
    return max(((int(match[1]), int(match[2])) for match in found if match), default=None)


def _dotted(version: tuple[int, int]) -> str:
    return ".".join(map(str, version))


def _of(call: Call, image_id: str) -> str:
    return call.path.replace("{id}", urllib.parse.quote(image_id, safe=""))


def _shown_call(call: Call, path: str) -> str:
    return f"{call.method} {_shown_path(path)}"


def _shown_path(path: str) -> str:
    return f"/v2{path}" if path.startswith(("/images", "/info", "/stores")) else path


def _marker_of(next_link: t.Any) -> str | None:
    """The marker in a list's link to its next page; null if there is no such link."""
    if next_link in (None, ""):
        return None
    values: list[str] = []
    with contextlib.suppress(ValueError):
        query = urllib.parse.urlsplit(next_link).query if isinstance(next_link, str) else ""
        values = urllib.parse.parse_qs(query).get("marker", [])
    if not values:
        raise GlanceError(f"GET /v2/images: '{shortened(str(next_link))}' leads to no next page: it has no marker.")
    return values[-1]
