# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The edge to Ansible of a task that runs inside the controller's process: what a module's process does, without one."""

from __future__ import annotations

import contextlib
import datetime
import functools
import io
import logging
import os
import typing as t
from collections.abc import Mapping

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.common.parameters import remove_values
from ansible.module_utils.errors import UnsupportedError
from ansible_collections.cloudimage.glance.plugins.module_utils._client.connection import (
    Connection,
    build_connection,
    config_fingerprint,
    secrets_in_environment,
)
from ansible_collections.cloudimage.glance.plugins.module_utils._client.token_cache import TokenCache
from ansible_collections.cloudimage.glance.plugins.module_utils._module.task import (
    Params,
    Result,
    Task,
    run_task,
    secrets_in_task,
)
from ansible_collections.cloudimage.glance.plugins.plugin_utils._arguments import key_text

# All items of a loop run in one process, so what one of them has opened serves the others that are configured alike.
_connections: dict[str, Connection] = {}
# Two processes that go on with one connection would read each other's answers.
os.register_at_fork(after_in_child=_connections.clear)


def run_in_process(
    task: Task,
    tokens: TokenCache,
    name: str,
    arguments: t.Mapping[str, t.Any],
    check_mode: bool,
    diff: bool,
    folder: str,
    environment: t.Mapping[str, str],
) -> Result:
    """Run a task; returns what its module would.

    :param tokens: those of the run.
    :param name: the module's name, as the task has it.
    :param arguments: the task's options, not validated.
    :param folder: the working folder that the module would have.
    :param environment: the variables that it would have beside those of this process.
    """
    given = plain(arguments)
    secrets = secrets_in_task(given) | secrets_in_environment({**os.environ, **environment})
    validation = ArgumentSpecValidator(task.spec, **task.constraints).validate(given)
    params = validation.validated_parameters
    secrets |= validation._no_log_values
    if validation.error_messages:
        result: Result = {"failed": True, "msg": _refusal(validation, name)}
    else:
        with _module_environment(folder, environment), _kept(tokens):
            result = run_task(task.run, params, check_mode, diff, functools.partial(_connected, tokens, secrets))
    aliases = [f"Both option {found['option']} and its alias {found['alias']} are set." for found in validation._warnings]
    said = [*aliases, *result.pop("warnings", [])]
    result |= {"invocation": {"module_args": params}, **({"warnings": said} if said else {})}
    if validation._deprecations:
        result["deprecations"] = validation._deprecations
    kept = {key: value for key, value in result.items() if value is None or isinstance(value, bool)}
    return {"changed": False, **remove_values(result, secrets), **kept}


def _refusal(validation: t.Any, name: str) -> str:
    message = str(validation.errors.msg)
    if isinstance(validation.errors[0], UnsupportedError):
        return f"Unsupported parameters for ({name}) module: {message}"
    return message


def plain(value: t.Any) -> t.Any:
    """A value as a module gets it, by way of JSON: Ansible's own kinds of text, lists and dictionaries become Python's."""
    if isinstance(value, str):
        return str.__str__(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value)
    if isinstance(value, (datetime.datetime, datetime.date)):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {key_text(key) or str(plain(key)): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in value]
    return str(value)  # also what is encrypted by ansible-vault: this decrypts it


def _connected(tokens: TokenCache, secrets: set[str], options: Params) -> Connection:
    """The connection that the options name; what must not be shown of its configuration is added to the secrets."""
    key = config_fingerprint(options)
    known = _connections.get(key)
    if known and known.can_be_shared:
        secrets |= known.secrets
        return known
    connection = build_connection(options)
    secrets |= connection.secrets
    tokens.log_in(connection)
    _connections[key] = connection
    return connection


@contextlib.contextmanager
def _kept(tokens: TokenCache) -> t.Iterator[None]:
    """Share the logins as they are afterwards: they may have been renewed meanwhile."""
    try:
        yield
    finally:
        for connection in _connections.values():
            tokens.store_token(connection)


@contextlib.contextmanager
def _module_environment(folder: str, environment: t.Mapping[str, str]) -> t.Iterator[None]:
    """Working folder and environment of a module's process, without the libraries' log lines and output to stderr.

    A module's process shows neither. Here Ansible's log file would get the log lines, with the URLs in them.
    """
    before = {variable: os.environ.get(variable) for variable in environment}
    here, logged = os.getcwd(), logging.root.manager.disable
    try:
        logging.disable(logging.CRITICAL)
        os.environ.update(environment)
        os.chdir(folder)
        with contextlib.redirect_stderr(io.StringIO()):
            yield
    finally:
        logging.disable(logged)
        os.chdir(here)
        for variable, value in before.items():
            if value is None:
                os.environ.pop(variable, None)
            else:
                os.environ[variable] = value
