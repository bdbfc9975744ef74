# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The images of all pages of a list, whatever the cloud makes of the links between the pages."""

from __future__ import annotations

import contextlib
import typing as t
import urllib.parse

from .._errors import ApiError, GlanceError
from .._glance.image import Image
from .._glance.responses import shortened, validate_image

# No list has more pages.
MAX_PAGES = 10_000
# Pages in a row without an image that was not on an earlier one.
MAX_BARREN_PAGES = 10
# These say that there is no image of a marker (Glance: 400), or that the query is wrong, which the first page tells already.
NO_SUCH_MARKER = frozenset({400, 404})

Page = t.Mapping[str, t.Any]


def images_of_pages(fetch: t.Callable[[str | None], Page], max_pages: int = MAX_PAGES) -> t.Iterator[Image]:
    """The images of all pages, each one once. No page is fetched before it is needed.

    Only the marker is taken from Glance's ``next``, in which Glance loses repeated parameters and which is without the
    prefix on some clouds. Where the image that a page ended with has been deleted since, Glance knows no page after it: that
    page is fetched again.

    :param fetch: fetches the page after the image that the marker names; null means the first page.
    """
    markers: list[str | None] = [None]
    refused: str | None = None
    seen: set[str] = set()
    barren = 0
    for _page in range(max_pages):
        marker = markers[-1]
        try:
            page = fetch(marker)
        except ApiError as error:
            if marker in (None, refused) or error.status not in NO_SUCH_MARKER:
                raise
            refused = markers.pop()
            continue
        barren += 1
        for answered in page["images"]:
            image = validate_image(answered, "GET /v2/images")
            if image.id not in seen:
                seen.add(image.id)
                barren = 0
                yield image
        marker = _marker_of(page.get("next"))
        if marker is None:
            return
        if marker in markers or barren > MAX_BARREN_PAGES:
            break
        markers.append(marker)
    raise GlanceError(
        f"GET /v2/images: the cloud's list of images never ends. The last page ends with the marker '{marker}', after"
        f" {len(seen)} images."
    )


def _marker_of(next_link: t.Any) -> str | None:
    """The marker in a list's link to its next page; null if there is no such link."""
    if next_link in (None, ""):
        return None
    values: list[str] = []
    with contextlib.suppress(ValueError):
        query = urllib.parse.urlsplit(next_link).query if isinstance(next_link, str) else ""
        values = urllib.parse.parse_qs(query).get("marker", [])
    if not values:
        raise GlanceError(f"GET /v2/images: '{shortened(str(next_link))}' leads to no next page: it has no marker.")
    return values[-1]
