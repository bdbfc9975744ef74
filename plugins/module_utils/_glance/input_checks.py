# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""Checks of names, ids and texts that Glance would refuse, and of time limits."""

from __future__ import annotations

import re
import typing as t

from .._errors import InvalidInput

UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
MAX_INTEGER = 2**31 - 1
MAX_TEXT = 255
MAX_TIMEOUT = 10_000_000


def check_id(value: str, option: str = "id") -> str:
    if not UUID.fullmatch(value):
        raise InvalidInput(f"{option}: '{value}' is not an image id, which is a UUID. To find an image by name use 'name'.")
    return value


def id_spellings(ids: t.Iterable[str]) -> list[str]:
    """The ids as they are given and in lower case, as Glance makes them; some of its databases tell these apart."""
    return [spelling for image_id in ids for spelling in dict.fromkeys((check_id(image_id), image_id.lower()))]


def check_characters(value: str, option: str) -> str:
    """Refuse what Glance refuses in every text (its function no_4byte_params): characters beyond U+FFFF, such as emoji."""
    for character in value:
        if character > "\uffff" or "\ud800" <= character <= "\udfff":
            shown_value = value.encode("ascii", "backslashreplace").decode()
            raise InvalidInput(f"{option}: '{shown_value}' has a character beyond U+FFFF, which Glance cannot store.")
    return value


def check_text(value: str, option: str) -> str:
    """A name or a tag: 1 to 255 characters, as Glance's schema has it."""
    check_characters(value, option)
    if not 1 <= len(value) <= MAX_TEXT:
        raise InvalidInput(f"{option}: '{value}' has {len(value)} characters; 1 to {MAX_TEXT} are allowed.")
    return value


def check_timeout(seconds: float, option: str) -> float:
    if not 1 <= seconds <= MAX_TIMEOUT:
        raise InvalidInput(f"{option}: {seconds:.10g} was given; 1 to {MAX_TIMEOUT} seconds are allowed.")
    return seconds
