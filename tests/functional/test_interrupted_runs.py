# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""A run that is killed (SIGKILL) at each of its requests, and the run after it."""

from __future__ import annotations

import contextlib
import datetime
import hashlib
import multiprocessing
import os
import pathlib
import threading
import typing as t

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.image_ids import derived_ids
from ansible_collections.cloudimage.glance.plugins.module_utils._timing import TIMING
from ansible_collections.cloudimage.glance.plugins.module_utils._transfer.blocks import BLOCK

from .cloud import FORMATS, Cloud, Json, assert_prediction_matches
from .glance_proxy import ALL, CUT, CUT_ANSWER, BodyFault, proxy
from .image_server import serving
from .marks import nightly
from .runs import run_killed
from .sources import checksum_of
from .timing import HANGS, Clock, wait_until

pytestmark = pytest.mark.slow

OLD = b"the old data"
DATA = hashlib.shake_256(b"the new data").digest(4 * 1024 * 1024)
TASKS: dict[str, Json] = {
    "upload": {"path": "FILE", **FORMATS},
    "stage": {"path": "FILE", "import_method": "glance-direct", **FORMATS},
    "import": {"url": "URL", "checksum": checksum_of(DATA), **FORMATS},
    **{
        f"replace-{replaced}": {"path": "FILE", "data_policy": "replace", "replaced": replaced}
        for replaced in ("delete", "hide", "deactivate", "keep")
    },
}


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """No other run is alive, so what a killed run has staged is abandoned at once."""
    monkeypatch.setattr(TIMING, "staged_abandoned", 0.0)


def with_sources(options: Json, path: pathlib.Path, url: str) -> Json:
    return {key: {"FILE": str(path), "URL": url}.get(str(value), value) for key, value in options.items()}


# All replacements take the same steps until the old image is dealt with.
@pytest.mark.parametrize(
    "task", [task if task == "replace-hide" or "replace" not in task else nightly(task) for task in TASKS]
)
@pytest.mark.parametrize("what_of_it", [CUT, CUT_ANSWER, None] if ALL else [CUT_ANSWER])
def test_next_run_leaves_one_complete_image(
    alice: Cloud, name: str, tmp_path: pathlib.Path, task: str, what_of_it: int | None
) -> None:
    (tmp_path / "disk").write_bytes(DATA)
    killed = 0
    with serving() as web:
        web.files["/disk"] = DATA
        options = with_sources(TASKS[task], tmp_path / "disk", f"{web.url}/disk")
        for step in range(20):
            step_name = f"{name}-{step}"
            old = alice.make(step_name, OLD, protected=True, tags=["t"]) if task.startswith("replace") else None
            if not run_killed(alice, "image", {"name": step_name, **options}, step, what_of_it):
                break
            killed += 1
            meanwhile = alice.named(step_name)
            assert old is None or any(image["status"] == "active" for image in meanwhile), (step, meanwhile)
            predicted = alice.run("image", check=True, name=step_name, wait_timeout=HANGS, **options).succeeded()
            again = alice.run("image", name=step_name, wait_timeout=HANGS, **options).succeeded()
            assert_prediction_matches(predicted, again)
            (image,) = alice.named(step_name)
            assert (image["status"], image["os_hash_value"]) == ("active", hashlib.sha512(DATA).hexdigest()), step
            assert again.image["id"] == image["id"]
            assert not alice.run("image", name=step_name, **options).succeeded().changed
            if old:
                assert (image["protected"], image["tags"]) == (True, ["t"])
                query = {"name": f"eq:{step_name}-replacing-{old['id']}", "os_hidden": "true"}
                assert alice.call("GET", "/images", params=query).json()["images"] == []
                gone = alice.call("GET", f"/images/{old['id']}", raise_exc=False).status_code == 404
                assert gone == (task == "replace-delete")
    assert killed >= 2


INTERRUPTED: Json = {"data_policy": "replace", "protected": True, "tags": ["x"], "properties": {"p": "1"}}


def interrupted_replacement(cloud: Cloud, name: str, tmp_path: pathlib.Path, step: int) -> tuple[Json, bool]:
    """An image, and a run that was to replace it with DATA and was killed before its ``step``-th changing request."""
    (tmp_path / "disk").write_bytes(DATA)
    old = cloud.make(name, OLD, tags=["t"])
    killed = run_killed(cloud, "image", {"name": name, "path": str(tmp_path / "disk"), **INTERRUPTED}, step, CUT)
    return old, killed


def unfinished(cloud: Cloud, name: str) -> list[Json]:
    """What replacements of images of this name have left, which is hidden."""
    images = cloud.call("GET", "/images", params={"os_hidden": "true", "limit": "1000"}).json()["images"]
    return [image for image in images if str(image["name"]).startswith(f"{name}-replacing-")]


def test_replacement_with_newer_data_keeps_the_attributes_of_the_interrupted_one(
    alice: Cloud, name: str, tmp_path: pathlib.Path
) -> None:
    """Once the new image has the name, it is the one that the next task changes; before that the old one is."""
    (tmp_path / "newer").write_bytes(b"newer data")
    had_name = []
    for step in range(20):
        step_name = f"{name}-{step}"
        old, killed = interrupted_replacement(alice, step_name, tmp_path, step)
        if not killed:
            break
        left = alice.named(step_name)
        had_name.append(len(left) == 2)
        outcome = alice.thrice("image", name=step_name, path=str(tmp_path / "newer"), data_policy="replace")
        (image,) = alice.named(step_name)
        assert image["size"] == len(b"newer data")
        named = [{**each, "tags": sorted(each["tags"])} for each in left if each["id"] != old["id"]] or [old]
        for key in ("protected", "tags", "p"):
            assert image.get(key) == named[0].get(key), (step, key)
        assert unfinished(alice, step_name) == []
        assert alice.call("GET", f"/images/{old['id']}", raise_exc=False).status_code == 404
        assert outcome.result["changes"][0]["before"] == named[0]["id"]
    assert had_name == [False, False, False, True]


def test_two_interrupted_replacements_are_finished_by_a_third(alice: Cloud, name: str, tmp_path: pathlib.Path) -> None:
    interrupted_replacement(alice, name, tmp_path, 3)
    (tmp_path / "disk").write_bytes(b"newer data")
    options: Json = {"name": name, "path": str(tmp_path / "disk"), "data_policy": "replace"}
    assert run_killed(alice, "image", {**options, "protected": False}, 3, CUT)
    assert len(alice.named(name)) == 3
    alice.thrice("image", **options)
    (image,) = alice.named(name)
    assert (image["size"], image["tags"], image["p"], image["protected"]) == (len(b"newer data"), ["x"], "1", False)


@pytest.mark.parametrize(("state", "status"), [("inactive", "deactivated"), ("present", "active")])
def test_replacement_that_was_interrupted_once_it_was_deactivated_is_finished(
    alice: Cloud, name: str, tmp_path: pathlib.Path, state: str, status: str
) -> None:
    """Glance does not show the stores of a deactivated image."""
    (tmp_path / "disk").write_bytes(DATA)
    alice.make(name, OLD)
    options: Json = {"name": name, "path": str(tmp_path / "disk"), "data_policy": "replace"}
    assert run_killed(alice, "image", {**options, "state": "inactive"}, 3, CUT)
    (left,) = unfinished(alice, name)
    assert left["status"] == "deactivated"
    assert alice.thrice("image", **options, state=state).image["id"] == left["id"]
    (image,) = alice.named(name)
    assert (image["id"], image["status"]) == (left["id"], status)


def test_old_data_after_an_interrupted_replacement_leave_no_hidden_image(
    alice: Cloud, name: str, tmp_path: pathlib.Path
) -> None:
    (tmp_path / "old").write_bytes(OLD)
    for step in range(20):
        step_name = f"{name}-{step}"
        old, killed = interrupted_replacement(alice, step_name, tmp_path, step)
        if not killed:
            break
        had_name = len(alice.named(step_name)) == 2
        left = unfinished(alice, step_name)
        outcome = alice.thrice("image", name=step_name, path=str(tmp_path / "old"), data_policy="replace")
        (image,) = alice.named(step_name)
        assert image["size"] == len(OLD)
        assert unfinished(alice, step_name) == []
        if had_name:
            assert (image["protected"], image["tags"], image["p"]) == (True, ["x"], "1")
        else:
            assert image["id"] == old["id"]
            assert outcome.result["changes"] == [
                {"id": each["id"], "attribute": "unfinished.state", "before": "present", "after": "absent"} for each in left
            ]
    assert step == 4


@contextlib.contextmanager
def broken_store(cloud: Cloud, store: str) -> t.Iterator[None]:
    """Meanwhile the store takes no data."""
    folder = cloud.sandbox.folder / f"store-{store}"
    folder.rename(folder.with_suffix(".away"))
    folder.write_text("This is no folder.")
    try:
        yield
    finally:
        folder.unlink()
        folder.with_suffix(".away").rename(folder)


def make_dead_import(cloud: Cloud, image: Json) -> None:
    """Let the import of data into an image fail, after which Glance leaves it importing for ever."""
    cloud.call("PUT", f"/images/{image['id']}/stage", data=OLD, headers={"Content-Type": "application/octet-stream"})
    with broken_store(cloud, "cheap"):
        body = {"method": {"name": "glance-direct"}, "stores": ["cheap"], "all_stores_must_succeed": True}
        cloud.call("POST", f"/images/{image['id']}/import", json=body)
        wait_until(lambda: bool(failed_tasks(cloud, image)))
    assert cloud.show(image["id"])["status"] == "importing"


def failed_tasks(cloud: Cloud, image: Json) -> list[Json]:
    tasks = cloud.call("GET", f"/images/{image['id']}/tasks").json()["tasks"]
    has_lock = "os_glance_import_task" in cloud.show(image["id"])
    return [task for task in tasks if task["status"] == "failure" and not has_lock]


@pytest.mark.parametrize("protected", [False, True])
def test_failed_import_of_a_killed_run_is_started_again(alice: Cloud, name: str, path: str, protected: bool) -> None:
    """The image cannot take data any more: it is created again with all its attributes, at once and in check mode too."""
    image = alice.run("image", name=name, tags=["t"], protected=protected, properties={"p": 1}, **FORMATS).succeeded().image
    make_dead_import(alice, image)
    outcome = alice.thrice("image", name=name, path=path)
    assert "because the import of its data has failed: Task failed" in outcome.warnings[0]
    (new,) = alice.named(name)
    assert (new["status"], new["tags"], new["protected"], new["p"]) == ("active", ["t"], protected, "1")
    assert new["id"] != image["id"]


def test_failed_import_in_another_projects_image_is_an_error(alice: Cloud, name: str, path: str) -> None:
    image = alice.make(name, **FORMATS)
    make_dead_import(alice, image)
    for options in ({"name": name}, {"id": image["id"]}):
        message = alice.fails("image", path=path, **options)
        assert "has the status 'importing', and its import has failed: Task failed" in message
        assert "Delete it, and run the task again." in message
    assert alice.show(image["id"])["status"] == "importing"


def test_replacement_with_a_failed_import_is_started_again(alice: Cloud, name: str, path: str) -> None:
    old = alice.make(name, OLD, tags=["t"])
    options: Json = {"name": name, "path": path, "data_policy": "replace", "import_method": "glance-direct"}
    assert run_killed(alice, "image", options, 1, CUT)  # before the data are staged
    (left,) = unfinished(alice, name)
    make_dead_import(alice, left)
    alice.thrice("image", **options)
    (new,) = alice.named(name)
    assert (new["status"], new["tags"]) == ("active", ["t"])
    assert unfinished(alice, name) == []
    assert alice.call("GET", f"/images/{old['id']}", raise_exc=False).status_code == 404


def test_upload_of_another_run_is_not_taken_over(alice: Cloud, name: str, path: str) -> None:
    """An image that another program creates under the same name is never deleted: the task fails and says so."""
    image = alice.make(name, **FORMATS)
    alice.call("PUT", f"/images/{image['id']}/stage", data=OLD, headers={"Content-Type": "application/octet-stream"})
    outcome = alice.run("image", name=name, path=path, wait_timeout=1, **FORMATS)
    assert "has the status 'uploading'" in outcome.message
    assert outcome.mutations == []
    assert alice.show(image["id"])["status"] == "uploading"


@contextlib.contextmanager
def running_upload(cloud: Cloud, image: Json) -> t.Iterator[threading.Event]:
    """An upload of DATA into an image, which ends once the event is set, and at the end of the block."""
    go_on = threading.Event()

    def slowly() -> t.Iterator[bytes]:
        """A little at a time, so that the server does not drop the client, until the test releases the rest."""
        sent = 0
        while not go_on.wait(0.1):
            yield DATA[sent : sent + 1000]
            sent += 1000
        for start in range(sent, len(DATA), BLOCK):
            yield DATA[start : start + BLOCK]

    headers = {"Content-Type": "application/octet-stream"}
    thread = threading.Thread(
        target=lambda: cloud.call("PUT", f"/images/{image['id']}/file", data=slowly(), headers=headers), daemon=True
    )
    thread.start()
    try:
        wait_until(lambda: cloud.show(image["id"])["status"] == "saving")
        yield go_on
    finally:
        go_on.set()
        thread.join()


def test_running_upload_is_waited_for_and_never_deleted(alice: Cloud, name: str, path: str, clock: Clock) -> None:
    """Also into an image that this collection has made."""
    image = alice.run("image", name=name, protected=True, tags=["t"], **FORMATS).succeeded().image
    with running_upload(alice, image):
        for policy in ("fail", "replace"):
            outcome = alice.run("image", name=name, path=path, wait_timeout=60, data_policy=policy, **FORMATS)
            assert "has the status 'saving'" in outcome.message
            assert outcome.mutations == []
        assert sum(clock.slept) >= 120
    left = alice.show(image["id"])
    assert (left["status"], left["size"], left["tags"]) == ("active", len(DATA), ["t"])


def test_attributes_are_not_changed_while_data_are_stored(alice: Cloud, name: str, clock: Clock) -> None:
    """At the end of an upload Glance writes all attributes as they were at its beginning."""
    image = alice.make(name, tags=["t"], **FORMATS)
    with running_upload(alice, image) as go_on:
        for wait in ({"wait": False}, {"wait_timeout": 60}):
            message = alice.fails("image", name=name, tags=["new"], **wait)
            assert "A change would be lost, so nothing was changed." in message
        assert sum(clock.slept) >= 60
        assert not alice.unchanged("image", name=name, tags=["t"], wait=False).changed
        go_on.set()
        changed = alice.run("image", name=name, tags=["new"], wait_timeout=86400).succeeded()
    assert changed.image["tags"] == alice.show(image["id"])["tags"] == ["new"]
    alice.unchanged("image", name=name, tags=["new"])


def test_replacement_made_by_another_project_is_ignored(
    admin: Cloud, bob: Cloud, name: str, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = admin.make(name, OLD, visibility="public")
    first = f"{name}-replacing-{old['id']}"
    now = TIMING.utc_now()
    monkeypatch.setattr(TIMING, "utc_now", lambda: now)  # the ids are those of this moment
    ids = (
        *derived_ids(bob.project_id, first, now),
        derived_ids(bob.project_id, first, now - datetime.timedelta(seconds=1))[1],
    )
    planted = [
        bob.make(name, b"planted", id=ids[0]),
        bob.make(first, pathlib.Path(path).read_bytes(), id=ids[1], os_hidden=True),
        bob.make(first, b"planted", id=ids[2], os_hidden=True, visibility="community"),
    ]
    alone = {"owner": admin.project_id}
    outcome = admin.thrice("image", name=name, path=path, data_policy="replace", **alone)
    assert (outcome.image["owner"], outcome.image["visibility"]) == (admin.project_id, "public")
    for image in planted:
        assert bob.show(image["id"]) == image


@pytest.mark.parametrize("what_of_it", [CUT, None])
def test_killed_download_is_continued(alice: Cloud, name: str, tmp_path: pathlib.Path, what_of_it: int | None) -> None:
    alice.make(name, DATA)
    options: Json = {"name": name, "dest": str(tmp_path / "disk")}
    assert run_killed(alice, "image_download", options, 0, what_of_it, reading=True)
    assert not (tmp_path / "disk").exists()
    alice.run("image_download", **options).succeeded()
    assert (tmp_path / "disk").read_bytes() == DATA
    assert os.listdir(tmp_path) == ["disk"]


def test_killed_download_is_continued_at_the_same_byte(alice: Cloud, name: str, tmp_path: pathlib.Path) -> None:
    image = alice.make(name, DATA)
    options: Json = {"name": name, "dest": str(tmp_path / "disk")}
    part = tmp_path / f".disk.{image['id']}.part"
    half = len(DATA) // 2
    stall = BodyFault("stall", half)
    with proxy(alice.sandbox.glance_url, lambda _method, path, _count: stall if path.endswith("/file") else None) as url:
        context = multiprocessing.get_context("fork")
        process = context.Process(target=alice.run, args=("image_download",), kwargs={**options, "endpoint_override": url})
        process.start()
        wait_until(lambda: part.exists() and part.stat().st_size >= half - BLOCK)
        process.kill()
        process.join()
    had = part.stat().st_size
    outcome = alice.run("image_download", **options).succeeded()
    # S3 has no random access: all data come once more, and those that are there are skipped.
    skipped = had if alice.sandbox.variant == "stores" else 0
    assert outcome.result["transfer"]["bytes"] == len(DATA) - had + skipped
    assert (tmp_path / "disk").read_bytes() == DATA
