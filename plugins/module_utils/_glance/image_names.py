# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The names that images have while they are replaced, and afterwards. Pure."""

from __future__ import annotations

import re

from .._errors import InvalidInput
from .image import Image
from .image_ids import has_derived_id
from .input_checks import MAX_TEXT
from .properties import VERSION

# What a template of a replaced image's name may hold.
NAME_FIELDS = ("name", "version", "created", "id")
DEFAULT_TEMPLATE = "{name}-{created}"
TEMPORARY_NAME = re.compile(r"(.*)-replacing-([0-9a-fA-F-]{36})", re.DOTALL)


def temporary_name(old: Image) -> str:
    """The name that the new image has until it is complete.

    :param old: the image that it replaces; it has no id if there is none.
    """
    return _with_suffix(str(old.name), f"-replacing-{old.id}") if old.exists else candidate_name(str(old.name))


def candidate_name(name: str) -> str:
    """The name that the first image of a name has until it is promoted."""
    return _with_suffix(name, "-candidate")


def id_source(old: Image) -> str:
    """What the id of a new image is derived from: its first name, but for the first image of a name.

    That one's first name can be the name of any other image, so its id is derived from text that is no image's name.
    """
    return temporary_name(old) if old.exists else f"\0candidate of {old.name}"


def _with_suffix(name: str, suffix: str) -> str:
    return name[: MAX_TEXT - len(suffix)] + suffix


def replaced_by(new: Image, project: str | None) -> Image | None:
    """The id and name of the image that a new one is to replace, as far as its temporary name tells; null for another
    image.

    :param project: the owner of an image whose owner the cloud does not show.
    """
    found = TEMPORARY_NAME.fullmatch(str(new.name))
    if not found or not has_derived_id(new, str(new.name), project):
        return None
    return Image({"name": found[1], "id": found[2]})


def check_name_template(template: str) -> str:
    """Refuse a template for the names of replaced images that has other fields, or would give all of them one name."""
    fields = re.findall(r"{([^{}]*)}", template)
    unknown = [field for field in fields if field not in NAME_FIELDS]
    if unknown or set("{}") & set(re.sub(r"{[^{}]*}", "", template)):
        raise InvalidInput(
            f"replaced_name: '{template}' was given; allowed are text and the fields"
            f" {', '.join(f'{{{field}}}' for field in NAME_FIELDS)}."
        )
    if not set(fields) - {"name"}:
        raise InvalidInput(
            f"replaced_name: '{template}' would give all previous builds the same name; use {{version}}, {{created}} or"
            " {id}."
        )
    return template


def replaced_name(old: Image, template: str = DEFAULT_TEMPLATE) -> str:
    """The name under which a replaced image is kept.

    An image without a record of its version has the time of its creation in the place of the version. If the result is too
    long, the image's own name in it is cut.
    """
    created = re.sub(r"[^0-9TZ]", "", str(old.created_at))
    values = {"created": created, "version": old.get(VERSION) or created, "id": old.id}

    def filled(name: str) -> str:
        return re.sub(r"{(\w+)}", lambda field: str({**values, "name": name}[field[1]]), template)

    name, places = str(old.name), template.count("{name}")
    if places:
        room = MAX_TEXT - len(filled(""))
        name = name[: max(0, room // places)]
    return filled(name)[:MAX_TEXT]
