# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The options of the module image_info. Pure."""

from __future__ import annotations

import dataclasses
import datetime
import re
import typing as t

from .._errors import InvalidInput
from .._glance.input_checks import id_spellings
from .._glance.properties import property_value
from .._glance.time_conditions import TimeCondition, moment_before, parse_time_condition
from .project import ProjectReference

SORT_KEYS = ("name", "status", "container_format", "disk_format", "size", "id", "created_at", "updated_at")
NEWEST_FIRST = (("created_at", "desc"), ("id", "desc"))
# The largest number that Glance's databases compare sizes with.
MAX_SIZE = 2**63 - 1


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
    """

    filters: ImageFilters
    owner: ProjectReference | None = None

    @classmethod
    def from_params(cls, params: t.Mapping[str, t.Any], now: datetime.datetime) -> ImageInfoOptions:
        """Check a task's options.

        :param now: what ages are counted from (UTC).
        """
        for option in ("size_min", "size_max"):
            _check_size(params[option], option)
        if params["limit"] is not None and params["limit"] < 1:
            raise InvalidInput(f"limit: {params['limit']} was given; 1 or more is allowed. Leave it out to get all.")
        sort, limit = parse_sort(params["sort"] or []), params["limit"]
        if params["newest"]:
            sort, limit = NEWEST_FIRST, 1
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
        return cls(filters, ProjectReference.from_params(params))


def _check_size(size: int | None, option: str) -> None:
    if size is not None and not 0 <= size <= MAX_SIZE:
        raise InvalidInput(f"{option}: {size} was given; a number of bytes from 0 to {MAX_SIZE} is allowed.")


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
        text = property_value(str(key), value)
        if text is None:
            raise InvalidInput(f"properties: '{key}' is null; give the value that the images must have.")
        wanted[str(key)] = text
    return wanted
