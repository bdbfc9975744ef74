# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

DOCUMENTATION = r"""
---
name: migration_report
short_description: Report what to change in playbooks that were written for openstack.cloud
version_added: 1.0.0
description:
  - Reads the YAML files of playbooks and roles, and lists what to change in tasks for openstack.cloud.image and
    openstack.cloud.image_info, so that they use M(cloudimage.glance.image) and M(cloudimage.glance.image_info). Nothing is
    changed.
  - It finds the modules by all names that they had, such as C(os_image) and C(os_image_facts), also in C(module_defaults)
    and with C(collections). Short names in a role whose C(meta/main.yml) has C(collections) are not found.
  - The playbook C(cloudimage.glance.migration_report) prints the report.
author:
  - The cloudimage.glance contributors (@cloudimage)
options:
  _terms:
    description:
      - Files and folders. Of a folder, all files that end in C(.yml) or C(.yaml) are read, but those in hidden folders.
    type: list
    elements: path
    required: true
seealso:
  - module: cloudimage.glance.image
  - module: cloudimage.glance.image_info
"""

EXAMPLES = r"""
---
- name: Show what to change in a role
  ansible.builtin.debug:
    msg: "{{ query('cloudimage.glance.migration_report', 'roles/images') }}"
"""

RETURN = r"""
---
_raw:
  description: The findings, in the order of the files and lines.
  type: list
  elements: dict
  contains:
    file:
      description: The file.
      type: str
    line:
      description: The number of the line.
      type: int
    kind:
      description:
        - With V(change) the task fails, or does not use this collection, unless the line is changed.
        - With V(differs) the task runs, and may do something else than before.
        - With V(not checked) nothing can be said about the line.
      type: str
    text:
      description: What is different, and what to write.
      type: str
"""

import dataclasses
import os
import pathlib
import typing as t

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase
from ansible_collections.cloudimage.glance.plugins.plugin_utils._migration_report import report


class LookupModule(LookupBase):  # type: ignore[misc] # ansible-core has no types
    """Reads the files, and returns the findings."""

    def run(self, terms: list[str], variables: t.Any = None, **kwargs: t.Any) -> list[dict[str, t.Any]]:
        self.set_options(var_options=variables, direct=kwargs)
        files = [file for term in terms for file in files_in(pathlib.Path(str(term)).expanduser())]
        return [dataclasses.asdict(finding) for finding in report({str(file): _text_of(file) for file in files})]


def files_in(path: pathlib.Path) -> list[pathlib.Path]:
    """The file, or the YAML files in the folder and in the folders below it, those that are links included."""
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise AnsibleLookupError(f"migration_report: there is no file or folder {path}.")
    found: list[pathlib.Path] = []
    visited: set[str] = set()
    # As Ansible does, roles that are links are followed; two of them may lead to each other.
    for folder, folders, names in os.walk(path, followlinks=True, onerror=_refuse):
        folders[:] = [name for name in folders if not name.startswith(".")]
        real = os.path.realpath(folder)
        if real in visited:
            folders.clear()
            continue
        visited.add(real)
        found += [pathlib.Path(folder, name) for name in names if name.endswith((".yml", ".yaml"))]
    return found


def _refuse(error: OSError) -> None:
    raise AnsibleLookupError(f"migration_report: {error.filename} cannot be read: {error.strerror}.") from error


def _text_of(file: pathlib.Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise AnsibleLookupError(f"migration_report: {file} cannot be read: {error.strerror}.") from error
