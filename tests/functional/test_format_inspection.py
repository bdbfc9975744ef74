# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""Data that are not what the task says they are, which are refused before anything is changed."""

from __future__ import annotations

import gzip
import pathlib

import pytest

from .cloud import FORMATS, Cloud, Json
from .image_server import serving
from .sources import MIB, file_of, qcow2_header

QCOW2: Json = {"disk_format": "qcow2", "container_format": "bare"}


def test_a_file_of_the_format_is_uploaded(alice: Cloud, name: str, tmp_path: pathlib.Path) -> None:
    outcome = alice.thrice("image", name=name, path=file_of(tmp_path, qcow2_header()), **QCOW2)
    assert outcome.result["source"] == {"format": "qcow2", "virtual_size": MIB, "converted_to": None}
    assert outcome.image["status"] == "active"


@pytest.mark.parametrize(
    ("data", "formats", "message"),
    [
        (b"no disk" * 1000, QCOW2, "Set 'disk_format: raw', or 'convert: qcow2'"),
        (qcow2_header(), FORMATS, "Set 'disk_format: qcow2', or 'convert: raw'"),
        (qcow2_header(backing=104), QCOW2, "it has a backing file"),
        (qcow2_header(features=4), QCOW2, "external data file"),
        (gzip.compress(qcow2_header()), QCOW2, "Set 'decompress: gz'"),
        (gzip.compress(b"no disk"), FORMATS, "is compressed with gz. Set 'decompress: gz'"),
    ],
    ids=["raw", "qcow2 as raw", "backing file", "data file", "compressed", "compressed as raw"],
)
def test_a_file_of_another_format_is_an_error_before_any_change(
    alice: Cloud, name: str, tmp_path: pathlib.Path, data: bytes, formats: Json, message: str
) -> None:
    assert message in alice.fails("image", name=name, path=file_of(tmp_path, data), **formats)
    assert alice.named(name) == []


def test_the_format_of_an_image_without_data_counts(alice: Cloud, name: str, tmp_path: pathlib.Path) -> None:
    alice.make(name, **QCOW2)
    assert "Set 'disk_format: raw'" in alice.fails("image", name=name, path=file_of(tmp_path, b"no disk"))


def test_a_compressed_file_is_inspected_as_it_is_decompressed(alice: Cloud, name: str, tmp_path: pathlib.Path) -> None:
    path = file_of(tmp_path, gzip.compress(qcow2_header()))
    assert "disk_format: 'raw' was given" in alice.fails("image", name=name, path=path, decompress="gz", **FORMATS)
    alice.thrice("image", name=name, path=path, decompress="gz", **QCOW2)


def test_a_url_is_inspected_if_the_task_says_so(alice: Cloud, name: str) -> None:
    with serving() as web:
        web.files["/disk"] = qcow2_header()
        options = {"name": name, "url": f"{web.url}/disk", "inspect": "always"}
        assert "Set 'disk_format: qcow2'" in alice.fails("image", **options, **FORMATS)
        outcome = alice.thrice("image", **options, **QCOW2)
    assert outcome.result["transfer"]["method"] == "upload"
    assert outcome.result["source"]["format"] == "qcow2"


def test_nothing_is_inspected_if_the_task_says_so(alice: Cloud, name: str, tmp_path: pathlib.Path) -> None:
    outcome = alice.thrice("image", name=name, path=file_of(tmp_path, qcow2_header()), inspect="never", **FORMATS)
    assert outcome.result["source"] is None


def test_data_that_change_after_their_inspection_are_not_stored(alice: Cloud, name: str) -> None:
    """A URL is requested once more for its inspection."""
    with serving() as web:
        web.files["/disk"] = qcow2_header()
        for later in (qcow2_header(backing=104), b"no disk"):
            for formats in ({"inspect": "always", **QCOW2}, {}):
                web.files["/disk"], web.next_files["/disk"] = qcow2_header(), later
                outcome = alice.run("image", name=name, url=f"{web.url}/disk", transfer="stream", **formats)
                assert "changed after it was inspected" in outcome.message
        assert alice.named(name) == []
        web.files["/disk"] = qcow2_header()
        alice.thrice("image", name=name, url=f"{web.url}/disk", inspect="always", transfer="stream", **QCOW2)
