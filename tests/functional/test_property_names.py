# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""Names of properties: those that Glance cannot change later are refused, and odd ones that it can change work."""

from __future__ import annotations

import json
import typing as t

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.json_patch import PATCH_CONTENT_TYPE
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.properties import NAMES_OF_GLANCE

from .cloud import Cloud

# Private names are refused by a pattern; these are some of them.
PRIVATE = ("__class__", "__dict__", "__doc__", "__init__", "_abc_impl", "_format_image_send", "_get_chunk_data_iterator")
ODD = (
    *(
        "a b",
        "a/b",
        "/a",
        "a/",
        "/",
        "~",
        "~0",
        "~1",
        "a~1b",
        "a.b",
        "a:b",
        "a,b",
        "-",
        "0",
        "..",
        "é",
        "中",
        "%2F",
        "a?b#c&d=e",
    ),
    *(
        "tags/0",
        "name/a",
        "type",
        "properties",
        "metadata",
        "is_public",
        "members",
        "data",
        "links",
        "_",
        "__",
        "_x",
    ),
    *('"', "'", "\\", "<a>", "{}", "[0]", "a\tb\nc", "x" * 255, "A", "On", "null", "true"),
)


# Properties of these names can be removed in Glance 22, as far as the API goes: its outermost class is another one.
REMOVABLE_IN_GLANCE_22 = frozenset(
    {
        *("_abc_impl", "_format_image_send", "_get_chunk_data_iterator", "get_payload", "get_super_class"),
        *("member", "notifier", "repo", "send_notification"),
    }
)


def reserved_names() -> list[t.Any]:
    since_28 = pytest.mark.since_glance(28, "removes properties of some more names")
    return [
        pytest.param(name, marks=[since_28] if name in REMOVABLE_IN_GLANCE_22 else [])
        for name in sorted({*NAMES_OF_GLANCE, *PRIVATE})
    ]


@pytest.mark.parametrize("name_of_glance", sorted({*NAMES_OF_GLANCE, *PRIVATE}))
def test_property_that_glance_cannot_change_is_rejected(alice: Cloud, name: str, name_of_glance: str) -> None:
    message = alice.fails("image", name=name, properties={name_of_glance: "one"})
    assert f"properties: '{name_of_glance}' is reserved by Glance" in message


@pytest.mark.parametrize("name_of_glance", reserved_names())
def test_glance_sets_a_property_of_a_reserved_name_but_does_not_remove_it(
    alice: Cloud, name: str, name_of_glance: str
) -> None:
    made = alice.make(name, None, **{name_of_glance: "one"})
    assert made[name_of_glance] == "one"
    removal = json.dumps([{"op": "remove", "path": f"/{name_of_glance}"}])
    headers = {"Content-Type": PATCH_CONTENT_TYPE}
    answer = alice.call("PATCH", f"/images/{made['id']}", data=removal, headers=headers, raise_exc=False)
    assert answer.status_code == 403


@pytest.mark.parametrize("left", ["context", " a"])
def test_purge_of_a_property_that_glance_cannot_remove_is_rejected(alice: Cloud, name: str, left: str) -> None:
    made = alice.make(name, None, **{left: "one", "other": "two"})
    message = alice.fails("image", name=name, properties={}, purge_properties=True)
    assert f"has the property '{left}', which Glance cannot remove" in message
    assert alice.show(made["id"]) == made


def test_unusual_names_are_set_changed_and_removed(alice: Cloud, name: str) -> None:
    for value in ("one", "two", None):
        properties = dict.fromkeys(ODD, value)
        image = alice.thrice("image", name=name, properties=properties).image
        assert image["properties"] == ({} if value is None else properties)


@pytest.mark.since_glance(28, "sets the property 'image' of a new image only")
def test_property_named_image_is_set_changed_and_removed(alice: Cloud, name: str) -> None:
    for value in ("one", "two", None):
        image = alice.thrice("image", name=name, properties={"image": value}).image
        assert image["properties"] == ({} if value is None else {"image": value})


@pytest.mark.variant("glance-22")
def test_property_that_an_old_glance_does_not_change_is_an_error(alice: Cloud, name: str) -> None:
    alice.make(name, None, image="one")
    message = alice.run("image", name=name, properties={"image": "two"}).message
    assert "did not apply: image." in message
