# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

import contextlib
import dataclasses
import gzip
import hashlib
import io
import types
import typing as t

import pytest
import urllib3
from ansible_collections.cloudimage.glance.plugins.module_utils._errors import ApiError, ErrorResponse
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.checksums import Checksum
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.image import Image
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.properties import SOURCE_CHECKSUM, SOURCE_FORMATS
from ansible_collections.cloudimage.glance.plugins.module_utils._plan.desired_image import DataSpec
from ansible_collections.cloudimage.glance.plugins.module_utils._transfer.errors import (
    BrokenSource,
    DataMismatch,
    DataStillInTransit,
    OutOfTime,
)
from ansible_collections.cloudimage.glance.plugins.module_utils._transfer.polling import Deadline
from ansible_collections.cloudimage.glance.plugins.module_utils._transfer.source import SourceContent
from ansible_collections.cloudimage.glance.plugins.module_utils._transfer.stats import TransferStats
from ansible_collections.cloudimage.glance.plugins.module_utils._transfer.upload import Upload, new_upload
from ansible_collections.cloudimage.glance.plugins.module_utils._transfer.verification import (
    Verification,
    Verifier,
    is_converted,
)

if t.TYPE_CHECKING:
    pass

DATA = b"the data of an image"
FORMATS = {"disk_format": "qcow2", "container_format": "bare"}
BEFORE = Image({"id": "i", **FORMATS})


@dataclasses.dataclass(frozen=True)
class PublishedSource:
    """A source whose size is known only by asking its server."""

    data: bytes = DATA
    published: int | None = len(DATA)
    label: str = "https://host/disk"
    option: str = "url"
    size: None = None

    def read(self) -> t.Iterator[bytes]:
        return iter((self.data,))

    def published_size(self) -> int | None:
        return self.published


def raw_body(data: bytes) -> urllib3.HTTPResponse:
    return urllib3.HTTPResponse(io.BytesIO(data), preload_content=False)


class Cloud:
    """Lets the data of an image be read back; with an error it refuses that."""

    def __init__(self, data: bytes = DATA, error: ApiError | None = None) -> None:
        self.data = data
        self.error = error
        self.downloads = 0

    @contextlib.contextmanager
    def download(self, _image_id: str, _offset: int) -> t.Iterator[t.Any]:
        self.downloads += 1
        if self.error:
            raise self.error
        yield types.SimpleNamespace(status_code=200, headers={}, raw=raw_body(self.data))

    def refuses_ranges(self, _image_id: str) -> bool:
        return False


def hash_of(data: bytes, algorithm: str = "sha512") -> Checksum:
    return Checksum(algorithm, hashlib.new(algorithm, data).hexdigest())


def stored(data: bytes = DATA, **attributes: t.Any) -> Image:
    """An active image with these data, as a cloud shows it that keeps a hash."""
    hashes = {"os_hash_algo": "sha512", "os_hash_value": hash_of(data).value}
    return Image({"id": "i", "status": "active", "size": len(data), **FORMATS, **hashes, **attributes})


def without_hash(data: bytes = DATA) -> Image:
    return Image({"id": "i", "status": "active", "size": len(data), **FORMATS})


def sent(data: bytes = DATA) -> Upload:
    upload = new_upload(SourceContent(PublishedSource(data)), TransferStats("upload"), Deadline(None))
    assert b"".join(upload) == data
    return upload


def verify_upload(image: Image, cloud: Cloud | None = None, seconds: float | None = None) -> Verification:
    verifier = Verifier(t.cast("t.Any", cloud or Cloud()), SourceContent(PublishedSource()), None, Deadline(seconds))
    return verifier.verify(BEFORE, image, sent(), is_import=False)


def verify_import(
    image: Image, checksum: Checksum | None = None, source: PublishedSource | None = None, cloud: Cloud | None = None
) -> Verification:
    content = SourceContent(source or PublishedSource(), checksum)
    data = DataSpec("url", "https://host/disk", None, checksum)
    verifier = Verifier(t.cast("t.Any", cloud or Cloud()), content, data, Deadline(None))
    return verifier.verify(BEFORE, image, None, is_import=True)


# What was sent


def test_an_upload_with_the_same_hash_is_verified() -> None:
    cloud = Cloud()
    assert verify_upload(stored(), cloud) == Verification(hash_of(DATA))
    assert cloud.downloads == 0


def test_an_upload_with_another_hash_is_an_error() -> None:
    with pytest.raises(DataMismatch, match="The data arrived changed"):
        verify_upload(stored(DATA[::-1]))


def test_an_active_image_without_data_is_an_error() -> None:
    with pytest.raises(DataMismatch, match="has no data at all"):
        verify_upload(stored(b""))


def test_an_upload_is_read_back_where_the_cloud_keeps_no_hash() -> None:
    cloud = Cloud()
    assert verify_upload(without_hash(), cloud) == Verification(hash_of(DATA))
    assert cloud.downloads == 1


def test_an_upload_that_is_read_back_changed_is_an_error() -> None:
    with pytest.raises(DataMismatch, match="The data arrived changed"):
        verify_upload(without_hash(), Cloud(DATA[::-1]))


def test_an_upload_is_verified_by_its_size_where_it_cannot_be_read_back() -> None:
    refusal = ApiError(ErrorResponse("GET", "/v2/images/i/file", 403, "not yours"))
    verification = verify_upload(without_hash(), Cloud(error=refusal))
    assert verification.hash == hash_of(DATA)
    assert "could be verified by their size only" in verification.warnings[0]
    with pytest.raises(DataMismatch, match="The data arrived changed"):
        verify_upload(without_hash(DATA[1:]), Cloud(error=refusal))


@pytest.mark.usefixtures("clock")
def test_an_upload_that_is_not_read_back_in_time_is_still_in_transit() -> None:
    with pytest.raises(DataStillInTransit, match="All data of image i were sent"):
        verify_upload(without_hash(), seconds=0)


# What the cloud imported


def test_an_import_with_the_checksum_of_the_task_is_verified() -> None:
    assert verify_import(stored(), hash_of(DATA)) == Verification(hash_of(DATA))


def test_an_import_with_another_checksum_is_an_error() -> None:
    with pytest.raises(DataMismatch, match="The cloud has other data than the task says"):
        verify_import(stored(), hash_of(b"other"))


def test_an_import_is_read_back_where_the_cloud_computes_another_hash() -> None:
    cloud = Cloud()
    assert verify_import(stored(), hash_of(DATA, "sha256"), cloud=cloud) == Verification(hash_of(DATA))
    assert cloud.downloads == 1


def test_an_import_without_a_checksum_is_verified_by_the_published_size() -> None:
    (warning,) = verify_import(stored()).warnings
    assert warning == "What the cloud imported into image i could be verified by its size only."


def test_an_import_of_another_size_is_an_error() -> None:
    with pytest.raises(DataMismatch, match=f"has {len(DATA)} bytes of data, and the source has 5"):
        verify_import(stored(), source=PublishedSource(published=5))


def test_an_import_that_cannot_be_verified_is_a_warning() -> None:
    (warning,) = verify_import(stored(), source=PublishedSource(published=None)).warnings
    assert "could not be verified; give a 'checksum'" in warning


# What the cloud changed


def test_a_decompressed_import_is_compared_with_the_decompressed_source() -> None:
    archive = gzip.compress(DATA)
    verification = verify_import(stored(), hash_of(archive), PublishedSource(archive))
    assert verification.hash == hash_of(DATA)
    assert verification.source_records == {SOURCE_FORMATS: "qcow2 bare", SOURCE_CHECKSUM: str(hash_of(archive))}


def test_a_decompressed_import_with_other_content_is_an_error() -> None:
    archive = gzip.compress(DATA)
    with pytest.raises(DataMismatch, match="other data than the task says"):
        verify_import(stored(DATA[::-1]), hash_of(archive), PublishedSource(archive))


@pytest.mark.parametrize("kind", [BrokenSource, OutOfTime])
def test_wrong_data_of_an_import_are_an_error_also_if_the_source_cannot_be_read(kind: type[Exception]) -> None:
    """The image would otherwise stay active with them."""

    class Unreachable(PublishedSource):
        def read(self) -> t.Iterator[bytes]:
            raise kind("url: x does not answer.")

    with pytest.raises(DataMismatch, match="other data than the task says"):
        verify_import(stored(), hash_of(b"other"), Unreachable())


def test_a_converted_import_is_accepted_with_a_record_of_its_source() -> None:
    verification = verify_import(stored(b"converted", disk_format="raw"), hash_of(DATA))
    assert verification.hash == hash_of(b"converted")
    assert verification.source_records == {SOURCE_FORMATS: "qcow2 bare", SOURCE_CHECKSUM: str(hash_of(DATA))}
    assert "changed its disk_format from qcow2 to raw" in verification.warnings[0]
    assert verification.warnings[0].endswith("The source was not compared with its checksum.")


def test_a_converted_upload_was_compared_with_its_checksum_while_it_was_sent() -> None:
    verifier = Verifier(t.cast("t.Any", Cloud()), SourceContent(PublishedSource()), None, Deadline(None))
    verification = verifier.verify(BEFORE, stored(b"converted", disk_format="raw"), sent(), is_import=True)
    assert verification.source_records[SOURCE_CHECKSUM] == str(hash_of(DATA))
    assert verification.warnings[0].endswith("the import succeeded and the image has data.")


@pytest.mark.parametrize(
    ("before", "image", "converted"),
    [
        ({"disk_format": "qcow2", "container_format": "bare"}, {"disk_format": "raw", "container_format": "bare"}, True),
        ({"disk_format": "raw", "container_format": "ova"}, {"disk_format": "raw", "container_format": "bare"}, True),
        ({"disk_format": "raw", "container_format": "bare"}, {"disk_format": "raw", "container_format": "bare"}, False),
        ({"id": "i"}, {"disk_format": "raw", "container_format": "bare"}, False),  # not known
    ],
)
def test_conversion_is_recognised_by_the_formats(before: dict[str, t.Any], image: dict[str, t.Any], converted: bool) -> None:
    assert is_converted(Image(before), Image(image)) is converted
