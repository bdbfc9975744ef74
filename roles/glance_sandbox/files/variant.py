# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""A kind of sandbox: its virtual environments, its databases, and what its services' configuration has beside the usual."""

from __future__ import annotations

import contextlib
import pathlib
import sqlite3

if __package__:
    from .programs import HERE, Venv
else:  # run by sandbox.py as a script
    from programs import HERE, Venv  # type: ignore[import-not-found,no-redef]

USUAL = Venv("venv", HERE / "requirements.txt")


class Variant:
    """The usual sandbox. A class derived from it says what is different in another kind.

    :cvar ca_file: name of the file in the sandbox's folder with the certificate of the public addresses' authority.
    """

    name = "usual"
    keystone_venv = USUAL
    glance_venv = USUAL
    ca_file = ""

    def __init__(self, state: pathlib.Path) -> None:
        self.state = state

    def check_programs(self) -> None:
        """Raise an error if the system lacks a program that this needs."""

    def database_url(self, service: str) -> str:
        return f"sqlite:///{self.state}/{service}.db?timeout=60"

    def start_database(self, *, new: bool = False) -> None:
        """Start what the databases need; with ``new`` make the databases first."""

    def finish_databases(self) -> None:
        """What is left to do once both databases have been filled."""
        for service in ("keystone", "glance"):
            with contextlib.closing(sqlite3.connect(self.state / f"{service}.db")) as database:
                database.execute("PRAGMA journal_mode = WAL")  # readers and a writer do not wait for each other

    def set_endpoints(self, urls: dict[str, str]) -> None:
        """Put the real addresses into the catalogue, in place of the keys."""
        with contextlib.closing(sqlite3.connect(self.state / "keystone.db")) as database:
            for placeholder, url in urls.items():
                database.execute("UPDATE endpoint SET url = ? WHERE url = ?", (url, placeholder))
            database.commit()

    def start_store(self) -> None:
        """Start what Glance keeps its data in."""

    def start_proxy(self, keystone_url: str, glance_url: str) -> dict[str, str]:
        """Start what stands before the services.

        :returns: what sandbox.json says of it; public_keystone_url and public_glance_url are what the catalogue has.
        """
        return {"public_keystone_url": keystone_url, "public_glance_url": glance_url}

    def keystone_options(self) -> str:
        """More of keystone.conf."""
        return ""

    def glance_options(self) -> str:
        """More of glance-api.conf."""
        return ""

    def import_options(self) -> str:
        """The file glance-image-import.conf; empty for none."""
        return ""

    def versions(self) -> dict[str, str]:
        """What runs here, by name."""
        return {
            "Glance": self.glance_venv.version_of("glance"),
            "Keystone": self.keystone_venv.version_of("keystone"),
            "uWSGI": self.glance_venv.version_of("pyuwsgi"),
        }

    def stop(self) -> None:
        """Stop what has been started here."""
