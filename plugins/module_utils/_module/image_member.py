# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The run of the module image_member: sharing an image with a project, and the project's answer."""

from __future__ import annotations

import typing as t

from .._argspec import IMAGE_MEMBER
from .._client.image_api import GlanceApi
from .._errors import GlanceError, InvalidInput
from .._glance.image import Image
from .._glance.list_query import equals_filter
from .._options.image_member import ImageMemberOptions
from .._plan.execution_record import ExecutionRecord
from .._plan.members import PENDING, Members, check_can_have_members, warnings_of_hidden_members
from .._plan.plan import Plan, plan_members
from .._plan.result import result_of
from .apply import apply_plans, perform_operations
from .lookup import check_name_is_no_id, find_by_id, find_by_name, matches_hidden_filter, only_one, query_for_names
from .members import change_member, ensure_members
from .projects import Projects
from .task import Task


def run(api: GlanceApi, options: ImageMemberOptions, check_mode: bool) -> dict[str, t.Any]:
    """Share an image, end sharing it, or answer for the project that it is shared with."""
    projects = Projects(api)
    member = projects.id_of(options.member) if options.member else api.connection.project_id
    if member is None:
        raise InvalidInput("member: this login does not show its project; name the project that the image is shared with.")
    request = MemberRequest(api, options, member, projects)
    plan = request.make_plan()
    if check_mode or not plan.changed:
        return {**result_of([plan]), "member": request.predicted(plan), "warnings": request.warnings}
    record = apply_plans([plan], lambda: [request.make_plan()], request.execute)[0]
    shown = request.confirm_member(record)
    return {**result_of([record]), "member": shown, "warnings": request.warnings}


class MemberRequest:
    """What one task wants of one image and one project.

    :param member: id of the project.
    """

    def __init__(self, api: GlanceApi, options: ImageMemberOptions, member: str, projects: Projects) -> None:
        self._api = api
        self._projects = projects
        self._options = options
        self._member = member
        self._wanted: str | None = None  # the status that the project is to have; null if it is to be no member
        self.warnings: list[str] = []

    def make_plan(self) -> Plan:
        """Find the image and its member, and plan what is to be done."""
        state = self._options.state
        status: str | None
        if self._options.is_answer:
            image, status = self._find_share()
            self._wanted = state
        else:
            image = self._find_own_image()
            if state == "present":
                check_can_have_members(image, image.visibility, "state")
            else:
                self.warnings = list(warnings_of_hidden_members(image, image.visibility))
            status = self._api.member_status(image.id, self._member)
            if status is None and state == "absent":
                self._check_sees_members(image)
            self._wanted = (status or PENDING) if state == "present" else None
        return plan_members(image, self._as_members(status), self._as_members(self._wanted))

    def _as_members(self, status: str | None) -> dict[str, str]:
        return {} if status is None else {self._member: status}

    def execute(self, plan: Plan, record: ExecutionRecord) -> None:
        """Make the call of the plan."""
        perform_operations(self._api, plan, lambda each: change_member(self._api, each, record))
        record.complete(plan)

    def _without_member(self, members: Members) -> Members:
        return {project: status for project, status in members.items() if project != self._member}

    def predicted(self, plan: Plan) -> dict[str, t.Any] | None:
        """The member as it then is."""
        return self._shown(str(plan.image_id), self._wanted)

    def confirm_member(self, record: ExecutionRecord) -> dict[str, t.Any] | None:
        """The member as the cloud then has it; it is an error if that is not what the task wants.

        A member that Glance has kept twice is removed again.
        """
        image_id = str(record.image_id)
        status = self._api.member_status(image_id, self._member)
        if self._options.state == "absent":
            if status is not None:
                ensure_members(self._api, image_id, self._without_member, record)
            return None
        # The project may answer at any time, which is no concern of the owner's.
        is_as_wanted = status is not None if self._options.state == "present" else status == self._wanted
        if not is_as_wanted:
            raise GlanceError(
                f"Project {self._member} should be {self._options.state} at image {image_id} now, but its status is"
                f" '{status or 'absent'}'. Another process may have changed it; run the task again."
            )
        return self._shown(image_id, status)

    def _shown(self, image_id: str, status: str | None) -> dict[str, t.Any] | None:
        return None if status is None else {"image_id": image_id, "member_id": self._member, "status": status}

    def _find_own_image(self) -> Image:
        """The image to share: of the login's project, or of the one that the task names as the owner."""
        options, api = self._options, self._api
        if options.image_id:
            image = find_by_id(api, options.image_id)
            if image is None:
                raise InvalidInput(f"There is no image with the id '{options.image_id}'. Nothing was changed.")
            return image
        owner = self._projects.id_of(options.owner) if options.owner else api.connection.project_id
        found = find_by_name(api, str(options.name), owner, hidden_too=True)
        if not found:
            raise InvalidInput(
                f"There is no image with the name '{options.name}' in the project {owner}. Nothing was changed. Give its"
                " 'id', or its project as 'owner'."
            )
        return only_one(found, f"name: '{options.name}'", "Give the 'id' of the one that is meant.")

    def _check_sees_members(self, image: Image) -> None:
        """Fail, or warn if the login's rights are not known, where Glance may hide the share.

        It shows a member to the owner's project, to administrators and to the member itself.
        """
        connection = self._api.connection
        is_shown = image.owner in (None, connection.project_id) or self._member == connection.project_id
        if is_shown or connection.is_admin or not connection.tells_project:
            return
        if not connection.is_plain_user:
            self.warnings.append(
                f"{image} belongs to another project, {image.owner}. Unless this login has an administrator's rights, Glance"
                " hides from it with which other projects the image is shared."
            )
            return
        raise InvalidInput(
            f"{image} belongs to another project, {image.owner}, and only that one can see and end its shares. Nothing was"
            " changed. Log in for that project, or, for a share with your own, use 'state: rejected'."
        )

    def _find_share(self) -> tuple[Image, str]:
        """The image that is shared with the project, whatever the project has answered, and that answer."""
        options, api = self._options, self._api
        candidates = self._find_by_id() if options.image_id else self._find_shared_by_name()
        statuses = {image.id: api.member_status(image.id, self._member) for image in candidates}
        shares = [image for image in candidates if statuses[image.id] is not None]
        if not shares:
            what = f"id '{options.image_id}'" if options.image_id else f"name '{options.name}'"
            raise InvalidInput(
                f"No image with the {what} is shared with the project {self._member}. Nothing was changed. The owner of the"
                " image has to share it first ('state: present')."
            )
        image = only_one(shares, f"name: '{options.name}'", "Give its 'id', or its 'owner'.")
        return image, str(statuses[image.id])

    def _find_by_id(self) -> list[Image]:
        image = find_by_id(self._api, str(self._options.image_id))
        return [image] if image else []

    def _find_shared_by_name(self) -> list[Image]:
        name, owner = str(self._options.name), self._options.owner
        owner_id = self._projects.id_of(owner) if owner else None
        found: dict[str, Image] = {}
        for hidden in (False, True):
            query = (*query_for_names(equals_filter(name), None, hidden), ("visibility", "shared"), ("member_status", "all"))
            for image in self._api.list_images(query):
                is_of_owner = owner_id is None or image.get("owner", owner_id) == owner_id
                if (
                    image.name == name
                    and matches_hidden_filter(image, hidden)
                    and image.owner != self._member
                    and is_of_owner
                ):
                    found.setdefault(image.id, image)
        if not found:
            check_name_is_no_id(self._api, name)
        return list(found.values())


TASK = Task(
    run,
    IMAGE_MEMBER,
    ImageMemberOptions.from_params,
    constraints={"required_one_of": [("name", "id")], "mutually_exclusive": [("name", "id")]},
)
