#!/usr/bin/python
# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

DOCUMENTATION = r"""
---
module: image
short_description: Manage images
version_added: 1.0.0
description:
  - Create, update and delete images in OpenStack Glance, and upload their data.
  - What a task does not name is never touched. A second run with the same options changes nothing.
  - Data that were uploaded are verified against the hash that the cloud has computed of them.
author:
  - The cloudimage.glance contributors (@cloudimage)
extends_documentation_fragment:
  - cloudimage.glance._auth
  - cloudimage.glance._attributes
  - cloudimage.glance._attributes.changing
  - cloudimage.glance._attributes.action_group
options:
  state:
    description:
      - With V(present), the image exists and is as the other options describe it. A deactivated image stays deactivated, and
        the module warns about it. Use M(cloudimage.glance.image_state) to reactivate it.
      - With V(absent), there is no such image, hidden ones included. Then O(name), O(id), O(owner), O(on_duplicate) and
        O(force) say which image is meant and what may be done; the other options are ignored. With O(id), an image of
        another O(name) or O(owner) is an error.
      - With V(inactive), the image exists as with V(present), and is deactivated. A missing image is created only if the
        task names its data.
    type: str
    choices: [present, absent, inactive]
    default: present
  name:
    description:
      - Name of the image, up to 255 characters. It is matched exactly; there are no wildcards.
      - Visible images come before hidden ones of the same name, unless the image shall be hidden or absent.
      - A name means the images that the login's project can use, whatever the login's role. These are its own images, public
        images, and images that other projects share with it and that it has accepted. All other images of other projects,
        their community images too, are found by O(id), or by name with O(owner).
      - With O(id) it is the name that the image shall have.
      - A name that no image has is an error if it is the id of an image. Use O(id) for that.
    type: str
    aliases: [image]
  id:
    description:
      - Id of the image, a UUID.
      - With O(state=present), an image that does not exist is created with this id. The id of a deleted image can never be
        used again.
    type: str
  create:
    description:
      - Whether to create an image that is missing. With V(false) a missing image is an error, and nothing is changed.
      - A new image has no data if none of O(path), O(url) and O(remote) is given. No server can be created from it, and the
        module warns about that.
      - With O(state=absent) this option has no effect.
    type: bool
    default: true
  on_duplicate:
    description:
      - What to do if several images have the name.
      - V(fail) lists them in an error.
      - V(newest) and V(oldest) choose by the time of creation, and are for O(state=present) only.
      - V(all) means each of them, and is for O(state=absent) only.
    type: str
    choices: [fail, newest, oldest, all]
    default: fail
  owner:
    description:
      - Id or name of the project that the image belongs to. O(name) then matches only images of this project.
      - With O(id), it is the project that the image shall belong to. Only administrators can give images away.
      - An image that gets another owner leaves the catalogues and publications of the project that it belonged to. It loses
        the properties C(cloudimage_catalogue), C(cloudimage_published_as), C(cloudimage_rolled_back) and
        C(cloudimage_marked_id).
    type: str
    aliases: [project]
  owner_domain:
    description: Id or name of the domain of the project in O(owner), if that is a name that several domains have.
    type: str
    aliases: [project_domain]
  kernel:
    description: Id or name of the kernel image, kept as the property C(kernel_id). An empty string removes it.
    type: str
  ramdisk:
    description: Id or name of the ramdisk image, kept as the property C(ramdisk_id). An empty string removes it.
    type: str
  disk_format:
    description:
      - Format of the data, for example V(qcow2) or V(raw). The cloud decides which are allowed.
      - It cannot be changed once the image has data.
      - If data for O(path) or O(url) are sent or imported and neither the task nor the image has this format, the module
        reads the beginning of the data, also of a O(url) that the cloud downloads. It takes V(qcow2), V(vmdk), V(vdi) or
        V(vhdx) if the data are of that format. All other data, such as raw ones, are an error. This needs the Python library
        oslo.utils (7.3.0 or later) on the host that runs the task.
    type: str
  container_format:
    description:
      - Format of what the data are wrapped in, V(bare) for nothing. The cloud decides which are allowed.
      - It cannot be changed once the image has data.
      - If data for O(path) or O(url) are sent or imported and neither the task nor the image has this format, it is V(bare),
        but for the disk formats V(ami), V(aki) and V(ari).
    type: str
  min_disk:
    description: Size of the disk that a server needs at least (GiB).
    type: int
  min_ram:
    description: Memory that a server needs at least (MiB).
    type: int
  visibility:
    description:
      - Who sees the image. V(private) is the owner, V(shared) the owner and members, V(community) everyone who knows of it,
        V(public) everyone. The default of a new image is V(shared).
      - By Glance's default policy only administrators can make images V(public).
    type: str
    choices: [public, private, shared, community]
  is_public:
    description:
      - With V(true) the same as O(visibility=public), with V(false) the same as O(visibility=private). It is for playbooks
        that were written for openstack.cloud.
      - It may stand beside O(visibility) only if both say whether the image is public in the same way.
    type: bool
  members:
    description:
      - Ids or names of projects that the image is shared with, besides those that it is shared with already. Each project
        then accepts the image with M(cloudimage.glance.image_member).
      - Only an image with O(visibility=shared) has members. A new image gets that visibility if the task names none.
      - Keystone shows a plain user only the projects that the user has a role in. Name other projects by their ids.
      - With O(candidate) the image is shared when it is promoted.
    type: list
    elements: str
  member_domain:
    description: Id or name of the domain of the projects in O(members), if those are names that several domains have.
    type: str
  purge_members:
    description:
      - Whether to end sharing the image with all projects that are not in O(members).
      - Glance does not show the members of an image that is not shared. If the task sets O(visibility=shared), it may find
        further members afterwards and remove them too, which check mode cannot foresee.
    type: bool
    default: false
  protected:
    description: Whether the image is protected against deletion.
    type: bool
    aliases: [is_protected]
  hidden:
    description: Whether the image is left out of lists. Servers can still be created from it.
    type: bool
    aliases: [is_hidden]
  tags:
    description: All tags that the image shall have. Others are removed, V([]) removes all.
    type: list
    elements: str
  properties:
    description:
      - Custom properties. Those that are not named stay as they are, one that is set to null is removed.
      - Glance stores strings. Numbers are written as such, and booleans as V(true) and V(false).
      - Names are text. YAML reads words such as C(on), C(no) and C(null), and dates, as other types, which the module
        refuses as names. Put them in quotes.
      - The module refuses names that Glance can set for a new image, but never change or remove, for example C(context),
        C(delete), C(member) and C(__class__). It also refuses the names of its own records, C(cloudimage_source_checksum),
        C(cloudimage_source_formats), C(cloudimage_version), C(cloudimage_catalogue) and C(cloudimage_marked_id).
    type: dict
  purge_properties:
    description:
      - Whether to remove all custom properties that are not in O(properties), nor copied from O(remote.cloud).
      - C(kernel_id) and C(ramdisk_id), which O(kernel) and O(ramdisk) set, C(os_glance_*), and the records
        C(cloudimage_source_checksum), C(cloudimage_source_formats), C(cloudimage_version), C(cloudimage_catalogue) and
        C(cloudimage_marked_id) are not removed.
      - A property to remove that Glance cannot remove is an error.
    type: bool
    default: false
  validate_properties:
    description:
      - Whether to compare the properties that the task sets with the cloud's metadata definitions for images, and whether a
        property that they do not allow is an error, before anything is changed, or a warning.
      - The names, types, enumerations, ranges, lengths and patterns of the definitions count. One of several definitions of
        a name is enough. Names need no definition if O(property_policy) describes them, and neither do C(architecture),
        C(instance_uuid), C(os_distro) and C(os_version).
      - It is an error if the cloud has no such definitions.
    type: str
    choices: [error, warn]
  property_policy:
    description:
      - Path of a JSON Schema, on the host that runs the task, that the image must satisfy as the task leaves it. The image
        is described as in RV(image), without nulls, and with all custom properties, which are strings, under C(properties).
        The collection's and Glance's own records are left out.
      - V(scs-0102) is a policy of the collection for the mandatory metadata of public images in the Sovereign Cloud Stack.
      - An image that does not satisfy it is an error before anything is changed, or a warning with
        O(validate_properties=warn).
      - It needs the Python library jsonschema on the host that runs the task. References to other files are not followed. A
        policy that is wrong itself is an error with O(validate_properties=warn) too.
    type: path
  path:
    description:
      - File with the image's data, on the host that runs the task.
      - The module uploads the file if the image is new or has no data. Otherwise it compares the data with the file,
        first by size, then by hash; O(data_policy) says what to do if they differ.
      - If the upload to a new image fails or cannot be verified, the image is deleted again.
    type: path
    aliases: [filename]
  url:
    description:
      - URL of a file with the image's data, C(http) or C(https). O(transfer) says who downloads it.
      - With O(checksum), the module compares the data of an existing image with it. Without O(checksum) it keeps them. It
        downloads the file for the comparison only if this module did not create the image and the cloud has no hash of the
        algorithm of O(checksum).
      - A password and the query, which may be a signature, are hidden from results and logs.
      - Without O(checksum), a redirect from C(https) to C(http) is an error.
      - The environment variables of the Python library requests apply, such as E(HTTPS_PROXY) and E(REQUESTS_CA_BUNDLE).
    type: str
    aliases: [uri]
  remote:
    description:
      - Image elsewhere whose data the image gets. It must be active.
      - With O(remote.cloud) it is in another cloud. The host that runs the task reads the data there and sends them to this
        cloud, without a temporary file. The module compares them with the hash of the other cloud before the last block is
        sent, and with the hash of this cloud afterwards. A read that breaks off resumes where it stopped. No data are read
        if both clouds have the same hash. O(remote_attributes) says what else is copied.
      - Without O(remote.cloud) it is in another region of the same cloud. Then O(remote.region) and O(remote.id) are
        required. The cloud copies the data with C(glance-download), and the module compares them with the size and hash that
        the other region reports.
    type: dict
    suboptions:
      cloud:
        description:
          - The other cloud, as the name of an entry of C(clouds.yaml), or as a dictionary that is such an entry, as the
            option O(cloud). Secrets in a dictionary are hidden from results and logs.
          - The other options of the connection are for this cloud only.
        type: raw
      region:
        description: Name of the region. With O(remote.cloud) its entry decides by default.
        type: str
      id:
        description: Id of the image there.
        type: str
      name:
        description:
          - Name of the image there, with O(remote.cloud). It means the images that the project of that login can use. If
            several images have the name, the task fails and lists them.
          - Without O(remote.name) and O(remote.id) it is O(name).
        type: str
      interface:
        description:
          - Which of the endpoints there is used, by this module and with C(glance-download) by the cloud.
          - By default the entry of O(remote.cloud) decides, and without O(remote.cloud) it is V(public).
        type: str
        choices: [public, internal, admin]
  remote_attributes:
    description:
      - What is copied of the image in O(remote.cloud) besides its data. What the task names itself is not copied.
      - V(true), which is the default, stands for V(disk_format), V(container_format), V(min_disk), V(min_ram), V(tags) and
        V(properties). V(false) copies nothing.
      - A list has names of these, V(visibility), V(protected) and V(hidden), or V(properties.NAME) for one property.
      - V(properties) are all custom properties but those that mean nothing in another cloud, such as C(kernel_id),
        C(instance_uuid), C(img_signature*), C(cinder_encryption_key_id) and C(owner_specified.openstack.*). These are copied
        as V(properties.NAME) only. Glance's own properties and the records C(cloudimage_*) are never copied.
      - Properties that only this cloud's image has stay, unless O(purge_properties=true) is set. The owner and the members
        are never copied.
      - With O(convert) the C(min_disk) is not copied, as it follows from the disk.
    type: raw
  transfer:
    description:
      - Who downloads O(url).
      - With V(import) the cloud does, by C(web-download). It is an error if the cloud does not offer that method.
      - With V(stream) the host that runs the task does, and uploads the data during the download, without a temporary file.
      - With V(auto) the cloud does if it offers the method and nothing has to be decompressed, otherwise this host.
      - If the cloud refuses the import request itself, for instance because its filter does not allow the URL's port, with
        V(auto) this host downloads the file, and the module warns about it.
      - What the cloud imported is compared with O(checksum). If the cloud does not compute a hash of that algorithm, the
        data are read back for it. Without O(checksum) only their size can be verified, which a warning says.
    type: str
    choices: [auto, import, stream]
    default: auto
  import_method:
    description:
      - Import method, instead of a plain upload. It is an error if the cloud does not offer it.
      - V(web-download) is for O(url) and V(glance-download) for O(remote) without O(remote.cloud). V(glance-direct) sends
        O(path), O(url) or the data of O(remote.cloud) to the cloud's staging area first, so that the cloud can convert them,
        or put them into several stores.
      - If the cloud converts the data, no hash of the result is known. The task then succeeds with a warning, and records
        the formats of the source in the image's property C(cloudimage_source_formats).
    type: str
    choices: [web-download, glance-direct, glance-download]
  use_import:
    description:
      - V(true) is the same as O(import_method=glance-direct). V(false) leaves the choice to O(import_method). It is for
        playbooks that were written for openstack.cloud.
    type: bool
  checksum:
    description:
      - Checksum of O(path) or O(url), as it is downloaded and before it is decompressed, for example
        V(sha256:9f86d081884c7d65...). The algorithms are md5, sha1, sha256 and sha512. Without the algorithm, the number of
        hexadecimal digits tells it.
      - After the algorithm there can be the URL of a file that lists checksums, for example
        V(sha256:https://example.com/SHA256SUMS). It is downloaded in each run.
      - The module recognises an image that was created with it without reading the source. If the cloud does not compute
        a hash of this algorithm, or the source is compressed, the module records the checksum in the image's property
        C(cloudimage_source_checksum), together with the cloud's hash of the data. It does so once the data are verified,
        with one more request, and not with O(wait=false). It ignores a record that does not belong to the image's data.
    type: str
  decompress:
    description:
      - Whether the source is compressed, and how. It is decompressed during the upload.
      - V(auto) goes by the end of the name, C(.gz), C(.bz2), C(.xz) or C(.zst).
      - V(zst) needs the Python library zstandard, 0.18 or newer, on the host that runs the task.
    type: str
    choices: [auto, none, gz, bz2, xz, zst]
    default: none
  inspect:
    description:
      - Whether to read the beginning of the data before they are sent, and to refuse those that are not of the
        C(disk_format), or that need another file, such as a qcow2 with a backing file. That is an error in check mode too.
      - V(auto) inspects files (O(path)) if the Python library oslo.utils (7.3.0 or later) is on the host that runs the task.
        RV(source) says whether the data were inspected.
      - V(always) makes a missing library an error. It also inspects a O(url), so this host downloads it, and an image in
        O(remote.cloud). These are requested once more for the inspection, in check mode too.
      - V(never) inspects nothing.
      - Data whose O(disk_format) the module has to find out are inspected with V(auto) too, a O(url) included.
      - Data are inspected only if the task sends them, and the C(container_format) is C(bare).
    type: str
    choices: [auto, always, never]
    default: auto
  convert:
    description:
      - Format that the data are converted to with C(qemu-img) before they are sent. O(disk_format) is that format then. If
        the task does not set O(min_disk), it follows from the size of the disk, unless it is larger already.
      - The source is O(path), O(url) or O(remote.cloud), of any format that qemu-img and oslo.utils know. The program
        C(qemu-img) and the Python library oslo.utils (7.3.0 or later) are both needed on the host that runs the task.
      - An image that was made of the same source is recognised without another conversion, by a record of the source's
        checksum in the property C(cloudimage_source_checksum). A O(url) is recognised by its O(checksum); without one it is
        converted only for an image that has no data.
      - The converted data are in a temporary file that has no name, so nothing is left of a run that is killed. Set
        E(TMPDIR) in the task's C(environment) to choose its folder.
    type: str
    choices: [raw, qcow2, vmdk, vdi, vhd, vhdx]
  stores:
    description:
      - The stores that shall hold the image's data, on clouds with several. The module adds missing copies, then removes
        those in other stores.
      - By Glance's default policy only administrators may do that to existing images.
    type: list
    elements: str
  data_policy:
    description:
      - What to do if the image has other data than the task names. The data of an image cannot be changed.
      - V(fail) is an error, V(keep) keeps the data, with a warning.
      - V(replace) creates a new image with the attributes of the old one that the task does not name, verifies its data, and
        then gives it the name. At every moment an image with this name and complete data exists, for a moment both. The new
        image gets the members of the old one; only administrators can also accept for them. The new image has another id.
      - If a run is interrupted, the next one completes the replacement.
    type: str
    choices: [fail, keep, replace]
    default: fail
  replaced:
    description:
      - What to do with the old image. V(delete) deletes it, even if it is protected; the new image is protected instead.
      - V(keep) only renames it, and appends the time of its creation to its name. V(hide) and V(deactivate) rename it
        too, and hide or deactivate it.
    type: str
    choices: [delete, hide, deactivate, keep]
    default: delete
  candidate:
    description:
      - Makes the new image of O(data_policy=replace) in one task and gives it the name in another one, so that tasks between
        them can test it. The options are the same in both tasks.
      - With V(prepare) the new image, the candidate, gets its data and all its attributes, but stays hidden, unprotected,
        visible to its own project only, and under a name of its own. RV(image) is the candidate. If the image has the data
        already, the task does what it does without this option, and RV(image) has the O(name).
      - With V(promote) the candidate gets the name, and the image that had it is replaced. The module records the name in
        the property C(cloudimage_published_as) of both, and in C(cloudimage_marked_id) the id of the one whose id this
        collection did not choose. A candidate that is missing is an error.
      - It works in the same way if no image has the O(name) yet.
      - To withdraw a candidate, delete it by its O(id). The next task with V(prepare) deletes a candidate that has other
        data. A task without this option promotes a candidate that has its data.
    type: str
    choices: [prepare, promote]
  force:
    description:
      - With O(state=absent), whether a protected image may be deleted. The module removes its protection first, and restores
        it if the deletion fails.
    type: bool
    default: false
  wait:
    description:
      - Whether to wait until the cloud has stored or imported the data, and verify them, and until a deleted image no longer
        exists.
      - With V(false), data that the cloud is still storing or importing when the task ends are not verified.
    type: bool
    default: true
  wait_timeout:
    description:
      - How long the transfer of data, including the cloud's own work on them, or a deletion may take (seconds). It is
        ignored with O(wait=false).
      - When it expires, an upload is stopped. An import continues in the cloud, and the next run waits for it.
    type: int
    default: 3600
    aliases: [timeout]
seealso:
  - module: cloudimage.glance.image_info
  - module: cloudimage.glance.image_state
  - name: Image API
    description: Reference of the API that this module uses.
    link: https://docs.openstack.org/api-ref/image/v2/
"""

EXAMPLES = r"""
---
- name: Upload an image
  cloudimage.glance.image:
    cloud: mycloud
    name: debian-13
    path: /srv/images/debian-13.qcow2
    disk_format: qcow2
    container_format: bare
    min_disk: 2
    tags: [debian, lts]
    properties:
      hw_disk_bus: virtio
      os_distro: debian

- name: Ensure a published image has the newest build
  cloudimage.glance.image:
    cloud: mycloud
    name: debian-13
    url: https://cloud.debian.org/images/cloud/trixie/latest/debian-13-generic-amd64.qcow2
    checksum: sha512:https://cloud.debian.org/images/cloud/trixie/latest/SHA512SUMS
    disk_format: qcow2
    container_format: bare
    data_policy: replace
    replaced: hide

- name: Make a new build that has no name yet, to test it
  cloudimage.glance.image:
    cloud: mycloud
    name: debian-13
    path: /srv/images/debian-13.qcow2
    disk_format: qcow2
    container_format: bare
    data_policy: replace
    candidate: prepare
  register: build

- name: Give the name to the build that was tested, and hide the previous one
  cloudimage.glance.image:
    cloud: mycloud
    name: debian-13
    path: /srv/images/debian-13.qcow2
    disk_format: qcow2
    container_format: bare
    data_policy: replace
    candidate: promote
    replaced: hide

- name: Unpack a compressed image while it is downloaded and sent
  cloudimage.glance.image:
    cloud: mycloud
    name: appliance
    url: https://example.com/appliance.raw.xz
    checksum: sha256:https://example.com/SHA256SUMS
    decompress: auto
    disk_format: raw
    container_format: bare

- name: Convert a published image to raw, for a cloud that keeps its images in Ceph
  cloudimage.glance.image:
    cloud: mycloud
    name: debian-13
    url: https://cloud.debian.org/images/cloud/trixie/latest/debian-13-generic-amd64.qcow2
    checksum: sha512:https://cloud.debian.org/images/cloud/trixie/latest/SHA512SUMS
    convert: raw
    container_format: bare

- name: Copy an image from another cloud, with its formats, tags and properties
  cloudimage.glance.image:
    cloud: mycloud
    name: debian-13
    remote:
      cloud: othercloud
    data_policy: replace
    replaced: hide

- name: Copy the data and the formats of an image that has another name there, and no more
  cloudimage.glance.image:
    cloud: mycloud
    name: appliance
    remote:
      cloud: othercloud
      name: appliance-2026-11
    remote_attributes: [disk_format, container_format]
    visibility: private

- name: Refuse properties that the cloud's metadata definitions do not allow
  cloudimage.glance.image:
    cloud: mycloud
    name: debian-13
    properties:
      hw_disk_bus: scsi
      hw_scsi_model: virtio-scsi
    validate_properties: error

- name: Share an image with exactly these projects
  cloudimage.glance.image:
    cloud: mycloud
    name: debian-13
    visibility: shared
    members:
      - 7208632eee21452fbc6bc55d1c73ac31
      - 91c1d3ad1d204ac0a1e1e1b1b0d4ab2e
    purge_members: true

- name: Require the metadata that the Sovereign Cloud Stack requires of public images
  cloudimage.glance.image:
    cloud: mycloud
    name: Debian 13
    min_disk: 5
    min_ram: 512
    properties:
      architecture: x86_64
      os_distro: debian
      os_version: '13'
      hw_disk_bus: scsi
      replace_frequency: monthly
      uuid_validity: last-3
      provided_until: notice
      image_source: https://cloud.debian.org/images/cloud/trixie/latest/debian-13-generic-amd64.qcow2
      image_description: https://www.debian.org/releases/trixie/
      image_build_date: '2026-11-21'
      image_original_user: debian
    property_policy: scs-0102

- name: Ensure the data are in two stores, and in no other
  cloudimage.glance.image:
    cloud: mycloud
    name: debian-13
    stores: [ceph, file]

- name: Set one property, remove another, change nothing else
  cloudimage.glance.image:
    cloud: mycloud
    name: debian-13
    properties:
      hw_qemu_guest_agent: true
      hw_disk_bus: null

- name: Change an image that must exist
  cloudimage.glance.image:
    cloud: mycloud
    name: debian-13
    create: false
    min_disk: 4

- name: Rename an image, and hide it
  cloudimage.glance.image:
    cloud: mycloud
    id: 8f4c9f1e-0a1c-4f1f-9f8e-3a7c5b0f6a11
    create: false
    name: debian-13-old
    hidden: true

- name: Delete an image although it is protected
  cloudimage.glance.image:
    cloud: mycloud
    name: debian-11
    state: absent
    force: true

- name: Delete all images of a name
  cloudimage.glance.image:
    cloud: mycloud
    name: nightly
    state: absent
    on_duplicate: all
"""

RETURN = r"""
---
image:
  description:
    - The image, read back from the cloud. Null if it is absent.
    - In check mode, the image as it would be. Null stands for what only the cloud can tell.
  type: dict
  returned: success
  contains:
    id:
      description: The id. Null in check mode for an image that would be created without O(id).
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
      description: Algorithm of RV(image.os_hash_value).
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
members:
  description:
    - The projects that the image is shared with. Null if the task does not name O(members).
    - In check mode, as they would be.
  type: list
  elements: dict
  returned: success
  contains:
    member_id:
      description: Id of the project.
      type: str
      returned: success
    status:
      description: What the project has answered, V(pending), V(accepted) or V(rejected).
      type: str
      returned: success
  sample:
    - member_id: 7208632eee21452fbc6bc55d1c73ac31
      status: pending
source:
  description:
    - What the inspection of the data has found. Null if no data have to be sent, or if they were not inspected.
  type: dict
  returned: success
  contains:
    format:
      description: The format of the data. V(gpt) is a raw disk with a partition table, and V(raw) anything unknown.
      type: str
      returned: success
    virtual_size:
      description: Size of the disk that the data hold (bytes). Null if the beginning of the data does not show it.
      type: int
      returned: success
    converted_to:
      description: The format that the data are converted to. Null without O(convert).
      type: str
      returned: success
  sample:
    format: qcow2
    virtual_size: 3221225472
    converted_to: raw
transfer:
  description: The data that were moved. Null if none were, and in check mode.
  type: dict
  returned: success
  contains:
    method:
      description: How, V(upload), V(stage), V(web-download) or V(glance-download).
      type: str
      returned: success
    bytes:
      description: How much was moved (bytes).
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
      description: Algorithm and hash of the data.
      type: str
      returned: success
    attempts:
      description: How often it was tried, V(1) if nothing went wrong.
      type: int
      returned: success
  sample:
    method: upload
    bytes: 1073741824
    seconds: 4.127
    rate: 260174908
    hash: sha512:8efb4f73c5655351c444eb109230c556d39e2c7624e9c11abc9e3fb4b9b9254218cc...
    attempts: 1
changes:
  description: What was changed, or in check mode would be, in order. Empty if nothing.
  type: list
  elements: dict
  returned: success
  contains:
    id:
      description: Id of the image. Null in check mode for an image that would be created.
      type: str
      returned: success
    attribute:
      description:
        - What was changed, by Glance's name. A property is V(properties.) with its name behind it.
        - V(state) stands for the image being there at all, from V(absent) to V(present) or back.
        - V(id) says that a new image took the place of another one. What became of that one has V(replaced.) before it.
        - V(unfinished.state) says that the hidden new image of an interrupted replacement is deleted.
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
      attribute: properties.hw_disk_bus
      before: ide
      after: virtio
operations:
  description:
    - The requests to the Image API that made the change, or in check mode would make it, in order, without those that only
      read. In check mode V({id}) stands for the id of an image that does not exist yet, and V({hash}) for the
      cloud's hash of data that it does not have yet.
  type: list
  elements: dict
  returned: success
  contains:
    method:
      description: The HTTP method.
      type: str
      returned: success
    path:
      description: The path. C({id}) stands for the id of an image that does not exist yet, in check mode.
      type: str
      returned: success
    body:
      description: What is sent as JSON. Of an upload, the source and its size (bytes). C({id}) stands for the id here too.
      type: raw
      returned: success
  sample:
    - method: PATCH
      path: /v2/images/8f4c9f1e-0a1c-4f1f-9f8e-3a7c5b0f6a11
      body:
        - op: replace
          path: /hw_disk_bus
          value: virtio
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

from ansible_collections.cloudimage.glance.plugins.module_utils._module.image import TASK
from ansible_collections.cloudimage.glance.plugins.module_utils._module.runner import run_module


def main() -> None:
    run_module(TASK)


if __name__ == "__main__":
    main()
