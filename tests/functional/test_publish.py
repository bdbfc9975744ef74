# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The role image_publish, run by ansible-playbook: tested builds under one name, also if runs are killed."""

from __future__ import annotations

import concurrent.futures
import contextlib
import dataclasses
import hashlib
import itertools
import json
import os
import pathlib
import signal
import subprocess
import sys
import threading
import typing as t

import pytest

from .conftest import FORMATS, Cloud, Json
from .faults import ALL, CUT, CUT_ANSWER, proxy
from .timing import wait_for_a_later_second

MARK, ROLLED_BACK = "cloudimage_published_as", "cloudimage_rolled_back"
PAUSE = 0.05  # between two looks of a reader (s)
TEST = """
- name: Boot it
  ansible.builtin.assert:
    that:
      - image_publish_candidate.os_hidden
      - image_publish_candidate.status == 'active'
      - not 'bad' in image_publish_candidate.tags
    fail_msg: it does not boot
- name: Look at it with the connection of the role
  cloudimage.glance.image_info:
    id: "{{ image_publish_candidate.id }}"
  register: seen
- name: It can be used
  ansible.builtin.assert:
    that: seen.images | length == 1
"""


@dataclasses.dataclass
class Published:
    """What a run of the role gave."""

    report: Json
    failed: bool
    stdout: str
    mutations: list[str]

    @property
    def outcome(self) -> str:
        return str(self.report["outcome"])

    def succeeded(self) -> Published:
        assert not self.failed, self.stdout
        return self


def processes_of(pid: int) -> list[int]:
    """A process and all that it has started, in whichever process group."""
    children: dict[int, list[int]] = {}
    for folder in pathlib.Path("/proc").iterdir():
        with contextlib.suppress(OSError, ValueError):
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(folder.name))
    found = [pid]
    for each in found:
        found += children.get(each, [])
    return found


class Publisher:
    """Runs the role for one name, with new builds as they are asked for."""

    def __init__(self, cloud: Cloud, name: str, folder: pathlib.Path) -> None:
        self.cloud = cloud
        self.name = name
        self._folder = folder
        self._file = folder / "build.raw"
        (folder / "test.yml").write_text(TEST)
        self._numbers = itertools.count()

    def build(self, data: bytes) -> None:
        self._file.write_bytes(data)

    def run(
        self, *, check: bool = False, kill_at: int | None = None, how: int | None = None, **variables: t.Any
    ) -> Published:
        """Run the role.

        :param kill_at: kill the run at this one of its requests that change something.
        :param how: what becomes of that request: CUT, CUT_ANSWER, or null to carry it out.
        """
        folder = self._folder / f"run-{next(self._numbers)}"
        folder.mkdir()
        command = self._command(folder, check)
        process: subprocess.Popen[str] | None = None
        seen: list[str] = []

        def fault(method: str, path: str, _count: int) -> int | None:
            if method == "GET":
                return None
            seen.append(f"{method} {path}")
            if len(seen) - 1 != kill_at:
                return None
            assert process
            for pid in processes_of(process.pid):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            process.wait()
            return how

        with proxy(self.cloud.sandbox.glance_url, fault) as url:
            defaults: Json = {
                "image_publish_cloud": self.cloud.name,
                "image_publish_endpoint_override": url,
                "image_publish_name": self.name,
                "image_publish_test_tasks": "../test.yml",  # beside the playbook
                "image_publish_options": {**FORMATS, "protected": True, **variables.pop("options", {})},
            }
            if not variables.get("image_publish_rollback"):
                defaults["image_publish_path"] = str(self._file)
            (folder / "variables.json").write_text(json.dumps({**defaults, **variables}))
            process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            stdout = process.communicate()[0]
        report = folder / "report.json"
        said = json.loads(report.read_text()) if report.exists() else {}
        return Published(said, process.returncode != 0, stdout, seen)

    def _command(self, folder: pathlib.Path, check: bool) -> list[str]:
        role = {"ansible.builtin.include_role": {"name": "cloudimage.glance.image_publish"}}
        written = {
            "ansible.builtin.copy": {
                "content": "{{ image_publish_report | to_json }}",
                "dest": f"{folder}/report.json",
                "mode": "0600",
            },
            "vars": {"ansible_python_interpreter": sys.executable},
            "check_mode": False,
        }
        play = {"hosts": "localhost", "gather_facts": False, "tasks": [{"block": [role], "always": [written]}]}
        playbook = folder / "play.yml"
        playbook.write_text(json.dumps([play]))
        program = f"{pathlib.Path(sys.executable).parent}/ansible-playbook"
        return [program, str(playbook), "-e", f"@{folder}/variables.json", *(["--check"] if check else [])]

    def thrice(self, **variables: t.Any) -> Published:
        """Run in check mode, for real and again: the first two have the same report, and the third changes nothing."""
        predicted = self.run(check=True, **variables).succeeded()
        assert predicted.mutations == []
        real = self.run(**variables).succeeded()
        known = {"id": real.report["id"]} if predicted.report["id"] is None else {}
        assert {**predicted.report, **known} == real.report
        again = self.run(**variables).succeeded()
        assert again.mutations == []
        assert again.outcome == "unchanged"
        assert not any(step["changed"] for step in again.report["steps"])
        return real

    def publish_two(self) -> list[Json]:
        """Two builds as the role leaves them, the second of them public, without the time that running it takes."""
        first = self.cloud.make(f"{self.name}-1", b"first", os_hidden=True, protected=True, **{MARK: self.name})
        wait_for_a_later_second(first["created_at"])
        return [first, self.cloud.make(self.name, b"second", protected=True, **{MARK: self.name})]

    def public(self) -> Json:
        (image,) = self.cloud.named(self.name)
        assert not image["os_hidden"]
        return image

    def builds(self) -> list[Json]:
        """All images that the role has made, oldest first: published ones, candidates and what is left of them."""
        images: list[Json] = []
        for hidden in ("false", "true"):
            query = {"os_hidden": hidden, "limit": "1000", "visibility": "all"}
            images += self.cloud.call("GET", "/images", params=query).json()["images"]
        own = [each for each in images if str(each["name"]).startswith(self.name)]  # other tests leave some without a name
        return sorted(own, key=lambda each: str(each["created_at"]))


@pytest.fixture
def publisher(alice: Cloud, name: str, tmp_path: pathlib.Path) -> Publisher:
    return Publisher(alice, name, tmp_path)


@contextlib.contextmanager
def reader(publisher: Publisher, allowed: set[str]) -> t.Iterator[list[list[Json]]]:
    """Look up the public name again and again meanwhile: it always leads to complete images, and to the right ones.

    :param allowed: the hashes of the data that an image of the name may have.
    """
    stop = threading.Event()
    looks: list[list[Json]] = []
    query = {"name": f"eq:{publisher.name}"}

    def read() -> None:
        while not stop.wait(PAUSE):
            looks.append(publisher.cloud.call("GET", "/images", params=query).json()["images"])

    thread = threading.Thread(target=read)
    thread.start()
    try:
        yield looks
    finally:
        stop.set()
        thread.join()
    for images in looks:
        assert images, "the name leads to no image"
        for image in images:
            assert image["status"] == "active"
            assert image["os_hash_value"] in allowed


def sha512(*builds: bytes) -> set[str]:
    return {hashlib.sha512(data).hexdigest() for data in builds}


def test_builds_follow_one_another(publisher: Publisher) -> None:
    publisher.build(b"first")
    first = publisher.thrice(image_publish_keep=2)
    assert (first.outcome, first.report["previous_id"], first.report["retired"]) == ("published", None, [])
    assert [step["step"] for step in first.report["steps"]] == ["candidate", "test", "promotion"]
    assert publisher.public()[MARK] == publisher.name
    previous = first.report["id"]
    with reader(publisher, sha512(b"first", b"second", b"third")) as looks:
        for number, data in enumerate((b"second", b"third")):
            publisher.build(data)
            published = publisher.thrice(image_publish_keep=2)
            assert (published.outcome, published.report["previous_id"]) == ("published", previous)
            outcomes = [entry["outcome"] for entry in published.report["retired"]]
            assert outcomes == (["kept"] if number == 0 else ["kept", "deleted"])
            assert publisher.public()["id"] == published.report["id"]
            previous = published.report["id"]
    assert len(looks) > 20
    second, third = publisher.builds()
    assert (second["os_hash_value"], third["os_hash_value"]) == (*sha512(b"second"), *sha512(b"third"))
    assert (second["os_hidden"], second["protected"], third["protected"]) == (True, True, True)


def test_attributes_of_the_published_image_are_updated_without_a_new_build(publisher: Publisher) -> None:
    publisher.build(b"first")
    first = publisher.run().succeeded()
    updated = publisher.thrice(options={"properties": {"p": 1}})
    assert (updated.outcome, updated.report["id"]) == ("updated", first.report["id"])
    assert publisher.public()["p"] == "1"


def test_image_that_was_there_before_becomes_the_first_build(publisher: Publisher) -> None:
    old = publisher.cloud.make(publisher.name, b"old", tags=["t"], visibility="community", os_distro="debian")
    other = publisher.cloud.make(f"{publisher.name}-2", b"other", os_hidden=True)
    publisher.build(b"first")
    published = publisher.thrice(image_publish_older_than="30d")
    assert published.report["previous_id"] == old["id"]
    image = publisher.public()
    assert (image["tags"], image["visibility"], image["os_distro"]) == (["t"], "community", "debian")
    assert publisher.cloud.show(old["id"])[MARK] == publisher.name
    retired = publisher.thrice(image_publish_keep=1)
    assert [entry["id"] for entry in retired.report["retired"]] == [old["id"]]
    assert publisher.cloud.show(other["id"]) == other


@pytest.mark.parametrize("first", [True, False])
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


def test_rollback(publisher: Publisher) -> None:
    ids = [image["id"] for image in publisher.publish_two()]
    publisher.build(b"third")
    ids.append(publisher.run().succeeded().report["id"])
    with reader(publisher, sha512(b"first", b"second", b"third", b"fourth")):
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
        publisher.build(b"fourth")
        assert publisher.thrice(image_publish_keep=3).report["previous_id"] == ids[1]
        assert ROLLED_BACK not in publisher.public()
        assert publisher.thrice(image_publish_rollback=True).report["id"] == ids[1]
    assert [image["id"] for image in publisher.builds()][:2] == ids[1:]


def test_rollback_without_a_previous_build_is_refused(publisher: Publisher) -> None:
    publisher.cloud.make(publisher.name, b"first", **{MARK: publisher.name})
    failed = publisher.run(image_publish_rollback=True)
    assert failed.failed
    assert failed.mutations == []
    assert "There is no build of" in failed.stdout


def test_images_of_other_projects_are_left_alone(admin: Cloud, alice: Cloud, name: str, tmp_path: pathlib.Path) -> None:
    """An administrator's login sees them, and may delete them."""
    marked = [
        alice.make(name, b"alice's", **{MARK: name}),
        alice.make(f"{name}-2", b"alice's", os_hidden=True, visibility="community", **{MARK: name}),
    ]
    publisher = Publisher(admin, name, tmp_path)
    for data in (b"first", b"second"):
        publisher.build(data)
        published = publisher.run(image_publish_keep=1).succeeded()
    assert [entry["outcome"] for entry in published.report["retired"]] == ["deleted"]
    assert [alice.show(image["id"]) for image in marked] == marked
    assert admin.show(published.report["id"])["owner"] == admin.project_id


def test_overlapping_runs_publish_one_build(publisher: Publisher) -> None:
    publisher.publish_two()
    publisher.build(b"third")
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


def test_playbook_publishes(publisher: Publisher, tmp_path: pathlib.Path) -> None:
    (tmp_path / "disk").write_bytes(b"first")
    variables: Json = {
        "image_publish_cloud": publisher.cloud.name,
        "image_publish_name": publisher.name,
        "image_publish_path": str(tmp_path / "disk"),
        "image_publish_options": json.dumps(FORMATS),
        "image_publish_keep": "3",
    }
    command = ["ansible-playbook", "cloudimage.glance.publish", "-e", json.dumps(variables)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert publisher.public()["status"] == "active"
