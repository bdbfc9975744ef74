# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""An image in another cloud, as the source of an image's data."""

from __future__ import annotations

import dataclasses

from .._client.image_api import GlanceApi
from .._errors import GlanceError
from .._glance.image import Image
from .._glance.image_hashes import hashes_of, recorded_formats, strongest_hash
from .._options.data import DataOptions
from .blocks import Blocks, rechunk
from .download import Download
from .errors import OutOfTime, WrongSource
from .polling import Deadline
from .source import SourceContent
from .task_data import TaskData


@dataclasses.dataclass(frozen=True)
class RemoteSource:
    """The data of an active image in another cloud; a read that breaks off resumes where it stopped.

    :param api: the other cloud's.
    :param cloud: what errors and results call that cloud.
    :param wait: how long reading all of it may take (s); null for no limit.
    :param is_found_by_name: whether the task names it by its name, and not by its id.
    """

    api: GlanceApi
    image: Image
    cloud: str
    wait: float | None
    is_found_by_name: bool = True
    option: str = "remote"

    @property
    def label(self) -> str:
        return f"image {self.image.id} '{self.image.name}' of {self.cloud}"

    @property
    def size(self) -> int | None:
        return self.image.size

    def is_image(self, image: Image) -> bool:
        """Whether an image is this one, and not one of the same id in another cloud."""
        return image.id == self.image.id and image.get("created_at") == self.image.get("created_at")

    def read(self) -> Blocks:
        download = Download(self.api, self.image, Deadline(self.wait), is_kept=False)
        try:
            # The last block comes once the answer has ended.
            yield from rechunk(download.blocks())
        except OutOfTime:
            raise
        except GlanceError as error:
            # Not as it is: the upload would take it for an error of its own cloud. The download has tried again itself.
            raise WrongSource(f"remote: {self.label} cannot be read: {error}", **error.details) from error

    def published_size(self) -> int | None:
        return self.size


def remote_content(source: RemoteSource) -> SourceContent:
    """The data of the image, which are compared with the hash that the other cloud keeps, if it keeps one."""
    checksum = strongest_hash(source.image) if hashes_of(source.image) else None
    return SourceContent(source, checksum, stated_by=source.cloud)


class RemoteTaskData(TaskData):
    """The data of a task that copies an image of another cloud."""

    def __init__(self, api: GlanceApi, options: DataOptions, wait: float | None, source: RemoteSource) -> None:
        super().__init__(api, options, wait, remote_content(source))
        self._origin = source.image

    def is_in(self, image: Image) -> bool:
        """Whether an image has these data: by any hash that both clouds keep, and only without one by reading them."""
        here, there = hashes_of(image), hashes_of(self._origin)
        common = [algorithm for algorithm in there if algorithm in here]
        if recorded_formats(image) or not common:
            return super().is_in(image)
        return image.size == self._origin.size and here[common[-1]] == there[common[-1]]
