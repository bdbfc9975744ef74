# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

DOCUMENTATION = r"""
---
name: clouds
short_description: One host for each cloud and region of clouds.yaml
version_added: 1.0.0
description:
  - Reads the clouds of openstacksdk's configuration, so that a play runs for each of them, as many at a time as there are
    forks, and so that the job slices of AWX divide them.
  - A host stands for a cloud, or for a region of a cloud that has several. Nothing logs in to a host. C(ansible_connection)
    is C(local), so all tasks run on the host that runs Ansible, with its Python.
  - All hosts are in the group C(clouds).
  - No cloud is asked for anything, and no credentials become variables.
  - The name of the inventory file must end in C(clouds.yml) or C(clouds.yaml), for example C(production.clouds.yml). It is
    not openstacksdk's own C(clouds.yaml).
author:
  - The cloudimage.glance contributors (@cloudimage)
requirements:
  - python >= 3.10
  - openstacksdk >= 1.5.0
extends_documentation_fragment:
  - ansible.builtin.constructed
  - ansible.builtin.inventory_cache
options:
  plugin:
    description: The name of this plugin.
    type: str
    required: true
    choices: [cloudimage.glance.clouds]
  only:
    description:
      - Names of clouds. No others become hosts. If the list is empty, all do.
      - A name that is no cloud is an error.
    type: list
    elements: str
    default: []
  exclude:
    description:
      - Names of clouds that do not become hosts.
      - A name that is no cloud is an error.
    type: list
    elements: str
    default: []
notes:
  - The configuration is the one that the tasks find, C(clouds.yaml) and C(secure.yaml) in their usual places, or in
    E(OS_CLIENT_CONFIG_FILE) and E(OS_CLIENT_SECURE_FILE). One of the usual places is the working folder. For the inventory
    that is the folder in which the command is run, and for a task the folder of the playbook.
  - The cloud that C(OS_*) variables such as E(OS_AUTH_URL) describe does not become a host.
  - The name of a host is the name of the cloud. If the cloud has several regions, C(-) and the name of the region follow. In
    names of hosts, characters other than letters, digits, C(_), C(.) and C(-) are replaced by C(_). It is an error if two
    hosts get the same name, or if a host gets the name of a group or of a host that another inventory file lists before.
  - Hosts have the order of C(clouds.yaml).
  - These variables are set for each host. C(openstack_cloud) is the name of the cloud. C(openstack_region) is the name of
    the region, or null if neither C(clouds.yaml) nor the profile of the cloud names one. C(ansible_connection) is C(local),
    and C(ansible_python_interpreter) is the Python that runs Ansible.
  - Of some clouds openstacksdk fetches the profile, because C(profile) is a URL or names a profile that refers to one. The
    plugin does not fetch it. So one host stands for such a cloud, unless C(clouds.yaml) names its regions itself.
  - With O(cache) the names of clouds and regions are cached, and nothing else. A change of C(clouds.yaml) takes effect when
    the cache has expired, or with C(--flush-cache), which C(ansible-inventory) has since ansible-core 2.19. Each
    C(clouds.yaml) has a cache of its own.
seealso:
  - name: clouds.yaml
    description: How openstacksdk is configured.
    link: https://docs.openstack.org/openstacksdk/latest/user/config/configuration.html
"""

EXAMPLES = r"""
---
# production.clouds.yml: all clouds of clouds.yaml
plugin: cloudimage.glance.clouds

---
# test.clouds.yml: some clouds, with groups by region and a variable of the playbook replicate
plugin: cloudimage.glance.clouds
exclude: [mycloud-admin]
strict: true
keyed_groups:
  - key: openstack_region | default('none', true)
    prefix: region
groups:
  staging: openstack_cloud is match('staging-')
compose:
  replicate_options: "{'visibility': 'public' if openstack_cloud == 'paris' else 'shared'}"

---
# A playbook that finds an image in each cloud: ansible-playbook -i production.clouds.yml --forks 10 find.yml
- name: Find an image in each cloud
  hosts: clouds
  gather_facts: false
  tasks:
    - name: Find the newest Debian
      cloudimage.glance.image_info:
        cloud: "{{ openstack_cloud }}"
        region_name: "{{ openstack_region | default(omit, true) }}"
        name_pattern: ^debian-13
        newest: true
"""

import os
import typing as t

from ansible.errors import AnsibleParserError
from ansible.plugins.inventory import BaseInventoryPlugin, Cacheable, Constructable
from ansible_collections.cloudimage.glance.plugins.module_utils._errors import GlanceError
from ansible_collections.cloudimage.glance.plugins.plugin_utils._cloud_hosts import (
    CLOUD,
    REGION,
    CloudHost,
    check_hosts,
    hosts_of,
    select_clouds,
)
from ansible_collections.cloudimage.glance.plugins.plugin_utils._configured_clouds import ConfiguredClouds, file_in_use

NAME = "cloudimage.glance.clouds"
GROUP = "clouds"
FILE_NAMES = ("clouds.yml", "clouds.yaml")
PYTHON = "{{ ansible_playbook_python }}"


class InventoryModule(BaseInventoryPlugin, Constructable, Cacheable):  # type: ignore[misc] # ansible-core has no types
    """One host for each cloud and region."""

    NAME = NAME
    # All text comes from files of the user who runs Ansible. Without this, ansible-core from 2.19 on would take PYTHON for
    # mere text, and write names in the output of ansible-inventory as dictionaries.
    trusted_by_default = True

    def verify_file(self, path: str) -> bool:
        return bool(super().verify_file(path)) and path.endswith(FILE_NAMES)

    def parse(self, inventory: t.Any, loader: t.Any, path: str, cache: bool = True) -> None:
        super().parse(inventory, loader, path, cache)
        self._read_config_data(path)
        try:
            hosts = hosts_of(self._regions(path, cache), {*self.inventory.groups, GROUP})
            check_hosts(hosts, {name: host.get_vars() for name, host in self.inventory.hosts.items()})
        except GlanceError as error:
            # ansible-core shows causes too, and what openstacksdk and parsers say may repeat a secret.
            raise AnsibleParserError(f"{NAME}: {error}") from None
        self.inventory.add_group(GROUP)
        for host in hosts:
            self._add(host)
        self._construct(hosts)

    def _regions(self, path: str, cache: bool) -> dict[str, list[str | None]]:
        """The regions of each cloud that becomes a host, from the cache if that is wanted and has them.

        :param cache: whether the cache may be read; false if the user asks for fresh data.
        """
        only, exclude = self.get_option("only"), self.get_option("exclude")
        if not self.get_option("cache"):
            return self._read_regions(only, exclude)
        key = self.get_cache_key(f"{path} {os.path.realpath(file_in_use())} {only} {exclude}")
        if cache and key in self._cache:
            return t.cast("dict[str, list[str | None]]", self._cache[key])
        regions = self._read_regions(only, exclude)
        self._cache[key] = regions
        return regions

    def _read_regions(self, only: list[str], exclude: list[str]) -> dict[str, list[str | None]]:
        clouds = ConfiguredClouds()
        return {name: clouds.regions_of(name, self.display.warning) for name in select_clouds(clouds.names, only, exclude)}

    def _add(self, host: CloudHost) -> None:
        self.inventory.add_host(host.name, group=GROUP)
        for variable, value in (
            ("ansible_connection", "local"),
            ("ansible_python_interpreter", PYTHON),
            (CLOUD, host.cloud),
            (REGION, host.region),
        ):
            self.inventory.set_variable(host.name, variable, value)

    def _construct(self, hosts: list[CloudHost]) -> None:
        strict = self.get_option("strict")
        for host in hosts:
            variables = self.inventory.get_host(host.name).get_vars()
            self._set_composite_vars(self.get_option("compose"), variables, host.name, strict)
        for host in hosts:
            variables = self.inventory.get_host(host.name).get_vars()
            self._add_host_to_composed_groups(self.get_option("groups"), variables, host.name, strict)
            self._add_host_to_keyed_groups(self.get_option("keyed_groups"), variables, host.name, strict)
