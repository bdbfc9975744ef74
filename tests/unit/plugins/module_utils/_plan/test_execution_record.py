# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

import dataclasses
import typing as t

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.image import Image
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.json_patch import Change, Subject, property_change
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.operations import (
    ADD_MEMBER,
    CREATE,
    DELETE,
    IMPORT,
    SET_MEMBER_STATUS,
    UPDATE,
    UPLOAD,
    Operation,
)
from ansible_collections.cloudimage.glance.plugins.module_utils._plan.diff import diff_of
from ansible_collections.cloudimage.glance.plugins.module_utils._plan.execution_record import ExecutionRecord
from ansible_collections.cloudimage.glance.plugins.module_utils._plan.plan import Plan

ATTRIBUTES = Change("min_ram", 0, 5)
PROPERTY = property_change("p", None, "1")
OF_DATA = (
    Change("size", None, 9),
    Change("status", "queued", "active"),
    Change("stores", [], ["a"]),
    property_change("cloudimage_source_checksum", None, "sha256:9 = {hash}"),
)
# Names that the data's attributes have too.
LOOKALIKES = (property_change("size", "1", "2"), property_change("status", None, "x"))
DELETION = Change("state", "present", "absent", subject=Subject.REPLACED, image_id="old")
PATCH, SEND = Operation(UPDATE, "i", []), Operation(UPLOAD, "i", {})
IMPORTED = Operation(IMPORT, "i", {})


def plan(*changes: Change, operations: t.Sequence[Operation] = (PATCH,)) -> Plan:
    return Plan({"id": "i"}, "i", changes, tuple(operations), *diff_of(changes))


def values(record: ExecutionRecord) -> list[tuple[str, t.Any, t.Any]]:
    return [(change.attribute, change.before, change.after) for change in record.changes]


def test_new_record_has_no_change() -> None:
    record = ExecutionRecord()
    assert not record.changed
    assert (record.changes, record.before, record.after, record.shown_image) == ([], {}, {}, None)


def test_completed_plan_brought_its_changes() -> None:
    record, done = ExecutionRecord(), plan(ATTRIBUTES, PROPERTY, *OF_DATA)
    record.add(PATCH)
    record.add(SEND)
    record.complete(done)
    assert (tuple(record.changes), record.before, record.after) == (done.changes, done.before, done.after)
    assert (record.changed, record.operations, record.image_id) == (True, [PATCH, SEND], "i")


def test_image_is_as_planned_until_the_cloud_shows_it() -> None:
    record = ExecutionRecord()
    record.complete(plan(ATTRIBUTES))
    assert record.shown_image == {"id": "i"}
    assert record.name is None
    record.image = Image({"id": "i", "name": "n", "status": "active"})
    assert record.shown_image is not None
    assert record.shown_image["name"] == record.name == "n"


def test_deleted_image_has_the_name_that_it_had() -> None:
    record = ExecutionRecord()
    record.complete(Plan(None, "i", (), (), {"name": "old"}, {}))
    assert record.name == "old"


def test_change_that_is_found_later_is_recorded_once_and_only_if_this_run_made_it() -> None:
    member, others = (Change(project, None, "pending", subject=Subject.MEMBER) for project in ("p", "q"))
    record = ExecutionRecord()
    record.complete(plan(ATTRIBUTES))
    record.add_member_by_others("q")
    record.add_found_changes([ATTRIBUTES, member, others])
    record.add_found_changes([ATTRIBUTES, member])
    assert record.changes == [ATTRIBUTES, member]
    assert record.after == {"min_ram": 5, "members.p": "pending"}


def test_changes_of_an_image_that_another_run_deleted_are_left_out() -> None:
    record = ExecutionRecord()
    record.add(PATCH)
    record.add_deletion_by_others("old")
    record.complete(plan(ATTRIBUTES, DELETION, operations=(PATCH, Operation(DELETE, "old"))))
    assert values(record) == [("min_ram", 0, 5)]
    assert (record.before, record.after) == ({"min_ram": 0}, {"min_ram": 5})


def test_status_that_another_run_gave_is_left_out() -> None:
    status = Change("status", "active", "deactivated")
    of_old = dataclasses.replace(status, subject=Subject.REPLACED, image_id="old")
    property_status = property_change("status", "a", "b")
    changes = (ATTRIBUTES, status, of_old, property_status)
    for image_id, left in (("i", [of_old, property_status]), ("old", [status, property_status]), ("x", changes[1:])):
        record = ExecutionRecord()
        record.add(PATCH)
        record.add_status_by_others(image_id)
        record.complete(plan(*changes))
        assert record.changes == [ATTRIBUTES, *left]
        assert (record.before, record.after) == diff_of([ATTRIBUTES, *left])


def test_conversion_shows_the_values_of_the_cloud() -> None:
    record = ExecutionRecord()
    before = Image({"id": "i", "disk_format": "qcow2", "container_format": "ovf"})
    after = Image({"id": "i", "disk_format": "raw", "container_format": "bare", "size": 12})
    record.add(IMPORTED)
    record.add_conversion(before, after, {"source": "qcow2"})
    record.complete(plan(Change("disk_format", None, "qcow2"), Change("size", None, 9), LOOKALIKES[0]))
    assert values(record) == [
        ("disk_format", None, "raw"),
        ("size", None, 12),
        ("properties.size", "1", "2"),
        ("container_format", "ovf", "bare"),
        ("properties.source", None, "qcow2"),
    ]
    assert record.after == {
        "disk_format": "raw",
        "size": 12,
        "container_format": "bare",
        "properties": {"size": "2", "source": "qcow2"},
    }


def test_plan_that_was_interrupted_at_its_first_call_brought_nothing() -> None:
    record = ExecutionRecord()
    record.interrupt(plan(ATTRIBUTES))
    assert not record.changes
    assert not record.after


def test_interrupted_plan_brought_its_attributes_but_no_data() -> None:
    record = ExecutionRecord()
    record.add(PATCH)
    record.interrupt(plan(ATTRIBUTES, *OF_DATA, *LOOKALIKES))
    assert record.changes == [ATTRIBUTES, *LOOKALIKES]


def test_interrupted_plan_shared_the_image_with_those_whose_requests_were_sent() -> None:
    record = ExecutionRecord()
    members = [Change(project, None, "pending", subject=Subject.MEMBER) for project in ("a", "b", "c")]
    record.add(PATCH)
    record.add(Operation(ADD_MEMBER, "i", {"member": "a"}))
    record.add(Operation(SET_MEMBER_STATUS, "i", {"status": "accepted"}, member="b"))
    record.interrupt(plan(ATTRIBUTES, *members))
    assert record.changes == [ATTRIBUTES, *members[:2]]


def test_abandoned_plan_brought_the_attributes_of_an_image_that_existed() -> None:
    record = ExecutionRecord()
    record.add(PATCH)
    record.abandon(plan(ATTRIBUTES, *OF_DATA))
    assert (record.changes, record.operations) == ([ATTRIBUTES], [PATCH])


def test_abandoned_plan_brought_no_new_image_but_deleted_what_was_left() -> None:
    record = ExecutionRecord()
    left = Change("state", "present", "absent", subject=Subject.UNFINISHED, image_id="left")
    deletion, creation = Operation(DELETE, "left"), Operation(CREATE, body={"id": "new"})
    for operation in (deletion, creation, Operation(UPLOAD, body={})):
        record.add(operation)
    record.abandon(dataclasses.replace(plan(ATTRIBUTES, left, *OF_DATA), image_id=None))
    assert (record.changes, record.operations) == ([left], [deletion])


@pytest.mark.parametrize("fields", [{"image_id": None}, {"replaced": Image({"id": "old", "name": "n"})}])
def test_interrupted_plan_whose_image_another_run_created_only_deleted_what_was_left(fields: dict[str, t.Any]) -> None:
    record = ExecutionRecord()
    left = Change("state", "present", "absent", subject=Subject.UNFINISHED, image_id="left")
    deletion = Operation(DELETE, "left")
    record.add(deletion)
    record.interrupt(dataclasses.replace(plan(ATTRIBUTES, left, *OF_DATA), **fields))
    assert (record.changes, record.operations) == ([left], [deletion])


def test_interrupted_plan_that_created_its_image_brought_the_attributes() -> None:
    record = ExecutionRecord()
    creation = Operation(CREATE, body={"id": "new"})
    record.add(creation)
    record.interrupt(dataclasses.replace(plan(ATTRIBUTES, *OF_DATA), image_id=None))
    assert (record.changes, record.operations) == ([ATTRIBUTES], [creation])


def test_record_goes_on_with_the_next_plan() -> None:
    record = ExecutionRecord()
    record.add(PATCH)
    record.interrupt(plan(ATTRIBUTES, PROPERTY, *OF_DATA))
    record.add(SEND)
    record.complete(plan(Change("min_ram", 5, 7), property_change("q", "1", "2"), OF_DATA[0]))
    assert record.operations == [PATCH, SEND]
    assert record.before == {"min_ram": 0, "properties": {"q": "1"}, "size": None}
    assert record.after == {"min_ram": 7, "properties": {"p": "1", "q": "2"}, "size": 9}


@pytest.mark.parametrize("end", ["interrupt", "complete"])
def test_changes_of_a_plan_are_recorded_once(end: str) -> None:
    """The second plan fails at its first call, or finds nothing to do."""
    record = ExecutionRecord()
    record.add(PATCH)
    record.interrupt(plan(ATTRIBUTES))
    if end == "interrupt":
        record.interrupt(plan(PROPERTY))
    else:
        record.complete(plan(operations=()))
    assert record.changes == [ATTRIBUTES]
    assert record.changed
