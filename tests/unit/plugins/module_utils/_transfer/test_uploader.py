# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

import itertools
import pathlib
import typing as t

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._errors import ConnectionProblem
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.image import Image
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.operations import IMPORT, UPLOAD, Operation
from ansible_collections.cloudimage.glance.plugins.module_utils._timing import TIMING
from ansible_collections.cloudimage.glance.plugins.module_utils._transfer import uploader
from ansible_collections.cloudimage.glance.plugins.module_utils._transfer.source import SourceContent, file_source

ID = "5a8b9d0e-0000-4000-8000-000000000001"


class BusyCloud:
    """Takes all data, loses its answer, and is then busy with them for ever."""

    def upload(self, _operation: t.Any, upload: t.Iterable[bytes], _store: t.Any, _timeout: float) -> None:
        for _block in upload:
            pass
        raise ConnectionProblem("The answer got lost.")

    def find_image(self, image_id: str) -> Image:
        return Image({"id": image_id, "status": "saving"})


def test_a_task_that_does_not_wait_ends_though_the_cloud_stays_busy(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    moments = itertools.count()  # each look at the clock is a second later
    monkeypatch.setattr(TIMING, "monotonic", lambda: float(next(moments)))
    monkeypatch.setattr(TIMING, "sleep", lambda _seconds: None)
    (tmp_path / "disk").write_bytes(b"data")
    content = SourceContent(file_source(str(tmp_path / "disk")))
    delivery = uploader.Uploader(t.cast("t.Any", BusyCloud()), content, None, wait=None)
    upload = Operation(UPLOAD, ID, {"path": "disk", "size": 4})
    assert delivery.perform(upload, remake=lambda: pytest.fail("it was made again")) == ID
    assert delivery.wait_and_verify(Image({"id": ID})).status == "saving"


class ImportingCloud:
    """Makes an image active, and ends its import only later: until then it writes to the image."""

    def __init__(self, locked_for: int, task_status: str) -> None:
        self.asked: list[str] = []
        self._locked_for = locked_for
        self._task_status = task_status

    def perform(self, operation: Operation) -> None:
        self.asked.append(operation.call.method)

    def find_image(self, image_id: str) -> Image:
        self.asked.append("GET image")
        locked = self.asked.count("GET image") <= self._locked_for
        image = {"id": image_id, "status": "active", "size": 4, "stores": "fast,cheap"}
        return Image({**image, **({"os_glance_import_task": "7"} if locked else {})})

    def list_tasks(self, _image_id: str) -> list[dict[str, t.Any]]:
        self.asked.append("GET tasks")
        return [{"id": "7", "type": "api_image_import", "status": self._task_status}]


@pytest.mark.parametrize("method", ["glance-direct", "copy-image"])
@pytest.mark.parametrize(
    ("locked_for", "task_status", "looks"),
    [
        (0, "success", ["GET image"]),
        (1, "success", ["GET image", "GET image"]),
        (3, "processing", ["GET image", "GET image", "GET tasks", "GET image", "GET tasks", "GET image"]),
        # The cloud was stopped between the task's end and the image's.
        (99, "success", ["GET image", "GET image", "GET tasks"]),
    ],
)
def test_an_import_is_over_when_the_cloud_writes_no_more_to_the_image(
    monkeypatch: pytest.MonkeyPatch, method: str, locked_for: int, task_status: str, looks: list[str]
) -> None:
    monkeypatch.setattr(TIMING, "sleep", lambda _seconds: None)
    cloud = ImportingCloud(locked_for, task_status)
    delivery = uploader.Uploader(t.cast("t.Any", cloud), None, None, wait=60)
    delivery.perform(Operation(IMPORT, ID, {"method": {"name": method}, "stores": ["cheap"]}), None)
    if method == "glance-direct":
        delivery.wait_and_verify(Image({"id": ID}))
    assert cloud.asked == ["POST", *looks]


class CloudWithTask:
    """Has one import task of an image."""

    def __init__(self, status: str) -> None:
        self.status = status

    def list_tasks(self, _image_id: str) -> list[dict[str, t.Any]]:
        return [{"id": "t", "type": "api_image_import", "status": self.status, "message": "the store is full"}]


@pytest.mark.parametrize(
    ("image", "task_status", "is_dead"),
    [
        ({"status": "importing"}, "failure", True),
        ({"status": "importing"}, "processing", False),
        ({"status": "importing", "os_glance_import_task": "t"}, "failure", True),
        ({"status": "importing", "os_glance_import_task": "t"}, "processing", False),
        ({"status": "importing", "os_glance_import_task": "another"}, "failure", False),
        ({"status": "queued", "os_glance_import_task": "t"}, "failure", True),
        ({"status": "queued"}, "failure", False),  # it takes data
        ({"status": "uploading"}, "failure", False),  # of an earlier import
        ({"status": "active"}, "failure", False),
    ],
)
def test_import_that_can_never_be_completed(image: dict[str, t.Any], task_status: str, is_dead: bool) -> None:
    failure = uploader.dead_import(t.cast("t.Any", CloudWithTask(task_status)), Image({"id": ID, **image}))
    assert ("the store is full" in failure) is is_dead


@pytest.mark.parametrize(
    ("before", "image", "converted"),
    [
        ({"disk_format": "qcow2", "container_format": "bare"}, {"disk_format": "raw", "container_format": "bare"}, True),
        ({"disk_format": "raw", "container_format": "ova"}, {"disk_format": "raw", "container_format": "bare"}, True),
        ({"disk_format": "raw", "container_format": "bare"}, {"disk_format": "raw", "container_format": "bare"}, False),
        ({"id": ID}, {"disk_format": "raw", "container_format": "bare"}, False),  # not known
    ],
)
def test_conversion_is_recognised_by_the_formats(before: dict[str, t.Any], image: dict[str, t.Any], converted: bool) -> None:
    assert uploader.is_converted(Image(before), Image(image)) is converted
