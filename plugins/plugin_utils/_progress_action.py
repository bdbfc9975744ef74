# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""What the action plugins share: running the module of their name, and showing meanwhile what it says of its progress."""

from __future__ import annotations

import contextlib
import os
import tempfile
import threading
import typing as t

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from ansible_collections.cloudimage.glance.plugins.module_utils._progress import PROGRESS_FILE

LOOK_EVERY = 0.5  # seconds


class ProgressAction(ActionBase):  # type: ignore[misc] # ansible-core has no types
    """Runs the module as Ansible would; its progress is shown if it runs on the controller and as the same user."""

    _supports_async = True
    _supports_check_mode = True
    _supports_diff = True

    def run(self, tmp: t.Any = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        result = t.cast("dict[str, t.Any]", super().run(tmp, task_vars))
        is_near = self._connection.transport == "local" and not self._connection.become and not self._task.async_val
        with _shown_progress() if is_near else contextlib.nullcontext() as path:
            if path:
                given = self._task.environment or []
                self._task.environment = [*(given if isinstance(given, list) else [given]), {PROGRESS_FILE: path}]
            result.update(self._execute_module(task_vars=task_vars, wrap_async=self._task.async_val))
        return result


@contextlib.contextmanager
def _shown_progress() -> t.Iterator[str]:
    """A file whose lines are shown as they come."""
    fd, path = tempfile.mkstemp(prefix="glance-progress-")
    ended = threading.Event()

    def show() -> None:
        with open(fd, encoding="utf-8") as file:
            while not ended.wait(LOOK_EVERY):
                for line in file:
                    Display().display(line.rstrip("\n"))

    thread = threading.Thread(target=show, daemon=True)
    thread.start()
    try:
        yield path
    finally:
        ended.set()
        thread.join()
        os.unlink(path)
