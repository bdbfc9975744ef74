# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""What an image is, and how the collection returns it.

Glance shows an image as one flat map: its base attributes and whatever custom properties it has, side by side
(https://docs.openstack.org/api-ref/image/v2/#show-image).
"""

from __future__ import annotations

import dataclasses
import typing as t

# An image as JSON: Glance's flat map, or what the collection returns.
FlatImage = dict[str, t.Any]

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

# Glance fixes these once an image has data.
FORMATS = ("disk_format", "container_format")

# Nothing but its record is left of an image in one of these: it counts as absent.
GONE = frozenset({"deleted", "pending_delete"})

# An error describes no more images than this.
MAX_LISTED = 10


@dataclasses.dataclass(frozen=True)
class Image:
    """An image as a cloud shows it, with the types of all attributes checked (``responses.validate_image``), or as a plan
    predicts it.

    A cloud may leave out any attribute but ``id``, ``name`` and ``status``. It is null here then, or Glance's default.

    :param fields: Glance's flat map.
    """

    fields: t.Mapping[str, t.Any]

    @property
    def id(self) -> str:
        return str(self.fields["id"])

    @property
    def exists(self) -> bool:
        """Whether it is an image of the cloud, and not only the name of one that is missing."""
        return "id" in self.fields

    @property
    def name(self) -> str | None:
        return self._text("name")

    @property
    def status(self) -> str:
        return str(self.fields["status"])

    @property
    def visibility(self) -> str | None:
        return self._text("visibility")

    @property
    def owner(self) -> str | None:
        """Id of the project; null for an image of no project, and on a cloud that does not show owners."""
        return self._text("owner")

    @property
    def protected(self) -> bool:
        return bool(self.fields.get("protected"))

    @property
    def hidden(self) -> bool:
        return bool(self.fields.get("os_hidden"))

    @property
    def tags(self) -> list[str]:
        return sorted(self.fields.get("tags") or [])

    @property
    def disk_format(self) -> str | None:
        return self._text("disk_format")

    @property
    def container_format(self) -> str | None:
        return self._text("container_format")

    @property
    def formats(self) -> dict[str, str | None]:
        """Disk format and container format, by attribute."""
        return {"disk_format": self.disk_format, "container_format": self.container_format}

    @property
    def size(self) -> int | None:
        """Size of the data (bytes); null as long as there are none, and while the size is not known."""
        size = self.fields.get("size")
        return None if size is None else int(size)

    @property
    def created_at(self) -> str | None:
        return self._text("created_at")

    @property
    def updated_at(self) -> str | None:
        return self._text("updated_at")

    @property
    def stores(self) -> list[str]:
        """The stores that hold the data, sorted; empty on a cloud that has only one."""
        return sorted(filter(None, str(self.fields.get("stores") or "").split(",")))

    @property
    def properties(self) -> dict[str, t.Any]:
        """The custom properties, sorted by name; Glance's internal ones (``os_glance_*``) are among them."""
        return properties_of(self.fields)

    @property
    def import_task(self) -> str | None:
        """Id of the import's task, which holds a lock on the image; null if there is none."""
        return self._text("os_glance_import_task")

    @property
    def failed_import_stores(self) -> str | None:
        """The stores that the last import into the image failed for, with commas between them."""
        return self._text("os_glance_failed_import")

    def get(self, attribute: str, default: t.Any = None) -> t.Any:
        """An attribute or property by Glance's name."""
        return self.fields.get(attribute, default)

    def shows(self, attribute: str) -> bool:
        """Whether the cloud shows this attribute or property."""
        return attribute in self.fields

    def belongs_to(self, project: str | None) -> bool:
        """Whether the image is one of this project.

        Without an owner it counts as one: a cloud that does not show owners lists only what the project can use, and refuses
        to change the image of another project.
        """
        return bool(self.get("owner", project) == project)

    def __str__(self) -> str:
        return f"Image {self.id} '{self.name}'"

    def _text(self, attribute: str) -> str | None:
        value = self.fields.get(attribute)
        return None if value is None or (value == "" and attribute.startswith("os_glance")) else str(value)


def to_result(image: Image) -> FlatImage:
    """An image as the collection returns it: base attributes under Glance's names, all others under ``properties``.

    ``stores`` is a list here; Glance has a string with commas. What a cloud leaves out is Glance's default, or null.
    """
    result: FlatImage = {name: image.get(name, DEFAULTS.get(name)) for name in BASE_ATTRIBUTES}
    return {**result, "tags": image.tags, "stores": image.stores, "properties": image.properties}


def properties_of(fields: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The custom properties in Glance's flat map, sorted by name."""
    return {key: fields[key] for key in sorted(fields) if key not in BASE_ATTRIBUTES and key not in LINKS}


def missing_stores(image: Image, stores: t.Iterable[str]) -> list[str]:
    """Those of the stores that do not hold the image's data."""
    there = image.stores
    return [store for store in stores if store not in there]


def describe(image: Image) -> str:
    """One image in a list of candidates: what a person tells them apart by."""
    parts = [
        f"{image.id} '{image.name}'",
        image.status,
        str(image.visibility),
        f"created {image.created_at}",
        f"owner {image.owner}",
    ]
    if image.hidden:
        parts.append("hidden")
    return ", ".join(parts)


def listing(images: t.Sequence[Image]) -> str:
    """The first images of a list of candidates, and how many more there are."""
    return first_few([describe(image) for image in images])


def first_few(texts: t.Sequence[str]) -> str:
    """The first of many texts for an error or a warning, and how many more there are."""
    more = f"; and {len(texts) - MAX_LISTED} more" if len(texts) > MAX_LISTED else ""
    return "; ".join(texts[:MAX_LISTED]) + more
