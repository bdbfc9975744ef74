# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The clouds and regions of openstacksdk's configuration, and what is wrong with it."""

from __future__ import annotations

import os
import pathlib
import typing as t

import pytest
import requests_mock
import yaml
from ansible_collections.cloudimage.glance.plugins.module_utils._client import openstack_config
from ansible_collections.cloudimage.glance.plugins.module_utils._errors import InvalidInput, MissingLibrary
from ansible_collections.cloudimage.glance.plugins.plugin_utils import _configured_clouds
from ansible_collections.cloudimage.glance.plugins.plugin_utils._configured_clouds import ConfiguredClouds

SECRET = "hush"
Entry = dict[str, t.Any]


@pytest.fixture(autouse=True)
def folder(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> t.Iterator[pathlib.Path]:
    """The only folder that openstacksdk's files are looked for in. Every request fails."""
    for name in [name for name in os.environ if name.startswith("OS_")]:
        monkeypatch.delenv(name)
    files = {
        "config_files": [str(tmp_path / name) for name in ("clouds.yaml", "clouds.json")],
        "secure_files": [str(tmp_path / "secure.yaml")],
        "vendor_files": [str(tmp_path / "clouds-public.yaml")],
    }
    # Both places that ask for it: openstacksdk's configuration, and the check of its files.
    for module in (openstack_config, _configured_clouds):
        monkeypatch.setattr(module, "config_files", lambda: files)
    with requests_mock.Mocker():
        yield tmp_path


def written(folder: pathlib.Path, **clouds: t.Any) -> ConfiguredClouds:
    (folder / "clouds.yaml").write_text(yaml.safe_dump({"clouds": clouds}, sort_keys=False))
    return ConfiguredClouds()


@pytest.mark.parametrize(
    ("entry", "regions"),
    [
        ({"regions": ["r2", "r1"]}, ["r2", "r1"]),
        ({"regions": ["r2", {"name": "r1", "values": {"auth": {"password": SECRET}}}]}, ["r2", "r1"]),
        ({"regions": [{"name": "r1"}]}, ["r1"]),
        ({"region_name": "r"}, ["r"]),
        ({"region-name": "r"}, ["r"]),
        ({"region_name": ""}, [None]),
        ({"regions": []}, [None]),
        ({}, [None]),
        ({"auth": {"password": SECRET}}, [None]),
        ({"profile": "switchengines"}, ["LS", "ZH"]),
        ({"profile": "own"}, ["o1", "o2"]),
        ({"profile": "own", "region_name": "o2"}, ["o2"]),
        ({"profile": "https://vendor.example.com", "regions": ["r"]}, ["r"]),
        ({"profile": "ovh", "region_name": "r"}, ["r"]),
    ],
)
def test_regions_are_those_of_the_entry_or_of_its_profile(
    folder: pathlib.Path, entry: Entry, regions: list[str | None]
) -> None:
    profiles = {"public-clouds": {"own": {"regions": ["o1", "o2"]}}}
    (folder / "clouds-public.yaml").write_text(yaml.safe_dump(profiles))
    warnings: list[str] = []
    assert written(folder, a=entry).regions_of("a", warnings.append) == regions
    assert warnings == []


@pytest.mark.parametrize(
    ("entry", "regions", "warning"),
    [
        ({"profile": "no-such"}, [None], "Cloud 'a': Couldn't find the vendor profile no-such"),
        ({"region_name": "r1,r2"}, ["r1", "r2"], "Cloud 'a': Comma separated lists in region_name are deprecated"),
        ({"profile": "https://x:y@vendor.example.com"}, [None], "openstacksdk fetches from vendor.example.com. It is not"),
        ({"cloud": "https://vendor.example.com/"}, [None], "openstacksdk fetches from vendor.example.com. It is not"),
        # openstacksdk's own profile of this name only refers to a web server.
        ({"profile": "ovh"}, [None], "openstacksdk fetches from ovhcloud.com. It is not"),
    ],
)
def test_doubtful_regions_are_a_warning(folder: pathlib.Path, entry: Entry, regions: list[str | None], warning: str) -> None:
    warnings: list[str] = []
    assert written(folder, a=entry).regions_of("a", warnings.append) == regions
    assert [warning in given for given in warnings] == [True]


def test_profile_of_the_users_file_is_not_fetched(folder: pathlib.Path) -> None:
    (folder / "clouds-public.yaml").write_text(yaml.safe_dump({"public-clouds": {"ovh": {"regions": ["o1"]}}}))
    assert written(folder, a={"profile": "ovh"}).regions_of("a", pytest.fail) == ["o1"]


def test_clouds_are_those_of_the_files_in_their_order(folder: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "secure.yaml").write_text(yaml.safe_dump({"clouds": {"b": {"auth": {"password": SECRET}}, "s": {}}}))
    monkeypatch.setenv("OS_AUTH_URL", "http://example.com")
    clouds = written(folder, c={}, b={"region_name": "r"}, a={})
    assert clouds.names == ["c", "b", "a", "s"]
    assert clouds.regions_of("b", pytest.fail) == ["r"]


def test_the_variable_names_the_file(folder: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(folder, a={})
    (folder / "other.json").write_text('{"clouds": {"b": {}}}')
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(folder / "other.json"))
    assert ConfiguredClouds().names == ["b"]
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(folder / "missing.yaml"))
    with pytest.raises(InvalidInput, match=r"OS_CLIENT_CONFIG_FILE names the file .*/missing.yaml, which does not exist\."):
        ConfiguredClouds()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"clouds: {{a: {{password: '{SECRET}", r"clouds.yaml is not valid YAML in line 1, column \d+\."),
        (f"clouds: !{SECRET} x", r"clouds.yaml is not valid YAML in line 1, column 9\."),
        (f"clouds: *{SECRET}", r"clouds.yaml is not valid YAML in line 1, column 9\."),
        ("clouds: \0", r"clouds.yaml is not valid YAML\."),
        ("", "clouds.yaml has no clouds. It needs the key 'clouds'"),
        (f"[{SECRET}]", "has no clouds"),
        (f"clouds: {SECRET}", "has no clouds"),
        ("clouds: {}", "has no clouds"),
        ("clouds: {1: {}}", "the name of the cloud 1 is no text. Put it in quotes."),
        ("clouds: {envvars: {}}", "openstacksdk cannot read its configuration: .* defines a cloud named .envvars"),
    ],
)
def test_file_that_cannot_be_used_is_an_error(folder: pathlib.Path, text: str, message: str) -> None:
    (folder / "clouds.yaml").write_text(text)
    (folder / "clouds.json").write_text('{"clouds": {"b": {}}}')
    with pytest.raises(InvalidInput, match=message) as error:
        ConfiguredClouds()
    assert SECRET not in str(error.value)


def test_file_that_cannot_be_opened_is_an_error(folder: pathlib.Path) -> None:
    (folder / "clouds.yaml").mkdir()
    with pytest.raises(InvalidInput, match=r"clouds.yaml cannot be read: Is a directory\."):
        ConfiguredClouds()


def test_json_that_is_not_valid_is_an_error(folder: pathlib.Path) -> None:
    (folder / "clouds.json").write_text(f'{{"{SECRET}"')
    with pytest.raises(InvalidInput, match=r"clouds.json is not valid JSON\."):
        ConfiguredClouds()


def test_missing_files_are_an_error_that_names_the_places(folder: pathlib.Path) -> None:
    with pytest.raises(InvalidInput) as error:
        ConfiguredClouds()
    assert "There is no clouds.yaml." in str(error.value)
    assert f"looked at: {folder}/clouds.yaml, {folder}/clouds.json." in str(error.value)


@pytest.mark.parametrize("text", [f"clouds: {{a: '{SECRET}", f"[{SECRET}]"])
def test_secure_file_that_cannot_be_used_shows_no_secret(folder: pathlib.Path, text: str) -> None:
    (folder / "secure.yaml").write_text(text)
    said = said_of(folder)
    assert SECRET not in said
    # Newer releases of openstacksdk skip a file that is not valid YAML.
    assert said == "a" or said.startswith("openstacksdk cannot read its configuration: ")


def said_of(folder: pathlib.Path) -> str:
    try:
        return " ".join(written(folder, a={}).names)
    except InvalidInput as error:
        return str(error)


def test_profile_of_a_cloud_that_was_shut_down_is_an_error(folder: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    profile = {"status": "shutdown", "message": "It moved."}
    monkeypatch.setattr(openstack_config.sdk.vendors, "get_profile", lambda _name: dict(profile))
    with pytest.raises(InvalidInput, match=r"cannot be read\. gone references a cloud that no longer exists: It moved\."):
        written(folder, a={"profile": "gone"}).regions_of("a", pytest.fail)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (None, "the entry of cloud 'a' is no dictionary with names as keys."),
        (SECRET, "the entry of cloud 'a' is no dictionary with names as keys."),
        ({1: SECRET}, "the entry of cloud 'a' is no dictionary with names as keys."),
        ({"regions": "r"}, "'regions' of cloud 'a' is no list. 'regions' is a list of names"),
        ({"regions": [{"name": "r", "password": SECRET}]}, "the regions of cloud 'a' cannot be read. 'regions' is a list"),
        ({"profile": 1}, "the regions of cloud 'a' cannot be read. 'regions' is a list"),
        ({"profile": "http://["}, "the regions of cloud 'a' cannot be read. 'regions' is a list"),
        ({"regions": [None]}, "a region of cloud 'a' has a name that is no text. 'regions' is a list"),
        ({"regions": [1]}, "a region of cloud 'a' has a name that is no text. 'regions' is a list"),
    ],
)
def test_entry_that_cannot_be_used_is_an_error_of_its_cloud(folder: pathlib.Path, entry: t.Any, message: str) -> None:
    clouds = written(folder, a=entry, b={"region_name": "r"})
    assert clouds.names == ["a", "b"]
    assert clouds.regions_of("b", pytest.fail) == ["r"]
    with pytest.raises(InvalidInput) as error:
        clouds.regions_of("a", pytest.fail)
    assert message in str(error.value)
    assert SECRET not in str(error.value)


def test_missing_openstacksdk_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openstack_config, "IMPORT_FAILURE", "traceback")
    with pytest.raises(MissingLibrary, match="openstacksdk is needed on the host that reads the inventory"):
        ConfiguredClouds()
