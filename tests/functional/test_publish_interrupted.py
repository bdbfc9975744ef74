# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The role image_publish: failed tests, rollbacks, killed and overlapping runs.

At every moment the public name leads to a tested build.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import itertools
import pathlib
import typing as t

import pytest

from .cloud import Cloud, Json
from .glance_proxy import ALL, CUT, CUT_ANSWER
from .marks import nightly
from .publishing import MARK, ROLLED_BACK, Publisher, reader, sha512
from .timing import wait_for_a_later_second, wait_for_same_first_id


@pytest.fixture
def publisher(alice: Cloud, name: str, tmp_path: pathlib.Path) -> Publisher:
    return Publisher(alice, name, tmp_path)


@pytest.mark.parametrize("first", [nightly(True), False])
def test_failed_test_withdraws_the_candidate(publisher: Publisher, first: bool) -> None:
    old = None if first else publisher.cloud.make(publisher.name, b"old")
    publisher.build(b"broken")
    with contextlib.nullcontext() if first else reader(publisher, sha512(b"old")):
        failed = publisher.run(options={"tags": ["bad"]})
    assert failed.failed
    assert (failed.outcome, "it does not boot" in failed.report["reason"]) == ("withdrawn", True)
    assert "was deleted and the name keeps its image. The failure: Boot it: it does not boot" in " ".join(
        failed.stdout.replace("\\n", " ").split()
    )
    assert publisher.builds() == ([] if old is None else [old])


SECRET_TEST = """
- name: Boot it
  ansible.builtin.fail:
    msg: the token is sesame-open
  no_log: true
"""


def test_message_of_a_test_that_is_not_logged_is_not_shown(publisher: Publisher, tmp_path: pathlib.Path) -> None:
    (tmp_path / "secret.yml").write_text(SECRET_TEST)
    publisher.build(b"broken")
    failed = publisher.run(image_publish_test_tasks=str(tmp_path / "secret.yml"))
    assert failed.outcome == "withdrawn"
    assert failed.report["reason"] == "Boot it: failed, and its message is not shown because of no_log"
    # Ansible itself shows it where the task fails.
    assert "sesame-open" not in failed.stdout.partition("Withdraw the candidate")[2]


SHOWING_TEST = """
- name: Show the candidate, to find it by its name
  cloudimage.glance.image:
    cloud: {cloud}
    id: "{{{{ image_publish_candidate.id }}}}"
    hidden: false
- name: Boot it
  ansible.builtin.assert:
    that: {passes}
"""


@pytest.mark.nightly
def test_failed_promotion_leaves_the_candidate(publisher: Publisher) -> None:
    """Only an administrator makes images public."""
    publisher.build(b"new")
    failed = publisher.run(image_publish_options={"disk_format": "raw", "container_format": "bare", "visibility": "public"})
    assert (failed.failed, failed.outcome) == (True, "failed")
    assert "only administrators may make images public" in failed.report["reason"]
    assert f"The candidate {failed.report['id']} stays, hidden, for the next run." in " ".join(failed.stdout.split())
    assert publisher.cloud.show(failed.report["id"])["os_hidden"]
    publisher.run(image_publish_options={"disk_format": "raw", "container_format": "bare"}).succeeded()
    assert publisher.public()["id"] == failed.report["id"]
    # With a previous image the promotion is undone.
    publisher.build(b"newer")
    failed = publisher.run(image_publish_options={"visibility": "public"})
    assert (failed.failed, failed.outcome, failed.report["previous_id"]) == (True, "failed", publisher.public()["id"])
    gone = publisher.cloud.call("GET", f"/images/{failed.report['id']}", raise_exc=False).status_code == 404
    assert ("stays, hidden, for the next run" in failed.stdout) != gone


@pytest.mark.nightly
@pytest.mark.parametrize("passes", [True, False])
def test_candidate_that_the_test_shows_is_published_or_withdrawn(
    publisher: Publisher, tmp_path: pathlib.Path, passes: bool
) -> None:
    old = publisher.cloud.make(publisher.name, b"old")
    (tmp_path / "showing.yml").write_text(SHOWING_TEST.format(cloud=publisher.cloud.name, passes=str(passes).lower()))
    publisher.build(b"new")
    published = publisher.run(image_publish_test_tasks="../showing.yml")
    assert (published.failed, published.outcome) == ((False, "published") if passes else (True, "withdrawn"))
    if passes:
        assert publisher.public()["os_hash_value"] in sha512(b"new")
    else:
        assert publisher.builds() == [old]


@pytest.mark.slow
@pytest.mark.nightly
def test_rollback_gives_the_name_to_the_previous_build(publisher: Publisher) -> None:
    ids = [image["id"] for image in publisher.publish_two()]
    publisher.build(b"third")
    ids.append(publisher.run().succeeded().report["id"])
    with reader(publisher, sha512(b"second", b"third")):
        back = publisher.thrice(image_publish_rollback=True)
        assert (back.outcome, back.report["id"], back.report["previous_id"]) == ("rolled_back", ids[1], ids[2])
        assert publisher.public()["id"] == ids[1]
        withdrawn = publisher.cloud.show(ids[2])
        assert (withdrawn["os_hidden"], withdrawn[ROLLED_BACK], withdrawn[MARK]) == (True, "true", publisher.name)
        for check in (True, False):
            again = publisher.run(check=check)
            assert again.failed
            assert again.mutations == []
            assert f"delete the image {ids[2]}" in " ".join(again.stdout.split())


@pytest.mark.slow
@pytest.mark.nightly
def test_newer_build_is_published_after_a_rollback_and_rolled_back_to_the_same_build(publisher: Publisher) -> None:
    first, second = publisher.publish_two()
    publisher.build(b"third")
    third = publisher.run().succeeded().report["id"]
    publisher.run(image_publish_rollback=True).succeeded()
    with reader(publisher, sha512(b"second", b"fourth")):
        publisher.build(b"fourth")
        fourth = publisher.run(image_publish_keep=2).succeeded().report
        assert fourth["previous_id"] == second["id"]
        assert ROLLED_BACK not in publisher.public()
        assert publisher.run(image_publish_rollback=True).succeeded().report["id"] == second["id"]
    assert {image["id"] for image in publisher.builds()} == {second["id"], third, fourth["id"]}
    assert publisher.cloud.status_of(first) == "gone"


def test_rollback_without_a_previous_build_is_refused(publisher: Publisher) -> None:
    publisher.cloud.make_as_own(publisher.name, b"first", **{MARK: publisher.name})
    failed = publisher.run(image_publish_rollback=True)
    assert failed.failed
    assert failed.mutations == []
    assert "There is no build of" in failed.stdout


@pytest.mark.nightly
def test_overlapping_runs_publish_one_build(publisher: Publisher) -> None:
    publisher.publish_two()
    publisher.build(b"third")
    wait_for_same_first_id(120)
    with (
        reader(publisher, sha512(b"second", b"third")),
        concurrent.futures.ThreadPoolExecutor() as pool,
    ):
        runs = list(pool.map(lambda _number: publisher.run(), range(2)))
    for run in runs:
        run.succeeded()
    assert "published" in {run.outcome for run in runs}
    assert publisher.public()["os_hash_value"] in sha512(b"third")
    assert len(publisher.builds()) == 3


@pytest.mark.nightly
@pytest.mark.slow
@pytest.mark.parametrize("how", [CUT, CUT_ANSWER, None] if ALL else [CUT_ANSWER])
@pytest.mark.parametrize("rollback", [False, True])
def test_killed_run_is_completed_by_the_next(publisher: Publisher, how: int | None, rollback: bool) -> None:
    """At each of its requests that change something; without GLANCE_FAULTS=all at one of them."""
    name = publisher.name
    for step in range(20) if ALL else [1 if rollback else 4]:
        publisher.name = f"{name}-{step}"
        publisher.publish_two()
        variables: Json = {"image_publish_rollback": True} if rollback else {"image_publish_keep": 2}
        if not rollback:
            publisher.build(b"third")
        with reader(publisher, sha512(b"first", b"second", b"third")):
            killed = publisher.run(kill_at=step, how=how, **variables)
            predicted = publisher.run(check=True, **variables).succeeded()
            after = publisher.run(**variables).succeeded()
        assert predicted.report["steps"] == after.report["steps"]
        assert publisher.public()["os_hash_value"] in sha512(b"first" if rollback else b"third")
        assert len(publisher.builds()) == 2
        if not killed.failed:
            break
        assert len(killed.mutations) == step + 1
    assert publisher.run(**variables).succeeded().mutations == []
    assert not ALL or step == (2 if rollback else 6)


@pytest.mark.nightly
@pytest.mark.slow
def test_killed_first_run_is_completed_by_the_next(publisher: Publisher) -> None:
    name = publisher.name
    publisher.build(b"first")
    for step in range(20) if ALL else [2]:
        publisher.name = f"{name}-{step}"
        killed = publisher.run(kill_at=step, how=CUT_ANSWER)
        publisher.run().succeeded()
        assert [publisher.public()] == publisher.builds()
        if not killed.failed:
            break
    assert not ALL or step == 3


def requests_of(publisher: Publisher, **variables: t.Any) -> list[str]:
    """What a run in check mode sends."""
    sent: list[str] = []
    publisher.run(check=True, before=lambda method, path: sent.append(f"{method} {path}"), **variables).succeeded()
    return sent


def rolls_back_before(publisher: Publisher, step: int) -> t.Callable[[str, str], None]:
    """What to call before each request of a run, for a rollback before the one of that number."""
    count = itertools.count()

    def before(_method: str, _path: str) -> None:
        if next(count) == step:
            publisher.run(image_publish_rollback=True).succeeded()

    return before


@pytest.mark.nightly
@pytest.mark.slow
def test_build_to_which_a_rollback_gives_the_name_is_not_deleted(publisher: Publisher) -> None:
    """The rollback comes before each request of a run that would delete the build; without GLANCE_FAULTS=all, of two."""
    name = publisher.name
    publisher.build(b"second")
    publisher.publish_two()
    sent = requests_of(publisher, image_publish_keep=1)
    # The build is read by its id, and once more before it is deleted.
    assert sent[-2:] == [f"GET /v2/images/{publisher.builds()[0]['id']}"] * 2
    last = len(sent) - 1
    for step in range(last + 1) if ALL else (last - 1, last):
        publisher.name = f"{name} before {step}"
        first, _second = publisher.publish_two()
        overlapped = publisher.run(before=rolls_back_before(publisher, step), image_publish_keep=1)
        public = publisher.public()
        assert public["status"] == "active"
        if step >= last - 1:
            assert public["id"] == first["id"]
            assert overlapped.failed is (step == last)
            (kept,) = overlapped.report["retired"]
            assert (kept["id"], kept["outcome"]) == (first["id"], "failed" if step == last else "kept")


@pytest.mark.nightly
@pytest.mark.slow
def test_build_that_a_publication_sets_aside_during_a_rollback_gets_the_name_again(publisher: Publisher) -> None:
    """When the rollback has given it the name, both builds have it, and the publication of the newer one takes it back."""
    first, second = publisher.publish_two()
    publisher.build(b"second")
    changes = itertools.count()

    def before(method: str, _path: str) -> None:
        if method == "PATCH" and next(changes) == 1:
            publisher.run().succeeded()
            assert publisher.public()["id"] == second["id"]

    publisher.run(before=before, image_publish_rollback=True).succeeded()
    assert publisher.public()["id"] == first["id"]


@pytest.mark.slow
@pytest.mark.parametrize("source", [nightly(b"second"), b"third", nightly(b"fourth")])
def test_interrupted_rollback_over_a_build_is_completed_by_the_next_publication(publisher: Publisher, source: bytes) -> None:
    """The first build and the third have the name, since the second one was deactivated."""
    _first, second = publisher.publish_two()
    publisher.build(b"third")
    wait_for_a_later_second(second["created_at"])
    publisher.run().succeeded()
    publisher.cloud.call("POST", f"/images/{second['id']}/actions/deactivate")
    killed = publisher.run(image_publish_rollback=True, kill_at=1, how=CUT)
    assert killed.failed
    assert len(publisher.cloud.named(publisher.name)) == 2
    publisher.build(source)
    predicted = publisher.run(check=True).succeeded()
    assert predicted.mutations == []
    real = publisher.run().succeeded()
    assert predicted.report["steps"] == real.report["steps"]
    assert publisher.public()["os_hash_value"] in sha512(source)
    again = publisher.run().succeeded()
    assert (again.mutations, again.outcome) == ([], "unchanged")
