# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._errors import InvalidInput
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.properties import (
    check_property_key,
    desired_properties,
    is_changeable,
    property_value,
)


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        ("x", "x"),
        ("", ""),
        (True, "true"),
        (False, "false"),
        (1, "1"),
        (-3, "-3"),
        (1.5, "1.5"),
        (1.0, "1.0"),
        (None, None),
    ],
)
def test_property_value_is_stored_as_text(value: t.Any, stored: str | None) -> None:
    assert property_value("k", value) == stored


@pytest.mark.parametrize("value", [[], ["a"], {}, {"a": 1}])
def test_list_or_dictionary_as_property_value_is_rejected(value: t.Any) -> None:
    with pytest.raises(InvalidInput, match="properties: the value of 'k' is a (list|dict); a string"):
        property_value("k", value)


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("min_disk", "use the option 'min_disk'"),
        ("os_hidden", "use the option 'hidden'"),
        ("id", "use the option 'id'"),
        ("size", "set by Glance"),
        ("os_hash_value", "set by Glance"),
        ("stores", "set by Glance"),
        ("direct_url", "set by Glance"),
        ("locations", "set by Glance"),
        ("self", "set by Glance"),
        ("location", "reserved"),
        ("deleted_at", "reserved"),
        ("os_glance_import_task", "reserved"),
        ("", "has 0 characters"),
        ("k" * 256, "has 256 characters"),
        (" k", "white space"),
        ("k\t", "white space"),
        ("deactivate", "its code uses that name"),
        ("cloudimage_source_checksum", "this collection's own record"),
        ("k\U0001f600", r"beyond U\+FFFF"),
    ],
)
def test_reserved_property_name_is_rejected(key: str, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        check_property_key(key)


def test_properties_are_converted_to_text() -> None:
    assert desired_properties({1: 2, "a/b": True, "gone": None, "k" * 255: "x"}) == {
        "1": "2",
        "a/b": "true",
        "gone": None,
        "k" * 255: "x",
    }


def test_one_property_under_two_keys_is_refused() -> None:
    with pytest.raises(InvalidInput, match="'1' is given twice"):
        desired_properties({1: "a", "1": "b"})


@pytest.mark.parametrize(
    ("key", "changeable"),
    [
        ("os_distro", True),
        ("a b", True),
        ("deactivated", True),
        ("x__class__", True),
        ("deactivate", False),
        ("__class__", False),
        ("_abc_impl", False),
        (" a", False),
        ("a ", False),
    ],
)
def test_glance_changes_only_properties_whose_names_it_does_not_use(key: str, changeable: bool) -> None:
    assert is_changeable(key) is changeable
