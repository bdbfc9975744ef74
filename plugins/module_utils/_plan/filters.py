# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""From image_info's options to queries for Glance, and to what is then checked on each image. Pure.

All that Glance can filter goes into the query. Each image that comes back is checked once more: a database that compares
without regard to case, or a cloud that takes no notice of a filter, must not put an image into the result.
"""

from __future__ import annotations

import dataclasses
import datetime
import re
import typing as t

from .._errors import InvalidInput
from .._glance.image import DEFAULTS, GONE, Image
from .._glance.input_checks import id_spellings
from .._glance.list_query import Query, any_of_filter, fits_in_list, list_filters
from .._glance.properties import property_value

SORT_KEYS = ("name", "status", "container_format", "disk_format", "size", "id", "created_at", "updated_at")
NEWEST_FIRST = (("created_at", "desc"), ("id", "desc"))
OPERATORS: dict[str, t.Callable[[str, str], bool]] = {
    "gt": lambda value, limit: value > limit,
    "gte": lambda value, limit: value >= limit,
    "lt": lambda value, limit: value < limit,
    "lte": lambda value, limit: value <= limit,
    "eq": lambda value, limit: value == limit,
    "neq": lambda value, limit: value != limit,
}
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
# A list of values in one parameter is cut here, well below what servers take for a whole request line.
# The largest number that Glance's databases compare sizes with.
MAX_SIZE = 2**63 - 1

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


@dataclasses.dataclass(frozen=True)
class Filters:
    """image_info's filters, checked. Null means: not given; a list that is given and empty matches nothing, but for tags.

    :param times: (attribute, operator, moment) for each condition on created_at and updated_at.
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
    times: tuple[tuple[str, str, str], ...] = ()
    properties: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    sort: tuple[tuple[str, str], ...] = ()
    limit: int | None = None
    all_projects: bool = False


def parse_filters(params: t.Mapping[str, t.Any], owner: str | None, now: datetime.datetime) -> Filters:
    """Check the module's options.

    :param owner: id of the project that ``owner`` names.
    :param now: what ages are counted from (UTC).
    """
    for option in ("size_min", "size_max"):
        if params[option] is not None and not 0 <= params[option] <= MAX_SIZE:
            raise InvalidInput(f"{option}: {params[option]} was given; a number of bytes from 0 to {MAX_SIZE} is allowed.")
    if params["limit"] is not None and params["limit"] < 1:
        raise InvalidInput(f"limit: {params['limit']} was given; 1 or more is allowed. Leave it out to get all.")
    times = [
        (option, *parse_time_condition(option, params[option]))
        for option in ("created_at", "updated_at")
        if params[option] is not None
    ]
    for option, operator in (("older_than", "lt"), ("newer_than", "gt")):
        if params[option] is not None:
            times.append(("created_at", operator, moment_before(now, option, params[option])))
    sort = parse_sort(params["sort"] or [])
    limit = params["limit"]
    if params["newest"]:
        sort, limit = NEWEST_FIRST, 1
    return Filters(
        ids=None if params["id"] is None else _values(id_spellings(params["id"])),
        names=_values(params["name"]),
        name_pattern=parse_pattern(params["name_pattern"]),
        status=_values(params["status"]),
        # Without this Glance leaves out other projects' community images.
        visibility=params["visibility"] or ("all" if params["all_projects"] else None),
        owner=owner,
        member_status=params["member_status"],
        tags=_values(params["tags"]) or (),
        protected=params["protected"],
        hidden=_hidden(params),
        disk_format=_values(params["disk_format"]),
        container_format=_values(params["container_format"]),
        size_min=params["size_min"],
        size_max=params["size_max"],
        times=tuple(times),
        properties=parse_properties(params["properties"] or {}),
        sort=sort,
        limit=limit,
        all_projects=params["all_projects"],
    )


def _values(values: t.Sequence[str] | None) -> tuple[str, ...] | None:
    return None if values is None else tuple(dict.fromkeys(values))


def _hidden(params: t.Mapping[str, t.Any]) -> bool | None:
    if params["hidden"] is None:
        # Who asks for an id means that image, hidden or not.
        return False if params["id"] is None else None
    return {"true": True, "false": False, "any": None}[params["hidden"]]


def moment_before(now: datetime.datetime, option: str, age: str) -> str:
    """The moment that lies a duration such as ``30d``, ``12h`` or ``1w2d`` before ``now`` (UTC, to the second).

    A duration is made of numbers, each with one of the units s, m, h, d, w.
    """
    if not re.fullmatch(r"([0-9]+[smhdw])+", age):
        raise InvalidInput(
            f"{option}: '{age}' is not a duration."
            " Allowed are numbers with the units s, m, h, d or w, as in 12h, 30d or 1w2d."
        )
    try:
        for number, unit in re.findall(r"([0-9]+)([smhdw])", age):
            now -= datetime.timedelta(**{UNITS[unit]: int(number)})
    except (OverflowError, ValueError) as error:  # ValueError: more digits than Python reads
        raise InvalidInput(f"{option}: '{age}' lies before the beginning of time.") from error
    return as_glance_time(now)


def as_glance_time(moment: datetime.datetime) -> str:
    return moment.replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def parse_time_condition(option: str, text: str) -> tuple[str, str]:
    """A condition on a time as Glance has it, ``gt:2026-01-31T12:00:00Z``: operator and moment (UTC, to the second)."""
    operator, separator, moment = text.partition(":")
    if not separator or operator not in OPERATORS:
        operator, moment = "eq", text
    try:
        parsed = datetime.datetime.fromisoformat(re.sub(r"[zZ]$", "+00:00", moment.strip()))
        if parsed.tzinfo is not None:
            parsed = parsed.astimezone(datetime.timezone.utc)
        parsed + datetime.timedelta(seconds=1)  # as time_filter does
    except (ValueError, OverflowError) as error:
        raise InvalidInput(
            f"{option}: '{text}' was given. Allowed is a time in ISO 8601 with one of the operators"
            f" {', '.join(OPERATORS)} before it, as in gt:2026-01-31T12:00:00Z."
        ) from error
    return operator, as_glance_time(parsed)


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


def queries(filters: Filters) -> list[Query]:
    """The list calls that bring every image that can match: one, unless hidden and shown images are both wanted.

    Names beyond what one request line takes, and names that cannot stand in a list, are asked for in calls of their own.
    """
    base: list[tuple[str, str]] = []
    for key, values in (
        ("status", filters.status),
        ("disk_format", filters.disk_format),
        ("container_format", filters.container_format),
    ):
        if values is not None and (len(values) == 1 or all(map(fits_in_list, values))):
            base.append((key, any_of_filter(values)))
    for key, value in (
        ("visibility", filters.visibility),
        ("owner", filters.owner),
        ("member_status", filters.member_status),
        ("size_min", filters.size_min),
        ("size_max", filters.size_max),
    ):
        if value is not None:
            base.append((key, str(value)))
    if filters.protected is not None:
        base.append(("protected", "true" if filters.protected else "false"))
    # Glance strips tags, and takes one condition for each time; the rest is left to 'matches'.
    base += [("tag", tag) for tag in filters.tags if tag == tag.strip() and tag]
    base += list(
        {attribute: (attribute, time_filter(operator, moment)) for attribute, operator, moment in filters.times}.values()
    )
    base += [(key, value) for key, value in filters.properties.items() if is_filterable(key)]
    if filters.sort:
        base.append(("sort", ",".join(f"{key}:{direction}" for key, direction in filters.sort)))
    found: list[Query] = [base]
    if filters.names is not None:
        found = [[("name", names), *base] for names in list_filters(filters.names)]
    if filters.hidden is not False:
        hidden: list[Query] = [[*query, ("os_hidden", "true")] for query in found]
        found = hidden if filters.hidden else found + hidden
    return found


def within_project(filters: Filters, project: str) -> list[Filters]:
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


def time_filter(operator: str, moment: str) -> str:
    """The filter value that brings all images whose time, as Glance shows it, meets the condition.

    Glance shows whole seconds and may have stored, and compare, fractions of them: what is shown as ``moment`` may be later.
    """
    if operator == "eq":
        return f"gte:{moment}"
    if operator == "lte":
        return f"lt:{as_glance_time(datetime.datetime.fromisoformat(moment[:-1]) + datetime.timedelta(seconds=1))}"
    return f"{operator}:{moment}"


def id_queries(ids: t.Sequence[str], hidden: bool) -> list[Query]:
    """The list calls that bring the images of these ids, whoever they belong to."""
    everyones: Query = [("visibility", "all"), ("member_status", "all"), *([("os_hidden", "true")] if hidden else [])]
    return [[("id", values), *everyones] for values in list_filters(ids)]


def is_filterable(key: str) -> bool:
    """Whether Glance takes a query parameter of this name for a property; of others it makes something else, or a 500."""
    return not (key in NOT_FILTERABLE or key.endswith(("_min", "_max", "__")) or key.startswith("_sa_"))


def needs_check(filters: Filters) -> bool:
    """Whether Glance's answer may hold images that do not match, so that a small page could be spent on them."""
    return bool(
        filters.ids is not None
        or filters.name_pattern
        or len(filters.times) > 1
        or any(operator in ("eq", "gt") for _attribute, operator, _moment in filters.times)
        or any(tag != tag.strip() or not tag for tag in filters.tags)
        or any(not is_filterable(key) for key in filters.properties)
    )


def matches(image: Image, filters: Filters) -> bool:
    """Whether the image is one that the filters ask for.

    An attribute that the cloud does not show is not held against the image.
    """
    exact = (
        ("id", filters.ids),
        ("name", filters.names),
        ("status", filters.status),
        ("disk_format", filters.disk_format),
        ("container_format", filters.container_format),
    )
    flags = (("protected", filters.protected), ("os_hidden", filters.hidden))
    size = image.size
    properties = image.properties
    return (
        (image.status not in GONE or image.status in (filters.status or ()))
        # One value is a condition that each cloud knows, whether or not it shows the attribute; of several that is not sure.
        and all(values is None or image.get(key, values[0] if len(values) == 1 else None) in values for key, values in exact)
        and filters.owner in (None, image.get("owner", filters.owner))
        and all(value is None or image.get(key, DEFAULTS[key]) == value for key, value in flags)
        and (filters.visibility in (None, "all") or image.get("visibility", filters.visibility) == filters.visibility)
        and (filters.name_pattern is None or filters.name_pattern.search(image.name or "") is not None)
        and set(filters.tags) <= set(image.tags or [])
        and (filters.size_min is None or (size is not None and size >= filters.size_min))
        and (filters.size_max is None or (size is not None and size <= filters.size_max))
        and all(
            image.shows(attribute) and OPERATORS[operator](str(image.get(attribute)), moment)
            for attribute, operator, moment in filters.times
        )
        and all(properties.get(key) == value for key, value in filters.properties.items())
    )
