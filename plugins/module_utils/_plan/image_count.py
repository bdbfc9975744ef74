# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""Whether image_info has found as many images as the task wants. Pure."""

from __future__ import annotations

import typing as t

from .._errors import GlanceError
from .._glance.image import MAX_LISTED, Image, listing
from .._options.image_info import ImageFilters, ImageInfoOptions


def check_count(images: t.Sequence[Image], options: ImageInfoOptions, doubts: t.Sequence[str] = ()) -> None:
    """Raise an error that lists the images if their number is not the one that the task wants.

    :param doubts: why there may be more images than these. Then the wanted number is an error too.
    """
    wanted, found = options.exactly, len(images)
    if wanted is None or (found == wanted and not doubts):
        return
    # If too many were found, still more of them change nothing.
    doubts = doubts if found <= wanted else []
    parts = [
        _numbers(wanted, found, found == options.filters.limit),
        f"The filters are {options.conditions}." if options.conditions else "No filters were given.",
        f"Found: {listing(images)}." if images else "",
        _missing(images, options.filters),
        _remedy(wanted, found, options),
        *doubts,
    ]
    incomplete = {"incomplete": True} if doubts else {}
    raise GlanceError(" ".join(filter(None, parts)), count=found, candidates=[image.id for image in images], **incomplete)


def _numbers(wanted: int, found: int, is_limited: bool) -> str:
    if found == wanted:
        return f"exactly: {wanted} was given and {found} found, but there may be more."
    at_least = "at least " if is_limited else ""
    return f"exactly: {wanted} was given, but {at_least}{found} {'image was' if found == 1 else 'images were'} found."


def _missing(images: t.Sequence[Image], filters: ImageFilters) -> str:
    """The names and ids that the task gives and no image has, unless the limit may have left them out."""
    if len(images) == filters.limit:
        return ""
    names = {image.name for image in images}
    ids = {image.id.lower() for image in images}
    # An id may stand there in two spellings.
    given_ids = dict.fromkeys(image_id.lower() for image_id in filters.ids or ())
    missing = [f"name '{name}'" for name in filters.names or () if name not in names]
    missing += [f"id '{image_id}'" for image_id in given_ids if image_id not in ids]
    more = f" and {len(missing) - MAX_LISTED} more" if len(missing) > MAX_LISTED else ""
    return f"Not found: {', '.join(missing[:MAX_LISTED])}{more}." if missing else ""


def _remedy(wanted: int, found: int, options: ImageInfoOptions) -> str:
    if found == wanted:
        return ""
    if found > wanted:
        narrower = "Make the filters narrower"
        if wanted == 0:
            return f"{narrower} if these images are not meant."
        first = "'newest: true' for the newest" if wanted == 1 else f"'sort' and 'limit: {wanted}' for the first {wanted}"
        return f"{narrower}, give the 'id' of each image that is meant, or set {first}."
    filters = options.filters
    hidden = ["Hidden images are found with 'hidden: any'."] if filters.hidden is False else []
    is_own_only = not filters.all_projects and options.owner is None and filters.ids is None
    others = ["Other projects' images are found with 'owner' or 'all_projects: true'."] if is_own_only else []
    return " ".join(["Correct the filters, or create the images first.", *hidden, *others])
