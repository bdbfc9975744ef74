# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""Tasks that would do nothing, or not what they seem to ask for, say so."""

from __future__ import annotations

import pathlib
import uuid

import pytest

from .cloud import FORMATS, Cloud, Json
from .timing import wait_for_a_later_second

LIST, SHOW = "GET /v2/images", "GET /v2/images/ID"


@pytest.mark.parametrize(
    ("module", "options"),
    [
        ("image", {"name": "ID"}),
        ("image", {"name": "ID", "state": "absent"}),
        ("image", {"name": "ID", "owner": "alpha", "tags": ["x"]}),
        ("image_state", {"name": ["ID"], "state": "deactivated"}),
        ("image_download", {"name": "ID", "dest": "/tmp/disk"}),
        ("image_info", {"name": ["nobody", "ID"]}),
        ("image_info", {"name": ["ID"], "tags": ["x"], "limit": 1}),
        ("images", {"images": [{"name": "other"}, {"name": "ID"}]}),
    ],
)
@pytest.mark.parametrize("upper", [False, True])
def test_id_given_as_name_is_an_error(alice: Cloud, name: str, module: str, options: Json, upper: bool) -> None:
    image = alice.make(name, b"data")
    given = image["id"].upper() if upper else image["id"]

    def filled(value: object) -> object:
        if isinstance(value, dict):
            return {key: filled(item) for key, item in value.items()}
        if isinstance(value, list):
            return [filled(item) for item in value]
        return given if value == "ID" else value

    message = alice.fails(module, **{key: filled(value) for key, value in options.items()})
    assert f"no image has the name '{given}', but it is the id of the image '{name}'. Use 'id' instead of 'name'." in message
    assert alice.show(image["id"]) == image


def test_name_that_looks_like_an_id_costs_one_more_request_if_no_image_has_it(alice: Cloud) -> None:
    looks_like_an_id = str(uuid.uuid4())
    assert alice.run("image", check=True, name=looks_like_an_id).succeeded().sent == [LIST, LIST, SHOW]
    sent = alice.run("images", check=True, images=[{"name": looks_like_an_id}]).succeeded().sent
    assert sent == [LIST, LIST, SHOW]
    assert alice.run("image_info", name=[looks_like_an_id]).succeeded().sent == [LIST, SHOW]


def test_name_that_looks_like_an_id_is_found(alice: Cloud, name: str) -> None:
    """Even if it is the id of another image."""
    looks_like_an_id = str(uuid.uuid4())
    made = alice.thrice("image", name=looks_like_an_id).image
    assert alice.unchanged("image", name=looks_like_an_id).sent == [LIST]
    alice.make(made["id"], tags=[name])
    assert alice.unchanged("image_info", name=[made["id"]]).names == [made["id"]]
    assert alice.unchanged("image_info", name=[made["id"]], tags=["other"]).images == []
    alice.run("image", name=made["id"], state="absent").succeeded()
    assert alice.show(made["id"])["name"] == looks_like_an_id


def test_new_image_without_data_has_a_warning(alice: Cloud, name: str, tmp_path: pathlib.Path) -> None:
    for check in (True, False):
        warnings = alice.run("image", check=check, name=name).succeeded().warnings
        assert len(warnings) == 1
        assert f"Image '{name}' is created without data: no server can boot from it" in warnings[0]
        assert "Set 'create: false' if the image must exist already." in warnings[0]
    assert alice.run("image", name=name, min_ram=1).warnings == []
    image_id = str(uuid.uuid4())
    assert f"Image '{image_id}' is created without data" in alice.run("image", id=image_id).warnings[0]
    (tmp_path / "disk").write_bytes(b"data")
    with_data: Json = {"name": f"{name}-2", "path": str(tmp_path / "disk"), **FORMATS}
    images: list[Json] = [{"name": f"{name}-1"}, with_data, {"name": name}]
    for check in (True, False):
        warnings = alice.run("images", check=check, images=images).succeeded().warnings
        assert [warning.partition(":")[0] for warning in warnings] == [f"{name}-1"]


def test_missing_image_is_an_error_with_create_false(alice: Cloud, name: str, path: str) -> None:
    message = alice.fails("image", name=name, create=False, path=path, **FORMATS)
    assert message.startswith(f"There is no image with the name '{name}', and 'create: false' says not to create it.")
    assert "with the id" in alice.fails("image", id=str(uuid.uuid4()), create="false")
    assert "in the project 'alpha'" in alice.fails("image", name=name, owner="alpha", create=False)


def test_create_false_does_not_prevent_deleting_changing_and_replacing(alice: Cloud, name: str, path: str) -> None:
    alice.unchanged("image", name=name, state="absent", create=False)
    alice.make(name, b"other data")
    alice.thrice("image", name=name, create=False, tags=["x"])
    alice.thrice("image", name=name, create=False, path=path, data_policy="replace")


def test_missing_image_of_a_list_is_an_error_before_any_change(alice: Cloud, name: str) -> None:
    image = alice.make(name)
    for missing in ({"name": f"{name}-2"}, {"id": str(uuid.uuid4())}):
        entries: list[Json] = [{"name": name, "tags": ["x"]}, {"name": f"{name}-3"}, {**missing, "create": False}]
        message = alice.fails("images", images=entries)
        assert message.startswith("images[2]: There is no image with the ")
    assert alice.show(image["id"]) == image
    assert alice.run("images", images=[{"name": name, "create": False, "tags": ["x"]}]).succeeded().changed


def test_deactivated_image_has_a_warning(admin: Cloud, alice: Cloud, name: str, path: str) -> None:
    image = alice.make(name, b"data")
    options: list[Json] = [{}, {"min_ram": 7}, {"path": path, "data_policy": "replace"}]
    assert all(alice.run("image", check=True, name=name, **each).warnings == [] for each in options)
    admin.call("POST", f"/images/{image['id']}/actions/deactivate").raise_for_status()
    for each in options[:2]:
        for check in (True, False):
            for outcome in (
                admin.run("image", check=check, name=name, owner="alpha", **each),
                admin.run("images", check=check, images=[{"id": image["id"], **each}]),
            ):
                warnings = outcome.succeeded().warnings
                assert f"Image {image['id']} '{name}' is deactivated and stays so" in "".join(warnings)
                assert "module image_state with 'state: active'" in "".join(warnings)
    replaced = admin.run("image", name=name, owner="alpha", **options[2]).succeeded()
    assert replaced.image["status"] == "deactivated"
    assert "is deactivated and stays so" in "".join(replaced.warnings)
    assert admin.run("image", name=name, owner="alpha", state="absent").succeeded().warnings == []


def test_entries_for_the_same_image_are_rejected(alice: Cloud, name: str) -> None:
    """Before anything is changed, whichever way they name the image and its project."""
    image, new_id = alice.make(name), str(uuid.uuid4())
    project = alice.project_id
    same: list[tuple[Json, Json]] = [
        ({"id": image["id"]}, {"name": name}),
        ({"name": name}, {"id": image["id"].upper()}),
        ({"id": image["id"]}, {"name": name, "state": "absent"}),
        ({"id": image["id"]}, {"name": name, "on_duplicate": "newest"}),
        ({"name": name, "owner": "alpha"}, {"name": name, "owner": project}),
        ({"name": f"{name}-2", "owner": "alpha"}, {"name": f"{name}-2", "owner": project, "state": "absent"}),
        ({"name": name, "owner": "alpha", "owner_domain": "default"}, {"name": name, "owner": "alpha"}),
        # They would be two images of one name, which no later run tells apart.
        ({"id": new_id, "name": f"{name}-2"}, {"name": f"{name}-2"}),
        ({"name": f"{name}-2", "owner": project}, {"id": image["id"], "name": f"{name}-2"}),
    ]
    for entries in same:
        for order in (entries, entries[::-1]):
            message = alice.fails("images", images=[{"name": f"{name}-3", "tags": ["x"]}, *order])
            assert any(words in message for words in ("mean the same image", "means the same image", "means the image that"))
    assert alice.show(image["id"]) == image
    # The newest of two images of one second is the one with the greater id, which may be either.
    wait_for_a_later_second(image["created_at"])
    other = alice.make(name)
    different: list[list[Json]] = [
        [{"id": image["id"]}, {"name": name, "on_duplicate": "newest"}],
        [{"id": image["id"], "name": f"{name}-4"}, {"id": other["id"], "name": f"{name}-5"}, {"name": f"{name}-6"}],
    ]
    for each in different:
        outcome = alice.run("images", check=True, images=each).succeeded()
        assert len({str(entry["id"]) for entry in outcome.images}) == len(each)
