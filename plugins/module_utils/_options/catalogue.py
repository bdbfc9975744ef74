# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The options of a catalogue and of pruning. Pure."""

from __future__ import annotations

import dataclasses
import re
import typing as t

from .._errors import InvalidInput

# Databases compare without regard to case, and a filter may have operators: so no more than this.
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,254}")


def check_catalogue_name(name: str) -> str:
    """Refuse a name that cannot be looked for exactly."""
    if not NAME.fullmatch(name):
        raise InvalidInput(
            f"catalogue: '{name}' was given; a name has 1 to 255 letters, digits, dots, underscores and hyphens, and begins"
            " with a letter or a digit."
        )
    return name


@dataclasses.dataclass(frozen=True)
class PruneOptions:
    """What to do with images of a catalogue that are no longer listed.

    :param action: hide, deactivate or delete.
    :param most: how many images may be changed.
    :param force: whether protected images may be changed.
    """

    catalogue: str
    action: str
    most: int
    force: bool

    @classmethod
    def from_params(cls, params: t.Mapping[str, t.Any]) -> PruneOptions | None:
        """Check a task's options about pruning; null where it prunes nothing."""
        if params["prune"] == "keep":
            return None
        if params["catalogue"] is None:
            raise InvalidInput("prune: it needs 'catalogue', the name by which the images of this list are recognised.")
        if params["prune_max"] < 0:
            raise InvalidInput(f"prune_max: {params['prune_max']} was given; it is the number of images that may be pruned.")
        if not params["images"]:
            raise InvalidInput(
                "images: the list is empty, so that 'prune' would mean all images of the catalogue. To remove a whole"
                " catalogue, list its images with 'state: absent'."
            )
        return cls(params["catalogue"], params["prune"], params["prune_max"], params["force"])
