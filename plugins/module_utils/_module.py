# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The modules' edge: the one place that knows AnsibleModule. Errors raised below become failed tasks here."""

from __future__ import annotations

import functools
import os
import typing as t

from ansible.module_utils.basic import AnsibleModule

from ._api import GlanceApi
from ._argspec import CONNECTION, Spec
from ._errors import GlanceError
from ._session import check_timeout, connect, secrets_in
from ._urls import secrets_in_url

# Takes the API, the options, whether it is check mode, and if the module writes a file what moves a file to its place.
Run = t.Callable[..., dict[str, t.Any]]


class GlanceModule(AnsibleModule):  # type: ignore[misc] # ansible-core has no types
    """An AnsibleModule that knows the secrets in its options before it logs or says anything.

    ``no_log`` on the whole of ``auth`` would hide the names of users and projects too, and so blank out every image and tag
    in the result that has such a name in it; on ``url`` it would hide where data come from.
    """

    def _load_params(self) -> None:
        super()._load_params()
        self.no_log_values.update(secrets_in(self.params))
        for option in ("url", "uri"):
            self.no_log_values.update(secrets_in_url(self.params.get(option)))
        self.no_log_values.update(secrets_in_url(str(self.params.get("checksum")).partition(":")[2]))


def run_module(run: Run, argument_spec: Spec, files: bool = False, **constraints: t.Any) -> None:
    """Run a module: options, connection, ``run``, result.

    :param run: takes the API, the options and whether it is check mode; returns the result.
    :param files: whether it writes a file, named ``dest`` in the result. Then it takes the options of Ansible's file
        modules, and ``run`` also takes what moves a file to its place.
    :param constraints: ``mutually_exclusive``, ``required_one_of`` and the like of AnsibleModule.
    """
    module = GlanceModule(
        argument_spec={**CONNECTION, **argument_spec}, supports_check_mode=True, add_file_common_args=files, **constraints
    )
    try:
        for option in ("api_timeout", "wait_timeout"):
            if module.params.get(option) is not None:
                check_timeout(module.params[option], option)
        api = GlanceApi(connect(module.params))
        if files:
            _check_file_attributes(module)
            run = functools.partial(run, move=functools.partial(_move, module))
        result = run(api, module.params, module.check_mode)
    except GlanceError as error:
        module.fail_json(msg=str(error), **error.details)
    if files:
        _set_file_attributes(module, result)
    for warning in result.pop("warnings", []):
        module.warn(warning)
    if not module._diff:
        result.pop("diff", None)
    module.exit_json(**result)


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
