# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The projects that each of many images is shared with."""

from __future__ import annotations

import functools
import typing as t

from .._client.image_api import NO_SUCH_OPERATION, GlanceApi
from .._errors import ApiError
from .._glance.image import Image, first_few
from .._glance.responses import Member

# As many as the module images manages at a time by default.
PARALLEL = 4
# The policy forbids it, the visibility has changed, the image is gone, or the cloud does not list members.
MEMBERS_UNAVAILABLE = frozenset({403, *NO_SUCH_OPERATION})


def list_members_of(api: GlanceApi, images: t.Sequence[Image], warnings: list[str]) -> list[list[Member] | None]:
    """The members of each image, with one request for each shared image; null where the cloud does not list them.

    Images that are not shared have none. Of an image that another project shares, Glance lists the login's own project only.
    """
    # The import takes time, and most tasks do not need it.
    import concurrent.futures  # noqa: PLC0415

    pool = concurrent.futures.ThreadPoolExecutor(PARALLEL)
    try:
        answers = list(pool.map(functools.partial(_list_members, api), images))
    finally:
        pool.shutdown(cancel_futures=True)
    refused = [f"{image} ({answer})" for image, answer in zip(images, answers, strict=True) if isinstance(answer, ApiError)]
    if refused:
        warnings.append(
            f"The cloud did not list the members of these images, so their 'members' are null: {first_few(refused)}."
        )
    return [None if isinstance(answer, ApiError) else answer for answer in answers]


def _list_members(api: GlanceApi, image: Image) -> list[Member] | ApiError:
    # A cloud may not show the visibility.
    if image.visibility not in (None, "shared"):
        return []
    try:
        return api.list_members(image.id)
    except ApiError as error:
        if MEMBERS_UNAVAILABLE & {error.status, error.http_status}:
            return error
        raise
