# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

import hashlib
import typing as t

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._errors import GlanceError
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.checksums import Checksum
from ansible_collections.cloudimage.glance.plugins.module_utils._transfer.blocks import (
    BLOCK,
    new_hash,
    rechunk,
    size_and_hash,
)

SIZE = 16
DATA = bytes(range(256))


def in_pieces(data: bytes, size: int) -> t.Iterator[bytes]:
    return (data[start : start + size] for start in range(0, len(data), size))


@pytest.mark.parametrize("piece", [1, SIZE - 1, SIZE, SIZE + 1, 5 * SIZE + 3])
@pytest.mark.parametrize("length", [0, 1, SIZE - 1, SIZE, SIZE + 1, 3 * SIZE])
def test_pieces_of_any_size_become_equal_blocks(piece: int, length: int) -> None:
    data = DATA[:length]
    blocks = list(rechunk(in_pieces(data, piece), SIZE))
    assert b"".join(blocks) == data
    assert all(len(block) == SIZE for block in blocks[:-1])
    assert all(0 < len(block) <= SIZE for block in blocks)


def test_the_last_block_comes_after_the_last_piece() -> None:
    ended = False

    def pieces() -> t.Iterator[bytes]:
        nonlocal ended
        yield DATA[: 2 * SIZE]
        ended = True

    seen = [(ended, len(block)) for block in rechunk(pieces(), SIZE)]
    assert seen == [(False, SIZE), (True, SIZE)]


def test_a_block_is_no_larger_than_servers_take_as_a_chunk() -> None:
    """The default limit of uWSGI is 1 MiB including the framing; a smaller block suits stricter servers."""
    assert BLOCK <= 256 * 1024


def test_size_and_hash_are_of_all_blocks() -> None:
    expected = Checksum("sha1", hashlib.sha1(DATA, usedforsecurity=False).hexdigest())
    assert size_and_hash(in_pieces(DATA, 7), "sha1") == (len(DATA), expected)


def test_an_algorithm_that_python_lacks_is_an_error() -> None:
    with pytest.raises(GlanceError, match="cannot compute the hash 'md17'"):
        new_hash("md17")
