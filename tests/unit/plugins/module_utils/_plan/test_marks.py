# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.image import Image
from ansible_collections.cloudimage.glance.plugins.module_utils._plan.desired_image import DesiredImage
from ansible_collections.cloudimage.glance.plugins.module_utils._plan.marks import (
    Properties,
    has_own_marks,
    with_record,
    without_marks,
)
from ansible_collections.cloudimage.glance.plugins.module_utils._plan.plan import plan_create, plan_update

OF_GLANCE = "8f4c9f1e-0a1c-4f1f-9f8e-3a7c5b0f6a11"
CHOSEN = "8f4c9f1e-0a1c-5f1f-9f8e-3a7c5b0f6a11"
CATALOGUE, MARKED_ID = "cloudimage_catalogue", "cloudimage_marked_id"
PUBLISHED_AS, ROLLED_BACK = "cloudimage_published_as", "cloudimage_rolled_back"


@pytest.mark.parametrize(
    ("image_id", "properties", "record"),
    [
        (OF_GLANCE, {CATALOGUE: "base"}, OF_GLANCE),
        (OF_GLANCE, {PUBLISHED_AS: "n"}, OF_GLANCE),
        (OF_GLANCE, {"cloudimage_version": "1"}, None),
        (OF_GLANCE, {CATALOGUE: None}, None),
        (OF_GLANCE, {}, None),
        (CHOSEN, {CATALOGUE: "base"}, None),
        (None, {CATALOGUE: "base"}, None),
    ],
)
def test_id_is_recorded_beside_a_mark(image_id: str | None, properties: Properties, record: str | None) -> None:
    expected = {**properties, **({MARKED_ID: record} if record else {})}
    assert with_record(image_id, properties, {"p": "1"}) == expected


@pytest.mark.parametrize(
    ("current", "removed"),
    [
        ({CATALOGUE: "other"}, {}),  # the task names it
        ({PUBLISHED_AS: "n", ROLLED_BACK: "true", "p": "1"}, {PUBLISHED_AS: None, ROLLED_BACK: None}),
        ({PUBLISHED_AS: "n", MARKED_ID: CHOSEN}, {PUBLISHED_AS: None}),
        ({PUBLISHED_AS: "n", MARKED_ID: OF_GLANCE}, {}),  # its own
    ],
)
def test_marks_that_were_copied_end_with_the_first_own_one(current: Properties, removed: Properties) -> None:
    assert with_record(OF_GLANCE, {CATALOGUE: "base"}, current) == {CATALOGUE: "base", MARKED_ID: OF_GLANCE, **removed}


def test_marks_are_removed_with_the_record_of_the_id() -> None:
    properties = ["p", CATALOGUE, ROLLED_BACK, MARKED_ID]
    assert without_marks(properties) == {CATALOGUE: None, ROLLED_BACK: None, MARKED_ID: None}


@pytest.mark.parametrize(
    ("image_id", "record", "is_own"),
    [
        (OF_GLANCE, OF_GLANCE, True),
        (OF_GLANCE, None, False),
        (OF_GLANCE, CHOSEN, False),
        (CHOSEN, None, True),
        (CHOSEN, OF_GLANCE, True),
    ],
)
def test_marks_count_on_the_image_that_got_them(image_id: str, record: str | None, is_own: bool) -> None:
    image = Image({"id": image_id, **({MARKED_ID: record} if record else {})})
    assert has_own_marks(image) == is_own


def test_mark_of_a_new_image_comes_with_an_id_that_the_task_named() -> None:
    desired = DesiredImage({"name": "n"}, {CATALOGUE: "base"})
    assert plan_create(desired, OF_GLANCE).operations[0].body[MARKED_ID] == OF_GLANCE
    assert MARKED_ID not in plan_create(desired, None).operations[0].body


def test_copied_record_is_corrected_when_the_image_is_marked() -> None:
    image = Image({"id": OF_GLANCE, "name": "n", "status": "queued", CATALOGUE: "base", MARKED_ID: CHOSEN})
    plan = plan_update(image, DesiredImage(properties={CATALOGUE: "base"}))
    assert [(change.key, change.before, change.after) for change in plan.changes] == [(MARKED_ID, CHOSEN, OF_GLANCE)]
