# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""Who the images that image_info finds are shared with."""

from __future__ import annotations

import typing as t

import pytest

from .cloud import Cloud, Json, Outcome
from .glance_proxy import fault_on, proxy

pytestmark = pytest.mark.usefixtures("impatient")
LIST, SHOW, MEMBERS = "GET /v2/images", "GET /v2/images/ID", "GET /v2/images/ID/members"


def find(cloud: Cloud, **options: t.Any) -> Outcome:
    return cloud.unchanged("image_info", members=True, **options)


def statuses(image: Json) -> dict[str, str]:
    return {member["member_id"]: member["status"] for member in image["members"]}


def share(owner: Cloud, image: Json, member: Cloud, status: str = "pending") -> None:
    owner.call("POST", f"/images/{image['id']}/members", json={"member": member.project_id})
    if status != "pending":
        member.call("PUT", f"/images/{image['id']}/members/{member.project_id}", json={"status": status})


def test_members_are_listed_on_request_only(alice: Cloud, bob: Cloud, name: str) -> None:
    image = alice.make(name)
    share(alice, image, bob)
    for options in ({}, {"members": "false"}):
        outcome = alice.unchanged("image_info", name=[name], **options)
        assert "members" not in outcome.images[0]
        assert outcome.sent == [LIST]
    outcome = alice.unchanged("image_info", name=name, members="yes", exactly="1")
    shown = alice.call("GET", f"/images/{image['id']}/members").json()["members"][0]
    assert outcome.images[0]["members"] == [{key: shown[key] for key in ("member_id", "status", "created_at", "updated_at")}]
    assert outcome.sent == [LIST, MEMBERS]


def test_owner_and_administrator_see_all_members_and_a_member_only_itself(
    alice: Cloud, bob: Cloud, admin: Cloud, name: str
) -> None:
    image = alice.make(name)
    assert find(alice, name=[name]).images[0]["members"] == []
    share(alice, image, bob, "accepted")
    share(alice, image, admin, "rejected")
    both = {bob.project_id: "accepted", admin.project_id: "rejected"}
    assert statuses(find(alice, name=[name]).images[0]) == both
    assert [member["member_id"] for member in find(alice, id=[image["id"]]).images[0]["members"]] == sorted(both)
    for options in ({"owner": "alpha", "name": [name]}, {"all_projects": True, "name": [name]}, {"id": [image["id"]]}):
        assert statuses(find(admin, **options).images[0]) == both
    assert statuses(find(bob, name=[name]).images[0]) == {bob.project_id: "accepted"}
    bob.call("PUT", f"/images/{image['id']}/members/{bob.project_id}", json={"status": "pending"})
    for options in ({"name": [name], "member_status": "pending"}, {"id": [image["id"]]}):
        assert statuses(find(bob, **options).images[0]) == {bob.project_id: "pending"}


def test_each_shared_image_costs_one_request(alice: Cloud, bob: Cloud, admin: Cloud, name: str) -> None:
    shared = [alice.make(f"{name}-{number}", tags=[name], os_hidden=number == 0) for number in range(6)]
    for image in shared[::2]:
        share(alice, image, bob)
    alice.make(f"{name}-private", tags=[name], visibility="private")
    alice.make(f"{name}-community", tags=[name], visibility="community")
    admin.make(f"{name}-public", tags=[name], visibility="public")
    outcome = find(alice, tags=[name], hidden="any", sort="name:asc")
    assert outcome.names == [
        *(image["name"] for image in shared),
        *(f"{name}-{end}" for end in ("community", "private", "public")),
    ]
    assert [len(image["members"]) for image in outcome.images] == [1, 0, 1, 0, 1, 0, 0, 0, 0]
    assert outcome.sent == [LIST] * 2 + [MEMBERS] * 6
    # Another project's community image has no members either.
    outcome = find(bob, name=[f"{name}-community"], visibility="community")
    assert [image["members"] for image in outcome.images] == [[]]
    assert outcome.sent == [LIST]
    assert find(alice, tags=[name], limit=2, sort="name:asc").sent == [LIST] + [MEMBERS] * 2


def test_members_are_not_listed_if_the_number_of_images_is_wrong(alice: Cloud, name: str) -> None:
    alice.make(name)
    outcome = alice.run("image_info", name=[name], members=True, exactly=0)
    assert outcome.message.startswith("exactly: 0 was given, but 1 image was found.")
    assert outcome.sent == [LIST]


def test_members_of_an_image_deleted_meanwhile_are_null(alice: Cloud, bob: Cloud, name: str) -> None:
    images = [alice.make(f"{name}-{number}") for number in range(2)]
    share(alice, images[1], bob)

    def delete_first(_method: str, path: str, _count: int) -> None:
        if path.endswith(f"{images[0]['id']}/members"):
            alice.call("DELETE", f"/images/{images[0]['id']}")

    with proxy(alice.sandbox.glance_url, delete_first) as url:
        outcome = alice.run(
            "image_info", name=[image["name"] for image in images], members=True, sort="name:asc", endpoint_override=url
        ).succeeded()
    assert outcome.images[0]["members"] is None
    assert statuses(outcome.images[1]) == {bob.project_id: "pending"}
    assert outcome.result["count"] == 2
    (warning,) = outcome.warnings
    assert f"so their 'members' are null: Image {images[0]['id']} '{images[0]['name']}' (GET /v2/images/" in warning


def test_members_that_the_policy_hides_are_null(alice: Cloud, name: str) -> None:
    alice.make(name)
    with proxy(alice.sandbox.glance_url, fault_on("GET", "/members", 403)) as url:
        outcome = alice.run("image_info", name=[name], members=True, endpoint_override=url).succeeded()
    assert outcome.images[0]["members"] is None
    assert "was answered HTTP 403" in outcome.warnings[0]


def test_failed_request_for_members_fails_the_task(alice: Cloud, name: str) -> None:
    for number in range(6):
        alice.make(f"{name}-{number}", tags=[name])
    with proxy(alice.sandbox.glance_url, fault_on("GET", "/members", 500)) as url:
        outcome = alice.run("image_info", tags=[name], members=True, endpoint_override=url)
    assert "was answered HTTP 500" in outcome.message
