# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._errors import GlanceError
from ansible_collections.cloudimage.glance.plugins.module_utils._url_redaction import (
    redacted_url,
    secrets_in_url,
    secrets_in_urls,
    without_queries,
    without_users,
)


@pytest.mark.parametrize(
    ("url", "shown", "secrets"),
    [
        ("http://host/a", "http://host/a", set()),
        ("http://me:pass@host:8/a", "http://host:8/a", {"http://me:pass@host:8/a", "pass"}),
        ("https://host/a?Signature=xyz", "https://host/a?…", {"https://host/a?Signature=xyz", "Signature=xyz"}),
        ("https://host/a?v=1", "https://host/a?…", {"https://host/a?v=1"}),
        ("https://host/a?12345678", "https://host/a?…", {"https://host/a?12345678"}),
        ("https://host/a?123456789", "https://host/a?…", {"https://host/a?123456789", "123456789"}),
        ("https://ghp_x@host/a", "https://host/a", {"https://ghp_x@host/a", "ghp_x"}),
        ("http://host/a#part", "http://host/a", {"http://host/a#part"}),
        ("http://u:p%40w@h/a", "http://h/a", {"http://u:p%40w@h/a", "p%40w", "p@w"}),
        ("http://u:p^w@h/a", "http://h/a", {"http://u:p^w@h/a", "p^w", "p%5Ew"}),
    ],
)
def test_user_password_and_query_of_a_url_are_secret(url: str, shown: str, secrets: set[str]) -> None:
    assert redacted_url(url) == shown
    assert secrets_in_url(url) == secrets


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://u:pa/ss@h/a?b#c", "http://h/a?…"),
        ("http://u:12/34@h/a", "http://u:12/34@h/a"),
        ("http://u:p@h/a@b", "http://h/a@b"),
        ("http://h:8/a@b", "http://h:8/a@b"),
        ("http://h/a//u:pa/ss@b", "http://h/a//u:pa/ss@b"),
    ],
)
def test_unencoded_password_is_not_shown(url: str, shown: str) -> None:
    """Where the text before its '/' is a number, it is a port."""
    assert redacted_url(url) == shown


@pytest.mark.parametrize(
    ("url", "secrets"),
    [
        ("http://u:pa/ss@h/a", {"pa/ss", "pa", "pa%2Fss"}),
        ("http://u:12/34@h/a", {"12/34", "12", "12%2F34"}),
        ("u:pa@h:8", {"pa"}),
        ("http://host/path@v1", set()),
        ("host", set()),
    ],
)
def test_unencoded_password_of_a_url_is_secret(url: str, secrets: set[str]) -> None:
    assert secrets_in_url(url) - {url} == secrets


@pytest.mark.parametrize(
    ("value", "secrets"),
    [
        ({"auth": {"auth_url": "http://u:pw@h/v3"}}, {"http://u:pw@h/v3", "pw"}),
        ({"image_endpoint_override": "u:pw@h"}, {"u:pw@h", "pw"}),
        ([["see http://u:pw@h/v3, or not"]], {"http://u:pw@h/v3,", "pw"}),
        ('{"url": "http://u:pw@h/v3"}', {"http://u:pw@h/v3", "pw"}),
        ({"username": "alice@example.com", "password": "a#b?c@d"}, set()),
        ({"number": 5, "none": None, "url": True}, set()),
    ],
)
def test_secrets_are_found_in_nested_options(value: object, secrets: set[str]) -> None:
    assert secrets_in_urls(value) == secrets


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("no answer from http://u:p@h:5/x: refused", "no answer from http://h:5/x: refused"),
        ("Failed to parse: http://u:p/w@h/x", "Failed to parse: http://h/x"),
        ("Failed to parse: http://u:p?w@h/x", "Failed to parse: http://h/x"),
        ("at http://host:80/a@b and //c", "at http://host:80/a@b and //c"),
        ("at http://host/?q=a@b", "at http://host/?q=a@b"),
        ("at http://host: alice@example.com", "at http://host: alice@example.com"),
        ("at http://[::1]:80/a@b", "at http://[::1]:80/a@b"),
    ],
)
def test_error_shows_no_user_of_a_url(text: str, shown: str) -> None:
    assert without_users(text) == shown
    assert str(GlanceError(text)) == shown


def test_text_shows_no_secret_of_a_url() -> None:
    text = "no answer: /obj?X-Sig=abc (Caused by http://me:pw@host/f#tok) why? because"
    assert without_queries(text) == "no answer: /obj?… (Caused by http://host/f?… why? because"
