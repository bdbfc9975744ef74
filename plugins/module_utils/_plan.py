# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""What a task would do: from what is and what is wanted to changes, a diff and API operations. Pure.

Check mode returns a plan, a real run executes the same plan; nothing else decides what is changed.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ._attributes import BASE_ATTRIBUTES, REFERENCES, RESERVED_PREFIX, Image, properties_of, shown
from ._errors import InvalidInput
from ._operations import CREATE, DEACTIVATE, DELETE, NEW_IMAGE_ID, REACTIVATE, UPDATE, UPLOAD, Operation
from ._patch import PROPERTY, Change, build_patch

# As long as an image is in one of these its formats can be set; from then on Glance answers 403.
FORMATS_OPEN = frozenset({"queued", "importing"})
FORMATS = ("disk_format", "container_format")
# Data are on their way, or were when whoever sent them was cut off.
DATA_IN_TRANSIT = frozenset({"saving", "uploading", "importing"})
STATE_ACTIONS = {"active": REACTIVATE, "deactivated": DEACTIVATE}


@dataclasses.dataclass(frozen=True)
class Wanted:
    """What a task names of an image, and only that.

    :param attributes: Glance's base attributes by Glance's names; ``tags`` as a sorted list.
    :param properties: custom properties as Glance stores them; null means removed.
    :param purge: whether properties that are not in ``properties`` are removed.
    :param path: file with the image's data; null when the task names none.
    :param size: its size (bytes).
    """

    attributes: t.Mapping[str, t.Any] = dataclasses.field(default_factory=dict)
    properties: t.Mapping[str, str | None] = dataclasses.field(default_factory=dict)
    purge: bool = False
    path: str | None = None
    size: int | None = None


@dataclasses.dataclass(frozen=True)
class Plan:
    """Everything that a task would do to one image.

    :param image: the image as it then is, as the collection shows it; null when it is absent. Null stands for values that
        only the cloud can tell.
    """

    image: Image | None
    image_id: str | None = None
    changes: tuple[Change, ...] = ()
    operations: tuple[Operation, ...] = ()
    before: t.Mapping[str, t.Any] = dataclasses.field(default_factory=dict)
    after: t.Mapping[str, t.Any] = dataclasses.field(default_factory=dict)

    @property
    def changed(self) -> bool:
        return bool(self.operations)

    @property
    def uploads(self) -> bool:
        return any(operation.call is UPLOAD for operation in self.operations)


def attributes_only(plan: Plan) -> Plan:
    """A plan without its upload."""
    changes = tuple(change for change in plan.changes if change.attribute not in ("size", "status"))
    before, after = _diff(changes)
    return dataclasses.replace(plan, changes=changes, operations=plan.operations[:1], before=before, after=after)


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


def plan_create(wanted: Wanted, image_id: str | None) -> Plan:
    """An image that does not exist: all its attributes and properties in the one POST, so it never is without them."""
    properties = {key: value for key, value in wanted.properties.items() if value is not None}
    body = {"id": image_id or NEW_IMAGE_ID, **wanted.attributes, **properties}
    operations = [Operation(CREATE, body=body)]
    after: dict[str, t.Any] = {"state": "present", **({"id": image_id} if image_id else {}), **wanted.attributes}
    after["status"] = "queued"
    if wanted.path is not None:
        _check_formats(wanted.attributes)
        operations.append(_upload(wanted, None))
        after.update(status="active", size=wanted.size)
    if properties:
        after["properties"] = properties
    image = {**dict.fromkeys(BASE_ATTRIBUTES), "tags": [], "stores": [], "properties": {}, **after}
    del image["state"]
    changes = [Change("state", "absent", "present"), *(Change(key, None, value) for key, value in wanted.attributes.items())]
    changes += [Change(PROPERTY + key, None, value) for key, value in properties.items()]
    if wanted.path is not None:
        changes.append(Change("size", None, wanted.size))
    return Plan(image, None, tuple(changes), tuple(operations), {"state": "absent"}, after)


def plan_update(image: Image, wanted: Wanted, same_data: bool | None = None) -> Plan:
    """An image that exists: at most one PATCH with what differs, and the data if it has none yet.

    :param same_data: whether the image's data are those of ``wanted.path``; null if that was not asked.
    """
    changes = [*_attribute_changes(image, wanted.attributes), *_property_changes(image, wanted)]
    _check_formats_can_change(image, changes)
    operations = [Operation(UPDATE, image["id"], build_patch(changes))] if changes else []
    if wanted.path is not None and _needs_data(image, wanted.path, same_data):
        _check_formats({**image, **wanted.attributes})
        operations.append(_upload(wanted, image["id"]))
        changes += [Change("size", image.get("size"), wanted.size), Change("status", image["status"], "active")]
    return _changing(image, changes, operations)


def set_protection(image_id: str, protected: bool) -> Operation:
    """The call that protects an image against deletion, or lifts its protection."""
    return Operation(UPDATE, image_id, build_patch([Change("protected", not protected, protected)]))


def plan_delete(image: Image, force: bool) -> Plan:
    """An image that is to go: its protection is lifted first if ``force`` says so."""
    operations = []
    if image.get("protected"):
        if not force:
            raise InvalidInput(
                f"Image {image['id']} '{image.get('name')}' is protected and cannot be deleted."
                " Set 'force: true' to lift the protection first, or 'protected: false' in a task of its own."
            )
        operations.append(set_protection(image["id"], False))
    operations.append(Operation(DELETE, image["id"]))
    change = Change("state", "present", "absent")
    before = {"state": "present", **_without_nulls(shown(image))}
    return Plan(None, image["id"], (change,), tuple(operations), before, {"state": "absent"})


def plan_state(image: Image, state: str) -> Plan:
    """An image whose data are to be usable (``active``) or not (``deactivated``)."""
    status = image.get("status")
    if status == state:
        return Plan(shown(image), image["id"])
    if status not in STATE_ACTIONS:
        raise InvalidInput(
            f"Image {image['id']} '{image.get('name')}' has the status '{status}': only an active image can be deactivated,"
            " and only a deactivated one made active again."
        )
    return _changing(image, [Change("status", status, state)], [Operation(STATE_ACTIONS[state], image["id"])])


def _changing(image: Image, changes: t.Sequence[Change], operations: t.Sequence[Operation]) -> Plan:
    """The plan that makes these changes to an image that exists."""
    result = shown(image)
    for change in changes:
        if not change.attribute.startswith(PROPERTY):
            result[change.attribute] = change.after
        elif change.after is None:
            del result["properties"][change.attribute[len(PROPERTY) :]]
        else:
            result["properties"][change.attribute[len(PROPERTY) :]] = change.after
    before, after = _diff(changes)
    return Plan(result, image["id"], tuple(changes), tuple(operations), before, after)


def _attribute_changes(image: Image, attributes: t.Mapping[str, t.Any]) -> list[Change]:
    changes = []
    for key in BASE_ATTRIBUTES:
        if key not in attributes:
            continue
        before, after = image.get(key), attributes[key]
        if key == "tags":
            before = sorted(before or [])
        if before != after:
            changes.append(Change(key, before, after))
    return changes


def _property_changes(image: Image, wanted: Wanted) -> list[Change]:
    current = properties_of(image)
    goal = dict(wanted.properties)
    if wanted.purge:
        for key in current:
            # What options of their own set, and what Glance keeps for itself, is no left-over.
            if key not in REFERENCES.values() and not key.startswith(RESERVED_PREFIX):
                goal.setdefault(key, None)
    return [Change(PROPERTY + key, current.get(key), goal[key]) for key in sorted(goal) if current.get(key) != goal[key]]


def _check_formats_can_change(image: Image, changes: t.Sequence[Change]) -> None:
    if image.get("status") in FORMATS_OPEN:
        return
    for change in changes:
        if change.attribute in FORMATS:
            raise InvalidInput(
                f"Image {image['id']} '{image.get('name')}' has {change.attribute} '{change.before}', which cannot be"
                f" changed to '{change.after}' any more: Glance fixes the formats once an image has data."
                " Make a new image instead."
            )


def _check_formats(attributes: t.Mapping[str, t.Any]) -> None:
    missing = [name for name in FORMATS if not attributes.get(name)]
    if missing:
        raise InvalidInput(
            f"path: data can be stored only in an image with a disk_format and a container_format; {' and '.join(missing)}"
            " is missing. Usual are 'disk_format: qcow2' or 'raw', with 'container_format: bare'."
        )


def _needs_data(image: Image, path: str, same_data: bool | None) -> bool:
    status = image.get("status")
    what = f"Image {image['id']} '{image.get('name')}'"
    if status == "queued":
        return True
    if status in DATA_IN_TRANSIT:
        raise InvalidInput(
            f"{what} has the status '{status}': its data are being sent, or were when somebody was cut off."
            " Wait until it is active and run the task again; if nobody is sending, delete the image first."
        )
    if same_data is None:
        raise InvalidInput(f"{what} has the status '{status}' and can take no data. Delete it first.")
    if not same_data:
        raise InvalidInput(
            f"{what} has other data than {path}, and the data of an image cannot be replaced in place."
            " Give the new data another name, or delete the image first."
        )
    return False


def _upload(wanted: Wanted, image_id: str | None) -> Operation:
    return Operation(UPLOAD, image_id, {"path": wanted.path, "size": wanted.size})


def _diff(changes: t.Iterable[Change]) -> tuple[dict[str, t.Any], dict[str, t.Any]]:
    """What ``--diff`` shows: only what changes; a property that is not there is left out."""
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


def _without_nulls(image: Image) -> Image:
    return {key: value for key, value in image.items() if value not in (None, [], {})}
