# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

import dataclasses
import typing as t

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.image import Image
from ansible_collections.cloudimage.glance.plugins.module_utils._module.scope import Access, access_to, images_in_scope

IMAGES: dict[str, dict[str, t.Any]] = {
    "own": {"owner": "p", "visibility": "private"},
    "own community": {"owner": "p", "visibility": "community"},
    "public": {"owner": "q", "visibility": "public"},
    "community": {"owner": "q", "visibility": "community"},
    "accepted": {"owner": "q", "visibility": "shared"},
    "pending": {"owner": "q", "visibility": "shared"},
    "private": {"owner": "q", "visibility": "private"},
    "of no project": {"owner": None, "visibility": "private"},
    "owner not shown": {"visibility": "private"},
    "visibility not shown": {"owner": "q"},
}


@dataclasses.dataclass
class Connection:
    """What a login shows about itself."""

    project_id: str | None = "p"
    is_plain_user: bool = True
    tells_project: bool = True


class Api:
    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.asked: list[str] = []

    def member_status(self, image_id: str, project: str) -> str | None:
        assert project == "p"
        self.asked.append(image_id)
        return {"accepted": "accepted", "pending": "pending"}.get(image_id)


def found(connection: Connection, names: t.Iterable[str]) -> tuple[set[str], list[str]]:
    """The images in scope, and those that the cloud was asked about."""
    api = Api(connection)
    images = [Image({"id": name, **IMAGES[name]}) for name in names]
    return {image.id for image in images_in_scope(api, images)}, api.asked  # type: ignore[arg-type]


LISTED_TO_MEMBER = ["own", "own community", "public", "accepted", "owner not shown", "visibility not shown"]
USABLE = {"own", "own community", "public", "accepted", "owner not shown"}


def test_a_plain_user_costs_no_more_requests() -> None:
    assert found(Connection(), LISTED_TO_MEMBER) == (set(LISTED_TO_MEMBER), [])


@pytest.mark.parametrize("is_plain_user", [True, False])
def test_a_login_that_sees_all_projects_finds_what_a_plain_user_does(is_plain_user: bool) -> None:
    """Also with the roles of a plain user: another project's private image reveals what the login may do."""
    images, asked = found(Connection(is_plain_user=is_plain_user), IMAGES)
    assert images == USABLE
    assert asked == ["accepted", "pending", "visibility not shown"]


def test_a_login_that_may_see_all_projects_is_asked_about_each_share() -> None:
    """Nothing else in the list reveals it."""
    assert found(Connection(is_plain_user=False), ["own", "pending"]) == ({"own"}, ["pending"])


def test_a_login_for_no_project_has_what_belongs_to_none() -> None:
    assert found(Connection(project_id=None, is_plain_user=False), IMAGES) == (
        {"public", "of no project", "owner not shown"},
        [],
    )


def test_a_login_without_a_known_project_has_all_that_is_listed() -> None:
    assert found(Connection(project_id=None, tells_project=False), IMAGES) == (set(IMAGES), [])


def test_access_follows_from_owner_and_visibility() -> None:
    access = {name: access_to(Image(image), "p") for name, image in IMAGES.items()}
    assert access == {
        "own": Access.USABLE,
        "own community": Access.USABLE,
        "public": Access.USABLE,
        "community": Access.COMMUNITY,
        "accepted": Access.SHARED,
        "pending": Access.SHARED,
        "private": Access.FOREIGN,
        "of no project": Access.FOREIGN,
        "owner not shown": Access.USABLE,
        "visibility not shown": Access.SHARED,
    }
