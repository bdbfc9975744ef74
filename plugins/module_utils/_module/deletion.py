# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""Deleting one image, and seeing that it is gone."""

from __future__ import annotations

from .._client.image_api import GlanceApi
from .._errors import ApiError, GlanceError, not_none
from .._glance.image import Image
from .._glance.json_patch import Change
from .._glance.operations import UPDATE, Operation
from .._plan.execution_record import ExecutionRecord
from .._plan.plan import Plan
from .._transfer.polling import Deadline, poll
from .apply import ConcurrentChange, perform_operations
from .recovery import protect_again

# With these Glance refuses a call about an image that is deleted, or whose deletion goes on.
REFUSED_FOR_DELETED = frozenset({400, 404, 409, 410, 500})


class DeletionUnconfirmed(GlanceError):
    """The cloud accepted a deletion, and it was not seen that the image is gone."""


def delete(api: GlanceApi, plan: Plan, record: ExecutionRecord, wait: float | None) -> None:
    """Carry out a deletion. If it fails, the image is protected again as it was before.

    If another run has deleted the image meanwhile, there is nothing more to do.

    :param wait: how long the cloud may take until the image is gone (s); null to not look.
    """
    image_id = str(plan.image_id)
    was_protected = plan.operations[0].call is UPDATE

    def perform(operation: Operation) -> None:
        try:
            api.perform(operation)
        except ApiError as error:
            if not is_gone(api, image_id, error):
                raise
            record.add_deletion_by_others(image_id)
        else:
            record.add(operation)

    try:
        perform_operations(api, plan, record, perform)
        if wait is not None and not record.is_deleted_by_others(image_id):
            wait_until_deleted(api, image_id, Deadline(wait))
    except BaseException as error:
        failed_at_once = isinstance(error, ConcurrentChange) or (isinstance(error, ApiError) and error.method == "PATCH")
        if was_protected and not failed_at_once:
            protect_again(api, image_id, error)
        raise
    if record.is_deleted_by_others(image_id):
        record.complete_with(plan, [Change("protected", True, False)] if record.changed else [])
    else:
        record.complete(plan)


def is_gone(api: GlanceApi, image_id: str, error: ApiError) -> bool:
    """Whether a call failed because another run has deleted the image.

    Glance answers 404 mostly, or 400 or 409 while the other deletion goes on; some releases answer 404 also if the image is
    there and belongs to another project.
    """
    if error.status not in REFUSED_FOR_DELETED:
        return False
    try:
        return api.find_image(image_id) is None
    except GlanceError:
        return False


def wait_until_deleted(api: GlanceApi, image_id: str, deadline: Deadline) -> None:
    """See that an image does not exist any more, or is only a deleted record; otherwise raise DeletionUnconfirmed."""

    def still_there(image: Image | None) -> DeletionUnconfirmed:
        return DeletionUnconfirmed(
            f"The cloud took the deletion of image {image_id}, and still has it after {deadline.seconds:g} s, with the"
            f" status '{not_none(image).status}'. Run the task again later."
        )

    poll(lambda: _find(api, image_id), lambda image: image is None, deadline, still_there)


def _find(api: GlanceApi, image_id: str) -> Image | None:
    try:
        return api.find_image(image_id)
    except GlanceError as error:
        raise DeletionUnconfirmed(
            f"The cloud took the deletion of image {image_id}; whether it is gone could not be seen: {error}"
        ) from error
