# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""What an image is made of, and how the collection shows it. Pure.

Glance shows an image as one flat map: its base attributes and whatever custom properties it has, side by side
(https://docs.openstack.org/api-ref/image/v2/#show-image).
"""

from __future__ import annotations

import re
import typing as t

from .._errors import InvalidInput

Image = dict[str, t.Any]

UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
MAX_INTEGER = 2**31 - 1
MAX_TEXT = 255

# Shown by the collection in this order. All but these is a custom property.
BASE_ATTRIBUTES = (
    "id",
    "name",
    "status",
    "visibility",
    "protected",
    "os_hidden",
    "owner",
    "tags",
    "disk_format",
    "container_format",
    "size",
    "virtual_size",
    "min_disk",
    "min_ram",
    "checksum",
    "os_hash_algo",
    "os_hash_value",
    "stores",
    "created_at",
    "updated_at",
)
# Left out of what the collection shows: links, and where the data lie, which may hold a store's credentials.
LINKS = ("self", "file", "schema", "direct_url", "locations")

# What an image that is shown without these has: they are Glance's defaults.
DEFAULTS = {"protected": False, "os_hidden": False, "min_disk": 0, "min_ram": 0}

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

# Set by options of their own, so that they are not taken for left-overs when properties are purged.
REFERENCES = {"kernel": "kernel_id", "ramdisk": "ramdisk_id"}

# The checksum of the source that an image was made of, where the cloud's own hash cannot be compared with it; _image_hashes
# says what is in it.
SOURCE_CHECKSUM = "cloudimage_source_checksum"
# The formats that the source of an image had which the cloud converted when it imported it.
SOURCE_FORMATS = "cloudimage_source_formats"
# The properties in which this collection records where an image's data came from.
RECORDS = frozenset({SOURCE_CHECKSUM, SOURCE_FORMATS})
# Custom properties that are not the user's own: purging leaves them alone.
KEPT_PROPERTIES = frozenset({*REFERENCES.values(), *RECORDS})
# Glance fixes these once an image has data.
FORMATS = ("disk_format", "container_format")

# Nothing but its record is left of an image in one of these: it counts as absent.
GONE = frozenset({"deleted", "pending_delete"})


def to_result(image: Image) -> Image:
    """The image as the collection returns it: base attributes under Glance's names, all others under ``properties``.

    ``stores`` is a list here; Glance has a string with commas. What a cloud leaves out is Glance's default, or null.
    """
    result: Image = {name: image.get(name, DEFAULTS.get(name)) for name in BASE_ATTRIBUTES}
    result["tags"] = sorted(image.get("tags") or [])
    result["stores"] = stores_of(image)
    result["properties"] = properties_of(image)
    return result


def properties_of(image: Image) -> dict[str, t.Any]:
    """The custom properties of a Glance image, sorted by name; Glance's internal ones (``os_glance_*``) among them."""
    return {key: image[key] for key in sorted(image) if key not in BASE_ATTRIBUTES and key not in LINKS}


def stores_of(image: Image) -> list[str]:
    """The stores that hold the image's data, sorted; empty on a cloud that has but one."""
    stores = image.get("stores")
    return sorted(filter(None, stores.split(","))) if isinstance(stores, str) else list(stores or [])


def missing_stores(image: Image, stores: t.Iterable[str]) -> list[str]:
    """Those of the stores that do not hold the image's data."""
    there = stores_of(image)
    return [store for store in stores if store not in there]


def describe(image: Image) -> str:
    """One image in a list of candidates: what a person tells them apart by."""
    parts = [
        f"{image.get('id')} '{image.get('name')}'",
        str(image.get("status")),
        str(image.get("visibility")),
        f"created {image.get('created_at')}",
        f"owner {image.get('owner')}",
    ]
    if image.get("os_hidden"):
        parts.append("hidden")
    return ", ".join(parts)


def is_changeable(key: str) -> bool:
    """Whether Glance can change and remove a custom property of this name once the image exists."""
    is_glances = key in NAMES_OF_GLANCE or PRIVATE_NAMES_OF_GLANCE.fullmatch(key)
    return not is_glances and key == key.strip()  # it strips the names in a patch, and so does not find them


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
