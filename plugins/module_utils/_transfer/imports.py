# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The cloud's own work on an image: beginning an import, waiting for its end, and why it failed."""

from __future__ import annotations

import dataclasses
import typing as t

from .._client.image_api import GlanceApi
from .._errors import ApiError, ConnectionProblem, GlanceError
from .._glance.error_hints import import_hint
from .._glance.image import Image, missing_stores
from .._glance.operations import Operation
from .._plan.data_state import HAS_DATA, in_transit
from .._plan.store_changes import is_copy
from .._url_redaction import without_queries
from .errors import DataStillInTransit, ImportFailed
from .polling import MAX_ATTEMPTS, Backoff, Deadline, is_transient, poll
from .progress import Reporter

# The statuses of an image once an import into it has begun. Another run may deactivate the image at once.
BEGUN = HAS_DATA | {"importing"}


def begin_import(api: GlanceApi, operation: Operation, deadline: Deadline) -> None:
    """Make the call that begins an import; where its answer is lost, the image shows whether the import has begun."""
    backoff = Backoff()
    for attempt in range(1, MAX_ATTEMPTS + 1):
        try:
            api.perform(operation)
        except (ApiError, ConnectionProblem) as error:
            if not is_transient(error) or attempt == MAX_ATTEMPTS or deadline.passed:
                raise
            image = api.find_image(str(operation.image_id))
            if image and _has_begun(operation, image):
                return
            backoff.pause(deadline.left)
        else:
            return


def _has_begun(operation: Operation, image: Image) -> bool:
    """Whether an import has begun, or is already over."""
    if is_copy(operation):
        return bool(image.import_task) or not missing_stores(image, operation.body["stores"])
    return bool(image.import_task) or image.status in BEGUN


class DataWait:
    """Waiting until the cloud has stored an image's data.

    :param is_import: whether the cloud imports the data; then a queued image may still get them.
    :param waits: whether to wait for the cloud at all; if not, the first look is enough.
    :param progress: reports an import in progress; null to report nothing.
    """

    def __init__(
        self, api: GlanceApi, deadline: Deadline, is_import: bool, waits: bool, progress: ImportProgress | None = None
    ) -> None:
        self._api = api
        self._deadline = deadline
        self._is_import = is_import
        self._waits = waits
        self._progress = progress
        self._import_end = ImportEnd(api)
        self._last_seen: Image | None = None

    def wait(self, image_id: str) -> Image:
        """The image once its data are stored; without waiting, and with data when the time is over, as it is then."""
        return poll(
            lambda: _existing(self._api, image_id, "stored"),
            self._is_done,
            self._deadline,
            lambda image: None if image.status in HAS_DATA else still_in_transit(image, self._deadline),
        )

    def _is_done(self, image: Image) -> bool:
        # While an import goes on, the image mostly changes.
        is_unchanged = image == self._last_seen
        self._last_seen = image
        if image.status in HAS_DATA:
            return not self._waits or self._import_end.is_reached(image)
        failure = "" if image.status == "saving" else failed_import(self._api, image, check_locked=is_unchanged)
        if failure:
            raise ImportFailed(f"The cloud could not import the data of image {image.id}: {failure}")
        if not in_transit(image) and not (self._is_import and image.status == "queued"):
            raise GlanceError(
                f"The cloud took the data of image {image.id} and then did not keep them: it is '{image.status}'."
            )
        if self._progress and self._waits and self._is_import:
            self._progress.note(image)
        return not self._waits


@dataclasses.dataclass(frozen=True)
class ImportProgress:
    """Reports what the cloud says of an import, with one request for each report.

    :param size: of the data (bytes), if it is known.
    """

    api: GlanceApi
    reporter: Reporter
    size: int | None

    def note(self, image: Image) -> None:
        self.reporter.note_import(lambda: self._message(image), self.size or image.size)

    def _message(self, image: Image) -> str:
        messages = [task.get("message") for task in self.api.list_tasks(image.id) if task.get("id") == image.import_task]
        return without_queries(str(messages[-1] or "")) if messages else ""


def wait_for_copy(
    api: GlanceApi, image_id: str, stores: t.Sequence[str], deadline: Deadline, progress: ImportProgress | None = None
) -> Image:
    """The image once its data are in these stores too."""
    import_end = ImportEnd(api)

    def is_done(image: Image) -> bool:
        missing = missing_stores(image, stores)
        if not missing:
            return import_end.is_reached(image)
        _check_copy(api, image, missing)
        if progress:
            progress.note(image)
        return False

    def timeout_error(image: Image) -> GlanceError | None:
        missing = missing_stores(image, stores)
        if not missing:
            return None
        return DataStillInTransit(
            f"The data of image {image_id} are not yet in {', '.join(missing)} after {deadline.seconds} s;"
            " the cloud may yet finish. Run the task again later."
        )

    return poll(lambda: _existing(api, image_id, "copied"), is_done, deadline, timeout_error)


def _check_copy(api: GlanceApi, image: Image, missing: t.Sequence[str]) -> None:
    """Raise an error if a copy to the stores in which data are missing has failed."""
    failed = [store for store in missing if store in str(image.failed_import_stores or "").split(",")]
    if image.import_task and not failed:
        return
    failure = failed_import(api, image)
    if failure or failed:
        raise GlanceError(
            f"The data of image {image.id} could not be copied to {', '.join(failed or missing)}: {failure}"
            " They are still where they were."
        )


def _existing(api: GlanceApi, image_id: str, what_was_done: str) -> Image:
    image = api.find_image(image_id)
    if image is None:
        raise GlanceError(f"Image {image_id} was deleted by another process while its data were being {what_was_done}.")
    return image


class ImportEnd:
    """Whether the cloud's import into an image that has its data is over.

    The import writes all attributes of the image once more at its end, so a change that is made before is lost.
    """

    def __init__(self, api: GlanceApi) -> None:
        self._api = api
        self._seen_before = False

    def is_reached(self, image: Image) -> bool:
        """Whether the import is over; from the second look on its task is read too.

        An image keeps the mark of an import that was interrupted, so the mark alone does not say that an import goes on.
        """
        task_id = image.import_task
        # The first look costs no request: most imports are over by then.
        reads_task = self._seen_before
        self._seen_before = True
        if not task_id or not reads_task:
            return not task_id
        statuses = [task.get("status") for task in self._api.list_tasks(image.id) if task.get("id") == task_id]
        return not any(status in ("pending", "processing") for status in statuses)


def wait_for_import_end(api: GlanceApi, image: Image, deadline: Deadline) -> Image:
    """The image once the import that has stored its data is over, or as it is when the time is; as it was if it is gone."""
    import_end = ImportEnd(api)

    def is_done(seen: Image | None) -> bool:
        return seen is None or import_end.is_reached(seen)

    first: list[Image | None] = [image]
    return poll(lambda: api.find_image(image.id), is_done, deadline, first=first) or image


def failed_import(api: GlanceApi, image: Image, check_locked: bool = True) -> str:
    """Why the last import into an image failed; empty if it did not, or is still going on.

    :param check_locked: whether to read the import's task also while it locks the image; a failed one may keep its lock.
    """
    lock = image.import_task
    if lock and not check_locked:
        return ""
    stores = image.failed_import_stores
    tasks = [task for task in api.list_tasks(image.id) if task.get("type") in (None, "api_image_import")]
    if lock:
        tasks = [task for task in tasks if task.get("id") == lock]
        stores = stores if tasks else None
    if tasks and tasks[-1].get("status") == "failure":
        where = f" (stores: {stores})" if stores else ""
        message = str(tasks[-1].get("message") or "its task failed")
        hint = import_hint(message, _method_of(tasks[-1]))
        return f"{without_queries(message)}{where} [task {tasks[-1].get('id')}]. {hint}".rstrip()
    return f"it failed in the stores {stores}." if stores and not tasks else ""


def dead_import(api: GlanceApi, image: Image) -> str:
    """Why the import into an image can never be completed; empty if there is none, or it still can be.

    Glance leaves an image ``importing`` if a store fails, and the lock on it if it cannot undo what a plugin did; then it
    takes no other data into the image.
    """
    takes_no_data = image.status == "importing" or (image.status == "queued" and image.import_task)
    failure = failed_import(api, image) if takes_no_data else ""
    if failure:
        # The task may have ended after the image was read: then Glance has released it, and another run may fill it.
        now = api.find_image(image.id)
        if now is None or (now.status, now.import_task) != (image.status, image.import_task):
            return ""
    return failure


def _method_of(task: t.Mapping[str, t.Any]) -> str | None:
    """The method of an import, by its task; null where the cloud does not show it."""
    found: t.Any = task
    for key in ("input", "import_req", "method", "name"):
        found = found.get(key) if isinstance(found, dict) else None
    return found if isinstance(found, str) else None


def still_in_transit(image: Image, deadline: Deadline) -> DataStillInTransit:
    status = f"'{image.status}'" + (" with an import going on" if image.import_task else "")
    return DataStillInTransit(
        f"Image {image.id} is still {status} after {deadline.seconds} s. Nothing was deleted: the cloud may yet finish."
        " Run the task again later, with a longer 'wait_timeout' if this is usual."
    )
