# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""Making the data of an image usable or not, and seeing that it worked."""

from __future__ import annotations

from .._client.image_api import GlanceApi
from .._errors import ApiError, GlanceError
from .._glance.image import Image
from .._glance.operations import Operation
from .._plan.execution_record import ExecutionRecord
from .._plan.plan import STATE_ACTIONS, Plan
from .apply import perform_operations


def change_state(api: GlanceApi, plan: Plan, record: ExecutionRecord, state: str) -> None:
    """Carry out the plan of one image, and see that it worked."""

    def perform(operation: Operation) -> None:
        perform_status_call(api, operation, record)

    perform_operations(api, plan, perform)
    # The answer to the action holds nothing: whether it worked is only seen by reading the image.
    image = api.find_image(str(plan.image_id))
    check_status(str(plan.image_id), image, state)
    record.complete(plan)
    record.image = image


def perform_status_call(api: GlanceApi, operation: Operation, record: ExecutionRecord) -> Image | None:
    """Deactivate or reactivate an image, and record it; returns the image if another run has just done the same."""
    image = set_status(api, operation)
    if image:
        record.add_status_by_others(image.id)
    else:
        record.add(operation)
    return image


def set_status(api: GlanceApi, operation: Operation) -> Image | None:
    """Deactivate or reactivate an image; returns the image if another run has just done the same.

    Of two such calls at the same moment, Glance carries out one and answers 500 to the other: it stores the new status only
    if the image still has the status that the call began with (seen with Glance 33).
    """
    try:
        api.perform(operation)
    except ApiError as error:
        image = api.find_image(str(operation.image_id)) if error.status == 500 else None
        if image and STATE_ACTIONS.get(image.status) == operation.call:
            return image
        raise
    return None


def check_status(image_id: str, image: Image | None, state: str) -> None:
    """Raise an error unless the image has the status that a call was to give it."""
    if image is None or image.status != state:
        is_now = f"its status is '{image.status}'" if image else "it is not there any more"
        raise GlanceError(f"Image {image_id} should be {state} now, but {is_now}.")
