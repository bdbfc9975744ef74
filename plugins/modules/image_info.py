#!/usr/bin/python
# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

DOCUMENTATION = r"""
---
module: image_info
short_description: Find images
version_added: 1.0.0
description:
  - List the images that match all conditions given. Finding none is no error, unless O(exactly) is given.
  - Glance applies the filters that it knows, so that it sends only matching images.
  - The module lists the images that the login's project can use, whatever the login's role. These are its own images, public
    images, and images that other projects share with it and that it has accepted. Use O(id), O(owner) or O(all_projects) to
    list other projects' images.
  - To an administrator Glance lists the images of all projects, and does not say which of them are shared with one project.
    So with an administrator's login the module sends one request for each matching image that another project shares. If
    O(name), O(member_status) and O(visibility=shared) are not given, it checks at most 100 of them among the first 1000, and
    warns if there are more.
  - With a login for a domain or the whole system instead of a project, the module lists public images, and images that
    belong to no project. A login with an O(auth_type) of V(none), V(http_basic) or V(admin_token) does not show its project.
    Then the module lists all images that the cloud shows.
author:
  - The cloudimage.glance contributors (@cloudimage)
extends_documentation_fragment:
  - cloudimage.glance._auth
  - cloudimage.glance._filters
  - cloudimage.glance._attributes
  - cloudimage.glance._attributes.info
  - cloudimage.glance._attributes.action_group
options:
  name:
    description:
      - Names of images. They are matched exactly; there are no wildcards. If no image is found and a name has C(*) or C(?),
        the module warns about it.
      - A name that no image has is an error if it is the id of an image. Use O(id) for that.
    type: list
    elements: str
    aliases: [image]
  filters:
    description:
      - Conditions under the names that openstack.cloud.image_info takes, for playbooks that were written for it. They are
        the same as other options of this module, with one value each.
      - C(id), C(name), C(status), C(visibility), C(disk_format) and C(container_format) are the options of these names,
        C(owner) and C(owner_id) are O(owner), C(is_protected) and C(protected) are O(protected), C(is_hidden) and
        C(os_hidden) are O(hidden), and C(tags) and C(properties) are O(tags) and O(properties).
      - Properties that openstacksdk knows, such as C(os_distro) and C(hw_disk_bus), are O(properties).
      - Another name is an error, and so is a condition that another option sets too.
    type: dict
  sort:
    description:
      - Keys to sort by, the most significant first, for example V(name:desc). Without V(:asc) or V(:desc) the order is
        ascending.
      - Keys are C(name), C(status), C(container_format), C(disk_format), C(size), C(id), C(created_at), C(updated_at).
      - If it is not given, images come newest first, and with O(id) in the order of the ids.
    type: list
    elements: str
  limit:
    description: How many images to return at most.
    type: int
  exactly:
    description:
      - How many images there must be. If another number is found, the task fails. The error says how many were found, and
        describes the first ten of them.
      - It counts the images that the task returns. O(limit) and O(newest) leave out images before that. So with
        O(newest=true) the value V(1) only requires that there is an image.
      - It counts images and not names. If O(name) has two names, the value V(2) also allows two images of one name. To
        require one image for each name, use a loop over the names with the value V(1).
      - V(0) requires that there is no such image.
      - With an administrator's login it is also an error if the module does not check all images that other projects share,
        because there may be more of them.
    type: int
  members:
    description:
      - Whether to return the projects that each image is shared with, as RV(images[].members).
      - It takes one request for each image that is V(shared), four at a time. V(shared) is Glance's default, so use filters.
    type: bool
    default: false
seealso:
  - module: cloudimage.glance.image_member
  - module: cloudimage.glance.image
  - name: Image API
    description: Reference of the API that this module uses.
    link: https://docs.openstack.org/api-ref/image/v2/
"""

EXAMPLES = r"""
---
- name: Find an image by its name
  cloudimage.glance.image_info:
    cloud: mycloud
    name: debian-13
  register: result

- name: Find an image, and fail if there is none or if there are several
  cloudimage.glance.image_info:
    cloud: mycloud
    name: debian-13
    exactly: 1
  register: result

- name: Find the newest image of a series
  cloudimage.glance.image_info:
    cloud: mycloud
    name_pattern: ^debian-13-\d+$
    status: active
    newest: true

- name: Find a project's images, as an administrator
  cloudimage.glance.image_info:
    cloud: mycloud-admin
    owner: web-team

- name: Find out who an image is shared with
  cloudimage.glance.image_info:
    cloud: mycloud
    name: debian-13
    exactly: 1
    members: true
  register: result

- name: Show the projects that have accepted it
  ansible.builtin.debug:
    msg: "{{ result.images[0].members | selectattr('status', 'equalto', 'accepted') | map(attribute='member_id') }}"

- name: Find what is older than thirty days and has two tags
  cloudimage.glance.image_info:
    cloud: mycloud
    tags: [nightly, test]
    older_than: 30d
    sort: created_at:asc
"""

RETURN = r"""
---
images:
  description: The images that match. Empty if there are none.
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
      description: When the image was last changed (UTC, ISO 8601).
      type: str
      returned: success
    properties:
      description: All custom properties.
      type: dict
      returned: success
    members:
      description:
        - The projects that the image is shared with, in the order of their ids. Empty if the image is not V(shared).
        - The owner of the image and an administrator see all of them. Of an image that another project shares, Glance shows
          to each member only its own entry.
        - Null if the cloud does not list them, for example because its policy forbids that, or because the image was deleted
          meanwhile. A warning names these images.
      type: list
      elements: dict
      returned: success and O(members=true)
      contains:
        member_id:
          description: Id of the project.
          type: str
          returned: success
        status:
          description: What the project has answered, which is V(pending), V(accepted) or V(rejected).
          type: str
          returned: success
        created_at:
          description: Since when the image has been shared with the project (UTC, ISO 8601).
          type: str
          returned: success
        updated_at:
          description: When the status was last set (UTC, ISO 8601).
          type: str
          returned: success
count:
  description: The number of images found; in a successful result that is the length of RV(images).
  type: int
  returned: success, and failure because of O(exactly)
project_id:
  description: Id of the login's project. Null with a login that has no project, or does not show it.
  type: str
  returned: success
project_name:
  description: Name of the login's project. Null with a login that has no project, or does not show it.
  type: str
  returned: success
candidates:
  description: The ids of the images found.
  type: list
  elements: str
  returned: failure because of O(exactly)
incomplete:
  description: That there may be more images, because the module did not check all images that other projects share.
  type: bool
  returned: failure because of O(exactly), if it is so
http_status:
  description: The HTTP status of the response.
  type: int
  returned: failure because the cloud refused a request
request_id:
  description: The id by which the operator of the cloud finds the request. Null if the cloud sent none.
  type: str
  returned: failure because the cloud refused a request
"""

from ansible_collections.cloudimage.glance.plugins.module_utils._module.image_info import TASK
from ansible_collections.cloudimage.glance.plugins.module_utils._module.runner import run_module


def main() -> None:
    run_module(TASK)


if __name__ == "__main__":
    main()
