# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The calls about the projects that an image is shared with, also if another run makes the same at the same time."""

from __future__ import annotations

import typing as t

from .._client.image_api import GlanceApi
from .._errors import ApiError, GlanceError
from .._glance.operations import ADD_MEMBER, REMOVE_MEMBER, Operation
from .._plan.execution_record import ExecutionRecord
from .._plan.members import Members, member_changes, member_operations

# Why members may have to be changed once more after the plan's calls: Glance hides the members of an image that is not
# shared, and shows them again once it is. And if runs add a project at the same moment, Glance keeps it several times, and
# each removal removes it once.
MAX_REPEATS = 5


def members_of(api: GlanceApi, image_id: str) -> dict[str, str]:
    """The projects that an image is shared with, and their status."""
    return {str(member["member_id"]): str(member["status"]) for member in api.list_members(image_id)}


def change_member(api: GlanceApi, operation: Operation, record: ExecutionRecord) -> None:
    """Make one call about a member, and record it; or record that another run has made it."""
    try:
        api.perform(operation)
    except ApiError as error:
        if not _is_done_by_another_run(operation, error):
            raise
        record.add_member_by_others(operation.member or operation.body["member"])
    else:
        record.add(operation)


def ensure_members(api: GlanceApi, image_id: str, wanted: t.Callable[[Members], Members], record: ExecutionRecord) -> None:
    """Read the members back, and change those that are not as the task wants them.

    :param wanted: the members as the task wants them, from those that the image has.
    """
    for repeat in range(MAX_REPEATS + 1):
        found = members_of(api, image_id)
        after = wanted(found)
        operations = member_operations(image_id, found, after)
        if not operations:
            record.members = found
            return
        if repeat == MAX_REPEATS:
            raise GlanceError(
                f"Image {image_id} should be shared with {_project_names(after)}, but is shared with"
                f" {_project_names(found)}. Another process may change its members; run the task again."
            )
        for operation in operations:
            change_member(api, operation, record)
        record.add_found_changes(member_changes(found, after))


def _project_names(members: Members) -> str:
    return ", ".join(members) or "no project"


def _is_done_by_another_run(operation: Operation, error: ApiError) -> bool:
    return (operation.call is ADD_MEMBER and error.status == 409) or (
        operation.call is REMOVE_MEMBER and error.status == 404
    )
