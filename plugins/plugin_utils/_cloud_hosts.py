# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The hosts that stand for the clouds of clouds.yaml and their regions. Pure."""

from __future__ import annotations

import dataclasses
import re
import typing as t

from ansible_collections.cloudimage.glance.plugins.module_utils._errors import InvalidInput
from ansible_collections.cloudimage.glance.plugins.module_utils._options.connection import is_cloud_name

# The variables of a host.
CLOUD, REGION = "openstack_cloud", "openstack_region"
# What Ansible's host patterns give a meaning to, and white space, cannot stand in the name of a host.
NOT_IN_HOST_NAMES = re.compile(r"[^\w.-]")


@dataclasses.dataclass(frozen=True)
class CloudHost:
    """The host that stands for a region of a cloud.

    :param region: null if the configuration names no region.
    """

    name: str
    cloud: str
    region: str | None

    @property
    def label(self) -> str:
        """What errors call it."""
        return f"cloud '{self.cloud}'" + (f", region '{self.region}'" if self.region else "")


def select_clouds(names: t.Sequence[str], only: t.Sequence[str], exclude: t.Sequence[str]) -> list[str]:
    """The clouds that become hosts, in their order.

    :param only: if it is not empty, no others.
    :param exclude: not these.
    """
    for option, given in (("only", only), ("exclude", exclude)):
        unknown = [name for name in given if name not in names]
        if unknown:
            raise InvalidInput(
                f"{option}: {_quoted(unknown)} was given, which is no cloud of clouds.yaml. It has {_quoted(names)}."
            )
    selected = [name for name in names if (not only or name in only) and name not in exclude]
    if not selected:
        raise InvalidInput(f"'only' and 'exclude' leave out all clouds of clouds.yaml. It has {_quoted(names)}.")
    for name in selected:
        if not name or not is_cloud_name(name):
            raise InvalidInput(
                f"No task can use a cloud with the name '{name}': the option 'cloud' takes no name that is empty, or has"
                " '=', '{', '}', ': ' or a line break in it. Rename it in clouds.yaml, or leave it out with 'exclude'."
            )
    return selected


def hosts_of(regions: t.Mapping[str, t.Sequence[str | None]], groups: t.Container[str] = ()) -> list[CloudHost]:
    """The hosts, in the order of the clouds and their regions.

    The name of a host is that of its cloud, followed by the region if the cloud has several.

    :param regions: the regions of each cloud, at least one; null is a region without a name.
    :param groups: the groups that exist already. A variable of a host with the name of a group would be the group's.
    """
    hosts: dict[str, CloudHost] = {}
    for cloud, names in regions.items():
        for region in names:
            name = NOT_IN_HOST_NAMES.sub("_", f"{cloud}-{region}" if len(names) > 1 else cloud)
            host = CloudHost(name, cloud, region)
            if name in hosts:
                _refuse_same_name(hosts[name], host)
            if name in groups:
                raise InvalidInput(
                    f"The host of {host.label} would be '{name}', which is the name of a group. Rename the cloud in"
                    " clouds.yaml, or leave it out with 'exclude'."
                )
            hosts[name] = host
    return list(hosts.values())


def check_hosts(hosts: t.Iterable[CloudHost], existing: t.Mapping[str, t.Mapping[str, t.Any]]) -> None:
    """Refuse a host that an inventory file has already for something else: tasks for that would run on this machine.

    :param existing: the variables of each host that exists already.
    """
    for host in hosts:
        variables = existing.get(host.name)
        if variables is not None and (variables.get(CLOUD), variables.get(REGION)) != (host.cloud, host.region):
            raise InvalidInput(
                f"The host of {host.label} would be '{host.name}', and the inventory has such a host already. Rename the"
                " cloud in clouds.yaml, or leave it out with 'exclude'."
            )


def _refuse_same_name(first: CloudHost, second: CloudHost) -> None:
    if first == second:
        raise InvalidInput(f"clouds.yaml: cloud '{first.cloud}' lists the region '{first.region}' twice. List it once.")
    raise InvalidInput(
        f"Two hosts would have the name '{first.name}': {first.label}, and {second.label}. Rename one of the clouds in"
        " clouds.yaml, or leave one out with 'exclude'."
    )


def _quoted(names: t.Iterable[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)
