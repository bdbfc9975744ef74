# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._urls import secrets_in_url, shown_url, without_queries


@pytest.mark.parametrize(
    ("url", "shown", "secrets"),
    [
        ("http://host/a", "http://host/a", set()),
        ("http://me:pass@host:8/a", "http://host:8/a", {"http://me:pass@host:8/a", "pass"}),
        ("https://host/a?Signature=xyz", "https://host/a?…", {"https://host/a?Signature=xyz", "Signature=xyz"}),
        ("https://host/a?v=1", "https://host/a?…", {"https://host/a?v=1"}),
        ("https://ghp_x@host/a", "https://host/a", {"https://ghp_x@host/a", "ghp_x"}),
        ("http://host/a#part", "http://host/a", {"http://host/a#part"}),
    ],
)
def test_what_is_secret_in_a_url(url: str, shown: str, secrets: set[str]) -> None:
    assert shown_url(url) == shown
    assert secrets_in_url(url) == secrets


def test_text_without_secrets_of_urls() -> None:
    text = "no answer: /obj?X-Sig=abc (Caused by http://me:pw@host/f#tok) why? because"
    assert without_queries(text) == "no answer: /obj?… (Caused by http://host/f?… why? because"
