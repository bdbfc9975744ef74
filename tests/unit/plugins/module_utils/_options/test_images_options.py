# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._argspec import IMAGES_ENTRY
from ansible_collections.cloudimage.glance.plugins.module_utils._errors import InvalidInput
from ansible_collections.cloudimage.glance.plugins.module_utils._options.catalogue import PruneOptions
from ansible_collections.cloudimage.glance.plugins.module_utils._options.images import ImagesOptions
from ansible_collections.cloudimage.glance.tests.unit.plugins.module_utils.parsed import params_of

ID = "8f4c9f1e-0a1c-4f1f-9f8e-3a7c5b0f6a11"


def parse(*entries: dict[str, t.Any], **options: t.Any) -> ImagesOptions:
    defaults = {"parallel": 4, "catalogue": None, "prune": "keep", "prune_max": 10, "force": False}
    params = {"images": entries, **defaults, **options}
    return ImagesOptions.from_params(params, lambda entry: params_of(IMAGES_ENTRY, **entry))


def test_entries_keep_their_order() -> None:
    options = parse({"name": "b"}, {"name": "a", "state": "absent"}, parallel=32)
    assert [(image.selection.name, image.state) for image in options.images] == [("b", "present"), ("a", "absent")]
    assert options.parallel == 32
    assert parse({"name": "a"}, parallel=1).parallel == 1


def test_same_name_in_two_projects_means_two_images() -> None:
    assert len(parse({"name": "a", "owner": "p"}, {"name": "a", "owner": "q"}, {"id": ID, "name": "a"}).images) == 3


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ([{"name": "a"}, {"name": ""}], r"images\[1\] '': name: '' has 0 characters"),
        ([{"name": "a"}, {"id": "x"}], r"images\[1\] 'x': id: 'x' is not an image id"),
        ([{"name": "a"}, {"name": "a"}], r"images\[1\] 'a': another one in the list"),
        ([{"name": "a", "owner": "p"}, {"name": "a"}], r"images\[1\] 'a': another one in the list"),
        ([{"name": "a"}, {"name": "a", "owner": "p"}], r"images\[1\] 'a': another one in the list"),
        ([{"id": ID}, {"id": ID.upper()}], "another one in the list"),
    ],
)
def test_invalid_entries_are_rejected(entries: list[dict[str, t.Any]], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        parse(*entries)


@pytest.mark.parametrize("parallel", [0, 33])
def test_number_at_a_time_is_limited(parallel: int) -> None:
    with pytest.raises(InvalidInput, match="1 to 32 images at a time"):
        parse(parallel=parallel)


@pytest.mark.parametrize(
    ("given", "state", "status"),
    [
        ("present", "present", None),
        ("active", "present", "active"),
        ("deactivated", "present", "deactivated"),
        ("absent", "absent", None),
    ],
)
def test_state_of_an_entry(given: str, state: str, status: str | None) -> None:
    (image,) = parse({"name": "a", "state": given}).images
    assert (image.state, image.status) == (state, status)


def test_options_that_only_entries_take() -> None:
    build = {"url": "https://example.com/d", "checksum": "sha256:https://example.com/SUMS", "data_policy": "replace"}
    named = {"replaced": "keep", "replaced_name": "{name} ({version})"}
    (image,) = parse(
        {"name": "a", "version": "1.0", "mirrors": ["https://b", "", "https://c"], **build, **named}, catalogue="base"
    ).images
    assert (image.version, image.mirrors, image.catalogue) == ("1.0", ("https://b", "https://c"), "base")
    assert image.replaced_name == "{name} ({version})"


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"mirrors": ["https://example.com"]}, "mirrors: they need 'url' and 'checksum'"),
        ({"mirrors": ["https://example.com"], "url": "https://example.com"}, "mirrors: they need 'url' and 'checksum'"),
        ({"version": "1", "url": "https://example.com"}, "version: it needs a 'checksum'"),
        ({"version": ""}, "version: '' has 0 characters"),
        ({"replaced_name": "{name}"}, "the same name"),
        ({"replaced_name": "{id}"}, "replaced_name: it names a previous build"),
        ({"replaced_name": "{id}", "data_policy": "replace"}, "replaced_name: it names a previous build"),
        ({"replaced_name": "{id}", "replaced": "keep"}, "replaced_name: it names a previous build"),
    ],
)
def test_entry_options_that_do_not_go_together(entry: dict[str, t.Any], message: str) -> None:
    with pytest.raises(InvalidInput, match=rf"^images\[0\] 'a': .*{message}"):
        parse({"name": "a", **entry})


def test_prune_is_an_option_of_a_catalogue() -> None:
    assert parse({"name": "a"}, catalogue="base").prune is None
    options = {"catalogue": "base", "prune": "hide", "prune_max": 0, "force": True}
    assert parse({"name": "a"}, **options).prune == PruneOptions("base", "hide", 0, force=True)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"prune": "hide"}, "prune: it needs 'catalogue'"),
        ({"prune": "hide", "catalogue": "a b"}, "catalogue: 'a b' was given"),
        ({"catalogue": ""}, "catalogue: '' was given"),
        ({"prune": "hide", "catalogue": "a", "prune_max": -1}, "prune_max: -1 was given"),
    ],
)
def test_catalogue_options_that_do_not_go_together(options: dict[str, t.Any], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        parse({"name": "a"}, **options)


def test_empty_list_prunes_nothing() -> None:
    with pytest.raises(InvalidInput, match="images: the list is empty"):
        parse(catalogue="base", prune="delete")
    assert parse(catalogue="base").images == ()
