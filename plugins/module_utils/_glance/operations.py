# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The calls of the Image API that change something, as data. Pure.

A plan is made of these, a task's result shows them, and the API layer sends them: so what is shown is what is sent.
"""

from __future__ import annotations

import dataclasses
import typing as t
import urllib.parse

from .._url_redaction import redacted_url
from .image_hashes import HASH_PLACEHOLDER
from .properties import SOURCE_CHECKSUM

# Stands for the id of an image that does not exist yet, in paths and in the body that makes it.
ID_PLACEHOLDER = "{id}"
RECORD_POINTER = f"/{SOURCE_CHECKSUM}"


@dataclasses.dataclass(frozen=True)
class Call:
    """One call of the API.

    :param accepted: the status codes that mean success; any other is an error.
    :param returns_image: whether the answer holds the image as it then is.
    :param idempotent: sent twice it does what it does once, so it may be sent again when no answer came.
    :param since: the version of the API that first had it, if it is younger than the API itself.
    :param in_every_api: whether each Image API has this path, so that 404 says that the address is that of something else.
    """

    method: str
    path: str
    accepted: tuple[int, ...]
    returns_image: bool = False
    idempotent: bool = False
    since: tuple[int, int] | None = None
    in_every_api: bool = False


CREATE = Call("POST", "/images", (201,), returns_image=True)
UPDATE = Call("PATCH", "/images/{id}", (200,), returns_image=True)
UPLOAD = Call("PUT", "/images/{id}/file", (204,))
STAGE = Call("PUT", "/images/{id}/stage", (204,))
IMPORT = Call("POST", "/images/{id}/import", (202,))
DATA_CALLS = frozenset({UPLOAD, STAGE, IMPORT})
ADD_MEMBER = Call("POST", "/images/{id}/members", (200,))
SET_MEMBER_STATUS = Call("PUT", "/images/{id}/members/{member}", (200,), idempotent=True)
REMOVE_MEMBER = Call("DELETE", "/images/{id}/members/{member}", (204,), idempotent=True)
MEMBER_CALLS = frozenset({ADD_MEMBER, SET_MEMBER_STATUS, REMOVE_MEMBER})
# 200 is what Huawei's and Open Telekom Cloud's documents show.
DELETE = Call("DELETE", "/images/{id}", (204, 200), idempotent=True)
DEACTIVATE = Call("POST", "/images/{id}/actions/deactivate", (204,), idempotent=True, since=(2, 3))
REACTIVATE = Call("POST", "/images/{id}/actions/reactivate", (204,), idempotent=True, since=(2, 3))
STATUS_CALLS = frozenset({DEACTIVATE, REACTIVATE})


def remove_from_store(store: str) -> Call:
    """The call that deletes a store's copy of an image's data."""
    return Call("DELETE", f"/stores/{urllib.parse.quote(store, safe='')}/{{id}}", (204,), idempotent=True)


@dataclasses.dataclass(frozen=True)
class Operation:
    """A call with its image and its body.

    :param image_id: null for the image that an earlier operation of the same plan makes.
    :param member: the project that a call about an image's members means.
    :param body: what is sent as JSON; of an upload, where the data come from and how many bytes they are.
    :param instead: the calls to make if the cloud refuses this one; none where that is an error.
    """

    call: Call
    image_id: str | None = None
    body: t.Any = None
    member: str | None = None
    instead: tuple[Operation, ...] = ()

    def of(self, image_id: str) -> Operation:
        """The same operation, of this image if it was planned for one that did not exist yet."""
        if self.image_id:
            return self
        if self.call is CREATE:
            return dataclasses.replace(self, body={**self.body, "id": image_id})
        return dataclasses.replace(self, image_id=image_id)

    def with_hash(self, identity: str) -> Operation:
        """The same operation, with what identifies the data in the record of their source (``identity_of_data``)."""
        if self.call is not UPDATE:
            return self
        filled = [
            {**step, "value": step["value"].replace(HASH_PLACEHOLDER, identity)} if step["path"] == RECORD_POINTER else step
            for step in self.body
        ]
        return dataclasses.replace(self, body=filled)

    @property
    def path(self) -> str:
        """Path below the API's base URL."""
        path = self.call.path.replace("{id}", self.image_id or ID_PLACEHOLDER)
        return path.replace("{member}", urllib.parse.quote(self.member, safe="")) if self.member else path

    def to_result(self) -> dict[str, t.Any]:
        """The operation as a task's result shows it."""
        return {"method": self.call.method, "path": f"/v2{self.path}", "body": _without_secrets(self.body)}


def _without_secrets(body: t.Any) -> t.Any:
    if not isinstance(body, dict) or "uri" not in (body.get("method") or ()):
        return body
    return {**body, "method": {**body["method"], "uri": redacted_url(body["method"]["uri"])}}
