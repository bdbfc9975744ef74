# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""What was done to one image, as the executor records it while it carries out a plan. Pure."""

from __future__ import annotations

import dataclasses
import typing as t

from .._glance.image import FORMATS, FlatImage, Image, to_result
from .._glance.json_patch import Change, Subject, property_change
from .._glance.operations import CREATE, DELETE, MEMBER_CALLS, Operation
from .._glance.properties import SOURCE_CHECKSUM
from .diff import diff_of
from .members import Members
from .plan import Plan

# The attributes that the data of an image bring.
OF_DATA = frozenset({"size", "status", "stores"})


class ExecutionRecord:
    """The operations that were carried out on one image, and the changes that they made.

    The changes are those of the plan, except where another run or the cloud did something else: the executor records that
    when it happens. If the executor makes a new plan because another process changed the image, the record goes on with it.

    :ivar image_id: null if the image did not exist; its id is in ``image`` then.
    :ivar image: the image as the cloud has it afterwards; null if nothing was read since, so that it is as planned.
    :ivar members: the projects that it is shared with afterwards, if the plan names any.
    """

    def __init__(self) -> None:
        self.image_id: str | None = None
        self.image: Image | None = None
        self.operations: list[Operation] = []
        self.changes: list[Change] = []
        self.before: dict[str, t.Any] = {}
        self.after: dict[str, t.Any] = {}
        self.members: Members | None = None
        self._planned_image: FlatImage | None = None
        self._operations_of_earlier_plans = 0  # how many
        self._deleted_by_others: set[str] = set()
        self._members_by_others: set[str] = set()
        self._status_by_others: set[str] = set()
        self._conversion: tuple[Image, Image] | None = None
        self._recorded_source: list[Change] = []

    @property
    def changed(self) -> bool:
        return bool(self.operations)

    @property
    def shown_image(self) -> FlatImage | None:
        """The image afterwards as results show it: as the cloud has it, or as planned; null if it does not exist."""
        return to_result(self.image) if self.image else self._planned_image

    @property
    def name(self) -> str | None:
        """The image's name afterwards, or before if it was deleted."""
        return (self.shown_image or self.before).get("name")

    def add(self, operation: Operation) -> None:
        """Record that an operation was carried out."""
        self.operations.append(operation)

    def add_deletion_by_others(self, image_id: str) -> None:
        """Record that another run deleted the plan's image, or another one that the plan changes."""
        self._deleted_by_others.add(image_id)

    def add_member_by_others(self, project: str) -> None:
        """Record that another run made the plan's change of this member."""
        self._members_by_others.add(project)

    def add_status_by_others(self, image_id: str) -> None:
        """Record that another run gave an image the status that the plan gives it."""
        self._status_by_others.add(image_id)

    def is_deleted_by_others(self, image_id: str) -> bool:
        return image_id in self._deleted_by_others

    def add_conversion(self, before: Image, after: Image, source: t.Mapping[str, str]) -> None:
        """Record that the cloud converted the data when it imported them, which no plan can know.

        :param before: the image before the import.
        :param after: the image with its data.
        :param source: the properties that were set to recognise the source.
        """
        self._conversion = before, after
        self._recorded_source = [property_change(key, None, value) for key, value in source.items()]

    def complete(self, plan: Plan) -> None:
        """Record that a plan was carried out to its end."""
        self.image_id, self._planned_image = plan.image_id, plan.image
        self.members = plan.members_after
        by_others = self._deleted_by_others or self._members_by_others or self._status_by_others
        if not by_others and not self._conversion:
            self._add_changes(plan.changes, plan.before, plan.after)
            return
        changes = [change for change in plan.changes if not self._is_by_others(change)]
        if self._conversion:
            changes = _converted(changes, *self._conversion) + self._recorded_source
        self._add_changes(changes, *diff_of(changes))

    def _is_by_others(self, change: Change) -> bool:
        if change.subject is Subject.MEMBER:
            return change.key in self._members_by_others
        is_status = change.key == "status" and not change.is_property
        if is_status and (change.image_id or self.image_id) in self._status_by_others:
            return True
        return change.image_id in self._deleted_by_others

    def add_found_changes(self, changes: t.Sequence[Change]) -> None:
        """Record changes that were made after the plan's own, because of what was read only then; each of them once."""
        made = [change for change in changes if not self._is_by_others(change) and change not in self.changes]
        self._add_changes(made, *diff_of(made))

    def complete_with(self, plan: Plan, changes: t.Sequence[Change]) -> None:
        """Record that a plan came to its end with other changes than planned."""
        self.image_id, self._planned_image = plan.image_id, plan.image
        self._add_changes(changes, *diff_of(changes))

    def interrupt(self, plan: Plan) -> None:
        """Record that a plan came to its end before its data were there: its attributes were changed, if anything was."""
        done = self.operations[self._operations_of_earlier_plans :]
        is_of_new_image = plan.image_id is None or plan.replaced is not None
        if is_of_new_image and not any(operation.call is CREATE for operation in done):
            self._add_removals(done)
        elif done:
            members = {operation.member or operation.body["member"] for operation in done if operation.call in MEMBER_CALLS}
            changes = [
                change
                for change in plan.changes
                if (change.key in members if change.subject is Subject.MEMBER else not _is_of_data(change))
            ]
            self._add_changes(changes, *diff_of(changes))

    def abandon(self, plan: Plan) -> None:
        """Record that the data of a plan did not come. An image that it had made was deleted again."""
        if plan.image_id is not None and plan.replaced is None:
            self.interrupt(plan)
            return
        done = self.operations[self._operations_of_earlier_plans :]
        of_others = [operation for operation in done if operation.image_id is not None]
        self.operations[self._operations_of_earlier_plans :] = of_others
        self._add_removals(of_others)

    def _add_removals(self, operations: t.Sequence[Operation]) -> None:
        """Record the deletions of what interrupted runs had left."""
        deleted = [operation.image_id for operation in operations if operation.call is DELETE]
        changes = [Change("state", "present", "absent", subject=Subject.UNFINISHED, image_id=each) for each in deleted]
        self._add_changes(changes, *diff_of(changes))

    def _add_changes(self, changes: t.Sequence[Change], before: t.Mapping[str, t.Any], after: t.Mapping[str, t.Any]) -> None:
        self.changes += changes
        self.before = _merged(before, self.before)
        self.after = _merged(self.after, after)
        self._operations_of_earlier_plans = len(self.operations)
        self._deleted_by_others, self._members_by_others, self._status_by_others = set(), set(), set()
        self._conversion, self._recorded_source = None, []


def _is_of_data(change: Change) -> bool:
    return change.key == SOURCE_CHECKSUM if change.is_property else _is_of_image(change, OF_DATA)


def _is_of_image(change: Change, attributes: t.Collection[str]) -> bool:
    """Whether a change is about one of these attributes of the plan's own image."""
    return change.key in attributes and not change.is_property and change.subject is Subject.IMAGE


def _converted(changes: t.Sequence[Change], before: Image, after: Image) -> list[Change]:
    """The changes of a plan, with the formats and the size that the cloud gave the image when it converted the data."""
    found = [
        dataclasses.replace(change, after=after.get(change.key)) if _is_of_image(change, (*FORMATS, "size")) else change
        for change in changes
    ]
    planned = {change.key for change in found if _is_of_image(change, FORMATS)}
    added = [
        Change(key, before.get(key), after.get(key))
        for key in FORMATS
        if key not in planned and before.get(key) != after.get(key)
    ]
    return found + added


def _merged(first: t.Mapping[str, t.Any], then: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Two sides of a diff as one; what both have is as ``then`` has it."""
    merged = {**first, **then}
    if "properties" in first and "properties" in then:
        merged["properties"] = {**first["properties"], **then["properties"]}
    return merged
