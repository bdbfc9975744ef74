# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._client.connection import image_api_base


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
