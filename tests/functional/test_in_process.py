# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""Tasks in playbooks: where they run, that it makes no difference, and what they cost."""

from __future__ import annotations

import datetime
import json
import multiprocessing
import os
import pathlib
import re
import subprocess
import sys
import typing as t

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._client.connection import build_connection
from ansible_collections.cloudimage.glance.plugins.module_utils._module.image_info import TASK
from ansible_collections.cloudimage.glance.plugins.module_utils._options.connection import ConnectionOptions
from ansible_collections.cloudimage.glance.plugins.plugin_utils._in_process import run_in_process
from ansible_collections.cloudimage.glance.plugins.plugin_utils._invocation import Invocation

from .cloud import FORMATS, TOKENS, USER_AGENT, Cloud, Json, Play, Sandbox, Tagged, connect, ran_as_modules
from .glance_proxy import proxy
from .marks import nightly

SWITCH = "CLOUDIMAGE_GLANCE_IN_PROCESS"


def image(**options: t.Any) -> Json:
    return {"cloudimage.glance.image": options}


def without_chance(result: t.Any) -> t.Any:
    """A result without what differs from run to run."""
    text = json.dumps(result, sort_keys=True)
    text = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "ID", text)
    text = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ|same-(true|false)", "X", text)
    return json.loads(re.sub(r'"(seconds|rate)": [\d.]+', r'"\1": 0', text))


def everything(name: str) -> list[Json]:
    """Tasks that show all that may look different."""
    described = image(
        name=name, tags=["b", "a"], properties={"n": 5, "b": True}, min_ram="512", path="files/disk.raw", **FORMATS
    )
    auth = {"auth_url": "http://127.0.0.1:9/v3", "username": "alice", "password": "sesame-open", "project_name": "alpha"}
    loop = ["{{ result_1.image.id }}", f"{name}-b"]
    return [
        {**described, "check_mode": True, "diff": True},
        {**described, "diff": True},
        described,
        {**image(name=name, protected=True, is_protected=True), "diff": True},
        {"cloudimage.glance.image_info": {"name": [name]}},
        {"cloudimage.glance.image_state": {"name": name, "state": "deactivated"}},
        image(name=name, state="absent"),
        image(name=name, nonsense=1, password="p"),
        image(name=name, min_ram="many"),
        image(tags=["a"]),
        image(cloud="{{ omit }}", auth=auth, name="sesame-open of alice"),
        image(name=f"{name}-c", url="https://me:sesame-open@127.0.0.1:9/x", transfer="stream", **FORMATS),
        image(cloud="nobody", name=name),
        {**image(name=name), "no_log": True},
        {**image(cloud="{{ omit }}", name=name), "environment": {"OS_CLOUD": "alice"}},
        {**image(name="{{ name }}-b", hidden="{{ false }}"), "vars": {"name": name}},
        {**image(id="{{ item }}", state="absent", force=True), "loop": loop[:1]},
        {**image(name="{{ item }}", state="absent"), "loop": loop[1:], "loop_control": {"label": "x"}},
    ]


@pytest.mark.nightly
def test_both_execution_modes_give_the_same_results(play: Play, name: str, tmp_path: pathlib.Path) -> None:
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "disk.raw").write_bytes(b"data" * 1000)
    here, there = (play(*everything(f"{name}-same-{way}"), **{SWITCH: way}) for way in ("true", "false"))
    assert (ran_as_modules(here.stdout), ran_as_modules(there.stdout)) == (0, len(here.results))
    for mine, module in zip(here.results, there.results, strict=True):
        assert without_chance(mine) == without_chance(module)
    for run in (here, there):
        assert "sesame-open" not in run.stdout + json.dumps(run.results)
        # The ones that are to fail do, and no other.
        assert [number for number, result in enumerate(run.results) if result.get("failed")] == [6, 7, 8, 9, 10, 11, 12]


def odd_arguments(vaulted: str) -> list[tuple[str, dict[t.Any, t.Any]]]:
    """Properties as YAML makes them, and what is said of them; an empty text where they are right."""
    return [
        ("properties: the name true is a boolean, and text is allowed", {True: "x"}),
        ("properties: the name true is a boolean, and text is allowed", {True: "x", "true": "y"}),
        ("properties: the name null is null, and text is allowed", {None: "x"}),
        ("properties: the name 2026-11-24 is a date, and text is allowed", {datetime.date(2026, 11, 24): "x"}),
        ("properties: the name '7' is given twice", {7: "x", "7": "y"}),
        ("properties.a: binary data were given; text is allowed", {"a": b"x"}),
        ("properties: the value of 'a' is a list", {"a": [1]}),
        ("properties: the value of 'a' is a dict", {"a": {"b": "c"}}),
        ("properties: 'context' is reserved by Glance", {"context": "x"}),
        (
            "",
            {
                "on": "x",
                "null": "y",
                "2026-11-24": "z",
                7: 1,
                -1.5: 2,
                1e30: 3,
                "a/b": "~",
                "~1": "\n",
                "é": "中",
                "tags/0": " ",
            },
        ),
        (
            "",
            {
                "dates": datetime.date(2026, 11, 24),
                "times": datetime.datetime(2026, 11, 24, 3, 4, 5, tzinfo=datetime.timezone.utc).replace(tzinfo=None),
                "zones": datetime.datetime(2026, 11, 24, 3, 4, 5, 600, tzinfo=datetime.timezone.utc),
                "numbers": 1.0,
                "thousands": 1e3,
                "large": 1e30,
                "larger": 10**30,
                "small": 0.1,
                "infinite": float("inf"),
                "none": float("nan"),
                "true": True,
                "unsafe": Tagged("!unsafe", "{{ x }}"),
                "vault": Tagged("!vault", vaulted),
                "text": "1e3",
            },
        ),
    ]


@pytest.mark.nightly
def test_unusual_arguments_give_the_same_results_in_both_modes(
    play: Play, name: str, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    password = tmp_path / "password"
    password.write_text("a password")
    monkeypatch.setenv("ANSIBLE_VAULT_PASSWORD_FILE", str(password))
    encrypt = [sys.executable, "-m", "ansible", "vault", "encrypt", "--output", "-"]
    vaulted = subprocess.run(encrypt, input="sesame", capture_output=True, text=True, check=True).stdout
    cases = odd_arguments(vaulted)
    described = [{**image(name=name, properties=properties), "check_mode": True} for _message, properties in cases]
    several = {"cloudimage.glance.images": {"images": [{"name": name, "properties": {False: "x"}}]}}
    found = {"cloudimage.glance.image_info": {"name": [name], "properties": {None: "x"}}}
    here, there = (play(*described, several, found, **{SWITCH: way}) for way in ("true", "false"))
    assert ran_as_modules(here.stdout) == 0
    assert ran_as_modules(there.stdout) > 0
    for mine, module in zip(here.results, there.results, strict=True):
        assert without_chance(mine) == without_chance(module)
    said = [
        *(message for message, _properties in cases),
        "images[0].properties: the name false",
        "properties: the name null",
    ]
    for message, result in zip(said, here.results, strict=True):
        assert bool(result.get("failed")) is bool(message), result
        assert message in result.get("msg", "")


WHERE: list[tuple[Json, bool]] = [
    ({}, True),
    ({"vars": {"cloudimage_glance_in_process": False}}, False),
    ({"vars": {"cloudimage_glance_in_process": "{{ 'yes' }}"}}, True),
    ({"vars": {"ansible_python_interpreter": "auto"}}, True),
    ({"vars": {"ansible_python_interpreter": f"{{{{ '{sys.executable}' }}}}"}}, True),
    ({"vars": {"ansible_python_interpreter": "/usr/bin/env python3"}}, False),
    ({"environment": {"OS_REGION_NAME": "RegionOne", "https_proxy": "", "LC_ALL": "C.UTF-8"}}, True),
    ({"environment": {"PYTHONPATH": ""}}, False),
    ({"environment": {"HOME": "/nonexistent"}}, False),
    ({"delegate_to": "localhost"}, True),
    ({"async": 60, "poll": 1}, False),
    ({"become": True, "become_method": "ansible.builtin.su"}, False),
]


# What these need may not be there; Ansible's async also wants the HOME that the system knows the user by.
MAY_FAIL = {"become", "/usr/bin/env", "async"}


def test_execution_mode_depends_on_the_task(play: Play) -> None:
    run = play(*({"cloudimage.glance.image_info": {"name": "nobody"}, **task} for task, _here in WHERE))
    for (task, here), section, result in zip(WHERE, run.sections, run.results, strict=False):
        assert ran_as_modules(section) == (0 if here else 1), (task, section)
        if not MAY_FAIL & set(str(task).replace("'", " ").split()):
            assert result["images"] == [], (task, section)


@pytest.mark.nightly
def test_invalid_value_of_the_switch_is_an_error(play: Play) -> None:
    run = play({"cloudimage.glance.image_info": {}, "vars": {"cloudimage_glance_in_process": "perhaps"}})
    assert "cloudimage_glance_in_process: 'perhaps' was given; true or false is allowed." in run.results[0]["msg"]


@pytest.mark.nightly
def test_working_folder_is_that_of_the_playbook(play: Play, sandbox: Sandbox, tmp_path: pathlib.Path) -> None:
    """As for any module: clouds.yaml is found beside the playbook, from wherever that is started."""
    (tmp_path / "clouds.yaml").write_text((sandbox.folder / "clouds.yaml").read_text())
    run = play({"cloudimage.glance.image_info": {"name": "nobody"}}, OS_CLIENT_CONFIG_FILE="")
    assert run.results[0]["images"] == []
    assert ran_as_modules(run.stdout) == 0


@pytest.mark.parametrize("here", ["true", nightly("false")])
def test_playbook_logs_in_once(play: Play, sandbox: Sandbox, name: str, here: str) -> None:
    """Modules in processes of their own use it too, as long as they run on this host as the same user."""
    names = [f"{name}-{number}" for number in range(3)]
    present = {**image(name="{{ item }}", tags=["t"]), "loop": names}
    found = {"cloudimage.glance.image_info": {"name": names}}
    with sandbox.recorded_at_keystone() as recorded:
        run = play(present, present, found, {**image(name="{{ item }}", state="absent"), "loop": names}, **{SWITCH: here})
    assert ran_as_modules(run.stdout) == (0 if here == "true" else 10)
    assert [result["changed"] for result in run.results] == [True, False, False, True]
    # keystoneauth looks at the version document before it logs in, and not again.
    found_there = [f"{entry['method']} {entry['path']}" for entry in recorded if USER_AGENT in entry["user_agent"]]
    assert found_there == ["GET /v3", "POST /v3/auth/tokens"]


@pytest.mark.nightly
def test_concurrent_processes_log_in_once(play: Play, sandbox: Sandbox, tmp_path: pathlib.Path) -> None:
    inventory = tmp_path / "hosts.ini"
    inventory.write_text("host[0:3] ansible_connection=local\n")
    before = sandbox.logins()
    run = play({"cloudimage.glance.image_info": {"name": "nobody"}}, play={"hosts": "all"}, ANSIBLE_INVENTORY=str(inventory))
    assert run.results[0]["images"] == []
    assert sandbox.logins() == before + 1


def test_expired_token_is_not_used(alice: Cloud) -> None:
    first = connect("alice")
    state = json.loads(str(first.auth_state))
    before = alice.sandbox.logins()
    for expires_at, logins in ((state["body"]["token"]["expires_at"], 0), ("2020-01-01T00:00:00.000000Z", 1)):
        state["body"]["token"]["expires_at"] = expires_at
        other = build_connection(ConnectionOptions("alice"))
        other.restore_token(json.dumps(state))
        other.log_in()
        assert alice.sandbox.logins() == before + logins
        assert (other.auth_state == first.auth_state) is (logins == 0)


def test_revoked_token_is_renewed(alice: Cloud, name: str) -> None:
    """And all the processes of the run go on with the new one."""
    refused = [False]

    def fault(_method: str, _path: str, _count: int) -> int | None:
        return 401 if refused.pop() else None

    with proxy(alice.sandbox.glance_url, fault) as url:
        # No other test logs in with this time limit, so no token of a proxy that had the same port is kept.
        options = {"cloud": "alice", "name": [name], "endpoint_override": url, "api_timeout": 57}

        def task() -> None:
            result = run_in_process(TASK, TOKENS, Invocation("image_info", options, os.getcwd()))
            assert result["images"] == []

        before = alice.sandbox.logins()
        task()
        refused[:] = [False, True]
        task()
        assert alice.sandbox.logins() == before + 2
        refused[:] = [False]
        other = multiprocessing.get_context("fork").Process(target=task)
        other.start()
        other.join()
        assert other.exitcode == 0
        assert alice.sandbox.logins() == before + 2
