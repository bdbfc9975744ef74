# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

import datetime
import typing as t

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._errors import InvalidInput
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.image import Image
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.image_ids import derived_ids
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.image_names import candidate_name, id_source
from ansible_collections.cloudimage.glance.plugins.module_utils._options.catalogue import PruneOptions
from ansible_collections.cloudimage.glance.plugins.module_utils._plan.catalogue import (
    CatalogueEntries,
    check_limits,
    plan_prune,
    unlisted,
)

PROJECT = "p1"
NOW = datetime.datetime(2026, 11, 21, 0, 0, 1, tzinfo=datetime.timezone.utc)
OLD_ID = "8f4c9f1e-0a1c-4f1f-9f8e-3a7c5b0f6a11"
OTHER_ID = "9f4c9f1e-0a1c-4f1f-9f8e-3a7c5b0f6a11"
OWN_ID = "8f4c9f1e-0a1c-5f1f-9f8e-3a7c5b0f6a11"


def image(name: str = "n", **fields: t.Any) -> Image:
    return Image(
        {
            "id": OLD_ID,
            "name": name,
            "status": "active",
            "owner": PROJECT,
            "visibility": "private",
            "os_hidden": False,
            "protected": False,
            "created_at": "2026-11-21T00:00:01Z",
            "cloudimage_catalogue": "base",
            "cloudimage_marked_id": OLD_ID,
            **fields,
        }
    )


def without_owner() -> Image:
    return Image({key: value for key, value in image().fields.items() if key != "owner"})


TEMPORARY = f"n-replacing-{OLD_ID}"
REPLACEMENT = image(TEMPORARY, id=derived_ids(PROJECT, TEMPORARY, NOW)[0], os_hidden=True)
CANDIDATE, LONG_CANDIDATE = (
    image(candidate_name(name), id=derived_ids(PROJECT, id_source(Image({"name": name})), NOW)[0], os_hidden=True)
    for name in ("n", "n" * 255)
)


@pytest.mark.parametrize(
    ("candidate", "listed", "is_unlisted"),
    [
        (image(), CatalogueEntries(), True),
        (image(), CatalogueEntries(names={"other"}), True),
        (image(), CatalogueEntries(names={"n"}), False),
        (image(), CatalogueEntries(ids={OLD_ID}), False),
        (image("N"), CatalogueEntries(names={"n"}), True),
        (image(os_hidden=True), CatalogueEntries(), True),
        (image(status="queued"), CatalogueEntries(), True),
        # Clouds that take no notice of a condition, or compare without regard to case.
        (image(cloudimage_catalogue="other"), CatalogueEntries(), False),
        (image(cloudimage_catalogue="Base"), CatalogueEntries(), False),
        (image(cloudimage_catalogue=None), CatalogueEntries(), False),
        (image(owner="p2"), CatalogueEntries(), False),
        (image(owner=None), CatalogueEntries(), False),
        (without_owner(), CatalogueEntries(), True),
        (image(status="deleted"), CatalogueEntries(), False),
        (image(status="pending_delete"), CatalogueEntries(), False),
        # Images to which Nova or Cinder copied the mark of another one.
        (image(id=OTHER_ID), CatalogueEntries(), False),
        (image(cloudimage_marked_id=None), CatalogueEntries(), False),
        (image(id=OWN_ID, cloudimage_marked_id=None), CatalogueEntries(), True),
        (image(id=OWN_ID), CatalogueEntries(), True),
        # The new image of a replacement that was interrupted belongs to the image that it replaces.
        (REPLACEMENT, CatalogueEntries(names={"n"}), False),
        (REPLACEMENT, CatalogueEntries(ids={OLD_ID}), False),
        (REPLACEMENT, CatalogueEntries(), True),
        # So does the candidate for a name that no image has yet.
        (CANDIDATE, CatalogueEntries(names={"n"}), False),
        (CANDIDATE, CatalogueEntries(names={"n", "m"}), False),
        (CANDIDATE, CatalogueEntries(names={"m"}), True),
        (image("n-candidate", id=CANDIDATE.id), CatalogueEntries(names={"n"}), True),
        (image("n-candidate", id=OLD_ID, os_hidden=True), CatalogueEntries(names={"n"}), True),
        (LONG_CANDIDATE, CatalogueEntries(names={"n" * 255}), False),
        # An image that only has such a name does not.
        (image(TEMPORARY, id=OTHER_ID, cloudimage_marked_id=OTHER_ID), CatalogueEntries(names={"n"}), True),
    ],
)
def test_image_that_no_entry_names_is_unlisted(candidate: Image, listed: CatalogueEntries, is_unlisted: bool) -> None:
    assert unlisted([candidate], "base", PROJECT, listed) == ([candidate] if is_unlisted else [])


def test_unlisted_images_are_sorted_and_named_once() -> None:
    b, a = image("b", id=OWN_ID), image("a")
    assert unlisted([b, a, b], "base", PROJECT, CatalogueEntries()) == [a, b]


@pytest.mark.parametrize(
    ("action", "fields", "calls"),
    [
        ("hide", {}, [("PATCH", [{"op": "replace", "path": "/os_hidden", "value": True}])]),
        ("hide", {"os_hidden": True}, []),
        ("hide", {"status": "queued"}, [("PATCH", [{"op": "replace", "path": "/os_hidden", "value": True}])]),
        ("deactivate", {}, [("POST", None)]),
        ("deactivate", {"status": "deactivated"}, []),
        ("deactivate", {"status": "queued"}, []),
        ("delete", {}, [("DELETE", None)]),
        (
            "delete",
            {"protected": True},
            [("PATCH", [{"op": "replace", "path": "/protected", "value": False}]), ("DELETE", None)],
        ),
    ],
)
def test_action_of_prune_becomes_requests(action: str, fields: dict[str, t.Any], calls: list[tuple[str, t.Any]]) -> None:
    plan = plan_prune(image(**fields), action, force=True)
    assert [(operation.call.method, operation.body) for operation in plan.operations] == calls
    assert plan.image_id == OLD_ID
    assert plan.changed is bool(calls)


def test_hiding_changes_one_attribute() -> None:
    (change,) = plan_prune(image(), "hide", force=True).changes
    assert (change.attribute, change.before, change.after) == ("os_hidden", False, True)


@pytest.mark.parametrize("action", ["hide", "deactivate", "delete"])
def test_protected_image_is_left_alone_without_force(action: str) -> None:
    with pytest.raises(InvalidInput, match="'n' is protected, and would be .*It was left as it is"):
        plan_prune(image(protected=True), action, force=False)


def test_protected_image_that_needs_no_change_is_no_error() -> None:
    assert not plan_prune(image(protected=True, os_hidden=True), "hide", force=False).changed


@pytest.mark.parametrize(
    ("images", "most", "force"),
    [([image()], 1, False), ([image()], 2, False), ([], 0, False), ([image(protected=True)], 1, True)],
)
def test_pruning_within_the_limits_is_allowed(images: list[Image], most: int, force: bool) -> None:
    check_limits(images, PruneOptions("base", "delete", most, force))


@pytest.mark.parametrize(
    ("images", "most", "force", "message"),
    [
        ([image()], 0, True, "1 images would be deleted, and at most 0 may be: .*'n'.*Nothing was changed"),
        ([image(id=str(number)) for number in range(12)], 10, False, "12 images would be deleted.*; and 2 more"),
        ([image(protected=True)], 1, False, "protected images would be deleted: .*'n'.*'force: true'"),
    ],
)
def test_pruning_beyond_the_limits_is_refused(images: list[Image], most: int, force: bool, message: str) -> None:
    with pytest.raises(InvalidInput, match=message) as caught:
        check_limits(images, PruneOptions("base", "delete", most, force))
    assert caught.value.details["candidates"] == [each.id for each in images]
