# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""Runs the role image_publish for a test, and looks up the public name meanwhile."""

from __future__ import annotations

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

from .cloud import FORMATS, Cloud, Json
from .glance_proxy import proxy
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
        self,
        *,
        check: bool = False,
        kill_at: int | None = None,
        how: int | None = None,
        before: t.Callable[[str, str], None] | None = None,
        play_vars: Json | None = None,
        **variables: t.Any,
    ) -> Published:
        """Run the role.

        :param before: called with method and path of each request before it is sent.
        :param play_vars: variables of the play; the others are extra variables.
        :param kill_at: kill the run at this one of its requests that change something.
        :param how: what becomes of that request: CUT, CUT_ANSWER, or null to carry it out.
        """
        folder = self._folder / f"run-{next(self._numbers)}"
        folder.mkdir()
        command = self._command(folder, check, play_vars or {})
        process: subprocess.Popen[str] | None = None
        seen: list[str] = []

        def fault(method: str, path: str, _count: int) -> int | None:
            if before:
                before(method, path)
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

    def _command(self, folder: pathlib.Path, check: bool, play_vars: Json) -> list[str]:
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
        tasks = [{"block": [role], "always": [written]}]
        play = {"hosts": "localhost", "gather_facts": False, "vars": play_vars, "tasks": tasks}
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
        first = self.cloud.make_as_own(f"{self.name}-1", b"first", os_hidden=True, protected=True, **{MARK: self.name})
        wait_for_a_later_second(first["created_at"])
        return [first, self.cloud.make_as_own(self.name, b"second", protected=True, **{MARK: self.name})]

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
