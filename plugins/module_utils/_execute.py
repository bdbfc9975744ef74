# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""Carrying plans out: the calls in order, and what to do when one fails or the world has moved since the plan was made."""

from __future__ import annotations

import datetime
import typing as t
import uuid

from ._api import GlanceApi
from ._attributes import Image
from ._deliver import DataStillInTransit, Delivery, await_others_data
from ._errors import ApiError, ConnectionProblem, GlanceError, present
from ._hints import hint
from ._image_hashes import identity_of_data
from ._operations import ADD_MEMBER, CREATE, DATA_CALLS, DEACTIVATE, DELETE, NEW_IMAGE_ID, REACTIVATE, UPDATE, Operation
from ._plan import Plan, attributes_only, is_copy, joined, removal, set_protection
from ._replace import derived_ids
from ._timing import TIMING
from ._transfer import Deadline, Poll, WrongData

# Refusals that come of the image not being any more as it was read: gone, changed, or (410) gone while data were sent.
MOVED = frozenset({404, 409, 410})

# What says that somebody else, who replaces the same image at the same time, has done a call already.
DONE_ALREADY = {DELETE: 404, ADD_MEMBER: 409}

Done = t.TypeVar("Done")


class DeletionUnconfirmed(GlanceError):
    """The cloud took a deletion, and it was not seen that the image is gone."""


class Overtaken(Exception):
    """The image is not any more as the plan found it.

    :param patched: whether it was made or its attributes were changed, as planned, before that came to light.
    """

    others_done = False  # whether other images of the task were changed before

    def __init__(self, error: ApiError, patched: bool = False) -> None:
        super().__init__(str(error))
        self.error = error
        self.patched = patched


def carry_out(
    plans: list[Plan], make_plans: t.Callable[[], list[Plan]], execute: t.Callable[[Plan], Done]
) -> tuple[list[Plan], list[Done | None]]:
    """Execute the plans that change something; returns them, and what ``execute`` made of each (null where unchanged).

    If somebody else was faster, so that a call is refused, everything is read and planned once more. If that comes to the
    same calls, the refusal had another reason and is the error.
    """
    try:
        return plans, _execute_all(plans, execute)
    except Overtaken as overtaken:
        again = plans if overtaken.others_done else make_plans()
        if [plan.operations for plan in again] == [plan.operations for plan in plans]:
            raise overtaken.error from overtaken
        patched = [attributes_only(plan) for plan in plans] if overtaken.patched else []
    try:
        results = _execute_all(again, execute)
    except Overtaken as overtaken:
        raise overtaken.error.explained("The image stays as it is now; run the task again.") from overtaken
    return [joined(*pair) for pair in zip(patched, again, strict=True)] if patched else again, results


def _execute_all(plans: t.Sequence[Plan], execute: t.Callable[[Plan], Done]) -> list[Done | None]:
    results: list[Done | None] = []
    try:
        # Not a comprehension: what was done before an error counts.
        for plan in plans:
            results.append(execute(plan) if plan.changed else None)  # noqa: PERF401
    except Overtaken as overtaken:
        overtaken.others_done = _with_done(overtaken.error, plans, results)
        raise
    except GlanceError as error:
        _with_done(error, plans, results)
        raise
    return results


def _with_done(error: GlanceError, plans: t.Sequence[Plan], results: t.Sequence[t.Any]) -> bool:
    """Add to the error which images were changed before it; returns whether there are any."""
    done = [str(plan.image_id) for plan, _result in zip(plans, results, strict=False) if plan.changed]
    if done:
        error.message = f"{error.message} Before it, these were changed: {', '.join(done)}."
    return bool(done)


def perform_all(api: GlanceApi, plan: Plan, call: t.Callable[[Operation], None]) -> None:
    """Make the calls of a plan.

    A refusal gets its hint. One that comes of the image having changed is Overtaken, if nothing was done but the attributes.
    """
    owner = (plan.image or plan.before).get("owner")
    for operation in plan.operations:
        first = operation is plan.operations[0]
        try:
            call(operation)
        except ApiError as error:
            error.explained(hint(error, owner, api.connection.project_id))
            data = operation.call in DATA_CALLS
            if error.status in MOVED and not plan.replaced and (data or (first and plan.image_id)):
                raise Overtaken(error, patched=not first) from error
            if plan.image_id and not first and data:
                error.explained("The image's attributes were changed before it, as the task has them.")
            raise


class Maker:
    """Carries out the calls that make one image, or change it, one after the other."""

    def __init__(self, api: GlanceApi, plan: Plan, delivery: Delivery | None) -> None:
        self._api = api
        self._plan = plan
        self._delivery = delivery
        self._create_call = next((operation for operation in plan.operations if operation.call is CREATE), None)
        self.image: Image = {"id": plan.image_id} if plan.image_id else {}
        self.made = False

    def perform(self, operation: Operation) -> None:
        if operation.call is CREATE:
            self.image = self._create(operation)
            self.made = True
            return
        if self._delivery and operation.call in DATA_CALLS:
            image_id = self._delivery.perform(operation.of(self.image["id"]), self._remake if self.made else None)
            self.image = {**self.image, "id": image_id}
            if operation is self._last_of_data():
                self.image = self._delivery.await_and_verify(image_id)
            return
        operation = operation.of(self.image["id"]) if self.image else operation
        try:
            answer = self._api.perform(operation.with_hash(identity_of_data(self.image)) if self.image else operation)
        except ApiError as error:
            if error.status != DONE_ALREADY.get(operation.call):
                raise
            return
        if answer and answer["id"] == self.image.get("id"):
            self.image = answer
        elif operation.call is DELETE and self._delivery and self._delivery.waits:
            # However long the data took: a deletion has some time of its own.
            await_gone(
                self._api, str(operation.image_id), Deadline(max(TIMING.min_delete_timeout, self._delivery.deadline.left))
            )

    def _last_of_data(self) -> Operation | None:
        """The call after which the data should be there; copies to other stores come after it."""
        data = [each for each in self._plan.operations if each.call in DATA_CALLS and not is_copy(each)]
        return data[-1] if data else None

    def _remake(self) -> str:
        self.image = self._create(present(self._create_call))
        return str(self.image["id"])

    def _create(self, operation: Operation) -> Image:
        body = operation.body
        if body["id"] != NEW_IMAGE_ID:
            return self._make(operation)
        project = body.get("owner") or self._api.connection.project_id
        for image_id in new_image_ids(project, body["name"], TIMING.utc_now().date()):
            try:
                return self._make(operation.of(image_id))
            except ApiError as error:
                if error.http_status != 409:
                    raise
                refused = error
                taken = self._api.find_image(image_id)
                if taken and taken.get("name") == body["name"] and taken.get("owner") == project:
                    if self._plan.has_data:
                        await_others_data(self._api, image_id, self._delivery.deadline.left if self._delivery else None)
                    raise Overtaken(error) from error
        raise refused

    def _make(self, operation: Operation) -> Image:
        try:
            return self._api.perform(operation) or {}
        except (ApiError, ConnectionProblem):
            raise
        except GlanceError as error:  # it is answered with what is not the image that was asked for
            _explain(error, f"Image {operation.body['id']} may have been made, and is left as it is; run the task again.")
            raise


def create_or_update(api: GlanceApi, plan: Plan, delivery: Delivery | None) -> Image:
    """Carry out the plan for an image that is to be present; returns the image as the cloud then has it.

    A new image whose data do not arrive whole is deleted again. One that was there before stays as it is, without data; if
    it got the wrong ones, which cannot be taken from it, it is deactivated, so that nobody uses them.
    """
    maker = Maker(api, plan, delivery)
    try:
        perform_all(api, plan, maker.perform)
        if any(is_copy(operation) or operation.call.path.startswith("/stores") for operation in plan.operations):
            maker.image = api.find_image(maker.image["id"]) or maker.image
    except (DataStillInTransit, Overtaken):
        raise
    except BaseException as error:
        if "id" in maker.image and maker.made:
            _withdraw(api, maker.image, error)
        elif isinstance(error, WrongData):
            _deactivate(api, maker.image["id"], error)
        raise
    return maker.image


def replace(api: GlanceApi, plan: Plan, delivery: Delivery | None) -> Image:
    """Carry out the plan that puts a new image in the place of another; returns the new one.

    Until the new image is whole and has the name, an error costs only the new image. After that the old one is put back in
    service, if it is there, and the new one deleted.
    """
    maker = Maker(api, plan, delivery)
    try:
        perform_all(api, plan, maker.perform)
    except DeletionUnconfirmed as error:
        _explain(error, "The new image is in its place.")
        raise
    except (DataStillInTransit, Overtaken):
        raise
    except BaseException as error:
        if "id" in maker.image:
            _back_out(api, plan, maker.image, error)
        raise
    return api.find_image(maker.image["id"]) or maker.image


def _back_out(api: GlanceApi, plan: Plan, new: Image, error: BaseException) -> None:
    """Put the old image back as it was and delete the new one; without the old one, the new one stays."""
    before = plan.replaced or {}
    try:
        old = api.find_image(before["id"])
        if old is None or old.get("name") != before.get("name"):
            _explain(error, "The new image is in its place; run the task again to finish.")
            return
        if before.get("status") == "active" and old.get("status") == "deactivated":
            api.perform(Operation(REACTIVATE, old["id"]))
        if before.get("protected") and not old.get("protected"):
            api.perform(set_protection(old["id"], True))
    except GlanceError as failure:
        _explain(error, f"What became of the old image is not known ({failure}); run the task again to finish.")
        return
    _withdraw(api, api.find_image(new["id"]) or new, error)
    _explain(error, f"The old image {old['id']} is in service as before.")


def new_image_ids(project: str | None, name: str, today: datetime.date) -> t.Iterator[str]:
    """Ids to try for a new image, in order: derived ones, and should none of them be left a random one."""
    yield from derived_ids(project, name, today)
    yield str(uuid.uuid4())


def _withdraw(api: GlanceApi, image: Image, error: BaseException) -> None:
    """Delete an image that must not stay, and add to the error what became of it."""
    try:
        for operation in removal(image):
            api.perform(operation)
        outcome = f"Image {image['id']} was deleted again."
    except GlanceError as failure:
        outcome = (
            f"Image {image['id']} could not be deleted again ({failure}) and is left behind, without usable data."
            " Run the task again to go on with it, or delete it."
        )
    _explain(error, outcome)


def _deactivate(api: GlanceApi, image_id: str, error: BaseException) -> None:
    try:
        api.perform(Operation(DEACTIVATE, image_id))
        outcome = f"Image {image_id} was there before, so it was not deleted but deactivated: nobody can use these data."
    except GlanceError as failure:
        outcome = f"Image {image_id} was there before and is active with the wrong data; deactivating it failed: {failure}"
    _explain(error, f"{outcome} Delete it, and run the task again.")


def _explain(error: BaseException, outcome: str) -> None:
    if isinstance(error, GlanceError):
        error.message = f"{error.message} {outcome}"


def delete(api: GlanceApi, plan: Plan, wait: float | None) -> bool:
    """Carry out a deletion; if it fails the image is protected again as it was before.

    :param wait: how long the cloud may take until the image is gone (s); null to not look.
    """
    lifting = plan.operations[0].call is UPDATE
    try:
        perform_all(api, plan, lambda operation: t.cast("None", api.perform(operation)))
        if wait is not None:
            await_gone(api, str(plan.image_id), Deadline(wait))
    except BaseException as error:
        refused_at_once = isinstance(error, Overtaken) or (isinstance(error, ApiError) and error.method == "PATCH")
        if lifting and not refused_at_once:
            _protect_again(api, str(plan.image_id), error)
        raise
    return True


def await_gone(api: GlanceApi, image_id: str, deadline: Deadline) -> None:
    """See that an image is not there any more, or nothing but its record; else it is DeletionUnconfirmed."""
    poll = Poll()
    while image := _seen(api, image_id):
        if deadline.passed:
            raise DeletionUnconfirmed(
                f"The cloud took the deletion of image {image_id}, and still has it after {deadline.seconds:g} s, with the"
                f" status '{image['status']}'. Run the task again later."
            )
        poll.pause(deadline.left)


def _seen(api: GlanceApi, image_id: str) -> Image | None:
    try:
        return api.find_image(image_id)
    except GlanceError as error:
        raise DeletionUnconfirmed(
            f"The cloud took the deletion of image {image_id}; whether it is gone could not be seen: {error}"
        ) from error


def _protect_again(api: GlanceApi, image_id: str, error: BaseException) -> None:
    try:
        api.perform(set_protection(image_id, True))
        outcome = "The image is protected again, as it was before."
    except GlanceError as failure:
        outcome = f"The image's protection had been lifted and could not be put back: {failure}"
    _explain(error, outcome)
