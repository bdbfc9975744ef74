# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""A new image in the place of one that has other data."""

from __future__ import annotations

import pathlib
import re

import pytest

from .cloud import FORMATS, Cloud, Json
from .glance_proxy import ALL, CUT, CUT_ANSWER, Fault, proxy
from .marks import nightly
from .replacements import apart_from_data

OLD = b"the old data"


def test_unnamed_attributes_are_carried_over(alice: Cloud, name: str, path: str) -> None:
    old = alice.make(
        name, OLD, tags=["b", "a"], protected=True, min_disk=3, min_ram=4, visibility="community", p="1", **{"a/b~c": "é"}
    )
    outcome = alice.thrice("image", name=name, path=path, data_policy="replace", properties={"p": None, "q": 2})
    (new,) = alice.named(name)
    assert new["id"] != old["id"]
    assert apart_from_data(new) == {**{k: v for k, v in apart_from_data(old).items() if k != "p"}, "q": "2"}
    assert new["size"] == len(pathlib.Path(path).read_bytes())
    assert [f"{entry['method']} {entry['path'].rpartition('/')[2]}" for entry in outcome.mutations] == [
        "POST images",
        "PUT file",
        f"PATCH {new['id']}",
        f"PATCH {old['id']}",
        f"DELETE {old['id']}",
    ]
    assert outcome.result["changes"] == [
        {"id": new["id"], "attribute": "id", "before": old["id"], "after": new["id"]},
        {"id": new["id"], "attribute": "size", "before": len(OLD), "after": new["size"]},
        {"id": new["id"], "attribute": "properties.p", "before": "1", "after": None},
        {"id": new["id"], "attribute": "properties.q", "before": None, "after": "2"},
        {"id": old["id"], "attribute": "replaced.state", "before": "present", "after": "absent"},
    ]


@pytest.mark.parametrize("replaced", ["hide", "deactivate", "keep"])
def test_old_image_can_be_kept(alice: Cloud, name: str, path: str, replaced: str) -> None:
    old = alice.make(name, OLD, protected=True, tags=["t"])
    alice.thrice("image", name=name, path=path, data_policy="replace", replaced=replaced)
    (new,) = alice.named(name)
    kept = alice.show(old["id"])
    assert new["protected"]
    assert kept["name"] == f"{name}-{re.sub('[-:]', '', old['created_at'])}"
    changed = {"name"} | {"hide": {"os_hidden"}, "deactivate": {"status"}, "keep": set()}[replaced]
    assert {key for key in kept if kept[key] != old[key]} - {"updated_at"} == changed


def test_replaced_image_is_not_replaced_again(alice: Cloud, name: str, path: str) -> None:
    alice.make(name, OLD)
    for data in (b"first", b"second", b"first"):
        pathlib.Path(path).write_bytes(data)
        outcome = alice.thrice("image", name=name, path=path, data_policy="replace", replaced="hide")
        assert alice.call("GET", f"/images/{outcome.image['id']}/file").content == data


def test_replacement_of_a_deactivated_image_is_deactivated(alice: Cloud, name: str, path: str) -> None:
    old = alice.make(name, OLD)
    alice.call("POST", f"/images/{old['id']}/actions/deactivate")
    outcome = alice.thrice("image", name=name, path=path, data_policy="replace")
    assert outcome.image["status"] == "deactivated"


def test_members_are_carried_over(admin: Cloud, alice: Cloud, bob: Cloud, name: str, path: str) -> None:
    for cloud, status, warned in ((admin, "accepted", False), (alice, "pending", True)):
        old = cloud.make(f"{name}-{cloud.name}", OLD)
        for member in (bob.project_id, "0" * 32):
            cloud.call("POST", f"/images/{old['id']}/members", json={"member": member})
        bob.call("PUT", f"/images/{old['id']}/members/{bob.project_id}", json={"status": "accepted"})
        outcome = cloud.thrice("image", name=old["name"], path=path, data_policy="replace")
        members = cloud.call("GET", f"/images/{outcome.image['id']}/members").json()["members"]
        assert {member["member_id"]: member["status"] for member in members} == {
            bob.project_id: status,
            "0" * 32: "pending",
        }
        assert bool(outcome.warnings) == warned


def test_stores_are_carried_over(admin: Cloud, name: str, path: str) -> None:
    admin.thrice("image", name=name, path=path, stores=["cheap"], **FORMATS)
    pathlib.Path(path).write_bytes(b"new")
    outcome = admin.thrice("image", name=name, path=path, data_policy="replace")
    assert outcome.image["stores"] == ["cheap"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"id": "8f4c9f1e-0a1c-4f1f-9f8e-3a7c5b0f6a11"}, "give its 'name', and not its 'id'"),
        ({"on_duplicate": "oldest"}, "never is the oldest"),
        ({"wait": False}, "needs 'wait: true'"),
    ],
)
def test_options_that_exclude_replace_are_rejected(alice: Cloud, name: str, path: str, options: Json, message: str) -> None:
    assert message in alice.fails("image", name=name, path=path, data_policy="replace", **options)


def test_replacement_of_a_signed_image_needs_a_new_signature(alice: Cloud, name: str, path: str) -> None:
    alice.make(name, OLD, img_signature="x")
    assert "is signed" in alice.fails("image", name=name, path=path, data_policy="replace")
    alice.thrice("image", name=name, path=path, data_policy="replace", properties={"img_signature": None})


def mutating_calls(cloud: Cloud, name: str, path: str, replaced: str) -> int:
    """How many calls a replacement takes."""
    cloud.make(f"{name}-dry", OLD, protected=True)
    outcome = cloud.run("image", check=True, name=f"{name}-dry", path=path, data_policy="replace", replaced=replaced)
    return len(outcome.result["operations"])


def fault_at(step: int, what: int, seen: list[str]) -> Fault:
    """A fault at the first try of the ``step``-th call that changes something; ``seen`` gets all of them."""

    def fault(method: str, path: str, _count: int) -> int | None:
        if method == "GET":
            return None
        seen.append(f"{method} {path}")
        return what if len(set(seen)) == step + 1 and seen[-1] not in seen[:-1] else None

    return fault


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("replaced", [nightly("delete"), "hide", nightly("deactivate"), nightly("keep")])
@pytest.mark.parametrize("fault", [500, CUT, CUT_ANSWER] if ALL else [CUT_ANSWER])
def test_failure_at_any_step_leaves_one_image_in_service(
    alice: Cloud, name: str, path: str, replaced: str, fault: int
) -> None:
    """Either the old image is as before and nothing new is left, or the new one is in place and the next run finishes."""
    options: Json = {"path": path, "data_policy": "replace", "replaced": replaced}
    for step in range(mutating_calls(alice, name, path, replaced)):
        step_name = f"{name}-{step}"
        old = alice.make(step_name, OLD, protected=True, tags=["t"])
        seen: list[str] = []

        with proxy(alice.sandbox.glance_url, fault_at(step, fault, seen)) as url:
            outcome = alice.run("image", name=step_name, endpoint_override=url, **options)
        assert "Traceback" not in outcome.stdout
        images = alice.named(step_name)
        assert any(image["status"] == "active" and image["size"] for image in images), seen
        if outcome.failed and "is in service as before" in outcome.message:
            (left,) = images
            assert {**left, "updated_at": None} == {**old, "updated_at": None}, seen
        final = alice.run("image", name=step_name, **options).succeeded()
        assert not alice.run("image", name=step_name, **options).succeeded().changed
        (new,) = alice.named(step_name)
        assert (new["id"] != old["id"], new["protected"], new["tags"], new["size"]) == (
            True,
            True,
            ["t"],
            final.image["size"],
        )
        query = {"name": f"eq:{step_name}-replacing-{old['id']}", "os_hidden": "true"}
        assert alice.call("GET", "/images", params=query).json()["images"] == []
