# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The list of images in a catalogue's file."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.cloudimage.glance.plugins.filter.catalogue_images import FilterModule

catalogue_images = FilterModule().filters()["catalogue_images"]
DEFINITION = """
images:
  - {name: Mini, format: raw, login: root, status: active, visibility: private, versions: [{version: '1', url: 'URL'}]}
"""


@pytest.mark.parametrize(
    "text", ["[{name: a}, {name: b}]", "images:\n- name: a\n- name: b\n", '{"images": [{"name": "a"}, {"name": "b"}]}']
)
def test_images_of_a_file(text: str) -> None:
    assert catalogue_images(text, "f") == [{"name": "a"}, {"name": "b"}]


def test_images_of_osism() -> None:
    (entry,) = catalogue_images(DEFINITION.replace("URL", "https://example.com/disk"), "f", osism=True)
    assert (entry["name"], entry["url"]) == ("Mini 1", "https://example.com/disk")


@pytest.mark.parametrize("osism", ["false", "no", 0])
def test_osism_can_be_text(osism: object) -> None:
    assert catalogue_images("[{name: a}]", "f", osism=osism) == [{"name": "a"}]


def test_osism_that_is_neither_true_nor_false_is_an_error() -> None:
    with pytest.raises(AnsibleFilterError, match="catalogue_images: osism is 'perhaps'; allowed are true and false."):
        catalogue_images("[{name: a}]", "f", osism="perhaps")


@pytest.mark.parametrize("osism", [False, True])
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "/c/images.yml has no value. Allowed is a list of images"),
        ("images:\n", "/c/images.yml has no value in 'images'. Allowed is"),
        ("images: {a: geheim}", "/c/images.yml has a dictionary in 'images'. Allowed is"),
        ("{name: geheim, url: geheim}", "/c/images.yml has a dictionary without 'images', with the keys name, url. Allowed"),
        ("{}", "/c/images.yml has a dictionary without 'images', with no keys. Allowed"),
        ("geheim", "/c/images.yml has text. Allowed is"),
        ("2026-01-31", "/c/images.yml has a number, a date, true or false. Allowed is"),
        ("[{name: a}, geheim]", "/c/images.yml has text as image 2 of the list. Allowed is"),
        ("images: [[geheim]]", "/c/images.yml has a list in 'images' as image 1 of the list. Allowed is"),
        ("- password: geheim\n  - x", "/c/images.yml is not valid YAML: there is an error at line 2, column 3."),
        ("password: *geheim", "/c/images.yml is not valid YAML: there is an error at line 1, column 11."),
        ("password: !geheim x", "/c/images.yml is not valid YAML"),
        ("date: 2026-13-45", "/c/images.yml is not valid YAML"),
    ],
)
def test_file_without_a_list_of_images_is_an_error(text: str, message: str, osism: bool) -> None:
    with pytest.raises(AnsibleFilterError) as caught:
        catalogue_images(text, "/c/images.yml", osism=osism)
    assert str(caught.value).startswith(f"catalogue_images: {message}")
    assert "geheim" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "- &a {b: *a, password: geheim}",
        "- name: x\n  properties: &a\n    b: [*a]",
    ],
)
def test_file_with_values_without_end_is_an_error(text: str) -> None:
    with pytest.raises(AnsibleFilterError, match="catalogue_images: f has lists or dictionaries without end") as caught:
        catalogue_images(text, "f")
    assert "geheim" not in str(caught.value)


def test_file_with_too_many_nested_lists_is_an_error() -> None:
    """Some versions of libyaml refuse it before Python does."""
    with pytest.raises(AnsibleFilterError, match="f (has lists or dictionaries without end|is not valid YAML)"):
        catalogue_images("- {tags: " + "[" * 2000 + "]" * 2000 + "}", "f")


def test_values_of_definitions_without_end_are_an_error() -> None:
    text = DEFINITION.replace("login: root", "login: root, meta: &a {b: *a}")
    with pytest.raises(AnsibleFilterError, match="f: Image 'Mini': meta.b: a dictionary was given"):
        catalogue_images(text, "f", osism=True)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("ftp://me:geheim@example.com/disk", "f: Image 'Mini', version '1': there is no URL that .* ftp://example.com/disk"),
        (
            "https://example.com/disk', checksums_url: 'https://me:geheim@example.com/sums",
            "https://example.com/sums does not",
        ),
    ],
)
def test_errors_of_definitions_name_the_file_and_show_no_secret(url: str, message: str) -> None:
    with pytest.raises(AnsibleFilterError, match=message) as caught:
        catalogue_images(DEFINITION.replace("URL", url), "f", osism=True)
    assert "geheim" not in str(caught.value)
