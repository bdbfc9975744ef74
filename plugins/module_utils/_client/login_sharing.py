# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""Which logins are fully determined by their options, so that two tasks with the same options may share a token. Pure.

A token may be shared only if the options say who the user is. Where a login plugin takes the identity from elsewhere (a
Kerberos ticket, a certificate, a browser, a prompt), the same options can be another user in the next task.
"""

from __future__ import annotations

import typing as t

# The names are those of keystoneauth's and rackspaceauth's login plugins ('auth_type').
DETERMINED_BY_OPTIONS: t.Mapping[str, str] = {
    "password": "user and password",
    "v2password": "user and password",
    "v3password": "user and password",
    "v3adfspassword": "user, password and identity provider",
    "v3samlpassword": "user, password and identity provider",
    "v3oidcpassword": "user, password and client of the identity provider",
    "v3oidcclientcredentials": "client id and client secret",
    "v3oidcaccesstoken": "the identity provider's token itself",
    "v3oauth1": "consumer key and access key, with their secrets",
    "v3oauth2clientcredential": "client id and client secret",
    "v3applicationcredential": "the application credential and its secret",
    "token": "the token itself",
    "v2token": "the token itself",
    "v3token": "the token itself",
    "admin_token": "the token itself, without a login",
    "http_basic": "user and password, without a login",
    "none": "no user, without a login",
    "rackspace_apikey": "user and API key",
    "rackspace_password": "user and password",
    "rackspace_sso": "user and password",
    "rackspace_token": "the token itself",
}
# These log in for each task. A plugin that is in neither table does too.
NOT_DETERMINED_BY_OPTIONS: t.Mapping[str, str] = {
    "v3kerberos": "the user is the owner of the Kerberos ticket in the cache",
    "v3fedkerb": "the user is the owner of the Kerberos ticket in the cache",
    "v3tokenlessauth": "the user is the owner of the client certificate",
    "v3oauth2mtlsclientcredential": "the user is the owner of the client certificate",
    "v3oidcdeviceauthz": "the user is the person who confirms the login in a browser",
    "v3websso": "the user is the person who logs in with the browser",
    "v3oidcauthcode": "the code stands for one login only, of the person at the browser",
    "v3totp": "the passcode stands for one moment only",
}
MULTI_FACTOR = "v3multifactor"
# With this option v3oidcpassword asks for a second factor at the terminal.
PROMPTS = "idp_otp_key"


def may_share_login(auth_type: t.Any, auth: t.Mapping[str, t.Any], auth_methods: t.Any, client_certificate: t.Any) -> bool:
    """Whether two logins with the same options are the same user, whatever else has changed meanwhile.

    :param auth_type: name of the login plugin.
    :param auth: the login plugin's options.
    :param auth_methods: the login plugins that 'v3multifactor' is made of.
    :param client_certificate: what requests presents as a certificate; the file can be rewritten at the same path.
    """
    if client_certificate or auth.get(PROMPTS):
        return False
    if auth_type == MULTI_FACTOR:
        methods = auth_methods if isinstance(auth_methods, list) else []
        return bool(methods) and all(method in DETERMINED_BY_OPTIONS for method in methods)
    return auth_type in DETERMINED_BY_OPTIONS
