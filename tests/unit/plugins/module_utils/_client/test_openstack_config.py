# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

import pathlib

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._client.openstack_config import config_fingerprint
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
