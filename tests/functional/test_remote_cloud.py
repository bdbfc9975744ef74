# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""Images that are copied from another cloud: here bob's login is the other cloud, and alice's the one of the task."""

from __future__ import annotations

import hashlib
import json
import typing as t

import pytest
from ansible.module_utils.basic import AnsibleModule

from .conftest import FORMATS, Cloud, Json, Outcome, Play, Sandbox, forget_the_cloud
from .faults import ALL, CUT_ANSWER, NO_RANDOM_ACCESS, Behaviour, Fault, Spoil, no_fault, proxy
from .test_images import thrice
from .test_interrupted_runs import run_killed
from .timing import HANGS

DATA = hashlib.shake_256(b"an image of another cloud").digest(3 * 1024 * 1024 + 5)
LIST, SHOW, READ = "GET /v2/images", "GET /v2/images/ID", "GET /v2/images/ID/file"
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


@pytest.fixture(autouse=True)
def forget_logins() -> None:
    """Let each test log in for itself: one process may have found a login through a proxy that is gone."""
    forget_the_cloud()


def of(cloud: Cloud, url: str) -> Json:
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


def copied(name: str, **options: t.Any) -> Json:
    return {"name": name, "remote": {"cloud": "bob"}, **options}


def reads(outcome: Outcome) -> int:
    """How often image data were requested."""
    return outcome.sent.count(READ)


def assert_is_copy(alice: Cloud, image: Json, data: bytes = DATA) -> None:
    assert alice.call("GET", f"/images/{image['id']}/file").content == data
    assert image["owner"] == alice.project_id
    assert image["os_hash_value"] == hashlib.sha512(data).hexdigest()


def test_image_is_copied_with_its_attributes(alice: Cloud, bob: Cloud, name: str) -> None:
    origin = origin_of(bob, name)
    outcome = alice.thrice("image", **copied(name))
    assert_is_copy(alice, outcome.image)
    for key in ("disk_format", "container_format", "min_disk", "min_ram", "tags", "os_hash_value"):
        assert outcome.image[key] == (sorted(origin[key]) if key == "tags" else origin[key])
    assert outcome.image["properties"] == PROPERTIES
    assert (outcome.image["protected"], outcome.image["visibility"]) == (False, "shared")
    shown = f"image {origin['id']} '{name}' of cloud 'bob'"
    assert outcome.result["operations"][-1]["body"] == {"remote": shown, "size": len(DATA)}
    assert outcome.result["transfer"]["method"] == "upload"
    assert outcome.result["transfer"]["bytes"] == len(DATA)
    assert reads(outcome) == 1
    again = alice.unchanged("image", **copied(name))
    assert again.sent == [LIST, LIST]  # one list in each cloud
    # What the other cloud's image gains later is copied, and what it loses stays.
    bob.call(
        "PATCH",
        f"/images/{origin['id']}",
        headers={"Content-Type": "application/openstack-images-v2.1-json-patch"},
        json=[{"op": "remove", "path": "/hw_disk_bus"}, {"op": "add", "path": "/os_version", "value": "13"}],
    )
    outcome = alice.thrice("image", **copied(name))
    assert outcome.image["properties"] == {**PROPERTIES, "os_version": "13"}
    assert reads(outcome) == 0
    outcome = alice.thrice("image", **copied(name, purge_properties=True))
    assert outcome.image["properties"] == {"os_distro": "debian", "os_version": "13"}
