# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._errors import ApiError, ErrorResponse
from ansible_collections.cloudimage.glance.plugins.module_utils._module.member_lists import list_members_of
from ansible_collections.cloudimage.glance.tests.unit.plugins.module_utils._module.cloud_tables import CloudTables, image


class RefusingCloud(CloudTables):
    """A cloud that answers each request for members with an error."""

    def __init__(self, http_status: int, effective_status: int | None = None) -> None:
        super().__init__()
        self.error = ApiError(ErrorResponse("GET", "/v2/images", http_status, "No.", effective_status))

    def list_members(self, _image_id: str) -> t.NoReturn:
        raise self.error


def test_only_images_that_may_have_members_cost_a_request() -> None:
    cloud = CloudTables()
    cloud.members = {"a": {"q": "accepted"}, "b": {}}
    images = [image("a", visibility="shared"), image("p"), image("b", visibility=None), image("c", visibility="community")]
    warnings: list[str] = []
    assert list_members_of(cloud.api, images, warnings) == [[{"member_id": "q", "status": "accepted"}], [], [], []]
    assert sorted(cloud.requests) == ["members a", "members b"]
    assert warnings == []
    assert list_members_of(cloud.api, [], warnings) == []


@pytest.mark.parametrize(
    ("http_status", "effective_status"), [(403, None), (404, None), (405, None), (501, None), (404, 421), (400, 403)]
)
def test_members_that_the_cloud_does_not_list_are_null(http_status: int, effective_status: int | None) -> None:
    warnings: list[str] = []
    cloud = RefusingCloud(http_status, effective_status)
    assert list_members_of(cloud.api, [image("p"), image("a", visibility="shared")], warnings) == [[], None]
    assert warnings == [
        (
            "The cloud did not list the members of these images, so their 'members' are null: Image a 'n' (GET /v2/images"
            f" was answered HTTP {http_status}: No.)."
        )
    ]


def test_warning_names_ten_images() -> None:
    for number, end in ((10, "No.)."), (12, "; and 2 more.")):
        warnings: list[str] = []
        images = [image(f"i{each}", visibility="shared") for each in range(number)]
        assert list_members_of(CloudTables().api, images, warnings) == [None] * number
        assert warnings[0].count("Image i") == 10
        assert warnings[0].endswith(end)


@pytest.mark.parametrize(("http_status", "effective_status"), [(500, None), (401, None), (400, None), (400, 409)])
def test_other_errors_fail_the_task(http_status: int, effective_status: int | None) -> None:
    cloud = RefusingCloud(http_status, effective_status)
    with pytest.raises(ApiError) as error:
        list_members_of(cloud.api, [image("a", visibility="shared")], [])
    assert error.value is cloud.error
