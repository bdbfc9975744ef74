# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The result of a module that changes images, made from plans or from records of what was done. Pure."""

from __future__ import annotations

import typing as t

from .._glance.image import Image
from .._glance.image_hashes import HASH_PLACEHOLDER, identity_of_data
from .._glance.json_patch import Change
from .._glance.operations import ID_PLACEHOLDER, Operation
from .._glance.properties import SOURCE_CHECKSUM
from .execution_record import ExecutionRecord
from .plan import Plan

Work = t.Union[Plan, ExecutionRecord]  # noqa: UP007 # with "|" pylint finds an error for Python 3.9


def result_of(work: t.Sequence[Work], image: Image | None = None) -> dict[str, t.Any]:
    """What was changed, or in check mode would be; the module adds the images themselves.

    :param work: the records of what was done, or the plans of what would be.
    :param image: the image as the cloud then has it, where the plans did not know its id or the hash of its data.
    """
    changing = [each for each in work if each.changed]
    diffs = [_diff(each, image, with_id=len(changing) > 1) for each in changing]
    return {
        "changed": bool(changing),
        "changes": [_row(each, change, image) for each in changing for change in each.changes],
        "operations": [_shown(operation, each.image_id, image) for each in changing for operation in each.operations],
        "diff": diffs if len(diffs) > 1 else (diffs or [{"before": {}, "after": {}}])[0],
    }


def _diff(work: Work, image: Image | None, with_id: bool) -> dict[str, t.Any]:
    """What ``--diff`` shows of one image, with its name above both sides.

    :param with_id: whether its id stands there too, because the task is about several images of one name.
    """
    name = work.name or work.image_id or ""
    suffix = f" ({work.image_id})" if with_id else ""
    return {
        "before": dict(work.before),
        "after": {key: _filled(key, value, image) for key, value in work.after.items()},
        "before_header": f"{work.before.get('name') or name}{suffix}",
        "after_header": f"{name}{suffix}",
    }


def _row(work: Work, change: Change, image: Image | None) -> dict[str, t.Any]:
    return {
        "id": change.image_id or work.image_id or (image.get("id") if image else None),
        "attribute": change.attribute,
        "before": change.before,
        "after": (_filled_property if change.is_property else _filled)(change.key, change.after, image),
    }


def _filled(key: str, value: t.Any, image: Image | None) -> t.Any:
    """A planned value, with the id and the hash that only the cloud can tell."""
    if image is None or value is None:
        return value
    if key == "id" and value == ID_PLACEHOLDER:
        return image.get("id")
    if key == "properties":
        return {name: _filled_property(name, item, image) for name, item in value.items()}
    return value


def _filled_property(name: str, value: t.Any, image: Image | None) -> t.Any:
    """A planned property, with the hash that only the cloud can tell; a property may have an attribute's name."""
    if image and value is not None and name == SOURCE_CHECKSUM:
        return value.replace(HASH_PLACEHOLDER, identity_of_data(image))
    return value


def _shown(operation: Operation, image_id: str | None, image: Image | None) -> dict[str, t.Any]:
    # The call that makes an image has no id in its path, whatever comes after it has.
    new_id = image_id or (image.get("id") if image else None)
    operation = operation.of(new_id) if new_id else operation
    return (operation.with_hash(identity_of_data(image)) if image else operation).to_result()
