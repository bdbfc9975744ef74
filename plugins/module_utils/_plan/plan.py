# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""What a task would do: from what is and what is desired to changes, a diff and API operations. Pure.

Check mode returns a plan, a real run executes the same plan; nothing else decides what is changed.
"""

from __future__ import annotations

import dataclasses
import typing as t

from .._errors import InvalidInput, not_none
from .._glance.image import BASE_ATTRIBUTES, FlatImage, Image, to_result
from .._glance.json_patch import Change, build_patch, property_change
from .._glance.operations import (
    CREATE,
    DATA_CALLS,
    DEACTIVATE,
    DELETE,
    ID_PLACEHOLDER,
    REACTIVATE,
    REMOVE_MEMBER,
    UPDATE,
    Operation,
)
from .._glance.properties import RESERVED_PREFIX
from .data_state import DataState
from .desired_image import DataSpec, DesiredImage
from .diff import attribute_changes, check_formats_can_change, diff_of, property_changes
from .marks import with_record
from .members import DesiredMembers, Members, member_changes, member_operations
from .store_changes import check_stores_can_change, copy_to_stores, hides_stores, store_changes, store_operations

STATE_ACTIONS = {"active": REACTIVATE, "deactivated": DEACTIVATE}


@dataclasses.dataclass(frozen=True)
class Plan:
    """Everything that a task would do to one image.

    :param image: the image as it then is, as the collection shows it; null when it is absent. Null stands for values that
        only the cloud can tell.
    :param replaced: the image, as Glance shows it, that a new one takes the place of.
    :param final_name: the name that a new image gets later, by another task.
    :param members: what the task wants of the projects that the image is shared with; null where it names none.
    :param members_after: those projects as they then are.
    """

    image: FlatImage | None
    image_id: str | None = None
    changes: tuple[Change, ...] = ()
    operations: tuple[Operation, ...] = ()
    before: t.Mapping[str, t.Any] = dataclasses.field(default_factory=dict)
    after: t.Mapping[str, t.Any] = dataclasses.field(default_factory=dict)
    replaced: Image | None = None
    final_name: str | None = None
    members: DesiredMembers | None = None
    members_after: Members | None = None

    @property
    def changed(self) -> bool:
        return bool(self.operations)

    @property
    def name(self) -> str | None:
        """The image's name afterwards, or before if it is deleted."""
        return (self.image or self.before).get("name")

    @property
    def has_data(self) -> bool:
        return any(operation.call in DATA_CALLS for operation in self.operations)

    def extended(self, operations: t.Sequence[Operation], changes: t.Sequence[Change]) -> Plan:
        """The plan, with further calls after its own."""
        before, after = diff_of(changes)
        return dataclasses.replace(
            self,
            changes=(*self.changes, *changes),
            operations=(*self.operations, *operations),
            before={**self.before, **before},
            after={**self.after, **after},
        )

    def preceded_by(self, operations: t.Sequence[Operation], changes: t.Sequence[Change]) -> Plan:
        """The plan, with further calls before its own."""
        before, after = diff_of(changes)
        return dataclasses.replace(
            self,
            changes=(*changes, *self.changes),
            operations=(*operations, *self.operations),
            before={**before, **self.before},
            after={**after, **self.after},
        )


def plan_create(desired: DesiredImage, image_id: str | None) -> Plan:
    """An image that does not exist: all its attributes and properties in the one POST, so it never is without them."""
    marked = with_record(image_id, desired.properties, {})
    properties = {key: value for key, value in marked.items() if value is not None}
    body = {"id": image_id or ID_PLACEHOLDER, **desired.attributes, **properties}
    operations = [Operation(CREATE, body=body)]
    after: dict[str, t.Any] = {"state": "present", **({"id": image_id} if image_id else {}), **desired.attributes}
    after["status"] = "queued"
    changes = [
        Change("state", "absent", "present"),
        *(Change(key, None, value) for key, value in desired.attributes.items()),
    ]
    changes += [property_change(key, None, value) for key, value in properties.items()]
    if desired.data:
        desired.data.check_formats(desired.attributes)
        operations += data_operations(desired.data, desired.stores, None, {})
        after["status"] = desired.data.status_after
        if desired.data.size is not None:
            after["size"] = desired.data.size
            changes.append(Change("size", None, desired.data.size))
        if desired.stores:
            after["stores"] = sorted(desired.stores)
            changes.append(Change("stores", [], sorted(desired.stores)))
        properties = {**properties, **desired.data.record}
        changes += record_changes(desired.data, {})
    elif desired.stores:
        raise InvalidInput("stores: an image without data is in no store; name its data with 'path' or 'url'.")
    if of_status := status_operations(desired.status, after["status"], None):
        operations += of_status
        changes.append(Change("status", None, desired.status))
        after["status"] = desired.status
    if properties:
        after["properties"] = properties
    image = {**dict.fromkeys(BASE_ATTRIBUTES), "tags": [], "stores": [], "properties": {}, **after}
    del image["state"]
    return Plan(image, None, tuple(changes), tuple(operations), {"state": "absent"}, after)


def plan_update(image: Image, desired: DesiredImage, data_state: DataState = DataState.NOT_ASKED) -> Plan:
    """An image that exists: at most one PATCH with what differs, its data if it has none yet, then its stores."""
    desired = dataclasses.replace(desired, properties=with_record(image.id, desired.properties, image.properties))
    changes = [*attribute_changes(image, desired.attributes), *property_changes(image, desired)]
    check_formats_can_change(image, changes)
    operations = [Operation(UPDATE, image.id, build_patch(changes))] if changes else []
    status: str | None = image.status
    if desired.data and data_state is DataState.NONE:
        desired.data.check_formats({**image.fields, **desired.attributes})
        operations += data_operations(desired.data, desired.stores, image.id, image.fields)
        if desired.data.size is not None:
            changes.append(Change("size", image.size, desired.data.size))
        status = desired.data.status_after
        changes.append(Change("status", image.status, desired.status or status))
        if desired.stores:
            changes.append(Change("stores", [], sorted(desired.stores)))
        changes += record_changes(desired.data, image.fields)
    elif desired.data and data_state is DataState.OTHER and not desired.keep_data:
        raise InvalidInput(
            f"{image} has other data than {desired.data.label}, and an image's data cannot be changed in place."
            " Set 'data_policy: replace' to put a new image in its place, or 'data_policy: keep' to leave the data as they"
            " are, or give the new data another name."
        )
    elif desired.stores and (not hides_stores(image) or desired.status == "active"):
        check_stores_can_change(image, desired.stores)
        operations += store_operations(image, desired.stores)
        changes += store_changes(image, desired)
    of_status = status_operations(desired.status, status, image.id)
    if of_status and status == image.status:
        changes.append(Change("status", status, desired.status))
    operations += of_status
    return plan_change(image, changes, operations)


def status_operations(wanted: str | None, status: str | None, image_id: str | None) -> list[Operation]:
    """The call that gives an image the status that the task wants, if it wants one.

    :param wanted: active or deactivated.
    :param status: the image's status before the call; null where only the cloud will know it.
    """
    if wanted in (None, status):
        return []
    if status not in STATE_ACTIONS:
        status_shown = (
            f"status '{status}'" if status else "status that only the cloud knows, as the task does not wait for it,"
        )
        raise InvalidInput(
            f"state: the image would have the {status_shown} and cannot be made {wanted}: only an image that has its data"
            " can. Give its data with 'path', 'url' or 'remote', and leave 'wait' true."
        )
    return [Operation(STATE_ACTIONS[str(wanted)], image_id)]


def data_operations(
    data: DataSpec, stores: t.Sequence[str] | None, image_id: str | None, current: t.Mapping[str, t.Any] | None = None
) -> list[Operation]:
    """The calls that bring data into an image, and into all of its stores; an upload goes to one store only.

    :param current: the attributes of the image before, if the record of the source is to be written by a call of its own.
    """
    operations = [dataclasses.replace(operation, image_id=image_id) for operation in data.calls]
    recorded = [] if current is None else record_changes(data, current)
    if recorded:
        operations.append(Operation(UPDATE, image_id, build_patch(recorded)))
    others = () if data.is_import else (stores or ())[1:]
    if others:
        operations.append(copy_to_stores(image_id, others))
    return operations


def record_changes(data: DataSpec, current: t.Mapping[str, t.Any]) -> list[Change]:
    """The change that records the source of the data at an image."""
    return [property_change(key, current.get(key), value) for key, value in data.record.items()]


def set_protection(image_id: str, protected: bool) -> Operation:
    """The call that protects an image against deletion, or lifts its protection."""
    return Operation(UPDATE, image_id, build_patch([Change("protected", not protected, protected)]))


def removal(image: Image) -> list[Operation]:
    """The calls that delete an image, its protection being lifted first."""
    lifted = [set_protection(image.id, False)] if image.protected else []
    return [*lifted, Operation(DELETE, image.id)]


def plan_delete(image: Image, force: bool) -> Plan:
    """An image that is to go: its protection is lifted first if ``force`` says so."""
    if image.protected and not force:
        raise InvalidInput(
            f"{image} is protected and cannot be deleted."
            " Set 'force: true' to lift the protection first, or 'protected: false' in a task of its own."
        )
    change = Change("state", "present", "absent")
    before = {"state": "present", **_without_nulls(to_result(image))}
    return Plan(None, image.id, (change,), tuple(removal(image)), before, {"state": "absent"})


def plan_state(image: Image, state: str) -> Plan:
    """An image whose data are to be usable (``active``) or not (``deactivated``)."""
    status = image.status
    if status == state:
        return Plan(to_result(image), image.id)
    if status not in STATE_ACTIONS:
        raise InvalidInput(
            f"{image} has the status '{status}': only an active image can be deactivated,"
            " and only a deactivated one made active again."
        )
    return plan_change(image, [Change("status", status, state)], [Operation(STATE_ACTIONS[state], image.id)])


def plan_members(image: Image, before: Members, after: Members) -> Plan:
    """The members of an image, which stays as it is otherwise."""
    changes = member_changes(before, after)
    operations = member_operations(image.id, before, after)
    return Plan(to_result(image), image.id, tuple(changes), tuple(operations), *diff_of(changes))


def plan_sharing(plan: Plan, members: DesiredMembers | None, current: Members) -> Plan:
    """The plan for an image, with the calls that share it with the projects that the task names.

    :param current: the projects that it is shared with.
    """
    if members is None:
        return plan
    image = not_none(plan.image)
    members.check(f"image '{image['name']}'", image["visibility"])
    after = members.applied_to(current)
    extended = plan.extended(member_operations(plan.image_id, current, after), member_changes(current, after))
    if image["visibility"] not in (None, "shared"):
        # Glance removes members of shared images only.
        operations = sorted(extended.operations, key=lambda operation: operation.call is not REMOVE_MEMBER)
        extended = dataclasses.replace(extended, operations=tuple(operations))
    return dataclasses.replace(extended, members=members, members_after=after)


def plan_change(image: Image, changes: t.Sequence[Change], operations: t.Sequence[Operation]) -> Plan:
    """The plan that makes these changes to an image that exists."""
    result = to_result(image)
    for change in changes:
        if not change.is_property:
            result[change.key] = change.after
        elif change.after is None:
            del result["properties"][change.key]
        else:
            result["properties"][change.key] = change.after
    if operations:
        result["updated_at"] = None  # Glance sets it, to a time that is not known yet
    if any(operation.call in DATA_CALLS for operation in operations):
        # What Glance notes of an import at the image changes with it, in ways that only Glance knows.
        result["properties"] = {
            key: value for key, value in result["properties"].items() if not key.startswith(RESERVED_PREFIX)
        }
    before, after = diff_of(changes)
    return Plan(result, image.id, tuple(changes), tuple(operations), before, after)


def _without_nulls(image: FlatImage) -> FlatImage:
    return {key: value for key, value in image.items() if value not in (None, [], {})}
