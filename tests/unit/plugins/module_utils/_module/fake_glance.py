# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""A Glance in memory, without HTTP, that fails where a test says so."""

from __future__ import annotations

import types
import typing as t

from ansible_collections.cloudimage.glance.plugins.module_utils._errors import ApiError, ErrorResponse
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.image import Image
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.operations import (
    CREATE,
    DEACTIVATE,
    DELETE,
    IMPORT,
    REACTIVATE,
    STAGE,
    UPDATE,
    UPLOAD,
    Operation,
)
from ansible_collections.cloudimage.glance.plugins.module_utils._transfer.polling import Deadline

PROJECT = "p1"
DATA = {"status": "active", "size": 9, "os_hash_algo": "sha512", "os_hash_value": "9"}
EFFECTS: dict[t.Any, dict[str, t.Any]] = {
    UPLOAD: DATA,
    IMPORT: DATA,
    STAGE: {"status": "uploading"},
    DEACTIVATE: {"status": "deactivated"},
    REACTIVATE: {"status": "active"},
}


def raise_given(error: BaseException | None) -> None:
    if error is not None:
        raise error


def refusal(status: int, method: str = "PUT") -> ApiError:
    return ApiError(ErrorResponse(method, "/v2/images", status, "No."))


def image(image_id: str, **fields: t.Any) -> Image:
    return Image({"id": image_id, "name": "n", "owner": PROJECT, **fields})


class FakeGlance:
    """Images by their ids, and the calls that were made, such as ``PATCH old``; a created image is ``new`` in them."""

    def __init__(self, *images: Image) -> None:
        self.connection = types.SimpleNamespace(project_id=PROJECT)
        self.images = {each.id: each for each in images}
        self.calls: list[str] = []
        self.created: list[str] = []
        self._interferences: dict[str, t.Callable[[], object]] = {}
        self.unreadable: Exception | None = None

    def before(self, call: str, interfere: t.Callable[[], object]) -> None:
        """Have something happen just before a call takes effect, each time that it is made."""
        self._interferences[call] = interfere

    def refuse(self, call: str, error: BaseException) -> None:
        """Answer a call with an error."""

        def interfere() -> None:
            raise error

        self.before(call, interfere)

    def set(self, image_id: str, **fields: t.Any) -> Image:
        """Change an image, as another process or the cloud does."""
        self.images[image_id] = Image({**self.images[image_id].fields, **fields})
        return self.images[image_id]

    def label(self, operation: Operation) -> str:
        path = operation.path.removeprefix("/images").strip("/")
        for image_id in self.created:
            path = path.replace(image_id, "new")
        return f"{operation.call.method} {path}".strip()

    def find_image(self, image_id: str, _base: str | None = None) -> Image | None:
        raise_given(self.unreadable)
        return self.images.get(image_id)

    def perform(self, operation: Operation) -> Image | None:
        call = self.label(operation)
        self.calls.append(call)
        if call in self._interferences:
            self._interferences[call]()
        if operation.call is CREATE:
            return self._create(operation.body)
        image_id = str(operation.image_id)
        if image_id not in self.images:
            raise refusal(404, operation.call.method)
        if operation.call is DELETE:
            del self.images[image_id]
            return None
        if operation.call is UPDATE:
            return self.set(image_id, **{step["path"][1:]: step.get("value") for step in operation.body})
        self.set(image_id, **EFFECTS.get(operation.call, {}))
        return None

    def _create(self, body: t.Mapping[str, t.Any]) -> Image:
        if body["id"] in self.images:
            raise refusal(409, "POST")
        self.created.append(body["id"])
        created = Image({"owner": PROJECT, "status": "queued", **body})
        self.images[created.id] = created
        return created


class FakeUploader:
    """Makes the calls that bring data as they are.

    :ivar outcome: the error that the verification of the data ends with.
    :ivar converts_to: the disk format to which the cloud converts the data.
    """

    def __init__(self, api: FakeGlance) -> None:
        self._api = api
        self.waits = True
        self.deadline = Deadline(0)
        self.outcome: Exception | None = None
        self.converts_to: str | None = None
        self.source_records: dict[str, str] = {}
        self.refused: list[ApiError] = []
        self.released: list[str] = []

    def perform(self, operation: Operation, create_again: t.Callable[[], str] | None) -> str:
        image_id = str(operation.image_id)
        if image_id not in self._api.images and create_again:
            image_id = create_again()
        self._api.perform(Operation(operation.call, image_id, operation.body))
        return image_id

    def wait_until_released(self, image_id: str) -> None:
        self.released.append(image_id)

    def warn_of_refused_import(self, error: ApiError) -> None:
        self.refused.append(error)

    def wait_and_verify(self, before: Image) -> Image:
        raise_given(self.outcome)
        if self.converts_to:
            self.source_records = {"cloudimage_source_formats": "qcow2 bare"}
            return self._api.set(before.id, disk_format=self.converts_to, size=12)
        return self._api.images[before.id]
