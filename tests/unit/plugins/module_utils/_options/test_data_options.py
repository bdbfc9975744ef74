# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._argspec import IMAGE
from ansible_collections.cloudimage.glance.plugins.module_utils._errors import InvalidInput
from ansible_collections.cloudimage.glance.plugins.module_utils._options.data import DataOptions

NOTHING: dict[str, t.Any] = {option: spec.get("default") for option, spec in IMAGE.items()}


@pytest.mark.parametrize(
    "options",
    [
        {"path": "/disk", "convert": "raw"},
        {"path": "/disk", "convert": "raw", "disk_format": "raw", "inspect": "always"},
        {"path": "/disk", "convert": "raw", "import_method": "glance-direct"},
        {"url": "http://h/disk", "convert": "raw", "transfer": "stream", "decompress": "gz"},
        {"url": "http://h/disk", "inspect": "always"},
        {"remote": {"region": "r", "id": "8f4c9f1e-0a1c-4f1f-9f8e-3a7c5b0f6a11", "interface": "public"}, "inspect": "never"},
    ],
)
def test_options_that_go_together(options: dict[str, t.Any]) -> None:
    parsed = DataOptions.from_params({**NOTHING, **options})
    assert parsed
    assert (parsed.convert, parsed.inspect) == (options.get("convert"), options.get("inspect", "auto"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"convert": "raw"}, "convert: it says something of the data"),
        ({"path": "/disk", "convert": "raw", "disk_format": "qcow2"}, "Leave disk_format out"),
        ({"path": "/disk", "convert": "raw", "inspect": "never"}, "leave 'inspect: never' out"),
        ({"url": "http://h/disk", "convert": "raw", "transfer": "import"}, "convert: .* use 'transfer: stream'"),
        ({"url": "http://h/disk", "convert": "raw", "import_method": "web-download"}, "convert: .* use 'transfer: stream'"),
        ({"remote": {"region": "r", "id": "i"}, "convert": "raw"}, "convert: with 'remote'"),
        ({"remote": {"region": "r", "id": "i"}, "inspect": "always"}, "inspect: 'always' needs data"),
        ({"url": "http://h/disk", "transfer": "import", "inspect": "always"}, "inspect: 'always' needs data"),
    ],
)
def test_options_that_contradict_each_other(options: dict[str, t.Any], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        DataOptions.from_params({**NOTHING, **options})
