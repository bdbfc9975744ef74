# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The projects that an image is shared with: what a task wants of them, and the calls that make it so. Pure.

Glance keeps members of shared images only, and sets the status of a new member to pending (Image API v2, "Sharing").
"""

from __future__ import annotations

import dataclasses
import typing as t

from .._errors import InvalidInput
from .._glance.json_patch import Change, Subject
from .._glance.operations import ADD_MEMBER, REMOVE_MEMBER, SET_MEMBER_STATUS, Operation

PENDING, ACCEPTED = "pending", "accepted"
# The status of each member, by the id of its project.
Members: t.TypeAlias = t.Mapping[str, str]


@dataclasses.dataclass(frozen=True)
class DesiredMembers:
    """The projects that a task wants an image to be shared with.

    :param projects: their ids.
    :param purge: whether the image is to be shared with no other project.
    """

    projects: tuple[str, ...]
    purge: bool = False

    def applied_to(self, current: Members) -> dict[str, str]:
        """The members as the task wants them: what a project has answered stays."""
        kept = {project: status for project, status in current.items() if not self.purge or project in self.projects}
        return {**dict.fromkeys(self.projects, PENDING), **kept}

    def check(self, image: object, visibility: str | None) -> None:
        """Refuse to share an image that the task does not leave shared.

        :param visibility: the visibility that the image has when the task ends.
        """
        if self.projects:
            check_can_have_members(image, visibility, "members")


def member_operations(image_id: str | None, before: Members, after: Members) -> list[Operation]:
    """The calls that make the members of an image these.

    :param image_id: null for the image that an earlier operation of the same plan makes.
    """
    operations = []
    for project, status in after.items():
        if project not in before:
            operations.append(Operation(ADD_MEMBER, image_id, {"member": project}))
        if status != before.get(project, PENDING):
            operations.append(Operation(SET_MEMBER_STATUS, image_id, {"status": status}, project))
    removed = [project for project in before if project not in after]
    return operations + [Operation(REMOVE_MEMBER, image_id, member=project) for project in removed]


def member_changes(before: Members, after: Members) -> list[Change]:
    """How the members differ; null stands for a project that the image is not shared with."""
    return [
        Change(project, before.get(project), after.get(project), subject=Subject.MEMBER)
        for project in {**after, **before}
        if before.get(project) != after.get(project)
    ]


def copied_members(members: Members, may_accept: bool) -> dict[str, str]:
    """The members that an image gets from the one that it replaces.

    :param may_accept: whether the login may accept a share for another project, as an administrator may.
    """
    return dict(members) if may_accept else dict.fromkeys(members, PENDING)


def warnings_of_hidden_members(image: object, visibility: str | None) -> t.Iterator[str]:
    """Say that the members of an image cannot be removed, as it is not shared.

    Glance answers 404 if they are listed, and 403 if one is removed, and shows them again once the image is shared.

    :param visibility: the visibility that the image has when the task ends; null where the cloud shows none.
    """
    if visibility not in (None, "shared"):
        yield (
            f"{image} is {visibility}, and of such an image Glance neither shows nor removes members. A project that it was"
            " shared with has it again as soon as the image is shared. To end that, remove the project while the image has"
            " 'visibility: shared'."
        )


def check_can_have_members(image: object, visibility: str | None, option: str) -> None:
    """Refuse to share an image whose visibility is not shared.

    :param option: the option that says to share it.
    """
    if visibility != "shared":
        raise InvalidInput(
            f"{option}: {image} is {visibility}, and only a shared image has members. Nothing was changed. Set"
            " 'visibility: shared' with the module image."
        )
