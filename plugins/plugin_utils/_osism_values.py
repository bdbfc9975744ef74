# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The values of OSISM's image definitions, in the types that the schema of openstack-image-manager has for them. Pure."""

from __future__ import annotations

import dataclasses
import datetime
import re
import typing as t
import urllib.parse

from ansible.module_utils.parsing.convert_bool import boolean
from ansible_collections.cloudimage.glance.plugins.module_utils._url_redaction import without_queries

WHOLE_NUMBER = re.compile(r"\s*[0-9]+\s*")
DAY = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])")
# More of a value is not repeated in an error.
MAX_SHOWN = 60
KINDS: tuple[tuple[type, str], ...] = (
    (type(None), "no value"),
    (bool, "a boolean"),
    (str, "text"),
    (int, "a number"),
    (float, "a number"),
    (datetime.date, "a date"),
    (t.Mapping, "a dictionary"),
    (list, "a list"),
    (tuple, "a list"),
)


class InvalidDefinition(Exception):
    """A definition that cannot be converted; the text names the image and what is wrong, and shows no secret."""


@dataclasses.dataclass(frozen=True)
class Values:
    """The values of an image, or of one of its versions. Each is checked when it is read.

    :param label: what errors call it.
    """

    label: str
    given: t.Mapping[t.Any, t.Any]

    def has(self, key: str) -> bool:
        """Whether there is a value; null is none."""
        return self._value(key) is not None

    def _value(self, key: str) -> t.Any:
        value = self.given.get(key)
        is_own_text = isinstance(value, t.Sequence) and not isinstance(value, (str, bytes, list, tuple))
        return str(value) if is_own_text else value  # what is encrypted by ansible-vault: this decrypts it

    def text(self, key: str, *, may_be_empty: bool = False) -> str:
        """A text. A whole number is one too, but no other number: 1.10 without quotes is read as 1.1."""
        value = self._value(key)
        if not _is_text(value, may_be_empty):
            hint = "; put a number or a date in quotes" if isinstance(value, (float, datetime.date)) else ""
            raise self._wrong(key, "text" if may_be_empty else "text that is not empty", hint)
        return str(value)

    def choice(self, key: str, allowed: t.Sequence[str]) -> str:
        """One of several words."""
        value = self._value(key)
        if value not in allowed:
            raise self._wrong(key, f"one of {', '.join(allowed)}", shown=True)
        return str(value)

    def boolean(self, key: str, default: bool) -> bool:
        """True or false, or text that Ansible converts to it; null is neither."""
        if key not in self.given:
            return default
        try:
            return bool(boolean(self._value(key)))
        except TypeError:
            raise self._wrong(key, "true or false", shown=True) from None

    def whole_number(self, key: str) -> int:
        """A whole number of 0 or more, or its digits as text."""
        value = self._value(key)
        if isinstance(value, str) and WHOLE_NUMBER.fullmatch(value):
            return int(value)
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise self._wrong(key, "a whole number of 0 or more", shown=True)
        return int(value)

    def texts(self, key: str) -> list[str]:
        """A list of texts; empty if there is none."""
        value = self._value(key)
        if value is None:
            return []
        if not isinstance(value, (list, tuple)):
            raise self._wrong(key, "a list of texts")
        for number, item in enumerate(value):
            if not _is_text(item):
                raise self._wrong(f"{key}[{number}]", "text that is not empty", value=item)
        return [str(item) for item in value]

    def properties(self, key: str) -> t.Mapping[t.Any, t.Any]:
        """A dictionary of single values; empty if there is none."""
        value = self._value(key)
        if value is None:
            return {}
        if not isinstance(value, t.Mapping):
            raise self._wrong(key, "a dictionary")
        for name, item in value.items():
            if isinstance(item, (bytes, list, tuple, set, t.Mapping)):
                raise self._wrong(f"{key}.{name}", "text, a number, a date, true, false or null", value=item)
        return value

    def dictionaries(self, key: str) -> list[t.Mapping[t.Any, t.Any]]:
        """A list of one or more dictionaries."""
        value = self._value(key)
        if not isinstance(value, (list, tuple)) or not value:
            raise self._wrong(key, "a list of one or more dictionaries")
        for number, item in enumerate(value):
            if not isinstance(item, t.Mapping):
                raise self._wrong(f"{key}[{number}]", "a dictionary", value=item)
        return list(value)

    def url(self, key: str) -> str:
        """A URL. An error does not show it, as there can be a password in it."""
        value = self.text(key)
        try:
            urllib.parse.urlsplit(value)
        except ValueError:  # its text can have the password in it
            raise InvalidDefinition(
                f"{self.label}: {key}: text that is no valid URL was given. A URL such as https://example.com/image.qcow2 is"
                " allowed; an IPv6 address in it stands in [ and ]."
            ) from None
        return value

    def day(self, key: str) -> str:
        """A date, or a date and a time, as the text of the date."""
        value = self._value(key)
        text = str(value)[: len("2026-01-31")]
        if not isinstance(value, (str, datetime.date)) or not DAY.fullmatch(text):
            raise self._wrong(key, "a date such as 2026-01-31", shown=True)
        return text

    def _wrong(
        self, key: str, allowed: str, hint: str = "", *, shown: bool = False, value: t.Any = None
    ) -> InvalidDefinition:
        """The error that says what was given and what is allowed.

        :param shown: whether the value is repeated, and not only of what kind it is.
        :param value: what was given, if it is not the value of the key itself.
        """
        given = self._value(key) if value is None else value
        described = _shown(given) if shown else _kind(given)
        return InvalidDefinition(f"{self.label}: {key}: {described} was given; {allowed} is allowed{hint}.")


def _is_text(value: t.Any, may_be_empty: bool = False) -> bool:
    if isinstance(value, str):
        return may_be_empty or bool(value.strip())
    return isinstance(value, int) and not isinstance(value, bool)


def _shown(value: t.Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, (str, int, float)):
        return _kind(value)
    text = without_queries(str(value))
    return f"'{text[:MAX_SHOWN]}…'" if len(text) > MAX_SHOWN else f"'{text}'"


def _kind(value: t.Any) -> str:
    """Of what kind a value is, in words."""
    if isinstance(value, str) and not value.strip():
        return "an empty text"
    if isinstance(value, (list, tuple)) and not value:
        return "an empty list"
    return next((name for kind, name in KINDS if isinstance(value, kind)), f"a {type(value).__name__}")
