# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""What the other tests rely on: a sandbox leaves no server behind, and its Glance is served as clouds serve theirs.

And what users of the role glance_sandbox rely on: a sandbox in the background starts once, and the next run completes what
an interrupted one began.
"""

from __future__ import annotations

import json
import os
import pathlib
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import typing as t
import urllib.parse

import pytest
from ansible_collections.cloudimage.glance.roles.glance_sandbox.files import programs

from .cloud import FORMATS, Cloud
from .timing import wait_until

SANDBOX = pathlib.Path(__file__).resolve().parents[1] / "sandbox" / "sandbox.py"
# What a sandbox runs here: it says where its servers listen, and stays until its input ends.
SHOW_AND_STAY = (
    "import os, sys; print(open(os.environ['GLANCE_SANDBOX'] + '/sandbox.json').read(), flush=True); sys.stdin.read()"
)


def listens(url: str) -> bool:
    address = urllib.parse.urlsplit(url)
    try:
        socket.create_connection((address.hostname, address.port), timeout=30).close()
    except ConnectionRefusedError:
        return False
    return True


def test_no_server_outlives_the_process_that_started_it() -> None:
    command = [sys.executable, str(SANDBOX), "run", "--", sys.executable, "-c", SHOW_AND_STAY]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin
        assert process.stdout
        facts = json.loads("".join(iter(process.stdout.readline, "}\n")) + "}")
        urls = [facts["keystone_url"], facts["glance_url"]]
        assert all(listens(url) for url in urls)
        process.send_signal(signal.SIGKILL)
        wait_until(lambda: not any(listens(url) for url in urls))
        process.stdin.close()
    shutil.rmtree(pathlib.Path(facts["clouds_yaml"]).parents[1])


class Background:
    """A sandbox in the background, with a name of its own."""

    def __init__(self) -> None:
        self.name = f"test-{secrets.token_hex(4)}"

    def begin(self, action: str) -> subprocess.Popen[str]:
        command = [sys.executable, str(SANDBOX), action, "--json", self.name]
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    def end(self, process: subprocess.Popen[str]) -> dict[str, t.Any]:
        printed, _errors = process.communicate()
        return t.cast("dict[str, t.Any]", json.loads(printed))

    def run(self, action: str) -> dict[str, t.Any]:
        return self.end(self.begin(action))

    def keepers(self) -> list[int]:
        """The processes that keep this sandbox running."""
        found = []
        for each in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                words = (each / "cmdline").read_bytes().decode().split("\0")
            except OSError:
                continue  # it has ended meanwhile
            if words[2:4] == ["keep", self.name]:
                found.append(int(each.name))
        return found


@pytest.fixture
def background() -> t.Iterator[Background]:
    background = Background()
    yield background
    background.run("down")


@pytest.mark.nightly
@pytest.mark.slow
def test_sandbox_that_is_started_twice_at_once_starts_once(background: Background) -> None:
    first, second = background.begin("up"), background.begin("up")
    results = [background.end(first), background.end(second)]
    assert sorted(result["changed"] for result in results) == [False, True]
    assert results[0]["glance_url"] == results[1]["glance_url"]
    assert len(background.keepers()) == 1
    assert background.run("down")["changed"]
    assert background.keepers() == []
    assert not listens(results[0]["glance_url"])
    assert not background.run("down")["changed"]


@pytest.mark.nightly
@pytest.mark.slow
def test_killed_sandbox_is_replaced_by_the_next_start(background: Background) -> None:
    killed = background.run("up")
    os.kill(background.keepers()[0], signal.SIGKILL)
    wait_until(lambda: not listens(killed["glance_url"]) and not listens(killed["keystone_url"]))
    status = background.run("status")
    assert (status["running"], status["left"]) == (False, True)
    again = background.run("up")
    assert again["changed"]
    assert listens(again["glance_url"])


@pytest.mark.nightly
@pytest.mark.slow
def test_sandbox_whose_start_was_killed_is_stopped(background: Background) -> None:
    with background.begin("up") as start:
        wait_until(lambda: bool(background.keepers()))
        start.kill()
    assert background.run("down")["changed"]
    assert background.keepers() == []
    status = background.run("status")
    assert (status["running"], status["left"]) == (False, False)


def test_missing_package_index_is_an_error_that_says_so(tmp_path: pathlib.Path) -> None:
    # Neither uv nor pip may use the network, or what they have kept.
    offline = {"UV_OFFLINE": "1", "UV_NO_CACHE": "1", "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": ""}
    done = subprocess.run(
        [sys.executable, str(SANDBOX), "up"],
        env={**os.environ, **offline, "GLANCE_SANDBOX_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "The first start needs a package index that can be reached" in done.stderr


def test_old_python_is_an_error_that_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "OLDEST_PYTHON", (99, 0))
    with pytest.raises(programs.SandboxError, match=r"needs Python 99\.0 or newer"):
        programs.check_python()


@pytest.mark.parametrize(("size", "status"), [(256 * 1024, 204), (1024 * 1024, 500)])
def test_size_of_a_chunk_is_limited_as_in_clouds(alice: Cloud, name: str, size: int, status: int) -> None:
    image = alice.make(name, **FORMATS)
    # uWSGI takes 1 MiB a chunk, with its framing.
    headers = {"Content-Type": "application/octet-stream"}
    chunks = iter([bytes(size), bytes(size)])
    answer = alice.call("PUT", f"/images/{image['id']}/file", data=chunks, headers=headers, raise_exc=False)
    assert answer.status_code == status
