# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._client.http_client import NoAnswer
from ansible_collections.cloudimage.glance.plugins.module_utils._client.image_api import GlanceApi
from ansible_collections.cloudimage.glance.plugins.module_utils._errors import ApiError, ErrorResponse, GlanceError
from ansible_collections.cloudimage.glance.plugins.module_utils._module.apply import ConcurrentChange
from ansible_collections.cloudimage.glance.plugins.module_utils._module.deletion import DeletionUnconfirmed, delete, is_gone
from ansible_collections.cloudimage.glance.plugins.module_utils._plan.execution_record import ExecutionRecord
from ansible_collections.cloudimage.glance.plugins.module_utils._plan.plan import plan_delete
from ansible_collections.cloudimage.glance.tests.unit.plugins.module_utils._module.fake_glance import (
    FakeGlance,
    image,
    refusal,
)

IMAGE = image("old", status="active")
PROTECTED = image("old", status="active", protected=True)
pytestmark = pytest.mark.usefixtures("no_waiting")


def run(cloud: FakeGlance, wait: float | None = 0) -> ExecutionRecord:
    record = ExecutionRecord()
    delete(t.cast(GlanceApi, cloud), plan_delete(cloud.images["old"], force=True), record, wait)
    return record


def changes(record: ExecutionRecord) -> list[tuple[str, t.Any, t.Any]]:
    return [(change.attribute, change.before, change.after) for change in record.changes]


@pytest.mark.parametrize(("before", "calls"), [(IMAGE, ["DELETE old"]), (PROTECTED, ["PATCH old", "DELETE old"])])
def test_image_is_deleted(before: t.Any, calls: list[str]) -> None:
    cloud = FakeGlance(before)
    record = run(cloud)
    assert cloud.calls == calls == [cloud.label(operation) for operation in record.operations]
    assert changes(record) == [("state", "present", "absent")]
    assert (record.before["name"], record.after) == ("n", {"state": "absent"})
    assert record.shown_image is None


def keep_image(cloud: FakeGlance) -> None:
    """Accept the deletion, and go on showing the image."""
    cloud.before("DELETE old", lambda: cloud.images.setdefault("left", cloud.images["old"]))
    find = cloud.find_image
    cloud.find_image = lambda image_id, _base=None: find("left") or find(image_id)  # type: ignore[method-assign]


def test_image_that_stays_is_unconfirmed() -> None:
    cloud = FakeGlance(IMAGE)
    keep_image(cloud)
    with pytest.raises(DeletionUnconfirmed, match="still has it after 0 s, with the status 'active'"):
        run(cloud)


def test_without_wait_nobody_looks() -> None:
    cloud = FakeGlance(IMAGE)
    keep_image(cloud)
    assert run(cloud, wait=None).changed


def test_image_that_cannot_be_read_afterwards_is_unconfirmed() -> None:
    cloud = FakeGlance(IMAGE)
    cloud.before("DELETE old", lambda: setattr(cloud, "unreadable", refusal(503)))
    with pytest.raises(DeletionUnconfirmed, match="could not be confirmed"):
        run(cloud)


def test_deletion_by_another_run_is_no_change() -> None:
    cloud = FakeGlance(IMAGE)
    cloud.before("DELETE old", cloud.images.clear)
    record = run(cloud)
    assert not record.changed
    assert not record.changes


def test_deletion_by_another_run_after_the_protection_was_lifted_leaves_that_change() -> None:
    cloud = FakeGlance(PROTECTED)
    cloud.before("DELETE old", cloud.images.clear)
    record = run(cloud)
    assert [cloud.label(operation) for operation in record.operations] == ["PATCH old"]
    assert changes(record) == [("protected", True, False)]
    assert (record.before, record.after) == ({"protected": True}, {"protected": False})


@pytest.mark.parametrize("error", [refusal(409), GlanceError("Lost."), KeyboardInterrupt()])
def test_protection_is_put_back_if_the_deletion_fails(error: BaseException) -> None:
    cloud = FakeGlance(PROTECTED)
    cloud.refuse("DELETE old", error)
    with pytest.raises(type(error)):
        run(cloud)
    assert cloud.calls == ["PATCH old", "DELETE old", "PATCH old"]
    assert cloud.images["old"].protected


def test_protection_that_could_not_be_lifted_is_not_put_back() -> None:
    cloud = FakeGlance(PROTECTED)
    cloud.refuse("PATCH old", refusal(403, "PATCH"))
    with pytest.raises(ApiError):
        run(cloud)
    assert cloud.calls == ["PATCH old"]


@pytest.mark.parametrize("before", [IMAGE, PROTECTED])
def test_conflict_at_the_first_call_is_a_concurrent_change(before: t.Any) -> None:
    cloud = FakeGlance(before)
    first = "PATCH" if before.protected else "DELETE"
    cloud.refuse(f"{first} old", refusal(409, first))
    with pytest.raises(ConcurrentChange):
        run(cloud)
    assert cloud.calls == [f"{first} old"]


def repeated(status: int) -> ApiError:
    """The answer to the second attempt of a deletion."""
    return ApiError(ErrorResponse("DELETE", "/v2/images/old", status, "No.", attempt=2))


@pytest.mark.parametrize(
    "error", [NoAnswer("Lost.", is_final=False), refusal(502), refusal(503), refusal(504), repeated(409), repeated(500)]
)
def test_deletion_of_unknown_outcome_is_unconfirmed(error: Exception) -> None:
    cloud = FakeGlance(PROTECTED)
    cloud.refuse("DELETE old", error)
    with pytest.raises(DeletionUnconfirmed, match="It is not known whether the cloud is deleting image old."):
        run(cloud)
    assert cloud.images["old"].protected


@pytest.mark.parametrize("error", [NoAnswer("Lost.", is_final=False), repeated(503)])
def test_deletion_of_unknown_outcome_is_a_change_if_the_image_is_gone(error: Exception) -> None:
    cloud = FakeGlance(IMAGE)

    def delete_and_fail() -> None:
        cloud.images.clear()
        raise error

    cloud.before("DELETE old", delete_and_fail)
    assert changes(run(cloud)) == [("state", "present", "absent")]


@pytest.mark.parametrize(
    "error", [NoAnswer("No TLS.", is_final=True), refusal(403), refusal(405), refusal(500), repeated(403)]
)
def test_refused_deletion_is_the_error_of_the_cloud(error: Exception) -> None:
    cloud = FakeGlance(PROTECTED)
    cloud.refuse("DELETE old", error)
    with pytest.raises(type(error)):
        run(cloud)


@pytest.mark.parametrize(("status", "expected"), [(400, True), (404, True), (409, True), (410, True), (403, False)])
def test_only_some_responses_can_mean_that_another_run_deleted_the_image(status: int, expected: bool) -> None:
    assert is_gone(t.cast(GlanceApi, FakeGlance()), "old", refusal(status)) is expected
    assert not is_gone(t.cast(GlanceApi, FakeGlance(IMAGE)), "old", refusal(status))


def test_image_that_cannot_be_read_is_not_taken_for_deleted() -> None:
    cloud = FakeGlance()
    cloud.unreadable = refusal(503)
    assert not is_gone(t.cast(GlanceApi, cloud), "old", refusal(404))
