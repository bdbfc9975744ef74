# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The run of the module image_info: images that match."""

from __future__ import annotations

import typing as t

from . import _filters
from ._api import PAGE_SIZE, GlanceApi
from ._argspec import IMAGE_INFO
from ._attributes import Image, shown
from ._queries import sorted_images
from ._select import project_id
from ._task import Task
from ._timing import TIMING


def run(api: GlanceApi, params: t.Mapping[str, t.Any], check_mode: bool) -> dict[str, t.Any]:
    """List images; nothing is ever changed, so check mode makes no difference."""
    owner = None if params["owner"] is None else project_id(api, params["owner"], params["owner_domain"])
    filters = _filters.parse_filters(params, owner, TIMING.utc_now())
    return {"changed": False, "images": [shown(image) for image in _list(api, filters)]}


def _list(api: GlanceApi, filters: _filters.Filters) -> list[Image]:
    if filters.ids is not None:
        images = [image for image in _by_ids(api, filters.ids) if _filters.matches(image, filters)]
        return sorted_images(images, filters.sort)[: filters.limit]
    page_size = PAGE_SIZE
    if filters.limit is not None and not _filters.needs_check(filters):
        page_size = min(filters.limit, PAGE_SIZE)
    queries = _filters.queries(filters)
    found: dict[str, Image] = {}
    for query in queries:
        wanted = 0
        for image in api.list_images(query, page_size):
            if _filters.matches(image, filters):
                found[image["id"]] = image
                wanted += 1
                if wanted == filters.limit:
                    break
    images = list(found.values())
    if len(queries) > 1:
        images = sorted_images(images, filters.sort or _filters.NEWEST_FIRST)
    return images[: filters.limit]


def _by_ids(api: GlanceApi, ids: t.Sequence[str]) -> list[Image]:
    """The images of these ids, hidden or not, in the order given; ids that nobody has are left out."""
    if len(ids) == 1:
        image = api.find_image(ids[0])
        return [image] if image else []
    found: dict[str, Image] = {}
    for hidden in (False, True):
        for query in _filters.id_queries([image_id for image_id in ids if image_id not in found], hidden):
            found.update((image["id"], image) for image in api.list_images(query))
    return [found[image_id] for image_id in ids if image_id in found]


TASK = Task(
    run, IMAGE_INFO, constraints={"mutually_exclusive": [("newest", "sort"), ("newest", "limit"), ("id", "member_status")]}
)
