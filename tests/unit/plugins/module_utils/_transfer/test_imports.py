# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._errors import (
    ApiError,
    ConnectionProblem,
    ErrorResponse,
    GlanceError,
)
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.image import Image
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.operations import IMPORT, Operation
from ansible_collections.cloudimage.glance.plugins.module_utils._transfer.errors import DataStillInTransit
from ansible_collections.cloudimage.glance.plugins.module_utils._transfer.imports import (
    DataWait,
    ImportProgress,
    begin_import,
    dead_import,
    failed_import,
    wait_for_copy,
    wait_for_import_end,
)
from ansible_collections.cloudimage.glance.plugins.module_utils._transfer.polling import Deadline
from ansible_collections.cloudimage.glance.plugins.module_utils._transfer.progress import Reporter
from ansible_collections.cloudimage.glance.plugins.module_utils._transfer.uploader import Uploader

if t.TYPE_CHECKING:
    from ansible_collections.cloudimage.glance.tests.unit.plugins.module_utils.conftest import Clock

ID = "5a8b9d0e-0000-4000-8000-000000000001"
ACTIVE = {"status": "active", "size": 4, "stores": "fast,cheap"}
LOCKED = {"os_glance_import_task": "7"}
DIRECT = Operation(IMPORT, ID, {"method": {"name": "glance-direct"}})
COPY = Operation(IMPORT, ID, {"method": {"name": "copy-image"}, "stores": ["cheap"]})


class Cloud:
    """Shows an image in these states, one at a look, the last one again and again; and its import tasks."""

    def __init__(self, *states: dict[str, t.Any] | None, tasks: t.Sequence[dict[str, t.Any]] = ()) -> None:
        self.requests: list[str] = []
        self.refusals: list[GlanceError] = []
        self._states = list(states)
        self._tasks = tasks

    def perform(self, operation: Operation) -> None:
        self.requests.append(operation.call.method)
        if self.refusals:
            raise self.refusals.pop(0)

    def find_image(self, image_id: str) -> Image | None:
        self.requests.append("GET image")
        state = self._states[0] if len(self._states) == 1 else self._states.pop(0)
        return None if state is None else Image({"id": image_id, **state})

    def list_tasks(self, _image_id: str) -> list[dict[str, t.Any]]:
        self.requests.append("GET tasks")
        return [{"type": "api_image_import", **task} for task in self._tasks]

    @property
    def api(self) -> t.Any:
        return self


def wait(cloud: Cloud, is_import: bool = True, waits: bool = True, seconds: float = 60) -> Image:
    return DataWait(cloud.api, Deadline(seconds), is_import, waits).wait(ID)


@pytest.mark.usefixtures("clock")
def test_an_import_that_goes_on_is_reported() -> None:
    said: list[str] = []
    importing = [{"status": "importing", **LOCKED, "progress": str(number)} for number in range(20)]
    task = {"id": LOCKED["os_glance_import_task"], "status": "processing", "message": "Copied 3 MiB"}
    cloud = Cloud(*importing, {"status": "active"}, tasks=[{"id": "another", "message": "Copied 9 MiB"}, task])
    progress = ImportProgress(cloud.api, Reporter("n", said.append), 6 * 2**20)
    DataWait(cloud.api, Deadline(600), is_import=True, waits=True, progress=progress).wait(ID)
    assert set(said) == {"n: the cloud is importing the data: Copied 3 MiB (50 %)"}
    assert len(said) == cloud.requests.count("GET tasks")


# Beginning


@pytest.mark.usefixtures("clock")
def test_an_import_is_begun_with_one_call() -> None:
    cloud = Cloud({"status": "importing"})
    begin_import(cloud.api, DIRECT, Deadline(60))
    assert cloud.requests == ["POST"]


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize(
    ("operation", "state"),
    [
        (DIRECT, {"status": "uploading", **LOCKED}),
        (DIRECT, {"status": "importing"}),
        (DIRECT, {"status": "active"}),
        (DIRECT, {"status": "deactivated"}),
        (COPY, {"status": "active", "stores": "fast", **LOCKED}),
        (COPY, {"status": "active", "stores": "fast,cheap"}),
    ],
)
def test_an_import_that_has_begun_is_not_begun_again_if_its_answer_was_lost(
    operation: Operation, state: dict[str, t.Any]
) -> None:
    cloud = Cloud(state)
    cloud.refusals = [ConnectionProblem("The answer got lost.")]
    begin_import(cloud.api, operation, Deadline(60))
    assert cloud.requests == ["POST", "GET image"]


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize(
    ("operation", "state"), [(DIRECT, {"status": "uploading"}), (COPY, {"status": "active", "stores": "fast"})]
)
def test_an_import_that_has_not_begun_is_begun_again(operation: Operation, state: dict[str, t.Any]) -> None:
    cloud = Cloud(state)
    cloud.refusals = [ConnectionProblem("The request got lost.")]
    begin_import(cloud.api, operation, Deadline(60))
    assert cloud.requests == ["POST", "GET image", "POST"]


@pytest.mark.usefixtures("clock")
def test_a_final_refusal_of_an_import_is_not_repeated() -> None:
    cloud = Cloud({"status": "uploading"})
    cloud.refusals = [ApiError(ErrorResponse("POST", f"/v2/images/{ID}/import", 409, "no"))]
    with pytest.raises(ApiError, match="HTTP 409"):
        begin_import(cloud.api, DIRECT, Deadline(60))
    assert cloud.requests == ["POST"]


@pytest.mark.usefixtures("clock")
def test_an_import_is_begun_four_times_at_most() -> None:
    cloud = Cloud({"status": "uploading"})
    cloud.refusals = [ConnectionProblem("It got lost.") for _attempt in range(5)]
    with pytest.raises(ConnectionProblem):
        begin_import(cloud.api, DIRECT, Deadline(60))
    assert cloud.requests.count("POST") == 4


# Waiting


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize("method", ["glance-direct", "copy-image"])
@pytest.mark.parametrize(
    ("locked_for", "task_status", "looks"),
    [
        (0, "success", ["GET image"]),
        (1, "success", ["GET image", "GET image"]),
        (3, "processing", ["GET image", "GET image", "GET tasks", "GET image", "GET tasks", "GET image"]),
        # The cloud was stopped between the task's end and the image's.
        (99, "success", ["GET image", "GET image", "GET tasks"]),
    ],
)
def test_an_import_is_over_when_the_cloud_writes_no_more_to_the_image(
    method: str, locked_for: int, task_status: str, looks: list[str]
) -> None:
    cloud = Cloud(*[{**ACTIVE, **LOCKED}] * locked_for, ACTIVE, tasks=[{"id": "7", "status": task_status}])
    uploader = Uploader(cloud.api, None, None, wait=60)
    uploader.perform(Operation(IMPORT, ID, {"method": {"name": method}, "stores": ["cheap"]}), None)
    if method == "glance-direct":
        uploader.wait_and_verify(Image({"id": ID}))
    assert cloud.requests == ["POST", *looks]


@pytest.mark.usefixtures("clock")
def test_without_waiting_the_first_look_is_enough() -> None:
    cloud = Cloud({"status": "saving"})
    assert wait(cloud, waits=False).status == "saving"
    assert cloud.requests == ["GET image"]


@pytest.mark.usefixtures("clock")
def test_an_image_that_is_deleted_while_its_data_are_stored_is_an_error() -> None:
    with pytest.raises(GlanceError, match="was deleted by another process while its data were being stored"):
        wait(Cloud({"status": "importing"}, None))


@pytest.mark.usefixtures("clock")
def test_data_that_the_cloud_does_not_keep_are_an_error() -> None:
    with pytest.raises(GlanceError, match="did not keep them: it is 'queued'"):
        wait(Cloud({"status": "saving"}, {"status": "queued"}), is_import=False)


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize("is_import", [False, True])
def test_an_image_that_another_run_deactivates_has_its_data(is_import: bool) -> None:
    cloud = Cloud({"status": "saving"}, {**ACTIVE, "status": "deactivated"})
    assert wait(cloud, is_import=is_import).status == "deactivated"


@pytest.mark.usefixtures("clock")
def test_a_queued_image_may_still_get_imported_data() -> None:
    assert wait(Cloud({"status": "queued"}, {"status": "importing"}, ACTIVE)).status == "active"


@pytest.mark.usefixtures("clock")
def test_an_import_that_fails_while_it_is_waited_for_is_an_error() -> None:
    cloud = Cloud({"status": "importing"}, tasks=[{"id": "7", "status": "failure", "message": "the store is full"}])
    with pytest.raises(GlanceError, match="could not import the data of image .*the store is full"):
        wait(cloud)


def test_data_that_are_not_stored_in_time_are_still_in_transit(clock: Clock) -> None:
    with pytest.raises(DataStillInTransit, match="is still 'importing' with an import going on after 60 s"):
        wait(Cloud({"status": "importing", **LOCKED}, tasks=[{"id": "7", "status": "processing"}]))
    assert clock.now == 60


def test_an_active_image_is_returned_though_its_import_does_not_end_in_time(clock: Clock) -> None:
    cloud = Cloud({**ACTIVE, **LOCKED}, tasks=[{"id": "7", "status": "processing"}])
    assert wait(cloud).status == "active"
    assert clock.now == 60


# Copying


@pytest.mark.usefixtures("clock")
def test_a_copy_to_a_store_that_fails_is_an_error() -> None:
    cloud = Cloud({**ACTIVE, "stores": "fast", "os_glance_failed_import": "cheap"})
    with pytest.raises(GlanceError, match="could not be copied to cheap: .* They are still where they were"):
        wait_for_copy(cloud.api, ID, ["cheap"], Deadline(60))


@pytest.mark.usefixtures("clock")
def test_an_image_that_is_deleted_while_it_is_copied_is_an_error() -> None:
    with pytest.raises(GlanceError, match="while its data were being copied"):
        wait_for_copy(Cloud(None).api, ID, ["cheap"], Deadline(60))


@pytest.mark.usefixtures("clock")
def test_a_copy_that_does_not_end_in_time_is_still_in_transit() -> None:
    with pytest.raises(DataStillInTransit, match="not yet in cheap after 60 s"):
        wait_for_copy(Cloud({**ACTIVE, "stores": "fast", **LOCKED}).api, ID, ["cheap"], Deadline(60))


# Failures


PROCESSING = {"id": LOCKED["os_glance_import_task"], "status": "processing"}


@pytest.mark.usefixtures("clock")
def test_the_end_of_an_import_that_has_stored_its_data_is_waited_for() -> None:
    locked, over = {**ACTIVE, **LOCKED}, {**ACTIVE, "tags": ["t"]}
    cloud = Cloud(locked, locked, over, tasks=[PROCESSING])
    image = wait_for_import_end(cloud.api, Image({"id": ID, **locked}), Deadline(60))
    assert image.tags == ["t"]


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize(("state", "tasks"), [({**ACTIVE, **LOCKED}, []), (None, [PROCESSING])])
def test_an_image_whose_import_is_dead_or_that_is_gone_is_not_waited_for(
    clock: Clock, state: dict[str, t.Any] | None, tasks: list[dict[str, t.Any]]
) -> None:
    image = Image({"id": ID, **ACTIVE, **LOCKED})
    assert wait_for_import_end(Cloud(state, tasks=tasks).api, image, Deadline(60)) == image
    assert len(clock.pauses) == 1


def test_the_end_of_an_import_is_waited_for_no_longer_than_the_task_may_take(clock: Clock) -> None:
    locked = {**ACTIVE, **LOCKED}
    wait_for_import_end(Cloud(locked, tasks=[PROCESSING]).api, Image({"id": ID, **locked}), Deadline(30))
    assert clock.now == 30


@pytest.mark.parametrize(
    ("image", "task_status", "is_dead"),
    [
        ({"status": "importing"}, "failure", True),
        ({"status": "importing"}, "processing", False),
        ({"status": "importing", "os_glance_import_task": "t"}, "failure", True),
        ({"status": "importing", "os_glance_import_task": "t"}, "processing", False),
        ({"status": "importing", "os_glance_import_task": "another"}, "failure", False),
        ({"status": "queued", "os_glance_import_task": "t"}, "failure", True),
        ({"status": "queued"}, "failure", False),  # it takes data
        ({"status": "uploading"}, "failure", False),  # of an earlier import
        ({"status": "active"}, "failure", False),
    ],
)
def test_an_import_is_dead_if_it_failed_and_its_image_takes_no_other_data(
    image: dict[str, t.Any], task_status: str, is_dead: bool
) -> None:
    cloud = Cloud(image, tasks=[{"id": "t", "status": task_status, "message": "the store is full"}])
    assert ("the store is full" in dead_import(cloud.api, Image({"id": ID, **image}))) is is_dead


@pytest.mark.parametrize("now", [None, {"status": "queued"}, {"status": "importing", "os_glance_import_task": "another"}])
def test_an_import_that_failed_after_the_image_was_read_is_not_dead(now: dict[str, t.Any] | None) -> None:
    cloud = Cloud(now, tasks=[{"id": "t", "status": "failure", "message": "the store is full"}])
    assert dead_import(cloud.api, Image({"id": ID, "status": "importing", "os_glance_import_task": "t"})) == ""


def test_the_last_task_says_why_an_import_failed() -> None:
    tasks: list[dict[str, t.Any]] = [
        {"id": "1", "status": "failure", "message": "the store is full"},
        {"id": "2", "status": "failure", "message": "see https://host/x?signature=secret", "type": None},
        {"id": "3", "status": "failure", "message": "of another kind", "type": "location_import"},
    ]
    image = Image({"id": ID, "status": "queued", "os_glance_failed_import": "cheap"})
    failure = failed_import(Cloud(tasks=tasks).api, image)
    assert failure.startswith("see https://host/x")
    assert "secret" not in failure
    assert "(stores: cheap) [task 2]." in failure


def test_stores_say_that_an_import_failed_where_the_cloud_shows_no_tasks() -> None:
    image = Image({"id": ID, "status": "queued", "os_glance_failed_import": "cheap"})
    assert failed_import(Cloud().api, image) == "it failed in the stores cheap."


def test_the_task_of_an_image_that_is_locked_need_not_be_read() -> None:
    cloud = Cloud(tasks=[{"id": "7", "status": "failure"}])
    assert failed_import(cloud.api, Image({"id": ID, "status": "importing", **LOCKED}), check_locked=False) == ""
    assert cloud.requests == []
