# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.image import Image
from ansible_collections.cloudimage.glance.plugins.module_utils._timing import TIMING
from ansible_collections.cloudimage.glance.plugins.module_utils._transfer.other_runs import (
    wait_for_attributes,
    wait_for_other_upload,
)

if t.TYPE_CHECKING:
    from ansible_collections.cloudimage.glance.tests.unit.plugins.module_utils.conftest import Clock

ID = "5a8b9d0e-0000-4000-8000-000000000001"


class Cloud:
    """Shows an image with these statuses or tags, one at a look, the last one again and again."""

    def __init__(self, *states: dict[str, t.Any] | None) -> None:
        self._states = list(states)
        self.looks = 0

    def find_image(self, image_id: str) -> Image | None:
        self.looks += 1
        state = self._states[0] if len(self._states) == 1 else self._states.pop(0)
        return None if state is None else Image({"id": image_id, **state})

    def list_tasks(self, _image_id: str) -> list[dict[str, t.Any]]:
        return [{"id": "t", "status": "failure", "message": "the store is full"}]

    @property
    def api(self) -> t.Any:
        return self


QUEUED, SAVING, ACTIVE = ({"status": status} for status in ("queued", "saving", "active"))


def test_the_upload_of_another_run_is_waited_for(clock: Clock) -> None:
    image = wait_for_other_upload(Cloud(QUEUED, SAVING, SAVING, ACTIVE).api, ID, 600)
    assert image
    assert image.status == "active"
    assert len(clock.pauses) == 3


@pytest.mark.parametrize(("state", "looks"), [(ACTIVE, 1), (None, 1), ({"status": "importing"}, 2)])
def test_an_image_that_no_run_sends_data_to_is_returned_at_once(
    clock: Clock, state: dict[str, t.Any] | None, looks: int
) -> None:
    """A second look makes sure that an import which has failed has left the image as it was seen."""
    cloud = Cloud(state)
    wait_for_other_upload(cloud.api, ID, 600)
    assert (cloud.looks, clock.pauses) == (looks, [])


def test_an_upload_is_waited_for_no_longer_than_the_task_may_take(clock: Clock) -> None:
    image = wait_for_other_upload(Cloud(SAVING).api, ID, 3)
    assert image
    assert (image.status, clock.now) == ("saving", 3)


def test_a_task_that_does_not_wait_does_not_wait_for_an_upload(clock: Clock) -> None:
    wait_for_other_upload(Cloud(SAVING).api, ID, None)
    assert clock.now == 0


@pytest.mark.parametrize(("begin_within", "waited"), [(None, TIMING.staged_abandoned), (2, 2)])
def test_another_run_must_begin_its_upload_soon(clock: Clock, begin_within: float | None, waited: float) -> None:
    image = wait_for_other_upload(Cloud(QUEUED).api, ID, 600, begin_within)
    assert image
    assert (image.status, clock.now) == ("queued", waited)


@pytest.mark.usefixtures("clock")
def test_tags_of_an_image_that_is_being_created_are_waited_for() -> None:
    cloud = Cloud({"tags": []}, {"tags": ["a"]})
    image = wait_for_attributes(cloud.api, Image({"id": ID, "tags": []}), {"tags": ["a"]})
    assert image
    assert (image.get("tags"), cloud.looks) == (["a"], 2)


def test_an_image_that_has_its_attributes_is_not_read_again(clock: Clock) -> None:
    cloud = Cloud(None)
    image = Image({"id": ID, "tags": ["a"]})
    assert wait_for_attributes(cloud.api, image, {"tags": ["a"]}) is image
    assert (cloud.looks, clock.pauses) == (0, [])


def test_an_image_that_is_deleted_while_it_is_created_is_null(clock: Clock) -> None:
    assert wait_for_attributes(Cloud(None).api, Image({"id": ID, "tags": []}), {"tags": ["a"]}) is None
    assert len(clock.pauses) == 1


def test_attributes_that_stay_different_are_waited_for_only_a_moment(clock: Clock) -> None:
    wait_for_attributes(Cloud({"tags": ["b"]}).api, Image({"id": ID, "tags": []}), {"tags": ["a"]})
    assert clock.now == TIMING.creation_timeout
