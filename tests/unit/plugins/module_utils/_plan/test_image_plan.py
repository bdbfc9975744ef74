# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

import dataclasses
import typing as t

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._errors import InvalidInput, not_none
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.image import Image
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.operations import UPLOAD, Operation
from ansible_collections.cloudimage.glance.plugins.module_utils._options.image import ImageOptions
from ansible_collections.cloudimage.glance.plugins.module_utils._plan.data_state import DataState
from ansible_collections.cloudimage.glance.plugins.module_utils._plan.desired_image import DataSpec, DesiredImage
from ansible_collections.cloudimage.glance.plugins.module_utils._plan.image_plan import (
    CurrentState,
    ExistingImage,
    IncompleteImage,
    MissingImage,
    PlannedImage,
    attributes_before,
    check_may_create,
    check_may_finish_replacement,
    check_stays_in_scope,
    check_stores_exist,
    default_stores,
    needs_data,
    needs_stores,
    plan_image,
    usable_replacement,
)
from ansible_collections.cloudimage.glance.plugins.module_utils._plan.members import DesiredMembers
from ansible_collections.cloudimage.glance.plugins.module_utils._plan.replacement import ReplacementState
from ansible_collections.cloudimage.glance.tests.unit.plugins.module_utils.parsed import image_options

ID = "8f4c9f1e-0a1c-4f1f-9f8e-3a7c5b0f6a11"
FORMATS = {"disk_format": "raw", "container_format": "bare"}
SPEC = DataSpec("path", "/new", 7, calls=(Operation(UPLOAD, body={"path": "/new", "size": 7}),))


def image(image_id: str = ID, **fields: t.Any) -> Image:
    shown = {"name": "n", "status": "active", "visibility": "private", "owner": "p", "size": 3, **FORMATS}
    return Image({"id": image_id, **shown, **fields})


def plan(state: CurrentState, data: DataSpec | None = None, **options: t.Any) -> PlannedImage:
    """The plan of a task that names an image, and the attributes among its options."""
    parsed = image_options(**{"name": "n", **options})
    desired = DesiredImage(parsed.attributes, parsed.properties, data=data, keep_data=parsed.data_policy == "keep")
    return plan_image(parsed, desired, state, "p")


def calls(planned: PlannedImage) -> list[str]:
    return [f"{operation.call.method} {operation.path}" for operation in planned.plan.operations]


def test_missing_image_is_created_with_its_data() -> None:
    assert MissingImage() == MissingImage()  # nothing tells one from another
    planned = plan(MissingImage(), SPEC, path="/new", **FORMATS)
    assert calls(planned) == ["POST /images", "PUT /images/{id}/file"]
    assert planned.warnings == ()


def test_missing_image_gets_the_id_that_the_task_names_in_lower_case() -> None:
    assert plan(MissingImage(), id=ID.upper()).plan.operations[0].body["id"] == ID


def test_warning_says_that_a_new_image_has_no_data() -> None:
    (warning,) = plan(MissingImage()).warnings
    assert warning == (
        "Image 'n' is created without data: no server can boot from it until a task gives 'path', 'url' or 'remote'."
        " Set 'create: false' if the image must exist already."
    )


def test_existing_image_as_it_is_to_be_stays() -> None:
    assert plan(ExistingImage(image()), min_disk=0) == PlannedImage(plan(ExistingImage(image())).plan)


def test_existing_image_is_changed_by_one_call() -> None:
    planned = plan(ExistingImage(image()), min_disk=5, tags=["t"])
    assert calls(planned) == [f"PATCH /images/{ID}"]


def test_image_without_data_gets_them() -> None:
    state = ExistingImage(image(status="queued", size=None), DataState.NONE)
    assert calls(plan(state, SPEC, path="/new")) == [f"PUT /images/{ID}/file"]


def test_other_data_are_an_error_unless_the_task_keeps_or_replaces_them() -> None:
    with pytest.raises(InvalidInput, match="has other data than /new"):
        plan(ExistingImage(image(), DataState.OTHER), SPEC, path="/new")


def test_kept_data_are_warned_of() -> None:
    planned = plan(ExistingImage(image(), DataState.OTHER), SPEC, path="/new", data_policy="keep")
    assert calls(planned) == []
    assert planned.warnings == (f"Image {ID} 'n' has other data than /new, and keeps them, as 'data_policy: keep' says.",)


def test_deactivated_image_stays_so_with_a_warning() -> None:
    planned = plan(ExistingImage(image(status="deactivated")))
    assert calls(planned) == []
    assert "is deactivated and stays so" in planned.warnings[0]


def test_images_that_interrupted_replacements_left_are_deleted() -> None:
    state = ExistingImage(image(), DataState.SAME, (image("left", protected=True),))
    planned = plan(state, SPEC, path="/new", data_policy="replace")
    assert calls(planned) == ["PATCH /images/left", "DELETE /images/left"]


@pytest.mark.parametrize("stores", [None, ["fast"]])
def test_stores_that_the_cloud_hides_stay_with_a_warning(stores: t.Any) -> None:
    state = ExistingImage(image(status="deactivated"), DataState.SAME)
    planned = plan_image(image_options(name="n"), DesiredImage(stores=stores), state, "p")
    assert not planned.plan.changed
    assert any("does not show the stores" in warning for warning in planned.warnings) == bool(stores)


@pytest.mark.parametrize(("failure", "warnings"), [("", 0), ("the store is full", 1)])
def test_image_that_cannot_get_its_data_is_created_again(failure: str, warnings: int) -> None:
    planned = plan(IncompleteImage(image(status="queued"), failure), SPEC, path="/new")
    assert calls(planned) == [f"DELETE /images/{ID}", "POST /images", "PUT /images/{id}/file"]
    assert len(planned.warnings) == warnings
    assert all(failure in warning for warning in planned.warnings)


def test_image_of_somebody_else_is_not_created_again() -> None:
    state = IncompleteImage(image(status="queued"), "the store is full", may_be_created_again=False)
    with pytest.raises(InvalidInput, match="its import has failed: the store is full"):
        plan(state, SPEC, path="/new")


def test_image_with_other_data_is_replaced() -> None:
    planned = plan(ReplacementState(image(), project_id="p"), SPEC, path="/new", data_policy="replace")
    assert calls(planned) == [
        "POST /images",
        "PUT /images/{id}/file",
        "PATCH /images/{id}",
        f"DELETE /images/{ID}",
    ]


def test_candidate_is_made_in_one_task_and_promoted_in_another() -> None:
    options: dict[str, t.Any] = {"path": "/new", "data_policy": "replace", "replaced": "hide"}
    accepted = {"q": "accepted"}
    missing = ReplacementState(image(), project_id="p", members=accepted)
    prepared = plan(missing, SPEC, **options, candidate="prepare")
    assert calls(prepared) == ["POST /images", "PUT /images/{id}/file"]
    assert prepared.warnings == ()
    new = image("new", name=f"n-replacing-{ID}", os_hidden=True, visibility="shared")
    found = ReplacementState(image(), new, project_id="p", members=accepted)
    promoted = plan(found, SPEC, **options, candidate="promote")
    assert calls(promoted) == ["POST /images/new/members", "PATCH /images/new", f"PATCH /images/{ID}"]
    assert len(promoted.warnings) == 1


MISSING = Image({"name": "n"})
CANDIDATE = image("new", name="n-candidate", os_hidden=True, visibility="shared")


@pytest.mark.parametrize(
    ("candidate", "found", "expected"),
    [
        (None, {"new": CANDIDATE}, ["PATCH /images/new"]),
        ("promote", {"new": CANDIDATE}, ["PATCH /images/new"]),
        ("prepare", {"new": CANDIDATE}, []),
        (None, {}, ["POST /images", "PUT /images/{id}/file"]),
        ("prepare", {}, ["POST /images", "PUT /images/{id}/file"]),
        (None, {"unfinished": (CANDIDATE,)}, ["DELETE /images/new", "POST /images", "PUT /images/{id}/file"]),
        ("prepare", {"unfinished": (CANDIDATE,)}, ["DELETE /images/new", "POST /images", "PUT /images/{id}/file"]),
    ],
)
def test_first_image_of_a_name_can_be_an_earlier_candidate(
    candidate: str | None, found: dict[str, t.Any], expected: list[str]
) -> None:
    options: dict[str, t.Any] = {"path": "/new", "data_policy": "replace", "replaced": "hide", **FORMATS}
    planned = plan(ReplacementState(MISSING, project_id="p", **found), SPEC, **options, candidate=candidate)
    assert calls(planned) == expected
    if "POST /images" in expected:
        (body,) = (each.body for each in planned.plan.operations if each.path == "/images")
        assert (body["name"], body.get("os_hidden")) == (("n-candidate", True) if candidate else ("n", None))


def test_interrupted_promotion_is_finished_by_either_task() -> None:
    state = ReplacementState(image(), image("new"), project_id="p")
    for candidate in ("prepare", "promote"):
        planned = plan(state, SPEC, path="/new", data_policy="replace", replaced="hide", candidate=candidate)
        assert calls(planned)[-1] == f"PATCH /images/{ID}"


def test_image_that_has_the_data_is_marked_as_published() -> None:
    state = ExistingImage(image(), DataState.SAME)
    planned = plan(state, SPEC, path="/new", data_policy="replace", candidate="prepare")
    assert [change.attribute for change in planned.plan.changes] == [
        "properties.cloudimage_marked_id",
        "properties.cloudimage_published_as",
    ]


def test_warning_names_the_projects_that_have_to_accept_again() -> None:
    state = ReplacementState(image(status="deactivated"), members={"q": "accepted", "r": "pending"}, project_id="p")
    warnings = plan(state, SPEC, path="/new", data_policy="replace").warnings
    assert "is deactivated" in warnings[0]
    assert warnings[1].endswith("have to accept the new one too: q.")


STATES: list[tuple[CurrentState, bool]] = [
    (MissingImage(), True),
    (ExistingImage(image(), DataState.SAME), False),
    (ExistingImage(image(), DataState.NONE), True),
    (ExistingImage(image(), DataState.COMING), False),
    (ExistingImage(image()), False),
    (IncompleteImage(image()), True),
    (ReplacementState(image()), True),
]


@pytest.mark.parametrize(("state", "expected"), STATES)
def test_data_are_brought_where_the_image_lacks_them(state: CurrentState, expected: bool) -> None:
    assert needs_data(state) is expected
    assert needs_stores(state, DesiredImage(stores=("s",))) is (expected or isinstance(state, ExistingImage))
    assert not needs_stores(state, DesiredImage())


def test_stores_that_hold_the_data_already_need_no_check() -> None:
    state = ExistingImage(image(stores="a,b"), DataState.SAME)
    assert not needs_stores(state, DesiredImage(stores=("b", "a")))
    assert needs_stores(state, DesiredImage(stores=("a",)))


def test_new_data_go_to_the_stores_of_the_replaced_image() -> None:
    assert default_stores(ReplacementState(image(stores="b,a"))) == ("a", "b")
    assert default_stores(ReplacementState(image())) is None
    assert default_stores(ExistingImage(image(stores="a"), DataState.NONE)) is None


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (MissingImage(), {}),
        (ExistingImage(image(min_ram=1)), {"min_ram": 1, "status": "active", "owner": "p"}),
        (IncompleteImage(image(min_ram=2)), {"min_ram": 2, "status": "active", "owner": "p"}),
        (ReplacementState(image(min_ram=3), project_id="p"), {"min_ram": 5, "status": None, "owner": None}),
    ],
)
def test_attributes_that_an_image_has_before_its_data(state: CurrentState, expected: dict[str, t.Any]) -> None:
    """A new image takes over what the task does not name; an image that exists has what it has."""
    before = attributes_before(state, DesiredImage({"min_ram": 5}, data=SPEC), "p")
    assert {key: before.get(key) for key in expected} == expected
    assert bool(before) is not isinstance(state, MissingImage)
    assert before.get("disk_format") == (None if isinstance(state, MissingImage) else "raw")


@pytest.mark.parametrize(
    ("known", "message"),
    [(["a", "c"], "no store b, d; it has a, c"), ([], "no store a, b, d; it has only one, without a name")],
)
def test_unknown_stores_are_refused(known: list[str], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        check_stores_exist(["a", "b", "d"], known)


def test_known_stores_are_allowed() -> None:
    check_stores_exist(["a"], ["a", "b"])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"name": "n"}, "no image with the name 'n', and"),
        ({"name": "n", "owner": "q"}, "no image with the name 'n' in the project 'q', and"),
        ({"id": ID, "owner": "q"}, f"no image with the id '{ID}', and"),
    ],
)
def test_missing_image_is_an_error_if_the_task_must_not_create_it(options: dict[str, t.Any], message: str) -> None:
    with pytest.raises(InvalidInput, match=message) as error:
        check_may_create(image_options(create=False, **options), MissingImage())
    assert f"Correct the {'id' if 'id' in options else 'name'}, or set" in str(error.value)


def test_image_is_created_or_exists() -> None:
    check_may_create(image_options(name="n"), MissingImage())
    check_may_create(image_options(name="n", create=False), ExistingImage(image()))


@pytest.mark.parametrize(
    ("options", "fields", "allowed"),
    [
        ({"visibility": "private"}, {"owner": "q", "visibility": "public"}, False),
        ({"visibility": "community"}, {"owner": "q", "visibility": "shared"}, False),
        ({"visibility": "public"}, {"owner": "q", "visibility": "shared"}, True),
        ({"visibility": "shared"}, {"owner": "q", "visibility": "shared"}, True),
        ({}, {"owner": "q", "visibility": "public"}, True),
        ({"visibility": "private"}, {"owner": "p", "visibility": "public"}, True),
        ({"visibility": "private"}, {"owner": None, "visibility": "public"}, True),
        ({"visibility": "private", "id": ID}, {"owner": "q", "visibility": "public"}, True),
        ({"visibility": "private", "owner": "q"}, {"owner": "q", "visibility": "public"}, True),
    ],
)
def test_image_of_another_project_stays_visible_by_its_name(
    options: dict[str, t.Any], fields: dict[str, t.Any], allowed: bool
) -> None:
    parsed = image_options(**{"name": "n", **options})
    if allowed:
        check_stays_in_scope(parsed, image(**fields), "p")
    else:
        with pytest.raises(InvalidInput, match="it is not found by its name alone"):
            check_stays_in_scope(parsed, image(**fields), "p")


@pytest.mark.parametrize(
    ("options", "fields", "members", "allowed"),
    [
        ({}, {"owner": "q"}, DesiredMembers(("r",), purge=True), False),
        ({"visibility": "shared"}, {"owner": "q", "visibility": "public"}, DesiredMembers((), purge=True), False),
        ({}, {"owner": "q"}, DesiredMembers(("p", "r"), purge=True), True),
        ({}, {"owner": "q"}, DesiredMembers(("r",)), True),
        ({}, {"owner": "q", "visibility": "public"}, DesiredMembers((), purge=True), True),
        ({}, {"owner": "p"}, DesiredMembers((), purge=True), True),
        ({"id": ID}, {"owner": "q"}, DesiredMembers((), purge=True), True),
        ({"owner": "q"}, {"owner": "q"}, DesiredMembers((), purge=True), True),
    ],
)
def test_share_by_which_a_name_leads_to_another_projects_image_is_kept(
    options: dict[str, t.Any], fields: dict[str, t.Any], members: DesiredMembers, allowed: bool
) -> None:
    parsed, found = image_options(**{"name": "n", **options}), image(**{"visibility": "shared", **fields})
    if allowed:
        check_stays_in_scope(parsed, found, "p", members)
    else:
        with pytest.raises(
            InvalidInput, match="no longer shared with the login's project p it is not found by its name alone"
        ):
            check_stays_in_scope(parsed, found, "p", members)


def test_only_a_task_that_replaces_finishes_a_replacement() -> None:
    def check(options: ImageOptions) -> None:
        check_may_finish_replacement(options, image("new"), [image("old")])

    check(image_options(name="n", path="/new", data_policy="replace"))
    for options in ({"path": "/new"}, {"url": "https://h/d", "data_policy": "replace"}, {}):
        with pytest.raises(InvalidInput, match="means 2 images, as a replacement was interrupted: new is the new one"):
            check(image_options(name="n", **options))


@pytest.mark.parametrize(
    ("fields", "has_data", "usable"),
    [
        ({}, True, True),
        ({"status": "deactivated"}, True, True),
        ({"status": "queued"}, True, False),
        ({"disk_format": "qcow2"}, True, False),
        ({"disk_format": "qcow2", "cloudimage_source_formats": "raw bare = id:left"}, True, True),
        ({}, False, False),
    ],
)
def test_complete_image_of_an_interrupted_replacement_is_used(
    fields: dict[str, t.Any], has_data: bool, usable: bool
) -> None:
    left = image("left", **fields)
    found = usable_replacement(image(), [left], DesiredImage(), "p", lambda _image: has_data)
    assert (found is left) is usable


def test_last_complete_image_is_used() -> None:
    left = [image("1"), image("2"), image("3", status="queued")]
    assert usable_replacement(image(), left, DesiredImage(), "p", lambda _image: True) is left[1]


CATALOGUED = DesiredImage(properties={"cloudimage_catalogue": "base", "cloudimage_version": "2"}, data=SPEC, keep_data=True)


@pytest.mark.parametrize(
    ("found", "state", "changed", "warned"),
    [
        (image(), DataState.SAME, {"cloudimage_catalogue", "cloudimage_marked_id", "cloudimage_version"}, None),
        (image(owner=None), DataState.SAME, {"cloudimage_catalogue", "cloudimage_marked_id", "cloudimage_version"}, None),
        # Another project's image is left out of the catalogue.
        (image(owner="other"), DataState.SAME, {"cloudimage_version"}, None),
        # An image that keeps other data does not get the version of those that the task names.
        (image(), DataState.OTHER, {"cloudimage_catalogue", "cloudimage_marked_id"}, "has other data"),
        (
            image(cloudimage_catalogue="old", cloudimage_marked_id=ID, cloudimage_version="2"),
            DataState.SAME,
            {"cloudimage_catalogue"},
            "was in the catalogue 'old', and is in 'base' from now on",
        ),
    ],
)
def test_records_of_a_catalogue(found: Image, state: DataState, changed: set[str], warned: str | None) -> None:
    planned = plan_image(image_options(name="n"), CATALOGUED, ExistingImage(found, state), "p")
    assert {change.key for change in planned.plan.changes} == changed
    assert [warned in warning for warning in planned.warnings if warned] == ([True] if warned else [])


@pytest.mark.parametrize(
    ("owner", "new_owner", "removed"),
    [
        ("p", "q", {"cloudimage_catalogue", "cloudimage_published_as", "cloudimage_marked_id"}),
        ("q", "r", {"cloudimage_catalogue", "cloudimage_published_as", "cloudimage_marked_id"}),
        ("p", "p", set()),
        ("p", None, set()),
        (None, "q", set()),  # the cloud does not show whether it belongs to that project already
    ],
)
def test_image_that_gets_another_owner_loses_its_marks(owner: str | None, new_owner: str | None, removed: set[str]) -> None:
    found = image(owner=owner, cloudimage_catalogue="c", cloudimage_published_as="n", cloudimage_marked_id=ID, p="1")
    desired = DesiredImage({"owner": new_owner} if new_owner else {})
    planned = plan_image(image_options(id=ID), desired, ExistingImage(found), "p")
    changes = {change.key: change.after for change in planned.plan.changes if change.key in found.properties}
    assert changes == dict.fromkeys(removed)
    replacing = plan_image(image_options(id=ID), dataclasses.replace(desired, data=SPEC), ReplacementState(found), "p")
    assert removed & replacing.plan.operations[0].body.keys() == set()


def test_image_that_comes_to_the_project_is_marked_at_once() -> None:
    desired = DesiredImage({"owner": "p"}, {"cloudimage_catalogue": "base"})
    first = plan_image(image_options(id=ID), desired, ExistingImage(image(owner="q")), "p").plan
    after = image(owner="p", **not_none(first.image)["properties"])
    assert not plan_image(image_options(id=ID), desired, ExistingImage(after), "p").plan.changed


def test_deactivated_image_is_not_warned_of_if_the_task_names_its_status() -> None:
    found = ExistingImage(image(status="deactivated"))
    for status, expected in (("deactivated", []), ("active", [f"POST /images/{ID}/actions/reactivate"])):
        planned = plan_image(image_options(name="n"), DesiredImage(status=status), found, "p")
        assert (calls(planned), planned.warnings) == (expected, ())
