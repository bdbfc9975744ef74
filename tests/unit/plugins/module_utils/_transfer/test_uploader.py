# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

import pathlib
import typing as t

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._errors import (
    ApiError,
    ConnectionProblem,
    ErrorResponse,
    GlanceError,
)
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.image import Image
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.operations import DELETE, UPLOAD, Operation
from ansible_collections.cloudimage.glance.plugins.module_utils._timing import TIMING
from ansible_collections.cloudimage.glance.plugins.module_utils._transfer.errors import (
    DataMismatch,
    DataStillInTransit,
    ImageGone,
    WrongSource,
)
from ansible_collections.cloudimage.glance.plugins.module_utils._transfer.file_source import file_source
from ansible_collections.cloudimage.glance.plugins.module_utils._transfer.source import SourceContent
from ansible_collections.cloudimage.glance.plugins.module_utils._transfer.uploader import Uploader

if t.TYPE_CHECKING:
    from ansible_collections.cloudimage.glance.tests.unit.plugins.module_utils.conftest import Clock

ID = "5a8b9d0e-0000-4000-8000-000000000001"
OTHER_ID = "5a8b9d0e-0000-4000-8000-000000000002"
DATA = b"data"
LOST = ConnectionProblem("The answer got lost.")
SENT: tuple[bool, GlanceError | None] = (True, None)
LOST_ANSWER: tuple[bool, GlanceError | None] = (True, LOST)
CUT: tuple[bool, GlanceError | None] = (False, LOST)


class Cloud:
    """Answers each attempt of an upload as it is told, and then shows the image in these statuses; the last one stays.

    :param attempts: whether the cloud takes the data to their end, and the error that the attempt is.
    """

    def __init__(self, attempts: list[tuple[bool, GlanceError | None]], statuses: list[str | None]) -> None:
        self.attempts = attempts
        self.statuses = statuses
        self.uploads: list[str] = []
        self.performed: list[Operation] = []
        self.logins = 0

    def upload(self, operation: Operation, upload: t.Iterable[bytes], _store: str | None, _timeout: float) -> None:
        self.uploads.append(str(operation.image_id))
        to_the_end, error = self.attempts.pop(0)
        if to_the_end:
            assert b"".join(upload) == DATA
        if error:
            raise error

    def find_image(self, image_id: str) -> Image | None:
        status = self.statuses[0] if len(self.statuses) == 1 else self.statuses.pop(0)
        return Image({"id": image_id, "status": status}) if status else None

    def perform(self, operation: Operation) -> None:
        self.performed.append(operation)

    def new_token(self) -> None:
        self.logins += 1


class Delivery:
    """Uploads a file to an image of such a cloud."""

    def __init__(self, folder: pathlib.Path) -> None:
        (folder / "disk").write_bytes(DATA)
        self._content = SourceContent(file_source(str(folder / "disk")))

    def send(self, cloud: Cloud, wait: float | None = 600, create_again: t.Callable[[], str] | None = None) -> str:
        self.uploader = Uploader(t.cast("t.Any", cloud), self._content, None, wait)
        return self.uploader.perform(Operation(UPLOAD, ID, {"path": "disk", "size": len(DATA)}), create_again)

    @property
    def attempts(self) -> int:
        assert self.uploader.transfer
        return self.uploader.transfer.attempts


@pytest.fixture
def delivery(tmp_path: pathlib.Path, clock: Clock) -> Delivery:
    assert clock.now == 0
    return Delivery(tmp_path)


def refused(status: int, retry_after: float | None = None) -> tuple[bool, GlanceError | None]:
    error = ApiError(ErrorResponse("PUT", f"/v2/images/{ID}/file", status, "no", retry_after=retry_after))
    return False, error


def test_an_upload_that_succeeds_needs_one_attempt(delivery: Delivery) -> None:
    cloud = Cloud([SENT], ["unread"])
    assert delivery.send(cloud) == ID
    assert (delivery.attempts, cloud.statuses) == (1, ["unread"])


def test_an_upload_is_not_repeated_if_only_its_answer_was_lost(delivery: Delivery) -> None:
    cloud = Cloud([LOST_ANSWER], ["saving", "active"])
    assert delivery.send(cloud) == ID
    assert delivery.attempts == 1


def test_an_upload_is_repeated_once_the_cloud_has_released_the_image(delivery: Delivery) -> None:
    cloud = Cloud([CUT, SENT], ["saving", "saving", "queued"])
    assert delivery.send(cloud) == ID
    assert (delivery.attempts, cloud.statuses) == (2, ["queued"])


def test_the_cloud_is_waited_for_after_a_source_was_wrong(delivery: Delivery) -> None:
    cloud = Cloud([(False, WrongSource("Wrong."))], ["saving", "saving", "queued"])
    with pytest.raises(WrongSource):
        delivery.send(cloud)
    delivery.uploader.wait_until_released(ID)
    assert cloud.statuses == ["queued"]


def test_a_cloud_that_cannot_be_asked_then_is_no_error_of_its_own(
    delivery: Delivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    cloud = Cloud([SENT], ["active"])
    delivery.send(cloud)

    def fail(_image_id: str) -> None:
        raise LOST

    monkeypatch.setattr(cloud, "find_image", fail)
    delivery.uploader.wait_until_released(ID)


def test_an_upload_to_an_image_that_the_cloud_deleted_is_repeated_to_a_new_one(delivery: Delivery) -> None:
    cloud = Cloud([CUT, SENT], [None])
    assert delivery.send(cloud, create_again=lambda: OTHER_ID) == OTHER_ID
    assert cloud.uploads == [ID, OTHER_ID]


def test_a_killed_image_is_created_again(delivery: Delivery) -> None:
    cloud = Cloud([CUT, SENT], ["killed"])
    assert delivery.send(cloud, create_again=lambda: OTHER_ID) == OTHER_ID


def test_an_image_of_another_run_that_the_cloud_deleted_is_an_error(delivery: Delivery) -> None:
    with pytest.raises(ImageGone, match=f"The cloud dropped image {ID} with that"):
        delivery.send(Cloud([CUT], [None]))


def test_an_incomplete_image_that_the_cloud_does_not_release_is_deleted_and_created_again(
    delivery: Delivery, clock: Clock
) -> None:
    cloud = Cloud([CUT, SENT], ["saving"])
    assert delivery.send(cloud, create_again=lambda: OTHER_ID) == OTHER_ID
    assert cloud.performed == [Operation(DELETE, ID)]
    assert TIMING.upload_release_timeout <= clock.now < 2 * TIMING.upload_release_timeout


def test_an_image_whose_data_are_complete_is_waited_for_and_not_deleted(delivery: Delivery, clock: Clock) -> None:
    cloud = Cloud([LOST_ANSWER], ["saving"])
    with pytest.raises(DataStillInTransit, match="is still 'saving' after 600 s. Nothing was deleted"):
        delivery.send(cloud, create_again=lambda: pytest.fail("it was created again"))
    assert (clock.now, cloud.performed) == (600, [])


def test_an_image_of_another_run_is_waited_for_and_not_deleted(delivery: Delivery, clock: Clock) -> None:
    cloud = Cloud([CUT], ["saving"])
    with pytest.raises(DataStillInTransit, match="is still 'saving' after 600 s. Nothing was deleted"):
        delivery.send(cloud)
    assert (clock.now, cloud.performed) == (600, [])


def test_a_task_that_does_not_wait_accepts_a_cloud_that_is_busy_with_all_data(delivery: Delivery, clock: Clock) -> None:
    assert delivery.send(Cloud([LOST_ANSWER], ["saving"]), None, lambda: pytest.fail("it was created again")) == ID
    assert delivery.uploader.wait_and_verify(Image({"id": ID})).status == "saving"
    assert clock.now == TIMING.upload_release_timeout


def test_a_task_that_does_not_wait_ends_though_the_cloud_does_not_release_an_incomplete_image(
    delivery: Delivery, clock: Clock
) -> None:
    with pytest.raises(DataStillInTransit, match="is still 'saving' after 10 s. Nothing was deleted"):
        delivery.send(Cloud([CUT], ["saving"]), wait=None)
    assert clock.now == TIMING.upload_release_timeout


@pytest.mark.parametrize("status", ["active", "deactivated"])
def test_stored_data_are_verified_though_another_run_has_deactivated_the_image(delivery: Delivery, status: str) -> None:
    delivery.send(Cloud([SENT], [status]))
    with pytest.raises(DataMismatch, match=f"no data at all in image {ID}, though it is {status}"):
        delivery.uploader.wait_and_verify(Image({"id": ID}))


def test_a_final_refusal_is_not_repeated(delivery: Delivery) -> None:
    with pytest.raises(ApiError, match="HTTP 403"):
        delivery.send(Cloud([refused(403)], ["queued"]))
    assert delivery.attempts == 1


def test_an_attempt_that_the_cloud_reads_late_is_waited_for(delivery: Delivery) -> None:
    cloud = Cloud([CUT, refused(409), SENT], ["queued", "saving", "queued"])
    assert delivery.send(cloud, create_again=lambda: pytest.fail("it was created again")) == ID
    assert (delivery.attempts, cloud.statuses) == (3, ["queued"])


@pytest.mark.parametrize("status", ["saving", "active", None])
def test_an_image_that_another_run_has_begun_to_fill_is_left_alone(delivery: Delivery, status: str | None) -> None:
    cloud = Cloud([CUT, refused(409)], ["queued", status])
    with pytest.raises(ApiError, match="HTTP 409"):
        delivery.send(cloud, create_again=lambda: pytest.fail("it was created again"))
    assert cloud.performed == []


@pytest.mark.parametrize("status", ["active", "deactivated"])
def test_data_of_another_run_are_not_taken_for_those_of_an_upload_that_broke_off(delivery: Delivery, status: str) -> None:
    cloud = Cloud([CUT], [status])
    with pytest.raises(DataStillInTransit, match=f"has got data that this run has not sent: it is '{status}'"):
        delivery.send(cloud, create_again=lambda: pytest.fail("it was created again"))
    assert cloud.performed == []


def test_a_conflict_of_the_first_attempt_is_not_waited_for(delivery: Delivery) -> None:
    with pytest.raises(ApiError, match="HTTP 409"):
        delivery.send(Cloud([refused(409)], ["queued"]))
    assert delivery.attempts == 1


def test_the_fourth_attempt_is_the_last(delivery: Delivery) -> None:
    with pytest.raises(ConnectionProblem, match="That was attempt 4, and the last"):
        delivery.send(Cloud([(False, ConnectionProblem("It broke.")) for _attempt in range(5)], ["queued"]))


def test_no_attempt_begins_after_the_deadline(delivery: Delivery) -> None:
    with pytest.raises(ConnectionProblem, match="That was attempt 2, and the last"):
        delivery.send(Cloud([(False, ConnectionProblem("It broke.")) for _attempt in range(5)], ["queued"]), wait=1)


def test_a_refused_token_is_replaced_before_the_next_attempt(delivery: Delivery) -> None:
    cloud = Cloud([refused(401), SENT], ["queued"])
    delivery.send(cloud)
    assert (cloud.logins, delivery.attempts) == (1, 2)


@pytest.mark.parametrize(("retry_after", "pause"), [(7.0, 7.0), (9999.0, TIMING.longest_retry), (None, TIMING.first_poll)])
def test_the_pause_before_the_next_attempt_is_what_the_cloud_asks_for_within_limits(
    delivery: Delivery, clock: Clock, retry_after: float | None, pause: float
) -> None:
    delivery.send(Cloud([refused(429, retry_after), SENT], ["queued"]))
    assert clock.pauses == [pause]
