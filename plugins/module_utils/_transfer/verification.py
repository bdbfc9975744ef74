# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""Comparing the data that an image has with those that were sent, or that the cloud should have imported."""

from __future__ import annotations

import dataclasses

from .._client.image_api import GlanceApi
from .._errors import ApiError, GlanceError
from .._glance.checksums import Checksum
from .._glance.image import FORMATS, Image
from .._glance.image_hashes import hashes_of, strongest_hash
from .._glance.properties import SOURCE_CHECKSUM, SOURCE_FORMATS
from .._plan.desired_image import DataSpec
from .blocks import EXPECTED_ALGORITHM, size_and_hash
from .decompression import decompressed_gzip
from .download import hash_of_stored_data
from .errors import BrokenSource, DataMismatch, DataStillInTransit, OutOfTime, WrongSource
from .polling import Deadline
from .source import SourceContent
from .upload import Upload


@dataclasses.dataclass
class Verification:
    """The outcome of a successful comparison.

    :param hash: of the image's data; null if it is not known.
    :param source_records: what to record of the source if the cloud changed its data: texts by the property.
    """

    hash: Checksum | None
    source_records: dict[str, str] = dataclasses.field(default_factory=dict)
    warnings: list[str] = dataclasses.field(default_factory=list)


class Verifier:
    """Compares the data of an image with those of a task.

    :param content: what this host can read; null where the cloud fetches the data and the task knows no source of them.
    :param data: what the image should have, as far as it is known beforehand; null where the task names none.
    """

    def __init__(self, api: GlanceApi, content: SourceContent | None, data: DataSpec | None, deadline: Deadline) -> None:
        self._api = api
        self._content = content
        self._data = data
        self._deadline = deadline

    def verify(self, before: Image, image: Image, upload: Upload | None, is_import: bool) -> Verification:
        """Compare the data of an image; any difference that the cloud's own work does not explain is an error.

        :param before: the image before its data were sent.
        :param image: the image as it is now; it is active, or another run has deactivated it since.
        :param upload: what this host has sent; null where the cloud fetched the data itself.
        :param is_import: whether the cloud imported the data, which may convert or decompress them.
        """
        if not image.size:
            raise DataMismatch(
                f"The cloud has no data at all in image {image.id}, though it is {image.status}: the source is empty."
            )
        if is_converted(before, image):
            return self._accept_conversion(before, image, upload)
        try:
            return self._compare_upload(image, upload) if upload else self._compare_import(image)
        except DataMismatch:
            if not is_import or not self._is_decompressed_source(image):
                raise
            return Verification(strongest_hash(image), self._source_records(before, upload))

    # What this host has sent

    def _compare_upload(self, image: Image, upload: Upload) -> Verification:
        if hashes_of(image):
            upload.check_arrived(image, strongest_hash(image))
            return Verification(upload.hash)
        try:
            stored = hash_of_stored_data(self._api, image, EXPECTED_ALGORITHM, self._deadline)
        except ApiError as error:
            upload.check_arrived(image, None)
            warning = (
                f"This cloud keeps no hash of image {image.id} and does not let its data be read back ({error}), so they"
                " could be verified by their size only."
            )
            return Verification(upload.hash, warnings=[warning])
        except GlanceError as error:
            raise DataStillInTransit(
                f"All data of image {image.id} were sent. This cloud keeps no hash of them, and reading them back to"
                f" verify them did not finish: {error} The image was left as it is; the next run compares it."
            ) from error
        upload.check_arrived(image, stored)
        return Verification(upload.hash)

    # What the cloud has imported

    def _compare_import(self, image: Image) -> Verification:
        checksum, size = (self._data.hash, self._data.size) if self._data else (None, None)
        if checksum:
            self._compare_hash(image, checksum)
        elif size is None and self._content:
            size = self._content.published_size()
        if size not in (None, image.size):
            raise DataMismatch(f"The cloud has {image.size} bytes of data, and the source has {size}.")
        verification = Verification(strongest_hash(image) if hashes_of(image) else None)
        if not checksum:
            verification.warnings.append(
                f"What the cloud imported into image {image.id} could be verified by its size only."
                if size is not None
                else f"What the cloud imported into image {image.id} could not be verified; give a 'checksum'."
            )
        return verification

    def _compare_hash(self, image: Image, checksum: Checksum) -> None:
        hashes = hashes_of(image)
        if checksum.algorithm in hashes:
            found = Checksum(checksum.algorithm, hashes[checksum.algorithm])
        else:
            found = hash_of_stored_data(self._api, image, checksum.algorithm, self._deadline)
        if checksum != found:
            raise DataMismatch(
                f"The cloud has other data than the task says: {found} instead of {checksum}."
                " If the cloud changes what it imports without changing the image's formats, use 'transfer: stream'."
            )

    # What the cloud has changed

    def _accept_conversion(self, before: Image, image: Image, upload: Upload | None) -> Verification:
        """Accept data that the cloud has converted: their hash is not predictable."""
        changed = " and ".join(
            f"{key} from {before.get(key)} to {image.get(key)}" for key in FORMATS if before.get(key) != image.get(key)
        )
        is_unchecked = upload is None and self._source_checksum(upload) is not None
        unchecked = " The source was not compared with its checksum." if is_unchecked else ""
        warning = (
            f"The cloud converted the data of image {image.id} when it imported them, and changed its {changed}. So the"
            f" data could not be compared with the source: the import succeeded and the image has data.{unchecked}"
        )
        stored = strongest_hash(image) if hashes_of(image) else None
        return Verification(stored, self._source_records(before, upload), [warning])

    def _is_decompressed_source(self, image: Image) -> bool:
        """Whether the image has the decompressed data of the source (gzip), which is read once more for this."""
        if self._content is None or self._content.compression or not hashes_of(image):
            return False
        stored = strongest_hash(image)
        try:
            decompressed = decompressed_gzip(self._content.read(), self._content.source.label)
            return decompressed is not None and size_and_hash(decompressed, stored.algorithm) == (image.size, stored)
        except (WrongSource, BrokenSource, OutOfTime):  # what cannot be read does not explain the difference either
            return False

    def _source_records(self, before: Image, upload: Upload | None) -> dict[str, str]:
        """What to record of a source whose data the cloud has changed, so that the next run recognises the image."""
        records = {SOURCE_FORMATS: " ".join(str(before.get(key)) for key in FORMATS)}
        checksum = self._source_checksum(upload)
        is_planned = self._data is not None and bool(self._data.record)
        if checksum and not is_planned:
            records[SOURCE_CHECKSUM] = str(checksum)
        return records

    def _source_checksum(self, upload: Upload | None) -> Checksum | str | None:
        """The checksum of the source: of what was sent, or as the task says."""
        if upload:
            return upload.hash
        return (self._data.source_checksum or self._data.hash) if self._data else None


def is_converted(before: Image, image: Image) -> bool:
    """Whether the cloud converted an image's data when it imported them, which its changed formats show."""
    return any(before.get(key) and image.get(key) != before.get(key) for key in FORMATS)
