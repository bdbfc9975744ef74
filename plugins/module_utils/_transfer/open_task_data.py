# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""From a task's options to its data: the source, or the image of another region or cloud."""

from __future__ import annotations

from .._client.image_api import GlanceApi
from .._errors import InvalidInput, not_none
from .._glance.image import Image
from .._options.data import DataOptions, RemoteImage
from .decompression import compression_of
from .file_source import file_source
from .remote_source import RemoteSource, RemoteTaskData, remote_content
from .source import SourceContent
from .task_data import TaskData
from .url_source import UrlSource, check_url, resolve_checksum


def open_task_data(api: GlanceApi, options: DataOptions, wait: float | None, remote: RemoteSource | None = None) -> TaskData:
    """The data that the task names.

    :param wait: how long the task may wait (s); null to not wait.
    :param remote: the image in another cloud that the task names; null where it names none.
    """
    if remote is not None and options.convert is None:
        return RemoteTaskData(api, options, wait, remote)
    if remote is not None:
        return _converted(api, options, wait, remote_content(remote))
    if options.remote is not None:
        return TaskData(api, options, wait, remote=_find_remote_image(api, options.remote))
    # A server that sends nothing must not take longer than the task may.
    timeout = min(api.connection.timeout, wait or api.connection.timeout)
    location = check_url(options.url, "url") if options.url is not None else not_none(options.path)
    compression = compression_of(options.decompress, location)
    checksum = resolve_checksum(options.checksum, location, timeout)
    source = UrlSource(location, timeout, wait, checksum is not None) if options.url is not None else file_source(location)
    content = SourceContent(source, checksum, compression)
    if options.convert is None:
        return TaskData(api, options, wait, content)
    return _converted(api, options, wait, content)


def _converted(api: GlanceApi, options: DataOptions, wait: float | None, original: SourceContent) -> TaskData:
    # Only a task that converts its source needs what converts it.
    from .converted_data import ConvertedTaskData  # noqa: PLC0415

    return ConvertedTaskData(api, options, wait, original)


def _find_remote_image(api: GlanceApi, remote: RemoteImage) -> Image:
    base = api.connection.image_url_in(remote.region, remote.interface)
    image = api.find_image(remote.id.lower(), base)
    if image is None or image.status != "active":
        is_there = f"has the status '{image.status}'" if image else "is not there, or not for this user to see"
        raise InvalidInput(f"remote: image {remote.id} of region '{remote.region}' {is_there}.")
    return image
