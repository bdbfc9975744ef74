# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

import bz2
import gzip
import hashlib
import lzma
import pathlib
import tracemalloc
import typing as t

import pytest
import zstandard
from ansible_collections.cloudimage.glance.plugins.module_utils._errors import GlanceError, InvalidInput
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.checksums import Checksum
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.image import Image
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.image_hashes import hashes_of, strongest_hash
from ansible_collections.cloudimage.glance.plugins.module_utils._timing import TIMING
from ansible_collections.cloudimage.glance.plugins.module_utils._transfer.source import (
    BLOCK,
    FileSource,
    SourceContent,
    WrongSource,
    check_url,
    compression_of,
    decompressed,
    file_source,
    rechunk,
)
from ansible_collections.cloudimage.glance.plugins.module_utils._transfer.upload import (
    DataMismatch,
    Deadline,
    OutOfTime,
    TransferStats,
    Upload,
    new_upload,
    size_and_hash,
)
from ansible_collections.cloudimage.glance.plugins.module_utils._url_redaction import secrets_in_url, secrets_in_urls

DATA = b"0123456789" * (BLOCK // 4)
COMPRESSED: dict[str, t.Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zst": zstandard.ZstdCompressor().compress,
}


@pytest.fixture
def source(tmp_path: pathlib.Path) -> FileSource:
    (tmp_path / "data").write_bytes(DATA)
    return file_source(str(tmp_path / "data"))


def upload(content: SourceContent, wait: float | None = None) -> Upload:
    return new_upload(content, TransferStats("upload"), Deadline(wait))


def image(data: bytes, algorithm: str = "sha512") -> Image:
    return Image(
        {
            "id": "i",
            "size": len(data),
            "os_hash_algo": algorithm,
            "os_hash_value": hashlib.new(algorithm, data).hexdigest(),
        }
    )


@pytest.mark.parametrize("algorithm", ["sha512", "sha256", "md5"])
def test_what_arrived_is_compared(source: FileSource, algorithm: str) -> None:
    sent = upload(SourceContent(source))
    assert b"".join(sent) == DATA
    sent.check_arrived(image(DATA, algorithm), strongest_hash(image(DATA, algorithm)))
    for wrong in (DATA[:-1], DATA + b"x", DATA[:-1] + b"x"):
        with pytest.raises(DataMismatch, match="The data arrived changed"):
            sent.check_arrived(image(wrong, algorithm), strongest_hash(image(wrong, algorithm)))


def test_the_hashes_that_a_cloud_keeps() -> None:
    md5 = hashlib.md5(DATA, usedforsecurity=False).hexdigest()
    assert strongest_hash(Image({"id": "i", "checksum": md5})) == Checksum("md5", md5)
    assert strongest_hash(Image({**image(DATA).fields, "checksum": md5})).algorithm == "sha512"
    assert set(hashes_of(Image({**image(DATA).fields, "checksum": md5}))) == {"md5", "sha512"}
    with pytest.raises(GlanceError, match="keeps no hash"):
        strongest_hash(Image({"id": "i", "size": 3}))


def test_each_sending_begins_at_the_first_byte(source: FileSource) -> None:
    sent = upload(SourceContent(source))
    next(iter(sent))
    ended = [sent.complete]
    assert b"".join(sent) == DATA
    assert [*ended, sent.complete] == [False, True]
    sent.check_arrived(image(DATA), strongest_hash(image(DATA)))


def test_only_a_known_length_is_announced(source: FileSource) -> None:
    assert len(t.cast("t.Sized", upload(SourceContent(source)))) == len(DATA)
    assert not hasattr(upload(SourceContent(source, compression="gz")), "__len__")


def test_blocks_are_large(source: FileSource) -> None:
    assert max(len(block) for block in upload(SourceContent(source))) == BLOCK


def test_an_upload_stops_when_its_time_is_over(source: FileSource, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(100, 10_000))
    monkeypatch.setattr(TIMING, "monotonic", lambda: next(clock))
    with pytest.raises(OutOfTime, match=f"'wait_timeout', with {BLOCK} bytes sent"):
        list(upload(SourceContent(source), 1.5))


@pytest.mark.parametrize(("size", "word"), [(len(DATA) + 1, "shorter"), (len(DATA) - 1, "longer")])
def test_a_file_that_changes_is_never_sent_whole(source: FileSource, size: int, word: str) -> None:
    sent = b""
    with pytest.raises(GlanceError, match=f"became {word}"):
        for block in upload(SourceContent(FileSource(source.path, size))):
            sent += block
    assert len(sent) < size


def test_a_file_that_is_not_the_right_one_is_never_sent_whole(source: FileSource) -> None:
    sent = b""
    content = SourceContent(source, Checksum("sha256", "0" * 64))
    with pytest.raises(WrongSource, match="checksum: .* has the sha256"):
        for block in upload(content):
            sent += block
    assert len(sent) < len(DATA)


def test_files_that_cannot_be_sent(tmp_path: pathlib.Path) -> None:
    (tmp_path / "empty").touch()
    for name, message in (("none", "No such file"), ("", "is a directory"), ("empty", "is empty")):
        with pytest.raises(InvalidInput, match=message):
            file_source(str(tmp_path / name))
    with pytest.raises(InvalidInput, match="not a regular file"):
        file_source("/dev/null")


def in_blocks(data: bytes, size: int) -> t.Iterator[bytes]:
    return (data[start : start + size] for start in range(0, len(data), size))


@pytest.mark.parametrize("kind", COMPRESSED)
@pytest.mark.parametrize("size", [1, 7, 511, 512, 513, BLOCK])
@pytest.mark.parametrize("data", [b"x", b"", bytes(range(256)) * 20, b"\0" * 70_000])
def test_decompressing(kind: str, size: int, data: bytes) -> None:
    packed = COMPRESSED[kind](data)
    assert b"".join(decompressed(in_blocks(packed, size), kind, "s")) == data
    # Several streams, one behind the other, are one file.
    assert b"".join(decompressed(in_blocks(packed + packed, size), kind, "s")) == data + data
    with pytest.raises(WrongSource, match="ends too early"):
        list(decompressed(in_blocks(packed[:-1], size), kind, "s"))
    with pytest.raises(WrongSource):
        list(decompressed(in_blocks(packed + b"rest", size), kind, "s"))
    with pytest.raises(WrongSource):
        list(decompressed(in_blocks(b"no archive at all", size), kind, "s"))


@pytest.mark.parametrize("kind", ["gz", "xz"])
def test_padding_is_no_data(kind: str) -> None:
    packed = COMPRESSED[kind](DATA)
    assert b"".join(decompressed(in_blocks(packed + b"\0" * 8, 100), kind, "s")) == DATA
    assert b"".join(decompressed(in_blocks(packed + b"\0" * 8 + packed, 100), kind, "s")) == DATA + DATA


@pytest.mark.parametrize("kind", COMPRESSED)
def test_nothing_that_is_packed_is_no_image(tmp_path: pathlib.Path, kind: str) -> None:
    (tmp_path / "data").write_bytes(COMPRESSED[kind](b""))
    with pytest.raises(WrongSource, match="there is nothing in"):
        list(upload(SourceContent(file_source(str(tmp_path / "data")), compression=kind)))


# zstd keeps up to 32 MiB for its own use, and is fast; the others need little and are slow.
@pytest.mark.parametrize(("kind", "mib", "allowed"), [("gz", 20, 15), ("bz2", 20, 15), ("xz", 20, 15), ("zst", 200, 40)])
def test_highly_compressed_data_do_not_fill_the_memory(kind: str, mib: int, allowed: int) -> None:
    size = mib * 2**20
    packed = COMPRESSED[kind](bytes(size))
    tracemalloc.start()
    try:
        assert sum(map(len, rechunk(decompressed(in_blocks(packed, BLOCK), kind, "s")))) == size
        assert tracemalloc.get_traced_memory()[1] < allowed * 2**20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("size", [1000, 1024, BLOCK, BLOCK + 1, 16 * BLOCK + 5])
@pytest.mark.parametrize("length", [0, 1, 1024, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK])
def test_pieces_of_any_size_become_equal_blocks(size: int, length: int) -> None:
    data = (DATA * 2)[:length]
    blocks = list(rechunk(in_blocks(data, size)))
    assert b"".join(blocks) == data
    assert all(len(block) == BLOCK for block in blocks[:-1])
    assert all(0 < len(block) <= BLOCK for block in blocks)


@pytest.mark.parametrize("kind", COMPRESSED)
def test_the_last_block_comes_only_from_a_whole_archive(kind: str) -> None:
    blocks = []
    with pytest.raises(WrongSource):
        for block in rechunk(decompressed(in_blocks(COMPRESSED[kind](bytes(2 * BLOCK)) + b"rest", BLOCK), kind, "s")):
            blocks.append(block)  # noqa: PERF402
    assert sum(map(len, blocks)) < 2 * BLOCK


@pytest.mark.parametrize("kind", [None, *COMPRESSED])
def test_no_chunk_is_larger_than_uwsgi_takes(tmp_path: pathlib.Path, kind: str | None) -> None:
    """Its default limit is 1 MiB with the framing; 256 KiB leave room for stricter servers."""
    data = bytes(20 * 1024 * 1024)
    (tmp_path / "data").write_bytes(COMPRESSED[kind](data) if kind else data)
    sizes = [len(block) for block in upload(SourceContent(file_source(str(tmp_path / "data")), compression=kind))]
    assert sum(sizes) == len(data)
    assert max(sizes) <= 256 * 1024


@pytest.mark.parametrize(
    ("option", "name", "kind"),
    [("none", "a.gz", None), ("auto", "a.raw", None), ("auto", "http://h/a.XZ?b=c.gz", "xz"), ("bz2", "a", "bz2")],
)
def test_how_a_source_is_compressed(option: str, name: str, kind: str | None) -> None:
    assert compression_of(option, name) == kind


def test_a_digest_is_of_what_is_unpacked(tmp_path: pathlib.Path) -> None:
    (tmp_path / "data.gz").write_bytes(gzip.compress(DATA))
    content = SourceContent(file_source(str(tmp_path / "data.gz")), compression="gz")
    assert size_and_hash(content.read(), "sha1") == (
        len(DATA),
        Checksum("sha1", hashlib.sha1(DATA, usedforsecurity=False).hexdigest()),
    )


@pytest.mark.parametrize("url", ["http:/u:pw@host/x", "u:pw@host/x", "http://u:1#s@h/x", "ftp://u:p@h/x"])
def test_a_url_that_is_refused_is_not_repeated(url: str) -> None:
    assert url in secrets_in_url(url)
    assert url in secrets_in_urls([url], "url")
    if url.count("#") == 0:
        with pytest.raises(InvalidInput) as caught:
            check_url(url, "url")
        assert "pw" not in caught.value.message


@pytest.mark.parametrize("url", ["http://a..b/x", "http://*.x/x", "http://host:99999/x", "http:///x", "http://host/a b", ""])
def test_urls_that_cannot_be(url: str) -> None:
    with pytest.raises(InvalidInput, match="is no URL of a file"):
        check_url(url, "url")


def test_a_url_is_sent_as_ascii() -> None:
    assert check_url("http://host/ü b.raw".replace(" ", "%20"), "url") == "http://host/%C3%BC%20b.raw"
