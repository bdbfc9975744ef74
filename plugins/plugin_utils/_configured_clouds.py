# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The clouds that openstacksdk's configuration describes, and their regions. No cloud is asked for anything.

openstacksdk skips a file that it cannot read, and goes on with the next one. Here that is an error. What openstacksdk and
parsers say may repeat a secret, so the errors do not.
"""

from __future__ import annotations

import json
import os
import typing as t
import urllib.parse
import warnings

import yaml
from ansible_collections.cloudimage.glance.plugins.module_utils._client.openstack_config import (
    check_sdk,
    config_files,
    load_config,
    vendor_profile,
)
from ansible_collections.cloudimage.glance.plugins.module_utils._errors import InvalidInput

CONFIG_FILE_VARIABLE = "OS_CLIENT_CONFIG_FILE"
# openstacksdk's class, by its name: what is imported here is its configuration alone.
CONFIG_ERROR = "ConfigException"
REGIONS_HINT = (
    "'regions' is a list of names, or of dictionaries with 'name' and 'values', and 'profile' is a name or a URL. Put a name"
    " that is a number in quotes."
)


class ConfiguredClouds:
    """The clouds of the clouds.yaml that a task would find, and of secure.yaml.

    What OS_* variables describe is a cloud of openstacksdk's too, but not one of these.
    """

    def __init__(self) -> None:
        self.path = file_in_use()
        _check_file(self.path)
        try:
            self._config = load_config()
        except Exception as error:  # openstacksdk raises what it likes about files that it does not expect
            raise InvalidInput(f"openstacksdk cannot read its configuration: {_said(error)}") from error
        self._clouds: dict[t.Any, t.Any] = {
            name: entry for name, entry in self._config.cloud_config["clouds"].items() if name != self._config.envvar_key
        }
        for name in self._clouds:
            if not isinstance(name, str):
                raise InvalidInput(f"{self.path}: the name of the cloud {name!r} is no text. Put it in quotes.")

    @property
    def names(self) -> list[str]:
        """The clouds, in the order of the file."""
        return list(self._clouds)

    def regions_of(self, name: str, warn: t.Callable[[str], None]) -> list[str | None]:
        """The regions of a cloud, which are its own, or else its profile's; one without a name if it has none.

        :param warn: takes what the user should know about it.
        """
        entry = self._clouds[name]
        if not isinstance(entry, dict) or not all(isinstance(key, str) for key in entry):
            raise InvalidInput(f"{self.path}: the entry of cloud '{name}' is no dictionary with names as keys.")
        if not isinstance(entry.get("regions", []), list):
            raise InvalidInput(f"{self.path}: 'regions' of cloud '{name}' is no list. {REGIONS_HINT}")
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                fetched_from = self._host_of_profile(entry)
                found = [] if fetched_from else self._config._get_regions(name)
            except Exception as error:  # openstacksdk raises what it likes about files that it does not expect
                raise InvalidInput(f"{self.path}: the regions of cloud '{name}' cannot be read. {_reason(error)}") from error
        for warning in caught:
            warn(f"Cloud '{name}': {warning.message}")
        if fetched_from:
            warn(
                f"Cloud '{name}' has a profile that openstacksdk fetches from {fetched_from}. It is not fetched to read an"
                " inventory, so the regions of the cloud are unknown, and one host stands for it. Give 'regions' in"
                " clouds.yaml to get a host for each."
            )
            return [None]
        regions = [region["name"] for region in found]
        if not all(isinstance(region, str) for region in regions):
            raise InvalidInput(f"{self.path}: a region of cloud '{name}' has a name that is no text. {REGIONS_HINT}")
        return [region or None for region in regions]

    def _host_of_profile(self, entry: t.Mapping[str, t.Any]) -> str | None:
        """Where openstacksdk would fetch the cloud's profile to find its regions; null if it need not fetch one."""
        if {key.replace("-", "_") for key in entry} & {"regions", "region_name"}:
            return None
        profile = entry.get("profile", entry.get("cloud"))
        if not profile or profile in ((self._config._load_vendor_file()[1] or {}).get("public-clouds") or {}):
            return None
        # Some profiles that openstacksdk contains only say where the cloud has its own.
        return _host_of_url(profile) or _host_of_url(vendor_profile(profile).get("profile"))


def file_in_use() -> str:
    """The first of openstacksdk's files that exists, which it uses whatever is in it."""
    check_sdk("on the host that reads the inventory")
    named = os.environ.get(CONFIG_FILE_VARIABLE)
    if named and not os.path.exists(named):
        raise InvalidInput(f"{CONFIG_FILE_VARIABLE} names the file {named}, which does not exist.")
    places = list(dict.fromkeys([*([named] if named else []), *config_files()["config_files"]]))
    for path in places:
        if os.path.exists(path):
            return path
    raise InvalidInput(
        f"There is no clouds.yaml. Write one, or let {CONFIG_FILE_VARIABLE} name one. These places were looked at:"
        f" {', '.join(places)}."
    )


def _check_file(path: str) -> None:
    """Refuse a file that openstacksdk would skip, or without a cloud."""
    try:
        with open(path, encoding="utf-8") as file:
            content = json.load(file) if path.endswith("json") else yaml.safe_load(file)
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read: {error.strerror}.") from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f" in line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise InvalidInput(f"{path} is not valid YAML{where}.") from error
    except (ValueError, yaml.YAMLError) as error:
        raise InvalidInput(f"{path} is not valid {'JSON' if path.endswith('json') else 'YAML'}.") from error
    clouds = content.get("clouds") if isinstance(content, dict) else None
    if not isinstance(clouds, dict) or not clouds:
        raise InvalidInput(f"{path} has no clouds. It needs the key 'clouds', with a dictionary of clouds by their names.")


def _host_of_url(profile: t.Any) -> str | None:
    return urllib.parse.urlsplit(str(profile or "")).hostname


def _said(error: Exception) -> str:
    """What openstacksdk says; not what a parser does, which may repeat a secret."""
    if type(error).__name__ == CONFIG_ERROR:
        return str(error)
    return "secure.yaml, or another of its files, is not valid YAML, or not a dictionary."


def _reason(error: Exception) -> str:
    """Why regions cannot be read. An error about an entry of the list repeats it, with secrets that may stand there."""
    if type(error).__name__ == CONFIG_ERROR and "region entry" not in str(error):
        return str(error)
    return REGIONS_HINT
