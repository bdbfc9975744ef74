# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The list of images in a catalogue's file. Pure."""

from __future__ import annotations

import typing as t

from ._osism import Conversion, convert
from ._osism_values import InvalidDefinition

ALLOWED = "Allowed is a list of images, each a dictionary, or a dictionary whose 'images' is such a list."


class InvalidFile(Exception):
    """A file without a list of images; the text says what it has instead, but no value, which may hold a secret."""


def images_in(content: t.Any, file: str, *, osism: bool) -> list[t.Any]:
    """The entries for the module images.

    :param content: what the YAML of the file means.
    :param file: its path, for an error.
    :param osism: whether the file has OSISM's image definitions.
    """
    images, place = content, ""
    if isinstance(content, dict):
        if "images" not in content:
            raise InvalidFile(f"{file} has a dictionary without 'images', with {_keys(content)}. {ALLOWED}")
        images, place = content["images"], " in 'images'"
    if not isinstance(images, list):
        raise InvalidFile(f"{file} has {_kind(images)}{place}. {ALLOWED}")
    for number, image in enumerate(images, start=1):
        if not isinstance(image, dict):
            raise InvalidFile(f"{file} has {_kind(image)}{place} as image {number} of the list. {ALLOWED}")
    if not osism:
        return images
    try:
        return convert(images, Conversion())
    except InvalidDefinition as error:
        raise InvalidFile(f"{file}: {error}") from error


def _keys(content: t.Mapping[t.Any, t.Any]) -> str:
    return f"the keys {', '.join(map(str, content))}" if content else "no keys"


def _kind(value: t.Any) -> str:
    kinds: dict[type, str] = {type(None): "no value", str: "text", dict: "a dictionary", list: "a list"}
    return next((name for kind, name in kinds.items() if isinstance(value, kind)), "a number, a date, true or false")
