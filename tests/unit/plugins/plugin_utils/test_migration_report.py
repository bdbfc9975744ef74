# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

import textwrap

import pytest
from ansible_collections.cloudimage.glance.plugins.plugin_utils._migration_report import report
from ansible_collections.cloudimage.glance.plugins.plugin_utils._openstack_cloud import refusal


def found(text: str, kind: str = "") -> list[str]:
    """The findings as 'line kind option', all of them or those of one kind."""
    findings = report({"a.yml": textwrap.dedent(text)})
    return [f"{each.line} {each.kind} {each.text.split(':')[0]}" for each in findings if kind in each.kind]


PRIVATE = "visibility: private"


@pytest.mark.parametrize(
    "name",
    [
        *("os_image", "openstack.cloud.image", "openstack.cloud.os_image"),
        *("os_image_info", "os_image_facts", "openstack.cloud.image_info", "openstack.cloud.os_image_info"),
    ],
)
@pytest.mark.parametrize(
    ("form", "line"),
    [
        ("- {name}:\n    name: a\n    visibility: private\n", 1),
        ("- name: x\n  {name}: name=a visibility=private\n", 2),
        ("- name: x\n  action: {name} name=a visibility=private\n", 2),
        ("- local_action:\n    module: {name}\n    name: a\n    visibility: private\n", 1),
        ("- block:\n  - {name}: name=a\n    args:\n      visibility: private\n", 2),
        (
            "- hosts: all\n  tasks:\n  - block: []\n    rescue:\n    - {name}: {{name: a, visibility: private}}\n",
            5,
        ),
        ("- hosts: all\n  module_defaults:\n    {name}:\n      cloud: a\n", 3),
        ("- import_tasks: x.yml\n  module_defaults:\n    {name}: {{cloud: a}}\n", 3),
    ],
)
def test_all_names_and_places_of_the_modules_are_found(name: str, form: str, line: int) -> None:
    assert found(form.format(name=name)) == [f"{line} change {name}"]


@pytest.mark.parametrize(
    "text",
    [
        "- cloudimage.glance.image:\n    name: a\n",
        "- image:\n    name: a\n",
        "- os_server:\n    image: a\n",
        "os_image:\n  name: a\n",
        "- hosts: all\n  vars:\n    os_image: a\n  tasks: []\n",
        "- debug: msg=os_image\n",
        "",
        "--- a\n--- [1, b]\n",
    ],
)
def test_other_text_is_not_reported(text: str) -> None:
    assert found(text) == []


def test_short_names_count_with_the_collection() -> None:
    text = """\
        - hosts: all
          collections: [openstack.cloud]
          tasks:
            - image:
                name: a
                visibility: private
            - image_info:
        """
    assert found(text) == ["4 change image", "7 change image_info"]


@pytest.mark.parametrize("name", ["openstack.cloud.image", "cloudimage.glance.image"])
def test_the_text_about_a_refused_option_is_that_of_the_module(name: str) -> None:
    findings = report({"a.yml": f"- {name}:\n    name: a\n    {PRIVATE}\n    volume: v\n"})
    assert (findings[-1].line, findings[-1].kind, findings[-1].text) == (4, "change", refusal("image", "volume"))


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("name: a", ["1 differs visibility"]),
        ("name: a\n    is_public: false", []),
        ("name: a\n    state: absent", []),
        (f"name: a\n    {PRIVATE}\n    filename: f", ["1 differs disk_format"]),
        (f"name: a\n    {PRIVATE}\n    filename: f\n    disk_format: raw", []),
        (f"{PRIVATE}\n    name: 8f4c9f1e-0a1c-4f1f-9f8e-3a7c5b0f6a11", ["3 differs name"]),
        (f"{PRIVATE}\n    name: '{{{{ result.image.id }}}}'", ["3 differs name"]),
        (f"{PRIVATE}\n    name: '{{{{ image_id }}}}'", ["3 differs name"]),
        (f"{PRIVATE}\n    name: '{{{{ image_grid }}}}'", []),
        (f"{PRIVATE}\n    name: 'a*'", ["3 differs name"]),
        (f"{PRIVATE}\n    name: \"{{{{ a[0] ~ ('b' * 2) }}}}\"", []),
        (f"{PRIVATE}\n    name: a\n    tags: []", ["4 differs tags"]),
        (f"{PRIVATE}\n    name: a\n    tags: '{{{{ tags | default([]) }}}}'", ["4 differs tags"]),
        (f"{PRIVATE}\n    name: a\n    checksum: x", ["4 differs checksum"]),
        ("state: absent\n    name: a\n    checksum: x", ["4 differs checksum"]),
        (f"{PRIVATE}\n    name: a\n    owner: p", ["4 differs owner"]),
        (f"{PRIVATE}\n    name: a\n    project: p", ["4 differs project"]),
        (f"{PRIVATE}\n    name: a\n    owner: p\n    id: b", []),
        (f"{PRIVATE}\n    name: a\n    state: inactive", ["4 differs state"]),
    ],
)
def test_options_of_image_that_differ(options: str, expected: list[str]) -> None:
    assert found(f"- os_image:\n    {options}\n", "differs") == expected
    assert found(f"- cloudimage.glance.image:\n    {options}\n") == []


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("{}", []),
        ("{name: a}", []),
        ("{image: 'ubuntu-*'}", ["1 differs image"]),
        ("{name: 'ubuntu-?'}", ["1 differs name"]),
        ("{name: 8f4c9f1e-0a1c-4f1f-9f8e-3a7c5b0f6a11}", ["1 differs name"]),
        ("{name: [a, 8f4c9f1e-0a1c-4f1f-9f8e-3a7c5b0f6a11]}", ["1 differs name"]),
        ("{properties: {status: active}}", ["1 differs properties"]),
        ("{filters: {status: active}}", []),
        ("{filters: {uploaded_by: me}}", ["1 change filters"]),
        ("{wait: true}", ["1 change wait"]),
        ("{sdk_log_path: /x}", ["1 change sdk_log_path"]),
        ("'{{ options }}'", ["1 not checked os_image_info"]),
    ],
)
def test_options_of_image_info_that_differ(options: str, expected: list[str]) -> None:
    assert [line for line in found(f"- os_image_info: {options}\n") if not line.endswith("change os_image_info")] == expected


def test_defaults_of_the_group_are_reported() -> None:
    text = """\
        - hosts: all
          module_defaults:
            group/openstack.cloud.openstack:
              cloud: a
              sdk_log_path: /x
              timeout: 5
          tasks: []
        """
    assert found(text) == ["3 change group/openstack.cloud.openstack", "5 change sdk_log_path", "6 change timeout"]


@pytest.mark.parametrize(
    ("use", "expected"),
    [
        ("debug: msg={{ result.images }}", []),
        ("debug: msg={{ result.openstack_image.id }}", ["3 change openstack_image"]),
        ("debug: msg={{ result.images[0]['is_protected'] }}", ["3 change is_protected"]),
        ("debug: msg={{ result.images | map(attribute='os_distro') }}", ["3 change os_distro"]),
        ("debug: msg={{ result.images[0].properties.os_distro }}", []),
        ("debug: msg={{ result.images.0.direct_url }}", ["3 change direct_url"]),
        ("debug: msg={{ other.openstack_image }}", []),
        ("debug: msg={{ result.id }}", ["3 change id"]),
        ("debug: msg={{ result['id'] }}", ["3 change id"]),
        ("debug: msg={{ result.results[0].id }}", ["3 change id"]),
        ("debug: msg={{ result.results | map(attribute='id') }}", ["3 change id"]),
        ("debug: msg={{ item.id }}\n  loop: '{{ result.results }}'", ["3 change id"]),
        ("debug: msg={{ item.id }}\n  loop: '{{ result.images }}'", []),
        ("debug: msg={{ item.id }}\n  loop: \"{{ result.results | map(attribute='image') }}\"", []),
        ("debug: msg={{ result.results | map(attribute='image.id') }}", []),
        ("debug: msg={{ result.image.id ~ result.idle ~ item.id ~ other.result.id }}", []),
        ("when: result.images[0].owner_id == 'a'", ["3 change owner_id"]),
        ("debug: msg={{ item.hash_value }}\n  loop: '{{ result.images }}'", ["3 change hash_value"]),
        ("debug: msg={{ item.hash_value }}\n  loop: '{{ other }}'", []),
        (
            "debug: msg={{ x.is_hidden }}\n  with_items: '{{ result.images }}'\n  loop_control: {loop_var: x}",
            ["3 change is_hidden"],
        ),
        ("set_fact:\n    a: |\n      {{ result.images }}\n      {{ result.image.owner_id }}", ["6 change owner_id"]),
    ],
)
def test_results_with_other_names_are_reported(use: str, expected: list[str]) -> None:
    assert found(f"- cloudimage.glance.image_info:\n  register: result\n- {use}\n") == expected


def test_a_variable_counts_in_all_files() -> None:
    texts = {"b.yml": "- os_image_info:\n  register: r\n", "a.yml": "- debug: msg={{ r.openstack_image }}\n"}
    assert [(each.file, each.line) for each in report(texts)] == [("a.yml", 1), ("b.yml", 1)]


def test_what_ansible_adds_to_yaml_is_read() -> None:
    text = """\
        - os_image:
            name: !unsafe "a{{"
            visibility: private
            properties: !any [1]
            auth: !any {password: !vault "$ANSIBLE_VAULT;1.1;AES256"}
        - &anchor
          os_image: {name: a, visibility: private}
        - <<: *anchor
        """
    assert found(text) == ["1 change os_image", "7 change os_image"]


def test_a_file_that_is_not_yaml_is_reported() -> None:
    assert found("a: b\nc: [\n") == ["3 not checked This is not YAML"]


@pytest.mark.parametrize(
    "task",
    [
        "openstack.cloud.image:\n  args: '{{ image }}'",
        "openstack.cloud.image:\n    name: a\n  args: '{{ image }}'",
        "openstack.cloud.image: name=a\n  args: '{{ image }}'",
        "action: openstack.cloud.image name=a\n  args: '{{ image }}'",
        "openstack.cloud.image: '{{ image }}'",
    ],
)
def test_options_that_are_a_template_are_not_checked(task: str) -> None:
    assert found(f"- {task}\n") == ["1 change openstack.cloud.image", "1 not checked openstack.cloud.image"]


@pytest.mark.parametrize(
    "options",
    ["name: {{ a }}", "name: 2024-13-45", "[a", "name='a"],
)
def test_file_that_ansible_would_not_take_does_not_end_the_report(options: str) -> None:
    wrong = f"- openstack.cloud.image:\n    {options}\n" if ":" in options or "[" in options else f"- os_image: {options}\n"
    findings = report({"a.yml": wrong, "b.yml": "- os_image:\n    name: a\n    visibility: private\n"})
    assert [(each.file, each.kind) for each in findings] == [("a.yml", "not checked"), ("b.yml", "change")]


def test_options_that_cannot_be_split_are_not_shown() -> None:
    (finding,) = report({"a.yml": "- debug:\n- os_image: name=x auth={'password':'sesame state=absent\n"})
    assert (finding.line, finding.kind) == (2, "not checked")
    assert finding.text == "Ansible would not take these options: their quotes or braces do not match."


def test_encrypted_file_is_not_checked() -> None:
    assert found("$ANSIBLE_VAULT;1.1;AES256\n6162\n") == ["1 not checked This file is encrypted."]


def test_filters_that_are_a_template_are_not_checked() -> None:
    task = "- openstack.cloud.image_info:\n    filters: '{{ filters }}'\n"
    assert found(task) == ["1 change openstack.cloud.image_info", "2 not checked openstack.cloud.image_info"]


def test_variable_of_a_result_that_is_no_text_is_left_out() -> None:
    assert found("- os_image:\n    name: a\n    visibility: private\n  register: [a]\n") == ["1 change os_image"]
