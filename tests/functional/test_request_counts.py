# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The requests that a task sends to Glance: no more than these, and no request for the versions of the Image API."""

from __future__ import annotations

import json
import typing as t

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._module import image_info

from .cloud import FORMATS, USER_AGENT, Cloud, Json, Sandbox, forget_the_cloud

LIST, SHOW = "GET /v2/images", "GET /v2/images/ID"
MEMBERS, ADD_MEMBER = "GET /v2/images/ID/members", "POST /v2/images/ID/members"
# The module, its options, and what is sent.
EXPECTED_REQUESTS: dict[str, tuple[str, Json, list[str]]] = {
    "unchanged by name": ("image", {"name": "NAME", "tags": ["t"]}, [LIST]),
    "unchanged by id": ("image", {"id": "ID", "tags": ["t"]}, [SHOW]),
    "create": ("image", {"name": "NEW", "tags": ["t"], "properties": {"a": 1}}, [LIST, LIST, "POST /v2/images"]),
    "create with a file": (
        "image",
        {"name": "NEW", "path": "PATH", **FORMATS},
        [LIST, LIST, "POST /v2/images", "PUT /v2/images/ID/file", SHOW],
    ),
    "update": ("image", {"name": "NAME", "tags": [], "properties": {"a": 1}}, [LIST, "PATCH /v2/images/ID"]),
    "update by id": ("image", {"id": "ID", "protected": True}, [SHOW, "PATCH /v2/images/ID"]),
    "unchanged with members": ("image", {"name": "NAME", "members": []}, [LIST, MEMBERS]),
    "share with two projects": (
        "image",
        {"name": "NAME", "members": ["0" * 32, "1" * 32]},
        [LIST, MEMBERS, ADD_MEMBER, ADD_MEMBER, MEMBERS],
    ),
    "create and share": (
        "image",
        {"name": "NEW", "members": ["0" * 32]},
        [LIST, LIST, "POST /v2/images", ADD_MEMBER, MEMBERS],
    ),
    "delete": ("image", {"name": "NAME", "state": "absent"}, [LIST, LIST, "DELETE /v2/images/ID", SHOW]),
    "delete by id": ("image", {"id": "ID", "state": "absent"}, [SHOW, "DELETE /v2/images/ID", SHOW]),
    "delete and not wait": ("image", {"id": "ID", "state": "absent", "wait": False}, [SHOW, "DELETE /v2/images/ID"]),
    "absent already": ("image", {"name": "NEW", "state": "absent"}, [LIST, LIST]),
    "deactivate": (
        "image_state",
        {"name": ["NAME"], "state": "deactivated"},
        [LIST, "GET /", "POST /v2/images/ID/actions/deactivate", SHOW],
    ),
    "active already": ("image_state", {"id": ["ID"], "state": "active"}, [SHOW]),
    "list by name": ("image_info", {"name": ["NAME"]}, [LIST]),
    "list with members": ("image_info", {"name": ["NAME"], "members": True, "exactly": 1}, [LIST, f"{SHOW}/members"]),
    "list a missing name": ("image_info", {"name": ["NEW"]}, [LIST]),
    # The second request checks whether the cloud supports the filter operator or took it for a name.
    "list two missing names": ("image_info", {"name": ["NEW", "NEWER"]}, [LIST, LIST]),
}


@pytest.mark.parametrize("task", EXPECTED_REQUESTS)
def test_task_sends_exactly_these_requests(alice: Cloud, name: str, path: str, task: str) -> None:
    image = alice.make(name, b"data", tags=["t"])
    module, options, requests = EXPECTED_REQUESTS[task]
    text = json.dumps(options)
    for placeholder, value in (("NAME", name), ("NEW", f"{name}-new"), ("PATH", path), ("ID", image["id"])):
        text = text.replace(f'"{placeholder}"', json.dumps(value))
    forget_the_cloud()
    assert alice.run(module, **json.loads(text)).succeeded().sent == requests


@pytest.mark.parametrize(("images", "pages"), [(5, 3), (6, 4), (1, 1)])
def test_list_sends_one_request_a_page(
    alice: Cloud, name: str, monkeypatch: pytest.MonkeyPatch, images: int, pages: int
) -> None:
    """Glance does not say whether a full page is the last one."""
    monkeypatch.setattr(image_info, "PAGE_SIZE", 2)
    for _image in range(images):
        alice.make(name, tags=[name])
    outcome = alice.unchanged("image_info", tags=[name])
    assert len(outcome.images) == images
    assert outcome.sent == [LIST] * pages


def test_login_sends_two_requests_to_keystone(alice: Cloud, sandbox: Sandbox, name: str, password_auth: t.Any) -> None:
    """Before the login keystoneauth reads the versions of the Identity API once."""
    with sandbox.recorded_at_keystone() as recorded:
        alice.run("image_info", connection={"auth": password_auth, "api_timeout": 59}, name=[name]).succeeded()
    found = [f"{entry['method']} {entry['path']}" for entry in recorded if USER_AGENT in entry["user_agent"]]
    assert found == ["GET /v3", "POST /v3/auth/tokens"]
