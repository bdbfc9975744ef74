# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
from __future__ import annotations

import datetime
import multiprocessing
import os
import sys
import typing as t

import pytest
from ansible.errors import AnsibleActionFail
from ansible_collections.cloudimage.glance.plugins.module_utils._client.token_cache import TOKENS_FILE, TokenCache
from ansible_collections.cloudimage.glance.plugins.module_utils._module.task import Task
from ansible_collections.cloudimage.glance.plugins.plugin_utils import _in_process
from ansible_collections.cloudimage.glance.plugins.plugin_utils._action import (
    RUNTIME_ENV_VARS,
    _is_same_file,
    is_switched_on,
)
from ansible_collections.cloudimage.glance.plugins.plugin_utils._in_process import run_in_process, to_builtin
from ansible_collections.cloudimage.glance.plugins.plugin_utils._invocation import Invocation


class Text(str):
    """Text with something behind it, as ansible-core has several kinds of."""

    __slots__ = ()


class Vaulted:
    """As ansible-core's: it decrypts itself when it is asked for its text."""

    def __str__(self) -> str:
        return "decrypted"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Text("a"), "a"),
        ({Text("k"): [Text("v"), 1, 1.5, True, None]}, {"k": ["v", 1, 1.5, True, None]}),
        (("a", {"b"}), ["a", ["b"]]),
        (datetime.date(2026, 11, 21), "2026-11-21"),
        (datetime.datetime(2026, 11, 21, 7, 0, tzinfo=datetime.timezone.utc), "2026-11-21T07:00:00+00:00"),
        (Vaulted(), "decrypted"),
    ],
)
def test_values_are_converted_as_for_a_module(value: t.Any, expected: t.Any) -> None:
    found = to_builtin(value)
    assert found == expected
    assert found.__class__ is expected.__class__
    if isinstance(found, dict):
        assert all(key.__class__ is str for key in found)


class FakeConnection:
    """Logs in by taking the next number, unless it has been given a state."""

    can_be_shared = True

    def __init__(self, key: str, logins: t.Any) -> None:
        self.key = key
        self._logins = logins
        self.auth_state: str | None = None

    def restore_token(self, auth_state: str | None) -> None:
        self.auth_state = auth_state

    def log_in(self) -> None:
        if self.auth_state is None:
            with self._logins.get_lock():
                self._logins.value += 1
            self.auth_state = f"token of {self.key}"


@pytest.fixture
def logins() -> t.Any:
    return multiprocessing.get_context("fork").Value("i", 0)


def test_processes_share_logins_and_renewed_tokens(logins: t.Any) -> None:
    tokens = TokenCache.for_this_run()

    def in_another_process(key: str, state: str, renewed: str | None = None) -> None:
        connection: t.Any = FakeConnection(key, logins)
        tokens.log_in(connection)
        if connection.auth_state != state:
            os._exit(1)
        if renewed:
            connection.auth_state = renewed
            tokens.store_token(connection)

    def processes(*calls: tuple[t.Any, ...]) -> list[int | None]:
        running = [multiprocessing.get_context("fork").Process(target=in_another_process, args=call) for call in calls]
        for process in running:
            process.start()
        for process in running:
            process.join()
        return [process.exitcode for process in running]

    assert processes(*[("a1", "token of a1")] * 6, ("b2", "token of b2")) == [0] * 7
    assert logins.value == 2
    assert processes(("a1", "token of a1", "renewed")) == [0]
    assert processes(("a1", "renewed"), ("b2", "token of b2")) == [0, 0]
    assert logins.value == 2


def test_each_process_logs_in_without_memfd_create(logins: t.Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "memfd_create")
    tokens = TokenCache.for_this_run()
    assert tokens.path is None
    for _again in range(2):
        connection: t.Any = FakeConnection("a1", logins)
        tokens.log_in(connection)
        tokens.store_token(connection)
    assert logins.value == 2


@pytest.mark.parametrize("path", ["", "/nonexistent", "/proc/1/fd/99999", "FILE"])
def test_module_with_an_unusable_token_file_logs_in(
    logins: t.Any, monkeypatch: pytest.MonkeyPatch, tmp_path: t.Any, path: str
) -> None:
    (tmp_path / "file").write_text("{}")
    monkeypatch.setenv(TOKENS_FILE, path.replace("FILE", str(tmp_path / "file")))
    TokenCache.from_environment().log_in(t.cast("t.Any", FakeConnection("a1", logins)))
    assert logins.value == 1
    assert (tmp_path / "file").read_text() == "{}"


def test_module_uses_the_tokens_of_its_controller(logins: t.Any, monkeypatch: pytest.MonkeyPatch) -> None:
    tokens = TokenCache.for_this_run()
    monkeypatch.setenv(TOKENS_FILE, str(tokens.path))
    for each in (TokenCache.from_environment(), tokens, TokenCache.from_environment()):
        connection: t.Any = FakeConnection("a1", logins)
        each.log_in(connection)
        assert connection.auth_state == "token of a1"
    assert logins.value == 1


def test_incomplete_token_file_is_ignored(logins: t.Any) -> None:
    tokens = TokenCache.for_this_run()
    os.pwrite(tokens._file, b'{"a1": "tok', 0)
    connection: t.Any = FakeConnection("a1", logins)
    tokens.log_in(connection)
    assert logins.value == 1


def test_connections_are_not_shared_with_a_forked_process() -> None:
    _in_process._connections["a1"] = t.cast("t.Any", None)
    context = multiprocessing.get_context("fork")
    found = context.Value("i", -1)

    def count() -> None:
        found.value = len(_in_process._connections)

    child = context.Process(target=count)
    child.start()
    child.join()
    del _in_process._connections["a1"]
    assert found.value == 0


def test_folder_and_environment_are_restored(tmp_path: t.Any, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[t.Any] = []

    def look(_options: t.Any) -> t.NoReturn:
        seen.extend([os.getcwd(), os.environ.get("OS_CLOUD"), os.environ.get("OS_NEW")])
        print("noise", file=sys.stderr)
        raise KeyboardInterrupt

    monkeypatch.setenv("OS_CLOUD", "before")
    monkeypatch.setattr(_in_process, "build_connection", look)
    here = os.getcwd()
    environment = {"OS_CLOUD": "meanwhile", "OS_NEW": "1"}
    with pytest.raises(KeyboardInterrupt):
        run_in_process(Task(dict, {}, dict), TokenCache(None), Invocation("m", {}, str(tmp_path), environment=environment))
    assert seen == [str(tmp_path), "meanwhile", "1"]
    assert (os.getcwd(), os.environ["OS_CLOUD"], os.environ.get("OS_NEW")) == (here, "before", None)


def test_same_program_is_recognised_through_links() -> None:
    folder = os.path.dirname(sys.executable)
    same = next(name for name in ("python3", "python") if os.path.exists(os.path.join(folder, name)))
    assert _is_same_file(os.path.join(folder, same), sys.executable)
    assert not _is_same_file(os.path.join(folder, "nothing"), sys.executable)
    assert not _is_same_file(f"{os.path.realpath('/bin/sh')}", sys.executable)


@pytest.mark.parametrize(
    ("variable", "heeded"),
    [
        *[
            (name, True)
            for name in ("OS_CLOUD", "OS_CLIENT_CONFIG_FILE", "https_proxy", "NO_PROXY", "SSL_CERT_FILE", "LC_ALL")
        ],
        *[(name, False) for name in ("PYTHONPATH", "HOME", "XDG_CONFIG_HOME", "LD_PRELOAD", "OS", "TMPDIR", "MY_proxy")],
    ],
)
def test_variables_that_are_read_while_a_task_runs(variable: str, heeded: bool) -> None:
    assert bool(RUNTIME_ENV_VARS.fullmatch(variable)) is heeded


def test_switch_is_a_boolean() -> None:
    assert is_switched_on("yes", "X")
    assert not is_switched_on(False, "X")
    with pytest.raises(AnsibleActionFail, match="X: 'perhaps' was given; true or false is allowed"):
        is_switched_on("perhaps", "X")
