# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""Which clouds become hosts, and the names of the hosts."""

from __future__ import annotations

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._errors import InvalidInput
from ansible_collections.cloudimage.glance.plugins.plugin_utils._cloud_hosts import (
    CloudHost,
    check_hosts,
    hosts_of,
    select_clouds,
)

NAMES = ["paris", "oslo", "lab"]


@pytest.mark.parametrize(
    ("only", "exclude", "selected"),
    [
        ([], [], NAMES),
        (["lab", "paris"], [], ["paris", "lab"]),
        ([], ["oslo"], ["paris", "lab"]),
        (["lab", "oslo"], ["oslo"], ["lab"]),
    ],
)
def test_clouds_are_selected_in_the_order_of_the_file(only: list[str], exclude: list[str], selected: list[str]) -> None:
    assert select_clouds(NAMES, only, exclude) == selected


@pytest.mark.parametrize(
    ("names", "only", "exclude", "message"),
    [
        (
            NAMES,
            ["lab", "lap"],
            [],
            "only: 'lap' was given, which is no cloud of clouds.yaml. It has 'paris', 'oslo', 'lab'.",
        ),
        (NAMES, [], ["x", "y"], "exclude: 'x', 'y' was given"),
        (
            NAMES,
            ["lab"],
            ["lab"],
            "'only' and 'exclude' leave out all clouds of clouds.yaml. It has 'paris', 'oslo', 'lab'.",
        ),
        (["a=b"], [], [], "No task can use a cloud with the name 'a=b'"),
        (["{{ x }}"], [], [], "No task can use a cloud with the name '{{ x }}'"),
        ([""], [], [], "No task can use a cloud with the name ''"),
    ],
)
def test_unusable_selection_is_an_error(names: list[str], only: list[str], exclude: list[str], message: str) -> None:
    with pytest.raises(InvalidInput) as error:
        select_clouds(names, only, exclude)
    assert message in str(error.value)


def test_cloud_with_an_unusable_name_can_be_left_out() -> None:
    assert select_clouds(["a=b", "c"], [], ["a=b"]) == ["c"]


@pytest.mark.parametrize(
    ("regions", "hosts"),
    [
        ({"b": ["r"], "a": [None]}, [("b", "b", "r"), ("a", "a", None)]),
        ({"a": ["r2", "r1"]}, [("a-r2", "a", "r2"), ("a-r1", "a", "r1")]),
        ({"a b/c:d,e": ["r"]}, [("a_b_c_d_e", "a b/c:d,e", "r")]),
        ({"a": ["eu west", "eu.east-1"]}, [("a-eu_west", "a", "eu west"), ("a-eu.east-1", "a", "eu.east-1")]),
        ({"!&~@*[1]": ["r"], "Zürich": ["r"]}, [("______1_", "!&~@*[1]", "r"), ("Zürich", "Zürich", "r")]),
    ],
)
def test_hosts_are_named_after_cloud_and_region(
    regions: dict[str, list[str | None]], hosts: list[tuple[str, str, str | None]]
) -> None:
    assert hosts_of(regions) == [CloudHost(*host) for host in hosts]


@pytest.mark.parametrize(
    ("regions", "message"),
    [
        ({"a": ["r", "s", "r"]}, "cloud 'a' lists the region 'r' twice. List it once."),
        ({"a b": [None], "a_b": [None]}, "the name 'a_b': cloud 'a b', and cloud 'a_b'. Rename one"),
        ({"a-b": ["r"], "a": ["b", "c"]}, "the name 'a-b': cloud 'a-b', region 'r', and cloud 'a', region 'b'. Rename one"),
        ({"a": ["b c", "b_c"]}, "the name 'a-b_c': cloud 'a', region 'b c', and cloud 'a', region 'b_c'. Rename one"),
        ({"all": ["r"]}, "The host of cloud 'all', region 'r' would be 'all', which is the name of a group."),
    ],
)
def test_host_that_another_host_or_a_group_would_hide_is_an_error(
    regions: dict[str, list[str | None]], message: str
) -> None:
    with pytest.raises(InvalidInput) as error:
        hosts_of(regions, {"all", "ungrouped"})
    assert message in str(error.value)


@pytest.mark.parametrize(
    "variables", [{"ansible_host": "10.0.0.1"}, {"openstack_cloud": "paris", "openstack_region": "s"}, {}]
)
def test_host_that_another_inventory_file_has_is_not_made_a_local_one(variables: dict[str, str]) -> None:
    with pytest.raises(InvalidInput, match="would be 'paris', and the inventory has such a host already"):
        check_hosts([CloudHost("paris", "paris", "r")], {"other": {}, "paris": variables})


def test_two_inventory_files_may_have_the_same_cloud() -> None:
    check_hosts([CloudHost("paris", "paris", None)], {"paris": {"openstack_cloud": "paris", "openstack_region": None}})
