# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The project that a task names, as the owner or a member of an image. Pure."""

from __future__ import annotations

import dataclasses
import typing as t

from .._errors import InvalidInput
from .._glance.input_checks import check_text


@dataclasses.dataclass(frozen=True)
class ProjectReference:
    """A project by its id or its name.

    :param domain: id or name of the domain in which the name is looked up; null for all.
    :param option: the option that names it, for errors.
    :param domain_option: the option that names the domain, for errors.
    """

    project: str
    domain: str | None = None
    option: str = "owner"
    domain_option: str = "owner_domain"

    @classmethod
    def from_params(cls, params: t.Mapping[str, t.Any], option: str = "owner") -> ProjectReference | None:
        """What an option and the one for its domain name; null where the task names no such project."""
        if params[option] is None:
            return None
        domain_option = f"{option}_domain"
        return cls(check_text(params[option], option), params[domain_option], option, domain_option)


@dataclasses.dataclass(frozen=True)
class MemberOptions:
    """The projects that an image is to be shared with.

    :param purge: whether it is to be shared with no other project.
    """

    projects: tuple[ProjectReference, ...]
    purge: bool

    @classmethod
    def from_params(cls, params: t.Mapping[str, t.Any]) -> MemberOptions | None:
        """The projects of the options ``members`` and ``member_domain``; null where the task names none."""
        members, purge, visibility = params["members"], params["purge_members"], params["visibility"]
        if members is None:
            if purge:
                raise InvalidInput(
                    "purge_members: give 'members' too; with 'members: []' the image is shared with no project."
                )
            return None
        if members and visibility not in (None, "shared"):
            raise InvalidInput(
                f"members: they need 'visibility: shared', and '{visibility}' was given: only a shared image has members."
            )
        domain = params["member_domain"]
        texts = dict.fromkeys(check_text(member, "members") for member in members)
        return cls(tuple(ProjectReference(text, domain, "members", "member_domain") for text in texts), purge)
