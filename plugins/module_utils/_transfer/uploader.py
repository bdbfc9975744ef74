# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""Bringing data into an image: sending them, trying again, and having the cloud import them."""

from __future__ import annotations

import contextlib
import enum
import typing as t

from .._client.image_api import GlanceApi
from .._errors import ApiError, ConnectionProblem, GlanceError, not_none
from .._glance.image import Image
from .._glance.operations import DELETE, IMPORT, STAGE, Operation
from .._plan.data_state import HAS_DATA, in_transit, is_staged
from .._plan.desired_image import DataSpec
from .._plan.store_changes import is_copy
from .._timing import TIMING
from .._url_redaction import without_queries
from .errors import BrokenSource, DataStillInTransit, ImageGone
from .imports import DataWait, ImportProgress, begin_import, wait_for_copy
from .polling import MAX_ATTEMPTS, Backoff, Deadline, is_transient, poll
from .progress import Reporter
from .stats import TransferStats

if t.TYPE_CHECKING:
    from .source import SourceContent
    from .upload import Upload


class BrokenUpload(enum.Enum):
    """What an upload that broke off has left in the cloud."""

    DATA_STORED = enum.auto()  # only the answer was lost
    IMAGE_EMPTY = enum.auto()  # it is ready for another attempt
    IMAGE_GONE = enum.auto()


class Uploader:
    """Brings the data of one task into one image.

    :param content: what is sent; null where the cloud fetches the data itself and the task knows no source of them.
    :param data: what the image should have, as far as it is known beforehand; null where the task names none.
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
        self._progress = progress
        self._upload: Upload | None = None
        self._import_began = 0.0
        self.waits = wait is not None
        self.deadline = Deadline(wait)
        self.transfer: TransferStats | None = None
        # What to record of the source if the cloud converted its data: texts by the property.
        self.source_records: dict[str, str] = {}
        self.warnings: list[str] = []

    def perform(self, operation: Operation, create_again: t.Callable[[], str] | None) -> str:
        """Make one of the calls that bring the data; returns the image's id, which is another one if it was created again.

        :param create_again: creates the image once more, for when the cloud deleted it; null if this run did not create it.
        """
        if operation.call is IMPORT:
            self._import(operation)
            return str(operation.image_id)
        return self._send(operation, create_again)

    def warn_of_refused_import(self, refusal: ApiError) -> None:
        """Say that the data are sent because the cloud refuses to import them itself."""
        label = self._content.source.label if self._content else "the data"
        self.warnings.append(
            f"The cloud refuses to import {label} itself, so this host downloads it and sends it on. Set 'transfer: stream'"
            f" to do so at once, or 'transfer: import' to make it an error. {without_queries(refusal.message)}"
        )

    def wait_and_verify(self, before: Image) -> Image:
        """The image once its data are stored and verified; without waiting, as it is now.

        :param before: the image before its data were sent.
        """
        is_import = self.transfer is not None and self.transfer.method != "upload"
        image = DataWait(self._api, self.deadline, is_import, self.waits, self._import_progress).wait(before.id)
        if self._upload is None and self.transfer:  # the cloud fetched the data itself
            self.transfer.seconds = TIMING.monotonic() - self._import_began
            self.transfer.bytes = image.size or 0
        if image.status in HAS_DATA:
            # Imported here: a task that moves no data does not compile what compares them.
            from .verification import Verifier  # noqa: PLC0415

            verifier = Verifier(self._api, self._content, self._data, self.deadline)
            verification = verifier.verify(before, image, self._upload, is_import)
            self.source_records = verification.source_records
            self.warnings += verification.warnings
            if self.transfer:
                self.transfer.hash = verification.hash
        return image

    def wait_until_released(self, image_id: str) -> None:
        """Wait until the cloud has noticed that an upload broke off, so that the next one does not meet it."""
        if self._upload is None:
            return
        with contextlib.suppress(GlanceError):  # the error of the upload is the one to report
            poll(lambda: self._api.find_image(image_id), _is_released, Deadline(TIMING.upload_release_timeout))

    # Importing

    def _import(self, operation: Operation) -> None:
        if not is_copy(operation) and self.transfer is None:
            self.transfer = TransferStats(operation.body["method"]["name"], attempts=1)
        self._import_began = TIMING.monotonic()
        begin_import(self._api, operation, self.deadline)
        if is_copy(operation) and self.waits:
            stores = operation.body["stores"]
            wait_for_copy(self._api, str(operation.image_id), stores, self.deadline, self._import_progress)

    @property
    def _import_progress(self) -> ImportProgress | None:
        size = self._data.size if self._data else None
        return ImportProgress(self._api, self._progress, size) if self._progress else None

    # Sending

    def _send(self, operation: Operation, create_again: t.Callable[[], str] | None) -> str:
        from .upload import new_upload  # noqa: PLC0415

        self.transfer = TransferStats("stage" if operation.call is STAGE else "upload")
        self._upload = new_upload(not_none(self._content), self.transfer, self.deadline, self._progress)
        backoff = Backoff()
        while error := self._attempt(operation):
            self._raise_if_final(error)
            left = self._resolve_broken_upload(str(operation.image_id), error, is_own=create_again is not None)
            if left is BrokenUpload.DATA_STORED:
                break
            if left is BrokenUpload.IMAGE_GONE:
                if create_again is None:
                    raise ImageGone(f"{error.message} The cloud dropped image {operation.image_id} with that.") from error
                operation = Operation(operation.call, create_again(), operation.body)
            self._prepare_next_attempt(error, backoff)
            self._raise_if_final(error)  # the pauses take time too
        self.transfer.hash = self._upload.hash
        return str(operation.image_id)

    def _attempt(self, operation: Operation) -> GlanceError | None:
        """Send the data once; returns the error that broke the upload off."""
        transfer, upload, store = not_none(self.transfer), not_none(self._upload), operation.body.get("store")
        transfer.attempts += 1
        began = TIMING.monotonic()
        try:
            upload.open()
            self._api.upload(operation, upload, store, self.deadline.left if self.waits else 0.0)
        except (ApiError, ConnectionProblem, BrokenSource) as error:
            return error
        finally:
            transfer.seconds = TIMING.monotonic() - began
        return None

    def _raise_if_final(self, error: GlanceError) -> None:
        """Raise an error that another attempt cannot mend, or that comes too late for one."""
        if not is_transient(error) and not self._is_conflict(error):
            raise error
        attempts = not_none(self.transfer).attempts
        if attempts >= MAX_ATTEMPTS or self.deadline.passed:
            raise error.explained(f"That was attempt {attempts}, and the last.")

    def _is_conflict(self, error: GlanceError) -> bool:
        """Whether the image may be busy with an earlier attempt, which the cloud began to read only after it broke off."""
        return isinstance(error, ApiError) and error.status == 409 and not_none(self.transfer).attempts > 1

    def _prepare_next_attempt(self, error: GlanceError, backoff: Backoff) -> None:
        if isinstance(error, ApiError) and error.status == 401:
            self._api.new_token()
        if isinstance(error, ApiError) and error.retry_after:
            TIMING.sleep(min(error.retry_after, TIMING.longest_retry, self.deadline.left))
        else:
            backoff.pause(self.deadline.left)

    def _resolve_broken_upload(self, image_id: str, error: GlanceError, is_own: bool) -> BrokenUpload:
        """Wait until the cloud has noticed that an upload broke off; returns what is left of it.

        Where the cloud does not notice, an incomplete image of this run is deleted. The error is raised if it says that the
        image gets data, and these are not an earlier attempt's.

        :param is_own: whether this run created the image, and may delete it.
        """
        complete = not_none(self._upload).complete
        may_delete = is_own and not complete
        # There is no need to wait for the cloud where the run can go on without knowing.
        is_short = may_delete or not self.waits
        limit = Deadline(min(TIMING.upload_release_timeout, self.deadline.left)) if is_short else self.deadline
        image = poll(lambda: self._api.find_image(image_id), _is_released, limit)
        if image and image.status == "queued":
            return BrokenUpload.IMAGE_EMPTY
        if self._is_conflict(error):  # the image is another run's to fill
            raise error
        if image is None or image.status == "killed":
            return BrokenUpload.IMAGE_GONE
        if complete and (_is_released(image) or not self.waits):
            return BrokenUpload.DATA_STORED  # or the cloud is busy with them, which the task does not wait for
        if _is_released(image):  # with the data of another run: of an incomplete upload Glance keeps nothing
            raise DataStillInTransit(
                f"{error.message} Meanwhile image {image_id} has got data that this run has not sent: it is"
                f" '{image.status}'. It was left as it is. Run the task again."
            ) from error
        if may_delete:
            self._api.perform(Operation(DELETE, image_id))
            return BrokenUpload.IMAGE_GONE
        raise DataStillInTransit(
            f"{error.message} Image {image_id} is still '{image.status}' after {limit.seconds:g} s."
            " Nothing was deleted. Run the task again later."
        ) from error


def _is_released(image: Image | None) -> bool:
    """Whether the cloud is no longer busy with an upload."""
    return image is None or image.status in ("killed", "queued") or is_staged(image) or not in_transit(image)
