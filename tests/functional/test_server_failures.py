# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The cloud fails during a task."""

from __future__ import annotations

import pathlib
import typing as t

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._transfer import open_task_data
from ansible_collections.cloudimage.glance.plugins.module_utils._transfer.file_source import FileSource, file_source
from ansible_collections.cloudimage.glance.plugins.module_utils._transfer.upload import Upload

from .cloud import FORMATS, Cloud, Outcome
from .glance_proxy import CUT, Fault, fault_on, proxy

pytestmark = pytest.mark.usefixtures("impatient")


def run_with(cloud: Cloud, fault: Fault, module: str, **options: t.Any) -> Outcome:
    with proxy(cloud.sandbox.glance_url, fault) as url:
        return cloud.run(module, endpoint_override=url, **options)


@pytest.mark.parametrize(("fault", "words"), [(409, "The image is in use"), (500, "HTTP 500"), (CUT, "got no answer")])
def test_protection_is_restored_if_the_deletion_fails(alice: Cloud, name: str, fault: int, words: str) -> None:
    before = alice.make(name, protected=True)
    outcome = run_with(alice, fault_on("DELETE", before["id"], fault), "image", name=name, state="absent", force=True)
    assert words in outcome.message
    assert outcome.message.endswith("The image is protected again, as it was before.")
    after = alice.show(before["id"])
    assert {**after, "updated_at": None} == {**before, "updated_at": None}


def test_unrestored_protection_is_reported(alice: Cloud, name: str) -> None:
    image = alice.make(name, protected=True)
    patched = []

    def fault(method: str, _path: str, _count: int) -> int | None:
        if method == "PATCH":
            patched.append(method)
        return 500 if method == "DELETE" or len(patched) > 1 else None

    outcome = run_with(alice, fault, "image", name=name, state="absent", force=True)
    assert "The image's protection had been lifted and could not be put back" in outcome.message
    assert alice.thrice("image", name=name, state="absent", force=True).changed
    assert image["protected"]


@pytest.mark.parametrize("fault", [401, 413, 500, 503, CUT])
def test_failed_upload_leaves_no_image(alice: Cloud, name: str, path: str, fault: int) -> None:
    outcome = run_with(alice, fault_on("PUT", "/file", fault), "image", name=name, path=path, protected=True, **FORMATS)
    assert outcome.message.endswith("was deleted again.")
    assert alice.named(name) == []
    assert alice.thrice("image", name=name, path=path, **FORMATS).image["status"] == "active"


def test_next_run_continues_with_an_image_that_could_not_be_deleted(alice: Cloud, name: str, path: str) -> None:
    def fault(method: str, _path: str, _count: int) -> int | None:
        return 500 if method in ("PUT", "DELETE") else None

    outcome = run_with(alice, fault, "image", name=name, path=path, **FORMATS)
    (left_over,) = alice.named(name)
    assert f"Image {left_over['id']} could not be deleted again" in outcome.message
    assert alice.thrice("image", name=name, path=path, **FORMATS).image["id"] == left_over["id"]


def test_corrupted_data_are_not_kept(alice: Cloud, name: str, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Upload.__iter__

    def flipped(self: Upload) -> t.Iterator[bytes]:
        for block in whole(self):
            yield bytes([block[0] ^ 1]) + block[1:]

    monkeypatch.setattr(Upload, "__iter__", flipped)
    for existing in (False, True):
        if existing:
            alice.make(name, **FORMATS)
        outcome = alice.run("image", name=name, path=path, **FORMATS)
        assert "The data arrived changed" in outcome.message
        assert [image["status"] for image in alice.named(name)] == (["deactivated"] if existing else [])


@pytest.mark.parametrize(
    ("module", "options"),
    [
        ("image", {"tags": ["x"]}),
        ("image", {"state": "absent"}),
        ("image_info", {}),
        ("image_state", {"state": "deactivated"}),
    ],
)
@pytest.mark.parametrize("answered", [0, 1])
def test_unreachable_server_during_a_task_is_an_error(
    admin: Cloud, name: str, module: str, options: t.Any, answered: int
) -> None:
    image = admin.make(name, b"data")
    named = {"name": name} if module == "image" else {"name": [name]}
    outcome = run_with(admin, lambda _method, _path, count: CUT if count >= answered else None, module, **named, **options)
    if module == "image_info" and answered:
        assert outcome.names == [name]
        return
    assert "got no answer" in outcome.message
    assert "Traceback" not in outcome.stdout
    assert admin.show(image["id"]) == image


def test_repeated_503_is_waited_out(alice: Cloud, name: str) -> None:
    alice.make(name)
    outcome = run_with(alice, lambda _method, _path, count: 503 if count < 3 else None, "image", name=name)
    assert not outcome.succeeded().changed


def test_300_is_an_error(alice: Cloud, name: str) -> None:
    outcome = alice.run("image", name=name, state="absent", endpoint_override=f"{alice.sandbox.glance_url}/v2/v2")
    assert "HTTP 404" in outcome.message
    outcome = alice.run("image", name=name, state="absent", endpoint_override=f"{alice.sandbox.glance_url}/nowhere")
    assert "HTTP 300" in outcome.message
    assert "check 'endpoint_override'" in outcome.message


def test_file_that_grows_during_the_upload_is_an_error(
    alice: Cloud, name: str, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def growing(path: str) -> FileSource:
        source = file_source(path)
        with pathlib.Path(path).open("ab") as file:
            file.write(b"more")
        return source

    monkeypatch.setattr(open_task_data, "file_source", growing)
    outcome = alice.run("image", name=name, path=path, **FORMATS)
    assert "became longer while it was being read" in outcome.message
    assert alice.named(name) == []
