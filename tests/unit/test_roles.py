# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The lists of options that the roles keep are those of the modules."""

from __future__ import annotations

import pathlib
import re
import typing as t

import pytest
import yaml
from ansible_collections.cloudimage.glance.plugins.module_utils._argspec import CONNECTION, IMAGE_INFO

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROLES = ROOT / "roles"
# Options of image_info that choose no images, or that the role has a variable for.
NO_FILTERS = {"filters", "all_projects", "exactly", "members"}


def read(role: str, file: str) -> t.Any:
    return yaml.safe_load((ROLES / role / file).read_text())


def with_aliases(spec: dict[str, dict[str, t.Any]]) -> set[str]:
    return {name for option, rules in spec.items() for name in (option, *rules.get("aliases", ()))}


def test_image_retire_knows_the_filters_of_image_info() -> None:
    filters = {option: rules for option, rules in IMAGE_INFO.items() if option not in NO_FILTERS}
    assert set(read("image_retire", "vars/main.yml")["image_retire_known_filters"]) == with_aliases(filters)


@pytest.mark.parametrize("role", ["image_retire", "image_publish"])
def test_role_has_a_variable_for_each_connection_option(role: str) -> None:
    connection = read(role, "vars/main.yml")[f"{role}_connection"]
    assert re.findall(rf"'(\w+)': {role}_\1 \|", connection) == list(CONNECTION)
    documented = read(role, "meta/argument_specs.yml")["argument_specs"]["main"]["options"]
    assert {f"{role}_{option}" for option in CONNECTION} <= set(documented)


def test_audit_refuses_each_connection_option_of_image_retire_but_the_cloud() -> None:
    (play,) = yaml.safe_load((ROOT / "playbooks" / "audit.yml").read_text())
    refused = [f"image_retire_{option}" for option in CONNECTION if option != "cloud"]
    assert play["vars"]["audit_connection_variables"] == refused


def test_approved_retirement_refuses_each_variable_that_could_choose_other_images() -> None:
    play, _retirement = yaml.safe_load((ROOT / "examples" / "awx" / "retire_approved.yml").read_text())
    variables = {
        name.removeprefix("image_retire_") for name in read("image_retire", "vars/main.yml")["image_retire_variables"]
    }
    assert set(play["vars"]["refused_names"]) == {*variables, *CONNECTION} - {"cloud", "only_report"}


def test_image_publish_refuses_each_connection_option_among_the_options_of_the_image() -> None:
    assert with_aliases(CONNECTION) <= set(read("image_publish", "vars/main.yml")["image_publish_refused_options"])
