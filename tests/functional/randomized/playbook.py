# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""Prints a case as a playbook that a person can run with the sandbox's clouds."""

from __future__ import annotations

import base64
import typing as t
import uuid

import yaml

from ..cloud import Json
from .cases import FILES, Case, File, ImageId, Interrupted, Name, Overlapping, Project, Single, Start, Task, Url, resolved

FOLDER = "/tmp"


class Unsafe(str):
    """Text that Ansible must not evaluate as a template."""

    __slots__ = ()


class Dumper(yaml.SafeDumper):
    """Writes Unsafe with its tag, and the same list twice as two lists."""

    def ignore_aliases(self, data: t.Any) -> bool:  # noqa: ARG002
        return True


Dumper.add_representer(Unsafe, lambda dumper, text: dumper.represent_scalar("!unsafe", str(text), style="'"))


def as_playbook(case: Case) -> str:
    """The case as a playbook; what a playbook cannot say stands in the names of its tasks."""
    steps = [
        *_files(case),
        {"cloudimage.glance.image": {"cloud": "alice", "name": "helper"}},
        *(step for number, start in enumerate(case.start) for step in _made(number, start)),
    ]
    if isinstance(case, Single | Interrupted):
        for task in case.before:
            steps += _thrice(task)
    if isinstance(case, Interrupted):
        when = "after the cloud carried out" if case.carried_out else "before the cloud gets"
        what = f"Kill this run (SIGKILL) {when} its request number {case.step + 1} that changes something"
        steps += [_step(case.first, what), *_thrice(case.then)]
    elif isinstance(case, Overlapping):
        order = " ".join("AB"[number] for number in case.order)
        for letter, task in zip("AB", case.tasks, strict=True):
            steps.append(_step(task, f"Run A and B at the same time, with their requests in the order '{order}': {letter}"))
        for task in case.tasks:
            steps += _thrice(task)
    else:
        steps += _thrice(case.task)
    play = {"hosts": "localhost", "gather_facts": False, "tasks": _untemplated(steps)}
    return yaml.dump([play], Dumper=Dumper, sort_keys=False, allow_unicode=True)


def _files(case: Case) -> list[Json]:
    """The files that it needs; for URLs serve them with 'python3 -m http.server' in their folder."""
    needed = {"same"}

    def place(placeholder: t.Any) -> None:
        needed.add(getattr(placeholder, "name", "same"))

    for task in _tasks(case):
        resolved(task.options, place)
    return [
        {"ansible.builtin.shell": f"echo {base64.b64encode(FILES[name]).decode()} | base64 -d > {FOLDER}/{name}"}
        for name in sorted(needed)
    ]


def _tasks(case: Case) -> list[Task]:
    if isinstance(case, Interrupted):
        return [*case.before, case.first, case.then]
    return list(case.tasks) if isinstance(case, Overlapping) else [*case.before, case.task]


def _made(number: int, start: Start) -> list[Json]:
    attributes = {**start.attributes, "hidden": start.attributes["os_hidden"]}
    del attributes["os_hidden"]
    if start.status != "queued":
        attributes.update(path=f"{FOLDER}/same", disk_format="raw", container_format="bare")
    image_id = _place(ImageId(number))
    what = f"Make image {number}"
    if start.accepted_by and start.attributes["visibility"] == "shared":
        what += f", and share it with the project of {start.accepted_by}, which accepts it"
    made = {"cloud": start.owner, "id": image_id, "name": start.name, **attributes}
    steps: list[Json] = [{"name": what, "cloudimage.glance.image": made}]
    if start.status == "deactivated":
        steps.append({"cloudimage.glance.image_state": {"cloud": "admin", "id": image_id, "state": "deactivated"}})
    return steps


def _step(task: Task, what: str, check: bool = False) -> Json:
    module = {f"cloudimage.glance.{task.module}": {"cloud": task.who, **resolved(task.options, _place)}}
    return {"name": what, **module, "check_mode": check, "diff": True, "ignore_errors": True}


def _thrice(task: Task) -> list[Json]:
    return [
        _step(task, "Run it in check mode", check=True),
        _step(task, "Run it: this does what was said"),
        _step(task, "Run it again: this changes nothing"),
    ]


def _place(placeholder: t.Any) -> str:
    if isinstance(placeholder, Name):
        return placeholder.text
    if isinstance(placeholder, ImageId):
        return str(uuid.UUID(int=placeholder.number + 1))
    if isinstance(placeholder, File):
        return f"{FOLDER}/{placeholder.name}"
    if isinstance(placeholder, Project):
        return f"the id of the project of {placeholder.user}"
    assert isinstance(placeholder, Url)
    return f"http://127.0.0.1:8000/{placeholder.name}"


def _untemplated(value: t.Any) -> t.Any:
    if isinstance(value, str):
        return Unsafe(value) if "{" in value else value
    if isinstance(value, list):
        return [_untemplated(item) for item in value]
    if isinstance(value, dict):
        return {_untemplated(key): _untemplated(item) for key, item in value.items()}
    return value
