# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The result of a module that changes images, made from its plans. Pure."""

from __future__ import annotations

import typing as t

from ._operations import NEW_IMAGE_ID, Operation
from ._patch import Change
from ._plan import OF_OLD, Plan


def result_of(plans: t.Sequence[Plan], new_id: str | None = None) -> dict[str, t.Any]:
    """What the plans changed, or in check mode would change; the module adds the images themselves.

    :param new_id: the id of the image that was made, where one was.
    """
    changing = [plan for plan in plans if plan.changed]
    diffs: list[dict[str, t.Any]] = [
        {"before": dict(plan.before), "after": {key: _known(key, value, new_id) for key, value in plan.after.items()}}
        for plan in changing
    ]
    if len(diffs) > 1:
        for diff, plan in zip(diffs, changing, strict=True):
            diff["before_header"] = diff["after_header"] = f"image {plan.image_id}"
    return {
        "changed": bool(changing),
        "changes": [_row(plan, change, new_id) for plan in changing for change in plan.changes],
        "operations": [_shown(operation, plan.image_id or new_id) for plan in changing for operation in plan.operations],
        "diff": diffs if len(diffs) > 1 else (diffs or [{"before": {}, "after": {}}])[0],
    }


def _row(plan: Plan, change: Change, new_id: str | None) -> dict[str, t.Any]:
    of_old = plan.replaced is not None and change.attribute.startswith(OF_OLD)
    return {
        "id": plan.replaced["id"] if plan.replaced and of_old else plan.image_id or new_id,
        "attribute": change.attribute,
        "before": change.before,
        "after": _known(change.attribute, change.after, new_id),
    }


def _known(attribute: str, value: t.Any, new_id: str | None) -> t.Any:
    return new_id if attribute == "id" and value == NEW_IMAGE_ID and new_id else value


def _shown(operation: Operation, new_id: str | None) -> dict[str, t.Any]:
    # The call that makes an image has no id in its path, whatever comes after it has.
    return (operation.of(new_id) if new_id else operation).shown()
