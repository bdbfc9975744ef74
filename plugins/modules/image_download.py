#!/usr/bin/python
# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

DOCUMENTATION = r"""
---
module: image_download
short_description: Download images
version_added: 1.0.0
description:
  - Download the data of an image of OpenStack Glance to a file on the host that runs the task.
  - A file that already has the image's data is not changed. The module compares it first by size, then by hash.
  - The module writes the data to a hidden file next to O(dest), compares them with the hash that the cloud has, and only
    then moves the file to its place. An interrupted download is resumed where it stopped, in the same run or in the next
    one. What interrupted downloads of other images to the same O(dest) have left is removed.
  - If several runs download an image to the same O(dest) at the same time, one of them does, and the others wait for it and
    report no change.
author:
  - The cloudimage.glance contributors (@cloudimage)
extends_documentation_fragment:
  - ansible.builtin.files
  - cloudimage.glance._auth
  - cloudimage.glance._attributes
  - cloudimage.glance._attributes.changing
  - cloudimage.glance._attributes.action_group
options:
  name:
    description:
      - Name of the image. It is matched exactly; there are no wildcards.
      - A name means the images that the login's project can use, whatever the login's role. These are its own images, public
        images, and images that other projects share with it and that it has accepted. Use O(id) for others.
      - A name that no image has is an error if it is the id of an image. Use O(id) for that.
    type: str
    aliases: [image]
  id:
    description: Id of the image, a UUID.
    type: str
  dest:
    description:
      - The file, or a folder. In a folder, the file has the name of the image with its O(ignore:disk_format) as extension.
      - In that name C(/), C($), C(~) and control characters become C(_), and an extension that the name has already is not
        added again. So two images may mean the same file of a folder; give the paths of their files then.
      - The folder has to exist. A symbolic link to a file is refused, because the module would put a file in its place.
    type: path
    required: true
  wait_timeout:
    description:
      - How long the download may take (seconds). When it expires, the data downloaded so far are kept for the next run.
    type: int
    default: 3600
    aliases: [timeout]
seealso:
  - module: cloudimage.glance.image
  - module: cloudimage.glance.image_info
"""

EXAMPLES = r"""
---
- name: Download an image
  cloudimage.glance.image_download:
    cloud: mycloud
    name: debian-13
    dest: /srv/images/
    mode: "0644"
"""

RETURN = r"""
---
dest:
  description: The file.
  type: str
  returned: success
state:
  description:
    - Kind of the file at O(dest), always V(file).
    - This and the following values describe the file at the end of the task, in check mode the existing file.
  type: str
  returned: success, if there is a file
size:
  description: Size of the file (bytes).
  type: int
  returned: success, if there is a file
mode:
  description: The file's permissions, octal.
  type: str
  returned: success, if there is a file
owner:
  description: The user that owns the file.
  type: str
  returned: success, if there is a file
group:
  description: The group that owns the file.
  type: str
  returned: success, if there is a file
uid:
  description: The id of the user.
  type: int
  returned: success, if there is a file
gid:
  description: The id of the group.
  type: int
  returned: success, if there is a file
secontext:
  description: The file's SELinux context.
  type: str
  returned: success, if there is a file and SELinux is enabled
hash:
  description: Algorithm and hash of the data, as the cloud has it.
  type: str
  returned: success
  sample: sha512:8efb4f73c5655351c444eb109230c556d39e2c7624e9c11abc9e3fb4b9b9254218cc...
image:
  description: The image, as M(cloudimage.glance.image_info) returns it.
  type: dict
  returned: success
transfer:
  description: What was downloaded. Null if nothing was, and in check mode.
  type: dict
  returned: success
  contains:
    method:
      description: V(download).
      type: str
      returned: success
    bytes:
      description:
        - How much was downloaded (bytes). It is less than the file's size if an earlier run had begun.
        - It is more than that size if the cloud's store cannot send a part of an image, so that all data were requested
          again.
      type: int
      returned: success
    seconds:
      description: How long it took (seconds).
      type: float
      returned: success
    rate:
      description: Average rate (bytes per second).
      type: int
      returned: success
    hash:
      description: Algorithm and hash of the whole file.
      type: str
      returned: success
    attempts:
      description: How many requests it took, V(1) if nothing went wrong.
      type: int
      returned: success
candidates:
  description: The ids of the images to choose from.
  type: list
  elements: str
  returned: failure because of several images of one name
http_status:
  description: The HTTP status of the response.
  type: int
  returned: failure because the cloud refused a request
request_id:
  description: The id by which the operator of the cloud finds the request. Null if the cloud sent none.
  type: str
  returned: failure because the cloud refused a request
"""

from ansible_collections.cloudimage.glance.plugins.module_utils._module.image_download import TASK
from ansible_collections.cloudimage.glance.plugins.module_utils._module.runner import run_module


def main() -> None:
    run_module(TASK)


if __name__ == "__main__":
    main()
