# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The result of a module that changes images, made from its plans. Pure."""

from __future__ import annotations

import typing as t

from ._plan import Plan


def result_of(plans: t.Sequence[Plan]) -> dict[str, t.Any]:
    """What the plans changed, or in check mode would change; the module adds the images themselves."""
    changing = [plan for plan in plans if plan.changed]
    diffs: list[dict[str, t.Any]] = [{"before": dict(plan.before), "after": dict(plan.after)} for plan in changing]
    if len(diffs) > 1:
        for diff, plan in zip(diffs, changing, strict=True):
            diff["before_header"] = diff["after_header"] = f"image {plan.image_id}"
    return {
        "changed": bool(changing),
        "changes": [
            {"id": plan.image_id, "attribute": change.attribute, "before": change.before, "after": change.after}
            for plan in changing
            for change in plan.changes
        ],
        "operations": [operation.shown() for plan in changing for operation in plan.operations],
        "diff": diffs if len(diffs) > 1 else (diffs or [{"before": {}, "after": {}}])[0],
    }
