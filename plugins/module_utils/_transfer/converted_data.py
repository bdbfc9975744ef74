# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The data of a task that converts its source: how they are recognised, and which attributes follow from them.

Two conversions of one source can differ in all that is not the disk itself, as some formats have random ids. So an image is
recognised by the record of its source, ``sha256:... gz convert:vmdk``, and without one by the disk that it holds.
"""

from __future__ import annotations

import dataclasses
import functools
import typing as t

from .._client.image_api import GlanceApi
from .._errors import InvalidInput, not_none
from .._glance.checksums import Checksum
from .._glance.image import Image
from .._glance.image_hashes import recorded_formats, recorded_source
from .._options.data import DataOptions
from .._plan.desired_image import DataSpec
from .blocks import EXPECTED_ALGORITHM, size_and_hash
from .conversion import ConvertedSource, min_disk_for
from .download import Download
from .polling import Deadline
from .remote_source import RemoteSource
from .source import SourceContent
from .task_data import TaskData, default_container


class ConvertedTaskData(TaskData):
    """The data of a task with ``convert``.

    :param original: the source, before it is converted.
    """

    def __init__(self, api: GlanceApi, options: DataOptions, wait: float | None, original: SourceContent) -> None:
        self._original = original
        self._conversion = ConvertedSource(original, not_none(options.convert))
        super().__init__(api, options, wait, SourceContent(self._conversion))

    @functools.cached_property
    def data(self) -> DataSpec:
        source, awaited = self._original.source, self._wait is not None
        recorded = f"{self._source_checksum} {self._kind}" if self._source_checksum else None
        return DataSpec(source.option, source.label, source_checksum=recorded, awaited=awaited)

    def data_into(self, stores: t.Sequence[str] | None) -> DataSpec:
        size = self._conversion.expected_size
        calls = [self._with_conversion(call, size) for call in self._calls.into(stores)]
        return dataclasses.replace(self.data, size=size, calls=tuple(calls))

    def _with_conversion(self, call: t.Any, size: int | None) -> t.Any:
        if self._original.source.option not in (call.body or {}):
            return call
        compression = {"decompress": self._original.compression} if self._original.compression else {}
        body = {**call.body, "size": size, **compression, "convert": self._conversion.target}
        return dataclasses.replace(call, body=body)

    @functools.cached_property
    def _source_checksum(self) -> Checksum | None:
        """The checksum by which the source is recorded; null for a URL without one, which cannot be compared."""
        if not self._options.is_comparable:
            return None
        return self._original.checksum or self._checksum_by(EXPECTED_ALGORITHM)

    def _checksum_by(self, algorithm: str) -> Checksum:
        """The checksum that the task gives, or else the one of this algorithm, for which the source is read."""
        given = self._original.checksum
        if given is not None and given.algorithm == algorithm:
            return given
        return size_and_hash(self._original.source.read(), algorithm)[1]

    @property
    def _kind(self) -> str:
        """What the record says of the source beside its checksum."""
        compression = f"{self._original.compression} " if self._original.compression else ""
        return f"{compression}convert:{self._conversion.target}"

    def is_in(self, image: Image) -> bool:
        """Whether an image was made of this source by this conversion, or holds the same disk in the same format."""
        if not self._options.is_comparable or self._is_converted_source(image):
            return True
        recorded = recorded_source(image)
        if recorded:
            algorithm, _colon, rest = recorded.partition(":")
            is_same_kind = rest.partition(" ")[2] == self._kind
            return is_same_kind and recorded == f"{self._checksum_by(algorithm)} {self._kind}"
        if recorded_formats(image) or image.disk_format != self._conversion.target or not image.size:
            return False
        deadline = Deadline(self._wait)
        return self._conversion.is_disk_of(Download(self._api, image, deadline).blocks(), image.size, deadline)

    def _is_converted_source(self, image: Image) -> bool:
        """Whether an image is the source itself, and has the format already.

        An image that is found by its name is not converted into its own place: the result would have the name, and the next
        run would convert it again. With the id of the old image, the next run finds the record of the source.
        """
        source = self._original.source
        if not isinstance(source, RemoteSource) or not source.is_image(image):
            return False
        if image.disk_format != self._conversion.target and source.is_found_by_name:
            raise InvalidInput(
                f"remote: {image} is the image that the task is to change: each run would convert it once more."
                " Give the converted image another 'name', or name the old one by its 'id' and keep it with 'replaced'."
            )
        return image.disk_format == self._conversion.target

    def attributes_for(
        self, data: DataSpec, named: t.Mapping[str, t.Any], current: t.Mapping[str, t.Any]
    ) -> dict[str, t.Any]:
        """The container format, and what follows from the size of the disk, if the task does not name them."""
        size = self._conversion.virtual_size
        self.warnings = []
        formats = default_container({**current, **named})
        if "min_disk" in named:
            return formats
        if size is None:
            self.warnings.append(
                f"The size of the disk in {data.label} is not known before it is read, so min_disk is left as it is. Give"
                " 'min_disk' too."
            )
            return formats
        return {**formats, "min_disk": max(min_disk_for(size), current.get("min_disk") or 0)}

    @property
    def inspected(self) -> dict[str, t.Any] | None:
        if "inspection" not in self._conversion.__dict__:
            return None
        inspection = self._conversion.inspection
        size = self._conversion.virtual_size
        return {"format": inspection.format, "virtual_size": size, "converted_to": self._conversion.target}

    def prepare(self, deadline: Deadline) -> None:
        if self._source_checksum and self._original.checksum is None:
            self._conversion.expect(self._source_checksum)
        self._conversion.prepare(deadline)

    def close(self) -> None:
        self._conversion.close()
