# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""Runs one module as a process of its own, as Ansible does, and writes down what that took.

run_module.py MODULE ARGUMENTS REPORT     ARGUMENTS is JSON; REPORT is a file for time (s), memory and bytes read
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import pathlib
import resource
import sys
import time

from ansible.module_utils import basic

MODULES = "ansible_collections.cloudimage.glance.plugins.modules"


def main() -> None:
    module, arguments, report = sys.argv[1:4]
    del sys.argv[1:]
    full = {**json.loads(arguments), "_ansible_check_mode": False, "_ansible_diff": False, "_ansible_no_log": False}
    basic._ANSIBLE_ARGS = json.dumps({"ANSIBLE_MODULE_ARGS": full}).encode()
    basic._ANSIBLE_PROFILE = "legacy"
    began = time.perf_counter()
    answer = io.StringIO()
    with contextlib.redirect_stdout(answer), contextlib.suppress(SystemExit):
        importlib.import_module(f"{MODULES}.{module}").main()
    seconds = time.perf_counter() - began
    read = dict(line.split(": ") for line in pathlib.Path("/proc/self/io").read_text().splitlines())["rchar"]
    pathlib.Path(report).write_text(
        json.dumps(
            {
                "seconds": seconds,
                "peak_kib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
                "read_bytes": int(read),
                "result": json.loads(answer.getvalue()),
            }
        )
    )


if __name__ == "__main__":
    main()
