# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._argspec import CONNECTION
from ansible_collections.cloudimage.glance.plugins.module_utils._errors import InvalidInput
from ansible_collections.cloudimage.glance.plugins.module_utils._options.connection import ConnectionOptions


def test_options_have_the_names_of_the_modules_options() -> None:
    params = dict.fromkeys(CONNECTION)
    assert ConnectionOptions.from_params({**params, "cloud": "c", "name": "an image"}) == ConnectionOptions(cloud="c")
    assert set(params) == set(ConnectionOptions.__dataclass_fields__)


@pytest.mark.parametrize(
    "options",
    [
        {"cloud": "name"},
        {"cloud": {"auth": {"username": "u"}}},
        {"cloud": {"region_name": "r"}},
        {"endpoint_override": "https://h/glance"},
        {"api_timeout": 1},
    ],
)
def test_valid_connection_options_are_accepted(options: dict[str, t.Any]) -> None:
    assert ConnectionOptions.from_params(options) == ConnectionOptions(**options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"cloud": "{'auth': {}}"}, "cloud: a string with a configuration in it was given"),
        ({"cloud": "region_name: r"}, "cloud: a string with a configuration in it was given"),
        ({"cloud": ""}, r"cloud: an empty text was given\. The name .* write .*default\(omit, true\)"),
        ({"cloud": " \n"}, "cloud: an empty text was given"),
        ({"cloud": ["a"]}, "cloud: the name of an entry of clouds.yaml is allowed, or a dictionary"),
        ({"cloud": {"auth": "u"}}, "in which 'auth' is a dictionary too"),
        ({"endpoint_override": "h:9292"}, "endpoint_override: 'h:9292' is no address"),
        ({"endpoint_override": "http://h/?a=b"}, "endpoint_override: 'http://h/\\?a=b' is no address"),
        ({"api_timeout": 0}, "api_timeout: 0 was given; 1 to 10000000 seconds are allowed"),
    ],
)
def test_invalid_options_are_rejected(options: dict[str, t.Any], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        ConnectionOptions.from_params(options)
