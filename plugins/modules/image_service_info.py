#!/usr/bin/python
# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

DOCUMENTATION = r"""
---
module: image_service_info
short_description: Show what a cloud's Image API offers
version_added: 1.0.0
description:
  - Show the versions of the Image API, the ways to import data, the stores, the formats of images, and how much of its
    limits the login's project uses.
  - What the cloud does not show is null. So a playbook can tell an empty answer from a missing one.
author:
  - The cloudimage.glance contributors (@cloudimage)
extends_documentation_fragment:
  - cloudimage.glance._auth
  - cloudimage.glance._attributes
  - cloudimage.glance._attributes.info
  - cloudimage.glance._attributes.action_group
seealso:
  - module: cloudimage.glance.image
  - name: Image API
    description: Reference of the API that this module uses.
    link: https://docs.openstack.org/api-ref/image/v2/
"""

EXAMPLES = r"""
---
- name: Show what the cloud offers
  cloudimage.glance.image_service_info:
    cloud: mycloud
  register: result

- name: Import the image if the cloud can download it, and send it otherwise
  cloudimage.glance.image:
    cloud: mycloud
    name: debian-13
    url: https://cloud.debian.org/images/cloud/trixie/latest/debian-13-generic-amd64.qcow2
    checksum: sha512:https://cloud.debian.org/images/cloud/trixie/latest/SHA512SUMS
    disk_format: qcow2
    container_format: bare
    transfer: "{{ 'import' if 'web-download' in (result.service.import_methods or []) else 'stream' }}"

- name: Check that the project may store 20 GiB more
  ansible.builtin.assert:
    that: limits.limit < 0 or limits.usage + 20 * 1024 <= limits.limit
  vars:
    limits: "{{ result.service.usage.image_size_total }}"
  when: "'image_size_total' in (result.service.usage or {})"
"""

RETURN = r"""
---
service:
  description: What the Image API offers.
  type: dict
  returned: success
  contains:
    endpoint:
      description: The base URL of the Image API that the login's catalogue, or O(endpoint_override), names.
      type: str
      returned: success
      sample: https://image.example.com/v2
    project_id:
      description: Id of the login's project. Null with a login that has no project, or does not show it.
      type: str
      returned: success
    api_versions:
      description: All versions of the API that the cloud has, oldest first. Null if the cloud does not show them.
      type: list
      elements: str
      returned: success
      sample: ['2.0', '2.1', '2.15']
    api_version:
      description: The newest of RV(service.api_versions).
      type: str
      returned: success
      sample: '2.15'
    import_methods:
      description: The ways to import data, sorted. Null if the cloud does not show them.
      type: list
      elements: str
      returned: success
      sample: [glance-direct, web-download]
    stores:
      description: The stores, in the cloud's order. Null on a cloud that has only one, without a name.
      type: list
      elements: dict
      returned: success
      contains:
        id:
          description: The name, as O(cloudimage.glance.image#module:stores) takes it.
          type: str
          returned: success
        description:
          description: The description. Null if there is none.
          type: str
          returned: success
        default:
          description: Whether data go to it if the task names no store.
          type: bool
          returned: success
        read_only:
          description: Whether the cloud refuses new data for it.
          type: bool
          returned: success
    disk_formats:
      description:
        - The values that O(cloudimage.glance.image#module:disk_format) may have. Null if the cloud does not show them.
      type: list
      elements: str
      returned: success
    container_formats:
      description:
        - The values that O(cloudimage.glance.image#module:container_format) may have. Null if the cloud does not show them.
      type: list
      elements: str
      returned: success
    usage:
      description:
        - What the login's project uses, and its limits, by the name of the limit. Empty if the cloud has no limits.
        - Null if the cloud does not show them, as old ones do not.
      type: dict
      returned: success
      sample:
        image_size_total: {limit: 51200, usage: 1861}
        image_count_total: {limit: 100, usage: 7}
      contains:
        image_size_total:
          description: The size of all data (MiB), as a dictionary with C(limit) and C(usage). A limit of -1 means no limit.
          type: dict
          returned: if the cloud limits it
        image_stage_total:
          description: The size of all data that wait to be imported (MiB), in the same form.
          type: dict
          returned: if the cloud limits it
        image_count_total:
          description: The number of images, in the same form.
          type: dict
          returned: if the cloud limits it
        image_count_uploading:
          description: The number of images whose data are being sent, in the same form.
          type: dict
          returned: if the cloud limits it
http_status:
  description: The HTTP status of the response.
  type: int
  returned: failure because the cloud refused a request
request_id:
  description: The id by which the operator of the cloud finds the request. Null if the cloud sent none.
  type: str
  returned: failure because the cloud refused a request
"""

from ansible_collections.cloudimage.glance.plugins.module_utils._module.image_service_info import TASK
from ansible_collections.cloudimage.glance.plugins.module_utils._module.runner import run_module


def main() -> None:
    run_module(TASK)


if __name__ == "__main__":
    main()
