# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The role image_publish, run by ansible-playbook: tested builds under one name."""

from __future__ import annotations

import json
import pathlib
import subprocess

import pytest

from .cloud import FORMATS, Cloud, Json
from .publishing import MARK, Publisher, reader, sha512
from .timing import wait_for_a_later_second


@pytest.fixture
def publisher(alice: Cloud, name: str, tmp_path: pathlib.Path) -> Publisher:
    return Publisher(alice, name, tmp_path)


@pytest.mark.slow
@pytest.mark.nightly
def test_builds_follow_one_another(publisher: Publisher) -> None:
    publisher.build(b"first")
    first = publisher.thrice(image_publish_keep=2)
    assert (first.outcome, first.report["previous_id"], first.report["retired"]) == ("published", None, [])
    assert [step["step"] for step in first.report["steps"]] == ["candidate", "test", "promotion"]
    assert publisher.public()[MARK] == publisher.name
    previous = first.report["id"]
    with reader(publisher, sha512(b"first", b"second", b"third")) as looks:
        for number, data in enumerate((b"second", b"third")):
            publisher.build(data)
            published = (publisher.thrice if number else publisher.run)(image_publish_keep=2).succeeded()
            assert (published.outcome, published.report["previous_id"]) == ("published", previous)
            outcomes = [entry["outcome"] for entry in published.report["retired"]]
            assert outcomes == (["kept"] if number == 0 else ["kept", "deleted"])
            assert publisher.public()["id"] == published.report["id"]
            previous = published.report["id"]
    assert len(looks) > 20
    second, third = publisher.builds()
    assert (second["os_hash_value"], third["os_hash_value"]) == (*sha512(b"second"), *sha512(b"third"))
    assert (second["os_hidden"], second["protected"], third["protected"]) == (True, True, True)


@pytest.mark.nightly
@pytest.mark.slow
def test_attributes_of_the_published_image_are_updated_without_a_new_build(publisher: Publisher) -> None:
    publisher.build(b"first")
    first = publisher.run().succeeded()
    updated = publisher.thrice(options={"properties": {"p": 1}})
    assert (updated.outcome, updated.report["id"]) == ("updated", first.report["id"])
    assert publisher.public()["p"] == "1"


@pytest.mark.slow
def test_only_the_new_build_stays(publisher: Publisher) -> None:
    """In check mode the build before still has the name that it is going to lose."""
    before = publisher.publish_two()
    wait_for_a_later_second(before[1]["created_at"])
    publisher.build(b"third")
    published = publisher.thrice(image_publish_keep=1)
    assert {each["id"]: each["outcome"] for each in published.report["retired"]} == {
        each["id"]: "deleted" for each in before
    }
    assert publisher.builds() == [publisher.public()]


@pytest.mark.nightly
def test_image_that_was_there_before_becomes_the_first_build(publisher: Publisher) -> None:
    old = publisher.cloud.make(publisher.name, b"old", tags=["t"], visibility="community", os_distro="debian")
    other = publisher.cloud.make(f"{publisher.name}-2", b"other", os_hidden=True)
    publisher.build(b"first")
    published = publisher.thrice(image_publish_older_than="30d")
    assert published.report["previous_id"] == old["id"]
    image = publisher.public()
    assert (image["tags"], image["visibility"], image["os_distro"]) == (["t"], "community", "debian")
    assert publisher.cloud.show(old["id"])[MARK] == publisher.name
    retired = publisher.run(image_publish_keep=1).succeeded()
    assert [entry["id"] for entry in retired.report["retired"]] == [old["id"]]
    assert publisher.cloud.show(other["id"]) == other


def test_images_of_other_projects_are_left_alone(admin: Cloud, alice: Cloud, name: str, tmp_path: pathlib.Path) -> None:
    """An administrator's login sees them, and may delete them."""
    marked = [
        alice.make(name, b"alice's", **{MARK: name}),
        alice.make(f"{name}-2", b"alice's", os_hidden=True, visibility="community", **{MARK: name}),
    ]
    publisher = Publisher(admin, name, tmp_path)
    for data in (b"first", b"second"):
        publisher.build(data)
        published = publisher.run(image_publish_keep=1).succeeded()
    assert [entry["outcome"] for entry in published.report["retired"]] == ["deleted"]
    assert [alice.show(image["id"]) for image in marked] == marked
    assert admin.show(published.report["id"])["owner"] == admin.project_id


@pytest.mark.nightly
def test_copies_by_nova_and_cinder_are_no_builds(publisher: Publisher) -> None:
    """Nova copies all properties of an image to a snapshot of its server, Cinder to an image of its volume."""
    builds = publisher.publish_two()
    mark: Json = {MARK: publisher.name}
    copies = [
        publisher.cloud.make(f"{publisher.name}-backup", b"of a server", **mark),
        publisher.cloud.make(f"{publisher.name}-backup", None, cloudimage_marked_id=builds[0]["id"], **mark),
    ]
    publisher.build(b"third")
    third = publisher.run(image_publish_keep=2).succeeded()
    assert [entry["outcome"] for entry in third.report["retired"]] == ["kept", "deleted"]
    previous = third.report["previous_id"]
    rolled_back = publisher.run(image_publish_rollback=True).succeeded()
    assert (rolled_back.outcome, rolled_back.report["id"]) == ("rolled_back", previous)
    assert [publisher.cloud.show(image["id"]) for image in copies] == copies


@pytest.mark.nightly
def test_build_that_was_rolled_back_is_not_published_again_though_no_image_has_the_name(publisher: Publisher) -> None:
    first, _second = publisher.publish_two()
    publisher.run(image_publish_rollback=True).succeeded()
    publisher.cloud.run("image", id=first["id"], state="absent", force=True).succeeded()
    publisher.build(b"second")
    refused = publisher.run()
    assert refused.failed
    assert "were rolled back. Nothing was done." in " ".join(refused.stdout.split())
    assert refused.mutations == []


@pytest.mark.nightly
def test_build_that_was_rolled_back_does_not_count_as_one_that_is_kept(publisher: Publisher) -> None:
    first, second = publisher.publish_two()
    publisher.run(image_publish_rollback=True).succeeded()
    wait_for_a_later_second(second["created_at"])
    publisher.build(b"third")
    real = publisher.thrice(image_publish_keep=2)
    assert [(each["id"], each["outcome"]) for each in real.report["retired"]] == [
        (second["id"], "kept"),
        (first["id"], "kept"),
    ]
    publisher.run(image_publish_rollback=True).succeeded()
    assert publisher.public()["id"] == first["id"]


@pytest.mark.nightly
@pytest.mark.parametrize("limit", [{"image_publish_keep": 1}, {"image_publish_older_than": "0s"}])
def test_build_that_was_rolled_back_stays_as_long_as_it_is_newer_than_the_published_one(
    publisher: Publisher, limit: Json
) -> None:
    first, second = publisher.publish_two()
    publisher.run(image_publish_rollback=True).succeeded()
    publisher.build(b"first")
    report = publisher.run(**limit).succeeded().report
    assert [(each["id"], each["outcome"]) for each in report["retired"]] == [(second["id"], "kept")]
    publisher.build(b"second")
    assert publisher.run(**limit).failed
    assert publisher.public()["id"] == first["id"]


@pytest.mark.nightly
def test_build_that_was_rolled_back_is_retired_once_newer_ones_are_kept(publisher: Publisher) -> None:
    first, second = publisher.publish_two()
    publisher.run(image_publish_rollback=True).succeeded()
    for data in (b"third", b"fourth"):
        wait_for_a_later_second(publisher.builds()[-1]["created_at"])
        publisher.build(data)
        outcome = publisher.run(image_publish_keep=2).succeeded()
    retired = {each["id"]: each["outcome"] for each in outcome.report["retired"]}
    assert {retired[each["id"]] for each in (first, second)} == {"deleted"}
    assert len(publisher.builds()) == 2


@pytest.mark.nightly
def test_image_in_another_cloud_has_the_public_name_if_it_is_not_given(publisher: Publisher, bob: Cloud) -> None:
    source: Json = {"image_publish_path": None, "image_publish_remote": {"cloud": "bob"}}
    publisher.publish_two()
    publisher.run(image_publish_rollback=True).succeeded()
    bob.make(publisher.name, b"second")
    assert "were rolled back. Nothing was done." in " ".join(publisher.run(**source).stdout.split())
    bob.run("image", name=publisher.name, state="absent").succeeded()
    bob.make(publisher.name, b"third")
    assert publisher.thrice(**source).outcome == "published"


def test_build_of_another_format_is_published_after_a_rollback(publisher: Publisher) -> None:
    publisher.publish_two()
    publisher.run(image_publish_rollback=True).succeeded()
    publisher.build(b"third")
    third = publisher.run(options={"disk_format": "qcow2", "convert": "qcow2"}).succeeded()
    assert (third.outcome, publisher.public()["disk_format"]) == ("published", "qcow2")


@pytest.mark.nightly
def test_variables_of_another_use_of_image_retire_do_not_count(publisher: Publisher) -> None:
    publisher.publish_two()
    publisher.build(b"third")
    elsewhere = {"image_retire_cloud": "bob", "image_retire_only_report": True, "image_retire_region_name": "elsewhere"}
    third = publisher.run(image_publish_keep=1, play_vars=elsewhere).succeeded()
    assert [entry["outcome"] for entry in third.report["retired"]] == ["deleted", "deleted"]
    assert [image["id"] for image in publisher.builds()] == [third.report["id"]]


@pytest.mark.nightly
def test_hidden_image_is_the_published_one_where_no_other_has_the_name(
    alice: Cloud, name: str, tmp_path: pathlib.Path
) -> None:
    """As for the module image. The name has a comma, which separates names in a list."""
    publisher = Publisher(alice, f"{name}, hidden", tmp_path)
    first, second = publisher.publish_two()
    hide: Json = {"json": [{"op": "replace", "path": "/os_hidden", "value": True}]}
    hide["headers"] = {"Content-Type": "application/openstack-images-v2.1-json-patch"}
    alice.call("PATCH", f"/images/{second['id']}", **hide)
    rolled_back = publisher.run(image_publish_rollback=True).succeeded()
    assert (rolled_back.outcome, rolled_back.report["previous_id"]) == ("rolled_back", second["id"])
    assert publisher.public()["id"] == first["id"]
    alice.call("PATCH", f"/images/{first['id']}", **hide)
    publisher.build(b"second")
    again = publisher.run(image_publish_keep=1)
    assert again.failed
    assert "were rolled back. Nothing was done." in " ".join(again.stdout.split())
    assert again.mutations == []


@pytest.mark.nightly
def test_image_of_another_cloud_is_published(publisher: Publisher, bob: Cloud) -> None:
    """Bob's login stands for the other cloud. A second run finds the build without reading its data."""
    bob.make(f"{publisher.name}-source", b"from elsewhere", os_distro="debian")
    source: Json = {"image_publish_path": None, "image_publish_remote": {"cloud": "bob", "name": f"{publisher.name}-source"}}
    published = publisher.run(**source).succeeded()
    assert published.outcome == "published"
    assert publisher.public()["os_hash_value"] in sha512(b"from elsewhere")
    assert publisher.public()["os_distro"] == "debian"
    again = publisher.run(**source).succeeded()
    assert (again.outcome, again.mutations) == ("unchanged", [])


def test_playbook_publishes(publisher: Publisher, tmp_path: pathlib.Path) -> None:
    (tmp_path / "disk").write_bytes(b"first")
    variables: Json = {
        "image_publish_cloud": publisher.cloud.name,
        "image_publish_name": publisher.name,
        "image_publish_path": str(tmp_path / "disk"),
        "image_publish_options": json.dumps(FORMATS),
        "image_publish_keep": "3",
    }
    command = ["ansible-playbook", "cloudimage.glance.publish", "-e", json.dumps(variables)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert publisher.public()["status"] == "active"
