# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""Each construct of OSISM's image definitions, and the entry that it becomes."""

from __future__ import annotations

import datetime
import typing as t

import pytest
import yaml
from ansible.errors import AnsibleFilterError
from ansible_collections.cloudimage.glance.plugins.filter.from_osism import FilterModule, from_osism
from ansible_collections.cloudimage.glance.plugins.module_utils._argspec import IMAGE
from ansible_collections.cloudimage.glance.plugins.plugin_utils._osism import Conversion, InvalidDefinition, convert

SHA256 = "sha256:" + "ab" * 32
VERSION = {"version": "1.0", "url": "https://example.com/1.0.img", "checksum": SHA256}


def definition(*versions: dict[str, t.Any], **different: t.Any) -> dict[str, t.Any]:
    return {
        "name": "Mini",
        "format": "qcow2",
        "login": "root",
        "status": "active",
        "visibility": "public",
        "multi": False,
        "meta": {},
        "tags": [],
        "versions": list(versions or (VERSION,)),
        **different,
    }


def entries(*images: dict[str, t.Any], **how: t.Any) -> list[dict[str, t.Any]]:
    return convert({"images": list(images)}, Conversion(**how))


def entry(*versions: dict[str, t.Any], **different: t.Any) -> dict[str, t.Any]:
    [only] = entries(definition(*versions, **different))
    return only


def version(**different: t.Any) -> dict[str, t.Any]:
    return {**VERSION, **different}


def test_whole_definition() -> None:
    text = """
images:
  - name: Mini
    enable: true
    shortname: mini
    format: qcow2
    login: root
    password: secret
    min_disk: 1
    min_ram: 64
    status: active
    visibility: public
    multi: true
    meta:
      architecture: x86_64
      hw_rng_model:
      hw_vif_multiqueue_enabled: true
      os_distro: mini
      os_version: '7'
      provided_until: 2031-05-31
    tags: [small]
    latest_url: https://example.com/latest.img
    versions:
      - version: '20260131'
        url: https://example.com/20260131.img
        mirror_url: https://mirror.example.com/20260131-mini.qcow2
        checksum: sha256:abababababababababababababababababababababababababababababababab
        build_date: 2026-01-31
"""
    assert convert(yaml.safe_load(text), Conversion()) == [
        {
            "name": "Mini",
            "version": "20260131",
            "replaced_name": "{name} ({version})",
            "replaced": "keep",
            "data_policy": "replace",
            "state": "active",
            "disk_format": "qcow2",
            "container_format": "bare",
            "min_disk": 1,
            "min_ram": 64,
            "visibility": "public",
            "tags": ["small", "os:mini"],
            "url": "https://mirror.example.com/20260131-mini.qcow2",
            "mirrors": ["https://example.com/20260131.img"],
            "checksum": SHA256,
            "properties": {
                "architecture": "x86_64",
                "hw_rng_model": None,
                "hw_vif_multiqueue_enabled": True,
                "image_build_date": "2026-01-31",
                "image_description": "Mini",
                "image_name": "Mini",
                "image_original_user": "root",
                "image_source": "https://example.com/20260131.img",
                "internal_version": "20260131",
                "os_distro": "mini",
                "os_version": "7",
                "provided_until": "2031-05-31",
            },
        }
    ]


@pytest.mark.parametrize(
    ("different", "how", "names"),
    [
        ({}, {}, ["Mini 1.9", "Mini 1.10"]),
        ({"separator": "-"}, {}, ["Mini-1.9", "Mini-1.10"]),
        ({"multi": True}, {}, ["Mini"]),
        ({"multi": True}, {"all_versions": True}, ["Mini (1.9)", "Mini"]),
        ({"multi": True, "separator": "-"}, {"all_versions": True}, ["Mini-(1.9)", "Mini"]),
        ({"enable": False}, {}, []),
        ({"enable": False}, {"enabled_only": False}, ["Mini 1.9", "Mini 1.10"]),
        ({"versions": []}, {}, []),
    ],
)
def test_entries_of_an_image(different: dict[str, t.Any], how: dict[str, t.Any], names: list[str]) -> None:
    """The newest version is that of the highest number, not the last in the alphabet."""
    image = definition(version(version="1.10"), version(version="1.9"), **different)
    assert [each["name"] for each in entries(image, **how)] == names


def test_only_the_newest_of_several_versions_replaces() -> None:
    old, new = entries(definition(version(), version(version="2.0"), multi=True), all_versions=True)
    assert "data_policy" not in old
    assert (new["data_policy"], new["replaced_name"]) == ("replace", "{name} ({version})")


@pytest.mark.parametrize(
    ("of_version", "expected"),
    [
        ({}, {"url": "https://example.com/1.0.img"}),
        (
            {"mirror_url": "https://m.example.com/1.0"},
            {"url": "https://m.example.com/1.0", "mirrors": ["https://example.com/1.0.img"]},
        ),
        # A file that is compressed otherwise has another checksum.
        (
            {"mirror_url": "https://m.example.com/1.0", "url": "https://example.com/1.0.img.xz"},
            {"url": "https://m.example.com/1.0"},
        ),
        (
            {"mirror_url": "https://m.example.com/1.0.xz", "url": "https://example.com/1.0.XZ"},
            {"url": "https://m.example.com/1.0.xz", "mirrors": ["https://example.com/1.0.XZ"], "decompress": "xz"},
        ),
        (
            {"url": "https://example.com/1.0.img.bz2?token=a.gz"},
            {"url": "https://example.com/1.0.img.bz2?token=a.gz", "decompress": "bz2"},
        ),
        # Nothing is taken out of an archive.
        (
            {"mirror_url": "https://m.example.com/1.0", "url": "https://example.com/1.0.tar.xz"},
            {"url": "https://m.example.com/1.0"},
        ),
        (
            {"mirror_url": "ftp://m.example.com/1.0", "url": "https://example.com/1.0"},
            {"url": "https://example.com/1.0"},
        ),
        ({"url": "file:///srv/images/my%20image.img"}, {"path": "/srv/images/my image.img"}),
        ({"url": "file:image.img"}, {"path": "image.img"}),
    ],
)
def test_data(of_version: dict[str, t.Any], expected: dict[str, t.Any]) -> None:
    converted = entry(version(**of_version))
    named = {key: converted[key] for key in ("path", "url", "mirrors", "decompress") if key in converted}
    assert named == expected


def test_url_comes_first_if_preferred() -> None:
    [converted] = entries(definition(version(mirror_url="https://m.example.com/1.0")), prefer_mirror=False)
    assert (converted["url"], converted["mirrors"]) == ("https://example.com/1.0.img", ["https://m.example.com/1.0"])


@pytest.mark.parametrize(
    ("of_version", "checksum"),
    [
        ({"checksum": SHA256}, SHA256),
        ({"checksum": "ab" * 64}, "sha512:" + "ab" * 64),
        ({"checksum": None}, None),
        (
            {"version": "latest", "checksum": None, "checksums_url": "https://example.com/SHA256SUMS"},
            "sha256:https://example.com/SHA256SUMS",
        ),
        (
            {"version": "latest", "checksum": None, "checksum_url": "https://example.com/latest.img.sha512"},
            "sha512:https://example.com/latest.img.sha512",
        ),
    ],
)
def test_checksum(of_version: dict[str, t.Any], checksum: str | None) -> None:
    assert entry(version(**of_version)).get("checksum") == checksum


@pytest.mark.parametrize(
    ("of_version", "expected"),
    [
        ({}, "1.0"),
        # Without a checksum nobody can tell which version an image is.
        ({"checksum": None}, None),
        ({"version": "latest", "checksums_url": "https://example.com/SHA256SUMS"}, None),
        ({"version": 7}, "7"),
    ],
)
def test_version(of_version: dict[str, t.Any], expected: str | None) -> None:
    assert entry(version(**of_version)).get("version") == expected


def test_latest_has_no_internal_version() -> None:
    latest = version(version="latest", checksum=None, checksums_url="https://example.com/SHA256SUMS")
    assert "internal_version" not in entry(latest)["properties"]


@pytest.mark.parametrize(
    ("different", "of_version", "properties"),
    [
        ({}, {}, {"os_version": "1.0", "internal_version": "1.0", "image_original_user": "root"}),
        ({"multi": True}, {"os_version": "8"}, {"os_version": "8"}),
        (
            {"meta": {"image_description": "text", "image_name": "mini"}},
            {},
            {"image_description": "text", "image_name": "mini"},
        ),
        ({}, {"image_description": "of this version"}, {"image_description": "of this version"}),
        ({"meta": {"hw_disk_bus": "scsi"}}, {"meta": {"hw_disk_bus": "virtio"}}, {"hw_disk_bus": "virtio"}),
        ({}, {"build_date": datetime.date(2026, 1, 31)}, {"image_build_date": "2026-01-31"}),
        (
            {},
            {"build_date": datetime.datetime(2026, 1, 31, 12, tzinfo=datetime.timezone.utc)},
            {"image_build_date": "2026-01-31"},
        ),
        ({}, {"build_date": "2026-01-31"}, {"image_build_date": "2026-01-31"}),
        ({}, {"url": "file:///srv/secret/mini.img"}, {"image_source": "file:mini.img"}),
        ({}, {"url": "https://user:pw@example.com/a.img?Signature=s"}, {"image_source": "https://example.com/a.img?…"}),
    ],
)
def test_properties(different: dict[str, t.Any], of_version: dict[str, t.Any], properties: dict[str, t.Any]) -> None:
    converted = entry(version(**of_version), **different)["properties"]
    assert {key: converted[key] for key in properties} == properties


@pytest.mark.parametrize(
    ("different", "of_version", "expected"),
    [
        ({"status": "deactivated"}, {}, {"state": "deactivated"}),
        ({}, {"visibility": "private"}, {"visibility": "private"}),
        ({}, {"hidden": True}, {"hidden": True}),
        ({"tags": ["a", "a"], "meta": {"os_distro": "mini"}}, {}, {"tags": ["a", "os:mini"]}),
    ],
)
def test_attributes(different: dict[str, t.Any], of_version: dict[str, t.Any], expected: dict[str, t.Any]) -> None:
    converted = entry(version(**of_version), **different)
    assert {key: converted[key] for key in expected} == expected


def test_image_with_an_id_is_not_replaced() -> None:
    """An image with a given id cannot be replaced, because a new one has another id."""
    image_id = "6ee5c3a0-7b5f-4cf7-8a36-1a4d8a8f8d2e"
    converted = entry(version(id=image_id), multi=True)
    assert converted["id"] == image_id
    assert "data_policy" not in converted


def test_tag() -> None:
    [converted] = entries(definition(), tag="managed_by_osism")
    assert converted["tags"] == ["managed_by_osism"]


@pytest.mark.parametrize(
    ("image", "message"),
    [
        ({"name": "Mini"}, "format, login, status, versions, visibility is missing"),
        (definition(status="broken"), "the status is 'broken'"),
        (definition(VERSION, VERSION), "'1.0' is given twice"),
        (definition({"url": "https://example.com"}), "a version has no 'version'"),
        (definition(version(url="ftp://example.com/1.0")), "no URL that the module can use, among ftp://example.com/1.0"),
        (definition(version(url="https://example.com/1.0.zip")), "no archives"),
        (definition({"version": "1.0"}), "among none"),
        (definition(version(checksum="ab")), "names no algorithm"),
        (definition(version(version="latest", checksum=None)), "needs checksums_url or checksum_url"),
        (definition(version(checksum=None, checksums_url="https://example.com/SUMS")), "does not say the algorithm"),
        (definition(version(checksum=None, checksums_url="https://a", checksum_url="https://b")), "not both"),
    ],
)
def test_invalid_definition(image: dict[str, t.Any], message: str) -> None:
    with pytest.raises(InvalidDefinition, match=message):
        entries(image)


@pytest.mark.parametrize(
    "definitions",
    [
        {"images": [definition()]},
        [{"images": [definition()]}],
        [definition()],
        ({"images": images} for images in ([definition()], None)),
    ],
)
def test_forms_of_the_input(definitions: t.Any) -> None:
    assert [each["name"] for each in convert(definitions, Conversion())] == ["Mini 1.0"]


@pytest.mark.parametrize("definitions", ["images: []", 7, None, [["a"]]])
def test_other_input_is_an_error(definitions: t.Any) -> None:
    with pytest.raises(InvalidDefinition):
        convert(definitions, Conversion())


def test_filter() -> None:
    """The filter passes its options on, and reports what cannot be converted as Ansible's filters do."""
    assert FilterModule().filters() == {"from_osism": from_osism}
    [old, _new] = from_osism([definition(version(), version(version="2.0"), multi=True)], versions="all", tag="mine")
    assert (old["name"], old["tags"]) == ("Mini (1.0)", ["mine"])
    with pytest.raises(AnsibleFilterError, match="versions is 'few'"):
        from_osism([], versions="few")
    with pytest.raises(AnsibleFilterError, match="prefer is 'x'"):
        from_osism([], prefer="x")
    with pytest.raises(AnsibleFilterError, match="from_osism: Image 'Mini': format"):
        from_osism([{"name": "Mini"}])


def test_entries_use_options_of_the_modules() -> None:
    """Each key of an entry is an option of the module image, or one that entries of images have besides."""
    converted = entry(version(mirror_url="https://m.example.com/1", hidden=True), multi=True)
    assert set(converted) <= {*IMAGE, "version", "replaced_name", "mirrors"}
