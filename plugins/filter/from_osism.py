# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

DOCUMENTATION = r"""
---
name: from_osism
short_description: Convert OSISM image definitions to a list of images
version_added: 1.0.0
description:
  - Converts the image definitions of openstack-image-manager, which OSISM publishes, to entries for
    M(cloudimage.glance.images).
  - A definition with C(multi=false) becomes one entry for each version, with the version in its name. A definition with
    C(multi=true) becomes one entry with the name of the image and the data of its newest version. That entry has
    C(data_policy=replace), and a C(replaced_name) that gives the previous build the name that openstack-image-manager gives
    it.
  - The properties and tags are those that openstack-image-manager sets. An exception is a value of V(null), which it stores
    as the text C(None). Here it removes the property.
  - C(mirror_url) and C(url) become C(url) and C(mirrors). The checksum belongs to the file that is downloaded, so that a
    file in another compression is not a mirror. Archives (tar, zip) and FTP are not used.
  - For a version called C(latest) the checksum is looked up in C(checksums_url) or C(checksum_url) in each run. The
    algorithm is taken from the name of that file. There is no C(internal_version) and no C(upstream_checksum).
  - The values have the types that openstack-image-manager's schema gives them. Also a boolean is text such as V(false) or
    V(yes), a number is its digits as text, and text is a whole number. Any other type is an error that names the image and
    the key. A list of no versions is an error too, as the image would be pruned. C(enable=false) leaves an image out.
  - V(null) is as if the key was not given. For a key that must be given, and for C(enable) and C(multi), it is an error.
  - C(shortname), C(password), C(keep), C(latest_url) and C(latest_checksum_url) are not used.
author:
  - The cloudimage.glance contributors (@cloudimage)
positional: _input
options:
  _input:
    description:
      - The content of a file with image definitions, a list of the contents of several files, or a list of images.
    type: raw
    required: true
  enabled_only:
    description: Whether to leave out images with C(enable=false).
    type: bool
    default: true
  versions:
    description:
      - Which versions of an image with C(multi=true) become entries.
      - V(newest) is what openstack-image-manager does with C(--latest).
      - With V(all), an older version becomes an entry whose name ends in the version. M(cloudimage.glance.images) refuses
        to upload such an older version in the same run in which it renames the previous build to that name.
    type: str
    choices: [newest, all]
    default: newest
  prefer:
    description: Whether C(mirror_url) is tried first, as openstack-image-manager does, or C(url).
    type: str
    choices: [mirror, url]
    default: mirror
  tag:
    description:
      - A tag that each entry gets. openstack-image-manager sets V(managed_by_osism), by which it recognises its images.
    type: str
seealso:
  - module: cloudimage.glance.images
  - name: openstack-image-manager
    description: The tool whose definitions this filter converts.
    link: https://github.com/osism/openstack-image-manager
"""

EXAMPLES = r"""
---
- name: Apply the image definitions of a directory
  cloudimage.glance.images:
    cloud: mycloud
    catalogue: osism
    images: "{{ definitions | cloudimage.glance.from_osism }}"
  vars:
    definitions: "{{ query('ansible.builtin.file', 'debian.yml', 'ubuntu.yml') | map('ansible.builtin.from_yaml') }}"

- name: Try the publisher's server before the mirror, and keep the tag of openstack-image-manager
  cloudimage.glance.images:
    cloud: mycloud
    images: "{{ definitions | cloudimage.glance.from_osism(prefer='url', tag='managed_by_osism') }}"
  vars:
    definitions: "{{ lookup('ansible.builtin.file', 'debian.yml') | from_yaml }}"
"""

RETURN = r"""
---
_value:
  description: Entries for the option O(cloudimage.glance.images#module:images), in the order of the definitions.
  type: list
  elements: dict
"""

import typing as t

from ansible.errors import AnsibleFilterError
from ansible.module_utils.parsing.convert_bool import boolean
from ansible_collections.cloudimage.glance.plugins.plugin_utils._osism import Conversion, convert
from ansible_collections.cloudimage.glance.plugins.plugin_utils._osism_values import InvalidDefinition


def from_osism(
    definitions: t.Any,
    enabled_only: t.Any = True,
    versions: str = "newest",
    prefer: str = "mirror",
    tag: str | None = None,
) -> list[dict[str, t.Any]]:
    """OSISM's image definitions as entries of the module images."""
    for option, value, allowed in (("versions", versions, ("newest", "all")), ("prefer", prefer, ("mirror", "url"))):
        if value not in allowed:
            raise AnsibleFilterError(f"from_osism: {option} is '{value}'; allowed are {' and '.join(allowed)}.")
    try:
        only_enabled = bool(boolean(enabled_only))
    except TypeError:
        raise AnsibleFilterError(f"from_osism: enabled_only is {enabled_only!r}; allowed are true and false.") from None
    try:
        return convert(definitions, Conversion(only_enabled, versions == "all", prefer == "mirror", tag))
    except InvalidDefinition as error:
        raise AnsibleFilterError(f"from_osism: {error}") from error


class FilterModule:
    """Ansible's entry to the filter."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"from_osism": from_osism}
