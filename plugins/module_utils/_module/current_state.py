# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""Reading what the cloud has of the image that a task names, so that ``_plan.image_plan`` can plan its change.

Only what the plan needs is requested. If another run is working on the image, it is waited for.
"""

from __future__ import annotations

import typing as t

from .._errors import ApiError, InvalidInput, not_none
from .._glance.image import Image
from .._glance.image_ids import has_derived_id
from .._glance.image_names import temporary_name
from .._glance.list_query import equals_filter
from .._options.image import ImageOptions, ImageSelection
from .._plan.candidate import builds_in
from .._plan.data_state import DataState, data_state, in_transit
from .._plan.desired_image import DesiredImage
from .._plan.image_plan import (
    CurrentState,
    ExistingImage,
    IncompleteImage,
    MissingImage,
    check_may_finish_replacement,
    check_stays_in_scope,
    usable_replacement,
)
from .._plan.replacement import ReplacementState, is_replacement_of, replacements_in
from .concurrent_runs import ConcurrentRuns, OtherRunIsBusy, is_abandoned_upload
from .lookup import Lookup, choose, oldest_first
from .members import members_of

if t.TYPE_CHECKING:
    from .._transfer.task_data import TaskData


class ImageHasChanged(Exception):
    """Another run deleted the image, or changed its visibility, while the current state was read."""

    def __init__(self, error: ApiError) -> None:
        super().__init__(str(error))
        self.error = error


def find_named_images(lookup: Lookup, options: ImageOptions, owner: str | None, hidden_too: bool) -> list[Image]:
    """All images that have the id or the name.

    :param owner: id of the project that the task names; null where it names none.
    """
    selection = options.selection
    if selection.id is None:
        return lookup.find_by_name(str(selection.name), owner, hidden_too)
    image = lookup.find_by_id(selection.id)
    if image and options.is_absent:
        _check_is_meant(image, selection.name, owner)
    return [image] if image else []


def _check_is_meant(image: Image, name: str | None, owner: str | None) -> None:
    """Refuse to delete an image by its id if it has another name or owner than the task gives beside the id."""
    if name not in (None, image.name):
        raise InvalidInput(
            f"name: image {image.id} has the name '{image.name}', not '{name}'. It was not deleted. Correct the 'id' or the"
            " 'name', or give one of them."
        )
    if owner not in (None, image.get("owner", owner)):
        raise InvalidInput(f"owner: image {image.id} '{image.name}' belongs to project {image.owner}, not to {owner}.")


def select(selection: ImageSelection, images: list[Image]) -> list[Image]:
    """The images that the task means: at most one unless ``on_duplicate`` is ``all``."""
    return images if selection.id is not None else choose(images, str(selection.name), selection.on_duplicate)


class CurrentStateReader:
    """Reads the current state of one image.

    :param desired: what the task wants, with the owner's id and the data.
    :param source: the data that the task names; null where it names none.
    """

    def __init__(self, lookup: Lookup, options: ImageOptions, desired: DesiredImage, source: TaskData | None) -> None:
        self._lookup = lookup
        self._api = lookup.api
        self._project = lookup.api.connection.project_id
        self._options = options
        self._desired = desired
        self._source = source
        self.concurrent_runs = ConcurrentRuns(lookup.api, options.wait)

    def read(self) -> CurrentState:
        """What the cloud has now; OtherRunIsBusy or ImageHasChanged if that changes meanwhile."""
        options, desired = self._options, self._desired
        found = find_named_images(self._lookup, options, desired.attributes.get("owner"), options.finds_hidden)
        interrupted = replacements_in(found, desired, self._project)
        if not interrupted and options.replaces and options.replaced != "delete":
            interrupted = builds_in(found)
        newest, replaced = interrupted or (None, [])
        images = select(options.selection, [image for image in found if image not in replaced])
        if not images:
            return self._first_image() if options.replaces and options.create and self._source else MissingImage()
        image = images[0]
        if replaced and image is newest:
            return self._interrupted_replacement(replaced, image)
        check_stays_in_scope(options, image, self._project, desired.members)
        image = self.concurrent_runs.wait_until_created(image, desired.attributes.get("tags"), self._source is not None)
        if self._source:
            return self._with_data(image, self._source)
        image = self.concurrent_runs.wait_for_import_end(image)
        return ExistingImage(image, members=self._members_if_named(image))

    def _first_image(self) -> CurrentState:
        """The state of a name that no image has, for a task that also finishes or removes candidates."""
        missing = Image({"name": self._options.selection.name})
        if not self._options.candidate:
            # One whose data are in transit is left to the run that is sending them.
            found = self._find_unfinished(missing, hidden=True)
            if not found or any(in_transit(image) for image in found):
                return MissingImage()
        return self._replacement(missing)

    def _with_data(self, image: Image, source: TaskData) -> CurrentState:
        """The state of an image, for a task that names data."""
        failure = ""
        if in_transit(image):
            image, failure = self.concurrent_runs.wait_for_data(image)
        is_abandoned = not failure and in_transit(image) and self._is_abandoned(image)
        if (failure or is_abandoned) and not self._options.candidate:
            return IncompleteImage(image, failure, is_abandoned or self._may_create_again(image))
        if failure or is_abandoned:
            return self._replacement(image)
        image = self.concurrent_runs.wait_for_import_end(image)
        state = data_state(image, source.data, source.is_in)
        # Data that were not tested must not get into an image that has the name.
        is_other = state is DataState.OTHER or (state is DataState.NONE and self._options.candidate is not None)
        if is_other and self._options.replaces:
            return self._replacement(image)
        # An image without data gets them itself; a candidate with the same data is then of no use.
        is_kept = state in (DataState.SAME, DataState.NONE) and self._options.replaces
        unfinished = tuple(self._unfinished(image)) if is_kept else ()
        return ExistingImage(image, state, unfinished, self._members_if_named(image))

    def _interrupted_replacement(self, replaced: list[Image], new: Image) -> ReplacementState:
        """A replacement that was interrupted when all images had the name."""
        check_may_finish_replacement(self._options, new, replaced)
        if not self._options.candidate:
            self.concurrent_runs.let_replacement_finish(new)
        if not_none(self._source).is_in(new):
            return self._replacement(replaced[-1], new, replaced[:-1])
        # The task wants newer data by now. The newest image has all that the interrupted task had set.
        return self._replacement(new, None, replaced)

    def _replacement(self, old: Image, new: Image | None = None, also_replaced: t.Sequence[Image] = ()) -> ReplacementState:
        """A replacement, from wherever an earlier run left it."""
        # A candidate that a user has shown, to look at it, is still a candidate.
        unfinished = [] if new else self._unfinished(old) or self._unfinished(old, hidden=False)
        if not new and not unfinished:
            self._check_not_replaced(old)
        if new is None:
            new = usable_replacement(old, unfinished, self._desired, self._project, not_none(self._source).is_in)
        members: dict[str, str] = {}
        new_members: dict[str, str] = {}
        # A new image that is not to be shared had the members added before.
        if new is None or new.visibility == "shared":
            members = self._members(old) if old.exists and old.visibility == "shared" else {}
            new_members = self._members(new) if new and (members or self._desired.members) else {}
        return ReplacementState(
            old,
            new,
            unfinished=tuple(image for image in unfinished if image is not new),
            also_replaced=tuple(also_replaced),
            members=members,
            new_members=new_members,
            may_accept=self._api.connection.is_admin,
            project_id=self._project,
        )

    def _unfinished(self, old: Image, hidden: bool = True) -> list[Image]:
        """The new images of interrupted replacements, oldest first. It waits for another run that is still busy."""
        unfinished = self._find_unfinished(old, hidden)
        for incomplete in unfinished:
            if in_transit(incomplete):
                self._wait_for_unfinished(old, incomplete)
        # A complete candidate stays until its test is over. One without data may be about to get them.
        if unfinished and (not self._options.candidate or unfinished[-1].status == "queued"):
            self.concurrent_runs.let_replacement_finish(unfinished[-1])
        return unfinished

    def _wait_for_unfinished(self, old: Image, incomplete: Image) -> None:
        waited, failure = self.concurrent_runs.wait_for_data(incomplete)
        if in_transit(waited) and not failure and not is_abandoned_upload(waited):
            what = str(old) if old.exists else f"An image with the name '{old.name}'"
            raise InvalidInput(
                f"{what} is being {'replaced' if old.exists else 'prepared'} by another run: {incomplete.id} has the"
                f" status '{waited.status}'. Wait for it and run the task again; if no run sends its data,"
                " delete that one."
            )
        if waited.status != incomplete.status:
            raise OtherRunIsBusy

    def _find_unfinished(self, old: Image, hidden: bool) -> list[Image]:
        """The new images of earlier replacements of an image that still have a name of their own."""
        name = temporary_name(old)
        query = [("name", equals_filter(name)), ("os_hidden", str(hidden).lower()), ("visibility", "all")]
        return oldest_first(
            image
            for image in self._api.list_images(query)
            if image.name == name and is_replacement_of(old, image, self._desired, self._project)
        )

    def _check_not_replaced(self, old: Image) -> None:
        """Raise OtherRunIsBusy if another run has given its new image the name since this one looked it up."""
        owner = self._desired.attributes.get("owner")
        found = find_named_images(self._lookup, self._options, owner, hidden_too=False)
        if any(is_replacement_of(old, image, self._desired, self._project) for image in found):
            raise OtherRunIsBusy

    def _is_abandoned(self, image: Image) -> bool:
        return not image.protected and is_abandoned_upload(image) and self._may_create_again(image)

    def _may_create_again(self, image: Image) -> bool:
        """Whether an image that never got its data may be deleted and created again: this collection's, and not shared."""
        is_own = image.get("owner", self._project) == self._project
        own = is_own and has_derived_id(image, str(image.name), self._project)
        return own and self._options.selection.id is None and not (image.visibility == "shared" and self._members(image))

    def _members_if_named(self, image: Image) -> dict[str, str]:
        """The members of an image if the task names any; Glance lists those of shared images only."""
        return self._members(image) if self._desired.members and image.visibility == "shared" else {}

    def _members(self, image: Image) -> dict[str, str]:
        """The projects that an image is shared with, and whether they have accepted it."""
        try:
            return members_of(self._api, image.id)
        except ApiError as error:
            if error.status == 404 or (error.status == 403 and self._is_no_longer_shared(image)):
                raise ImageHasChanged(error) from error
            raise

    def _is_no_longer_shared(self, image: Image) -> bool:
        """Glance refuses to list the members of an image that is not shared."""
        now = self._api.find_image(image.id)
        return now is None or now.visibility != image.visibility
