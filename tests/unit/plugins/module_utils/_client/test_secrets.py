# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._client.secrets import (
    secrets_in_environment,
    secrets_in_login,
    secrets_in_remote,
)


@pytest.mark.parametrize(
    ("options", "secrets"),
    [
        ({}, set()),
        ({"cloud": "name", "auth": None}, set()),
        ({"auth": {"username": "u", "auth_url": "a", "password": "p", "project_name": "n"}}, {"p"}),
        ({"auth": {"application_credential_id": "i", "application_credential_secret": "s"}}, {"s"}),
        ({"auth": {"api_key": "k", "token": 12345}}, {"k", "12345"}),
        ({"auth": {"password": "", "passcode": None, "insecure": True}}, set()),
        ({"auth": {"nested": {"deep": ["s1", {"x": "s2"}]}}}, {"s1", "s2"}),
        ({"cloud": {"auth": {"password": "p"}, "region_name": "r"}, "auth": {"password": "q"}}, {"p", "q"}),
    ],
)
def test_secrets_in_login(options: dict[str, t.Any], secrets: set[str]) -> None:
    assert secrets_in_login(options.get("auth"), options.get("cloud")) == secrets


@pytest.mark.parametrize(
    ("remote", "secrets"),
    [
        (None, set()),
        ({"cloud": "name", "id": "i"}, set()),
        ({"cloud": {"auth": {"username": "u", "password": "p"}, "api_token": "t"}}, {"p", "t"}),
        ({"cloud": '{"auth": {"password": "p"}}'}, {'{"auth": {"password": "p"}}', "p"}),
        ('{"cloud": {"auth": {"password": "p"}}}', {"p"}),
        ("cloud=name id=i", set()),
        ("cloud=name password=p", {"p"}),
        ("{broken: p", {"{broken: p"}),
        ({"auth": {"password": "p"}}, {"p"}),
        ([{"cloud": {"auth": {"password": "p"}}}], {"p"}),
    ],
)
def test_secrets_in_remote(remote: t.Any, secrets: set[str]) -> None:
    assert secrets_in_remote(remote) == secrets


@pytest.mark.parametrize(
    ("variable", "secrets"),
    [
        ("https_proxy", {"http://u:long-password@h", "long-password"}),
        ("OS_AUTH_URL", {"http://u:long-password@h", "long-password"}),
        ("HOME", set()),
    ],
)
def test_secrets_in_environment(variable: str, secrets: set[str]) -> None:
    assert secrets_in_environment({variable: "http://u:long-password@h"}) == secrets
