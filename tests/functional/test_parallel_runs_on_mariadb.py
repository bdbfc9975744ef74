# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""Ten parallel runs on MariaDB, where their writes overlap; SQLite serialises them."""

from __future__ import annotations

import json
import pathlib
import subprocess
import sys

import pytest

from .cloud import FORMATS, Cloud, Json
from .runs import check_one_changed, run_at_once

pytestmark = pytest.mark.variant("mariadb")

RUNS = 10
RUN_MODULE = pathlib.Path(__file__).resolve().parents[1] / "bench" / "run_module.py"


def run_in_parallel(cloud: Cloud, tmp_path: pathlib.Path, module: str, tasks: list[Json]) -> list[Json]:
    """Run each task in its own process, all at once, and return their results."""
    reports = [tmp_path / f"report-{number}.json" for number in range(len(tasks))]
    processes = [
        subprocess.Popen([sys.executable, str(RUN_MODULE), module, json.dumps({"cloud": cloud.name, **task}), str(report)])
        for task, report in zip(tasks, reports, strict=True)
    ]
    assert [process.wait(300) for process in processes] == [0] * len(tasks)
    return [json.loads(report.read_text())["result"] for report in reports]


@pytest.mark.usefixtures("slow_runs", "same_first_id")
def test_ten_parallel_runs_create_one_image(alice: Cloud, name: str, path: str) -> None:
    check_one_changed(run_at_once(alice, RUNS, {"name": name, "path": path, **FORMATS}))
    assert [image["status"] for image in alice.named(name)] == ["active"]


def test_ten_parallel_runs_with_an_image_each(alice: Cloud, name: str, tmp_path: pathlib.Path, path: str) -> None:
    names = [f"{name}-{number}" for number in range(RUNS)]
    results = run_in_parallel(
        alice, tmp_path, "image", [{"name": each, "path": path, "tags": ["a"], **FORMATS} for each in names]
    )
    assert [(result.get("msg"), result["changed"]) for result in results] == [(None, True)] * RUNS
    results = run_in_parallel(alice, tmp_path, "image", [{"name": each, "state": "absent"} for each in names])
    assert [(result.get("msg"), result["changed"]) for result in results] == [(None, True)] * RUNS
