# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

import pathlib

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._errors import InvalidInput
from ansible_collections.cloudimage.glance.plugins.module_utils._transfer.blocks import BLOCK
from ansible_collections.cloudimage.glance.plugins.module_utils._transfer.errors import BrokenSource, WrongSource
from ansible_collections.cloudimage.glance.plugins.module_utils._transfer.file_source import FileSource, file_source

DATA = b"0123456789" * (BLOCK // 4)


@pytest.fixture
def path(tmp_path: pathlib.Path) -> str:
    (tmp_path / "data").write_bytes(DATA)
    return str(tmp_path / "data")


def test_a_file_is_read_in_blocks(path: str) -> None:
    blocks = list(file_source(path).read())
    assert b"".join(blocks) == DATA
    assert [len(block) for block in blocks] == [BLOCK, BLOCK, len(DATA) - 2 * BLOCK]


def test_the_size_of_a_file_is_known(path: str) -> None:
    assert file_source(path).size == file_source(path).published_size() == len(DATA)


@pytest.mark.parametrize(("size", "word"), [(len(DATA) + 1, "shorter"), (len(DATA) - 1, "longer")])
def test_a_file_whose_size_changes_is_never_read_to_its_end(path: str, size: int, word: str) -> None:
    data = b""
    with pytest.raises(WrongSource, match=f"became {word}"):
        for block in FileSource(path, size).read():
            data += block
    assert len(data) < size


def test_a_file_that_disappears_is_a_broken_source(path: str) -> None:
    source = file_source(path)
    pathlib.Path(path).unlink()
    with pytest.raises(BrokenSource, match="cannot be read: No such file"):
        next(source.read())


def test_a_missing_file_is_rejected(tmp_path: pathlib.Path) -> None:
    with pytest.raises(InvalidInput, match="No such file"):
        file_source(str(tmp_path / "none"))


def test_a_directory_is_rejected(tmp_path: pathlib.Path) -> None:
    with pytest.raises(InvalidInput, match="is a directory"):
        file_source(str(tmp_path))


def test_an_empty_file_is_rejected(tmp_path: pathlib.Path) -> None:
    (tmp_path / "empty").touch()
    with pytest.raises(InvalidInput, match="is empty"):
        file_source(str(tmp_path / "empty"))


def test_a_device_is_rejected() -> None:
    with pytest.raises(InvalidInput, match="not a regular file"):
        file_source("/dev/null")


def test_a_path_that_no_file_can_have_is_rejected() -> None:
    with pytest.raises(InvalidInput, match=r"path: 'a\\x00b' cannot be read on the host"):
        file_source("a\0b")
