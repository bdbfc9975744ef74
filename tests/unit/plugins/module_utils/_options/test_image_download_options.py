# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._argspec import IMAGE_DOWNLOAD
from ansible_collections.cloudimage.glance.plugins.module_utils._errors import InvalidInput
from ansible_collections.cloudimage.glance.plugins.module_utils._options.image_download import ImageDownloadOptions
from ansible_collections.cloudimage.glance.tests.unit.plugins.module_utils.parsed import params_of


def test_options_of_a_download() -> None:
    options = ImageDownloadOptions.from_params(params_of(IMAGE_DOWNLOAD, name="a", dest="/d", wait_timeout=5))
    assert options == ImageDownloadOptions(None, "a", "/d", 5)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"id": "x"}, "id: 'x' is not an image id"),
        ({"name": ""}, "name: '' has 0 characters"),
        ({"name": "a", "dest": ""}, "dest: '' is no path"),
        ({"name": "a", "dest": "a\0b"}, "is no path"),
        ({"name": "a", "wait_timeout": 0}, "wait_timeout: 0 was given"),
    ],
)
def test_invalid_options_are_rejected(options: dict[str, t.Any], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        ImageDownloadOptions.from_params(params_of(IMAGE_DOWNLOAD, **{"dest": "/d", **options}))
