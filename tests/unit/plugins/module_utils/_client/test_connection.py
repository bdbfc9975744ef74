# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

import pathlib
import typing as t

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._client.connection import (
    config_fingerprint,
    image_api_base,
    login_error,
    secrets_in,
)
from keystoneauth1 import exceptions as ksa


@pytest.mark.parametrize(
    ("endpoint", "base"),
    [
        ("http://h:9292", "http://h:9292/v2"),
        ("http://h:9292/", "http://h:9292/v2"),
        ("http://h:9292/v2", "http://h:9292/v2"),
        ("http://h:9292/v2/", "http://h:9292/v2"),
        ("http://h:9292/v2.9", "http://h:9292/v2.9"),
        ("http://h:9292/v1", "http://h:9292/v2"),
        ("https://h/glance", "https://h/glance/v2"),
        ("https://h/v2/110011", "https://h/v2/110011"),
        ("https://v2.h/image", "https://v2.h/image/v2"),
    ],
)
def test_image_api_base(endpoint: str, base: str) -> None:
    assert image_api_base(endpoint) == base


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
def test_secrets_in(options: dict[str, t.Any], secrets: set[str]) -> None:
    assert secrets_in(options) == secrets


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ksa.Unauthorized("no"), "The login was refused at http://k: "),
        (ksa.ConnectFailure("no route"), "The identity service cannot be reached at http://k: no route"),
        (ksa.DiscoveryFailure("no versions"), "The identity service cannot be reached"),
        (ksa.DiscoveryFailure("SSL exception connecting to http://k: bad"), "certificate does not verify"),
        (ksa.SSLError("bad"), "certificate does not verify"),
        (ksa.ClientException("odd"), "The login failed at http://k: odd"),
    ],
)
def test_connection_problems_are_told_apart(error: ksa.ClientException, words: str) -> None:
    assert words in str(login_error(error, "http://k"))


def test_what_a_connection_is_configured_from(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever changes, it is another one; only what is the same is the same."""
    monkeypatch.chdir(tmp_path)
    found = [config_fingerprint({"cloud": "a"})]
    assert config_fingerprint({"cloud": "a", "name": "of an image"}) == found[0]
    found += [config_fingerprint(options) for options in ({"cloud": "b"}, {"cloud": "a", "auth": {"password": "p"}})]
    (tmp_path / "clouds.yaml").write_text("clouds: {}")
    found.append(config_fingerprint({"cloud": "a"}))
    (tmp_path / "clouds.yaml").write_text("clouds: {a: {}}")
    found.append(config_fingerprint({"cloud": "a"}))
    (tmp_path / "other.yaml").write_text("clouds: {}")
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(tmp_path / "other.yaml"))
    found.append(config_fingerprint({"cloud": "a"}))
    (tmp_path / "other.yaml").write_text("clouds: {a: {}}")
    found.append(config_fingerprint({"cloud": "a"}))
    monkeypatch.setenv("OS_USERNAME", "somebody")
    found.append(config_fingerprint({"cloud": "a"}))
    assert len(set(found)) == len(found) == 8
