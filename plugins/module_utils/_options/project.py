# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The project that a task names, as the owner or a member of an image. Pure."""

from __future__ import annotations

import dataclasses
import typing as t

from .._glance.input_checks import check_text


@dataclasses.dataclass(frozen=True)
class ProjectReference:
    """A project by its id or its name.

    :param domain: id or name of the domain in which the name is looked up; null for all.
    :param option: the option that names it, for errors.
    """

    project: str
    domain: str | None = None
    option: str = "owner"

    @classmethod
    def from_params(cls, params: t.Mapping[str, t.Any], option: str = "owner") -> ProjectReference | None:
        """What an option and the one for its domain name; null where the task names no such project."""
        if params[option] is None:
            return None
        return cls(check_text(params[option], option), params[f"{option}_domain"], option)
