# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

import hashlib
import pathlib
import typing as t

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.image import Image
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.image_hashes import strongest_hash
from ansible_collections.cloudimage.glance.plugins.module_utils._transfer.blocks import BLOCK, Blocks
from ansible_collections.cloudimage.glance.plugins.module_utils._transfer.errors import DataMismatch, OutOfTime
from ansible_collections.cloudimage.glance.plugins.module_utils._transfer.file_source import FileSource, file_source
from ansible_collections.cloudimage.glance.plugins.module_utils._transfer.polling import Deadline
from ansible_collections.cloudimage.glance.plugins.module_utils._transfer.source import SourceContent
from ansible_collections.cloudimage.glance.plugins.module_utils._transfer.stats import TransferStats
from ansible_collections.cloudimage.glance.plugins.module_utils._transfer.upload import Upload, new_upload

if t.TYPE_CHECKING:
    from ansible_collections.cloudimage.glance.tests.unit.plugins.module_utils.conftest import Clock

DATA = b"0123456789" * (BLOCK // 4)


@pytest.fixture
def source(tmp_path: pathlib.Path) -> FileSource:
    (tmp_path / "data").write_bytes(DATA)
    return file_source(str(tmp_path / "data"))


def upload(content: SourceContent, wait: float | None = None) -> Upload:
    return new_upload(content, TransferStats("upload"), Deadline(wait))


def image(data: bytes, algorithm: str = "sha512") -> Image:
    digest = hashlib.new(algorithm, data).hexdigest()
    return Image({"id": "i", "size": len(data), "os_hash_algo": algorithm, "os_hash_value": digest})


@pytest.mark.parametrize("algorithm", ["sha512", "sha256", "md5"])
def test_equal_data_are_accepted(source: FileSource, algorithm: str) -> None:
    sent = upload(SourceContent(source))
    assert b"".join(sent) == DATA
    stored = image(DATA, algorithm)
    sent.check_arrived(stored, strongest_hash(stored))


@pytest.mark.parametrize("algorithm", ["sha512", "sha256", "md5"])
@pytest.mark.parametrize("data", [DATA[:-1], DATA + b"x", DATA[:-1] + b"x"], ids=["shorter", "longer", "changed"])
def test_data_that_arrive_changed_are_an_error(source: FileSource, algorithm: str, data: bytes) -> None:
    sent = upload(SourceContent(source))
    list(sent)
    stored = image(data, algorithm)
    with pytest.raises(DataMismatch, match="The data arrived changed"):
        sent.check_arrived(stored, strongest_hash(stored))


def test_data_without_a_hash_are_compared_by_their_size(source: FileSource) -> None:
    sent = upload(SourceContent(source))
    list(sent)
    sent.check_arrived(Image({"id": "i", "size": len(DATA)}), None)
    with pytest.raises(DataMismatch, match="with no hash"):
        sent.check_arrived(Image({"id": "i", "size": len(DATA) - 1}), None)


def test_data_that_were_opened_are_sent_without_another_read(source: FileSource, monkeypatch: pytest.MonkeyPatch) -> None:
    reads: list[FileSource] = []
    read = FileSource.read

    def counted(self: FileSource) -> Blocks:
        reads.append(self)
        return read(self)

    monkeypatch.setattr(FileSource, "read", counted)
    sent = upload(SourceContent(source))
    sent.open()
    assert len(reads) == 1
    assert (b"".join(sent), len(reads)) == (DATA, 1)
    assert (b"".join(sent), len(reads)) == (DATA, 2)


def test_each_iteration_begins_at_the_first_byte(source: FileSource) -> None:
    sent = upload(SourceContent(source))
    next(iter(sent))
    assert b"".join(sent) == DATA
    sent.check_arrived(image(DATA), strongest_hash(image(DATA)))


def test_an_upload_is_complete_once_all_bytes_are_sent(source: FileSource) -> None:
    sent = upload(SourceContent(source))
    next(iter(sent))
    assert not sent.complete
    list(sent)
    assert sent.complete


def test_a_known_length_is_announced(source: FileSource) -> None:
    assert len(t.cast("t.Sized", upload(SourceContent(source)))) == len(DATA)


def test_an_unknown_length_is_not_announced(source: FileSource) -> None:
    assert not hasattr(upload(SourceContent(source, compression="gz")), "__len__")


def test_an_upload_stops_when_its_time_is_over(source: FileSource, clock: Clock) -> None:
    blocks = iter(upload(SourceContent(source), 1.5))
    next(blocks)
    clock.sleep(2)
    with pytest.raises(OutOfTime, match=f"'wait_timeout', with {BLOCK} bytes sent"):
        next(blocks)


def test_progress_is_reported_after_each_block(source: FileSource) -> None:
    reports: list[tuple[int, int | None]] = []

    def progress(moved: int, size: int | None) -> None:
        reports.append((moved, size))

    list(new_upload(SourceContent(source), TransferStats("upload"), Deadline(None), t.cast("t.Any", progress)))
    assert reports == [(BLOCK, len(DATA)), (2 * BLOCK, len(DATA)), (len(DATA), len(DATA))]
