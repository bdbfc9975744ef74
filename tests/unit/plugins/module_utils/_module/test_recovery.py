# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._client.image_api import GlanceApi
from ansible_collections.cloudimage.glance.plugins.module_utils._errors import GlanceError
from ansible_collections.cloudimage.glance.plugins.module_utils._module.recovery import (
    deactivate_wrong_image,
    delete_partial_image,
    protect_again,
    roll_back_replacement,
)
from ansible_collections.cloudimage.glance.tests.unit.plugins.module_utils._module.fake_glance import (
    FakeGlance,
    image,
    refusal,
)

OLD = image("old", status="active", protected=True)
NEW = image("new", status="active")


def api(fake: FakeGlance) -> GlanceApi:
    return t.cast("GlanceApi", fake)


@pytest.mark.parametrize(("protected", "calls"), [(False, ["DELETE new"]), (True, ["PATCH new", "DELETE new"])])
def test_partial_image_is_deleted(protected: bool, calls: list[str]) -> None:
    partial = image("new", status="queued", protected=protected)
    cloud, error = FakeGlance(partial), GlanceError("Broken.")
    delete_partial_image(api(cloud), partial, error)
    assert (cloud.calls, cloud.images) == (calls, {})
    assert error.message == "Broken. Image new was deleted again."


def test_partial_image_that_cannot_be_deleted_is_named() -> None:
    cloud, error = FakeGlance(NEW), GlanceError("Broken.")
    cloud.refuse("DELETE new", refusal(403))
    delete_partial_image(api(cloud), NEW, error)
    assert error.message.startswith("Broken. Image new could not be deleted again (")
    assert error.message.endswith("Run the task again to go on with it, or delete it.")


def test_interrupted_run_deletes_its_partial_image_too() -> None:
    cloud = FakeGlance(NEW)
    delete_partial_image(api(cloud), NEW, KeyboardInterrupt())
    assert not cloud.images


def test_image_with_wrong_data_is_deactivated() -> None:
    cloud, error = FakeGlance(OLD), GlanceError("Wrong.")
    deactivate_wrong_image(api(cloud), "old", error)
    assert cloud.images["old"].status == "deactivated"
    assert error.message == (
        "Wrong. Image old was there before, so it was not deleted but deactivated: its wrong data cannot be used."
        " Delete it, and run the task again."
    )


def test_image_with_wrong_data_that_stays_active_is_named() -> None:
    cloud, error = FakeGlance(OLD), GlanceError("Wrong.")
    cloud.refuse("POST old/actions/deactivate", refusal(403))
    deactivate_wrong_image(api(cloud), "old", error)
    assert "Image old was there before and is active with the wrong data; deactivating it failed: " in error.message


def test_image_with_wrong_data_that_another_run_deactivates_at_the_same_moment_is_deactivated() -> None:
    cloud, error = FakeGlance(image("old", status="deactivated")), GlanceError("Wrong.")
    cloud.refuse("POST old/actions/deactivate", refusal(500, "POST"))
    deactivate_wrong_image(api(cloud), "old", error)
    assert "not deleted but deactivated" in error.message


def test_protection_is_put_back() -> None:
    cloud, error = FakeGlance(image("old", protected=False)), GlanceError("In use.")
    protect_again(api(cloud), "old", error)
    assert cloud.images["old"].protected
    assert error.message == "In use. The image is protected again, as it was before."


def test_protection_that_cannot_be_put_back_is_reported() -> None:
    cloud, error = FakeGlance(), GlanceError("In use.")
    protect_again(api(cloud), "old", error)
    assert error.message.startswith("In use. The image's protection had been lifted and could not be put back: ")


@pytest.mark.parametrize(
    ("changed", "calls"),
    [
        ({}, ["DELETE new"]),
        ({"status": "deactivated"}, ["POST old/actions/reactivate", "DELETE new"]),
        ({"protected": False}, ["PATCH old", "DELETE new"]),
    ],
)
def test_replacement_is_rolled_back(changed: dict[str, t.Any], calls: list[str]) -> None:
    cloud, error = FakeGlance(OLD, NEW), GlanceError("Broken.")
    cloud.set("old", **changed)
    roll_back_replacement(api(cloud), OLD, NEW, error)
    assert cloud.calls == calls
    assert cloud.images == {"old": OLD}
    assert error.message == "Broken. Image new was deleted again. The old image old is in service as before."


def test_old_image_that_was_not_in_service_stays_deactivated() -> None:
    before = image("old", status="deactivated")
    cloud = FakeGlance(before, NEW)
    roll_back_replacement(api(cloud), before, NEW, GlanceError("Broken."))
    assert cloud.images == {"old": before}


@pytest.mark.parametrize("left", [(), (image("old", name="n-2026"),)])
def test_new_image_stays_once_the_old_one_is_gone_or_renamed(left: tuple[t.Any, ...]) -> None:
    cloud, error = FakeGlance(*left, NEW), GlanceError("Broken.")
    roll_back_replacement(api(cloud), OLD, NEW, error)
    assert not cloud.calls
    assert error.message == "Broken. The new image is in its place; run the task again to finish."


def test_nothing_is_deleted_if_the_old_image_cannot_be_read() -> None:
    cloud, error = FakeGlance(OLD, NEW), GlanceError("Broken.")
    cloud.unreadable = refusal(503)
    roll_back_replacement(api(cloud), OLD, NEW, error)
    assert not cloud.calls
    assert error.message.startswith("Broken. What became of the old image is not known (")
