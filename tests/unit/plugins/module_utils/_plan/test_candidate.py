# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

import itertools
import typing as t

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._errors import InvalidInput
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.checksums import Checksum
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.image import Image
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.operations import UPLOAD, Operation
from ansible_collections.cloudimage.glance.plugins.module_utils._plan.candidate import (
    builds_in,
    plan_candidate,
    plan_promotion,
)
from ansible_collections.cloudimage.glance.plugins.module_utils._plan.desired_image import DataSpec, DesiredImage
from ansible_collections.cloudimage.glance.plugins.module_utils._plan.plan import Plan
from ansible_collections.cloudimage.glance.plugins.module_utils._plan.replacement import ReplacementState

MARK, MARKED_ID = "cloudimage_published_as", "cloudimage_marked_id"
NEW_ID = "8f4c9f1e-0a1c-5f1f-9f8e-3a7c5b0f6a11"  # one that this collection chose
FORMATS = {"disk_format": "raw", "container_format": "bare"}
MISSING = Image({"name": "n"})
OLD = Image(
    {
        **FORMATS,
        "id": "old",
        "name": "n",
        "status": "active",
        "visibility": "public",
        "protected": True,
        "os_hidden": False,
        "owner": "p1",
        "tags": ["t"],
        "size": 3,
        "created_at": "2026-11-20T10:15:00Z",
        "p": "1",
        MARK: "n",
        MARKED_ID: "old",
        "cloudimage_rolled_back": "true",
    }
)
NEW = Image(
    {
        **FORMATS,
        "id": NEW_ID,
        "name": "n-replacing-old",
        "status": "active",
        "visibility": "shared",
        "protected": False,
        "os_hidden": True,
        "owner": "p1",
        "tags": ["t"],
        "size": 9,
        "os_hash_algo": "sha512",
        "os_hash_value": "9",
        "created_at": "2026-11-21T10:15:00Z",
        "p": "1",
    }
)
FIRST = Image({**NEW.fields, "name": "n-candidate", "tags": []})
DATA = DataSpec("path", "/f", 9, Checksum("sha512", "9"), calls=(Operation(UPLOAD, body={"path": "/f", "size": 9}),))


def state(old: Image, **found: t.Any) -> ReplacementState:
    return ReplacementState(old, project_id="p1", **found)


def calls(plan: Plan) -> list[str]:
    paths = [each.path.removeprefix("/images").strip("/").replace(NEW_ID, "new") for each in plan.operations]
    return [f"{each.call.method} {path}".strip() for each, path in zip(plan.operations, paths, strict=True)]


def patched(plan: Plan, image_id: str) -> dict[str, t.Any]:
    """What the one patch of an image sets, by attribute."""
    (patch,) = [each.body for each in plan.operations if each.image_id == image_id and each.call.method == "PATCH"]
    return {step["path"][1:]: step.get("value") for step in patch}


EARLIER = Image({**OLD.fields, "id": "earlier", "created_at": "2026-11-19T10:15:00Z", MARKED_ID: "earlier"})


def test_builds_that_an_interrupted_rollback_left_with_the_name() -> None:
    newest = Image({**NEW.fields, "name": "n", MARK: "n"})
    for images in itertools.permutations((EARLIER, OLD, newest)):
        assert builds_in(images) == (newest, [EARLIER, OLD])
    assert builds_in([newest, OLD]) == (newest, [OLD])


@pytest.mark.parametrize(
    "images",
    [
        (),
        (OLD,),
        (EARLIER, Image({**OLD.fields, MARK: "other"})),
        (EARLIER, Image({**OLD.fields, MARKED_ID: "copied"})),
        (EARLIER, Image({**OLD.fields, "owner": "p2"})),
        (EARLIER, FIRST),
    ],
)
def test_other_images_of_one_name_are_not_taken_for_builds(images: tuple[Image, ...]) -> None:
    assert builds_in(images) is None


@pytest.mark.parametrize(("old", "name", "tags"), [(MISSING, "n-candidate", []), (OLD, "n-replacing-old", ["t"])])
def test_candidate_has_everything_but_the_name_and_the_audience(old: Image, name: str, tags: list[str]) -> None:
    desired = DesiredImage({**FORMATS, "visibility": "public", "protected": True, "min_ram": 5}, {"q": "2"}, data=DATA)
    plan = plan_candidate(state(old), desired)
    assert calls(plan) == ["POST", "PUT {id}/file"]
    properties = {"p": "1", "q": "2"} if old is OLD else {"q": "2"}
    assert plan.operations[0].body == {
        **FORMATS,
        **properties,
        "id": "{id}",
        "name": name,
        "os_hidden": True,
        "protected": False,
        "visibility": "shared",
        "min_ram": 5,
        "tags": tags,
    }
    assert plan.final_name == "n"
    assert plan.replaced is None


@pytest.mark.parametrize(("old", "new"), [(MISSING, FIRST), (OLD, NEW)])
def test_complete_candidate_is_used_again(old: Image, new: Image) -> None:
    properties = {"p": "1"}
    assert not plan_candidate(state(old, new=new), DesiredImage(FORMATS, properties, data=DATA)).changed
    changed = plan_candidate(state(old, new=new), DesiredImage({**FORMATS, "min_ram": 5}, {"p": None, "q": "2"}, data=DATA))
    assert patched(changed, NEW_ID) == {"min_ram": 5, "p": None, "q": "2"}


def test_property_that_the_cloud_gave_a_candidate_stays() -> None:
    new = Image({**NEW.fields, "set_by_cloud": "x", "os_glance_note": "y"})
    assert not plan_candidate(state(OLD, new=new), DesiredImage(FORMATS, data=DATA)).changed


def test_candidate_that_cannot_be_used_is_deleted_first() -> None:
    left = Image({**NEW.fields, "id": "left", "protected": True})
    plan = plan_candidate(state(OLD, unfinished=(left,)), DesiredImage(data=DATA))
    assert calls(plan) == ["PATCH left", "DELETE left", "POST", "PUT {id}/file"]
    assert (plan.changes[0].attribute, plan.changes[0].image_id) == ("unfinished.state", "left")
    assert (plan.before["unfinished.state"], plan.after["unfinished.state"]) == ("present", "absent")


def test_record_of_the_source_is_made_with_the_candidate() -> None:
    """The task that promotes it must recognise its data without reading the source."""
    data = DataSpec("url", "u", 9, source_checksum="sha256:1", calls=(Operation(UPLOAD, body={}),))
    made = plan_candidate(state(OLD), DesiredImage(data=data))
    assert calls(made) == ["POST", "PUT {id}/file", "PATCH {id}"]
    recorded = Image({**NEW.fields, "cloudimage_source_checksum": "sha256:1 = sha512:9"})
    assert not plan_candidate(state(OLD, new=recorded), DesiredImage(data=data)).changed
    assert set(patched(plan_promotion(state(OLD, new=recorded), DesiredImage(data=data), "hide"), NEW_ID)) == {
        *("name", "os_hidden", "visibility", "protected", MARK)
    }


@pytest.mark.parametrize("named", [{}, {"protected": True}])
def test_first_promotion_is_one_request(named: dict[str, t.Any]) -> None:
    plan = plan_promotion(state(MISSING, new=FIRST), DesiredImage({**FORMATS, **named}, {"p": "1"}, data=DATA), "hide")
    assert calls(plan) == ["PATCH new"]
    assert patched(plan, NEW_ID) == {"name": "n", "os_hidden": False, MARK: "n", **named}


@pytest.mark.parametrize(
    ("status", "wanted", "expected"),
    [
        ("active", "deactivated", ["POST new/actions/deactivate", "PATCH new"]),
        ("deactivated", "deactivated", ["PATCH new"]),  # an earlier promotion was interrupted
        ("deactivated", "active", ["POST new/actions/reactivate", "PATCH new"]),
        ("deactivated", None, ["POST new/actions/reactivate", "PATCH new"]),
    ],
)
def test_first_build_gets_its_status_before_the_name(status: str, wanted: str | None, expected: list[str]) -> None:
    plan = plan_promotion(
        state(MISSING, new=Image({**FIRST.fields, "status": status})),
        DesiredImage(FORMATS, {"p": "1"}, data=DATA, stores=("fast",), status=wanted),
        "hide",
    )
    assert calls(plan) == expected
    assert plan.image
    assert plan.image["status"] == (wanted or "active")


def test_name_of_the_previous_build_is_that_of_the_template() -> None:
    plan = plan_promotion(state(OLD, new=NEW), DesiredImage(data=DATA), "keep", "{name} {id}")
    assert patched(plan, "old") == {"name": "n old"}


@pytest.mark.parametrize(
    ("replaced", "aside"),
    [("hide", {"name": "n-20261120T101500Z", "os_hidden": True}), ("keep", {"name": "n-20261120T101500Z"})],
)
def test_promotion_gives_the_name_before_it_takes_it_away(replaced: str, aside: dict[str, t.Any]) -> None:
    plan = plan_promotion(state(OLD, new=NEW), DesiredImage(data=DATA), replaced)
    assert calls(plan) == ["PATCH new", "PATCH old"]
    assert patched(plan, NEW_ID) == {"name": "n", "os_hidden": False, "visibility": "public", "protected": True, MARK: "n"}
    assert patched(plan, "old") == aside
    unmarked = Image({key: value for key, value in OLD.fields.items() if not key.startswith("cloudimage_")})
    assert patched(plan_promotion(state(unmarked, new=NEW), DesiredImage(data=DATA), replaced), "old") == {
        **aside,
        MARK: "n",
        MARKED_ID: "old",
    }


def test_promotion_that_was_interrupted_goes_on() -> None:
    promoted = Image({**NEW.fields, "name": "n", "os_hidden": False, "visibility": "public", "protected": True, MARK: "n"})
    plan = plan_promotion(state(OLD, new=promoted), DesiredImage(data=DATA), "hide")
    assert calls(plan) == ["PATCH old"]


def test_missing_candidate_is_named() -> None:
    with pytest.raises(InvalidInput, match="no candidate with these data for the name 'n'"):
        plan_promotion(state(OLD), DesiredImage(data=DATA), "hide")
