# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""A replacement in two tasks, so that the new image can be tested before it gets the name. Pure.

The first task makes the candidate: a complete image, hidden and under the name that the new image of any replacement has
until it is complete. The second one promotes it. So a replacement that is interrupted anywhere is recognised and continued
as any other.
"""

from __future__ import annotations

import dataclasses
import typing as t

from .._errors import InvalidInput, not_none
from .._glance.image import Image, properties_of
from .._glance.image_names import DEFAULT_TEMPLATE, temporary_name
from .._glance.operations import UPDATE
from .._glance.properties import PUBLISHED_AS, RESERVED_PREFIX
from .data_state import DataState
from .desired_image import DesiredImage
from .marks import has_own_marks
from .plan import Plan, plan_create, plan_sharing, plan_update
from .replacement import (
    CARRIED,
    ReplacementState,
    carried_over,
    data_record,
    kept_of_new,
    plan_replacement,
    remove_unfinished,
)

# Only the project of the candidate can use it, and Glance adds members to shared images only.
OF_CANDIDATE = {"os_hidden": True, "protected": False, "visibility": "shared"}
# What a new image has if neither the task nor an old image says otherwise.
OF_FIRST_BUILD = {"os_hidden": False, "protected": False, "visibility": "shared"}


def published_as(desired: DesiredImage, name: str) -> DesiredImage:
    """What the task wants, with the mark of a build that was published under a name."""
    return dataclasses.replace(desired, properties={**desired.properties, PUBLISHED_AS: name})


def builds_in(images: t.Sequence[Image]) -> tuple[Image, list[Image]] | None:
    """The newest image and the others, oldest first, if an interrupted rollback has left several builds with the name.

    A rollback of the role image_publish gives the name to an older build first, and then takes it from the newest one.
    """
    owners = {image.owner for image in images}
    if len(images) < 2 or len(owners) != 1 or not all(map(_is_build, images)):
        return None
    *others, newest = sorted(images, key=lambda image: (image.created_at or "", image.id))
    return newest, others


def _is_build(image: Image) -> bool:
    """Whether an image was published under the name that it has."""
    return has_own_marks(image) and image.get(PUBLISHED_AS) == image.name


def plan_candidate(state: ReplacementState, desired: DesiredImage) -> Plan:
    """The candidate: a complete image, as it is to be after its promotion, but for its name and who can see it.

    :param state: ``new`` is the candidate of an earlier run; ``old`` has no id if no image has the name.
    """
    final = carried_over(state.old, desired, state.project_id)
    own = {key: value for key, value in properties_of(final).items() if key != PUBLISHED_AS}
    base = {key: final[key] for key in CARRIED if key in final}
    attributes = {**base, **OF_CANDIDATE, "name": temporary_name(state.old)}
    wanted = DesiredImage(attributes, own, data=desired.data, stores=desired.stores)
    plan = _updated(state.new, wanted, desired) if state.new else plan_create(wanted, None)
    return dataclasses.replace(after_removal(plan, state), final_name=state.old.name)


def plan_promotion(state: ReplacementState, desired: DesiredImage, replaced: str, template: str = DEFAULT_TEMPLATE) -> Plan:
    """The candidate gets the name; the image that had it is replaced.

    :param state: ``new`` is the candidate; ``old`` has no id if no image has the name.
    :param replaced: what becomes of the old image: delete, hide, deactivate or keep.
    :param template: the name of an old image that is kept.
    """
    name = str(state.old.name)
    if state.new is None:
        raise InvalidInput(
            f"candidate: there is no candidate with these data for the name '{name}'. Make it with 'candidate: prepare'"
            " first; another run may have deleted it, or may have made one with other data."
        )
    desired = published_as(desired, name)
    if state.old.exists:
        return plan_replacement(state, desired, replaced, template, marked_as=PUBLISHED_AS)
    return plan_first_image(state, desired)


def plan_first_image(state: ReplacementState, desired: DesiredImage) -> Plan:
    """The candidate becomes the first image of its name.

    :param state: ``new`` is the candidate.
    """
    new = not_none(state.new)
    final = {**OF_FIRST_BUILD, **carried_over(state.old, desired, state.project_id)}
    attributes = {key: final[key] for key in CARRIED if key in final}
    # Glance does not show the stores of a deactivated image; the run that deactivated it had copied its data before.
    stores = desired.stores if new.stores else None
    status = desired.status or "active"
    wanted = DesiredImage(attributes, properties_of(final), data=desired.data, stores=stores, status=status)
    plan = _updated(new, wanted, desired)
    # It gets the name last: a deactivated image is never usable under the name.
    operations = sorted(plan.operations, key=lambda operation: operation.call == UPDATE)
    plan = dataclasses.replace(plan, operations=tuple(operations))
    return after_removal(plan_sharing(plan, desired.members, state.new_members), state)


def _updated(new: Image, wanted: DesiredImage, desired: DesiredImage) -> Plan:
    """The plan that gives a complete image the attributes and properties, and removes those that the task removes.

    :param wanted: all that the image is to be.
    :param desired: what the task says.
    """
    kept = kept_of_new(new, dict(wanted.properties), desired)
    removed = {key: None for key in new.properties if key not in kept and not key.startswith(RESERVED_PREFIX)}
    record = data_record(not_none(wanted.data), new)
    wanted = dataclasses.replace(wanted, properties={**removed, **wanted.properties, **record})
    return plan_update(new, wanted, DataState.SAME)


def after_removal(plan: Plan, state: ReplacementState) -> Plan:
    """The plan, after the removal of candidates that cannot be used."""
    return plan.preceded_by(*remove_unfinished(state.unfinished)) if state.unfinished else plan
