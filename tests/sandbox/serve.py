# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""Serves one OpenStack service of the sandbox: ``serve.py keystone|glance SOCKET_FD REQUESTS_LOG``.

Runs in the sandbox's own virtual environment. The listening socket is inherited, so that no port can be lost between
choosing and binding it. The server ends when its standard input does: whatever happens to the process that started
it, nothing stays behind.
"""

from __future__ import annotations

import importlib
import io
import json
import os
import socket
import sys
import threading
import time
import typing as t

from cheroot import wsgi
from sqlalchemy import event
from sqlalchemy.engine import Engine

APPLICATIONS = {"keystone": "keystone.wsgi.api", "glance": "glance.wsgi.api"}
JSON_BODY_MAX = 1024 * 1024


@event.listens_for(Engine, "begin")  # type: ignore[untyped-decorator]
def take_write_lock_at_once(connection: t.Any) -> None:
    """Without this, two writers that both began by reading end in SQLite's 'database is locked'."""
    connection.exec_driver_sql("BEGIN IMMEDIATE")
    # oslo.db has a listener of its own that begins a transaction unless it finds this mark.
    connection.info["in_transaction"] = True


class InheritedSocketServer(wsgi.Server):  # type: ignore[misc]
    """A cheroot server on a socket that its parent has bound."""

    def __init__(self, fd: int, app: t.Any) -> None:
        self._inherited = socket.socket(fileno=fd)
        super().__init__(self._inherited.getsockname(), app, numthreads=8, request_queue_size=64)

    def bind(self, *_family_type_proto: t.Any) -> socket.socket:
        self.socket = self._inherited
        return self._inherited


class KeptOpen:
    """The body of a request; Glance closes some, and with that cheroot would lose the connection that it comes through."""

    def __init__(self, body: t.Any) -> None:
        self._body = body

    def __getattr__(self, name: str) -> t.Any:
        return getattr(self._body, name)

    def __iter__(self) -> t.Iterator[bytes]:
        return iter(self._body)

    def close(self) -> None:
        """Leave it to the server."""


class RequestsLog:
    """WSGI middleware that writes a JSON line for each request, which is how tests count what went over the wire.

    :param with_bodies: whether JSON bodies are in it; those that Keystone gets hold passwords.
    """

    def __init__(self, app: t.Any, path: str, with_bodies: bool) -> None:
        self.app = app
        self.with_bodies = with_bodies
        self.log = open(path, "a", buffering=1, encoding="utf-8")  # noqa: SIM115
        self.lock = threading.Lock()

    def __call__(self, environ: dict[str, t.Any], start_response: t.Any) -> t.Any:
        entry: dict[str, t.Any] = {
            "began": time.time(),
            "method": environ["REQUEST_METHOD"],
            # WSGI hands paths over as Latin-1 (PEP 3333).
            "path": environ["PATH_INFO"].encode("latin-1").decode("utf-8", "replace"),
            "query": environ["QUERY_STRING"],
            "user_agent": environ.get("HTTP_USER_AGENT", ""),
            "body": None,
        }
        environ["wsgi.input"] = KeptOpen(environ["wsgi.input"])
        length = int(environ.get("CONTENT_LENGTH") or 0)
        if self.with_bodies and "json" in environ.get("CONTENT_TYPE", "") and 0 < length <= JSON_BODY_MAX:
            body = environ["wsgi.input"].read(length)
            environ["wsgi.input"] = io.BytesIO(body)
            try:
                entry["body"] = json.loads(body)
            except ValueError:
                entry["body"] = body.decode("utf-8", "replace")

        def logging_start_response(status: str, headers: t.Any, exc_info: t.Any = None) -> t.Any:
            entry["status"] = int(status[:3])
            # Before the answer leaves: who has the answer finds the line.
            with self.lock:
                self.log.write(json.dumps(entry) + "\n")
            return start_response(status, headers, exc_info)

        return self.app(environ, logging_start_response)


def main() -> None:
    service, fd, log = sys.argv[1:4]
    del sys.argv[1:]  # the services would read them as theirs
    app = importlib.import_module(APPLICATIONS[service]).application
    server = InheritedSocketServer(int(fd), RequestsLog(app, log, with_bodies=service == "glance"))

    def stop_with_parent() -> None:
        sys.stdin.buffer.read()
        os._exit(0)

    threading.Thread(target=stop_with_parent, daemon=True).start()
    server.start()


if __name__ == "__main__":
    main()
