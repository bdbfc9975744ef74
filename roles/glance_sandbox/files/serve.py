# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The WSGI application of one OpenStack service of the sandbox; uWSGI loads this file as its module.

SANDBOX_SERVICE names the service, keystone or glance, and SANDBOX_REQUESTS_LOG the file for the log of its requests.
The server ends when its standard input does: however the process that started it ends, no server stays behind.
"""

from __future__ import annotations

import importlib
import importlib.util
import io
import json
import os
import threading
import time
import typing as t

from sqlalchemy import event
from sqlalchemy.engine import Engine

JSON_BODY_MAX = 1024 * 1024

_this_thread = threading.local()


@event.listens_for(Engine, "begin")  # type: ignore[untyped-decorator]
def take_write_lock_at_once(connection: t.Any) -> None:
    """Without this, two writers that both began by reading end in SQLite's 'database is locked'.

    Glance 28 reads an image's members in a second transaction inside the first: that one only reads, and takes no lock.
    """
    if connection.dialect.name != "sqlite":
        return
    # oslo.db keeps this mark at a connection as long as its transaction is open, and begins none itself if it finds it.
    outer = [info for info in getattr(_this_thread, "connections", ()) if "in_transaction" in info]
    connection.exec_driver_sql("BEGIN" if outer else "BEGIN IMMEDIATE")
    connection.info["in_transaction"] = True
    _this_thread.connections = [*outer, connection.info]


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
            "began": time.monotonic(),
            "method": environ["REQUEST_METHOD"],
            # WSGI hands paths over as Latin-1 (PEP 3333).
            "path": environ["PATH_INFO"].encode("latin-1").decode("utf-8", "replace"),
            "query": environ["QUERY_STRING"],
            "user_agent": environ.get("HTTP_USER_AGENT", ""),
            # By this a test tells the requests of one run from those of another.
            "run": environ.get("HTTP_X_TEST_RUN", ""),
            "body": None,
        }
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


def exit_at_end_of_stdin() -> None:
    while os.read(0, 1024):
        pass
    os._exit(0)


def load(service: str) -> t.Any:
    if importlib.util.find_spec(f"{service}.wsgi"):
        return importlib.import_module(f"{service}.wsgi.api").application
    # Glance before 2025.1.
    return importlib.import_module("glance.common.wsgi_app").init_app()


service = os.environ["SANDBOX_SERVICE"]
threading.Thread(target=exit_at_end_of_stdin, daemon=True).start()
application = RequestsLog(
    load(service),
    os.environ["SANDBOX_REQUESTS_LOG"],
    with_bodies=service == "glance",
)
