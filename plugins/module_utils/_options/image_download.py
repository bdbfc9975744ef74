# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The options of the module image_download. Pure."""

from __future__ import annotations

import dataclasses
import typing as t

from .._errors import InvalidInput
from .._glance.input_checks import check_id, check_text, check_timeout


@dataclasses.dataclass(frozen=True)
class ImageDownloadOptions:
    """Which image's data to store, and where.

    :param id: null where the image is given by its name.
    :param name: null where the image is given by its id.
    :param dest: the file, or the folder of the file.
    :param wait: how long the download may take (s).
    """

    id: str | None
    name: str | None
    dest: str
    wait: float

    @classmethod
    def from_params(cls, params: t.Mapping[str, t.Any]) -> ImageDownloadOptions:
        """Check a task's options."""
        wait = check_timeout(params["wait_timeout"], "wait_timeout")
        image_id, name, dest = params["id"], params["name"], params["dest"]
        if image_id is None and name is None:
            raise InvalidInput("id, name: both are null; give one of them.")
        if image_id is not None:
            check_id(image_id)
        if name is not None:
            check_text(name, "name")
        if not dest or "\0" in dest:
            raise InvalidInput(f"dest: {dest!r} is no path; give that of a file or of a folder.")
        return cls(image_id, name, dest, wait)
