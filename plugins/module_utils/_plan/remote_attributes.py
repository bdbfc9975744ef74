# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""What an image gets from the one in another cloud that it is a copy of, besides its data. Pure."""

from __future__ import annotations

import dataclasses
import typing as t

from .._errors import InvalidInput
from .._glance.image import Image
from .._glance.properties import OWN_PREFIX, REFERENCES, check_property_key, property_value
from .._options.image import ImageOptions
from .._options.remote import CopiedAttributes

# Ids of other objects of the cloud that the image is in, and marks of those who made it there. They are copied only if the
# task names them.
OF_ONE_CLOUD = frozenset(
    {
        *REFERENCES.values(),
        "base_image_ref",
        "bdm_v2",
        "block_device_mapping",
        "cinder_encryption_key_deletion_policy",
        "cinder_encryption_key_id",
        "image_location",
        "image_state",
        "instance_uuid",
        "owner_id",
        "owner_project_name",
        "owner_user_name",
        "user_id",
    }
)
# A signature names a certificate in the key manager of its cloud; the second are openstacksdk's marks of an upload.
PREFIXES_OF_ONE_CLOUD = ("img_signature", "owner_specified.openstack.")


def with_remote_attributes(options: ImageOptions, image: Image, copied: CopiedAttributes) -> ImageOptions:
    """The options of a task, as if it had named all that is copied; what it names itself counts.

    :param image: the image in the other cloud.
    """
    attributes = _attributes(image, copied)
    if options.data and options.data.convert:
        attributes.pop("min_disk", None)  # it follows from the disk, which is what the data are converted for
    return dataclasses.replace(
        options,
        attributes={**attributes, **options.attributes},
        properties={**_properties(image, copied), **options.properties},
    )


def _attributes(image: Image, copied: CopiedAttributes) -> dict[str, t.Any]:
    values = {key: image.tags if key == "tags" else image.get(key) for key in copied.attributes}
    return {key: value for key, value in values.items() if value is not None}


def _properties(image: Image, copied: CopiedAttributes) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for key, value in image.properties.items():
        if value is not None and (key in copied.properties or (copied.all_properties and _means_the_same(key))):
            try:
                found[check_property_key(key)] = property_value(key, value)
            except InvalidInput:  # what no task can set cannot be copied either
                continue
    return found


def _means_the_same(key: str) -> bool:
    """Whether a property means the same in every cloud."""
    return key not in OF_ONE_CLOUD and not key.startswith((*PREFIXES_OF_ONE_CLOUD, OWN_PREFIX))
