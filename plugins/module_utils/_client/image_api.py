# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The calls of the Image API, and those of Keystone that find projects, one method each. Answers are validated."""

from __future__ import annotations

import contextlib
import functools
import json
import re
import threading
import typing as t
import urllib.parse

from .._errors import ApiError, GlanceError, NotSupported, not_none
from .._glance.image import GONE, Image
from .._glance.json_patch import PATCH_CONTENT_TYPE
from .._glance.list_query import UNKNOWN_OPERATOR, Query, sort_of, sorted_images, uses_operators, without_operators
from .._glance.operations import CREATE, IMPORT, UPDATE, Call, Operation
from .._glance.properties import IMAGE_RESOURCE_TYPE
from .._glance.responses import (
    IDENTITY,
    Member,
    content_encoding,
    server_name,
    unapplied_fields,
    validate_image,
    validate_list,
    validate_members,
)
from .._glance.service import api_versions, dotted, import_methods, stores
from .http_client import HttpClient, Request, Retries, json_object, shown_path
from .paging import images_of_pages

if t.TYPE_CHECKING:
    import requests

    from .._options.connection import ConnectionOptions
    from .connection import Connection

PAGE_SIZE = 1000
# Refusals of a Range: Glance's for stores without random access (S3, RBD, Swift, HTTP), and RFC 9110's (15.5.17, 15.6.2).
RANGE_REFUSED = frozenset({400, 416, 501})
# These say that there is no such operation, the first one also that there is no such image.
NO_SUCH_OPERATION = frozenset({404, 405, 501})

SHOW = Call("GET", "/images/{id}", (200,), idempotent=True)
LIST = Call("GET", "/images", (200,), idempotent=True, in_every_api=True)
TASKS = Call("GET", "/images/{id}/tasks", (200,), idempotent=True)
MEMBERS = Call("GET", "/images/{id}/members", (200,), idempotent=True)
MEMBER = Call("GET", "/images/{id}/members/{member}", (200,), idempotent=True)
VERSIONS = Call("GET", "/", (200, 300))
IMPORT_INFO = Call("GET", "/info/import", (200,), idempotent=True)
LIST_NAMESPACES = Call("GET", "/metadefs/namespaces", (200,), idempotent=True)
SHOW_NAMESPACE = Call("GET", "/metadefs/namespaces/{name}", (200,), idempotent=True)
STORES_INFO = Call("GET", "/info/stores", (200,), idempotent=True)
USAGE_INFO = Call("GET", "/info/usage", (200,), idempotent=True)
IMAGE_SCHEMA = Call("GET", "/schemas/image", (200,), idempotent=True)
# 206 is the answer to a Range, 200 that of a cloud that ignores it.
DOWNLOAD = Call("GET", "/images/{id}/file", (200, 206), idempotent=True)
LIST_PROJECTS = Call("GET", "/projects", (200,), idempotent=True)
LIST_OWN_PROJECTS = Call("GET", "/auth/projects", (200,), idempotent=True)
LIST_DOMAINS = Call("GET", "/domains", (200,), idempotent=True)


class UploadBody(t.Protocol):
    """The body of an upload, which is sent in blocks.

    :param size: its length (bytes); null where it is not known.
    """

    size: int | None

    def __iter__(self) -> t.Iterator[bytes]: ...


class GlanceApi:
    """The Image API of one cloud.

    :param connect: opens a connection to another cloud; null where the caller needs none.
    """

    def __init__(
        self,
        connection: Connection,
        retries: Retries | None = None,
        connect: t.Callable[[ConnectionOptions], Connection] | None = None,
    ) -> None:
        self.connection = connection
        self._connect = connect
        self._capabilities = connection.capabilities
        self._http = HttpClient(connection, retries)
        self._without_ranges: set[str] = set()
        self._offers: dict[str, dict[str, t.Any]] = {}
        self._offers_lock = threading.Lock()

    def other_cloud(self, options: ConnectionOptions) -> GlanceApi:
        """The Image API of another cloud, logged in."""
        return GlanceApi(not_none(self._connect)(options))

    # Images

    def find_image(self, image_id: str, base: str | None = None) -> Image | None:
        """The image of this id, or null where there is none or only a deleted one's record.

        :param base: base URL of another region's Image API.
        """
        request = Request(SHOW, _path_of(SHOW, image_id), base)
        try:
            answer = self._http.send_for_json(request)
        except ApiError as error:
            if error.status != 404:
                raise
            # Whatever else is at this address may answer 404 too.
            self.check_is_image_api(base)
            return None
        image = _image(answer, request, image_id)
        self._capabilities.image_apis.add(base)
        return None if image.status in GONE else image

    def list_images(self, query: Query, page_size: int = PAGE_SIZE) -> t.Iterator[Image]:
        """Images that match, page by page: no page is fetched before it is needed.

        A cloud that does not know a condition of the query may give more than that, so each image is to be checked.
        """
        found = False
        if self._capabilities.operators is not False or not uses_operators(query):
            for image in self._all_pages(query, page_size):
                found = True
                yield image
        if not found and uses_operators(query) and not self._knows_operators():
            # Most of these may be left out again, so a page of few would be of no use.
            images = self._all_pages(without_operators(query), PAGE_SIZE)
            sort = sort_of(query)
            yield from sorted_images(images, sort) if sort else images

    def _all_pages(self, query: Query, page_size: int) -> t.Iterator[Image]:
        return images_of_pages(functools.partial(self._page_after, query, page_size))

    def _page_after(self, query: Query, page_size: int, marker: str | None) -> dict[str, t.Any]:
        return self._page([*query, ("limit", str(page_size)), *([("marker", marker)] if marker else [])])

    def _page(self, query: Query, base: str | None = None) -> dict[str, t.Any]:
        page = self._http.send_for_json(Request(LIST, base=base, query=query))
        if not isinstance(page.get("images"), list):
            raise GlanceError("GET /v2/images was answered without a list of images. Is this address an Image API?")
        self._capabilities.image_apis.add(base)
        return page

    def check_is_image_api(self, base: str | None = None) -> None:
        """Raise an error if what is at the address of the Image API is something else.

        :param base: base URL of another region's Image API.
        """
        if base not in self._capabilities.image_apis:
            self._page([("limit", "1")], base)

    def _knows_operators(self) -> bool:
        """Whether the cloud knows the operators of conditions: where it does, it refuses one that does not exist."""
        if self._capabilities.operators is None:
            try:
                self._page([UNKNOWN_OPERATOR, ("limit", "1")])
                self._capabilities.operators = False
            except ApiError as error:
                if error.status != 400:
                    raise
                self._capabilities.operators = True
        return self._capabilities.operators

    def list_tasks(self, image_id: str) -> list[dict[str, t.Any]]:
        """The tasks that Glance has had with an image, oldest first; none on clouds that do not show them."""
        request = Request(TASKS, _path_of(TASKS, image_id))
        tasks = validate_list(self._json_if_offered(request), "tasks", ["id"], str(request))
        return sorted(tasks, key=lambda task: str(task.get("created_at")))

    def list_members(self, image_id: str) -> list[Member]:
        """The projects that an image is shared with. To a project that is one of them Glance shows no others."""
        request = Request(MEMBERS, _path_of(MEMBERS, image_id))
        return validate_members(self._http.send_for_json(request), str(request))

    def member_status(self, image_id: str, project: str) -> str | None:
        """The status of one project among an image's members; null where it is not one of them."""
        path = _path_of(MEMBER, image_id).replace("{member}", urllib.parse.quote(project, safe=""))
        status = self._json_if_offered(Request(MEMBER, path)).get("status")
        return None if status is None else str(status)

    # The cloud

    def import_methods(self) -> frozenset[str]:
        """The ways to import data that the cloud offers; none where it does not know the question."""
        return frozenset(import_methods(self._offer(IMPORT_INFO)) or ())

    def list_stores(self) -> list[str]:
        """The names of the cloud's stores; none where it has but one."""
        return [store["id"] for store in stores(self._offer(STORES_INFO)) or [] if not store["read_only"]]

    def _offer(self, call: Call) -> dict[str, t.Any]:
        """What the cloud offers, which it is asked once for all images of a task."""
        with self._offers_lock:
            if call.path not in self._offers:
                self._offers[call.path] = self._json_if_offered(Request(call))
            return self._offers[call.path]

    def metadata_namespaces(self) -> list[dict[str, t.Any]]:
        """The namespaces of metadata definitions for images, whole; none where the cloud has no definitions.

        They are asked for once a connection.
        """
        with self._offers_lock:
            if self._capabilities.namespaces is None:
                shown = (self._namespace(name) for name in self._namespaces_of(IMAGE_RESOURCE_TYPE))
                self._capabilities.namespaces = [namespace for namespace in shown if namespace]
            return self._capabilities.namespaces

    def _namespaces_of(self, resource_type: str) -> list[str]:
        names: list[str] = []
        while True:
            after = [("marker", names[-1])] if names else []
            query = [("resource_types", resource_type), ("limit", str(PAGE_SIZE)), *after]
            request = Request(LIST_NAMESPACES, query=query)
            page = self._json_if_offered(request)
            listed = validate_list(page, "namespaces", ["namespace"], str(request))
            new = [str(each["namespace"]) for each in listed if each["namespace"] not in names]
            names += new
            if not new or not page.get("next"):
                return names

    def _namespace(self, name: str) -> dict[str, t.Any]:
        path = SHOW_NAMESPACE.path.replace("{name}", urllib.parse.quote(name, safe=""))
        return self._json_if_offered(Request(SHOW_NAMESPACE, path))

    def list_projects(self, query: Query, own_only: bool = False) -> list[dict[str, t.Any]]:
        """Keystone's projects that match; with ``own_only`` those that the user has a role in, which any user may list."""
        call = LIST_OWN_PROJECTS if own_only else LIST_PROJECTS
        request = Request(call, base=self.connection.identity_url, query=query)
        return validate_list(self._http.send_for_json(request), "projects", ["id", "name"], str(request))

    def list_domains(self, query: Query) -> list[dict[str, t.Any]]:
        """Keystone's domains that match."""
        request = Request(LIST_DOMAINS, base=self.connection.identity_url, query=query)
        return validate_list(self._http.send_for_json(request), "domains", ["id"], str(request))

    def check_supported(self, operations: t.Iterable[Operation]) -> None:
        """Refuse what the cloud's API is too old for, as far as it tells its version: NotSupported."""
        for operation in operations:
            since = operation.call.since
            if since and self._version and self._version < since:
                raise NotSupported(
                    f"Not supported by this cloud: {operation.call.method} {shown_path(operation.path)}. Its Image API is"
                    f" v{dotted(self._version)}, and this came with v{dotted(since)}."
                )

    @property
    def _version(self) -> tuple[int, int] | None:
        """The newest version of the Image API that the cloud has; null where it does not say. It is asked once."""
        if not self._capabilities.version_asked:
            versions = None
            with contextlib.suppress(GlanceError):
                versions = api_versions(self.service_document(VERSIONS))
            self._capabilities.version = versions[-1] if versions else None
            self._capabilities.version_asked = True
        return self._capabilities.version

    def service_document(self, call: Call) -> dict[str, t.Any] | None:
        """A document about the Image API; null where the cloud does not have it, or does not show it to this user.

        :param call: VERSIONS, IMPORT_INFO, STORES_INFO, USAGE_INFO or IMAGE_SCHEMA.
        """
        # The document of versions is at the root, above the prefix of version 2; no version needs it to be sent again.
        root = re.sub(r"/v2(\.\d+)?(/.*)?$", "", self.connection.image_url)
        request = Request(call, base=root, attempts=1) if call is VERSIONS else Request(call)
        try:
            return self._http.send_for_json(request)
        except ApiError as error:
            if error.http_status in (*NO_SUCH_OPERATION, 403):
                return None
            raise

    def _json_if_offered(self, request: Request) -> dict[str, t.Any]:
        """The answer to a question that not every cloud knows; empty where this one does not."""
        try:
            return self._http.send_for_json(request)
        except ApiError as error:
            if error.http_status in NO_SUCH_OPERATION:
                return {}
            raise

    # Data

    def download(self, image_id: str, offset: int = 0) -> requests.Response:
        """The image's data from this byte on, as an open response: 206, or 200 with all of it. The caller closes it.

        After a store has refused a Range, no more are requested from it.
        """
        if not offset or image_id in self._without_ranges:
            return self._download(image_id, {})
        try:
            response = self._download(image_id, {"Range": f"bytes={offset}-"})
        except ApiError as error:
            if error.http_status not in RANGE_REFUSED:
                raise
            self._without_ranges.add(image_id)
            return self._download(image_id, {})
        if response.status_code != 206:
            self._without_ranges.add(image_id)
        return response

    def _download(self, image_id: str, headers: dict[str, str]) -> requests.Response:
        headers = {"Accept-Encoding": IDENTITY, **headers}
        response = self._http.open(Request(DOWNLOAD, _path_of(DOWNLOAD, image_id), headers=headers))
        _check_not_encoded(response)
        return response

    def refuses_ranges(self, image_id: str) -> bool:
        """Whether the cloud did not send a part of the image's data that was requested in this run."""
        return image_id in self._without_ranges

    def upload(self, operation: Operation, body: UploadBody, store: str | None, timeout: float) -> None:
        """Make a planned upload.

        :param store: the store that the data go to; null for the cloud's default.
        :param timeout: seconds that the store may take to answer once it has all data; no less than other calls may take.
        """
        headers = {"Content-Type": "application/octet-stream"}
        if body.size is not None:
            # Glance refuses a body of another length (from 2025.2 on; older ones take no notice).
            headers["x-openstack-image-size"] = str(body.size)
        if store:
            headers["x-image-meta-store"] = store
        # requests lets a body stand still as long as connecting may take, and waits for the answer as long as reading may.
        limits = (self.connection.timeout, max(timeout, self.connection.timeout))
        # Only the caller knows whether the image is ready for it again, so neither this nor keystoneauth sends it twice.
        once = Request(
            operation.call, operation.path, headers=headers, data=body, timeout=limits, attempts=1, allow_reauth=False
        )
        self._http.send(once)

    def new_token(self) -> None:
        """Log in again before the next call: the token may have expired, or been withdrawn."""
        self.connection.session.invalidate()

    # Changes

    def perform(self, operation: Operation) -> Image | None:
        """Make one planned call, other than an upload; returns the image if the answer holds it.

        An image that is not as the call asked for is an error, and so is an operation that the cloud does not have:
        NotSupported.
        """
        request = _request_of(operation)
        try:
            response = self._http.send(request)
        except ApiError as error:
            if operation.call.method == "DELETE" and error.response.attempt > 1 and error.status == 404:
                return None  # an earlier attempt, whose answer did not arrive, has done it
            self._check_is_offered(operation, error)
            raise
        if not operation.call.returns_image:
            return None
        image_id = operation.body.get("id") if operation.call is CREATE else operation.image_id
        image = _image(json_object(response, request), request, image_id)
        lost = unapplied_fields(operation.body, image)
        if lost:
            raise GlanceError(
                f"{request} was answered HTTP {response.status}, but the cloud did not apply: {', '.join(lost)}."
            )
        return image

    def _check_is_offered(self, operation: Operation, error: ApiError) -> None:
        """NotSupported, if the error means that the cloud does not have the operation, and not that it has no such image."""
        if operation.call.since and error.http_status in NO_SUCH_OPERATION and self.find_image(str(operation.image_id)):
            raise NotSupported(
                f"Not supported by this cloud, though the image is there: {error}", http_status=error.http_status
            ) from error


def _request_of(operation: Operation) -> Request:
    """The request that makes a planned call with a JSON body, or with none."""
    # Only the caller knows whether another import is going on, so it is not sent again here.
    attempts = 1 if operation.call is IMPORT else None
    if operation.body is None:
        return Request(operation.call, operation.path, attempts=attempts)
    headers = {"Content-Type": PATCH_CONTENT_TYPE if operation.call is UPDATE else "application/json"}
    data = json.dumps(operation.body).encode()
    return Request(operation.call, operation.path, headers=headers, data=data, attempts=attempts)


def _image(answer: dict[str, t.Any], request: Request, image_id: str | None) -> Image:
    """The image that an answer is, if it is the one that was asked for."""
    image = validate_image(answer, str(request))
    if image_id and image.id.lower() != image_id.lower():
        raise GlanceError(f"{request} was answered with another image, {image.id}.")
    return image


def _check_not_encoded(response: requests.Response) -> None:
    """Refuse encoded data: they have other bytes than the image, and cannot be resumed."""
    encoding = content_encoding(response.headers)
    if encoding:
        response.close()
        raise GlanceError(
            f"The image's data arrive with 'Content-Encoding: {encoding}', although the request says 'Accept-Encoding:"
            f" {IDENTITY}': {server_name(response.headers)} in front of the Image API compresses them. Switch that off for"
            " the Image API (nginx: 'gzip off'; Apache: 'SetEnv no-gzip 1'), or give an address of the Image API that does"
            " not lead through it as 'endpoint_override'."
        )


def _path_of(call: Call, image_id: str) -> str:
    return call.path.replace("{id}", urllib.parse.quote(image_id, safe=""))
