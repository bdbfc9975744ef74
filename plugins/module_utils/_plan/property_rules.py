# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""Which custom properties a cloud's metadata definitions know, and which values they allow. Pure.

Definitions are in namespaces (https://docs.openstack.org/api-ref/image/v2/metadefs-index.html). A namespace says which types
of resources it is for, and for each the prefix that its properties have there: what is ``hw:cpu_policy`` of a flavor is
``hw_cpu_policy`` of an image. Glance stores all values as strings, so a value is compared as the text of what its definition
says.
"""

from __future__ import annotations

import dataclasses
import re
import typing as t

from .._glance.properties import COMMON_PROPERTIES, IMAGE_RESOURCE_TYPE, KEPT_PROPERTIES

# Glance, Nova and Cinder take these for booleans (oslo.utils, strutils.bool_from_string).
BOOLEANS = frozenset({"1", "t", "true", "on", "y", "yes", "0", "f", "false", "off", "n", "no"})
# How much two names must have in common for the one to be a misspelling of the other.
SIMILAR = 2

Json = t.Mapping[str, t.Any]


@dataclasses.dataclass(frozen=True)
class Definition:
    """What a namespace says of a property.

    :param schema: type, enum, minimum and the like.
    """

    namespace: str
    schema: Json


Definitions = t.Mapping[str, t.Sequence[Definition]]


def definitions_of(namespaces: t.Iterable[Json]) -> dict[str, list[Definition]]:
    """The definitions of the properties of images, by name. A name can have definitions in several namespaces.

    :param namespaces: as ``GET /v2/metadefs/namespaces/{name}`` shows each, with its objects, and without prefixes.
    """
    found: dict[str, list[Definition]] = {}
    for namespace in namespaces:
        association = _association(namespace)
        if association is not None:
            prefix = str(association.get("prefix") or "")
            for group in [namespace, *(namespace.get("objects") or [])]:
                for name, schema in (group.get("properties") or {}).items():
                    found.setdefault(prefix + name, []).append(Definition(str(namespace["namespace"]), schema))
    return found


def _association(namespace: Json) -> Json | None:
    associations = namespace.get("resource_type_associations") or []
    return next((each for each in associations if each.get("name") == IMAGE_RESOURCE_TYPE), None)


def problems_of(
    properties: t.Mapping[str, str | None], definitions: Definitions, also_known: t.Collection[str] = ()
) -> list[str]:
    """What the definitions say against the properties that a task sets, a sentence each.

    :param properties: values as Glance stores them; null removes one, which is always allowed.
    :param also_known: names that need no definition.
    """
    problems = []
    for name, value in sorted(properties.items()):
        if value is None or name in KEPT_PROPERTIES:
            continue
        defined = definitions.get(name)
        if defined:
            problems += _problem_of_value(name, value, defined)
        elif name not in also_known and name not in COMMON_PROPERTIES:
            problems.append(f"'{name}' is not among the metadata definitions of this cloud.{_suggestion(name, definitions)}")
    return problems


def _problem_of_value(name: str, value: str, defined: t.Sequence[Definition]) -> list[str]:
    """Why no definition of the name allows the value; empty if one does."""
    reasons = []
    for definition in defined:
        reason = _violation(value, definition.schema)
        if reason is None:
            return []
        reasons.append(f"{reason} ({definition.namespace})")
    return [f"'{name}' has the value '{value}'; {', or '.join(reasons)}."]


def _violation(value: str, schema: Json) -> str | None:
    """What a definition demands of a value that it does not allow; null if it allows it."""
    kind = schema.get("type", "string")
    # An operator compares a flavor with a host's value, such as '<in> x86'; what is behind it is not one of the values.
    if any(value.startswith(f"{operator} ") for operator in schema.get("operators") or []):
        return None
    return _CHECKS.get(kind, _violation_of_text)(value, schema)


def _violation_of_text(value: str, schema: Json) -> str | None:
    shortest, longest = schema.get("minLength"), schema.get("maxLength")
    if shortest is not None and len(value) < shortest:
        return f"at least {shortest} characters are needed"
    if longest is not None and len(value) > longest:
        return f"at most {longest} characters are allowed"
    pattern = schema.get("pattern")
    if pattern and not _matches(pattern, value):
        return f"it must match the regular expression {pattern}"
    return _violation_of_enum(value, schema)


def _violation_of_enum(value: str, schema: Json) -> str | None:
    allowed = schema.get("enum")
    if allowed and value not in [_text(item) for item in allowed]:
        return f"allowed are {', '.join(_text(item) for item in allowed)}"
    return None


def _violation_of_integer(value: str, schema: Json) -> str | None:
    if not re.fullmatch(r"[+-]?[0-9]{1,300}", value):
        return "an integer is needed"
    return _violation_of_range(int(value), schema) or _violation_of_enum(value, schema)


def _violation_of_number(value: str, schema: Json) -> str | None:
    if not re.fullmatch(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?", value):
        return "a number is needed"
    return _violation_of_range(float(value), schema) or _violation_of_enum(value, schema)


def _violation_of_range(number: float, schema: Json) -> str | None:
    lowest, highest = schema.get("minimum"), schema.get("maximum")
    if lowest is not None and number < lowest:
        return f"at least {lowest} is needed"
    if highest is not None and number > highest:
        return f"at most {highest} is allowed"
    return None


def _violation_of_boolean(value: str, _schema: Json) -> str | None:
    return None if value.lower() in BOOLEANS else "true or false is needed"


def _violation_of_list(value: str, schema: Json) -> str | None:
    items = [item.strip() for item in value.split(",")]
    fewest, most = schema.get("minItems"), schema.get("maxItems")
    if fewest is not None and len(items) < fewest:
        return f"at least {fewest} values with commas between them are needed"
    if most is not None and len(items) > most:
        return f"at most {most} values are allowed"
    if schema.get("uniqueItems") and len(set(items)) != len(items):
        return "each value is allowed once"
    found = (_violation(item, schema.get("items") or {}) for item in items)
    return next((reason for reason in found if reason), None)


_CHECKS: dict[str, t.Callable[[str, Json], str | None]] = {
    "string": _violation_of_text,
    "integer": _violation_of_integer,
    "number": _violation_of_number,
    "boolean": _violation_of_boolean,
    "array": _violation_of_list,
}


def _text(item: t.Any) -> str:
    return str(item).lower() if isinstance(item, bool) else str(item)


def _matches(pattern: str, value: str) -> bool:
    try:
        return re.search(pattern, value) is not None
    except re.error:
        return True  # of a dialect that Python does not know


def _suggestion(name: str, definitions: Definitions) -> str:
    """The name that may be meant."""
    nearest = min(definitions, key=lambda known: (distance(name, known), known), default="")
    return f" Is '{nearest}' meant?" if nearest and distance(name, nearest) <= SIMILAR else ""


def distance(one: str, other: str) -> int:
    """How many characters must be added, removed or replaced to make one text of the other."""
    if abs(len(one) - len(other)) > SIMILAR:
        return SIMILAR + 1
    row = list(range(len(other) + 1))
    for number, left in enumerate(one, 1):
        above, row = row, [number]
        for place, right in enumerate(other, 1):
            row.append(min(above[place] + 1, row[-1] + 1, above[place - 1] + (left != right)))
    return row[-1]
