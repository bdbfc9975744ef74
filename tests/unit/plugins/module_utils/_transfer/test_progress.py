# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

import pathlib

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._transfer.progress import (
    PROGRESS_FILE,
    Reporter,
    import_text,
    progress_text,
    reporter,
)

MIB = 2**20


@pytest.mark.parametrize(
    ("moved", "size", "seconds", "had", "text"),
    [
        (380 * MIB, 1024 * MIB, 10.0, 0, "37 %, 380 of 1024 MiB, 38.0 MiB/s, 17 s left"),
        (380 * MIB, None, 10.0, 0, "380 MiB, 38.0 MiB/s"),
        (600 * MIB, 1000 * MIB, 10.0, 500 * MIB, "60 %, 600 of 1000 MiB, 10.0 MiB/s, 40 s left"),
        (0, 1000 * MIB, 10.0, 0, "0 %, 0 of 1000 MiB, 0.0 MiB/s, standing still"),
        (1, 1, 0.0, 0, "100 %, 0 of 0 MiB, 0.0 MiB/s, standing still"),
    ],
)
def test_what_is_said(moved: int, size: int | None, seconds: float, had: int, text: str) -> None:
    assert progress_text(moved, size, seconds, had) == text


@pytest.mark.parametrize(
    ("message", "size", "text"),
    [
        ("", None, "the cloud is importing the data"),
        ("", 1024 * MIB, "the cloud is importing the data"),
        ("Copied 380 MiB", None, "the cloud is importing the data: Copied 380 MiB"),
        ("Copied 380 MiB", 1024 * MIB, "the cloud is importing the data: Copied 380 MiB (37 %)"),
        ("Verifying", 1024 * MIB, "the cloud is importing the data: Verifying"),
    ],
)
def test_what_is_said_of_an_import(message: str, size: int | None, text: str) -> None:
    assert import_text(message, size) == text


def test_the_cloud_is_asked_about_an_import_only_if_it_is_reported() -> None:
    said: list[str] = []
    asked: list[str] = []
    moments = iter([0.0, 1.0, 9.9, 10.0, 19.0, 20.0])
    report = Reporter("n", said.append, lambda: next(moments))

    def message() -> str:
        asked.append("GET")
        return "Copied 1 MiB"

    for _look in range(5):
        report.note_import(message, 2 * MIB)
    assert asked == ["GET"] * 2
    assert said == ["n: the cloud is importing the data: Copied 1 MiB (50 %)"] * 2


def test_something_is_said_every_ten_seconds() -> None:
    said: list[str] = []
    moments = iter([0.0, 1.0, 9.9, 10.0, 15.0, 20.0, 21.0, 31.0])
    report = Reporter("n", said.append, lambda: next(moments))
    for moved in (1, 99, 100, 150, 200):
        report(moved * MIB, 1000 * MIB)
    assert said == ["n: 10 %, 100 of 1000 MiB, 10.0 MiB/s, 90 s left", "n: 20 %, 200 of 1000 MiB, 10.0 MiB/s, 80 s left"]
    for moved in (1, 100):  # begun again
        report(moved * MIB, 1000 * MIB)
    assert said[-1] == "n: 10 %, 100 of 1000 MiB, 10.0 MiB/s, 90 s left"


def test_where_nobody_listens(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> None:
    monkeypatch.delenv(PROGRESS_FILE, raising=False)
    assert reporter("n") is None
    monkeypatch.setenv(PROGRESS_FILE, str(tmp_path / "gone" / "file"))
    report = reporter("n")
    assert report
    report._report("line")
    monkeypatch.setenv(PROGRESS_FILE, str(tmp_path / "file"))
    report = reporter("n")
    assert report
    report._report("line")
    assert (tmp_path / "file").read_text() == "line\n"
