# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

import datetime
import typing as t

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.image import Image
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.image_ids import (
    LONG_SLOT,
    derived_ids,
    has_derived_id,
)

NOW = datetime.datetime(2026, 11, 21, 12, 5, 30, tzinfo=datetime.timezone.utc)


def later(seconds: float) -> datetime.datetime:
    return NOW + datetime.timedelta(seconds=seconds)


def test_two_runs_at_the_same_time_try_the_same_ids() -> None:
    assert derived_ids("p", "a", NOW) == derived_ids("p", "a", later(0.4))
    assert derived_ids("p", "a", NOW)[0] == derived_ids("p", "a", later(200))[0]


def test_ids_differ_by_project_name_and_time() -> None:
    ids = [derived_ids(project, name, when) for project in "pq" for name in "ab" for when in (NOW, later(LONG_SLOT))]
    assert len({each for pair in ids for each in pair}) == 16
    assert derived_ids("p", "a", NOW)[1] != derived_ids("p", "a", later(1))[1]


def test_first_id_is_that_of_ten_minutes() -> None:
    start, end = later(-330), later(269)  # 12:00:00 and 12:09:59
    assert derived_ids("p", "a", start)[0] == derived_ids("p", "a", end)[0]
    assert derived_ids("p", "a", start)[0] != derived_ids("p", "a", later(-331))[0]
    assert derived_ids("p", "a", end)[0] != derived_ids("p", "a", later(270))[0]


@pytest.mark.parametrize(
    ("number", "created_at", "own"),
    [
        # The first id is that of 12:00:00 to 12:09:59, and the clocks may differ by two minutes.
        (0, "2026-11-21T11:57:59Z", False),
        (0, "2026-11-21T11:58:00Z", True),
        (0, "2026-11-21T12:11:59Z", True),
        (0, "2026-11-21T12:12:00Z", False),
        # The second id is that of 12:05:30.
        (1, "2026-11-21T12:03:29Z", False),
        (1, "2026-11-21T12:03:30Z", True),
        (1, "2026-11-21T12:07:30Z", True),
        (1, "2026-11-21T12:07:31Z", False),
    ],
)
def test_clocks_may_differ_by_two_minutes(number: int, created_at: str, own: bool) -> None:
    image = Image({"id": derived_ids("p", "a", NOW)[number], "owner": "p", "created_at": created_at})
    assert has_derived_id(image, "a") is own


@pytest.mark.parametrize("number", [0, 1])
@pytest.mark.parametrize(
    ("attributes", "own"),
    [
        ({}, True),
        ({"created_at": "2026-11-21T12:07:20Z"}, True),  # the cloud's clock is fast
        ({"created_at": "2026-11-21T12:03:40Z"}, True),  # or slow
        ({"created_at": "2026-11-21T12:05:30"}, True),
        ({"created_at": "2026-11-21T17:05:30+05:00"}, True),
        ({"created_at": "2026-11-21T13:05:30Z"}, False),
        ({"created_at": None}, False),
        ({"created_at": "yesterday"}, False),
        ({"owner": "q"}, False),
        ({"id": "8f4c9f1e-0a1c-4f1f-9f8e-3a7c5b0f6a11"}, False),
    ],
)
def test_image_that_this_collection_created_is_recognised(number: int, attributes: dict[str, t.Any], own: bool) -> None:
    image = Image(
        {"id": derived_ids("p", "a", NOW)[number], "owner": "p", "created_at": "2026-11-21T12:05:30Z", **attributes}
    )
    assert has_derived_id(image, "a") is own
    assert not has_derived_id(image, "b")
