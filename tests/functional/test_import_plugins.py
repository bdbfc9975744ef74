# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""A cloud that decompresses and converts what it imports, and adds properties: it stores other data than were sent."""

from __future__ import annotations

import gzip
import pathlib
import subprocess
import typing as t

import pytest

from .cloud import Cloud, Json, Outcome
from .image_server import Web, serving
from .sources import checksum_of

pytestmark = pytest.mark.variant("import_plugins")

QCOW2: Json = {"disk_format": "qcow2", "container_format": "bare"}
CHECKSUM = "cloudimage_source_checksum"
FORMATS = "cloudimage_source_formats"


def make_disk(path: pathlib.Path, fill: str) -> pathlib.Path:
    """A qcow2 disk of 1 MiB."""
    for words in (["create", "-q", "-f", "qcow2", path, "1M"], ["bench", "-q", "-w", "-c", "1", "--pattern", fill, path]):
        subprocess.run(["qemu-img", *map(str, words)], check=True, stdout=subprocess.DEVNULL)
    return path


@pytest.fixture
def disk(tmp_path: pathlib.Path) -> pathlib.Path:
    return make_disk(tmp_path / "disk.qcow2", "7")


@pytest.fixture
def web(disk: pathlib.Path) -> t.Iterator[Web]:
    with serving() as web:
        web.files["/disk.qcow2"] = disk.read_bytes()
        yield web


def import_twice(cloud: Cloud, **options: t.Any) -> Outcome:
    """Check mode predicts the import but not its conversion; a second run changes nothing, nor does its check mode."""
    predicted = cloud.run("image", check=True, **options).succeeded()
    outcome = cloud.run("image", **options).succeeded()
    assert predicted.changed
    assert outcome.changed
    assert predicted.mutations == []
    sent = [(entry["method"], entry["path"]) for entry in outcome.mutations]
    assert sent == [(operation["method"], operation["path"]) for operation in outcome.result["operations"]]
    cloud.unchanged("image", **options)
    return outcome


def check_converted(outcome: Outcome) -> None:
    """The result holds what the cloud has, not what was sent."""
    image = outcome.image
    assert (image["status"], image["disk_format"], image["size"]) == ("active", "raw", 2**20)
    assert image["properties"][FORMATS] == f"qcow2 bare = sha512:{image['os_hash_value']}"
    after = {change["attribute"]: change["after"] for change in outcome.result["changes"]}
    # The size of a source that is not read beforehand is not among the changes.
    assert (after["disk_format"], after.get("size", 2**20)) == ("raw", 2**20)
    assert "changed its disk_format from qcow2 to raw" in " ".join(outcome.warnings)


@pytest.mark.parametrize("algorithm", [None, "sha512", "sha256", "md5"])
def test_converted_import_from_a_url_is_recognised(alice: Cloud, name: str, web: Web, algorithm: str | None) -> None:
    data = web.files["/disk.qcow2"]
    given = checksum_of(data, algorithm) if algorithm else None
    outcome = import_twice(alice, name=name, url=f"{web.url}/disk.qcow2", checksum=given, transfer="import", **QCOW2)
    check_converted(outcome)
    assert ("The source was not compared with its checksum" in " ".join(outcome.warnings)) == (algorithm is not None)
    record = outcome.image["properties"].get(CHECKSUM)
    assert record == (f"{given} = sha512:{outcome.image['os_hash_value']}" if given else None)


@pytest.mark.parametrize("algorithm", [None, "sha512", "sha256"])
def test_converted_file_is_recognised(alice: Cloud, name: str, disk: pathlib.Path, algorithm: str | None) -> None:
    given = checksum_of(disk.read_bytes(), algorithm) if algorithm else None
    outcome = import_twice(alice, name=name, path=str(disk), checksum=given, import_method="glance-direct", **QCOW2)
    check_converted(outcome)
    assert "The source was not compared" not in " ".join(outcome.warnings)
    assert outcome.image["properties"][CHECKSUM].startswith(given or checksum_of(disk.read_bytes()))


def test_converted_archive_is_recognised(alice: Cloud, name: str, disk: pathlib.Path, tmp_path: pathlib.Path) -> None:
    """This host decompresses, and the cloud converts."""
    (tmp_path / "disk.gz").write_bytes(gzip.compress(disk.read_bytes()))
    options: Json = {"path": str(tmp_path / "disk.gz"), "decompress": "auto", "import_method": "glance-direct"}
    check_converted(import_twice(alice, name=name, **options, **QCOW2))


@pytest.mark.parametrize("algorithm", [None, "sha512", "sha256"])
@pytest.mark.parametrize("source", ["url", "path"])
def test_archive_decompressed_by_the_cloud_is_recognised(
    alice: Cloud, name: str, web: Web, tmp_path: pathlib.Path, source: str, algorithm: str | None
) -> None:
    """Glance changes no format then; what it has is compared with the decompressed source."""
    packed = web.files["/disk.gz"] = gzip.compress(b"raw data" * 1000)
    (tmp_path / "disk.gz").write_bytes(packed)
    options: Json = {
        "url": {"url": f"{web.url}/disk.gz", "transfer": "import"},
        "path": {"path": str(tmp_path / "disk.gz"), "import_method": "glance-direct"},
    }[source]
    given = checksum_of(packed, algorithm) if algorithm else None
    outcome = import_twice(alice, name=name, checksum=given, disk_format="raw", container_format="bare", **options)
    assert (outcome.image["size"], outcome.result["transfer"]["hash"]) == (8000, checksum_of(b"raw data" * 1000))
    assert outcome.image["properties"][FORMATS].startswith("raw bare = ")
    assert outcome.warnings == []


@pytest.mark.parametrize("first", [True, False])
def test_converted_candidate_is_recognised_after_its_promotion(
    alice: Cloud, name: str, disk: pathlib.Path, tmp_path: pathlib.Path, first: bool
) -> None:
    if not first:
        old = make_disk(tmp_path / "old.qcow2", "9")
        alice.run("image", name=name, path=str(old), import_method="glance-direct", **QCOW2).succeeded()
    options: Json = {"name": name, "path": str(disk), "import_method": "glance-direct", "data_policy": "replace", **QCOW2}
    made = alice.run("image", candidate="prepare", **options).succeeded().image
    alice.unchanged("image", candidate="prepare", **options)
    promoted = alice.run("image", candidate="promote", **options).succeeded().image
    assert promoted["id"] == made["id"]
    for candidate in ({"candidate": "prepare"}, {"candidate": "promote"}, {}):
        assert alice.unchanged("image", **options, **candidate).image["id"] == made["id"]


def test_other_source_replaces_a_converted_image(
    alice: Cloud, name: str, disk: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    options: Json = {"name": name, "import_method": "glance-direct"}
    first = import_twice(alice, path=str(disk), tags=["t"], **options, **QCOW2).image
    other = make_disk(tmp_path / "other.qcow2", "9")
    assert "has other data than" in alice.fails("image", path=str(other), **options)
    import_twice(alice, path=str(other), data_policy="replace", **options)
    (image,) = alice.named(name)
    assert (image["id"] != first["id"], image["tags"], image["disk_format"]) == (True, ["t"], "raw")
    assert image[FORMATS] == f"qcow2 bare = sha512:{image['os_hash_value']}"
    alice.unchanged("image", path=str(other), data_policy="replace", **options, **QCOW2)


def test_import_into_an_existing_image_is_converted(alice: Cloud, name: str, disk: pathlib.Path) -> None:
    alice.make(name, **QCOW2)
    outcome = import_twice(alice, name=name, path=str(disk), import_method="glance-direct")
    check_converted(outcome)


def test_unconverted_import_is_verified(alice: Cloud, name: str, path: str) -> None:
    formats = {"disk_format": "raw", "container_format": "bare"}
    outcome = alice.thrice("image", name=name, path=path, import_method="glance-direct", **formats)
    assert FORMATS not in outcome.image["properties"]
    assert outcome.warnings == []


def test_properties_added_by_the_cloud_are_left_alone(alice: Cloud, name: str, path: str) -> None:
    formats = {"disk_format": "raw", "container_format": "bare"}
    options: Json = {"name": name, "path": path, "import_method": "glance-direct", **formats}
    outcome = alice.thrice("image", properties={"p": 1}, **options)
    assert outcome.image["properties"]["injected"] == "yes"
    alice.unchanged("image", properties={"p": 1}, **options)
    pathlib.Path(path).write_bytes(b"other data")
    outcome = alice.thrice("image", data_policy="replace", **options)
    assert outcome.image["properties"]["injected"] == "yes"
