# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""What a task's result says of a transfer."""

from __future__ import annotations

import dataclasses
import typing as t

from .._glance.checksums import Checksum


@dataclasses.dataclass
class TransferStats:
    """The measures of one transfer.

    :param method: upload, stage, download, or the name of an import method.
    :param bytes: how many bytes were moved.
    :param seconds: how long the last attempt took.
    :param hash: of the data, once it is known.
    """

    method: str
    bytes: int = 0
    seconds: float = 0.0
    hash: Checksum | None = None
    attempts: int = 0

    def to_result(self) -> dict[str, t.Any]:
        return {
            "method": self.method,
            "bytes": self.bytes,
            "seconds": round(self.seconds, 3),
            "rate": round(self.bytes / self.seconds) if self.seconds else None,
            "hash": str(self.hash) if self.hash else None,
            "attempts": self.attempts,
        }
