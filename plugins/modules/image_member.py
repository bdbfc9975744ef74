#!/usr/bin/python
# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

DOCUMENTATION = r"""
---
module: image_member
short_description: Share an image with a project, and accept or reject a shared image
version_added: 1.0.0
description:
  - The owner of an image shares it with a project, with O(state=present), or ends that, with O(state=absent).
  - The project accepts the image, with O(state=accepted), or rejects it, with O(state=rejected). Until then its answer is
    V(pending), and the project can use the image by its id, but does not find it in lists.
author:
  - The cloudimage.glance contributors (@cloudimage)
extends_documentation_fragment:
  - cloudimage.glance._auth
  - cloudimage.glance._attributes
  - cloudimage.glance._attributes.changing
  - cloudimage.glance._attributes.action_group
options:
  id:
    description: Id of the image.
    type: str
  name:
    description:
      - Name of the image. It is matched exactly; there are no wildcards.
      - With O(state=present) and O(state=absent) it means an image of the login's own project, or of O(owner).
      - With the other states it means an image that another project shares with O(member), whatever the answer so far, so
        shares that are still V(pending) are found too.
      - A name that several of these images have is an error. Use O(id) or O(owner) then.
    type: str
    aliases: [image]
  owner:
    description: Id or name of the project that the image belongs to, to look for O(name) among its images only.
    type: str
    aliases: [project]
  owner_domain:
    description: Id or name of the domain of the project in O(owner), if that is a name that several domains have.
    type: str
    aliases: [project_domain]
  member:
    description:
      - Id or name of the project that the image is shared with.
      - O(state=present) and O(state=absent) need it. For the other states it is the login's own project if it is not given;
        only administrators may answer for other projects.
      - Glance does not check whether a project of this id exists.
    type: str
  member_domain:
    description: Id or name of the domain of the project in O(member), if that is a name that several domains have.
    type: str
  state:
    description:
      - With V(present) the image is shared with the project, whatever its answer. With V(absent) it is not.
      - With V(accepted), V(rejected) or V(pending) that is the answer of the project. An image that is not shared with the
        project is an error.
      - Only images with the visibility V(shared) have members, so V(present) is an error for others.
    type: str
    choices: [accepted, rejected, pending, present, absent]
    required: true
seealso:
  - module: cloudimage.glance.image
  - module: cloudimage.glance.image_info
  - name: Image API
    description: Reference of the API that this module uses.
    link: https://docs.openstack.org/api-ref/image/v2/
"""

EXAMPLES = r"""
---
- name: Share an image with a project
  cloudimage.glance.image_member:
    cloud: mycloud
    name: debian-13
    member: 7208632eee21452fbc6bc55d1c73ac31
    state: present

- name: Accept it, with a login of that project
  cloudimage.glance.image_member:
    cloud: mycloud-web-team
    name: debian-13
    state: accepted

- name: End sharing it
  cloudimage.glance.image_member:
    cloud: mycloud
    name: debian-13
    member: 7208632eee21452fbc6bc55d1c73ac31
    state: absent
"""

RETURN = r"""
---
member:
  description:
    - The project and its answer, read back from the cloud if it was changed. In check mode, as it would be.
    - Null if the image is not shared with the project.
  type: dict
  returned: success
  contains:
    image_id:
      description: Id of the image.
      type: str
      returned: success
    member_id:
      description: Id of the project.
      type: str
      returned: success
    status:
      description: The project's answer, V(pending), V(accepted) or V(rejected).
      type: str
      returned: success
changes:
  description: What was changed, or in check mode would be. Empty if nothing.
  type: list
  elements: dict
  returned: success
  contains:
    id:
      description: Id of the image.
      type: str
      returned: success
    attribute:
      description: V(members.) with the id of the project behind it.
      type: str
      returned: success
    before:
      description: The answer before. Null if the image was not shared with the project.
      type: raw
      returned: success
    after:
      description: The answer after. Null if the image is not shared with the project any more.
      type: raw
      returned: success
  sample:
    - id: 8f4c9f1e-0a1c-4f1f-9f8e-3a7c5b0f6a11
      attribute: members.7208632eee21452fbc6bc55d1c73ac31
      before: pending
      after: accepted
operations:
  description:
    - The requests to the Image API that made the change, or in check mode would make it, in order. Requests that only read
      are not among them.
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
      description: What is sent as JSON. Null if nothing is.
      type: raw
      returned: success
  sample:
    - method: PUT
      path: /v2/images/8f4c9f1e-0a1c-4f1f-9f8e-3a7c5b0f6a11/members/7208632eee21452fbc6bc55d1c73ac31
      body: {status: accepted}
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

from ansible_collections.cloudimage.glance.plugins.module_utils._module.image_member import TASK
from ansible_collections.cloudimage.glance.plugins.module_utils._module.runner import run_module


def main() -> None:
    run_module(TASK)


if __name__ == "__main__":
    main()
