# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

import typing as t
import uuid

import pytest

from .cloud import IN_PROCESS, Cloud
from .glance_proxy import fault_on, proxy


def test_image_is_deactivated_and_reactivated(admin: Cloud, name: str) -> None:
    image = admin.make(name, b"data", tags=["t"], protected=True)
    for state, action in (("deactivated", "deactivate"), ("active", "reactivate")):
        real = admin.thrice("image_state", name=[name], state=state)
        # In the controller's process the version is known since the run in check mode.
        asked = [] if IN_PROCESS else ["GET /"]
        assert real.sent == ["GET /v2/images", *asked, f"POST /v2/images/ID/actions/{action}", "GET /v2/images/ID"]
        assert real.images[0]["status"] == state
        assert real.result["changes"][0]["attribute"] == "status"
    after = admin.show(image["id"])
    assert {**after, "updated_at": None} == {**image, "updated_at": None}


def test_unchanged_image_costs_one_request(admin: Cloud, name: str) -> None:
    image = admin.make(name, b"data")
    assert admin.unchanged("image_state", id=[image["id"]], state="active").sent == ["GET /v2/images/ID"]


def test_only_images_in_another_state_are_changed(admin: Cloud, name: str) -> None:
    images = [admin.make(f"{name}-{number}", b"data", os_hidden=number == 2) for number in range(3)]
    admin.call("POST", f"/images/{images[1]['id']}/actions/deactivate")
    names = [image["name"] for image in images]
    real = admin.thrice("image_state", name=names, id=[images[0]["id"]], state="deactivated")
    assert [image["id"] for image in real.images] == [image["id"] for image in images]
    assert [change["id"] for change in real.result["changes"]] == [images[0]["id"], images[2]["id"]]
    assert len(real.result["diff"]) == 2


def test_nothing_is_changed_if_one_image_cannot_be_changed(admin: Cloud, name: str) -> None:
    good, queued = admin.make(name, b"data"), admin.make(f"{name}-queued")
    ids = [good["id"], queued["id"]]
    assert "has the status 'queued'" in admin.fails("image_state", id=ids, state="deactivated")
    assert admin.show(good["id"])["status"] == "active"
    nobody = str(uuid.uuid4())
    message = admin.fails("image_state", id=[good["id"], nobody], name=["nobody"], state="deactivated")
    assert f"There is no image with the id '{nobody}', name 'nobody'. Nothing was changed." in message


@pytest.mark.parametrize("state", ["active", "deactivated"])
def test_refusal_names_the_owner_of_the_image(admin: Cloud, alice: Cloud, name: str, state: str) -> None:
    image = admin.make(name, b"data", visibility="public")
    if state == "active":
        admin.call("POST", f"/images/{image['id']}/actions/deactivate")
    message = alice.run("image_state", name=[name], state=state).message
    assert "HTTP 403" in message
    assert f"The image belongs to project {admin.project_id}" in message


def test_refusal_has_a_hint_about_administrators(alice: Cloud, name: str) -> None:
    alice.make(name, b"data")
    with proxy(alice.sandbox.glance_url, fault_on("POST", "/deactivate", 403)) as url:
        message = alice.run("image_state", name=[name], state="deactivated", endpoint_override=url).message
    assert "HTTP 403" in message
    assert "on many clouds only administrators may" in message


def test_failure_reports_the_images_changed_before(admin: Cloud, name: str) -> None:
    first, second = (admin.make(f"{name}-{number}", b"data")["id"] for number in range(2))
    with proxy(admin.sandbox.glance_url, fault_on("POST", f"{second}/actions/deactivate", 500)) as url:
        message = admin.run("image_state", id=[first, second], state="deactivated", endpoint_override=url).message
    assert f"Before it, these were changed: {first}." in message
    real = admin.thrice("image_state", id=[first, second], state="deactivated")
    assert [change["id"] for change in real.result["changes"]] == [second]


def test_ambiguous_name_is_an_error(admin: Cloud, name: str) -> None:
    ids = [admin.make(name, b"data")["id"] for _number in range(2)]
    message = admin.fails("image_state", name=[name], state="deactivated")
    assert all(image_id in message for image_id in ids)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"state": "active"}, "one of the following is required: name, id"),
        ({"id": [], "state": "active"}, "no image is named"),
        ({"id": ["x"], "state": "active"}, "'x' is not an image id"),
        ({"name": ["x"]}, "missing required arguments: state"),
        ({"name": ["x"], "state": "paused"}, "value of state must be one of"),
    ],
)
def test_invalid_options_are_rejected(admin: Cloud, options: dict[str, t.Any], message: str) -> None:
    assert message in admin.fails("image_state", **options)
