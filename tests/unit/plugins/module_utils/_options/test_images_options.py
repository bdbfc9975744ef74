# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._argspec import IMAGE
from ansible_collections.cloudimage.glance.plugins.module_utils._errors import InvalidInput
from ansible_collections.cloudimage.glance.plugins.module_utils._options.images import ImagesOptions
from ansible_collections.cloudimage.glance.tests.unit.plugins.module_utils.parsed import params_of

ID = "8f4c9f1e-0a1c-4f1f-9f8e-3a7c5b0f6a11"


def parse(*entries: dict[str, t.Any], parallel: int = 4) -> ImagesOptions:
    return ImagesOptions.from_params({"images": entries, "parallel": parallel}, lambda entry: params_of(IMAGE, **entry))


def test_entries_keep_their_order() -> None:
    options = parse({"name": "b"}, {"name": "a", "state": "absent"}, parallel=32)
    assert [(image.selection.name, image.state) for image in options.images] == [("b", "present"), ("a", "absent")]
    assert options.parallel == 32


def test_same_name_in_two_projects_means_two_images() -> None:
    assert len(parse({"name": "a", "owner": "p"}, {"name": "a", "owner": "q"}, {"id": ID, "name": "a"}).images) == 3


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ([{"name": "a"}, {"name": ""}], r"images\[1\] '': name: '' has 0 characters"),
        ([{"name": "a"}, {"id": "x"}], r"images\[1\] 'x': id: 'x' is not an image id"),
        ([{"name": "a"}, {"name": "a"}], r"images\[1\] 'a': another one in the list"),
        ([{"name": "a", "owner": "p"}, {"name": "a"}], r"images\[1\] 'a': another one in the list"),
        ([{"name": "a"}, {"name": "a", "owner": "p"}], r"images\[1\] 'a': another one in the list"),
        ([{"id": ID}, {"id": ID.upper()}], "another one in the list"),
    ],
)
def test_invalid_entries_are_rejected(entries: list[dict[str, t.Any]], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        parse(*entries)


@pytest.mark.parametrize("parallel", [0, 33])
def test_number_at_a_time_is_limited(parallel: int) -> None:
    with pytest.raises(InvalidInput, match="1 to 32 images at a time"):
        parse(parallel=parallel)
