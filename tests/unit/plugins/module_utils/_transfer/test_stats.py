# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

from ansible_collections.cloudimage.glance.plugins.module_utils._glance.checksums import Checksum
from ansible_collections.cloudimage.glance.plugins.module_utils._transfer.stats import TransferStats


def test_a_result_shows_the_rate_of_a_transfer() -> None:
    stats = TransferStats("upload", 1000, 2.00049, Checksum("md5", "a"), 1)
    expected = {"method": "upload", "bytes": 1000, "seconds": 2.0, "rate": 500, "hash": "md5:a", "attempts": 1}
    assert stats.to_result() == expected


def test_a_transfer_without_duration_or_hash_has_none() -> None:
    shown = TransferStats("upload").to_result()
    assert (shown["rate"], shown["hash"]) == (None, None)
