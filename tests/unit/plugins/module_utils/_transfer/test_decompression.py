# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

import bz2
import gzip
import lzma
import tracemalloc
import typing as t

import pytest
import zstandard
from ansible_collections.cloudimage.glance.plugins.module_utils._errors import InvalidInput
from ansible_collections.cloudimage.glance.plugins.module_utils._transfer import decompression
from ansible_collections.cloudimage.glance.plugins.module_utils._transfer.blocks import BLOCK, rechunk
from ansible_collections.cloudimage.glance.plugins.module_utils._transfer.decompression import (
    compression_of,
    decompressed,
    decompressed_gzip,
)
from ansible_collections.cloudimage.glance.plugins.module_utils._transfer.errors import WrongSource

MIB = 2**20
# The fastest levels, which also need the least memory to decompress.
COMPRESS: dict[str, t.Callable[[bytes], bytes]] = {
    "gz": lambda data: gzip.compress(data, 1),
    "bz2": lambda data: bz2.compress(data, 1),
    "xz": lambda data: lzma.compress(data, preset=0),
    "zst": zstandard.ZstdCompressor().compress,
}
each_kind = pytest.mark.parametrize("kind", COMPRESS)
each_block_size = pytest.mark.parametrize("size", [1, 7, 511, 512, 513, BLOCK])
each_content = pytest.mark.parametrize("data", [b"x", b"", bytes(range(256)) * 20, b"\0" * 70_000])


def in_blocks(data: bytes, size: int = BLOCK) -> t.Iterator[bytes]:
    return (data[start : start + size] for start in range(0, len(data), size))


@each_kind
@each_block_size
@each_content
def test_an_archive_gives_its_content(kind: str, size: int, data: bytes) -> None:
    assert b"".join(decompressed(in_blocks(COMPRESS[kind](data), size), kind, "s")) == data


@each_kind
@each_block_size
@each_content
def test_several_streams_are_one_archive(kind: str, size: int, data: bytes) -> None:
    archive = COMPRESS[kind](data)
    assert b"".join(decompressed(in_blocks(archive + archive, size), kind, "s")) == data + data


@each_kind
@each_block_size
@each_content
def test_an_archive_that_is_cut_off_is_rejected(kind: str, size: int, data: bytes) -> None:
    with pytest.raises(WrongSource, match="ends too early"):
        list(decompressed(in_blocks(COMPRESS[kind](data)[:-1], size), kind, "s"))


@each_kind
@each_block_size
def test_other_data_after_an_archive_are_rejected(kind: str, size: int) -> None:
    with pytest.raises(WrongSource):
        list(decompressed(in_blocks(COMPRESS[kind](b"x") + b"rest", size), kind, "s"))


@each_kind
@each_block_size
def test_data_that_are_no_archive_are_rejected(kind: str, size: int) -> None:
    with pytest.raises(WrongSource):
        list(decompressed(in_blocks(b"no archive at all", size), kind, "s"))


@each_kind
def test_an_empty_file_is_no_archive(kind: str) -> None:
    with pytest.raises(WrongSource, match="ends too early"):
        list(decompressed(iter(()), kind, "s"))


@pytest.mark.parametrize("kind", ["gz", "xz"])
def test_padding_is_no_data(kind: str) -> None:
    archive = COMPRESS[kind](b"content") + b"\0" * 8
    assert b"".join(decompressed(in_blocks(archive, 10), kind, "s")) == b"content"
    assert b"".join(decompressed(in_blocks(archive + archive, 10), kind, "s")) == b"content" * 2


@pytest.mark.parametrize("kind", ["gz", "bz2", "xz"])
def test_highly_compressed_data_come_in_small_pieces(kind: str) -> None:
    pieces = list(decompressed(in_blocks(COMPRESS[kind](bytes(MIB))), kind, "s", step=1000))
    assert sum(map(len, pieces)) == MIB
    assert max(map(len, pieces)) <= 1000


def test_highly_compressed_zstd_data_come_in_pieces_below_16_mib() -> None:
    pieces = [len(piece) for piece in decompressed(in_blocks(COMPRESS["zst"](bytes(40 * MIB))), "zst", "s")]
    assert sum(pieces) == 40 * MIB
    assert max(pieces) <= 16 * MIB


@pytest.mark.parametrize("kind", ["gz", "bz2", "xz"])
def test_highly_compressed_data_do_not_fill_the_memory(kind: str) -> None:
    size = 4 * MIB
    archive = COMPRESS[kind](bytes(size))
    tracemalloc.start()
    try:
        assert sum(map(len, decompressed(in_blocks(archive), kind, "s", step=4096))) == size
        assert tracemalloc.get_traced_memory()[1] < MIB
    finally:
        tracemalloc.stop()


@each_kind
def test_the_last_block_comes_only_from_a_whole_archive(kind: str) -> None:
    archive = COMPRESS[kind](bytes(2000)) + b"rest"
    blocks = []
    with pytest.raises(WrongSource):
        for block in rechunk(decompressed(in_blocks(archive), kind, "s"), 1000):
            blocks.append(block)  # noqa: PERF402
    assert sum(map(len, blocks)) < 2000


def test_gzip_is_recognised_by_its_first_bytes() -> None:
    found = decompressed_gzip(in_blocks(COMPRESS["gz"](b"content"), 5), "s")
    assert found
    assert b"".join(found) == b"content"


@pytest.mark.parametrize("data", [b"", b"no archive", bz2.compress(b"content")])
def test_other_data_are_not_taken_for_gzip(data: bytes) -> None:
    assert decompressed_gzip(in_blocks(data), "s") is None


@pytest.mark.parametrize(
    ("option", "name", "kind"),
    [
        ("none", "a.gz", None),
        ("auto", "a.raw", None),
        ("auto", "http://h/a.XZ?b=c.gz", "xz"),
        ("auto", "/images/a.qcow2.zst", "zst"),
        ("bz2", "a", "bz2"),
    ],
)
def test_the_option_or_the_name_says_how_a_source_is_compressed(option: str, name: str, kind: str | None) -> None:
    assert compression_of(option, name) == kind


def test_zstd_without_its_library_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decompression, "_zstandard", lambda: None)
    with pytest.raises(InvalidInput, match="pip install 'zstandard>=0.18'"):
        compression_of("auto", "a.zst")
    assert compression_of("auto", "a.gz") == "gz"


def test_zstd_with_a_library_that_is_too_old_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Streams do not tell what follows their end before zstandard 0.18."""
    monkeypatch.setattr(decompression, "_new_zstd_stream", lambda _library: object())
    with pytest.raises(InvalidInput, match="0.18 or newer"):
        compression_of("zst", "a")
