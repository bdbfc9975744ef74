# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""What the action plugins share: running a task here or as a module, and showing what it says of its progress."""

from __future__ import annotations

import contextlib
import functools
import importlib
import os
import re
import sys
import tempfile
import threading
import typing as t

from ansible import constants
from ansible.errors import AnsibleActionFail
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from ansible_collections.cloudimage.glance.plugins.module_utils._client.token_cache import TOKENS_FILE
from ansible_collections.cloudimage.glance.plugins.module_utils._transfer.progress import PROGRESS_FILE
from ansible_collections.cloudimage.glance.plugins.plugin_utils._arguments import find_argument_problem
from ansible_collections.cloudimage.glance.plugins.plugin_utils._invocation import Invocation
from ansible_collections.cloudimage.glance.plugins.plugin_utils._openstack_cloud import find_refusal
from ansible_collections.cloudimage.glance.plugins.plugin_utils._run_tokens import TOKENS

LOOK_EVERY = 0.5  # seconds

# The switch: a variable of the task, or one of the controller's environment.
SWITCH = "cloudimage_glance_in_process"
ENVIRONMENT_SWITCH = "CLOUDIMAGE_GLANCE_IN_PROCESS"

AUTOMATIC = ("auto", "auto_silent", "auto_legacy", "auto_legacy_silent")
# Variables that are looked at while a task runs. Others, such as PYTHONPATH and HOME, count when a process starts.
RUNTIME_ENV_VARS = re.compile(
    r"OS_\w+|(?i:https?|all|no)(?i:_proxy)|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE|SSL_CERT_(FILE|DIR)|PATH|LANG|LC_\w+|TZ"
)


class InProcess(t.Protocol):
    """What runs a task in this process."""

    def __call__(self, invocation: Invocation) -> dict[str, t.Any]: ...


def in_process(module: str) -> InProcess | None:
    """What runs a task in this process; null where that is switched off, or openstacksdk is not there.

    It is asked for when a plugin is loaded, which Ansible does before it forks: so the third of a second that its
    imports take is spent once a run.

    :param module: the name of the module.
    """
    if not is_switched_on(os.environ.get(ENVIRONMENT_SWITCH, "true"), ENVIRONMENT_SWITCH):
        return None
    package = __name__.rpartition(".plugin_utils.")[0]
    if importlib.import_module(f"{package}.module_utils._client.openstack_config").IMPORT_FAILURE:
        return None
    run = importlib.import_module(f"{package}.plugin_utils._in_process").run_in_process
    return functools.partial(run, importlib.import_module(f"{package}.module_utils._module.{module}").TASK, TOKENS)


def is_switched_on(value: t.Any, name: str) -> bool:
    try:
        return bool(boolean(value))
    except TypeError:
        raise AnsibleActionFail(f"{name}: {value!r} was given; true or false is allowed.") from None


class GlanceAction(ActionBase):  # type: ignore[misc] # ansible-core has no types
    """Runs a task inside the controller's process where that gives the same result, and otherwise as a module."""

    _supports_async = True
    _supports_check_mode = True
    _supports_diff = True

    # What runs the task here; null where that is switched off, and for a module that needs a process of its own.
    in_process: t.ClassVar[InProcess | None] = None
    tells_progress: t.ClassVar[bool] = False
    # The module whose task this is, if openstack.cloud has a module of that name.
    replaces: t.ClassVar[str] = ""

    def run(self, tmp: t.Any = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        result = t.cast("dict[str, t.Any]", super().run(tmp, task_vars))
        problem = find_argument_problem(self._task.args) or find_refusal(self.replaces, self._task.args)
        if problem:
            return {**result, "changed": False, "failed": True, "msg": problem}
        with self._shown_progress():
            return {**result, **(self._run_here(task_vars or {}) or self._run_module(task_vars))}

    def _run_module(self, task_vars: dict[str, t.Any] | None) -> dict[str, t.Any]:
        if self._runs_locally and TOKENS.path:
            self._tell(TOKENS_FILE, TOKENS.path)
        return t.cast("dict[str, t.Any]", self._execute_module(task_vars=task_vars, wrap_async=self._task.async_val))

    def _run_here(self, task_vars: dict[str, t.Any]) -> dict[str, t.Any] | None:
        """The task's result; null where it has to run as a module."""
        environment: dict[str, t.Any] = {}
        self._compute_environment_string(environment)
        run = self.in_process
        if run is None or not self._can_run_here(task_vars, environment):
            return None
        result = run(
            Invocation(
                self._task.action,
                self._task.args,
                folder=self._loader.get_basedir(),
                check_mode=bool(self._task.check_mode),
                diff=bool(self._task.diff),
                environment={name: str(value) for name, value in environment.items()},
            )
        )
        if not _shows_invocation(task_vars):
            del result["invocation"]
        return result

    @property
    def _runs_locally(self) -> bool:
        """Whether a module would run on this host, as this user, while this process waits for it."""
        return self._connection.transport == "local" and not self._connection.become and not self._task.async_val

    def _can_run_here(self, task_vars: dict[str, t.Any], environment: dict[str, t.Any]) -> bool:
        wanted = self._templar.template(task_vars.get(SWITCH, True))
        return (
            is_switched_on(wanted, SWITCH)
            and self._runs_locally
            and all(RUNTIME_ENV_VARS.fullmatch(name) or name == PROGRESS_FILE for name in environment)
            and self._is_same_python(task_vars)
        )

    def _is_same_python(self, task_vars: dict[str, t.Any]) -> bool:
        """Whether the module would run with the controller's Python, or with whichever Ansible finds."""
        if self._task.delegate_to:
            task_vars = task_vars["ansible_delegated_vars"][self._task.delegate_to]
        given = constants.config.get_config_value("INTERPRETER_PYTHON", variables=task_vars)
        python = str(self._templar.template(given) or "auto").strip()
        return python in AUTOMATIC or python == sys.executable or _is_same_file(python, sys.executable)

    @contextlib.contextmanager
    def _shown_progress(self) -> t.Iterator[None]:
        """Have the lines shown that the task writes of its progress, if it runs on this host."""
        if not self.tells_progress or not self._runs_locally or self._task.no_log:
            yield
            return
        with shown_lines() as path:
            self._tell(PROGRESS_FILE, path)
            yield

    def _tell(self, variable: str, value: str) -> None:
        """Put a variable into the environment of the task."""
        given = self._task.environment or []
        self._task.environment = [*(given if isinstance(given, list) else [given]), {variable: value}]


def _shows_invocation(task_vars: dict[str, t.Any]) -> bool:
    """Whether results tell the options; ansible-core 2.21 made a setting of it, and does not by default."""
    if constants.config.get_configuration_definition("INJECT_INVOCATION") is None:
        return True
    return bool(constants.config.get_config_value("INJECT_INVOCATION", variables=task_vars))


def _is_same_file(python: str, other: str) -> bool:
    """Whether two paths in one folder are one program; links from elsewhere to it belong to other environments."""
    try:
        return os.path.dirname(python) == os.path.dirname(other) and os.path.samefile(python, other)
    except OSError:
        return False


@contextlib.contextmanager
def shown_lines() -> t.Iterator[str]:
    """A file whose lines are shown as they come."""
    fd, path = tempfile.mkstemp(prefix="glance-progress-")
    ended = threading.Event()

    def show() -> None:
        with open(fd, encoding="utf-8") as file:
            is_last = False
            while not is_last:
                is_last = ended.wait(LOOK_EVERY)
                for line in file:
                    Display().display(line.rstrip("\n"))

    thread = threading.Thread(target=show, daemon=True)
    thread.start()
    try:
        yield path
    finally:
        ended.set()
        thread.join()
        os.unlink(path)
