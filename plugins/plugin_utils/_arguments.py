# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""A task's arguments as YAML and templates make them: what can be handed to a module, by way of JSON. Pure."""

from __future__ import annotations

import datetime
import json
import typing as t
from collections.abc import Mapping


def find_argument_problem(value: t.Any, where: str = "") -> str | None:
    """What is wrong with an argument that Ansible cannot hand to a module as it is; null if it can.

    A key in JSON is text. Ansible writes the key 'on', which YAML reads as true, as 'true', drops one of two keys that are
    the same then, and breaks off at a date. So these are refused before.

    :param where: the option that it stands in, for the message.
    """
    return next(_problems(value, where), None)


def _problems(value: t.Any, where: str) -> t.Iterator[str]:
    if isinstance(value, (bytes, bytearray)):
        yield f"{where}: binary data were given; text is allowed."
    elif isinstance(value, (list, tuple)):
        for number, item in enumerate(value):
            yield from _problems(item, f"{where}[{number}]")
    elif isinstance(value, Mapping):
        yield from _problems_of_mapping(value, where)


def _problems_of_mapping(value: Mapping[t.Any, t.Any], where: str) -> t.Iterator[str]:
    names: set[str] = set()
    for key, item in value.items():
        name = key_text(key)
        if name is None:
            yield (
                f"{where or 'The task'}: the name {_shown(key)} is {_kind(key)}, and text is allowed. YAML reads words such"
                " as on, yes, no and null, and dates, as other types: put the name in quotes."
            )
        elif name in names:
            yield f"{where or 'The task'}: the name '{name}' is given twice, as text and as a number. Give it once."
        else:
            names.add(name)
            yield from _problems(item, f"{where}.{name}" if where else name)


def key_text(key: t.Any) -> str | None:
    """A dictionary's key as JSON has it; null for what is neither text nor a number."""
    if isinstance(key, str):
        return str.__str__(key)
    if isinstance(key, bool) or not isinstance(key, (int, float)):
        return None
    return json.dumps(int(key) if isinstance(key, int) else float(key))


def _shown(key: t.Any) -> str:
    if isinstance(key, (datetime.date, datetime.datetime)):
        return key.isoformat()
    return {True: "true", False: "false", None: "null"}.get(key) or str(key)


def _kind(key: t.Any) -> str:
    if key is None:
        return "null"
    if isinstance(key, bool):
        return "a boolean"
    return "a date" if isinstance(key, datetime.date) else f"a {type(key).__name__}"
