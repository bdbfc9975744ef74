# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

DOCUMENTATION = r"""
---
name: image
short_description: The id of an image, or the image itself
version_added: 1.0.0
description:
  - Finds exactly one image by its name, by filters, or by both. It is an error if there is none, or if there are several.
    The error describes the images found.
  - It does what M(cloudimage.glance.image_info) does with C(exactly=1), with the same meaning of names and filters and the
    same errors.
  - An option with the value C(omit) counts as not given.
  - A lookup runs on the host that runs Ansible, whatever host a task is for. It uses the environment of that host, and not
    the keywords C(environment) and C(module_defaults). So give it O(cloud), or set E(OS_CLOUD).
  - It takes one request for each name in most cases. U(https://github.com/cloudimage/cloudimage.glance/blob/main/docs/speed.md)
    lists the others.
author:
  - The cloudimage.glance contributors (@cloudimage)
extends_documentation_fragment:
  - cloudimage.glance._auth
  - cloudimage.glance._filters
options:
  _terms:
    description:
      - Names of images, or lists of names. They are matched exactly. For each of them there must be exactly one image.
      - If none is given, the filters must match exactly one image.
    type: list
    elements: str
  result:
    description: Whether to return the id of the image, or the image as a dictionary.
    type: str
    choices: [id, image]
    default: id
  required:
    description: Whether it is an error if there is no such image. With V(false) the lookup returns null for it.
    type: bool
    default: true
notes:
  - The lookups of one task, and so of all items of a loop, use one login. It is the login that the tasks of the run share if
    the task, or a task before it in the run, is one of this collection. Otherwise each task with lookups logs in once.
  - Ansible evaluates a lookup whenever it evaluates the text that contains it, and so each time that a variable with a
    lookup is used. Use M(ansible.builtin.set_fact) to evaluate it once.
  - Ansible may show the text of an expression that fails. Give credentials in C(clouds.yaml) or in variables.
seealso:
  - module: cloudimage.glance.image_info
"""

EXAMPLES = r"""
---
- name: Create a server from the only image of a name
  openstack.cloud.server:
    cloud: mycloud
    name: web-1
    flavor: m1.small
    image: "{{ lookup('cloudimage.glance.image', 'debian-13', cloud='mycloud') }}"

- name: Show when the newest image of a series was created
  ansible.builtin.debug:
    msg: "{{ image.name }} is of {{ image.created_at }}"
  vars:
    image: >-
      {{ lookup('cloudimage.glance.image', name_pattern='^debian-13-[0-9]+$', status='active', newest=true, result='image',
      cloud='mycloud') }}

- name: Find the ids of several images, with the login in a variable
  ansible.builtin.set_fact:
    image_ids: "{{ query('cloudimage.glance.image', 'debian-13', 'ubuntu-26.04', **login) }}"
  vars:
    login:
      cloud: mycloud
      region_name: RegionOne

- name: Do something only if there is an image
  ansible.builtin.debug:
    msg: There is one.
  when: lookup('cloudimage.glance.image', 'debian-14', required=false, cloud='mycloud') is not none
"""

RETURN = r"""
---
_raw:
  description:
    - For each name, or for the filters, the id of the image. With O(result=image) it is the image, with the keys of
      RV(cloudimage.glance.image_info#module:images).
    - With O(required=false) it is null if there is no such image.
  type: list
  elements: raw
"""

import typing as t

from ansible.errors import AnsibleError
from ansible.plugins.lookup import LookupBase
from ansible.utils.display import Display
from ansible_collections.cloudimage.glance.plugins.module_utils._client.openstack_config import check_sdk
from ansible_collections.cloudimage.glance.plugins.module_utils._errors import GlanceError
from ansible_collections.cloudimage.glance.plugins.module_utils._module.image_info import TASK
from ansible_collections.cloudimage.glance.plugins.plugin_utils._image_lookup import Arguments, ImageLookup, is_omitted
from ansible_collections.cloudimage.glance.plugins.plugin_utils._in_process import run_in_process
from ansible_collections.cloudimage.glance.plugins.plugin_utils._invocation import Invocation
from ansible_collections.cloudimage.glance.plugins.plugin_utils._run_tokens import TOKENS

NAME = "cloudimage.glance.image"


class LookupModule(LookupBase):  # type: ignore[misc] # ansible-core has no types
    """Runs image_info in this process, once for each image."""

    def run(self, terms: list[t.Any], **options: t.Any) -> list[t.Any]:
        variables = options.pop("variables", None) or {}  # Ansible's, and not an option
        given = {name: value for name, value in options.items() if not is_omitted(value, variables.get("omit"))}
        try:
            check_sdk("on the host that runs Ansible")
            lookup = ImageLookup.parse(terms, given)
        except GlanceError as error:
            raise AnsibleError(str(error)) from None
        images = [self._find(arguments, lookup.required) for arguments in lookup.tasks]
        return [image if image is None or lookup.returns_image else image["id"] for image in images]

    def _find(self, arguments: Arguments, required: bool) -> dict[str, t.Any] | None:
        """The image; null if there is none and it need not be there."""
        result = run_in_process(TASK, TOKENS, Invocation(NAME, arguments, folder=self._loader.get_basedir()))
        for warning in result.get("warnings", []):
            Display().warning(f"{NAME}: {warning}")
        if result.get("failed"):
            if not required and result.get("count") == 0 and not result.get("incomplete"):
                return None
            raise AnsibleError(result["msg"])
        return t.cast("dict[str, t.Any]", result["images"][0])
