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
