# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""Deleting one image, and seeing that it is gone."""

from __future__ import annotations

from .._client.http_client import NoAnswer
from .._client.image_api import GlanceApi
from .._errors import ApiError, GlanceError, not_none
from .._glance.error_hints import hint
from .._glance.image import Image
from .._glance.json_patch import Change
from .._glance.operations import DELETE, UPDATE, Operation
from .._plan.execution_record import ExecutionRecord
from .._plan.plan import Plan
from .._timing import TIMING
from .._transfer.polling import Deadline, poll
from .apply import ConcurrentChange, perform_operations
from .recovery import protect_again

# With these Glance refuses a call about an image that is deleted, or whose deletion goes on.
REFUSED_FOR_DELETED = frozenset({400, 404, 409, 410, 500})


class DeletionUnconfirmed(GlanceError):
    """The cloud may be deleting an image, and it was not seen that the image is gone."""


def delete(api: GlanceApi, plan: Plan, record: ExecutionRecord, wait: float | None) -> None:
    """Carry out a deletion. If it fails, the image is protected again as it was before.

    If another run has deleted the image meanwhile, there is nothing more to do.

    :param wait: how long the cloud may take until the image is gone (s); null to not look.
    """
    image_id = str(plan.image_id)
    was_protected = plan.operations[0].call is UPDATE

    def perform(operation: Operation) -> None:
        if operation.call is DELETE:
            is_own = perform_deletion(api, operation, wait)
        else:
            is_own = _perform_before_deletion(api, operation)
        if is_own:
            record.add(operation)
        else:
            record.add_deletion_by_others(image_id)

    try:
        perform_operations(api, plan, perform)
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


def _perform_before_deletion(api: GlanceApi, operation: Operation) -> bool:
    """Make a call about an image that is to be deleted; returns whether it is still there."""
    try:
        api.perform(operation)
    except ApiError as error:
        if not is_gone(api, str(operation.image_id), error):
            raise
        return False
    return True


def perform_deletion(api: GlanceApi, operation: Operation, wait: float | None) -> bool:
    """Make the call that deletes an image; returns whether this run has deleted it, and not another one.

    Glance removes the data before the record. That can take longer than a client or a gateway waits for the answer, and
    while it goes on a store may refuse another deletion (HTTP 409 from Ceph). So an error that does not show whether the
    image is being deleted is DeletionUnconfirmed, unless the image is gone soon.

    :param wait: how long the task may wait (s); null to look once.
    """
    image_id = str(operation.image_id)
    try:
        api.perform(operation)
    except (ApiError, NoAnswer) as error:
        if isinstance(error, ApiError) and is_gone(api, image_id, error):
            return False
        if _is_refusal(error):
            raise
        if isinstance(error, ApiError):
            error.explained(hint(error, None, None))
        deadline = Deadline(min(wait or 0.0, TIMING.min_delete_timeout))
        unconfirmed = DeletionUnconfirmed(
            f"{error} It is not known whether the cloud is deleting image {image_id}. Run the task again later."
        )
        poll(lambda: _find(api, image_id), lambda image: image is None, deadline, lambda _image: unconfirmed)
    return True


def _is_refusal(error: ApiError | NoAnswer) -> bool:
    """Whether an error shows that no attempt of a deletion is going on."""
    if isinstance(error, NoAnswer):
        return error.is_final
    is_of_gateway = error.status in (502, 503, 504)
    may_be_of_earlier_attempt = error.response.attempt > 1 and error.status in (409, 500)
    return not is_of_gateway and not may_be_of_earlier_attempt


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
            f"The cloud accepted the deletion of image {image_id}, but still has it after {deadline.seconds:g} s, with the"
            f" status '{not_none(image).status}'. Run the task again later."
        )

    poll(lambda: _find(api, image_id), lambda image: image is None, deadline, still_there)


def _find(api: GlanceApi, image_id: str) -> Image | None:
    try:
        return api.find_image(image_id)
    except GlanceError as error:
        raise DeletionUnconfirmed(f"The deletion of image {image_id} could not be confirmed: {error}") from error
