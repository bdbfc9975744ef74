# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._argspec import IMAGE_STATE
from ansible_collections.cloudimage.glance.plugins.module_utils._errors import InvalidInput
from ansible_collections.cloudimage.glance.plugins.module_utils._options.image_state import ImageStateOptions
from ansible_collections.cloudimage.glance.tests.unit.plugins.module_utils.parsed import params_of

ID = "8f4c9f1e-0a1c-4f1f-9f8e-3a7c5b0f6a11"


def test_images_are_given_by_id_and_by_name() -> None:
    options = ImageStateOptions.from_params(params_of(IMAGE_STATE, id=[ID], name=["a", "b"], state="active"))
    assert options == ImageStateOptions((ID,), ("a", "b"), "active")
    for given in ({"id": [ID]}, {"name": ["a"]}):
        named = ImageStateOptions.from_params(params_of(IMAGE_STATE, **given, state="active"))
        assert (named.ids, named.names) == (tuple(given.get("id", ())), tuple(given.get("name", ())))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"id": ["x"]}, "id: 'x' is not an image id"),
        ({"name": [""]}, "name: '' has 0 characters"),
        ({"name": []}, "id, name: no image is named"),
    ],
)
def test_invalid_options_are_rejected(options: dict[str, t.Any], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        ImageStateOptions.from_params(params_of(IMAGE_STATE, state="active", **options))
