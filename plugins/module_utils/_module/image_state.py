# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The run of the module image_state: the data of images usable, or not."""

from __future__ import annotations

import typing as t

from .._argspec import IMAGE_STATE
from .._client.image_api import GlanceApi
from .._options.image_state import ImageStateOptions
from .._plan.plan import Plan, plan_state
from .._plan.result import result_of
from .apply import apply_plans
from .lookup import find_existing
from .state_change import change_state
from .task import Task


def run(api: GlanceApi, options: ImageStateOptions, check_mode: bool) -> dict[str, t.Any]:
    """Activate or deactivate the images; all of them are read before the first is changed."""

    def make_plans() -> list[Plan]:
        return [plan_state(image, options.state) for image in find_existing(api, options.ids, options.names)]

    plans = make_plans()
    api.check_supported(operation for plan in plans for operation in plan.operations)
    if check_mode:
        return {**result_of(plans), "images": [plan.image for plan in plans]}
    records = apply_plans(plans, make_plans, lambda plan, record: change_state(api, plan, record, options.state))
    return {**result_of(records), "images": [record.shown_image for record in records]}


TASK = Task(run, IMAGE_STATE, ImageStateOptions.from_params, constraints={"required_one_of": [("name", "id")]})
