# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""What a replacement of an image's data leaves as it was."""

from __future__ import annotations

from .cloud import Json

COMPUTED = ("id", "created_at", "updated_at", "size", "virtual_size", "checksum", "os_hash_value", "self", "file", "schema")


def apart_from_data(image: Json) -> Json:
    """All of an image that a replacement carries over."""
    kept = {key: value for key, value in image.items() if key not in COMPUTED and not key.startswith("os_glance")}
    return {**kept, "tags": sorted(image["tags"])}
