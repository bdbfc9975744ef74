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
version_added: 1.0.0
description:
  - Brings a whole list of images to the state that is described, as M(cloudimage.glance.image) does for one, for example a
    catalogue of images that is kept in a repository.
  - A name means the images that the login's project can use, whatever the login's role, as in M(cloudimage.glance.image).
  - The module looks up all images with a few requests, and then processes several at a time, in any order.
  - Invalid options are an error before anything is changed. An image that fails after that does not stop the others, and the
    task fails at the end with the error of each.
  - With O(catalogue) and O(prune) the list is the source of truth. Images of the catalogue that it does not name any more
    are hidden, deactivated or deleted.
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
        aliases and defaults, and these options besides.
      - O(ignore:state) is V(present), V(absent), V(active) or V(deactivated). The last two are V(present), with that status.
        The image must have data, or the entry must name some.
      - O(ignore:version) is the version of the data, as text. It is recorded in the image's property C(cloudimage_version),
        and names a previous build. With O(ignore:url) it needs a O(ignore:checksum). Another version alone does not make the
        module replace data. They are compared as without it.
      - O(ignore:replaced_name) is a template for the name of a previous build that O(ignore:replaced) keeps, hides or
        deactivates, for example V({name} ({version})). The fields are C({name}), C({version}), C({created}) (the time of its
        creation) and C({id}). Without a recorded version C({version}) is the time of creation. The default is
        V({name}-{created}).
      - O(ignore:mirrors) is a list of further URLs of the same file. If the data cannot be had from O(ignore:url), or do not
        have the O(ignore:checksum), the mirrors are tried in order, and a warning says so. The O(ignore:checksum) is
        required, and each mirror is verified by it. Check mode does not try the URLs, and so shows O(ignore:url).
      - The images that entries copy from another cloud (O(ignore:remote.cloud)) are looked up there with one login and a few
        requests. Entries whose cloud cannot be reached fail, and do not stop the others.
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
  catalogue:
    description:
      - Name of the catalogue that the list describes. It has letters, digits, dots, underscores and hyphens.
      - Each image of the list that is created, or is there and belongs to the login's project, gets the property
        C(cloudimage_catalogue) with this name. The image that replaces it gets the property too. A previous build that is
        kept loses it. It has left the catalogue and is not pruned. The role P(cloudimage.glance.image_retire#role) retires
        such builds.
      - An image whose id the module did not choose also gets the property C(cloudimage_marked_id), with its id.
      - C(properties) cannot set this property, and C(purge_properties) does not remove it.
      - An image that is in another catalogue passes to this one, with a warning.
    type: str
  prune:
    description:
      - What becomes of images of the O(catalogue) that belong to the login's project and are no longer listed. Hidden ones
        are included.
      - Snapshots of servers and images of volumes are left alone, though Nova and Cinder copy the properties of the image to
        them, the mark of its catalogue too.
      - An image is listed if an entry means it, or if it has the name of an entry, also of one with
        O(ignore:state=absent).
      - V(keep) leaves them alone, V(hide) hides them, V(deactivate) deactivates those that are active, and V(delete) deletes
        them.
      - Pruning begins once all entries have succeeded. If one fails, nothing is pruned.
      - An empty list is an error, unless this option is V(keep).
      - An image that was hidden or deactivated stays so when it is listed again, unless its entry has
        O(ignore:hidden=false) or O(ignore:state=active).
    type: str
    choices: [keep, hide, deactivate, delete]
    default: keep
  prune_max:
    description:
      - How many images may be pruned at most. If there are more, the task fails before anything is changed.
      - Images that are as O(prune) wants them already do not count.
    type: int
    default: 10
  force:
    description:
      - Whether protected images may be pruned. Without it a protected image that is no longer listed is an error before
        anything is changed.
      - With O(prune=delete) the protection is lifted first, and put back if the deletion fails.
      - This is not the O(ignore:force) of an entry, which is for O(ignore:state=absent).
    type: bool
    default: false
notes:
  - The time that an image may take (C(wait_timeout)) is an option of each image.
seealso:
  - module: cloudimage.glance.image
  - plugin: cloudimage.glance.from_osism
    plugin_type: filter
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

- name: Let a list be the source of truth, and hide what it does not name any more
  cloudimage.glance.images:
    cloud: mycloud
    catalogue: base
    prune: hide
    prune_max: 3
    images:
      - name: debian-13
        version: '20260112'
        url: https://cloud.debian.org/images/cloud/trixie/20260112-2355/debian-13-generic-amd64-20260112-2355.qcow2
        mirrors:
          - https://mirror.example.com/debian-13-generic-amd64-20260112-2355.qcow2
        checksum: sha512:https://cloud.debian.org/images/cloud/trixie/20260112-2355/SHA512SUMS
        disk_format: qcow2
        container_format: bare
        data_policy: replace
        replaced: deactivate
        replaced_name: '{name} ({version})'
      - name: rescue
        state: deactivated

- name: Copy images from another cloud
  cloudimage.glance.images:
    cloud: mycloud
    images:
      - name: debian-13
        remote:
          cloud: othercloud
        data_policy: replace
        replaced: hide
      - name: rescue
        remote:
          cloud: othercloud
          name: rescue-2026-11

- name: Ensure the images of a file exist, eight at a time
  cloudimage.glance.images:
    cloud: mycloud
    images: "{{ lookup('ansible.builtin.file', 'catalogue.yml') | from_yaml }}"
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
  returned: always, unless the task fails before anything is changed
changes:
  description: What was changed in all of them, or in check mode would be, as RV(cloudimage.glance.image#module:changes).
  type: list
  elements: dict
  returned: always, unless the task fails before anything is changed
operations:
  description:
    - The requests to the Image API that made the changes, or in check mode would make them, as
      RV(cloudimage.glance.image#module:operations). Those of one image are in order, and those of several were sent side by
      side. What was done for an image that failed is not among them.
  type: list
  elements: dict
  returned: always, unless the task fails before anything is changed
pruned:
  description:
    - The images of the O(catalogue) that are no longer listed, by name, and what O(prune) did to them, or in check mode
      would do. What an earlier run did is among them, with RV(pruned[].changed=false).
    - It is empty with O(prune=keep), and if an entry failed.
  type: list
  elements: dict
  returned: always, unless the task fails before anything is changed
  contains:
    id:
      description: Id of the image.
      type: str
      returned: always
    name:
      description: Name of the image.
      type: str
      returned: always
    action:
      description: What is done, as O(prune) says.
      type: str
      returned: always
    changed:
      description: Whether the image was changed, or in check mode would be. False if another run has deleted it meanwhile.
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
    http_status:
      description: The HTTP status of the response.
      type: int
      returned: if the cloud refused a request
    request_id:
      description: The id by which the operator of the cloud finds the request. Null if the cloud sent none.
      type: str
      returned: if the cloud refused a request
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
outcomes:
  description: What became of each image, in the order in which they were given.
  type: list
  elements: dict
  returned: always, unless the task fails before anything is changed
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
    candidates:
      description: The ids of the images to choose from.
      type: list
      elements: str
      returned: if several images have the name
    http_status:
      description: The HTTP status of the response.
      type: int
      returned: if the cloud refused a request
    request_id:
      description: The id by which the operator of the cloud finds the request. Null if the cloud sent none.
      type: str
      returned: if the cloud refused a request
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
    members:
      description: The projects that it is shared with, as RV(cloudimage.glance.image#module:members).
      type: list
      elements: dict
      returned: always
    source:
      description: What the inspection of the data has found, as RV(cloudimage.glance.image#module:source).
      type: dict
      returned: always
    transfer:
      description: The data that were moved, as RV(cloudimage.glance.image#module:transfer).
      type: dict
      returned: always
candidates:
  description: The ids of the images to choose from, or of those that would be pruned.
  type: list
  elements: str
  returned: failure because of several images of one name, or of O(prune)
http_status:
  description: The HTTP status of the response.
  type: int
  returned: failure because the cloud refused a request
request_id:
  description: The id by which the operator of the cloud finds the request. Null if the cloud sent none.
  type: str
  returned: failure because the cloud refused a request
"""

from ansible_collections.cloudimage.glance.plugins.module_utils._module.images import TASK
from ansible_collections.cloudimage.glance.plugins.module_utils._module.runner import run_module


def main() -> None:
    run_module(TASK)


if __name__ == "__main__":
    main()
