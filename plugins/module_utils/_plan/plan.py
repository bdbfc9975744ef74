# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""What a task would do: from what is and what is wanted to changes, a diff and API operations. Pure.

Check mode returns a plan, a real run executes the same plan; nothing else decides what is changed.
"""

from __future__ import annotations

import dataclasses
import enum
import typing as t

from .._errors import InvalidInput
from .._glance.checksums import Checksum
from .._glance.image import BASE_ATTRIBUTES, DEFAULTS, FORMATS, FlatImage, Image, missing_stores, to_result
from .._glance.image_hashes import recorded_formats, source_record
from .._glance.json_patch import PROPERTY, Change, build_patch
from .._glance.operations import (
    CREATE,
    DATA_CALLS,
    DEACTIVATE,
    DELETE,
    ID_PLACEHOLDER,
    IMPORT,
    REACTIVATE,
    UPDATE,
    Operation,
    remove_from_store,
)
from .._glance.properties import KEPT_PROPERTIES, RESERVED_PREFIX, SOURCE_CHECKSUM, is_changeable
from .._timing import TIMING

# As long as an image is in one of these its formats can be set; from then on Glance answers 403.
FORMATS_OPEN = frozenset({"queued", "importing"})
# Data are on their way, or were when whoever sent them was cut off.
DATA_IN_TRANSIT = frozenset({"saving", "uploading", "importing"})
# A plan's changes of the image that is replaced have this prefix.
OF_OLD = "replaced."
# Its changes of a new image that an interrupted replacement has left have this one.
OF_UNFINISHED = "unfinished."
COPY_IMAGE = "copy-image"
IMPORT_TASK = "os_glance_import_task"
# How often a task is planned anew because another run changed the image first.
MAX_PLANS = 5
STATE_ACTIONS = {"active": REACTIVATE, "deactivated": DEACTIVATE}


@dataclasses.dataclass(frozen=True)
class DataSpec:
    """The data that a task wants an image to have, and how they get there.

    :param option: the option that names them.
    :param shown: what they are called in results and errors.
    :param size: their size (bytes), if it is known beforehand.
    :param hash: their hash, if it is known beforehand.
    :param source_checksum: the source's checksum, and how it is compressed, if that has to be recorded, because the cloud's
        own hash says nothing of it.
    :param calls: the calls that bring them into an image; empty as long as they were not needed.
    :param awaited: whether the task waits until they are there.
    """

    option: str
    shown: str
    size: int | None = None
    hash: Checksum | None = None
    source_checksum: str | None = None
    calls: tuple[Operation, ...] = ()
    awaited: bool = True

    @property
    def record(self) -> dict[str, str]:
        """The property that records the source, to be set once the data are verified; without waiting they are not."""
        return {SOURCE_CHECKSUM: source_record(self.source_checksum)} if self.source_checksum and self.awaited else {}


class DataState(enum.Enum):
    """How an image's data are to those that the task wants."""

    NOT_ASKED = "the task names none"
    SAME = "the same"
    OTHER = "other data"
    NONE = "none yet"
    COMING = "on their way, and not waited for"


@dataclasses.dataclass(frozen=True)
class DesiredImage:
    """What a task names of an image, and only that.

    :param attributes: Glance's base attributes by Glance's names; ``tags`` as a sorted list.
    :param properties: custom properties as Glance stores them; null means removed.
    :param purge: whether properties that are not in ``properties`` are removed.
    :param data: the image's data; null when the task names none.
    :param stores: the stores that shall hold the data, in the order in which they are given.
    :param keep_data: whether an image that has other data keeps them.
    """

    attributes: t.Mapping[str, t.Any] = dataclasses.field(default_factory=dict)
    properties: t.Mapping[str, str | None] = dataclasses.field(default_factory=dict)
    purge: bool = False
    data: DataSpec | None = None
    stores: tuple[str, ...] | None = None
    keep_data: bool = False


@dataclasses.dataclass(frozen=True)
class Plan:
    """Everything that a task would do to one image.

    :param image: the image as it then is, as the collection shows it; null when it is absent. Null stands for values that
        only the cloud can tell.
    :param replaced: the image, as Glance shows it, that a new one takes the place of.
    """

    image: FlatImage | None
    image_id: str | None = None
    changes: tuple[Change, ...] = ()
    operations: tuple[Operation, ...] = ()
    before: t.Mapping[str, t.Any] = dataclasses.field(default_factory=dict)
    after: t.Mapping[str, t.Any] = dataclasses.field(default_factory=dict)
    replaced: Image | None = None

    @property
    def changed(self) -> bool:
        return bool(self.operations)

    @property
    def has_data(self) -> bool:
        return any(operation.call in DATA_CALLS for operation in self.operations)


def without_data(plan: Plan, done: t.Sequence[Operation]) -> Plan:
    """What was done of a plan whose image changed before the plan's data were sent."""
    of_data = ("size", "status", "stores", PROPERTY + SOURCE_CHECKSUM)
    return _partly(plan, done, [change for change in plan.changes if change.attribute not in of_data])


def without_gone(plan: Plan, done: t.Sequence[Operation], gone: t.Collection[str]) -> Plan:
    """What was done of a plan, if another run has deleted some of the old images meanwhile.

    :param done: the operations that were carried out.
    :param gone: ids of the images that another run has deleted.
    """
    if tuple(done) == plan.operations:
        return plan
    return _partly(plan, done, [change for change in plan.changes if change.image_id not in gone])


def with_conversion(plan: Plan, before: Image, image: Image, recorded: t.Sequence[Operation]) -> Plan:
    """A plan as it was carried out, if the cloud converted the data when it imported them, which no plan can know.

    :param before: the image before the import.
    :param image: the image afterwards.
    :param recorded: the operations that recorded the source.
    """
    of_cloud = (*FORMATS, "size")
    changes = [
        dataclasses.replace(change, after=image.get(change.attribute)) if change.attribute in of_cloud else change
        for change in plan.changes
    ]
    named = {change.attribute for change in changes}
    changes += [
        Change(key, before.get(key), image.get(key))
        for key in FORMATS
        if key not in named and before.get(key) != image.get(key)
    ]
    changes += [Change(PROPERTY + step["path"][1:], None, step["value"]) for each in recorded for step in each.body]
    return _partly(plan, plan.operations, changes)


def without_deletion(plan: Plan, done: t.Sequence[Operation]) -> Plan:
    """What was done of a deletion, if another run deleted the image first."""
    return _partly(plan, done, [Change("protected", True, False)] if done else [])


def _partly(plan: Plan, done: t.Sequence[Operation], changes: t.Sequence[Change]) -> Plan:
    before, after = diff_of(changes)
    return dataclasses.replace(plan, changes=tuple(changes), operations=tuple(done), before=before, after=after)


def joined(done: Plan, then: Plan) -> Plan:
    """What two plans for one image, carried out one after the other, come to."""
    return Plan(
        then.image,
        then.image_id,
        done.changes + then.changes,
        done.operations + then.operations,
        {**then.before, **done.before},
        {**done.after, **then.after},
    )


def plan_create(wanted: DesiredImage, image_id: str | None) -> Plan:
    """An image that does not exist: all its attributes and properties in the one POST, so it never is without them."""
    properties = {key: value for key, value in wanted.properties.items() if value is not None}
    body = {"id": image_id or ID_PLACEHOLDER, **wanted.attributes, **properties}
    operations = [Operation(CREATE, body=body)]
    after: dict[str, t.Any] = {"state": "present", **({"id": image_id} if image_id else {}), **wanted.attributes}
    after["status"] = "queued"
    changes = [Change("state", "absent", "present"), *(Change(key, None, value) for key, value in wanted.attributes.items())]
    changes += [Change(PROPERTY + key, None, value) for key, value in properties.items()]
    if wanted.data:
        check_formats(wanted.attributes, wanted.data)
        operations += data_operations(wanted.data, wanted.stores, None, {})
        after["status"] = status_after(wanted.data)
        if wanted.data.size is not None:
            after["size"] = wanted.data.size
            changes.append(Change("size", None, wanted.data.size))
        if wanted.stores:
            after["stores"] = sorted(wanted.stores)
            changes.append(Change("stores", [], sorted(wanted.stores)))
        properties = {**properties, **wanted.data.record}
        changes += record_changes(wanted.data, {})
    elif wanted.stores:
        raise InvalidInput("stores: an image without data is in no store; name its data with 'path' or 'url'.")
    if properties:
        after["properties"] = properties
    image = {**dict.fromkeys(BASE_ATTRIBUTES), "tags": [], "stores": [], "properties": {}, **after}
    del image["state"]
    return Plan(image, None, tuple(changes), tuple(operations), {"state": "absent"}, after)


def plan_update(image: Image, wanted: DesiredImage, data_state: DataState = DataState.NOT_ASKED) -> Plan:
    """An image that exists: at most one PATCH with what differs, its data if it has none yet, then its stores."""
    changes = [*attribute_changes(image, wanted.attributes), *property_changes(image, wanted)]
    _check_formats_can_change(image, changes)
    operations = [Operation(UPDATE, image.id, build_patch(changes))] if changes else []
    if wanted.data and data_state is DataState.NONE:
        check_formats({**image.fields, **wanted.attributes}, wanted.data)
        operations += data_operations(wanted.data, wanted.stores, image.id, image.fields)
        if wanted.data.size is not None:
            changes.append(Change("size", image.size, wanted.data.size))
        changes.append(Change("status", image.status, status_after(wanted.data)))
        if wanted.stores:
            changes.append(Change("stores", [], sorted(wanted.stores)))
        changes += record_changes(wanted.data, image.fields)
    elif wanted.data and data_state is DataState.OTHER and not wanted.keep_data:
        raise InvalidInput(
            f"{image} has other data than {wanted.data.shown}, and an image's data cannot be changed in place."
            " Set 'data_policy: replace' to put a new image in its place, or 'data_policy: keep' to leave the data as they"
            " are, or give the new data another name."
        )
    elif wanted.stores:
        _check_stores_can_change(image, wanted.stores)
        operations += store_operations(image, wanted.stores)
        changes += changes_of_stores(image, wanted)
    return _changing(image, changes, operations)


def data_operations(
    data: DataSpec, stores: t.Sequence[str] | None, image_id: str | None, current: t.Mapping[str, t.Any] | None = None
) -> list[Operation]:
    """The calls that bring data into an image, and into all of its stores; an upload goes to one store only.

    :param current: the attributes of the image before, if the record of the source is to be written by a call of its own.
    """
    operations = [dataclasses.replace(operation, image_id=image_id) for operation in data.calls]
    needs_copies = stores and len(stores) > 1 and operations[-1].call is not IMPORT
    recorded = [] if current is None else record_changes(data, current)
    if recorded:
        operations.append(Operation(UPDATE, image_id, build_patch(recorded)))
    if stores and needs_copies:
        operations.append(copy_to_stores(image_id, stores[1:]))
    return operations


def record_changes(data: DataSpec, current: t.Mapping[str, t.Any]) -> list[Change]:
    """The change that records the source of the data at an image."""
    return [Change(PROPERTY + key, current.get(key), value) for key, value in data.record.items()]


def streamed(plan: Plan) -> Plan:
    """The plan with the calls that are made where the cloud refuses to import the data itself."""
    operations = [each for operation in plan.operations for each in operation.instead or (operation,)]
    return dataclasses.replace(plan, operations=tuple(operations))


def copy_to_stores(image_id: str | None, stores: t.Sequence[str]) -> Operation:
    return Operation(
        IMPORT, image_id, {"method": {"name": COPY_IMAGE}, "stores": list(stores), "all_stores_must_succeed": True}
    )


def is_copy(operation: Operation) -> bool:
    return operation.call is IMPORT and bool(operation.body["method"]["name"] == COPY_IMAGE)


def store_operations(image: Image, stores: t.Sequence[str]) -> list[Operation]:
    """First what is missing is copied, then what is too much is removed: there always is a copy."""
    missing = missing_stores(image, stores)
    return [
        *([copy_to_stores(image.id, missing)] if missing else []),
        *(Operation(remove_from_store(store), image.id) for store in image.stores if store not in stores),
    ]


def changes_of_stores(image: Image, wanted: DesiredImage) -> list[Change]:
    if not differ_in_stores(image, wanted):
        return []
    return [Change("stores", image.stores, sorted(wanted.stores or ()))]


def differ_in_stores(image: Image, wanted: DesiredImage) -> bool:
    """Whether the image's data are in other stores than the task names."""
    return bool(wanted.stores) and image.stores != sorted(wanted.stores or ())


def _check_stores_can_change(image: Image, stores: t.Sequence[str]) -> None:
    if image.status == "queued":
        raise InvalidInput(f"stores: {image} has no data yet, so it is in no store; give 'path' or 'url' too.")
    if not image.stores:
        raise InvalidInput(f"stores: the cloud does not say in which stores {image} is; it may have only one.")
    if missing_stores(image, stores) and image.status != "active":
        raise InvalidInput(f"stores: {image} has the status '{image.status}'; only an active image can be copied to stores.")


def status_after(data: DataSpec) -> str | None:
    """The status that an image has with these data; null where the cloud is still busy when the task ends."""
    return "active" if data.awaited or data.calls[-1].call is not IMPORT else None


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
    return _changing(image, [Change("status", status, state)], [Operation(STATE_ACTIONS[state], image.id)])


def _changing(image: Image, changes: t.Sequence[Change], operations: t.Sequence[Operation]) -> Plan:
    """The plan that makes these changes to an image that exists."""
    result = to_result(image)
    for change in changes:
        if not change.attribute.startswith(PROPERTY):
            result[change.attribute] = change.after
        elif change.after is None:
            del result["properties"][change.attribute[len(PROPERTY) :]]
        else:
            result["properties"][change.attribute[len(PROPERTY) :]] = change.after
    if operations:
        result["updated_at"] = None  # Glance sets it, to a time that is not known yet
    if any(operation.call in DATA_CALLS for operation in operations):
        # What Glance notes of an import at the image changes with it, in ways that only Glance knows.
        result["properties"] = {
            key: value for key, value in result["properties"].items() if not key.startswith(RESERVED_PREFIX)
        }
    before, after = diff_of(changes)
    return Plan(result, image.id, tuple(changes), tuple(operations), before, after)


def attribute_changes(image: Image, attributes: t.Mapping[str, t.Any]) -> list[Change]:
    changes = []
    for key in BASE_ATTRIBUTES:
        if key not in attributes or (key == "owner" and not image.shows(key)):  # some clouds do not show it
            continue
        before, after = image.get(key, DEFAULTS.get(key)), attributes[key]
        if key in FORMATS and recorded_formats(image).get(key) == after:
            continue  # the cloud has converted the data
        if key == "tags":
            before = sorted(before or [])
        if before != after:
            changes.append(Change(key, before, after))
    return changes


def property_changes(image: Image, wanted: DesiredImage) -> list[Change]:
    current = image.properties
    goal = dict(wanted.properties)
    if wanted.purge:
        for key in current:
            # What options of their own set, and what Glance keeps for itself, is no left-over.
            if key not in KEPT_PROPERTIES and not key.startswith(RESERVED_PREFIX):
                goal.setdefault(key, None)
    different = [key for key in sorted(goal) if current.get(key) != goal[key]]
    for key in different:
        if not is_changeable(key):
            raise InvalidInput(
                f"{image} has the property '{key}', which Glance cannot remove: its own code uses that name, or"
                " the name has white space at an end. Leave 'purge_properties' out, or create a new image."
            )
    return [Change(PROPERTY + key, current.get(key), goal[key]) for key in different]


def _check_formats_can_change(image: Image, changes: t.Sequence[Change]) -> None:
    if image.status in FORMATS_OPEN:
        return
    for change in changes:
        if change.attribute in FORMATS:
            raise InvalidInput(
                f"{image} has {change.attribute} '{change.before}', which cannot be"
                f" changed to '{change.after}' any more: Glance fixes the formats once an image has data."
                " Make a new image instead."
            )


def check_formats(attributes: t.Mapping[str, t.Any], data: DataSpec) -> None:
    missing = [name for name in FORMATS if not attributes.get(name)]
    if missing:
        raise InvalidInput(
            f"{data.option}: data can be stored only in an image with a disk_format and a container_format;"
            f" {' and '.join(missing)} is missing. Usual are 'disk_format: qcow2' or 'raw', with 'container_format: bare'."
        )


def in_transit(image: Image) -> bool:
    """Whether data are on their way into the image: during an import Glance keeps the import's task at the image."""
    status = image.status
    return status in DATA_IN_TRANSIT or (status == "queued" and bool(image.import_task))


def is_abandoned(image: Image, age: float) -> bool:
    """Whether nobody will bring the rest of data that are on their way.

    :param age: seconds since the image last changed. Of an upload Glance does not tell whether it goes on; it lasts no
        longer than its token, which is a matter of hours.
    """
    if image.import_task or image.status == "importing":
        return False  # that is the cloud's own work
    return age >= (TIMING.staged_abandoned if is_staged(image) else TIMING.upload_abandoned)


def max_wait(image: Image, age: float, wait: float) -> float:
    """How long (s) to wait for data that are on their way; once they are staged, their import begins at once or never.

    :param age: seconds since the image last changed.
    :param wait: how long the task may wait (s).
    """
    # A busy cloud is slow to begin an import that it has accepted.
    waits_for_import = is_staged(image) and not image.import_task
    return max(0.0, min(wait, TIMING.staged_abandoned - age)) if waits_for_import else wait


def is_staged(image: Image) -> bool:
    """Whether all data are in the staging area: from then on Glance tells their size."""
    return image.status == "uploading" and image.size is not None


def data_state(image: Image, data: DataSpec, compare: t.Callable[[Image], bool]) -> DataState:
    """How the image's data are to those that the task wants; ``compare`` is asked only if the image has data."""
    status = image.status
    if in_transit(image):
        if not data.awaited:
            return DataState.COMING
        raise InvalidInput(
            f"{image} has the status '{status}': its data are being sent, or were when somebody was cut off."
            " Wait until it is active and run the task again; if nobody is sending, delete the image first."
        )
    if status == "queued":
        return DataState.NONE
    if status not in STATE_ACTIONS:
        raise InvalidInput(f"{image} has the status '{status}' and can take no data. Delete it first.")
    return DataState.SAME if compare(image) else DataState.OTHER


def diff_of(changes: t.Iterable[Change]) -> tuple[dict[str, t.Any], dict[str, t.Any]]:
    """What ``--diff`` shows: only what changes; a property that is not there is left out."""
    changes = _told_apart(list(changes))
    before: dict[str, t.Any] = {}
    after: dict[str, t.Any] = {}
    for change in changes:
        for side, value in ((before, change.before), (after, change.after)):
            if not change.attribute.startswith(PROPERTY):
                side[change.attribute] = value
            else:
                properties = side.setdefault("properties", {})
                if value is not None:
                    properties[change.attribute[len(PROPERTY) :]] = value
    return before, after


def _told_apart(changes: list[Change]) -> list[Change]:
    """Add the id of the image to the name of each attribute that changes at several other images."""
    several = {each.attribute for each in changes if sum(each.attribute == other.attribute for other in changes) > 1}
    return [
        dataclasses.replace(change, attribute=f"{change.attribute} ({change.image_id})")
        if change.image_id and change.attribute in several
        else change
        for change in changes
    ]


def _without_nulls(image: FlatImage) -> FlatImage:
    return {key: value for key, value in image.items() if value not in (None, [], {})}
