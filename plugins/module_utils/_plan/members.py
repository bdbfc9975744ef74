# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The projects that an image is shared with: sharing it, ending that, and a project's answer. Pure.

Glance keeps members of shared images only, and sets the status of a new member to pending (Image API v2, "Sharing").
"""

from __future__ import annotations

from .._errors import InvalidInput
from .._glance.image import Image, to_result
from .._glance.json_patch import Change, Subject
from .._glance.operations import ADD_MEMBER, REMOVE_MEMBER, SET_MEMBER_STATUS, Operation
from .diff import diff_of
from .plan import Plan

PENDING = "pending"


def plan_member(image: Image, project: str, before: str | None, after: str | None) -> Plan:
    """A plan for one project that an image is shared with; the image itself stays as it is.

    :param before: the project's status; null if the image is not shared with it.
    :param after: the status that the task wants; of a new member it is pending. Null to end sharing.
    """
    shown = to_result(image)
    if before == after:
        return Plan(shown, image.id)
    if before is None:
        operation = Operation(ADD_MEMBER, image.id, {"member": project})
    elif after is None:
        operation = Operation(REMOVE_MEMBER, image.id, member=project)
    else:
        operation = Operation(SET_MEMBER_STATUS, image.id, {"status": after}, project)
    change = Change(project, before, after, subject=Subject.MEMBER)
    return Plan(shown, image.id, (change,), (operation,), *diff_of([change]))


def check_can_have_members(image: Image) -> None:
    """Refuse to share an image whose visibility is not shared."""
    if image.visibility != "shared":
        raise InvalidInput(
            f"state: {image} is {image.visibility}, and only a shared image has members. Nothing was changed. Set"
            " 'visibility: shared' with the module image first."
        )
