# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The strings among a login's options, and in the environment, that must never be shown."""

from __future__ import annotations

import re
import typing as t

from ansible.module_utils.common.validation import check_type_dict

from .._options.connection import is_cloud_name
from .._url_redaction import secrets_in_urls

# What an 'auth' dictionary may show. All else in it, known or not, is taken for a secret.
PUBLIC_AUTH_KEYS = frozenset(
    {
        "auth_url",
        "username",
        "user_name",
        "user_id",
        "user_domain_id",
        "user_domain_name",
        "project_id",
        "project_name",
        "project_domain_id",
        "project_domain_name",
        "tenant_id",
        "tenant_name",
        "domain_id",
        "domain_name",
        "default_domain",
        "default_domain_id",
        "default_domain_name",
        "system_scope",
        "trust_id",
        "application_credential_id",
        "application_credential_name",
        "identity_provider",
        "protocol",
        "endpoint",
        "auth_methods",
    }
)
# In a whole configuration, where options may also stand outside of 'auth'.
SECRET_NAME = re.compile(r"(?i)pass|secret|token|api_?key|credential|private")
URL_VARIABLE = re.compile(r"(?i)OS_\w+|\w+_proxy")


def secrets_in_login(auth: t.Any, cloud: t.Any) -> set[str]:
    """The secrets in the options ``auth`` and ``cloud``, in whatever form they are given.

    In ``auth`` all is secret that is not known to be public; in a ``cloud``, its ``auth`` and what has the name of a secret.
    """
    return {*_secrets_in_auth(auth), *_secrets_in_cloud(cloud)}


def dictionary_in(text: t.Any) -> dict[str, t.Any] | None:
    """The dictionary that a text is, as JSON or as key=value key=value, as ansible-core takes it; null if it is none."""
    try:
        return t.cast("dict[str, t.Any]", check_type_dict(text))
    except (TypeError, ValueError):  # for JSON of a list ansible-core before 2.19 raises the second
        return None


def secrets_in_remote(remote: t.Any) -> set[str]:
    """The secrets in the option ``remote``, whose ``cloud`` is another cloud's login, in whatever form it is given."""
    if isinstance(remote, str):
        found = dictionary_in(remote)
        if found is None:
            return set(_secrets_in_cloud(remote))
        remote = found
    cloud = remote.get("cloud") if isinstance(remote, dict) else None
    return {*_secrets_in_cloud(remote), *_secrets_in_cloud(cloud)}


def secrets_in_environment(environment: t.Mapping[str, str]) -> set[str]:
    """The strings in URLs in variables that openstacksdk and requests read, which must never be shown."""
    return secrets_in_urls({name: value for name, value in environment.items() if URL_VARIABLE.fullmatch(name)})


def _secrets_in_auth(auth: t.Any) -> t.Iterator[str]:
    if isinstance(auth, str):
        found = dictionary_in(auth)
        if found is None:
            yield auth  # refused in a moment, and not to be repeated
            return
        auth = found
    if isinstance(auth, dict):
        for key, value in auth.items():
            if key not in PUBLIC_AUTH_KEYS:
                yield from _texts(value)
    else:
        yield from _texts(auth)


def _secrets_in_cloud(cloud: t.Any) -> t.Iterator[str]:
    if isinstance(cloud, str) and not is_cloud_name(cloud):
        yield cloud
        yield from _secrets_in_cloud(dictionary_in(cloud))
    elif isinstance(cloud, dict):
        for key, value in cloud.items():
            if key == "auth":
                yield from _secrets_in_auth(value)
            elif isinstance(value, (dict, list)):
                yield from _secrets_in_cloud(value)
            elif SECRET_NAME.search(str(key)):
                yield from _texts(value)
    elif isinstance(cloud, list):
        for item in cloud:
            yield from _secrets_in_cloud(item)


def _texts(value: t.Any) -> t.Iterator[str]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif value is not None and not isinstance(value, bool) and value != "":
        yield str(value)
