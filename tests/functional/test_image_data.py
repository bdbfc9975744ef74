# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""Where an image's data come from, how they get into it, and how they are compared."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import json
import lzma
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import typing as t

import pytest
import zstandard

from .cloud import FORMATS, Cloud, Json, Outcome
from .glance_proxy import CUT, proxy
from .image_server import Web, serving
from .runs import run_killed
from .sources import checksum_of

DATA = bytes(range(256)) * 5000
RECORD = "cloudimage_source_checksum"
COMPRESSED: dict[str, t.Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zst": zstandard.ZstdCompressor().compress,
}


def hashed(algorithm: str, data: bytes = DATA) -> str:
    return f"{algorithm}:{hashlib.new(algorithm, data).hexdigest()}"


@pytest.fixture
def web() -> t.Iterator[Web]:
    with serving() as web:
        web.files["/disk.raw"] = DATA
        yield web


def stored(cloud: Cloud, outcome: Outcome) -> bytes:
    """What Glance gives back of the image."""
    return cloud.call("GET", f"/images/{outcome.image['id']}/file").content


def test_cloud_imports_data_from_a_url(alice: Cloud, name: str, web: Web) -> None:
    outcome = alice.thrice("image", name=name, url=f"{web.url}/disk.raw", checksum=hashed("sha512"), **FORMATS)
    assert outcome.sent[:5] == [
        "GET /v2/images",
        "GET /v2/images",
        "GET /v2/info/import",
        "POST /v2/images",
        "POST /v2/images/ID/import",
    ]
    # The longer the cloud takes, the more often it is asked, and then also whether the import has failed.
    assert set(outcome.sent[5:]) <= {"GET /v2/images/ID", "GET /v2/images/ID/tasks"}
    assert outcome.image["status"] == "active"
    assert outcome.result["transfer"]["method"] == "web-download"
    assert outcome.result["transfer"]["hash"] == hashed("sha512")
    assert outcome.warnings == []
    assert stored(alice, outcome) == DATA


@pytest.mark.parametrize("algorithm", ["md5", "sha1", "sha256", "sha512"])
@pytest.mark.parametrize("transfer", ["import", "stream"])
def test_checksum_of_a_url_is_verified(alice: Cloud, name: str, web: Web, transfer: str, algorithm: str) -> None:
    url: Json = {"url": f"{web.url}/disk.raw", "transfer": transfer}
    wrong = alice.run("image", name=name, checksum=hashed(algorithm, b"other"), **url, **FORMATS)
    assert "was deleted again" in wrong.message
    assert alice.named(name) == []
    web.asked.clear()
    outcome = alice.thrice("image", name=name, checksum=hashed(algorithm), **url, **FORMATS)
    assert stored(alice, outcome) == DATA
    assert [line for line in web.asked if line.startswith("GET")] == ["GET /disk.raw"]
    # An image that another program has created is compared by the cloud's own hashes, or by downloading.
    alice.make(f"{name}-other", DATA)
    alice.unchanged("image", name=f"{name}-other", checksum=hashed(algorithm), **url)
    assert "has other data" in alice.fails("image", name=f"{name}-other", checksum=hashed(algorithm, b"x"), **url) or (
        algorithm in ("sha1", "sha256")
    )


def test_import_without_a_checksum_warns_that_only_the_size_is_verified(alice: Cloud, name: str, web: Web) -> None:
    outcome = alice.thrice("image", name=name, url=f"{web.url}/disk.raw", **FORMATS)
    assert outcome.warnings == [
        f"What the cloud imported into image {outcome.image['id']} could be verified by its size only."
    ]
    streamed = alice.thrice("image", name=f"{name}-2", url=f"{web.url}/disk.raw", transfer="stream", **FORMATS)
    assert streamed.warnings == []
    assert streamed.result["transfer"]["hash"] == hashed("sha512")


def test_data_are_streamed_where_the_cloud_offers_no_imports(alice: Cloud, name: str, web: Web) -> None:
    with proxy(alice.sandbox.glance_url, lambda _m, path, _c: 404 if path.endswith("/info/import") else None) as url:
        options = {"endpoint_override": url, "url": f"{web.url}/disk.raw", **FORMATS}
        assert "does not offer web-download; it offers no imports" in alice.fails(
            "image", name=name, transfer="import", **options
        )
        assert "does not offer web-download" in alice.fails("image", name=name, import_method="web-download", **options)
        outcome = alice.thrice("image", name=name, **options)
    assert outcome.result["transfer"]["method"] == "upload"
    assert stored(alice, outcome) == DATA


@pytest.mark.parametrize("style", ["{value}  disk.raw\n{other}  other\n", "SHA256 (disk.raw) = {value}\n", "{value}\n"])
def test_checksum_is_read_from_a_checksum_list(alice: Cloud, name: str, web: Web, style: str) -> None:
    value = hashed("sha256").partition(":")[2]
    web.files["/SHA256SUMS"] = style.format(value=value, other="0" * 64).encode()
    outcome = alice.thrice(
        "image", name=name, url=f"{web.url}/disk.raw", checksum=f"sha256:{web.url}/SHA256SUMS", transfer="stream", **FORMATS
    )
    assert outcome.image["properties"][RECORD] == f"{hashed('sha256')} = {hashed('sha512')}"


@pytest.mark.parametrize("options", [{"transfer": "stream"}, {"transfer": "import"}, {"import_method": "glance-direct"}])
def test_error_of_data_says_whether_attributes_were_changed_before(alice: Cloud, name: str, web: Web, options: Json) -> None:
    wrong: Json = {"url": f"{web.url}/disk.raw", "checksum": hashed("sha512", b"other"), **options}
    for number, tags in enumerate((["t"], None)):
        image = alice.make(f"{name}-{number}", **FORMATS)
        outcome = alice.run("image", name=image["name"], tags=tags, **wrong)
        assert ("Before this error the task changed of the image: its attributes." in outcome.message) == (tags is not None)
        assert alice.show(image["id"])["tags"] == (tags or [])


def test_refused_record_of_the_source_says_what_was_changed_before(alice: Cloud, name: str, path: str) -> None:
    properties: Json = {f"p{number}": "1" for number in range(128)}
    image = alice.make(name, **properties)
    checksum = checksum_of(pathlib.Path(path).read_bytes(), "sha1")
    outcome = alice.run("image", name=name, path=path, checksum=checksum, **FORMATS)
    assert "Maximum: 128" in outcome.message
    assert "Before this error the task changed of the image: its attributes, its data." in outcome.message
    assert alice.status_of(image) == "active"


def wrong_records(right: str) -> list[str]:
    """Records that say that an image has DATA; the last ones are of other data, as a snapshot inherits them."""
    other = hashed("sha512", b"something else")
    return [right, f"{right} = ", f"{right} = {other}", f"{right} = {hashed('sha512')}"]


def test_recorded_checksum_of_other_data_is_ignored(alice: Cloud, name: str, web: Web) -> None:
    checksum = hashed("sha256")
    options = {"url": f"{web.url}/disk.raw", "checksum": checksum}
    for number, record in enumerate(wrong_records(checksum)):
        image = alice.make(f"{name}-{number}", b"other data", **{RECORD: record})
        assert "has other data than" in alice.fails("image", name=image["name"], **options)
        outcome = alice.thrice("image", name=image["name"], data_policy="replace", **options)
        assert stored(alice, outcome) == DATA
        assert outcome.image["properties"][RECORD] == f"{checksum} = {hashed('sha512')}"


def test_source_is_recorded_only_once_its_data_are_verified(alice: Cloud, name: str, web: Web) -> None:
    """The task recognises other data that a user uploads after the run was killed."""
    options = {"url": f"{web.url}/disk.raw", "checksum": hashed("sha256"), "transfer": "stream", **FORMATS}
    assert run_killed(alice, "image", {"name": name, **options}, 1, CUT)
    (image,) = alice.named(name)
    assert RECORD not in image
    headers = {"Content-Type": "application/octet-stream"}
    alice.call("PUT", f"/images/{image['id']}/file", data=b"other data", headers=headers)
    assert "has other data than" in alice.fails("image", name=name, **options)
    outcome = alice.thrice("image", name=name, data_policy="replace", **options)
    assert [f"{entry['method']} {entry['path'].rpartition('/')[2]}" for entry in outcome.mutations] == [
        "POST images",
        "PUT file",
        f"PATCH {outcome.image['id']}",
        f"DELETE {image['id']}",
    ]


def test_source_is_recorded_after_the_upload_and_read_no_more(alice: Cloud, name: str, web: Web) -> None:
    options = {"url": f"{web.url}/disk.raw", "checksum": hashed("sha256"), "transfer": "stream", "name": name}
    outcome = alice.thrice("image", tags=["t"], **options, **FORMATS)
    assert [entry["method"] for entry in outcome.mutations] == ["POST", "PUT", "PATCH"]
    assert RECORD not in outcome.mutations[0]["body"]
    web.files.clear()
    alice.unchanged("image", **options)
    assert "cannot be set" in alice.fails("image", name=name, properties={RECORD: hashed("sha256")})


@pytest.mark.parametrize("kind", COMPRESSED)
def test_compressed_source_is_decompressed(alice: Cloud, name: str, web: Web, tmp_path: pathlib.Path, kind: str) -> None:
    packed = COMPRESSED[kind](DATA)
    web.files[f"/disk.{kind}"] = packed
    (tmp_path / f"disk.{kind}").write_bytes(packed)
    for source in ({"url": f"{web.url}/disk.{kind}"}, {"path": str(tmp_path / f"disk.{kind}")}):
        for decompress, checksum in ((kind, hashed("sha512", packed)), ("auto", None)):
            image_name = f"{name}-{'-'.join(source)}-{decompress}"
            outcome = alice.thrice("image", name=image_name, decompress=decompress, checksum=checksum, **source, **FORMATS)
            assert stored(alice, outcome) == DATA
            assert outcome.result["transfer"]["hash"] == hashed("sha512")


@pytest.mark.parametrize("kind", COMPRESSED)
def test_broken_compressed_source_leaves_no_image(alice: Cloud, name: str, web: Web, kind: str) -> None:
    packed = COMPRESSED[kind](DATA)
    for data, message in (
        (packed[: len(packed) // 2], "ends too early"),
        (b"no archive", f"is no {kind} file"),
        (packed + b"rest", f"is no {kind} file"),
    ):
        web.files["/bad"] = data
        outcome = alice.run("image", name=name, url=f"{web.url}/bad", decompress=kind, **FORMATS)
        assert message in outcome.message
        assert alice.named(name) == []


def test_glance_direct_stages_and_imports_data(alice: Cloud, name: str, path: str, web: Web) -> None:
    outcome = alice.thrice("image", name=name, path=path, import_method="glance-direct", **FORMATS)
    assert [entry["path"].rpartition("/")[2] for entry in outcome.mutations] == ["images", "stage", "import"]
    assert outcome.result["transfer"]["method"] == "stage"
    assert stored(alice, outcome) == pathlib.Path(path).read_bytes()
    web.files["/disk.gz"] = gzip.compress(DATA)
    outcome = alice.thrice(
        "image", name=f"{name}-url", url=f"{web.url}/disk.gz", decompress="auto", import_method="glance-direct", **FORMATS
    )
    assert stored(alice, outcome) == DATA


@pytest.mark.since_glance(28, "has no glance-download")
def test_glance_download_copies_an_image_of_another_region(alice: Cloud, name: str) -> None:
    origin = alice.make(f"{name}-origin", DATA)
    remote = {"region": "RegionTwo", "id": origin["id"]}
    outcome = alice.thrice("image", name=name, remote=remote, **FORMATS)
    assert stored(alice, outcome) == DATA
    assert outcome.result["transfer"]["method"] == "glance-download"
    other = alice.make(f"{name}-other", DATA[:-1] + b"x")
    assert "has other data" in alice.fails("image", name=name, remote={**remote, "id": other["id"]})
    assert "no public endpoint" in alice.fails("image", name=name, remote={**remote, "region": "nowhere"})


@pytest.mark.variant("glance-22")
def test_glance_download_that_the_cloud_does_not_offer_is_an_error(alice: Cloud, name: str) -> None:
    origin = alice.make(f"{name}-origin", DATA)
    message = alice.fails("image", name=name, remote={"region": "RegionTwo", "id": origin["id"]}, **FORMATS)
    assert "glance-download" in message


def test_image_is_copied_to_and_removed_from_stores(admin: Cloud, name: str, path: str) -> None:
    outcome = admin.thrice("image", name=name, path=path, stores=["cheap", "fast"], **FORMATS)
    assert outcome.image["stores"] == ["cheap", "fast"]
    assert [entry["path"].rpartition("/")[2] for entry in outcome.mutations] == ["images", "file", "import"]
    outcome = admin.thrice("image", name=name, stores=["cheap"])
    assert outcome.image["stores"] == ["cheap"]
    outcome = admin.thrice("image", name=name, stores=["fast"])
    assert outcome.image["stores"] == ["fast"]
    assert [entry["method"] for entry in outcome.mutations] == ["POST", "DELETE"]


def test_data_are_imported_to_the_given_store(admin: Cloud, name: str, path: str) -> None:
    outcome = admin.thrice("image", name=name, path=path, import_method="glance-direct", stores=["cheap"], **FORMATS)
    assert outcome.image["stores"] == ["cheap"]


def test_invalid_stores_are_rejected(admin: Cloud, name: str) -> None:
    admin.make(name, b"data")
    assert "no store tape; it has fast, cheap" in admin.fails("image", name=name, stores=["fast", "tape"])
    assert "name at least one" in admin.fails("image", name=name, stores=[])


def test_refused_copy_between_stores_has_a_hint(alice: Cloud, name: str) -> None:
    alice.make(name, DATA)
    for stores, word in ((["fast", "cheap"], "copy images"),):
        assert f"only administrators may {word}" in alice.run("image", name=name, stores=stores).message


def test_data_policy_keep_warns_and_keeps_the_data(alice: Cloud, name: str, path: str) -> None:
    image = alice.make(name, DATA)
    outcome = alice.thrice("image", name=name, path=path, data_policy="keep", tags=["t"])
    assert f"has other data than {path}, and keeps them" in outcome.warnings[0]
    assert alice.show(image["id"])["os_hash_value"] == image["os_hash_value"]


def test_unchanged_image_is_recognised_without_reading_the_source(alice: Cloud, name: str, path: str, web: Web) -> None:
    data = pathlib.Path(path).read_bytes()
    alice.thrice("image", name=name, path=path, **FORMATS)
    opened = pathlib.Path(path)
    opened.write_bytes(b"?" * len(data))  # only its size is looked at
    outcome = alice.unchanged("image", name=name, path=path, checksum=hashed("sha512", data))
    assert outcome.sent == ["GET /v2/images"]
    alice.unchanged("image", name=name, url=f"{web.url}/disk.raw", checksum=hashed("sha512", data))
    assert web.asked == []


@pytest.mark.slow
@pytest.mark.usefixtures("sandbox")
def test_long_transfer_reports_its_progress(name: str, web: Web, tmp_path: pathlib.Path) -> None:
    web.files["/disk.raw"] = DATA * 10
    web.faults = ["slow:30"] * 4  # Glance ends an upload that stalls for four seconds, as on a busy machine
    options = {"cloud": "alice", "name": name, "url": f"{web.url}/disk.raw", "transfer": "stream", **FORMATS}
    play = {"hosts": "localhost", "gather_facts": False, "tasks": [{"cloudimage.glance.image": options}]}
    (tmp_path / "play.yml").write_text(json.dumps([play]))
    command = [f"{pathlib.Path(sys.executable).parent}/ansible-playbook", str(tmp_path / "play.yml")]
    output = []
    # In /tmp itself other tests have files of that name. The path is short: ansible-core 2.21 has a socket there.
    with (
        tempfile.TemporaryDirectory(prefix="glance-") as temporary,
        subprocess.Popen(
            command, env={**os.environ, "TMPDIR": temporary}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as process,
    ):
        for line in process.stdout or ():
            output.append(line)
            if line.startswith(f"{name}: "):
                web.go_on.set()  # it has said something, and the rest may come at once
        assert process.wait() == 0, output
        assert list(pathlib.Path(temporary).glob("glance-progress-*")) == []
    lines = [line for line in output if line.startswith(f"{name}: ")]
    assert lines, output
    assert re.fullmatch(rf"{name}: \d+ %, \d+ of \d+ MiB, [\d.]+ MiB/s, \d+ s left\n", lines[0])


@pytest.mark.parametrize("options", [{"transfer": "import"}, {"transfer": "stream"}, {}])
def test_empty_source_is_rejected(alice: Cloud, name: str, web: Web, options: Json) -> None:
    web.files["/empty"] = b""
    assert "empty" in alice.run("image", name=name, url=f"{web.url}/empty", **options, **FORMATS).message
    assert alice.named(name) == []


def test_data_are_replaced_where_decompress_changes(alice: Cloud, name: str, web: Web) -> None:
    packed = gzip.compress(DATA)
    web.files["/disk.gz"] = packed
    source: Json = {"url": f"{web.url}/disk.gz", "checksum": hashed("sha256", packed)}
    outcome = alice.thrice("image", name=name, **source, **FORMATS)
    assert stored(alice, outcome) == packed
    for decompress, data in (("gz", DATA), ("none", packed)):
        outcome = alice.thrice("image", name=name, decompress=decompress, data_policy="replace", **source)
        assert stored(alice, outcome) == data


@pytest.mark.parametrize("data", [DATA, b"fits into one block"], ids=["large", "small"])
def test_existing_image_with_wrong_data_is_deactivated(alice: Cloud, name: str, web: Web, data: bytes) -> None:
    web.files["/disk.raw"] = data
    image = alice.make(name, protected=True, tags=["t"], **FORMATS)
    options: Json = {"url": f"{web.url}/disk.raw", "transfer": "import"}
    outcome = alice.run("image", name=name, checksum=hashed("sha512", b"other"), **options)
    assert "was not deleted but deactivated" in outcome.message
    left = alice.show(image["id"])
    assert (left["status"], left["protected"], left["tags"]) == ("deactivated", True, ["t"])


def test_url_with_other_than_ascii_characters_is_imported(alice: Cloud, name: str, web: Web) -> None:
    web.files["/%C3%BC.raw"] = DATA
    outcome = alice.thrice("image", name=name, url=f"{web.url}/ü.raw", **FORMATS)
    assert outcome.result["transfer"]["method"] == "web-download"


@pytest.mark.parametrize(
    "url",
    [
        "URL/disk.raw?X-Amz-Signature=SECRET12345",
        "URL/to?X-Amz-Signature=SECRET12345",
        'URL/none?sig=aä|"<SECRET12345',
        "http://user:SECRET12345@HOST/none",
        "http://SECRET12345@HOST/none",
        "http://u:[SECRET12345@HOST/none",
        "http:/u:SECRET12345@HOST/none",
        "http://u:1#SECRET12345@HOST/none",
    ],
)
@pytest.mark.parametrize("where", ["url", "checksum"])
def test_secrets_in_urls_are_not_shown(alice: Cloud, name: str, web: Web, unused_port: int, url: str, where: str) -> None:
    web.redirects["/to"] = f"http://127.0.0.1:{unused_port}/obj?X-Amz-Signature=SECRET12345-of-the-target"
    url = url.replace("URL", web.url).replace("HOST", web.url.removeprefix("http://"))
    options: Json = {"url": url} if where == "url" else {"url": f"{web.url}/disk.raw", "checksum": f"sha256:{url}"}
    for check in (True, False):
        for transfer in ("stream", "import"):
            outcome = alice.run("image", check=check, name=name, transfer=transfer, **options, **FORMATS)
            assert "SECRET12345" not in outcome.stdout
    alice.run("image", name=name, state="absent").succeeded()


@pytest.mark.parametrize("compresses", ["unless refused", "always"])
def test_data_that_a_server_always_compresses_are_rejected(alice: Cloud, name: str, web: Web, compresses: str) -> None:
    web.compresses = compresses
    outcome = alice.run("image", name=name, url=f"{web.url}/disk.raw", transfer="stream", **FORMATS)
    if compresses == "always":
        assert "/disk.raw arrives with 'Content-Encoding: gzip'" in outcome.message
        assert "compresses the data" in outcome.message
        assert alice.named(name) == []
    else:
        assert stored(alice, outcome) == DATA


def test_content_length_of_compressed_data_is_not_taken_for_the_size(alice: Cloud, name: str, web: Web) -> None:
    """Glance 33 requests no compression, and stores compressed bytes as the data if they arrive all the same."""
    web.encodings["/disk.raw"] = "gzip"
    outcome = alice.run("image", name=name, url=f"{web.url}/disk.raw", transfer="import", **FORMATS)
    assert "could not be verified; give a 'checksum'" in " ".join(outcome.warnings)


def test_content_encoding_of_a_compressed_file_is_ignored(alice: Cloud, name: str, web: Web) -> None:
    """As Apache does with AddEncoding: what arrives is the file as it is."""
    web.files["/disk.raw.gz"] = gzip.compress(DATA)
    web.encodings["/disk.raw.gz"] = "x-gzip"
    checksum = hashed("sha512", web.files["/disk.raw.gz"])
    outcome = alice.thrice(
        "image", name=name, url=f"{web.url}/disk.raw.gz", checksum=checksum, transfer="stream", decompress="auto", **FORMATS
    )
    assert stored(alice, outcome) == DATA
    # What is compressed on the way too is not the file.
    web.compresses = "always"
    outcome = alice.run(
        "image", name=f"{name}-2", url=f"{web.url}/disk.raw.gz", transfer="stream", decompress="auto", **FORMATS
    )
    assert "arrives with 'Content-Encoding: gzip'" in outcome.message
