# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

import dataclasses
import datetime
import itertools
import typing as t

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._errors import InvalidInput
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.checksums import Checksum
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.image import Image
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.image_ids import derived_ids, has_derived_id
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.image_names import temporary_name
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.operations import ADD_MEMBER, UPLOAD, Operation
from ansible_collections.cloudimage.glance.plugins.module_utils._plan.desired_image import DataSpec, DesiredImage
from ansible_collections.cloudimage.glance.plugins.module_utils._plan.members import DesiredMembers
from ansible_collections.cloudimage.glance.plugins.module_utils._plan.plan import Plan
from ansible_collections.cloudimage.glance.plugins.module_utils._plan.replacement import (
    ReplacementState,
    carried_over,
    is_replacement_of,
    plan_replacement,
    plan_restart,
    replacements_in,
)

OLD = Image(
    {
        "id": "8f4c9f1e-0a1c-4f1f-9f8e-3a7c5b0f6a11",
        "name": "n",
        "status": "active",
        "visibility": "shared",
        "protected": True,
        "os_hidden": False,
        "owner": "p1",
        "tags": ["b", "a"],
        "disk_format": "raw",
        "container_format": "bare",
        "min_disk": 1,
        "min_ram": 2,
        "size": 3,
        "os_hash_algo": "sha512",
        "os_hash_value": "0",
        "checksum": "1",
        "created_at": "2026-11-20T10:15:00Z",
        "p": "1",
        "os_glance_failed_import": "",
        "owner_specified.openstack.md5": "stale",
        "cloudimage_source_checksum": "sha256:stale",
        "self": "/v2/images/x",
    }
)


def altered(image: Image, **fields: t.Any) -> Image:
    return Image({**image.fields, **fields})


DATA = DataSpec("path", "/f", 9, Checksum("sha512", "9"), calls=(Operation(UPLOAD, body={"path": "/f", "size": 9}),))
# What tells of the old data.
STALE = ("owner_specified.openstack.md5", "cloudimage_source_checksum")
NOW = datetime.datetime(2026, 11, 21, 0, 0, 1, tzinfo=datetime.timezone.utc)
NEW_ID = derived_ids("p1", temporary_name(OLD), NOW)[0]
NEW = Image(
    {
        **{key: value for key, value in OLD.fields.items() if key not in STALE},
        "id": NEW_ID,
        "name": temporary_name(OLD),
        "os_hidden": True,
        "protected": False,
        "created_at": "2026-11-21T00:00:01Z",
        "tags": ["a", "b"],
        "size": 9,
        "os_hash_value": "9",
    }
)


def state(old: Image = OLD, **found: t.Any) -> ReplacementState:
    return ReplacementState(old, project_id="p1", **found)


def calls(plan: t.Any) -> list[str]:
    names = {OLD.id: "old", NEW_ID: "new", "{id}": "new"}
    said = []
    for operation in plan.operations:
        path = operation.path.removeprefix("/images").strip("/")
        for value, name in names.items():
            path = path.replace(value, name)
        said.append(f"{operation.call.method} {path}".strip())
    return said


def test_interrupted_replacement_is_recognised() -> None:
    promoted, other = altered(NEW, name="n"), altered(OLD, id="9f4c9f1e-0a1c-4f1f-9f8e-3a7c5b0f6a11")

    def found(*images: Image) -> tuple[Image, list[Image]] | None:
        return replacements_in(images, DesiredImage(), "p1")

    assert found(other, promoted, OLD) == (promoted, [OLD])
    assert found(other, OLD) is None
    assert found(other, promoted) is None
    assert found() is None


def test_several_interrupted_replacements_are_one_chain() -> None:
    second = altered(NEW, name="n")
    third = altered(second, id=derived_ids("p1", temporary_name(second), NOW)[1])
    fourth = altered(third, id=derived_ids("p1", temporary_name(third), NOW)[0])
    for images in itertools.permutations((OLD, second, third, fourth)):
        assert replacements_in(images, DesiredImage(), "p1") == (fourth, [OLD, second, third])


def test_image_of_another_project_is_not_taken_for_a_replacement() -> None:
    ids = {owner: derived_ids(owner, temporary_name(OLD), NOW)[0] for owner in ("p1", "p2")}
    planted = altered(NEW, owner="p2", id=ids["p2"])
    assert has_derived_id(planted, temporary_name(OLD))
    assert not is_replacement_of(OLD, planted, DesiredImage(), "p1")
    assert not is_replacement_of(OLD, planted, DesiredImage(), "p2")
    assert is_replacement_of(OLD, planted, DesiredImage({"owner": "p2"}), "p1")
    assert is_replacement_of(OLD, NEW, DesiredImage(), "admin")
    assert is_replacement_of(altered(OLD, owner=None), NEW, DesiredImage(), "p1")


def test_replacement_is_recognised_where_the_cloud_shows_no_owner() -> None:
    old, new = (Image({key: value for key, value in each.fields.items() if key != "owner"}) for each in (OLD, NEW))
    assert is_replacement_of(old, new, DesiredImage(), "p1")
    assert not is_replacement_of(old, new, DesiredImage(), "p2")


def test_new_image_gets_the_attributes_of_the_old_one() -> None:
    wanted = DesiredImage({"min_ram": 5, "tags": ["c"]}, {"p": None, "q": "2"}, data=DATA)
    assert carried_over(OLD, wanted, "p1") == {
        "name": "n",
        "visibility": "shared",
        "protected": True,
        "os_hidden": False,
        "tags": ["c"],
        "disk_format": "raw",
        "container_format": "bare",
        "min_disk": 1,
        "min_ram": 5,
        "q": "2",
    }
    assert carried_over(OLD, wanted, "admin")["owner"] == "p1"
    assert "cloudimage_source_checksum" not in carried_over(
        OLD, DesiredImage(data=DataSpec("url", "u", source_checksum="sha256:2")), "p1"
    )


def test_signature_is_not_copied() -> None:
    signed = altered(OLD, img_signature="s")
    with pytest.raises(InvalidInput, match="its signature does not fit other data"):
        carried_over(signed, DesiredImage(data=DATA), "p1")
    assert "img_signature" not in carried_over(signed, DesiredImage(properties={"img_signature": None}, data=DATA), "p1")


@pytest.mark.parametrize(
    ("replaced", "aside"),
    [
        ("delete", ["PATCH old", "DELETE old"]),
        ("hide", ["PATCH old"]),
        ("keep", ["PATCH old"]),
        ("deactivate", ["POST old/actions/deactivate", "PATCH old"]),
    ],
)
def test_interrupted_replacement_continues_at_any_step(replaced: str, aside: list[str]) -> None:
    wanted, members = DesiredImage(data=DATA), {"m": "accepted", "k": "pending"}
    share = ["POST new/members", "PUT new/members/m", "POST new/members"]

    def from_here(**found: t.Any) -> list[str]:
        return calls(plan_replacement(state(members=members, may_accept=True, **found), wanted, replaced))

    shared = altered(NEW, visibility="shared")

    assert from_here() == ["POST", "PUT new/file", *share, "PATCH new", *aside]
    assert from_here(unfinished=(NEW,)) == ["DELETE new", "POST", "PUT new/file", *share, "PATCH new", *aside]
    assert from_here(new=shared) == [*share, "PATCH new", *aside]
    assert from_here(new=shared, new_members={"m": "pending"}) == [*share[1:], "PATCH new", *aside]
    promoted = altered(shared, name="n", os_hidden=False, protected=True)
    assert from_here(new=promoted, new_members=members) == aside


def test_new_image_cannot_be_found_by_its_name_until_it_is_complete() -> None:
    plan = plan_replacement(state(), DesiredImage(data=DATA), "hide")
    create, _upload, give_name, set_aside = plan.operations
    expected = {"name": temporary_name(OLD), "os_hidden": True, "protected": False}
    assert {key: create.body[key] for key in expected} == expected
    given = {patch["path"]: patch["value"] for patch in give_name.body}
    assert (given["/name"], given["/os_hidden"], given["/protected"]) == ("n", False, True)
    assert {patch["path"] for patch in set_aside.body} == {"/name", "/os_hidden"}
    changes = [(each.attribute, each.before, each.after) for each in plan.changes if each.image_id == OLD.id]
    assert ("replaced.os_hidden", False, True) in changes


def test_new_image_stays_in_its_stores_if_the_task_names_none() -> None:
    plan = plan_replacement(state(new=altered(NEW, stores="a,c")), DesiredImage(data=DATA), "keep")
    assert calls(plan) == ["PATCH new", "PATCH old"]


@pytest.mark.parametrize(
    ("digest", "change"),
    [
        (Checksum("sha512", "9"), [("os_hash_value", "0", "9")]),
        (Checksum("md5", "9"), [("checksum", "1", "9")]),
        (Checksum("sha256", "9"), []),
        (None, []),
    ],
)
def test_hash_of_new_data_is_reported_where_glance_keeps_one_of_that_kind(
    digest: Checksum | None, change: list[tuple[str, str, str]]
) -> None:
    data = dataclasses.replace(DATA, hash=digest)
    plan = plan_replacement(state(), DesiredImage(data=data), "hide")
    hashes = ("os_hash_value", "checksum")
    assert [(each.attribute, each.before, each.after) for each in plan.changes if each.attribute in hashes] == change


def sharing(wanted: DesiredMembers, **found: t.Any) -> Plan:
    desired = DesiredImage({"visibility": "shared"}, data=DATA, members=wanted)
    return plan_replacement(state(members={"a": "accepted", "b": "pending"}, **found), desired, "hide")


def test_replacement_is_shared_with_further_projects() -> None:
    plan = sharing(DesiredMembers(("a", "c")))
    assert [each.body for each in plan.operations if each.call is ADD_MEMBER] == [
        {"member": "a"},
        {"member": "c"},
        {"member": "b"},
    ]
    assert plan.members_after == {"a": "pending", "b": "pending", "c": "pending"}
    assert {each.attribute: each.after for each in plan.changes if "members" in each.attribute} == {"members.c": "pending"}


def test_replacement_is_not_shared_with_projects_to_be_removed() -> None:
    plan = sharing(DesiredMembers(("c",), purge=True))
    assert [each.body for each in plan.operations if each.call is ADD_MEMBER] == [{"member": "c"}]
    members = {each.attribute: (each.before, each.after) for each in plan.changes if "members" in each.attribute}
    assert members == {"members.c": (None, "pending"), "members.a": ("accepted", None), "members.b": ("pending", None)}


def test_answers_to_a_new_image_of_an_interrupted_replacement_stay() -> None:
    found = {"new": altered(NEW, visibility="shared"), "new_members": {"a": "accepted", "x": "rejected"}}
    plan = sharing(DesiredMembers(("c",)), **found)
    assert calls(plan)[:3] == ["POST new/members", "POST new/members", "PATCH new"]
    assert plan.members_after == {"a": "accepted", "b": "pending", "c": "pending", "x": "rejected"}
    purged = sharing(DesiredMembers(("a",), purge=True), **found)
    assert calls(purged)[:2] == ["DELETE new/members/x", "PATCH new"]


def test_new_image_that_is_not_shared_yet_gets_its_members_after_its_visibility() -> None:
    plan = sharing(DesiredMembers(("c",)), new=altered(NEW, visibility="private"))
    assert calls(plan)[:2] == ["PATCH new", "POST new/members"]


def test_replacement_that_is_not_shared_gets_no_members() -> None:
    desired = DesiredImage({"visibility": "private"}, data=DATA, members=DesiredMembers(("c",)))
    with pytest.raises(InvalidInput, match="is private, and only a shared image has members"):
        plan_replacement(state(), desired, "hide")


def test_members_of_an_image_that_becomes_private_are_kept() -> None:
    plan = plan_replacement(state(members={"m": "pending"}), DesiredImage({"visibility": "private"}, data=DATA), "keep")
    create, _upload, share, give_name, _aside = plan.operations
    assert (create.body["visibility"], share.body) == ("shared", {"member": "m"})
    assert {"op": "replace", "path": "/visibility", "value": "private"} in give_name.body


def test_replacement_of_a_deactivated_image_is_deactivated() -> None:
    old = altered(OLD, status="deactivated")
    wanted = DesiredImage(data=DATA)
    plan = plan_replacement(state(old), wanted, "deactivate")
    assert calls(plan) == ["POST", "PUT new/file", "POST new/actions/deactivate", "PATCH new", "PATCH old"]
    assert plan.image is not None
    assert plan.image["status"] == "deactivated"
    again = plan_replacement(state(old, new=altered(NEW, status="deactivated")), wanted, "deactivate")
    assert calls(again) == ["PATCH new", "PATCH old"]


def test_replacement_of_an_active_image_is_active() -> None:
    """The new image gets the status of the old one, whatever an interrupted run had made of it."""
    plan = plan_replacement(state(new=altered(NEW, status="deactivated")), DesiredImage(data=DATA), "hide")
    assert calls(plan) == ["POST new/actions/reactivate", "PATCH new", "PATCH old"]
    assert plan.image is not None
    assert plan.image["status"] == "active"


@pytest.mark.parametrize(
    ("old", "new", "wanted", "calls_of_status", "change"),
    [
        ("active", None, "deactivated", ["POST new/actions/deactivate"], [("active", "deactivated")]),
        ("deactivated", None, "active", [], [("deactivated", "active")]),
        ("deactivated", "deactivated", "active", ["POST new/actions/reactivate"], [("deactivated", "active")]),
        ("active", "deactivated", "deactivated", [], [("active", "deactivated")]),
        ("active", None, "active", [], []),
    ],
)
def test_status_of_a_replacement(
    old: str, new: str | None, wanted: str, calls_of_status: list[str], change: list[tuple[str, str]]
) -> None:
    found = {"new": altered(NEW, status=new)} if new else {}
    plan = plan_replacement(state(altered(OLD, status=old), **found), DesiredImage(data=DATA, status=wanted), "delete")
    assert [call for call in calls(plan) if "actions" in call] == calls_of_status
    assert [(each.before, each.after) for each in plan.changes if each.attribute == "status"] == change
    assert plan.image is not None
    assert plan.image["status"] == wanted


def test_catalogue_passes_to_the_new_image() -> None:
    """An old image that is kept leaves the catalogue, so that it is not pruned for not being listed."""
    old = altered(OLD, cloudimage_catalogue="base", cloudimage_marked_id=OLD.id, cloudimage_version="1")
    wanted = DesiredImage(properties={"cloudimage_catalogue": "base", "cloudimage_version": "2"}, data=DATA)
    plan = plan_replacement(state(old), wanted, "keep", "{name} ({version})")
    assert plan.image is not None
    assert plan.image["properties"]["cloudimage_catalogue"] == "base"
    assert plan.image["properties"]["cloudimage_version"] == "2"
    of_old = [(each.attribute, each.after) for each in plan.changes if each.image_id == old.id]
    assert of_old == [("replaced.name", "n (1)"), ("replaced.properties.cloudimage_catalogue", None)]
    # Another module's replacement, which names no version: the record belongs to the old data.
    properties = carried_over(old, DesiredImage(), "p1")
    assert properties["cloudimage_catalogue"] == "base"
    assert {"cloudimage_version", "cloudimage_marked_id"}.isdisjoint(properties)


def test_marks_that_were_copied_to_the_old_image_do_not_pass_to_the_new_one() -> None:
    """The new image has an id on which they would count."""
    copied = {"cloudimage_catalogue": "base", "cloudimage_published_as": "n", "cloudimage_marked_id": NEW_ID}
    old = altered(OLD, **copied)
    assert copied.keys().isdisjoint(carried_over(old, DesiredImage(), "p1"))
    plan = plan_replacement(state(old), DesiredImage(properties={"cloudimage_catalogue": "c"}, data=DATA), "delete")
    assert [(each.attribute, each.after) for each in plan.changes if "cloudimage" in each.attribute] == [
        ("properties.cloudimage_catalogue", "c"),
        ("properties.cloudimage_marked_id", None),
        ("properties.cloudimage_published_as", None),
        ("properties.cloudimage_source_checksum", None),
    ]


def test_old_image_deactivated_by_an_interrupted_run_does_not_deactivate_the_new_one() -> None:
    promoted = altered(NEW, name="n", os_hidden=False, protected=True)
    plan = plan_replacement(state(altered(OLD, status="deactivated"), new=promoted), DesiredImage(data=DATA), "deactivate")
    assert calls(plan) == ["PATCH old"]
    assert plan.image is not None
    assert plan.image["status"] == "active"


def test_replacement_changes_the_stores() -> None:
    old = altered(OLD, stores="a")
    plan = plan_replacement(state(old), DesiredImage(data=DATA, stores=("b",)), "keep")
    assert [(each.before, each.after) for each in plan.changes if each.attribute == "stores"] == [(["a"], ["b"])]
    assert plan.image is not None
    assert plan.image["stores"] == ["b"]
    again = plan_replacement(state(old, new=altered(NEW, stores="a,c")), DesiredImage(data=DATA, stores=("b",)), "keep")
    assert calls(again)[:3] == ["POST new/import", "DELETE stores/a/new", "DELETE stores/c/new"]


def test_replacement_reports_the_changes_of_both_images() -> None:
    plan = plan_replacement(state(), DesiredImage({"min_ram": 5}, data=DATA), "delete")
    assert [(change.attribute, change.before, change.after) for change in plan.changes] == [
        ("id", OLD.id, "{id}"),
        ("size", 3, 9),
        ("os_hash_value", "0", "9"),
        ("min_ram", 2, 5),
        ("properties.cloudimage_source_checksum", "sha256:stale", None),
        ("properties.owner_specified.openstack.md5", "stale", None),
        ("replaced.state", "present", "absent"),
    ]
    assert plan.replaced == OLD
    assert plan.image is not None
    assert (plan.image["id"], plan.image["owner"], plan.image["size"]) == (None, "p1", 9)


def test_change_made_after_the_interruption_is_kept() -> None:
    promoted = altered(NEW, name="n", os_hidden=False, protected=True, p="since")
    plan = plan_replacement(state(new=promoted), DesiredImage(data=DATA), "delete")
    assert calls(plan) == ["PATCH old", "DELETE old"]


def test_orphaned_image_is_created_again_with_its_attributes() -> None:
    left = altered(OLD, status="saving", size=None, protected=True)
    plan = plan_restart(left, DesiredImage({"min_ram": 5}, data=DATA), "p1")
    assert calls(plan) == ["PATCH old", "DELETE old", "POST", "PUT new/file"]
    assert plan.operations[2].body["p"] == "1"
    assert plan.operations[2].body["min_ram"] == 5


@pytest.mark.parametrize(
    ("status", "calls_of_status", "after"),
    [(None, [], "active"), ("active", [], "active"), ("deactivated", ["POST new/actions/deactivate"], "deactivated")],
)
def test_status_of_an_image_that_is_created_again(status: str | None, calls_of_status: list[str], after: str) -> None:
    left = altered(OLD, status="saving", size=None)
    plan = plan_restart(left, DesiredImage(data=DATA, status=status), "p1")
    assert calls(plan)[4:] == calls_of_status
    assert [(each.before, each.after) for each in plan.changes if each.attribute == "status"] == [("saving", after)]
    assert plan.image is not None
    assert plan.image["status"] == after
