# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""Carrying out the plan for one image that a task wants to exist: creating, changing or replacing it, with its data."""

from __future__ import annotations

import typing as t

from .._client.image_api import GlanceApi
from .._errors import ApiError, ConnectionProblem, GlanceError, explain, not_none
from .._glance.image import FORMATS, Image
from .._glance.image_hashes import identity_of_data, source_record
from .._glance.image_ids import SHORT_SLOT, derived_ids
from .._glance.image_names import id_source, temporary_name
from .._glance.json_patch import Subject, build_patch, property_change
from .._glance.operations import CREATE, DATA_CALLS, DELETE, ID_PLACEHOLDER, MEMBER_CALLS, STATUS_CALLS, UPDATE, Operation
from .._glance.responses import MISDIRECTED
from .._plan.execution_record import ExecutionRecord
from .._plan.plan import Plan
from .._plan.store_changes import is_copy
from .._timing import TIMING
from .._transfer.errors import SOURCE_FAILURES, DataMismatch, DataStillInTransit, WrongDataStored
from .._transfer.other_runs import wait_for_attributes, wait_for_other_upload
from .._transfer.polling import Deadline
from .apply import ConcurrentChange, perform_operations
from .deletion import DeletionUnconfirmed, is_gone, perform_deletion, wait_until_deleted
from .members import change_member, ensure_members
from .recovery import deactivate_wrong_image, delete_partial_image, roll_back_replacement
from .state_change import check_status, perform_status_call

if t.TYPE_CHECKING:
    from .._transfer.uploader import Uploader

# Responses to an import that say nothing against an upload: a filtered URL, a policy, a method or a call that is missing.
IMPORT_REFUSED = frozenset({400, 403, 404, 405, MISDIRECTED, 501})


def create_or_update(api: GlanceApi, plan: Plan, record: ExecutionRecord, uploader: Uploader | None) -> None:
    """Carry out the plan for an image that is to exist.

    A new image that does not get all its data is deleted again. One that existed before stays as it is, without data; if it
    got the wrong data, which cannot be taken from it, it is deactivated, so that nobody uses them.
    """
    executor = PlanExecutor(api, plan, record, uploader)
    try:
        executor.run()
        image = executor.image
        if any(_is_answered_without_image(operation) for operation in record.operations):
            image = api.find_image(not_none(image).id) or image
    except (DataStillInTransit, ConcurrentChange):
        raise
    except BaseException as error:
        if executor.image and executor.created and executor.is_complete:
            explain(error, f"Image {executor.image.id} was created and stays; run the task again to share it.")
        elif executor.image and executor.created:
            delete_partial_image(api, executor.image, error)
        elif executor.image and isinstance(error, DataMismatch):
            deactivate_wrong_image(api, executor.image.id, error)
            raise WrongDataStored(error.message, **error.details) from error
        elif executor.image and uploader and isinstance(error, SOURCE_FAILURES):
            uploader.wait_until_released(executor.image.id)
        raise
    if any(operation.call in STATUS_CALLS for operation in record.operations):
        check_status(not_none(image).id, image, str(not_none(plan.image)["status"]))
    record.complete(plan)
    # Without a status it is not what the cloud answered, but what is known of an image that no call returned.
    record.image = image if image and image.shows("status") else None
    executor.ensure_members()


def _is_answered_without_image(operation: Operation) -> bool:
    """Whether a call changes the image, and only another look shows how it is then."""
    return is_copy(operation) or operation.call.path.startswith("/stores") or operation.call in STATUS_CALLS


def replace(api: GlanceApi, plan: Plan, record: ExecutionRecord, uploader: Uploader | None) -> None:
    """Carry out the plan that puts a new image in the place of another one.

    Until the new image is complete and has the name, an error costs only the new image. After that the old one is put back
    in service, if it still exists, and the new one is deleted; but not if it had the name before this run.
    """
    executor = PlanExecutor(api, plan, record, uploader)
    # Another run, or an interrupted one, may have given the name, and be deleting the old image.
    gives_name = not executor.is_in_place
    try:
        executor.run()
    except DeletionUnconfirmed as error:
        if executor.is_in_place:
            error.explained("The new image is in its place.")
        raise
    except (DataStillInTransit, ConcurrentChange):
        raise
    except BaseException as error:
        if not gives_name:
            explain(error, "The new image is in its place; run the task again to finish.")
        elif executor.image and not executor.is_deleting:
            roll_back_replacement(api, not_none(plan.replaced), executor.image, error)
        raise
    record.complete(plan)
    record.image = api.find_image(not_none(executor.image).id) or executor.image
    executor.ensure_members()


class PlanExecutor:
    """Makes the calls that create, change or replace one image, one after the other, and records what was done.

    :ivar image: the image as far as it is known; null before it is created.
    :ivar created: whether this run created it.
    :ivar is_deleting: whether the cloud may be deleting another image, the replaced one, right now.
    :ivar is_in_place: whether the new image of a replacement has the name.
    :ivar is_complete: whether it has all that the task wants, but for the projects that it is to be shared with.
    """

    def __init__(self, api: GlanceApi, plan: Plan, record: ExecutionRecord, uploader: Uploader | None) -> None:
        self._api = api
        self._plan = plan
        self._record = record
        self._uploader = uploader
        formats = {key: (plan.image or {}).get(key) for key in FORMATS}
        self.image = Image({"id": plan.image_id, **formats}) if plan.image_id else None
        self.created = False
        self.is_complete = False
        self.is_deleting = False
        self.is_in_place = plan.replaced is not None and not any(self._gives_name(each) for each in plan.operations)
        self._last_data_calls = _last_data_calls(plan)

    def run(self) -> None:
        """Make all calls."""
        perform_operations(self._api, self._plan, self._perform)

    def _perform(self, operation: Operation) -> None:
        if operation.call is CREATE:
            self.image = self._create(operation)
            self.created = True
            self._record.add(operation)
        elif self._uploader and operation.call in DATA_CALLS:
            self._bring_data(self._uploader, operation)
        elif operation.call in MEMBER_CALLS:
            self.is_complete = True
            change_member(self._api, operation.of(not_none(self.image).id), self._record)
        elif operation.call in STATUS_CALLS:
            self._change_status(operation.of(not_none(self.image).id))
        elif operation.call is DELETE:
            self._delete(operation)
        else:
            self._change(operation)
            self.is_in_place = self.is_in_place or self._gives_name(operation)

    def ensure_members(self) -> None:
        """Read the members back and correct them, if the plan may change any; Glance lists those of shared images only."""
        plan, image = self._plan, not_none(self.image)
        may_change = plan.replaced or any(
            change.subject is Subject.MEMBER or change.key == "visibility" for change in plan.changes
        )
        if plan.members and may_change and image.visibility in (None, "shared"):
            ensure_members(self._api, image.id, plan.members.applied_to, self._record)

    # Data

    def _bring_data(self, uploader: Uploader, operation: Operation) -> None:
        """Send the data, or have the cloud import them; where it refuses to, send them instead."""
        try:
            self._perform_data_call(uploader, operation)
        except ApiError as refusal:
            if not operation.instead or refusal.status not in IMPORT_REFUSED:
                raise
            uploader.warn_of_refused_import(refusal)
            try:
                for each in operation.instead:
                    self._perform_data_call(uploader, each)
            except GlanceError as error:
                error.explained(f"The data were sent because the cloud refuses to import them: {refusal.message}")
                raise

    def _perform_data_call(self, uploader: Uploader, operation: Operation) -> None:
        create_again = self._create_again if self.created else None
        image_id = uploader.perform(operation.of(not_none(self.image).id), create_again)
        before = self.image = Image({**not_none(self.image).fields, "id": image_id})
        is_last = operation in self._last_data_calls
        if is_last:
            self.image = uploader.wait_and_verify(before)
        self._record.add(operation)
        if is_last and uploader.source_records:
            self._record_source(before, uploader.source_records)

    def _record_source(self, before: Image, texts: t.Mapping[str, str]) -> None:
        """Record the source of data that the cloud has converted, by which the next run recognises them.

        :param texts: by the property.
        """
        image = not_none(self.image)
        values = {key: source_record(text, identity_of_data(image)) for key, text in texts.items()}
        changes = [property_change(key, image.get(key), value) for key, value in values.items()]
        operation = Operation(UPDATE, image.id, build_patch(changes))
        self.image = not_none(self._api.perform(operation))
        self._record.add(operation)
        self._record.add_conversion(before, self.image, values)

    # Status, attributes, and the old images of a replacement

    def _change_status(self, operation: Operation) -> None:
        try:
            image = perform_status_call(self._api, operation, self._record)
        except ApiError as error:
            if not self._is_done_by_another_run(operation, error):
                raise
            return
        if image and self.image and image.id == self.image.id:
            self.image = image

    def _change(self, operation: Operation) -> None:
        sent = operation.of(self.image.id).with_hash(identity_of_data(self.image)) if self.image else operation
        try:
            answer = self._api.perform(sent)
        except ApiError as error:
            if not self._is_done_by_another_run(sent, error):
                raise
            return
        if answer and self.image and answer.id == self.image.id:
            self.image = answer
        self._record.add(operation)

    def _delete(self, operation: Operation) -> None:
        image_id = str(operation.image_id)
        uploader = self._uploader
        # However long the data took: a deletion has some time of its own.
        wait = max(TIMING.min_delete_timeout, uploader.deadline.left) if uploader and uploader.waits else None
        self.is_deleting = True
        try:
            is_own = perform_deletion(self._api, operation, wait)
        except DeletionUnconfirmed:
            raise
        except GlanceError:
            self.is_deleting = False
            raise
        if is_own and wait is not None:
            wait_until_deleted(self._api, image_id, Deadline(wait))
        self.is_deleting = False
        if is_own:
            self._record.add(operation)
        else:
            self._record.add_deletion_by_others(image_id)

    def _gives_name(self, operation: Operation) -> bool:
        """Whether a planned operation gives the plan's own image its name."""
        is_own = operation.call is UPDATE and operation.image_id == self._plan.image_id
        return is_own and any(step["path"] == "/name" for step in operation.body)

    def _is_done_by_another_run(self, operation: Operation, error: ApiError) -> bool:
        """Whether a call failed because another run, which replaces the same image, has made it already."""
        image_id = str(operation.image_id)
        if self.image and image_id == self.image.id:
            return False
        if self._record.is_deleted_by_others(image_id) or is_gone(self._api, image_id, error):
            self._record.add_deletion_by_others(image_id)
            return True
        return False

    # Creating

    def _create(self, operation: Operation) -> Image:
        body = operation.body
        if body["id"] != ID_PLACEHOLDER:
            return self._post(operation)
        project = body.get("owner") or self._api.connection.project_id
        refused: ApiError | None = None
        for image_id in derived_ids(project, self._id_source(body["name"]), TIMING.utc_now()):
            try:
                return self._post(operation.of(image_id))
            except ApiError as error:
                if error.http_status != 409:
                    raise
                self._raise_if_created_by_another_run(image_id, project, body, error)
                refused = error
        # The next second has another id. Other runs may have used it by then, so the task first looks what they have made. A
        # random id would make a second image.
        TIMING.sleep(SHORT_SLOT - TIMING.utc_now().timestamp() % SHORT_SLOT)
        raise ConcurrentChange(GlanceError(f"The ids for a new image are taken: {refused}"), may_repeat=True)

    def _id_source(self, name: str) -> str:
        """What the id of an image that is created under a name is derived from."""
        first = Image({"name": self._plan.final_name})
        return id_source(first) if self._plan.final_name and name == temporary_name(first) else name

    def _create_again(self) -> str:
        operation = next(operation for operation in self._plan.operations if operation.call is CREATE)
        self.image = self._create(operation)
        return self.image.id

    def _raise_if_created_by_another_run(
        self, image_id: str, project: str | None, body: t.Mapping[str, t.Any], error: ApiError
    ) -> None:
        """If another run has created the image, wait until that one has what it needs, and raise ConcurrentChange.

        A deleted image keeps its id, so the id may also be taken by one of those.
        """
        taken = self._api.find_image(image_id)
        # A replacement gets its final name once it is complete.
        names = (body["name"], self._plan.replaced.name if self._plan.replaced else self._plan.final_name)
        if taken and taken.get("owner", project) == project and taken.name in names:
            self._wait_for_other_run(taken, body)
            raise ConcurrentChange(error, may_repeat=True) from error

    def _wait_for_other_run(self, taken: Image, body: t.Mapping[str, t.Any]) -> None:
        """Wait until the image that another run is creating has its data, or all its attributes, or is gone."""
        if self._plan.has_data:
            wait_for_other_upload(self._api, taken.id, self._uploader.deadline.left if self._uploader else None)
        else:
            wait_for_attributes(self._api, taken, body)

    def _post(self, operation: Operation) -> Image:
        try:
            return not_none(self._api.perform(operation))
        except (ApiError, ConnectionProblem):
            raise
        except GlanceError as error:  # the response holds another image than requested
            error.explained(f"Image {operation.body['id']} may have been made, and is left as it is; run the task again.")
            raise


def _last_data_calls(plan: Plan) -> tuple[Operation, ...]:
    """The calls after which the data should be complete; copies to other stores come after them.

    They are the last call of the plan that brings data, and the one that takes its place if the cloud refuses it.
    """
    data_calls = [each for each in plan.operations if each.call in DATA_CALLS and not is_copy(each)]
    last = data_calls[-1:]
    return (*last, *(each for operation in last for each in operation.instead if not is_copy(each)))
