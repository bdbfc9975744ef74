# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.image import Image
from ansible_collections.cloudimage.glance.plugins.module_utils._options.data import DataOptions
from ansible_collections.cloudimage.glance.plugins.module_utils._options.image import ImageOptions, ImageSelection
from ansible_collections.cloudimage.glance.plugins.module_utils._options.remote import CopiedAttributes
from ansible_collections.cloudimage.glance.plugins.module_utils._plan.remote_attributes import (
    OF_ONE_CLOUD,
    with_remote_attributes,
)

IMAGE = Image(
    {
        "id": "i",
        "name": "there",
        "status": "active",
        "owner": "p",
        "visibility": "public",
        "protected": True,
        "os_hidden": False,
        "tags": ["b", "a"],
        "disk_format": "qcow2",
        "container_format": "bare",
        "min_disk": 2,
        "min_ram": None,
        "size": 5,
        "direct_url": "file:///x",
        "os_distro": "debian",
        "count": 3,
        "nothing": None,
        "nested": {"a": 1},
        "context": "Glance's code has this name",
        "os_glance_stage_host": "h",
        "cloudimage_catalogue": "base",
        "cloudimage_published_as": "x",
        "img_signature": "s",
        "img_signature_certificate_uuid": "u",
        "owner_specified.openstack.md5": "m",
        "owner_specified.other": "o",
        **dict.fromkeys(OF_ONE_CLOUD, "id"),
    }
)
PROPERTIES = {"os_distro": "debian", "count": "3", "owner_specified.other": "o"}


def copied(given: t.Any, **options: t.Any) -> ImageOptions:
    task = ImageOptions(ImageSelection(name="n"), **{"attributes": {"name": "n"}, **options})
    return with_remote_attributes(task, IMAGE, CopiedAttributes.parse(given))


def test_attributes_and_properties_are_copied() -> None:
    options = copied(True)
    assert options.attributes == {
        "name": "n",
        "disk_format": "qcow2",
        "container_format": "bare",
        "min_disk": 2,
        "tags": ["a", "b"],
    }
    assert options.properties == PROPERTIES


@pytest.mark.parametrize(
    ("given", "attributes", "properties"),
    [
        (False, {}, {}),
        (["properties"], {}, PROPERTIES),
        (["min_ram", "min_disk"], {"min_disk": 2}, {}),
        (["visibility", "protected", "hidden"], {"visibility": "public", "protected": True, "os_hidden": False}, {}),
        (["properties.kernel_id", "properties.missing", "properties.nothing"], {}, {"kernel_id": "id"}),
        (["properties.img_signature", "properties"], {}, {**PROPERTIES, "img_signature": "s"}),
        (["properties.nested"], {}, {}),
    ],
)
def test_only_what_is_listed_is_copied(given: t.Any, attributes: dict[str, t.Any], properties: dict[str, str]) -> None:
    options = copied(given)
    assert (options.attributes, options.properties) == ({"name": "n", **attributes}, properties)


def test_what_the_task_names_counts() -> None:
    own = {"name": "n", "tags": [], "min_disk": 7}
    options = copied(["tags", "min_disk", "properties"], attributes=own, properties={"count": None, "x": "y"})
    assert options.attributes == own
    assert options.properties == {**PROPERTIES, "count": None, "x": "y"}


@pytest.mark.parametrize(("convert", "min_disk"), [(None, 2), ("raw", None)])
def test_size_of_the_disk_is_not_copied_with_converted_data(convert: str | None, min_disk: int | None) -> None:
    assert copied(True, data=DataOptions(convert=convert)).attributes.get("min_disk") == min_disk
    named = copied(True, data=DataOptions(convert=convert), attributes={"min_disk": 9})
    assert named.attributes["min_disk"] == 9
