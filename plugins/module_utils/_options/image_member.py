# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The options of the module image_member. Pure."""

from __future__ import annotations

import dataclasses
import typing as t

from .._errors import InvalidInput
from .._glance.input_checks import check_id, check_text
from .project import ProjectReference

# The states that the project sets which the image is shared with; the owner of the image sets the others.
ANSWERS = ("accepted", "rejected", "pending")


@dataclasses.dataclass(frozen=True)
class ImageMemberOptions:
    """One image and one of its members.

    :param image_id: null if the task names the image by its name.
    :param owner: the project that the image belongs to; null if the task does not say.
    :param member: the project that the image is shared with; null for the login's own.
    :param state: accepted, rejected, pending, present or absent.
    """

    image_id: str | None
    name: str | None
    owner: ProjectReference | None
    member: ProjectReference | None
    state: str

    @classmethod
    def from_params(cls, params: t.Mapping[str, t.Any]) -> ImageMemberOptions:
        """Check a task's options."""
        image_id, name = params["id"], params["name"]
        if image_id is None and name is None:
            raise InvalidInput("id, name: both are null; give one of them.")
        member = ProjectReference.from_params(params, "member")
        if member is None and params["state"] not in ANSWERS:
            raise InvalidInput(
                f"member: name the project that the image is shared with; 'state: {params['state']}' needs it."
            )
        return cls(
            None if image_id is None else check_id(image_id),
            None if name is None else check_text(name, "name"),
            ProjectReference.from_params(params),
            member,
            params["state"],
        )

    @property
    def is_answer(self) -> bool:
        """Whether the project that the image is shared with does something, and not the owner."""
        return self.state in ANSWERS
