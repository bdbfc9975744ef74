# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""A source of data in memory."""

from __future__ import annotations

import dataclasses
import typing as t

DATA = bytes(range(256)) * 4


@dataclasses.dataclass(frozen=True)
class BytesSource:
    """A source in memory."""

    data: bytes = DATA
    block: int = 100
    label: str = "disk"
    option: str = "path"

    @property
    def size(self) -> int:
        return len(self.data)

    def read(self) -> t.Iterator[bytes]:
        return (self.data[start : start + self.block] for start in range(0, self.size, self.block))

    def published_size(self) -> int:
        return self.size
