# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""URLs without what must not be shown of them. Pure."""

from __future__ import annotations

import re
import typing as t
import urllib.parse

# What is shorter is not taken for a secret (characters): it would blank out half of a result.
LONG_ENOUGH = 8


def shown_url(url: str) -> str:
    """A URL without what may be secret in it: user, password, query and fragment."""
    parts = urllib.parse.urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return urllib.parse.urlunsplit((parts.scheme, host, parts.path, "…" if parts.query else "", ""))


def secrets_in_url(url: t.Any) -> set[str]:
    """The strings in a URL that must never be shown: all of it if there can be a user, a password or a signature in it."""
    if isinstance(url, (list, tuple)):
        return {secret for item in url for secret in secrets_in_url(item)}
    if not isinstance(url, str) or not set(url) & set("@?#"):
        return set()
    try:
        parts = urllib.parse.urlsplit(url)
        # A user without a password is a token. What is short would blank out half of a result.
        secrets = {parts.password, parts.username if parts.password is None else None}
        secrets |= {text if len(text) > LONG_ENOUGH else None for text in (parts.query, parts.fragment)}
    except ValueError:
        secrets = set()
    return {url, *(secret for secret in secrets if secret)}


def without_queries(text: str) -> str:
    """A text without what may be secret in URLs that are in it: user, password, query and fragment."""
    text = re.sub(r"//[^/\s]*@", "//", text)
    return re.sub(r"(?<=[\w/.%-])[?#]\S+", "?…", text)
