# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""Carrying plans out: the calls in order, and what to do when one fails or the world has moved since the plan was made."""

from __future__ import annotations

import datetime
import time
import typing as t
import uuid

from ._api import GlanceApi
from ._attributes import Image
from ._errors import ApiError, GlanceError
from ._hints import hint
from ._operations import CREATE, DELETE, NEW_IMAGE_ID, UPDATE, UPLOAD, Operation
from ._plan import DATA_IN_TRANSIT, Plan, Wanted, attributes_only, joined, set_protection
from ._transfer import Upload, WrongData

POLL_FIRST = 0.5
POLL_LONGEST = 10.0

# Refusals that come of the image not being any more as it was read: gone, changed, or (410) gone while data were sent.
MOVED = frozenset({404, 409, 410})

# How often an image of one name can be made and deleted again on one day before its ids are random ones.
DERIVED_IDS = 5
ID_NAMESPACE = uuid.UUID("2f6c1a52-6c2e-4a57-9c4d-3b7c8f0a9e11")
# How long somebody else who has just made the image may take to begin sending its data (s).
OTHERS_BEGIN = 10.0

Done = t.TypeVar("Done")


class DataStillInTransit(GlanceError):
    """Waiting took too long; the image may still become what it should."""


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
            if error.status in MOVED and (operation.call is UPLOAD or (first and plan.image_id)):
                raise Overtaken(error, patched=not first) from error
            if plan.image_id and not first and operation.call is UPLOAD:
                error.explained("The image's attributes were changed before it, as the task has them.")
            raise


def create_or_update(api: GlanceApi, plan: Plan, wanted: Wanted, wait: int | None) -> Image:
    """Carry out the plan for an image that is to be present; returns the image as the cloud then has it.

    A new image whose data do not arrive whole is deleted again. One that was there before stays as it is, without data,
    unless it got the wrong ones.

    :param wait: how long to wait for the cloud to store data (s); null for not at all.
    """
    upload = Upload(wanted.path, wanted.size) if plan.uploads and wanted.path and wanted.size else None
    current: Image = {"id": plan.image_id} if plan.image_id else {}

    def call(operation: Operation) -> None:
        nonlocal current
        if operation.call is CREATE:
            current = _create(api, operation, upload is not None, wait)
        elif operation.call is UPLOAD and upload:
            _send(api, operation.of(current["id"]), upload, wait)
        else:
            current = api.perform(operation) or current

    try:
        perform_all(api, plan, call)
        if upload:
            current = _await_data(api, current["id"], wait)
            if current.get("status") == "active":
                upload.check_arrived(current)
    except (DataStillInTransit, Overtaken):
        raise
    except BaseException as error:
        if "id" in current and (plan.image_id is None or isinstance(error, WrongData)):
            _withdraw(api, current, error)
        raise
    return current


def new_image_ids(project: str | None, name: str, today: datetime.date) -> t.Iterator[str]:
    """Ids to try for a new image, in order.

    They are derived from project, name and day, so that two runs that make the same image at the same time try the same id,
    which Glance gives only once. As Glance never gives the id of a deleted image again, there are several a day; after them
    come random ones.
    """
    for number in range(DERIVED_IDS):
        yield str(uuid.uuid5(ID_NAMESPACE, f"{project}/{today.isoformat()}/{number}/{name}"))
    while True:
        yield str(uuid.uuid4())


def _create(api: GlanceApi, operation: Operation, with_data: bool, wait: int | None) -> Image:
    body = operation.body
    if body["id"] != NEW_IMAGE_ID:
        return api.perform(operation) or {}
    project = body.get("owner") or api.connection.project_id
    for image_id in new_image_ids(project, body["name"], datetime.datetime.now(datetime.timezone.utc).date()):
        try:
            return api.perform(operation.of(image_id)) or {}
        except ApiError as error:
            if error.status != 409:
                raise
            taken = api.find_image(image_id)
            if taken and taken.get("name") == body["name"] and taken.get("owner") == project:
                if with_data:
                    await_others_data(api, image_id, wait)
                raise Overtaken(error) from error
    raise AssertionError("unreachable: ids do not come to an end")


def _send(api: GlanceApi, operation: Operation, upload: Upload, wait: int | None) -> None:
    try:
        api.upload(operation, upload, wait)
    except ApiError as error:
        if error.status in MOVED:  # somebody else has been sending data
            await_others_data(api, str(operation.image_id), wait)
        raise


def await_others_data(api: GlanceApi, image_id: str, wait: int | None) -> None:
    """Wait while somebody else sends the image's data, or has just made it to do so; what comes of it is not looked at."""
    began = time.monotonic()
    delay = POLL_FIRST
    while True:
        image = api.find_image(image_id) or {}
        waited = time.monotonic() - began
        in_transit = image.get("status") in DATA_IN_TRANSIT and waited < (wait or 0)
        about_to_begin = image.get("status") == "queued" and waited < OTHERS_BEGIN
        if not in_transit and not about_to_begin:
            return
        time.sleep(delay)
        delay = min(delay * 2, POLL_LONGEST)


def _await_data(api: GlanceApi, image_id: str, wait: int | None) -> Image:
    """The image once its data are there; with ``wait`` null as it is now, else waiting that many seconds at most."""
    deadline = time.monotonic() + (wait or 0)
    delay = POLL_FIRST
    while True:
        image = api.find_image(image_id)
        if image is None:
            raise GlanceError(f"Image {image_id} was deleted by somebody else while its data were being stored.")
        status = image.get("status")
        if status == "active" or (wait is None and status in DATA_IN_TRANSIT):
            return image
        if status not in DATA_IN_TRANSIT:
            raise GlanceError(f"The cloud took the data of image {image_id} and then did not keep them: it is '{status}'.")
        if time.monotonic() >= deadline:
            raise DataStillInTransit(
                f"Image {image_id} is still '{status}' after {wait} s. Nothing was deleted: the cloud may yet finish."
                " Run the task again later, with a longer 'wait_timeout' if this is usual."
            )
        time.sleep(delay)
        delay = min(delay * 2, POLL_LONGEST)


def _withdraw(api: GlanceApi, image: Image, error: BaseException) -> None:
    """Delete an image that must not stay, and add to the error what became of it."""
    try:
        if image.get("protected"):
            api.perform(set_protection(image["id"], False))
        api.perform(Operation(DELETE, image["id"]))
        outcome = f"Image {image['id']} was deleted again."
    except GlanceError as failure:
        outcome = (
            f"Image {image['id']} could not be deleted again ({failure}) and is left behind, without usable data."
            " Run the task again to go on with it, or delete it."
        )
    if isinstance(error, GlanceError):
        error.message = f"{error.message} {outcome}"


def delete(api: GlanceApi, plan: Plan) -> bool:
    """Carry out a deletion; if it fails the image is protected again as it was before."""
    lifting = plan.operations[0].call is UPDATE
    try:
        perform_all(api, plan, lambda operation: t.cast("None", api.perform(operation)))
    except BaseException as error:
        refused_at_once = isinstance(error, Overtaken) or (isinstance(error, ApiError) and error.method == "PATCH")
        if lifting and not refused_at_once:
            _protect_again(api, str(plan.image_id), error)
        raise
    return True


def _protect_again(api: GlanceApi, image_id: str, error: BaseException) -> None:
    try:
        api.perform(set_protection(image_id, True))
        outcome = "The image is protected again, as it was before."
    except GlanceError as failure:
        outcome = f"The image's protection had been lifted and could not be put back: {failure}"
    if isinstance(error, GlanceError):
        error.message = f"{error.message} {outcome}"
