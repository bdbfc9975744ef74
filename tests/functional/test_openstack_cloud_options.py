# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""Options as playbooks for openstack.cloud have them."""

from __future__ import annotations

import hashlib
import pathlib
import re
import subprocess
import sys

import pytest

from .cloud import Cloud, Play
from .image_server import serving
from .sources import file_of, qcow2_header


def test_is_public_sets_the_visibility(admin: Cloud, alice: Cloud, name: str) -> None:
    assert admin.thrice("image", name=name, is_public=True).image["visibility"] == "public"
    assert admin.thrice("image", name=name, is_public=False).image["visibility"] == "private"
    assert "Leave is_public out" in alice.fails("image", name=name, is_public=False, visibility="public")


def test_the_format_of_a_qcow2_is_recognised(alice: Cloud, name: str, tmp_path: pathlib.Path) -> None:
    path = file_of(tmp_path, qcow2_header())
    md5 = hashlib.md5(qcow2_header(), usedforsecurity=False).hexdigest()
    outcome = alice.thrice("image", name=name, filename=path, checksum=md5)
    assert (outcome.image["disk_format"], outcome.image["container_format"]) == ("qcow2", "bare")
    assert outcome.result["source"]["format"] == "qcow2"


def test_a_queued_image_gets_the_formats_of_its_data(alice: Cloud, name: str, tmp_path: pathlib.Path) -> None:
    image = alice.make(name)
    outcome = alice.thrice("image", name=name, path=file_of(tmp_path, qcow2_header()))
    assert [operation["method"] for operation in outcome.result["operations"]] == ["PATCH", "PUT"]
    assert (outcome.image["id"], outcome.image["disk_format"]) == (image["id"], "qcow2")


@pytest.mark.parametrize("transfer", ["stream", "import"])
def test_the_format_of_a_url_is_recognised(alice: Cloud, name: str, transfer: str) -> None:
    with serving() as web:
        web.files["/disk"] = qcow2_header()
        outcome = alice.thrice("image", name=name, uri=f"{web.url}/disk", transfer=transfer)
    assert (outcome.image["disk_format"], outcome.image["container_format"]) == ("qcow2", "bare")


def test_a_raw_file_needs_a_disk_format_and_gets_its_container(alice: Cloud, name: str, tmp_path: pathlib.Path) -> None:
    path = file_of(tmp_path, b"no disk" * 1000)
    assert "recognised with certainty: give the disk_format" in alice.fails("image", name=name, path=path)
    message = alice.fails("image", name=name, path=path, inspect="never")
    assert "with 'inspect: never' the format of path" in message
    assert alice.named(name) == []
    assert alice.thrice("image", name=name, path=path, disk_format="raw").image["container_format"] == "bare"


def test_a_kernel_gets_no_container_by_default(alice: Cloud, name: str, tmp_path: pathlib.Path) -> None:
    path = file_of(tmp_path, b"a kernel" * 1000)
    assert "container_format is missing" in alice.fails("image", name=name, path=path, disk_format="aki")


def test_an_unsafe_file_is_not_recognised(alice: Cloud, name: str, tmp_path: pathlib.Path) -> None:
    assert "it has a backing file" in alice.fails("image", name=name, path=file_of(tmp_path, qcow2_header(backing=104)))
    assert alice.named(name) == []


def test_a_candidate_without_formats_is_prepared_and_promoted(alice: Cloud, name: str, tmp_path: pathlib.Path) -> None:
    options = {"name": name, "path": file_of(tmp_path, qcow2_header()), "data_policy": "replace"}
    prepared = alice.thrice("image", candidate="prepare", **options).image
    promoted = alice.thrice("image", candidate="promote", **options).image
    assert (promoted["id"], promoted["name"], promoted["disk_format"]) == (prepared["id"], name, "qcow2")


def test_a_replacement_has_the_formats_of_the_old_image(alice: Cloud, name: str, tmp_path: pathlib.Path) -> None:
    alice.make(name, b"x" * 100)
    message = alice.fails("image", name=name, path=file_of(tmp_path, qcow2_header()), data_policy="replace")
    assert "Set 'disk_format: qcow2'" in message


def test_use_import_stages_the_file(alice: Cloud, name: str, tmp_path: pathlib.Path) -> None:
    outcome = alice.thrice("image", name=name, filename=file_of(tmp_path, qcow2_header()), use_import=True)
    assert [operation["path"].rsplit("/")[-1] for operation in outcome.result["operations"][1:]] == ["stage", "import"]


def test_state_inactive_deactivates_the_image(admin: Cloud, name: str, tmp_path: pathlib.Path) -> None:
    missing = admin.fails("image", name=name, state="inactive")
    assert "cannot be made deactivated: only an image that has its data can" in missing
    image = admin.make(name, b"x" * 100)
    outcome = admin.thrice("image", name=name, state="inactive", min_ram=5)
    assert (outcome.image["id"], outcome.image["status"], outcome.image["min_ram"]) == (image["id"], "deactivated", 5)
    created = admin.thrice("image", name=f"{name}-new", path=file_of(tmp_path, qcow2_header()), state="inactive").image
    assert created["status"] == "deactivated"


def test_filters_find_what_the_options_find(alice: Cloud, name: str) -> None:
    image = alice.make(name, b"x" * 100, os_distro="debian", protected=True)
    alice.make(f"{name}-other", b"x" * 100, os_distro="arch")
    filters = {"is_protected": True, "os_distro": "debian", "status": "active"}
    assert [found["id"] for found in alice.run("image_info", filters=filters, image=name).images] == [image["id"]]
    assert "allowed are id, name, status" in alice.fails("image_info", filters={"os_flavour": "x"})
    alice.run("image", name=name, protected=False).succeeded()


def test_a_pattern_as_name_is_warned_of(alice: Cloud, name: str) -> None:
    alice.make(name)
    outcome = alice.run("image_info", name=f"{name[:-1]}*")
    assert outcome.images == []
    assert "For a pattern use 'name_pattern'" in outcome.warnings[0]


@pytest.mark.parametrize("here", ["true", "false"])
def test_an_option_that_is_missing_here_is_refused_with_what_to_do(play: Play, name: str, here: str) -> None:
    tasks = [{"cloudimage.glance.image": {"name": name, "volume": "v"}}, {"cloudimage.glance.image_info": {"timeout": 5}}]
    image, info = play(*tasks, CLOUDIMAGE_GLANCE_IN_PROCESS=here).results
    assert "volume: openstack.cloud has this option, cloudimage.glance.image does not. Create the image with" in image["msg"]
    assert "timeout: openstack.cloud has this option, cloudimage.glance.image_info does not. Leave it out" in info["msg"]
    assert (image["failed"], image["changed"], info["failed"]) == (True, False, True)


def report_on(path: pathlib.Path) -> str:
    """What the playbook migration_report prints."""
    variable = f"migration_path={path}"
    command = [sys.executable, "-m", "ansible", "playbook", "cloudimage.glance.migration_report", "-e", variable]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_the_report_lists_what_to_change(tmp_path: pathlib.Path) -> None:
    (tmp_path / "roles").mkdir()
    file = tmp_path / "roles" / "main.yaml"
    file.write_text("- name: a\n  os_image:\n    name: a\n    visibility: public\n    volume: v\n")
    (tmp_path / ".hidden").mkdir()
    (tmp_path / ".hidden" / "a.yml").write_text("- os_image:\n    name: a\n")
    found = re.findall(r'"(.*?):(\d+): (\w+): (\w+)', report_on(tmp_path))
    assert found == [(str(file), "2", "change", "os_image"), (str(file), "5", "change", "volume")]


@pytest.mark.nightly
def test_the_report_on_a_migrated_playbook_is_empty(tmp_path: pathlib.Path) -> None:
    (tmp_path / "a.yml").write_text("- cloudimage.glance.image:\n    name: a\n")
    assert "There is nothing to change." in report_on(tmp_path)
