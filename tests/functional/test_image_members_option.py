# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The options members and purge_members of the modules image and images."""

from __future__ import annotations

import pathlib
import typing as t

import pytest

from .cloud import FORMATS, Cloud, Json
from .glance_proxy import CUT, CUT_ANSWER, fault_on, proxy
from .runs import images_thrice, run_at_once, run_between, run_killed

pytestmark = pytest.mark.usefixtures("impatient")
ELSEWHERE = "0" * 32  # a project that nobody has asked


def members_of(owner: Cloud, image_id: str) -> dict[str, str]:
    listed = owner.call("GET", f"/images/{image_id}/members").json()["members"]
    return {member["member_id"]: member["status"] for member in listed}


def share(owner: Cloud, image: Json, *projects: str) -> None:
    for project in projects:
        owner.call("POST", f"/images/{image['id']}/members", json={"member": project})


def accept(member: Cloud, image: Json) -> None:
    member.call("PUT", f"/images/{image['id']}/members/{member.project_id}", json={"status": "accepted"})


def member_changes(result: Json) -> dict[str, tuple[t.Any, t.Any]]:
    rows = [row for row in result["changes"] if row["attribute"].startswith("members.")]
    return {row["attribute"].removeprefix("members."): (row["before"], row["after"]) for row in rows}


@pytest.mark.parametrize("module", ["image", "images"])
def test_new_image_is_shared(alice: Cloud, bob: Cloud, name: str, tmp_path: pathlib.Path, module: str) -> None:
    (tmp_path / "disk").write_bytes(b"data")
    entry = {"name": name, "path": str(tmp_path / "disk"), "members": [bob.project_id, ELSEWHERE], **FORMATS}
    real = images_thrice(alice, [entry]) if module == "images" else alice.thrice(module, **entry)
    (image,) = alice.named(name)
    assert image["visibility"] == "shared"
    assert members_of(alice, image["id"]) == {bob.project_id: "pending", ELSEWHERE: "pending"}
    assert member_changes(real.result) == {bob.project_id: (None, "pending"), ELSEWHERE: (None, "pending")}
    outcome = real.result["outcomes"][0] if module == "images" else real.result
    assert sorted(member["member_id"] for member in outcome["members"]) == sorted([ELSEWHERE, bob.project_id])


@pytest.mark.parametrize("visibility", ["private", "community"])
@pytest.mark.parametrize("purge", [False, True])
def test_new_image_that_is_not_shared_has_no_members(alice: Cloud, name: str, visibility: str, purge: bool) -> None:
    real = alice.thrice("image", name=name, visibility=visibility, members=[], purge_members=purge)
    assert (real.image["visibility"], real.result["members"]) == (visibility, [])


def test_members_are_removed_before_the_image_becomes_private(alice: Cloud, bob: Cloud, name: str) -> None:
    """Glance removes none afterwards, and they would have the image again once it is shared."""
    image = alice.make(name, visibility="shared")
    share(alice, image, bob.project_id)
    real = alice.thrice("image", name=name, visibility="private", members=[], purge_members=True)
    assert member_changes(real.result) == {bob.project_id: ("pending", None)}
    assert [entry["method"] for entry in real.result["operations"]] == ["DELETE", "PATCH"]
    assert real.warnings == []
    alice.thrice("image", name=name, visibility="shared")
    assert members_of(alice, image["id"]) == {}


def test_interrupted_replacement_that_became_private_is_not_shared_again(
    alice: Cloud, bob: Cloud, name: str, path: str
) -> None:
    """Glance refuses to list the members of a private image."""
    old = alice.make(name, b"the old data", visibility="shared")
    share(alice, old, bob.project_id)
    options: Json = {"name": name, "path": path, "data_policy": "replace", "visibility": "private"}
    steps = alice.run("image", check=True, **options).succeeded().result["operations"]
    assert run_killed(alice, "image", options, len(steps) - 1, CUT)
    assert len(alice.named(name)) == 2
    real = alice.thrice("image", **options)
    assert [entry["method"] for entry in real.result["operations"]] == ["DELETE"]


def test_refused_visibility_names_the_members_that_were_removed_before(alice: Cloud, bob: Cloud, name: str) -> None:
    image = alice.make(name, visibility="shared")
    share(alice, image, bob.project_id)
    message = alice.run("image", name=name, visibility="public", members=[], purge_members=True).message
    assert "only administrators may make images public" in message
    assert message.endswith("Before this error the task changed of the image: its members.")
    assert members_of(alice, image["id"]) == {}


def test_share_by_which_the_task_finds_the_image_is_not_purged(alice: Cloud, admin: Cloud, bob: Cloud, name: str) -> None:
    """Without it the name would lead to no image, and the next run would make one."""
    image = alice.make(name, visibility="shared")
    share(alice, image, admin.project_id)
    accept(admin, image)
    options: Json = {"members": [bob.project_id], "purge_members": True}
    assert "it is not found by its name alone. Give its 'id'" in admin.fails("image", name=name, **options)
    admin.thrice("image", name=name, owner=alice.project_id, **options)
    assert members_of(alice, image["id"]) == {bob.project_id: "pending"}


def test_project_is_named_by_its_name(alice: Cloud, admin: Cloud, bob: Cloud, name: str) -> None:
    """Only an administrator sees the names of other projects."""
    image = admin.make(name, visibility="shared")
    real = admin.thrice("image", name=name, members=["beta"], member_domain="Default")
    assert members_of(admin, image["id"]) == {bob.project_id: "pending"}
    assert real.result["diff"] == {
        "before": {f"members.{bob.project_id}": None},
        "after": {f"members.{bob.project_id}": "pending"},
        "before_header": name,
        "after_header": name,
    }
    message = alice.fails("image", name=name, members=["nobody"], create=True)
    assert message.startswith("members: there is no project 'nobody'")
    assert alice.named(name) == []


def test_members_are_added_and_answers_stay(alice: Cloud, bob: Cloud, name: str) -> None:
    image = alice.make(name, visibility="shared")
    share(alice, image, bob.project_id)
    accept(bob, image)
    real = alice.thrice("image", name=name, members=[ELSEWHERE])
    assert members_of(alice, image["id"]) == {bob.project_id: "accepted", ELSEWHERE: "pending"}
    assert real.result["members"] == [
        {"member_id": project, "status": status}
        for project, status in sorted({bob.project_id: "accepted", ELSEWHERE: "pending"}.items())
    ]
    assert alice.unchanged("image", name=name, members=[bob.project_id]).result["members"] == real.result["members"]
    assert alice.unchanged("image", name=name, members=[]).changed is False
    assert alice.unchanged("image", name=name).result["members"] is None


def test_other_members_are_removed_with_purge(alice: Cloud, bob: Cloud, name: str) -> None:
    image = alice.make(name, visibility="shared")
    share(alice, image, bob.project_id, ELSEWHERE)
    accept(bob, image)
    real = alice.thrice("image", name=name, members=[ELSEWHERE], purge_members=True)
    assert member_changes(real.result) == {bob.project_id: ("accepted", None)}
    assert members_of(alice, image["id"]) == {ELSEWHERE: "pending"}
    alice.thrice("image", name=name, members=[], purge_members=True)
    assert members_of(alice, image["id"]) == {}


def test_image_becomes_shared_and_gets_members_in_one_task(alice: Cloud, bob: Cloud, name: str) -> None:
    image = alice.make(name, visibility="private")
    message = alice.fails("image", name=name, members=[bob.project_id])
    assert "is private, and only a shared image has members. Nothing was changed. Set 'visibility: shared'" in message
    alice.thrice("image", name=name, members=[bob.project_id], visibility="shared")
    assert members_of(alice, image["id"]) == {bob.project_id: "pending"}


def test_members_that_were_hidden_are_removed_once_the_image_is_shared(alice: Cloud, bob: Cloud, name: str) -> None:
    """Glance does not show the members of a private image, so check mode cannot foresee them."""
    image = alice.make(name, visibility="shared")
    share(alice, image, ELSEWHERE)
    alice.call("PATCH", f"/images/{image['id']}", **private())
    options: Json = {"name": name, "visibility": "shared", "members": [bob.project_id], "purge_members": True}
    real = alice.run("image", **options).succeeded()
    assert members_of(alice, image["id"]) == {bob.project_id: "pending"}
    assert member_changes(real.result) == {bob.project_id: (None, "pending"), ELSEWHERE: ("pending", None)}
    assert [entry["method"] for entry in real.result["operations"]] == ["PATCH", "POST", "DELETE"]
    alice.unchanged("image", **options)


def private() -> Json:
    patch = '[{"op": "replace", "path": "/visibility", "value": "private"}]'
    return {"data": patch, "headers": {"Content-Type": "application/openstack-images-v2.1-json-patch"}}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"members": ["p"], "visibility": "private"}, "members: they need 'visibility: shared', and 'private' was given"),
        ({"purge_members": True}, "purge_members: give 'members' too"),
        ({"members": [""]}, "members: "),
    ],
)
def test_invalid_members_are_refused_before_any_request(
    alice: Cloud, name: str, options: dict[str, t.Any], message: str
) -> None:
    for check in (True, False):
        outcome = alice.run("image", check=check, name=name, **options)
        assert outcome.message.startswith(message)
        assert outcome.requests == []


@pytest.mark.parametrize(("method", "members", "after"), [("POST", [ELSEWHERE], {ELSEWHERE: "pending"}), ("DELETE", [], {})])
def test_member_that_another_run_adds_or_removes_is_no_change(
    alice: Cloud, name: str, method: str, members: list[str], after: dict[str, str]
) -> None:
    image = alice.make(name, visibility="shared")
    if method == "DELETE":
        share(alice, image, ELSEWHERE)
    state = "absent" if method == "DELETE" else "present"
    outcome = run_between(
        alice,
        lambda used, path: used == method and "/members" in path,
        lambda: alice.run("image_member", id=image["id"], member=ELSEWHERE, state=state).succeeded(),
        name=name,
        members=members,
        purge_members=True,
    ).succeeded()
    assert not outcome.changed
    assert outcome.result["changes"] == []
    assert members_of(alice, image["id"]) == after


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_image_that_another_run_makes_private_is_shared_again(alice: Cloud, name: str, method: str) -> None:
    image = alice.make(name, visibility="shared")
    outcome = run_between(
        alice,
        lambda used, path: used == method and "/members" in path,
        lambda: alice.call("PATCH", f"/images/{image['id']}", **private()),
        name=name,
        members=[ELSEWHERE],
        visibility="shared",
    ).succeeded()
    assert [operation["method"] for operation in outcome.result["operations"]] == ["PATCH", "POST"]
    assert members_of(alice, image["id"]) == {ELSEWHERE: "pending"}


def test_overlapping_runs_share_an_image_once(alice: Cloud, bob: Cloud, name: str) -> None:
    image = alice.make(name, visibility="shared")
    found = run_at_once(alice, 3, {"name": name, "members": [bob.project_id]})
    assert [message for failed, _changed, message in found if failed] == []
    assert any(changed for _failed, changed, _message in found)
    assert members_of(alice, image["id"]) == {bob.project_id: "pending"}


@pytest.mark.parametrize("module", ["image", "image_member"])
def test_project_that_glance_keeps_several_times_is_removed(alice: Cloud, name: str, module: str) -> None:
    """Glance adds a project several times if it is told to at the same moment, and each removal removes it once."""
    image = alice.make(name, visibility="shared")
    share(alice, image, ELSEWHERE)
    columns = "image_id, member, can_share, created_at, updated_at, deleted, status"
    with alice.sandbox.database() as database:
        again = f"INSERT INTO image_members ({columns}) SELECT {columns} FROM image_members WHERE image_id = ?"
        database.execute(again, (image["id"],))
        database.commit()
    assert len(alice.call("GET", f"/images/{image['id']}/members").json()["members"]) == 2
    options = {"members": [], "purge_members": True} if module == "image" else {"member": ELSEWHERE, "state": "absent"}
    real = alice.run(module, name=name, **options).succeeded()
    assert [operation["method"] for operation in real.result["operations"]] == ["DELETE", "DELETE"]
    assert [entry["path"] for entry in real.mutations] == [operation["path"] for operation in real.result["operations"]]
    assert [(row["before"], row["after"]) for row in real.result["changes"]] == [("pending", None)]
    assert members_of(alice, image["id"]) == {}
    alice.unchanged(module, name=name, **options)


@pytest.mark.parametrize("status", [403, 413])
@pytest.mark.parametrize("refused", [1, 2])
def test_new_image_that_cannot_be_shared_keeps_its_data(
    alice: Cloud, bob: Cloud, name: str, tmp_path: pathlib.Path, refused: int, status: int
) -> None:
    (tmp_path / "disk").write_bytes(b"data")
    options = {"name": name, "path": str(tmp_path / "disk"), "members": [bob.project_id, ELSEWHERE], **FORMATS}
    seen: list[str] = []

    def fault(method: str, path: str, _count: int) -> int | None:
        if method == "POST" and path.endswith("/members"):
            seen.append(path)
            return status if len(seen) == refused else None
        return None

    with proxy(alice.sandbox.glance_url, fault) as url:
        message = alice.run("image", endpoint_override=url, **options).message
    (image,) = alice.named(name)
    assert f"Image {image['id']} was created and stays; run the task again to share it." in message
    assert image["status"] == "active"
    again = alice.run("image", **options).succeeded()
    assert again.changed
    assert all(entry["path"].endswith("/members") for entry in again.mutations)
    assert set(members_of(alice, image["id"])) == {bob.project_id, ELSEWHERE}


def test_failure_to_share_an_existing_image_says_nothing_of_its_data(alice: Cloud, name: str) -> None:
    alice.make(name, visibility="shared")
    with proxy(alice.sandbox.glance_url, fault_on("POST", "members", 413)) as url:
        message = alice.run("image", name=name, members=[ELSEWHERE], endpoint_override=url).message
    assert "stays" not in message


def test_share_whose_answer_was_lost_converges(alice: Cloud, bob: Cloud, name: str) -> None:
    image = alice.make(name, visibility="shared")
    with proxy(alice.sandbox.glance_url, fault_on("POST", "members", CUT_ANSWER)) as url:
        alice.run("image", name=name, members=[bob.project_id], endpoint_override=url)
    alice.run("image", name=name, members=[bob.project_id]).succeeded()
    assert members_of(alice, image["id"]) == {bob.project_id: "pending"}


@pytest.mark.parametrize("purge", [False, True])
def test_replacement_is_shared_as_the_task_says(
    alice: Cloud, bob: Cloud, name: str, tmp_path: pathlib.Path, purge: bool
) -> None:
    old = alice.make(name, b"old", visibility="shared")
    share(alice, old, bob.project_id)
    accept(bob, old)
    (tmp_path / "disk").write_bytes(b"new data")
    real = alice.thrice(
        "image",
        name=name,
        path=str(tmp_path / "disk"),
        data_policy="replace",
        members=[ELSEWHERE],
        purge_members=purge,
        **FORMATS,
    )
    (image,) = alice.named(name)
    kept = {} if purge else {bob.project_id: "pending"}
    assert members_of(alice, image["id"]) == {ELSEWHERE: "pending", **kept}
    removed = {bob.project_id: ("accepted", None)} if purge else {}
    assert member_changes(real.result) == {ELSEWHERE: (None, "pending"), **removed}
    assert any("have to accept the new one too" in warning for warning in real.warnings) is not purge


def test_administrators_replacement_keeps_what_projects_have_answered(
    admin: Cloud, bob: Cloud, name: str, tmp_path: pathlib.Path
) -> None:
    old = admin.make(name, b"old", visibility="shared")
    share(admin, old, bob.project_id)
    accept(bob, old)
    (tmp_path / "disk").write_bytes(b"new data")
    options = {"name": name, "path": str(tmp_path / "disk"), "data_policy": "replace", **FORMATS}
    admin.thrice("image", members=[ELSEWHERE], **options)
    (image,) = admin.named(name)
    assert members_of(admin, image["id"]) == {bob.project_id: "accepted", ELSEWHERE: "pending"}


@pytest.mark.parametrize("first", [True, False])
def test_candidate_is_shared_when_it_is_promoted(
    alice: Cloud, bob: Cloud, name: str, tmp_path: pathlib.Path, first: bool
) -> None:
    if not first:
        alice.make(name, b"old", visibility="shared")
    (tmp_path / "disk").write_bytes(b"new data")
    options = {"name": name, "path": str(tmp_path / "disk"), "data_policy": "replace", **FORMATS}
    prepared = alice.thrice("image", candidate="prepare", members=[bob.project_id], **options)
    assert members_of(alice, prepared.result["image"]["id"]) == {}
    alice.thrice("image", candidate="promote", members=[bob.project_id], **options)
    (image,) = alice.named(name)
    assert members_of(alice, image["id"]) == {bob.project_id: "pending"}
