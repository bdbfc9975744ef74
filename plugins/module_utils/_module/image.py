# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The run of the module image: one image present as described, or absent."""

from __future__ import annotations

import dataclasses
import datetime
import typing as t

from .._argspec import IMAGE
from .._client.image_api import GlanceApi
from .._errors import ApiError, InvalidInput, not_none
from .._glance.image import FORMATS, Image
from .._glance.image_hashes import recorded_formats
from .._glance.image_ids import has_derived_id
from .._glance.list_query import equals_filter
from .._glance.properties import REFERENCES
from .._options.image import ImageOptions, ImageSelection
from .._plan.data_state import DataState, data_state, in_transit, is_abandoned, max_wait
from .._plan.desired_image import DesiredImage
from .._plan.execution_record import ExecutionRecord
from .._plan.plan import MAX_PLANS, Plan, plan_create, plan_delete, plan_update
from .._plan.replacement import (
    ReplacementState,
    carried_over,
    is_replacement_of,
    plan_cleanup,
    plan_replacement,
    plan_restart,
    replacements_in,
    temporary_name,
)
from .._plan.result import result_of
from .._plan.store_changes import differ_in_stores
from .._timing import TIMING
from .._transfer.progress import reporter
from .lookup import choose, find_by_id, find_by_id_or_name, find_by_name, oldest_first, project_id
from .task import Task

if t.TYPE_CHECKING:
    from .._transfer.image_data import DataResolver
    from .._transfer.polling import Backoff, Deadline

REFERENCING_OPTION = {key: option for option, key in REFERENCES.items()}

# A module's process compiles all that it imports. So what moves data, and what carries plans out, is imported where it is
# needed: most tasks find everything as it is to be.


def run(api: GlanceApi, options: ImageOptions, check_mode: bool) -> dict[str, t.Any]:
    """Bring the image to the state that the task wants; returns the module's result."""
    return (_absent if options.is_absent else _present)(api, options, check_mode)


def _absent(api: GlanceApi, options: ImageOptions, check_mode: bool) -> dict[str, t.Any]:
    owner = _owner(api, options.selection)

    def make_plans() -> list[Plan]:
        # A hidden image must not come to light in the next run.
        found = _candidates(api, options, owner, hidden_too=True)
        return [plan_delete(image, options.force) for image in _chosen(options.selection, found)]

    plans = make_plans()
    if plans and not check_mode:
        from .apply import apply_plans  # noqa: PLC0415
        from .deletion import delete  # noqa: PLC0415

        records = apply_plans(plans, make_plans, lambda plan, record: delete(api, plan, record, options.wait))
        return {**result_of(records), "image": None, "transfer": None}
    return {**result_of(plans), "image": None, "transfer": None}


def _present(api: GlanceApi, options: ImageOptions, check_mode: bool) -> dict[str, t.Any]:
    wanted, source = _wanted(api, options)
    planner = Planner(api, options, wanted, source)
    plans = planner.make_plans()
    api.check_supported(plans[0].operations)
    if check_mode or not plans[0].changed:
        return {**result_of(plans), "image": plans[0].image, "transfer": None, "warnings": planner.warnings}
    from .._transfer.uploader import Uploader  # noqa: PLC0415
    from .apply import apply_plans  # noqa: PLC0415
    from .executor import create_or_update, replace  # noqa: PLC0415

    content, data = (source.content, source.data) if source else (None, None)
    uploader = Uploader(api, content, data, options.wait, reporter(options.selection.label))

    def execute(plan: Plan, record: ExecutionRecord) -> None:
        (replace if plan.replaced else create_or_update)(api, plan, record, uploader)

    record = apply_plans(plans, planner.make_plans, execute)[0]
    after = record.shown_image
    return {
        **result_of([record], record.image or (Image(after) if after else None)),
        "image": after,
        "transfer": uploader.transfer.shown() if uploader.transfer else None,
        "warnings": planner.warnings + uploader.warnings,
    }


class Planner:
    """Looks at how things are, and plans what makes them as they are to be."""

    def __init__(self, api: GlanceApi, options: ImageOptions, wanted: DesiredImage, source: DataResolver | None) -> None:
        self._api = api
        self._options = options
        self._wanted = wanted
        self._source = source
        # What cannot be compared is never other data, and nothing is replaced by what cannot be verified.
        self._replacing = source is not None and source.comparable and options.data_policy == "replace"
        self._wait = options.wait
        # The new image of another run's replacement as it was last seen, and how long it may stay so.
        self._other_run: tuple[t.Any, Deadline, Backoff] | None = None
        self.warnings: list[str] = []

    def make_plans(self) -> list[Plan]:
        """The plan of the task, in a list. It is made anew as long as another run changes the image meanwhile."""
        self._other_run = None
        times_gone = 0
        while True:
            try:
                return [self._make_plan()]
            except OtherRunIsBusy:
                continue
            except ImageIsGone as gone:
                times_gone += 1
                if times_gone == MAX_PLANS:
                    raise gone.error from gone

    def _make_plan(self) -> Plan:
        self.warnings = []
        options, wanted = self._options, self._wanted
        # A twin that a replacement left may be hidden where the image is not, or the other way round.
        hidden_too = options.hidden is True or (self._replacing and options.hidden is not None)
        found = _candidates(self._api, options, wanted.attributes.get("owner"), hidden_too)
        newest, replaced = replacements_in(found, wanted, self._api.connection.project_id) or (None, [])
        images = _chosen(options.selection, [image for image in found if image not in replaced])
        if not images:
            self._check_may_create()
            return plan_create(self._with_calls(), options.selection.id.lower() if options.selection.id else None)
        image = images[0]
        if image.status == "deactivated":
            self.warnings.append(
                f"{image} is deactivated and stays so: no server can be created"
                " from it. To reactivate it, use the module image_state with 'state: active'."
            )
        if replaced and image is newest:
            return self._finish_replacing(replaced, newest)
        _check_stays_in_sight(self._api, options, image)
        return self._plan_for(image)

    def _check_may_create(self) -> None:
        """Refuse to create a missing image where the task says so, and warn if it will have no data."""
        if not self._options.create:
            raise InvalidInput(no_such_image(self._options.selection))
        if self._source is None:
            self.warnings.append(
                f"The image '{self._options.selection.label}' is missing, and a new one has no data: no server"
                " can be created from it. Give its data with 'path', 'url' or 'remote', or 'create: false' if it must exist."
            )

    def _with_calls(self, stores: tuple[str, ...] | None = None) -> DesiredImage:
        """What is wanted, with the calls that bring the data, to these stores if the task names none."""
        self._check_stores()
        stores = self._wanted.stores or stores
        data = self._source.data_into(stores) if self._source else None
        return dataclasses.replace(self._wanted, data=data, stores=stores)

    def _check_stores(self) -> None:
        if not self._wanted.stores:
            return
        known = self._api.list_stores()
        unknown = [store for store in self._wanted.stores if store not in known]
        if unknown:
            there = f"it has {', '.join(known)}" if known else "it has only one, without a name"
            raise InvalidInput(f"stores: this cloud has no store {', '.join(unknown)}; {there}.")

    def _check_stores_if_other(self, image: Image) -> None:
        if differ_in_stores(image, self._wanted):
            self._check_stores()

    def _plan_for(self, image: Image) -> Plan:
        wanted, source = self._wanted, self._source
        if source is None:
            self._check_stores_if_other(image)
            return plan_update(self._settled(image), wanted)
        image = self._settled(image)
        failure = ""
        if in_transit(image):
            image, failure = self._after_transit(image)
        if failure or (in_transit(image) and self._wait and self._is_abandoned_upload(image)):
            return self._plan_restart(image, failure)
        state = data_state(image, source.data, source.is_in)
        if state is DataState.OTHER and self._replacing:
            return self._plan_replacement(image)
        if state is DataState.OTHER and wanted.keep_data:
            self.warnings.append(
                f"{image} has other data than {source.data.shown}, and keeps them, as 'data_policy: keep' says."
            )
        if state is DataState.NONE:
            wanted = self._with_calls()
        else:
            self._check_stores_if_other(image)
        plan = plan_update(image, wanted, state)
        return plan_cleanup(plan, self._unfinished(image)) if self._replacing and state is DataState.SAME else plan

    def _settled(self, image: Image) -> Image:
        """The image, once another run that is creating it right now has stored its tags and has begun to send its data."""
        is_new = self._wait and _seconds_since(image, "created_at") < TIMING.creation_timeout
        if not is_new or image.owner != self._api.connection.project_id or not has_derived_id(image, str(image.name)):
            return image
        from .._transfer.other_runs import wait_for_attributes, wait_for_other_upload  # noqa: PLC0415

        tags = self._wanted.attributes.get("tags")
        if tags and not image.tags:
            image = wait_for_attributes(self._api, image, {"tags": tags}) or image
        if self._source and image.status == "queued" and all(image.get(key) for key in FORMATS):
            image = wait_for_other_upload(self._api, image.id, self._wait, TIMING.creation_timeout) or image
        return image

    def _after_transit(self, image: Image) -> tuple[Image, str]:
        """The image once no data are on their way to it any more, or the wait is over; and why its import failed."""
        from .._transfer.imports import dead_import  # noqa: PLC0415

        failure = dead_import(self._api, image)
        if self._wait and not failure:
            image = self._waited_for(image) or image
            failure = dead_import(self._api, image)
        return image, failure

    def _plan_restart(self, image: Image, failure: str) -> Plan:
        """Delete an image that cannot get its data any more, and create it again."""
        named = f"{image}"
        if failure and not self._may_create_again(image):
            raise InvalidInput(
                f"{named} has the status '{image.status}', and its import has failed: {failure} Glance takes no more"
                " data into it. Delete it, and run the task again."
            )
        if failure:
            self.warnings.append(f"{named} is created again, because the import of its data has failed: {failure}")
        return plan_restart(image, self._with_calls(), self._api.connection.project_id)

    def _waited_for(self, image: Image) -> Image | None:
        """The image once another run that sends its data has done so, or has taken too long."""
        from .._transfer.other_runs import wait_for_other_upload  # noqa: PLC0415

        return wait_for_other_upload(
            self._api, image.id, max_wait(image, _age(image), self._wait or 0, TIMING.staged_abandoned)
        )

    def _finish_replacing(self, replaced: list[Image], new: Image) -> Plan:
        """Continue a replacement that was interrupted when all images had the name."""
        old = replaced[-1]
        if not self._replacing:
            raise InvalidInput(
                f"name: '{old.name}' means {len(replaced) + 1} images, as a replacement was interrupted: {new.id}"
                f" is the new one and replaces {', '.join(image.id for image in replaced)}."
                " Run the task that replaces it again, with 'data_policy: replace'."
            )
        self._let_other_run_finish(new)
        if not_none(self._source).is_in(new):
            return self._plan_replacement(old, new, replaced[:-1])
        # The task wants newer data by now. The newest image has all that the interrupted task had set.
        return self._plan_replacement(new, None, replaced)

    def _plan_replacement(self, old: Image, new: Image | None = None, also_replaced: t.Sequence[Image] = ()) -> Plan:
        """A replacement, from wherever an earlier run left it."""
        source = not_none(self._source)
        project = self._api.connection.project_id
        unfinished = [] if new else self._unfinished(old)
        if not new and not unfinished:
            self._check_not_replaced(old)
        target = carried_over(old, self._wanted, project)
        usable = [
            image
            for image in unfinished
            if image.status in ("active", "deactivated")
            and all({**image.formats, **recorded_formats(image)}.get(key) == target.get(key) for key in FORMATS)
            and source.is_in(image)
        ]
        new = new or (usable[-1] if usable else None)
        members, new_members = {}, {}
        # Glance lists and adds members of shared images only. A new image that is not to be shared had them added before.
        if old.visibility == "shared" and (new is None or new.visibility == "shared"):
            members = self._members(old)
            new_members = _statuses(self._api, new.id) if new else {}
        state = ReplacementState(
            old,
            new,
            unfinished=tuple(image for image in unfinished if image is not new),
            also_replaced=tuple(also_replaced),
            members=members,
            new_members=new_members,
            project_id=project,
        )
        return plan_replacement(state, self._with_calls(tuple(old.stores) or None), self._options.replaced)

    def _unfinished(self, old: Image) -> list[Image]:
        """The new images of interrupted replacements, oldest first. It waits for another run that is still busy."""
        unfinished = self._find_unfinished(old)
        for left in unfinished:
            if in_transit(left):
                waited, failure = self._after_transit(left)
                if in_transit(waited) and not failure and not _is_abandoned(waited):
                    raise InvalidInput(
                        f"{old} is being replaced by another run: {left.id} has the"
                        f" status '{waited.status}'. Wait for it and run the task again; if no run sends its data,"
                        " delete that one."
                    )
                if waited.status != left.status:
                    raise OtherRunIsBusy
        if unfinished:
            self._let_other_run_finish(unfinished[-1])
        return unfinished

    def _check_not_replaced(self, old: Image) -> None:
        """Raise OtherRunIsBusy if another run has given its new image the name since this one looked it up."""
        found = _candidates(self._api, self._options, self._wanted.attributes.get("owner"), hidden_too=False)
        if any(is_replacement_of(old, image, self._wanted, self._api.connection.project_id) for image in found):
            raise OtherRunIsBusy

    def _let_other_run_finish(self, new: Image) -> None:
        """Pause and raise OtherRunIsBusy if another run may still be finishing the replacement.

        A run that is alive takes its next step soon; one that was killed leaves its new image as it is.
        """
        from .._transfer.polling import Backoff, Deadline  # noqa: PLC0415

        changed = (new.id, new.status, new.name, new.updated_at)
        if self._other_run is None or self._other_run[0] != changed:
            self._other_run = changed, Deadline(max(0.0, TIMING.staged_abandoned - _age(new))), Backoff()
        _changed, deadline, poll = self._other_run
        if not deadline.passed:
            poll.pause(deadline.left)
            raise OtherRunIsBusy

    def _members(self, old: Image) -> dict[str, str]:
        """Whom the new image is to be shared with. Only an administrator can accept a share for somebody else."""
        members = _statuses(self._api, old.id)
        if self._api.connection.is_admin:
            return members
        answered = sorted(member for member, status in members.items() if status == "accepted")
        if answered:
            self.warnings.append(
                f"These projects had accepted image {old.id} and have to accept the new one too: {', '.join(answered)}."
            )
        return dict.fromkeys(members, "pending")

    def _find_unfinished(self, old: Image) -> list[Image]:
        """The new images of earlier replacements of an image that are still hidden and have a name of their own."""
        name = temporary_name(old)
        query = [("name", equals_filter(name)), ("os_hidden", "true"), ("visibility", "all")]
        project = self._api.connection.project_id
        return oldest_first(
            image
            for image in self._api.list_images(query)
            if image.name == name and is_replacement_of(old, image, self._wanted, project)
        )

    def _is_abandoned_upload(self, image: Image) -> bool:
        return not image.protected and _is_abandoned(image) and self._may_create_again(image)

    def _may_create_again(self, image: Image) -> bool:
        """Whether an image that never got its data may be deleted and created again: this collection's, and not shared."""
        own = image.owner == self._api.connection.project_id and has_derived_id(image, str(image.name))
        return (
            own
            and self._options.selection.id is None
            and not (image.visibility == "shared" and _statuses(self._api, image.id))
        )


class OtherRunIsBusy(Exception):
    """Another run is replacing the image, so the task is planned anew."""


class ImageIsGone(Exception):
    """The image was deleted while the task was planned."""

    def __init__(self, error: ApiError) -> None:
        super().__init__(str(error))
        self.error = error


def no_such_image(selection: ImageSelection) -> str:
    """The error message for a missing image that the task must not create."""
    what = f"id '{selection.id}'" if selection.id is not None else f"name '{selection.name}'"
    whose = f" in the project '{selection.owner.project}'" if selection.id is None and selection.owner else ""
    return (
        f"There is no image with the {what}{whose}, and 'create: false' says not to create it. Nothing was changed. Correct"
        f" the {'id' if selection.id is not None else 'name'}, or set 'create: true'."
    )


def _statuses(api: GlanceApi, image_id: str) -> dict[str, str]:
    """The projects that an image is shared with, and whether they have accepted it."""
    try:
        members = api.list_members(image_id)
    except ApiError as error:
        if error.status == 404:
            raise ImageIsGone(error) from error
        raise
    return {str(member["member_id"]): str(member["status"]) for member in members}


def _is_abandoned(image: Image) -> bool:
    return is_abandoned(image, _age(image), TIMING.staged_abandoned, TIMING.upload_abandoned)


def _age(image: Image) -> float:
    """Seconds since the image's last change."""
    return _seconds_since(image, "updated_at")


def _seconds_since(image: Image, attribute: str) -> float:
    """How long ago a time of the image is (s), by this host's clock; 0 where the cloud does not show it."""
    try:
        moment = datetime.datetime.fromisoformat(str(image.get(attribute)).replace("Z", "+00:00"))
    except ValueError:
        return 0.0
    return max(0.0, (TIMING.utc_now() - moment).total_seconds())


def _check_stays_in_sight(api: GlanceApi, options: ImageOptions, image: Image) -> None:
    """Another project's image that is no longer public or shared is not found by its name alone: the next run would make a
    second one."""
    visibility, selection = options.visibility, options.selection
    gets_out_of_scope = visibility not in (None, "public", image.visibility)
    if gets_out_of_scope and selection.id is None and selection.owner is None and not _is_own(api, image):
        raise InvalidInput(
            f"visibility: image {image.id} '{image.name}' belongs to project {image.owner}, and once it is"
            f" {visibility} it is not found by its name alone. Give its 'id', or its project as 'owner'."
        )


def _is_own(api: GlanceApi, image: Image) -> bool:
    return image.owner in (None, api.connection.project_id)


def _wanted(api: GlanceApi, options: ImageOptions) -> tuple[DesiredImage, DataResolver | None]:
    """All that the task names, before the cloud is asked about the image."""
    properties = dict(options.properties)
    source = None
    if options.data:
        from .._transfer.image_data import resolve_data  # noqa: PLC0415

        source = resolve_data(api, options.data, options.wait)
    owner = _owner(api, options.selection)
    for key, reference in options.references.items():
        properties[key] = find_by_id_or_name(api, reference, REFERENCING_OPTION[key]).id if reference else None
    wanted = DesiredImage(
        {**options.attributes, **({"owner": owner} if owner else {})},
        properties,
        options.purge_properties,
        data=source.data if source else None,
        stores=options.stores,
        keep_data=options.data_policy == "keep",
    )
    return wanted, source


def _owner(api: GlanceApi, selection: ImageSelection) -> str | None:
    return project_id(api, selection.owner) if selection.owner else None


def _candidates(api: GlanceApi, options: ImageOptions, owner: str | None, hidden_too: bool) -> list[Image]:
    """All images that have the id or the name."""
    selection = options.selection
    if selection.id is None:
        return find_by_name(api, str(selection.name), owner, hidden_too)
    image = find_by_id(api, selection.id)
    if image and options.is_absent and owner not in (None, image.get("owner", owner)):
        raise InvalidInput(f"owner: image {image.id} '{image.name}' belongs to project {image.owner}, not to {owner}.")
    return [image] if image else []


def _chosen(selection: ImageSelection, images: list[Image]) -> list[Image]:
    """The images that the task means: at most one unless ``on_duplicate`` is ``all``."""
    return images if selection.id is not None else choose(images, str(selection.name), selection.on_duplicate)


TASK = Task(run, IMAGE, ImageOptions.from_params, constraints={"required_one_of": [("name", "id")]})
