# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._errors import ConnectionProblem, GlanceError
from ansible_collections.cloudimage.glance.plugins.module_utils._module.remote_images import RemoteImages
from ansible_collections.cloudimage.glance.plugins.module_utils._options.connection import ConnectionOptions
from ansible_collections.cloudimage.glance.plugins.module_utils._options.image import ImageOptions
from ansible_collections.cloudimage.glance.plugins.module_utils._options.remote import CloudImage
from ansible_collections.cloudimage.glance.tests.unit.plugins.module_utils._module.cloud_tables import CloudTables, image
from ansible_collections.cloudimage.glance.tests.unit.plugins.module_utils.parsed import image_options

ID = "8f4c9f1e-0a1c-4f1f-9f8e-3a7c5b0f6a11"


class Clouds:
    """The way to other clouds: one that has images, and any number of others whose login fails."""

    def __init__(self, *images: t.Any) -> None:
        self.there = CloudTables(*images)
        self.logins: list[str] = []

    def other_cloud(self, options: ConnectionOptions) -> CloudTables:
        self.logins.append(str(options.cloud))
        if options.cloud != "there":
            raise ConnectionProblem("The login was refused.", http_status=401)
        return self.there


def entry(own_name: str, cloud: t.Any = "there", **remote: t.Any) -> ImageOptions:
    given = {"region": None, "id": None, "name": None, "interface": None, **remote, "cloud": cloud}
    return image_options(name=own_name, remote=given)


def remote_of(options: ImageOptions) -> CloudImage:
    assert options.data
    assert options.data.cloud_image
    return options.data.cloud_image


def found(clouds: Clouds, *entries: ImageOptions) -> list[str]:
    """The ids of the images that entries mean, or what is wrong with them."""
    images = RemoteImages(t.cast("t.Any", clouds), entries)
    outcomes = []
    for each in entries:
        try:
            outcomes.append(images.find(remote_of(each), None).image.id)
        except GlanceError as error:
            outcomes.append(f"{error} {error.details or ''}".strip())
    return outcomes


def test_images_of_one_cloud_are_looked_up_together() -> None:
    clouds = Clouds(image("1", "a", size=1), image("2", "b", size=1), image(ID, "c", size=1))
    assert found(clouds, entry("a"), entry("x", name="b"), entry("y", id=ID), entry("z", name="a")) == ["1", "2", ID, "1"]
    assert clouds.logins == ["there"]
    assert clouds.there.requests == ['list name=in:"a","b"', f"show {ID}"]


def test_hidden_images_are_found_if_no_other_has_the_name() -> None:
    clouds = Clouds(image("1", "a", size=1, os_hidden=True), image("2", "b", size=1), image("3", "b", os_hidden=True))
    assert found(clouds, entry("a"), entry("b")) == ["1", "2"]


def test_login_that_fails_is_tried_once() -> None:
    clouds = Clouds(image("1", "a", size=1))
    said = "remote, cloud 'down': The login was refused. {'http_status': 401}"
    assert found(clouds, entry("a", "down"), entry("a"), entry("b", "down")) == [said, "1", said]
    assert clouds.logins == ["down", "there"]


@pytest.mark.parametrize(
    ("images", "message"),
    [
        ([], "there is no image with the name 'a', or this login must not see it"),
        ([image("1", "a", size=1), image("2", "a", size=1)], "name 'a' means 2 images: 1 'a', active"),
        ([image("1", "a", status="queued")], "Image 1 'a' has the status 'queued'; only an active image"),
        ([image("1", "a", status="deactivated", size=1)], "Image 1 'a' has the status 'deactivated'"),
        ([image("1", "a", size=0)], "Image 1 'a' has no data of its own: its size is 0"),
        ([image("1", "a")], "Image 1 'a' has no data of its own: its size is None"),
    ],
)
def test_image_that_cannot_be_copied_is_an_error(images: list[t.Any], message: str) -> None:
    (said,) = found(Clouds(*images), entry("a"))
    assert said.startswith(f"remote, cloud 'there': {message}")
