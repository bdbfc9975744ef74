#!/usr/bin/python
# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

DOCUMENTATION = r"""
---
module: images
short_description: Manage many images
version_added: 0.1.0
description:
  - Brings a whole list of images to the state that is described, as M(cloudimage.glance.image) does for one, for example a
    catalogue of images that is kept in a repository.
  - A name means the images that the login's project can use, whatever the login's role, as in M(cloudimage.glance.image).
  - The module looks up all images with a few requests, and then processes several at a time, in any order.
  - Invalid options are an error before anything is changed. An image that fails after that does not stop the others, and the
    task fails at the end with the error of each.
author:
  - The cloudimage.glance contributors (@cloudimage)
extends_documentation_fragment:
  - cloudimage.glance._auth
  - cloudimage.glance._attributes
  - cloudimage.glance._attributes.changing
  - cloudimage.glance._attributes.action_group
options:
  images:
    description:
      - The images. Each takes the options of M(cloudimage.glance.image) except those of the connection, with the same
        aliases and defaults.
      - Two of them must not mean the same image, for example one by its O(ignore:id) and one by its O(ignore:name). That is
        an error before anything is changed. Two of the same name need different O(ignore:owner)s.
      - A missing image with O(ignore:create=false) is an error before anything is changed.
      - A kernel or a ramdisk that another image needs must already exist, so it belongs in a task of its own.
    type: list
    elements: dict
    required: true
  parallel:
    description: How many images to process at a time, 1 to 32.
    type: int
    default: 4
notes:
  - The time that an image may take (C(wait_timeout)) is an option of each image.
seealso:
  - module: cloudimage.glance.image
  - name: Image API
    description: Reference of the API that this module uses.
    link: https://docs.openstack.org/api-ref/image/v2/
"""

EXAMPLES = r"""
---
- name: Ensure a catalogue of images exists
  cloudimage.glance.images:
    cloud: mycloud
    images:
      - name: debian-13
        url: https://cloud.debian.org/images/cloud/trixie/latest/debian-13-generic-amd64.qcow2
        checksum: sha512:https://cloud.debian.org/images/cloud/trixie/latest/SHA512SUMS
        disk_format: qcow2
        container_format: bare
        data_policy: replace
      - name: debian-12
        tags: [debian, oldstable]
        protected: true
      - name: debian-11
        state: absent

- name: Ensure the images of a file exist, eight at a time
  cloudimage.glance.images:
    cloud: mycloud
    images: "{{ lookup('ansible.builtin.file', 'images.yml') | from_yaml }}"
    parallel: 8
"""

RETURN = r"""
---
images:
  description:
    - The images, in the order in which they were given, each as RV(cloudimage.glance.image#module:image). Null for one that
      is absent, and for one that failed.
  type: list
  elements: dict
  returned: always
changes:
  description: What was changed in all of them, or in check mode would be, as RV(cloudimage.glance.image#module:changes).
  type: list
  elements: dict
  returned: always
operations:
  description:
    - The requests to the Image API that made the changes, or in check mode would make them, as
      RV(cloudimage.glance.image#module:operations). Those of one image are in order, and those of several were sent side by
      side. What was done for an image that failed is not among them.
  type: list
  elements: dict
  returned: always
outcomes:
  description: What became of each image, in the order in which they were given.
  type: list
  elements: dict
  returned: always
  contains:
    name:
      description: The name that was given. Null if there was none.
      type: str
      returned: always
    id:
      description: The id that was given. Null if there was none.
      type: str
      returned: always
    changed:
      description: Whether the image was changed, or in check mode would be.
      type: bool
      returned: always
    failed:
      description: Whether the image failed.
      type: bool
      returned: always
    msg:
      description: What is wrong.
      type: str
      returned: if the image failed
    changes:
      description: What was changed in this image.
      type: list
      elements: dict
      returned: always
    operations:
      description: The requests that made the change.
      type: list
      elements: dict
      returned: always
    diff:
      description: The difference, before and after. It is here without C(--diff) too.
      type: raw
      returned: always
    source:
      description: What the inspection of the data has found, as RV(cloudimage.glance.image#module:source).
      type: dict
      returned: always
    transfer:
      description: The data that were moved, as RV(cloudimage.glance.image#module:transfer).
      type: dict
      returned: always
"""

from ansible_collections.cloudimage.glance.plugins.module_utils._module.images import TASK
from ansible_collections.cloudimage.glance.plugins.module_utils._module.runner import run_module


def main() -> None:
    run_module(TASK)


if __name__ == "__main__":
    main()
