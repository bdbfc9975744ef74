# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

import dataclasses
import typing as t

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._errors import InvalidInput
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.checksums import Checksum
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.input_checks import MAX_INTEGER
from ansible_collections.cloudimage.glance.plugins.module_utils._options.connection import ConnectionOptions
from ansible_collections.cloudimage.glance.plugins.module_utils._options.data import DataOptions, RemoteImage
from ansible_collections.cloudimage.glance.plugins.module_utils._options.image import ImageOptions, ImageSelection
from ansible_collections.cloudimage.glance.plugins.module_utils._options.project import ProjectReference
from ansible_collections.cloudimage.glance.plugins.module_utils._options.remote import CloudImage
from ansible_collections.cloudimage.glance.tests.unit.plugins.module_utils.parsed import image_options

ID = "8f4c9f1e-0a1c-4f1f-9f8e-3a7c5b0f6a11"
MD5 = "0123456789abcdef0123456789abcdef"
REMOTE = {"region": "r", "id": ID, "interface": "public"}
CLOUD = {"cloud": "c", "region": None, "id": None, "name": None, "interface": None}


@pytest.mark.parametrize(
    ("options", "selection"),
    [
        ({"name": "a"}, ImageSelection(name="a")),
        ({"id": ID, "name": "a"}, ImageSelection(ID, "a")),
        ({"name": "a", "owner": "p", "owner_domain": "d"}, ImageSelection(None, "a", ProjectReference("p", "d"))),
        ({"name": "a", "on_duplicate": "newest"}, ImageSelection(None, "a", on_duplicate="newest")),
    ],
)
def test_image_is_selected_by_id_or_name(options: dict[str, t.Any], selection: ImageSelection) -> None:
    assert image_options(**options).selection == selection


@pytest.mark.parametrize(
    ("options", "attributes"),
    [
        ({}, {}),
        ({"tags": ["b", "a", "b"]}, {"tags": ["a", "b"]}),
        ({"tags": []}, {"tags": []}),
        ({"protected": False, "hidden": True}, {"protected": False, "os_hidden": True}),
        ({"visibility": "public"}, {"visibility": "public"}),
        ({"disk_format": "raw", "min_disk": 0, "min_ram": 5}, {"disk_format": "raw", "min_disk": 0, "min_ram": 5}),
    ],
)
def test_only_attributes_that_are_given_are_desired(options: dict[str, t.Any], attributes: dict[str, t.Any]) -> None:
    assert image_options(name="a", **options).attributes == {"name": "a", **attributes}


def test_reference_to_another_image_is_kept_by_the_property() -> None:
    options = image_options(name="a", kernel="k", ramdisk="", properties={"x": 1, "y": None})
    assert options.references == {"kernel_id": "k", "ramdisk_id": ""}
    assert options.properties == {"x": "1", "y": None}


def test_stores_keep_their_order_and_are_named_once() -> None:
    assert image_options(name="a", stores=["b", "a", "b"]).stores == ("b", "a")
    assert image_options(name="a").stores is None


@pytest.mark.parametrize(("wait", "expected"), [(True, 7), (False, None)])
@pytest.mark.parametrize("state", ["present", "absent"])
def test_timeout_counts_only_for_a_task_that_waits(state: str, wait: bool, expected: float | None) -> None:
    assert image_options(name="a", state=state, wait=wait, wait_timeout=7).wait == expected


@pytest.mark.parametrize(
    ("options", "data"),
    [
        ({}, None),
        ({"path": "/p", "decompress": "gz"}, DataOptions("/p", decompress="gz")),
        ({"url": "https://h/d", "checksum": f"md5:{MD5}"}, DataOptions(None, "https://h/d", checksum=Checksum("md5", MD5))),
        (
            {"remote": {"region": "r", "id": ID, "interface": "public"}},
            DataOptions(remote=RemoteImage("r", ID, "public")),
        ),
        ({"remote": {"region": "r", "id": ID}}, DataOptions(remote=RemoteImage("r", ID, "public"))),
        (
            {"remote": CLOUD, "remote_attributes": False, "transfer": "stream", "convert": "raw", "inspect": "always"},
            DataOptions(
                transfer="stream", convert="raw", inspect="always", cloud_image=CloudImage(ConnectionOptions("c"), None, "a")
            ),
        ),
        (
            {"remote": {**CLOUD, "id": ID}, "remote_attributes": [], "import_method": "glance-direct"},
            DataOptions(import_method="glance-direct", cloud_image=CloudImage(ConnectionOptions("c"), ID)),
        ),
    ],
)
def test_data_have_one_source(options: dict[str, t.Any], data: DataOptions | None) -> None:
    assert image_options(name="a", **options).data == data


@pytest.mark.parametrize(
    ("options", "demanded"),
    [
        ({}, False),
        ({"transfer": "import"}, True),
        ({"import_method": "web-download"}, True),
        ({"import_method": "glance-direct"}, False),
    ],
)
def test_import_is_demanded_by_transfer_or_method(options: dict[str, t.Any], demanded: bool) -> None:
    data = image_options(name="a", url="https://h/d", **options).data
    assert data
    assert data.import_is_demanded is demanded


def test_options_that_describe_the_image_are_ignored_if_it_is_to_be_absent() -> None:
    options = image_options(name="a", state="absent", force=True, tags=[""], path="/p", url="x", on_duplicate="all")
    assert (options.is_absent, options.force, options.attributes, options.data) == (True, True, {}, None)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "name, id: both are null"),
        ({"id": "x"}, "id: 'x' is not an image id"),
        ({"name": "n" * 256}, "has 256 characters"),
        ({"name": "a", "owner": ""}, "owner: '' has 0 characters"),
        ({"name": "a", "wait_timeout": 0}, "wait_timeout: 0 was given"),
        ({"name": "a", "candidate": "prepare"}, "give 'path', 'url' or 'remote', and 'data_policy: replace'"),
        ({"name": "a", "candidate": "promote", "path": "/p"}, "give 'path', 'url' or 'remote', and 'data_policy: replace'"),
        (
            {"name": "a", "candidate": "prepare", "url": "https://h/d", "data_policy": "replace"},
            "candidate: with 'url' give a 'checksum'",
        ),
        ({"name": "a", "on_duplicate": "all"}, "'all' is allowed with 'state: absent' only"),
        ({"name": "a", "state": "absent", "on_duplicate": "newest"}, "'newest' with 'state: absent'"),
        ({"name": "a", "tags": [""]}, "tags: '' has 0 characters"),
        ({"name": "a", "min_ram": -1}, "min_ram: -1 was given"),
        ({"name": "a", "min_disk": True}, "min_disk: True was given"),
        ({"name": "a", "min_disk": 2**31}, "min_disk: 2147483648 was given"),
        ({"name": "a", "purge_properties": True}, "purge_properties: give 'properties' too"),
        ({"name": "a", "kernel": "k", "properties": {"kernel_id": "k"}}, "'kernel_id' is given, and 'kernel' too"),
        ({"name": "a", "stores": []}, "stores: an empty list"),
        ({"name": "a", "path": "/p", "url": "https://h/d"}, "path, url: an image has its data from one source"),
        ({"name": "a", "checksum": "md5:x"}, "checksum: it says something of the data"),
        ({"name": "a", "path": "/p", "checksum": "md5:x"}, "checksum: 'x' is no md5"),
        ({"name": "a", "import_method": "web-download"}, "import_method: it says something of the data"),
        ({"name": "a", "path": "/p", "import_method": "web-download"}, "with 'path' there is glance-direct"),
        ({"name": "a", "path": "/p", "transfer": "import"}, "transfer: with 'import'"),
        ({"name": "a", "url": "u", "transfer": "import", "import_method": "glance-direct"}, "transfer: with 'import'"),
        ({"name": "a", "url": "u", "transfer": "stream", "import_method": "web-download"}, "transfer: with 'stream'"),
        ({"name": "a", "remote": REMOTE, "transfer": "stream"}, "transfer: with 'stream'"),
        ({"name": "a", "remote": {**REMOTE, "id": "x"}}, "remote, id: 'x' is not an image id"),
        ({"name": "a", "remote": {"region": "r"}}, "remote: give 'region' and 'id'"),
        ({"name": "a", "remote": {"id": ID}}, "remote: give 'region' and 'id'"),
        ({"name": "a", "remote": {**REMOTE, "name": "x"}}, "remote: give 'region' and 'id'"),
        ({"name": "a", "remote": REMOTE, "remote_attributes": True}, "remote_attributes: .*give 'remote' with a 'cloud'"),
        ({"name": "a", "path": "/p", "remote_attributes": False}, "remote_attributes: .*give 'remote' with a 'cloud'"),
        ({"name": "a", "remote_attributes": []}, "remote_attributes: .*give 'remote' with a 'cloud'"),
        ({"name": "a", "remote": CLOUD, "path": "/p"}, "path, remote: an image has its data from one source"),
        ({"name": "a", "remote": CLOUD, "transfer": "import"}, "transfer: with 'import'"),
        ({"name": "a", "remote": CLOUD, "import_method": "glance-download"}, "with 'remote.cloud' there is glance-direct"),
        ({"name": "a", "remote": CLOUD, "checksum": f"md5:{MD5}"}, "checksum, decompress: with 'remote'"),
        ({"name": "a", "remote": CLOUD, "remote_attributes": ["tags"], "purge_properties": True}, "give 'properties' too"),
        ({"name": "a", "remote": REMOTE, "checksum": "md5:x"}, "checksum, decompress: with 'remote'"),
        ({"name": "a", "remote": REMOTE, "decompress": "gz"}, "checksum, decompress: with 'remote'"),
        ({"id": ID, "path": "/p", "data_policy": "replace"}, "give its 'name', and not its 'id'"),
        ({"name": "a", "path": "/p", "data_policy": "replace", "on_duplicate": "oldest"}, "a new image never is the oldest"),
        ({"name": "a", "path": "/p", "data_policy": "replace", "wait": False}, "'replace' needs 'wait: true'"),
        ({"name": "a", "path": "/p", "stores": ["s"], "wait": False}, "stores: they need 'wait: true'"),
        ({"name": "a", "stores": ["s"], "wait": False}, "stores: they need 'wait: true'"),
    ],
)
def test_invalid_options_are_rejected(options: dict[str, t.Any], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        image_options(**options)


def test_copied_properties_may_be_purged() -> None:
    assert image_options(name="a", remote=CLOUD, purge_properties=True).purge_properties


def test_task_that_gives_only_a_name_has_the_defaults() -> None:
    parsed = image_options(name="a")
    assert dataclasses.replace(ImageOptions(parsed.selection), attributes=parsed.attributes, wait=parsed.wait) == parsed
    assert (parsed.create, parsed.force, parsed.purge_properties) == (True, False, False)


@pytest.mark.parametrize("option", ["min_disk", "min_ram"])
def test_largest_integer_is_allowed(option: str) -> None:
    assert image_options(name="a", **{option: MAX_INTEGER}).attributes[option] == MAX_INTEGER


@pytest.mark.parametrize(
    ("options", "hidden", "finds"),
    [
        ({}, None, False),
        ({"hidden": False}, False, False),
        ({"hidden": True}, True, True),
        ({"state": "absent"}, None, True),
        ({"path": "/f", "data_policy": "replace"}, None, False),
        ({"path": "/f", "data_policy": "replace", "hidden": False}, False, True),
        ({"path": "/f", "hidden": False}, False, False),
    ],
)
def test_hidden_images_are_looked_for_if_the_task_may_mean_one(
    options: dict[str, t.Any], hidden: bool | None, finds: bool
) -> None:
    parsed = image_options(name="a", **options)
    assert parsed.hidden is hidden
    assert parsed.finds_hidden is finds


@pytest.mark.parametrize(("copied", "finds"), [(True, False), (["hidden"], True)])
def test_hidden_images_are_looked_for_if_the_image_may_become_hidden(copied: t.Any, finds: bool) -> None:
    assert image_options(name="a", remote=CLOUD, remote_attributes=copied).finds_hidden is finds
