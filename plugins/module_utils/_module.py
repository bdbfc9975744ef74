# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The modules' edge: the one place that knows AnsibleModule. Errors raised below become failed tasks here."""

from __future__ import annotations

import typing as t

from ansible.module_utils.basic import AnsibleModule

from ._api import GlanceApi
from ._argspec import CONNECTION, Spec
from ._errors import GlanceError
from ._session import check_timeout, connect, secrets_in

Run = t.Callable[[GlanceApi, t.Mapping[str, t.Any], bool], dict[str, t.Any]]


class GlanceModule(AnsibleModule):  # type: ignore[misc] # ansible-core has no types
    """An AnsibleModule that knows the secrets in its connection options before it logs or says anything.

    ``no_log`` on the whole of ``auth`` would hide the names of users and projects too, and so blank out every image and tag
    in the result that has such a name in it.
    """

    def _load_params(self) -> None:
        super()._load_params()
        self.no_log_values.update(secrets_in(self.params))


def run_module(run: Run, argument_spec: Spec, **constraints: t.Any) -> None:
    """Run a module: options, connection, ``run``, result.

    :param run: takes the API, the options and whether it is check mode; returns the result.
    :param constraints: ``mutually_exclusive``, ``required_one_of`` and the like of AnsibleModule.
    """
    module = GlanceModule(argument_spec={**CONNECTION, **argument_spec}, supports_check_mode=True, **constraints)
    try:
        for option in ("api_timeout", "wait_timeout"):
            if module.params.get(option) is not None:
                check_timeout(module.params[option], option)
        result = run(GlanceApi(connect(module.params)), module.params, module.check_mode)
    except GlanceError as error:
        module.fail_json(msg=str(error), **error.details)
    if not module._diff:
        result.pop("diff", None)
    module.exit_json(**result)
