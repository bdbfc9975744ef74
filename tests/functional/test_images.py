# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""Many images in one task."""

from __future__ import annotations

import json
import pathlib

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._client.image_api import GlanceApi
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.json_patch import PATCH_CONTENT_TYPE
from ansible_collections.cloudimage.glance.plugins.module_utils._module.prefetched_images import PrefetchedImages
from ansible_collections.cloudimage.glance.plugins.module_utils._options.image import ImageOptions, ImageSelection

from .cloud import FORMATS, IN_PROCESS, Cloud, Json, Sandbox, connect, forget_the_cloud, run_module
from .glance_proxy import proxy
from .image_server import serving
from .runs import images_thrice

READ_ONCE = ["GET /v2/images"]


def test_list_of_images_is_created_changed_and_deleted(alice: Cloud, name: str, path: str) -> None:
    gone, changed, same = (alice.make(f"{name}-{what}", tags=["t"]) for what in ("gone", "changed", "same"))
    outcome = images_thrice(
        alice,
        [
            {"name": f"{name}-new", "properties": {"a": 1}, "path": path, **FORMATS},
            {"name": gone["name"], "state": "absent"},
            {"image": changed["name"], "tags": [], "is_protected": True},
            {"id": same["id"], "tags": ["t"]},
        ],
    )
    new, absent, updated, unchanged = outcome.result["images"]
    assert (new["status"], new["properties"]) == ("active", {"a": "1"})
    assert absent is None
    assert (updated["id"], updated["tags"], updated["protected"]) == (changed["id"], [], True)
    assert unchanged["id"] == same["id"]
    assert [each["changed"] for each in outcome.result["outcomes"]] == [True, True, True, False]
    assert [diff["after_header"] for diff in outcome.result["diff"]] == [f"{name}-new", gone["name"], changed["name"]]


def test_unchanged_images_cost_one_request(alice: Cloud, name: str) -> None:
    names = [f"{name}-{number}" for number in range(12)]
    images_thrice(alice, [{"name": each} for each in names], parallel=12)
    outcome = alice.unchanged("images", images=[{"name": each} for each in names])
    assert outcome.sent == READ_ONCE
    by_id = [{"id": image["id"], "name": image["name"]} for image in outcome.images]
    # Whether one of them is hidden is asked only for those that are not found.
    assert alice.unchanged("images", images=by_id).sent == READ_ONCE
    images_thrice(alice, [{"name": each, "state": "absent"} for each in names])
    absent = alice.unchanged("images", images=[{"name": each, "state": "absent"} for each in names])
    # The second one asks whether the cloud knows such a condition, as nothing was found with it.
    assert absent.sent == READ_ONCE * (2 if IN_PROCESS else 3)


def test_names_with_special_characters_are_found(alice: Cloud, name: str) -> None:
    names = [f"{name}{end}" for end in (':a"', ",b", " ü%", "\\")]
    images_thrice(alice, [{"name": each} for each in names])
    found = alice.unchanged("images", images=[{"name": each} for each in names]).images
    assert [image["name"] for image in found] == names


def test_failing_image_does_not_stop_the_others(alice: Cloud, name: str) -> None:
    locked = alice.make(f"{name}-locked", protected=True)
    twins = [alice.make(f"{name}-twin") for _twin in range(2)]
    images = [
        {"name": locked["name"], "state": "absent"},
        {"name": twins[0]["name"], "tags": ["t"]},
        {"name": f"{name}-good"},
    ]
    for check in (True, False):
        outcome = alice.run("images", check=check, images=images, parallel=1)
        assert outcome.message.startswith(f"2 of 3 images failed. {locked['name']}: Image {locked['id']}")
        assert [each["failed"] for each in outcome.result["outcomes"]] == [True, True, False]
        assert "is protected" in outcome.result["outcomes"][0]["msg"]
        assert outcome.changed
        assert [operation["method"] for operation in outcome.result["operations"]] == ["POST"]
    assert len(alice.named(f"{name}-good")) == 1
    assert {image["id"] for image in alice.named(twins[0]["name"])} == {twin["id"] for twin in twins}


def test_refused_image_does_not_stop_the_others(alice: Cloud, name: str) -> None:
    seen = []

    def fault(method: str, path: str, _count: int) -> int | None:
        if method == "POST":
            seen.append(path)
        return 403 if method == "POST" and len(seen) == 1 else None

    with proxy(alice.sandbox.glance_url, fault) as url:
        images = [{"name": f"{name}-{number}"} for number in range(3)]
        outcome = alice.run("images", images=images, parallel=1, endpoint_override=url)
    assert [each["failed"] for each in outcome.result["outcomes"]] == [True, False, False]
    assert outcome.result["outcomes"][0]["http_status"] == 403
    assert images_thrice(alice, images).changed


@pytest.mark.parametrize(
    ("images", "message"),
    [
        ([{"name": "a"}, {"tags": []}], "images[1] '': one of the following is required: name, id"),
        ([{"name": "a", "cloud": "x"}], "images[0] 'a': Unsupported parameters: cloud. Supported parameters include"),
        ([{"name": "a", "min_ram": "many"}], "images[0] 'a': argument 'min_ram' is of type"),
        ([{"name": "a", "min_disk": -1}], "images[0] 'a': min_disk: -1 was given"),
        ([{"name": "a", "on_duplicate": "all"}], "images[0] 'a': on_duplicate: 'all' is allowed"),
        ([{"name": "a", "wait_timeout": 0}], "images[0] 'a': wait_timeout: 0 was given"),
        ([{"name": "a", "checksum": "md5:x"}], "images[0] 'a': checksum: it says something of the data"),
        ([{"name": "a"}, {"name": "b"}, {"name": "a", "state": "absent"}], "images[2] 'a': another one in the list"),
        ([{"name": "a", "owner": "p"}, {"name": "a"}], "images[1] 'a': another one in the list"),
        ([{"id": "5A8B9D0E-0000-4000-8000-000000000001"}, {"id": "5a8b9d0e-0000-4000-8000-000000000001"}], "another one"),
    ],
)
def test_invalid_entries_are_rejected_before_any_request(alice: Cloud, images: list[Json], message: str) -> None:
    outcome = alice.run("images", images=images)
    assert message in outcome.message
    assert outcome.requests == []


@pytest.mark.parametrize("parallel", [0, 33])
def test_invalid_parallel_is_rejected(alice: Cloud, parallel: int) -> None:
    outcome = alice.run("images", images=[], parallel=parallel)
    assert f"parallel: {parallel} was given; 1 to 32 images at a time are allowed." in outcome.message


def test_second_lookup_reads_the_image_again(alice: Cloud, name: str) -> None:
    """The first lookup is a list of many images; after that another process may have changed the image."""
    image, other = alice.make(name), alice.make(f"{name}-other")
    lookup = PrefetchedImages(
        GlanceApi(connect("alice")), [ImageOptions(ImageSelection(name=name)), ImageOptions(ImageSelection(other["id"]))]
    )
    for each in (image, other):
        alice.call(
            "PATCH",
            f"/images/{each['id']}",
            data=json.dumps([{"op": "replace", "path": "/tags", "value": ["new"]}]),
            headers={"Content-Type": PATCH_CONTENT_TYPE},
        )
    found = [[*lookup.find_by_name(name), lookup.find_by_id(other["id"])] for _look in range(2)]
    assert [[each.tags for each in look if each] for look in found] == [[[], []], [["new"], ["new"]]]


def test_empty_list_sends_no_request(alice: Cloud) -> None:
    outcome = alice.unchanged("images", images=[])
    assert (outcome.images, outcome.sent) == ([], [])


def test_entries_for_the_same_image_are_rejected(alice: Cloud, name: str) -> None:
    image = alice.make(name)
    outcome = alice.run("images", images=[{"id": image["id"], "tags": ["a"]}, {"name": name, "tags": ["b"]}])
    assert f"images: images[0] and images[1] mean the same image, {image['id']} '{name}'." in outcome.message
    assert outcome.mutations == []


def test_same_name_in_two_projects(admin: Cloud, alice: Cloud, bob: Cloud, name: str) -> None:
    theirs = {cloud.project_id: cloud.make(name) for cloud in (alice, bob)}
    images = [{"name": name, "owner": project, "tags": ["t"]} for project in ("alpha", "beta")]
    outcome = images_thrice(admin, images)
    assert [image["id"] for image in outcome.images] == [theirs[cloud.project_id]["id"] for cloud in (alice, bob)]


def test_hidden_images_are_found(alice: Cloud, name: str) -> None:
    hidden = alice.make(f"{name}-a", os_hidden=True)
    shown = alice.make(f"{name}-b")
    alice.make(f"{name}-c", os_hidden=True)
    images = [
        {"name": hidden["name"], "tags": ["t"]},
        {"name": shown["name"], "hidden": True},
        {"name": f"{name}-c", "state": "absent"},
    ]
    outcome = images_thrice(alice, images)
    assert [image and image["id"] for image in outcome.images] == [hidden["id"], shown["id"], None]


def test_replacements_run_in_parallel(alice: Cloud, name: str, tmp_path: pathlib.Path) -> None:
    for number in range(3):
        alice.make(f"{name}-{number}", b"old")
        (tmp_path / str(number)).write_bytes(b"new" * (number + 1))
    images = [
        {"name": f"{name}-{number}", "path": str(tmp_path / str(number)), "data_policy": "replace", **FORMATS}
        for number in range(3)
    ]
    outcome = images_thrice(alice, images)
    assert [image["size"] for image in outcome.images] == [3, 6, 9]


def test_secret_in_a_url_is_not_shown(sandbox: Sandbox, name: str) -> None:
    images = [{"name": name, "url": "https://me:sesame-open@127.0.0.1:9/disk", "transfer": "stream", **FORMATS}]
    outcome = run_module(sandbox, "images", {"cloud": "alice", "images": images})
    assert outcome.failed
    assert "sesame-open" not in outcome.stdout


def test_import_methods_are_requested_once(alice: Cloud, name: str) -> None:
    with serving() as web:
        web.files["/disk"] = b"data"
        images = [{"name": f"{name}-{number}", "url": f"{web.url}/disk", **FORMATS} for number in range(3)]
        forget_the_cloud()
        outcome = alice.run("images", check=True, images=images).succeeded()
    assert outcome.sent == ["GET /v2/images", "GET /v2/images", "GET /v2/images", "GET /v2/info/import"]
