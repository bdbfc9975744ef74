# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The options that name an image in another cloud, and what is copied of it besides its data. Pure."""

from __future__ import annotations

import dataclasses
import typing as t

from .._errors import InvalidInput
from .._glance.input_checks import check_id, check_text
from .._glance.properties import OWN_PREFIX, check_property_key
from .._url_redaction import redacted_url
from .connection import ConnectionOptions

# Attributes by the names of the module's options -> Glance's names.
COPYABLE = {
    "disk_format": "disk_format",
    "container_format": "container_format",
    "min_disk": "min_disk",
    "min_ram": "min_ram",
    "tags": "tags",
    "visibility": "visibility",
    "protected": "protected",
    "hidden": "os_hidden",
}
# Who sees an image, and who may delete it, is decided in each cloud.
COPIED_BY_DEFAULT = ("disk_format", "container_format", "min_disk", "min_ram", "tags")
ALL_PROPERTIES = "properties"
ONE_PROPERTY = "properties."
YES, NO = frozenset({"true", "yes"}), frozenset({"false", "no"})


@dataclasses.dataclass(frozen=True)
class CopiedAttributes:
    """What an image gets from the one in the other cloud, besides its data.

    :param attributes: Glance's base attributes, by Glance's names.
    :param all_properties: whether all custom properties are copied that mean the same in every cloud.
    :param properties: custom properties that are copied whatever they mean.
    """

    attributes: tuple[str, ...] = ()
    all_properties: bool = False
    properties: frozenset[str] = frozenset()

    @classmethod
    def parse(cls, given: t.Any) -> CopiedAttributes:
        """Check the option: true, false, or a list of names; null for the default, which is true."""
        names = _names(given)
        unknown = [name for name in names if name not in COPYABLE and not name.startswith(ALL_PROPERTIES)]
        if unknown:
            raise InvalidInput(
                f"remote_attributes: {', '.join(map(repr, unknown))} was given; allowed are {', '.join(COPYABLE)},"
                " properties, and properties.NAME for one property. The owner and the members of an image mean nothing in"
                " another cloud: use 'owner' and 'members'."
            )
        single = [name for name in names if name not in COPYABLE and name != ALL_PROPERTIES]
        return cls(
            tuple(COPYABLE[name] for name in COPYABLE if name in names),
            ALL_PROPERTIES in names,
            frozenset(_property_name(name) for name in single),
        )

    @property
    def may_hide(self) -> bool:
        """Whether the image may become hidden by what is copied."""
        return COPYABLE["hidden"] in self.attributes

    @property
    def has_properties(self) -> bool:
        """Whether custom properties are copied at all."""
        return self.all_properties or bool(self.properties)


def _names(given: t.Any) -> list[str]:
    """The names that the option stands for."""
    if isinstance(given, str):
        text = given.strip().lower()
        given = text in YES if text in YES | NO else [name.strip() for name in given.split(",") if name.strip()]
    if given is None or given is True:
        return [*COPIED_BY_DEFAULT, ALL_PROPERTIES]
    if given is False:
        return []
    if not isinstance(given, list) or not all(isinstance(name, str) for name in given):
        raise InvalidInput(f"remote_attributes: {given!r} was given; true, false or a list of names is allowed.")
    return given


def _property_name(name: str) -> str:
    if not name.startswith(ONE_PROPERTY):
        raise InvalidInput(f"remote_attributes: '{name}' was given; write properties.NAME for one property.")
    key = name.removeprefix(ONE_PROPERTY)
    if key.startswith(OWN_PREFIX):
        raise InvalidInput(f"remote_attributes: '{key}' is this collection's own record, which is not copied. Leave it out.")
    try:
        return check_property_key(key)
    except InvalidInput as error:
        raise InvalidInput(f"remote_attributes: {error}") from error


@dataclasses.dataclass(frozen=True)
class CloudImage:
    """An image in another cloud. Either its id or its name is given.

    :param connection: how to log in to that cloud.
    :param copied: what is copied besides the data.
    """

    connection: ConnectionOptions
    id: str | None = None
    name: str | None = None
    copied: CopiedAttributes = dataclasses.field(default_factory=CopiedAttributes)

    @classmethod
    def from_params(cls, remote: t.Mapping[str, t.Any], name: str | None, attributes: t.Any) -> CloudImage:
        """Check the options.

        :param remote: the option of this name, in which ``cloud`` is given.
        :param name: the name of the task's own image, which the other one has too if the task does not say otherwise.
        :param attributes: the option ``remote_attributes``.
        """
        if remote["id"] is not None and remote["name"] is not None:
            raise InvalidInput("remote: 'id' and 'name' were given; give one of them.")
        if remote["id"] is not None:
            check_id(remote["id"], "remote, id")
            name = None
        elif remote["name"] is not None:
            name = check_text(remote["name"], "remote, name")
        elif name is None:
            raise InvalidInput("remote: give the 'id' or the 'name' of the image in the other cloud.")
        try:
            connection = ConnectionOptions(remote["cloud"], region_name=remote["region"], interface=remote["interface"])
        except InvalidInput as error:
            raise InvalidInput(f"remote, {error}") from error
        return cls(connection, remote["id"], name, CopiedAttributes.parse(attributes))

    @property
    def cloud(self) -> str:
        """What errors and results call the cloud."""
        given = self.connection.cloud
        region = f" (region '{self.connection.region_name}')" if self.connection.region_name else ""
        if isinstance(given, dict):
            auth_url = (given.get("auth") or {}).get("auth_url")
            where = f"at {redacted_url(str(auth_url))}" if auth_url else "that 'remote' describes"
            return f"the cloud {where}{region}"
        return f"cloud '{given}'{region}"

    @property
    def label(self) -> str:
        """What to call the image where only the task's options are known."""
        return f"id '{self.id}'" if self.id else f"name '{self.name}'"
