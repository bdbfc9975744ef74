# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""Runs the integration targets, or the targets given as arguments, in the sandbox that GLANCE_SANDBOX names.

It needs no virtual environment and no integration_config.yml, and so is faster than ansible-test. The nox session
ansible_test runs the same targets with ansible-test.
"""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys
import tempfile

import yaml

TARGETS = pathlib.Path(__file__).resolve().parent / "targets"
ROLES = TARGETS.parents[2] / "roles"


def main() -> int:
    targets = sorted(folder.name for folder in TARGETS.iterdir())
    hidden_by_role = [name for name in targets if (ROLES / name).is_dir()]
    if hidden_by_role:
        # ansible-test looks in the collection's roles first, and the role would be run in the target's place.
        print(f"A role of the collection has the same name; rename the target to role_<name>: {', '.join(hidden_by_role)}")
        return 1
    names = sys.argv[1:] or [name for name in targets if not name.startswith("setup_")]
    sandbox = pathlib.Path(os.environ["GLANCE_SANDBOX"])
    variables = {"glance_clouds": yaml.safe_load((sandbox / "clouds.yaml").read_text())["clouds"]}
    failed = []
    with tempfile.TemporaryDirectory() as folder:
        (pathlib.Path(folder) / "variables.json").write_text(json.dumps(variables))
        for name in names:
            play = {"name": name, "hosts": "localhost", "gather_facts": False, "roles": [name]}
            playbook = pathlib.Path(folder) / f"{name}.yml"
            playbook.write_text(yaml.safe_dump([play]))
            command = ["ansible-playbook", "-e", f"@{folder}/variables.json", str(playbook)]
            # The clouds are given as dictionaries: nothing of the caller's configuration is to be used.
            environment = {key: value for key, value in os.environ.items() if not key.startswith("OS_")}
            environment["ANSIBLE_ROLES_PATH"] = str(TARGETS)
            if subprocess.run(command, env=environment, check=False).returncode:
                failed.append(name)
    print(f"{len(names) - len(failed)} passed, {len(failed)} failed: {', '.join(names)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
