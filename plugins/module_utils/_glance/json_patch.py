# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""Values as Glance stores them, and the smallest JSON patch between two states. Pure.

Glance takes ``application/openstack-images-v2.1-json-patch``: the operations add, replace and remove of RFC 6902, with
paths that are RFC 6901 pointers of one level.
"""

from __future__ import annotations

import dataclasses
import typing as t

from .._errors import InvalidInput
from .image import (
    BASE_ATTRIBUTES,
    LINKS,
    MAX_TEXT,
    OPTION_OF,
    RECORDS,
    RESERVED_PREFIX,
    RESERVED_PROPERTIES,
    check_characters,
    is_changeable,
)

PATCH_CONTENT_TYPE = "application/openstack-images-v2.1-json-patch"
PROPERTY = "properties."


@dataclasses.dataclass(frozen=True)
class Change:
    """One attribute's way from what is to what is wanted. Properties are named ``properties.<key>``.

    :param image_id: the image, where it is another one than that of the plan.
    """

    attribute: str
    before: t.Any
    after: t.Any
    image_id: str | None = None


def property_value(key: str, value: t.Any) -> str | None:
    """A property's value as the string that Glance stores; null stays null, which means: remove it.

    Glance takes strings only. ``true`` and ``false`` are written as YAML and JSON write them.
    """
    if value is None:
        return None
    if isinstance(value, str):
        return check_characters(value, f"properties, '{key}'")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    raise InvalidInput(
        f"properties: the value of '{key}' is a {type(value).__name__}; a string, a number, true, false or null is allowed."
    )


def check_property_key(key: str) -> str:
    """Refuse what is no custom property: Glance would answer 403, or keep junk beside the attribute that was meant."""
    check_characters(key, "properties")
    option = OPTION_OF.get(key)
    if option:
        raise InvalidInput(f"properties: '{key}' is an attribute of the image, not a property: use the option '{option}'.")
    if key in BASE_ATTRIBUTES or key in LINKS:
        raise InvalidInput(f"properties: '{key}' is set by Glance and cannot be changed.")
    if key in RESERVED_PROPERTIES or key.startswith(RESERVED_PREFIX):
        raise InvalidInput(f"properties: '{key}' is reserved by Glance and cannot be set.")
    if key in RECORDS:
        raise InvalidInput(
            f"properties: '{key}' is this collection's own record of the source of an image's data, and cannot be set."
            " Give the 'checksum' of the source instead."
        )
    if not 1 <= len(key) <= MAX_TEXT:
        raise InvalidInput(f"properties: the name '{key}' has {len(key)} characters; 1 to {MAX_TEXT} are allowed.")
    if key != key.strip():
        raise InvalidInput(f"properties: the name '{key}' begins or ends with white space, which Glance cuts off.")
    if not is_changeable(key):
        raise InvalidInput(
            f"properties: '{key}' is reserved by Glance: its code uses that name, so that the property could be set for a"
            " new image, but never be changed or removed. Choose another name."
        )
    return key


def desired_properties(properties: t.Mapping[t.Any, t.Any]) -> dict[str, str | None]:
    """The task's properties, checked, with values as Glance stores them."""
    wanted: dict[str, str | None] = {}
    for raw_key, value in properties.items():
        key = check_property_key(str(raw_key))
        if key in wanted:
            raise InvalidInput(f"properties: '{key}' is given twice.")
        wanted[key] = property_value(key, value)
    return wanted


def pointer(key: str) -> str:
    """RFC 6901: ``~`` is written ``~0`` and ``/`` is written ``~1``."""
    return "/" + key.replace("~", "~0").replace("/", "~1")


def build_patch(changes: t.Iterable[Change]) -> list[dict[str, t.Any]]:
    """The JSON patch that makes ``changes``, an operation a change.

    Base attributes are replaced: they always exist, and only for ``replace`` does Glance guard ``/owner`` (an ``add`` by a
    plain member answers 403 and changes the owner all the same). The owner goes last: what comes after it would be done to
    somebody else's image.
    """
    operations: list[dict[str, t.Any]] = []
    for change in sorted(changes, key=lambda change: change.attribute == "owner"):
        if not change.attribute.startswith(PROPERTY):
            operations.append({"op": "replace", "path": pointer(change.attribute), "value": change.after})
            continue
        path = pointer(change.attribute[len(PROPERTY) :])
        if change.after is None:
            operations.append({"op": "remove", "path": path})
        else:
            operations.append({"op": "add" if change.before is None else "replace", "path": path, "value": change.after})
    return operations
