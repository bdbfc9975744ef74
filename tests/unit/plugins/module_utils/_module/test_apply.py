# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._client.image_api import GlanceApi
from ansible_collections.cloudimage.glance.plugins.module_utils._errors import ApiError, GlanceError
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.json_patch import Change, build_patch
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.operations import (
    ADD_MEMBER,
    CREATE,
    DEACTIVATE,
    DELETE,
    IMPORT,
    REMOVE_MEMBER,
    STAGE,
    UPDATE,
    UPLOAD,
    Operation,
    remove_from_store,
)
from ansible_collections.cloudimage.glance.plugins.module_utils._module.apply import (
    ConcurrentChange,
    apply_plans,
    perform_operations,
)
from ansible_collections.cloudimage.glance.plugins.module_utils._module.concurrent_runs import MAX_PLANS
from ansible_collections.cloudimage.glance.plugins.module_utils._plan.execution_record import ExecutionRecord
from ansible_collections.cloudimage.glance.plugins.module_utils._plan.plan import Plan
from ansible_collections.cloudimage.glance.tests.unit.plugins.module_utils._module.fake_glance import (
    FakeGlance,
    image,
    raise_given,
    refusal,
)

Step: t.TypeAlias = "BaseException | None"


def plan(image_id: str = "a", min_ram: int | None = 5, **fields: t.Any) -> Plan:
    """A change of one attribute; null for an image that is as it is to be."""
    changes = () if min_ram is None else (Change("min_ram", 0, min_ram),)
    operations = (Operation(UPDATE, image_id, build_patch(changes)),) if changes else ()
    return Plan({"id": image_id}, image_id, changes, operations, **fields)


class Executor:
    """Carries each plan out, or raises the next of these errors; null is none.

    :param partly: whether the operations are carried out before the error is raised.
    """

    def __init__(self, *errors: Step, partly: bool = False) -> None:
        self._errors = list(errors)
        self._partly = partly
        self.executed: list[Plan] = []

    def __call__(self, each: Plan, record: ExecutionRecord) -> None:
        self.executed.append(each)
        error = self._errors.pop(0) if self._errors else None
        if not error or self._partly:
            for operation in each.operations:
                record.add(operation)
        raise_given(error)
        record.complete(each)


def conflict(may_repeat: bool = False) -> ConcurrentChange:
    return ConcurrentChange(refusal(409), may_repeat)


def never() -> list[Plan]:
    raise AssertionError("planned again")


# The retry loop


def test_each_plan_has_its_own_record() -> None:
    executor = Executor()
    plans = [plan("a", None), plan("b"), plan("c", None), plan("d")]
    records = apply_plans(plans, never, executor)
    assert executor.executed == [plans[1], plans[3]]
    assert [record.image_id for record in records] == ["a", "b", "c", "d"]
    assert [record.changed for record in records] == [False, True, False, True]
    assert [record.shown_image for record in records] == [each.image for each in plans]


def test_new_plan_is_made_after_a_concurrent_change() -> None:
    executor = Executor(conflict())
    records = apply_plans([plan(min_ram=5)], lambda: [plan(min_ram=6)], executor)
    assert [each.changes[0].after for each in executor.executed] == [5, 6]
    assert [(change.key, change.after) for change in records[0].changes] == [("min_ram", 6)]
    assert len(records[0].operations) == 1


def test_record_goes_on_after_a_concurrent_change() -> None:
    executor = Executor(conflict(), partly=True)
    (record,) = apply_plans([plan(min_ram=5)], lambda: [plan(min_ram=6)], executor)
    assert [change.after for change in record.changes] == [5, 6]
    assert len(record.operations) == 2


def test_image_that_another_process_made_as_wanted_needs_no_call() -> None:
    executor = Executor(conflict())
    (record,) = apply_plans([plan()], lambda: [plan(min_ram=None)], executor)
    assert not record.changed
    assert record.shown_image == {"id": "a"}


def test_images_that_are_gone_by_then_have_no_record() -> None:
    assert apply_plans([plan()], list, Executor(conflict())) == []


def test_same_plan_again_makes_the_response_the_error() -> None:
    executor, change = Executor(conflict(), conflict()), plan()
    with pytest.raises(ApiError, match="409"):
        apply_plans([change], lambda: [change], executor)
    assert executor.executed == [change]


def test_same_plan_is_tried_again_where_it_can_succeed_now() -> None:
    executor, change = Executor(conflict(may_repeat=True)), plan()
    (record,) = apply_plans([change], lambda: [change], executor)
    assert executor.executed == [change, change]
    assert record.changed


def test_image_that_changes_again_and_again_is_an_error() -> None:
    executor = Executor(*(conflict(may_repeat=True) for _attempt in range(MAX_PLANS + 1)))
    with pytest.raises(ApiError, match="Other processes keep changing the image"):
        apply_plans([plan()], lambda: [plan()], executor)
    assert len(executor.executed) == MAX_PLANS


@pytest.mark.parametrize("error", [refusal(403), GlanceError("Lost."), conflict(), conflict(may_repeat=True)])
def test_error_names_the_images_that_were_changed_before(error: Exception) -> None:
    executor = Executor(None, error)
    plans = [plan("a"), plan("b", None), plan("c"), plan("d")]
    with pytest.raises(GlanceError, match="Before it, these were changed: a\\.$"):
        apply_plans(plans, never, executor)
    assert executor.executed == [plans[0], plans[2]]


def test_error_at_the_first_image_names_no_other() -> None:
    with pytest.raises(GlanceError, match="^Lost.$"):
        apply_plans([plan("a"), plan("b")], never, Executor(GlanceError("Lost.")))


# The calls of one plan

PATCH = Operation(UPDATE, "a", build_patch([Change("min_ram", 0, 5)]))
FORMATS = Operation(UPDATE, "a", build_patch([Change("disk_format", None, "raw")]))
SEND, GO = Operation(UPLOAD, "a", {}), Operation(DELETE, "a")


def perform(
    operations: t.Sequence[Operation], error: GlanceError, failed: int = 0, **fields: t.Any
) -> tuple[Exception, ExecutionRecord]:
    """Make the calls of a plan, of which one fails; returns the error."""
    cloud, record = FakeGlance(image("a"), image("b")), ExecutionRecord()

    def call(operation: Operation) -> None:
        if operation is operations[failed]:
            raise error
        record.add(operation)

    made = Plan(**{"image": {}, "image_id": "a", "operations": tuple(operations), **fields})
    with pytest.raises((GlanceError, ConcurrentChange)) as raised:
        perform_operations(t.cast(GlanceApi, cloud), made, call)
    assert record.operations == list(operations[:failed])
    return raised.value, record


@pytest.mark.parametrize(
    ("operations", "failed", "status", "fields"),
    [
        ([PATCH], 0, 404, {}),
        ([PATCH], 0, 409, {}),
        ([PATCH], 0, 410, {}),
        ([FORMATS], 0, 403, {}),
        ([PATCH, SEND], 1, 409, {}),
        ([Operation(CREATE, body={}), SEND], 1, 404, {"image_id": None}),
    ],
)
def test_response_that_shows_another_image_is_a_concurrent_change(
    operations: list[Operation], failed: int, status: int, fields: dict[str, t.Any]
) -> None:
    error, _record = perform(operations, refusal(status), failed, **fields)
    assert isinstance(error, ConcurrentChange)


@pytest.mark.parametrize(
    ("operations", "failed", "status", "fields"),
    [
        ([PATCH], 0, 403, {}),
        ([PATCH], 0, 500, {}),
        ([PATCH, GO], 1, 409, {}),
        ([PATCH], 0, 409, {"replaced": image("b")}),
        ([PATCH, SEND], 1, 409, {"replaced": image("b")}),
        ([Operation(CREATE, body={})], 0, 409, {"image_id": None}),
    ],
)
def test_other_response_is_an_error(operations: list[Operation], failed: int, status: int, fields: dict[str, t.Any]) -> None:
    error, _record = perform(operations, refusal(status), failed, **fields)
    assert isinstance(error, ApiError)


@pytest.mark.parametrize(
    ("operation", "status", "may_repeat"), [(SEND, 404, True), (SEND, 410, True), (SEND, 409, True), (PATCH, 404, False)]
)
def test_same_calls_can_succeed_later_if_data_were_refused(operation: Operation, status: int, may_repeat: bool) -> None:
    error, _record = perform([operation], refusal(status))
    assert isinstance(error, ConcurrentChange)
    assert error.may_repeat is may_repeat


def test_copy_that_another_run_has_made_is_a_concurrent_change() -> None:
    copy = Operation(IMPORT, "a", {"method": {"name": "copy-image"}, "stores": ["cheap"]})
    error, _record = perform([PATCH, copy], refusal(400), 1)
    assert isinstance(error, ConcurrentChange)
    assert not error.may_repeat


def apply_failing(plan: Plan, failure: Exception) -> GlanceError:
    """The error of a plan whose last call fails, each time that it is made."""

    def execute(each: Plan, record: ExecutionRecord) -> None:
        for operation in each.operations[:-1]:
            record.add(operation)
        raise failure

    with pytest.raises(GlanceError) as raised:
        apply_plans([plan], lambda: [plan], execute)
    return raised.value


@pytest.mark.parametrize("is_refused", [True, False])
@pytest.mark.parametrize(
    ("operations", "changed"),
    [
        ([PATCH, SEND], "its attributes"),
        ([PATCH, SEND, Operation(UPDATE, "a", [])], "its attributes, its data"),
        ([SEND, PATCH], "its data"),
        ([Operation(IMPORT, "a", {"method": {"name": "copy-image"}}), GO], "its stores"),
        ([Operation(remove_from_store("s"), "a"), GO], "its stores"),
        ([Operation(REMOVE_MEMBER, "a", member="m"), PATCH], "its members"),
        ([Operation(ADD_MEMBER, "a", {"member": "m"}), PATCH], "its members"),
        ([Operation(STAGE, "a"), GO], "its staged data"),
        ([Operation(DEACTIVATE, "a"), PATCH], "its status"),
    ],
)
def test_error_says_what_was_changed_before(is_refused: bool, operations: list[Operation], changed: str) -> None:
    failure = refusal(403) if is_refused else GlanceError("Lost.")
    error = apply_failing(Plan({}, "a", (), tuple(operations)), failure)
    assert str(error).endswith(f"Before this error the task changed of the image: {changed}.")


@pytest.mark.parametrize(
    ("operations", "fields"),
    [
        ([SEND], {}),
        ([Operation(CREATE, body={}), SEND], {"image_id": None}),
        ([PATCH, GO], {"replaced": image("b")}),
        ([PATCH, GO], {"image": None}),
        ([Operation(UPDATE, "b", []), GO], {}),  # another image
    ],
)
def test_error_does_not_mention_what_is_undone(operations: list[Operation], fields: dict[str, t.Any]) -> None:
    failed = Plan(**{"image": {}, "image_id": "a", "operations": tuple(operations), **fields})
    assert str(apply_failing(failed, GlanceError("Lost."))) == "Lost."


def test_refusal_that_does_not_pass_says_what_was_changed() -> None:
    error = apply_failing(Plan({}, "a", (), (PATCH, SEND)), ConcurrentChange(refusal(409)))
    assert str(error).endswith("Before this error the task changed of the image: its attributes.")


def test_changes_that_others_keep_making_do_not_hide_what_was_changed() -> None:
    error = apply_failing(Plan({}, "a", (), (PATCH, SEND)), ConcurrentChange(refusal(409), may_repeat=True))
    assert "Other processes keep changing the image." in str(error)
    assert str(error).endswith("Before this error the task changed of the image: its attributes.")


@pytest.mark.parametrize(("operation", "is_hinted"), [(PATCH, True), (Operation(CREATE, body={}), True), (GO, False)])
def test_names_that_a_database_may_treat_as_equal_are_named(operation: Operation, is_hinted: bool) -> None:
    error, _record = perform([operation], refusal(500), image={"tags": ["a"]}, before={"tags": ["A"]})
    assert ("'A'" in str(error)) is is_hinted
