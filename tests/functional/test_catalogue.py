# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""A catalogue: its mark, pruning, and what its entries take besides."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import typing as t
import uuid

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._timing import TIMING

from .cloud import FORMATS, Cloud, Json, Outcome
from .glance_proxy import ALL, CUT, CUT_ANSWER, proxy
from .marks import nightly
from .other_cloud import cloud_at, origin_of
from .runs import applied, images_thrice, run_at_once, run_killed
from .sources import checksum_of

MARK, MARKED_ID, VERSION = "cloudimage_catalogue", "cloudimage_marked_id", "cloudimage_version"
LIST = "GET /v2/images"


def entries(name: str, *ends: str, **options: t.Any) -> list[Json]:
    return [{"name": f"{name}-{end}", **options} for end in ends]


def pruned_thrice(cloud: Cloud, images: list[Json], **options: t.Any) -> Outcome:
    """The same as thrice, for what is pruned too. Returns the real run."""
    predicted = cloud.run("images", check=True, images=images, **options).succeeded()
    real = images_thrice(cloud, images, **options)
    assert predicted.result["pruned"] == real.result["pruned"]
    assert predicted.result["diff"] == real.result["diff"] or any(each["changed"] for each in real.result["outcomes"])
    return real


def marked(cloud: Cloud, name: str, catalogue: str, **attributes: t.Any) -> Json:
    return cloud.make_as_own(name, **attributes, **{MARK: catalogue})  # type: ignore[arg-type]  # a property, not the data


def test_images_are_marked_when_created_and_adopted(alice: Cloud, name: str) -> None:
    old = alice.make(f"{name}-old", tags=["t"])
    outcome = images_thrice(alice, entries(name, "old", "new"), catalogue=name)
    assert [image["properties"] for image in outcome.images] == [{MARK: name, MARKED_ID: old["id"]}, {MARK: name}]
    assert [each["changed"] for each in outcome.result["outcomes"]] == [True, True]
    # The mark survives the purging of properties, and a task without a catalogue.
    purged = alice.run("image", name=f"{name}-new", properties={}, purge_properties=True).succeeded()
    assert not purged.changed


@pytest.mark.parametrize("key", [MARK, VERSION])
@pytest.mark.parametrize("value", ["mine", None])
def test_tasks_cannot_set_the_records(alice: Cloud, name: str, key: str, value: str | None) -> None:
    assert f"properties: '{key}' is" in alice.fails("image", name=name, properties={key: value})
    assert f"properties: '{key}' is" in alice.fails("images", images=[{"name": name, "properties": {key: value}}])


@pytest.mark.parametrize("action", ["hide", "deactivate", "delete"])
def test_images_that_are_no_longer_listed_are_pruned(alice: Cloud, bob: Cloud, name: str, path: str, action: str) -> None:
    unmarked = alice.make(f"{name}-unmarked")
    other_catalogue = marked(alice, f"{name}-other", f"{name}-other")
    of_bob = marked(bob, f"{name}-bob", name)
    data = {"path": path, **FORMATS}
    images = applied(alice, entries(name, "a", "b", "c", **data), catalogue=name).images
    outcome = pruned_thrice(alice, entries(name, "b", **data), catalogue=name, prune=action)
    assert [(each["name"], each["action"], each["changed"]) for each in outcome.result["pruned"]] == [
        (f"{name}-a", action, True),
        (f"{name}-c", action, True),
    ]
    for image in (images[0], images[2]):
        if action == "hide":
            assert alice.show(image["id"])["os_hidden"]
        else:
            assert alice.status_of(image) == {"deactivate": "deactivated", "delete": "gone"}[action]
    kept = alice.show(images[1]["id"])
    assert (kept["status"], kept["os_hidden"]) == ("active", False)
    for cloud, image in ((alice, unmarked), (alice, other_catalogue), (bob, of_bob)):
        assert cloud.show(image["id"]) == image


def test_copies_by_nova_and_cinder_are_not_pruned(alice: Cloud, name: str) -> None:
    """Nova copies all properties of an image to a snapshot of its server, Cinder to an image of its volume."""
    adopted = alice.make(f"{name}-old")
    applied(alice, entries(name, "old"), catalogue=name)
    by_nova: Json = {MARK: name, "base_image_ref": adopted["id"], "image_type": "snapshot"}
    by_cinder: Json = {MARK: name, MARKED_ID: adopted["id"]}
    copies = [alice.make(f"{name}-backup", **mark) for mark in (by_nova, by_cinder)]
    outcome = pruned_thrice(alice, entries(name, "new"), catalogue=name, prune="delete")
    assert [each["id"] for each in outcome.result["pruned"]] == [adopted["id"]]
    assert [alice.show(image["id"]) for image in copies] == copies


def test_copy_by_cinder_that_is_listed_belongs_to_the_catalogue(alice: Cloud, name: str) -> None:
    mark: Json = {MARK: name, MARKED_ID: str(uuid.uuid4())}
    copy = alice.make(f"{name}-copy", **mark)
    (image,) = images_thrice(alice, entries(name, "copy"), catalogue=name).images
    assert image["properties"] == {MARK: name, MARKED_ID: copy["id"]}


def test_replacement_of_a_copy_is_not_pruned(alice: Cloud, name: str, path: str) -> None:
    """The new image has an id of this collection's, on which a mark counts."""
    mark: Json = {MARK: name, MARKED_ID: str(uuid.uuid4())}
    alice.make(f"{name}-copy", b"old", **mark)
    replaced = alice.thrice("image", name=f"{name}-copy", path=path, data_policy="replace")
    assert replaced.image["properties"] == {}
    assert pruned_thrice(alice, entries(name, "new"), catalogue=name, prune="delete").result["pruned"] == []


def test_image_with_an_id_of_the_task_belongs_to_the_catalogue(alice: Cloud, name: str) -> None:
    image_id = str(uuid.uuid4())
    (image,) = images_thrice(alice, [{"name": name, "id": image_id}], catalogue=name).images
    assert image["properties"] == {MARK: name, MARKED_ID: image_id}


def test_candidate_of_a_listed_name_is_not_pruned(alice: Cloud, name: str, path: str) -> None:
    options: Json = {"path": path, "data_policy": "replace", "candidate": "prepare", **FORMATS}
    pruned_thrice(alice, [{"name": name, **options}], catalogue=name, prune="delete")
    (pruned,) = pruned_thrice(alice, entries(name, "other"), catalogue=name, prune="delete").result["pruned"]
    assert pruned["name"] == f"{name}-candidate"


def test_prune_with_an_administrators_login_leaves_other_projects_alone(admin: Cloud, alice: Cloud, name: str) -> None:
    of_alice = marked(alice, f"{name}-alice", name)
    own = marked(admin, f"{name}-own", name)
    public = marked(admin, f"{name}-public", name, visibility="public")
    outcome = pruned_thrice(admin, entries(name, "new"), catalogue=name, prune="delete")
    assert [each["id"] for each in outcome.result["pruned"]] == [own["id"], public["id"]]
    assert alice.status_of(of_alice) == "queued"


def test_image_that_gets_another_owner_leaves_the_catalogue(admin: Cloud, alice: Cloud, bob: Cloud, name: str) -> None:
    (gift,) = alice.run("images", images=entries(name, "gift"), catalogue=name).succeeded().images
    admin.thrice("image", id=gift["id"], owner=bob.project_id)
    assert MARK not in bob.show(gift["id"])
    outcome = pruned_thrice(bob, entries(name, "own"), catalogue=name, prune="delete")
    assert outcome.result["pruned"] == []
    assert bob.status_of(gift) == "queued"


def test_images_of_other_projects_are_not_marked(admin: Cloud, alice: Cloud, bob: Cloud, name: str) -> None:
    admin.make(f"{name}-public", visibility="public")
    alice.unchanged("images", images=entries(name, "public"), catalogue=name)
    outcome = images_thrice(admin, entries(name, "of-bob", owner=bob.project_id), catalogue=name)
    assert MARK not in outcome.images[0]["properties"]


def test_too_many_images_are_refused_before_anything_is_changed(alice: Cloud, name: str) -> None:
    applied(alice, entries(name, *"abc"), catalogue=name)
    options: Json = {"images": entries(name, "d"), "catalogue": name, "prune": "delete"}
    message = alice.fails("images", **options, prune_max=2)
    assert "prune_max: 3 images would be deleted, and at most 2 may be" in message
    assert alice.named(f"{name}-d") == []
    assert len(alice.run("images", check=True, **options, prune_max=3).succeeded().result["pruned"]) == 3
    # What is done already does not count.
    applied(alice, **{**options, "prune": "hide"})
    applied(alice, **{**options, "prune": "hide", "prune_max": 0})


def test_protected_images_are_pruned_only_with_force(alice: Cloud, name: str) -> None:
    (image,) = applied(alice, entries(name, "a", protected=True), catalogue=name).images
    options: Json = {"catalogue": name, "prune": "delete"}
    message = alice.fails("images", images=entries(name, "b"), **options)
    assert "prune: protected images would be deleted" in message
    assert image["id"] in message
    pruned_thrice(alice, entries(name, "b"), **options, force=True)
    assert alice.status_of(image) == "gone"


@pytest.mark.parametrize("action", ["hide", "delete"])
def test_image_that_was_protected_during_the_run_is_left_alone(alice: Cloud, name: str, action: str) -> None:
    first, second = applied(alice, entries(name, "a", "b"), catalogue=name).images

    def fault(method: str, path: str, _count: int) -> None:
        if method == "POST" and path.endswith("/images"):
            alice.run("image", id=first["id"], protected=True).succeeded()

    options: Json = {"images": entries(name, "c"), "catalogue": name, "prune": action}
    with proxy(alice.sandbox.glance_url, fault) as url:
        outcome = alice.run("images", **options, endpoint_override=url)
    assert f"'{name}-a' is protected, and would be " in outcome.message
    assert [each["failed"] for each in outcome.result["pruned"]] == [True, False]
    after = alice.show(first["id"])
    assert (after["protected"], after["os_hidden"]) == (True, False)
    assert alice.status_of(second) == ("gone" if action == "delete" else "queued")


def test_nothing_is_pruned_if_an_entry_fails(alice: Cloud, name: str, path: str) -> None:
    (image,) = applied(alice, entries(name, "a"), catalogue=name).images
    images = [*entries(name, "b"), {"name": f"{name}-c", "path": f"{path}-missing", **FORMATS}]
    for check in (True, False):
        outcome = alice.run("images", check=check, images=images, catalogue=name, prune="delete")
        assert "1 of 2 images failed" in outcome.message
        assert outcome.result["pruned"] == []
    assert alice.status_of(image) == "queued"


def test_image_that_cannot_be_pruned_does_not_stop_the_others(alice: Cloud, name: str) -> None:
    first, second = applied(alice, entries(name, "a", "b"), catalogue=name).images

    def fault(method: str, path: str, _count: int) -> int | None:
        return 409 if method == "DELETE" and path.endswith(first["id"]) else None

    with proxy(alice.sandbox.glance_url, fault) as url:
        outcome = alice.run("images", images=entries(name, "c"), catalogue=name, prune="delete", endpoint_override=url)
    assert f"1 of 3 images failed. {name}-a ({first['id']}): " in outcome.message
    assert [each["failed"] for each in outcome.result["pruned"]] == [True, False]
    assert [alice.status_of(image) for image in (first, second)] == ["queued", "gone"]


def test_image_whose_data_are_being_stored_is_not_hidden(alice: Cloud, name: str) -> None:
    """At the end of that Glance writes all attributes as they were at its beginning."""
    image = alice.make_as_own(f"{name}-a", cloudimage_catalogue=name, **FORMATS)
    headers = {"Content-Type": "application/octet-stream"}
    alice.call("PUT", f"/images/{image['id']}/stage", data=b"data", headers=headers)
    for check in (True, False):
        outcome = alice.run("images", check=check, images=entries(name, "b"), catalogue=name, prune="hide")
        (pruned,) = outcome.result["pruned"]
        assert (pruned["failed"], pruned["changed"]) == (True, False)
        assert "has the status 'uploading': its data are being stored" in pruned["msg"]
    assert not alice.show(image["id"])["os_hidden"]


def test_another_run_prunes_the_same_images(alice: Cloud, name: str) -> None:
    """An image that another run has deleted meanwhile is not pruned by this one."""
    for action in ("hide", "delete"):
        (image,) = applied(alice, entries(name, action), catalogue=name).images

        def fault(method: str, path: str, _count: int, image: Json = image) -> int | None:
            if method in ("PATCH", "DELETE") and path.endswith(image["id"]):
                alice.call("DELETE", f"/images/{image['id']}")
            return None

        with proxy(alice.sandbox.glance_url, fault) as url:
            outcome = applied(alice, entries(name, "b"), catalogue=name, prune=action, endpoint_override=url)
        assert [each["changed"] for each in outcome.result["pruned"]] in ([False], []), action


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"prune": "delete"}, "prune: it needs 'catalogue'"),
        ({"catalogue": "a b"}, "catalogue: 'a b' was given"),
        ({"catalogue": ""}, "catalogue: '' was given"),
        ({"catalogue": "c", "prune": "delete", "images": []}, "images: the list is empty"),
        ({"catalogue": "c", "prune": "delete", "prune_max": -1}, "prune_max: -1 was given"),
        ({"prune": "all"}, "value of prune must be one of"),
        ({"images": [{"name": "n", "mirrors": ["https://example.com"]}]}, "mirrors: they need 'url' and 'checksum'"),
        ({"images": [{"name": "n", "url": "https://example.com/d", "version": "1"}]}, "version: it needs a 'checksum'"),
        ({"images": [{"name": "n", "replaced_name": "{name}-{id}"}]}, "replaced_name: it names a previous build"),
        ({"images": [{"name": "n", "replaced_name": "old"}]}, "the same name"),
        ({"images": [{"name": "n", "catalogue": "c"}]}, "catalogue. Supported parameters include"),
    ],
)
def test_invalid_options_are_rejected_before_any_request(alice: Cloud, options: Json, message: str) -> None:
    given: Json = {"images": [{"name": "n"}], **options}
    outcome = alice.run("images", **given)
    assert message in outcome.message
    assert outcome.requests == []


def test_requests_of_pruning(alice: Cloud, name: str) -> None:
    images = entries(name, "a", "b")
    applied(alice, images, catalogue=name)
    assert alice.unchanged("images", images=images, catalogue=name).sent == [LIST]
    assert alice.unchanged("images", images=images, catalogue=name, prune="delete").sent == [LIST] * 3


def test_survey_text_as_options(alice: Cloud, name: str) -> None:
    """AWX's surveys give text for every option."""
    applied(alice, entries(name, "a"), catalogue=name)
    images = [f"name={name}-b mirrors='' state=present"]
    options: Json = {"catalogue": name, "prune": "delete", "prune_max": "1", "force": "false"}
    outcome = alice.run("images", images=images, **options).succeeded()
    assert [each["name"] for each in outcome.result["pruned"]] == [f"{name}-a"]


# What entries take besides


def test_status_of_new_and_present_images(alice: Cloud, name: str, path: str) -> None:
    data = {"path": path, **FORMATS}
    images = [{"name": f"{name}-{state}", "state": state, **data} for state in ("active", "deactivated")]
    outcome = images_thrice(alice, images)
    assert [image["status"] for image in outcome.images] == ["active", "deactivated"]
    swapped = [{**images[0], "state": "deactivated"}, {**images[1], "state": "active"}]
    outcome = images_thrice(alice, swapped)
    assert [image["status"] for image in outcome.images] == ["deactivated", "active"]
    assert "state: the image would have the status 'queued'" in alice.fails(
        "images", images=[{"name": f"{name}-none", "state": "active"}]
    )


def builds(tmp_path: pathlib.Path, name: str, version: str, **options: t.Any) -> list[Json]:
    path = tmp_path / version
    path.write_bytes(f"the data of {version}".encode())
    return [
        {
            "name": name,
            "path": str(path),
            "version": version,
            "data_policy": "replace",
            "replaced": "keep",
            "replaced_name": "{name} ({version})",
            **FORMATS,
            **options,
        }
    ]


def test_previous_build_is_named_by_its_version(alice: Cloud, name: str, tmp_path: pathlib.Path) -> None:
    """It leaves the catalogue, so that it is not pruned, while the new build is in it."""
    options: Json = {"catalogue": name, "prune": "delete"}
    (first,) = applied(alice, builds(tmp_path, name, "1.0"), **options).images
    assert first["properties"] == {MARK: name, VERSION: "1.0"}
    (second,) = pruned_thrice(alice, builds(tmp_path, name, "2.0"), **options).images
    assert second["properties"] == {MARK: name, VERSION: "2.0"}
    (previous,) = alice.named(f"{name} (1.0)")
    assert previous["id"] == first["id"]
    assert (MARK in previous, previous[VERSION]) == (False, "1.0")
    # An image that is made without a version is named by the time of its creation.
    plain = alice.make(f"{name}-plain", b"data")
    applied(alice, builds(tmp_path, f"{name}-plain", "3.0"))
    created = plain["created_at"].replace("-", "").replace(":", "")
    assert [image["id"] for image in alice.named(f"{name}-plain ({created})")] == [plain["id"]]


@pytest.mark.parametrize("wanted", ["active", "deactivated"])
def test_status_of_a_replacement(alice: Cloud, name: str, tmp_path: pathlib.Path, wanted: str) -> None:
    other = {"active": "deactivated", "deactivated": "active"}[wanted]
    applied(alice, builds(tmp_path, name, "1", state=other))
    outcome = images_thrice(alice, builds(tmp_path, name, "2", state=wanted))
    assert outcome.images[0]["status"] == wanted


def test_kept_data_keep_their_version(alice: Cloud, name: str, tmp_path: pathlib.Path) -> None:
    applied(alice, builds(tmp_path, name, "1"))
    options = {"data_policy": "keep", "replaced": "delete", "replaced_name": None}
    outcome = alice.unchanged("images", images=builds(tmp_path, name, "2", **options))
    assert outcome.images[0]["properties"][VERSION] == "1"


def test_previous_build_that_is_listed_under_its_new_name_is_refused(
    alice: Cloud, name: str, tmp_path: pathlib.Path
) -> None:
    applied(alice, builds(tmp_path, name, "1"))
    images = [*builds(tmp_path, name, "2"), {"name": f"{name} (1)"}]
    message = alice.fails("images", images=images)
    assert f"images[1] '{name} (1)': images[0] gives this name to the image that it replaces" in message
    applied(alice, images[:1])
    applied(alice, images)
    assert len(alice.named(f"{name} (1)")) == 1


def test_previous_build_whose_new_name_is_taken_is_refused(alice: Cloud, name: str, tmp_path: pathlib.Path) -> None:
    others: list[Json] = [{"name": f"{name} (1)"}, *builds(tmp_path, f"{name}-b", "1", replaced_name="old {version}")]
    applied(alice, [*builds(tmp_path, name, "1"), *others])
    message = alice.fails("images", images=[*builds(tmp_path, name, "2"), *others])
    assert f"images[1] '{name} (1)': images[0] gives this name to the image that it replaces" in message
    same = {"replaced_name": "old {version}"}
    both = [*builds(tmp_path, name, "2", **same), *builds(tmp_path, f"{name}-b", "2", **same)]
    assert "give the images that they replace the same name, 'old 1'" in alice.fails("images", images=both)
    # An entry whose image has its version already replaces nothing.
    assert not alice.run("images", images=[*builds(tmp_path, name, "1"), *others]).succeeded().changed


@pytest.mark.slow
@pytest.mark.parametrize("action", ["hide", nightly("deactivate"), nightly("delete")])
@pytest.mark.parametrize("what_of_it", [CUT, CUT_ANSWER] if ALL else [CUT_ANSWER])
def test_killed_run_is_finished_by_the_next(
    alice: Cloud, name: str, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, action: str, what_of_it: int
) -> None:
    """Killed at each of its requests; after the next run there is what the list says, and nothing else."""
    monkeypatch.setattr(TIMING, "staged_abandoned", 0.0)  # no other run is alive
    for step in range(20):
        step_name = f"{name}-{step}"
        (tmp_path / "old").write_bytes(b"old")
        old = {"path": str(tmp_path / "old"), **FORMATS}
        listed = builds(tmp_path, f"{step_name}-build", "1")
        _build, *unlisted = applied(
            alice, [*listed, *entries(step_name, "gone", "gone-too", protected=True, **old)], catalogue=step_name
        ).images
        options: Json = {
            "images": builds(tmp_path, f"{step_name}-build", "2"),
            "catalogue": step_name,
            "prune": action,
            "force": True,
            "parallel": 1,
        }
        killed = run_killed(alice, "images", options, step, what_of_it)
        applied(alice, **options)
        alice.unchanged("images", **options)
        (build,) = alice.named(f"{step_name}-build")
        assert (build[MARK], build[VERSION]) == (step_name, "2")
        (previous,) = alice.named(f"{step_name}-build (1)")
        assert MARK not in previous
        for image in unlisted:
            if action == "hide":
                assert alice.show(image["id"])["os_hidden"]
            else:
                assert alice.status_of(image) == {"deactivate": "deactivated", "delete": "gone"}[action]
        if not killed:
            break
    assert step >= 6


def run_playbook(*options: str, in_process: str = "true", **variables: t.Any) -> subprocess.CompletedProcess[str]:
    command = ["ansible-playbook", "cloudimage.glance.catalogue", "-e", json.dumps(variables), *options]
    environment = {
        **os.environ,
        "ANSIBLE_LOCALHOST_WARNING": "false",
        "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
        "ANSIBLE_SHOW_CUSTOM_STATS": "true",
        "CLOUDIMAGE_GLANCE_IN_PROCESS": in_process,
    }
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("check", [True, False])
def test_playbook_applies_a_file(alice: Cloud, name: str, tmp_path: pathlib.Path, check: bool) -> None:
    (tmp_path / "disk").write_bytes(b"data")
    gone = marked(alice, f"{name}-gone", name)
    definition = {
        "name": name,
        "format": "raw",
        "login": "root",
        "status": "active",
        "visibility": "private",
        "versions": [{"version": "1", "url": f"file://{tmp_path}/disk", "checksum": checksum_of(b"data")}],
    }
    (tmp_path / "images.yml").write_text(json.dumps({"images": [definition]}))
    variables = {
        "catalogue_cloud": "alice",
        "catalogue_name": name,
        "catalogue_file": str(tmp_path / "images.yml"),
        "catalogue_format": "osism",
        "catalogue_prune": "delete",
        "catalogue_prune_max": "",
        "catalogue_force": "",
    }
    done = run_playbook(*(["--check"] if check else []), **variables)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "changed=1" in done.stdout
    assert f'"pruned": [\n            "{name}-gone"' in done.stdout
    assert len(alice.named(f"{name} 1")) == (0 if check else 1)
    assert alice.status_of(gone) == ("queued" if check else "gone")


@pytest.mark.parametrize(
    ("form", "in_process", "options"),
    [
        ("images", "true", ()),
        nightly("images", "false", ("--check",)),
        nightly("osism", "true", ("--check", "--diff")),
        nightly("osism", "false", ()),
    ],
)
def test_playbook_shows_no_secret_of_the_file(
    alice: Cloud, bob: Cloud, name: str, tmp_path: pathlib.Path, form: str, in_process: str, options: tuple[str, ...]
) -> None:
    """A password in remote.cloud, and users and signatures in URLs; one image succeeds, and the others fail."""
    origin_of(bob, name)
    source = cloud_at(bob, bob.sandbox.glance_url)
    url, mirror, sums = (f"http://me:geheim@127.0.0.1:9/{file}?signature=geheim" for file in ("disk", "mirror", "SUMS"))
    data = {"url": url, "checksum": checksum_of(b"")}
    listed: list[Json] = [
        {"name": name, "remote": {"cloud": source}},
        {"name": f"{name}-url", **data, "mirrors": [mirror], "transfer": "stream", **FORMATS},
        {"name": f"{name}-sums", **data, "checksum": f"sha512:{sums}", **FORMATS},
    ]
    definition = {"name": name, "format": "raw", "login": "root", "status": "active", "visibility": "private"}
    definitions = [{**definition, "versions": [{"version": "1", **data, "mirror_url": mirror}]}]
    (tmp_path / "images.yml").write_text(json.dumps(listed if form == "images" else {"images": definitions}))
    variables = {"catalogue_cloud": "alice", "catalogue_file": f"{tmp_path}/images.yml", "catalogue_format": form}
    done = run_playbook("-vvvv", *options, in_process=in_process, catalogue_name=name, **variables)
    output = done.stdout + done.stderr
    assert "geheim" not in output
    assert source["auth"]["password"] not in output
    if form == "images":
        assert " of 3 images failed. " in output
        assert len(alice.named(name)) == (0 if options else 1)


def test_playbook_with_a_file_that_has_no_images(alice: Cloud, tmp_path: pathlib.Path) -> None:
    """A workflow gets a summary all the same."""
    (tmp_path / "images.yml").write_text("{name: x, url: 'http://me:geheim@127.0.0.1:9/disk'}")
    with alice.sandbox.recorded() as requests:
        done = run_playbook("-vvvv", catalogue_cloud="alice", catalogue_file=f"{tmp_path}/images.yml")
        missing = run_playbook(catalogue_cloud="alice", catalogue_file=f"{tmp_path}/missing.yml")
    assert requests == []
    assert (
        f"{tmp_path}/images.yml has a dictionary without 'images', with the keys name, url. Allowed is a list" in done.stdout
    )
    assert "geheim" not in done.stdout + done.stderr
    assert f"catalogue_file: there is no file {tmp_path}/missing.yml." in missing.stdout
    for run in (done, missing):
        assert run.returncode != 0
        assert '"succeeded": false' in run.stdout.rpartition("CUSTOM STATS")[2]


@pytest.mark.usefixtures("same_first_id")
def test_overlapping_runs_of_one_list(alice: Cloud, name: str, path: str) -> None:
    """Both succeed, and nothing is made twice."""
    data = {"path": path, **FORMATS}
    applied(alice, entries(name, "gone", **data), catalogue=name)
    options: Json = {"catalogue": name, "prune": "delete", "images": entries(name, "a", "b", **data)}
    found = run_at_once(alice, 2, options, "images")
    assert [message for failed, _changed, message in found if failed] == []
    for end in "ab":
        (image,) = alice.named(f"{name}-{end}")
        assert (image["status"], image[MARK]) == ("active", name)
    assert alice.named(f"{name}-gone") == []
    alice.unchanged("images", **options)
