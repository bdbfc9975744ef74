# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""Pruning: what is done to the images of a catalogue that the list does not name any more."""

from __future__ import annotations

import dataclasses
import typing as t

from .._argspec import IMAGE
from .._client.image_api import GlanceApi
from .._errors import GlanceError, InvalidInput
from .._glance.image import Image
from .._glance.properties import CATALOGUE
from .._options.catalogue import PruneOptions
from .._plan.catalogue import CatalogueEntries, check_limits, plan_prune, unlisted
from .._plan.data_state import in_transit
from .._plan.execution_record import ExecutionRecord
from .._plan.plan import Plan
from .._plan.result import result_of
from .._transfer.imports import dead_import
from .apply import apply_plans, perform_plan
from .concurrent_runs import is_abandoned_upload
from .deletion import delete
from .state_change import change_state
from .task import failure

# The module images has the option for each image of its list, and none for those that it prunes.
WAIT = IMAGE["wait_timeout"]["default"]

Outcome = dict[str, t.Any]


@dataclasses.dataclass(frozen=True)
class Pruning:
    """Finds and prunes the images of a catalogue that are no longer listed.

    :param listed: what the task's list names.
    """

    api: GlanceApi
    options: PruneOptions
    listed: CatalogueEntries

    def find(self) -> list[Image]:
        """The images of the catalogue that are no longer listed; two requests."""
        connection = self.api.connection
        if not connection.tells_project or connection.project_id is None:
            raise InvalidInput("prune: this login is for no project, and only images of the login's own project are pruned.")
        query = ((CATALOGUE, self.options.catalogue), ("owner", connection.project_id), ("visibility", "all"))
        found = [*self.api.list_images(query), *self.api.list_images((*query, ("os_hidden", "true")))]
        return unlisted(found, self.options.catalogue, connection.project_id, self.listed)

    def check(self, images: t.Sequence[Image]) -> None:
        """Refuse to prune these images if that is more than the task allows, or the cloud cannot do it."""
        plans = [plan_prune(image, self.options.action, force=True) for image in images]
        changed = [image for image, plan in zip(images, plans, strict=True) if plan.changed]
        check_limits(changed, self.options)
        self.api.check_supported(operation for plan in plans for operation in plan.operations)

    def still_unlisted(self, images: t.Sequence[Image]) -> list[Image]:
        """Those of the images that are to be pruned still, as they are now: the list may have taken hours to apply."""
        ids = {image.id for image in images}
        return [image for image in self.find() if image.id in ids] if images else []

    def prune(self, check_mode: bool, image: Image) -> Outcome:
        """Prune one image; a failure is part of the outcome, so that the others are pruned all the same."""
        named = {"id": image.id, "name": image.name, "action": self.options.action, "failed": False}
        try:
            plans = [self._plan(image)]
            if check_mode:
                return {**named, **result_of(plans)}
            return {**named, **result_of(apply_plans(plans, lambda: self._plan_again(image), self._carry_out))}
        except GlanceError as error:
            return {**named, **result_of([]), **failure(error)}

    def _plan_again(self, image: Image) -> list[Plan]:
        return [self._plan(each) for each in self.still_unlisted([image])]

    def _plan(self, image: Image) -> Plan:
        # Somebody may have protected it since all were checked, to keep it.
        plan = plan_prune(image, self.options.action, self.options.force)
        if plan.changed and self.options.action == "hide" and in_transit(image) and not self._is_given_up(image):
            raise InvalidInput(
                f"prune: {image} has the status '{image.status}': its data are being stored, and Glance would show it again"
                " at the end of that. It was left as it is. Run the task again once the image is active."
            )
        return plan

    def _is_given_up(self, image: Image) -> bool:
        """Whether no data will be stored in the image any more."""
        return is_abandoned_upload(image) or bool(dead_import(self.api, image))

    def _carry_out(self, plan: Plan, record: ExecutionRecord) -> None:
        if self.options.action == "delete":
            delete(self.api, plan, record, WAIT)
        elif self.options.action == "deactivate":
            change_state(self.api, plan, record, "deactivated")
        else:
            perform_plan(self.api, plan, record)
            record.complete(plan)
