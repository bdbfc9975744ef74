# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""Entries with mirrors: the next URL is tried if one brings nothing or the wrong data."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._timing import TIMING

from .cloud import FORMATS, Cloud, Json
from .glance_proxy import CUT, CUT_ANSWER
from .image_server import Web, serving
from .marks import nightly
from .runs import applied, check_one_changed, reported, run_at_once, run_between, run_killed, start_runs, with_id
from .sources import checksum_of


@pytest.mark.parametrize("transfer", ["stream", "import"])
def test_mirror_is_used_if_the_url_fails(alice: Cloud, name: str, transfer: str) -> None:
    data = b"the data"
    with serving() as web:
        web.files |= {"/wrong": b"other data", "/right": data, "/SUMS": f"{checksum_of(data)[7:]}  missing\n".encode()}
        entry = {
            "name": name,
            "url": f"{web.url}/missing",
            "mirrors": [f"{web.url}/wrong", f"{web.url}/right"],
            "checksum": f"sha512:{web.url}/SUMS",
            "transfer": transfer,
            **FORMATS,
        }
        outcome = applied(alice, [entry])
        assert alice.unchanged("images", images=[entry]).result["changed"] is False
    (image,) = outcome.images
    assert (image["status"], image["size"]) == ("active", len(data))
    assert len(alice.named(name)) == 1
    assert len([warning for warning in outcome.warnings if "The data come from a mirror" in warning]) == 2
    assert all("/right" in str(each) for each in outcome.result["operations"] if each["path"].endswith(("/file", "/import")))


def test_all_mirrors_fail(alice: Cloud, name: str) -> None:
    with serving() as web:
        web.files["/wrong"] = b"other data"
        entry = {
            "name": name,
            "url": f"{web.url}/missing",
            "mirrors": [f"{web.url}/wrong"],
            "checksum": checksum_of(b"the data"),
            "transfer": "stream",
            **FORMATS,
        }
        outcome = alice.run("images", images=[entry])
    assert "The data could not be read from the URL, nor from any of its mirrors." in outcome.message
    assert "HTTP 404" in outcome.message
    assert alice.named(name) == []


def test_mirrors_replace_an_image(alice: Cloud, name: str) -> None:
    data = b"the new data"
    old = alice.make(name, b"old")
    with serving() as web:
        web.files["/right"] = data
        entry = {
            "name": name,
            "url": f"{web.url}/missing",
            "mirrors": [f"{web.url}/right"],
            "checksum": checksum_of(data),
            "transfer": "stream",
            "data_policy": "replace",
            **FORMATS,
        }
        (image,) = applied(alice, [entry]).images
    assert image["size"] == len(data)
    assert alice.status_of(old) == "gone"


def without_urls(operations: list[Json]) -> list[tuple[str, str]]:
    return [(each["method"], each["path"]) for each in operations]


@pytest.mark.parametrize(
    ("transfer", "first"), [("stream", "missing"), ("stream", "wrong"), ("import", "missing"), nightly("auto", "missing")]
)
def test_mirror_brings_the_data_of_an_image_that_exists(alice: Cloud, name: str, transfer: str, first: str) -> None:
    data = b"the data"
    image = alice.make(name, tags=["old"], **FORMATS)
    with serving() as web:
        web.files |= {"/wrong": b"the date", "/right": data}
        entry = {
            "name": name,
            "url": f"{web.url}/{first}",
            "mirrors": [f"{web.url}/right"],
            "checksum": checksum_of(data),
            "transfer": transfer,
            "tags": ["new"],
            "properties": {"p": "1"},
        }
        predicted = alice.run("images", check=True, images=[entry]).succeeded()
        real = applied(alice, [entry])
        alice.unchanged("images", images=[entry])
    assert (real.result["changes"], real.result["diff"]) == (predicted.result["changes"], predicted.result["diff"])
    assert without_urls(real.result["operations"]) == without_urls(predicted.result["operations"])
    found = alice.show(image["id"])
    assert (found["status"], found["size"], found["tags"], found["p"]) == ("active", len(data), ["new"], "1")


@pytest.mark.parametrize("options", [{}, {"data_policy": "keep", "state": "active"}, {"data_policy": "replace"}])
def test_wrong_data_that_the_cloud_imported_into_an_image_stay_deactivated(alice: Cloud, name: str, options: Json) -> None:
    """They cannot be taken from the image, so no mirror can help, and the image must not come into use again."""
    image = alice.make(name, **FORMATS)
    with serving() as web:
        web.files |= {"/wrong": b"the date", "/right": b"the data"}
        entry = {
            "name": name,
            "url": f"{web.url}/wrong",
            "mirrors": [f"{web.url}/right"],
            "checksum": checksum_of(b"the data"),
            "transfer": "import",
            **options,
        }
        outcome = alice.run("images", images=[entry])
        assert "GET /right" not in web.asked
    assert (
        "was not deleted but deactivated: its wrong data cannot be used. Delete it, and run the task again."
        in outcome.message
    )
    assert alice.status_of(image) == "deactivated"


@pytest.mark.nightly
def test_mirror_is_used_if_the_url_does_not_answer_in_time(alice: Cloud, name: str) -> None:
    with serving() as web:
        web.files |= {"/held": b"the data", "/right": b"the data"}
        web.faults = ["held"]
        entry = {
            "name": name,
            "url": f"{web.url}/held",
            "mirrors": [f"{web.url}/right"],
            "checksum": checksum_of(b"the data"),
            "transfer": "stream",
            "wait_timeout": 10,
            **FORMATS,
        }
        (image,) = applied(alice, [entry]).images
    assert image["status"] == "active"


@pytest.mark.parametrize("mirror", ["not a url", "ftp://example.com/disk"])
def test_mirror_that_is_no_url_is_refused(alice: Cloud, name: str, mirror: str) -> None:
    with serving() as web:
        web.files["/right"] = b"the data"
        entry = {
            "name": name,
            "url": f"{web.url}/right",
            "mirrors": [mirror],
            "checksum": checksum_of(b"the data"),
            **FORMATS,
        }
        assert "mirrors: what was given is no URL of a file" in alice.fails("images", images=[entry])
    assert alice.named(name) == []


def test_secret_in_a_mirrors_url_is_not_shown(alice: Cloud, name: str, unused_port: int) -> None:
    entry = {
        "name": name,
        "url": f"http://127.0.0.1:{unused_port}/disk",
        "mirrors": [f"https://me:sesame-open@127.0.0.1:{unused_port}/disk"],
        "checksum": checksum_of(b""),
        "transfer": "stream",
        **FORMATS,
    }
    outcome = alice.run("images", images=[entry])
    assert outcome.failed
    assert "sesame-open" not in outcome.stdout


def with_mirror(web: Web, name: str, transfer: str, first: str = "missing") -> Json:
    web.files |= {"/wrong": b"the date", "/right": b"the data", "/other": b"other data"}
    return {
        "name": name,
        "url": f"{web.url}/{first}",
        "mirrors": [f"{web.url}/right"],
        "checksum": checksum_of(b"the data"),
        "transfer": transfer,
        "tags": ["new"],
        **FORMATS,
    }


@pytest.mark.parametrize("transfer", ["stream", nightly("import")])
def test_administrators_mirror_leaves_the_image_of_that_name_in_another_project_alone(
    admin: Cloud, alice: Cloud, name: str, transfer: str
) -> None:
    image = alice.make(name, **FORMATS)
    with serving() as web:
        entry = with_mirror(web, name, transfer)
        (own,) = applied(admin, [entry]).images
        admin.unchanged("images", images=[entry])
        assert (own["owner"], own["status"]) == (admin.project_id, "active")
        assert alice.show(image["id"]) == image
        # The same image, once its project is named.
        (brought,) = applied(admin, [{**entry, "owner": alice.project_id}]).images
    assert (brought["id"], brought["owner"], brought["status"]) == (image["id"], alice.project_id, "active")


@pytest.mark.usefixtures("slow_runs")
@pytest.mark.parametrize("transfer", ["stream", nightly("import")])
def test_one_of_several_runs_brings_the_data_of_an_existing_image_from_a_mirror(
    alice: Cloud, name: str, transfer: str
) -> None:
    # With its tags: Glance carries out each of several equal changes of attributes.
    alice.make(name, tags=["new"], **FORMATS)
    with serving() as web:
        images = [with_mirror(web, name, transfer)]
        check_one_changed(run_at_once(alice, 3, {"images": images}, "images"))
    (image,) = alice.named(name)
    assert (image["status"], image["size"], image["tags"]) == ("active", len(b"the data"), ["new"])


@pytest.mark.usefixtures("slow_runs")
@pytest.mark.parametrize("transfer", ["stream", nightly("import")])
def test_other_runs_wait_for_a_new_image_with_the_data_of_a_mirror(alice: Cloud, name: str, transfer: str) -> None:
    """The run has deleted the image that did not get its data from the first URL, and creates it again."""
    others: list[t.Callable[[], list[tuple[bool, bool, str | None]]]] = []
    with serving() as web:
        options: Json = {"images": [with_mirror(web, name, transfer)]}
        deleted: list[str] = []

        def brings_from_the_mirror(method: str, path: str) -> bool:
            if method == "DELETE":
                deleted.append(path)
            return bool(deleted) and path.endswith(("/file", "/import"))

        first = run_between(
            alice,
            brings_from_the_mirror,
            lambda: others.append(start_runs(alice, 2, options, "images")),
            module="images",
            **options,
        ).succeeded()
        found = others[0]()
    assert first.changed
    assert found == [(False, False, None)] * 2
    (image,) = alice.named(name)
    assert (image["status"], image["size"], image["tags"]) == ("active", len(b"the data"), ["new"])


@pytest.mark.slow
@pytest.mark.parametrize("what_of_it", [CUT_ANSWER, nightly(CUT)])
@pytest.mark.parametrize("existed", [False, True], ids=["new", "existed"])
@pytest.mark.parametrize(("transfer", "first"), [("stream", "wrong"), nightly("import", "missing")])
def test_another_task_after_a_run_that_was_killed(
    alice: Cloud, name: str, monkeypatch: pytest.MonkeyPatch, transfer: str, first: str, existed: bool, what_of_it: int
) -> None:
    """Killed at each of its requests; the next task wants other data, without mirrors, and gets them."""
    monkeypatch.setattr(TIMING, "staged_abandoned", 0.0)  # no other run is alive
    with serving() as web:
        for step in range(20):
            step_name = f"{name}-{step}"
            if existed:
                alice.make(step_name, **FORMATS)
            images = [with_mirror(web, step_name, transfer, first)]
            if not run_killed(alice, "images", {"images": images}, step, what_of_it):
                break
            other: Json = {"url": f"{web.url}/other", "checksum": checksum_of(b"other data"), "data_policy": "replace"}
            entry = {"name": step_name, **other, "transfer": "stream", **FORMATS}
            predicted = alice.run("images", check=True, images=[entry]).succeeded()
            real = applied(alice, [entry])
            assert not applied(alice, [entry]).changed
            (said,), (done,), (brought,) = predicted.result["outcomes"], real.result["outcomes"], real.images
            assert with_id(reported(said), brought) == with_id(reported(done), brought)
            (image,) = alice.named(step_name)
            assert (image["status"], image["size"]) == ("active", len(b"other data")), step
    assert step >= 2
