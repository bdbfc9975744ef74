# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The list calls that bring the images which image_info's filters ask for. Pure.

All that Glance can filter goes into the query. What it brings beyond that is left out by ``filters``.
"""

from __future__ import annotations

import dataclasses
import typing as t

from .._glance.list_query import Query, any_of_filter, fits_in_list, list_filters
from .._options.image_info import ImageFilters

Condition = tuple[str, str]

# Property names that Glance's query takes for something else: parameters of the list call, image attributes, and
# attributes of its database model.
NOT_FILTERABLE = frozenset(
    {
        "changes-since",
        "checksum",
        "container_format",
        "created_at",
        "delete",
        "deleted",
        "deleted_at",
        "disk_format",
        "get",
        "id",
        "is_public",
        "items",
        "iteritems",
        "keys",
        "limit",
        "location",
        "locations",
        "marker",
        "member_status",
        "members",
        "metadata",
        "min_disk",
        "min_ram",
        "name",
        "os_hash_algo",
        "os_hash_value",
        "os_hidden",
        "owner",
        "properties",
        "protected",
        "registry",
        "save",
        "size",
        "sort",
        "sort_dir",
        "sort_key",
        "status",
        "tag",
        "tags",
        "to_dict",
        "update",
        "updated_at",
        "values",
        "virtual_size",
        "visibility",
    }
)


def queries(filters: ImageFilters) -> list[Query]:
    """The list calls that bring every image that can match: one, unless hidden and shown images are both wanted.

    Names beyond what one request line takes, and names that cannot stand in a list, are asked for in calls of their own.
    """
    base = [*_lists(filters), *_single_values(filters), *_tags_times_and_properties(filters)]
    if filters.sort:
        base.append(("sort", ",".join(f"{key}:{direction}" for key, direction in filters.sort)))
    found: list[Query] = [base]
    if filters.names is not None:
        found = [[("name", names), *base] for names in list_filters(filters.names)]
    if filters.hidden is not False:
        hidden: list[Query] = [[*query, ("os_hidden", "true")] for query in found]
        found = hidden if filters.hidden else found + hidden
    return found


def _lists(filters: ImageFilters) -> t.Iterator[Condition]:
    for key, values in (
        ("status", filters.status),
        ("disk_format", filters.disk_format),
        ("container_format", filters.container_format),
    ):
        if values is not None and (len(values) == 1 or all(map(fits_in_list, values))):
            yield key, any_of_filter(values)


def _single_values(filters: ImageFilters) -> t.Iterator[Condition]:
    for key, value in (
        ("visibility", filters.visibility),
        ("owner", filters.owner),
        ("member_status", filters.member_status),
        ("size_min", filters.size_min),
        ("size_max", filters.size_max),
    ):
        if value is not None:
            yield key, str(value)
    if filters.protected is not None:
        yield "protected", "true" if filters.protected else "false"


def _tags_times_and_properties(filters: ImageFilters) -> t.Iterator[Condition]:
    """Glance strips tags, and takes one condition for each time and only some names of properties; ``filters`` checks the
    rest."""
    yield from (("tag", tag) for tag in filters.tags if tag == tag.strip() and tag)
    yield from {condition.attribute: condition.query_value for condition in filters.times}.items()
    yield from ((key, value) for key, value in filters.properties.items() if is_filterable(key))


def within_project(filters: ImageFilters, project: str) -> list[ImageFilters]:
    """The filters that bring an administrator what matches and this project can use, but for what others share with it.

    They replace a list of all projects' images, so that what they cost does not grow with other projects' catalogues.
    """
    own = dataclasses.replace(filters, owner=project)
    public = dataclasses.replace(filters, visibility="public")
    if filters.visibility is None:
        return [own, public]
    if filters.visibility == "all":
        return [own, public, dataclasses.replace(filters, visibility="community")]
    return [own] if filters.visibility in ("private", "shared") else [filters]


def merge_order(sort: t.Sequence[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """The order in which Glance lists images sorted so, for images of several lists: what is equal comes by age.

    Images of one second keep the order of their list, as Glance knows fractions that it does not show.
    """
    if any(key == "created_at" for key, _direction in sort):
        return tuple(sort)
    return (*sort, ("created_at", sort[0][1] if len(sort) == 1 else "desc"))


def id_queries(ids: t.Sequence[str], hidden: bool) -> list[Query]:
    """The list calls that bring the images of these ids, whoever they belong to."""
    everyones: Query = [("visibility", "all"), ("member_status", "all"), *([("os_hidden", "true")] if hidden else [])]
    return [[("id", values), *everyones] for values in list_filters(ids)]


def is_filterable(key: str) -> bool:
    """Whether Glance takes a query parameter of this name for a property; of others it makes something else, or a 500."""
    return not (key in NOT_FILTERABLE or key.endswith(("_min", "_max", "__")) or key.startswith("_sa_"))


def brings_others(filters: ImageFilters) -> bool:
    """Whether Glance's answer may hold images that do not match, so that a small page could be spent on them."""
    return bool(
        filters.ids is not None
        or filters.name_pattern
        or len(filters.times) > 1
        or any(not condition.is_exact_in_query for condition in filters.times)
        or any(tag != tag.strip() or not tag for tag in filters.tags)
        or any(not is_filterable(key) for key in filters.properties)
    )
