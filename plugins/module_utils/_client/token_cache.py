# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The tokens that the processes of one Ansible run share, so that the run logs in once.

Ansible runs each task in a process forked from the controller, and forgets it with the task. What was opened before the fork
all of them have: here a file in memory, which has no name and is gone with the run. A module that one of them starts on this
host as the same user is told where that process has it open.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import typing as t

from .._errors import ConnectionProblem

if t.TYPE_CHECKING:
    from .connection import Connection

# The environment variable that tells a module where the tokens of its run are.
TOKENS_FILE = "CLOUDIMAGE_GLANCE_TOKENS_FILE"
OPEN_FILE = re.compile(r"/proc/\d+/fd/\d+")
# Each connection has a byte of the file to be locked by; the first one is that of the file's content.
CONTENT_LOCK = 0
LOCKS = 2**30


class TokenCache:
    """The auth states of connections, as keystoneauth's get_auth_state gives them, by the connections' keys.

    :param file: descriptor of the file; null where there is none, so that each process logs in for itself.
    """

    def __init__(self, file: int | None) -> None:
        self._is_shared = file is not None
        self._file = -1 if file is None else file

    @classmethod
    def for_this_run(cls) -> TokenCache:
        """A new file, where the system has files in memory (memfd_create is Linux's)."""
        return cls(os.memfd_create("cloudimage.glance") if hasattr(os, "memfd_create") else None)

    @classmethod
    def from_environment(cls) -> TokenCache:
        """The cache of the process that started this one; without TOKENS_FILE nothing is shared."""
        path = os.environ.get(TOKENS_FILE, "")
        try:
            return cls(os.open(path, os.O_RDWR | os.O_CLOEXEC) if OPEN_FILE.fullmatch(path) else None)
        except OSError:
            return cls(None)

    @property
    def path(self) -> str | None:
        """Where a process that this one starts finds the file, as long as this one lives; null where there is none."""
        return f"/proc/{os.getpid()}/fd/{self._file}" if self._is_shared else None

    def log_in(self, connection: Connection) -> None:
        """Log in, unless another process of the run has; processes that begin at the same time log in once.

        A connection whose options alone do not say who the user is always logs in for itself.
        """
        if not self._is_shared or not connection.can_be_shared:
            connection.log_in()
            return
        with self._locked(1 + int(connection.key, 16) % LOCKS):
            with self._locked(CONTENT_LOCK):
                kept = self._content().get(connection.key)
            connection.restore_token(kept)
            try:
                connection.log_in()
            except ConnectionProblem:
                if kept is None:
                    raise
                connection.log_in()  # anew: what was kept is of no use
            self.store_token(connection)

    def store_token(self, connection: Connection) -> None:
        """Note the token that a connection has now: it may have been renewed."""
        if not self._is_shared or not connection.can_be_shared:
            return
        state = connection.auth_state
        if state is None:
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
        except ValueError:  # nothing yet, or the process that wrote it was killed
            return {}

    @contextlib.contextmanager
    def _locked(self, byte: int) -> t.Iterator[None]:
        # Not flock, which holds for all processes that have inherited the same open file.
        fcntl.lockf(self._file, fcntl.LOCK_EX, 1, byte)
        try:
            yield
        finally:
            fcntl.lockf(self._file, fcntl.LOCK_UN, 1, byte)
