# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

import datetime
import typing as t

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._errors import InvalidInput
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.image import Image
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.image_ids import derived_ids
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.image_names import (
    check_name_template,
    replaced_by,
    replaced_name,
    temporary_name,
)

OLD = Image({"id": "8f4c9f1e-0a1c-4f1f-9f8e-3a7c5b0f6a11", "name": "n", "created_at": "2026-11-20T10:15:00Z"})
NOW = datetime.datetime(2026, 11, 21, 0, 0, 1, tzinfo=datetime.timezone.utc)


def altered(image: Image, **fields: t.Any) -> Image:
    return Image({**image.fields, **fields})


NEW = Image(
    {
        "id": derived_ids("p1", temporary_name(OLD), NOW)[0],
        "name": temporary_name(OLD),
        "owner": "p1",
        "created_at": "2026-11-21T00:00:01Z",
    }
)


def test_long_names_are_cut_and_stay_different() -> None:
    for make in (temporary_name, replaced_name):
        assert len(make(altered(OLD, name="x" * 255))) == 255
        assert make(altered(OLD, name="x" * 255)) != make(altered(OLD, id="other", created_at="2027-01-01T00:00:00Z"))
    assert replaced_name(OLD) == "n-20261120T101500Z"


@pytest.mark.parametrize(
    ("fields", "template", "name"),
    [
        ({"cloudimage_version": "1.2"}, "{name} ({version})", "n (1.2)"),
        ({}, "{name} ({version})", "n (20261120T101500Z)"),
        ({}, "{created}/{id}", f"20261120T101500Z/{OLD.id}"),
        # A name is no template.
        ({"name": "{id}"}, "{name}-{created}", "{id}-20261120T101500Z"),
        ({"name": "x" * 255, "cloudimage_version": "1"}, "{name} ({version})", "x" * 251 + " (1)"),
        ({"name": "x" * 200, "cloudimage_version": "1"}, "{name}{name}{version}", "x" * 254 + "1"),
        ({"cloudimage_version": "1" * 255}, "{version}-{name}", "1" * 255),
        ({"name": "abc", "cloudimage_version": "1" * 255}, "{name}-{version}", "-" + "1" * 254),
        ({"cloudimage_version": "1" * 255}, "{version}{created}", "1" * 255),
    ],
)
def test_template_of_the_name(fields: dict[str, t.Any], template: str, name: str) -> None:
    assert check_name_template(template) == template
    assert replaced_name(altered(OLD, **fields), template) == name


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("{name}-{date}", "allowed are text and the fields {name}, {version}, {created}, {id}"),
        ("{name!r}{id}", "allowed are text"),
        ("{name}{id", "allowed are text"),
        ("}{id}", "allowed are text"),
        ("{{id}}", "allowed are text"),
        ("old", "the same name"),
        ("", "the same name"),
        ("{name}-old", "the same name"),
    ],
)
def test_template_that_is_refused(template: str, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        check_name_template(template)


def test_image_that_a_new_one_is_to_replace() -> None:
    old = replaced_by(NEW, None)
    assert old is not None
    assert (old.id, old.name) == (OLD.id, "n")
    assert replaced_by(OLD, None) is None
    assert replaced_by(altered(NEW, id=OLD.id), None) is None
