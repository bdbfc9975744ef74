# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

import types
import typing as t

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._errors import InvalidInput
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.image import Image
from ansible_collections.cloudimage.glance.plugins.module_utils._module.lookup import (
    choose,
    find_by_id_or_name,
    find_by_name,
    find_existing,
)
from ansible_collections.cloudimage.glance.tests.unit.plugins.module_utils._module.cloud_tables import CloudTables, image

ID = "8f4c9f1e-0a1c-4f1f-9f8e-3a7c5b0f6a11"

IMAGES = [
    Image({"id": "b", "name": "n", "status": "active", "created_at": "2026-01-02T00:00:00Z"}),
    Image({"id": "a", "name": "n", "status": "active", "created_at": "2026-01-02T00:00:00Z"}),
    Image({"id": "c", "name": "n", "status": "active", "created_at": "2026-01-01T00:00:00Z"}),
]


class CaseInsensitiveApi:
    """As a Glance on a database that compares without regard to case."""

    connection = types.SimpleNamespace(project_id="p", is_admin=False, is_plain_user=True, tells_project=True)

    def __init__(self, shown: list[str], hidden: list[str]) -> None:
        self.names = {False: shown, True: hidden}

    def list_images(self, query: t.Sequence[tuple[str, str]]) -> t.Iterator[Image]:
        asked = dict(query)["name"].removeprefix("eq:").lower()
        hidden = ("os_hidden", "true") in query
        for name in self.names[hidden]:
            if name.lower() == asked:
                yield Image({"id": f"{name}-{hidden}", "name": name, "status": "active"})


@pytest.mark.parametrize(
    ("shown", "hidden", "hidden_too", "found"),
    [
        (["Ubuntu"], [], False, []),
        (["Ubuntu", "ubuntu"], [], False, ["ubuntu"]),
        (["Ubuntu"], ["ubuntu"], False, ["ubuntu"]),
        (["ubuntu"], ["ubuntu"], False, ["ubuntu"]),
        (["ubuntu"], ["ubuntu", "UBUNTU"], True, ["ubuntu", "ubuntu"]),
    ],
)
def test_names_are_compared_as_they_stand(shown: list[str], hidden: list[str], hidden_too: bool, found: list[str]) -> None:
    api = CaseInsensitiveApi(shown, hidden)
    images = find_by_name(api, "ubuntu", hidden_too=hidden_too)  # type: ignore[arg-type]
    assert [image.name for image in images] == found


def test_on_duplicate_chooses_among_images_of_a_name() -> None:
    assert [image.id for image in choose(IMAGES, "n", "newest")] == ["b"]
    assert [image.id for image in choose(IMAGES, "n", "oldest")] == ["c"]
    assert choose(IMAGES, "n", "all") == IMAGES
    assert choose(IMAGES[:1], "n", "fail") == IMAGES[:1]
    with pytest.raises(InvalidInput, match="name: 'n' means 3 images"):
        choose(IMAGES, "n", "fail")


def test_images_of_ids_and_names_are_found_in_the_order_given() -> None:
    cloud = CloudTables(image(ID, "a"), image("2", "b"))
    assert [each.id for each in find_existing(cloud.api, [ID.upper(), ID], ["b", "a"])] == [ID, "2"]


def test_missing_images_are_named_in_one_error() -> None:
    with pytest.raises(InvalidInput, match=f"no image with the id '{ID}', name 'x'. Nothing was changed"):
        find_existing(CloudTables(image("2", "b")).api, [ID], ["b", "x"])


@pytest.mark.parametrize("reference", [ID, "a"])
def test_reference_is_an_id_or_a_name(reference: str) -> None:
    assert find_by_id_or_name(CloudTables(image(ID, "a")).api, reference, "kernel").id == ID


@pytest.mark.parametrize(
    ("reference", "message"),
    [("x", "there is no image with the id or name 'x'"), ("n", "kernel: 'n' means 2 images")],
)
def test_reference_must_lead_to_one_image(reference: str, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        find_by_id_or_name(CloudTables(image(ID), image("2")).api, reference, "kernel")


def test_id_given_as_a_name_is_an_error() -> None:
    with pytest.raises(InvalidInput, match=f"no image has the name '{ID}', but it is the id of the image 'a'"):
        find_by_name(CloudTables(image(ID, "a")).api, ID)


@pytest.mark.parametrize(
    ("fields", "found"), [({"owner": "q"}, True), ({"owner": "p"}, False), ({"owner": "q", "status": "deleted"}, False)]
)
def test_owner_limits_the_images_of_a_name(fields: dict[str, t.Any], found: bool) -> None:
    cloud = CloudTables(image(ID, **fields))
    assert bool(find_by_name(cloud.api, "n", owner="q")) is found
    assert cloud.requests[0] == "list name=n owner=q visibility=all"
