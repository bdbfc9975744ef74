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
import datetime
import email.utils
import html
import json
import random
import re
import time
import typing as t
import urllib.parse

from ._attributes import GONE, Image
from ._errors import ApiError, ConnectionProblem, GlanceError
from ._operations import DELETE, UPDATE, Call, Operation
from ._patch import PATCH_CONTENT_TYPE

with contextlib.suppress(ImportError):  # _session says so, before anything here is called
    from keystoneauth1 import exceptions as ksa

if t.TYPE_CHECKING:
    import requests

    from ._session import Connection
    from ._transfer import Upload

PAGE_SIZE = 1000
RETRIED_STATUS = frozenset({429, 502, 503, 504})
# The one code that is sent before anything was done: a call that is not idempotent is sent again after it, and only it.
REFUSED_UNDONE = frozenset({429})
MAX_REASON = 500
# A body that is not JSON is an error page; no more of it than this is looked at.
MAX_PARSED = 100_000

SHOW = Call("GET", "/images/{id}", (200,), idempotent=True)
LIST = Call("GET", "/images", (200,), idempotent=True)
TASKS = Call("GET", "/images/{id}/tasks", (200,), idempotent=True)
MEMBERS = Call("GET", "/images/{id}/members", (200,), idempotent=True)
IMPORT_INFO = Call("GET", "/info/import", (200,), idempotent=True)
STORES_INFO = Call("GET", "/info/stores", (200,), idempotent=True)
# 206 is the answer to a Range, 200 that of a cloud that takes no notice of it.
DOWNLOAD = Call("GET", "/images/{id}/file", (200, 206), idempotent=True)
LIST_PROJECTS = Call("GET", "/projects", (200,), idempotent=True)
LIST_OWN_PROJECTS = Call("GET", "/auth/projects", (200,), idempotent=True)
LIST_DOMAINS = Call("GET", "/domains", (200,), idempotent=True)

Query = t.Sequence[tuple[str, str]]


@dataclasses.dataclass(frozen=True)
class Retries:
    """How often a call is sent, and how long to wait between (seconds)."""

    attempts: int = 5
    first_delay: float = 0.5
    longest_delay: float = 30.0
    sleep: t.Callable[[float], None] = time.sleep
    jitter: t.Callable[[], float] = random.random

    def delay(self, attempt: int, retry_after: str | None) -> float:
        """Seconds to wait after the ``attempt``-th try (from 0): as the server asks, else doubling, spread by jitter."""
        asked = retry_after_seconds(retry_after)
        if asked is not None:
            return min(asked, self.longest_delay)
        return min(self.first_delay * 2.0**attempt * (0.5 + self.jitter()), self.longest_delay)


def retry_after_seconds(value: str | None) -> float | None:
    """The header Retry-After, which is a number of seconds or an HTTP date (RFC 9110, 10.2.3)."""
    if not value:
        return None
    if value.strip().isdigit():
        return float(value)
    try:
        moment = email.utils.parsedate_to_datetime(value)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.timezone.utc)
    return max(0.0, (moment - datetime.datetime.now(datetime.timezone.utc)).total_seconds())


def parse_error(body: str, content_type: str) -> tuple[str, str | None]:
    """What an error's body says, and the cloud's own code if it has one.

    Bodies seen: Glance's HTML pages; plain text; ``{"error": {"code", "message", "details"}}``;
    ``{"<fault>": {"code", "message"}}``; ``{"error_code", "error_msg"}``; ``{"code", "message"}``.
    """
    body = body[:MAX_PARSED]
    if "json" in content_type or body.lstrip().startswith("{"):
        try:
            found = _parse_json_error(json.loads(body))
        except ValueError:
            found = None
        if found:
            return found
    if "html" in content_type or body.lstrip().startswith("<"):
        body = re.sub(r"(?is)<(title|h1|style|script)\b.*?</\1\s*>", " ", body)
        body = html.unescape(re.sub(r"(?s)<[^>]*>", " ", body))
    return _shortened(body), None


def _parse_json_error(answer: t.Any) -> tuple[str, str | None] | None:
    if not isinstance(answer, dict):
        return None
    fault = answer
    if len(answer) == 1 or "error" in answer:
        inner = answer.get("error", next(iter(answer.values()), None))
        fault = inner if isinstance(inner, dict) else answer
    message = fault.get("message") or fault.get("error_msg") or fault.get("title")
    if not message:
        return None
    details = fault.get("details")
    text = f"{message} ({details})" if isinstance(details, str) and details and details != message else str(message)
    code = fault.get("error_code") or fault.get("code")
    # A number is only the HTTP status once more.
    return _shortened(text), code if isinstance(code, str) and not code.isdigit() else None


def _shortened(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= MAX_REASON else text[:MAX_REASON] + " …"


class GlanceApi:
    """The Image API of one cloud."""

    def __init__(self, connection: Connection, retries: Retries | None = None) -> None:
        self.connection = connection
        self._retries = retries or Retries()

    # Reading

    def find_image(self, image_id: str, base: str | None = None) -> Image | None:
        """The image of this id, or null where there is none or only a deleted one's record.

        :param base: base URL of another region's Image API.
        """
        image = self._found(SHOW, _of(SHOW, image_id), base)
        return None if image is None or image.get("status") in GONE else image

    def list_images(self, query: Query, page_size: int = PAGE_SIZE) -> t.Iterator[Image]:
        """Images that match, page by page: no page is fetched before it is needed.

        The query stays this layer's own and only the marker is taken from Glance's ``next``, in which Glance loses repeated
        parameters and which is without the prefix on some clouds. Images seen before are left out.
        """
        marker: str | None = None
        markers: set[str] = set()
        seen: set[str] = set()
        while True:
            paged = [*query, ("limit", str(page_size)), *([("marker", marker)] if marker else [])]
            page = self._json(self._send(LIST, query=paged), LIST)
            images = page.get("images")
            if not isinstance(images, list):
                raise GlanceError("GET /v2/images was answered without a list of images. Is this address an Image API?")
            for image in images:
                if image.get("id") not in seen:
                    seen.add(image.get("id"))
                    yield image
            marker = _marker_of(page.get("next"))
            if marker is None or not images:
                return
            if marker in markers:
                raise GlanceError(f"GET /v2/images: the cloud's pages go round in a circle (marker {marker} came twice).")
            markers.add(marker)

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
        answer = self._json(self._send(MEMBERS, _of(MEMBERS, image_id)), MEMBERS)
        return list(answer.get("members") or [])

    def import_methods(self) -> frozenset[str]:
        """The ways to import data that the cloud offers; none where it does not know the question."""
        methods = (self._found(IMPORT_INFO) or {}).get("import-methods")
        return frozenset(methods.get("value") or ()) if isinstance(methods, dict) else frozenset()

    def list_stores(self) -> list[str]:
        """The names of the cloud's stores; none where it has but one."""
        answer = self._found(STORES_INFO) or {}
        return [str(store["id"]) for store in answer.get("stores") or [] if store.get("read-only") != "true"]

    def download(self, image_id: str, offset: int = 0) -> requests.Response:
        """The image's data from this byte on, as an open answer: 206, or 200 with all of it. The caller closes it."""
        headers = {"Range": f"bytes={offset}-"} if offset else {}
        return self._send(DOWNLOAD, _of(DOWNLOAD, image_id), headers=headers, stream=True)

    # Changing

    def perform(self, operation: Operation) -> Image | None:
        """Make one planned call, other than an upload; returns the image if the answer holds it."""
        call = operation.call
        headers = {"Content-Type": PATCH_CONTENT_TYPE if call is UPDATE else "application/json"}
        data = None if operation.body is None else json.dumps(operation.body).encode()
        answer = self._send(call, operation.path, data=data, headers=headers if data else {})
        return self._json(answer, call) if call.returns_image else None

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

    def _found(self, call: Call, path: str | None = None, base: str | None = None) -> dict[str, t.Any] | None:
        """The answer to a question about something that need not be there: null for HTTP 404."""
        try:
            return self._json(self._send(call, path, base=base), call)
        except ApiError as error:
            if error.status == 404:
                return None
            raise

    def _send(
        self,
        call: Call,
        path: str | None = None,
        query: Query = (),
        base: str | None = None,
        timeout: float | tuple[float, float] | None = None,
        attempts: int | None = None,
        **request: t.Any,
    ) -> requests.Response:
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
                    timeout=timeout or self.connection.timeout,
                    **request,
                )
            except ksa.ConnectionError as error:
                if last or not call.idempotent or isinstance(error, ksa.SSLError):
                    raise self._unanswered(call, path, error) from error
                self._retries.sleep(self._retries.delay(attempt, None))
                continue
            except (ksa.ClientException, OSError, ValueError) as error:  # also a certificate that is not there, a bad URL
                raise ConnectionProblem(f"{call.method} {_shown_path(path)} could not be sent: {error}") from error
            if answer.status_code in call.accepted:
                return answer
            if call is DELETE and attempt and answer.status_code == 404:
                return answer  # the try before, whose answer did not arrive, has done it
            if last or answer.status_code not in (RETRIED_STATUS if call.idempotent else REFUSED_UNDONE):
                raise self._refused(call, path, answer)
            self._retries.sleep(self._retries.delay(attempt, answer.headers.get("Retry-After")))
        raise AssertionError("unreachable: the last try returns or raises")

    def _unanswered(self, call: Call, path: str, error: Exception) -> ConnectionProblem:
        text = f"{call.method} {_shown_path(path)} got no answer: {error}."
        if not call.idempotent:
            text += " Whether it was carried out is not known; run the task again to find out and go on from there."
        return ConnectionProblem(text)

    def _refused(self, call: Call, path: str, answer: requests.Response) -> ApiError:
        reason, code = parse_error(answer.text, answer.headers.get("Content-Type", ""))
        if 300 <= answer.status_code < 400:
            reason = (
                f"{reason or answer.reason} This is not the answer of an Image API at {self.connection.image_url}:"
                " check 'endpoint_override', 'interface' and the catalogue."
            )
        request_id = answer.headers.get("x-openstack-request-id") or answer.headers.get("x-request-id")
        error = ApiError(call.method, _shown_path(path), answer.status_code, reason or str(answer.reason), code, request_id)
        error.retry_after = retry_after_seconds(answer.headers.get("Retry-After"))
        return error

    @staticmethod
    def _json(answer: requests.Response, call: Call) -> dict[str, t.Any]:
        try:
            body = answer.json()
        except ValueError:
            body = None
        if not isinstance(body, dict):
            raise GlanceError(
                f"{call.method} {_shown_path(call.path)} was answered HTTP {answer.status_code} without a JSON object:"
                f" '{_shortened(answer.text[:MAX_PARSED])}'."
            )
        return body


def _of(call: Call, image_id: str) -> str:
    return call.path.replace("{id}", urllib.parse.quote(image_id, safe=""))


def _shown_path(path: str) -> str:
    return f"/v2{path}" if path.startswith(("/images", "/info", "/stores")) else path


def _marker_of(next_link: t.Any) -> str | None:
    if not isinstance(next_link, str):
        return None
    values = urllib.parse.parse_qs(urllib.parse.urlsplit(next_link).query).get("marker")
    return values[-1] if values else None
