# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""Waiting for another run that creates the same image at the same time."""

from __future__ import annotations

import typing as t

from .._client.image_api import GlanceApi
from .._glance.image import Image
from .._glance.responses import unapplied_fields
from .._plan.data_state import in_transit
from .._timing import TIMING
from .imports import dead_import
from .polling import Deadline, poll


def wait_for_other_upload(
    api: GlanceApi, image_id: str, wait: float | None, begin_within: float | None = None
) -> Image | None:
    """Wait while another run sends the image's data, or has just created it to do so; returns the image as it then is.

    :param wait: how long the other run may take to send the data (s); null to not wait for them.
    :param begin_within: how long the other run may take to begin (s).
    """
    end_of_upload = Deadline(wait or 0)
    latest_begin = Deadline(TIMING.staged_abandoned if begin_within is None else begin_within)

    def is_done(image: Image | None) -> bool:
        return image is None or bool(dead_import(api, image)) or not (in_transit(image) or image.status == "queued")

    def deadline(image: Image | None) -> Deadline:
        return end_of_upload if image and in_transit(image) else latest_begin

    return poll(lambda: api.find_image(image_id), is_done, deadline)


def wait_for_attributes(api: GlanceApi, image: Image, body: t.Mapping[str, t.Any]) -> Image | None:
    """Wait until an image that another run has just created has the attributes of ``body``; returns it as it then is.

    Glance shows an image before it stores its tags. The wait ends after TIMING.creation_timeout.
    """

    def is_done(found: Image | None) -> bool:
        return found is None or not unapplied_fields({**body, "id": found.id}, found)

    first: list[Image | None] = [image]
    return poll(lambda: api.find_image(image.id), is_done, Deadline(TIMING.creation_timeout), first=first)
