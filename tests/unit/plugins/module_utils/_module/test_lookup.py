# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

import types
import typing as t

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._errors import InvalidInput
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.image import Image
from ansible_collections.cloudimage.glance.plugins.module_utils._module.lookup import choose, find_by_name

IMAGES = [
    Image({"id": "b", "name": "n", "status": "active", "created_at": "2026-01-02T00:00:00Z"}),
    Image({"id": "a", "name": "n", "status": "active", "created_at": "2026-01-02T00:00:00Z"}),
    Image({"id": "c", "name": "n", "status": "active", "created_at": "2026-01-01T00:00:00Z"}),
]


class CaseInsensitiveApi:
    """As a Glance on a database that compares without regard to case."""

    connection = types.SimpleNamespace(project_id="p", is_admin=False, tells_project=True)

    def __init__(self, shown: list[str], hidden: list[str]) -> None:
        self.names = {False: shown, True: hidden}

    def list_images(self, query: t.Sequence[tuple[str, str]]) -> t.Iterator[Image]:
        asked = dict(query)["name"].removeprefix("eq:").lower()
        hidden = ("os_hidden", "true") in query
        for name in self.names[hidden]:
            if name.lower() == asked:
                yield Image({"id": f"{name}-{hidden}", "name": name, "status": "active"})


@pytest.mark.parametrize(
    ("shown", "hidden", "hidden_too", "found"),
    [
        (["Ubuntu"], [], False, []),
        (["Ubuntu", "ubuntu"], [], False, ["ubuntu"]),
        (["Ubuntu"], ["ubuntu"], False, ["ubuntu"]),
        (["ubuntu"], ["ubuntu"], False, ["ubuntu"]),
        (["ubuntu"], ["ubuntu", "UBUNTU"], True, ["ubuntu", "ubuntu"]),
    ],
)
def test_names_are_compared_as_they_stand(shown: list[str], hidden: list[str], hidden_too: bool, found: list[str]) -> None:
    api = CaseInsensitiveApi(shown, hidden)
    images = find_by_name(api, "ubuntu", hidden_too=hidden_too)  # type: ignore[arg-type]
    assert [image.name for image in images] == found


def test_choose() -> None:
    assert [image.id for image in choose(IMAGES, "n", "newest")] == ["b"]
    assert [image.id for image in choose(IMAGES, "n", "oldest")] == ["c"]
    assert choose(IMAGES, "n", "all") == IMAGES
    assert choose(IMAGES[:1], "n", "fail") == IMAGES[:1]
    with pytest.raises(InvalidInput, match="name: 'n' means 3 images"):
        choose(IMAGES, "n", "fail")
