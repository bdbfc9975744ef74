# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""Data as a sequence of blocks: their size, their hash, and cutting them to equal size."""

from __future__ import annotations

import hashlib
import typing as t

from .._errors import GlanceError
from .._glance.checksums import Checksum

# Of an upload of unknown size each block is a chunk. uWSGI takes at most 1 MiB a chunk, its framing included.
BLOCK = 256 * 1024
# Glance's default (its option hashing_algorithm). Glance shows an image's own algorithm only once the image has data.
EXPECTED_ALGORITHM = "sha512"

Blocks = t.Iterator[bytes]


def new_hash(algorithm: str) -> hashlib._Hash:
    try:
        return hashlib.new(algorithm, usedforsecurity=False)
    except ValueError as error:
        raise GlanceError(f"This host's Python cannot compute the hash '{algorithm}' that the cloud uses.") from error


def size_and_hash(blocks: t.Iterable[bytes], algorithm: str) -> tuple[int, Checksum]:
    """Size (bytes) and hash of data, by reading all of them."""
    digest, size = new_hash(algorithm), 0
    for block in blocks:
        digest.update(block)
        size += len(block)
    return size, Checksum(algorithm, digest.hexdigest())


def rechunk(pieces: Blocks, size: int = BLOCK) -> Blocks:
    """The same bytes in blocks of equal size; the last one, which may be shorter, comes once the pieces have ended.

    :param size: of a block (bytes).
    """
    waiting = bytearray()
    for piece in pieces:
        # In steps, so that a large piece is not copied as a whole.
        for start in range(0, len(piece), size):
            waiting += piece[start : start + size]
            if len(waiting) > size:
                yield bytes(waiting[:size])
                del waiting[:size]
    if waiting:
        yield bytes(waiting)
