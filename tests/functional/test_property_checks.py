# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""Properties that the cloud's metadata definitions or a policy do not allow."""

from __future__ import annotations

import json
import pathlib

import pytest

from .cloud import Cloud, Json, forget_the_cloud
from .marks import nightly
from .scs import SCS_PROPERTIES


def test_properties_that_the_definitions_allow_are_set(alice: Cloud, name: str) -> None:
    forget_the_cloud()
    properties = {"hw_disk_bus": "scsi", "hw_cpu_sockets": 2, "os_shutdown_timeout": 60, "os_distro": "debian"}
    outcome = alice.thrice("image", name=name, properties=properties, validate_properties="error")
    assert outcome.image["properties"]["hw_cpu_sockets"] == "2"


@pytest.mark.parametrize(
    ("properties", "message"),
    [
        ({"hw_disk_bus": "floppy"}, "'hw_disk_bus' has the value 'floppy'; allowed are"),
        nightly({"hw_cpu_sockets": "two"}, "an integer is needed (OS::Compute::VirtCPUTopology)"),
        nightly({"os_shutdown_timeout": -1}, "at least 0 is needed"),
        ({"hw_disk_buss": "scsi"}, "Is 'hw_disk_bus' meant?"),
        nightly({"cpu_sockets": "2"}, "'cpu_sockets' is not among the metadata definitions"),
    ],
)
def test_properties_that_the_definitions_do_not_allow_are_an_error(
    alice: Cloud, name: str, properties: Json, message: str
) -> None:
    assert message in alice.fails("image", name=name, properties=properties, validate_properties="error")
    assert alice.named(name) == []


def test_properties_that_are_not_allowed_can_be_a_warning(alice: Cloud, name: str) -> None:
    outcome = alice.thrice("image", name=name, properties={"hw_disk_bus": "floppy"}, validate_properties="warn")
    assert len([warning for warning in outcome.warnings if "floppy" in warning]) == 1


def test_definitions_are_asked_for_once_for_all_images_of_a_list(alice: Cloud, name: str) -> None:
    forget_the_cloud()
    entry = {"properties": {"hw_disk_bus": "scsi"}, "validate_properties": "error"}
    outcome = alice.run("images", images=[{"name": f"{name}-{number}", **entry} for number in range(3)]).succeeded()
    assert outcome.sent.count("GET /v2/metadefs/namespaces") == 1


def test_a_policy_looks_at_the_whole_image(alice: Cloud, name: str) -> None:
    options: Json = {"name": name, "min_disk": 2, "min_ram": 512, "property_policy": "scs-0102"}
    assert "'os_distro' is a required property" in alice.fails("image", **options)
    alice.thrice("image", **options, properties=SCS_PROPERTIES)
    # What the image has already counts too.
    alice.thrice("image", **options, properties={"hotfix_hours": 0})
    assert "properties.uuid_validity" in alice.fails("image", **options, properties={"uuid_validity": "always"})
    assert "'os_distro' is a required property" in alice.fails("image", **options, properties={"os_distro": None})


def test_a_policy_makes_its_names_known(alice: Cloud, name: str) -> None:
    options = {"name": name, "min_disk": 2, "min_ram": 512, "property_policy": "scs-0102", "properties": SCS_PROPERTIES}
    alice.thrice("image", validate_properties="error", **options)


def test_a_policy_can_be_a_file(alice: Cloud, name: str, tmp_path: pathlib.Path) -> None:
    policy = tmp_path / "policy.json"
    policy.write_text(json.dumps({"properties": {"tags": {"minItems": 1}}}))
    options = {"name": name, "property_policy": str(policy)}
    assert "tags: " in alice.fails("image", **options)
    alice.thrice("image", tags=["lts"], **options)


def test_a_policy_that_is_wrong_is_an_error_before_anything_is_changed(
    alice: Cloud, name: str, tmp_path: pathlib.Path
) -> None:
    policy = tmp_path / "policy.json"
    options = {"name": name, "property_policy": str(policy), "validate_properties": "warn"}
    for schema, message in (
        ({"properties": {"name": {"$ref": "#/$defs/nope"}}}, "/$defs/nope"),
        ({"$ref": "#"}, "RecursionError"),
    ):
        policy.write_text(json.dumps(schema))
        assert message in alice.fails("image", **options)
    assert alice.named(name) == []
