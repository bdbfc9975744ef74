# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The names and values of custom properties: which ones Glance stores, changes and removes."""

from __future__ import annotations

import re
import typing as t

from .._errors import InvalidInput
from .image import BASE_ATTRIBUTES, LINKS
from .input_checks import MAX_TEXT, check_characters

# Which option of the module sets what a property of the same name cannot.
OPTION_OF = {
    "name": "name",
    "id": "id",
    "visibility": "visibility",
    "protected": "protected",
    "os_hidden": "hidden",
    "owner": "owner",
    "tags": "tags",
    "disk_format": "disk_format",
    "container_format": "container_format",
    "min_disk": "min_disk",
    "min_ram": "min_ram",
}
# Glance refuses these with 403.
RESERVED_PROPERTIES = frozenset({"location", "deleted", "deleted_at"})
# Attributes and methods of Glance's class for images (glance.notifier.ImageProxy), but for private ones. Glance sets a
# property of such a name for a new image, and afterwards neither changes nor removes it: 403, 404, 500, or a 200 in vain.
NAMES_OF_GLANCE = frozenset(
    {
        "base",
        "context",
        "deactivate",
        "delete",
        "extra_properties",
        "get_data",
        "get_payload",
        "get_super_class",
        "helper",
        "image_id",
        "member",
        "notifier",
        "reactivate",
        "repo",
        "send_notification",
        "set_data",
    }
)
PRIVATE_NAMES_OF_GLANCE = re.compile(
    r"__\w+__|_abc_impl|_format_image_send|_format_import_properties|_get_chunk_data_iterator"
)
RESERVED_PREFIX = "os_glance"

# Options of their own set these properties, so purging does not remove them.
REFERENCES = {"kernel": "kernel_id", "ramdisk": "ramdisk_id"}

# The checksum of the source that an image was created from, where the cloud's own hash cannot be compared with it;
# image_hashes.py describes its value.
SOURCE_CHECKSUM = "cloudimage_source_checksum"
# The formats that the source of an image had which the cloud converted when it imported it.
SOURCE_FORMATS = "cloudimage_source_formats"
# The type of resource that images are in metadata definitions.
IMAGE_RESOURCE_TYPE = "OS::Glance::Image"
# Properties that Glance's own documentation names, whose definitions are for no type of resource, so that clouds do not show
# them as properties of images.
COMMON_PROPERTIES = frozenset({"architecture", "instance_uuid", "os_distro", "os_version"})
# All properties in which this collection records something begin with this.
OWN_PREFIX = "cloudimage_"
# The version of an image's data that the task gave.
VERSION = "cloudimage_version"
# The properties in which this collection records what an image's data are, and where they came from.
DATA_RECORDS = frozenset({SOURCE_CHECKSUM, SOURCE_FORMATS, VERSION})
# The catalogue that an image belongs to.
CATALOGUE = "cloudimage_catalogue"
# The name under which an image is published, or was.
PUBLISHED_AS = "cloudimage_published_as"
# When a published image was taken back because of a defect.
ROLLED_BACK = "cloudimage_rolled_back"
# The id of the image that a catalogue's or a build's mark was given to, where this collection did not choose the id.
MARKED_ID = "cloudimage_marked_id"
# Custom properties that are not the user's own: purging leaves them alone.
KEPT_PROPERTIES = frozenset({*REFERENCES.values(), *DATA_RECORDS, CATALOGUE, PUBLISHED_AS, MARKED_ID, ROLLED_BACK})
# What to use instead of a property that only this collection sets.
OWN_PROPERTIES = {
    **dict.fromkeys(
        (SOURCE_CHECKSUM, SOURCE_FORMATS),
        "this collection's own record of the source of an image's data, and cannot be set. Give the 'checksum' of the source"
        " instead.",
    ),
    VERSION: "this collection's own record of an image's version, and cannot be set. Use 'version' in the module images.",
    MARKED_ID: "this collection's own record of the image that it marked, and cannot be set.",
    CATALOGUE: "the mark of a catalogue's images, and cannot be set. Use 'catalogue' in the module images.",
}


def is_changeable(key: str) -> bool:
    """Whether Glance can change and remove a custom property of this name once the image exists."""
    is_glances = key in NAMES_OF_GLANCE or PRIVATE_NAMES_OF_GLANCE.fullmatch(key)
    return not is_glances and key == key.strip()  # it strips the names in a patch, and so does not find them


def property_value(key: str, value: t.Any) -> str | None:
    """A property's value as the string that Glance stores; null stays null, which means: remove it.

    Glance takes strings only. ``true`` and ``false`` are written as YAML and JSON write them.
    """
    if value is None:
        return None
    if isinstance(value, str):
        return check_characters(value, f"properties, '{key}'")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    raise InvalidInput(
        f"properties: the value of '{key}' is a {type(value).__name__}; a string, a number, true, false or null is allowed."
    )


def check_property_key(key: str) -> str:
    """Refuse what is no custom property: Glance would answer 403, or keep junk beside the attribute that was meant."""
    check_characters(key, "properties")
    option = OPTION_OF.get(key)
    if option:
        raise InvalidInput(f"properties: '{key}' is an attribute of the image, not a property: use the option '{option}'.")
    if key in BASE_ATTRIBUTES or key in LINKS:
        raise InvalidInput(f"properties: '{key}' is set by Glance and cannot be changed.")
    if key in RESERVED_PROPERTIES or key.startswith(RESERVED_PREFIX):
        raise InvalidInput(f"properties: '{key}' is reserved by Glance and cannot be set.")
    if key in OWN_PROPERTIES:
        raise InvalidInput(f"properties: '{key}' is {OWN_PROPERTIES[key]}")
    if not 1 <= len(key) <= MAX_TEXT:
        raise InvalidInput(f"properties: the name '{key}' has {len(key)} characters; 1 to {MAX_TEXT} are allowed.")
    if key != key.strip():
        raise InvalidInput(f"properties: the name '{key}' begins or ends with white space, which Glance cuts off.")
    if not is_changeable(key):
        raise InvalidInput(
            f"properties: '{key}' is reserved by Glance: its code uses that name, so that the property could be set for a"
            " new image, but never be changed or removed. Choose another name."
        )
    return key


def desired_properties(properties: t.Mapping[t.Any, t.Any]) -> dict[str, str | None]:
    """The task's properties, checked, with values as Glance stores them."""
    wanted: dict[str, str | None] = {}
    for raw_key, value in properties.items():
        key = check_property_key(str(raw_key))
        if key in wanted:
            raise InvalidInput(f"properties: '{key}' is given twice.")
        wanted[key] = property_value(key, value)
    return wanted
