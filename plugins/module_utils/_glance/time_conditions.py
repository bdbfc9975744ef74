# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""Conditions on the times at which an image was created and changed. Pure.

Glance shows whole seconds and may have stored, and compare, fractions of them.
"""

from __future__ import annotations

import dataclasses
import datetime
import re
import typing as t

from .._errors import InvalidInput
from .image import Image

OPERATORS: dict[str, t.Callable[[str, str], bool]] = {
    "gt": lambda value, limit: value > limit,
    "gte": lambda value, limit: value >= limit,
    "lt": lambda value, limit: value < limit,
    "lte": lambda value, limit: value <= limit,
    "eq": lambda value, limit: value == limit,
    "neq": lambda value, limit: value != limit,
}
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
ONE_SECOND = datetime.timedelta(seconds=1)


@dataclasses.dataclass(frozen=True)
class TimeCondition:
    """A condition on a time of an image.

    :param attribute: created_at or updated_at.
    :param operator: one of OPERATORS.
    :param moment: in UTC and to the second, as Glance shows times.
    """

    attribute: str
    operator: str
    moment: str

    def is_met_by(self, image: Image) -> bool:
        """Whether the image's time, as Glance shows it, meets the condition; a time that is not shown does not."""
        shown = image.get(self.attribute)
        return image.shows(self.attribute) and OPERATORS[self.operator](str(shown), self.moment)

    @property
    def is_exact_in_query(self) -> bool:
        """Whether the query brings no images but those that meet the condition."""
        return self.operator not in ("eq", "gt")

    @property
    def query_value(self) -> str:
        """The value of a query that brings all images that meet the condition: one shown as ``moment`` may be later."""
        if self.operator == "eq":
            return f"gte:{self.moment}"
        if self.operator == "lte":
            return f"lt:{_as_glance_time(datetime.datetime.fromisoformat(self.moment[:-1]) + ONE_SECOND)}"
        return f"{self.operator}:{self.moment}"


def parse_time_condition(attribute: str, text: str) -> TimeCondition:
    """A condition as Glance has it, ``gt:2026-01-31T12:00:00Z``; without an operator it is ``eq``."""
    operator, separator, moment = text.partition(":")
    if not separator or operator not in OPERATORS:
        operator, moment = "eq", text
    try:
        parsed = datetime.datetime.fromisoformat(re.sub(r"[zZ]$", "+00:00", moment.strip()))
        if parsed.tzinfo is not None:
            parsed = parsed.astimezone(datetime.timezone.utc)
        parsed + ONE_SECOND  # as query_value does
    except (ValueError, OverflowError) as error:
        raise InvalidInput(
            f"{attribute}: '{text}' was given. Allowed is a time in ISO 8601 with one of the operators"
            f" {', '.join(OPERATORS)} before it, as in gt:2026-01-31T12:00:00Z."
        ) from error
    return TimeCondition(attribute, operator, _as_glance_time(parsed))


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
    return _as_glance_time(now)


def _as_glance_time(moment: datetime.datetime) -> str:
    return moment.replace(tzinfo=None).isoformat(timespec="seconds") + "Z"
