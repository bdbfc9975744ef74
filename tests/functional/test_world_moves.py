# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The world moves: somebody else changes, deletes or makes the image while a task runs."""

from __future__ import annotations

import json
import os
import typing as t
import uuid

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.image_ids import derived_ids
from ansible_collections.cloudimage.glance.plugins.module_utils._module import image_info
from ansible_collections.cloudimage.glance.plugins.module_utils._timing import TIMING

from .conftest import Cloud, Json, Outcome
from .faults import proxy
from .test_overlapping_runs import run_at_once

RACES = int(os.environ.get("GLANCE_RACES") or 10)
PATCH_HEADERS = {"Content-Type": "application/openstack-images-v2.1-json-patch"}


def run_while(cloud: Cloud, method: str, act: t.Callable[[], object], module: str, **options: t.Any) -> Outcome:
    """Run a module, and do something else just before its first request of this method reaches Glance."""
    acted: list[object] = []

    def hook(asked: str, _path: str, _count: int) -> int | None:
        if asked == method and not acted:
            acted.append(act())
        return None

    with proxy(cloud.sandbox.glance_url, hook) as url:
        outcome = cloud.run(module, endpoint_override=url, **options)
    assert acted
    return outcome


def remove_property(cloud: Cloud, image: Json, key: str) -> None:
    patch = json.dumps([{"op": "remove", "path": f"/{key}"}])
    cloud.call("PATCH", f"/images/{image['id']}", data=patch, headers=PATCH_HEADERS)


def test_what_somebody_else_has_done_is_not_done_again(alice: Cloud, name: str) -> None:
    image = alice.make(name, p="1")
    outcome = run_while(
        alice, "PATCH", lambda: remove_property(alice, image, "p"), "image", name=name, properties={"p": None}
    ).succeeded()
    assert outcome.sent == ["GET /v2/images", "PATCH /v2/images/ID", "GET /v2/images"]
    assert not outcome.changed
    assert outcome.result["operations"] == []


def test_what_has_changed_is_planned_once_more(alice: Cloud, name: str) -> None:
    image = alice.make(name, p="1")
    outcome = run_while(
        alice, "PATCH", lambda: remove_property(alice, image, "p"), "image", name=name, properties={"p": 2}
    ).succeeded()
    assert outcome.sent == ["GET /v2/images", "PATCH /v2/images/ID"] * 2
    assert outcome.result["changes"] == [{"id": image["id"], "attribute": "properties.p", "before": None, "after": "2"}]
    assert alice.show(image["id"])["p"] == "2"


def test_an_image_that_goes_is_made_again_by_name_and_an_error_by_id(alice: Cloud, name: str) -> None:
    image = alice.make(name)
    outcome = run_while(
        alice, "PATCH", lambda: alice.call("DELETE", f"/images/{image['id']}"), "image", name=name, tags=["t"]
    )
    assert outcome.succeeded().changed
    (new,) = alice.named(name)
    assert (new["id"] != image["id"], new["tags"]) == (True, ["t"])
    outcome = run_while(
        alice, "PATCH", lambda: alice.call("DELETE", f"/images/{new['id']}"), "image", id=new["id"], tags=["u"]
    )
    assert "An id is used once and for all" in outcome.message


def test_an_image_that_somebody_else_deletes_is_absent(alice: Cloud, name: str) -> None:
    image = alice.make(name)
    outcome = run_while(
        alice, "DELETE", lambda: alice.call("DELETE", f"/images/{image['id']}"), "image", name=name, state="absent"
    ).succeeded()
    assert not outcome.changed
    assert outcome.result["operations"] == []
    assert alice.named(name) == []


def test_an_image_that_somebody_else_deletes_cannot_be_deactivated(admin: Cloud, name: str) -> None:
    image = admin.make(name, b"data")
    outcome = run_while(
        admin,
        "POST",
        lambda: admin.call("DELETE", f"/images/{image['id']}"),
        "image_state",
        id=[image["id"]],
        state="deactivated",
    )
    assert f"There is no image with the id '{image['id']}'" in outcome.message


def test_a_refusal_that_stays_is_not_tried_again(alice: Cloud, name: str) -> None:
    alice.make(name)
    with proxy(alice.sandbox.glance_url, lambda method, _path, _count: 409 if method == "PATCH" else None) as url:
        outcome = alice.run("image", name=name, tags=["t"], endpoint_override=url)
    assert "HTTP 409" in outcome.message
    assert outcome.sent == ["GET /v2/images", "GET /v2/images"]  # the PATCH was the proxy's to answer, once


def test_name_that_is_created_and_deleted_again_and_again_costs_three_requests_at_most(alice: Cloud, name: str) -> None:
    for _round in range(7):
        outcome = alice.thrice("image", name=name)
        assert outcome.sent.count("POST /v2/images") <= 3
        alice.thrice("image", name=name, state="absent")


def test_a_list_goes_on_where_the_image_that_a_page_ended_with_is_deleted(
    alice: Cloud, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Glance knows no page after an image that is gone: HTTP 400."""
    monkeypatch.setattr(image_info, "PAGE_SIZE", 2)
    # Of images of one moment Glance lists the one with the greatest id first.
    ids = [f"{number}{str(uuid.uuid4())[1:]}" for number in range(4)]
    for image_id in ids:
        alice.make(name, id=image_id, tags=[name])

    def hook(_method: str, _path: str, count: int) -> int | None:
        if count == 1:
            alice.call("DELETE", f"/images/{ids[2]}")  # newer images come first
        return None

    with proxy(alice.sandbox.glance_url, hook) as url:
        found = alice.run("image_info", tags=[name], endpoint_override=url)
    # That one was there when it was read.
    assert [image["id"] for image in found.images] == ids[::-1]
    assert [request["status"] for request in found.requests] == [200, 400, 200, 200]


def test_anothers_image_with_the_derived_id_is_not_taken_over(
    alice: Cloud, bob: Cloud, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bob can use the ids that alice's next image would get; his images must not become hers."""
    now = TIMING.utc_now()
    monkeypatch.setattr(TIMING, "utc_now", lambda: now)  # the ids are those of this moment
    ids = derived_ids(alice.project_id, name, now)
    squatted = [bob.make(name, id=image_id, visibility="community") for image_id in ids]
    mine = alice.thrice("image", name=name).image
    assert mine["id"] not in ids
    assert mine["owner"] == alice.project_id
    for image in squatted:
        assert bob.show(image["id"]) == image


@pytest.mark.parametrize("with_data", [False, True])
def test_two_runs_that_make_the_same_image_at_once_make_one(alice: Cloud, path: str, with_data: bool) -> None:
    """GLANCE_RACES says how often it is tried (default 10).

    There is always one complete image, and both runs succeed. It prints how often both report a change, which is true if
    they shared the work: a run goes on if the other one is slower than it waits.
    """
    data = {"path": path, "disk_format": "raw", "container_format": "bare"} if with_data else {}
    both_changed = 0
    for _race in range(RACES):
        name = f"race-{uuid.uuid4().hex[:12]}"
        found = run_at_once(alice, 2, {"name": name, "tags": ["t"], **data})
        (image,) = alice.named(name)
        assert [message for failed, _changed, message in found if failed] == []
        assert any(changed for _failed, changed, _message in found)
        assert (image["status"], image["tags"]) == ("active" if with_data else "queued", ["t"])
        both_changed += all(changed for _failed, changed, _message in found)
        alice.thrice("image", name=name, state="absent")
    print(f"\n{RACES} races {'with' if with_data else 'without'} data: both reported a change in {both_changed}")
