# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""What to do with an image after an error, so that no image is left that looks complete and is not.

Each function adds to the error what became of the image.
"""

from __future__ import annotations

from .._client.image_api import GlanceApi
from .._errors import GlanceError, explain
from .._glance.image import Image
from .._glance.operations import DEACTIVATE, REACTIVATE, Operation
from .._plan.plan import removal, set_protection
from .state_change import set_status


def delete_partial_image(api: GlanceApi, image: Image, error: BaseException) -> None:
    """Delete an image that this run created and that did not get its data."""
    try:
        for operation in removal(image):
            api.perform(operation)
    except GlanceError as failure:
        explain(
            error,
            f"Image {image.id} could not be deleted again ({failure}) and is left behind, without usable data."
            " Run the task again to go on with it, or delete it.",
        )
    else:
        explain(error, f"Image {image.id} was deleted again.")


def deactivate_wrong_image(api: GlanceApi, image_id: str, error: BaseException) -> None:
    """Deactivate an image that existed before and got the wrong data, which cannot be taken from it."""
    try:
        set_status(api, Operation(DEACTIVATE, image_id))
        outcome = f"Image {image_id} was there before, so it was not deleted but deactivated: its wrong data cannot be used."
    except GlanceError as failure:
        outcome = f"Image {image_id} was there before and is active with the wrong data; deactivating it failed: {failure}"
    explain(error, f"{outcome} Delete it, and run the task again.")


def protect_again(api: GlanceApi, image_id: str, error: BaseException) -> None:
    """Protect an image again whose protection was lifted for a deletion that failed."""
    try:
        api.perform(set_protection(image_id, True))
    except GlanceError as failure:
        explain(error, f"The image's protection had been lifted and could not be put back: {failure}")
    else:
        explain(error, "The image is protected again, as it was before.")


def roll_back_replacement(api: GlanceApi, before: Image, new: Image, error: BaseException) -> None:
    """Put the old image of a replacement back as it was, and delete the new one; without the old one, the new one stays.

    :param before: the old image as it was before the replacement.
    """
    try:
        old = api.find_image(before.id)
        if old is None or old.name != before.name:
            explain(error, "The new image is in its place; run the task again to finish.")
            return
        if before.status == "active" and old.status == "deactivated":
            set_status(api, Operation(REACTIVATE, old.id))
        if before.protected and not old.protected:
            api.perform(set_protection(old.id, True))
    except GlanceError as failure:
        explain(error, f"What became of the old image is not known ({failure}); run the task again to finish.")
        return
    delete_partial_image(api, api.find_image(new.id) or new, error)
    explain(error, f"The old image {old.id} is in service as before.")
