# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""A cloud whose images, members and projects are tables: it is only read, without HTTP."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.cloudimage.glance.plugins.module_utils._errors import ApiError, ErrorResponse
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.image import Image

PROJECT = "p"


@dataclasses.dataclass
class Login:
    """What a connection shows of its login."""

    project_id: str | None = PROJECT
    is_admin: bool = False
    tells_project: bool = True
    project_name_and_domain: tuple[str, str, str] = ("own", "default", "Default")

    @property
    def is_plain_user(self) -> bool:
        return not self.is_admin


def image(image_id: str, name: str = "n", **fields: t.Any) -> Image:
    shown = {"status": "active", "owner": PROJECT, "visibility": "private", "os_hidden": False}
    return Image({"id": image_id, "name": name, **shown, **fields})


def refused(status: int) -> ApiError:
    return ApiError(ErrorResponse("GET", "/v2/images", status, "No."))


class CloudTables:
    """Answers from tables, and notes each request.

    :ivar states: what an image is at each look by its id, the last state again and again; for ids that are not listed here
        it is the table's image.
    """

    def __init__(self, *images: Image, login: Login | None = None) -> None:
        self.connection = login or Login()
        self.images = list(images)
        self.members: dict[str, dict[str, str]] = {}
        self.projects: list[dict[str, str]] = []
        self.may_list_projects = True
        self.states: dict[str, list[Image | None]] = {}
        self.requests: list[str] = []

    @property
    def api(self) -> t.Any:
        """The same, where a GlanceApi is expected."""
        return self

    def find_image(self, image_id: str, _base: str | None = None) -> Image | None:
        self.requests.append(f"show {image_id}")
        states = self.states.get(image_id)
        if states:
            return states.pop(0) if len(states) > 1 else states[0]
        return next((each for each in self.images if each.id == image_id), None)

    def list_images(self, query: t.Sequence[tuple[str, str]], _page_size: int = 0) -> t.Iterator[Image]:
        conditions = dict(query)
        self.requests.append(" ".join(["list", *(f"{key}={value}" for key, value in query)]))
        for each in self.images:
            if each.hidden == ("os_hidden" in conditions) and all(
                _is_one_of(each, key, conditions.get(key)) for key in ("id", "name", "owner")
            ):
                yield each

    def list_members(self, image_id: str) -> list[dict[str, str]]:
        self.requests.append(f"members {image_id}")
        if image_id not in self.members:
            raise refused(404)
        return [{"member_id": member, "status": status} for member, status in self.members[image_id].items()]

    def member_status(self, image_id: str, project: str) -> str | None:
        self.requests.append(f"member {image_id} {project}")
        return self.members.get(image_id, {}).get(project)

    def list_tasks(self, _image_id: str) -> list[dict[str, t.Any]]:
        return []

    def list_projects(self, query: t.Sequence[tuple[str, str]], own_only: bool = False) -> list[dict[str, str]]:
        self.requests.append("own projects" if own_only else f"projects {dict(query)['name']}")
        if not own_only and not self.may_list_projects:
            raise refused(403)
        return self.projects

    def list_domains(self, query: t.Sequence[tuple[str, str]]) -> list[dict[str, str]]:
        self.requests.append(f"domains {dict(query)['name']}")
        return [{"id": f"id of {dict(query)['name']}"}]


def _is_one_of(image: Image, key: str, condition: str | None) -> bool:
    """Whether an image meets a condition that names one value, or several."""
    if condition is None:
        return True
    several = condition.startswith("in:")
    return f'"{image.get(key)}"' in condition if several else condition.removeprefix("eq:") == image.get(key)
