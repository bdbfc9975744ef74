# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""Properties of an image as the Sovereign Cloud Stack's standard 0102 wants them."""

from __future__ import annotations

from .cloud import Json

SCS_PROPERTIES: Json = {
    "architecture": "x86_64",
    "os_distro": "debian",
    "os_version": "13",
    "hw_disk_bus": "scsi",
    "replace_frequency": "monthly",
    "uuid_validity": "last-3",
    "provided_until": "2030-06-30",
    "image_source": "https://example.com/debian-13.qcow2",
    "image_description": "https://example.com/release-notes",
    "image_build_date": "2026-11-21",
    "image_original_user": "debian",
}
