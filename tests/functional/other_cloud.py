# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""Images that are copied from another cloud: its login, an image in it, and what a copy must be."""

from __future__ import annotations

import hashlib
import typing as t

from .cloud import Cloud, Json

DATA = hashlib.shake_256(b"an image of another cloud").digest(3 * 1024 * 1024 + 5)
PROPERTIES: Json = {"os_distro": "debian", "hw_disk_bus": "virtio"}
# What means nothing, or something else, in another cloud.
FOREIGN: Json = {
    "kernel_id": "8f4c9f1e-0a1c-4f1f-9f8e-3a7c5b0f6a11",
    "instance_uuid": "8f4c9f1e-0a1c-4f1f-9f8e-3a7c5b0f6a11",
    "owner_specified.openstack.md5": "x",
    "cloudimage_catalogue": "base",
    "cloudimage_version": "1",
    "cloudimage_source_checksum": "sha256:x = sha512:x",
}


def cloud_at(cloud: Cloud, url: str) -> Json:
    """A cloud as a dictionary whose Image API is at another address."""
    auth = {
        "auth_url": f"{cloud.sandbox.keystone_url}/v3",
        "username": cloud.name,
        "password": cloud.sandbox.passwords[cloud.name],
        "project_name": {"alice": "alpha", "bob": "beta"}[cloud.name],
        "user_domain_id": "default",
        "project_domain_id": "default",
    }
    return {"auth": auth, "image_endpoint_override": url}


def origin_of(bob: Cloud, name: str, data: bytes = DATA, **attributes: t.Any) -> Json:
    """The image in the other cloud, with attributes of all kinds."""
    described = {"min_disk": 3, "min_ram": 64, "tags": ["b", "a"], **PROPERTIES, **FOREIGN, **attributes}
    return bob.make(name, data, protected=True, **described)


def assert_is_copy(alice: Cloud, image: Json, data: bytes = DATA) -> None:
    assert alice.call("GET", f"/images/{image['id']}/file").content == data
    assert image["owner"] == alice.project_id
    assert image["os_hash_value"] == hashlib.sha512(data).hexdigest()
