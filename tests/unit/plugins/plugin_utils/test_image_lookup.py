# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""What a lookup is called with, and the options of image_info that it becomes."""

from __future__ import annotations

import datetime
import typing as t

import pytest
import yaml
from ansible_collections.cloudimage.glance.plugins.doc_fragments import _auth, _filters
from ansible_collections.cloudimage.glance.plugins.lookup import image
from ansible_collections.cloudimage.glance.plugins.module_utils._argspec import CONNECTION
from ansible_collections.cloudimage.glance.plugins.module_utils._errors import InvalidInput
from ansible_collections.cloudimage.glance.plugins.plugin_utils._image_lookup import LOOKUP_FILTERS, ImageLookup, is_omitted


@pytest.mark.parametrize(
    ("terms", "options", "tasks"),
    [
        (["a"], {}, [{"name": ["a"]}]),
        (["a", "b"], {"cloud": "c"}, [{"name": ["a"], "cloud": "c"}, {"name": ["b"], "cloud": "c"}]),
        ([["a", ("b", 13)], "c"], {}, [{"name": ["a"]}, {"name": ["b"]}, {"name": [13]}, {"name": ["c"]}]),
        # In text, ansible-core takes a comma for the end of an element.
        (["a,b"], {}, [{"name": ["a,b"]}]),
        ([], {"tags": ["x"], "newest": True}, [{"tags": ["x"], "newest": True}]),
        (
            ["a"],
            {"project": "p", "endpoint_type": "internal"},
            [{"name": ["a"], "project": "p", "endpoint_type": "internal"}],
        ),
        ([[]], {}, []),
        ([[]], {"tags": ["x"]}, []),
    ],
)
def test_each_name_becomes_a_task_that_finds_exactly_one_image(
    terms: list[t.Any], options: dict[str, t.Any], tasks: list[dict[str, t.Any]]
) -> None:
    assert ImageLookup.parse(terms, options) == ImageLookup(tuple({**task, "exactly": 1} for task in tasks))


@pytest.mark.parametrize(
    ("options", "returns_image", "required"),
    [
        ({}, False, True),
        ({"result": "id", "required": "yes"}, False, True),
        ({"result": "image"}, True, True),
        ({"required": False}, False, False),
        ({"required": "no"}, False, False),
    ],
)
def test_own_options_are_read(options: dict[str, t.Any], returns_image: bool, required: bool) -> None:
    assert ImageLookup.parse(["a"], options) == ImageLookup(({"name": ["a"], "exactly": 1},), returns_image, required)


@pytest.mark.parametrize(
    ("terms", "options", "message"),
    [
        ([], {}, "Give the name of an image, or a filter."),
        ([], {"cloud": "c", "result": "image", "required": False}, "Give the name of an image, or a filter."),
        ([None], {}, "The name of an image is text; a value of the type NoneType was given."),
        ([True], {}, "The name of an image is text; a value of the type bool was given."),
        (
            [{"auth": {"password": "sesame"}}],
            {},
            "text; a dictionary was given. Options are given by name, or as '**options'.",
        ),
        (["a"], {"result": "name"}, "result: 'name' was given; id or image is allowed."),
        (["a"], {"required": "perhaps"}, "required: 'perhaps' was given; true or false is allowed."),
        (["a"], {"tag": "x", "cloude": "c"}, "There is no option 'cloude', 'tag'. Allowed are all_projects, "),
        ([], {"name": "a"}, "There is no option 'name'. The name of an image is given before the options"),
        (["a"], {"exactly": 2}, "There is no option 'exactly'. Allowed are "),
        (["a"], {"limit": 1, "sort": "name", "members": True}, "There is no option 'limit', 'members', 'sort'. Allowed"),
        (["a"], {"properties": {datetime.date(2026, 1, 1): "x"}}, "properties: the name 2026-01-01 is a date"),
    ],
)
def test_wrong_call_is_an_error(terms: list[t.Any], options: dict[str, t.Any], message: str) -> None:
    with pytest.raises(InvalidInput) as error:
        ImageLookup.parse(terms, options)
    assert message in str(error.value)
    assert "sesame" not in str(error.value)


@pytest.mark.parametrize(
    ("value", "placeholder", "expected"),
    [
        ("__omit_x", "__omit_x", True),
        ("a", "__omit_x", False),
        (None, None, False),
        (type("_OmitType", (), {})(), None, True),
    ],
)
def test_omitted_options_are_recognised(value: t.Any, placeholder: str | None, expected: bool) -> None:
    assert is_omitted(value, placeholder) is expected


def test_documentation_has_the_options_that_are_allowed() -> None:
    parts = [image.DOCUMENTATION, _auth.ModuleDocFragment.DOCUMENTATION, _filters.ModuleDocFragment.DOCUMENTATION]
    documented = {name for part in parts for name in yaml.safe_load(part)["options"]}
    assert documented == {"_terms", "result", "required", *CONNECTION, *LOOKUP_FILTERS}
