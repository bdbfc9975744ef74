# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The same scenarios on each cloud, with the clouds.yaml of its page in the documentation.

The results are the first table of docs/clouds/support.md. Where a cloud lacks something, it has the error of the task.
"""

from __future__ import annotations

import pathlib
import re
import typing as t

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._module import image_info

from .cloud import FORMATS, Json, Outcome, Sandbox
from .cloud_pages import CLOUDS, Clouds, CloudUnderTest
from .marks import nightly
from .support_page import SUPPORT_PAGE, replaced_block

NOT_ALL_RUN = "only a whole run of this file shows what is supported"
# What each scenario came to, by its title and the cloud.
found: dict[str, dict[str, str]] = {}


@pytest.fixture(scope="module")
def clouds(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Clouds]:
    with Clouds.running(sandbox, tmp_path_factory.mktemp("clouds")) as clouds:
        yield clouds


# Glance itself is what all other tests use, and PCD is the nearest to it.
@pytest.fixture(params=[nightly("glance"), nightly("pcd"), "rackspace", "otc"])
def cloud(request: pytest.FixtureRequest, clouds: Clouds) -> CloudUnderTest:
    return clouds.cloud(request.param)


def supported(cloud: CloudUnderTest, scenario: str) -> None:
    found.setdefault(scenario, {})[cloud.title] = "yes"


def refused(cloud: CloudUnderTest, scenario: str, message: str, words: str) -> None:
    """The cloud does not have it, and the task says so in these words, whatever comes before and after them."""
    matched = re.search(words, message)
    assert matched, message
    found.setdefault(scenario, {})[cloud.title] = f"no: {matched[0]}"


def test_list_reads_all_pages(cloud: CloudUnderTest, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image_info, "PAGE_SIZE", 101 if cloud.title == "Rackspace" else 20)
    for number in range(102 if cloud.title == "Rackspace" else 52):
        cloud.make(f"{name}-{number}", tags=[name])
    outcome = cloud.run("image_info", tags=[name]).succeeded()
    assert len(outcome.images) == len({image["id"] for image in outcome.images})
    assert len(outcome.images) in (52, 102)
    assert len(outcome.requests) >= 2
    newest = cloud.run("image_info", tags=[name], newest=True).succeeded()
    assert newest.images[0]["created_at"] == max(image["created_at"] for image in outcome.images)
    supported(cloud, "List over several pages")


def test_image_is_found_by_name_and_by_id(cloud: CloudUnderTest, name: str) -> None:
    names = [name, f"{name}:22.04", f"{name}, with a comma"]
    made = {each: cloud.make(each)["id"] for each in names}
    for each in names:
        assert [image["id"] for image in cloud.run("image_info", name=[each]).images] == [made[each]]
        assert not cloud.unchanged("image", name=each).changed
        assert not cloud.unchanged("image", id=made[each]).changed
    assert {image["id"] for image in cloud.run("image_info", name=names).images} == set(made.values())
    assert {image["id"] for image in cloud.run("image_info", id=list(made.values())).images} == set(made.values())
    assert not cloud.unchanged("images", images=[{"name": each} for each in names]).changed
    assert cloud.run("image_info", name=[f"{name}-nobody", f"{name}:nobody"]).images == []
    supported(cloud, "Find by name, by several names, by id")


def test_image_is_created_with_data(cloud: CloudUnderTest, name: str, path: str) -> None:
    options = {"name": name, "path": path, "properties": {"os_distro": "debian"}, **FORMATS}
    scenario = "Create with data from a file"
    if cloud.title == "Rackspace":
        refused(
            cloud, scenario, cloud.run("image", **options).message, "This cloud does not support creating images this way"
        )
        assert cloud.named(name) == []
        return
    real = cloud.thrice("image", **options)
    assert real.image["status"] == "active"
    assert real.image["size"] == pathlib.Path(path).stat().st_size
    cloud.unchanged("image", id=real.image["id"], checksum=None, **options)
    supported(cloud, scenario)


def test_attributes_are_updated(cloud: CloudUnderTest, name: str) -> None:
    image = cloud.make(name, b"data", **{"com.rackspace__1__options": "0", "vendor": "kept"})
    cloud.thrice("image", id=image["id"], name=f"{name}-new", properties={"os_distro": "debian"})
    after = cloud.show(image["id"])
    unchanged = {"updated_at": None, "name": f"{name}-new", "os_distro": "debian"}
    assert {**after, **unchanged} == {**image, **unchanged}
    cloud.thrice("image", id=image["id"], properties={"os_distro": None})
    supported(cloud, "Update name and properties")


def test_tags_are_set_and_cleared(cloud: CloudUnderTest, name: str) -> None:
    cloud.make(name, tags=["old"])
    scenario = "Update tags"
    if cloud.title == "Open Telekom Cloud":
        message = cloud.run("image", name=name, tags=["new"]).message
        refused(cloud, scenario, message, "The attributes /tags cannot be changed")
    else:
        assert cloud.thrice("image", name=name, tags=["new", "newer"]).image["tags"] == ["new", "newer"]
        supported(cloud, scenario)
    assert not cloud.unchanged("image", name=name, tags=cloud.named(name)[0]["tags"]).changed


def test_image_is_protected_and_unprotected(cloud: CloudUnderTest, name: str) -> None:
    image = cloud.make(name)
    scenario = "Protect, refuse to delete, unprotect, delete, delete again"
    if cloud.title == "Open Telekom Cloud":
        message = cloud.run("image", name=name, protected=True).message
        refused(cloud, scenario, message, "The attributes /protected cannot be changed")
        return
    cloud.thrice("image", name=name, protected=True)
    assert "is protected and cannot be deleted" in cloud.fails("image", name=name, state="absent")
    cloud.thrice("image", name=name, protected=False)
    cloud.thrice("image", name=name, state="absent")
    assert cloud.call("GET", f"/images/{image['id']}", raise_exc=False).status_code == 404
    again = cloud.make(name, protected=True)
    cloud.thrice("image", id=again["id"], state="absent", force=True)
    supported(cloud, scenario)


def test_image_is_deleted(cloud: CloudUnderTest, name: str) -> None:
    protected = cloud.make(f"{name}-protected", protected=True)
    assert "is protected and cannot be deleted" in cloud.fails("image", id=protected["id"], state="absent")
    image = cloud.make(name, b"data")
    cloud.thrice("image", name=name, state="absent")
    assert not cloud.unchanged("image", id=image["id"], state="absent").changed
    assert cloud.run("image_info", id=[image["id"]]).images == []
    supported(cloud, "Delete, and delete again")


def test_image_is_deactivated_and_reactivated(cloud: CloudUnderTest, clouds: Clouds, name: str) -> None:
    image = cloud.make(name, b"data")
    scenario = "Deactivate and reactivate"
    if cloud.title == "Platform9 PCD":
        message = cloud.run("image_state", name=[name], state="deactivated").message
        assert "on many clouds only administrators may" in message
        cloud = clouds.cloud("pcd", administrator=True)
    if cloud.title in ("Rackspace", "Open Telekom Cloud"):
        message = cloud.run("image_state", id=[image["id"]], state="deactivated").message
        refused(cloud, scenario, message, "Not supported by this cloud")
        assert cloud.show(image["id"]) == image
        return
    cloud.thrice("image_state", id=[image["id"]], state="deactivated")
    assert cloud.show(image["id"])["status"] == "deactivated"
    cloud.thrice("image_state", id=[image["id"]], state="active")
    supported(cloud, scenario)


@pytest.mark.nightly
def test_role_image_retire_deletes_images(cloud: CloudUnderTest, name: str, tmp_path: pathlib.Path) -> None:
    images = [cloud.make(name, b"data", protected=cloud.title != "Open Telekom Cloud") for _image in range(3)]
    variables = {
        "image_retire_filters": {"name_pattern": f"^{name}$"},
        "image_retire_keep_newest": 1,
        "image_retire_cloud": cloud.entry,
    }
    predicted, real, again = [
        cloud.play_role("cloudimage.glance.image_retire", variables, check, tmp_path, "image_retire_report")
        for check in (True, False, False)
    ]
    assert predicted == real
    assert sorted(entry["outcome"] for entry in real) == ["deleted", "deleted", "kept"]
    assert [entry["outcome"] for entry in again] == ["kept"]
    assert [image["id"] for image in cloud.named(name)] == [entry["id"] for entry in again]
    assert {image["id"] for image in images} == {entry["id"] for entry in real}
    supported(cloud, "Role image_retire")


def test_catalogue_is_applied_and_pruned(cloud: CloudUnderTest, name: str) -> None:
    images = [cloud.make(f"{name}-{letter}", b"data") for letter in "ab"]
    listed = [{"name": image["name"]} for image in images]

    def thrice(images: list[Json], **options: t.Any) -> list[Outcome]:
        return [
            cloud.run("images", check=check, images=images, catalogue=name, **options).succeeded()
            for check in (True, False, False)
        ]

    assert [outcome.changed for outcome in thrice(listed)] == [True, True, False]
    predicted, real, again = thrice(listed[:1], prune="delete")
    assert predicted.mutations == again.mutations == []
    assert predicted.result["pruned"] == real.result["pruned"]
    assert [(each["id"], each["action"]) for each in real.result["pruned"]] == [(images[1]["id"], "delete")]
    assert cloud.named(images[1]["name"]) == again.result["pruned"] == []
    assert cloud.show(images[0]["id"])["name"] == images[0]["name"]
    supported(cloud, "Apply a catalogue and prune it")


def test_support_page_lists_these_scenarios() -> None:
    if any(len(by_cloud) < len(CLOUDS) for by_cloud in found.values()) or len(found) < 10:
        pytest.skip(NOT_ALL_RUN)
    titles = [CLOUDS[name].title for name in CLOUDS]
    rows = [f"| Scenario | {' | '.join(titles)} |", f"|---{'|---' * len(titles)}|"]
    rows += [f"| {scenario} | {' | '.join(by_cloud[title] for title in titles)} |" for scenario, by_cloud in found.items()]
    assert replaced_block("scenarios", "\n".join(rows)) == SUPPORT_PAGE.read_text()
