# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._errors import InvalidInput
from ansible_collections.cloudimage.glance.plugins.module_utils._options.connection import ConnectionOptions
from ansible_collections.cloudimage.glance.plugins.module_utils._options.remote import CloudImage, CopiedAttributes

ID = "8f4c9f1e-0a1c-4f1f-9f8e-3a7c5b0f6a11"
NOTHING: dict[str, t.Any] = {"cloud": "c", "region": None, "id": None, "name": None, "interface": None}
DEFAULT = CopiedAttributes(("disk_format", "container_format", "min_disk", "min_ram", "tags"), all_properties=True)


@pytest.mark.parametrize(
    ("given", "copied"),
    [
        (None, DEFAULT),
        (True, DEFAULT),
        ("true", DEFAULT),
        (" Yes ", DEFAULT),
        (False, CopiedAttributes()),
        ("false", CopiedAttributes()),
        ("no", CopiedAttributes()),
        ([], CopiedAttributes()),
        ("", CopiedAttributes()),
        (["properties"], CopiedAttributes(all_properties=True)),
        (["hidden", "visibility", "protected"], CopiedAttributes(("visibility", "protected", "os_hidden"))),
        ("tags, properties.a ,", CopiedAttributes(("tags",), properties=frozenset({"a"}))),
        (["properties", "properties.a"], CopiedAttributes((), True, frozenset({"a"}))),
    ],
)
def test_what_is_copied(given: t.Any, copied: CopiedAttributes) -> None:
    assert CopiedAttributes.parse(given) == copied


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["owner"], "^remote_attributes: 'owner' was given; allowed are disk_format, .*hidden, properties, and properties"),
        (["tags", "members", "id"], "'members', 'id' was given"),
        ([1], r"\[1\] was given; true, false or a list of names"),
        ({"tags": 1}, "true, false or a list of names"),
        (1, "1 was given; true, false or a list of names"),
        (["properties_x"], "'properties_x' was given; write properties.NAME"),
        (["properties."], "remote_attributes: properties: the name '' has 0 characters"),
        (["properties.name"], "remote_attributes: properties: 'name' is an attribute"),
        (["properties.cloudimage_x"], "'cloudimage_x' is this collection's own record"),
    ],
)
def test_what_cannot_be_copied(given: t.Any, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        CopiedAttributes.parse(given)


@pytest.mark.parametrize(
    ("given", "hides", "properties"),
    [(True, False, True), (["hidden"], True, False), (["properties.a"], False, True), ([], False, False)],
)
def test_what_copying_may_do(given: t.Any, hides: bool, properties: bool) -> None:
    copied = CopiedAttributes.parse(given)
    assert (copied.may_hide, copied.has_properties) == (hides, properties)


@pytest.mark.parametrize(
    ("remote", "name", "image_id", "label"),
    [
        ({}, "own", None, "name 'own'"),
        ({"name": "other"}, "other", None, "name 'other'"),
        ({"id": ID}, None, ID, f"id '{ID}'"),
    ],
)
def test_image_in_another_cloud(remote: dict[str, t.Any], name: str | None, image_id: str | None, label: str) -> None:
    image = CloudImage.from_params({**NOTHING, **remote}, "own", False)
    assert image == CloudImage(ConnectionOptions("c"), image_id, name)
    assert image.label == label


def test_region_and_interface_belong_to_the_login() -> None:
    image = CloudImage.from_params({**NOTHING, "region": "r", "interface": "internal"}, "own", None)
    assert image == CloudImage(ConnectionOptions("c", region_name="r", interface="internal"), None, "own", DEFAULT)


@pytest.mark.parametrize(
    ("remote", "message"),
    [
        ({"id": ID, "name": "x"}, "remote: 'id' and 'name' were given; give one of them"),
        ({"id": "x"}, "remote, id: 'x' is not an image id"),
        ({"name": ""}, "remote, name: '' has 0 characters"),
        ({}, "remote: give the 'id' or the 'name'"),
        ({"name": "x", "cloud": "auth={}"}, "remote, cloud: a string with a configuration"),
        ({"name": "x", "cloud": ""}, "remote, cloud: an empty text was given"),
        ({"name": "x", "cloud": 1}, "remote, cloud: the name of an entry"),
    ],
)
def test_invalid_image_in_another_cloud(remote: dict[str, t.Any], message: str) -> None:
    with pytest.raises(InvalidInput, match=f"^{message}"):
        CloudImage.from_params({**NOTHING, **remote}, None, None)


@pytest.mark.parametrize(
    ("cloud", "region", "shown"),
    [
        ("c", None, "cloud 'c'"),
        ("c", "r", "cloud 'c' (region 'r')"),
        ({"auth": {"auth_url": "https://u:secret@host/v3?x=y"}}, None, "the cloud at https://host/v3?…"),
        ({"auth": {"auth_url": None}}, "r", "the cloud that 'remote' describes (region 'r')"),
        ({"profile": "x"}, None, "the cloud that 'remote' describes"),
    ],
)
def test_cloud_has_a_name_without_secrets(cloud: t.Any, region: str | None, shown: str) -> None:
    assert CloudImage(ConnectionOptions(cloud, region_name=region)).cloud == shown
