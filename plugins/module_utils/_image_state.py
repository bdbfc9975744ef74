# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The run of the module image_state: the data of images usable, or not."""

from __future__ import annotations

import typing as t

from ._api import GlanceApi
from ._attributes import Image, shown
from ._errors import ApiError, GlanceError, InvalidInput
from ._hints import hint
from ._plan import Plan, plan_state
from ._result import result_of
from ._select import find_existing


def run(api: GlanceApi, params: t.Mapping[str, t.Any], check_mode: bool) -> dict[str, t.Any]:
    """Activate or deactivate the images; all of them are looked at before the first is changed."""
    images = find_existing(api, params["id"] or [], params["name"] or [])
    if not images:
        raise InvalidInput("id, name: no image is named; give at least one.")
    plans = [plan_state(image, params["state"]) for image in images]
    result = result_of(plans)
    if check_mode:
        return {**result, "images": [plan.image for plan in plans]}
    done: list[str] = []
    after: list[Image | None] = []
    for image, plan in zip(images, plans, strict=True):
        try:
            after.append(_apply(api, image["id"], plan, params["state"]) if plan.changed else plan.image)
        except GlanceError as error:
            if isinstance(error, ApiError):
                error.explained(hint(error, image.get("owner"), api.connection.project_id))
            if done:
                error.message = f"{error.message} Before it, these were changed: {', '.join(done)}."
            raise
        if plan.changed:
            done.append(image["id"])
    return {**result, "images": after}


def _apply(api: GlanceApi, image_id: str, plan: Plan, state: str) -> Image:
    for operation in plan.operations:
        api.perform(operation)
    # The answer to the action holds nothing: whether it worked is only seen by reading the image.
    image = api.find_image(image_id)
    if image is None or image.get("status") != state:
        is_now = f"its status is '{image.get('status')}'" if image else "it is not there any more"
        raise GlanceError(f"Image {image_id} should be {state} now, but {is_now}.")
    return shown(image)
