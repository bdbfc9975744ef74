# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The run of the module image_info: images that match."""

from __future__ import annotations

import dataclasses
import itertools
import re
import typing as t

from .._argspec import IMAGE_INFO
from .._client.connection import Connection
from .._client.image_api import PAGE_SIZE, GlanceApi
from .._glance.image import Image, to_result
from .._glance.input_checks import UUID
from .._glance.list_query import sorted_images
from .._options.image_info import ImageFilters, ImageInfoOptions
from .._plan.filter_queries import brings_others, id_queries, merge_order, queries, within_project
from .._plan.filters import matches
from .._plan.image_count import check_count
from .._timing import TIMING
from .lookup import find_by_id, find_by_name
from .member_lists import list_members_of
from .projects import Projects
from .scope import Access, access_to, is_shared_with
from .task import Task

# Where the task does not ask for shares, an administrator's login looks at no more than one page of other projects' shared
# images, and asks for the members of so many of them.
MAX_MEMBER_CHECKS = 100


def run(api: GlanceApi, options: ImageInfoOptions, check_mode: bool) -> dict[str, t.Any]:
    """List images; nothing is ever changed, so check mode makes no difference."""
    owner = Projects(api).id_of(options.owner) if options.owner else None
    filters = options.filters.of_owner(owner)
    warnings: list[str] = []
    images = _find(api, filters, warnings)
    _refuse_ids_as_names(api, filters, images)
    if not images:
        warnings += [
            f"name: no image has the name '{name}', which is matched exactly. For a pattern use 'name_pattern'."
            for name in filters.names or ()
            if re.search("[*?]", name)
        ]
    check_count(images, options, warnings)
    results = [to_result(image) for image in images]
    if options.members:
        for result, members in zip(results, list_members_of(api, images, warnings), strict=True):
            result["members"] = members
    return {"changed": False, "count": len(results), "images": results, "warnings": warnings, **_project_of(api.connection)}


def _project_of(connection: Connection) -> dict[str, str | None]:
    """The login's project, as far as the login tells."""
    project_id = connection.project_id if connection.tells_project else None
    return {"project_id": project_id, "project_name": connection.project_name_and_domain[0]}


def _refuse_ids_as_names(api: GlanceApi, filters: ImageFilters, images: t.Sequence[Image]) -> None:
    """Names that no image has and that are images' ids are an error. What other filters leave out does have its name."""
    found = {image.name for image in images}
    for name in filters.names or ():
        if name not in found and UUID.fullmatch(name) and find_by_id(api, name):
            find_by_name(api, name, filters.owner)  # an error, if no image at all has this name


def _find(api: GlanceApi, filters: ImageFilters, warnings: list[str]) -> list[Image]:
    if filters.ids is not None:
        images = [image for image in _by_ids(api, filters.ids) if matches(image, filters)]
        return sorted_images(images, filters.sort)[: filters.limit]
    if filters.all_projects or filters.owner is not None or not api.connection.tells_project:
        return _list(api, [filters])
    project = api.connection.project_id
    if project is None:
        asked_for = _asked_for(filters)
        return _list(api, [filters], lambda image: access_to(image, None) in asked_for)
    if not api.connection.is_admin:
        images = _list(api, [filters])
        # Some clouds give an administrator's role another name: then a private image of another project reveals it.
        if not any(access_to(image, project) is Access.FOREIGN for image in images):
            return images
    return _list_as_administrator(api, filters, project, warnings)


def _asked_for(filters: ImageFilters) -> set[Access]:
    """The kinds of access with which an image is listed without a further request."""
    return {Access.USABLE, *([Access.COMMUNITY] if filters.visibility in ("community", "all") else [])}


def _list(api: GlanceApi, parts: t.Sequence[ImageFilters], keep: t.Callable[[Image], bool] | None = None) -> list[Image]:
    """The images that match any of the filters, which differ only in whose images they bring.

    :param keep: which of the matching images to list; null for all.
    """
    sort, limit = parts[0].sort, parts[0].limit
    page_size = PAGE_SIZE
    if limit is not None and keep is None and not brings_others(parts[0]):
        page_size = min(limit, PAGE_SIZE)
    part_queries = [(part, query) for part in parts for query in queries(part)]
    found: dict[str, Image] = {}
    for part, query in part_queries:
        matching = 0
        for image in api.list_images(query, page_size):
            if matches(image, part) and (keep is None or keep(image)):
                found[image.id] = image
                matching += 1
                if matching == limit:
                    break
    images = list(found.values())
    if len(part_queries) > 1:
        images = sorted_images(images, merge_order(sort))
    return images[:limit]


def _list_as_administrator(api: GlanceApi, filters: ImageFilters, project: str, warnings: list[str]) -> list[Image]:
    """What Glance lists to a plain user of the project, with a login to which it lists all projects' images."""
    asks_for_shares = filters.names is not None or filters.member_status is not None or filters.visibility == "shared"
    images, is_cut = _own_and_shared(api, filters, project, None if asks_for_shares else PAGE_SIZE)
    shared = sum(access_to(image, project) is Access.SHARED for image in images)
    most_checks = shared if asks_for_shares else MAX_MEMBER_CHECKS
    certain = _asked_for(filters)
    seen = 0  # how many of the shared images came before the limit was reached
    result: list[Image] = []
    for image in images:
        if len(result) == filters.limit:
            break
        access = access_to(image, project)
        if access in certain:
            result.append(image)
        elif access is Access.SHARED:
            seen += 1
            if seen <= most_checks and is_shared_with(api, image, project, filters.member_status or "accepted"):
                result.append(image)
    # What the cut list does not hold comes after all that it holds, and so after the last image of a full result.
    if seen > most_checks or (is_cut and seen == shared):
        warnings.append(
            "Other projects share more matching images than the module checked. With an administrator's login it takes one"
            " request for each to see whether this project has accepted it, so some may be missing here. Set"
            " 'member_status: accepted' to check all of them, or filters that fewer images match, or 'owner'."
        )
    return result


def _own_and_shared(api: GlanceApi, filters: ImageFilters, project: str, most: int | None) -> tuple[list[Image], bool]:
    """The images that match and that the project may be able to use; and whether there may be more of them.

    :param most: look at no more images of a list of shared ones than this.
    """
    if filters.names is not None:
        # Few images have a name: one list of all projects' images takes fewer requests than one for each part.
        return _list(api, [dataclasses.replace(filters, limit=None)]), False
    images = _list(api, within_project(filters, project))
    if filters.visibility not in (None, "shared", "all"):
        return images, False
    shared, is_cut = _shared_by_others(api, filters, project, most)
    return sorted_images([*images, *shared], merge_order(filters.sort)), is_cut


def _shared_by_others(api: GlanceApi, filters: ImageFilters, project: str, most: int | None) -> tuple[list[Image], bool]:
    """The images that match and that other projects share, with any project; and whether there may be more of them.

    :param most: look at no more images of a list than this.
    """
    shared = dataclasses.replace(filters, visibility="shared")
    found: dict[str, Image] = {}
    is_cut = False
    for query in queries(shared):
        listed = 0
        for image in itertools.islice(api.list_images(query), most):
            listed += 1
            if matches(image, shared) and access_to(image, project) is Access.SHARED:
                found[image.id] = image
        is_cut = is_cut or listed == most
    return list(found.values()), is_cut


def _by_ids(api: GlanceApi, ids: t.Sequence[str]) -> list[Image]:
    """The images of these ids, hidden or not, in the order given; ids of no image are left out."""
    if len(ids) == 1:
        image = api.find_image(ids[0])
        return [image] if image else []
    found: dict[str, Image] = {}
    for hidden in (False, True):
        for query in id_queries([image_id for image_id in ids if image_id not in found], hidden):
            found.update((image.id, image) for image in api.list_images(query))
    return [found[image_id] for image_id in ids if image_id in found]


def _parse(params: t.Mapping[str, t.Any]) -> ImageInfoOptions:
    return ImageInfoOptions.from_params(params, TIMING.utc_now())


TASK = Task(
    run,
    IMAGE_INFO,
    _parse,
    constraints={"mutually_exclusive": [("newest", "sort"), ("newest", "limit"), ("id", "member_status")]},
)
