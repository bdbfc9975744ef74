# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""Whether an image is one that image_info's filters ask for. Pure.

Glance's lists are filtered once more: a database that compares without regard to case, or a cloud that takes no notice of a
filter, must not put an image into the result.
"""

from __future__ import annotations

import typing as t

from .._glance.image import DEFAULTS, GONE, Image
from .._options.image_info import ImageFilters

Predicate = t.Callable[[Image, ImageFilters], bool]


def matches(image: Image, filters: ImageFilters) -> bool:
    """Whether the image meets all conditions.

    An attribute that the cloud does not show is not held against the image.
    """
    return all(predicate(image, filters) for predicate in PREDICATES)


def _exists(image: Image, filters: ImageFilters) -> bool:
    """A deleted image is found only by its status."""
    return image.status not in GONE or image.status in (filters.status or ())


def _one_of(attribute: str, values_of: t.Callable[[ImageFilters], tuple[str, ...] | None]) -> Predicate:
    """A condition of one or several values.

    Each cloud knows one of a single value, whether or not it shows the attribute; of several that is not sure.
    """

    def predicate(image: Image, filters: ImageFilters) -> bool:
        values = values_of(filters)
        return values is None or image.get(attribute, values[0] if len(values) == 1 else None) in values

    return predicate


def _has_owner(image: Image, filters: ImageFilters) -> bool:
    return filters.owner is None or image.belongs_to(filters.owner)


def _has_visibility(image: Image, filters: ImageFilters) -> bool:
    return filters.visibility in (None, "all") or image.get("visibility", filters.visibility) == filters.visibility


def _flag(attribute: str, value_of: t.Callable[[ImageFilters], bool | None]) -> Predicate:
    def predicate(image: Image, filters: ImageFilters) -> bool:
        value = value_of(filters)
        return value is None or image.get(attribute, DEFAULTS[attribute]) == value

    return predicate


def _name_fits(image: Image, filters: ImageFilters) -> bool:
    return filters.name_pattern is None or filters.name_pattern.search(image.name or "") is not None


def _has_tags(image: Image, filters: ImageFilters) -> bool:
    return set(filters.tags) <= set(image.tags)


def _is_large_enough(image: Image, filters: ImageFilters) -> bool:
    return filters.size_min is None or (image.size is not None and image.size >= filters.size_min)


def _is_small_enough(image: Image, filters: ImageFilters) -> bool:
    return filters.size_max is None or (image.size is not None and image.size <= filters.size_max)


def _meets_times(image: Image, filters: ImageFilters) -> bool:
    return all(condition.is_met_by(image) for condition in filters.times)


def _has_properties(image: Image, filters: ImageFilters) -> bool:
    properties = image.properties
    return all(properties.get(key) == value for key, value in filters.properties.items())


PREDICATES: tuple[Predicate, ...] = (
    _exists,
    _one_of("id", lambda filters: filters.ids),
    _one_of("name", lambda filters: filters.names),
    _one_of("status", lambda filters: filters.status),
    _one_of("disk_format", lambda filters: filters.disk_format),
    _one_of("container_format", lambda filters: filters.container_format),
    _has_owner,
    _flag("protected", lambda filters: filters.protected),
    _flag("os_hidden", lambda filters: filters.hidden),
    _has_visibility,
    _name_fits,
    _has_tags,
    _is_large_enough,
    _is_small_enough,
    _meets_times,
    _has_properties,
)
