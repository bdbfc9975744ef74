# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._errors import ApiError, InvalidInput
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.checksums import Checksum
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.image import Image
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.image_ids import derived_ids
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.image_names import temporary_name
from ansible_collections.cloudimage.glance.plugins.module_utils._module.concurrent_runs import OtherRunIsBusy
from ansible_collections.cloudimage.glance.plugins.module_utils._module.current_state import (
    CurrentStateReader,
    ImageHasChanged,
)
from ansible_collections.cloudimage.glance.plugins.module_utils._module.lookup import Lookup
from ansible_collections.cloudimage.glance.plugins.module_utils._plan.data_state import DataState
from ansible_collections.cloudimage.glance.plugins.module_utils._plan.desired_image import DataSpec, DesiredImage
from ansible_collections.cloudimage.glance.plugins.module_utils._plan.image_plan import (
    CurrentState,
    ExistingImage,
    IncompleteImage,
    MissingImage,
)
from ansible_collections.cloudimage.glance.plugins.module_utils._plan.members import DesiredMembers
from ansible_collections.cloudimage.glance.plugins.module_utils._plan.replacement import ReplacementState
from ansible_collections.cloudimage.glance.plugins.module_utils._timing import TIMING
from ansible_collections.cloudimage.glance.tests.unit.plugins.module_utils._module.cloud_tables import (
    CloudTables,
    Login,
    image,
)
from ansible_collections.cloudimage.glance.tests.unit.plugins.module_utils.conftest import BEGIN, Clock
from ansible_collections.cloudimage.glance.tests.unit.plugins.module_utils.parsed import image_options

ID = "8f4c9f1e-0a1c-4f1f-9f8e-3a7c5b0f6a11"
NOW = "2026-03-01T12:00:00Z"
LONG_AGO = "2026-01-01T00:00:00Z"
NEW_DATA = Checksum("sha512", "new")

pytestmark = pytest.mark.usefixtures("clock")


class Source:
    """The data of a task: those whose hash is that of NEW_DATA."""

    def __init__(self, awaited: bool = True) -> None:
        self.data = DataSpec("path", "/new", 3, NEW_DATA, awaited=awaited)

    def is_in(self, found: Image) -> bool:
        return bool(found.get("os_hash_value") == NEW_DATA.value)


def reader(cloud: CloudTables, **options: t.Any) -> CurrentStateReader:
    """What reads the state of the image 'n' for a task with these options."""
    parsed = image_options(**{"name": "n", **options})
    source: t.Any = Source(parsed.wait is not None) if parsed.data else None
    members = DesiredMembers(tuple(each.project for each in parsed.members.projects)) if parsed.members else None
    desired = DesiredImage(parsed.attributes, data=source.data if source else None, members=members)
    return CurrentStateReader(Lookup(cloud.api), parsed, desired, source)


def read(cloud: CloudTables, **options: t.Any) -> CurrentState:
    return reader(cloud, **options).read()


def old_image(**fields: t.Any) -> Image:
    return image(ID, **{"os_hash_value": "old", "created_at": LONG_AGO, "updated_at": LONG_AGO, **fields})


def new_image(old: Image, **fields: t.Any) -> Image:
    """An image that a run created to replace another one."""
    image_id = derived_ids("p", temporary_name(old), BEGIN)[0]
    hidden = {"os_hidden": True, "created_at": NOW, "updated_at": NOW, "os_hash_value": "new"}
    return image(image_id, **{"name": temporary_name(old), **hidden, **fields})


def own_image(**fields: t.Any) -> Image:
    """An image that this collection has created at the beginning of the test."""
    return image(derived_ids("p", "n", BEGIN)[0], **{"created_at": NOW, "updated_at": NOW, **fields})


def test_missing_image_is_looked_for_among_hidden_ones() -> None:
    cloud = CloudTables()
    assert read(cloud) == MissingImage()
    assert cloud.requests == ["list name=n", "list name=n os_hidden=true"]


@pytest.mark.parametrize("options", [{"name": "n"}, {"id": ID}])
def test_existing_image_costs_one_request(options: dict[str, t.Any]) -> None:
    cloud = CloudTables(old_image())
    assert read(cloud, **options) == ExistingImage(old_image())
    assert len(cloud.requests) == 1


@pytest.mark.parametrize("options", [{}, {"path": "/new"}])
@pytest.mark.parametrize("status", ["active", "deactivated"])
def test_import_that_has_stored_its_data_is_waited_for(options: dict[str, t.Any], status: str) -> None:
    """It writes all attributes once more at its end."""
    locked = old_image(status=status, os_glance_import_task="t")
    cloud = CloudTables(locked)
    looks: list[str] = []

    def find(image_id: str) -> Image:
        looks.append(image_id)
        return old_image(status=status, tags=["t"]) if len(looks) > 1 else locked

    cloud.api.find_image = find
    cloud.api.list_tasks = lambda _image_id: [{"id": "t", "status": "processing"}]
    state = read(cloud, **options)
    assert isinstance(state, ExistingImage)
    assert state.image.tags == ["t"]
    assert isinstance(read(cloud, **options, wait=False), ExistingImage)


def test_several_images_of_one_name_are_an_error() -> None:
    with pytest.raises(InvalidInput, match="name: 'n' means 2 images"):
        read(CloudTables(old_image(), image("other")))


@pytest.mark.parametrize(
    ("found", "state"),
    [
        (old_image(os_hash_value="new"), DataState.SAME),
        (old_image(), DataState.OTHER),
        (old_image(status="queued"), DataState.NONE),
    ],
)
def test_data_are_compared(found: Image, state: DataState) -> None:
    assert read(CloudTables(found), path="/new") == ExistingImage(found, state)


def test_other_data_are_replaced_if_the_task_says_so() -> None:
    cloud = CloudTables(old_image())
    assert read(cloud, path="/new", data_policy="replace") == ReplacementState(old_image(), project_id="p")
    name = temporary_name(old_image())
    assert cloud.requests == [
        "list name=n",
        f"list name={name} os_hidden=true visibility=all",
        f"list name={name} os_hidden=false visibility=all",
        "list name=n",
    ]


@pytest.mark.parametrize(
    ("login", "wanted", "to_accept_again"),
    [
        (Login(is_admin=True), {"q": "accepted", "r": "pending"}, []),
        (Login(), {"q": "pending", "r": "pending"}, ["q"]),
    ],
)
def test_replacement_is_shared_with_the_members_of_the_old_image(
    login: Login, wanted: dict[str, str], to_accept_again: list[str]
) -> None:
    cloud = CloudTables(old_image(visibility="shared"), login=login)
    cloud.members = {ID: {"q": "accepted", "r": "pending"}}
    state = read(cloud, path="/new", data_policy="replace")
    assert isinstance(state, ReplacementState)
    assert state.members == {"q": "accepted", "r": "pending"}
    assert state.wanted_members(DesiredImage()) == wanted
    assert state.to_accept_again(DesiredImage()) == to_accept_again


@pytest.mark.parametrize("visibility", ["shared", "private"])
def test_members_are_read_only_if_the_task_names_some_and_the_image_is_shared(visibility: str) -> None:
    found = old_image(visibility=visibility)
    cloud = CloudTables(found)
    cloud.members = {ID: {"q": "accepted"}}
    assert read(cloud) == ExistingImage(found)
    members = {"q": "accepted"} if visibility == "shared" else {}
    assert read(cloud, members=["q"]) == ExistingImage(found, members=members)


def test_image_that_is_deleted_while_its_members_are_read_is_gone() -> None:
    with pytest.raises(ImageHasChanged) as change:
        read(CloudTables(old_image(visibility="shared")), path="/new", data_policy="replace")
    assert isinstance(change.value.error, ApiError)


def test_complete_image_of_an_interrupted_replacement_is_used(clock: Clock) -> None:
    old = old_image()
    clock.now = TIMING.staged_abandoned
    state = read(CloudTables(old, new_image(old)), path="/new", data_policy="replace")
    assert state == ReplacementState(old, new_image(old), project_id="p")


def test_incomplete_images_of_interrupted_replacements_are_left_over(clock: Clock) -> None:
    old, left = old_image(), new_image(old_image(), status="queued")
    clock.now = TIMING.staged_abandoned
    state = read(CloudTables(old, left), path="/new", data_policy="replace")
    assert state == ReplacementState(old, unfinished=(left,), project_id="p")


def test_images_that_a_replacement_left_are_read_if_the_image_has_its_data(clock: Clock) -> None:
    same, left = old_image(os_hash_value="new"), new_image(old_image())
    clock.now = TIMING.staged_abandoned
    assert read(CloudTables(same, left), path="/new", data_policy="replace") == ExistingImage(same, DataState.SAME, (left,))


def test_replacement_that_another_run_may_be_finishing_is_read_again(clock: Clock) -> None:
    old = old_image()
    state_reader = reader(CloudTables(old, new_image(old)), path="/new", data_policy="replace")
    pauses = 0
    while True:
        try:
            state_reader.read()
            break
        except OtherRunIsBusy:
            pauses += 1
    assert (len(clock.pauses), clock.now) == (pauses, TIMING.staged_abandoned)


def test_replacement_in_which_all_images_have_the_name_is_finished(clock: Clock) -> None:
    old = old_image()
    new = new_image(old, name="n", os_hidden=False)
    clock.now = TIMING.staged_abandoned
    cloud = CloudTables(old, new)
    assert read(cloud, path="/new", data_policy="replace") == ReplacementState(old, new, project_id="p")
    with pytest.raises(InvalidInput, match="means 2 images, as a replacement was interrupted"):
        read(cloud)


def test_newer_data_replace_the_image_of_an_interrupted_replacement(clock: Clock) -> None:
    old = old_image()
    new = new_image(old, name="n", os_hidden=False, os_hash_value="by now old")
    clock.now = TIMING.staged_abandoned
    state = read(CloudTables(old, new), path="/new", data_policy="replace")
    assert state == ReplacementState(new, also_replaced=(old,), project_id="p")


def test_upload_of_another_run_is_waited_for() -> None:
    saving, active = own_image(status="saving"), own_image(os_hash_value="new")
    cloud = CloudTables(saving)
    cloud.states = {saving.id: [saving, active]}
    assert read(cloud, path="/new") == ExistingImage(active, DataState.SAME)


def test_task_that_does_not_wait_leaves_data_in_transit_alone(clock: Clock) -> None:
    saving = own_image(status="saving")
    assert read(CloudTables(saving), path="/new", wait=False) == ExistingImage(saving, DataState.COMING)
    assert clock.pauses == []


def test_image_whose_data_do_not_arrive_in_time_is_an_error() -> None:
    saving = own_image(status="saving")
    with pytest.raises(InvalidInput, match="has the status 'saving'"):
        read(CloudTables(saving), path="/new", wait_timeout=5)


@pytest.mark.parametrize(
    ("fields", "again"),
    [
        ({}, True),
        ({"protected": True}, False),
        ({"visibility": "shared"}, False),
    ],
)
def test_abandoned_upload_of_this_collection_is_created_again(clock: Clock, fields: dict[str, t.Any], again: bool) -> None:
    clock.now = TIMING.upload_abandoned
    saving = own_image(status="saving", **fields)
    cloud = CloudTables(saving)
    cloud.members = {saving.id: {"q": "accepted"}}
    if again:
        assert read(cloud, path="/new", wait_timeout=5) == IncompleteImage(saving)
    else:
        with pytest.raises(InvalidInput, match="has the status 'saving'"):
            read(cloud, path="/new", wait_timeout=5)
    assert clock.pauses == []


def test_new_image_of_another_run_gets_time_to_store_its_tags() -> None:
    cloud = CloudTables(own_image())
    cloud.states = {own_image().id: [own_image(tags=["t"])]}
    assert read(cloud, tags=["t"]) == ExistingImage(own_image(tags=["t"]))


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"id": ID, "owner": "q" * 32, "state": "present"}, None),
        ({"visibility": "private"}, "it is not found by its name alone"),
    ],
)
def test_public_image_of_another_project_keeps_its_name(options: dict[str, t.Any], error: str | None) -> None:
    cloud = CloudTables(old_image(owner="q" * 32, visibility="public"))
    if error is None:
        assert isinstance(read(cloud, **options), ExistingImage)
    else:
        with pytest.raises(InvalidInput, match=error):
            read(cloud, **options)
