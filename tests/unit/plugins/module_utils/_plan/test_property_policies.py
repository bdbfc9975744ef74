# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._plan.property_policies import (
    SCS_0102,
    document_of,
    external_references,
    names_in,
)


def test_the_document_of_an_image_has_defaults_and_neither_nulls_nor_records() -> None:
    records = {"cloudimage_source_checksum": "c", "os_glance_import_task": "t"}
    image = {"name": "n", "min_disk": None, "min_ram": 512, "size": None, "properties": {"a": "b", **records}}
    assert document_of(image) == {
        "name": "n",
        "min_disk": 0,
        "min_ram": 512,
        "protected": False,
        "os_hidden": False,
        "properties": {"a": "b"},
    }


@pytest.mark.parametrize(
    ("schema", "names"),
    [
        ({"properties": {"properties": {"properties": {"a": {}, "b": {}}}}}, {"a", "b"}),
        ({"properties": {"name": {}}}, set()),
        ({}, set()),
        ({"properties": {"properties": True}}, set()),
    ],
)
def test_the_names_of_a_policy_are_those_of_its_properties(schema: dict[str, t.Any], names: set[str]) -> None:
    assert names_in(schema) == names


def test_the_policy_of_the_collection_names_its_properties() -> None:
    assert {"os_distro", "image_build_date", "hotfix_hours"} <= names_in(SCS_0102)
    assert external_references(SCS_0102) == []


def test_the_policy_of_the_collection_demands_sizes_and_texts() -> None:
    """Glance stores 0 for a size that nobody has set."""
    required = SCS_0102["properties"]
    assert [required[size]["minimum"] for size in ("min_disk", "min_ram")] == [1, 1]
    assert required["properties"]["properties"]["os_distro"] == {"type": "string", "minLength": 1}


@pytest.mark.parametrize(
    ("schema", "references"),
    [
        ({"$ref": "https://example.com/s"}, ["https://example.com/s"]),
        ({"properties": {"a": {"$ref": "#/$defs/a"}}}, []),
        ({"allOf": [{"$ref": "other.json"}, {"$ref": "#"}]}, ["other.json"]),
        (True, []),
    ],
)
def test_references_to_other_documents_are_found(schema: t.Any, references: list[str]) -> None:
    assert external_references(schema) == references
