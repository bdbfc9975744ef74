# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""Checks the tasks of examples/awx/setup.yml against the options of awx.awx's modules, which ansible-doc tells."""

from __future__ import annotations

import json
import pathlib
import subprocess
import sys
import typing as t

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
SETUP = ROOT / "examples" / "awx" / "setup.yml"
Json = dict[str, t.Any]


def tasks_of(playbook: pathlib.Path) -> list[tuple[str, Json]]:
    """Each task's module of awx.awx, and its arguments."""
    plays = yaml.safe_load(playbook.read_text())
    return [
        (module, arguments)
        for play in plays
        for task in play["tasks"]
        for module, arguments in task.items()
        if module.startswith("awx.awx.")
    ]


def options_of(modules: set[str]) -> dict[str, Json]:
    done = subprocess.run(["ansible-doc", "--json", *sorted(modules)], capture_output=True, text=True, check=True)
    return {module: described["doc"]["options"] for module, described in json.loads(done.stdout).items()}


def errors_in(arguments: Json, options: Json) -> list[str]:
    """What the module would refuse, as far as it can be told before templates are run."""
    aliases = {alias: name for name, option in options.items() for alias in option.get("aliases", [])}
    given = {aliases.get(name, name): value for name, value in arguments.items()}
    found = [f"there is no option {name}" for name in given if name not in options]
    found += [f"{name} is missing" for name, option in options.items() if option.get("required") and name not in given]
    for name, value in given.items():
        option = options.get(name, {})
        template = isinstance(value, str) and "{{" in value
        if option.get("choices") and not template and value not in option["choices"]:
            found.append(f"{name} is {value!r}, and {option['choices']} are allowed")
        kinds = {"bool": bool, "int": int, "list": list, "dict": dict, "str": str}
        kind = kinds.get(option.get("type", "str"), object)
        if not template and not isinstance(value, kind):
            found.append(f"{name} is {value!r}, and is to be a {option['type']}")
        if option.get("suboptions") and isinstance(value, dict):
            found += [f"{name}: {error}" for error in errors_in(value, option["suboptions"])]
    return found


def main() -> None:
    tasks = tasks_of(SETUP)
    options = options_of({module for module, _arguments in tasks})
    errors = [f"{module}: {error}" for module, arguments in tasks for error in errors_in(arguments, options[module])]
    if errors or len(tasks) < 8:
        sys.exit("\n".join([f"{SETUP}: {len(tasks)} tasks", *errors]))
    print(f"{len(tasks)} tasks use existing options of {len(options)} modules.")


if __name__ == "__main__":
    main()
