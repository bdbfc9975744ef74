# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""Another process changes, deletes or creates the image while a task runs."""

from __future__ import annotations

import datetime
import json
import os
import time
import typing as t
import uuid

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.image_ids import derived_ids
from ansible_collections.cloudimage.glance.plugins.module_utils._module import image_info
from ansible_collections.cloudimage.glance.plugins.module_utils._timing import TIMING

from .cloud import Cloud, Json, Outcome
from .glance_proxy import proxy
from .marks import nightly
from .runs import run_at_once

RACES = int(os.environ.get("GLANCE_RACES") or 10)
PATCH_HEADERS = {"Content-Type": "application/openstack-images-v2.1-json-patch"}


def run_while(cloud: Cloud, method: str, act: t.Callable[[], object], module: str, **options: t.Any) -> Outcome:
    """Run a module, and call ``act`` just before its first request with this method reaches Glance."""
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


def test_change_made_by_another_process_is_not_reported(alice: Cloud, name: str) -> None:
    image = alice.make(name, p="1")
    outcome = run_while(
        alice, "PATCH", lambda: remove_property(alice, image, "p"), "image", name=name, properties={"p": None}
    ).succeeded()
    assert outcome.sent == ["GET /v2/images", "PATCH /v2/images/ID", "GET /v2/images"]
    assert not outcome.changed
    assert outcome.result["operations"] == []


def test_plan_is_made_again_after_a_conflict(alice: Cloud, name: str) -> None:
    image = alice.make(name, p="1")
    outcome = run_while(
        alice, "PATCH", lambda: remove_property(alice, image, "p"), "image", name=name, properties={"p": 2}
    ).succeeded()
    assert outcome.sent == ["GET /v2/images", "PATCH /v2/images/ID"] * 2
    assert outcome.result["changes"] == [{"id": image["id"], "attribute": "properties.p", "before": None, "after": "2"}]
    assert alice.show(image["id"])["p"] == "2"


def test_deleted_image_is_created_again_by_name_and_an_error_by_id(alice: Cloud, name: str) -> None:
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
    assert "an id is used once and for all" in outcome.message


def test_image_deleted_by_another_process_is_absent(alice: Cloud, name: str) -> None:
    image = alice.make(name)
    outcome = run_while(
        alice, "DELETE", lambda: alice.call("DELETE", f"/images/{image['id']}"), "image", name=name, state="absent"
    ).succeeded()
    assert not outcome.changed
    assert outcome.result["operations"] == []
    assert alice.named(name) == []


def test_image_deleted_by_another_process_cannot_be_deactivated(admin: Cloud, name: str) -> None:
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


def test_permanent_conflict_is_not_repeated(alice: Cloud, name: str) -> None:
    alice.make(name)
    with proxy(alice.sandbox.glance_url, lambda method, _path, _count: 409 if method == "PATCH" else None) as url:
        outcome = alice.run("image", name=name, tags=["t"], endpoint_override=url)
    assert "HTTP 409" in outcome.message
    assert outcome.sent == ["GET /v2/images", "GET /v2/images"]  # the proxy answered the PATCH, once


@pytest.mark.nightly
def test_recreated_name_costs_at_most_four_create_requests(alice: Cloud, name: str) -> None:
    for _round in range(7):
        outcome = alice.thrice("image", name=name)
        assert outcome.sent.count("POST /v2/images") <= 4
        alice.thrice("image", name=name, state="absent")


def test_list_continues_after_the_last_image_of_a_page_is_deleted(
    alice: Cloud, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Glance answers HTTP 400 where the marker of a page is a deleted image."""
    monkeypatch.setattr(image_info, "PAGE_SIZE", 2)
    # Glance sorts images created at the same time by descending id.
    ids = [f"{number}{str(uuid.uuid4())[1:]}" for number in range(4)]
    for image_id in ids:
        alice.make(name, id=image_id, tags=[name])

    def hook(_method: str, _path: str, count: int) -> int | None:
        if count == 1:
            alice.call("DELETE", f"/images/{ids[2]}")  # newer images come first
        return None

    with proxy(alice.sandbox.glance_url, hook) as url:
        found = alice.run("image_info", tags=[name], endpoint_override=url)
    # The deleted image existed when its page was read.
    assert [image["id"] for image in found.images] == ids[::-1]
    assert [request["status"] for request in found.requests] == [200, 400, 200, 200]


def test_image_of_another_project_with_the_derived_id_is_not_taken_over(
    alice: Cloud, bob: Cloud, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bob creates images with the ids that alice's next image would get; alice must not take them over."""
    now, began = TIMING.utc_now(), time.monotonic()
    # The ids are those of this moment, however long it takes to make bob's images.
    monkeypatch.setattr(TIMING, "utc_now", lambda: now)
    ids = derived_ids(alice.project_id, name, now)
    taken = [bob.make(name, id=image_id, visibility="community") for image_id in ids]
    monkeypatch.setattr(TIMING, "utc_now", lambda: now + datetime.timedelta(seconds=time.monotonic() - began))
    mine = alice.thrice("image", name=name).image
    assert mine["id"] not in ids
    assert mine["owner"] == alice.project_id
    for image in taken:
        assert bob.show(image["id"]) == image


@pytest.mark.usefixtures("same_first_id")
@pytest.mark.parametrize("with_data", [nightly(False), True])
def test_two_parallel_runs_create_one_image(alice: Cloud, path: str, with_data: bool) -> None:
    """There is one complete image and both runs succeed. GLANCE_RACES is the number of repetitions (default 10).

    Both runs may report a change: a run continues with the image of the other one if that is slower than the run waits.
    """
    data = {"path": path, "disk_format": "raw", "container_format": "bare"} if with_data else {}
    for _race in range(RACES):
        name = f"race-{uuid.uuid4().hex[:12]}"
        found = run_at_once(alice, 2, {"name": name, "tags": ["t"], **data})
        (image,) = alice.named(name)
        assert [message for failed, _changed, message in found if failed] == []
        assert any(changed for _failed, changed, _message in found)
        assert (image["status"], image["tags"]) == ("active" if with_data else "queued", ["t"])
        alice.thrice("image", name=name, state="absent")
