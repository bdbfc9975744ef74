# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

import dataclasses
import multiprocessing
import os
import pathlib
import stat
import typing as t

import pytest

from .cloud import FORMATS, Cloud, Json
from .glance_proxy import NO_RANDOM_ACCESS, Behaviour, Page, breaking_at, no_fault, proxy
from .image_server import serving
from .sources import checksum_of
from .timing import HANGS

DATA = bytes(range(256)) * 12000


def parts(folder: pathlib.Path) -> list[str]:
    """What is not yet, or no longer, in its place."""
    return [path.name for path in folder.iterdir() if path.name.endswith(".part")]


def download(cloud: Cloud, name: str, dest: pathlib.Path, **options: t.Any) -> Json:
    """Check mode, for real, and again. Returns the real run's result."""
    before = dest.read_bytes() if dest.is_file() else None
    predicted = cloud.run("image_download", check=True, name=name, dest=str(dest), **options).succeeded()
    assert (dest.read_bytes() if dest.is_file() else None) == before
    real = cloud.run("image_download", name=name, dest=str(dest), **options).succeeded()
    for key in ("changed", "dest", "diff", "hash", "image"):
        assert predicted.result[key] == real.result[key], key
    again = cloud.unchanged("image_download", name=name, dest=str(dest), **options)
    assert again.sent == ["GET /v2/images"]
    assert again.result["diff"] == {"before": {}, "after": {}}
    return real.result


def test_image_is_downloaded_to_a_file(alice: Cloud, name: str, tmp_path: pathlib.Path) -> None:
    image = alice.make(name, DATA)
    result = download(alice, name, tmp_path / "disk")
    assert (tmp_path / "disk").read_bytes() == DATA
    assert result["changed"]
    assert result["transfer"]["bytes"] == result["size"] == len(DATA)
    assert result["hash"] == f"sha512:{image['os_hash_value']}"
    assert result["diff"] == {
        "before": {"state": "absent"},
        "after": {"state": "file", "size": len(DATA), "hash": result["hash"]},
        "before_header": str(tmp_path / "disk"),
        "after_header": str(tmp_path / "disk"),
    }
    assert parts(tmp_path) == []


def test_file_in_a_folder_is_named_after_the_image(alice: Cloud, name: str, tmp_path: pathlib.Path) -> None:
    alice.make(f"{name}/x", DATA)
    result = alice.run("image_download", name=f"{name}/x", dest=str(tmp_path)).succeeded().result
    assert result["dest"] == str(tmp_path / f"{name}_x.raw")
    assert (tmp_path / f"{name}_x.raw").read_bytes() == DATA
    assert not alice.unchanged("image_download", name=f"{name}/x", dest=str(tmp_path)).changed


def test_folder_in_the_place_of_the_file_is_refused(alice: Cloud, name: str, tmp_path: pathlib.Path) -> None:
    alice.make(name, DATA)
    (tmp_path / f"{name}.raw").mkdir()
    assert f"dest: {tmp_path}/{name}.raw is no regular file" in alice.fails("image_download", name=name, dest=str(tmp_path))
    assert parts(tmp_path) == []


def test_file_with_different_data_is_replaced(alice: Cloud, name: str, tmp_path: pathlib.Path) -> None:
    alice.make(name, DATA)
    dest = tmp_path / "disk"
    for other in (b"short", DATA[:-1] + b"x"):
        dest.write_bytes(other)
        dest.chmod(0o640)
        assert download(alice, name, dest)["changed"]
        assert dest.read_bytes() == DATA
        assert stat.S_IMODE(dest.stat().st_mode) == 0o640


def test_mode_of_the_file_is_set(alice: Cloud, name: str, tmp_path: pathlib.Path) -> None:
    alice.make(name, DATA)
    dest = tmp_path / "disk"
    download(alice, name, dest, mode="0600")
    assert stat.S_IMODE(dest.stat().st_mode) == 0o600
    predicted = alice.run("image_download", check=True, name=name, dest=str(dest), mode="0644").succeeded()
    real = alice.run("image_download", name=name, dest=str(dest), mode="0644").succeeded()
    assert predicted.result["diff"] == real.result["diff"] == {"before": {"mode": "0600"}, "after": {"mode": "0644"}}
    assert predicted.changed
    assert real.changed
    assert real.result["transfer"] is None
    assert not alice.unchanged("image_download", name=name, dest=str(dest), mode="0644").changed


def test_partial_download_is_continued(alice: Cloud, name: str, tmp_path: pathlib.Path) -> None:
    image = alice.make(name, DATA)
    part = tmp_path / f".disk.{image['id']}.part"
    part.write_bytes(DATA[:1_000_000])
    result = alice.run("image_download", name=name, dest=str(tmp_path / "disk")).succeeded().result
    assert (tmp_path / "disk").read_bytes() == DATA
    # Not every store can send a part of an image: a GET of one shows whether this one does.
    asked = alice.call("GET", f"/images/{image['id']}/file", headers={"Range": "bytes=1000000-"}, raise_exc=False)
    assert result["transfer"]["bytes"] == len(DATA) - (1_000_000 if asked.status_code == 206 else 0)
    assert parts(tmp_path) == []


@pytest.mark.parametrize("left", [b"x" * 1000, b"x" * len(DATA), DATA + b"x"])
def test_partial_download_with_wrong_data_is_discarded(alice: Cloud, name: str, tmp_path: pathlib.Path, left: bytes) -> None:
    image = alice.make(name, DATA)
    (tmp_path / f".disk.{image['id']}.part").write_bytes(left)
    alice.run("image_download", name=name, dest=str(tmp_path / "disk")).succeeded()
    assert (tmp_path / "disk").read_bytes() == DATA
    assert parts(tmp_path) == []


def test_symlink_in_place_of_the_partial_file_is_not_followed(alice: Cloud, name: str, tmp_path: pathlib.Path) -> None:
    image = alice.make(name, DATA)
    (tmp_path / "elsewhere").write_bytes(b"")
    (tmp_path / f".disk.{image['id']}.part").symlink_to(tmp_path / "elsewhere")
    assert "cannot be written" in alice.run("image_download", name=name, dest=str(tmp_path / "disk")).message
    assert (tmp_path / "elsewhere").read_bytes() == b""


def test_invalid_options_are_rejected(alice: Cloud, name: str, tmp_path: pathlib.Path) -> None:
    alice.make(name)
    fails = alice.fails
    assert "There is no image with the name 'nobody'" in fails("image_download", name="nobody", dest=str(tmp_path))
    assert "has the status 'queued'" in fails("image_download", name=name, dest=str(tmp_path))
    assert "does not exist" in fails("image_download", name=name, dest=str(tmp_path / "none" / "disk"))
    assert "does not exist" in fails("image_download", name=name, dest=f"{tmp_path}/none/")
    assert "is not an image id" in fails("image_download", id="1", dest=str(tmp_path))


def test_name_of_the_file_expands_no_variables(alice: Cloud, name: str, tmp_path: pathlib.Path) -> None:
    alice.make("$HOME/~root\n" + name, DATA)
    (tmp_path / "other").write_bytes(b"")
    result = alice.run("image_download", name="$HOME/~root\n" + name, dest=str(tmp_path), mode="0600").succeeded().result
    assert result["dest"] == str(tmp_path / f"_HOME__root_{name}.raw")
    assert stat.S_IMODE(os.stat(result["dest"]).st_mode) == 0o600


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"dest": ""}, "is no path"),
        ({"dest": "/tmp/a\0b"}, "is no path"),
        ({"dest": "/dev/null"}, "dest: /dev/null is no regular file"),
        ({"dest": "FOLDER/x", "mode": "abc"}, "mode must be in octal or symbolic form"),
        ({"dest": "FOLDER/x", "owner": "nobody-of-this-name"}, "failed to look up user"),
    ],
)
def test_invalid_destination_is_rejected(
    alice: Cloud, name: str, tmp_path: pathlib.Path, options: Json, message: str
) -> None:
    alice.make(name, DATA)
    given = {**options, "dest": options["dest"].replace("FOLDER", str(tmp_path))}
    assert message in alice.fails("image_download", name=name, **given)
    assert list(tmp_path.iterdir()) == []


def test_long_file_name_is_accepted(alice: Cloud, name: str, tmp_path: pathlib.Path) -> None:
    alice.make(name, DATA)
    assert download(alice, name, tmp_path / ("漢" * 80))["changed"]


@pytest.mark.parametrize("letter", ["a", "ä"])
def test_image_name_that_is_too_long_for_a_file_in_a_folder_is_refused(
    alice: Cloud, name: str, tmp_path: pathlib.Path, letter: str
) -> None:
    image = alice.make((name + letter * 255)[:255], b"data")
    message = alice.fails("image_download", id=image["id"], dest=f"{tmp_path}/")
    assert "a file's name has at most 255. Give the path of a file as 'dest'." in message
    assert list(tmp_path.iterdir()) == []


def test_only_administrators_download_a_deactivated_image(
    admin: Cloud, alice: Cloud, name: str, tmp_path: pathlib.Path
) -> None:
    image = alice.make(name, DATA)
    admin.call("POST", f"/images/{image['id']}/actions/deactivate")
    outcome = alice.run("image_download", name=name, dest=str(tmp_path / "disk"))
    assert "the data of a deactivated image are for administrators only" in outcome.message
    assert not (tmp_path / "disk").exists()
    assert admin.run("image_download", id=image["id"], dest=str(tmp_path / "disk")).succeeded().changed


def _download(cloud: Cloud, name: str, dest: str, results: multiprocessing.Queue) -> None:  # type: ignore[type-arg]
    outcome = cloud.run("image_download", name=name, dest=dest)
    results.put((outcome.failed, outcome.changed))


def test_one_of_several_downloads_at_once_brings_the_data(alice: Cloud, name: str, tmp_path: pathlib.Path) -> None:
    alice.make(name, DATA)
    context = multiprocessing.get_context("fork")
    results = context.Queue()
    dest = str(tmp_path / "disk")
    processes = [context.Process(target=_download, args=(alice, name, dest, results)) for _each in range(4)]
    for process in processes:
        process.start()
    found = sorted(results.get(timeout=HANGS) for _process in processes)
    assert found == [(False, False)] * 3 + [(False, True)]
    for process in processes:
        process.join()
    assert (tmp_path / "disk").read_bytes() == DATA
    assert os.listdir(tmp_path) == ["disk"]


def test_interrupted_download_of_another_image_is_removed(alice: Cloud, name: str, tmp_path: pathlib.Path) -> None:
    """Where the name means a new image each night, nobody would ever continue it."""
    old = alice.make(name, DATA)
    (tmp_path / f".disk.{old['id']}.part").write_bytes(DATA[:1000])
    alice.call("DELETE", f"/images/{old['id']}")
    alice.make(name, b"new data")
    download(alice, name, tmp_path / "disk")
    assert os.listdir(tmp_path) == ["disk"]


@pytest.mark.parametrize("target", ["there", "missing"])
def test_symbolic_link_is_refused(alice: Cloud, name: str, tmp_path: pathlib.Path, target: str) -> None:
    """Ansible would set the mode of its target in check mode only, and the data would take the place of the link."""
    alice.make(name, DATA)
    (tmp_path / "there").write_bytes(DATA)
    (tmp_path / "disk").symlink_to(tmp_path / target)
    message = alice.fails("image_download", name=name, dest=str(tmp_path / "disk"), mode="0600")
    assert f"dest: {tmp_path}/disk is a symbolic link to {tmp_path}/{target}." in message


def test_null_for_id_and_name_is_refused(alice: Cloud, tmp_path: pathlib.Path) -> None:
    assert "both are null; give one of them" in alice.fails("image_download", name=None, dest=str(tmp_path))


@pytest.mark.parametrize("status", [400, 416, 501])
def test_download_is_completed_where_ranges_are_refused(
    alice: Cloud, name: str, tmp_path: pathlib.Path, status: int
) -> None:
    image = alice.make(name, DATA)
    part = tmp_path / f".disk.{image['id']}.part"
    part.write_bytes(DATA[:1_000_000])
    inode = part.stat().st_ino
    no_ranges = Behaviour(refuses_ranges=dataclasses.replace(NO_RANDOM_ACCESS, status=status))
    with proxy(alice.sandbox.glance_url, no_fault, behaviour=no_ranges) as url:
        outcome = alice.run("image_download", name=name, dest=str(tmp_path / "disk"), endpoint_override=url)
    assert (tmp_path / "disk").read_bytes() == DATA
    assert (tmp_path / "disk").stat().st_ino == inode  # what was there is kept, not written again
    assert outcome.succeeded().result["transfer"]["bytes"] == len(DATA)
    assert outcome.result["transfer"]["attempts"] == 1
    assert no_ranges.ranges == ["bytes=1000000-", ""]
    assert parts(tmp_path) == []


@pytest.mark.usefixtures("impatient")
def test_refused_range_is_not_requested_again(alice: Cloud, name: str, tmp_path: pathlib.Path) -> None:
    alice.make(name, DATA)
    no_ranges = Behaviour(refuses_ranges=NO_RANDOM_ACCESS)
    with proxy(alice.sandbox.glance_url, breaking_at(500_000, 0, 900_000, 2_000_000), behaviour=no_ranges) as url:
        outcome = alice.run("image_download", name=name, dest=str(tmp_path / "disk"), endpoint_override=url)
    assert outcome.succeeded().result["transfer"]["bytes"] == 900_000 + 2_000_000 + 500_000 + len(DATA)
    assert (tmp_path / "disk").read_bytes() == DATA
    # The second request was answered with the refusal, whatever the fault.
    assert no_ranges.ranges == ["", "bytes=500000-", "", "", ""]


@pytest.mark.usefixtures("impatient")
def test_download_without_ranges_that_always_breaks_fails(alice: Cloud, name: str, tmp_path: pathlib.Path) -> None:
    image = alice.make(name, DATA)
    part = tmp_path / f".disk.{image['id']}.part"
    no_ranges = Behaviour(refuses_ranges=NO_RANDOM_ACCESS)
    for ranges in (["", "bytes=2500000-", "", "", ""], ["bytes=2500000-", "", "", "", ""]):
        no_ranges.ranges.clear()
        with proxy(alice.sandbox.glance_url, breaking_at(*[2_500_000] * 20), behaviour=no_ranges) as url:
            outcome = alice.run("image_download", name=name, dest=str(tmp_path / "disk"), endpoint_override=url)
        assert "broke off 4 times at byte 2500000" in outcome.message
        assert "each attempt starts at the first byte again" in outcome.message
        assert no_ranges.ranges == ranges
        assert part.read_bytes() == DATA[:2_500_000]
    alice.run("image_download", name=name, dest=str(tmp_path / "disk")).succeeded()
    assert (tmp_path / "disk").read_bytes() == DATA


@pytest.mark.usefixtures("impatient")
def test_last_attempt_sends_no_range(alice: Cloud, name: str, tmp_path: pathlib.Path) -> None:
    image = alice.make(name, DATA)
    (tmp_path / f".disk.{image['id']}.part").write_bytes(DATA[:1_000_000])
    fails = Behaviour(refuses_ranges=Page(500, "oops", "text/plain"))
    with proxy(alice.sandbox.glance_url, no_fault, behaviour=fails) as url:
        alice.run("image_download", name=name, dest=str(tmp_path / "disk"), endpoint_override=url).succeeded()
    assert (tmp_path / "disk").read_bytes() == DATA
    assert fails.ranges == ["bytes=1000000-"] * 3 + [""]


def test_wrong_partial_download_is_detected_where_ranges_are_refused(
    alice: Cloud, name: str, tmp_path: pathlib.Path
) -> None:
    image = alice.make(name, DATA)
    (tmp_path / f".disk.{image['id']}.part").write_bytes(b"x" * 1000)
    no_ranges = Behaviour(refuses_ranges=NO_RANDOM_ACCESS)
    with proxy(alice.sandbox.glance_url, no_fault, behaviour=no_ranges) as url:
        alice.run("image_download", name=name, dest=str(tmp_path / "disk"), endpoint_override=url).succeeded()
    assert (tmp_path / "disk").read_bytes() == DATA
    assert no_ranges.ranges == ["bytes=1000-", "", ""]


@pytest.mark.usefixtures("impatient")
def test_data_are_read_back_where_ranges_are_refused(alice: Cloud, name: str) -> None:
    checksum = checksum_of(DATA, "sha256")
    no_ranges = Behaviour(refuses_ranges=NO_RANDOM_ACCESS)
    with serving() as web, proxy(alice.sandbox.glance_url, breaking_at(500_000), behaviour=no_ranges) as url:
        web.files["/disk"] = DATA
        outcome = alice.run(
            "image", name=name, url=f"{web.url}/disk", checksum=checksum, transfer="import", endpoint_override=url, **FORMATS
        )
    assert outcome.image["status"] == "active"
    assert no_ranges.ranges == ["", "bytes=500000-", ""]


def test_download_through_a_compressing_proxy(alice: Cloud, name: str, tmp_path: pathlib.Path) -> None:
    image = alice.make(name, DATA)
    gzips = Behaviour(compresses="unless refused")
    with proxy(alice.sandbox.glance_url, no_fault, behaviour=gzips) as url:
        result = download(alice, name, tmp_path / "disk", endpoint_override=url)
    assert result["transfer"]["bytes"] == len(DATA)
    assert (tmp_path / "disk").read_bytes() == DATA
    assert result["hash"] == f"sha512:{image['os_hash_value']}"


def test_compressed_data_are_rejected(alice: Cloud, name: str, tmp_path: pathlib.Path) -> None:
    image = alice.make(name, DATA)
    (tmp_path / f".disk.{image['id']}.part").write_bytes(DATA[:1000])
    gzips = Behaviour(compresses="always")
    with proxy(alice.sandbox.glance_url, no_fault, behaviour=gzips) as url:
        outcome = alice.run("image_download", name=name, dest=str(tmp_path / "disk"), endpoint_override=url)
    assert "arrive with 'Content-Encoding: gzip'" in outcome.message
    assert "nginx: 'gzip off'" in outcome.message
    # Where the store refuses the Range, all is requested once more, and nothing after that.
    assert gzips.ranges in (["bytes=1000-"], ["bytes=1000-", ""])
    # What was there is kept for the next run.
    assert (tmp_path / f".disk.{image['id']}.part").read_bytes() == DATA[:1000]
    alice.run("image_download", name=name, dest=str(tmp_path / "disk")).succeeded()


def test_compressed_responses_are_read(alice: Cloud, name: str, path: str) -> None:
    """Errors' pages and JSON may be compressed, only data may not."""
    gzips = Behaviour(compresses="always")
    with proxy(alice.sandbox.glance_url, no_fault, behaviour=gzips) as url:
        assert alice.thrice("image", name=name, path=path, tags=["a"], endpoint_override=url, **FORMATS).changed
        outcome = alice.run("image", name=f"{name}-2", disk_format="no-format", endpoint_override=url)
    assert "HTTP 400: Provided object does not match schema 'image': 'no-format' is not one of" in outcome.message
