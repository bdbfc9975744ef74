# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

import re
import typing as t
import urllib.parse
import uuid

import pytest

from .cloud import IN_PROCESS, Cloud, Outcome
from .timing import wait_for_a_later_second

CATALOGUE = 3000


def find(cloud: Cloud, **options: t.Any) -> Outcome:
    return cloud.unchanged("image_info", **options)


def queries(outcome: Outcome) -> list[dict[str, list[str]]]:
    return [urllib.parse.parse_qs(entry["query"]) for entry in outcome.requests]


@pytest.fixture(scope="module")
def catalogue(bob: Cloud) -> str:
    """3,000 images of bob's, copied in the database: Glance itself would take a minute to make them."""
    prefix = f"catalogue-{uuid.uuid4().hex[:8]}"
    pattern = bob.make(f"{prefix}-pattern", visibility="private")
    with bob.sandbox.database() as database:
        columns = [row[1] for row in database.execute("PRAGMA table_info(images)") if row[1] not in ("id", "name")]
        listed = ", ".join(columns)
        database.executemany(
            f"INSERT INTO images (id, name, {listed}) SELECT ?, ?, {listed} FROM images WHERE id = ?",
            [(str(uuid.uuid4()), f"{prefix}-{number:04}", pattern["id"]) for number in range(CATALOGUE - 1)],
        )
        database.commit()
    return prefix


def test_name_costs_one_request_in_a_large_catalogue(bob: Cloud, catalogue: str) -> None:
    outcome = find(bob, name=[f"{catalogue}-1234"])
    assert outcome.names == [f"{catalogue}-1234"]
    assert outcome.sent == ["GET /v2/images"]


def test_many_names_cost_few_requests(bob: Cloud, catalogue: str) -> None:
    names = [f"{catalogue}-{number:04}" for number in range(100)]
    outcome = find(bob, name=names)
    assert sorted(outcome.names) == names
    assert len(outcome.sent) <= 5


@pytest.mark.nightly
def test_list_uses_pages_of_a_thousand(bob: Cloud, catalogue: str) -> None:
    outcome = find(bob)
    assert sum(str(image["name"]).startswith(catalogue) for image in outcome.images) == CATALOGUE
    assert len({image["id"] for image in outcome.images}) == len(outcome.images)
    # Of a last page that is full it cannot be told that it is the last.
    assert len(outcome.sent) == len(outcome.images) // 1000 + 1
    assert all(query["limit"] == ["1000"] for query in queries(outcome))
    assert len(find(bob, name_pattern=f"^{catalogue}").images) == CATALOGUE


def test_limit_stops_reading(bob: Cloud, catalogue: str) -> None:
    outcome = find(bob, limit=3, visibility="private", sort=["name:asc"])
    assert len(outcome.images) == 3
    assert len(outcome.sent) == 1
    assert queries(outcome)[0]["limit"] == ["3"]
    outcome = find(bob, limit=2, name_pattern=f"{catalogue}-0[0-9]5")
    assert len(outcome.images) == 2


def test_newest_requests_one_image(alice: Cloud, name: str) -> None:
    old = alice.make(f"{name}-old", tags=[name])
    wait_for_a_later_second(old["created_at"])
    new = alice.make(f"{name}-new", tags=[name])
    outcome = find(alice, tags=[name], newest=True)
    assert [image["id"] for image in outcome.images] == [new["id"]]
    assert queries(outcome)[0]["limit"] == ["1"]


def test_finding_no_image_is_not_an_error(alice: Cloud) -> None:
    assert find(alice, name=["nobody"]).images == []
    assert find(alice, id=[str(uuid.uuid4())]).images == []
    for outcome in (find(alice, name=[]), find(alice, id=[])):
        assert (outcome.images, outcome.sent) == ([], [])


def test_project_of_the_login_is_returned(alice: Cloud, name: str) -> None:
    result = find(alice, name=[name]).result
    assert (result["project_id"], result["project_name"]) == (alice.project_id, "alpha")


def test_filters_select_the_matching_images(alice: Cloud, name: str) -> None:
    one = alice.make(f"{name}:1", b"x" * 100, tags=["a", "b", name], os_distro="debian", n="1")
    two = alice.make(f"{name},2", tags=["a", name], protected=True, visibility="private", min_disk=3)
    three = alice.make(f'{name}"3', os_hidden=True, tags=[name], disk_format="iso", container_format="ova")
    both, everything = {one["id"], two["id"]}, {one["id"], two["id"], three["id"]}
    cases: list[tuple[dict[str, t.Any], set[str]]] = [
        ({}, both),
        ({"hidden": "any"}, everything),
        ({"hidden": "true"}, {three["id"]}),
        ({"hidden": True}, {three["id"]}),
        ({"hidden": "false"}, both),
        ({"name": [one["name"], two["name"], three["name"]], "hidden": "any"}, everything),
        ({"name": [two["name"]]}, {two["id"]}),
        ({"name": [name]}, set()),
        ({"name_pattern": ",2$"}, {two["id"]}),
        ({"tags": ["b"]}, {one["id"]}),
        ({"tags": ["b", "a"]}, {one["id"]}),
        ({"tags": ["c"]}, set()),
        ({"status": ["active"]}, {one["id"]}),
        ({"status": ["active", "queued"]}, both),
        ({"status": "queued"}, {two["id"]}),
        ({"protected": True}, {two["id"]}),
        ({"protected": False}, {one["id"]}),
        ({"visibility": "private"}, {two["id"]}),
        ({"visibility": "all"}, both),
        ({"visibility": "public"}, set()),
        ({"owner": "alpha"}, both),
        ({"owner": alice.project_id}, both),
        ({"disk_format": ["raw", "iso"]}, {one["id"]}),
        ({"disk_format": ["iso"], "hidden": "any"}, {three["id"]}),
        ({"container_format": "bare"}, {one["id"]}),
        ({"size_min": 100}, {one["id"]}),
        ({"size_min": 101}, set()),
        ({"size_max": 100}, {one["id"]}),
        ({"properties": {"os_distro": "debian", "n": 1}}, {one["id"]}),
        ({"properties": {"os_distro": "Debian"}}, set()),
        ({"newer_than": "1h"}, both),
        ({"older_than": "1h"}, set()),
        ({"newer_than": "1h", "older_than": "0s", "created_at": "gt:2020-01-01"}, both),
        ({"updated_at": "gte:2020-01-01T00:00:00Z"}, both),
        ({"updated_at": "lt:2020-01-01T00:00:00Z"}, set()),
        ({"created_at": one["created_at"], "name_pattern": ":1"}, {one["id"]}),
        ({"id": [three["id"], one["id"], str(uuid.uuid4())]}, {one["id"], three["id"]}),
        ({"id": [three["id"]]}, {three["id"]}),
        ({"id": [three["id"]], "hidden": "false"}, set()),
        ({"id": [three["id"], one["id"]], "status": "active"}, {one["id"]}),
    ]
    wrong: dict[str, tuple[set[str], set[str]]] = {}
    for options, expected in cases:
        asked = {"tags": [name], **options} if "tags" not in options else {**options, "tags": [*options["tags"], name]}
        # What was created in this very second is not older than now.
        if options.get("older_than") == "0s":
            wait_for_a_later_second(max(one["created_at"], two["created_at"]))
        found = {image["id"] for image in find(alice, **asked).images}
        if found != expected:
            wrong[str(options)] = (found, expected)
    assert wrong == {}


def test_filters_are_sent_to_the_server(alice: Cloud) -> None:
    outcome = find(
        alice,
        name=["a:b"],
        status="active",
        visibility="private",
        owner=alice.project_id,
        tags=["x", "y"],
        protected=True,
        disk_format="raw",
        container_format="bare",
        size_min=1,
        size_max=9,
        older_than="1d",
        updated_at="gt:2020-01-01",
        properties={"os_distro": "debian"},
        member_status="accepted",
        sort=["name:asc", "size:desc"],
    )
    # The second one asks whether the cloud knows such conditions, as nothing was found with them.
    query, *probe = queries(outcome)
    assert probe == ([] if IN_PROCESS else [{"name": ["unknown-operator:x"], "limit": ["1"]}])
    created_at = query.pop("created_at")[0]
    assert created_at.startswith("lt:20")
    assert query == {
        "name": ["eq:a:b"],
        "status": ["active"],
        "visibility": ["private"],
        "owner": [alice.project_id],
        "tag": ["x", "y"],
        "protected": ["true"],
        "disk_format": ["raw"],
        "container_format": ["bare"],
        "size_min": ["1"],
        "size_max": ["9"],
        "updated_at": ["gt:2020-01-01T00:00:00Z"],
        "os_distro": ["debian"],
        "member_status": ["accepted"],
        "sort": ["name:asc,size:desc"],
        "limit": ["1000"],
    }


@pytest.mark.parametrize(
    "key", ["foo_min", "get", "to_dict", "metadata", "limit", "tag", "visibility2", "ünï:c,o/de", "a b"]
)
def test_property_names_with_special_characters_are_filtered(alice: Cloud, name: str, key: str) -> None:
    properties: dict[str, t.Any] = {key: "v"}
    image = alice.make(name, **properties)
    assert [found["id"] for found in find(alice, properties={key: "v"}, name=[name]).images] == [image["id"]]
    assert find(alice, properties={key: "w"}, name=[name]).images == []


def test_images_are_sorted(alice: Cloud, name: str) -> None:
    for number, min_ram, hidden in ((1, 5, False), (2, 5, True), (3, 4, False)):
        alice.make(f"{name}-{number}", tags=[name], min_ram=min_ram, os_hidden=hidden)
    for wanted, expected in (("false", [3, 1]), ("any", [3, 2, 1])):
        outcome = find(alice, tags=[name], sort=["name:desc"], hidden=wanted)
        assert outcome.names == [f"{name}-{number}" for number in expected]
    assert find(alice, tags=[name], sort=["name"], hidden="any", limit=2).names == [f"{name}-1", f"{name}-2"]


def test_images_are_returned_in_the_order_of_the_ids(alice: Cloud, name: str) -> None:
    ids = [alice.make(f"{name}-{number}", os_hidden=number == 1)["id"] for number in range(3)]
    outcome = find(alice, id=[ids[2], ids[0], ids[1]])
    assert [image["id"] for image in outcome.images] == [ids[2], ids[0], ids[1]]
    assert len(outcome.sent) == 2


def test_images_of_other_projects_are_found_by_visibility_and_share(alice: Cloud, bob: Cloud, name: str) -> None:
    community = bob.make(name, visibility="community", tags=[name])
    pending = bob.make(name, tags=[name])
    bob.make(name, visibility="private", tags=[name])
    bob.call("POST", f"/images/{pending['id']}/members", json={"member": alice.project_id})
    cases: list[tuple[dict[str, t.Any], set[str]]] = [
        ({}, set()),
        ({"visibility": "community"}, {community["id"]}),
        ({"visibility": "all"}, {community["id"]}),
        ({"member_status": "pending"}, {pending["id"]}),
        ({"visibility": "all", "member_status": "all"}, {community["id"], pending["id"]}),
        ({"id": [community["id"], pending["id"]]}, {community["id"], pending["id"]}),
    ]
    for options, expected in cases:
        found = {image["id"] for image in find(alice, **{"tags": [name], **options}).images}
        assert found == expected, options


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"nmae": "x"}, "Unsupported parameters"),
        ({"sort": "nmae"}, "sort: 'nmae' was given. Allowed is one of name"),
        ({"older_than": "30"}, "older_than: '30' is not a duration"),
        ({"limit": 0}, "limit: 0 was given"),
        ({"exactly": "one"}, "argument 'exactly' is of type .* and we were unable to convert to int"),
        ({"exactly": "-1"}, "exactly: -1 was given"),
        ({"exactly": 2, "newest": True}, "exactly: 2 was given, but 'newest: true' returns at most 1"),
        ({"limit": "many"}, "argument 'limit' is of type .* and we were unable to convert to int"),
        ({"id": ["x"]}, "'x' is not an image id"),
        ({"visibility": "secret"}, "value of visibility must be one of"),
        ({"newest": True, "limit": 2}, "parameters are mutually exclusive: newest\\|limit"),
        ({"owner": "nobody"}, "owner: there is no project 'nobody'"),
        ({"name_pattern": "["}, "is not a regular expression"),
    ],
)
def test_invalid_options_are_rejected(alice: Cloud, options: dict[str, t.Any], message: str) -> None:
    assert re.search(message, alice.fails("image_info", **options))


def test_images_are_counted(alice: Cloud, name: str) -> None:
    assert find(alice, name=[name], exactly=0).result["count"] == 0
    for number in (1, 2):
        alice.make(name)
        assert find(alice, name=[name]).result["count"] == number
    assert find(alice, name=[name], limit=1).result["count"] == 1


def failed_count(cloud: Cloud, **options: t.Any) -> Outcome:
    """A task that finds another number of images than it wants; check mode makes no difference."""
    assert cloud.fails("image_info", **options).startswith("exactly: ")
    return cloud.run("image_info", **options)


def test_several_images_instead_of_one_are_an_error_that_lists_them(alice: Cloud, name: str) -> None:
    images = [alice.make(name, b"data", tags=[name]), alice.make(name, tags=[name])]
    outcome = failed_count(alice, name=[name], tags=[name], exactly=1)
    assert (
        f'exactly: 1 was given, but 2 images were found. The filters are name: "{name}", tags: "{name}".' in outcome.message
    )
    for image in images:
        described = (
            f"{image['id']} '{name}', {image['status']}, shared, created {image['created_at']}, owner {image['owner']}"
        )
        assert described in outcome.message
    assert outcome.result["count"] == 2
    assert sorted(outcome.result["candidates"]) == sorted(image["id"] for image in images)
    assert outcome.sent == ["GET /v2/images"]
    for exactly in ("2", 2):  # a survey gives text
        assert find(alice, name=name, exactly=exactly).result["count"] == 2


def test_missing_images_are_an_error_that_names_them(alice: Cloud, name: str) -> None:
    image = alice.make(name)
    hidden = alice.make(f"{name}-hidden", os_hidden=True)
    nowhere = str(uuid.uuid4())
    outcome = failed_count(alice, name=[f"{name}-2"], exactly="1")
    assert "0 images were found" in outcome.message
    assert (outcome.result["count"], outcome.result["candidates"]) == (0, [])
    outcome = failed_count(alice, name=[name, hidden["name"]], exactly=2)
    assert f"Not found: name '{hidden['name']}'." in outcome.message
    assert "'hidden: any'" in outcome.message
    assert len(find(alice, name=[name, hidden["name"]], hidden="any", exactly=2).images) == 2
    outcome = failed_count(alice, id=[image["id"], hidden["id"], nowhere], exactly=3)
    assert f"Not found: id '{nowhere}'." in outcome.message
    assert outcome.result["candidates"] == [image["id"], hidden["id"]]
    assert len(find(alice, id=[image["id"].upper(), image["id"], hidden["id"]], exactly=2).images) == 2


def test_images_are_counted_after_limit_and_newest(alice: Cloud, name: str) -> None:
    assert "0 images" in failed_count(alice, name=[name], newest=True, exactly=1).message
    for _image in range(3):
        alice.make(name)
    assert len(find(alice, name=[name], newest=True, exactly=1).images) == 1
    assert len(find(alice, name=[name], limit=2, exactly=2).images) == 2
    assert "at least 2 images were found" in failed_count(alice, name=[name], limit=2, exactly=1).message


def test_images_of_other_projects_count_once_they_are_found(alice: Cloud, bob: Cloud, admin: Cloud, name: str) -> None:
    image = bob.make(name)
    assert find(admin, name=[name], owner="beta", exactly=1).images[0]["id"] == image["id"]
    for cloud in (admin, alice):
        assert "or 'all_projects: true'" in failed_count(cloud, name=[name], exactly=1).message
        bob.call("POST", f"/images/{image['id']}/members", json={"member": cloud.project_id})
        find(cloud, name=[name], exactly=0)
        cloud.call("PUT", f"/images/{image['id']}/members/{cloud.project_id}", json={"status": "accepted"})
        find(cloud, name=[name], exactly=1)


@pytest.mark.nightly
def test_error_describes_ten_of_many_images(bob: Cloud, catalogue: str) -> None:
    outcome = failed_count(bob, name_pattern=f"^{catalogue}-", exactly=1)
    assert f"but {CATALOGUE} images were found" in outcome.message
    assert f"; and {CATALOGUE - 10} more." in outcome.message
    assert outcome.result["count"] == len(outcome.result["candidates"]) == CATALOGUE
