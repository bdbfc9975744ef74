# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""On which images the marks of catalogues and of builds count. Pure.

Nova copies the properties of a server's image to each snapshot of the server, and Cinder those of a volume's image to each
image of the volume, the marks among them. Glance chooses the ids of such images. So a mark counts if this collection chose
the id of the image, or recorded the id beside the mark.
"""

from __future__ import annotations

import typing as t

from .._glance.image import Image
from .._glance.image_ids import is_own_id
from .._glance.properties import CATALOGUE, MARKED_ID, PUBLISHED_AS, ROLLED_BACK

MARKS = (CATALOGUE, PUBLISHED_AS, ROLLED_BACK)
Properties = t.Mapping[str, "str | None"]


def with_record(image_id: str | None, properties: Properties, current: Properties) -> dict[str, str | None]:
    """Properties that an image is to get, with what belongs beside a mark among them.

    That is the record of its id, and the end of the marks that were copied to it, because the record would make them count.

    :param image_id: null for an image whose id this collection is to choose.
    :param properties: null removes one.
    :param current: the properties that the image has.
    """
    is_marked = any(properties.get(mark) is not None for mark in (CATALOGUE, PUBLISHED_AS))
    if not image_id or not is_marked or is_own_id(image_id):
        return dict(properties)
    copied = () if current.get(MARKED_ID) == image_id else [mark for mark in MARKS if mark in current]
    return {**dict.fromkeys(copied), **properties, MARKED_ID: image_id}


def without_marks(properties: t.Iterable[str]) -> dict[str, None]:
    """The removal of the marks among the properties of an image, and of the record of its id."""
    return dict.fromkeys(key for key in (*MARKS, MARKED_ID) if key in properties)


def has_own_marks(image: Image) -> bool:
    """Whether the marks of an image are its own, and not copied from another image."""
    return is_own_id(image.id) or image.get(MARKED_ID) == image.id
