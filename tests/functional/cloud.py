# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""Runs the modules through their own entry against the sandbox, and counts what went over the wire.

With GLANCE_IN_PROCESS=yes what can run inside the controller's process runs as it does there. Each worker of pytest-xdist
has a sandbox of its own.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import importlib
import io
import json
import os
import pathlib
import re
import sqlite3
import time
import typing as t
import uuid
from unittest import mock

import openstack.config
import pytest
import requests
import yaml
from ansible.module_utils import basic
from ansible.module_utils.common import warnings
from ansible.module_utils.common.parameters import PASS_VARS
from ansible_collections.cloudimage.glance.plugins.module_utils._client.connection import Connection, build_connection
from ansible_collections.cloudimage.glance.plugins.module_utils._client.token_cache import TOKENS_FILE, TokenCache
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.properties import RESERVED_PREFIX
from ansible_collections.cloudimage.glance.plugins.module_utils._options.connection import ConnectionOptions
from ansible_collections.cloudimage.glance.plugins.plugin_utils._in_process import _connections, run_in_process
from ansible_collections.cloudimage.glance.plugins.plugin_utils._invocation import Invocation
from keystoneauth1.session import Session

PLUGINS = "ansible_collections.cloudimage.glance.plugins"
TOKENS = TokenCache.for_this_run()
IN_PROCESS = os.environ.get("GLANCE_IN_PROCESS") == "yes"
USER_AGENT = "cloudimage.glance"
READING = ("GET", "HEAD")

Json = dict[str, t.Any]


def take_own_sandbox() -> None:
    """In a worker of pytest-xdist: of the sandboxes that there are, take the one with the worker's number.

    The tests count requests, so nobody else may send any there. It stands in the environment, for what the tests start.
    """
    worker, folders = os.environ.get("PYTEST_XDIST_WORKER"), os.environ.get("GLANCE_SANDBOX")
    if not worker or not folders:
        return
    own = dict(enumerate(folders.split(os.pathsep))).get(int(worker.removeprefix("gw")))
    if own is None:
        raise pytest.UsageError(f"{worker} has no sandbox: tests/sandbox/sandbox.py run --number N makes one for N workers")
    os.environ["GLANCE_SANDBOX"] = own
    os.environ["OS_CLIENT_CONFIG_FILE"] = str(pathlib.Path(own) / "clouds.yaml")


def trust_own_sandbox() -> None:
    """Where the sandbox speaks TLS, let logins that name no authority trust its own; those of clouds.yaml name it."""
    ca_file = pathlib.Path(os.environ.get("GLANCE_SANDBOX", "").split(os.pathsep)[0]) / "ca.pem"
    if ca_file.is_file():
        os.environ["REQUESTS_CA_BUNDLE"] = str(ca_file)


take_own_sandbox()
trust_own_sandbox()

# What an image needs to take data.
FORMATS: Json = {"disk_format": "raw", "container_format": "bare"}


@contextlib.contextmanager
def entries_written(path: pathlib.Path) -> t.Iterator[list[Json]]:
    """What is written to a log of requests meanwhile. Another request's line may be half written at either end."""
    found: list[Json] = []
    with path.open("rb") as log:
        size = log.seek(0, io.SEEK_END)
        log.seek(max(0, size - 1))
        begins_with_half = log.read(1) not in (b"", b"\n")
        try:
            yield found
        finally:
            lines = [line for line in log if line.endswith(b"\n")]
            found += map(json.loads, lines[begins_with_half:])


class Sandbox:
    """The running sandbox, as sandbox.json describes it."""

    def __init__(self, folder: pathlib.Path) -> None:
        facts = json.loads((folder / "sandbox.json").read_text())
        self.folder = folder
        self.facts: Json = facts
        self.variant: str = facts["variant"]
        self.release = int(facts["versions"]["Glance"].split(".")[0])
        self.keystone_url: str = facts["keystone_url"]
        self.glance_url: str = facts["glance_url"]
        self.requests_log = pathlib.Path(facts["requests_log"])
        self._keystone_log = pathlib.Path(facts["keystone_requests_log"])
        self.passwords: dict[str, str] = json.loads((folder / "passwords.json").read_text())

    def refused_as_foreign(self, message: str) -> bool:
        """Whether Glance has refused to change another project's image; before 33 it also answers 404 for a visible one."""
        codes = (403,) if self.release >= 33 else (403, 404)
        return any(f"HTTP {code}" in message for code in codes)

    @contextlib.contextmanager
    def database(self) -> t.Iterator[sqlite3.Connection]:
        """Glance's own database, for states that its API cannot make, or makes slowly; only if it is SQLite."""
        if self.variant == "mariadb":
            pytest.skip("The test writes to Glance's SQLite file, and this sandbox has MariaDB")
        with contextlib.closing(sqlite3.connect(self.folder / "glance.db", timeout=60)) as database:
            yield database

    @contextlib.contextmanager
    def recorded(self) -> t.Iterator[list[Json]]:
        """The requests that the modules send to Glance meanwhile.

        Glance may begin an upload late that was broken off, so the line of an earlier request may come only now. When a
        request began is told by a clock that all processes share and nobody sets; and a request that says of which run it
        is, as those of run_module do, counts for that run only.
        """
        found: list[Json] = []
        began = time.monotonic()
        run = uuid.uuid4().hex
        with entries_written(self.requests_log) as entries, marked_requests(run):
            yield found
        found += [
            entry
            for entry in entries
            if USER_AGENT in entry["user_agent"] and entry["began"] >= began and entry["run"] in ("", run)
        ]

    @contextlib.contextmanager
    def recorded_at_keystone(self) -> t.Iterator[list[Json]]:
        """The requests that Keystone gets meanwhile, Glance's among them."""
        with entries_written(self._keystone_log) as found:
            yield found

    def logins(self) -> int:
        """How often the collection has logged in until now; Glance logs in too, whenever its token expires."""
        lines = self._keystone_log.read_text().splitlines(keepends=True)
        entries = [json.loads(line) for line in lines if line.endswith("\n")]
        logins = [entry for entry in entries if (entry["method"], entry["path"]) == ("POST", "/v3/auth/tokens")]
        return sum(USER_AGENT in entry["user_agent"] for entry in logins)


@contextlib.contextmanager
def marked_requests(run: str) -> t.Iterator[None]:
    """Let all requests of this process say of which run they are."""
    send = requests.adapters.HTTPAdapter.send

    def send_marked(adapter: t.Any, request: t.Any, **options: t.Any) -> t.Any:
        request.headers.setdefault("X-Test-Run", run)
        return send(adapter, request, **options)

    with mock.patch.object(requests.adapters.HTTPAdapter, "send", send_marked):
        yield


@dataclasses.dataclass
class Outcome:
    """What a module answered, and the requests it sent to Glance."""

    result: Json
    requests: list[Json]
    stdout: str

    @property
    def failed(self) -> bool:
        return bool(self.result.get("failed"))

    @property
    def changed(self) -> bool:
        return bool(self.result.get("changed"))

    @property
    def message(self) -> str:
        assert self.failed, f"should have failed: {self.result}"
        return str(self.result["msg"])

    @property
    def image(self) -> t.Any:
        assert not self.failed, self.result
        return self.result["image"]

    @property
    def images(self) -> list[Json]:
        assert not self.failed, self.result
        return list(self.result["images"])

    @property
    def warnings(self) -> list[str]:
        """The warnings, those of ansible-core left out. From 2.19 on they are dictionaries."""
        found = [entry if isinstance(entry, str) else entry["event"]["msg"] for entry in self.result.get("warnings") or []]
        return [entry for entry in found if "world_writable" not in entry]

    @property
    def names(self) -> list[str]:
        return [image["name"] for image in self.images]

    @property
    def sent(self) -> list[str]:
        """The requests, as 'METHOD path', ids left out."""
        return [f"{entry['method']} {_without_ids(entry['path'])}" for entry in self.requests]

    @property
    def mutations(self) -> list[Json]:
        return [entry for entry in self.requests if entry["method"] not in READING]

    def succeeded(self) -> Outcome:
        assert not self.failed, self.result["msg"]
        return self


def _without_ids(path: str) -> str:
    return "/".join("ID" if len(part) == 36 and part.count("-") == 4 else part for part in path.split("/"))


class Cloud:
    """One identity of the sandbox: runs modules as it, and has a bare client to make states with."""

    def __init__(self, sandbox: Sandbox, name: str) -> None:
        self.sandbox = sandbox
        self.name = name
        region = openstack.config.OpenStackConfig().get_one(name)
        self.session: Session = region.get_session()
        self.project_id = str(self.session.get_project_id())

    def run(self, module: str, *, check: bool = False, connection: Json | None = None, **options: t.Any) -> Outcome:
        """Run a module's main() as Ansible would."""
        arguments = {"cloud": self.name} if connection is None else connection
        return run_module(self.sandbox, module, {**arguments, **options}, check=check)

    def thrice(self, module: str, **options: t.Any) -> Outcome:
        """Run in check mode, for real, and again; the three must tell the same reported. Returns the real run."""
        predicted = self.run(module, check=True, **options).succeeded()
        assert predicted.mutations == []
        real = self.run(module, **options).succeeded()
        again = self.run(module, **options).succeeded()
        assert_prediction_matches(predicted, real)
        assert not again.changed
        assert again.mutations == []
        assert again.result["operations"] == again.result["changes"] == []
        assert again.result["diff"] == {"before": {}, "after": {}}
        return real

    def unchanged(self, module: str, **options: t.Any) -> Outcome:
        """Run in check mode and for real; neither may change anything. Returns the real run."""
        for check in (True, False):
            outcome = self.run(module, check=check, **options).succeeded()
            assert not outcome.changed
            assert outcome.mutations == []
        return outcome

    def fails(self, module: str, **options: t.Any) -> str:
        """Run in check mode and for real; both must fail with the same message and change nothing. Returns it."""
        messages = []
        for check in (True, False):
            outcome = self.run(module, check=check, **options)
            assert outcome.mutations == []
            messages.append(outcome.message)
            assert "Traceback" not in outcome.stdout
        assert messages[0] == messages[1]
        return messages[0]

    def call(self, method: str, path: str, **options: t.Any) -> requests.Response:
        return self.session.request(f"{self.sandbox.glance_url}/v2{path}", method, **options)

    def make(self, name: str, data: bytes | None = None, **attributes: t.Any) -> Json:
        """Make an image with a bare request, and give it data if some are given."""
        if data is not None:
            attributes = {**FORMATS, **attributes}
        image = self.call("POST", "/images", json={"name": name, **attributes}).json()
        if data is not None:
            headers = {"Content-Type": "application/octet-stream"}
            self.call("PUT", f"/images/{image['id']}/file", data=data, headers=headers)
        return self.show(image["id"])

    def make_as_own(self, name: str, data: bytes | None = None, **attributes: t.Any) -> Json:
        """Make an image whose id is one that this collection chooses, so that its marks count."""
        return self.make(name, data, id=own_id(), **attributes)

    def show(self, image_id: str) -> Json:
        return t.cast(Json, self.call("GET", f"/images/{image_id}").json())

    def status_of(self, image: Json) -> str:
        answer = self.call("GET", f"/images/{image['id']}", raise_exc=False)
        return "gone" if answer.status_code == 404 else str(answer.json()["status"])

    def named(self, name: str) -> list[Json]:
        """All images of a name, hidden ones too."""
        images = []
        for hidden in ("false", "true"):
            params = {"name": f"eq:{name}", "os_hidden": hidden, "visibility": "all", "member_status": "all"}
            images += self.call("GET", "/images", params=params).json()["images"]
        return images


def own_id() -> str:
    """An id of the version that this collection chooses."""
    return str(uuid.uuid5(uuid.uuid4(), "image"))


def with_known_hash(predicted: Json, real: Json) -> Json:
    """A prediction with the hash of the data in the record of their source, which check mode cannot know."""
    image = real.get("image") or {}
    hashed = bool(image.get("os_hash_value"))
    identity = f"{image['os_hash_algo']}:{image['os_hash_value']}" if hashed else f"id:{image.get('id')}"
    return t.cast(Json, json.loads(json.dumps(predicted).replace(" = {hash}", f" = {identity}")))


def assert_prediction_matches(predicted: Outcome, real: Outcome) -> None:
    """What check mode said is what the real run did, and what it did is what it says."""
    assert predicted.changed == real.changed
    new_id = str((real.result.get("image") or {}).get("id"))
    predicted = dataclasses.replace(predicted, result=with_known_hash(predicted.result, real.result))

    for operation in predicted.result["operations"]:
        # Only here may the id of an image stand that does not exist yet.
        operation["path"] = operation["path"].replace("{id}", new_id)
        if operation["method"] == "POST" and operation["body"] and operation["body"].get("id") == "{id}":
            operation["body"]["id"] = new_id
    assert predicted.result["operations"] == real.result["operations"]
    for change in predicted.result["changes"]:
        change["id"] = change["id"] or new_id
        if change["attribute"] == "id" and change["after"] == "{id}":
            change["after"] = new_id
    diff = predicted.result["diff"]
    if isinstance(diff, dict) and diff["after"].get("id") == "{id}":
        diff["after"]["id"] = new_id
    assert predicted.result["changes"] == real.result["changes"]
    assert predicted.result["diff"] == real.result["diff"]
    sent = [(entry["method"], entry["path"], entry["body"]) for entry in real.mutations if entry["status"] < 400]
    said = [
        (entry["method"], entry["path"], None if entry["path"].endswith(("/file", "/stage")) else entry["body"])
        for entry in real.result["operations"]
    ]
    assert sent == said
    if real.result.get("image"):
        for key, value in predicted.result["image"].items():
            if value is not None and key not in ("properties", "stores") and value != []:
                assert real.image[key] == value, key
        # Glance's own come and go while it imports.
        known = predicted.result["image"]["properties"].items()
        properties = {key: value for key, value in known if not key.startswith(RESERVED_PREFIX)}
        assert properties.items() <= real.image["properties"].items()


def forget_the_cloud() -> None:
    """Let the next task find out for itself what the cloud can do, as the first of a process does."""
    _connections.clear()


def connect(cloud: str) -> Connection:
    """A connection of the collection's own, logged in."""
    connection = build_connection(ConnectionOptions(cloud))
    connection.log_in()
    return connection


def forget_warnings() -> None:
    """ansible-core collects warnings for as long as the process lives, which for a module is one task."""
    for name in ("_global_warnings", "_global_deprecations"):
        found = getattr(warnings, name, None)
        if found is not None:
            found.clear()


# What every module returns, and what Ansible adds; "path" and "details" if it cannot set the attributes of a file.
COMMON_KEYS = {"changed", "diff", "exception", "failed", "invocation", "msg", "warnings", "path", "details"}


@functools.cache
def documented_keys(module: str) -> set[str]:
    """The keys of a module's result that its documentation has; keys within others with a dot: ``outcomes.id``."""
    described = yaml.safe_load(importlib.import_module(f"{PLUGINS}.modules.{module}").RETURN)
    inner = {f"{key}.{name}" for key in ("outcomes", "pruned") if module == "images" for name in described[key]["contains"]}
    return {*described, *inner}


def assert_result_is_documented(module: str, result: Json) -> None:
    keys = set(result) - COMMON_KEYS
    keys |= {f"{key}.{name}" for key in ("outcomes", "pruned") for entry in result.get(key) or () for name in entry}
    assert keys - documented_keys(module) == set(), "keys that the documentation does not have"


def run_module(sandbox: Sandbox, module: str, arguments: Json, *, check: bool = False) -> Outcome:
    """Run a module, as a process of its own would, or in this process as the controller does."""
    outcome = _run_module(sandbox, module, arguments, check)
    assert_result_is_documented(module, outcome.result)
    return outcome


def _run_module(sandbox: Sandbox, module: str, arguments: Json, check: bool) -> Outcome:
    if IN_PROCESS and module != "image_download":
        task = importlib.import_module(f"{PLUGINS}.module_utils._module.{module}").TASK
        with sandbox.recorded() as recorded:
            result = run_in_process(task, TOKENS, Invocation(module, arguments, os.getcwd(), check_mode=check, diff=True))
        return Outcome(json.loads(json.dumps(result)), recorded, json.dumps(result))
    main = importlib.import_module(f"{PLUGINS}.modules.{module}").main
    full = {**arguments, "_ansible_check_mode": check, "_ansible_diff": True, "_ansible_no_log": False}
    # From ansible-core 2.20 on the caller asks for the invocation, which was always there before.
    if "inject_invocation" in PASS_VARS:
        full["_ansible_inject_invocation"] = True
    payload = json.dumps({"ANSIBLE_MODULE_ARGS": full}).encode()
    stdout = io.StringIO()
    with (
        sandbox.recorded() as recorded,
        mock.patch.object(basic, "_ANSIBLE_ARGS", payload),
        # The host's log is not tested; from Python 3.12 on it takes no text with a NUL.
        mock.patch.object(basic.AnsibleModule, "_log_to_syslog"),
        # From ansible-core 2.19 on the caller says how results are written.
        mock.patch.object(basic, "_ANSIBLE_PROFILE", "legacy", create=True),
        # As the modules of one play do, all share a login. Half of what the sandbox did was to log them in.
        mock.patch.dict(os.environ, {TOKENS_FILE: str(TOKENS.path)}),
        contextlib.redirect_stdout(stdout),
        pytest.raises(SystemExit),
    ):
        forget_warnings()
        main()
    return Outcome(json.loads(stdout.getvalue()), recorded, stdout.getvalue())


@dataclasses.dataclass
class Run:
    """What a playbook's tasks gave, in order, and what was printed."""

    results: list[Json]
    stdout: str

    @property
    def sections(self) -> list[str]:
        """What was printed, by task."""
        return self.stdout.split("\nTASK [")[1:]


def ran_as_modules(stdout: str) -> int:
    """How many of the collection's tasks ran in processes of their own."""
    return len(re.findall(r"Using module file \S*/cloudimage/glance/", stdout))


Play = t.Callable[..., Run]


@dataclasses.dataclass(frozen=True)
class Tagged:
    """Text with a tag of Ansible's in a playbook, '!unsafe' or '!vault'."""

    tag: str
    text: str


class PlaybookDumper(yaml.SafeDumper):
    """Writes YAML as people do, without references from one place to another."""

    def ignore_aliases(self, _data: t.Any) -> bool:
        return True


PlaybookDumper.add_representer(Tagged, lambda dumper, value: dumper.represent_scalar(value.tag, value.text))


def own_sandbox() -> Sandbox | None:
    folder = os.environ.get("GLANCE_SANDBOX")
    return Sandbox(pathlib.Path(folder.split(os.pathsep)[0])) if folder else None
