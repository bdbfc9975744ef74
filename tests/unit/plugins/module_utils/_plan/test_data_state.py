# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

import dataclasses
import typing as t

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._errors import InvalidInput
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.image import Image
from ansible_collections.cloudimage.glance.plugins.module_utils._plan.data_state import (
    DataState,
    data_state,
    is_abandoned,
    max_wait,
)
from ansible_collections.cloudimage.glance.plugins.module_utils._plan.desired_image import DataSpec

IMAGE = Image({"id": "8f4c9f1e-0a1c-4f1f-9f8e-3a7c5b0f6a11", "name": "n", "status": "active", "size": 3})


def altered(image: Image, **fields: t.Any) -> Image:
    return Image({**image.fields, **fields})


QUEUED = altered(IMAGE, status="queued", size=None)
DATA = DataSpec("path", "/f", 9)
DAY = 24 * 3600


@pytest.mark.parametrize(
    ("image", "same", "awaited", "state"),
    [
        (IMAGE, True, True, DataState.SAME),
        (IMAGE, False, True, DataState.OTHER),
        (altered(IMAGE, status="deactivated"), True, True, DataState.SAME),
        (QUEUED, None, True, DataState.NONE),
        (altered(QUEUED, os_glance_failed_import="fast"), None, True, DataState.NONE),
        (altered(IMAGE, status="saving"), None, False, DataState.COMING),
        (altered(QUEUED, os_glance_import_task="t"), None, False, DataState.COMING),
        (altered(IMAGE, status="saving"), None, True, "has the status 'saving': its data are being sent"),
        (
            altered(QUEUED, os_glance_import_task="t"),
            None,
            True,
            "has the status 'queued': its data are being sent",
        ),
        (altered(IMAGE, status="killed"), None, True, "has the status 'killed' and can take no data"),
    ],
)
def test_state_of_the_data_depends_on_status_and_comparison(
    image: Image, same: bool | None, awaited: bool, state: t.Any
) -> None:
    def compare(_image: t.Any) -> bool:
        assert same is not None
        return same

    data = dataclasses.replace(DATA, awaited=awaited)
    if isinstance(state, DataState):
        assert data_state(image, data, compare) is state
    else:
        with pytest.raises(InvalidInput, match=state):
            data_state(image, data, compare)


@pytest.mark.parametrize(
    ("changes_of_image", "age", "abandoned"),
    [
        ({"status": "saving"}, 3600, False),
        ({"status": "saving"}, DAY, True),
        ({"status": "saving"}, DAY + 1, True),
        ({"status": "uploading", "size": None}, 3600, False),
        ({"status": "uploading", "size": 3}, 9, False),
        ({"status": "uploading", "size": 3}, 10, True),
        ({"status": "uploading", "size": 3, "os_glance_import_task": "t"}, DAY, False),
        ({"status": "importing"}, DAY, False),
    ],
)
def test_upload_is_abandoned_after_its_limit(changes_of_image: dict[str, t.Any], age: float, abandoned: bool) -> None:
    assert is_abandoned(altered(IMAGE, **changes_of_image), age, staged_limit=10, upload_limit=DAY) is abandoned


@pytest.mark.parametrize(
    ("attributes", "age", "seconds"),
    [
        ({"status": "saving"}, 5, 60),
        ({"status": "uploading", "size": None}, 500, 60),
        ({"status": "uploading"}, 4, 6),
        ({"status": "uploading"}, 11, 0),
        ({"status": "uploading", "os_glance_import_task": "t"}, 11, 60),
        ({"status": "importing"}, 500, 60),
    ],
)
def test_staged_data_are_waited_for_only_briefly(attributes: dict[str, t.Any], age: float, seconds: float) -> None:
    assert max_wait(altered(IMAGE, **attributes), age, wait=60, staged_limit=10) == seconds
