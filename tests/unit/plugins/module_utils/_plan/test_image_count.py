# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

import re
import typing as t

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._errors import GlanceError
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.image import Image
from ansible_collections.cloudimage.glance.plugins.module_utils._plan.image_count import check_count
from ansible_collections.cloudimage.glance.tests.unit.plugins.module_utils.parsed import image_info_options

IDS = [f"8f4c9f1e-0a1c-4f1f-9f8e-{number:012x}" for number in range(0xA00, 0xA20)]
HIDDEN = "Hidden images are found with 'hidden: any'."
OTHERS = "Other projects' images are found with 'owner' or 'all_projects: true'."
CORRECT = "Correct the filters, or create the images first."


def images(*names: str) -> list[Image]:
    return [
        Image(
            {
                "id": image_id,
                "name": name,
                "status": "active",
                "visibility": "private",
                "owner": "p1",
                "created_at": "2026-11-21T00:00:01Z",
            }
        )
        for image_id, name in zip(IDS, names, strict=False)
    ]


def error_of(found: list[Image], doubts: t.Sequence[str] = (), **options: t.Any) -> GlanceError:
    with pytest.raises(GlanceError) as error:
        check_count(found, image_info_options(**options), doubts)
    return error.value


@pytest.mark.parametrize(
    ("names", "options", "doubts"),
    [
        ("", {}, ["doubt"]),
        ("aab", {}, []),
        ("", {"exactly": 0}, []),
        ("a", {"exactly": 1}, []),
        ("aa", {"exactly": 2, "name": ["a", "b"]}, []),
        ("a", {"exactly": 1, "newest": True}, []),
        ("aa", {"exactly": 2, "limit": 2}, []),
    ],
)
def test_wanted_number_is_no_error(names: str, options: dict[str, t.Any], doubts: list[str]) -> None:
    check_count(images(*names), image_info_options(**options), doubts)


@pytest.mark.parametrize(
    ("names", "options", "message"),
    [
        (
            "",
            {"exactly": 1},
            f"exactly: 1 was given, but 0 images were found. No filters were given. {CORRECT} {HIDDEN} {OTHERS}",
        ),
        (
            "",
            {"exactly": 1, "name": ["a"], "hidden": "any", "all_projects": True},
            (
                "exactly: 1 was given, but 0 images were found."
                ' The filters are name: "a", hidden: "any", all_projects: true.'
                f" Not found: name 'a'. {CORRECT}"
            ),
        ),
        (
            "a",
            {"exactly": 0, "protected": False},
            (
                "exactly: 0 was given, but 1 image was found. The filters are protected: false."
                f" Found: {IDS[0]} 'a', active, private, created 2026-11-21T00:00:01Z, owner p1."
                " Make the filters narrower if these images are not meant."
            ),
        ),
    ],
)
def test_error_has_the_numbers_the_filters_and_the_images(names: str, options: dict[str, t.Any], message: str) -> None:
    assert str(error_of(images(*names), **options)) == message


@pytest.mark.parametrize(
    ("options", "end"),
    [
        ({"owner": "p"}, f"{CORRECT} {HIDDEN}"),
        ({"hidden": "true"}, f"{CORRECT} {OTHERS}"),
        ({"id": [IDS[3].upper(), IDS[4]]}, f"Not found: id '{IDS[3]}', id '{IDS[4]}'. {CORRECT}"),
        ({"id": [IDS[0].upper(), IDS[4]]}, f"Not found: id '{IDS[4]}'. {CORRECT}"),
        ({"name": ["b", "a", "c"]}, f"Not found: name 'b', name 'c'. {CORRECT} {HIDDEN} {OTHERS}"),
        ({"name": list("abcdefghijkl")}, f"name 'k' and 1 more. {CORRECT} {HIDDEN} {OTHERS}"),
        ({"name": list("abcdefghijk")}, f"name 'k'. {CORRECT} {HIDDEN} {OTHERS}"),
    ],
)
def test_error_for_too_few_images_says_what_is_missing_and_what_to_do(options: dict[str, t.Any], end: str) -> None:
    assert str(error_of(images("a"), exactly=2, **options)).endswith(end)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"exactly": 1}, "3 images were found.*or set 'newest: true' for the newest"),
        ({"exactly": 2}, "but 3 images were found.*give the 'id' of each image.* 'sort' and 'limit: 2' for the first 2"),
        ({"exactly": 1, "name": ["a", "b"]}, r"created 2026-11-21T00:00:01Z, owner p1\. Not found: name 'b'\. Make the"),
        # Images that have the missing name may be beyond the limit.
        ({"exactly": 1, "limit": 3, "name": ["a", "b"]}, r"but at least 3 images were found\..*owner p1\. Make the"),
        ({"exactly": 1, "limit": 4}, "but 3 images were found"),
    ],
)
def test_error_for_too_many_images_says_what_to_do(options: dict[str, t.Any], message: str) -> None:
    error = error_of(images("a", "a", "a"), ["A doubt that changes nothing."], **options)
    assert re.search(message, str(error))
    assert "doubt" not in str(error)
    assert error.details == {"count": 3, "candidates": IDS[:3]}


def test_error_describes_ten_images() -> None:
    message = str(error_of(images(*"abcdefghijkl"), exactly=1))
    assert f"{IDS[9]} 'j', active, private, created 2026-11-21T00:00:01Z, owner p1; and 2 more. Make" in message
    assert "'k'" not in message
    assert str(error_of(images(*"abcdefghij"), exactly=1)).count("more") == 0


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        (1, "exactly: 1 was given and 1 found, but there may be more. No filters were given. Found: .* owner p1. A doubt."),
        (2, f"exactly: 2 was given, but 1 image was found.*{OTHERS} A doubt."),
    ],
)
def test_number_that_may_be_too_small_is_an_error(wanted: int, message: str) -> None:
    error = error_of(images("a"), ["A doubt."], exactly=wanted)
    assert re.fullmatch(message, str(error), re.DOTALL)
    assert error.details == {"count": 1, "candidates": IDS[:1], "incomplete": True}
