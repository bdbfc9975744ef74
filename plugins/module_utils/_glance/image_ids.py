# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The ids of new images, by which two runs that create the same image at the same time create one. Pure.

Glance gives an id only once. So an id is derived from the project, the name and the time: the run that comes second is
refused (409) and finds the image of the first. Glance never gives the id of a deleted image again, so time is cut into
slots. The first id is that of a long slot: two runs at the same time are rarely on either side of its end. If it is used up,
because an image of this name was created and deleted in the same slot, the second id is that of a short slot. If that is
used up too, because several runs had to delete what they made, all of them wait for the next short slot.
"""

from __future__ import annotations

import datetime
import uuid

from .image import Image
from .times import parse_time

_NAMESPACE = uuid.UUID("2f6c1a52-6c2e-4a57-9c4d-3b7c8f0a9e11")
LONG_SLOT = 600  # seconds
SHORT_SLOT = 1  # seconds
# How much the clocks of the cloud and of the hosts that run tasks may differ (s), so that ids can be recognised.
CLOCK_DIFFERENCE = 120


def derived_ids(project: str | None, name: str, now: datetime.datetime) -> tuple[str, str]:
    """The ids to try for a new image, in order.

    :param now: a moment with a time zone.
    """
    moment = int(now.timestamp())
    return _derived_id(project, name, LONG_SLOT, moment), _derived_id(project, name, SHORT_SLOT, moment)


def is_own_id(image_id: str) -> bool:
    """Whether this collection chose the id: its UUIDs have the version 5 (RFC 9562, 4.2), Glance's and Nova's have 4."""
    return image_id[14:15] == "5"


def has_derived_id(image: Image, name: str, project: str | None = None) -> bool:
    """Whether this collection created the image under this name, about at the time at which the cloud created it.

    :param name: what the id was derived from.
    :param project: the owner of an image whose owner the cloud does not show.
    """
    image_id, project = str(image.id), image.get("owner", project)
    if not is_own_id(image_id):
        return False
    created = parse_time(str(image.created_at))
    if created is None:
        return False
    moment = int(created.timestamp())
    near = range(moment - CLOCK_DIFFERENCE, moment + CLOCK_DIFFERENCE + 1)
    return image_id in {
        *(_derived_id(project, name, LONG_SLOT, each) for each in (near[0], moment, near[-1])),
        *(_derived_id(project, name, SHORT_SLOT, each) for each in near),
    }


def _derived_id(project: str | None, name: str, slot: int, moment: int) -> str:
    return str(uuid.uuid5(_NAMESPACE, f"{project}/{slot}/{moment // slot}/{name}"))
