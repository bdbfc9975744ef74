# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._glance import service

STORE = {"id": "fast", "description": None, "default": False, "read_only": False}


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (None, None),
        ({}, None),
        ({"versions": "v2.1"}, None),
        ({"versions": []}, []),
        ({"versions": [{"id": "v2.15"}, {"id": "v2.2"}, {"id": "v2.15"}]}, [(2, 2), (2, 15)]),
        ({"versions": [{"id": "v2"}, "v2.1", {}, {"id": "v1.1"}]}, [(1, 1)]),
    ],
)
def test_versions_are_sorted_and_what_is_no_version_is_left_out(document: t.Any, expected: t.Any) -> None:
    assert service.api_versions(document) == expected


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (None, None),
        ({"import-methods": []}, None),
        ({"import-methods": {"value": None}}, None),
        ({"import-methods": {"value": []}}, []),
        ({"import-methods": {"value": ["web-download", "glance-direct"]}}, ["glance-direct", "web-download"]),
    ],
)
def test_import_methods_are_sorted(document: t.Any, expected: t.Any) -> None:
    assert service.import_methods(document) == expected


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (None, None),
        ({"stores": {}}, None),
        ({"stores": ["fast"]}, []),
        ({"stores": [{"id": "fast"}]}, [STORE]),
        ({"stores": [{"id": "fast", "default": "true"}]}, [{**STORE, "default": True}]),
        (
            {"stores": [{"id": "web", "read-only": "true", "description": "mirror"}]},
            [{"id": "web", "description": "mirror", "default": False, "read_only": True}],
        ),
    ],
)
def test_stores_have_booleans(document: t.Any, expected: t.Any) -> None:
    assert service.stores(document) == expected


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        (None, None),
        ({"properties": None}, None),
        ({"properties": {"disk_format": {"type": ["null", "string"]}}}, None),
        ({"properties": {"disk_format": {"enum": [None, "raw", "iso"]}}}, ["iso", "raw"]),
    ],
)
def test_formats_are_those_of_the_schema_without_null(schema: t.Any, expected: t.Any) -> None:
    assert service.formats(schema, "disk_format") == expected


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (None, None),
        ({"usage": []}, None),
        ({"usage": {}}, {}),
        (
            {"usage": {"image_count_total": {"limit": -1, "usage": 3, "unit": "images"}}},
            {"image_count_total": {"limit": -1, "usage": 3}},
        ),
        ({"usage": {"image_count_total": {"limit": "many"}, "image_size_total": 4}}, {}),
    ],
)
def test_usage_is_by_the_name_of_the_limit(document: t.Any, expected: t.Any) -> None:
    assert service.usage(document) == expected
