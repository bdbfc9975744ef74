# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""What a task wants an image to be. Pure."""

from __future__ import annotations

import dataclasses
import typing as t

from .._errors import InvalidInput
from .._glance.checksums import Checksum
from .._glance.image import FORMATS
from .._glance.image_hashes import source_record
from .._glance.operations import IMPORT, Operation
from .._glance.properties import SOURCE_CHECKSUM
from .members import DesiredMembers


@dataclasses.dataclass(frozen=True)
class DataSpec:
    """The data that a task wants an image to have, and the calls that send or import them.

    :param option: the option that names the data.
    :param label: the name of the data in results and errors.
    :param size: bytes, if known before the transfer.
    :param hash: the hash, if known before the transfer.
    :param source_checksum: the source's checksum and compression, if they must be recorded because the cloud's own hash
        does not identify the source.
    :param calls: the calls that send or import the data; empty while the image is not known to need them.
    :param awaited: whether the task waits until the cloud has stored the data.
    """

    option: str
    label: str
    size: int | None = None
    hash: Checksum | None = None
    source_checksum: str | None = None
    calls: tuple[Operation, ...] = ()
    awaited: bool = True

    @property
    def record(self) -> dict[str, str]:
        """The property that records the source. It is set once the data are verified, so only by a task that waits."""
        return {SOURCE_CHECKSUM: source_record(self.source_checksum)} if self.source_checksum and self.awaited else {}

    @property
    def is_import(self) -> bool:
        """Whether the cloud itself brings the data into the image, and into all of its stores."""
        return self.calls[-1].call is IMPORT

    @property
    def status_after(self) -> str | None:
        """The image's status when the task ends; null where the cloud may still be importing then."""
        return "active" if self.awaited or not self.is_import else None

    def check_formats(self, attributes: t.Mapping[str, t.Any]) -> None:
        """Refuse to store data in an image without both formats, as Glance does.

        :param attributes: the image's attributes by Glance's names.
        """
        missing = [name for name in FORMATS if not attributes.get(name)]
        if missing:
            raise InvalidInput(
                f"{self.option}: data can be stored only in an image with a disk_format and a container_format;"
                f" {' and '.join(missing)} is missing. Usual are 'disk_format: qcow2' or 'raw',"
                " with 'container_format: bare'."
            )


@dataclasses.dataclass(frozen=True)
class DesiredImage:
    """What a task says about an image. What it does not name stays as it is.

    :param attributes: Glance's base attributes by Glance's names; ``tags`` as a sorted list.
    :param properties: custom properties as Glance stores them; null removes one.
    :param purge: whether properties that are not in ``properties`` are removed.
    :param data: the image's data; null when the task names none.
    :param stores: the stores that shall hold the data, in the order in which they are given.
    :param keep_data: whether an image that has other data keeps them.
    :param status: active or deactivated; null where the status stays as it is.
    :param members: the projects that the image is shared with; null where the task names none.
    """

    attributes: t.Mapping[str, t.Any] = dataclasses.field(default_factory=dict)
    properties: t.Mapping[str, str | None] = dataclasses.field(default_factory=dict)
    purge: bool = False
    data: DataSpec | None = None
    stores: tuple[str, ...] | None = None
    keep_data: bool = False
    status: str | None = None
    members: DesiredMembers | None = None

    def without(self, key: str) -> DesiredImage:
        """The same, but one property stays as it is."""
        return dataclasses.replace(self, properties={name: self.properties[name] for name in self.properties if name != key})
