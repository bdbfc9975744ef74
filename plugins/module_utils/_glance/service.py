# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""What a cloud's Image API offers, from the documents in which the cloud shows it. Pure.

A document, or a part of it, that is missing or has another form gives null: the cloud does not show it.
"""

from __future__ import annotations

import re
import typing as t

Document = t.Mapping[str, t.Any]

VERSION = re.compile(r"v(\d{1,4})\.(\d{1,4})")


def api_versions(document: Document | None) -> list[tuple[int, int]] | None:
    """The versions of the API, oldest first, of the answer to ``GET /``, which has them in no order."""
    entries = _list_of_documents(document, "versions")
    if entries is None:
        return None
    matches = [VERSION.fullmatch(str(entry.get("id"))) for entry in entries]
    return sorted({(int(match[1]), int(match[2])) for match in matches if match})


def dotted(version: tuple[int, int]) -> str:
    return ".".join(map(str, version))


def import_methods(document: Document | None) -> list[str] | None:
    """The ways to import data, sorted, of the answer to ``GET /v2/info/import``."""
    methods = _part(document, "import-methods", dict)
    return _texts(_part(methods, "value", list))


def stores(document: Document | None) -> list[dict[str, t.Any]] | None:
    """The stores, in the cloud's order, of the answer to ``GET /v2/info/stores``. Glance writes booleans as text there."""
    entries = _list_of_documents(document, "stores")
    if entries is None:
        return None
    return [
        {
            "id": str(entry.get("id")),
            "description": entry.get("description"),
            "default": _is_true(entry.get("default")),
            "read_only": _is_true(entry.get("read-only")),
        }
        for entry in entries
    ]


def formats(schema: Document | None, attribute: str) -> list[str] | None:
    """The values that an attribute may have, by the answer to ``GET /v2/schemas/image``.

    :param attribute: disk_format or container_format.
    """
    values = _part(_part(_part(schema, "properties", dict), attribute, dict), "enum", list)
    return _texts([value for value in values if value is not None] if values else None)


def usage(document: Document | None) -> dict[str, dict[str, int]] | None:
    """What the project uses, by the name of the limit, of the answer to ``GET /v2/info/usage``."""
    entries = _part(document, "usage", dict)
    if entries is None:
        return None
    return {
        str(name): {"limit": entry["limit"], "usage": entry["usage"]}
        for name, entry in entries.items()
        if isinstance(entry, dict) and isinstance(entry.get("limit"), int) and isinstance(entry.get("usage"), int)
    }


def _part(document: t.Any, key: str, kind: type) -> t.Any:
    part = document.get(key) if isinstance(document, dict) else None
    return part if isinstance(part, kind) else None


def _list_of_documents(document: Document | None, key: str) -> list[dict[str, t.Any]] | None:
    entries = _part(document, key, list)
    return None if entries is None else [entry for entry in entries if isinstance(entry, dict)]


def _texts(values: list[t.Any] | None) -> list[str] | None:
    return None if values is None else sorted(map(str, values))


def _is_true(value: t.Any) -> bool:
    return str(value).lower() == "true"
