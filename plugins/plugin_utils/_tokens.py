# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""One login a run: what the controller's processes know of each other's logins.

Ansible runs each task in a process forked from the controller, and forgets it with the task. What was opened before the fork
all of them have: here a file in memory, which has no name and is gone with the run.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import typing as t

from ansible_collections.cloudimage.glance.plugins.module_utils._session import Connection

# Each connection has a byte of the file to be locked by; the first one is that of the file's content.
CONTENT_LOCK = 0
LOCKS = 2**30


class SharedTokens:
    """The auth states of connections, as keystoneauth's get_auth_state gives them, by the connections' keys.

    Where the system has no file in memory (memfd_create is Linux's) each process logs in for itself.
    """

    def __init__(self) -> None:
        self._is_shared = hasattr(os, "memfd_create")
        self._file = os.memfd_create("cloudimage.glance") if self._is_shared else -1

    def log_in(self, connection: Connection) -> None:
        """Log in, unless another process of the run has; processes that begin at the same time log in once."""
        if not self._is_shared:
            connection.log_in()
            return
        with self._locked(1 + int(connection.key, 16) % LOCKS):
            with self._locked(CONTENT_LOCK):
                connection.go_on_with(self._content().get(connection.key))
            connection.log_in()
            self.keep(connection)

    def keep(self, connection: Connection) -> None:
        """Note the token that a connection has now: it may have been renewed."""
        state = connection.auth_state
        if not self._is_shared or state is None:
            return
        with self._locked(CONTENT_LOCK):
            content = self._content()
            if content.get(connection.key) != state:
                text = json.dumps({**content, connection.key: state}).encode()
                os.ftruncate(self._file, 0)
                os.pwrite(self._file, text, 0)

    def _content(self) -> dict[str, str]:
        try:
            return t.cast("dict[str, str]", json.loads(os.pread(self._file, os.fstat(self._file).st_size, 0)))
        except ValueError:  # nothing yet, or whoever wrote it was killed
            return {}

    @contextlib.contextmanager
    def _locked(self, byte: int) -> t.Iterator[None]:
        # Not flock, which holds for all processes that have inherited the same open file.
        fcntl.lockf(self._file, fcntl.LOCK_EX, 1, byte)
        try:
            yield
        finally:
            fcntl.lockf(self._file, fcntl.LOCK_UN, 1, byte)
