# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""Sharing images with projects: the owner's side, the side of the project that gets them, and an administrator's."""

from __future__ import annotations

import pytest

from .cloud import Cloud, Json
from .glance_proxy import CUT_ANSWER, fault_on, proxy

pytestmark = pytest.mark.usefixtures("impatient")
ELSEWHERE = "0" * 32  # a project that no image is shared with


def members_of(owner: Cloud, image_id: str) -> dict[str, str]:
    listed = owner.call("GET", f"/images/{image_id}/members").json()["members"]
    return {member["member_id"]: member["status"] for member in listed}


def test_image_is_shared_and_no_longer_shared(alice: Cloud, bob: Cloud, name: str) -> None:
    image = alice.make(name, b"data")
    real = alice.thrice("image_member", name=name, member=bob.project_id, state="present")
    assert real.result["member"] == {"image_id": image["id"], "member_id": bob.project_id, "status": "pending"}
    assert real.result["changes"] == [
        {"id": image["id"], "attribute": f"members.{bob.project_id}", "before": None, "after": "pending"}
    ]
    assert [entry["method"] for entry in real.mutations] == ["POST"]
    assert members_of(alice, image["id"]) == {bob.project_id: "pending"}
    assert alice.thrice("image_member", name=name, member=bob.project_id, state="absent").result["member"] is None
    assert members_of(alice, image["id"]) == {}


@pytest.mark.parametrize("by", ["id", "name"])
def test_accepted_image_is_found_by_its_name(alice: Cloud, bob: Cloud, name: str, by: str) -> None:
    image = alice.make(name, b"data")
    alice.run("image_member", id=image["id"], member=bob.project_id, state="present").succeeded()
    assert bob.unchanged("image_info", name=[name]).images == []
    bob.thrice("image_member", state="accepted", **{by: image[by]})
    assert bob.unchanged("image_info", name=[name]).images[0]["id"] == image["id"]


def test_answer_is_planned_and_done_once(alice: Cloud, bob: Cloud, name: str) -> None:
    image = alice.make(name, b"data")
    alice.run("image_member", name=name, member=bob.project_id, state="present").succeeded()
    for state, before in (("rejected", "pending"), ("accepted", "rejected"), ("pending", "accepted")):
        real = bob.thrice("image_member", name=name, state=state)
        assert real.result["diff"] == {
            "before": {f"members.{bob.project_id}": before},
            "after": {f"members.{bob.project_id}": state},
            "before_header": name,
            "after_header": name,
        }
    # The owner's task does not touch the answer.
    bob.run("image_member", name=name, state="accepted").succeeded()
    outcome = alice.unchanged("image_member", id=image["id"], member=bob.project_id, state="present")
    assert outcome.result["member"]["status"] == "accepted"


def test_administrator_answers_for_another_project(admin: Cloud, alice: Cloud, bob: Cloud, name: str) -> None:
    image = alice.make(name, b"data")
    bob.make(name, b"data")  # of the same name, and not shared
    admin.thrice("image_member", name=name, owner="alpha", member="beta", state="present")
    admin.thrice("image_member", name=name, member="beta", state="accepted")
    assert members_of(alice, image["id"]) == {bob.project_id: "accepted"}
    assert "is shared with the project" in admin.fails("image_member", name=name, state="accepted")


def test_image_that_is_not_shared_with_the_project_is_an_error(alice: Cloud, bob: Cloud, name: str) -> None:
    image = alice.make(name, b"data")
    for options in ({"name": name}, {"id": image["id"]}):
        message = bob.fails("image_member", state="accepted", **options)
        assert f"is shared with the project {bob.project_id}. Nothing was changed." in message


def test_only_the_owner_can_end_the_share_of_another_project(admin: Cloud, alice: Cloud, bob: Cloud, name: str) -> None:
    """Glance hides a member from all others, and says that there is none."""
    image = alice.make(name, b"data")
    for project in (bob.project_id, admin.project_id):
        alice.run("image_member", name=name, member=project, state="present").succeeded()
    absent: Json = {"id": image["id"], "member": admin.project_id, "state": "absent"}
    assert "only that one can see and end its shares" in bob.fails("image_member", **absent)
    assert members_of(alice, image["id"]) == {bob.project_id: "pending", admin.project_id: "pending"}
    admin.thrice("image_member", **absent)
    assert members_of(alice, image["id"]) == {bob.project_id: "pending"}


def test_members_of_a_private_image_stay_with_a_warning(alice: Cloud, bob: Cloud, name: str) -> None:
    """Glance does not show them, so a task that is to remove one cannot know whether it is there."""
    image = alice.make(name, visibility="shared")
    alice.call("POST", f"/images/{image['id']}/members", json={"member": bob.project_id})
    alice.run("image", id=image["id"], visibility="private").succeeded()
    for outcome in (
        alice.unchanged("image_member", id=image["id"], member=bob.project_id, state="absent"),
        alice.unchanged("image", id=image["id"], members=[], purge_members=True),
    ):
        assert "neither shows nor removes members" in " ".join(outcome.warnings)
    alice.run("image", id=image["id"], visibility="shared").succeeded()
    assert members_of(alice, image["id"]) == {bob.project_id: "pending"}


def test_private_image_cannot_get_members(alice: Cloud, bob: Cloud, name: str) -> None:
    alice.make(name, visibility="private")
    message = alice.fails("image_member", name=name, member=bob.project_id, state="present")
    assert "is private, and only a shared image has members. Nothing was changed. Set 'visibility: shared'" in message
    assert alice.unchanged("image_member", name=name, member=ELSEWHERE, state="absent").result["member"] is None


def test_id_as_name_is_an_error(alice: Cloud, bob: Cloud, name: str) -> None:
    image = alice.make(name)
    alice.run("image_member", id=image["id"], member=bob.project_id, state="present").succeeded()
    for cloud, state in ((alice, "absent"), (bob, "accepted")):
        message = cloud.fails("image_member", name=image["id"], member=bob.project_id, state=state)
        assert "Use 'id' instead of 'name'." in message


def test_share_whose_removal_was_not_answered_is_removed(alice: Cloud, bob: Cloud, name: str) -> None:
    """The attempt that the cloud answers with 404 is not a removal by another run."""
    image = alice.make(name)
    alice.run("image_member", id=image["id"], member=bob.project_id, state="present").succeeded()
    left = [CUT_ANSWER]

    def fault(method: str, path: str, _count: int) -> int | None:
        return left.pop() if left and method == "DELETE" and "/members/" in path else None

    with proxy(alice.sandbox.glance_url, fault) as url:
        outcome = alice.run(
            "image_member", id=image["id"], member=bob.project_id, state="absent", endpoint_override=url
        ).succeeded()
    assert outcome.changed
    assert members_of(alice, image["id"]) == {}


def test_name_of_several_shared_images_is_an_error(alice: Cloud, admin: Cloud, bob: Cloud, name: str) -> None:
    images = [alice.make(name, b"data"), admin.make(name, b"data")]
    for cloud, image in zip((alice, admin), images, strict=True):
        cloud.run("image_member", id=image["id"], member=bob.project_id, state="present").succeeded()
    message = bob.fails("image_member", name=name, state="accepted")
    assert all(image["id"] in message for image in images)
    assert bob.thrice("image_member", name=name, owner=alice.project_id, state="accepted").changed


def test_member_is_needed_by_the_owner(alice: Cloud, name: str) -> None:
    alice.make(name)
    assert "'state: present' needs it" in alice.fails("image_member", name=name, state="present")


def test_project_that_does_not_exist_is_an_error(alice: Cloud, name: str) -> None:
    alice.make(name)
    message = alice.fails("image_member", name=name, member="nobody", state="present")
    assert "member: there is no project 'nobody'" in message


@pytest.mark.since_glance(29, "lets the owner accept for the other project")
def test_owner_cannot_accept_for_the_other_project(alice: Cloud, bob: Cloud, name: str) -> None:
    alice.make(name)
    alice.run("image_member", name=name, member=bob.project_id, state="present").succeeded()
    assert "HTTP 40" in alice.run("image_member", name=name, member=bob.project_id, state="accepted").message


@pytest.mark.parametrize(("method", "status", "state"), [("POST", 409, "present"), ("DELETE", 404, "absent")])
def test_share_that_another_run_has_made_or_ended_is_no_change(
    alice: Cloud, bob: Cloud, name: str, method: str, status: int, state: str
) -> None:
    image = alice.make(name)
    before = "absent" if state == "present" else "present"
    alice.run("image_member", id=image["id"], member=bob.project_id, state=before)

    def fault(asked: str, path: str, _count: int) -> int | None:
        if asked != method or "/members" not in path:
            return None
        # Another run does the same just before.
        alice.run("image_member", id=image["id"], member=bob.project_id, state=state).succeeded()
        return status

    with proxy(alice.sandbox.glance_url, fault) as url:
        outcome = alice.run(
            "image_member", id=image["id"], member=bob.project_id, state=state, endpoint_override=url
        ).succeeded()
    assert not outcome.changed
    assert (bob.project_id in members_of(alice, image["id"])) == (state == "present")


def test_failed_call_is_an_error(alice: Cloud, bob: Cloud, name: str) -> None:
    alice.make(name)
    with proxy(alice.sandbox.glance_url, fault_on("POST", "/members", 500)) as url:
        message = alice.run("image_member", name=name, member=bob.project_id, state="present", endpoint_override=url).message
    assert "HTTP 500" in message
