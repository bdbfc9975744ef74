# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

import datetime
import typing as t

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._client.http_client import NoAnswer
from ansible_collections.cloudimage.glance.plugins.module_utils._client.image_api import GlanceApi
from ansible_collections.cloudimage.glance.plugins.module_utils._errors import ApiError, ConnectionProblem, GlanceError
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.image import Image
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.image_ids import derived_ids
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.image_names import temporary_name
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.operations import DELETE, IMPORT, UPLOAD, Operation
from ansible_collections.cloudimage.glance.plugins.module_utils._module.apply import ConcurrentChange
from ansible_collections.cloudimage.glance.plugins.module_utils._module.deletion import DeletionUnconfirmed
from ansible_collections.cloudimage.glance.plugins.module_utils._module.executor import (
    IMPORT_REFUSED,
    create_or_update,
    replace,
)
from ansible_collections.cloudimage.glance.plugins.module_utils._plan.data_state import DataState
from ansible_collections.cloudimage.glance.plugins.module_utils._plan.desired_image import DataSpec, DesiredImage
from ansible_collections.cloudimage.glance.plugins.module_utils._plan.execution_record import ExecutionRecord
from ansible_collections.cloudimage.glance.plugins.module_utils._plan.plan import Plan, plan_create, plan_update
from ansible_collections.cloudimage.glance.plugins.module_utils._plan.replacement import (
    ReplacementState,
    plan_replacement,
)
from ansible_collections.cloudimage.glance.plugins.module_utils._plan.result import result_of
from ansible_collections.cloudimage.glance.plugins.module_utils._timing import TIMING
from ansible_collections.cloudimage.glance.plugins.module_utils._transfer.errors import (
    DataMismatch,
    DataStillInTransit,
    WrongDataStored,
    WrongSource,
)
from ansible_collections.cloudimage.glance.plugins.module_utils._transfer.uploader import Uploader
from ansible_collections.cloudimage.glance.tests.unit.plugins.module_utils._module.fake_glance import (
    PROJECT,
    FakeGlance,
    FakeUploader,
    image,
    raise_given,
    refusal,
)
from ansible_collections.cloudimage.glance.tests.unit.plugins.module_utils.conftest import Clock

NOW = datetime.datetime(2026, 11, 21, 0, 0, 1, tzinfo=datetime.timezone.utc)
ATTRIBUTES = {"name": "n", "disk_format": "qcow2", "container_format": "bare"}
SEND = Operation(UPLOAD, body={"path": "/f", "size": 9})
DATA = DataSpec("path", "/f", 9, calls=(SEND,))
FETCH = {"method": {"name": "web-download", "uri": "http://h/f"}}
IMPORTED = DataSpec("url", "http://h/f", 9, calls=(Operation(IMPORT, body=FETCH, instead=(SEND,)),))
CREATION = plan_create(DesiredImage(ATTRIBUTES, data=DATA), None)
CREATION_BY_IMPORT = plan_create(DesiredImage(ATTRIBUTES, data=IMPORTED), None)
FORMATS = {"disk_format": "qcow2", "container_format": "bare"}
QUEUED = image("old", status="queued", **FORMATS)
ACTIVE = image("old", status="active", size=3, os_hidden=False, **FORMATS)
pytestmark = pytest.mark.usefixtures("no_waiting", "now")


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TIMING, "utc_now", lambda: NOW)


@pytest.fixture
def cloud() -> FakeGlance:
    return FakeGlance()


@pytest.fixture
def uploader(cloud: FakeGlance) -> FakeUploader:
    return FakeUploader(cloud)


def run(cloud: FakeGlance, plan: Plan, uploader: FakeUploader | None = None) -> ExecutionRecord:
    record = ExecutionRecord()
    execute = replace if plan.replaced else create_or_update
    execute(t.cast(GlanceApi, cloud), plan, record, t.cast(Uploader, uploader))
    return record


def labels(cloud: FakeGlance, record: ExecutionRecord) -> list[str]:
    result = result_of([record], record.image)
    calls = [
        f"{each['method']} {each['path'].removeprefix('/v2/images').strip('/')}".strip() for each in result["operations"]
    ]
    return [call.replace(cloud.created[-1], "new") if cloud.created else call for call in calls]


def with_data(found: Image, **attributes: t.Any) -> Plan:
    return plan_update(found, DesiredImage(attributes, data=DATA), DataState.NONE)


# Creating and changing


def test_new_image_gets_its_data(cloud: FakeGlance, uploader: FakeUploader) -> None:
    record = run(cloud, CREATION, uploader)
    assert cloud.calls == labels(cloud, record) == ["POST", "PUT new/file"]
    assert record.image is not None
    assert record.image.status == "active"


@pytest.mark.parametrize("plan", [CREATION, CREATION_BY_IMPORT])
def test_undisturbed_run_reports_what_check_mode_does(cloud: FakeGlance, uploader: FakeUploader, plan: Plan) -> None:
    record = run(cloud, plan, uploader)
    assert result_of([record], record.image) == result_of([plan], record.image)


def test_change_returns_the_image_of_the_answer(cloud: FakeGlance) -> None:
    cloud.images["old"] = ACTIVE
    record = run(cloud, plan_update(ACTIVE, DesiredImage({"min_ram": 5})))
    assert cloud.calls == labels(cloud, record) == ["PATCH old"]
    assert record.image == cloud.images["old"]


def test_status_that_another_run_has_just_given_is_left_out(cloud: FakeGlance) -> None:
    cloud.images["old"] = image("old", **{**ACTIVE.fields, "status": "deactivated"})
    cloud.refuse("POST old/actions/deactivate", refusal(500, "POST"))
    record = run(cloud, plan_update(ACTIVE, DesiredImage({"min_ram": 5}, status="deactivated")))
    assert labels(cloud, record) == ["PATCH old"]
    assert [change.key for change in record.changes] == ["min_ram"]
    assert record.image is not None
    assert record.image.status == "deactivated"


@pytest.mark.parametrize("status", [403, 500, 503])
def test_refused_change_of_the_status_is_an_error_unless_the_image_has_it(cloud: FakeGlance, status: int) -> None:
    cloud.images["old"] = ACTIVE
    cloud.refuse("POST old/actions/deactivate", refusal(status, "POST"))
    with pytest.raises(ApiError):
        run(cloud, plan_update(ACTIVE, DesiredImage(status="deactivated")))


def test_copied_image_is_read_again(cloud: FakeGlance, uploader: FakeUploader) -> None:
    before = image("old", status="active", stores="a")
    cloud.images["old"] = before
    cloud.before("POST old/import", lambda: cloud.set("old", stores="a,b"))
    record = run(cloud, plan_update(before, DesiredImage(stores=("a", "b"))), uploader)
    assert record.image is not None
    assert record.image.stores == ["a", "b"]


def test_image_that_the_cloud_dropped_during_the_upload_is_created_again(cloud: FakeGlance, uploader: FakeUploader) -> None:
    send = uploader.perform

    def drop_first(operation: Operation, create_again: t.Callable[[], str] | None) -> str:
        del cloud.images[str(operation.image_id)]
        return send(operation, create_again)

    uploader.perform = drop_first  # type: ignore[method-assign]
    record = run(cloud, plan_create(DesiredImage(ATTRIBUTES, data=DATA), None), uploader)
    assert list(cloud.images) == cloud.created[-1:]
    assert labels(cloud, record) == ["POST", "PUT new/file"]


# Imports that the cloud refuses


@pytest.mark.parametrize("status", sorted(IMPORT_REFUSED))
def test_data_are_sent_where_the_cloud_refuses_to_import_them(
    cloud: FakeGlance, uploader: FakeUploader, status: int
) -> None:
    error = refusal(status, "POST")
    cloud.before("POST new/import", lambda: raise_given(error))
    record = run(cloud, CREATION_BY_IMPORT, uploader)
    assert cloud.calls == ["POST", "POST new/import", "PUT new/file"]
    assert labels(cloud, record) == ["POST", "PUT new/file"]
    assert tuple(record.changes) == CREATION_BY_IMPORT.changes
    assert uploader.refused == [error]


def test_error_of_data_that_were_sent_instead_names_the_refusal(cloud: FakeGlance, uploader: FakeUploader) -> None:
    cloud.refuse("POST new/import", refusal(403, "POST"))
    cloud.refuse("PUT new/file", GlanceError("Broken."))
    with pytest.raises(GlanceError, match="The data were sent because the cloud refuses to import them: POST .* 403"):
        run(cloud, CREATION_BY_IMPORT, uploader)
    assert not cloud.images


@pytest.mark.parametrize(
    ("status", "instead"), [(500, (SEND,)), (403, ())], ids=["no refusal", "the task demands the import"]
)
def test_other_error_of_an_import_is_final(
    cloud: FakeGlance, uploader: FakeUploader, status: int, instead: tuple[Operation, ...]
) -> None:
    data = DataSpec("url", "http://h/f", 9, calls=(Operation(IMPORT, body=FETCH, instead=instead),))
    cloud.refuse("POST new/import", refusal(status, "POST"))
    with pytest.raises(ApiError):
        run(cloud, plan_create(DesiredImage(ATTRIBUTES, data=data), None), uploader)
    assert cloud.calls == ["POST", "POST new/import", "DELETE new"]


# Data that the cloud converts


def test_conversion_is_recorded(cloud: FakeGlance, uploader: FakeUploader) -> None:
    uploader.converts_to = "raw"
    record = run(cloud, CREATION_BY_IMPORT, uploader)
    result = result_of([record], record.image)
    assert labels(cloud, record) == ["POST", "POST new/import", "PATCH new"]
    after = {change["attribute"]: change["after"] for change in result["changes"]}
    source = "qcow2 bare = sha512:9"
    assert (after["disk_format"], after["size"]) == ("raw", 12)
    assert after["properties.cloudimage_source_formats"] == source
    assert result["diff"]["after"]["properties"] == {"cloudimage_source_formats": source}
    assert record.image is not None
    assert record.image.get("cloudimage_source_formats") == source


# Errors


def test_new_image_without_its_data_is_deleted_again(cloud: FakeGlance, uploader: FakeUploader) -> None:
    cloud.refuse("PUT new/file", GlanceError("Broken."))
    with pytest.raises(GlanceError, match="^Broken. Image .* was deleted again.$"):
        run(cloud, CREATION, uploader)
    assert not cloud.images


def test_interrupted_run_leaves_no_partial_image(cloud: FakeGlance, uploader: FakeUploader) -> None:
    cloud.refuse("PUT new/file", KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        run(cloud, CREATION, uploader)
    assert not cloud.images


def test_image_that_may_still_get_its_data_stays(cloud: FakeGlance, uploader: FakeUploader) -> None:
    uploader.outcome = DataStillInTransit("Slow.")
    with pytest.raises(DataStillInTransit, match="^Slow.$"):
        run(cloud, CREATION, uploader)
    assert len(cloud.images) == 1


def test_image_that_existed_before_stays_without_data(cloud: FakeGlance, uploader: FakeUploader) -> None:
    cloud.images["old"] = QUEUED
    cloud.refuse("PUT old/file", GlanceError("Broken."))
    with pytest.raises(GlanceError, match="^Broken.$"):
        run(cloud, with_data(QUEUED), uploader)
    assert cloud.images == {"old": QUEUED}


def test_image_that_existed_before_is_ready_for_another_source_once_the_first_has_failed(
    cloud: FakeGlance, uploader: FakeUploader
) -> None:
    cloud.images["old"] = QUEUED
    uploader.outcome = WrongSource("Wrong.")
    with pytest.raises(WrongSource):
        run(cloud, with_data(QUEUED), uploader)
    assert uploader.released == ["old"]


def test_image_that_existed_before_and_got_wrong_data_is_deactivated(cloud: FakeGlance, uploader: FakeUploader) -> None:
    cloud.images["old"] = QUEUED
    uploader.outcome = DataMismatch("Wrong.")
    with pytest.raises(WrongDataStored, match="not deleted but deactivated"):
        run(cloud, with_data(QUEUED), uploader)
    assert cloud.images["old"].status == "deactivated"


def test_image_of_an_invalid_response_stays_and_is_named(cloud: FakeGlance) -> None:
    cloud.refuse("POST", GlanceError("Invalid."))
    with pytest.raises(GlanceError, match="^Invalid. Image .* may have been made, and is left as it is"):
        run(cloud, CREATION)
    assert cloud.calls == ["POST"]


@pytest.mark.parametrize("status", [404, 409, 410])
def test_conflict_of_the_data_is_a_concurrent_change(cloud: FakeGlance, uploader: FakeUploader, status: int) -> None:
    cloud.images["old"] = QUEUED
    cloud.refuse("PUT old/file", refusal(status))
    with pytest.raises(ConcurrentChange):
        run(cloud, with_data(QUEUED, min_ram=5), uploader)
    assert cloud.calls == ["PATCH old", "PUT old/file"]


# Other runs that create the same image


def taken_ids() -> tuple[str, str]:
    return derived_ids(PROJECT, "n", NOW)


def test_image_that_another_run_is_creating_is_a_concurrent_change(cloud: FakeGlance, uploader: FakeUploader) -> None:
    first = taken_ids()[0]
    cloud.images[first] = image(first, status="active")
    with pytest.raises(ConcurrentChange) as raised:
        run(cloud, CREATION, uploader)
    assert raised.value.may_repeat
    assert cloud.calls == ["POST"]


def test_id_of_a_deleted_image_is_not_used(cloud: FakeGlance) -> None:
    first, second = taken_ids()
    cloud.images[first] = image(first, name="other")
    run(cloud, plan_create(DesiredImage({"name": "n"}), None))
    assert cloud.created == [second]


def test_task_starts_anew_in_the_next_second_if_all_ids_of_this_one_are_taken(cloud: FakeGlance, clock: Clock) -> None:
    """Another run may have created the image meanwhile, under an id of that second."""
    for each in derived_ids(PROJECT, "n", clock.utc_now()):
        cloud.images[each] = image(each, owner="p2")
    with pytest.raises(ConcurrentChange) as raised:
        run(cloud, plan_create(DesiredImage({"name": "n"}), None))
    assert raised.value.may_repeat
    assert str(raised.value).startswith("The ids for a new image are taken: ")
    assert clock.pauses == [1.0]
    assert cloud.created == []


def test_id_that_the_task_names_is_the_only_one(cloud: FakeGlance) -> None:
    cloud.images["old"] = image("old", owner="p2")
    with pytest.raises(ApiError, match="409"):
        run(cloud, plan_create(DesiredImage({"name": "n"}), "old"))
    assert cloud.calls == ["POST"]


# Replacing


def replacement(replaced: str = "delete", old: Image = ACTIVE, **found: t.Any) -> Plan:
    state = ReplacementState(old, project_id=PROJECT, **found)
    return plan_replacement(state, DesiredImage(data=DATA), replaced)


def test_new_image_takes_the_place_of_the_old_one(cloud: FakeGlance, uploader: FakeUploader) -> None:
    cloud.images["old"] = ACTIVE
    plan = replacement()
    record = run(cloud, plan, uploader)
    assert cloud.calls == labels(cloud, record) == ["POST", "PUT new/file", "PATCH new", "DELETE old"]
    assert record.image is not None
    assert (record.image.name, record.image.hidden) == ("n", False)
    assert list(cloud.images) == cloud.created
    assert result_of([record], record.image) == result_of([plan], record.image)


def test_old_image_that_another_run_deleted_is_left_out(cloud: FakeGlance, uploader: FakeUploader) -> None:
    old = image("old", status="active", size=3, protected=True, **FORMATS)
    cloud.images["old"] = old
    cloud.before("PATCH old", lambda: cloud.images.pop("old", None))
    record = run(cloud, replacement(old=old), uploader)
    assert cloud.calls[-2:] == ["PATCH old", "DELETE old"]
    assert labels(cloud, record) == ["POST", "PUT new/file", "PATCH new"]
    assert [change.attribute for change in record.changes] == ["id", "size"]
    assert "replaced.state" not in record.after


def test_member_that_another_run_added_is_left_out(cloud: FakeGlance, uploader: FakeUploader) -> None:
    cloud.images["old"] = ACTIVE
    cloud.refuse("POST new/members", refusal(409, "POST"))
    record = run(cloud, replacement(members={"p2": "accepted"}, may_accept=True), uploader)
    assert "POST new/members" not in labels(cloud, record)
    assert "PUT new/members/p2" in labels(cloud, record)


@pytest.mark.parametrize("failed", ["PUT new/file", "PATCH new", "DELETE old"])
def test_failed_replacement_is_rolled_back(cloud: FakeGlance, uploader: FakeUploader, failed: str) -> None:
    cloud.images["old"] = ACTIVE
    cloud.refuse(failed, refusal(403))
    with pytest.raises(ApiError, match="The old image old is in service as before.$"):
        run(cloud, replacement(), uploader)
    assert cloud.images == {"old": ACTIVE}


def test_replacement_that_failed_to_begin_has_nothing_to_roll_back(cloud: FakeGlance, uploader: FakeUploader) -> None:
    cloud.images["old"] = ACTIVE
    cloud.refuse("POST", refusal(403, "POST"))
    with pytest.raises(ApiError):
        run(cloud, replacement(), uploader)
    assert cloud.calls == ["POST"]


def test_unconfirmed_deletion_of_the_old_image_leaves_the_new_one(cloud: FakeGlance, uploader: FakeUploader) -> None:
    cloud.images["old"] = ACTIVE
    cloud.before("DELETE old", lambda: setattr(cloud, "unreadable", refusal(503)))
    with pytest.raises(DeletionUnconfirmed, match="The new image is in its place.$"):
        run(cloud, replacement(), uploader)
    assert list(cloud.images) == cloud.created


@pytest.mark.parametrize("error", [refusal(403), refusal(409), ConnectionProblem("No TLS.")])
def test_new_image_that_had_the_name_before_stays(cloud: FakeGlance, uploader: FakeUploader, error: Exception) -> None:
    """An earlier run may be deleting the old image, which then refuses another deletion."""
    new = image("done", status="active", size=9, os_hidden=False, **FORMATS)
    cloud.images |= {"old": ACTIVE, "done": new}
    cloud.refuse("DELETE old", error)
    plan = replacement(new=new)
    assert [operation.call for operation in plan.operations] == [DELETE]
    with pytest.raises(GlanceError, match=r"The new image is in its place; run the task again to finish\.$"):
        run(cloud, plan, uploader)
    assert set(cloud.images) == {"old", "done"}


def test_deletion_of_unknown_outcome_before_the_new_image_is_there(cloud: FakeGlance, uploader: FakeUploader) -> None:
    cloud.images |= {"old": ACTIVE, "unfinished": image("unfinished", status="queued")}
    cloud.refuse("DELETE unfinished", refusal(504))
    with pytest.raises(DeletionUnconfirmed) as raised:
        run(cloud, replacement(unfinished=(cloud.images["unfinished"],)), uploader)
    assert "in its place" not in str(raised.value)


def test_replacement_is_rolled_back_if_the_deletion_could_not_be_sent(cloud: FakeGlance, uploader: FakeUploader) -> None:
    cloud.images["old"] = ACTIVE
    cloud.refuse("DELETE old", ConnectionProblem("No login."))
    with pytest.raises(ConnectionProblem, match=r"The old image old is in service as before\.$"):
        run(cloud, replacement(), uploader)
    assert cloud.images == {"old": ACTIVE}


@pytest.mark.parametrize("error", [NoAnswer("Lost.", is_final=False), refusal(504), KeyboardInterrupt()])
def test_replacement_stands_if_the_old_image_may_be_deleted(
    cloud: FakeGlance, uploader: FakeUploader, error: BaseException
) -> None:
    cloud.images["old"] = ACTIVE
    cloud.refuse("DELETE old", error)
    with pytest.raises((DeletionUnconfirmed, KeyboardInterrupt)):
        run(cloud, replacement(), uploader)
    assert list(cloud.images) == ["old", *cloud.created]


def test_without_wait_the_deletion_of_the_old_image_is_not_confirmed(cloud: FakeGlance, uploader: FakeUploader) -> None:
    cloud.images["old"] = ACTIVE
    kept = cloud.find_image
    looked_for: list[str] = []

    def find(image_id: str, _base: str | None = None) -> Image | None:
        looked_for.append(image_id)
        return kept(image_id)

    cloud.find_image = find  # type: ignore[method-assign]
    uploader.waits = False
    run(cloud, replacement(), uploader)
    assert "old" not in looked_for


def test_replacement_that_another_run_makes_is_a_concurrent_change(cloud: FakeGlance, uploader: FakeUploader) -> None:
    cloud.images["old"] = ACTIVE
    first = derived_ids(PROJECT, temporary_name(ACTIVE), NOW)[0]
    cloud.images[first] = image(first, status="active")  # it has its final name by now
    with pytest.raises(ConcurrentChange):
        run(cloud, replacement(), uploader)
    assert set(cloud.images) == {"old", first}
