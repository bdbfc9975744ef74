# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""Where an image's data come from, and their content: decompressed if the task says so, and checked while it is read."""

from __future__ import annotations

import dataclasses
import typing as t

from .._glance.checksums import Checksum
from .blocks import Blocks, new_hash, rechunk
from .decompression import decompressed
from .errors import WrongSource


class Source(t.Protocol):
    """Bytes that can be read from the first one on, as often as needed."""

    @property
    def label(self) -> str:
        """What a result or an error calls it, without secrets."""

    @property
    def option(self) -> str:
        """The option of the task that names it."""

    @property
    def size(self) -> int | None:
        """Size (bytes), if it is known without opening it."""

    def read(self) -> Blocks:
        """All of it, in blocks; yields the last one only once it is known to be the last."""

    def published_size(self) -> int | None:
        """Size (bytes), if it is known or the server tells it."""


@dataclasses.dataclass(frozen=True)
class Beginning:
    """The first bytes of data, as an earlier read found them.

    :param size: how many (bytes).
    """

    size: int
    hash: Checksum


@dataclasses.dataclass(frozen=True)
class SourceContent:
    """The bytes that an image is to have.

    :param checksum: hash of the source, as it is downloaded or read.
    :param compression: how the source is compressed: gz, bz2, xz or zst; null for not at all.
    :param stated_by: who says what the checksum is.
    :param beginning: of the bytes, as they were inspected; null if they were not, or have a checksum.
    """

    source: Source
    checksum: Checksum | None = None
    compression: str | None = None
    stated_by: str = "the task"
    beginning: Beginning | None = None

    @property
    def size(self) -> int | None:
        """Size of the image (bytes), if it is known beforehand."""
        return None if self.compression else self.source.size

    @property
    def image_hash(self) -> Checksum | None:
        """Hash of the image, if the task gives it."""
        return None if self.compression else self.checksum

    def published_size(self) -> int | None:
        """Size of the image (bytes), if the task's source or its server tells it."""
        return None if self.compression else self.source.published_size()

    def read(self) -> Blocks:
        """The image's bytes; the last block is yielded only once the source is known to be complete and right."""
        blocks = self._checked(self.checksum) if self.checksum else self.source.read()
        if self.compression:
            blocks = rechunk(decompressed(blocks, self.compression, self.source.label))
        if self.beginning:
            blocks = self._as_inspected(blocks, self.beginning)
        empty = True
        for block in blocks:
            empty = False
            yield block
        if empty:
            raise WrongSource(
                f"{self.source.option}: there is nothing in {self.source.label}."
                " Glance would make an active image of it that cannot boot."
            )

    def _as_inspected(self, blocks: Blocks, beginning: Beginning) -> Blocks:
        """The same blocks, the last one only once the first bytes are known to be those that were inspected."""
        digest, left = new_hash(beginning.hash.algorithm), beginning.size
        last = b""
        for block in blocks:
            if last:
                yield last
            if left:
                digest.update(block[:left])
                left -= min(left, len(block))
                if not left and digest.hexdigest() != beginning.hash.value:
                    break
            last = block
        else:
            if not left:
                yield last
                return
        raise WrongSource(
            f"{self.source.option}: {self.source.label} changed after it was inspected: its first {beginning.size} bytes are"
            " others now. Run the task again."
        )

    def _checked(self, checksum: Checksum) -> Blocks:
        digest = new_hash(checksum.algorithm)
        last = b""
        for block in self.source.read():
            if last:
                yield last
            digest.update(block)
            last = block
        if digest.hexdigest() != checksum.value:
            raise WrongSource(
                f"checksum: {self.source.label} has the {checksum.algorithm} {digest.hexdigest()},"
                f" not {checksum.value} as {self.stated_by} says."
            )
        if last:
            yield last
