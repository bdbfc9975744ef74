# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

DOCUMENTATION = r"""
---
name: catalogue_images
short_description: Get the list of images from the text of a catalogue's file
version_added: 1.0.0
description:
  - Reads the YAML of a file that holds a list of images, and returns the entries for M(cloudimage.glance.images).
  - The playbooks of this collection read a catalogue with it. Use it in an argument or a variable of the task, and not in
    M(ansible.builtin.set_fact), whose result Ansible shows with C(-v). The entries may hold passwords and signed URLs.
  - If the file has no list of images, the filter fails. The error says which file, what it has and what is allowed. It shows
    no value of the file.
author:
  - The cloudimage.glance contributors (@cloudimage)
positional: _input, file
options:
  _input:
    description:
      - The text of the file. It is a list of images, each a dictionary, or a dictionary whose C(images) is such a list.
    type: str
    required: true
  file:
    description: The path of the file, for an error.
    type: str
    required: true
  osism:
    description: Whether the file has OSISM's image definitions, which P(cloudimage.glance.from_osism#filter) converts.
    type: bool
    default: false
seealso:
  - module: cloudimage.glance.images
  - plugin: cloudimage.glance.from_osism
    plugin_type: filter
"""

EXAMPLES = r"""
---
- name: Apply a catalogue
  cloudimage.glance.images:
    cloud: mycloud
    catalogue: base
    images: "{{ lookup('ansible.builtin.file', file) | cloudimage.glance.catalogue_images(file) }}"
  vars:
    file: "{{ playbook_dir }}/catalogue.yml"
"""

RETURN = r"""
---
_value:
  description: Entries for the option O(cloudimage.glance.images#module:images), in the order of the file.
  type: list
  elements: dict
"""

import typing as t

import yaml
from ansible.errors import AnsibleFilterError
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.filter.core import from_yaml
from ansible_collections.cloudimage.glance.plugins.plugin_utils._catalogue_file import InvalidFile, images_in
from ansible_collections.cloudimage.glance.plugins.plugin_utils._untemplated import never_templated


def catalogue_images(text: str, file: str, osism: t.Any = False) -> t.Any:
    """The entries in the text of a catalogue's file."""
    try:
        is_osism = bool(boolean(osism))
    except TypeError:
        raise AnsibleFilterError(f"catalogue_images: osism is {osism!r}; allowed are true and false.") from None
    try:
        return never_templated(images_in(from_yaml(text), file, osism=is_osism))
    except (yaml.YAMLError, ValueError) as error:
        # Without its text, which can quote the file.
        mark = getattr(error, "problem_mark", None)
        place = f": there is an error at line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise AnsibleFilterError(f"catalogue_images: {file} is not valid YAML{place}.") from None
    except RecursionError:
        raise AnsibleFilterError(
            f"catalogue_images: {file} has lists or dictionaries without end. Either an alias (*name) is within what its"
            " anchor (&name) marks, or there are too many of them in each other."
        ) from None
    except InvalidFile as error:
        raise AnsibleFilterError(f"catalogue_images: {error}") from None


class FilterModule:
    """Ansible's entry to the filter."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"catalogue_images": catalogue_images}
