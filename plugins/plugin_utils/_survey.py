# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""Gives the variables of a playbook or role their types. A survey of AWX gives text, also for lists and numbers. Pure."""

from __future__ import annotations

import datetime
import re
import typing as t

import yaml
from ansible_collections.cloudimage.glance.plugins.module_utils._errors import InvalidInput
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.time_conditions import moment_before

Option = t.Mapping[str, t.Any]

TRUE = ("true", "yes", "on", "y", "t", "1")
FALSE = ("false", "no", "off", "n", "f", "0")
KEYS = {"type", "elements", "choices", "minimum", "default", "required", "secret"}
# From here a duration is counted back, as one that begins before the year 1 is an error. It is before any run.
DURATIONS_END = datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc)
WHOLE_NUMBER = re.compile(r"[+-]?[0-9]+")
YAML_LIST = re.compile(r"\s*(\[|\{|- )")
YAML_DICTIONARY = re.compile(r"\s*\{|.*\n", re.DOTALL)


class InvalidAnswer(Exception):
    """A variable has a value that is not allowed; the text says which, what was given and what is allowed."""


class _WrongType(Exception):
    """The value does not have the option's type."""


class _Loader(yaml.SafeLoader):
    """Leaves dates as text, as the modules want them."""


_Loader.add_constructor("tag:yaml.org,2002:timestamp", lambda _loader, node: node.value)


def typed_answers(values: t.Mapping[str, t.Any], options: t.Mapping[str, Option]) -> dict[str, t.Any]:
    """The value of each option in its type; its default, or null, if it was not answered.

    :param options: of each variable ``type``, and ``elements``, ``choices``, ``minimum``, ``default``, ``required`` and
        ``secret``, which says that an error must not show the value.
    """
    answers = {}
    errors = []
    for name, option in options.items():
        unknown = set(option) - KEYS
        if unknown or option["type"] not in _CONVERTERS:
            raise InvalidAnswer(f"{name}: the option {dict(option)} has a type or keys that are not known.")
        value = values.get(name)
        if not is_answered(value):
            answers[name] = option.get("default")
            if option.get("required"):
                errors.append(f"{name} must be set to {_allowed(option)}.")
            continue
        try:
            answers[name] = _typed(value, option)
        except _WrongType:
            errors.append(f"{name}: {_shown(value, option)} was given; allowed is {_allowed(option)}.")
    if errors:
        raise InvalidAnswer(" ".join(errors))
    return answers


def is_answered(value: t.Any) -> bool:
    """Whether a question was answered: blank text is what a survey gives if it was not."""
    return value is not None and not (isinstance(value, str) and not value.strip())


def _typed(value: t.Any, option: Option) -> t.Any:
    """A value in the option's type, which is one of the option's choices and not below its minimum."""
    typed = _CONVERTERS[option["type"]](value, option)
    if "choices" in option and typed not in option["choices"]:
        raise _WrongType
    if "minimum" in option and typed < option["minimum"]:
        raise _WrongType
    return typed


def _text(value: t.Any, option: Option) -> str:
    if isinstance(value, datetime.date):  # what YAML makes of 2026-01-31 without quotes
        return value.isoformat()
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise _WrongType
    return str(value).strip() if "choices" in option else str(value)


def _duration(value: t.Any, option: Option) -> str:
    text = _text(value, option).strip()
    try:
        moment_before(DURATIONS_END, "", text)
    except InvalidInput:
        raise _WrongType from None
    return text


def _day(value: t.Any, option: Option) -> str:
    text = _text(value, option).strip()
    try:
        is_day = datetime.date.fromisoformat(text).isoformat() == text
    except ValueError:
        is_day = False
    if not is_day:
        raise _WrongType
    return text


def _number(value: t.Any, _option: Option) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and WHOLE_NUMBER.fullmatch(value.strip()):
        return int(value)
    raise _WrongType


def _boolean(value: t.Any, _option: Option) -> bool:
    text = str(value).strip().lower() if isinstance(value, (str, int)) else ""
    if text not in TRUE + FALSE:
        raise _WrongType
    return text in TRUE


def _boolean_or_list(value: t.Any, option: Option) -> t.Any:
    try:
        return _boolean(value, option)
    except _WrongType:
        return _list(value, option)


def _list(value: t.Any, option: Option) -> list[t.Any]:
    if isinstance(value, str):
        value = _from_yaml(value) if YAML_LIST.match(value) else _split(value)
        if not value:
            raise _WrongType
    if not isinstance(value, (list, tuple)):
        raise _WrongType
    allowed = (str, dict) if option.get("elements") == "raw" else (str,)
    if not all(isinstance(each, allowed) and each for each in value):
        raise _WrongType
    return list(value)


def _split(text: str) -> list[str]:
    """The items of a text with commas or line breaks between them."""
    return [item.strip() for item in re.split(r"[,\n\r]", text) if item.strip()]


def _dictionary(value: t.Any, _option: Option) -> dict[str, t.Any]:
    if isinstance(value, str):
        value = _from_yaml(value)
    if not isinstance(value, dict):
        raise _WrongType
    return dict(value)


def _cloud(value: t.Any, option: Option) -> t.Any:
    """The name of a cloud, or its whole configuration."""
    if isinstance(value, str) and not YAML_DICTIONARY.match(value.strip()):
        return value.strip()
    return _dictionary(value, option)


def _from_yaml(text: str) -> t.Any:
    try:
        return yaml.load(text, _Loader)  # noqa: S506 (it is a SafeLoader)
    except (yaml.YAMLError, ValueError):
        raise _WrongType from None


_CONVERTERS: dict[str, t.Callable[[t.Any, Option], t.Any]] = {
    "str": _text,
    "duration": _duration,
    "day": _day,
    "int": _number,
    "bool": _boolean,
    "list": _list,
    "bool_or_list": _boolean_or_list,
    "dict": _dictionary,
    "cloud": _cloud,
}

_ALLOWED = {
    "str": "text",
    "duration": "a duration with the units s, m, h, d or w, such as 12h, 30d or 1w2d",
    "day": "a day such as 2026-01-31",
    "int": "a whole number",
    "bool": "true or false",
    "list": "a list of texts that are not empty, or text with commas or line breaks between the items, or a list as YAML",
    "bool_or_list": "true, false, or a list of texts",
    "dict": "a dictionary, or one as YAML or JSON",
    "cloud": "the name of a cloud, or its configuration as a dictionary",
}


def _allowed(option: Option) -> str:
    """What the option allows, for a message."""
    if "choices" in option:
        return "one of " + ", ".join(map(str, option["choices"]))
    text = _ALLOWED[option["type"]]
    if option.get("elements") == "raw":
        text = text.replace("texts that are not empty", "texts and dictionaries that are not empty")
    return f"{text} of {option['minimum']} or more" if "minimum" in option else text


def _shown(value: t.Any, option: Option) -> str:
    """What was given, for a message; only of what kind it is if it may hold a secret, as a cloud's configuration does."""
    if option["type"] != "cloud" and not option.get("secret"):
        return f"{value!r}"
    kinds = {str: "text of another form", dict: "a dictionary", list: "a list"}
    return next((name for kind, name in kinds.items() if isinstance(value, kind)), f"{value!r}")
