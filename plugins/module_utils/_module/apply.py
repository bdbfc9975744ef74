# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""Carrying plans out, and making new ones if another process changes the images meanwhile."""

from __future__ import annotations

import typing as t

from .._client.image_api import GlanceApi
from .._errors import ApiError, GlanceError
from .._glance.error_hints import hint, names_alike
from .._glance.image import FORMATS
from .._glance.operations import CREATE, DATA_CALLS, MEMBER_CALLS, STAGE, STATUS_CALLS, UPDATE, Operation
from .._plan.execution_record import ExecutionRecord
from .._plan.plan import Plan
from .._plan.store_changes import is_copy, is_removal_from_store
from .concurrent_runs import MAX_PLANS

# Responses that say that the image is not as it was read: it was deleted or changed, or (410) deleted while data were sent.
CHANGED_MEANWHILE = frozenset({404, 409, 410})

Execute = t.Callable[[Plan, ExecutionRecord], None]


class ConcurrentChange(Exception):
    """Another process has changed the image since it was read, so its plan no longer fits.

    :param error: what is reported if the plan cannot be made anew.
    :param may_repeat: whether the same operations can succeed now: what was in their way may be gone.
    """

    def __init__(self, error: GlanceError, may_repeat: bool = False) -> None:
        super().__init__(str(error))
        self.error = error
        self.may_repeat = may_repeat


def apply_plans(
    plans: t.Sequence[Plan],
    make_plans: t.Callable[[], t.Sequence[Plan]],
    execute: Execute,
    record: ExecutionRecord | None = None,
) -> list[ExecutionRecord]:
    """Carry out the plans that change something; returns what was done, a record for each plan.

    If another process changes an image before the task has changed any other, everything is read and planned again. If that
    gives the same operations, the response had another cause and is the error.

    :param execute: carries one plan out and adds what it does to the record.
    :param record: the record of the first image, if earlier plans for it have failed.
    """
    record = record or ExecutionRecord()  # it goes on when new plans are made
    for _attempt in range(MAX_PLANS):
        records: list[ExecutionRecord] = []
        try:
            for plan in plans:
                records.append(ExecutionRecord() if records else record)
                _apply(plan, records[-1], execute)
        except ConcurrentChange as change:
            refusal = change.error
            if _name_changed_images(refusal, records[:-1]):
                raise refusal from change
            records[-1].interrupt(plan)
            new_plans = make_plans()
            is_same = [each.operations for each in new_plans] == [each.operations for each in plans]
            if is_same and not change.may_repeat:
                _name_changed_parts(refusal, plan, records[-1])
                raise refusal from change
            plans = new_plans
        except GlanceError as error:
            _name_changed_parts(error, plan, records[-1])
            records[-1].abandon(plan)
            _name_changed_images(error, records[:-1])
            raise
        else:
            return records
    refusal.explained("Other processes keep changing the image. It stays as it is now; run the task again.")
    _name_changed_parts(refusal, plan, records[-1])
    raise refusal


def _apply(plan: Plan, record: ExecutionRecord, execute: Execute) -> None:
    if plan.changed:
        execute(plan, record)
    else:
        record.complete(plan)


def _name_changed_images(error: GlanceError, records: t.Sequence[ExecutionRecord]) -> bool:
    """Add to the error which images were changed before it; returns whether there are any."""
    changed = [str(record.image_id) for record in records if record.changed]
    if changed:
        error.explained(f"Before it, these were changed: {', '.join(changed)}.")
    return bool(changed)


def perform_operations(api: GlanceApi, plan: Plan, perform: t.Callable[[Operation], None]) -> None:
    """Make the calls of a plan, one after the other; an error gets its hint.

    It raises ConcurrentChange if the image has changed and nothing but attributes was changed by then.

    :param perform: makes one call, and adds it to the record unless another run had made it.
    """
    owner = (plan.image or plan.before).get("owner")
    for operation in plan.operations:
        try:
            perform(operation)
        except ApiError as error:
            error.explained(hint(error, owner, api.connection.project_id, _names_alike(plan, operation)))
            if _shows_concurrent_change(plan, operation, error):
                # Another run may have been sending data, and have failed meanwhile.
                may_repeat = operation.call in DATA_CALLS and error.status in CHANGED_MEANWHILE
                raise ConcurrentChange(error, may_repeat) from error
            raise


def perform_plan(api: GlanceApi, plan: Plan, record: ExecutionRecord) -> None:
    """Make the calls of a plan and record each."""

    def perform(operation: Operation) -> None:
        api.perform(operation)
        record.add(operation)

    perform_operations(api, plan, perform)


def _shows_concurrent_change(plan: Plan, failed: Operation, error: ApiError) -> bool:
    """Whether a response shows that the plan was made for an image which another process has changed since.

    That is so for the first call about an image, and for those that bring its data. A replacement does not start anew: its
    new image is there already. Glance also refuses a member if another run has made the image private, or deleted it.
    """
    existed = plan.image_id is not None
    if plan.replaced:
        return False
    if existed and failed.call in MEMBER_CALLS and error.status in (403, 404):
        return True
    if not (existed and failed is plan.operations[0]) and failed.call not in DATA_CALLS:
        return False
    # Glance answers 400 to a copy into a store that has the data already.
    is_copied = is_copy(failed) and error.status == 400
    return error.status in CHANGED_MEANWHILE or is_copied or _has_data_by_now(failed, error)


def _has_data_by_now(operation: Operation, error: ApiError) -> bool:
    """Whether a change of formats was refused, which Glance does once another run has brought the image's data."""
    is_of_formats = operation.call is UPDATE and any(step["path"][1:] in FORMATS for step in operation.body)
    return error.status == 403 and is_of_formats


def _name_changed_parts(error: GlanceError, plan: Plan, record: ExecutionRecord) -> None:
    """Add to the error of an image that stays what the task has changed of it before the error."""
    changed = _changed_parts(operation for operation in record.operations if operation.image_id == plan.image_id)
    if plan.image_id and plan.image is not None and not plan.replaced and changed:
        error.explained(f"Before this error the task changed of the image: {', '.join(changed)}.")


def _changed_parts(operations: t.Iterable[Operation]) -> list[str]:
    """What calls have changed of an image, each part once."""
    parts: dict[str, None] = {}
    for operation in operations:
        if operation.call is UPDATE:
            parts["its attributes"] = None
        elif is_copy(operation) or is_removal_from_store(operation):
            parts["its stores"] = None
        elif operation.call is STAGE:
            parts["its staged data"] = None
        elif operation.call in DATA_CALLS:
            parts["its data"] = None
        elif operation.call in MEMBER_CALLS:
            parts["its members"] = None
        elif operation.call in STATUS_CALLS:
            parts["its status"] = None
    return list(parts)


def _names_alike(plan: Plan, operation: Operation) -> str:
    """What to say about tags and properties, current and planned, that a database may treat as equal."""
    if operation.call not in (CREATE, UPDATE):
        return ""
    sides = [plan.image or {}, plan.before]
    return names_alike(
        [tag for side in sides for tag in side.get("tags") or ()],
        [key for side in sides for key in side.get("properties") or ()],
    )
