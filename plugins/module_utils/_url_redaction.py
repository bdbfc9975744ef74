# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""URLs without what must not be shown of them. Pure."""

from __future__ import annotations

import re
import typing as t
import urllib.parse

# A query of no more characters is not taken for a secret: hiding it would blank out half of a result.
LONG_ENOUGH = 8
URL = re.compile(r"[a-zA-Z][\w+.-]*://[^\s\"'<>]+")
# Options and variables whose value is a URL: url, uri, auth_url, endpoint, endpoint_override, http_proxy, ...
URL_NAME = re.compile(r"(?i)(ur[li]|endpoint|endpoint_override|proxy)$")
USER = re.compile(r"//[^/?#\s]*@")
# A password with an unencoded '/': the text in the place of the port is no number.
UNENCODED_USER = re.compile(r"//[^/?#\s:@\[]+:(?!\d*(?:[/?#\s]|$))\S*@")
# Characters that requests does not encode in a URL that it is given.
LEFT_BY_REQUESTS = "!#$%&'()*+,/:;=?@[]~"


def redacted_url(url: str) -> str:
    """A URL without what may be secret in it: user, password, query and fragment."""
    parts = urllib.parse.urlsplit(url)
    unencoded = UNENCODED_USER.search(url)
    if "@" not in parts.netloc and unencoded and unencoded.start() == url.find("//"):
        parts = urllib.parse.urlsplit(url.replace(unencoded[0], "//"))
    host = parts.netloc.rpartition("@")[2]
    return urllib.parse.urlunsplit((parts.scheme, host, parts.path, "…" if parts.query else "", ""))


def secrets_in_urls(value: t.Any, name: str = "") -> set[str]:
    """The strings in URLs, anywhere in a value, that must never be shown.

    :param value: an option or a whole configuration: text, or lists and dictionaries of any depth.
    :param name: the option's name. A value whose option is named like a URL counts as one even without a scheme.
    """
    if isinstance(value, dict):
        return {secret for key, item in value.items() for secret in secrets_in_urls(item, str(key))}
    if isinstance(value, (list, tuple)):
        return {secret for item in value for secret in secrets_in_urls(item, name)}
    if not isinstance(value, str) or not set(value) & set("@?#"):
        return set()
    urls = [value] if URL_NAME.search(name) or URL.match(value) else []
    return {secret for url in [*urls, *URL.findall(value)] for secret in secrets_in_url(url)}


def secrets_in_url(url: str) -> set[str]:
    """The strings in a URL that must never be shown: all of it if there can be a user, a password or a signature in it."""
    if not set(url) & set("@?#"):
        return set()
    user, colon, password = _user_of(url).partition(":")
    # A user without a password is a token.
    secret = password if colon else user
    # Errors show it as it was given, decoded or encoded, and up to the first character that should have been encoded.
    secrets = {
        secret,
        urllib.parse.unquote(secret),
        urllib.parse.quote(secret, safe=LEFT_BY_REQUESTS),
        urllib.parse.quote(urllib.parse.unquote(secret), safe=""),
        re.split("[/?#]", secret)[0],
    }
    secrets |= {text for text in re.split("[?#]", url)[1:] if len(text) > LONG_ENOUGH}
    return {url, *secrets} - {""}


def _user_of(url: str) -> str:
    """User and password in a URL, also where a '/', '?' or '#' in the password was not encoded."""
    rest = url.partition("//")[2] if "//" in url else url
    authority = re.split("[/?#]", rest)[0]
    if "@" in authority:
        return authority.rpartition("@")[0]
    return rest.rpartition("@")[0] if ":" in authority else ""


def without_users(text: str) -> str:
    """A text without users and passwords in the URLs that are in it."""
    return UNENCODED_USER.sub("//", USER.sub("//", text))


def without_queries(text: str) -> str:
    """A text without what may be secret in URLs that are in it: user, password, query and fragment."""
    return re.sub(r"(?<=[\w/.%-])[?#]\S+", "?…", without_users(text))
