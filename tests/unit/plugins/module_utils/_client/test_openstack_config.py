# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

import os
import pathlib

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._client import openstack_config
from ansible_collections.cloudimage.glance.plugins.module_utils._client.openstack_config import (
    UnknownCloud,
    cloud_region,
    config_fingerprint,
)
from ansible_collections.cloudimage.glance.plugins.module_utils._options.connection import ConnectionOptions


def test_a_changed_option_file_or_variable_is_another_configuration(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found = [config_fingerprint(ConnectionOptions("a"))]
    assert config_fingerprint(ConnectionOptions("a")) == found[0]
    found += [
        config_fingerprint(options) for options in (ConnectionOptions("b"), ConnectionOptions("a", auth={"password": "p"}))
    ]
    (tmp_path / "clouds.yaml").write_text("clouds: {}")
    found.append(config_fingerprint(ConnectionOptions("a")))
    (tmp_path / "clouds.yaml").write_text("clouds: {a: {}}")
    found.append(config_fingerprint(ConnectionOptions("a")))
    (tmp_path / "other.yaml").write_text("clouds: {}")
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(tmp_path / "other.yaml"))
    found.append(config_fingerprint(ConnectionOptions("a")))
    (tmp_path / "other.yaml").write_text("clouds: {a: {}}")
    found.append(config_fingerprint(ConnectionOptions("a")))
    monkeypatch.setenv("OS_USERNAME", "somebody")
    found.append(config_fingerprint(ConnectionOptions("a")))
    assert len(set(found)) == len(found) == 8


@pytest.fixture
def only_here(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    """The working folder, where no variable names a cloud or a file."""
    for name in [name for name in os.environ if name.startswith("OS_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def refused(cloud: str | None) -> str:
    with pytest.raises(UnknownCloud) as error:
        cloud_region(ConnectionOptions(cloud))
    return str(error.value)


def test_an_unknown_cloud_is_an_error_with_the_clouds_of_the_file(
    only_here: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = only_here / "clouds.yaml"
    file.write_text("clouds: {a: {}, b: {}}")
    said = f"Cloud nowhere was not found. The file {file} has these clouds: a, b."
    assert refused("nowhere") == said
    monkeypatch.setenv("OS_CLOUD", "nowhere")
    assert refused(None) == said


def test_an_unknown_cloud_without_a_file_is_an_error_with_the_places_that_were_searched(
    only_here: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        openstack_config.sdk, "CONFIG_FILES", [str(only_here / "a" / "clouds.yaml"), "/etc/none/clouds.yaml"]
    )
    said = "Cloud nowhere was not found. There is no clouds.yaml that can be read. These were searched:"
    assert refused("nowhere") == f"{said} {only_here / 'a'}, /etc/none."
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", "missing.yaml")
    assert refused("nowhere") == f"{said} missing.yaml, {only_here / 'a'}, /etc/none."
