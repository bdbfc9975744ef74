# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""Carrying plans out: the calls in order, and what to do when one fails or the world has moved since the plan was made."""

from __future__ import annotations

import typing as t
import uuid

from .._client.image_api import GlanceApi
from .._errors import ApiError, ConnectionProblem, GlanceError, not_none
from .._glance.error_hints import hint, names_alike
from .._glance.image import FORMATS, Image
from .._glance.image_hashes import identity_of_data, source_record
from .._glance.image_ids import derived_ids
from .._glance.json_patch import build_patch, property_change
from .._glance.operations import (
    ADD_MEMBER,
    CREATE,
    DATA_CALLS,
    DEACTIVATE,
    DELETE,
    ID_PLACEHOLDER,
    REACTIVATE,
    UPDATE,
    Operation,
)
from .._glance.responses import MISDIRECTED
from .._plan.plan import (
    MAX_PLANS,
    Plan,
    joined,
    removal,
    set_protection,
    streamed,
    with_conversion,
    without_data,
    without_deletion,
    without_gone,
)
from .._plan.store_changes import is_copy
from .._timing import TIMING
from .._transfer.errors import DataMismatch, DataStillInTransit
from .._transfer.other_runs import wait_for_attributes, wait_for_other_upload
from .._transfer.polling import Deadline, poll

if t.TYPE_CHECKING:
    from .._transfer.uploader import Uploader

# Refusals that come of the image not being any more as it was read: gone, changed, or (410) gone while data were sent.
MOVED = frozenset({404, 409, 410})

# Refusals of an import that say nothing against an upload: a filtered URL, a policy, a method or a call that is not there.
IMPORT_REFUSED = frozenset({400, 403, 404, 405, MISDIRECTED, 501})

Done = t.TypeVar("Done")


class DeletionUnconfirmed(GlanceError):
    """The cloud took a deletion, and it was not seen that the image is gone."""


class ConcurrentChange(Exception):
    """The image is not any more as the plan found it: another process changed it first.

    :param done: the operations of the plan that were carried out before that came to light.
    :param may_repeat: whether the same operations can succeed now: the image that was in their way may be gone.
    """

    others_done = False  # whether other images of the task were changed before

    def __init__(self, error: ApiError, done: t.Sequence[Operation] = (), may_repeat: bool = False) -> None:
        super().__init__(str(error))
        self.error = error
        self.done = tuple(done)
        self.may_repeat = may_repeat


def apply_plans(
    plans: list[Plan], make_plans: t.Callable[[], list[Plan]], execute: t.Callable[[Plan], tuple[Plan, Done | None]]
) -> tuple[list[Plan], list[Done | None]]:
    """Execute the plans that change something.

    Returns what was done of each plan, and what ``execute`` made of it (null where it is unchanged). If another process
    changed an image first, so that a call is refused, everything is read and planned anew. If that gives the same calls, the
    refusal had another reason and is the error.
    """
    done_before: list[Plan] = []
    for _attempt in range(MAX_PLANS):
        try:
            executed = _execute_all(plans, execute)
        except ConcurrentChange as change:
            error = change.error
            again = plans if change.others_done else make_plans()
            same = [plan.operations for plan in again] == [plan.operations for plan in plans]
            if same and not change.may_repeat:
                raise error from change
            if change.done:
                done_before.append(without_data(plans[0], change.done))
            plans = again
        else:
            plans = [plan for plan, _result in executed]
            for before in reversed(done_before):
                plans = [joined(before, plans[0])]
            return plans, [result for _plan, result in executed]
    raise error.explained("Other processes keep changing the image. It stays as it is now; run the task again.")


def _execute_all(
    plans: t.Sequence[Plan], execute: t.Callable[[Plan], tuple[Plan, Done | None]]
) -> list[tuple[Plan, Done | None]]:
    executed: list[tuple[Plan, Done | None]] = []
    try:
        # Not a comprehension: what was done before an error counts.
        for plan in plans:
            executed.append(execute(plan) if plan.changed else (plan, None))  # noqa: PERF401
    except ConcurrentChange as change:
        change.others_done = _with_done(change.error, executed)
        raise
    except GlanceError as error:
        _with_done(error, executed)
        raise
    return executed


def _with_done(error: GlanceError, executed: t.Sequence[tuple[Plan, t.Any]]) -> bool:
    """Add to the error which images were changed before it; returns whether there are any."""
    done = [str(plan.image_id) for plan, _result in executed if plan.changed]
    if done:
        error.message = f"{error.message} Before it, these were changed: {', '.join(done)}."
    return bool(done)


def perform_operations(
    api: GlanceApi, plan: Plan, call: t.Callable[[Operation], bool], done: list[Operation] | None = None
) -> None:
    """Make the calls of a plan.

    A refusal gets its hint. It raises ConcurrentChange if the image has changed and only attributes were changed by then.

    :param call: makes one call; returns whether to add it to ``done``: not if another run had made it, and not if the call
        added itself and the calls that followed from it.
    :param done: gets the operations that were carried out.
    """
    owner = (plan.image or plan.before).get("owner")
    done = [] if done is None else done
    for operation in plan.operations:
        first = operation is plan.operations[0]
        try:
            if call(operation):
                done.append(operation)
        except ApiError as error:
            error.explained(hint(error, owner, api.connection.project_id, _names_alike(plan, operation)))
            data = operation.call in DATA_CALLS
            if (
                (error.status in MOVED or _has_data_by_now(operation, error))
                and not plan.replaced
                and (data or (first and plan.image_id))
            ):
                gone = error.status in (404, 410) and data
                raise ConcurrentChange(error, done, may_repeat=gone) from error
            _say_what_was_changed(error, plan, operation, done)
            raise
        except GlanceError as error:
            _say_what_was_changed(error, plan, operation, done)
            raise


def _say_what_was_changed(error: GlanceError, plan: Plan, failed: Operation, done: t.Sequence[Operation]) -> None:
    """Add to the error of an image that was there that its attributes were changed before its data failed."""
    if plan.image_id and failed.call in DATA_CALLS and any(operation.call is UPDATE for operation in done):
        _explain(error, "The image's attributes were changed before it, as the task has them.")


def _has_data_by_now(operation: Operation, error: ApiError) -> bool:
    """Whether a change of formats was refused, which Glance does once another run has brought the image's data."""
    is_of_formats = operation.call is UPDATE and any(step["path"][1:] in FORMATS for step in operation.body)
    return error.status == 403 and is_of_formats


def _names_alike(plan: Plan, operation: Operation) -> str:
    """What to say about tags and properties, current and planned, that a database may treat as equal."""
    if operation.call not in (CREATE, UPDATE):
        return ""
    sides = [plan.image or {}, plan.before]
    return names_alike(
        [tag for side in sides for tag in side.get("tags") or ()],
        [key for side in sides for key in side.get("properties") or ()],
    )


class PlanExecutor:
    """Carries out the calls that create one image, or change it, one after the other, and notes what was done."""

    def __init__(self, api: GlanceApi, plan: Plan, delivery: Uploader | None) -> None:
        self._api = api
        self._plan = plan
        self._delivery = delivery
        self._create_call = next((operation for operation in plan.operations if operation.call is CREATE), None)
        formats = {key: (plan.image or {}).get(key) for key in FORMATS}
        self.image = Image({"id": plan.image_id, **formats}) if plan.image_id else None
        self.created = False
        self.done: list[Operation] = []
        self._gone: set[str] = set()
        self._before_conversion: Image | None = None
        self._recorded: list[Operation] = []

    def run(self) -> None:
        """Make all calls."""
        perform_operations(self._api, self._plan, self._perform, self.done)

    @property
    def executed_plan(self) -> Plan:
        """The plan, without what another run had done already, and with what the cloud made of the data."""
        plan = without_gone(self._plan, self.done, self._gone)
        if self.image and self._before_conversion:
            return with_conversion(plan, self._before_conversion, self.image, self._recorded)
        return plan

    def _perform(self, operation: Operation) -> bool:
        if operation.call is CREATE:
            self.image = self._create(operation)
            self.created = True
            return True
        if self._delivery and operation.call in DATA_CALLS:
            create_again = self._create_again if self.created else None
            try:
                image_id = self._delivery.perform(operation.of(not_none(self.image).id), create_again)
            except ApiError as error:
                if not operation.instead or error.status not in IMPORT_REFUSED:
                    raise
                self._perform_instead(self._delivery, operation, error)
                return False
            self.image = Image({**not_none(self.image).fields, "id": image_id})
            if operation is self._last_of_data():
                before, self.image = self.image, self._delivery.wait_and_verify(self.image)
                if records := self._delivery.source_records:
                    self.done.append(operation)
                    self._record_conversion(before, records)
                    return False
            return True
        operation = operation.of(self.image.id) if self.image else operation
        try:
            answer = self._api.perform(operation.with_hash(identity_of_data(self.image)) if self.image else operation)
        except ApiError as error:
            if not self._is_done_by_another_run(operation, error):
                raise
            return False
        if answer and self.image and answer.id == self.image.id:
            self.image = answer
        elif operation.call is DELETE and self._delivery and self._delivery.waits:
            # However long the data took: a deletion has some time of its own.
            wait_until_deleted(
                self._api, str(operation.image_id), Deadline(max(TIMING.min_delete_timeout, self._delivery.deadline.left))
            )
        return True

    def _perform_instead(self, delivery: Uploader, operation: Operation, refusal: ApiError) -> None:
        """Send the data that the cloud refuses to import, to the image that is there already."""
        delivery.warn_of_refused_import(refusal)
        self._plan = streamed(self._plan)
        try:
            for each in operation.instead:
                if self._perform(each):
                    self.done.append(each)
        except GlanceError as error:
            _explain(error, f"The data were sent because the cloud refuses to import them: {refusal.message}")
            raise

    def _record_conversion(self, before: Image, records: t.Mapping[str, str]) -> None:
        """Record the source of data that the cloud has converted, by which the next run recognises them.

        :param records: texts by the property.
        """
        image = not_none(self.image)
        identity = identity_of_data(image)
        changes = [property_change(key, image.get(key), source_record(text, identity)) for key, text in records.items()]
        operation = Operation(UPDATE, image.id, build_patch(changes))
        self._before_conversion = before
        self.image = self._api.perform(operation)
        self._recorded.append(operation)
        self.done.append(operation)

    def _is_done_by_another_run(self, operation: Operation, error: ApiError) -> bool:
        """Whether a call was refused because another run, which replaces the same image, has made it already."""
        if operation.call is ADD_MEMBER:
            return error.status == 409
        image_id = str(operation.image_id)
        if self.image and image_id == self.image.id:
            return False
        if image_id not in self._gone and is_gone(self._api, image_id, error):
            self._gone.add(image_id)
        return image_id in self._gone

    def _last_of_data(self) -> Operation | None:
        """The call after which the data should be there; copies to other stores come after it."""
        data = [each for each in self._plan.operations if each.call in DATA_CALLS and not is_copy(each)]
        return data[-1] if data else None

    def _create_again(self) -> str:
        self.image = self._create(not_none(self._create_call))
        return self.image.id

    def _create(self, operation: Operation) -> Image:
        body = operation.body
        if body["id"] != ID_PLACEHOLDER:
            return self._post(operation)
        project = body.get("owner") or self._api.connection.project_id
        for image_id in derived_ids(project, body["name"], TIMING.utc_now()):
            try:
                return self._post(operation.of(image_id))
            except ApiError as error:
                if error.http_status != 409:
                    raise
                taken = self._api.find_image(image_id)
                # A replacement gets its final name once it is complete.
                names = (body["name"], self._plan.replaced.name if self._plan.replaced else None)
                if taken and taken.owner == project and taken.name in names:
                    self._wait_for_other_run(taken, body)
                    raise ConcurrentChange(error, self.done, may_repeat=True) from error
        return self._post(operation.of(str(uuid.uuid4())))

    def _wait_for_other_run(self, taken: Image, body: t.Mapping[str, t.Any]) -> None:
        """Wait until the image that another run is creating has its data, or all its attributes, or is gone."""
        if self._plan.has_data:
            wait_for_other_upload(self._api, taken.id, self._delivery.deadline.left if self._delivery else None)
        else:
            wait_for_attributes(self._api, taken, body)

    def _post(self, operation: Operation) -> Image:
        try:
            return not_none(self._api.perform(operation))
        except (ApiError, ConnectionProblem):
            raise
        except GlanceError as error:  # it is answered with what is not the image that was asked for
            _explain(error, f"Image {operation.body['id']} may have been made, and is left as it is; run the task again.")
            raise


def create_or_update(api: GlanceApi, plan: Plan, delivery: Uploader | None) -> tuple[Plan, Image | None]:
    """Carry out the plan for an image that is to be present; returns what was done, and the image as the cloud then has it.

    The image is null if no call changed it, so that it is as it was planned.

    A new image whose data do not arrive whole is deleted again. One that was there before stays as it is, without data; if
    it got the wrong ones, which cannot be taken from it, it is deactivated, so that nobody uses them.
    """
    executor = PlanExecutor(api, plan, delivery)
    try:
        executor.run()
        if any(is_copy(operation) or operation.call.path.startswith("/stores") for operation in executor.done):
            executor.image = api.find_image(not_none(executor.image).id) or executor.image
    except (DataStillInTransit, ConcurrentChange):
        raise
    except BaseException as error:
        if executor.image and executor.created:
            _delete_partial_image(api, executor.image, error)
        elif executor.image and isinstance(error, DataMismatch):
            _deactivate(api, executor.image.id, error)
        raise
    return executor.executed_plan, executor.image if executor.image and executor.image.shows("status") else None


def replace(api: GlanceApi, plan: Plan, delivery: Uploader | None) -> tuple[Plan, Image | None]:
    """Carry out the plan that puts a new image in the place of another; returns what was done, and the new image.

    Until the new image is whole and has the name, an error costs only the new image. After that the old one is put back in
    service, if it is there, and the new one deleted.
    """
    executor = PlanExecutor(api, plan, delivery)
    try:
        executor.run()
    except DeletionUnconfirmed as error:
        _explain(error, "The new image is in its place.")
        raise
    except (DataStillInTransit, ConcurrentChange):
        raise
    except BaseException as error:
        if executor.image:
            _roll_back(api, plan, executor.image, error)
        raise
    return executor.executed_plan, api.find_image(not_none(executor.image).id) or executor.image


def _roll_back(api: GlanceApi, plan: Plan, new: Image, error: BaseException) -> None:
    """Put the old image back as it was and delete the new one; without the old one, the new one stays."""
    before = not_none(plan.replaced)
    try:
        old = api.find_image(before.id)
        if old is None or old.name != before.name:
            _explain(error, "The new image is in its place; run the task again to finish.")
            return
        if before.status == "active" and old.status == "deactivated":
            api.perform(Operation(REACTIVATE, old.id))
        if before.protected and not old.protected:
            api.perform(set_protection(old.id, True))
    except GlanceError as failure:
        _explain(error, f"What became of the old image is not known ({failure}); run the task again to finish.")
        return
    _delete_partial_image(api, api.find_image(new.id) or new, error)
    _explain(error, f"The old image {old.id} is in service as before.")


def _delete_partial_image(api: GlanceApi, image: Image, error: BaseException) -> None:
    """Delete an image that must not stay, and add to the error what became of it."""
    try:
        for operation in removal(image):
            api.perform(operation)
        outcome = f"Image {image.id} was deleted again."
    except GlanceError as failure:
        outcome = (
            f"Image {image.id} could not be deleted again ({failure}) and is left behind, without usable data."
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


def delete(api: GlanceApi, plan: Plan, wait: float | None) -> tuple[Plan, None]:
    """Carry out a deletion; returns what was done. If it fails the image is protected again as it was before.

    If another run has deleted the image meanwhile, there is nothing more to do.

    :param wait: how long the cloud may take until the image is gone (s); null to not look.
    """
    lifting = plan.operations[0].call is UPDATE
    image_id = str(plan.image_id)
    done: list[Operation] = []
    try:
        perform_operations(api, plan, lambda operation: _delete_step(api, operation), done)
        if len(done) < len(plan.operations):
            return without_deletion(plan, done), None
        if wait is not None:
            wait_until_deleted(api, image_id, Deadline(wait))
    except BaseException as error:
        refused_at_once = isinstance(error, ConcurrentChange) or (isinstance(error, ApiError) and error.method == "PATCH")
        if lifting and not refused_at_once:
            _protect_again(api, image_id, error)
        raise
    return plan, None


def _delete_step(api: GlanceApi, operation: Operation) -> bool:
    """Make one call of a deletion; returns false if the image is already deleted."""
    try:
        api.perform(operation)
    except ApiError as error:
        if not is_gone(api, str(operation.image_id), error):
            raise
        return False
    return True


def is_gone(api: GlanceApi, image_id: str, refusal: ApiError) -> bool:
    """Whether a call was refused because another run has deleted the image.

    Glance answers 404 mostly, or 400 or 409 while the other deletion goes on; some releases answer 404 also if the image is
    there and belongs to another project.
    """
    if refusal.status not in (400, 404, 409, 410, 500):
        return False
    try:
        return api.find_image(image_id) is None
    except GlanceError:
        return False


def wait_until_deleted(api: GlanceApi, image_id: str, deadline: Deadline) -> None:
    """See that an image is not there any more, or nothing but its record; else it is DeletionUnconfirmed."""

    def still_there(image: Image | None) -> DeletionUnconfirmed:
        return DeletionUnconfirmed(
            f"The cloud took the deletion of image {image_id}, and still has it after {deadline.seconds:g} s, with the"
            f" status '{not_none(image).status}'. Run the task again later."
        )

    poll(lambda: _seen(api, image_id), lambda image: image is None, deadline, still_there)


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
