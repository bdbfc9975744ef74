# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""Cases that have found defects. They are tried each time, before the generated ones."""

from __future__ import annotations

import dataclasses
import typing as t

from ..cloud import FORMATS, Json
from .cases import File, Interrupted, Name, Overlapping, Project, Single, Start, Task, checksum_of, record_of

ONE: Json = {"name": Name("one")}
REPLACE: Json = {"data_policy": "replace", **FORMATS}
PLAIN: Json = {"visibility": "private", "protected": False, "os_hidden": False, "tags": [], "properties": {}}


def _image(owner: str = "alice", **attributes: t.Any) -> Start:
    return Start(owner, "one", "active", {**PLAIN, **attributes})


def _task(options: Json, who: str = "alice") -> Task:
    return Task(who, "image", {**ONE, **options})


INTERRUPTED_TASK = _task({"path": File("long"), **REPLACE, "protected": True, "properties": {"p": "1"}})
PRIVATE_TASK = _task({"path": File("long"), **REPLACE, "visibility": "private"})
INACTIVE_TASK = _task({"path": File("long"), **REPLACE, "state": "inactive"})
ABSENT = _task({"state": "absent", "force": True})
OTHER_DATA = _task({"path": File("other"), "checksum": checksum_of("sha256", "other"), **REPLACE})

OF_CANDIDATE = {"path": File("long"), **REPLACE}
PREPARE = _task({**OF_CANDIDATE, "candidate": "prepare"})
IMPORTED = {"path": File("long"), "import_method": "glance-direct", **FORMATS}

_SHARED_WITH_ADMIN = {"visibility": "shared", "members": [Project("admin")]}
ON_ATTRIBUTES = [
    # Glance hid the members while the image was private, so check mode did not know that the project is one already.
    Single([_image()], _task(_SHARED_WITH_ADMIN), (_task(_SHARED_WITH_ADMIN), _task({"visibility": "private"}))),
]
ON_DATA = [
    # The record of a source that the image's data do not come from was trusted.
    Single([_image(properties=record_of("sha256", "other"))], OTHER_DATA),
    # An administrator's login changed another project's image as if it were its own.
    Single([_image("alice")], _task({"path": File("other"), **REPLACE}, "admin")),
]
_CATALOGUE = Task("alice", "images", {"catalogue": Name("c"), "prune": "delete", "images": [{"name": Name("two")}]})
CATALOGUES = [
    # A copy of an image of the catalogue, made by Nova or Cinder, was pruned like the image.
    Single([dataclasses.replace(_image(), catalogue="c", is_copy=is_copy) for is_copy in (False, True)], _CATALOGUE),
]
INTERRUPTED = [
    # The new image had the name and all that the task says, and newer data lost it.
    Interrupted([_image(tags=["t"])], INTERRUPTED_TASK, 3, False, _task({"path": File("other"), **REPLACE})),
    # The new image had its data and was still hidden, and stayed so when the next task wanted the old data.
    Interrupted([_image(tags=["t"])], INTERRUPTED_TASK, 2, False, _task({"path": File("same"), **REPLACE})),
    # The new image was private already, and the members of the old one, which is shared, were looked for at both.
    Interrupted([_image(visibility="shared")], PRIVATE_TASK, 2, False, PRIVATE_TASK),
    Interrupted([_image(visibility="shared")], PRIVATE_TASK, 3, False, PRIVATE_TASK),
    # The new image was deactivated already, and Glance did not show its stores.
    Interrupted([_image()], INACTIVE_TASK, 3, False, INACTIVE_TASK),
    # An import failed after its run was killed, and the next run waited for it.
    Interrupted(
        [],
        _task(
            {"path": File("same"), **FORMATS, "disk_format": "qcow2", "import_method": "glance-direct", "inspect": "never"}
        ),
        2,
        True,
        _task({"path": File("same"), **FORMATS}),
    ),
]
OF_CANDIDATES = [
    # The promotion of a first image left it active, and the second run deactivated it.
    Single([], _task({**OF_CANDIDATE, "state": "inactive", "candidate": "promote"}), (PREPARE,)),
]
INTERRUPTED_CANDIDATES = [
    # The candidate was deactivated already, and Glance did not show its stores.
    Interrupted(
        [_image()],
        _task({**OF_CANDIDATE, "state": "inactive", "candidate": "promote"}),
        0,
        True,
        _task({**OF_CANDIDATE, "state": "inactive", "candidate": "promote"}),
        (PREPARE,),
    ),
]
OVERLAPPING = [
    # Both lifted the protection, and the second deletion was answered 404.
    Overlapping([_image(protected=True)], (ABSENT, ABSENT), [0, 1]),
    # Both made a new image.
    Overlapping([_image(protected=True, tags=["t"])], (OTHER_DATA, OTHER_DATA), [0, 1] * 10),
    Overlapping([_image()], (OTHER_DATA, _task({"path": File("long"), **REPLACE})), [0, 1] * 10),
    # The second deactivated the image as soon as it had the data that the first had sent, and the first failed.
    Overlapping(
        [Start("alice", "one", "queued", PLAIN)],
        (
            _task({**IMPORTED, "tags": ["u"]}),
            _task({**IMPORTED, "state": "inactive", "tags": ["t", "u"], "stores": ["fast"]}),
        ),
        [0, 1, 0, 1, 0, 0, 0] + [1] * 14,
    ),
]
