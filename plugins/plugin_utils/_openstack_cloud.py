# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""How tasks for openstack.cloud's image modules differ from tasks for this collection. Pure.

The action plugins refuse the options that this collection does not have. The report on a playbook shows them before the
playbook runs, and the options that mean something else. docs/migration.md describes both for the reader.
"""

from __future__ import annotations

import dataclasses
import re
import typing as t

from ansible_collections.cloudimage.glance.plugins.module_utils._glance.input_checks import UUID
from ansible_collections.cloudimage.glance.plugins.module_utils._options.openstack_cloud import (
    OPENSTACK_CLOUD_FILTERS,
    OPENSTACK_CLOUD_PROPERTY_FILTERS,
    unknown_filter,
)

Args = t.Mapping[str, t.Any]

NO_LOG_FILE = "Leave it out. Errors name the request, the cloud's answer and its request id; ANSIBLE_LOG_PATH logs them."
NO_ZONE = "Leave it out. It never had an effect, as images are in no availability zone."
NO_WAIT = "Leave it out, as this module waits for nothing. 'api_timeout' limits the time of a request."

# The options that openstack.cloud's modules have or had and this collection does not, and what to do instead.
REFUSED: dict[str, dict[str, str]] = {
    "image": {
        "volume": "Create the image with the command 'openstack image create --volume VOLUME NAME'. Then this module manages"
        " it by its name.",
        "sdk_log_path": NO_LOG_FILE,
        "sdk_log_level": NO_LOG_FILE,
        "availability_zone": NO_ZONE,
    },
    "image_info": {
        "wait": NO_WAIT,
        "timeout": NO_WAIT,
        "sdk_log_path": NO_LOG_FILE,
        "sdk_log_level": NO_LOG_FILE,
        "availability_zone": NO_ZONE,
    },
}

# The names of openstack.cloud's modules, those of earlier releases too, and the modules here.
MODULES = {
    "os_image": "image",
    "openstack.cloud.image": "image",
    "openstack.cloud.os_image": "image",
    "os_image_info": "image_info",
    "os_image_facts": "image_info",
    "openstack.cloud.image_info": "image_info",
    "openstack.cloud.os_image_info": "image_info",
    "openstack.cloud.os_image_facts": "image_info",
}
# What a task may call the modules if it, or its play, has the collection in 'collections'.
SHORT_NAMES = {"image": "image", "image_info": "image_info"}
GROUP, OWN_GROUP = "group/openstack.cloud.openstack", "group/cloudimage.glance.glance"
OWN_NAMES = {"cloudimage.glance.image": "image", "cloudimage.glance.image_info": "image_info"}

# Keys of results that are called otherwise here. Custom properties are below 'properties'.
RESULTS = {
    "openstack_image": "the list images",
    "openstack_images": "images",
    "is_protected": "protected",
    "is_hidden": "os_hidden",
    "owner_id": "owner",
    "hash_algo": "os_hash_algo",
    "hash_value": "os_hash_value",
    **{name: f"properties.{of_glance}" for name, of_glance in OPENSTACK_CLOUD_PROPERTY_FILTERS.items()},
}
# Keys of results that this collection does not return: they lead to where the cloud keeps the data.
RESULTS_LEFT_OUT = ("direct_url", "locations", "file", "schema", "url", "metadata", "store")

ID_IN_TEMPLATE = re.compile(r"(\.|\[['\"]|\b\w+_|\{\{\s*)id(['\"]\])?\s*(\||\}\})")


def refusal(module: str, option: str) -> str | None:
    """Why an option is refused, and what to do instead; null if it is not one of openstack.cloud's that is missing here."""
    advice = REFUSED.get(module, {}).get(option)
    return advice and f"{option}: openstack.cloud has this option, cloudimage.glance.{module} does not. {advice}"


def find_refusal(module: str, args: Args) -> str | None:
    """Why the options of a task are refused; null if none is missing here."""
    return next(filter(None, (refusal(module, str(option)) for option in args)), None)


@dataclasses.dataclass(frozen=True)
class Difference:
    """An option with which a task runs with both collections, and does not do the same.

    :param option: the option; one that the task leaves out if ``is_missing``.
    :param applies: whether it concerns a task with these options.
    """

    module: str
    option: str
    text: str
    applies: t.Callable[[Args], bool]
    is_missing: bool = False

    def concerns(self, module: str, args: Args) -> bool:
        return module == self.module and (self.option in args) != self.is_missing and self.applies(args)


def _is_id(value: t.Any) -> bool:
    """Whether a name, or one of a list of names, is an id."""
    if isinstance(value, (list, tuple)):
        return any(_is_id(each) for each in value)
    return isinstance(value, str) and bool(UUID.fullmatch(value) or ID_IN_TEMPLATE.search(value))


def _is_pattern(value: t.Any) -> bool:
    """Whether a name, or one of a list of names, has wildcards; what a template makes is not known."""
    if isinstance(value, (list, tuple)):
        return any(_is_pattern(each) for each in value)
    return bool(re.search(r"[*?\[]", re.sub(r"\{\{.*?\}\}", "", str(value))))


def _is_absent(args: Args) -> bool:
    return args.get("state") == "absent"


ID_AS_NAME = "openstack.cloud also takes an id as the name. Here an id as the name is an error. Use 'id'."
OWNER = "openstack.cloud uses the owner only for a new image. Here the name means images of this project only."
WILDCARDS = (
    "openstack.cloud takes wildcards in names. Here names are matched exactly. Use 'name_pattern', a regular expression."
)

DIFFERENCES = (
    Difference(
        "image",
        "visibility",
        "openstack.cloud makes a new image private, and an existing one private again. Here a new image gets Glance's"
        " default, which is shared, and an existing one is not changed. Add 'visibility: private' for the same.",
        lambda args: "is_public" not in args and not _is_absent(args),
        is_missing=True,
    ),
    Difference(
        "image",
        "disk_format",
        "openstack.cloud takes qcow2 for all data. Here qcow2, vmdk, vdi and vhdx are recognised, and other data are an"
        " error. Give the disk_format.",
        lambda args: not _is_absent(args) and any(option in args for option in ("filename", "path", "uri", "url")),
        is_missing=True,
    ),
    Difference(
        "image",
        "name",
        ID_AS_NAME,
        lambda args: _is_id(args["name"]),
    ),
    Difference(
        "image",
        "name",
        "openstack.cloud takes wildcards in names. Here names are matched exactly.",
        lambda args: _is_pattern(args["name"]),
    ),
    Difference(
        "image",
        "tags",
        "openstack.cloud ignores an empty list. Here it removes all tags.",
        lambda args: args["tags"] == [] or "[]" in str(args["tags"]),
    ),
    Difference(
        "image",
        "checksum",
        "openstack.cloud looks for an image with this MD5, and uploads the data again if there is none. Here it is the"
        " checksum of the file: the data are verified with it, and other data of an existing image are an error.",
        lambda args: not _is_absent(args),
    ),
    Difference(
        "image",
        "checksum",
        "openstack.cloud deletes the image only if it has this MD5. Here the checksum is ignored with 'state: absent'.",
        _is_absent,
    ),
    Difference(
        "image",
        "owner",
        OWNER,
        lambda args: "id" not in args,
    ),
    Difference(
        "image",
        "project",
        OWNER,
        lambda args: "id" not in args,
    ),
    Difference(
        "image",
        "state",
        "openstack.cloud ignores a missing image with 'inactive'. Here it is created if the task names its data, and is an"
        " error otherwise.",
        lambda args: args["state"] == "inactive",
    ),
    Difference(
        "image_info",
        "name",
        ID_AS_NAME,
        lambda args: _is_id(args["name"]),
    ),
    Difference(
        "image_info",
        "image",
        ID_AS_NAME,
        lambda args: _is_id(args["image"]),
    ),
    Difference(
        "image_info",
        "name",
        WILDCARDS,
        lambda args: _is_pattern(args["name"]),
    ),
    Difference(
        "image_info",
        "image",
        WILDCARDS,
        lambda args: _is_pattern(args["image"]),
    ),
    Difference(
        "image_info",
        "properties",
        "openstack.cloud takes this for 'filters'. Here it names custom properties only. Write 'filters'.",
        lambda _args: True,
    ),
)


def filters_of(args: Args) -> t.Any:
    """The filters of a task for image_info, as it writes them."""
    return args.get("filters", args.get("properties"))


def unknown_filters(args: Args) -> t.Iterator[str]:
    """What is wrong with the filters of a task for image_info."""
    filters = filters_of(args)
    for key in filters if isinstance(filters, t.Mapping) else ():
        if str(key) not in OPENSTACK_CLOUD_FILTERS and str(key) not in OPENSTACK_CLOUD_PROPERTY_FILTERS:
            yield unknown_filter(str(key))
