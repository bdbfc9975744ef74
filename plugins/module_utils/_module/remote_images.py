# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""Finding the images in other clouds that a task copies: one login to each cloud, and few lists of many images."""

from __future__ import annotations

import json
import threading
import typing as t

from .._client.image_api import GlanceApi
from .._errors import GlanceError, InvalidInput, not_none
from .._glance.image import Image
from .._options.connection import ConnectionOptions
from .._options.image import ImageOptions
from .._options.remote import CloudImage
from .._transfer.remote_source import RemoteSource
from .lookup import check_name_is_no_id, find_by_id, list_named, only_one


class RemoteImages:
    """The images in other clouds that the entries of a task name.

    :param api: the cloud of the task, the way to which also leads to other clouds.
    """

    def __init__(self, api: GlanceApi, entries: t.Iterable[ImageOptions]) -> None:
        self._lock = threading.Lock()
        self._clouds: dict[str, OtherCloud] = {}
        for entry in entries:
            remote = entry.data.cloud_image if entry.data else None
            if remote:
                key = _key(remote.connection)
                cloud = self._clouds.setdefault(key, OtherCloud(api, remote.connection, self._lock))
                if remote.name and remote.name not in cloud.names:
                    cloud.names.append(remote.name)

    def find(self, remote: CloudImage, wait: float | None) -> RemoteSource:
        """The one image that is meant; it is an error if its data cannot be read. Errors name the cloud.

        :param wait: how long reading its data may take (s); null for no limit.
        """
        cloud = self._clouds[_key(remote.connection)]
        try:
            image = cloud.find(remote)
        except GlanceError as error:
            raise GlanceError(f"remote, {remote.cloud}: {error}", **error.details) from error
        return RemoteSource(cloud.api, image, remote.cloud, wait, is_found_by_name=remote.id is None)


class OtherCloud:
    """One cloud that images are copied from. The first thread that needs it logs in, and looks all names up.

    :param api: the cloud of the task.
    :param lock: lets one thread at a time log in to a cloud.
    """

    def __init__(self, api: GlanceApi, connection: ConnectionOptions, lock: threading.Lock) -> None:
        self.names: list[str] = []
        self._task_api = api
        self._connection = connection
        self._lock = lock
        self._api: GlanceApi | None = None
        self._failure: GlanceError | None = None
        self._listed: dict[str, list[Image]] = {}

    @property
    def api(self) -> GlanceApi:
        return not_none(self._api)

    def find(self, remote: CloudImage) -> Image:
        """The one active image of this id or name."""
        self._open()
        found = self._by_id(remote.id) if remote.id else self._by_name(not_none(remote.name))
        if not found:
            raise InvalidInput(
                f"there is no image with the {remote.label}, or this login must not see it. Correct it, or share the image"
                " with the project of this login."
            )
        image = only_one(found, remote.label, "Give the 'id' of the one that is meant.")
        if image.status != "active":
            raise InvalidInput(f"{image} has the status '{image.status}'; only an active image has data to copy.")
        if not image.size:
            raise InvalidInput(f"{image} has no data of its own: its size is {image.size}.")
        return image

    def _open(self) -> None:
        with self._lock:
            if self._failure:  # each image that needs this cloud fails, and only the first one waits for it
                raise self._failure
            if self._api is None:
                try:
                    self._api = self._task_api.other_cloud(self._connection)
                    for image in list_named(self._api, self.names, None, hidden=False):
                        self._listed.setdefault(str(image.name), []).append(image)
                except GlanceError as error:
                    self._failure = error
                    raise

    def _by_id(self, image_id: str) -> list[Image]:
        image = find_by_id(self.api, image_id)
        return [image] if image else []

    def _by_name(self, name: str) -> list[Image]:
        found = self._listed.get(name) or list(list_named(self.api, [name], None, hidden=True))
        if not found:
            check_name_is_no_id(self.api, name)
        return found


def _key(connection: ConnectionOptions) -> str:
    """Connections with the same options have the same key."""
    return json.dumps(vars(connection), sort_keys=True, default=str)
