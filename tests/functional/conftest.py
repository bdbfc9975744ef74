# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""Fixtures of the functional tests, and which tests run in which sandbox.

A test with the marker ``variant("proxy")`` is collected only in that variant of the sandbox. One with the marker
``since_glance(29, "...")`` is skipped with an older Glance, and the words say what that one cannot do.
"""

from __future__ import annotations

import json
import os
import pathlib
import socket
import subprocess
import sys
import typing as t
import uuid

import pytest
import yaml
from ansible_collections.cloudimage.glance.plugins.module_utils._glance import image_ids
from ansible_collections.cloudimage.glance.plugins.module_utils._timing import TIMING

# They assert for the tests, so pytest has to show what their assertions compare. It must know before they are imported.
pytest.register_assert_rewrite(*(f"{__package__}.{name}" for name in ("cloud", "other_cloud", "publishing", "runs")))

from .cloud import Cloud, Json, Play, PlaybookDumper, Run, Sandbox, own_sandbox
from .tested_with import write_row
from .timing import HANGS, Clock


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is for another variant, and skip what this Glance is too old for."""
    found = own_sandbox()
    if found is None:
        return
    others = []
    for item in items:
        variants = [marker.args[0] for marker in item.iter_markers("variant")]
        if variants and found.variant not in variants:
            others.append(item)
        for marker in item.iter_markers("since_glance"):
            release, reason = marker.args
            if found.release < release:
                item.add_marker(pytest.mark.skip(reason=f"Glance {found.release} {reason}"))
    if others:
        config.hook.pytest_deselected(items=others)
        items[:] = [item for item in items if item not in others]


def pytest_terminal_summary(terminalreporter: t.Any) -> None:
    """A session that tests a variant writes its row of docs/tested_with.md."""
    session = os.environ.get("GLANCE_TESTED_WITH")
    found = own_sandbox()
    if session and found and "PYTEST_XDIST_WORKER" not in os.environ:
        write_row(session, found.facts["versions"], terminalreporter.stats)


@pytest.fixture(scope="session")
def sandbox() -> Sandbox:
    found = own_sandbox()
    if found is None:
        pytest.exit("These tests need a sandbox: nox -s functional, or tests/sandbox/sandbox.py run -- pytest ...", 4)
    # Glance logs in when it gets its first request, and refuses those that come meanwhile: whichever test is the first in a
    # sandbox would count that too.
    Cloud(found, "alice").call("GET", "/images?limit=1")
    return found


@pytest.fixture(scope="session")
def admin(sandbox: Sandbox) -> Cloud:
    return Cloud(sandbox, "admin")


@pytest.fixture(scope="session")
def alice(sandbox: Sandbox) -> Cloud:
    """A plain member of the project alpha."""
    return Cloud(sandbox, "alice")


@pytest.fixture(scope="session")
def bob(sandbox: Sandbox) -> Cloud:
    """A plain member of the project beta."""
    return Cloud(sandbox, "bob")


@pytest.fixture
def password_auth(sandbox: Sandbox) -> dict[str, t.Any]:
    """What alice logs in with."""
    return {
        "auth_url": f"{sandbox.keystone_url}/v3",
        "username": "alice",
        "password": sandbox.passwords["alice"],
        "project_name": "alpha",
        "user_domain_id": "default",
        "project_domain_id": "default",
    }


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The collection's clock: a wait that never succeeds ends at once, after the seconds that it may take."""
    clock = Clock()
    monkeypatch.setattr(TIMING, "monotonic", clock.monotonic)
    monkeypatch.setattr(TIMING, "sleep", clock.sleep)
    return clock


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Poll often and retry at once; how long the collection waits is tested elsewhere."""
    for limit, seconds in (("first_poll", 0.02), ("longest_poll", 0.2), ("first_retry", 0.0), ("longest_retry", 0.0)):
        monkeypatch.setattr(TIMING, limit, seconds)


@pytest.fixture
def slow_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """However slow one of several runs is, the others wait for its next step."""
    for limit in ("creation_timeout", "staged_abandoned"):
        monkeypatch.setattr(TIMING, limit, HANGS)


@pytest.fixture
def same_first_id(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs that overlap derive the same id of a new image, also when ten minutes end between them.

    Otherwise each could create one, as docs/check_mode.md says.
    """
    monkeypatch.setattr(image_ids, "LONG_SLOT", 10**10)


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    """A name that no other image has."""
    return f"{request.node.originalname}-{uuid.uuid4().hex[:8]}"


@pytest.fixture
def path(tmp_path: pathlib.Path) -> str:
    """A file that can be an image's data."""
    (tmp_path / "disk.raw").write_bytes(b"some data of an image" * 1000)
    return str(tmp_path / "disk.raw")


@pytest.fixture
def unused_port() -> t.Iterator[int]:
    """A port that is bound, so that no other process gets it, and refuses connections."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield int(taken.getsockname()[1])


@pytest.fixture
def play(tmp_path: pathlib.Path) -> Play:
    def run(*tasks: Json, play: Json | None = None, **environment: str) -> Run:
        """Run a play of these tasks on localhost."""
        report = tmp_path / "report.json"
        names = [f"result_{number}" for number in range(len(tasks))]
        noted = {
            "ansible.builtin.copy": {
                "dest": str(report),
                "mode": "0600",
                "content": f"{{{{ [{', '.join(names)}] | to_json }}}}",
            },
            "vars": {"ansible_python_interpreter": sys.executable},
        }
        registered = [{"ignore_errors": True, **task, "register": name} for task, name in zip(tasks, names, strict=True)]
        defaults = {"group/cloudimage.glance.glance": {"cloud": "alice"}}
        whole = {
            "hosts": "localhost",
            "gather_facts": False,
            "module_defaults": defaults,
            **(play or {}),
            "tasks": [*registered, noted],
        }
        playbook = tmp_path / "play.yml"
        playbook.write_text(yaml.dump([whole], Dumper=PlaybookDumper, allow_unicode=True))
        command = [sys.executable, "-m", "ansible", "playbook", "-vvvv", str(playbook)]
        variables = {**os.environ, "ANSIBLE_INJECT_INVOCATION": "true", "ANSIBLE_LOCALHOST_WARNING": "false", **environment}
        done = subprocess.run(command, env=variables, capture_output=True, text=True, check=False, cwd=tmp_path.parent)
        assert report.exists(), done.stdout + done.stderr
        return Run(json.loads(report.read_text()), done.stdout + done.stderr)

    return run
