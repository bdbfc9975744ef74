# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The edge to Ansible of a module in a process of its own: the one place that knows AnsibleModule."""

from __future__ import annotations

import dataclasses
import functools
import os
import typing as t

from ansible.module_utils.basic import AnsibleModule

from .._client.connection import Connection, build_connection
from .._client.secrets import secrets_in_environment
from .._client.token_cache import TokenCache
from .._options.connection import ConnectionOptions
from .task import Result, Task, run_task, secrets_in_task


class GlanceModule(AnsibleModule):  # type: ignore[misc] # ansible-core has no types
    """An AnsibleModule that knows the secrets in its options before it logs or says anything."""

    def _load_params(self) -> None:
        super()._load_params()
        self.no_log_values.update(secrets_in_task(self.params), secrets_in_environment(os.environ))


def run_module(task: Task) -> None:
    """Take the options, run the task, and give its result."""
    module = GlanceModule(
        argument_spec=task.spec, supports_check_mode=True, add_file_common_args=task.writes_file, **task.constraints
    )
    if task.writes_file:
        task = dataclasses.replace(task, run=functools.partial(_run_with_file, task, module))
    tokens = TokenCache.from_environment()
    opened: list[Connection] = []

    def connect(options: ConnectionOptions) -> Connection:
        opened.append(build_connection(options))
        module.no_log_values.update(opened[-1].secrets)
        tokens.log_in(opened[-1])
        return opened[-1]

    result = run_task(task, module.params, module.check_mode, module._diff, connect)
    for connection in opened:
        tokens.store_token(connection)
    for warning in result.pop("warnings", []):
        module.warn(warning)
    if result.pop("failed", False):
        module.fail_json(**result)
    module.exit_json(**result)


def _run_with_file(task: Task, module: t.Any, api: t.Any, options: t.Any, check_mode: bool) -> Result:
    _check_file_attributes(module)
    result = task.run(api, options, check_mode, functools.partial(_move, module))
    _set_file_attributes(module, result)
    return result


def _move(module: t.Any, source: str, dest: str) -> None:
    module.atomic_move(source, dest, unsafe_writes=module.params["unsafe_writes"])


def _check_file_attributes(module: t.Any) -> None:
    """Let Ansible refuse a mode, an owner or a group before anything is done: in check mode, on the folder."""
    dest = module.params["dest"]
    folder = dest if os.path.isdir(dest) else os.path.dirname(os.path.abspath(dest))
    if "\0" not in dest and os.path.isdir(folder):
        check_mode, module.check_mode = module.check_mode, True
        module.set_fs_attributes_if_different(module.load_file_common_arguments(module.params, path=folder), False)
        module.check_mode = check_mode


def _set_file_attributes(module: t.Any, result: dict[str, t.Any]) -> None:
    """Mode, owner and the like of the file, as Ansible's file modules set them, and what that changes."""
    wanted = module.load_file_common_arguments(module.params, path=result["dest"])
    found: dict[str, dict[str, t.Any]] = {}
    result["changed"] = module.set_fs_attributes_if_different(wanted, result["changed"], diff=found)
    if result["diff"]["before"].get("state") == "absent":
        # In check mode there is no file to compare with; a real run compares with the modes of a new one.
        found = {"after": {key: module.params[key] for key in ("mode", "owner", "group") if module.params[key] is not None}}
    for side, values in found.items():
        result["diff"][side].update({key: value for key, value in values.items() if key != "path"})
