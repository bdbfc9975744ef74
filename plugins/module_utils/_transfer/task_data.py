# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The data that a task wants an image to have: their inspection, and their comparison with an image's data."""

from __future__ import annotations

import dataclasses
import functools
import typing as t

from .._client.image_api import GlanceApi
from .._errors import ApiError, InvalidInput, not_none
from .._glance.checksums import Checksum
from .._glance.image import Image
from .._glance.image_hashes import hashes_of, recorded_formats, recorded_source, strongest_hash
from .._glance.operations import IMPORT
from .._options.data import DataOptions
from .._plan.desired_image import DataSpec
from .blocks import EXPECTED_ALGORITHM, size_and_hash
from .download import hash_of_stored_data
from .errors import BrokenSource
from .format_inspection import (
    MISSING_LIBRARY,
    Inspection,
    check_content,
    inspect_content,
    library,
    recognised_format,
)
from .import_methods import DataCalls
from .polling import Deadline
from .source import SourceContent

# Hashes that clouds compute of all data, so that an image can be compared with a checksum of these at once.
COMPUTED_BY_CLOUDS = (EXPECTED_ALGORITHM, "md5")

# Disk formats whose container format has the same name.
OWN_CONTAINERS = ("ami", "aki", "ari")


class TaskData:
    """The data of one task.

    :param wait: how long the task may wait (s); null to not wait.
    :param content: what this host reads; null where the data come from another region.
    :param remote: the image of another region whose data they are.
    """

    def __init__(
        self,
        api: GlanceApi,
        options: DataOptions,
        wait: float | None,
        content: SourceContent | None = None,
        remote: Image | None = None,
    ) -> None:
        self._api = api
        self._options = options
        self._wait = wait
        self.content = content
        self._remote = remote
        self._calls = DataCalls(api, options, content)
        self._inspection: Inspection | None = None
        self.warnings: list[str] = []

    @functools.cached_property
    def data(self) -> DataSpec:
        """The data as a plan knows them, without the calls that bring them."""
        awaited = self._wait is not None
        if self.content is None:
            remote = not_none(self._remote)
            label = f"image {remote.id} of region {not_none(self._options.remote).region}"
            return DataSpec("remote", label, remote.size, strongest_hash(remote), awaited=awaited)
        source, checksum = self.content.source, self.content.checksum
        compression = self.content.compression
        is_recorded = checksum and (compression or checksum.algorithm not in COMPUTED_BY_CLOUDS)
        recorded = f"{checksum} {compression or ''}".rstrip() if is_recorded else None
        return DataSpec(source.option, source.label, self.content.size, self.content.image_hash, recorded, awaited=awaited)

    def data_into(self, stores: t.Sequence[str] | None) -> DataSpec:
        """The same with the calls; for data from a URL or another region the cloud is asked what it offers.

        :param stores: the stores that the data go to; null for the cloud's default.
        """
        return dataclasses.replace(self.data, calls=tuple(self._calls.into(stores)))

    def attributes_for(
        self, data: DataSpec, named: t.Mapping[str, t.Any], current: t.Mapping[str, t.Any]
    ) -> dict[str, t.Any]:
        """The attributes that follow from the data; it is an error if they are not what the image's formats say.

        Formats that neither the task nor the image names are among them.

        Files are inspected where that is possible. Data from elsewhere, which must be requested once more for it, are
        inspected if the task says so.

        :param data: the data with their calls.
        :param named: the attributes that the task names.
        :param current: the attributes that the image has already, or takes over.
        """
        image, content = {**current, **named}, self.content
        formats = self._default_formats(image, content) if content and content.source.option in ("path", "url") else {}
        self._expect_as_inspected()
        is_bare = {**image, **formats}.get("container_format") in (None, "bare")
        if content is None or data.calls[0].call is IMPORT or not is_bare or not image.get("disk_format"):
            return formats
        self._inspection = self._inspection or self._inspect(content)
        self._expect_as_inspected()
        if self._inspection:
            is_staged = self._options.import_method == "glance-direct"
            check_content(self._inspection, str(image["disk_format"]), content, may_be_changed=is_staged)
        return formats

    def _expect_as_inspected(self) -> None:
        """Send only data that begin as those that were inspected; a checksum says more."""
        if self._inspection and self.content and self.content.checksum is None:
            self.content = dataclasses.replace(self.content, beginning=self._inspection.beginning)

    def _default_formats(self, image: t.Mapping[str, t.Any], content: SourceContent) -> dict[str, str]:
        """The formats that neither the task nor the image names; no disk_format is guessed."""
        container = default_container(image)
        if image.get("disk_format") or {**image, **container}.get("container_format") != "bare":
            return container
        source = content.source
        if self._options.inspect == "never" or library() is None:
            reason = "with 'inspect: never'" if self._options.inspect == "never" else f"without {MISSING_LIBRARY}"
            raise InvalidInput(
                f"disk_format: the task names none, and {reason} the format of {source.option} {source.label} is not known."
                " Give the disk_format."
            )
        self._inspection = self._inspection or inspect_content(content, library())
        return {"disk_format": recognised_format(self._inspection, content), **container}

    def _inspect(self, content: SourceContent) -> Inspection | None:
        """What the data are; null if they cannot be inspected, or need not be."""
        wanted = self._options.inspect
        if wanted == "never" or (wanted == "auto" and content.source.option != "path"):
            return None
        inspectors = library()
        if inspectors is None:
            if wanted == "always":
                raise InvalidInput(f"inspect: 'always' needs {MISSING_LIBRARY}")
            return None
        try:
            return inspect_content(content, inspectors)
        except BrokenSource:
            return None  # the transfer may have more luck, and else reports it

    @property
    def inspected(self) -> dict[str, t.Any] | None:
        """What the inspection has found, as a result shows it; null where nothing was inspected."""
        found = self._inspection
        return {"format": found.format, "virtual_size": found.virtual_size, "converted_to": None} if found else None

    def prepare(self, deadline: Deadline) -> None:
        """Do what must be done before the data can be sent, and before anything is changed."""

    def close(self) -> None:
        """Free what ``prepare`` has taken."""

    def is_in(self, image: Image) -> bool:
        """Whether an image has these data: by size, then by a hash that is known, and only then by reading the source."""
        hashes = hashes_of(image)
        data, content = self.data, self.content
        if recorded_formats(image):
            return self._is_recorded_source(recorded_source(image))
        if data.size not in (None, image.size):
            return False
        known = hashes_of(self._remote) if self._remote else {data.hash.algorithm: data.hash.value} if data.hash else {}
        if common := [algorithm for algorithm in known if algorithm in hashes]:
            return hashes[common[-1]] == known[common[-1]]
        if not self._options.is_comparable or content is None:
            return True
        recorded = recorded_source(image)
        if data.source_checksum and recorded and _same_kind(data.source_checksum, recorded):
            return recorded == data.source_checksum
        stored = strongest_hash(image) if hashes else self._read_back(image)
        return size_and_hash(content.read(), stored.algorithm) == (image.size, stored)

    def _is_recorded_source(self, recorded: str | None) -> bool:
        """Whether the cloud made its data from this source by a conversion, which only a record shows."""
        data, content = self.data, self.content
        if not self._options.is_comparable:
            return True
        if recorded is None:
            return False
        for given in (data.source_checksum, str(data.hash or "")):
            if given and _same_kind(given, recorded):
                return given == recorded
        algorithm, _colon, rest = recorded.partition(":")
        if content is None or " " in rest:
            return False  # another region's data cannot be read here, and a compressed source is another file
        return str(size_and_hash(content.read(), algorithm)[1]) == recorded

    def _read_back(self, image: Image) -> Checksum:
        """The hash of what the cloud has, where it keeps none."""
        try:
            return hash_of_stored_data(self._api, image, EXPECTED_ALGORITHM, Deadline(self._wait))
        except ApiError as error:
            if image.status == "deactivated" and error.status == 403:
                raise InvalidInput(
                    f"{image} is deactivated, and the cloud shows no hash of its data. To compare them they would have to be"
                    " read, which the cloud allows administrators only as long as the image is deactivated. Run the task as"
                    " an administrator, or activate the image first (image_state), or delete it if its data are not needed."
                ) from error
            raise error.explained(
                "This cloud keeps no hash of an image's data, so they have to be read back to be compared. Give a 'checksum'"
                " with sha256: it is recorded at the image once the data are verified, and then nothing has to be read."
            ) from error


def default_container(image: t.Mapping[str, t.Any]) -> dict[str, str]:
    """The container format of an image that has none: bare, unless the disk format demands another one."""
    is_missing = not image.get("container_format") and image.get("disk_format") not in OWN_CONTAINERS
    return {"container_format": "bare"} if is_missing else {}


def _same_kind(recorded: str, other: str) -> bool:
    """Whether two recorded checksums can be compared: they have one algorithm, and one compression."""
    kinds = [(text.partition(":")[0], text.partition(" ")[2]) for text in (recorded, other)]
    return kinds[0] == kinds[1]
