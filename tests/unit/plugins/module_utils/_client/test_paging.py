# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The pages of a list, whatever the cloud makes of the links between them."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._client.paging import MAX_BARREN_PAGES, images_of_pages
from ansible_collections.cloudimage.glance.plugins.module_utils._errors import ApiError, ErrorResponse, GlanceError

Answer: t.TypeAlias = "dict[str, t.Any] | ApiError"


def page(*ids: str, following: t.Any = None) -> dict[str, t.Any]:
    return {"images": [{"id": each, "name": "n", "status": "active"} for each in ids], "next": following}


def refusal(status: int) -> ApiError:
    return ApiError(ErrorResponse("GET", "/v2/images", status, "no"))


class Pages:
    """The answers to each marker, in turn; the markers that were asked for."""

    def __init__(self, answers: dict[str | None, list[Answer]]) -> None:
        self._answers = answers
        self.markers: list[str | None] = []

    def __call__(self, marker: str | None) -> dict[str, t.Any]:
        self.markers.append(marker)
        answer = self._answers[marker].pop(0)
        if isinstance(answer, ApiError):
            raise answer
        return answer


def ids_of(pages: Pages) -> list[str]:
    return [image.id for image in images_of_pages(pages)]


def test_an_image_on_two_pages_is_listed_once() -> None:
    pages = Pages(
        {
            None: [page("1", "2", following="/v2/images?tag=b&marker=2")],
            "2": [page("2", "3", following="http://foreign/?marker=3")],
            "3": [page()],
        }
    )
    assert ids_of(pages) == ["1", "2", "3"]
    assert pages.markers == [None, "2", "3"]


def test_no_page_is_fetched_before_it_is_needed() -> None:
    pages = Pages({None: [page("1", "2", following="?marker=2")]})
    images = images_of_pages(pages)
    assert pages.markers == []
    assert [next(images).id, next(images).id] == ["1", "2"]
    assert pages.markers == [None]


def test_pages_in_a_circle_are_refused() -> None:
    pages = Pages({None: [page("1", following="?marker=1")], "1": [page("2", following="?marker=1")]})
    with pytest.raises(GlanceError, match="list of images never ends"):
        ids_of(pages)


def test_pages_without_new_images_are_refused_in_the_end() -> None:
    answers: dict[str | None, list[Answer]] = {None: [page(following="?marker=1")]}
    answers |= {str(number): [page(following=f"?marker={number + 1}")] for number in range(1, 2 * MAX_BARREN_PAGES)}
    pages = Pages(answers)
    with pytest.raises(GlanceError, match="list of images never ends"):
        ids_of(pages)
    assert len(pages.markers) == MAX_BARREN_PAGES + 1


def test_more_pages_than_any_list_has_are_refused() -> None:
    pages = Pages({None: [page("1", following="?marker=1")], "1": [page("2", following="?marker=2")]})
    with pytest.raises(GlanceError, match="list of images never ends.*after 2 images"):
        list(images_of_pages(pages, max_pages=2))


def test_a_page_is_fetched_again_if_the_image_that_it_ended_with_was_deleted() -> None:
    pages = Pages(
        {
            None: [page("1", "2", following="?marker=2"), page("1", "3", following="?marker=3")],
            "2": [page("3", "4", following="?marker=4"), refusal(404)],
            "4": [refusal(400)],
            "3": [page("5")],
        }
    )
    assert ids_of(pages) == ["1", "2", "3", "4", "5"]
    assert pages.markers == [None, "2", "4", "2", None, "3"]


def test_a_page_that_is_refused_twice_is_an_error() -> None:
    first = page("1", following="?marker=1")
    pages = Pages({None: [first, first], "1": [refusal(400), refusal(400)]})
    with pytest.raises(ApiError, match="HTTP 400"):
        ids_of(pages)


def test_a_first_page_that_is_refused_is_an_error() -> None:
    pages = Pages({None: [refusal(400)]})
    with pytest.raises(ApiError, match="HTTP 400"):
        ids_of(pages)
    assert pages.markers == [None]


@pytest.mark.parametrize("following", ["/v2/images", "?limit=2", 5, {"marker": "1"}, "http://[?marker=1"])
def test_a_link_without_a_marker_is_an_error(following: t.Any) -> None:
    with pytest.raises(GlanceError, match="leads to no next page"):
        ids_of(Pages({None: [page("1", following=following)]}))
