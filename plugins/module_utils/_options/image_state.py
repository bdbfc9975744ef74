# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The options of the module image_state. Pure."""

from __future__ import annotations

import dataclasses
import typing as t

from .._errors import InvalidInput
from .._glance.input_checks import check_id, check_text


@dataclasses.dataclass(frozen=True)
class ImageStateOptions:
    """Which images to activate or deactivate.

    :param state: the status that they are to have: active or deactivated.
    """

    ids: tuple[str, ...]
    names: tuple[str, ...]
    state: str

    @classmethod
    def from_params(cls, params: t.Mapping[str, t.Any]) -> ImageStateOptions:
        """Check a task's options."""
        ids = tuple(check_id(image_id) for image_id in params["id"] or ())
        names = tuple(check_text(name, "name") for name in params["name"] or ())
        if not ids and not names:
            raise InvalidInput("id, name: no image is named; give at least one.")
        return cls(ids, names, params["state"])
