# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""Other runs that work on the same image at the same time: recognising them, and waiting for them."""

from __future__ import annotations

import typing as t

from .._client.image_api import GlanceApi
from .._errors import InvalidInput
from .._glance.image import FORMATS, Image
from .._glance.image_ids import has_derived_id
from .._glance.times import parse_time
from .._plan.data_state import HAS_DATA, in_transit, is_abandoned, max_wait
from .._timing import TIMING

if t.TYPE_CHECKING:
    from .._transfer.polling import Backoff, Deadline

# How often a task is planned anew because another run changed the image first.
MAX_PLANS = 5

# What waits is imported where it is needed, because most tasks find no other run.


class OtherRunIsBusy(Exception):
    """Another run is replacing the image, so the current state must be read again."""


class ConcurrentRuns:
    """Waits for other runs, as far as this task may wait.

    :param wait: how long the task may wait (s); null to not wait.
    """

    def __init__(self, api: GlanceApi, wait: float | None) -> None:
        self._api = api
        self._wait = wait
        # The new image of another run's replacement as it was last seen, and how long it may stay so.
        self._replacement: tuple[t.Any, Deadline, Backoff] | None = None

    def forget_replacement(self) -> None:
        """Give another run's replacement its whole time again."""
        self._replacement = None

    def wait_until_created(self, image: Image, tags: t.Sequence[str] | None, has_data: bool) -> Image:
        """The image, once another run that is creating it right now has stored its tags and has begun to send its data.

        :param tags: the tags that the task wants.
        :param has_data: whether the task names data.
        """
        is_new = self._wait and _seconds_since(image, "created_at") < TIMING.creation_timeout
        project = self._api.connection.project_id
        is_own = image.get("owner", project) == project
        if not is_new or not is_own or not has_derived_id(image, str(image.name), project):
            return image
        from .._transfer.other_runs import wait_for_attributes, wait_for_other_upload  # noqa: PLC0415

        if tags and not image.tags:
            image = wait_for_attributes(self._api, image, {"tags": tags}) or image
        if has_data and image.status == "queued" and all(image.get(key) for key in FORMATS):
            image = wait_for_other_upload(self._api, image.id, self._wait, TIMING.creation_timeout) or image
        return image

    def wait_for_data(self, image: Image) -> tuple[Image, str]:
        """The image once no data are in transit to it any more, or the wait is over; and why its import failed."""
        from .._transfer.imports import dead_import  # noqa: PLC0415
        from .._transfer.other_runs import wait_for_other_upload  # noqa: PLC0415

        failure = dead_import(self._api, image)
        if self._wait and not failure and not is_abandoned_upload(image):
            limit = max_wait(image, _age(image), self._wait, TIMING.staged_abandoned)
            image = wait_for_other_upload(self._api, image.id, limit) or image
            failure = dead_import(self._api, image)
        return image, failure

    def wait_for_import_end(self, image: Image) -> Image:
        """The image once an import that has stored its data is over, or the wait is.

        At its end the import writes all attributes once more, so a change that is made before is lost. If the image is
        deactivated before, the import fails, and leaves its lock on the image.
        """
        if not self._wait or image.status not in HAS_DATA or not image.import_task:
            return image
        from .._transfer.imports import wait_for_import_end  # noqa: PLC0415
        from .._transfer.polling import Deadline  # noqa: PLC0415

        return wait_for_import_end(self._api, image, Deadline(self._wait))

    def let_transfer_end(self, image: Image) -> None:
        """Wait for data that another run or the cloud is storing in an image, and raise OtherRunIsBusy once it is over.

        At its end Glance writes all attributes as they were at its beginning, so a change that is made before is lost.
        """
        _waited, failure = self.wait_for_data(image)
        now = self._api.find_image(image.id)
        if now is None or not in_transit(now):
            raise OtherRunIsBusy
        if not failure and not is_abandoned_upload(now):
            raise InvalidInput(
                f"{now} has the status '{now.status}': its data are being stored. After that Glance overwrites all"
                " attributes with their earlier values. A change would be lost, so nothing was changed. Run the task"
                f" again once the image is active{'' if self._wait else ', or with wait: true'}."
            )

    def let_replacement_finish(self, new: Image) -> None:
        """Pause and raise OtherRunIsBusy if another run may still be finishing the replacement.

        A run that is alive takes its next step soon; one that was killed leaves its new image as it is.
        """
        from .._transfer.polling import Backoff, Deadline  # noqa: PLC0415

        seen = (new.id, new.status, new.name, new.updated_at)
        if self._replacement is None or self._replacement[0] != seen:
            self._replacement = seen, Deadline(max(0.0, TIMING.staged_abandoned - _age(new))), Backoff()
        _seen, deadline, backoff = self._replacement
        if not deadline.passed:
            backoff.pause(deadline.left)
            raise OtherRunIsBusy


def is_abandoned_upload(image: Image) -> bool:
    """Whether no run will send or import the rest of the image's data."""
    return is_abandoned(image, _age(image), TIMING.staged_abandoned, TIMING.upload_abandoned)


def _age(image: Image) -> float:
    """Seconds since the image's last change."""
    return _seconds_since(image, "updated_at")


def _seconds_since(image: Image, attribute: str) -> float:
    """How long ago a time of the image is (s), by this host's clock; 0 where the cloud does not show it."""
    moment = parse_time(str(image.get(attribute)))
    return max(0.0, (TIMING.utc_now() - moment).total_seconds()) if moment else 0.0
