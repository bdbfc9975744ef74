# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The inventory clouds: hosts, groups and variables as ansible-inventory shows them, and plays that use them."""

from __future__ import annotations

import json
import os
import pathlib
import re
import subprocess
import typing as t

import ansible.release
import pytest
import yaml

from .cloud import Cloud, Json, Sandbox
from .marks import nightly
from .other_cloud import DATA, assert_is_copy, origin_of

SECRET = "hushhush"
CORE = tuple(map(int, ansible.release.__version__.split(".")[:2]))


class Inventory:
    """An inventory file, and openstacksdk's files, in a folder of their own."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder = folder
        self.path = folder / "test.clouds.yml"
        self._config = folder / "config.yaml"

    def write(self, clouds: t.Any, **options: t.Any) -> None:
        self._config.write_text(yaml.safe_dump({"clouds": clouds}, sort_keys=False))
        self.path.write_text(yaml.safe_dump({"plugin": "cloudimage.glance.clouds", **options}, sort_keys=False))

    def call(self, program: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        variables = {**os.environ, "OS_CLIENT_CONFIG_FILE": str(self._config), "ANSIBLE_NOCOLOR": "true", **environment}
        command = [program, "-i", str(self.path), *arguments]
        return subprocess.run(command, env=variables, cwd=self.folder, capture_output=True, text=True, check=False)

    def listed(self, *arguments: str, **environment: str) -> Json:
        done = self.call(
            "ansible-inventory", "--list", *arguments, ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED="true", **environment
        )
        assert done.returncode == 0, done.stderr
        assert SECRET not in done.stdout + done.stderr
        return t.cast(Json, json.loads(done.stdout))

    def hosts(self, *arguments: str, **environment: str) -> list[str]:
        return list(self.listed(*arguments, **environment)["clouds"]["hosts"])

    def error(self, **environment: str) -> str:
        done = self.call("ansible-inventory", "--list", "-vvvv", **environment)
        assert SECRET not in done.stdout + done.stderr
        return " ".join(done.stderr.split())  # ansible-core before 2.19 breaks the lines of warnings


@pytest.fixture
def inventory(tmp_path: pathlib.Path) -> Inventory:
    return Inventory(tmp_path)


def clouds_of(sandbox: Sandbox) -> Json:
    return t.cast(Json, yaml.safe_load((sandbox.folder / "clouds.yaml").read_text())["clouds"])


def test_hosts_have_names_variables_and_groups(inventory: Inventory) -> None:
    inventory.write(
        {
            "paris": {"auth": {"password": SECRET}, "regions": ["south", {"name": "north.1", "values": {"auth": {}}}]},
            "o slo": {"auth": {"password": SECRET}},
            "lab": {"region_name": "R"},
            "admin": {"auth": {"password": SECRET}, "regions": SECRET},
        },
        exclude=["admin"],
        strict=True,
        compose={"label": "openstack_cloud ~ '/' ~ openstack_region | default('-', true)"},
        groups={"french": "openstack_cloud == 'paris'"},
        keyed_groups=[{"key": "openstack_region | default('none', true)", "prefix": "region"}],
    )
    found = inventory.listed()
    assert found["clouds"]["hosts"] == ["paris-south", "paris-north.1", "o_slo", "lab"]
    everywhere = {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}
    assert found["_meta"]["hostvars"] == {
        host: {**everywhere, "openstack_cloud": cloud, "openstack_region": region, "label": label}
        for host, cloud, region, label in (
            ("paris-south", "paris", "south", "paris/south"),
            ("paris-north.1", "paris", "north.1", "paris/north.1"),
            ("o_slo", "o slo", None, "o slo/-"),
            ("lab", "lab", "R", "lab/R"),
        )
    }
    assert found["french"]["hosts"] == ["paris-south", "paris-north.1"]
    groups = {group: details["hosts"] for group, details in found.items() if group.startswith("region_")}
    assert groups == {
        "region_south": ["paris-south"],
        "region_north_1": ["paris-north.1"],
        "region_none": ["o_slo"],
        "region_R": ["lab"],
    }
    assert inventory.listed() == found


@pytest.mark.nightly
def test_strict_decides_whether_a_wrong_expression_is_an_error(inventory: Inventory) -> None:
    for options in ({"compose": {"x": "missing_variable"}}, {"groups": {"x": "missing_variable"}}):
        inventory.write({"a": {}}, **options)
        assert inventory.hosts() == ["a"]
        inventory.write({"a": {}}, strict=True, **options)
        assert "missing_variable" in inventory.error()


@pytest.mark.parametrize(
    ("clouds", "options", "message"),
    [
        ({"a": {}}, {"only": ["b"]}, "only: 'b' was given, which is no cloud of clouds.yaml. It has 'a'."),
        nightly({"a": {}}, {"exclude": ["a"]}, "'only' and 'exclude' leave out all clouds"),
        nightly({"a": {}}, {"only": {"a": 1}}, "only"),
        nightly({}, {}, "config.yaml has no clouds."),
        nightly({"a": {"regions": ["r", "r"]}}, {}, "cloud 'a' lists the region 'r' twice"),
        ({"a": {"regions": [{"name": "r", "password": SECRET}]}}, {}, "the regions of cloud 'a' cannot be read"),
        nightly({"all": {"auth": {}}}, {}, "The host of cloud 'all' would be 'all', which is the name of a group."),
        ({"clouds": {"auth": {}}}, {}, "The host of cloud 'clouds' would be 'clouds', which is the name of a group."),
    ],
)
def test_what_cannot_be_used_is_an_error(inventory: Inventory, clouds: t.Any, options: Json, message: str) -> None:
    inventory.write(clouds, **options)
    assert message in inventory.error()


@pytest.mark.nightly
def test_files_that_are_missing_or_broken_are_errors(inventory: Inventory) -> None:
    inventory.write({"a": {}})
    assert "names the file /no/such/file, which does not exist" in inventory.error(OS_CLIENT_CONFIG_FILE="/no/such/file")
    (inventory.folder / "config.yaml").write_text(f"clouds: {{a: {{password: '{SECRET}")
    assert "config.yaml is not valid YAML in line 1" in inventory.error()
    assert "There is no clouds.yaml." in inventory.error(OS_CLIENT_CONFIG_FILE="", HOME=str(inventory.folder))


@pytest.mark.nightly
def test_file_of_another_name_is_refused(inventory: Inventory) -> None:
    inventory.write({"a": {}})
    inventory.path = inventory.path.rename(inventory.folder / "other.yml")
    assert "could not be verified by inventory plugin" in inventory.error()
    inventory.path = inventory.path.rename(inventory.folder / "clouds.yaml")
    assert inventory.hosts() == ["a"]


def test_host_of_another_inventory_file_does_not_become_local(inventory: Inventory) -> None:
    inventory.write({"paris": {}})
    servers = inventory.folder / "a.ini"
    servers.write_text("[web]\nparis ansible_host=10.0.0.1\n")
    done = inventory.call("ansible-inventory", "--list", ANSIBLE_INVENTORY=str(servers))
    assert list(json.loads(done.stdout)["clouds"]["hosts"]) == ["paris"]
    command = ["ansible-inventory", "--list", "-i", str(servers), "-i", str(inventory.path)]
    environment = {**os.environ, "OS_CLIENT_CONFIG_FILE": str(inventory.folder / "config.yaml"), "ANSIBLE_NOCOLOR": "true"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert "the inventory has such a host already" in " ".join(done.stderr.split())
    assert "ansible_connection" not in done.stdout


@pytest.mark.nightly
@pytest.mark.skipif(CORE < (2, 19), reason="ansible-inventory has no --flush-cache before ansible-core 2.19")
def test_cache_holds_names_until_it_is_flushed(inventory: Inventory) -> None:
    cached = {"cache": True, "cache_plugin": "ansible.builtin.jsonfile", "cache_connection": str(inventory.folder / "cache")}
    inventory.write({"a": {"auth": {"password": SECRET}, "regions": ["r1", "r2"]}}, **cached)
    first = inventory.listed()
    written = "".join(path.read_text() for path in (inventory.folder / "cache").iterdir())
    assert "r2" in written
    assert SECRET not in written
    inventory.write({"a": {}, "b": {}}, **cached)
    assert inventory.listed() == first
    assert inventory.hosts("--flush-cache") == ["a", "b"]
    assert inventory.hosts() == ["a", "b"]
    # Another clouds.yaml has a cache of its own.
    other = inventory.folder / "other.yaml"
    other.write_text(yaml.safe_dump({"clouds": {"c": {}}}))
    assert inventory.hosts(OS_CLIENT_CONFIG_FILE=str(other)) == ["c"]
    # What the inventory file selects is not taken from the cache.
    inventory.write({"a": {}, "b": {}}, only=["b"], **cached)
    assert inventory.hosts() == ["b"]


def test_play_works_in_each_cloud(alice: Cloud, bob: Cloud, name: str, inventory: Inventory) -> None:
    clouds = clouds_of(alice.sandbox)
    both = {"regions": ["RegionOne", "RegionTwo"]}
    inventory.write(
        {"bob": clouds["bob"], "alice": {**{k: v for k, v in clouds["alice"].items() if k != "region_name"}, **both}}
    )
    connection = {"cloud": "{{ openstack_cloud }}", "region_name": "{{ openstack_region | default(omit, true) }}"}
    tasks = [
        {"cloudimage.glance.image": {**connection, "name": f"{name}-{{{{ inventory_hostname }}}}"}},
        # As a module, with the Python that runs Ansible.
        {
            "cloudimage.glance.image_info": {**connection, "name": f"{name}-{{{{ inventory_hostname }}}}", "exactly": 1},
            "vars": {"cloudimage_glance_in_process": False},
        },
    ]
    playbook = inventory.folder / "play.yml"
    playbook.write_text(json.dumps([{"hosts": "clouds", "gather_facts": False, "tasks": tasks}]))
    with alice.sandbox.recorded() as requests:
        done = inventory.call("ansible-playbook", "--forks", "3", str(playbook))
    assert done.returncode == 0, done.stdout + done.stderr
    for host in ("bob", "alice-RegionOne", "alice-RegionTwo"):
        assert re.search(rf"^{host} +: ok=2 +changed=1 ", done.stdout, re.MULTILINE), done.stdout
    assert len(bob.named(f"{name}-bob")) == 1
    assert len(alice.named(f"{name}-alice-RegionTwo")) == 1
    # In each cloud two to see that there is no such image, one to make it, and one to find it.
    assert len(requests) == 3 * 4
    done = inventory.call("ansible-playbook", "--limit", "alice-*", "--list-hosts", str(playbook))
    assert sorted(re.findall(r"^ {6}(\S+)$", done.stdout, re.MULTILINE)) == ["alice-RegionOne", "alice-RegionTwo"]


@pytest.mark.nightly
def test_images_are_replicated_to_all_clouds(alice: Cloud, bob: Cloud, name: str, inventory: Inventory) -> None:
    clouds = clouds_of(alice.sandbox)
    origin_of(bob, name)
    bob_clouds = {**{key: value for key, value in clouds["bob"].items() if key != "region_name"}}
    inventory.write({"alice": clouds["alice"], "bob": {**bob_clouds, "regions": ["RegionOne", "RegionTwo"]}})
    variables = {"replicate_source_cloud": "bob", "replicate_images": [name]}
    done = inventory.call("ansible-playbook", "cloudimage.glance.replicate", "-e", json.dumps(variables))
    assert re.search(r"^alice +: .*changed=1 .*failed=0", done.stdout, re.MULTILINE), done.stdout + done.stderr
    for host in ("bob-RegionOne", "bob-RegionTwo"):  # only the checks of the variables run for the source
        assert re.search(rf"^{host} +: ok=2 +changed=0 .*failed=0 ", done.stdout, re.MULTILINE), done.stdout
    (copy,) = alice.named(name)
    assert_is_copy(alice, copy)
    # With the region of the source, its other regions get the images. The sandbox's are one Glance, which has them.
    variables["replicate_source_region"] = "RegionTwo"
    done = inventory.call("ansible-playbook", "cloudimage.glance.replicate", "-e", json.dumps(variables))
    assert re.search(r"^bob-RegionTwo +: ok=3 +changed=0 .*failed=0 ", done.stdout, re.MULTILINE), done.stdout
    for host in ("alice", "bob-RegionOne"):
        assert re.search(rf"^{host} +: ok=[56] +changed=0 .*failed=0 ", done.stdout, re.MULTILINE), done.stdout
    variables["replicate_source_region"] = "no-such-region"
    done = inventory.call("ansible-playbook", "cloudimage.glance.replicate", "-e", json.dumps(variables))
    assert "cloud 'bob' (region 'no-such-region')" in done.stdout + done.stderr
    assert len(DATA) == copy["size"]
