# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""Options that openstack.cloud's image modules have, in terms of this collection's own options. Pure.

``plugin_utils/_openstack_cloud.py`` has the options that are refused.
"""

from __future__ import annotations

import typing as t

from .._errors import InvalidInput

Params = t.Mapping[str, t.Any]

# The filters of openstack.cloud.image_info that are options of image_info, and those options.
OPENSTACK_CLOUD_FILTERS = {
    "id": "id",
    "name": "name",
    "status": "status",
    "visibility": "visibility",
    "owner": "owner",
    "owner_id": "owner",
    "is_protected": "protected",
    "protected": "protected",
    "is_hidden": "hidden",
    "os_hidden": "hidden",
    "disk_format": "disk_format",
    "container_format": "container_format",
    "tags": "tags",
    "properties": "properties",
}
# The filters that are custom properties whose names openstacksdk knows, and the names that Glance has for them.
OPENSTACK_CLOUD_PROPERTY_FILTERS = {
    **{
        name: name
        for name in (
            *("architecture", "hypervisor_type", "instance_type_rxtx_factor", "instance_uuid", "kernel_id", "ramdisk_id"),
            *("os_admin_user", "os_command_line", "os_distro", "os_require_quiesce", "os_shutdown_timeout", "os_type"),
            *("os_version", "vm_mode", "vmware_adaptertype", "vmware_ostype", "hw_cpu_cores", "hw_cpu_policy"),
            *("hw_cpu_sockets", "hw_cpu_thread_policy", "hw_cpu_threads", "hw_disk_bus", "hw_machine_type"),
            *("hw_qemu_guest_agent", "hw_rng_model", "hw_scsi_model", "hw_serial_port_count", "hw_video_model"),
            *("hw_video_ram", "hw_vif_model", "hw_watchdog_action"),
        )
    },
    "has_auto_disk_config": "auto_disk_config",
    "is_hw_boot_menu_enabled": "hw_boot_menu",
    "is_hw_vif_multiqueue_enabled": "hw_vif_multiqueue_enabled",
    "needs_config_drive": "img_config_drive",
    "needs_secure_boot": "os_secure_boot",
}
LISTS = frozenset({"id", "name", "status", "disk_format", "container_format", "tags"})
VISIBILITIES = ("public", "private", "shared", "community")
BOOLEANS = {"true": True, "yes": True, "false": False, "no": False}


def own_image_options(params: Params) -> dict[str, t.Any]:
    """The options of the module image, with ``is_public``, ``use_import`` and ``state: inactive`` as this collection's own.

    ``status`` is among them: deactivated with ``state: inactive``, otherwise null.
    """
    is_inactive = params["state"] == "inactive"
    return {
        **params,
        "state": "present" if is_inactive else params["state"],
        "status": "deactivated" if is_inactive else None,
        "visibility": _visibility(params["visibility"], params["is_public"]),
        "import_method": _import_method(params["import_method"], params["use_import"]),
    }


def _visibility(visibility: str | None, is_public: bool | None) -> str | None:
    if is_public is None:
        return visibility
    if visibility is None:
        return "public" if is_public else "private"
    if is_public != (visibility == "public"):
        raise InvalidInput(
            f"is_public: {str(is_public).lower()} was given, and the visibility is '{visibility}'. Leave is_public out."
        )
    return visibility


def _import_method(method: str | None, use_import: bool | None) -> str | None:
    if not use_import:
        return method
    if method not in (None, "glance-direct"):
        raise InvalidInput(f"use_import: it means glance-direct, and import_method is '{method}'. Leave use_import out.")
    return "glance-direct"


def own_filters(params: Params) -> dict[str, t.Any]:
    """The options of image_info, with each of ``filters`` as the option that it means."""
    own = {**params, "filters": None}
    for key, value in (params["filters"] or {}).items():
        if value is None:
            raise InvalidInput(f"filters: '{key}' is null; give the value that the images must have.")
        if key in OPENSTACK_CLOUD_FILTERS:
            option, wanted = OPENSTACK_CLOUD_FILTERS[key], _filter_value(str(key), value)
        elif key in OPENSTACK_CLOUD_PROPERTY_FILTERS:
            option, wanted = "properties", {OPENSTACK_CLOUD_PROPERTY_FILTERS[key]: value}
        else:
            raise InvalidInput(unknown_filter(str(key)))
        if option == "properties":
            wanted = {**(own["properties"] or {}), **wanted}
        elif own[option] is not None:
            raise InvalidInput(
                f"filters: '{key}' was given, and another filter or option sets '{option}'; give one of them."
            )
        own[option] = wanted
    return own


def _filter_value(key: str, value: t.Any) -> t.Any:
    """The value of a filter as the option takes it."""
    option = OPENSTACK_CLOUD_FILTERS[key]
    if option == "properties":
        if not isinstance(value, t.Mapping):
            raise InvalidInput("filters: 'properties' is a dictionary of properties and their values.")
        return value
    if option == "tags" and isinstance(value, (list, tuple)):
        return [str(tag) for tag in value]
    if option in ("protected", "hidden"):
        flag = value if isinstance(value, bool) else BOOLEANS.get(str(value).lower())
        if flag is None:
            raise InvalidInput(f"filters: '{key}' is '{value}'; true or false is allowed.")
        return flag if option == "protected" else str(flag).lower()
    if not isinstance(value, (str, int, float)):
        raise InvalidInput(f"filters: '{key}' is one value; for several use the option '{option}', if it is a list.")
    if option == "visibility" and value not in VISIBILITIES:
        raise InvalidInput(f"filters: the visibility is '{value}'; {', '.join(VISIBILITIES)} are allowed.")
    return [str(value)] if option in LISTS else str(value)


def unknown_filter(key: str) -> str:
    """The error for a filter that is not one of OPENSTACK_CLOUD_FILTERS and OPENSTACK_CLOUD_PROPERTY_FILTERS."""
    filters, properties = ", ".join(OPENSTACK_CLOUD_FILTERS), ", ".join(OPENSTACK_CLOUD_PROPERTY_FILTERS)
    return (
        f"filters: '{key}' was given; allowed are {filters}, and the properties {properties}."
        " Give other properties in the option 'properties', and see the other options of image_info, such as name_pattern,"
        " size_min, size_max and created_at."
    )
