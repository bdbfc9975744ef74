# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""Defects of openstack.cloud 2.5.0 in its handling of image data, which this collection does not have."""

from __future__ import annotations

import hashlib
import pathlib

import pytest

from .cloud import FORMATS, Cloud
from .glance_proxy import BodyFault, fault_on, proxy
from .image_server import serving
from .timing import wait_until

DATA = b"some data of an image" * 1000


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("status", [401, 503])
@pytest.mark.parametrize("times", ["once", "always"])
def test_refused_upload_leaves_no_empty_active_image(alice: Cloud, name: str, path: str, status: int, times: str) -> None:
    refused: list[str] = []

    def fault(method: str, asked: str, _count: int) -> BodyFault | None:
        if method != "PUT" or (times == "once" and refused):
            return None
        refused.append(asked)
        return BodyFault("status", 100, status)

    with proxy(alice.sandbox.glance_url, fault) as url:
        outcome = alice.run("image", name=name, path=path, endpoint_override=url, **FORMATS)
    assert [image["os_hash_value"] for image in alice.named(name)] == (
        [hashlib.sha512(DATA).hexdigest()] if times == "once" else []
    )
    assert outcome.failed == (times == "always")


def test_web_download_without_options_stores_the_data(alice: Cloud, name: str) -> None:
    with serving() as web:
        web.files["/disk"] = DATA
        outcome = alice.thrice("image", name=name, url=f"{web.url}/disk", **FORMATS)
    assert outcome.image["size"] == len(DATA)


def test_failed_import_is_reported_with_its_reason(alice: Cloud, name: str) -> None:
    with serving() as web:
        outcome = alice.run("image", name=name, url=f"{web.url}/nothing", transfer="import", **FORMATS)
    assert "The cloud could not import the data" in outcome.message
    assert "[task " in outcome.message
    assert alice.named(name) == []


def test_failed_import_keeps_an_existing_image(alice: Cloud, name: str) -> None:
    image = alice.make(name, p="1", **FORMATS)
    with serving() as web:
        outcome = alice.run("image", name=name, url=f"{web.url}/nothing", transfer="import")
        assert "The cloud could not import the data" in outcome.message
        (left,) = alice.named(name)
        assert (left["id"], left["status"], left["p"]) == (image["id"], "queued", "1")
        web.files["/nothing"] = DATA
        assert alice.thrice("image", name=name, url=f"{web.url}/nothing").image["id"] == image["id"]


def test_hidden_image_is_not_uploaded_again(alice: Cloud, name: str, path: str) -> None:
    image = alice.make(name, DATA, os_hidden=True)
    alice.unchanged("image", name=name, path=path)
    assert [found["id"] for found in alice.named(name)] == [image["id"]]


@pytest.mark.parametrize("algorithm", ["md5", "sha512"])
def test_different_checksum_creates_no_second_image(alice: Cloud, name: str, path: str, algorithm: str) -> None:
    image = alice.make(name, DATA)
    checksum = f"{algorithm}:{hashlib.new(algorithm, b'other').hexdigest()}"
    assert "has other data" in alice.fails("image", name=name, path=path, checksum=checksum)
    assert [found["id"] for found in alice.named(name)] == [image["id"]]


def test_image_without_a_source_is_created_without_waiting(alice: Cloud, name: str) -> None:
    outcome = alice.thrice("image", name=name)
    assert outcome.image["status"] == "queued"
    assert outcome.sent[-1] == "POST /v2/images"  # the task did not wait


def test_file_with_the_name_of_the_image_is_not_uploaded(
    alice: Cloud, name: str, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / name).write_bytes(DATA)
    monkeypatch.chdir(tmp_path)
    assert alice.thrice("image", name=name, **FORMATS).image["status"] == "queued"


def test_properties_are_set_without_wait(alice: Cloud, name: str, path: str) -> None:
    outcome = alice.run("image", name=name, path=path, wait=False, properties={"p": 1}, tags=["t"], **FORMATS).succeeded()
    (image,) = alice.named(name)
    assert (image["p"], image["tags"], outcome.changed) == ("1", ["t"], True)
    assert not alice.run("image", name=name, path=path, wait=False, properties={"p": 1}, tags=["t"]).changed


def test_import_without_wait_is_not_started_again(alice: Cloud, name: str) -> None:
    with serving() as web:
        web.files["/disk"] = DATA
        options = {"name": name, "url": f"{web.url}/disk", "wait": False, **FORMATS}
        predicted = alice.run("image", check=True, **options).succeeded()
        assert predicted.image["status"] is None
        assert alice.run("image", **options).succeeded().changed
        assert not alice.run("image", **options).succeeded().changed
        wait_until(lambda: bool(alice.named(name)[0]["status"] == "active"))
        alice.unchanged("image", **options)


def test_properties_are_set_before_the_image_is_active(alice: Cloud, name: str, path: str) -> None:
    outcome = alice.thrice("image", name=name, path=path, properties={"p": 1}, tags=["t"], min_disk=2, **FORMATS)
    assert [entry["method"] for entry in outcome.mutations] == ["POST", "PUT"]


def test_no_properties_are_added(alice: Cloud, name: str, path: str) -> None:
    assert alice.thrice("image", name=name, path=path, **FORMATS).image["properties"] == {}


def test_timeout_does_not_delete_an_image_that_may_still_succeed(alice: Cloud, name: str) -> None:
    with serving() as web:
        web.files["/disk"] = DATA
        web.faults = ["held"]
        options = {"name": name, "url": f"{web.url}/disk", "transfer": "import", **FORMATS}
        outcome = alice.run("image", wait_timeout=1, **options)
        assert "Nothing was deleted: the cloud may yet finish" in outcome.message
        image = alice.named(name)[0]

        def release(_method: str, path: str, _count: int) -> None:
            if path.endswith(image["id"]):  # the next run polls the import
                web.go_on.set()

        with proxy(alice.sandbox.glance_url, release) as url:
            assert alice.run("image", endpoint_override=url, **options).succeeded().image["id"] == image["id"]
        assert web.asked == ["GET /disk"]  # the next run waited for the import and did not start another
        assert alice.show(image["id"])["os_hash_value"] == hashlib.sha512(DATA).hexdigest()


def test_image_in_use_is_kept_if_its_replacement_fails(alice: Cloud, name: str, path: str) -> None:
    old = alice.make(name, b"old", protected=True)
    with proxy(alice.sandbox.glance_url, fault_on("DELETE", old["id"], 409)) as url:
        outcome = alice.run("image", name=name, path=path, data_policy="replace", endpoint_override=url)
    assert "The image is in use" in outcome.message
    assert outcome.message.endswith(f"The old image {old['id']} is in service as before.")
    (left,) = alice.named(name)
    assert {**left, "updated_at": None} == {**old, "updated_at": None}
