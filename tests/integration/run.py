# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""Runs the integration targets, or the targets given as arguments, in the sandboxes that GLANCE_SANDBOX names.

Each sandbox has one target at a time. It needs no virtual environment and no integration_config.yml, and so is faster than
ansible-test. The nox session ansible_test runs the same targets with ansible-test.
"""

from __future__ import annotations

import concurrent.futures
import json
import os
import pathlib
import queue
import subprocess
import sys
import tempfile
import time

import yaml

TARGETS = pathlib.Path(__file__).resolve().parent / "targets"
ROLES = TARGETS.parents[2] / "roles"
# First those that take longest, so that none of them is alone at the end.
LONGEST = ("role_image_publish", "role_image_retire", "role_glance_sandbox", "image")


def run_target(name: str, folder: pathlib.Path, sandboxes: queue.Queue[pathlib.Path]) -> bool:
    """Run one target in the next free sandbox, print what Ansible printed, and tell whether it passed."""
    sandbox = sandboxes.get()
    try:
        variables = {"glance_clouds": yaml.safe_load((sandbox / "clouds.yaml").read_text())["clouds"]}
        play = {"name": name, "hosts": "localhost", "gather_facts": False, "vars": variables, "roles": [name]}
        playbook = folder / f"{name}.yml"
        playbook.write_text(json.dumps([play]))
        # The clouds are given as dictionaries: nothing of the caller's configuration is to be used.
        environment = {key: value for key, value in os.environ.items() if not key.startswith("OS_")}
        environment["ANSIBLE_ROLES_PATH"] = str(TARGETS)
        began = time.monotonic()
        done = subprocess.run(
            ["ansible-playbook", str(playbook)],
            env=environment,
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        outcome = "failed" if done.returncode else "passed"
        print(f"{done.stdout}{name} {outcome} in {time.monotonic() - began:.0f} s", flush=True)
        return not done.returncode
    finally:
        sandboxes.put(sandbox)


def main() -> int:
    targets = sorted(folder.name for folder in TARGETS.iterdir())
    hidden_by_role = [name for name in targets if (ROLES / name).is_dir()]
    if hidden_by_role:
        # ansible-test looks in the collection's roles first, and the role would be run in the target's place.
        print(f"A role of the collection has the same name; rename the target to role_<name>: {', '.join(hidden_by_role)}")
        return 1
    names = sys.argv[1:] or [name for name in targets if not name.startswith("setup_")]
    names.sort(key=lambda name: LONGEST.index(name) if name in LONGEST else len(LONGEST))
    if "GLANCE_SANDBOX" not in os.environ:
        print("No sandbox runs. Start one: eval \"$(python tests/sandbox/sandbox.py up | grep '^export ')\"")
        return 1
    sandboxes: queue.Queue[pathlib.Path] = queue.Queue()
    for sandbox in os.environ["GLANCE_SANDBOX"].split(os.pathsep):
        sandboxes.put(pathlib.Path(sandbox))
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(sandboxes.qsize()) as pool:
        passed = list(pool.map(lambda name: run_target(name, pathlib.Path(folder), sandboxes), names))
    failed = [name for name, is_passed in zip(names, passed, strict=True) if not is_passed]
    print(f"{len(names) - len(failed)} passed, {len(failed)} failed: {', '.join(failed or names)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
