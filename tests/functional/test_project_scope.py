# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""Names and filters match what the login's project can use: an administrator beside two projects that use the same names."""

from __future__ import annotations

import dataclasses
import pathlib
import uuid

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._module import image_info

from .cloud import FORMATS, Cloud, Json, Sandbox, forget_the_cloud
from .timing import wait_for_a_later_second

LIST = "GET /v2/images"
MEMBER = "GET /v2/images/ID/members/PROJECT"


def share(image: Json, owner: Cloud, member: Cloud, status: str) -> None:
    """Share an image, and answer for the project that gets it."""
    owner.call("POST", f"/images/{image['id']}/members", json={"member": member.project_id}).raise_for_status()
    if status != "pending":
        path = f"/images/{image['id']}/members/{member.project_id}"
        member.call("PUT", path, json={"status": status}).raise_for_status()


@dataclasses.dataclass
class Others:
    """Images of two projects, all of one name and with it as a tag."""

    images: list[tuple[Cloud, Json]]

    def are_untouched(self) -> bool:
        return all(cloud.show(image["id"]) == image for cloud, image in self.images)


@pytest.fixture
def others(alice: Cloud, bob: Cloud, admin: Cloud, name: str) -> Others:
    made = [
        (alice, alice.make(name, b"alpha's", tags=[name])),
        (alice, alice.make(name, b"alpha's", tags=[name], visibility="private")),
        (bob, bob.make(name, b"beta's", tags=[name], visibility="private", os_hidden=True)),
        (bob, bob.make(name, b"beta's", tags=[name], visibility="community")),
        (bob, bob.make(name, b"beta's", tags=[name])),
    ]
    share(made[-1][1], bob, admin, "pending")
    return Others([(cloud, cloud.show(image["id"])) for cloud, image in made])


def test_name_of_an_administrator_selects_only_own_images(
    admin: Cloud, others: Others, name: str, tmp_path: pathlib.Path
) -> None:
    """From nothing over a change and other data to nothing again."""
    (tmp_path / "one").write_bytes(b"one")
    (tmp_path / "two").write_bytes(b"two")
    admin.unchanged("image", name=name, state="absent", on_duplicate="all", force=True)
    made = admin.thrice("image", name=name, path=str(tmp_path / "one"), **FORMATS).image
    assert made["owner"] == admin.project_id
    assert admin.thrice("image", name=name, tags=[name], min_ram=5).image["id"] == made["id"]
    new = admin.thrice("image", name=name, path=str(tmp_path / "two"), data_policy="replace").image
    assert (new["owner"], new["size"]) == (admin.project_id, 3)
    admin.thrice("image", name=name, hidden=True)
    admin.thrice("image", name=name, state="absent", on_duplicate="all", force=True)
    assert others.are_untouched()


def test_list_of_an_administrator_selects_only_own_images(admin: Cloud, others: Others, name: str) -> None:
    absent: Json = {"name": name, "state": "absent", "on_duplicate": "all"}
    assert not admin.run("images", images=[absent]).succeeded().changed
    made = admin.run("images", images=[{"name": name}, {"name": f"{name}-2"}]).succeeded()
    assert [image["owner"] for image in made.images] == [admin.project_id] * 2
    changed = admin.run("images", images=[{"name": name, "tags": [name]}]).succeeded()
    assert [image["id"] for image in changed.images] == [made.images[0]["id"]]
    # Another project's image in the same list, by its id, is not what the name means.
    foreign = others.images[1][1]
    both = admin.run("images", check=True, images=[{"name": name}, {"id": foreign["id"]}]).succeeded()
    assert [image["id"] for image in both.images] == [made.images[0]["id"], foreign["id"]]
    assert admin.run("images", images=[absent]).succeeded().changed
    assert others.are_untouched()


def test_other_modules_select_images_of_the_own_project(
    admin: Cloud, others: Others, name: str, tmp_path: pathlib.Path
) -> None:
    dest = str(tmp_path / "disk")
    for module, options in (
        ("image_state", {"name": [name], "state": "deactivated"}),
        ("image_download", {"name": name, "dest": dest}),
        ("image", {"name": f"{name}-server", "kernel": name}),
    ):
        assert name in admin.fails(module, **options)
    own = admin.make(name, b"admin's")
    admin.thrice("image_state", name=[name], state="deactivated")
    assert admin.show(own["id"])["status"] == "deactivated"
    admin.run("image_download", name=name, dest=dest).succeeded()
    assert (tmp_path / "disk").read_bytes() == b"admin's"
    assert admin.thrice("image", name=f"{name}-server", kernel=name).image["properties"] == {"kernel_id": own["id"]}
    assert others.are_untouched()


@pytest.mark.parametrize("status", ["accepted", "pending", "rejected"])
def test_share_is_found_by_an_administrator_once_it_is_accepted(
    admin: Cloud, alice: Cloud, bob: Cloud, name: str, status: str
) -> None:
    image = bob.make(name)
    for cloud in (admin, alice):
        share(image, bob, cloud, status)
        found = [image["id"]] if status == "accepted" else []
        assert [each["id"] for each in cloud.unchanged("image_info", tags=[], name=[name]).images] == found
        predicted = cloud.run("image", check=True, name=name, min_ram=1).succeeded()
        assert [change["id"] for change in predicted.result["changes"][:1]] == (found or [None])
    for wanted in ("accepted", "pending", "rejected", "all"):
        listed = admin.unchanged("image_info", name=[name], member_status=wanted).images
        assert len(listed) == (wanted in ("all", status))


def test_public_images_of_other_projects_are_found(admin: Cloud, alice: Cloud, name: str) -> None:
    image = admin.make(name, visibility="public", owner=alice.project_id, tags=[name])
    assert admin.thrice("image", name=name, min_ram=1).image["id"] == image["id"]
    assert admin.unchanged("image_info", tags=[name]).names == [name]


def made_at(sandbox: Sandbox, image: Json, second: int) -> None:
    """Set when an image was made, as Glance itself cannot, so that lists by age need no waiting."""
    with sandbox.database() as database:
        moment = f"2026-01-01 00:00:{second:02}.000000"
        database.execute("UPDATE images SET created_at = ? WHERE id = ?", (moment, image["id"]))
        database.commit()


@pytest.mark.nightly
def test_filters_of_an_administrator_select_what_a_plain_user_sees(
    sandbox: Sandbox, admin: Cloud, alice: Cloud, bob: Cloud, name: str
) -> None:
    """The same images around an administrator's project and around a plain user's: the same lists."""
    expected: list[dict[str, list[str]]] = []
    cases: list[Json] = [
        {},
        {"hidden": "any"},
        {"hidden": "true"},
        {"sort": ["name:desc"]},
        {"sort": ["size:asc", "name:asc"]},
        {"sort": ["name"], "limit": 3},
        {"sort": ["name"], "limit": 1},
        {"sort": ["name:desc"], "limit": 2, "hidden": "any"},
        {"newest": True},
        {"limit": 4},
        {"visibility": "public"},
        {"visibility": "private"},
        {"visibility": "shared"},
        {"visibility": "shared", "sort": ["name"], "limit": 1},
        {"visibility": "community"},
        {"visibility": "all"},
        {"visibility": "all", "member_status": "all", "hidden": "any"},
        {"member_status": "pending"},
        {"member_status": "rejected"},
        {"member_status": "all", "sort": ["name"]},
        {"name_pattern": "shared", "sort": ["name"]},
        {"status": "active"},
        {"older_than": "1h"},
        {"created_at": "gt:2026-01-01T00:00:05Z"},
    ]
    for cloud in (admin, alice):
        tag = f"{name}-{cloud.name}"
        made: list[tuple[Cloud, str, Json]] = [
            (bob, "private", {"visibility": "private"}),
            (cloud, "own-1", {}),
            (bob, "shared-pending", {}),
            (cloud, "own-2", {"visibility": "private"}),
            (bob, "shared-accepted", {}),
            (cloud, "own-hidden", {"os_hidden": True}),
            (bob, "community", {"visibility": "community"}),
            (admin, "public", {"visibility": "public", "owner": bob.project_id}),
            (cloud, "own-community", {"visibility": "community"}),
            (bob, "shared-hidden-accepted", {"os_hidden": True}),
            (bob, "shared-rejected", {}),
            (bob, "shared-with-nobody", {}),
            (bob, "private-newest", {"visibility": "private"}),
        ]
        for number, (owner, label, attributes) in enumerate(made):
            image = owner.make(label, tags=[tag], id=str(uuid.uuid4()), min_ram=number, **attributes)
            for status in ("accepted", "pending", "rejected"):
                if label.endswith(status):
                    share(image, bob, cloud, status)
            made_at(sandbox, image, number)
        expected.append({str(case): cloud.unchanged("image_info", tags=[tag], **case).names for case in cases})
    assert expected[0] == expected[1]
    assert expected[0]["{}"] == ["own-community", "public", "shared-accepted", "own-2", "own-1"]


def test_images_of_other_projects_are_found_on_request(admin: Cloud, alice: Cloud, others: Others, name: str) -> None:
    ids = {image["id"] for _cloud, image in others.images if not image["os_hidden"]}
    alphas = {image["id"] for cloud, image in others.images if cloud is alice}
    cases: list[tuple[Json, set[str]]] = [
        ({"tags": [name]}, set()),
        ({"tags": [name], "all_projects": True}, ids),
        ({"tags": [name], "all_projects": "true"}, ids),
        ({"name": [name], "all_projects": True}, ids),
        ({"tags": [name], "all_projects": True, "visibility": "private"}, {others.images[1][1]["id"]}),
        ({"name": [name], "owner": "alpha"}, alphas),
        ({"tags": [name], "owner": alice.project_id}, alphas),
        ({"id": [image["id"] for _cloud, image in others.images]}, {image["id"] for _cloud, image in others.images}),
    ]
    for options, expected in cases:
        found = admin.unchanged("image_info", **options).images
        assert {image["id"] for image in found} == expected, options
    assert admin.unchanged("image", id=others.images[1][1]["id"]).image["owner"] == alice.project_id
    assert "means 2 images" in admin.fails("image", name=name, owner="alpha")


def without_projects(sent: list[str]) -> list[str]:
    return [f"{entry.rpartition('/')[0]}/PROJECT" if "/members/" in entry else entry for entry in sent]


def test_lookup_by_name_sends_these_requests(admin: Cloud, alice: Cloud, bob: Cloud, name: str) -> None:
    """One for each image that another project shares, and only with an administrator's login."""
    shared = bob.make(name)
    for cloud in (admin, alice):
        share(shared, bob, cloud, "accepted")
    alice.make(f"{name}-2", visibility="private")
    assert alice.unchanged("image", name=name).sent == [LIST]
    assert alice.unchanged("image_info", name=[name]).sent == [LIST]
    assert without_projects(admin.unchanged("image", name=name).sent) == [LIST, MEMBER]
    assert without_projects(admin.unchanged("image_info", name=[name]).sent) == [LIST, MEMBER]
    sent = admin.run("images", check=True, images=[{"name": name}, {"name": f"{name}-2", "state": "absent"}]).sent
    assert without_projects(sent) == [LIST, MEMBER, LIST]
    assert admin.unchanged("image", name=f"{name}-2", state="absent").sent == [LIST, LIST]


def test_requests_of_filters_do_not_grow_with_other_projects(
    admin: Cloud, bob: Cloud, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = admin.make(f"{name}-own", tags=[name])
    # A page of three holds the newest images. It must hold three of bob's: no member is read for the own image.
    wait_for_a_later_second(own["created_at"])
    for number in range(4):
        bob.make(f"{name}-{number}", tags=[name])
        bob.make(f"{name}-{number}", tags=[name], visibility="private")
    forget_the_cloud()
    outcome = admin.unchanged("image_info", tags=[name])
    assert without_projects(outcome.sent) == [LIST] * 3 + [MEMBER] * 4
    assert (outcome.names, outcome.warnings) == ([own["name"]], [])
    # More shared images than are looked at: the task says so, and how to have them all looked at.
    for constant, value, checks in (("MAX_MEMBER_CHECKS", 2, 2), ("PAGE_SIZE", 3, 3)):
        with monkeypatch.context() as patch:
            patch.setattr(image_info, constant, value)
            outcome = admin.unchanged("image_info", tags=[name])
            assert without_projects(outcome.sent) == [LIST] * 3 + [MEMBER] * checks
            assert "some may be missing here. Set 'member_status: accepted'" in outcome.warnings[0]
            message = admin.fails("image_info", tags=[name], exactly=1)
            assert message.startswith("exactly: 1 was given and 1 found, but there may be more.")
            assert message.endswith(outcome.warnings[0])
            outcome = admin.unchanged("image_info", tags=[name], member_status="accepted")
            assert (outcome.names, outcome.warnings) == ([own["name"]], [])
            assert without_projects(outcome.sent).count(MEMBER) == 4
            newer = admin.make(f"{name}-own", tags=[name])
            assert admin.unchanged("image_info", name_pattern=name, newest=True).warnings == []
            admin.call("DELETE", f"/images/{newer['id']}")
    assert admin.unchanged("image_info", tags=[name], owner="admin").sent == [LIST]
    assert admin.unchanged("image_info", tags=[name], all_projects=True).sent == [LIST]


def test_login_without_a_known_project_sees_what_the_cloud_lists(
    sandbox: Sandbox, alice: Cloud, bob: Cloud, name: str
) -> None:
    """admin_token: a token and an address, and nothing about whose token it is."""
    own = alice.make(name, tags=[name], visibility="private")
    bob.make(name, tags=[name], visibility="private")
    auth = {"endpoint": sandbox.glance_url, "token": alice.session.get_token()}
    connection: Json = {"auth_type": "admin_token", "auth": auth}
    searches: list[Json] = [{"name": [name]}, {"tags": [name]}]
    for options in searches:
        found = alice.run("image_info", connection=connection, **options).images
        assert [image["id"] for image in found] == [own["id"]]
    assert alice.run("image", connection=connection, name=name).image["id"] == own["id"]
