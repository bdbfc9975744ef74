# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""What keystoneauth and its login plugins raise, in words that say which of the ways it failed."""

from __future__ import annotations

import contextlib
import typing as t

from .._errors import ConnectionProblem
from .._glance.responses import MAX_ERROR, parse_error
from .._timing import TIMING

with contextlib.suppress(ImportError):  # _client.openstack_config reports it before anything here is called
    from keystoneauth1 import exceptions as ksa


@contextlib.contextmanager
def translate_errors(auth_url: str | None) -> t.Iterator[None]:
    """What keystoneauth raises becomes a ConnectionProblem that says which of the ways it failed."""
    try:
        yield
    except ConnectionProblem:
        raise
    except Exception as error:  # login plugins raise what they like
        raise login_error(error, auth_url) from error


def login_error(error: Exception, auth_url: str | None = None) -> ConnectionProblem:
    """The failure in words. keystoneauth wraps a failed discovery once more, so the text is looked at too."""
    text = _said_at_login(error)
    where = f" at {auth_url}" if auth_url else ""
    if isinstance(error, ksa.SSLError) or "SSL exception" in text or "certificate verify failed" in text:
        return ConnectionProblem(
            f"The server's certificate does not verify: {text}."
            " If the cloud has its own CA, give its certificate as 'ca_cert' (or 'cacert' in clouds.yaml)."
        )
    if isinstance(error, ksa.Unauthorized):
        return ConnectionProblem(
            f"The login was refused{where}: {text}. Check the credentials, and that the user's domain and project are right."
        )
    if isinstance(error, (ksa.ConnectFailure, ksa.DiscoveryFailure, ksa.NotFound)):
        return ConnectionProblem(f"The identity service cannot be reached{where}: {text}. Check 'auth_url' and the network.")
    return ConnectionProblem(f"The login failed{where}: {text}")


def _said_at_login(error: Exception) -> str:
    """What went wrong, in the cloud's words if there are any; keystoneauth reads one kind of body only."""
    response = getattr(error, "response", None)
    if response is None:
        return str(error)
    if response.status_code < 400:  # there may be a token in it
        return f"HTTP {response.status_code} with a body that is no login"
    parsed = parse_error(response.text[:MAX_ERROR], response.headers.get("Content-Type", ""), TIMING.utc_now())
    code = f" ({parsed.code})" if parsed.code else ""
    return f"HTTP {response.status_code}{code}: {parsed.reason}".rstrip(": .")
