# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

import hashlib
import pathlib
import typing as t

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._errors import GlanceError, InvalidInput
from ansible_collections.cloudimage.glance.plugins.module_utils._transfer import (
    BLOCK,
    Upload,
    WrongData,
    file_size,
    has_same_data,
    hash_of,
)

DATA = b"0123456789" * (BLOCK // 4)


@pytest.fixture
def path(tmp_path: pathlib.Path) -> str:
    (tmp_path / "data").write_bytes(DATA)
    return str(tmp_path / "data")


def image(data: bytes, algorithm: str = "sha512") -> dict[str, t.Any]:
    return {
        "id": "i",
        "size": len(data),
        "os_hash_algo": algorithm,
        "os_hash_value": hashlib.new(algorithm, data).hexdigest(),
    }


@pytest.mark.parametrize("algorithm", ["sha512", "sha256", "md5"])
def test_what_arrived_is_compared(path: str, algorithm: str) -> None:
    upload = Upload(path, len(DATA))
    assert b"".join(upload) == DATA
    upload.check_arrived(image(DATA, algorithm))
    for wrong in (DATA[:-1], DATA + b"x", DATA[:-1] + b"x"):
        with pytest.raises(WrongData, match="The data arrived changed"):
            upload.check_arrived(image(wrong, algorithm))


def test_md5_alone_is_compared_too(path: str) -> None:
    old = {"id": "i", "size": len(DATA), "checksum": hashlib.md5(DATA, usedforsecurity=False).hexdigest()}
    assert has_same_data(old, path, len(DATA))


def test_no_hash_at_all_is_an_error() -> None:
    with pytest.raises(GlanceError, match="keeps no hash"):
        hash_of({"id": "i", "size": 3})


def test_each_sending_begins_at_the_first_byte(path: str) -> None:
    upload = Upload(path, len(DATA))
    next(iter(upload))
    assert b"".join(upload) == DATA
    upload.check_arrived(image(DATA))


def test_blocks_are_large(path: str) -> None:
    assert max(len(block) for block in Upload(path, len(DATA))) == BLOCK


@pytest.mark.parametrize(("size", "word"), [(len(DATA) + 1, "shorter"), (len(DATA) - 1, "longer")])
def test_a_file_that_changes_is_never_sent_whole(path: str, size: int, word: str) -> None:
    sent = b""
    with pytest.raises(GlanceError, match=f"became {word}"):
        for block in Upload(path, size):
            sent += block
    assert len(sent) < size


def test_size_is_compared_before_anything_is_read(tmp_path: pathlib.Path) -> None:
    assert not has_same_data(image(DATA), str(tmp_path / "never read"), len(DATA) + 1)


def test_files_that_cannot_be_sent(tmp_path: pathlib.Path) -> None:
    (tmp_path / "empty").touch()
    for name, message in (("none", "No such file"), ("", "is a directory"), ("empty", "is empty")):
        with pytest.raises(InvalidInput, match=message):
            file_size(str(tmp_path / name))
    with pytest.raises(InvalidInput, match="not a regular file"):
        file_size("/dev/null")
