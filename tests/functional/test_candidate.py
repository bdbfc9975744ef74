# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""A new image that is made in one task, and gets the name in another."""

from __future__ import annotations

import pathlib
import re
import typing as t

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.image_ids import derived_ids
from ansible_collections.cloudimage.glance.plugins.module_utils._timing import TIMING

from .cloud import FORMATS, Cloud, Json, Outcome
from .image_server import serving
from .replacements import apart_from_data
from .sources import checksum_of

OLD = b"the old data"
PATCH_HEADERS = {"Content-Type": "application/openstack-images-v2.1-json-patch"}
MARK, MARKED_ID = "cloudimage_published_as", "cloudimage_marked_id"
ATTRIBUTES: Json = {"tags": ["t"], "protected": True, "properties": {"p": 1}, "min_disk": 3}


def prepare(cloud: Cloud, **options: t.Any) -> Outcome:
    return cloud.thrice("image", data_policy="replace", candidate="prepare", **options)


def promote(cloud: Cloud, **options: t.Any) -> Outcome:
    return cloud.thrice("image", data_policy="replace", candidate="promote", replaced="hide", **options)


def test_first_image_is_prepared_and_promoted(alice: Cloud, name: str, path: str) -> None:
    options: Json = {"name": name, "path": path, **FORMATS, **ATTRIBUTES, "visibility": "community"}
    made = prepare(alice, **options).image
    assert alice.named(name) == []
    assert (made["name"], made["os_hidden"], made["status"]) == (f"{name}-candidate", True, "active")
    assert (made["visibility"], made["protected"], made["tags"], made["properties"]) == ("shared", False, ["t"], {"p": "1"})
    promoted = promote(alice, **options)
    assert len(promoted.mutations) == 1
    assert promoted.image["id"] == made["id"]
    assert (promoted.image["visibility"], promoted.image["protected"]) == ("community", True)
    assert promoted.image["properties"] == {"p": "1", MARK: name}
    (image,) = alice.named(name)
    assert not image["os_hidden"]


def test_first_image_is_deactivated_before_it_gets_the_name(alice: Cloud, name: str, path: str) -> None:
    options: Json = {"name": name, "path": path, "state": "inactive", **FORMATS}
    assert prepare(alice, **options).image["status"] == "active"
    promoted = promote(alice, **options)
    assert [request.rpartition("/")[2] for request in promoted.sent if not request.startswith("GET")] == ["deactivate", "ID"]
    assert promoted.image["status"] == "deactivated"


def test_previous_build_is_named_by_the_template(alice: Cloud, name: str, path: str) -> None:
    old = alice.make(name, OLD, cloudimage_version="1")
    entry: Json = {"name": name, "path": path, "version": "2", "data_policy": "replace", "replaced": "hide"}
    for step in ("prepare", "promote"):
        images = [{**entry, "replaced_name": "{name} ({version})", "candidate": step}]
        assert alice.run("images", images=images).succeeded().changed
    assert alice.show(old["id"])["name"] == f"{name} (1)"


def test_replacement_is_prepared_and_promoted(alice: Cloud, name: str, path: str) -> None:
    old = alice.make(name, OLD, tags=["b"], protected=True, min_disk=3, visibility="community", p="1", q="2")
    options: Json = {"name": name, "path": path, "properties": {"q": None}}
    made = prepare(alice, **options).image
    assert alice.named(name) == [old]
    assert made["name"] == f"{name}-replacing-{old['id']}"
    assert (made["visibility"], made["protected"], made["tags"], made["properties"]) == ("shared", False, ["b"], {"p": "1"})
    promoted = promote(alice, **options)
    assert len(promoted.mutations) == 2
    assert promoted.image["id"] == made["id"]
    (new,) = alice.named(name)
    assert apart_from_data(new) == {**{k: v for k, v in apart_from_data(old).items() if k != "q"}, MARK: name}
    kept = alice.show(old["id"])
    assert (kept["name"], kept["os_hidden"]) == (f"{name}-{re.sub('[-:]', '', old['created_at'])}", True)
    assert (kept[MARK], kept[MARKED_ID], kept["protected"]) == (name, old["id"], True)


def test_mark_is_not_given_to_the_next_candidate(alice: Cloud, name: str, path: str) -> None:
    options: Json = {"name": name, "path": path, **FORMATS}
    prepare(alice, **options)
    promote(alice, **options)
    pathlib.Path(path).write_bytes(b"newer")
    assert prepare(alice, **options).image["properties"] == {}
    assert promote(alice, **options).image["properties"] == {MARK: name}


def test_image_that_has_the_data_is_only_marked(alice: Cloud, name: str, path: str) -> None:
    old = alice.make(name, pathlib.Path(path).read_bytes())
    outcome = prepare(alice, name=name, path=path)
    assert outcome.result["changes"] == [
        {"id": old["id"], "attribute": f"properties.{MARKED_ID}", "before": None, "after": old["id"]},
        {"id": old["id"], "attribute": f"properties.{MARK}", "before": None, "after": name},
    ]
    assert (
        alice.unchanged("image", name=name, path=path, data_policy="replace", candidate="promote").image["id"] == old["id"]
    )


def test_candidate_gets_the_attributes_of_the_next_task(alice: Cloud, name: str, path: str) -> None:
    options: Json = {"name": name, "path": path, **FORMATS}
    made = prepare(alice, **options, properties={"p": 1, "q": 2}).image
    again = prepare(alice, **options, properties={"q": 3}, tags=["x"])
    assert again.image["id"] == made["id"]
    assert (again.image["properties"], again.image["tags"]) == ({"p": "1", "q": "3"}, ["x"])
    purged = prepare(alice, **options, properties={"q": 3}, purge_properties=True)
    assert purged.image["properties"] == {"q": "3"}


@pytest.mark.parametrize("first", [True, False])
def test_properties_that_the_cloud_has_set_stay(alice: Cloud, name: str, path: str, first: bool) -> None:
    """Plugins of Glance, and imports from another region, set some."""
    if not first:
        alice.make(name, OLD)
    options: Json = {"name": name, "path": path, **FORMATS}
    made = prepare(alice, **options).image
    patch = {"data": '[{"op": "add", "path": "/hw_disk_bus", "value": "scsi"}]', "headers": PATCH_HEADERS}
    alice.call("PATCH", f"/images/{made['id']}", **patch)
    assert not alice.unchanged("image", data_policy="replace", candidate="prepare", **options).changed
    assert promote(alice, **options).image["properties"]["hw_disk_bus"] == "scsi"


@pytest.mark.parametrize("data", [None, OLD], ids=["same data", "other data"])
def test_image_with_the_name_of_a_candidate_is_left_alone(alice: Cloud, name: str, path: str, data: bytes | None) -> None:
    """Also if this collection made it, and though nothing else tells it from a candidate."""
    other = pathlib.Path(path).with_name("other")
    other.write_bytes(data or pathlib.Path(path).read_bytes())
    image = alice.run("image", name=f"{name}-candidate", path=str(other), hidden=True, **FORMATS).succeeded().image
    before = alice.show(image["id"])
    made = prepare(alice, name=name, path=path, **FORMATS).image
    assert made["id"] != image["id"]
    promote(alice, name=name, path=path, **FORMATS)
    assert alice.show(image["id"]) == before


def test_members_of_a_candidate_are_removed_before_it_becomes_private(
    alice: Cloud, bob: Cloud, name: str, path: str
) -> None:
    """A tester's project would have the image again once it is shared."""
    options: Json = {"name": name, "path": path, **FORMATS}
    made = prepare(alice, **options).image
    alice.call("POST", f"/images/{made['id']}/members", json={"member": bob.project_id})
    promoted = promote(alice, **options, visibility="private", members=[], purge_members=True)
    assert [request.partition(" ")[0] for request in promoted.sent if not request.startswith("GET")] == ["DELETE", "PATCH"]
    alice.thrice("image", name=name, visibility="shared")
    assert alice.call("GET", f"/images/{made['id']}/members").json()["members"] == []


def test_candidate_whose_data_are_being_sent_does_not_block_other_tasks(alice: Cloud, name: str, path: str) -> None:
    options: Json = {"name": name, "path": path, "data_policy": "replace", **FORMATS}
    made = alice.run("image", candidate="prepare", check=True, **options).succeeded().result["operations"][0]["body"]
    first = derived_ids(alice.project_id, f"\0candidate of {name}", TIMING.utc_now())[0]
    alice.call("POST", "/images", json={**made, "id": first})
    alice.call("PUT", f"/images/{first}/stage", data=b"half", headers={"Content-Type": "application/octet-stream"})
    assert alice.show(first)["status"] == "uploading"
    assert alice.thrice("image", **options).image["id"] != first


@pytest.mark.parametrize("other", [False, True], ids=["same data", "other data"])
def test_task_without_candidates_leaves_none(alice: Cloud, name: str, path: str, other: bool) -> None:
    options: Json = {"name": name, "path": path, "data_policy": "replace", **FORMATS, **ATTRIBUTES}
    made = alice.run("image", candidate="prepare", **options).succeeded().image
    if other:
        pathlib.Path(path).write_bytes(b"newer")
    outcome = alice.thrice("image", **options)
    assert (outcome.image["id"] == made["id"]) != other
    assert (outcome.image["tags"], outcome.image["properties"], outcome.image["os_hidden"]) == (["t"], {"p": "1"}, False)
    assert (alice.call("GET", f"/images/{made['id']}", raise_exc=False).status_code == 404) == other


@pytest.mark.parametrize("first", [True, False])
def test_candidate_with_other_data_is_replaced(alice: Cloud, name: str, path: str, first: bool) -> None:
    if not first:
        alice.make(name, OLD)
    options: Json = {"name": name, "path": path, **FORMATS}
    made = prepare(alice, **options).image
    pathlib.Path(path).write_bytes(b"newer")
    assert "there is no candidate with these data" in alice.fails(
        "image", data_policy="replace", candidate="promote", **options
    )
    assert alice.show(made["id"])["status"] == "active"
    newer = prepare(alice, **options).image
    assert alice.call("GET", f"/images/{made['id']}", raise_exc=False).status_code == 404
    assert promote(alice, **options).image["id"] == newer["id"]


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("then", [{"candidate": "prepare"}, {"candidate": "promote"}, {}])
def test_candidate_that_somebody_has_shown_is_used(alice: Cloud, name: str, path: str, first: bool, then: Json) -> None:
    """A test may need to find it by its name."""
    if not first:
        alice.make(name, OLD)
    options: Json = {"name": name, "path": path, "data_policy": "replace", "replaced": "hide", **FORMATS}
    made = alice.run("image", candidate="prepare", **options).succeeded().image
    alice.run("image", id=made["id"], hidden=False).succeeded()
    outcome = alice.thrice("image", **options, **then)
    if first and not then:
        # A task without candidates knows nothing of the first image of a name.
        assert outcome.image["id"] != made["id"]
        return
    assert outcome.image["id"] == made["id"]
    is_prepared = then == {"candidate": "prepare"}
    assert outcome.image["name"] == (made["name"] if is_prepared else name)
    assert outcome.image["os_hidden"] == is_prepared


def test_candidate_is_deleted_once_the_image_has_the_data(alice: Cloud, name: str, path: str) -> None:
    alice.make(name, OLD)
    made = prepare(alice, name=name, path=path).image
    pathlib.Path(path).write_bytes(OLD)
    prepare(alice, name=name, path=path)
    assert alice.call("GET", f"/images/{made['id']}", raise_exc=False).status_code == 404


def test_image_without_data_is_replaced_too(alice: Cloud, name: str, path: str) -> None:
    """Untested data must not get into an image that has the name."""
    old = alice.make(name, **FORMATS)
    made = prepare(alice, name=name, path=path).image
    assert alice.named(name) == [old]
    assert promote(alice, name=name, path=path).image["id"] == made["id"]


def test_members_are_added_by_the_promotion(admin: Cloud, bob: Cloud, name: str, path: str) -> None:
    old = admin.make(name, OLD)
    admin.call("POST", f"/images/{old['id']}/members", json={"member": bob.project_id})
    bob.call("PUT", f"/images/{old['id']}/members/{bob.project_id}", json={"status": "accepted"})
    made = prepare(admin, name=name, path=path).image
    assert admin.call("GET", f"/images/{made['id']}/members").json()["members"] == []
    promote(admin, name=name, path=path)
    (member,) = admin.call("GET", f"/images/{made['id']}/members").json()["members"]
    assert (member["member_id"], member["status"]) == (bob.project_id, "accepted")


def test_promotion_does_not_read_a_url_again(alice: Cloud, name: str, path: str) -> None:
    """Also if the cloud does not compute a hash of the checksum's algorithm."""
    data = pathlib.Path(path).read_bytes()
    with serving() as web:
        web.files["/disk"] = data
        checksum = checksum_of(data, "sha256")
        options: Json = {"name": name, "url": f"{web.url}/disk", "checksum": checksum, "transfer": "stream", **FORMATS}
        made = prepare(alice, **options).image
        web.files.clear()
        assert promote(alice, **options).image["id"] == made["id"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"data_policy": "fail", "path": "/f"}, "'data_policy: replace'"),
        ({"data_policy": "replace"}, "give 'path', 'url' or 'remote'"),
        ({"data_policy": "replace", "url": "http://localhost/f"}, "give a 'checksum'"),
    ],
)
def test_other_options_are_refused(alice: Cloud, name: str, options: Json, message: str) -> None:
    assert message in alice.fails("image", name=name, candidate="prepare", **options)
