# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

import builtins
import json
import pathlib
import typing as t

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._errors import InvalidInput
from ansible_collections.cloudimage.glance.plugins.module_utils._module.property_checks import PropertyChecks, load_policy

NAMESPACE = {
    "namespace": "N",
    "resource_type_associations": [{"name": "OS::Glance::Image", "prefix": "hw_"}],
    "properties": {"disk_bus": {"type": "string", "enum": ["scsi", "virtio"]}},
}
PROPERTIES = {
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
IMAGE = {"name": "debian-13", "min_disk": 2, "min_ram": 512, "properties": PROPERTIES}


class Api:
    def __init__(self, *namespaces: dict[str, t.Any]) -> None:
        self._namespaces = list(namespaces)
        self.asked = 0

    def metadata_namespaces(self) -> list[dict[str, t.Any]]:
        self.asked += 1
        return self._namespaces


def checks(mode: str | None = None, policy: str | None = None, *, api: Api | None = None) -> PropertyChecks:
    return PropertyChecks(api or Api(NAMESPACE), mode, policy)  # type: ignore[arg-type]


def scs(**properties: str | None) -> list[str]:
    """What the policy says against an image with other properties."""
    changed = {key: value for key, value in {**PROPERTIES, **properties}.items() if value is not None}
    return checks("warn", "scs-0102").check_image({**IMAGE, "properties": changed})


def test_the_cloud_is_asked_only_if_there_is_something_to_compare() -> None:
    api = Api(NAMESPACE)
    assert checks(api=api).check_properties({"hw_disk_bus": "ide"}) == []
    assert checks("error", api=api).check_properties({}) == []
    assert checks("error", api=api).check_properties({"hw_disk_bus": None}) == []
    assert api.asked == 0
    assert checks("error", api=api).check_properties({"hw_disk_bus": "scsi"}) == []
    assert api.asked == 1


def test_a_value_that_is_not_allowed_is_an_error_or_a_warning() -> None:
    with pytest.raises(InvalidInput, match="validate_properties: 'hw_disk_bus' has the value 'ide'.* Nothing was changed"):
        checks("error").check_properties({"hw_disk_bus": "ide"})
    assert checks("warn").check_properties({"hw_disk_bus": "ide", "unknown": "x"}) == [
        "validate_properties: 'hw_disk_bus' has the value 'ide'; allowed are scsi, virtio (N).",
        "validate_properties: 'unknown' is not among the metadata definitions of this cloud.",
    ]


def test_a_cloud_without_definitions_is_an_error() -> None:
    with pytest.raises(InvalidInput, match="this cloud has no metadata definitions"):
        checks("warn", api=Api()).check_properties({"hw_disk_bus": "scsi"})


def test_names_that_the_policy_describes_are_known() -> None:
    assert checks("error", "scs-0102").check_properties({"image_original_user": "debian"}) == []


def test_a_complete_image_satisfies_the_policy_of_the_sovereign_cloud_stack() -> None:
    assert checks(policy="scs-0102").check_image(IMAGE) == []


def test_the_policy_requires_what_is_missing() -> None:
    with pytest.raises(InvalidInput, match="property_policy, 'scs-0102': .*'os_distro' is a required property"):
        checks(policy="scs-0102").check_image({**IMAGE, "properties": {}})
    with pytest.raises(InvalidInput, match="min_disk: 0 is less than the minimum of 1"):
        checks(policy="scs-0102").check_image({**IMAGE, "min_disk": None})


@pytest.mark.parametrize(
    "properties",
    [
        {"replace_frequency": "never"},
        {"uuid_validity": "forever"},
        {"uuid_validity": "2030-12-31"},
        {"provided_until": "notice"},
        {"image_build_date": "2026-11-21 23:59"},
        {"image_build_date": "2026-11-21 23:59:59"},
        {"image_source": "private"},
        {"image_original_user": "none"},
        {"hotfix_hours": "0"},
        {"license_included": "True", "license_required": "false"},
        {"l1_support_contact": "mailto:support@example.com"},
        {"something_else": "x"},
    ],
)
def test_what_the_standard_allows_is_allowed(properties: dict[str, str]) -> None:
    assert scs(**properties) == []


@pytest.mark.parametrize(
    ("properties", "message"),
    [
        ({"replace_frequency": "often"}, "properties.replace_frequency: 'often' is not one of"),
        ({"uuid_validity": "last-0"}, "none, notice, forever, last-N"),
        ({"uuid_validity": "last-N"}, "none, notice, forever, last-N"),
        ({"provided_until": "forever"}, "none, notice, or the date"),
        ({"provided_until": "2030-13-01"}, "none, notice, or the date"),
        ({"image_build_date": "21.11.2026"}, "YYYY-MM-DD hh:mm[:ss]"),
        ({"image_build_date": "2026-11-21 24:00"}, "YYYY-MM-DD hh:mm[:ss]"),
        ({"image_source": "somewhere"}, "or private"),
        ({"image_description": ""}, "properties.image_description"),
        ({"os_version": None}, "'os_version' is a required property"),
        ({"hotfix_hours": "soon"}, "hours until a new image"),
        ({"license_included": "maybe"}, "true or false"),
        (
            {"license_included": "true", "license_required": "true"},
            "properties: license_included and license_required are not both true.",
        ),
        ({"l1_support_contact": "call us"}, "a URI"),
        ({"maintained_until": "soon"}, "a date"),
    ],
)
def test_what_the_standard_does_not_allow_is_reported(properties: dict[str, str | None], message: str) -> None:
    found = scs(**properties)
    assert len(found) == 1
    assert message in found[0]


def test_a_policy_can_be_a_file(tmp_path: pathlib.Path) -> None:
    file = tmp_path / "policy.json"
    file.write_text(json.dumps({"properties": {"min_ram": {"minimum": 1024}}}))
    with pytest.raises(InvalidInput, match="min_ram: 512 is less than the minimum of 1024"):
        checks(policy=str(file)).check_image(IMAGE)


def test_long_values_are_not_repeated(tmp_path: pathlib.Path) -> None:
    file = tmp_path / "policy.json"
    file.write_text(json.dumps({"properties": {"name": {"maxLength": 1}}}))
    assert len(checks("warn", str(file)).check_image({"name": "n" * 10_000, "properties": {}})[0]) < 500


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "No such file or directory.* scs-0102"),
        ("{", "it is no JSON"),
        ("[]", "holds no JSON object"),
        ('{"type": "thing"}', "is no valid JSON Schema"),
        ('{"$ref": "https://example.com/schema"}', "refers to https://example.com/schema"),
    ],
)
def test_a_file_that_is_no_policy_is_an_error(tmp_path: pathlib.Path, text: str | None, message: str) -> None:
    file = tmp_path / "policy.json"
    if text is not None:
        file.write_text(text)
    with pytest.raises(InvalidInput, match=message):
        load_policy(str(file))


@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        ('{"$ref": "#"}', "recursion"),
        ('{"allOf": [{"$ref": "#/$defs/nope"}]}', "nope"),
        ('{"title": "t", "allOf": [{"$ref": "#/title"}]}', ""),
        ('{"allOf": [{"$ref": "#/mine"}], "mine": {"type": "thing"}}', "thing"),
    ],
)
def test_a_policy_that_refers_to_no_schema_is_an_error_even_if_its_findings_are_warnings(
    tmp_path: pathlib.Path, schema: str, reason: str
) -> None:
    file = tmp_path / "policy.json"
    file.write_text(schema)
    with pytest.raises(InvalidInput, match=rf"cannot be compared with '.*policy.json' \(\w+: .*{reason}"):
        checks("warn", str(file)).check_image(IMAGE)


def test_without_jsonschema_a_policy_is_an_error_that_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    real_import = builtins.__import__

    def missing(name: str, *args: t.Any, **kwargs: t.Any) -> t.Any:
        if name == "jsonschema":
            raise ImportError(name)
        return real_import(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(InvalidInput, match="pip install jsonschema"):
        load_policy("scs-0102")
