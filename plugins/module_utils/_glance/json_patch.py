# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The changes of an image, and the JSON patch that makes them. Pure.

Glance takes ``application/openstack-images-v2.1-json-patch``: the operations add, replace and remove of RFC 6902, with
paths that are RFC 6901 pointers of one level.
"""

from __future__ import annotations

import dataclasses
import enum
import typing as t

PATCH_CONTENT_TYPE = "application/openstack-images-v2.1-json-patch"


class Subject(enum.Enum):
    """The image that a change is about. The value comes before the attribute in results."""

    IMAGE = ""
    REPLACED = "replaced."
    # The hidden new image of an interrupted replacement.
    UNFINISHED = "unfinished."
    # A project that the image is shared with; the key is its id, and the value its status.
    MEMBER = "members."


@dataclasses.dataclass(frozen=True)
class Change:
    """The value of one attribute or custom property before and after a task.

    :param key: the attribute or property by Glance's name; ``state`` for whether the image exists.
    :param image_id: the image, where it is another one than that of the plan.
    """

    key: str
    before: t.Any
    after: t.Any
    is_property: bool = False
    subject: Subject = Subject.IMAGE
    image_id: str | None = None

    @property
    def attribute(self) -> str:
        """The name in results, for example ``min_ram``, ``properties.os_distro`` or ``replaced.name``."""
        return f"{self.subject.value}{'properties.' if self.is_property else ''}{self.key}"


def property_change(key: str, before: str | None, after: str | None) -> Change:
    """The change of a custom property; null stands for a property that the image does not have."""
    return Change(key, before, after, is_property=True)


def pointer(key: str) -> str:
    """RFC 6901: ``~`` is written ``~0`` and ``/`` is written ``~1``."""
    return "/" + key.replace("~", "~0").replace("/", "~1")


def build_patch(changes: t.Iterable[Change]) -> list[dict[str, t.Any]]:
    """The JSON patch that makes ``changes``, one operation for each.

    The owner goes last: Glance applies what comes after it to an image of another project.
    """
    return [_patch_operation(change) for change in sorted(changes, key=lambda change: change.key == "owner")]


def _patch_operation(change: Change) -> dict[str, t.Any]:
    path = pointer(change.key)
    if not change.is_property:
        # Base attributes always exist, and only for ``replace`` does Glance guard ``/owner``: an ``add`` by a plain member
        # is answered 403 and changes the owner all the same.
        return {"op": "replace", "path": path, "value": change.after}
    if change.after is None:
        return {"op": "remove", "path": path}
    return {"op": "add" if change.before is None else "replace", "path": path, "value": change.after}
