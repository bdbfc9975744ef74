# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""Bringing data into an image: uploading, staging, importing, waiting for the cloud, and verifying what came of it."""

from __future__ import annotations

import itertools
import typing as t

from .._client.image_api import GlanceApi
from .._errors import ApiError, ConnectionProblem, GlanceError, not_none
from .._glance.checksums import Checksum
from .._glance.error_hints import import_hint
from .._glance.image import FORMATS, Image, missing_stores
from .._glance.image_hashes import hashes_of, strongest_hash
from .._glance.operations import DELETE, IMPORT, Operation
from .._glance.properties import SOURCE_CHECKSUM, SOURCE_FORMATS
from .._glance.responses import unapplied_fields
from .._plan.data_state import in_transit, is_staged
from .._plan.desired_image import DataSpec
from .._plan.store_changes import is_copy
from .._timing import TIMING
from .._url_redaction import without_queries
from .download import read_back
from .progress import Reporter
from .source import BrokenSource, SourceContent, UrlSource, decompressed
from .upload import (
    EXPECTED_ALGORITHM,
    MAX_ATTEMPTS,
    TRANSIENT_STATUS,
    Backoff,
    DataMismatch,
    Deadline,
    TransferStats,
    Upload,
    new_upload,
    size_and_hash,
)

# RFC 1952, 2.3.1
GZIP_MAGIC = b"\x1f\x8b"
# What an image is once an import into it has begun.
DONE = ("importing", "active")


class DataStillInTransit(GlanceError):
    """Waiting took too long; the image may still become what it should."""


class ImageGone(GlanceError):
    """The image that data were being sent to is not there any more."""


class Uploader:
    """The data of one task on their way into one image.

    :param content: what is sent; null where the cloud fetches the data itself and the task knows no source of them.
    :param data: what the image is to have, as far as it is known beforehand; null where the task names none.
    :param wait: how long the whole may take (s); null to not wait for the cloud.
    """

    def __init__(
        self,
        api: GlanceApi,
        content: SourceContent | None,
        data: DataSpec | None,
        wait: float | None,
        progress: Reporter | None = None,
    ) -> None:
        self._api = api
        self._content = content
        self._data = data
        self._wait = wait
        self._progress = progress
        self._upload: Upload | None = None
        self._import_began = 0.0
        self.deadline = Deadline(wait)
        self.transfer: TransferStats | None = None
        # What is to be recorded of the source if the cloud converted its data: texts by the property.
        self.source_records: dict[str, str] = {}
        self.warnings: list[str] = []

    @property
    def waits(self) -> bool:
        """Whether the task waits for what the cloud does in its own time."""
        return self._wait is not None

    def perform(self, operation: Operation, remake: t.Callable[[], str] | None) -> str:
        """Make one of the calls of a delivery; returns the id of the image, another one if it had to be made again.

        :param remake: makes the image once more, for when the cloud dropped it; null if it is not ours to make.
        """
        if operation.call is IMPORT:
            self._import(operation)
            return str(operation.image_id)
        return self._send(operation, remake)

    def warn_of_refused_import(self, refusal: ApiError) -> None:
        """Say that the data are sent because the cloud refuses to import them itself."""
        shown = self._content.source.shown if self._content else "the data"
        self.warnings.append(
            f"The cloud refuses to import {shown} itself, so this host downloads it and sends it on. Set 'transfer: stream'"
            f" to do so at once, or 'transfer: import' to make it an error. {without_queries(refusal.message)}"
        )

    def wait_and_verify(self, before: Image) -> Image:
        """The image once its data are there, and are those that were sent; without waiting, as it is now.

        :param before: the image before its data were sent.
        """
        image = self._wait_for_data(before.id)
        if self._upload is None and self.transfer:  # what the cloud fetched itself
            self.transfer.seconds = TIMING.monotonic() - self._import_began
            self.transfer.bytes = image.size or 0
        if image.status == "active":
            self._check_has_data(image)
            if is_converted(before, image):
                self._accept_conversion(before, image)
            else:
                self._verify_or_unpack(before, image)
        return image

    # Sending

    def _send(self, operation: Operation, remake: t.Callable[[], str] | None) -> str:
        method = "stage" if operation.path.endswith("/stage") else "upload"
        self.transfer = TransferStats(method)
        self._upload = new_upload(not_none(self._content), self.transfer, self.deadline, self._progress)
        store = operation.body.get("store")
        poll = Backoff()
        while True:
            began = TIMING.monotonic()
            self.transfer.attempts += 1
            try:
                self._api.upload(operation, self._upload, store, self.deadline.left if self._wait else 0.0)
            except (ApiError, ConnectionProblem, BrokenSource) as error:
                self._give_up_unless_passing(error)
                image_id = self._resolve_broken_upload(str(operation.image_id), error, disposable=remake is not None)
                if image_id is None:
                    if remake is None:
                        raise ImageGone(
                            f"{error.message} The cloud dropped image {operation.image_id} with that."
                        ) from error
                    operation = Operation(operation.call, remake(), operation.body)
                elif image_id:
                    break  # only the answer was lost
                if isinstance(error, ApiError) and error.status == 401:
                    self._api.new_token()
                if isinstance(error, ApiError) and error.retry_after:
                    TIMING.sleep(min(error.retry_after, TIMING.longest_retry, self.deadline.left))
                else:
                    poll.pause(self.deadline.left)
                self._give_up_unless_passing(error)  # the pauses take time too
            else:
                break
        self.transfer.seconds = TIMING.monotonic() - began
        self.transfer.hash = self._upload.hash
        return str(operation.image_id)

    def _give_up_unless_passing(self, error: GlanceError) -> None:
        if isinstance(error, ApiError) and error.status not in TRANSIENT_STATUS:
            raise error
        attempts = not_none(self.transfer).attempts
        if attempts >= MAX_ATTEMPTS or self.deadline.passed:
            error.message = f"{error.message} That was attempt {attempts}, and the last."
            raise error

    def _resolve_broken_upload(self, image_id: str, error: GlanceError, disposable: bool) -> str | None:
        """Wait until the cloud has noticed that an upload broke off.

        Returns the id if the data are there after all, null if the image is gone, and an empty string if it is ready for
        another attempt. A disposable image that the cloud does not let go of is deleted, if its data cannot become whole.
        """
        poll = Backoff()
        began = TIMING.monotonic()
        while True:
            image = self._api.find_image(image_id)
            if image is None or image.status == "killed":
                return None
            if image.status == "queued":
                return ""
            if is_staged(image) or not in_transit(image):
                return image_id
            given_up = TIMING.monotonic() - began > TIMING.upload_release_timeout or self.deadline.passed
            if given_up and self._wait is None and not_none(self._upload).complete:
                return image_id  # the cloud has everything and is busy with it, which the task does not wait for
            if disposable and given_up and not not_none(self._upload).complete:
                self._api.perform(Operation(DELETE, image_id))
                return None
            if self.deadline.passed:
                raise DataStillInTransit(
                    f"{error.message} Image {image_id} is still '{image.status}' after {self.deadline.seconds} s."
                    " Nothing was deleted. Run the task again later."
                ) from error
            poll.pause(self.deadline.left)

    # Importing

    def _import(self, operation: Operation) -> None:
        if not is_copy(operation) and self.transfer is None:
            self.transfer = TransferStats(operation.body["method"]["name"], attempts=1)
        self._import_began = TIMING.monotonic()
        self._begin_import(operation)
        if is_copy(operation) and self._wait is not None:
            wait_for_copy(self._api, str(operation.image_id), operation.body["stores"], self.deadline)

    def _begin_import(self, operation: Operation) -> None:
        poll = Backoff()
        for attempt in range(MAX_ATTEMPTS):
            try:
                self._api.perform(operation)
            except (ApiError, ConnectionProblem) as error:
                passing = not isinstance(error, ApiError) or error.status in TRANSIENT_STATUS
                if not passing or attempt + 1 == MAX_ATTEMPTS or self.deadline.passed:
                    raise
                # Where only the answer was lost, the import is going on or already over.
                image = self._api.find_image(str(operation.image_id))
                if image and _has_begun(operation, image):
                    return
                poll.pause(self.deadline.left)
            else:
                return

    def _wait_for_data(self, image_id: str) -> Image:
        poll = Backoff()
        seen_active = False
        before: Image | None = None
        while True:
            image = self._api.find_image(image_id)
            # While an import goes on, the image mostly changes.
            is_unchanged, before = image == before, image
            if image is None:
                raise GlanceError(f"Image {image_id} was deleted by somebody else while its data were being stored.")
            status = image.status
            if status == "active":
                if self._wait is None or self.deadline.passed or import_is_over(self._api, image, seen_active):
                    return image
                seen_active = True
                poll.pause(self.deadline.left)
                continue
            failure = "" if status == "saving" else failed_import(self._api, image, look_at_lock=is_unchanged)
            if failure:
                raise GlanceError(f"The cloud could not import the data of image {image_id}: {failure}")
            importing = self.transfer is not None and self.transfer.method != "upload"
            if not in_transit(image) and not (importing and status == "queued"):
                raise GlanceError(
                    f"The cloud took the data of image {image_id} and then did not keep them: it is '{status}'."
                )
            if self._wait is None:
                return image
            if self.deadline.passed:
                raise still_in_transit(image, self.deadline)
            poll.pause(self.deadline.left)

    # Verifying

    def _check_has_data(self, image: Image) -> None:
        if not image.size:
            raise DataMismatch(
                f"The cloud has no data at all in image {image.id}, though it is active: the source is empty."
            )

    def _verify_or_unpack(self, before: Image, image: Image) -> None:
        """Compare the data; if the cloud has decompressed them, with the decompressed source."""
        try:
            self._verify(image)
        except DataMismatch:
            is_import = self.transfer is not None and self.transfer.method != "upload"
            if not is_import or not self._is_unpacked_source(image):
                raise
            self._note_source(before)
            if self.transfer:
                self.transfer.hash = strongest_hash(image)

    def _is_unpacked_source(self, image: Image) -> bool:
        """Whether the image has the decompressed data of the source (gzip), which is read once more for this."""
        if self._content is None or self._content.compression or not hashes_of(image):
            return False
        blocks = self._content.read()
        first = next(blocks, b"")
        if not first.startswith(GZIP_MAGIC):
            return False
        stored = strongest_hash(image)
        unpacked = decompressed(itertools.chain([first], blocks), "gz", self._content.source.shown)
        return size_and_hash(unpacked, stored.algorithm) == (image.size, stored)

    def _note_source(self, before: Image) -> Checksum | str | None:
        """Keep what is to be recorded of the source of data that the cloud has changed; returns its checksum."""
        given = (self._data.source_checksum or self._data.hash) if self._data else None
        checksum = self._upload.hash if self._upload else given
        self.source_records = {SOURCE_FORMATS: " ".join(str(before.get(key)) for key in FORMATS)}
        is_planned = self._data is not None and bool(self._data.record)
        if checksum and not is_planned:
            self.source_records[SOURCE_CHECKSUM] = str(checksum)
        return checksum

    def _accept_conversion(self, before: Image, image: Image) -> None:
        """Accept the data that the cloud has converted, whose hash is not predictable, and keep the source's record."""
        checksum = self._note_source(before)
        changed = " and ".join(
            f"{key} from {before.get(key)} to {image.get(key)}" for key in FORMATS if before.get(key) != image.get(key)
        )
        if self.transfer:
            self.transfer.hash = strongest_hash(image) if hashes_of(image) else None
        unchecked = "" if self._upload or not checksum else " The source was not compared with its checksum."
        self.warnings.append(
            f"The cloud converted the data of image {image.id} when it imported them, and changed its {changed}. So the"
            f" data could not be compared with the source: the import succeeded and the image has data.{unchecked}"
        )

    def _verify(self, image: Image) -> None:
        if self._upload:
            self._upload.check_arrived(image, self._stored_hash(image))
            return
        checksum, size = (self._data.hash, self._data.size) if self._data else (None, None)
        hashes = hashes_of(image)
        if self.transfer and hashes:
            self.transfer.hash = strongest_hash(image)
        if checksum and checksum.algorithm in hashes:
            found = Checksum(checksum.algorithm, hashes[checksum.algorithm])
        elif checksum:
            found = read_back(self._api, image, checksum.algorithm, self.deadline)
        else:
            found = None
        if checksum != found:
            raise DataMismatch(
                f"The cloud has other data than the task says: {found} instead of {checksum}."
                " If the cloud changes what it imports without changing the image's formats, use 'transfer: stream'."
            )
        source = self._content.source if self._content else None
        if size is None and checksum is None and isinstance(source, UrlSource):
            size = source.published_size()
        if size not in (None, image.size):
            raise DataMismatch(f"The cloud has {image.size} bytes of data, and the source has {size}.")
        if not checksum:
            self.warnings.append(
                f"What the cloud imported into image {image.id} could be verified by its size only."
                if size is not None
                else f"What the cloud imported into image {image.id} could not be verified; give a 'checksum'."
            )

    def _stored_hash(self, image: Image) -> Checksum | None:
        """The hash of what the cloud has: its own, or else of the data read back; null if it does not let them be read."""
        if hashes_of(image):
            return strongest_hash(image)
        try:
            return read_back(self._api, image, EXPECTED_ALGORITHM, self.deadline)
        except ApiError as error:
            self.warnings.append(
                f"This cloud keeps no hash of image {image.id} and does not let its data be read back ({error}), so they"
                " could be verified by their size only."
            )
            return None
        except GlanceError as error:
            raise DataStillInTransit(
                f"All data of image {image.id} were sent. This cloud keeps no hash of them, and reading them back to"
                f" verify them did not come to an end: {error} The image was left as it is; the next run compares it."
            ) from error


def _has_begun(operation: Operation, image: Image) -> bool:
    """Whether an import has begun, or is already over."""
    if is_copy(operation):
        return bool(image.import_task) or not missing_stores(image, operation.body["stores"])
    return bool(image.import_task) or image.status in DONE


def is_converted(before: Image, image: Image) -> bool:
    """Whether the cloud converted an image's data when it imported them, which its changed formats show."""
    return any(before.get(key) and image.get(key) != before.get(key) for key in FORMATS)


def failed_import(api: GlanceApi, image: Image, look_at_lock: bool = True) -> str:
    """Why the last import into an image failed; empty if it did not, or is still going on.

    :param look_at_lock: whether to ask for the task also while it holds its lock on the image, which a failed one may keep.
    """
    lock = image.import_task
    if lock and not look_at_lock:
        return ""
    stores = image.failed_import_stores
    tasks = [task for task in api.list_tasks(image.id) if task.get("type") in (None, "api_image_import")]
    if lock:
        tasks = [task for task in tasks if task.get("id") == lock]
        stores = stores if tasks else None
    if tasks and tasks[-1].get("status") == "failure":
        where = f" (stores: {stores})" if stores else ""
        message = str(tasks[-1].get("message") or "its task failed")
        usual = import_hint(message, _method_of(tasks[-1]))
        return f"{without_queries(message)}{where} [task {tasks[-1].get('id')}]. {usual}".rstrip()
    return f"it failed in the stores {stores}." if stores and not tasks else ""


def dead_import(api: GlanceApi, image: Image) -> str:
    """Why the import into an image can never be completed; empty if there is none, or it still can be.

    Glance leaves an image ``importing`` if a store fails, and the lock on it if it cannot undo what a plugin did; then it
    takes no other data into the image.
    """
    takes_no_data = image.status == "importing" or (image.status == "queued" and image.import_task)
    return failed_import(api, image) if takes_no_data else ""


def import_is_over(api: GlanceApi, image: Image, ask: bool) -> bool:
    """Whether the cloud's import is done with an image that has its data.

    The import writes all attributes of the image once more after that, so what is changed before its end is lost.

    :param ask: whether to ask for the import's task, as the image may keep the mark of an interrupted import.
    """
    task_id = image.import_task
    if not task_id or not ask:
        return not task_id
    statuses = [task.get("status") for task in api.list_tasks(image.id) if task.get("id") == task_id]
    return not any(status in ("pending", "processing") for status in statuses)


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


def wait_for_copy(api: GlanceApi, image_id: str, stores: t.Sequence[str], deadline: Deadline) -> Image:
    """The image once its data are in these stores too."""
    poll = Backoff()
    seen_complete = False
    while True:
        image = api.find_image(image_id)
        if image is None:
            raise GlanceError(f"Image {image_id} was deleted by somebody else while its data were being copied.")
        missing = missing_stores(image, stores)
        if not missing:
            if deadline.passed or import_is_over(api, image, seen_complete):
                return image
            seen_complete = True
            poll.pause(deadline.left)
            continue
        failed = [store for store in missing if store in str(image.failed_import_stores or "").split(",")]
        if failed or not image.import_task:
            failure = failed_import(api, image)
            if failure or failed:
                raise GlanceError(
                    f"The data of image {image_id} could not be copied to {', '.join(failed or missing)}: {failure}"
                    " They are still where they were."
                )
        if deadline.passed:
            raise DataStillInTransit(
                f"The data of image {image_id} are not yet in {', '.join(missing)} after {deadline.seconds} s;"
                " the cloud may yet finish. Run the task again later."
            )
        poll.pause(deadline.left)


def wait_for_other_upload(
    api: GlanceApi, image_id: str, wait: float | None, begin_within: float | None = None
) -> Image | None:
    """Wait while another run sends the image's data, or has just created it to do so; returns it as it then is.

    :param begin_within: how long the other run may take to begin (s).
    """
    began = TIMING.monotonic()
    begin_within = TIMING.staged_abandoned if begin_within is None else begin_within
    poll = Backoff()
    while True:
        image = api.find_image(image_id)
        if image is None or dead_import(api, image):
            return image
        waited = TIMING.monotonic() - began
        moving = in_transit(image) and waited < (wait or 0)
        about_to_begin = image.status == "queued" and not in_transit(image) and waited < begin_within
        if not moving and not about_to_begin:
            return image
        poll.pause((wait or 0) - waited if moving else begin_within)


def wait_for_attributes(api: GlanceApi, image: Image, body: t.Mapping[str, t.Any]) -> Image | None:
    """An image that another run has just created, once it is as ``body`` says: Glance shows it before it stores its tags.

    Returns it as it is after at most TIMING.creation_timeout.
    """
    deadline = Deadline(TIMING.creation_timeout)
    poll = Backoff()
    found: Image | None = image
    while found and unapplied_fields({**body, "id": found.id}, found) and not deadline.passed:
        poll.pause(deadline.left)
        found = api.find_image(image.id)
    return found
