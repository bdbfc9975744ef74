# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""How an image differs from what a task wants, and how ``--diff`` shows changes. Pure."""

from __future__ import annotations

import typing as t

from .._errors import InvalidInput
from .._glance.image import BASE_ATTRIBUTES, DEFAULTS, FORMATS, Image
from .._glance.image_hashes import recorded_formats
from .._glance.json_patch import Change, Subject, property_change
from .._glance.properties import KEPT_PROPERTIES, RESERVED_PREFIX, is_changeable
from .desired_image import DesiredImage

# Glance answers 403 to a change of the formats in any other status.
FORMATS_CHANGEABLE = frozenset({"queued", "importing"})


def attribute_changes(image: Image, attributes: t.Mapping[str, t.Any]) -> list[Change]:
    """The changes that give an image these base attributes.

    :param attributes: values by Glance's names.
    """
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


def property_changes(image: Image, desired: DesiredImage) -> list[Change]:
    """The changes that give an image the custom properties that the task names, and remove the others if it says so."""
    current = image.properties
    goal = dict(desired.properties)
    if desired.purge:
        for key in current:
            # Other options set some properties, and Glance sets some itself.
            if key not in KEPT_PROPERTIES and not key.startswith(RESERVED_PREFIX):
                goal.setdefault(key, None)
    different = [key for key in sorted(goal) if current.get(key) != goal[key]]
    for key in different:
        if not is_changeable(key):
            raise InvalidInput(
                f"{image} has the property '{key}', which Glance cannot remove: its own code uses that name, or"
                " the name has white space at an end. Leave 'purge_properties' out, or create a new image."
            )
    return [property_change(key, current.get(key), goal[key]) for key in different]


def check_formats_can_change(image: Image, changes: t.Sequence[Change]) -> None:
    if image.status in FORMATS_CHANGEABLE:
        return
    for change in changes:
        if change.key in FORMATS and not change.is_property:
            raise InvalidInput(
                f"{image} has {change.key} '{change.before}', which cannot be"
                f" changed to '{change.after}' any more: Glance fixes the formats once an image has data."
                " Make a new image instead."
            )


def diff_of(changes: t.Sequence[Change]) -> tuple[dict[str, t.Any], dict[str, t.Any]]:
    """What ``--diff`` shows before and after: only what changes; a property that does not exist is left out."""
    before: dict[str, t.Any] = {}
    after: dict[str, t.Any] = {}
    for change in changes:
        for side, value in ((before, change.before), (after, change.after)):
            if not change.is_property or change.subject is not Subject.IMAGE:
                side[_label(change, changes)] = value
            else:
                properties = side.setdefault("properties", {})
                if value is not None:
                    properties[change.key] = value
    return before, after


def _label(change: Change, changes: t.Sequence[Change]) -> str:
    """The attribute, with the id of its image if it changes at several images besides the plan's own."""
    is_repeated = sum(each.attribute == change.attribute for each in changes) > 1
    return f"{change.attribute} ({change.image_id})" if change.image_id and is_repeated else change.attribute
