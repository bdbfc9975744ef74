# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""Making the data of an image usable or not, and seeing that it worked."""

from __future__ import annotations

from .._client.image_api import GlanceApi
from .._errors import GlanceError
from .._glance.image import Image
from .._plan.execution_record import ExecutionRecord
from .._plan.plan import Plan
from .apply import perform_plan


def change_state(api: GlanceApi, plan: Plan, record: ExecutionRecord, state: str) -> None:
    """Carry out the plan of one image, and see that it worked."""
    perform_plan(api, plan, record)
    # The answer to the action holds nothing: whether it worked is only seen by reading the image.
    image = api.find_image(str(plan.image_id))
    check_status(str(plan.image_id), image, state)
    record.complete(plan)
    record.image = image


def check_status(image_id: str, image: Image | None, state: str) -> None:
    """Raise an error unless the image has the status that a call was to give it."""
    if image is None or image.status != state:
        is_now = f"its status is '{image.status}'" if image else "it is not there any more"
        raise GlanceError(f"Image {image_id} should be {state} now, but {is_now}.")
