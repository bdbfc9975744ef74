# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""Whether an image has its data, and whether another run is still sending them. Pure."""

from __future__ import annotations

import enum
import typing as t

from .._errors import InvalidInput
from .._glance.image import Image
from .desired_image import DataSpec

# In these, data are being sent or imported, or the run that did so was interrupted.
DATA_IN_TRANSIT = frozenset({"saving", "uploading", "importing"})
HAS_DATA = frozenset({"active", "deactivated"})


class DataState(enum.Enum):
    """How an image's data compare with those that the task wants."""

    NOT_ASKED = "the task names no data"
    SAME = "the image has these data"
    OTHER = "the image has other data"
    NONE = "the image has no data yet"
    COMING = "data are in transit, and the task does not wait for them"


def in_transit(image: Image) -> bool:
    """Whether data are being sent or imported: during an import Glance keeps the import's task at the image."""
    return image.status in DATA_IN_TRANSIT or (image.status == "queued" and bool(image.import_task))


def is_staged(image: Image) -> bool:
    """Whether all data are in the staging area: from then on Glance shows their size."""
    return image.status == "uploading" and image.size is not None


def is_abandoned(image: Image, age: float, staged_limit: float, upload_limit: float) -> bool:
    """Whether no run will send or import the rest of an image's data.

    Glance does not show whether an upload is still running, so its age decides. An import is the cloud's own work and is
    never abandoned.

    :param age: seconds since the image last changed.
    :param staged_limit: after this many seconds no run imports data that it has staged.
    :param upload_limit: after this many seconds no upload is still running.
    """
    if image.import_task or image.status == "importing":
        return False
    return age >= (staged_limit if is_staged(image) else upload_limit)


def max_wait(image: Image, age: float, wait: float, staged_limit: float) -> float:
    """How many seconds to wait for data in transit. Once they are staged, their import begins at once or never.

    :param age: seconds since the image last changed.
    :param wait: seconds that the task may wait.
    :param staged_limit: after this many seconds no run imports data that it has staged.
    """
    # A busy cloud is slow to begin an import that it has accepted.
    waits_for_import = is_staged(image) and not image.import_task
    return max(0.0, min(wait, staged_limit - age)) if waits_for_import else wait


def data_state(image: Image, data: DataSpec, compare: t.Callable[[Image], bool]) -> DataState:
    """How the image's data compare with those that the task wants.

    :param compare: whether the image has these data; called only for an image with data.
    """
    if in_transit(image):
        if not data.awaited:
            return DataState.COMING
        raise InvalidInput(
            f"{image} has the status '{image.status}': its data are being sent, or were when another run was interrupted."
            " Wait until it is active and run the task again; if no run is sending them, delete the image first."
        )
    if image.status == "queued":
        return DataState.NONE
    if image.status not in HAS_DATA:
        raise InvalidInput(f"{image} has the status '{image.status}' and can take no data. Delete it first.")
    return DataState.SAME if compare(image) else DataState.OTHER
