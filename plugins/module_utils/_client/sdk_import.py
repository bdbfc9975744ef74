# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""openstacksdk's configuration without the rest of openstacksdk.

``import openstack.config`` runs the package's ``__init__`` before, which imports the clients of all services: half a second,
of which the configuration needs a third.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import sys
import types
import typing as t

PACKAGE = "openstack"


def config_loader() -> types.ModuleType:
    """The module ``openstack.config.loader``. ImportError if there is no openstacksdk."""
    if PACKAGE not in sys.modules:
        with contextlib.suppress(Exception):  # whatever it is, the usual way gives the error that says it best
            return _loaded_alone()
    return importlib.import_module(f"{PACKAGE}.config.loader")


def _loaded_alone() -> types.ModuleType:
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None:
        raise ModuleNotFoundError(f"No module named '{PACKAGE}'")
    with _private_modules():
        # The package as the import system makes it, but for running its code.
        sys.modules[PACKAGE] = importlib.util.module_from_spec(spec)
        return importlib.import_module(f"{PACKAGE}.config.loader")


@contextlib.contextmanager
def _private_modules() -> t.Iterator[None]:
    """Remove what is imported meanwhile from sys.modules, so that a later import of openstack loads all of it."""
    try:
        yield
    finally:
        for name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
            del sys.modules[name]
