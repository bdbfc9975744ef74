# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The options of the module image_info. Pure."""

from __future__ import annotations

import dataclasses
import datetime
import json
import re
import typing as t

from .._argspec import IMAGE_INFO
from .._errors import InvalidInput
from .._glance.image import BASE_ATTRIBUTES, MAX_LISTED
from .._glance.input_checks import id_spellings
from .._glance.properties import property_value
from .._glance.time_conditions import TimeCondition, moment_before, parse_time_condition
from .openstack_cloud import own_filters
from .project import ProjectReference

SORT_KEYS = ("name", "status", "container_format", "disk_format", "size", "id", "created_at", "updated_at")
NEWEST_FIRST = (("created_at", "desc"), ("id", "desc"))
# The largest number that Glance's databases compare sizes with.
MAX_SIZE = 2**63 - 1
# All other options say which images are listed.
NO_FILTERS = frozenset({"exactly", "members", "sort"})


@dataclasses.dataclass(frozen=True)
class ImageFilters:
    """Which images to list. Null means: not given; a list that is given and empty matches nothing, but for tags.

    :param owner: id of a project.
    :param sort: (key, direction) in order of weight.
    """

    ids: tuple[str, ...] | None = None
    names: tuple[str, ...] | None = None
    name_pattern: re.Pattern[str] | None = None
    status: tuple[str, ...] | None = None
    visibility: str | None = None
    owner: str | None = None
    member_status: str | None = None
    tags: tuple[str, ...] = ()
    protected: bool | None = None
    hidden: bool | None = None
    disk_format: tuple[str, ...] | None = None
    container_format: tuple[str, ...] | None = None
    size_min: int | None = None
    size_max: int | None = None
    times: tuple[TimeCondition, ...] = ()
    properties: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    sort: tuple[tuple[str, str], ...] = ()
    limit: int | None = None
    all_projects: bool = False

    def of_owner(self, owner: str | None) -> ImageFilters:
        """The same filters, for the images of a project; null for those of any."""
        return dataclasses.replace(self, owner=owner)


@dataclasses.dataclass(frozen=True)
class ImageInfoOptions:
    """Which images to list.

    :param filters: all conditions but that on the owner, as long as the owner's id is not known.
    :param owner: the project whose images are listed; null where the task names none.
    :param conditions: the filters as the task gives them, for an error.
    :param exactly: how many images there must be; null for any number.
    :param members: whether to list the members of each image.
    """

    filters: ImageFilters
    owner: ProjectReference | None = None
    conditions: str = ""
    exactly: int | None = None
    members: bool = False

    @classmethod
    def from_params(cls, params: t.Mapping[str, t.Any], now: datetime.datetime) -> ImageInfoOptions:
        """Check a task's options.

        :param now: what ages are counted from (UTC).
        """
        params = own_filters(params)
        for option in ("size_min", "size_max"):
            _check_size(params[option], option)
        sort, limit = _order_and_limit(params)
        _check_exactly(params, limit)
        filters = ImageFilters(
            ids=None if params["id"] is None else _values(id_spellings(params["id"])),
            names=_values(params["name"]),
            name_pattern=parse_pattern(params["name_pattern"]),
            status=_values(params["status"]),
            # Without this Glance leaves out other projects' community images.
            visibility=params["visibility"] or ("all" if params["all_projects"] else None),
            member_status=params["member_status"],
            tags=_values(params["tags"]) or (),
            protected=params["protected"],
            hidden=_hidden(params),
            disk_format=_values(params["disk_format"]),
            container_format=_values(params["container_format"]),
            size_min=params["size_min"],
            size_max=params["size_max"],
            times=_time_conditions(params, now),
            properties=parse_properties(params["properties"] or {}),
            sort=sort,
            limit=limit,
            all_projects=params["all_projects"],
        )
        return cls(
            filters,
            ProjectReference.from_params(params),
            describe_filters(params),
            params["exactly"],
            params["members"],
        )


def _check_size(size: int | None, option: str) -> None:
    if size is not None and not 0 <= size <= MAX_SIZE:
        raise InvalidInput(f"{option}: {size} was given; a number of bytes from 0 to {MAX_SIZE} is allowed.")


def _order_and_limit(params: t.Mapping[str, t.Any]) -> tuple[tuple[tuple[str, str], ...], int | None]:
    limit: int | None = params["limit"]
    if limit is not None and limit < 1:
        raise InvalidInput(f"limit: {limit} was given; 1 or more is allowed. Leave it out to get all.")
    return (NEWEST_FIRST, 1) if params["newest"] else (parse_sort(params["sort"] or []), limit)


def _check_exactly(params: t.Mapping[str, t.Any], limit: int | None) -> None:
    exactly: int | None = params["exactly"]
    if exactly is None:
        return
    if exactly < 0:
        raise InvalidInput(
            f"exactly: {exactly} was given; 0 or more is allowed. Leave it out to allow any number of images."
        )
    if limit is not None and exactly > limit:
        option = "newest: true" if params["newest"] else f"limit: {limit}"
        raise InvalidInput(
            f"exactly: {exactly} was given, but '{option}' returns at most {limit}, so the task would always fail. Leave one"
            " of them out."
        )


def describe_filters(params: t.Mapping[str, t.Any]) -> str:
    """The filters that a task gives, as in a playbook; of long lists the first elements."""
    given = (
        f"{option}: {_as_yaml(params[option])}"
        for option in IMAGE_INFO
        if option not in NO_FILTERS and params[option] != IMAGE_INFO[option].get("default")
    )
    return ", ".join(given)


def _as_yaml(value: t.Any) -> str:
    if isinstance(value, list):
        more = f" and {len(value) - MAX_LISTED} more" if len(value) > MAX_LISTED else ""
        value = value[0] if len(value) == 1 else value[:MAX_LISTED]
        return json.dumps(value, ensure_ascii=False) + more
    return json.dumps(value, ensure_ascii=False)


def _time_conditions(params: t.Mapping[str, t.Any], now: datetime.datetime) -> tuple[TimeCondition, ...]:
    times = [
        parse_time_condition(option, params[option]) for option in ("created_at", "updated_at") if params[option] is not None
    ]
    ages = [
        TimeCondition("created_at", operator, moment_before(now, option, params[option]))
        for option, operator in (("older_than", "lt"), ("newer_than", "gt"))
        if params[option] is not None
    ]
    return (*times, *ages)


def _values(values: t.Sequence[str] | None) -> tuple[str, ...] | None:
    return None if values is None else tuple(dict.fromkeys(values))


def _hidden(params: t.Mapping[str, t.Any]) -> bool | None:
    if params["hidden"] is None:
        # An id means that image, hidden or not.
        return False if params["id"] is None else None
    return {"true": True, "false": False, "any": None}[params["hidden"]]


def parse_sort(items: t.Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Sort keys, each with ``:asc`` or ``:desc`` behind it; without one it is ``asc``."""
    sort = []
    for item in items:
        key, _separator, direction = item.partition(":")
        if key not in SORT_KEYS or direction not in ("", "asc", "desc"):
            raise InvalidInput(
                f"sort: '{item}' was given. Allowed is one of {', '.join(SORT_KEYS)}, with ':asc' or ':desc' behind it."
            )
        sort.append((key, direction or "asc"))
    return tuple(sort)


def parse_pattern(text: str | None) -> re.Pattern[str] | None:
    """A regular expression that is searched for anywhere in the name, as Python's ``re.search`` does."""
    try:
        return None if text is None else re.compile(text)
    except (re.error, OverflowError, RecursionError) as error:
        raise InvalidInput(f"name_pattern: '{text}' is not a regular expression: {error}.") from error


def parse_properties(properties: t.Mapping[t.Any, t.Any]) -> dict[str, str]:
    """Properties that an image must have, with values as Glance stores them."""
    wanted = {}
    for key, value in properties.items():
        if key in BASE_ATTRIBUTES:
            raise InvalidInput(
                f"properties: '{key}' is an attribute of the image, not a property, so that no image could match. Use the"
                " module's option for it."
            )
        text = property_value(str(key), value)
        if text is None:
            raise InvalidInput(f"properties: '{key}' is null; give the value that the images must have.")
        wanted[str(key)] = text
    return wanted
