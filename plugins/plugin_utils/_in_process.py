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
from ansible_collections.cloudimage.glance.plugins.module_utils._client.connection import Connection, build_connection
from ansible_collections.cloudimage.glance.plugins.module_utils._client.openstack_config import config_fingerprint
from ansible_collections.cloudimage.glance.plugins.module_utils._client.secrets import secrets_in_environment
from ansible_collections.cloudimage.glance.plugins.module_utils._client.token_cache import TokenCache
from ansible_collections.cloudimage.glance.plugins.module_utils._module.task import (
    Params,
    Result,
    Task,
    run_task,
    secrets_in_task,
)
from ansible_collections.cloudimage.glance.plugins.module_utils._options.connection import ConnectionOptions
from ansible_collections.cloudimage.glance.plugins.plugin_utils._arguments import key_text
from ansible_collections.cloudimage.glance.plugins.plugin_utils._invocation import Invocation

# All items of a loop run in one process, so what one of them has opened serves the others that are configured alike.
_connections: dict[str, Connection] = {}
# Two processes that go on with one connection would read each other's answers.
os.register_at_fork(after_in_child=_connections.clear)


def run_in_process(task: Task, tokens: TokenCache, invocation: Invocation) -> Result:
    """Run a task; returns what its module would.

    :param tokens: those of the run.
    """
    given = to_builtin(invocation.arguments)
    secrets = secrets_in_task(given) | secrets_in_environment({**os.environ, **invocation.environment})
    validation = ArgumentSpecValidator(task.spec, **task.constraints).validate(given)
    secrets |= validation._no_log_values
    if validation.error_messages:
        result: Result = {"failed": True, "msg": _refusal(validation, invocation.module)}
    else:
        result = _run(task, validation.validated_parameters, invocation, tokens, secrets)
    return _as_from_a_module(result, validation, secrets)


def _run(task: Task, params: Params, invocation: Invocation, tokens: TokenCache, secrets: set[str]) -> Result:
    """Run a task with validated options; what must not be shown of its configuration is added to the secrets."""
    connect = functools.partial(_connect, tokens, secrets)
    with _module_environment(invocation.folder, invocation.environment), _tokens_stored_afterwards(tokens):
        return run_task(task, params, invocation.check_mode, invocation.diff, connect)


def _as_from_a_module(result: Result, validation: t.Any, secrets: set[str]) -> Result:
    """The result with what AnsibleModule adds to it and removes from it."""
    aliases = [f"Both option {found['option']} and its alias {found['alias']} are set." for found in validation._warnings]
    said = [*aliases, *result.pop("warnings", [])]
    result |= {"invocation": {"module_args": validation.validated_parameters}, **({"warnings": said} if said else {})}
    if validation._deprecations:
        result["deprecations"] = validation._deprecations
    kept = {key: value for key, value in result.items() if value is None or isinstance(value, bool)}
    return {"changed": False, **remove_values(result, secrets), **kept}


def _refusal(validation: t.Any, name: str) -> str:
    message = str(validation.errors.msg)
    if isinstance(validation.errors[0], UnsupportedError):
        return f"Unsupported parameters for ({name}) module: {message}"
    return message


def to_builtin(value: t.Any) -> t.Any:
    """A value as a module gets it, by way of JSON: Ansible's own kinds of text, lists and dictionaries become Python's."""
    for kinds, convert in CONVERSIONS:
        if isinstance(value, kinds):
            return convert(value)
    return str(value)  # also what is encrypted by ansible-vault: this decrypts it


def _to_dict(value: t.Mapping[t.Any, t.Any]) -> dict[str, t.Any]:
    return {key_text(key) or str(to_builtin(key)): to_builtin(item) for key, item in value.items()}


def _to_list(value: t.Iterable[t.Any]) -> list[t.Any]:
    return [to_builtin(item) for item in value]


# Python takes true for an integer, so booleans stand before those.
CONVERSIONS: tuple[tuple[type | tuple[type, ...], t.Callable[[t.Any], t.Any]], ...] = (
    (str, str.__str__),
    ((bool, type(None)), lambda value: value),
    (int, int),
    (float, float),
    (datetime.date, lambda value: value.isoformat()),
    (Mapping, _to_dict),
    ((list, tuple, set, frozenset), _to_list),
)


def _connect(tokens: TokenCache, secrets: set[str], options: ConnectionOptions) -> Connection:
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
def _tokens_stored_afterwards(tokens: TokenCache) -> t.Iterator[None]:
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
