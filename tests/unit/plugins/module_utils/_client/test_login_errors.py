# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._client.login_errors import login_error
from keystoneauth1 import exceptions as ksa


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
