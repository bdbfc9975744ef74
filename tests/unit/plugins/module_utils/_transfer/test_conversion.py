# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

import gc
import gzip
import hashlib
import os
import pathlib
import shutil
import sys
import tempfile
import types
import typing as t

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._errors import GlanceError, InvalidInput
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.checksums import Checksum
from ansible_collections.cloudimage.glance.plugins.module_utils._transfer import conversion
from ansible_collections.cloudimage.glance.plugins.module_utils._transfer.conversion import (
    GIB,
    ConvertedSource,
    Disk,
    min_disk_for,
    qemu_img,
)
from ansible_collections.cloudimage.glance.plugins.module_utils._transfer.errors import OutOfTime, WrongSource
from ansible_collections.cloudimage.glance.plugins.module_utils._transfer.file_source import FileSource, file_source
from ansible_collections.cloudimage.glance.plugins.module_utils._transfer.format_inspection import Inspection
from ansible_collections.cloudimage.glance.plugins.module_utils._transfer.polling import Deadline
from ansible_collections.cloudimage.glance.plugins.module_utils._transfer.source import SourceContent
from ansible_collections.cloudimage.glance.tests.unit.plugins.module_utils._transfer.disk_headers import qcow2

DATA = b"the data of a disk".ljust(512) * 64
# Stands for qemu-img: its "conversion" turns all letters into capitals.
PROGRAM = f"""#!{sys.executable}
import json, os, sys
action, paths = sys.argv[1], [word for word in sys.argv if word.startswith("/dev/fd/")]
with open(os.environ["QEMU_IMG_LOG"], "a") as log:
    log.write(" ".join(word for word in sys.argv[1:] if word not in paths) + "\\n")
if os.environ.get("QEMU_IMG_FAILS") == action:
    print("qemu-img: it failed", file=sys.stderr)
    sys.exit(2)
with open(paths[0], "rb") as source:
    data = source.read()
if action == "measure":
    print(json.dumps({{"required": int(os.environ.get("QEMU_IMG_REQUIRED", len(data)))}}))
elif action == "info":
    print(json.dumps({{"virtual-size": int(os.environ.get("QEMU_IMG_VIRTUAL_SIZE", len(data)))}}))
elif action == "convert":
    if os.environ.get("QEMU_IMG_HANGS"):
        import time
        time.sleep(60)
    with open(paths[1], "wb") as image:
        image.write(data.upper())
elif action == "compare":
    with open(paths[1], "rb") as image:
        sys.exit(0 if image.read() == data.upper() else 1)
"""


@pytest.fixture
def log(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    """A program that stands for qemu-img; returns the file with its calls."""
    program = tmp_path / "bin" / "qemu-img"
    program.parent.mkdir()
    program.write_text(PROGRAM)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("QEMU_IMG_LOG", str(tmp_path / "log"))
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return tmp_path / "log"


def source_of(tmp_path: pathlib.Path, data: bytes = DATA, **options: t.Any) -> SourceContent:
    disk = tmp_path / "disk"
    disk.write_bytes(data)
    return SourceContent(file_source(str(disk)), **options)


def converted(
    content: SourceContent, target: str = "raw", size: int | None = len(DATA), name: str = "qcow2"
) -> ConvertedSource:
    """A source that counts as inspected, whatever its data are."""
    source = ConvertedSource(content, target)
    source.inspection = Inspection(name, size)
    source._inspected_again = lambda file: Disk(file, conversion.qemu_format(source.inspection))  # type: ignore[method-assign]
    return source


def prepared(source: ConvertedSource) -> bytes:
    source.prepare(Deadline(20))
    return b"".join(source.read())


def test_a_file_is_converted_and_can_be_read_again_and_again(tmp_path: pathlib.Path, log: pathlib.Path) -> None:
    source = converted(source_of(tmp_path))
    assert (source.size, source.expected_size, source.option) == (None, len(DATA), "path")
    assert prepared(source) == prepared(source) == DATA.upper()
    assert source.size == source.published_size() == len(DATA)
    assert log.read_text().splitlines() == [
        "check -q -f qcow2",
        "measure --output=json -f qcow2 -O qcow2",
        "convert -f qcow2 -O raw",
        "info --output=json -f raw",
    ]


def test_a_compressed_source_is_converted_as_it_is_decompressed(tmp_path: pathlib.Path, log: pathlib.Path) -> None:
    archive = gzip.compress(DATA)
    checksum = Checksum("sha256", hashlib.sha256(archive).hexdigest())
    assert prepared(converted(source_of(tmp_path, archive, compression="gz"))) == DATA.upper()
    assert prepared(converted(source_of(tmp_path, archive, compression="gz", checksum=checksum))) == DATA.upper()
    assert log.exists()


@pytest.mark.parametrize(
    ("name", "target", "call"),
    [
        ("gpt", "qcow2", "convert -f raw -O qcow2"),
        ("iso", "raw", "convert -f raw -O raw"),
        ("vhd", "vmdk", "convert -f vpc -O vmdk"),
        ("vmdk", "vhd", "convert -f vmdk -O vpc -o force_size=on"),
        ("vhdx", "vdi", "convert -f vhdx -O vdi"),
    ],
)
def test_qemu_img_is_told_both_formats(tmp_path: pathlib.Path, log: pathlib.Path, name: str, target: str, call: str) -> None:
    prepared(converted(source_of(tmp_path), target, name=name))
    assert log.read_text().splitlines()[2] == call


def test_only_the_size_of_raw_data_is_known_before(tmp_path: pathlib.Path) -> None:
    assert converted(source_of(tmp_path), "qcow2").expected_size is None
    assert converted(source_of(tmp_path), "raw", None).expected_size is None
    assert converted(source_of(tmp_path), "raw", 1000).expected_size == 1024


@pytest.mark.parametrize(
    ("env", "error", "message"),
    [
        ({"QEMU_IMG_FAILS": "convert"}, WrongSource, "'qemu-img convert' failed"),
        ({"QEMU_IMG_FAILS": "check"}, WrongSource, "'qemu-img check' failed: qemu-img: it failed"),
        ({"QEMU_IMG_FAILS": "measure"}, WrongSource, "'qemu-img measure' failed"),
        ({"QEMU_IMG_REQUIRED": str(2**60)}, GlanceError, "Set TMPDIR in the task's 'environment'"),
        ({"QEMU_IMG_VIRTUAL_SIZE": "1"}, WrongSource, "made a disk of 1 bytes"),
    ],
)
def test_a_conversion_that_fails_leaves_nothing_open(
    tmp_path: pathlib.Path,
    log: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
    env: dict[str, str],
    error: type[GlanceError],
    message: str,
) -> None:
    for key, value in env.items():
        monkeypatch.setenv(key, value)
    source = converted(source_of(tmp_path))
    gc.collect()  # what other tests have left open must not be closed meanwhile
    before = os.listdir("/dev/fd")
    with pytest.raises(error, match=message):
        source.prepare(Deadline(20))
    assert os.listdir("/dev/fd") == before
    assert log.exists()


def test_no_file_of_a_conversion_has_a_name(tmp_path: pathlib.Path, log: pathlib.Path) -> None:
    source = converted(source_of(tmp_path, gzip.compress(DATA), compression="gz"))
    prepared(source)
    assert os.listdir(log.parent / "temporary") == []
    gc.collect()  # what other tests have left open must not be closed meanwhile
    before = len(os.listdir("/dev/fd"))
    source.close()
    source.close()
    assert len(os.listdir("/dev/fd")) == before - 1


def test_a_source_with_another_checksum_is_not_converted(tmp_path: pathlib.Path, log: pathlib.Path) -> None:
    with pytest.raises(WrongSource, match="checksum"):
        prepared(converted(source_of(tmp_path, checksum=Checksum("sha256", "0" * 64))))
    assert not log.exists()


@pytest.mark.usefixtures("log")
def test_a_conversion_ends_with_the_time_of_the_task(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QEMU_IMG_HANGS", "yes")
    with pytest.raises(OutOfTime, match="'wait_timeout' is over"):
        converted(source_of(tmp_path)).prepare(Deadline(0))


def test_a_file_that_changes_meanwhile_is_an_error(tmp_path: pathlib.Path, log: pathlib.Path) -> None:
    source_of(tmp_path)

    class Replaced(FileSource):
        def read(self) -> t.Iterator[bytes]:
            yield from super().read()
            disk = tmp_path / "disk"
            disk.rename(tmp_path / "old")
            disk.write_bytes(DATA)

    replaced = SourceContent(Replaced(str(tmp_path / "disk"), len(DATA)))
    with pytest.raises(WrongSource, match="was changed while it was being converted"):
        converted(replaced).prepare(Deadline(20))
    assert log.exists()


def test_too_little_space_for_a_source_is_an_error_before_it_is_read(
    log: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Downloaded:
        label, option, size = "https://example.com/disk", "url", None

        def read(self) -> t.Iterator[bytes]:
            raise AssertionError

        def published_size(self) -> int:
            return 1000

    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: types.SimpleNamespace(free=999))
    with pytest.raises(GlanceError, match="needs 1000 bytes in .*, and 999 are free"):
        converted(SourceContent(Downloaded())).prepare(Deadline(20))
    assert not log.exists()


@pytest.mark.parametrize(
    ("image", "size", "name", "expected"),
    [
        (DATA.upper(), len(DATA), "raw", True),
        (DATA.lower(), len(DATA), "raw", False),
        (DATA.upper(), len(DATA) - 1, "raw", False),
        (DATA.upper(), len(DATA), "vdi", False),
    ],
    ids=["same", "other", "other size", "other format"],
)
def test_an_image_is_compared_by_the_disk_that_it_holds(
    tmp_path: pathlib.Path,
    log: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
    image: bytes,
    size: int,
    name: str,
    expected: bool,
) -> None:
    monkeypatch.setattr(conversion, "inspect_content", lambda _content, _inspectors: Inspection(name))
    assert converted(source_of(tmp_path)).is_disk_of(iter([image]), size, Deadline(20)) is expected
    assert os.listdir(log.parent / "temporary") == []


def test_a_comparison_that_fails_is_an_error(
    tmp_path: pathlib.Path, log: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversion, "inspect_content", lambda _content, _inspectors: Inspection("raw"))
    log.parent.joinpath("bin", "qemu-img").write_text("#!/bin/sh\nexit 2\n")
    with pytest.raises(WrongSource, match="'qemu-img compare' failed"):
        converted(source_of(tmp_path)).is_disk_of(iter([DATA]), len(DATA), Deadline(20))


def test_what_is_converted_is_inspected(tmp_path: pathlib.Path, log: pathlib.Path) -> None:
    source = ConvertedSource(source_of(tmp_path, qcow2()), "raw")
    assert (source.virtual_size, source.expected_size, source.inspection.format) == (GIB, GIB, "qcow2")
    with pytest.raises(WrongSource, match="backing file"):
        assert ConvertedSource(source_of(tmp_path, qcow2(backing=104)), "raw").inspection
    with pytest.raises(WrongSource, match="Set 'decompress: gz'"):
        assert ConvertedSource(source_of(tmp_path, gzip.compress(DATA)), "raw").inspection
    assert not log.exists()


@pytest.mark.parametrize(
    ("later", "message"),
    [
        (qcow2(backing=100), "it was qcow2, and is qcow2, and it has a backing file"),
        (DATA, "it was qcow2, and is raw"),
    ],
)
@pytest.mark.parametrize("compression", [None, "gz"])
def test_what_changes_after_its_inspection_is_not_given_to_qemu_img(
    tmp_path: pathlib.Path, log: pathlib.Path, compression: str | None, later: bytes, message: str
) -> None:
    """qemu-img opens the files that a header names, which may be any of this host's."""

    def written(data: bytes) -> SourceContent:
        return source_of(tmp_path, gzip.compress(data) if compression else data, compression=compression)

    source = ConvertedSource(written(qcow2()), "raw")
    assert source.inspection.format == "qcow2"
    source._content = written(later)
    with pytest.raises(WrongSource, match=message):
        source.prepare(Deadline(20))
    assert not log.exists()


def test_what_differs_from_the_recorded_checksum_is_not_converted(tmp_path: pathlib.Path, log: pathlib.Path) -> None:
    source = converted(source_of(tmp_path))
    source.expect(Checksum("sha512", hashlib.sha512(b"other").hexdigest()))
    with pytest.raises(WrongSource, match="as an earlier read of it says"):
        source.prepare(Deadline(20))
    assert not log.exists()


def test_without_the_inspectors_nothing_is_converted(
    tmp_path: pathlib.Path, log: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversion, "library", lambda: None)
    with pytest.raises(InvalidInput, match="pip install"):
        assert ConvertedSource(source_of(tmp_path), "raw").inspection
    assert not log.exists()


def test_without_qemu_img_there_is_an_error_that_names_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(InvalidInput, match="qemu-utils"):
        qemu_img()


@pytest.mark.parametrize(("size", "expected"), [(1, 1), (GIB, 1), (GIB + 1, 2), (0, 0)])
def test_a_disk_is_as_large_as_its_data(size: int, expected: int) -> None:
    assert min_disk_for(size) == expected
