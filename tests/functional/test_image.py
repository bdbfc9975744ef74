# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

import hashlib
import os
import pathlib
import re
import typing as t
import uuid

import pytest

from .cloud import FORMATS, Cloud, Json

# Create


def test_image_is_created_without_data(alice: Cloud, name: str) -> None:
    real = alice.thrice("image", name=name)
    assert real.sent == ["GET /v2/images", "GET /v2/images", "POST /v2/images"]
    assert (real.image["name"], real.image["status"], real.image["visibility"]) == (name, "queued", "shared")


def test_all_attributes_are_created_with_one_post(admin: Cloud, name: str) -> None:
    options = {
        "visibility": "public",
        "protected": True,
        "hidden": True,
        "min_disk": 3,
        "min_ram": 512,
        "tags": ["b", "a", "b"],
        "properties": {"hw_disk_bus": "virtio", "n": 1, "f": 0.5, "yes": True, "none": None},
        **FORMATS,
    }
    real = admin.thrice("image", name=name, **options)
    assert real.sent[2:] == ["POST /v2/images"]
    assert real.image["properties"] == {"hw_disk_bus": "virtio", "n": "1", "f": "0.5", "yes": "true"}
    assert (real.image["tags"], real.image["os_hidden"], real.image["protected"]) == (["a", "b"], True, True)


def test_image_is_created_from_a_file(alice: Cloud, name: str, path: str) -> None:
    real = alice.thrice("image", name=name, path=path, **FORMATS)
    assert real.sent == [
        "GET /v2/images",
        "GET /v2/images",
        "POST /v2/images",
        "PUT /v2/images/ID/file",
        "GET /v2/images/ID",
    ]
    data = pathlib.Path(path).read_bytes()
    assert (real.image["status"], real.image["size"]) == ("active", len(data))
    assert real.image["os_hash_value"] == hashlib.sha512(data).hexdigest()
    assert alice.call("GET", f"/images/{real.image['id']}/file").content == data


def test_unchanged_image_costs_one_request(alice: Cloud, name: str, path: str) -> None:
    image = alice.make(name, pathlib.Path(path).read_bytes(), tags=["a"])
    by_name = alice.unchanged("image", name=name, path=path, tags=["a"], **FORMATS)
    assert by_name.sent == ["GET /v2/images"]
    assert alice.unchanged("image", id=image["id"], name=name).sent == ["GET /v2/images/ID"]


def test_deleted_id_cannot_be_used_again(alice: Cloud, name: str) -> None:
    image_id = str(uuid.uuid4())
    assert alice.thrice("image", id=image_id, name=name).image["id"] == image_id
    alice.thrice("image", id=image_id, state="absent")
    message = alice.run("image", id=image_id, name=name).message
    assert "an id is used once and for all" in message


def test_queued_image_gets_its_data(alice: Cloud, name: str, path: str) -> None:
    image = alice.make(name)
    assert "disk_format: the task names none" in alice.fails("image", name=name, path=path)
    real = alice.thrice("image", name=name, path=path, **FORMATS)
    assert [operation["method"] for operation in real.result["operations"]] == ["PATCH", "PUT"]
    assert (real.image["id"], real.image["status"]) == (image["id"], "active")


def test_different_data_are_an_error(alice: Cloud, name: str, path: str) -> None:
    data = pathlib.Path(path).read_bytes()
    alice.make(name, b"x" + data[1:])
    assert "has other data than" in alice.fails("image", name=name, path=path)


@pytest.mark.since_glance(29, "does not compare the data with disk_format")
def test_failed_upload_of_a_new_image_leaves_no_image(alice: Cloud, name: str, path: str) -> None:
    real = alice.run(
        "image", name=name, path=path, disk_format="qcow2", container_format="bare", protected=True, inspect="never"
    )
    assert "HTTP 415" in real.message
    assert "The file is not of the format that disk_format says" in real.message
    assert real.message.endswith("was deleted again.")
    assert alice.named(name) == []


@pytest.mark.since_glance(29, "does not compare the data with disk_format")
def test_failed_upload_keeps_an_existing_image(alice: Cloud, name: str, path: str) -> None:
    image = alice.make(name, disk_format="qcow2", container_format="bare")
    assert "HTTP 415" in alice.run("image", name=name, path=path, inspect="never").message
    assert alice.show(image["id"])["status"] == "queued"


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda path: path.unlink(), "No such file or directory"),
        (lambda path: path.chmod(0), "Permission denied"),
        (lambda path: (path.unlink(), path.mkdir()), "is a directory"),
        (lambda path: path.write_bytes(b""), "is empty"),
    ],
)
def test_unusable_file_is_rejected(alice: Cloud, name: str, path: str, spoil: t.Any, message: str) -> None:
    spoil(pathlib.Path(path))
    if message == "Permission denied" and os.geteuid() == 0:
        pytest.skip("root may read everything")
    assert message in alice.fails("image", name=name, path=path, **FORMATS)


# Update


@pytest.mark.parametrize(
    ("option", "value", "attribute", "stored"),
    [
        ("visibility", "private", "visibility", "private"),
        ("visibility", "community", "visibility", "community"),
        ("protected", True, "protected", True),
        ("hidden", True, "os_hidden", True),
        ("min_disk", 5, "min_disk", 5),
        ("min_ram", 6, "min_ram", 6),
        ("tags", ["x"], "tags", ["x"]),
        ("tags", [], "tags", []),
        ("properties", {"p": "2"}, "properties", {"p": "2", "q": "1"}),
        ("properties", {"p": None}, "properties", {"q": "1"}),
        ("properties", {"a/b~c": "d"}, "properties", {"a/b~c": "d", "p": "1", "q": "1"}),
        ("disk_format", "qcow2", "disk_format", "qcow2"),
        ("container_format", "ova", "container_format", "ova"),
    ],
)
def test_one_attribute_is_updated_alone(
    alice: Cloud, name: str, option: str, value: t.Any, attribute: str, stored: t.Any
) -> None:
    before = alice.make(name, tags=["t"], p="1", q="1", **FORMATS)
    real = alice.thrice("image", name=name, **{option: value})
    # Before it hides an image, the task looks for a hidden one of the same name: the next run would find two.
    finding = ["GET /v2/images"] * (2 if option == "hidden" else 1)
    assert real.sent == [*finding, "PATCH /v2/images/ID"]
    assert len(real.mutations[0]["body"]) == 1
    assert real.image[attribute] == stored
    touched = {attribute, "updated_at", *(value if option == "properties" else ())}
    after = alice.show(before["id"])
    assert {k: v for k, v in before.items() if k not in touched} == {k: v for k, v in after.items() if k not in touched}


@pytest.mark.parametrize(("option", "attribute"), [("protected", "protected"), ("hidden", "os_hidden")])
def test_false_is_not_the_same_as_not_given(alice: Cloud, name: str, option: str, attribute: str) -> None:
    alice.make(name, protected=True, os_hidden=True)
    assert alice.thrice("image", name=name, **{option: False}).image[attribute] is False
    other = {"protected": "os_hidden", "os_hidden": "protected"}[attribute]
    assert alice.named(name)[0][other] is True


@pytest.mark.parametrize("option", ["min_disk", "min_ram"])
def test_zero_is_not_the_same_as_not_given(alice: Cloud, name: str, option: str) -> None:
    alice.make(name, min_disk=3, min_ram=3)
    assert alice.thrice("image", name=name, **{option: 0}).image[option] == 0


def test_several_changes_are_sent_in_one_patch(alice: Cloud, name: str) -> None:
    alice.make(name, tags=["t"], p="1", q="1")
    real = alice.thrice(
        "image", name=name, tags=["u", "v"], min_ram=7, protected=True, properties={"p": 2, "q": None, "r": ""}
    )
    assert real.sent == ["GET /v2/images", "PATCH /v2/images/ID"]
    assert real.result["diff"] == {
        "before": {"min_ram": 0, "protected": False, "tags": ["t"], "properties": {"p": "1", "q": "1"}},
        "after": {"min_ram": 7, "protected": True, "tags": ["u", "v"], "properties": {"p": "2", "r": ""}},
        "before_header": name,
        "after_header": name,
    }


def test_image_is_renamed_by_id(alice: Cloud, name: str) -> None:
    image = alice.make(name)
    real = alice.thrice("image", id=image["id"], name=f"{name}-new")
    assert real.image["name"] == f"{name}-new"
    assert (real.result["diff"]["before_header"], real.result["diff"]["after_header"]) == (name, f"{name}-new")


def test_tags_are_compared_as_a_set_and_cleared(alice: Cloud, name: str) -> None:
    alice.make(name, tags=["a", "b"])
    alice.unchanged("image", name=name, tags=["b", "a"])
    alice.unchanged("image", name=name, tags=["b", "a", "b"])
    alice.unchanged("image", name=name)
    assert alice.thrice("image", name=name, tags=[]).image["tags"] == []


def test_properties_are_stored_as_text(alice: Cloud, name: str) -> None:
    alice.make(name, kept="k")
    real = alice.thrice("image", name=name, properties={"a": 1, "b": True, "c": 1.5, "d": ""})
    assert real.image["properties"] == {"a": "1", "b": "true", "c": "1.5", "d": "", "kept": "k"}
    alice.unchanged("image", name=name, properties={})
    alice.unchanged("image", name=name, properties={"a": "1", "not_there": None})


def test_purge_removes_other_properties_except_the_kernel(alice: Cloud, name: str) -> None:
    alice.make(name, a="1", b="2", kernel_id=str(uuid.uuid4()))
    real = alice.thrice("image", name=name, properties={"a": 1}, purge_properties=True)
    assert set(real.image["properties"]) == {"a", "kernel_id"}
    real = alice.thrice("image", name=name, properties={}, purge_properties=True)
    assert set(real.image["properties"]) == {"kernel_id"}
    assert "give 'properties' too" in alice.fails("image", name=name, purge_properties=True)


def test_kernel_and_ramdisk_are_kept_as_ids(alice: Cloud, name: str) -> None:
    kernel, ramdisk = alice.make(f"{name}-kernel"), alice.make(f"{name}-ramdisk")
    alice.make(name)
    real = alice.thrice("image", name=name, kernel=f"{name}-kernel", ramdisk=ramdisk["id"])
    assert real.image["properties"] == {"kernel_id": kernel["id"], "ramdisk_id": ramdisk["id"]}
    assert alice.thrice("image", name=name, kernel="").image["properties"] == {"ramdisk_id": ramdisk["id"]}


def test_kernel_that_does_not_exist_is_an_error(alice: Cloud, name: str) -> None:
    assert "no image with the id or name 'nobody'" in alice.fails("image", name=name, kernel="nobody")


def test_kernel_as_an_option_and_as_a_property_is_an_error(alice: Cloud, name: str) -> None:
    message = alice.fails("image", name=name, kernel="", properties={"kernel_id": "x"})
    assert "'kernel_id' is given, and 'kernel' too" in message


@pytest.mark.parametrize("state", ["public", "private", "shared", "community", "hidden", "protected", "deactivated"])
def test_task_without_attributes_changes_nothing(admin: Cloud, name: str, state: str) -> None:
    attributes: Json = {"hidden": {"os_hidden": True}, "protected": {"protected": True}}.get(state, {"visibility": state})
    image = admin.make(name, b"data", tags=["t"], p="1", **({} if state == "deactivated" else attributes))
    if state == "deactivated":
        admin.call("POST", f"/images/{image['id']}/actions/deactivate")
    before = admin.show(image["id"])
    outcome = admin.unchanged("image", name=name)
    assert outcome.image["id"] == image["id"]
    assert admin.show(image["id"]) == before


def test_formats_of_an_active_image_cannot_be_changed(alice: Cloud, name: str) -> None:
    alice.make(name, b"data")
    alice.unchanged("image", name=name, **FORMATS)
    assert "disk_format 'raw', which cannot be changed to 'qcow2'" in alice.fails("image", name=name, disk_format="qcow2")


def test_administrator_gives_an_image_to_another_project(admin: Cloud, alice: Cloud, bob: Cloud, name: str) -> None:
    image = alice.make(name)
    assert admin.thrice("image", id=image["id"], owner="beta", name=name).image["owner"] == bob.project_id
    assert admin.thrice("image", id=image["id"], owner=alice.project_id).image["owner"] == alice.project_id
    admin.unchanged("image", id=image["id"], owner="alpha", owner_domain="Default")


def test_plain_user_cannot_give_an_image_away(alice: Cloud, bob: Cloud, name: str) -> None:
    image = alice.make(name)
    assert alice.unchanged("image", name=name, owner="alpha").sent == ["GET /v2/images"]
    assert "Owner can't be updated by non admin" in alice.run("image", id=image["id"], owner=bob.project_id).message
    assert alice.show(image["id"])["owner"] == alice.project_id


def test_name_with_an_owner_selects_only_images_of_that_project(admin: Cloud, alice: Cloud, bob: Cloud, name: str) -> None:
    image = alice.make(name)
    admin.unchanged("image", name=name, owner="beta", state="absent")
    others = admin.thrice("image", name=name, owner="beta").image
    assert (others["owner"], others["id"] != image["id"]) == (bob.project_id, True)


def test_image_of_another_owner_than_given_is_not_deleted(admin: Cloud, alice: Cloud, name: str) -> None:
    image = alice.make(name)
    assert "belongs to project" in admin.fails("image", id=image["id"], owner="beta", state="absent")


def test_image_of_another_name_than_given_is_not_deleted(alice: Cloud, name: str) -> None:
    image = alice.make(name)
    message = alice.fails("image", id=image["id"], name=f"{name}-other", state="absent")
    assert f"name: image {image['id']} has the name '{name}', not '{name}-other'. It was not deleted." in message
    assert alice.show(image["id"]) == image
    alice.thrice("image", id=image["id"], name=name, state="absent")


def test_owner_that_the_login_cannot_find_is_an_error(admin: Cloud, alice: Cloud, name: str) -> None:
    image_id = alice.make(name)["id"]
    assert "no project 'nobody'" in admin.fails("image", id=image_id, owner="nobody")
    assert "no project 'beta'" in alice.fails("image", id=image_id, owner="beta")
    assert "in the domain 'elsewhere'" in admin.fails("image", id=image_id, owner="beta", owner_domain="elsewhere")


# Which image is meant


@pytest.mark.parametrize(
    "text",
    [
        "ubuntu:22.04",
        "a,b",
        "it's",
        'say "hi"',
        "wild*card?",
        "in:a,b",
        "back\\slash",
        "100% & more = + /",
        "ünï",
        " spaced ",
    ],
)
def test_image_with_special_characters_in_its_name_is_managed(alice: Cloud, name: str, text: str) -> None:
    full = f"{text}{name}{text}"
    alice.thrice("image", name=full, tags=["t"])
    assert len(alice.named(full)) == 1
    alice.unchanged("image", name=full)
    alice.thrice("image", name=full, state="absent")
    assert alice.named(full) == []


def test_name_is_not_a_wildcard(alice: Cloud, name: str) -> None:
    alice.make(f"{name}-1")
    alice.unchanged("image", name=f"{name}-*", state="absent")
    assert len(alice.named(f"{name}-1")) == 1


def make_two(alice: Cloud, name: str) -> list[str]:
    """The ids of two images of one name; the second one is the newer, also where both were created in one second."""
    return [alice.make(name, id=f"{number}{str(uuid.uuid4())[1:]}")["id"] for number in range(2)]


@pytest.mark.parametrize("options", [{}, {"tags": ["x"]}, {"state": "absent"}])
def test_name_of_two_images_is_an_error_that_lists_them(alice: Cloud, name: str, options: dict[str, t.Any]) -> None:
    ids = make_two(alice, name)
    message = alice.fails("image", name=name, **options)
    assert "means 2 images" in message
    assert all(image_id in message for image_id in ids)


def test_on_duplicate_selects_the_newest_or_the_oldest_image(alice: Cloud, name: str) -> None:
    ids = make_two(alice, name)
    assert alice.unchanged("image", name=name, on_duplicate="newest").image["id"] == ids[1]
    assert alice.unchanged("image", name=name, on_duplicate="oldest").image["id"] == ids[0]


@pytest.mark.parametrize("choice", ["newest", "oldest"])
def test_deleting_the_newest_or_the_oldest_image_is_an_error(alice: Cloud, name: str, choice: str) -> None:
    make_two(alice, name)
    message = alice.fails("image", name=name, state="absent", on_duplicate=choice)
    assert "would delete another image in each run" in message


def test_on_duplicate_all_is_an_error_unless_images_are_deleted(alice: Cloud, name: str) -> None:
    make_two(alice, name)
    assert "'all' is allowed with 'state: absent' only" in alice.fails("image", name=name, on_duplicate="all")


def test_one_of_two_images_is_deleted_by_its_id(alice: Cloud, name: str) -> None:
    ids = make_two(alice, name)
    alice.thrice("image", id=ids[0], state="absent")
    assert [image["id"] for image in alice.named(name)] == ids[1:]


def test_on_duplicate_all_deletes_every_image_of_the_name(alice: Cloud, name: str) -> None:
    alice.make(name), alice.make(name, protected=True)
    assert "is protected" in alice.fails("image", name=name, state="absent", on_duplicate="all")
    real = alice.thrice("image", name=name, state="absent", on_duplicate="all", force=True)
    assert sorted(entry["method"] for entry in real.mutations) == ["DELETE", "DELETE", "PATCH"]
    headers = [diff["before_header"] for diff in real.result["diff"]]
    assert sorted(headers) == sorted(f"{name} ({change['id']})" for change in real.result["changes"])
    assert len({change["id"] for change in real.result["changes"]}) == 2


def test_hidden_image_is_found_by_name(alice: Cloud, name: str) -> None:
    hidden = alice.make(name, os_hidden=True)
    outcome = alice.unchanged("image", name=name)
    assert outcome.image["id"] == hidden["id"]
    assert outcome.sent == ["GET /v2/images", "GET /v2/images"]


def test_visible_image_is_preferred_to_a_hidden_one(alice: Cloud, name: str) -> None:
    alice.make(name, os_hidden=True)
    shown = alice.make(name)
    assert alice.unchanged("image", name=name).image["id"] == shown["id"]


def test_change_of_another_projects_image_is_refused(admin: Cloud, alice: Cloud, name: str) -> None:
    image = admin.make(name, visibility="public")
    for options in ({"tags": ["x"]}, {"state": "absent"}):
        message = alice.run("image", name=name, **options).message
        # Some releases refuse the deletion of a visible image with 404.
        assert "HTTP 403" in message or "HTTP 404" in message
        assert f"The image belongs to project {admin.project_id} and this session works for project" in message
    assert admin.show(image["id"]) == image


def test_community_image_of_another_project_is_not_found_by_name(admin: Cloud, alice: Cloud, bob: Cloud, name: str) -> None:
    others = bob.make(name, visibility="community")
    own = alice.thrice("image", name=name).image
    assert own["owner"] == alice.project_id
    alice.unchanged("image", name=name)
    assert admin.unchanged("image", name=name, owner="beta").image["id"] == others["id"]


def test_pending_share_is_not_found_by_name(alice: Cloud, bob: Cloud, name: str) -> None:
    image = bob.make(name)
    bob.call("POST", f"/images/{image['id']}/members", json={"member": alice.project_id})
    alice.unchanged("image", name=name, state="absent")
    alice.call("PUT", f"/images/{image['id']}/members/{alice.project_id}", json={"status": "accepted"})
    message = alice.run("image", name=name, state="absent").message
    assert alice.sandbox.refused_as_foreign(message)
    assert bob.show(image["id"])["status"] == "queued"


def test_hidden_duplicate_is_ambiguous(alice: Cloud, name: str) -> None:
    alice.make(name), alice.make(name, os_hidden=True)
    for options in ({"state": "absent"}, {"hidden": True}):
        assert "means 2 images" in alice.fails("image", name=name, **options)
    alice.thrice("image", name=name, state="absent", on_duplicate="all")
    assert alice.named(name) == []


@pytest.mark.parametrize("visibility", ["community", "private", "shared"])
def test_visibility_that_would_hide_the_image_from_its_name_is_rejected(
    admin: Cloud, alice: Cloud, name: str, visibility: str
) -> None:
    image = admin.make(name, visibility="public", owner=alice.project_id)
    assert "not found by its name alone" in admin.fails("image", name=name, visibility=visibility)
    admin.thrice("image", name=name, owner="alpha", visibility=visibility)
    admin.thrice("image", id=image["id"], visibility="public")
    assert len(alice.named(name)) == 1


def test_ids_are_compared_without_case(alice: Cloud, name: str) -> None:
    image = alice.make(name)
    assert alice.unchanged("image", id=image["id"].upper(), name=name).image["id"] == image["id"]
    new_id = str(uuid.uuid4())
    assert alice.thrice("image", id=new_id.upper(), name=f"{name}-2").image["id"] == new_id
    assert alice.run("image_info", id=[image["id"].upper(), new_id.upper()]).names == [name, f"{name}-2"]
    alice.thrice("image", id=image["id"].upper(), state="absent")


# Delete


def test_image_is_deleted_by_name(alice: Cloud, name: str) -> None:
    alice.unchanged("image", name=name, state="absent")
    alice.make(name)
    real = alice.thrice("image", name=name, state="absent")
    assert real.sent == ["GET /v2/images", "GET /v2/images", "DELETE /v2/images/ID", "GET /v2/images/ID"]
    assert real.image is None
    alice.unchanged("image", id=str(uuid.uuid4()), state="absent")


def test_absent_ignores_other_options(alice: Cloud, name: str, tmp_path: pathlib.Path) -> None:
    alice.make(name, b"data")
    alice.thrice("image", name=name, state="absent", disk_format="qcow2", path=str(tmp_path / "gone"), tags=["x"])


def test_protected_image_is_deleted_only_with_force(alice: Cloud, name: str) -> None:
    image = alice.make(name, protected=True)
    assert "Set 'force: true'" in alice.fails("image", name=name, state="absent")
    assert alice.show(image["id"]) == image
    real = alice.thrice("image", name=name, state="absent", force=True)
    assert real.sent == [
        *["GET /v2/images"] * 2,
        *("PATCH /v2/images/ID", "DELETE /v2/images/ID", "GET /v2/images/ID"),
    ]


# Bad input


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"id": "not-a-uuid"}, "id: 'not-a-uuid' is not an image id"),
        ({"name": "n" * 256}, "has 256 characters; 1 to 255 are allowed"),
        ({"name": ""}, "name: '' has 0 characters"),
        ({}, "one of the following is required: name, id"),
        ({"name": "n", "tags": ["t" * 256]}, "tags: .* has 256 characters"),
        ({"name": "n", "properties": {"a": ["list"]}}, "the value of 'a' is a list"),
        ({"name": "n", "properties": {"size": 1}}, "'size' is set by Glance"),
        ({"name": "n", "properties": {"os_glance_x": 1}}, "reserved"),
        ({"name": "n", "properties": {"min_disk": 1}}, "use the option 'min_disk'"),
        ({"name": "n", "min_disk": -1}, "min_disk: -1 was given; 0 to 2147483647 is allowed"),
        ({"name": "n", "min_ram": 2**31}, "min_ram: 2147483648 was given"),
        ({"name": "n", "visibility": "secret"}, "value of visibility must be one of"),
        ({"name": "n", "nmae": "x"}, "Unsupported parameters"),
        ({"name": None}, "name, id: both are null"),
        ({"id": None, "state": "absent"}, "name, id: both are null"),
        ({"name": "n", "owner": ""}, "owner: '' has 0 characters"),
        ({"name": "n", "min_disk": True}, "min_disk: True was given"),
        ({"name": "emoji \U0001f600"}, r"name: 'emoji \\U0001f600' has a character beyond U\+FFFF"),
        ({"name": "n", "tags": ["\U0001f600"]}, "tags: .* has a character beyond"),
        ({"name": "n", "properties": {"\U0001f600": "v"}}, "properties: .* has a character beyond"),
        ({"name": "n", "properties": {"k": "\U0001f600"}}, "properties, 'k': .* has a character beyond"),
        ({"name": "n", "properties": {"image_id": "v"}}, "reserved"),
        ({"name": "n", "properties": {"extra_properties": "v"}}, "reserved"),
        ({"name": "n", "path": "a\0b"}, "cannot be read"),
        ({"name": "n", "wait_timeout": 10**20}, "wait_timeout: 1e\\+20 was given; 1 to 10000000 seconds are allowed"),
        ({"name": "n", "api_timeout": 0}, "api_timeout: 0 was given"),
    ],
)
def test_invalid_options_are_rejected(alice: Cloud, options: Json, message: str) -> None:
    assert re.search(message, alice.fails("image", **options))


def test_values_that_the_cloud_refuses_are_errors(alice: Cloud, name: str) -> None:
    message = alice.run("image", name=name, disk_format="zzz").message
    assert "HTTP 400" in message
    assert "'zzz' is not one of" in message
    message = alice.run("image", name=name, visibility="public").message
    assert "only administrators may make images public" in message
    assert alice.named(name) == []


def test_check_mode_does_not_predict_updated_at(alice: Cloud, name: str) -> None:
    made = alice.make(name, b"data")
    assert alice.run("image", check=True, name=name, min_ram=5).image["updated_at"] is None
    assert alice.run("image_state", check=True, name=name, state="deactivated").images[0]["updated_at"] is None
    assert alice.run("image", check=True, name=name).image["updated_at"] == made["updated_at"]
    assert alice.run("image", name=name, min_ram=5).image["updated_at"] == alice.show(made["id"])["updated_at"]
