# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._plan.property_rules import (
    SIMILAR,
    Definition,
    definitions_of,
    distance,
    problems_of,
)


def namespace(
    name: str = "N", prefix: str | None = None, kind: str = "OS::Glance::Image", **parts: t.Any
) -> dict[str, t.Any]:
    association = {"name": kind, **({"prefix": prefix} if prefix else {})}
    return {"namespace": name, "resource_type_associations": [association], **parts}


def problem(value: str, **schema: t.Any) -> str:
    """What is said against a value of the property 'key'; empty for nothing."""
    definitions = {"key": [Definition("N", schema)]}
    return " ".join(problems_of({"key": value}, definitions))


def test_definitions_have_the_prefix_of_images() -> None:
    flavors = {"name": "OS::Nova::Flavor", "prefix": "hw:"}
    both = namespace(prefix="hw_", properties={"cpu_policy": {"type": "string"}})
    both["resource_type_associations"].insert(0, flavors)
    assert definitions_of([both]) == {"hw_cpu_policy": [Definition("N", {"type": "string"})]}


def test_objects_group_definitions() -> None:
    grouped = namespace(
        properties={"plain": {"type": "string"}}, objects=[{"name": "MySQL", "properties": {"version": {"type": "string"}}}]
    )
    assert sorted(definitions_of([grouped])) == ["plain", "version"]


def test_definitions_for_other_resources_do_not_count() -> None:
    flavors = namespace(kind="OS::Nova::Flavor", properties={"quota": {"type": "string"}})
    assert definitions_of([flavors, {"namespace": "empty"}]) == {}


@pytest.mark.parametrize(
    ("value", "schema"),
    [
        ("anything", {"type": "string"}),
        ("anything", {}),
        ("scsi", {"type": "string", "enum": ["scsi", "virtio"]}),
        ("<in> other", {"type": "string", "enum": ["scsi"], "operators": ["<in>"]}),
        ("4", {"type": "integer", "minimum": 1, "maximum": 4}),
        ("2", {"type": "integer", "minimum": 1, "maximum": 4}),
        ("-4", {"type": "integer"}),
        ("2", {"type": "integer", "enum": [1, 2]}),
        ("1.5", {"type": "number", "minimum": 1.5}),
        ("1e3", {"type": "number"}),
        ("true", {"type": "boolean"}),
        ("No", {"type": "boolean"}),
        ("a, b", {"type": "array", "items": {"type": "string", "enum": ["a", "b"]}}),
        ("a,b", {"type": "array", "minItems": 2, "maxItems": 2, "uniqueItems": True}),
        ("a,b", {"type": "array", "minItems": 1, "maxItems": 3}),
        ("SCSI", {"type": "string", "enum": ["SCSI"]}),
        ("true", {"type": "string", "enum": [True]}),
        ("abc", {"type": "string", "minLength": 2, "maxLength": 4}),
        ("abc", {"type": "string", "minLength": 3, "maxLength": 3, "pattern": "^a"}),
        ("abc", {"type": "string", "pattern": "("}),
    ],
)
def test_a_value_that_the_definition_allows(value: str, schema: dict[str, t.Any]) -> None:
    assert problem(value, **schema) == ""


@pytest.mark.parametrize(
    ("value", "schema", "reason"),
    [
        ("ide", {"type": "string", "enum": ["scsi", "virtio"]}, "allowed are scsi, virtio"),
        ("SCSI", {"type": "string", "enum": ["scsi"]}, "allowed are scsi"),
        ("<all> other", {"type": "string", "enum": ["scsi"], "operators": ["<in>"]}, "allowed are scsi"),
        ("four", {"type": "integer"}, "an integer is needed"),
        ("4.0", {"type": "integer"}, "an integer is needed"),
        ("\u0664", {"type": "integer"}, "an integer is needed"),
        ("0", {"type": "integer", "minimum": 1}, "at least 1 is needed"),
        ("5", {"type": "integer", "maximum": 4}, "at most 4 is allowed"),
        ("3", {"type": "integer", "enum": [1, 2]}, "allowed are 1, 2"),
        ("one", {"type": "number"}, "a number is needed"),
        ("1.4", {"type": "number", "minimum": 1.5}, "at least 1.5 is needed"),
        ("maybe", {"type": "boolean"}, "true or false is needed"),
        ("a,c", {"type": "array", "items": {"enum": ["a", "b"]}}, "allowed are a, b"),
        ("a", {"type": "array", "minItems": 2}, "at least 2 values"),
        ("a,b,c", {"type": "array", "maxItems": 2}, "at most 2 values"),
        ("a,a", {"type": "array", "uniqueItems": True}, "each value is allowed once"),
        ("ab", {"type": "string", "minLength": 3}, "at least 3 characters"),
        ("abcd", {"type": "string", "maxLength": 3}, "at most 3 characters"),
        ("b", {"type": "string", "pattern": "^a"}, "must match the regular expression ^a"),
    ],
)
def test_a_value_that_the_definition_does_not_allow(value: str, schema: dict[str, t.Any], reason: str) -> None:
    found = problem(value, **schema)
    assert found.startswith(f"'key' has the value '{value}'; ")
    assert reason in found
    assert "(N)" in found


def test_one_of_several_definitions_is_enough() -> None:
    definitions = {"key": [Definition("A", {"enum": ["a"]}), Definition("B", {"enum": ["b"]})]}
    assert problems_of({"key": "b"}, definitions) == []
    assert problems_of({"key": "c"}, definitions) == ["'key' has the value 'c'; allowed are a (A), or allowed are b (B)."]


def test_an_unknown_name_is_a_problem() -> None:
    definitions = {"hw_disk_bus": [Definition("N", {})], "os_distro": [Definition("N", {})]}
    assert problems_of({"hw_disk_buss": "scsi"}, definitions) == [
        "'hw_disk_buss' is not among the metadata definitions of this cloud. Is 'hw_disk_bus' meant?"
    ]
    assert "Is 'hw_disk_bus' meant?" in problems_of({"hw_disk_bbus_": "scsi"}, definitions)[0]
    assert "meant" not in problems_of({"hw_disk_bbus__": "scsi"}, definitions)[0]
    assert problems_of({"owner_note": "x"}, definitions) == [
        "'owner_note' is not among the metadata definitions of this cloud."
    ]
    assert problems_of({"owner_note": "x"}, definitions, {"owner_note"}) == []


def test_removed_properties_and_those_of_other_options_are_not_compared() -> None:
    definitions = {"key": [Definition("N", {})]}
    assert problems_of({"gone": None, "kernel_id": "x", "ramdisk_id": "y"}, definitions) == []
    assert len(problems_of({"gone": None, "kernel_id": "x", "unknown": "y"}, definitions)) == 1


def test_glances_common_properties_need_no_definition() -> None:
    assert problems_of({"architecture": "x86_64"}, {"key": [Definition("N", {})]}) == []
    assert problems_of({"architecture": "vax"}, {"architecture": [Definition("N", {"enum": ["x86_64"]})]}) != []


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [("a", "a", 0), ("ab", "a", 1), ("ab", "ba", 2), ("abc", "abd", 1), ("a", "abcdef", SIMILAR + 1), ("", "ab", 2)],
)
def test_distance_counts_changed_characters(one: str, other: str, expected: int) -> None:
    pair = (one, other)
    assert distance(*pair) == distance(*reversed(pair)) == expected
