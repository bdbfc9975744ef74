# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The scope of names and filters: the images that the login's project can use, whatever the login's role.

These are the project's own images, public images, and images that other projects share with it and that it has accepted.
Glance lists just these to a plain user. To an administrator it lists the images of all projects and ignores
``member_status`` (glance/db/sqlalchemy/api.py, _select_images_query), so the rest is left out here.

A login that is for no project (for a domain, or for the whole system) owns what belongs to no project, and has no shares.
A login without Keystone (``auth_type`` none, http_basic or admin_token) leaves its project unknown: then all that the cloud
lists is in scope.
"""

from __future__ import annotations

import enum
import typing as t

from .._client.image_api import GlanceApi
from .._glance.image import Image


class Access(enum.Enum):
    """How a project can access an image, as far as the image itself shows."""

    USABLE = "its own, or a public image"
    COMMUNITY = "another project's community image: usable, but found only where the task asks for it"
    SHARED = "another project's shared image: usable if this project is a member and has accepted"
    FOREIGN = "another project's private image, which only an administrator sees"


def access_to(image: Image, project: str | None) -> Access:
    """How a project can access an image. Pure.

    :param project: id of the project; null for a login that is for none.
    """
    if image.belongs_to(project) or image.visibility == "public":
        return Access.USABLE
    if image.visibility == "community":
        return Access.COMMUNITY
    return Access.FOREIGN if image.visibility == "private" else Access.SHARED


def images_in_scope(api: GlanceApi, images: t.Iterable[Image]) -> list[Image]:
    """Those of the images of one list that a bare name may mean.

    For each image that another project shares, an administrator's login costs one request, which asks whether its own
    project is a member and has accepted. So does a login with a role that is not known. To a plain user Glance lists no
    others, so nothing is asked.
    """
    images = list(images)
    if not api.connection.tells_project:
        return images
    project = api.connection.project_id
    access = [access_to(image, project) for image in images]
    # A role of any name may have an administrator's rights: a login that is shown another project's private image has one.
    sees_all = not api.connection.is_plain_user or project is None or Access.FOREIGN in access

    def is_in_scope(image: Image, access: Access) -> bool:
        if access is Access.SHARED:
            return not sees_all or is_shared_with(api, image, project)
        return access is Access.USABLE

    return [image for image, of_image in zip(images, access, strict=True) if is_in_scope(image, of_image)]


def is_shared_with(api: GlanceApi, image: Image, project: str | None, member_status: str = "accepted") -> bool:
    """Whether the project is a member of an image, with this status, or with ``all`` whatever its status; asks the cloud."""
    status = None if project is None else api.member_status(image.id, project)
    return status is not None and member_status in ("all", status)
