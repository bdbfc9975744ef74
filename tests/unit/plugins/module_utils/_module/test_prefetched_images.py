# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._errors import InvalidInput
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.image import Image
from ansible_collections.cloudimage.glance.plugins.module_utils._module.prefetched_images import PrefetchedImages
from ansible_collections.cloudimage.glance.tests.unit.plugins.module_utils._module.cloud_tables import (
    CloudTables,
    Login,
    image,
)
from ansible_collections.cloudimage.glance.tests.unit.plugins.module_utils.parsed import image_options

ID = "8f4c9f1e-0a1c-4f1f-9f8e-3a7c5b0f6a11"
OTHER_ID = "8f4c9f1e-0a1c-4f1f-9f8e-3a7c5b0f6a12"


def prefetched(cloud: CloudTables, *entries: dict[str, t.Any]) -> PrefetchedImages:
    """The images of a list, with the requests for them forgotten."""
    found = PrefetchedImages(cloud.api, [image_options(**entry) for entry in entries])
    cloud.requests.clear()
    return found


def ids(images: t.Iterable[Image]) -> list[str]:
    return [each.id for each in images]


def test_many_names_are_one_request() -> None:
    cloud = CloudTables(image("1", "a"), image("2", "b"))
    PrefetchedImages(cloud.api, [image_options(name=name) for name in ("a", "b")])
    assert cloud.requests == ['list name=in:"a","b"']


def test_hidden_images_are_requested_where_no_other_is_found_or_the_entry_asks_for_them() -> None:
    cloud = CloudTables(image("1", "a"), image("2", "b"), image("3", "b", os_hidden=True))
    lookup = PrefetchedImages(
        cloud.api,
        [image_options(name="a"), image_options(name="b", state="absent", on_duplicate="all"), image_options(name="c")],
    )
    assert cloud.requests == ['list name=in:"a","b","c"', 'list name=in:"b","c" os_hidden=true']
    assert [ids(lookup.find_by_name(name, hidden_too=name == "b")) for name in ("a", "b", "c")] == [["1"], ["2", "3"], []]


def test_first_lookup_of_each_image_sends_nothing_and_the_second_one_does() -> None:
    cloud = CloudTables(image("1", "a"), image(ID, "b"))
    lookup = prefetched(cloud, {"name": "a"}, {"id": ID.upper()})
    assert (ids(lookup.find_by_name("a")), lookup.find_by_id(ID.upper())) == (["1"], cloud.images[1])
    assert cloud.requests == []
    assert (ids(lookup.find_by_name("a")), lookup.find_by_id(ID)) == (["1"], cloud.images[1])
    assert cloud.requests == ["list name=a", f"show {ID}"]


def test_missing_name_is_requested_once_even_if_it_looks_like_an_id() -> None:
    cloud = CloudTables()
    lookup = prefetched(cloud, {"name": ID})
    assert lookup.find_by_name(ID) == []
    assert cloud.requests == []


def test_missing_id_is_looked_up_again() -> None:
    cloud = CloudTables()
    lookup = prefetched(cloud, {"id": ID})
    assert lookup.find_by_id(ID) is None
    assert cloud.requests == [f"show {ID}"]


def test_deleted_images_are_left_out() -> None:
    cloud = CloudTables(image("1", "a", status="deleted"), image(ID, "b", status="pending_delete"))
    lookup = prefetched(cloud, {"name": "a"}, {"id": ID})
    assert lookup.find_by_name("a") == []
    lookup.find_by_id(ID)
    assert cloud.requests == [f"show {ID}"]


def test_names_are_prefetched_for_each_owner() -> None:
    cloud = CloudTables(image("1", "a", owner="p"), image("2", "a", owner="q" * 32))
    cloud.projects = [{"id": "q" * 32, "name": "q"}]
    lookup = prefetched(cloud, {"name": "a", "owner": "own"}, {"name": "a", "owner": "q"})
    assert [ids(lookup.find_by_name("a", owner)) for owner in ("p", "q" * 32)] == [["1"], ["2"]]
    assert cloud.requests == []


def test_images_of_other_projects_are_left_out_for_an_administrator() -> None:
    cloud = CloudTables(
        image("1", "a", owner="q"),
        image("2", "a", owner="q", visibility="shared"),
        image("3", "a", owner="q", visibility="shared"),
        login=Login(is_admin=True),
    )
    cloud.members = {"2": {"p": "accepted"}, "3": {"p": "pending"}}
    assert ids(prefetched(cloud, {"name": "a"}).find_by_name("a")) == ["2"]


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ([{"name": "a"}, {"id": ID}], rf"images\[0\] and images\[1\] mean the same image, {ID} 'a'"),
        (
            [{"id": ID, "name": "b"}, {"name": "b"}],
            r"images\[1\] means the image that images\[0\] renames to 'b'",
        ),
        ([{"name": "a"}, {"name": "x", "create": False}], r"images\[1\]: There is no image with the name 'x'"),
        ([{"name": "a"}, {"name": ID}], f"no image has the name '{ID}', but it is the id of the image 'a'"),
        ([{"name": "a", "owner": "own"}, {"name": "a", "owner": "p"}], "another one in the list means the same image"),
    ],
)
def test_contradictions_in_the_list_are_refused_before_any_change(entries: list[dict[str, t.Any]], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        prefetched(CloudTables(image(ID, "a")), *entries)


def test_several_images_of_one_name_are_left_to_their_entry() -> None:
    cloud = CloudTables(image("1", "a"), image("2", "a"))
    assert ids(prefetched(cloud, {"name": "a"}).find_by_name("a")) == ["1", "2"]


def test_on_duplicate_says_which_image_an_entry_means() -> None:
    twins = [image(ID, "a", created_at="2026-01-02"), image(OTHER_ID, "a", created_at="2026-01-01")]
    prefetched(CloudTables(*twins), {"name": "a", "on_duplicate": "newest"}, {"id": OTHER_ID})
    with pytest.raises(InvalidInput, match="mean the same image"):
        prefetched(CloudTables(*twins), {"name": "a", "on_duplicate": "newest"}, {"id": ID})
