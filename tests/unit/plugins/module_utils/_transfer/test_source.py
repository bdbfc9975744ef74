# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

import dataclasses
import gzip
import hashlib

import pytest
import zstandard
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.checksums import Checksum
from ansible_collections.cloudimage.glance.plugins.module_utils._transfer.blocks import BLOCK
from ansible_collections.cloudimage.glance.plugins.module_utils._transfer.errors import WrongSource
from ansible_collections.cloudimage.glance.plugins.module_utils._transfer.source import Beginning, SourceContent
from ansible_collections.cloudimage.glance.tests.unit.plugins.module_utils._transfer.bytes_source import DATA, BytesSource


def checksum_of(data: bytes) -> Checksum:
    return Checksum("sha256", hashlib.sha256(data).hexdigest())


def test_the_content_of_a_source_is_its_bytes() -> None:
    assert b"".join(SourceContent(BytesSource()).read()) == DATA


def test_the_content_of_a_compressed_source_is_decompressed() -> None:
    assert b"".join(SourceContent(BytesSource(gzip.compress(DATA)), compression="gz").read()) == DATA


def test_the_checksum_is_that_of_the_compressed_source() -> None:
    archive = gzip.compress(DATA)
    assert b"".join(SourceContent(BytesSource(archive), checksum_of(archive), "gz").read()) == DATA
    with pytest.raises(WrongSource, match="checksum: disk has the sha256"):
        list(SourceContent(BytesSource(archive), checksum_of(DATA), "gz").read())


def test_a_source_with_its_checksum_is_read_to_its_end() -> None:
    assert b"".join(SourceContent(BytesSource(), checksum_of(DATA)).read()) == DATA


def test_a_source_with_another_checksum_is_never_read_to_its_end() -> None:
    data = b""
    with pytest.raises(WrongSource, match="checksum: disk has the sha256"):
        for block in SourceContent(BytesSource(), checksum_of(b"other")).read():
            data += block
    assert len(data) < len(DATA)


@pytest.mark.parametrize(("compression", "data"), [(None, b""), ("gz", gzip.compress(b""))])
def test_empty_content_is_rejected(compression: str | None, data: bytes) -> None:
    with pytest.raises(WrongSource, match="there is nothing in disk"):
        list(SourceContent(BytesSource(data), compression=compression).read())


def test_decompressed_content_comes_in_blocks() -> None:
    size = 2**20
    archive = zstandard.ZstdCompressor().compress(bytes(size))
    blocks = [len(block) for block in SourceContent(BytesSource(archive), compression="zst").read()]
    assert blocks == [BLOCK] * (size // BLOCK)


def test_size_and_hash_of_an_uncompressed_source_are_those_of_the_image() -> None:
    content = SourceContent(BytesSource(), checksum_of(DATA))
    assert (content.size, content.published_size(), content.image_hash) == (len(DATA), len(DATA), checksum_of(DATA))


def test_size_and_hash_of_a_compressed_source_say_nothing_about_the_image() -> None:
    content = SourceContent(BytesSource(), checksum_of(DATA), "gz")
    assert (content.size, content.published_size(), content.image_hash) == (None, None, None)


def beginning_of(data: bytes) -> Beginning:
    return Beginning(len(data), Checksum("sha512", hashlib.sha512(data).hexdigest()))


@pytest.mark.parametrize("size", [1, 99, 100, 101, len(DATA)])
def test_data_that_begin_as_they_were_inspected_are_read(size: int) -> None:
    content = SourceContent(BytesSource(), beginning=beginning_of(DATA[:size]))
    assert b"".join(content.read()) == DATA
    archive = gzip.compress(DATA)
    assert b"".join(dataclasses.replace(content, source=BytesSource(archive), compression="gz").read()) == DATA


@pytest.mark.parametrize("data", [DATA[:-1], b"x" + DATA[1:], DATA[:-1] + b"x", DATA[:100]])
def test_data_that_changed_after_their_inspection_are_not_read_to_their_end(data: bytes) -> None:
    read = b""
    with pytest.raises(WrongSource, match="disk changed after it was inspected"):
        for block in SourceContent(BytesSource(data), beginning=beginning_of(DATA)).read():
            read += block
    assert len(read) < len(data)
