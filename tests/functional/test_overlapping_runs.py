# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""Runs of the same task at the same time: all succeed, and together they do what one of them would have done."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import pathlib
import subprocess
import typing as t

import pytest

from .cloud import FORMATS, Cloud, Json
from .glance_proxy import Fault, proxy
from .runs import check_one_changed, run_at_once, run_between
from .timing import HANGS, wait_until

pytestmark = pytest.mark.usefixtures("slow_runs", "same_first_id")

OLD = b"the old data"
RETIREMENTS = 3
REPLACEMENTS = 6
STATE_CHANGES = 4
HOSTS = 20


def without_unfinished(cloud: Cloud, name: str) -> Json:
    """The only image of a name; no replacement has left a hidden new image."""
    query = {"os_hidden": "true", "limit": "1000"}
    hidden = cloud.call("GET", "/images", params=query).json()["images"]
    assert [image["name"] for image in hidden if str(image["name"]).startswith(f"{name}-replacing-")] == []
    (image,) = cloud.named(name)
    return image


@pytest.mark.parametrize("with_data", [False, True])
def test_one_of_twenty_hosts_creates_the_image(alice: Cloud, name: str, path: str, with_data: bool) -> None:
    data = {"path": path, **FORMATS} if with_data else {}
    check_one_changed(run_at_once(alice, HOSTS, {"name": name, "tags": ["t"], **data}))
    image = without_unfinished(alice, name)
    assert (image["status"], image["tags"]) == ("active" if with_data else "queued", ["t"])


def test_one_of_two_identical_replacements_reports_the_change(alice: Cloud, name: str, path: str) -> None:
    data = pathlib.Path(path).read_bytes()
    for number in range(REPLACEMENTS):
        pair = f"{name}-{number}"
        alice.make(pair, OLD, protected=number % 2 == 0, tags=["t"], visibility="shared")
        check_one_changed(run_at_once(alice, 2, {"name": pair, "path": path, "data_policy": "replace"}))
        image = without_unfinished(alice, pair)
        assert (image["status"], image["size"], image["tags"]) == ("active", len(data), ["t"])
        assert image["protected"] == (number % 2 == 0)


@pytest.mark.nightly
def test_overlapping_retirements_all_succeed(alice: Cloud, name: str) -> None:
    images = [alice.make(f"{name}-{number}", b"data", protected=True, tags=[name]) for number in range(3)]
    variables = {"image_retire_cloud": "alice", "image_retire_filters": {"tags": [name]}}
    command = ["ansible-playbook", "cloudimage.glance.retire", "-e", json.dumps(variables)]
    environment = {**os.environ, "ANSIBLE_LOCALHOST_WARNING": "false", "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false"}
    runs = [
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for _each in range(RETIREMENTS)
    ]
    said = [run.communicate()[0] for run in runs]
    for run, output in zip(runs, said, strict=True):
        assert run.returncode == 0, output
    for image in images:
        assert alice.call("GET", f"/images/{image['id']}", raise_exc=False).status_code == 404


def delete_with_force(cloud: Cloud, image: Json) -> None:
    cloud.run("image", id=image["id"], state="absent", force=True).succeeded()


@pytest.mark.parametrize("answer", [None, 400, 409])
def test_image_that_is_deleted_after_its_protection_was_lifted_is_absent(
    alice: Cloud, name: str, answer: int | None
) -> None:
    """Glance answers 404, or 400 while the other deletion goes on: from deleted to deleted is no transition."""
    image = alice.make(name, b"data", protected=True)
    outcome = run_between(
        alice,
        lambda method, _path: method == "DELETE",
        lambda: delete_with_force(alice, image),
        answer,
        name=name,
        state="absent",
        force=True,
    ).succeeded()
    # It is what this run has done.
    assert [operation["method"] for operation in outcome.result["operations"]] == ["PATCH"]
    assert outcome.result["changes"] == [{"id": image["id"], "attribute": "protected", "before": True, "after": False}]
    assert alice.named(name) == []


@pytest.mark.parametrize("protected", [False, True])
def test_other_images_are_deleted_though_one_is_gone(alice: Cloud, name: str, protected: bool) -> None:
    images = [alice.make(name, b"data", protected=protected) for _each in range(3)]
    first_call = "PATCH" if protected else "DELETE"
    outcome = run_between(
        alice,
        lambda method, path: method == first_call and path.endswith(images[1]["id"]),
        lambda: delete_with_force(alice, images[1]),
        name=name,
        state="absent",
        on_duplicate="all",
        force=True,
    ).succeeded()
    assert {change["id"] for change in outcome.result["changes"]} == {images[0]["id"], images[2]["id"]}
    assert alice.named(name) == []


def test_replacement_is_planned_anew_if_the_image_is_gone_when_its_members_are_read(
    alice: Cloud, bob: Cloud, name: str, path: str
) -> None:
    old = alice.make(name, OLD, visibility="shared")
    alice.call("POST", f"/images/{old['id']}/members", json={"member": bob.project_id})
    options: Json = {"name": name, "path": path, "data_policy": "replace"}
    outcome = run_between(
        alice,
        lambda _method, path: path.endswith("/members"),
        lambda: alice.run("image", **options).succeeded(),
        **options,
    ).succeeded()
    assert not outcome.changed
    image = without_unfinished(alice, name)
    members = alice.call("GET", f"/images/{image['id']}/members").json()["members"]
    assert [member["member_id"] for member in members] == [bob.project_id]


@pytest.mark.parametrize("state", ["active", "deactivated"])
def test_runs_that_change_the_status_at_once_all_succeed(alice: Cloud, name: str, state: str) -> None:
    """Glance answers 500 to the second of two calls that meet; if they do not meet, both report the change."""
    for number in range(STATE_CHANGES):
        image = alice.make(f"{name}-{number}", b"data")
        if state == "active":
            alice.call("POST", f"/images/{image['id']}/actions/deactivate")
        found = run_at_once(alice, 2, {"id": [image["id"]], "state": state}, module="image_state")
        assert [message for failed, _changed, message in found if failed] == []
        assert any(changed for _failed, changed, _message in found)
        assert alice.show(image["id"])["status"] == state


def is_deactivation(method: str, path: str) -> bool:
    return method == "POST" and path.endswith("/deactivate")


def deactivate(cloud: Cloud, image: Json) -> None:
    cloud.call("POST", f"/images/{image['id']}/actions/deactivate")


def test_status_that_another_run_gives_at_the_same_moment_is_no_change(alice: Cloud, name: str) -> None:
    image = alice.make(name, b"data")
    outcome = run_between(
        alice, is_deactivation, lambda: deactivate(alice, image), 500, "image_state", id=[image["id"]], state="deactivated"
    ).succeeded()
    assert not outcome.changed
    assert (outcome.result["changes"], outcome.result["operations"]) == ([], [])
    assert outcome.result["images"][0]["status"] == "deactivated"


@pytest.mark.parametrize("is_found", [True, False])
def test_server_error_of_an_action_is_an_error_unless_the_image_has_the_status(
    alice: Cloud, name: str, is_found: bool
) -> None:
    image = alice.make(name, b"data")

    def act() -> None:
        if not is_found:
            alice.call("DELETE", f"/images/{image['id']}")

    options: Json = {"id": image["id"], "state": "inactive"}
    outcome = run_between(alice, is_deactivation, act, 500, **options)
    assert "HTTP 500" in outcome.message


def test_attributes_are_reported_without_the_status_that_another_run_gave(alice: Cloud, name: str) -> None:
    image = alice.make(name, b"data")
    options: Json = {"name": name, "tags": ["t"], "state": "inactive"}
    outcome = run_between(alice, is_deactivation, lambda: deactivate(alice, image), 500, **options).succeeded()
    assert outcome.result["changes"] == [{"id": image["id"], "attribute": "tags", "before": [], "after": ["t"]}]
    assert [operation["method"] for operation in outcome.result["operations"]] == ["PATCH"]
    assert (outcome.image["status"], outcome.image["tags"]) == ("deactivated", ["t"])
    alice.unchanged("image", **options)


def test_replacement_goes_on_if_another_run_deactivates_the_old_image(alice: Cloud, name: str, path: str) -> None:
    old = alice.make(name, OLD)
    options: Json = {"name": name, "path": path, "data_policy": "replace", "replaced": "deactivate"}
    outcome = run_between(alice, is_deactivation, lambda: deactivate(alice, old), 500, **options).succeeded()
    assert "replaced.name" in {change["attribute"] for change in outcome.result["changes"]}
    assert "replaced.status" not in {change["attribute"] for change in outcome.result["changes"]}
    assert alice.show(old["id"])["status"] == "deactivated"
    alice.unchanged("image", **options)


@pytest.mark.parametrize("is_first_build", [True, False])
def test_promotion_goes_on_if_another_run_deactivates_the_candidate(
    alice: Cloud, name: str, path: str, is_first_build: bool
) -> None:
    if not is_first_build:
        alice.make(name, OLD)
    options: Json = {"name": name, "path": path, "data_policy": "replace", "state": "inactive", **FORMATS}
    candidate = alice.run("image", candidate="prepare", **options).succeeded().image
    promote: Json = {**options, "candidate": "promote"}
    outcome = run_between(alice, is_deactivation, lambda: deactivate(alice, candidate), 500, **promote).succeeded()
    assert "status" not in {change["attribute"] for change in outcome.result["changes"]}
    assert (outcome.image["name"], outcome.image["status"]) == (name, "deactivated")
    alice.unchanged("image", **promote)


def run_and_report(cloud: Cloud, results: t.Any, fault: Fault, options: Json) -> None:
    with proxy(cloud.sandbox.glance_url, fault) as url:
        outcome = cloud.run("image", endpoint_override=url, **options)
    results.put(outcome.result.get("msg"))


def test_run_that_waited_creates_the_image_itself_if_the_upload_of_the_other_fails(
    alice: Cloud, name: str, path: str
) -> None:
    context = multiprocessing.get_context("fork")
    results, second_waits = context.Queue(), context.Event()
    options: Json = {"name": name, "path": path, **FORMATS}

    def refuse_the_upload_once_the_second_waits(method: str, _path: str, _count: int) -> int | None:
        if method != "PUT":
            return None
        assert second_waits.wait(HANGS)
        return 403

    first = context.Process(target=run_and_report, args=(alice, results, refuse_the_upload_once_the_second_waits, options))

    def begin_first_run() -> None:
        first.start()
        wait_until(lambda: bool(alice.named(name)) or not first.is_alive())
        assert alice.named(name)

    def hook(method: str, path: str, _count: int) -> int | None:
        if method == "POST" and first.pid is None:
            begin_first_run()
        elif method == "GET" and first.pid and not path.endswith("/images"):
            second_waits.set()
        return None

    with proxy(alice.sandbox.glance_url, hook) as url:
        second = alice.run("image", endpoint_override=url, **options).succeeded()
    assert "HTTP 403" in results.get(timeout=HANGS)
    first.join()
    assert second.changed
    image = without_unfinished(alice, name)
    assert image["os_hash_value"] == hashlib.sha512(pathlib.Path(path).read_bytes()).hexdigest()
