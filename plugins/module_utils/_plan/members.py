# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The projects that an image is shared with: what to add, to remove and to answer. Pure.

Glance keeps members of shared images only, and sets the status of a new member to pending (Image API v2, "Sharing").
"""

from __future__ import annotations

import dataclasses
import typing as t

from .._errors import InvalidInput
from .._glance.image import Image
from .._glance.json_patch import Change, Subject
from .._glance.operations import ADD_MEMBER, REMOVE_MEMBER, SET_MEMBER_STATUS, Operation

NEW = "pending"
# The status of each member, by the id of the project.
Members = t.Mapping[str, str]


@dataclasses.dataclass(frozen=True)
class DesiredMembers:
    """The projects that a task wants an image to be shared with.

    :param projects: ids of the projects.
    :param purge: whether to remove all others.
    """

    projects: tuple[str, ...]
    purge: bool = False

    def removed_from(self, current: Members) -> list[str]:
        return [project for project in current if project not in self.projects] if self.purge else []

    def missing_in(self, current: Members) -> list[str]:
        return [project for project in self.projects if project not in current]


def member_operations(image_id: str | None, current: Members, desired: DesiredMembers) -> list[Operation]:
    """The calls that share an image with the missing projects, and no longer with those to remove."""
    return [
        *(Operation(ADD_MEMBER, image_id, {"member": project}) for project in desired.missing_in(current)),
        *(Operation(REMOVE_MEMBER, image_id, member=project) for project in desired.removed_from(current)),
    ]


def member_changes(current: Members, desired: DesiredMembers) -> list[Change]:
    return [
        *(member_change(project, None, NEW) for project in desired.missing_in(current)),
        *(member_change(project, current[project], None) for project in desired.removed_from(current)),
    ]


def member_change(project: str, before: str | None, after: str | None) -> Change:
    """The change of one member; null stands for a project that the image is not shared with."""
    return Change(project, before, after, subject=Subject.MEMBER)


def answer_operation(image_id: str, project: str, status: str) -> Operation:
    """The call with which a project accepts or rejects an image that is shared with it, or takes its answer back."""
    return Operation(SET_MEMBER_STATUS, image_id, {"status": status}, project)


def check_can_have_members(image: Image, visibility: str | None = None) -> None:
    """Refuse members of an image that is not shared.

    :param visibility: the visibility that the task gives the image; null if it leaves it as it is.
    """
    found = visibility or image.visibility
    if found != "shared":
        raise InvalidInput(
            f"members: {image} is {found}, and only a shared image has members. Set 'visibility: shared' in the same task of"
            " the module image, or leave the members out."
        )
