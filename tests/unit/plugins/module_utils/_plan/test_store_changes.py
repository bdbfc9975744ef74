# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._errors import InvalidInput
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.image import Image
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.operations import DELETE, IMPORT, Operation
from ansible_collections.cloudimage.glance.plugins.module_utils._plan.desired_image import DesiredImage
from ansible_collections.cloudimage.glance.plugins.module_utils._plan.store_changes import (
    check_stores_can_change,
    copy_to_stores,
    differ_in_stores,
    is_copy,
    store_changes,
    store_operations,
)

ID = "8f4c9f1e-0a1c-4f1f-9f8e-3a7c5b0f6a11"


def image(stores: str | None = "b,a", status: str = "active") -> Image:
    return Image({"id": ID, "name": "n", "status": status, "stores": stores})


@pytest.mark.parametrize(
    ("wanted", "changes"),
    [
        (None, []),
        ((), []),
        (("a", "b"), []),
        (("b", "a"), []),
        (("c", "a"), [(["a", "b"], ["a", "c"])]),
    ],
)
def test_stores_that_differ_are_changed(wanted: tuple[str, ...] | None, changes: list[tuple[t.Any, t.Any]]) -> None:
    desired = DesiredImage(stores=wanted)
    found = store_changes(image(), desired)
    assert [(change.attribute, change.before, change.after) for change in found] == [("stores", *pair) for pair in changes]
    assert differ_in_stores(image(), desired) is bool(changes)


def copy(*stores: str) -> tuple[str, str, t.Any]:
    body = {"method": {"name": "copy-image"}, "stores": list(stores), "all_stores_must_succeed": True}
    return "POST", f"/v2/images/{ID}/import", body


def remove(store: str) -> tuple[str, str, t.Any]:
    return "DELETE", f"/v2/stores/{store}/{ID}", None


@pytest.mark.parametrize(
    ("wanted", "operations"),
    [
        (("a", "b"), []),
        (("a",), [remove("b")]),
        (("c", "a", "d"), [copy("c", "d"), remove("b")]),
        (("c",), [copy("c"), remove("a"), remove("b")]),
    ],
)
def test_data_are_copied_before_they_are_removed(wanted: tuple[str, ...], operations: list[tuple[str, str, t.Any]]) -> None:
    shown = [operation.to_result() for operation in store_operations(image(), wanted)]
    assert [(each["method"], each["path"], each.get("body")) for each in shown] == operations


def test_only_an_import_with_the_copy_method_is_a_copy() -> None:
    assert is_copy(copy_to_stores(ID, ["a"]))
    for method in ("a-method", "web-download"):
        assert not is_copy(Operation(IMPORT, ID, {"method": {"name": method}}))
    assert not is_copy(Operation(DELETE, ID))


@pytest.mark.parametrize(
    ("found", "wanted"),
    [(image(), ("a",)), (image(), ("a", "c")), (image(status="deactivated"), ("a",))],
)
def test_stores_that_can_change(found: Image, wanted: tuple[str, ...]) -> None:
    check_stores_can_change(found, wanted)


@pytest.mark.parametrize(
    ("found", "message"),
    [
        (image(None, "queued"), "has no data yet, so it is in no store"),
        (image("a", "queued"), "has no data yet, so it is in no store"),
        (image(None), "the cloud does not say in which stores"),
        (image(None, "deactivated"), "is deactivated, and of such an image the cloud does not show the stores"),
        (image(status="deactivated"), "has the status 'deactivated'; only an active image can be copied"),
        (image(status="uploading"), "has the status 'uploading'; only an active image can be copied"),
        (image(status="importing"), "has the status 'importing'; only an active image can be copied"),
    ],
)
def test_stores_that_cannot_change(found: Image, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        check_stores_can_change(found, ("a", "c"))
