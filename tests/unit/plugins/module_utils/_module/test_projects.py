# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._errors import InvalidInput
from ansible_collections.cloudimage.glance.plugins.module_utils._module.projects import Projects
from ansible_collections.cloudimage.glance.plugins.module_utils._options.project import ProjectReference
from ansible_collections.cloudimage.glance.tests.unit.plugins.module_utils._module.cloud_tables import CloudTables

HEX = "0123456789abcdef" * 2
A = {"id": "a1", "name": "a", "domain_id": "d1"}


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        (ProjectReference("p"), "p"),
        (ProjectReference("own"), "p"),
        (ProjectReference("own", "default"), "p"),
        (ProjectReference("own", "Default"), "p"),
        (ProjectReference(HEX), HEX),
        (ProjectReference("8f4c9f1e-0a1c-4f1f-9f8e-3a7c5b0f6a11"), "8f4c9f1e-0a1c-4f1f-9f8e-3a7c5b0f6a11"),
    ],
)
def test_ids_and_the_own_name_cost_no_request(reference: ProjectReference, expected: str) -> None:
    cloud = CloudTables()
    assert Projects(cloud.api).id_of(reference) == expected
    assert cloud.requests == []


@pytest.mark.parametrize("may_list", [True, False])
def test_own_name_as_a_member_may_be_another_project(may_list: bool) -> None:
    """A share with the project that owns the image would be of no use."""
    cloud = CloudTables()
    cloud.may_list_projects = may_list
    own = {"id": "p", "name": "own", "domain_id": "default"}
    cloud.projects = [own]
    assert Projects(cloud.api).id_of(ProjectReference("own", option="members")) == "p"
    cloud.projects = [own, {"id": "other", "name": "own", "domain_id": "d2"}]
    with pytest.raises(InvalidInput, match="members: several projects have the name 'own'"):
        Projects(cloud.api).id_of(ProjectReference("own", option="members"))
    assert Projects(cloud.api).id_of(ProjectReference("own", "default", "members")) == "p"


def test_name_is_looked_up_once() -> None:
    cloud = CloudTables()
    cloud.projects = [A, {"id": "b1", "name": "b", "domain_id": "d1"}]
    projects = Projects(cloud.api)
    assert [projects.id_of(ProjectReference("a")) for _look in range(2)] == ["a1", "a1"]
    assert cloud.requests == ["projects a"]


def test_user_who_may_not_list_projects_lists_the_own_ones_once() -> None:
    cloud = CloudTables()
    cloud.projects, cloud.may_list_projects = [A, {"id": "b1", "name": "b"}], False
    projects = Projects(cloud.api)
    assert [projects.id_of(ProjectReference(name)) for name in ("a", "b")] == ["a1", "b1"]
    assert cloud.requests == ["projects a", "own projects", "projects b"]


@pytest.mark.parametrize("domain", ["d2", "two"])
def test_domain_selects_among_projects_of_one_name(domain: str) -> None:
    cloud = CloudTables()
    cloud.projects = [A, {"id": "a2", "name": "a", "domain_id": "d2" if domain == "d2" else "id of two"}]
    assert Projects(cloud.api).id_of(ProjectReference("a", domain)) == "a2"


def test_own_name_in_another_domain_is_another_project() -> None:
    cloud = CloudTables()
    cloud.projects = [{"id": "other", "name": "own", "domain_id": "d2"}]
    assert Projects(cloud.api).id_of(ProjectReference("own", "d2")) == "other"


def test_project_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(InvalidInput, match="there is no project 'x' in the domain 'd'"):
        Projects(CloudTables().api).id_of(ProjectReference("x", "d"))


def test_ambiguous_name_is_an_error_that_names_the_candidates() -> None:
    cloud = CloudTables()
    cloud.projects = [A, {"id": "a2", "name": "a", "domain_id": "d2"}]
    with pytest.raises(InvalidInput, match="'a': a1 in domain d1, a2 in domain d2"):
        Projects(cloud.api).id_of(ProjectReference("a"))
