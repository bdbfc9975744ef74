# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""What to do about an answer of the cloud, where the answer itself does not say. Pure."""

from __future__ import annotations

from ._errors import ApiError


def hint(error: ApiError, owner: str | None, project: str | None) -> str:
    """A sentence to go behind the error's message; empty when there is nothing to add.

    :param owner: the project that the image belongs to.
    :param project: the project that the session works for.
    """
    if error.status == 403:
        if owner and project and owner != project:
            return (
                f"The image belongs to project {owner} and this session works for project {project}:"
                " log in to the owner's project, or as an administrator."
            )
        if error.path.endswith("/import") and "copy" in error.reason:
            return "By Glance's default policy only administrators may copy images to other stores."
        if error.path.startswith("/v2/stores/"):
            return "By Glance's default policy only administrators may remove images from stores."
        if error.path.endswith("/file") and error.method == "GET":
            return "The data of a deactivated image are for administrators only; activate it first with image_state."
        if error.path.endswith(("/deactivate", "/reactivate")):
            return "The cloud's policy does not let this user do it; on many clouds only administrators may."
        if "publicize" in error.reason:
            return "By Glance's default policy only administrators may make images public."
        if "communitize" in error.reason:
            return "The cloud's policy does not let this user make community images."
        return "The cloud's policy does not let this user do it."
    if error.status == 409 and error.method == "DELETE":
        return "The image is in use: delete the servers, volumes or snapshots that need its data first."
    if error.status == 409 and error.method == "POST" and error.path == "/v2/images":
        return "An id is used once and for all, even if its image was deleted: leave 'id' out, or give another."
    if error.status == 409 and error.path.endswith("/import"):
        return "If another import into this image is going on, wait for it; Glance lets go of a dead one after an hour."
    if error.status == 405 and error.path.endswith(("/v2/images", "/file", "/stage", "/import")):
        return "This cloud does not let images be made this way; its documents say how they are made."
    if error.status == 405:
        return "This cloud does not have this operation."
    if error.status == 429:
        return "The cloud limits how many requests are made; run the task again later, or fewer of them at once."
    if error.status == 500:
        return "Something failed inside the cloud; its operator can find it by the request's id."
    if error.status == 503:
        return "The cloud's image service is out of service or overloaded; run the task again later."
    if error.status == 413:
        return "A quota or the store's space is used up: delete what is not needed, or ask the cloud's operator for more."
    if error.status == 415:
        return "The file is not of the format that disk_format says: check it with 'qemu-img info'."
    return ""
