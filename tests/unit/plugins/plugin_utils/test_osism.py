# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""Each construct of OSISM's image definitions, and the entry that it becomes."""

from __future__ import annotations

import collections
import datetime
import typing as t

import pytest
import yaml
from ansible.errors import AnsibleFilterError
from ansible_collections.cloudimage.glance.plugins.filter.from_osism import FilterModule, from_osism
from ansible_collections.cloudimage.glance.plugins.module_utils._argspec import IMAGE
from ansible_collections.cloudimage.glance.plugins.plugin_utils._osism import Conversion, convert
from ansible_collections.cloudimage.glance.plugins.plugin_utils._osism_values import InvalidDefinition

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


def test_whole_definition_becomes_an_entry() -> None:
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
        # What Ansible takes for a boolean is one, as in the options of a module.
        ({"enable": "false"}, {}, []),
        ({"enable": "yes", "multi": "no"}, {}, ["Mini 1.9", "Mini 1.10"]),
        ({"multi": "True"}, {}, ["Mini"]),
        ({"separator": ""}, {}, ["Mini1.9", "Mini1.10"]),
        ({"separator": None}, {}, ["Mini 1.9", "Mini 1.10"]),
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
def test_source_becomes_path_url_and_mirrors(of_version: dict[str, t.Any], expected: dict[str, t.Any]) -> None:
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
def test_checksum_gets_its_algorithm(of_version: dict[str, t.Any], checksum: str | None) -> None:
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
def test_version_needs_a_checksum(of_version: dict[str, t.Any], expected: str | None) -> None:
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
def test_metadata_becomes_properties(
    different: dict[str, t.Any], of_version: dict[str, t.Any], properties: dict[str, t.Any]
) -> None:
    converted = entry(version(**of_version), **different)["properties"]
    assert {key: converted[key] for key in properties} == properties


@pytest.mark.parametrize(
    ("different", "of_version", "expected"),
    [
        ({"status": "deactivated"}, {}, {"state": "deactivated"}),
        ({}, {"visibility": "private"}, {"visibility": "private"}),
        ({}, {"hidden": True}, {"hidden": True}),
        ({}, {"hidden": "false"}, {"hidden": False}),
        ({}, {"visibility": None}, {"visibility": "public"}),
        ({"min_disk": "8", "min_ram": 0}, {}, {"min_disk": 8, "min_ram": 0}),
        ({"tags": None, "meta": None}, {}, {"tags": []}),
        ({"tags": [2026]}, {}, {"tags": ["2026"]}),
        ({"tags": ["a", "a"], "meta": {"os_distro": "mini"}}, {}, {"tags": ["a", "os:mini"]}),
    ],
)
def test_definition_becomes_attributes(
    different: dict[str, t.Any], of_version: dict[str, t.Any], expected: dict[str, t.Any]
) -> None:
    converted = entry(version(**of_version), **different)
    assert {key: converted[key] for key in expected} == expected


def test_null_is_as_if_the_key_was_not_given() -> None:
    converted = entry(
        version(hidden=None, id=None, mirror_url=None, build_date=None, meta=None), min_disk=None, min_ram=None
    )
    assert converted.keys().isdisjoint({"hidden", "id", "mirrors", "min_disk", "min_ram"})
    assert "image_build_date" not in converted["properties"]


def test_text_of_ansible_vault_is_text() -> None:
    """Some versions of ansible-core hand over an object that is no str; UserString stands for it."""
    assert entry(version(url=collections.UserString("https://example.com/1.0.img")))["url"] == "https://example.com/1.0.img"


def test_image_with_an_id_is_not_replaced() -> None:
    """An image with a given id cannot be replaced, because a new one has another id."""
    image_id = "6ee5c3a0-7b5f-4cf7-8a36-1a4d8a8f8d2e"
    converted = entry(version(id=image_id), multi=True)
    assert converted["id"] == image_id
    assert "data_policy" not in converted


def test_images_get_the_tag() -> None:
    [converted] = entries(definition(), tag="managed_by_osism")
    assert converted["tags"] == ["managed_by_osism"]


@pytest.mark.parametrize(
    ("image", "message"),
    [
        ({"name": "Mini"}, "format, login, status, versions, visibility is missing"),
        (definition(status="broken"), "Image 'Mini': status: 'broken' was given; one of active, deactivated is allowed"),
        (definition(VERSION, VERSION), "'1.0' is given twice"),
        (
            definition({"url": "https://example.com"}),
            r"versions\[0\]: version: no value was given; text that is not empty is",
        ),
        (definition(version(url="ftp://example.com/1.0")), "no URL that the module can use, among ftp://example.com/1.0"),
        (definition(version(url="https://example.com/1.0.zip")), "no archives"),
        (definition({"version": "1.0"}), "among none"),
        (definition(version(checksum="ab")), "names no algorithm"),
        (definition(version(version="latest", checksum=None)), "needs checksums_url or checksum_url"),
        (definition(version(checksum=None, checksums_url="https://example.com/SUMS")), "does not say the algorithm"),
        (definition(version(checksum=None, checksums_url="https://a", checksum_url="https://b")), "not both"),
    ],
)
def test_invalid_definition_is_refused(image: dict[str, t.Any], message: str) -> None:
    with pytest.raises(InvalidDefinition, match=message):
        entries(image)


# Each of these has the type of another value, or none.
TEXT = "text that is not empty is allowed"
OF_IMAGE = [
    ("enable", "maybe", "'maybe' was given; true or false is allowed."),
    ("enable", None, "no value was given; true or false is allowed."),
    ("enable", [True], "a list was given; true or false is allowed."),
    ("multi", 2, "'2' was given; true or false is allowed."),
    ("multi", None, "no value was given; true or false is allowed."),
    ("min_disk", 1.5, "'1.5' was given; a whole number of 0 or more is allowed."),
    ("min_disk", "a", "'a' was given; a whole number of 0 or more is allowed."),
    ("min_disk", True, "true was given; a whole number of 0 or more is allowed."),
    ("min_ram", -1, "'-1' was given; a whole number of 0 or more is allowed."),
    ("min_ram", {"a": 1}, "a dictionary was given; a whole number of 0 or more is allowed."),
    ("name", "", f"an empty text was given; {TEXT}."),
    ("format", None, f"no value was given; {TEXT}."),
    ("login", ["root"], f"a list was given; {TEXT}."),
    ("login", False, f"a boolean was given; {TEXT}."),
    ("separator", 1.0, "a number was given; text is allowed; put a number or a date in quotes."),
    ("status", None, "no value was given; one of active, deactivated is allowed."),
    ("visibility", None, "no value was given; one of public, private, community, shared is allowed."),
    ("visibility", "open", "'open' was given; one of public, private, community, shared is allowed."),
    ("visibility", "x" * 99, f"'{'x' * 60}…' was given; one of"),
    ("tags", "abc", "text was given; a list of texts is allowed."),
    ("tags", 5, "a number was given; a list of texts is allowed."),
    ("tags", {"a": "b"}, "a dictionary was given; a list of texts is allowed."),
    ("meta", "text", "text was given; a dictionary is allowed."),
    ("meta", ["a"], "a list was given; a dictionary is allowed."),
    ("versions", None, "no value was given; a list of one or more dictionaries is allowed."),
    ("versions", [], "an empty list was given; a list of one or more dictionaries is allowed."),
    ("versions", {}, "a dictionary was given; a list of one or more dictionaries is allowed."),
    ("versions", "x", "text was given; a list of one or more dictionaries is allowed."),
]
OF_VERSION = [
    ("hidden", "maybe", "'maybe' was given; true or false is allowed."),
    ("visibility", ["public"], "a list was given; one of public, private, community, shared is allowed."),
    ("id", 1.5, f"a number was given; {TEXT}; put a number or a date in quotes."),
    ("os_version", 24.1, "a number was given; text is allowed; put a number or a date in quotes."),
    ("meta", [], "an empty list was given; a dictionary is allowed."),
    ("build_date", "soon", "'soon' was given; a date such as 2026-01-31 is allowed."),
    ("build_date", 20260131, "'20260131' was given; a date such as 2026-01-31 is allowed."),
    ("checksum", "", f"an empty text was given; {TEXT}."),
    ("url", ["https://me:geheim@example.com"], f"a list was given; {TEXT}."),
    ("url", "http://me:geheim@[::1", "text that is no valid URL was given."),
    ("mirror_url", "http://me:geheim@ex\u2100mple.com/", "text that is no valid URL was given."),
    ("checksums_url", "http://me:geheim@[::1/SHA256SUMS", "text that is no valid URL was given."),
    ("visibility", "https://me:geheim@example.com/a?s=geheim", "'https://example.com/a?…' was given; one of"),
]


@pytest.mark.parametrize(("key", "value", "message"), OF_IMAGE)
def test_value_of_an_image_with_another_type_is_an_error(key: str, value: t.Any, message: str) -> None:
    with pytest.raises(InvalidDefinition) as caught:
        entries(definition(**{key: value}))
    label = "Image ''" if key == "name" else "Image 'Mini'"
    assert str(caught.value).startswith(f"{label}: {key}: {message}")


@pytest.mark.parametrize(("key", "value", "message"), OF_VERSION)
def test_value_of_a_version_with_another_type_is_an_error(key: str, value: t.Any, message: str) -> None:
    with pytest.raises(InvalidDefinition) as caught:
        entries(definition(version(**{"checksum": None, key: value})))
    assert str(caught.value).startswith(f"Image 'Mini', version '1.0': {key}: {message}")
    assert "geheim" not in str(caught.value)


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (definition(versions=["x"]), "Image 'Mini': versions[0]: text was given; a dictionary is allowed."),
        (definition(VERSION, version(version=None)), "Image 'Mini', versions[1]: version: no value was given; text"),
        # 1.10 without quotes is the number 1.1.
        (
            definition(version(version=1.10)),
            "Image 'Mini', versions[0]: version: a number was given; text that is not empty is",
        ),
        (definition(tags=["a", None]), "Image 'Mini': tags[1]: no value was given; text that is not empty is allowed."),
        (definition(tags=[""]), "Image 'Mini': tags[0]: an empty text was given; text that is not empty is allowed."),
        (definition(meta={"a": {}}), "Image 'Mini': meta.a: a dictionary was given; text, a number, a date, true, false or"),
        (definition(name=None), "Image 1: name: no value was given"),
        ({"images": "x"}, "Item 0 has a str in 'images'; a list of images is allowed."),
        ({"images": {}}, "Item 0 has a dict in 'images'; a list of images is allowed."),
    ],
)
def test_item_with_another_type_is_an_error(image: dict[str, t.Any], message: str) -> None:
    with pytest.raises(InvalidDefinition) as caught:
        convert([image], Conversion())
    assert str(caught.value).startswith(message)


def test_image_that_is_left_out_is_not_checked_further() -> None:
    assert entries(definition(enable=False, versions=None)) == []


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


def test_filter_passes_its_options_on() -> None:
    """The filter passes its options on, and reports what cannot be converted as Ansible's filters do."""
    assert FilterModule().filters() == {"from_osism": from_osism}
    [old, _new] = from_osism([definition(version(), version(version="2.0"), multi=True)], versions="all", tag="mine")
    assert (old["name"], old["tags"]) == ("Mini (1.0)", ["mine"])
    assert from_osism([definition(enable=False)], enabled_only="true") == []
    assert len(from_osism([definition(enable=False)], enabled_only="false")) == 1
    with pytest.raises(AnsibleFilterError, match="enabled_only is 'x'; allowed are true and false"):
        from_osism([], enabled_only="x")
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
