# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The configuration of a login, as openstacksdk reads it from clouds.yaml, secure.yaml and OS_* variables.

Nothing else of the SDK is used.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import traceback
import typing as t

from .._errors import MissingLibrary
from .._options.connection import ConnectionOptions
from .sdk_import import config_loader

IMPORTED_IN = os.getcwd()
try:
    sdk = config_loader()
except ImportError:
    IMPORT_FAILURE: str | None = traceback.format_exc()
else:
    IMPORT_FAILURE = None

if t.TYPE_CHECKING:
    from openstack.config.cloud_region import CloudRegion
    from openstack.config.loader import OpenStackConfig

APP_NAME = "cloudimage.glance"

# Option of the module -> key of openstacksdk's configuration.
CONFIG_KEYS = {
    "auth": "auth",
    "auth_type": "auth_type",
    "region_name": "region_name",
    "interface": "interface",
    "validate_certs": "verify",
    "ca_cert": "cacert",
    "client_cert": "cert",
    "client_key": "key",
    "api_timeout": "api_timeout",
}


class UnknownCloud(Exception):
    """No file and no variable describes the cloud that a task names."""


def cloud_region(options: ConnectionOptions) -> CloudRegion:
    """The configuration of the region that the options name, before any request is sent.

    What the task does not give is left to clouds.yaml and the environment, as openstacksdk has it. A ``cloud`` given as a
    dict is a whole configuration: neither files nor variables are read beside it. Raises what openstacksdk raises.
    """
    cloud = options.cloud
    values = {key: getattr(options, option) for option, key in CONFIG_KEYS.items()}
    given = {key: value for key, value in values.items() if value is not None}
    config = load_config(with_files=not isinstance(cloud, dict))
    if isinstance(cloud, dict):
        return config.get_one(**{**cloud, **given})
    name = cloud or config.default_cloud
    if name and name not in config.cloud_config["clouds"]:
        raise UnknownCloud(f"Cloud {name} was not found. {_what_was_read(config)}")
    return config.get_one(cloud=cloud, **given)


def _what_was_read(config: OpenStackConfig) -> str:
    """The file that openstacksdk read with the names in it, or the places where it found none."""
    if config.config_filename:
        unnamed = ("defaults", config.envvar_key)  # openstacksdk's own entries
        names = [str(name) for name in config.cloud_config["clouds"] if name not in unnamed]
        return f"The file {config.config_filename} has these clouds: {', '.join(names) or 'none'}."
    named = os.environ.get("OS_CLIENT_CONFIG_FILE")
    folders = dict.fromkeys(os.path.dirname(path) for path in config_files()["config_files"])
    return f"There is no clouds.yaml that can be read. These were searched: {', '.join([*filter(None, [named]), *folders])}."


def load_config(*, with_files: bool = True) -> OpenStackConfig:
    """openstacksdk's configuration.

    :param with_files: whether files and variables are read.
    """
    config = sdk.OpenStackConfig(load_yaml_config=with_files, load_envvars=with_files, app_name=APP_NAME, **config_files())
    return t.cast("OpenStackConfig", config)


def vendor_profile(name: str) -> dict[str, t.Any]:
    """A profile that openstacksdk contains, or for a URL fetches; empty if there is none."""
    return sdk.vendors.get_profile(name) or {}


def check_sdk(needed_by: str = "on the host that runs the task") -> None:
    """MissingLibrary, where openstacksdk cannot be imported."""
    if IMPORT_FAILURE:
        raise MissingLibrary(
            f"The Python library openstacksdk is needed {needed_by}: pip install openstacksdk.",
            IMPORT_FAILURE,
        )


def config_fingerprint(options: ConnectionOptions) -> str:
    """A digest of all that ``cloud_region`` looks at: as long as it is the same, so is the configuration."""
    files = [path for paths in config_files().values() for path in paths]
    variables = {name: value for name, value in os.environ.items() if name.startswith("OS_")}
    named = [variables[name] for name in ("OS_CLIENT_CONFIG_FILE", "OS_CLIENT_SECURE_FILE") if variables.get(name)]
    looked_at = [
        dataclasses.asdict(options),
        variables,
        [_state_of(path) for path in (*files, *named)],
    ]
    return hashlib.sha256(json.dumps(looked_at, sort_keys=True, default=str).encode()).hexdigest()


def _state_of(path: str) -> tuple[t.Any, ...]:
    try:
        status = os.stat(path)
    except OSError:
        return (path,)
    return path, status.st_ino, status.st_size, status.st_mtime_ns


def config_files() -> dict[str, list[str]]:
    """Where openstacksdk is to look for its files: in the working folder, and where it looks anyway.

    Left to itself it looks in the folder that was the working folder when it was imported, which is not the playbook's where
    a task runs in the controller. Some releases change the lists that they take, so these are copies.
    """
    folder = os.getcwd()
    lists = {"config_files": "CONFIG_FILES", "secure_files": "SECURE_FILES", "vendor_files": "VENDOR_FILES"}
    return {
        argument: [
            os.path.join(folder, os.path.basename(path)) if os.path.dirname(path) == IMPORTED_IN else path
            for path in getattr(sdk, constant)
        ]
        for argument, constant in lists.items()
    }
