#!/usr/bin/python
# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

DOCUMENTATION = r"""
---
module: image_state
short_description: Deactivate and reactivate images
version_added: 1.0.0
description:
  - Make images' data unavailable, so that no servers can be created from them, or available again. Nothing else is changed.
  - The module reads all images before it changes the first. A missing image, or one with a status other than V(active) or
    V(deactivated), is an error.
author:
  - The cloudimage.glance contributors (@cloudimage)
extends_documentation_fragment:
  - cloudimage.glance._auth
  - cloudimage.glance._attributes
  - cloudimage.glance._attributes.changing
  - cloudimage.glance._attributes.action_group
options:
  id:
    description: Ids of the images.
    type: list
    elements: str
  name:
    description:
      - Names of the images. They are matched exactly; there are no wildcards.
      - A name means the images that the login's project can use, whatever the login's role. These are its own images, public
        images, and images that other projects share with it and that it has accepted. Use O(id) for others.
      - A name that no image has is an error if it is the id of an image. Use O(id) for that.
      - A name that several images have is an error. Use O(id) then.
    type: list
    elements: str
    aliases: [image]
  state:
    description:
      - With V(deactivated), the data cannot be used. With V(active), they can.
      - Who may change it is up to the cloud's policy. On many clouds only administrators may.
      - It is an error if the cloud's Image API is older than version 2.3 or lacks this operation. If the version shows that,
        the module sends no request, and check mode reports the error too.
    type: str
    choices: [active, deactivated]
    required: true
seealso:
  - module: cloudimage.glance.image
  - name: Image API
    description: Reference of the API that this module uses.
    link: https://docs.openstack.org/api-ref/image/v2/
"""

EXAMPLES = r"""
---
- name: Take an image out of use
  cloudimage.glance.image_state:
    cloud: mycloud
    name: debian-11
    state: deactivated

- name: Put two images back into use
  cloudimage.glance.image_state:
    cloud: mycloud
    id:
      - 8f4c9f1e-0a1c-4f1f-9f8e-3a7c5b0f6a11
      - 5d1a6f0c-3f5e-4c55-8a55-0e1f7a3c9d22
    state: active
"""

RETURN = r"""
---
images:
  description: The images, read back from the cloud where they were changed. In check mode, as they would be.
  type: list
  elements: dict
  returned: success
  contains:
    id:
      description: The id.
      type: str
      returned: success
    name:
      description: The name.
      type: str
      returned: success
    status:
      description: Glance's status, for example V(queued), V(active) or V(deactivated).
      type: str
      returned: success
    visibility:
      description: Who sees the image.
      type: str
      returned: success
    protected:
      description: Whether the image is protected against deletion.
      type: bool
      returned: success
    os_hidden:
      description: Whether the image is left out of lists.
      type: bool
      returned: success
    owner:
      description: Id of the project that the image belongs to.
      type: str
      returned: success
    tags:
      description: The tags, sorted.
      type: list
      elements: str
      returned: success
    disk_format:
      description: Format of the data.
      type: str
      returned: success
    container_format:
      description: Format of what the data are wrapped in.
      type: str
      returned: success
    size:
      description: Size of the data (bytes).
      type: int
      returned: success
    virtual_size:
      description: Size of the disk that the data hold (bytes).
      type: int
      returned: success
    min_disk:
      description: Size of the disk that a server needs at least (GiB).
      type: int
      returned: success
    min_ram:
      description: Memory that a server needs at least (MiB).
      type: int
      returned: success
    checksum:
      description: MD5 of the data.
      type: str
      returned: success
    os_hash_algo:
      description: Algorithm of RV(images[].os_hash_value).
      type: str
      returned: success
    os_hash_value:
      description: Hash of the data.
      type: str
      returned: success
    stores:
      description: The stores that hold the data, on clouds with several.
      type: list
      elements: str
      returned: success
    created_at:
      description: When the image was created (UTC, ISO 8601).
      type: str
      returned: success
    updated_at:
      description: When the image was last changed (UTC, ISO 8601). Null in check mode if it would be changed.
      type: str
      returned: success
    properties:
      description: All custom properties.
      type: dict
      returned: success
changes:
  description: What was changed, or in check mode would be, in order. Empty if nothing.
  type: list
  elements: dict
  returned: success
  contains:
    id:
      description: Id of the image.
      type: str
      returned: success
    attribute:
      description:
        - What was changed, by Glance's name. A property is V(properties.) with its name behind it.
        - V(state) stands for the image being there at all, from V(absent) to V(present) or back.
      type: str
      returned: success
    before:
      description: The value before. Null if there was none.
      type: raw
      returned: success
    after:
      description: The value after. Null if there is none.
      type: raw
      returned: success
  sample:
    - id: 8f4c9f1e-0a1c-4f1f-9f8e-3a7c5b0f6a11
      attribute: status
      before: active
      after: deactivated
operations:
  description:
    - The requests to the Image API that made the change, or in check mode would make it, in order, without those that only
      read.
  type: list
  elements: dict
  returned: success
  contains:
    method:
      description: The HTTP method.
      type: str
      returned: success
    path:
      description: The path.
      type: str
      returned: success
    body:
      description: What is sent as JSON. Null here.
      type: raw
      returned: success
  sample:
    - method: POST
      path: /v2/images/8f4c9f1e-0a1c-4f1f-9f8e-3a7c5b0f6a11/actions/deactivate
      body: null
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

from ansible_collections.cloudimage.glance.plugins.module_utils._module.image_state import TASK
from ansible_collections.cloudimage.glance.plugins.module_utils._module.runner import run_module


def main() -> None:
    run_module(TASK)


if __name__ == "__main__":
    main()
