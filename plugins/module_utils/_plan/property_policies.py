# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The policies for images that the collection brings, by name, and the document that a policy is compared with. Pure.

A policy is a JSON Schema of an image as the modules return it, without nulls: the base attributes under Glance's names, and
all custom properties, which are strings, under ``properties``.
"""

from __future__ import annotations

import typing as t

from .._glance.image import DEFAULTS, FlatImage
from .._glance.properties import OWN_PROPERTIES, RESERVED_PREFIX

Schema = dict[str, t.Any]

_DATE = "[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
_TEXT: Schema = {"type": "string", "minLength": 1}
_BOOLEAN: Schema = {"pattern": "^([Tt]rue|[Ff]alse)$", "description": "true or false"}
_TRUE: Schema = {"pattern": "^[Tt]rue$"}

# https://docs.scs.community/standards/scs-0102-v1-image-metadata
SCS_0102: Schema = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "scs-0102, version 1: metadata of public images in the Sovereign Cloud Stack",
    "type": "object",
    "required": ["name", "min_disk", "min_ram", "properties"],
    "properties": {
        "min_disk": {"minimum": 1, "description": "the size of the disk that a server needs (GiB)"},
        "min_ram": {"minimum": 1, "description": "the memory with which a server boots (MiB)"},
        "properties": {
            "type": "object",
            "required": [
                *("architecture", "os_distro", "os_version", "hw_disk_bus"),
                *("replace_frequency", "uuid_validity", "provided_until"),
                *("image_source", "image_description", "image_build_date", "image_original_user"),
            ],
            "properties": {
                "architecture": _TEXT,
                "os_distro": _TEXT,
                "os_version": _TEXT,
                "hw_disk_bus": _TEXT,
                "hypervisor_type": _TEXT,
                "replace_frequency": {
                    "enum": ["yearly", "quarterly", "monthly", "weekly", "daily", "critical_bug", "never"],
                    "description": "how often the image of this name is replaced at least",
                },
                "uuid_validity": {
                    "pattern": f"^(none|notice|forever|last-[1-9][0-9]*|{_DATE})$",
                    "description": "none, notice, forever, last-N, or the date until which the id is valid",
                },
                "provided_until": {
                    "pattern": f"^(none|notice|{_DATE})$",
                    "description": "none, notice, or the date until which the image of this name is updated",
                },
                "hotfix_hours": {
                    "pattern": "^[0-9]+$",
                    "description": "hours until a new image after a critical security issue; 0 for as soon as possible",
                },
                "image_source": {
                    "pattern": "^(private|[A-Za-z][A-Za-z0-9+.-]*://[^ ]+)$",
                    "description": "the URL from which the image can be downloaded, or private",
                },
                "image_description": _TEXT,
                "image_build_date": {
                    "pattern": f"^{_DATE}( ([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?)?$",
                    "description": "a date, or a date and a time (UTC): YYYY-MM-DD or YYYY-MM-DD hh:mm[:ss]",
                },
                "image_original_user": {**_TEXT, "description": "the user to log in as, or none"},
                "patchlevel": _TEXT,
                "license_included": _BOOLEAN,
                "license_required": _BOOLEAN,
                "subscription_included": _BOOLEAN,
                "subscription_required": _BOOLEAN,
                "maintained_until": {"pattern": f"^{_DATE}$", "description": "a date: YYYY-MM-DD"},
                "l1_support_contact": {
                    "pattern": "^[A-Za-z][A-Za-z0-9+.-]*:[^ ]+$",
                    "description": "a URI, such as mailto:support@example.com",
                },
            },
            "not": {
                "required": ["license_included", "license_required"],
                "properties": {"license_included": _TRUE, "license_required": _TRUE},
            },
            "description": "license_included and license_required are not both true",
        },
    },
}

POLICIES: dict[str, Schema] = {"scs-0102": SCS_0102}


def document_of(image: FlatImage) -> FlatImage:
    """The document that a policy is compared with.

    :param image: as a plan predicts it, or as the modules return it.
    """
    document = {key: value for key, value in {**image, **_defaults(image)}.items() if value is not None}
    own = {key: value for key, value in image["properties"].items() if not _is_record(key)}
    return {**document, "properties": own}


def _is_record(key: str) -> bool:
    return key in OWN_PROPERTIES or key.startswith(RESERVED_PREFIX)


def _defaults(image: FlatImage) -> FlatImage:
    """What Glance gives an image where a task names nothing."""
    return {key: default for key, default in DEFAULTS.items() if image.get(key) is None}


def names_in(schema: Schema) -> frozenset[str]:
    """The names of the custom properties that a policy describes."""
    level: t.Any = schema
    for key in ("properties", "properties", "properties"):
        level = level.get(key) if isinstance(level, dict) else None
    return frozenset(level) if isinstance(level, dict) else frozenset()


def external_references(schema: t.Any) -> list[str]:
    """The references to other documents in a schema, which are not followed."""
    if isinstance(schema, list):
        return [found for item in schema for found in external_references(item)]
    if not isinstance(schema, dict):
        return []
    own = schema.get("$ref")
    found = [own] if isinstance(own, str) and not own.startswith("#") else []
    return found + [each for value in schema.values() for each in external_references(value)]
