# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
from __future__ import annotations

import os
import pathlib
import subprocess
import sys

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._client import sdk_import

# ansible-test imports collections with a loader of its own, which a new Python does not have. The path is not resolved: it
# may lead through a link to the checkout.
TREE = pathlib.Path(sdk_import.__file__).parents[6]

LOAD = """
import sys
from ansible_collections.cloudimage.glance.plugins.module_utils._client.sdk_import import config_loader
"""
# What is done, each in a Python of its own, as it is about what that has imported.
SCRIPTS = {
    "only the configuration is imported, and nobody else gets half a package": """
assert config_loader().OpenStackConfig
assert not [name for name in sys.modules if name.split(".")[0] == "openstack"]
import openstack.config
assert openstack.connect and openstack.config.OpenStackConfig and openstack.connection
""",
    "what somebody else has imported is used": """
import openstack.config
assert config_loader() is sys.modules["openstack.config.loader"]
""",
    "if that does not work it is imported as usual": """
import importlib.util
importlib.util.module_from_spec = None
assert config_loader() is sys.modules["openstack.config.loader"]
assert sys.modules["openstack"].connect
""",
    "without it there is the usual error": """
sys.modules["openstack"] = None
try:
    config_loader()
except ImportError:
    pass
else:
    raise AssertionError("no error")
""",
}


@pytest.mark.parametrize("what", SCRIPTS)
def test_loading_the_configuration(what: str) -> None:
    environment = {**os.environ, "PYTHONPATH": str(TREE)}
    command = [sys.executable, "-c", LOAD + SCRIPTS[what]]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
