# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import io
import os
import pathlib
import types
import typing as t

import pytest
import urllib3
from ansible_collections.cloudimage.glance.plugins.module_utils._errors import GlanceError
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.image import Image
from ansible_collections.cloudimage.glance.plugins.module_utils._transfer.download import Download
from ansible_collections.cloudimage.glance.plugins.module_utils._transfer.errors import DataMismatch
from ansible_collections.cloudimage.glance.plugins.module_utils._transfer.image_file import (
    LONGEST_NAME,
    _partial_file,
    download_to,
    file_has,
)
from ansible_collections.cloudimage.glance.plugins.module_utils._transfer.polling import Deadline

if t.TYPE_CHECKING:
    from ansible_collections.cloudimage.glance.tests.unit.plugins.module_utils.conftest import Clock

DATA = b"the data of an image"
ID = "5a8b9d0e-0000-4000-8000-000000000001"
IMAGE = Image({"id": ID, "size": len(DATA), "os_hash_algo": "sha512", "os_hash_value": hashlib.sha512(DATA).hexdigest()})


class Cloud:
    """Answers each request with the next of these bodies, from the requested byte on; the last one stays."""

    def __init__(self, *bodies: bytes) -> None:
        self._bodies = list(bodies)
        self.offsets: list[int] = []

    @contextlib.contextmanager
    def download(self, _image_id: str, offset: int) -> t.Iterator[t.Any]:
        self.offsets.append(offset)
        body = self._bodies[0] if len(self._bodies) == 1 else self._bodies.pop(0)
        raw = urllib3.HTTPResponse(io.BytesIO(body[offset:]), preload_content=False)
        yield types.SimpleNamespace(status_code=206, headers={}, raw=raw)

    def refuses_ranges(self, _image_id: str) -> bool:
        return False


@pytest.fixture
def dest(tmp_path: pathlib.Path) -> pathlib.Path:
    return tmp_path / "disk"


@pytest.fixture
def part(dest: pathlib.Path) -> pathlib.Path:
    return dest.with_name(f".disk.{ID}.part")


def download(cloud: Cloud, seconds: float | None = None) -> Download:
    return Download(t.cast("t.Any", cloud), IMAGE, Deadline(seconds))


def test_an_image_is_downloaded_to_a_file(dest: pathlib.Path) -> None:
    task = download(Cloud(DATA))
    assert download_to(str(dest), task, os.replace)
    assert dest.read_bytes() == DATA
    assert (task.transfer.bytes, task.transfer.attempts) == (len(DATA), 1)
    assert str(task.transfer.hash) == f"sha512:{hashlib.sha512(DATA).hexdigest()}"


def test_a_complete_file_is_moved_while_it_is_locked(dest: pathlib.Path, part: pathlib.Path) -> None:
    """Another run that waited for the lock moved the file a second time, and failed."""
    moved: list[tuple[str, str]] = []

    def move(source: str, target: str) -> None:
        with part.open("rb") as file, pytest.raises(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        moved.append((source, target))

    download_to(str(dest), download(Cloud(DATA)), move)
    assert moved == [(str(part), str(dest))]


def test_a_partial_file_is_continued(dest: pathlib.Path, part: pathlib.Path) -> None:
    part.write_bytes(DATA[:7])
    cloud = Cloud(DATA)
    reports: list[tuple[int, ...]] = []
    download_to(str(dest), download(cloud), os.replace, t.cast("t.Any", lambda *report: reports.append(report)))
    assert (dest.read_bytes(), cloud.offsets) == (DATA, [7])
    assert reports == [(len(DATA), len(DATA), 7)]


def test_a_partial_file_that_is_too_long_is_begun_again(dest: pathlib.Path, part: pathlib.Path) -> None:
    part.write_bytes(DATA + b"more")
    cloud = Cloud(DATA)
    download_to(str(dest), download(cloud), os.replace)
    assert (dest.read_bytes(), cloud.offsets) == (DATA, [0])


def test_a_partial_file_with_other_data_is_fetched_again(dest: pathlib.Path, part: pathlib.Path) -> None:
    part.write_bytes(b"other")
    cloud = Cloud(DATA)
    download_to(str(dest), download(cloud), os.replace)
    assert (dest.read_bytes(), cloud.offsets) == (DATA, [5, 0])


def test_data_that_arrive_changed_twice_are_an_error_and_not_kept(dest: pathlib.Path, part: pathlib.Path) -> None:
    with pytest.raises(DataMismatch, match="arrive changed, twice"):
        download_to(str(dest), download(Cloud(DATA[::-1])), os.replace)
    assert not part.exists()
    assert not dest.exists()


def test_a_file_that_another_run_writes_is_waited_for(dest: pathlib.Path, part: pathlib.Path, clock: Clock) -> None:
    with part.open("wb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(GlanceError, match="another run has been writing .* for 9 s"):
            download_to(str(dest), download(Cloud(DATA), 9), os.replace)
    assert clock.now == 9


def test_a_file_that_another_run_has_completed_meanwhile_is_not_fetched_again(
    dest: pathlib.Path, part: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flock = fcntl.flock

    def flock_after_the_other_run(file: t.Any, operation: int) -> None:
        if not dest.exists():
            part.write_bytes(DATA)
            part.rename(dest)
        flock(file, operation)

    monkeypatch.setattr(fcntl, "flock", flock_after_the_other_run)
    cloud = Cloud(DATA)
    assert not download_to(str(dest), download(cloud), os.replace)
    assert cloud.offsets == []
    assert os.listdir(dest.parent) == ["disk"]


def test_parts_of_other_images_are_removed(dest: pathlib.Path) -> None:
    other, locked = (f".disk.5a8b9d0e-0000-4000-8000-00000000000{each}.part" for each in "23")
    others = [locked, ".disk.part", ".disk2.5a8b9d0e-0000-4000-8000-000000000002.part", ".disk.x.part", "a.part"]
    for name in (other, *others):
        (dest.parent / name).write_bytes(b"left")
    with (dest.parent / locked).open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        download_to(str(dest), download(Cloud(DATA)), os.replace)
    assert sorted(os.listdir(dest.parent)) == sorted(["disk", *others])


def test_a_folder_that_cannot_be_listed_is_written_all_the_same(dest: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_folder: str) -> list[str]:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(os, "listdir", refuse)
        assert download_to(str(dest), download(Cloud(DATA)), os.replace)
    assert dest.read_bytes() == DATA


def test_a_file_of_another_user_is_not_written(
    dest: pathlib.Path, part: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    part.write_bytes(b"")
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    with pytest.raises(GlanceError, match="it belongs to another user"):
        download_to(str(dest), download(Cloud(DATA)), os.replace)


def test_a_folder_that_cannot_be_written_is_an_error(tmp_path: pathlib.Path) -> None:
    with pytest.raises(GlanceError, match="cannot be written: No such file"):
        download_to(str(tmp_path / "none" / "disk"), download(Cloud(DATA)), os.replace)


@pytest.mark.parametrize(("data", "expected"), [(DATA, True), (DATA[::-1], False), (DATA[1:], False), (None, False)])
def test_a_file_has_an_image_if_size_and_hash_are_equal(tmp_path: pathlib.Path, data: bytes | None, expected: bool) -> None:
    if data is not None:
        (tmp_path / "disk").write_bytes(data)
    assert file_has(str(tmp_path / "disk"), IMAGE) is expected


def test_the_partial_file_is_named_after_the_file_and_the_image() -> None:
    assert _partial_file("/images/disk.raw", IMAGE) == f"/images/.disk.raw.{ID}.part"


def test_the_name_of_a_partial_file_is_no_longer_than_file_systems_allow() -> None:
    name = os.path.basename(_partial_file("/images/" + "ü" * 120, IMAGE))
    assert len(os.fsencode(name)) <= LONGEST_NAME
    assert name.endswith(f"ü.{ID}.part")
