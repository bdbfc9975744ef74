# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._argspec import CONNECTION, IMAGE, IMAGE_INFO, Spec
from ansible_collections.cloudimage.glance.plugins.plugin_utils._openstack_cloud import (
    DIFFERENCES,
    REFUSED,
    find_refusal,
    unknown_filters,
)

# The options of openstack.cloud 2.5.0, and those that earlier releases had besides.
COMMON = (
    *("cloud", "auth", "auth_type", "region_name", "wait", "timeout", "api_timeout", "validate_certs", "verify", "ca_cert"),
    *("cacert", "client_cert", "cert", "client_key", "key", "interface", "endpoint_type", "sdk_log_path", "sdk_log_level"),
    "availability_zone",
)
OPTIONS = {
    "image": (
        *(
            "checksum",
            "container_format",
            "disk_format",
            "filename",
            "id",
            "is_protected",
            "protected",
            "is_public",
            "kernel",
        ),
        *("min_disk", "min_ram", "name", "owner", "project", "owner_domain", "project_domain", "properties", "ramdisk"),
        *("state", "tags", "visibility", "volume", "use_import", "import_method", "uri", *COMMON),
    ),
    "image_info": ("filters", "properties", "name", "image", *COMMON),
}
SPECS: dict[str, Spec] = {"image": {**CONNECTION, **IMAGE}, "image_info": {**CONNECTION, **IMAGE_INFO}}


def accepted(spec: Spec) -> set[str]:
    return {name for option, facts in spec.items() for name in (option, *facts.get("aliases", ()))}


@pytest.mark.parametrize("module", OPTIONS)
def test_each_option_of_openstack_cloud_is_accepted_or_refused_with_a_replacement(module: str) -> None:
    assert set(OPTIONS[module]) - accepted(SPECS[module]) == REFUSED[module].keys()
    assert not accepted(SPECS[module]) & REFUSED[module].keys()


@pytest.mark.parametrize(
    ("module", "args", "message"),
    [
        (
            "image",
            {"name": "a", "volume": None},
            "volume: openstack.cloud has this option, cloudimage.glance.image does not.",
        ),
        ("image_info", {"timeout": 5}, "'api_timeout' limits the time of a request."),
        ("image", {"timeout": 5}, None),
        ("image", {"nonsense": 5}, None),
        ("", {"volume": "a"}, None),
    ],
)
def test_refusals_say_what_to_do(module: str, args: dict[str, t.Any], message: str | None) -> None:
    found = find_refusal(module, args)
    assert found is None if message is None else message in str(found)


@pytest.mark.parametrize("difference", DIFFERENCES, ids=lambda difference: f"{difference.module} {difference.option}")
def test_differences_are_about_options_of_both(difference: t.Any) -> None:
    assert difference.option in OPTIONS[difference.module]
    assert difference.option in accepted(SPECS[difference.module])


@pytest.mark.parametrize(
    ("args", "unknown"),
    [
        ({"filters": {"status": "active", "os_distro": "a"}}, []),
        ({"filters": {"size": 1, "uploaded_by": "me"}}, ["size", "uploaded_by"]),
        ({"properties": {"size": 1}}, ["size"]),
        ({"filters": "{{ filters }}"}, []),
        ({}, []),
    ],
)
def test_unknown_filters_are_found(args: dict[str, t.Any], unknown: list[str]) -> None:
    assert [text.split("'")[1] for text in unknown_filters(args)] == unknown
