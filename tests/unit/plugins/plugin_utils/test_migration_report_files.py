# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""Which files the lookup migration_report reads."""

from __future__ import annotations

import os
import pathlib
import typing as t

import pytest
from ansible.errors import AnsibleLookupError
from ansible_collections.cloudimage.glance.plugins.lookup.migration_report import files_in


def names_in(path: pathlib.Path) -> list[str]:
    return sorted(file.name for file in files_in(path))


def test_files_of_a_folder_are_read_but_those_of_hidden_folders(tmp_path: pathlib.Path) -> None:
    for name in ("a.yml", "b.yaml", "c.txt", ".git/d.yml", "roles/tasks/e.yml"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert names_in(tmp_path) == ["a.yml", "b.yaml", "e.yml"]


def test_role_that_is_a_link_is_read(tmp_path: pathlib.Path) -> None:
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "a.yml").touch()
    (tmp_path / "roles").mkdir()
    (tmp_path / "roles" / "images").symlink_to("../shared")
    assert names_in(tmp_path / "roles") == ["a.yml"]


def test_links_that_lead_to_each_other_are_read_once(tmp_path: pathlib.Path) -> None:
    (tmp_path / "a.yml").touch()
    (tmp_path / "loop").symlink_to(".")
    assert names_in(tmp_path) == ["a.yml"]


def test_folder_that_cannot_be_read_is_an_error(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: t.Any) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(AnsibleLookupError, match=f"{tmp_path} cannot be read: Permission denied"):
        names_in(tmp_path)


def test_missing_folder_is_an_error(tmp_path: pathlib.Path) -> None:
    with pytest.raises(AnsibleLookupError, match="there is no file or folder"):
        names_in(tmp_path / "missing")
