# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""What the other tests rely on: a sandbox leaves no server behind, and its Glance is served as clouds serve theirs."""

from __future__ import annotations

import json
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import urllib.parse

import pytest

from .conftest import FORMATS, Cloud
from .timing import wait_until

SANDBOX = pathlib.Path(__file__).resolve().parents[1] / "sandbox" / "sandbox.py"
# What a sandbox runs here: it says where its servers listen, and stays until its input ends.
SHOW_AND_STAY = (
    "import os, sys; print(open(os.environ['GLANCE_SANDBOX'] + '/sandbox.json').read(), flush=True); sys.stdin.read()"
)


def listens(url: str) -> bool:
    address = urllib.parse.urlsplit(url)
    try:
        socket.create_connection((address.hostname, address.port), timeout=30).close()
    except ConnectionRefusedError:
        return False
    return True


def test_no_server_outlives_the_process_that_started_it() -> None:
    command = [sys.executable, str(SANDBOX), "run", "--", sys.executable, "-c", SHOW_AND_STAY]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin
        assert process.stdout
        facts = json.loads("".join(iter(process.stdout.readline, "}\n")) + "}")
        urls = [facts["keystone_url"], facts["glance_url"]]
        assert all(listens(url) for url in urls)
        process.send_signal(signal.SIGKILL)
        wait_until(lambda: not any(listens(url) for url in urls))
        process.stdin.close()
    shutil.rmtree(pathlib.Path(facts["clouds_yaml"]).parents[1])


@pytest.mark.parametrize(("size", "status"), [(256 * 1024, 204), (1024 * 1024, 500)])
def test_size_of_a_chunk_is_limited_as_in_clouds(alice: Cloud, name: str, size: int, status: int) -> None:
    image = alice.make(name, **FORMATS)
    # uWSGI takes 1 MiB a chunk, with its framing.
    headers = {"Content-Type": "application/octet-stream"}
    chunks = iter([bytes(size), bytes(size)])
    answer = alice.call("PUT", f"/images/{image['id']}/file", data=chunks, headers=headers, raise_exc=False)
    assert answer.status_code == status
