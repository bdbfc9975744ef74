# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The hashes that the cloud keeps of an image's data, and the record of the source that these data came from. Pure.

The cloud's hash says nothing about a source that was compressed, or whose checksum has another algorithm. So the checksum of
such a source is recorded at the image, in the property SOURCE_CHECKSUM, together with the hash of the data that it
describes: ``sha256:… gz = sha512:…``. Some clouds convert what they import; then SOURCE_FORMATS records the formats that
the source had: ``qcow2 bare = sha512:…``. A record counts only for an image that has exactly these data: a user or a
snapshot can copy the property to any other image.
"""

from __future__ import annotations

from .._errors import GlanceError
from .checksums import Checksum
from .image import FORMATS, Image
from .properties import SOURCE_CHECKSUM, SOURCE_FORMATS

# Stands for the hash of data that the cloud does not have yet.
HASH_PLACEHOLDER = "{hash}"
_SEPARATOR = " = "


def hashes_of(image: Image) -> dict[str, str]:
    """All hashes that the cloud keeps of the image's data, by algorithm."""
    found = {}
    if image.get("checksum"):
        found["md5"] = str(image.get("checksum"))
    if image.get("os_hash_algo") and image.get("os_hash_value"):
        found[str(image.get("os_hash_algo"))] = str(image.get("os_hash_value"))
    return found


def strongest_hash(image: Image) -> Checksum:
    """The strongest hash that the cloud keeps of the image's data; it is an error if it keeps none."""
    hashes = hashes_of(image)
    if not hashes:
        raise GlanceError(
            f"The cloud keeps no hash of the data of image {image.id} '{image.name}',"
            " so they cannot be told from other data of the same size."
        )
    return Checksum(*list(hashes.items())[-1])


def identity_of_data(image: Image) -> str:
    """What identifies the image's data: their hash; on a cloud that keeps none, the id of the image.

    An active image's data never change, so an id stands for the data of that image.
    """
    return str(strongest_hash(image)) if hashes_of(image) else f"id:{image.id}"


def source_record(source: str, identity: str = HASH_PLACEHOLDER) -> str:
    """The value of one of the properties that record the source.

    :param source: checksum of the source and how it is compressed, or its formats.
    :param identity: what ``identity_of_data`` says of the image.
    """
    return f"{source}{_SEPARATOR}{identity}"


def recorded_source(image: Image) -> str | None:
    """The checksum of the source that the image's data came from; null without a record that describes these data."""
    return _recorded(image, SOURCE_CHECKSUM)


def recorded_formats(image: Image) -> dict[str, str]:
    """The formats of the source that the cloud converted to the image's data; empty if it did not."""
    return dict(zip(FORMATS, (_recorded(image, SOURCE_FORMATS) or "").split(), strict=False))


def _recorded(image: Image, key: str) -> str | None:
    text, separator, identity = str(image.get(key) or "").partition(_SEPARATOR)
    return text if separator and identity == identity_of_data(image) else None
