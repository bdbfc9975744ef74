# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""Sources that are converted with qemu-img before they are sent. The session import_plugins always has qemu-img."""

from __future__ import annotations

import gzip
import json
import lzma
import pathlib
import shutil
import subprocess
import tempfile
import typing as t

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.json_patch import PATCH_CONTENT_TYPE

from .cloud import Cloud, Json, Play
from .glance_proxy import CUT_ANSWER
from .image_server import Web, serving
from .marks import nightly
from .runs import run_killed
from .scs import SCS_PROPERTIES
from .sources import MIB, checksum_of, make_disk, qemu_img

pytestmark = pytest.mark.skipif(shutil.which("qemu-img") is None, reason="qemu-img is missing (Debian: qemu-utils)")

RECORD = "cloudimage_source_checksum"
BARE: Json = {"container_format": "bare"}


@pytest.fixture
def disk(tmp_path: pathlib.Path) -> str:
    return make_disk(tmp_path / "disk.qcow2")


@pytest.fixture
def web(disk: str) -> t.Iterator[Web]:
    with serving() as web:
        web.files["/disk.qcow2"] = pathlib.Path(disk).read_bytes()
        yield web


def holds_disk(cloud: Cloud, image: Json, disk: str, image_format: str) -> bool:
    """Whether Glance has the same disk as a qcow2 file."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(cloud.call("GET", f"/images/{image['id']}/file").content)
        file.flush()
        words = ["qemu-img", "compare", "-f", "qcow2", "-F", image_format, disk, file.name]
        return subprocess.run(words, check=False, stdout=subprocess.DEVNULL).returncode == 0


@pytest.mark.parametrize(
    ("target", "image_format"),
    [("raw", "raw"), ("vmdk", "vmdk"), ("vdi", "vdi"), ("vhd", "vpc"), ("vhdx", "vhdx"), ("qcow2", "qcow2")],
)
def test_a_file_is_converted_and_recognised(alice: Cloud, name: str, disk: str, target: str, image_format: str) -> None:
    outcome = alice.thrice("image", name=name, path=disk, convert=target, **BARE)
    assert (outcome.image["disk_format"], outcome.image["min_disk"]) == (target, 1)
    assert outcome.result["source"] == {"format": "qcow2", "virtual_size": 3 * MIB, "converted_to": target}
    source = checksum_of(pathlib.Path(disk).read_bytes())
    assert outcome.image["properties"][RECORD].startswith(f"{source} convert:{target} = sha512:")
    assert holds_disk(alice, outcome.image, disk, image_format)


def test_a_vhd_of_fixed_size_is_converted_from_a_file_only(
    alice: Cloud, name: str, web: Web, tmp_path: pathlib.Path
) -> None:
    """Only its end shows what it is: by its beginning it is a raw disk, and the footer would become a part of the disk."""
    disk, compressed = tmp_path / "disk.vhd", tmp_path / "disk.vhd.xz"
    qemu_img("create", "-q", "-f", "vpc", "-o", "subformat=fixed,force_size=on", disk, "3M")
    web.files["/disk.vhd"] = disk.read_bytes()
    compressed.write_bytes(lzma.compress(disk.read_bytes()))
    sources: list[Json] = [{"url": f"{web.url}/disk.vhd"}, {"path": str(compressed), "decompress": "xz"}]
    for source in sources:
        message = alice.run("image", name=name, convert="raw", **source, **BARE).message
        assert "is a VHD of a fixed size. Such a disk is converted from a file only" in message
        assert alice.named(name) == []
    alice.thrice("image", name=name, path=str(disk), convert="raw", **BARE)


def test_check_mode_knows_the_size_of_raw_data(alice: Cloud, name: str, disk: str) -> None:
    predicted = alice.run("image", check=True, name=name, path=disk, convert="raw", **BARE).succeeded()
    assert predicted.result["operations"][1]["body"] == {"path": disk, "size": 3 * MIB, "convert": "raw"}
    assert (predicted.image["size"], predicted.image["min_disk"]) == (3 * MIB, 1)


def test_a_url_is_converted_and_recognised_by_its_checksum(alice: Cloud, name: str, web: Web) -> None:
    published = checksum_of(web.files["/disk.qcow2"], "sha256")
    options: Json = {"name": name, "url": f"{web.url}/disk.qcow2", "checksum": published, "convert": "raw", **BARE}
    alice.thrice("image", **options)
    asked = len(web.asked)
    alice.unchanged("image", **options)
    assert len(web.asked) == asked


def test_a_url_without_a_checksum_is_converted_once(alice: Cloud, name: str, web: Web) -> None:
    outcome = alice.thrice("image", name=name, url=f"{web.url}/disk.qcow2", convert="raw", **BARE)
    assert RECORD not in outcome.image["properties"]


@pytest.mark.parametrize("inspected", [True, False], ids=["after the inspection", "before it"])
def test_a_url_whose_data_name_a_file_of_this_host_is_not_converted(
    alice: Cloud, name: str, web: Web, tmp_path: pathlib.Path, inspected: bool
) -> None:
    """qemu-img would put that file into the image."""
    (tmp_path / "secret").write_bytes(b"secret" * 1000)
    bad = tmp_path / "bad.qcow2"
    command = ["qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", str(tmp_path / "secret"), str(bad)]
    subprocess.run(command, check=True)
    if inspected:
        web.next_files["/disk.qcow2"] = bad.read_bytes()
    else:
        web.files["/disk.qcow2"] = bad.read_bytes()
    outcome = alice.run("image", name=name, url=f"{web.url}/disk.qcow2", convert="raw", **BARE)
    assert "it has a backing file" in outcome.message
    assert ("changed between two reads" in outcome.message) == inspected
    assert alice.named(name) == []


def test_a_compressed_file_is_converted(alice: Cloud, name: str, disk: str, tmp_path: pathlib.Path) -> None:
    archive = tmp_path / "disk.qcow2.gz"
    archive.write_bytes(gzip.compress(pathlib.Path(disk).read_bytes()))
    options: Json = {"name": name, "path": str(archive), "decompress": "auto", "convert": "raw", **BARE}
    outcome = alice.thrice("image", **options)
    assert " gz convert:raw = " in outcome.image["properties"][RECORD]
    assert holds_disk(alice, outcome.image, disk, "raw")


def test_another_source_is_other_data(alice: Cloud, name: str, disk: str, tmp_path: pathlib.Path) -> None:
    options: Json = {"name": name, "convert": "raw", **BARE}
    alice.thrice("image", path=disk, **options)
    other = make_disk(tmp_path / "other.qcow2", "8")
    assert "has other data than" in alice.fails("image", path=other, **options)
    outcome = alice.thrice("image", path=other, data_policy="replace", **options)
    assert holds_disk(alice, outcome.image, other, "raw")


def test_another_target_replaces_the_image(alice: Cloud, name: str, disk: str) -> None:
    alice.thrice("image", name=name, path=disk, convert="raw", **BARE)
    outcome = alice.thrice("image", name=name, path=disk, convert="vmdk", data_policy="replace")
    assert outcome.image["disk_format"] == "vmdk"


def test_a_larger_min_disk_stays_and_the_tasks_own_counts(alice: Cloud, name: str, disk: str) -> None:
    alice.make(name, min_disk=4, **BARE)
    assert alice.thrice("image", name=name, path=disk, convert="raw").image["min_disk"] == 4
    assert alice.thrice("image", name=f"{name}-own", path=disk, convert="raw", min_disk=0, **BARE).image["min_disk"] == 0


@pytest.mark.parametrize("target", ["raw", "vmdk"])
def test_an_image_without_a_record_is_recognised_by_its_disk(
    alice: Cloud, name: str, disk: str, tmp_path: pathlib.Path, target: str
) -> None:
    """As one of a run that was killed after the upload."""
    options: Json = {"name": name, "path": disk, "convert": target, **BARE}
    image = alice.run("image", **options).image
    patch = {"data": json.dumps([{"op": "remove", "path": f"/{RECORD}"}]), "headers": {"Content-Type": PATCH_CONTENT_TYPE}}
    alice.call("PATCH", f"/images/{image['id']}", **patch)
    alice.unchanged("image", **options)
    other = make_disk(tmp_path / "other.qcow2", "8")
    assert "has other data than" in alice.fails("image", **{**options, "path": other})


@pytest.mark.parametrize("step", [0, 1, 2])
def test_a_run_that_is_killed_is_completed_by_the_next(alice: Cloud, name: str, disk: str, step: int) -> None:
    options: Json = {"name": name, "path": disk, "convert": "vmdk", **BARE}
    assert run_killed(alice, "image", options, step, CUT_ANSWER)
    alice.run("image", **options).succeeded()
    (image,) = alice.named(name)
    assert image["status"] == "active"
    assert holds_disk(alice, image, disk, "vmdk")
    alice.unchanged("image", **options)


def test_a_source_with_a_backing_file_is_not_converted(alice: Cloud, name: str, disk: str, tmp_path: pathlib.Path) -> None:
    overlay = tmp_path / "overlay.qcow2"
    qemu_img("create", "-q", "-f", "qcow2", "-b", disk, "-F", "qcow2", overlay)
    assert "it has a backing file" in alice.fails("image", name=name, path=str(overlay), convert="raw", **BARE)
    assert alice.named(name) == []


def test_a_damaged_source_is_an_error_before_any_change(alice: Cloud, name: str, disk: str) -> None:
    with open(disk, "r+b") as file:
        file.truncate(70_000)
    outcome = alice.run("image", name=name, path=disk, convert="raw", **BARE)
    assert "qemu-img" in outcome.message
    assert outcome.mutations == []


def test_without_qemu_img_nothing_is_changed(alice: Cloud, name: str, disk: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert "qemu-utils" in alice.fails("image", name=name, path=disk, convert="raw", **BARE)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"disk_format": "qcow2"}, "Leave disk_format out"),
        ({"inspect": "never"}, "only data that were inspected"),
        ({"path": None, "url": "http://127.0.0.1/disk", "transfer": "import"}, "use 'transfer: stream'"),
        ({"path": None}, "the task names none"),
    ],
)
def test_options_that_contradict_a_conversion_are_errors(
    alice: Cloud, name: str, disk: str, options: Json, message: str
) -> None:
    assert message in alice.fails("image", **{"name": name, "path": disk, "convert": "raw", **BARE, **options})


@pytest.mark.parametrize("in_process", [True, nightly(False)])
def test_a_playbook_converts_and_validates(play: Play, name: str, disk: str, in_process: bool) -> None:
    options: Json = {"name": name, "path": disk, "convert": "raw", "min_ram": 512, "properties": SCS_PROPERTIES, **BARE}
    checked: Json = {**options, "property_policy": "scs-0102", "validate_properties": "error"}
    task: Json = {"cloudimage.glance.image": checked, "vars": {"cloudimage_glance_in_process": in_process}}
    first, second = play(task, task).results
    assert (first["changed"], second["changed"]) == (True, False)
    assert first["source"] == {"format": "qcow2", "virtual_size": 3 * MIB, "converted_to": "raw"}


def test_images_of_a_list_are_converted(alice: Cloud, name: str, disk: str) -> None:
    entries = [{"name": f"{name}-{target}", "path": disk, "convert": target, **BARE} for target in ("raw", "vdi")]
    outcome = alice.run("images", images=entries).succeeded()
    assert [image["disk_format"] for image in outcome.images] == ["raw", "vdi"]
    alice.unchanged("images", images=entries)
