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
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.operations import (
    IMPORT,
    STAGE,
    UPDATE,
    UPLOAD,
    Operation,
)
from ansible_collections.cloudimage.glance.plugins.module_utils._plan.data_state import DataState
from ansible_collections.cloudimage.glance.plugins.module_utils._plan.desired_image import DataSpec, DesiredImage
from ansible_collections.cloudimage.glance.plugins.module_utils._plan.plan import (
    Plan,
    data_operations,
    plan_create,
    plan_delete,
    plan_state,
    plan_update,
)
from ansible_collections.cloudimage.glance.plugins.module_utils._plan.store_changes import copy_to_stores

ID = "8f4c9f1e-0a1c-4f1f-9f8e-3a7c5b0f6a11"
IMAGE = Image(
    {
        "id": ID,
        "name": "n",
        "status": "active",
        "visibility": "shared",
        "protected": False,
        "os_hidden": False,
        "owner": "p1",
        "tags": ["b", "a"],
        "disk_format": "raw",
        "container_format": "bare",
        "min_disk": 0,
        "min_ram": 0,
        "size": 3,
        "p": "1",
        "q": "2",
        "kernel_id": "k",
        "os_glance_stage_host": "h",
        "self": "/v2/images/x",
        "direct_url": "swift://user:secret@x",
    }
)


def altered(image: Image, **fields: t.Any) -> Image:
    return Image({**image.fields, **fields})


QUEUED = altered(IMAGE, status="queued", size=None)
STAGED = DataSpec("path", "/f", 9, calls=(Operation(STAGE), Operation(IMPORT, body={"method": {"name": "glance-direct"}})))
DATA = DataSpec("path", "/f", 9, calls=(Operation(UPLOAD, body={"path": "/f", "size": 9}),))
IMPORTED = DataSpec(
    "url", "http://h/f", calls=(Operation(IMPORT, body={"method": {"name": "web-download", "uri": "http://h/f"}}),)
)


def shown(plan: Plan) -> list[dict[str, t.Any]]:
    return [operation.to_result() for operation in plan.operations]


def changes(plan: Plan) -> list[tuple[str, t.Any, t.Any]]:
    return [(change.attribute, change.before, change.after) for change in plan.changes]


@pytest.mark.parametrize(
    "wanted",
    [
        DesiredImage(),
        DesiredImage({"name": "n"}),
        DesiredImage({"tags": ["a", "b"]}),
        DesiredImage({"disk_format": "raw", "container_format": "bare"}),
        DesiredImage(properties={"p": "1"}),
        DesiredImage(properties={"not_there": None}),
        DesiredImage(properties={"p": "1", "q": "2"}, purge=True),
    ],
)
def test_equal_image_needs_no_operation(wanted: DesiredImage) -> None:
    plan = plan_update(IMAGE, wanted)
    assert not plan.changed
    assert (plan.changes, plan.operations, plan.before, plan.after) == ((), (), {}, {})
    assert plan.image is not None
    assert plan.image["properties"] == {"kernel_id": "k", "os_glance_stage_host": "h", "p": "1", "q": "2"}
    assert "direct_url" not in plan.image


@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        ("name", "m"),
        ("visibility", "private"),
        ("protected", True),
        ("os_hidden", True),
        ("owner", "p2"),
        ("tags", []),
        ("min_disk", 1),
        ("min_ram", 2),
    ],
)
def test_changed_attribute_is_one_patch(attribute: str, value: t.Any) -> None:
    plan = plan_update(IMAGE, DesiredImage({attribute: value}))
    before = IMAGE.tags if attribute == "tags" else IMAGE.get(attribute)
    assert shown(plan) == [
        {
            "method": "PATCH",
            "path": f"/v2/images/{ID}",
            "body": [{"op": "replace", "path": f"/{attribute}", "value": value}],
        }
    ]
    assert changes(plan) == [(attribute, before, value)]
    assert (plan.before, plan.after) == ({attribute: before}, {attribute: value})
    assert plan.image is not None
    assert plan.image[attribute] == value


def test_several_changes_are_one_patch() -> None:
    wanted = DesiredImage({"name": "m", "min_ram": 5}, {"p": "9", "q": None, "new/x": ""})
    plan = plan_update(IMAGE, wanted)
    assert shown(plan) == [
        {
            "method": "PATCH",
            "path": f"/v2/images/{ID}",
            "body": [
                {"op": "replace", "path": "/name", "value": "m"},
                {"op": "replace", "path": "/min_ram", "value": 5},
                {"op": "add", "path": "/new~1x", "value": ""},
                {"op": "replace", "path": "/p", "value": "9"},
                {"op": "remove", "path": "/q"},
            ],
        }
    ]
    assert plan.before == {"name": "n", "min_ram": 0, "properties": {"p": "1", "q": "2"}}
    assert plan.after == {"name": "m", "min_ram": 5, "properties": {"new/x": "", "p": "9"}}
    assert plan.image is not None
    assert plan.image["properties"] == {"kernel_id": "k", "os_glance_stage_host": "h", "new/x": "", "p": "9"}


def test_purge_keeps_references_and_properties_of_glance() -> None:
    plan = plan_update(IMAGE, DesiredImage(properties={"p": "1"}, purge=True))
    assert changes(plan) == [("properties.q", "2", None)]


@pytest.mark.parametrize("attribute", ["disk_format", "container_format"])
def test_formats_of_an_image_with_data_cannot_change(attribute: str) -> None:
    with pytest.raises(InvalidInput, match=f"has {attribute} '.*', which cannot be changed to 'x'"):
        plan_update(IMAGE, DesiredImage({attribute: "x"}))
    assert changes(plan_update(QUEUED, DesiredImage({attribute: "x"}))) == [(attribute, QUEUED.get(attribute), "x")]


def test_image_without_data_gets_them() -> None:
    plan = plan_update(altered(QUEUED, disk_format=None), DesiredImage({"disk_format": "raw"}, data=DATA), DataState.NONE)
    assert [operation["method"] for operation in shown(plan)] == ["PATCH", "PUT"]
    assert shown(plan)[1] == {"method": "PUT", "path": f"/v2/images/{ID}/file", "body": {"path": "/f", "size": 9}}
    assert changes(plan)[1:] == [("size", None, 9), ("status", "queued", "active")]
    assert plan.has_data is True


@pytest.mark.parametrize(
    ("data", "stores", "calls"),
    [
        (DATA, None, ["UPLOAD"]),
        (DATA, ("a",), ["UPLOAD"]),
        (DATA, ("a", "b"), ["UPLOAD", "IMPORT"]),
        (DATA, ("a", "b", "c"), ["UPLOAD", "IMPORT"]),
        (IMPORTED, ("a", "b"), ["IMPORT"]),
        (STAGED, ("a", "b"), ["STAGE", "IMPORT"]),
    ],
)
@pytest.mark.parametrize("is_recorded", [True, False])
def test_data_are_uploaded_to_one_store_and_copied_to_the_others(
    data: DataSpec, stores: tuple[str, ...] | None, calls: list[str], is_recorded: bool
) -> None:
    """An import brings them into all stores. The record of their source is written before they are copied."""
    given = dataclasses.replace(data, source_checksum="md5:0" if is_recorded else None)
    operations = data_operations(given, stores, ID, {})
    expected = [*calls]
    if is_recorded:
        expected.insert(len(data.calls), "UPDATE")
    names = {call: name for name, call in (("UPLOAD", UPLOAD), ("STAGE", STAGE), ("IMPORT", IMPORT), ("UPDATE", UPDATE))}
    assert [names[operation.call] for operation in operations] == expected
    assert {operation.image_id for operation in operations} == {ID}
    if data is DATA and stores and len(stores) > 1:
        assert operations[-1] == copy_to_stores(ID, stores[1:])


def test_new_data_change_what_only_glance_knows() -> None:
    plan = plan_update(altered(QUEUED, updated_at="2026-01-01T00:00:00Z"), DesiredImage(data=DATA), DataState.NONE)
    assert plan.image is not None
    assert plan.image["properties"] == {"kernel_id": "k", "p": "1", "q": "2"}
    assert plan.image["updated_at"] is None


def test_time_of_the_last_change_stays_if_nothing_changes() -> None:
    plan = plan_update(altered(IMAGE, updated_at="2026-01-01T00:00:00Z"), DesiredImage({"name": "n"}))
    assert plan.image is not None
    assert plan.image["updated_at"] == "2026-01-01T00:00:00Z"


@pytest.mark.parametrize(("data", "size"), [(DATA, 9), (IMPORTED, None)])
def test_status_after_an_import_without_wait_is_unknown(data: DataSpec, size: int | None) -> None:
    plan = plan_update(QUEUED, DesiredImage(data=dataclasses.replace(data, awaited=False)), DataState.NONE)
    assert plan.image is not None
    assert (plan.image["status"], plan.image["size"]) == ("active" if data is DATA else None, size)


def test_a_secret_in_a_url_is_not_shown() -> None:
    operation = Operation(IMPORT, ID, {"method": {"name": "web-download", "uri": "https://me:pw@h/f?Signature=x"}})
    assert operation.to_result()["body"] == {"method": {"name": "web-download", "uri": "https://h/f?…"}}
    assert operation.body["method"]["uri"] == "https://me:pw@h/f?Signature=x"


@pytest.mark.parametrize("state", [DataState.SAME, DataState.COMING])
def test_equal_or_incoming_data_are_not_sent(state: DataState) -> None:
    assert not plan_update(IMAGE, DesiredImage(data=DATA), state).changed


def test_different_data_are_an_error_unless_they_are_kept() -> None:
    with pytest.raises(InvalidInput, match="has other data than /f, and an image's data cannot be changed in place"):
        plan_update(IMAGE, DesiredImage(data=DATA), DataState.OTHER)
    assert not plan_update(IMAGE, DesiredImage(data=DATA, keep_data=True), DataState.OTHER).changed


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        ({"disk_format": None}, "disk_format is missing"),
        ({"disk_format": None, "container_format": None}, "disk_format and container_format is missing"),
    ],
)
def test_data_need_both_formats(attributes: dict[str, None], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        plan_update(altered(QUEUED, **attributes), DesiredImage(data=DATA), DataState.NONE)


@pytest.mark.parametrize(
    ("present", "wanted", "calls"),
    [
        ("a", ("a",), []),
        ("a,b", ("b", "a"), []),
        ("a", ("b", "a"), ["POST import b"]),
        ("a,b", ("a",), ["DELETE b"]),
        ("a,b", ("c",), ["POST import c", "DELETE a", "DELETE b"]),
    ],
)
def test_data_are_copied_to_and_removed_from_stores(present: str, wanted: tuple[str, ...], calls: list[str]) -> None:
    plan = plan_update(altered(IMAGE, stores=present), DesiredImage(stores=wanted))
    said = [
        f"POST import {','.join(each['body']['stores'])}" if each["body"] else f"DELETE {each['path'].split('/')[3]}"
        for each in shown(plan)
    ]
    assert said == calls
    assert changes(plan) == ([("stores", present.split(","), sorted(wanted))] if calls else [])


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (QUEUED, "has no data yet"),
        (IMAGE, "does not say in which stores"),
        (altered(IMAGE, stores="b", status="deactivated"), "only an active image can be copied"),
    ],
)
def test_stores_that_cannot_change_are_an_error(image: Image, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        plan_update(image, DesiredImage(stores=("a",)))


@pytest.mark.parametrize("status", [None, "deactivated"])
def test_stores_that_the_cloud_hides_stay(status: str | None) -> None:
    plan = plan_update(altered(IMAGE, status="deactivated", stores=None), DesiredImage(stores=("a",), status=status))
    assert not plan.changed


def test_image_whose_stores_the_cloud_hides_is_not_reactivated_with_stores() -> None:
    with pytest.raises(InvalidInput, match="Make it active first, in a task of its own"):
        plan_update(altered(IMAGE, status="deactivated", stores=None), DesiredImage(stores=("a",), status="active"))


def test_image_is_created_with_one_post() -> None:
    wanted = DesiredImage({"name": "n", "tags": ["a"], "protected": True}, {"p": "1", "gone": None})
    plan = plan_create(wanted, None)
    assert shown(plan) == [
        {
            "method": "POST",
            "path": "/v2/images",
            "body": {"id": "{id}", "name": "n", "tags": ["a"], "protected": True, "p": "1"},
        }
    ]
    assert plan.before == {"state": "absent"}
    assert plan.after == {
        "state": "present",
        "name": "n",
        "tags": ["a"],
        "protected": True,
        "status": "queued",
        "properties": {"p": "1"},
    }
    assert changes(plan) == [
        ("state", "absent", "present"),
        ("name", None, "n"),
        ("tags", None, ["a"]),
        ("protected", None, True),
        ("properties.p", None, "1"),
    ]
    assert plan.image is not None
    assert (plan.image["id"], plan.image["status"], plan.image["visibility"]) == (None, "queued", None)


def test_image_is_created_with_an_id_and_data() -> None:
    wanted = DesiredImage({"disk_format": "raw", "container_format": "bare"}, data=DATA)
    plan = plan_create(wanted, ID)
    assert shown(plan) == [
        {"method": "POST", "path": "/v2/images", "body": {"id": ID, "disk_format": "raw", "container_format": "bare"}},
        {"method": "PUT", "path": "/v2/images/{id}/file", "body": {"path": "/f", "size": 9}},
    ]
    assert plan.after["size"] == 9
    assert plan.after["status"] == "active"


def test_new_image_with_data_needs_both_formats() -> None:
    with pytest.raises(InvalidInput, match="container_format is missing"):
        plan_create(DesiredImage({"disk_format": "raw"}, data=DATA), None)


def test_image_is_deleted() -> None:
    plan = plan_delete(IMAGE, force=False)
    assert shown(plan) == [{"method": "DELETE", "path": f"/v2/images/{ID}", "body": None}]
    assert changes(plan) == [("state", "present", "absent")]
    assert plan.after == {"state": "absent"}
    assert plan.before["name"] == "n"
    assert plan.image is None


def test_protected_image_is_deleted_only_with_force() -> None:
    protected = altered(IMAGE, protected=True)
    with pytest.raises(InvalidInput, match="is protected and cannot be deleted. Set 'force: true'"):
        plan_delete(protected, force=False)
    assert shown(plan_delete(protected, force=True)) == [
        {
            "method": "PATCH",
            "path": f"/v2/images/{ID}",
            "body": [{"op": "replace", "path": "/protected", "value": False}],
        },
        {"method": "DELETE", "path": f"/v2/images/{ID}", "body": None},
    ]


@pytest.mark.parametrize(
    ("status", "state", "action"),
    [
        ("active", "active", None),
        ("active", "deactivated", "deactivate"),
        ("deactivated", "active", "reactivate"),
        ("deactivated", "deactivated", None),
    ],
)
def test_image_is_deactivated_and_reactivated(status: str, state: str, action: str | None) -> None:
    plan = plan_state(altered(IMAGE, status=status), state)
    expected = [{"method": "POST", "path": f"/v2/images/{ID}/actions/{action}", "body": None}] if action else []
    assert shown(plan) == expected
    assert plan.image is not None
    assert plan.image["status"] == state


@pytest.mark.parametrize("status", ["queued", "saving", "killed", None])
def test_image_without_data_cannot_be_deactivated(status: str | None) -> None:
    with pytest.raises(InvalidInput, match=f"has the status '{status}'"):
        plan_state(altered(IMAGE, status=status), "deactivated")


@pytest.mark.parametrize(
    ("image", "data", "wanted", "calls", "change"),
    [
        (IMAGE, None, "active", [], []),
        (IMAGE, None, "deactivated", ["deactivate"], [("active", "deactivated")]),
        (altered(IMAGE, status="deactivated"), None, "active", ["reactivate"], [("deactivated", "active")]),
        (QUEUED, DATA, "active", ["file"], [("queued", "active")]),
        (QUEUED, DATA, "deactivated", ["file", "deactivate"], [("queued", "deactivated")]),
        (None, DATA, "active", ["images", "file"], []),
        (None, DATA, "deactivated", ["images", "file", "deactivate"], [(None, "deactivated")]),
    ],
)
def test_status_that_the_task_wants(
    image: Image | None, data: DataSpec | None, wanted: str, calls: list[str], change: list[tuple[str | None, str]]
) -> None:
    formats = {"disk_format": "raw", "container_format": "bare"}
    desired = DesiredImage({"name": "n", **formats}, data=data, status=wanted)
    plan = plan_update(image, desired, DataState.NONE) if image else plan_create(desired, None)
    assert [operation["path"].rsplit("/", 1)[-1] for operation in shown(plan)] == calls
    assert [(before, after) for attribute, before, after in changes(plan) if attribute == "status"] == change
    assert plan.image is not None
    assert plan.image["status"] == wanted


@pytest.mark.parametrize("wanted", ["active", "deactivated"])
@pytest.mark.parametrize("data", [None, dataclasses.replace(IMPORTED, awaited=False)])
def test_status_of_an_image_that_has_no_data(wanted: str, data: DataSpec | None) -> None:
    desired = DesiredImage({"name": "n", "disk_format": "raw", "container_format": "bare"}, data=data, status=wanted)
    status = "status 'queued'" if data is None else "status that only the cloud knows, as the task does not wait for it,"
    message = f"^state: the image would have the {status} and cannot be made {wanted}"
    with pytest.raises(InvalidInput, match=message):
        plan_create(desired, None)
    with pytest.raises(InvalidInput, match=message):
        plan_update(QUEUED, desired, DataState.NONE)


def test_plan_is_immutable() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        plan_delete(IMAGE, force=False).image = {}  # type: ignore[misc]
