# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""Which logins may be shared."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._client.login_sharing import (
    DETERMINED_BY_OPTIONS,
    MULTI_FACTOR,
    NOT_DETERMINED_BY_OPTIONS,
    may_share_login,
)
from keystoneauth1.loading import get_available_plugin_names


def test_every_login_plugin_has_been_judged() -> None:
    """A new plugin logs in for each task until a developer has reviewed it."""
    judged = {*DETERMINED_BY_OPTIONS, *NOT_DETERMINED_BY_OPTIONS, MULTI_FACTOR}
    assert set(get_available_plugin_names()) <= judged
    assert not set(DETERMINED_BY_OPTIONS) & set(NOT_DETERMINED_BY_OPTIONS)


@pytest.mark.parametrize(
    ("auth_type", "auth", "methods", "certificate", "expected"),
    [
        ("password", {}, None, None, True),
        ("v3applicationcredential", {}, None, None, True),
        ("none", {}, None, None, True),
        ("password", {}, None, "client.pem", False),
        ("password", {}, None, ("client.pem", "key.pem"), False),
        ("v3kerberos", {}, None, None, False),
        ("v3totp", {}, None, None, False),
        ("somebody_elses", {}, None, None, False),
        (None, {}, None, None, False),
        ("v3oidcpassword", {}, None, None, True),
        ("v3oidcpassword", {"idp_otp_key": "otp"}, None, None, False),
        ("v3multifactor", {}, ["v3password", "v3token"], None, True),
        ("v3multifactor", {}, ["v3password", "v3totp"], None, False),
        ("v3multifactor", {}, ["v3password", "somebody_elses"], None, False),
        ("v3multifactor", {}, None, None, False),
        ("v3multifactor", {}, "v3password", None, False),
    ],
)
def test_shared_only_if_the_options_say_who_the_user_is(
    auth_type: str | None, auth: dict[str, t.Any], methods: t.Any, certificate: t.Any, expected: bool
) -> None:
    assert may_share_login(auth_type, auth, methods, certificate) is expected
