# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The stores that hold an image's data: what to copy and what to remove. Pure."""

from __future__ import annotations

import typing as t

from .._errors import InvalidInput
from .._glance.image import Image, missing_stores
from .._glance.json_patch import Change
from .._glance.operations import IMPORT, Operation, remove_from_store
from .desired_image import DesiredImage

COPY_IMAGE = "copy-image"


def copy_to_stores(image_id: str | None, stores: t.Sequence[str]) -> Operation:
    """The call that copies an image's data to more stores."""
    body = {"method": {"name": COPY_IMAGE}, "stores": list(stores), "all_stores_must_succeed": True}
    return Operation(IMPORT, image_id, body)


def is_copy(operation: Operation) -> bool:
    return operation.call is IMPORT and bool(operation.body["method"]["name"] == COPY_IMAGE)


def is_removal_from_store(operation: Operation) -> bool:
    return operation.call.path.startswith("/stores/")


def store_operations(image: Image, stores: t.Sequence[str]) -> list[Operation]:
    """The calls that copy to the missing stores, then remove from the others, so that at least one store has the data."""
    missing = missing_stores(image, stores)
    return [
        *([copy_to_stores(image.id, missing)] if missing else []),
        *(Operation(remove_from_store(store), image.id) for store in image.stores if store not in stores),
    ]


def store_changes(image: Image, desired: DesiredImage) -> list[Change]:
    if not differ_in_stores(image, desired):
        return []
    return [Change("stores", image.stores, sorted(desired.stores or ()))]


def differ_in_stores(image: Image, desired: DesiredImage) -> bool:
    """Whether the image's data are in other stores than the task names."""
    return bool(desired.stores) and image.stores != sorted(desired.stores or ())


def hides_stores(image: Image) -> bool:
    """Whether the cloud may have the data of an image in any stores and not show them, as Glance does to plain users."""
    return image.status == "deactivated" and not image.stores


def check_stores_can_change(image: Image, stores: t.Sequence[str]) -> None:
    if image.status == "queued":
        raise InvalidInput(f"stores: {image} has no data yet, so it is in no store; give 'path' or 'url' too.")
    if hides_stores(image):
        raise InvalidInput(
            f"stores: {image} is deactivated, and of such an image the cloud does not show the stores. Make it active first,"
            " in a task of its own."
        )
    if not image.stores:
        raise InvalidInput(f"stores: the cloud does not say in which stores {image} is; it may have only one.")
    if missing_stores(image, stores) and image.status != "active":
        raise InvalidInput(f"stores: {image} has the status '{image.status}'; only an active image can be copied to stores.")
