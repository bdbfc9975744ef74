# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""Putting a new image in the place of one that has other data: names, what is carried over, and the plan. Pure.

The new image is made hidden and under a name of its own, gets its data, and only then the name. From then until the old
image is deleted or renamed both have the name, so that at every moment it leads to a whole image. Wherever a run is cut off,
the next one recognises how far it came: by the new image's id, which is derived from its first name, in which the id of the
old one is.
"""

from __future__ import annotations

import dataclasses
import typing as t

from .._errors import InvalidInput, not_none
from .._glance.image import FlatImage, Image, properties_of, to_result
from .._glance.image_hashes import HASH_PLACEHOLDER, identity_of_data, recorded_formats
from .._glance.image_ids import has_derived_id
from .._glance.image_names import DEFAULT_TEMPLATE, id_source, replaced_name, temporary_name
from .._glance.json_patch import Change, Subject, build_patch, property_change
from .._glance.operations import CREATE, DEACTIVATE, ID_PLACEHOLDER, REACTIVATE, UPDATE, Operation
from .._glance.properties import CATALOGUE, DATA_RECORDS, KEPT_PROPERTIES, MARKED_ID, OPTION_OF, RESERVED_PREFIX, ROLLED_BACK
from .desired_image import DataSpec, DesiredImage
from .diff import attribute_changes, diff_of, property_changes
from .marks import MARKS, has_own_marks, with_record
from .members import ACCEPTED, PENDING, Members, copied_members, member_changes, member_operations
from .plan import Plan, data_operations, removal, status_operations
from .store_changes import store_changes, store_operations

# What tells of the old image or its data and would be false of the new: also the marks of openstacksdk's uploads.
OF_OLD_IMAGE = frozenset(
    {
        "owner_specified.openstack.md5",
        "owner_specified.openstack.sha256",
        "owner_specified.openstack.object",
        *DATA_RECORDS,
        MARKED_ID,
        ROLLED_BACK,
    }
)
SIGNATURE = "img_signature"
# Attributes that the next image gets from the one whose place it takes.
CARRIED = tuple(key for key in OPTION_OF if key != "id")


def is_replacement_of(old: Image, new: Image, desired: DesiredImage, project: str | None) -> bool:
    """Whether an earlier run has made an image to take the place of another one.

    Anybody can make an image with such an id in a project of their own, so it has to belong to whom the new one shall.
    """
    owner = desired.attributes.get("owner") or old.owner or project
    return new.get("owner", owner) == owner and has_derived_id(new, id_source(old), owner)


def replacements_in(
    images: t.Sequence[Image], desired: DesiredImage, project: str | None
) -> tuple[Image, list[Image]] | None:
    """The newest image and those that it replaces, oldest first, if a replacement was interrupted when all had the name.

    It replaces several if a run was interrupted, and the next one, with newer data again, was interrupted too.
    """
    old_of = {
        new.id: old for old in images for new in images if new is not old and is_replacement_of(old, new, desired, project)
    }
    replaced_ids = {old.id for old in old_of.values()}
    for newest in images:
        chain: list[Image] = []
        image = newest
        while newest.id not in replaced_ids and image.id in old_of:
            image = old_of[image.id]
            chain.insert(0, image)
        if chain:
            return newest, chain
    return None


def carried_over(old: Image, desired: DesiredImage, project: str | None) -> FlatImage:
    """All that the new image is to be: as the old one, with what the task names, as Glance's flat map.

    :param project: the project that the session works for, which owns what it makes unless it says otherwise.
    """
    target: FlatImage = {key: old.get(key) for key in CARRIED if old.get(key) is not None} | recorded_formats(old)
    left_out = OF_OLD_IMAGE if not old.exists or has_own_marks(old) else OF_OLD_IMAGE | {*MARKS}
    properties = {key: value for key, value in old.properties.items() if key not in left_out}
    if SIGNATURE in properties and SIGNATURE not in desired.properties:
        raise InvalidInput(
            f"{old} is signed, and its signature does not fit other data."
            f" Give the new '{SIGNATURE}' in 'properties', or null for none."
        )
    for change in property_changes(Image({**properties}), desired):
        properties[change.key] = change.after
    target.update(desired.attributes)
    target["tags"] = sorted(target.get("tags") or [])
    if target.get("owner") in (None, project):
        target.pop("owner", None)
    kept = {key: value for key, value in properties.items() if value is not None and not key.startswith(RESERVED_PREFIX)}
    return {**target, **kept}


def kept_of_new(new: Image, target: FlatImage, desired: DesiredImage) -> FlatImage:
    """The properties that a new image has already and keeps, beside those that it is to have.

    The cloud sets some when it imports data, and this collection records the source of data that the cloud has changed.
    """
    return {
        key: value
        for key, value in new.properties.items()
        if key not in target
        and not key.startswith(RESERVED_PREFIX)
        and desired.properties.get(key, value) is not None
        and (not desired.purge or key in KEPT_PROPERTIES)
    }


@dataclasses.dataclass(frozen=True)
class ReplacementState:
    """What the cloud has of a replacement, from the image that is to be replaced to what earlier runs have made.

    :param old: the image that a new one replaces; one that does not exist if no image has the name yet.
    :param new: the complete new image that an earlier run made; null if there is none.
    :param unfinished: new images that earlier runs made and that cannot be used.
    :param also_replaced: images that ``old`` was to replace when an earlier run was interrupted, oldest first.
    :param members: the projects that ``old`` is shared with.
    :param new_members: the projects that ``new`` is shared with already.
    :param may_accept: whether the login may accept a share for another project.
    :param project_id: the project that the session works for; null where the cloud does not tell it.
    """

    old: Image
    new: Image | None = None
    unfinished: tuple[Image, ...] = ()
    also_replaced: tuple[Image, ...] = ()
    members: Members = dataclasses.field(default_factory=dict)
    new_members: Members = dataclasses.field(default_factory=dict)
    may_accept: bool = False
    project_id: str | None = None

    @property
    def is_promoted(self) -> bool:
        """Whether the new image has the name already."""
        return self.new is not None and self.new.name == self.old.name

    @property
    def named(self) -> Image:
        """The image that has the name now. Once the new one has it, it has all the rest too."""
        return self.new if self.new and self.is_promoted else self.old

    def wanted_members(self, desired: DesiredImage) -> Members:
        """The projects that the new image is to be shared with: those of the old one, and what the task says of them."""
        kept = copied_members(self.members, self.may_accept)
        for project, status in self.new_members.items():
            if kept.get(project, PENDING) == PENDING:
                kept[project] = status  # it may have answered already
        return desired.members.applied_to(kept) if desired.members else kept

    def to_accept_again(self, desired: DesiredImage) -> list[str]:
        """The projects that had accepted the old image and have to accept the new one themselves."""
        wanted = self.wanted_members(desired)
        return sorted(
            project
            for project, status in self.members.items()
            if status == ACCEPTED and wanted.get(project, ACCEPTED) != ACCEPTED
        )


def plan_replacement(
    state: ReplacementState,
    desired: DesiredImage,
    replaced: str,
    template: str = DEFAULT_TEMPLATE,
    marked_as: str | None = None,
) -> Plan:
    """A new image with the desired data in the place of ``state.old``, from wherever an earlier run stopped.

    :param replaced: what becomes of the old image: delete, hide, deactivate or keep.
    :param template: the name of an old image that is kept.
    :param marked_as: a property that an old image that is kept gets, with its name, if it does not have it.
    """
    old, new, model = state.old, state.new, state.named
    data = not_none(desired.data)
    target = carried_over(model, desired, state.project_id)
    data.check_formats(target)
    if desired.members:
        desired.members.check(model, target.get("visibility"))
    members = state.wanted_members(desired)
    removed, changes_of_unfinished = remove_unfinished(state.unfinished)
    current, made = _new_image(state, desired, target, members)
    if new:
        target = kept_of_new(new, target, desired) | target
    target |= data_record(data, new) if new else data.record
    new_id = new.id if new else None
    sharing = member_operations(new_id, state.new_members, members)
    named = _give_name(new_id, current, target, sharing, desired.status or model.status)
    # The image that the new one is recognised by goes last.
    aside = [_set_aside(image, replaced, template, marked_as) for image in (*state.also_replaced, old)]
    changes = [
        Change("id", old.id, new_id or ID_PLACEHOLDER),
        *_changes_of_data(old, desired),
        *_differences(old, {"owner": old.owner, **target}),
        *([Change("status", old.status, desired.status)] if desired.status not in (None, old.status) else []),
        *store_changes(old, desired),
        *(member_changes(state.members, desired.members.applied_to(state.members)) if desired.members else []),
        *changes_of_unfinished,
        *(change for _operations, each in aside for change in each),
    ]
    predicted = desired.status or ("deactivated" if model.status == "deactivated" else data.status_after)
    image = to_result(Image({"owner": old.owner, **target, "id": new_id, "status": predicted, "size": data.size}))
    image["stores"] = sorted(desired.stores or ())
    return Plan(
        image,
        new_id,
        tuple(changes),
        (*removed, *made, *named, *(operation for each, _changes in aside for operation in each)),
        *diff_of(changes),
        replaced=old,
        members=desired.members,
        members_after=members,
    )


def _new_image(
    state: ReplacementState, desired: DesiredImage, target: FlatImage, members: Members
) -> tuple[FlatImage, list[Operation]]:
    """The new image with its data, before it gets the name, and the calls that make it."""
    if state.new:
        # Glance does not show the stores of a deactivated image; the run that deactivated it had copied its data before.
        copied = store_operations(state.new, desired.stores) if desired.stores and state.new.stores else []
        return dict(state.new.fields), copied
    current = {**target, "name": temporary_name(state.old), "os_hidden": True, "protected": False}
    if members:
        current["visibility"] = "shared"  # where it is not to stay that, its members are kept as Glance keeps them
    create = Operation(CREATE, body={"id": ID_PLACEHOLDER, **current})
    return current, [create, *data_operations(not_none(desired.data), desired.stores, None)]


def _give_name(
    new_id: str | None, current: FlatImage, target: FlatImage, sharing: t.Sequence[Operation], status: str | None
) -> list[Operation]:
    """The calls that share a complete new image, give it its status, and then its name and all the rest."""
    operations: list[Operation] = []
    is_shared = current.get("visibility") == "shared"
    if is_shared:
        operations += sharing
    if status == "deactivated" and current.get("status") != "deactivated":
        operations.append(Operation(DEACTIVATE, new_id))  # a deactivated image is never usable under the name
    elif status == "active" and current.get("status") == "deactivated":
        operations.append(Operation(REACTIVATE, new_id))
    patch = build_patch(_differences(Image(current), target))
    if patch:
        operations.append(Operation(UPDATE, new_id, patch))
    return operations if is_shared else [*operations, *sharing]


def plan_cleanup(plan: Plan, unfinished: t.Sequence[Image]) -> Plan:
    """A plan for an image that has its data, with the removal of what interrupted replacements of it have left."""
    return plan.extended(*remove_unfinished(unfinished))


def remove_unfinished(images: t.Sequence[Image]) -> tuple[list[Operation], list[Change]]:
    """The removal of the new images that interrupted replacements have left."""
    operations = [operation for image in images for operation in removal(image)]
    return operations, [
        Change("state", "present", "absent", subject=Subject.UNFINISHED, image_id=image.id) for image in images
    ]


def plan_restart(incomplete: Image, desired: DesiredImage, project: str | None) -> Plan:
    """The plan that deletes an image whose data never arrived, and creates it again."""
    data = not_none(desired.data)
    target = carried_over(incomplete, desired, project)
    data.check_formats(target)
    operations = [
        *removal(incomplete),
        Operation(CREATE, body={"id": ID_PLACEHOLDER, **target}),
        *data_operations(data, desired.stores, None, {}),
        *status_operations(desired.status, data.status_after, None),
    ]
    status = desired.status or data.status_after
    changes = [
        Change("id", incomplete.id, ID_PLACEHOLDER),
        Change("status", incomplete.status, status),
        *_changes_of_data(incomplete, desired),
        *_differences(incomplete, {"owner": incomplete.owner, **target, **data.record}),
    ]
    before, after = diff_of(changes)
    predicted = {"owner": incomplete.owner, **target, **data.record, "status": status, "size": data.size}
    return Plan(to_result(Image(predicted)), None, tuple(changes), tuple(operations), before, after)


def data_record(data: DataSpec, image: Image) -> dict[str, str]:
    """The record of the source of data that an image has."""
    identity = identity_of_data(image)
    return {key: value.replace(HASH_PLACEHOLDER, identity) for key, value in data.record.items()}


def _set_aside(old: Image, replaced: str, template: str, marked_as: str | None) -> tuple[list[Operation], list[Change]]:
    """What is done to an old image once the new one has the name.

    One that is kept leaves its catalogue, so that pruning, which goes by the list, leaves it alone.
    """
    if replaced == "delete":
        return removal(old), [Change("state", "present", "absent", subject=Subject.REPLACED, image_id=old.id)]
    changes = [Change("name", old.name, replaced_name(old, template))]
    if replaced == "hide" and not old.hidden:
        changes.append(Change("os_hidden", False, True))
    marks = {CATALOGUE: None, **({marked_as: old.name} if marked_as else {})}
    wanted = with_record(old.id, marks, old.properties)
    changes += [property_change(key, old.get(key), wanted[key]) for key in wanted if old.get(key) != wanted[key]]
    operations = [Operation(UPDATE, old.id, build_patch(changes))]
    if replaced == "deactivate" and old.status == "active":
        # Before it loses the name: by that a run that is cut off in between is recognised.
        operations = [Operation(DEACTIVATE, old.id), *operations]
        changes.append(Change("status", "active", "deactivated"))
    return operations, [dataclasses.replace(change, subject=Subject.REPLACED, image_id=old.id) for change in changes]


def _changes_of_data(old: Image, desired: DesiredImage) -> t.Iterator[Change]:
    data = not_none(desired.data)
    if data.size != old.size:
        yield Change("size", old.size, data.size)
    digest = data.hash
    if digest and digest.algorithm == old.get("os_hash_algo"):
        yield Change("os_hash_value", old.get("os_hash_value"), digest.value)
    elif digest and digest.algorithm == "md5":
        yield Change("checksum", old.get("checksum"), digest.value)


def _differences(current: Image, target: FlatImage) -> list[Change]:
    """The changes that turn one image into another, without the properties that Glance itself sets."""
    own = [key for key in current.properties if not key.startswith(RESERVED_PREFIX)]
    goal = DesiredImage(
        {key: target[key] for key in CARRIED if key in target}, {**dict.fromkeys(own), **properties_of(target)}
    )
    return [*attribute_changes(current, goal.attributes), *property_changes(current, goal)]
