# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The options that all modules share, and those of each module: what the documentation says, in ansible-core's form."""

from __future__ import annotations

import typing as t

Spec = dict[str, dict[str, t.Any]]

CONNECTION: Spec = {
    "cloud": {"type": "raw"},
    # Not no_log: that would blank out user and project names in results too. _module hides the secrets in it one by one.
    "auth": {"type": "dict"},
    "auth_type": {"type": "str"},
    "region_name": {"type": "str"},
    "interface": {"type": "str", "choices": ["public", "internal", "admin"], "aliases": ["endpoint_type"]},
    "validate_certs": {"type": "bool", "aliases": ["verify"]},
    "ca_cert": {"type": "path", "aliases": ["cacert"]},
    "client_cert": {"type": "path", "aliases": ["cert"]},
    "client_key": {"type": "path", "no_log": False, "aliases": ["key"]},
    "endpoint_override": {"type": "str"},
    "api_timeout": {"type": "int"},
}

IMAGE: Spec = {
    "state": {"type": "str", "choices": ["present", "absent", "inactive"], "default": "present"},
    "name": {"type": "str", "aliases": ["image"]},
    "id": {"type": "str"},
    "create": {"type": "bool", "default": True},
    "on_duplicate": {"type": "str", "choices": ["fail", "newest", "oldest", "all"], "default": "fail"},
    "owner": {"type": "str", "aliases": ["project"]},
    "owner_domain": {"type": "str", "aliases": ["project_domain"]},
    "kernel": {"type": "str"},
    "ramdisk": {"type": "str"},
    "disk_format": {"type": "str"},
    "container_format": {"type": "str"},
    "min_disk": {"type": "int"},
    "min_ram": {"type": "int"},
    "visibility": {"type": "str", "choices": ["public", "private", "shared", "community"]},
    "is_public": {"type": "bool"},
    "members": {"type": "list", "elements": "str"},
    "member_domain": {"type": "str"},
    "purge_members": {"type": "bool", "default": False},
    "protected": {"type": "bool", "aliases": ["is_protected"]},
    "hidden": {"type": "bool", "aliases": ["is_hidden"]},
    "tags": {"type": "list", "elements": "str"},
    "properties": {"type": "dict"},
    "purge_properties": {"type": "bool", "default": False},
    "validate_properties": {"type": "str", "choices": ["error", "warn"]},
    "property_policy": {"type": "path"},
    "path": {"type": "path", "aliases": ["filename"]},
    # Not no_log: the results say where data came from. _module hides what is secret in it.
    "url": {"type": "str", "aliases": ["uri"]},
    "remote": {
        "type": "dict",
        "options": {
            "cloud": {"type": "raw"},
            "region": {"type": "str"},
            "id": {"type": "str"},
            "name": {"type": "str"},
            "interface": {"type": "str", "choices": ["public", "internal", "admin"]},
        },
    },
    "remote_attributes": {"type": "raw"},
    "transfer": {"type": "str", "choices": ["auto", "import", "stream"], "default": "auto"},
    "import_method": {"type": "str", "choices": ["web-download", "glance-direct", "glance-download"]},
    "use_import": {"type": "bool"},
    "checksum": {"type": "str"},
    "decompress": {"type": "str", "choices": ["auto", "none", "gz", "bz2", "xz", "zst"], "default": "none"},
    "inspect": {"type": "str", "choices": ["auto", "always", "never"], "default": "auto"},
    "convert": {"type": "str", "choices": ["raw", "qcow2", "vmdk", "vdi", "vhd", "vhdx"]},
    "stores": {"type": "list", "elements": "str"},
    "data_policy": {"type": "str", "choices": ["fail", "keep", "replace"], "default": "fail"},
    "replaced": {"type": "str", "choices": ["delete", "hide", "deactivate", "keep"], "default": "delete"},
    "candidate": {"type": "str", "choices": ["prepare", "promote"]},
    "force": {"type": "bool", "default": False},
    "wait": {"type": "bool", "default": True},
    "wait_timeout": {"type": "int", "default": 3600, "aliases": ["timeout"]},
}

# An entry of the list that the module images takes.
IMAGES_ENTRY: Spec = {
    **IMAGE,
    "state": {"type": "str", "choices": ["present", "absent", "active", "deactivated"], "default": "present"},
    "version": {"type": "str"},
    "replaced_name": {"type": "str"},
    "mirrors": {"type": "list", "elements": "str"},
}

IMAGES: Spec = {
    # Each is checked as an IMAGES_ENTRY.
    "images": {"type": "list", "elements": "dict", "required": True},
    "parallel": {"type": "int", "default": 4},
    "catalogue": {"type": "str"},
    "prune": {"type": "str", "choices": ["keep", "hide", "deactivate", "delete"], "default": "keep"},
    "prune_max": {"type": "int", "default": 10},
    "force": {"type": "bool", "default": False},
}

IMAGE_INFO: Spec = {
    "id": {"type": "list", "elements": "str"},
    "name": {"type": "list", "elements": "str", "aliases": ["image"]},
    "name_pattern": {"type": "str"},
    "status": {"type": "list", "elements": "str"},
    "visibility": {"type": "str", "choices": ["public", "private", "shared", "community", "all"]},
    "owner": {"type": "str", "aliases": ["project"]},
    "owner_domain": {"type": "str", "aliases": ["project_domain"]},
    "member_status": {"type": "str", "choices": ["accepted", "pending", "rejected", "all"]},
    "tags": {"type": "list", "elements": "str"},
    "protected": {"type": "bool"},
    "hidden": {"type": "str", "choices": ["false", "true", "any"]},
    "disk_format": {"type": "list", "elements": "str"},
    "container_format": {"type": "list", "elements": "str"},
    "size_min": {"type": "int"},
    "size_max": {"type": "int"},
    "created_at": {"type": "str"},
    "updated_at": {"type": "str"},
    "older_than": {"type": "str"},
    "newer_than": {"type": "str"},
    "properties": {"type": "dict"},
    "filters": {"type": "dict"},
    "sort": {"type": "list", "elements": "str"},
    "limit": {"type": "int"},
    "newest": {"type": "bool", "default": False},
    "all_projects": {"type": "bool", "default": False},
    "exactly": {"type": "int"},
    "members": {"type": "bool", "default": False},
}

IMAGE_MEMBER: Spec = {
    "id": {"type": "str"},
    "name": {"type": "str", "aliases": ["image"]},
    "owner": {"type": "str", "aliases": ["project"]},
    "owner_domain": {"type": "str", "aliases": ["project_domain"]},
    "member": {"type": "str"},
    "member_domain": {"type": "str"},
    "state": {"type": "str", "choices": ["accepted", "rejected", "pending", "present", "absent"], "required": True},
}

IMAGE_STATE: Spec = {
    "id": {"type": "list", "elements": "str"},
    "name": {"type": "list", "elements": "str", "aliases": ["image"]},
    "state": {"type": "str", "choices": ["active", "deactivated"], "required": True},
}

IMAGE_DOWNLOAD: Spec = {
    "id": {"type": "str"},
    "name": {"type": "str", "aliases": ["image"]},
    "dest": {"type": "path", "required": True},
    "wait_timeout": {"type": "int", "default": 3600, "aliases": ["timeout"]},
}
