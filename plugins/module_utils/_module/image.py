# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The run of the module image: one image present as described, or absent."""

from __future__ import annotations

import dataclasses
import typing as t

from .._argspec import IMAGE
from .._client.image_api import GlanceApi
from .._errors import GlanceError, not_none
from .._glance.image import Image
from .._glance.operations import UPDATE
from .._glance.properties import CATALOGUE, REFERENCES, VERSION
from .._options.image import ImageOptions
from .._plan.data_state import in_transit
from .._plan.desired_image import DesiredImage
from .._plan.execution_record import ExecutionRecord
from .._plan.image_plan import (
    CurrentState,
    ExistingImage,
    attributes_before,
    check_may_create,
    check_stores_exist,
    default_stores,
    needs_data,
    needs_stores,
    plan_image,
)
from .._plan.members import DesiredMembers, Members
from .._plan.plan import Plan, plan_delete
from .._plan.result import result_of
from .._transfer.progress import reporter
from .concurrent_runs import MAX_PLANS, OtherRunIsBusy
from .current_state import CurrentStateReader, ImageHasChanged, find_named_images, select
from .lookup import Lookup, find_by_id_or_name
from .task import Task

if t.TYPE_CHECKING:
    from .._transfer.remote_source import RemoteSource
    from .._transfer.task_data import TaskData
    from .property_checks import PropertyChecks
    from .remote_images import RemoteImages

# What a result says about an image that is absent, or of which nothing is known after an error.
NO_IMAGE = {"image": None, "members": None, "source": None, "transfer": None}
OPTION_OF_REFERENCE = {key: option for option, key in REFERENCES.items()}

# A module's process compiles all that it imports. So what moves data, and what carries plans out, is imported where it is
# needed: most tasks find everything as it is to be.


def run(api: GlanceApi, options: ImageOptions, check_mode: bool) -> dict[str, t.Any]:
    """Bring the image to the state that the task wants; returns the module's result."""
    return ensure_image(Lookup(api), remote_images(api, [options]), options, check_mode)


def ensure_image(lookup: Lookup, remote: RemoteImages | None, options: ImageOptions, check_mode: bool) -> dict[str, t.Any]:
    """Bring the image that the lookup finds to the state that the task wants; returns the module's result.

    :param remote: finds the image in another cloud that the task names; null where it names none.
    """
    if options.is_absent:
        return _ensure_absent(lookup, options, check_mode)
    return _ensure_present(lookup, remote, options, check_mode)


def remote_images(api: GlanceApi, entries: t.Sequence[ImageOptions]) -> RemoteImages | None:
    """What finds the images in other clouds that are copied; null where none are."""
    if not any(entry.data and entry.data.cloud_image for entry in entries):
        return None
    from .remote_images import RemoteImages  # noqa: PLC0415

    return RemoteImages(api, entries)


def _ensure_absent(lookup: Lookup, options: ImageOptions, check_mode: bool) -> dict[str, t.Any]:
    owner = _owner(lookup, options)

    def make_plans() -> list[Plan]:
        found = find_named_images(lookup, options, owner, options.finds_hidden)
        return [plan_delete(image, options.force) for image in select(options.selection, found)]

    plans = make_plans()
    if plans and not check_mode:
        from .apply import apply_plans  # noqa: PLC0415
        from .deletion import delete  # noqa: PLC0415

        records = apply_plans(plans, make_plans, lambda plan, record: delete(lookup.api, plan, record, options.wait))
        return {**result_of(records), **NO_IMAGE}
    return {**result_of(plans), **NO_IMAGE}


def _ensure_present(
    lookup: Lookup, remote: RemoteImages | None, options: ImageOptions, check_mode: bool
) -> dict[str, t.Any]:
    """The image present, with the data of the source that the task names, if it names one."""
    if options.data and options.data.cloud_image:
        return _ensure_copy(lookup, not_none(remote), options, check_mode)
    if options.mirrors:
        return _ensure_present_from_mirrors(lookup, options, check_mode)
    return _present_from_source(lookup, options, _open_task_data(lookup.api, options), check_mode)


def _ensure_present_from_mirrors(lookup: Lookup, options: ImageOptions, check_mode: bool) -> dict[str, t.Any]:
    """The image present, with data from the URL or, if they cannot be had from there, from one of its mirrors."""
    from .._transfer.errors import SOURCE_FAILURES  # noqa: PLC0415
    from .._transfer.url_source import check_url, resolve_checksum  # noqa: PLC0415

    for mirror in options.mirrors:
        check_url(mirror, "mirrors")
    data = not_none(options.data)
    # A list of checksums names the file as the first URL does.
    checksum = resolve_checksum(data.checksum, str(data.url), lookup.api.connection.timeout)
    failures: list[str] = []
    record = ExecutionRecord()
    for url in (data.url, *options.mirrors):
        attempt = dataclasses.replace(options, data=dataclasses.replace(data, url=url, checksum=checksum))
        try:
            result = _present_from_source(lookup, attempt, _open_task_data(lookup.api, attempt), check_mode, record)
        except SOURCE_FAILURES as error:
            failures.append(str(error))
        except GlanceError as error:
            error.explained(" ".join(f"Before that: {failure}" for failure in failures))
            raise
        else:
            result["warnings"] += [f"The data come from a mirror: {failure}" for failure in failures]
            return result
    raise GlanceError(f"The data could not be read from the URL, nor from any of its mirrors. {' '.join(failures)}")


def _ensure_copy(lookup: Lookup, remote: RemoteImages, options: ImageOptions, check_mode: bool) -> dict[str, t.Any]:
    """The image present, with the data of an image in another cloud and what the task copies of it besides."""
    from .._plan.remote_attributes import with_remote_attributes  # noqa: PLC0415

    cloud_image = not_none(not_none(options.data).cloud_image)
    origin = remote.find(cloud_image, options.wait)
    options = with_remote_attributes(options, origin.image, cloud_image.copied)
    return _present_from_source(lookup, options, _open_task_data(lookup.api, options, origin), check_mode)


def _present_from_source(
    lookup: Lookup,
    options: ImageOptions,
    source: TaskData | None,
    check_mode: bool,
    earlier: ExecutionRecord | None = None,
) -> dict[str, t.Any]:
    """The image present, with the data of one source.

    :param earlier: what was done while other sources of the same data were tried.
    """
    api = lookup.api
    checks = _property_checks(api, options)
    desired = _desired_image(lookup, options, source)
    problems = checks.check_properties(desired.properties) if checks else []
    planner = Planner(lookup, options, desired, source, checks)
    plans = planner.make_plans()
    api.check_supported(plans[0].operations)
    if check_mode or not (plans[0].changed or (earlier and earlier.changed)):
        result = _planned_result(plans[0], source)
    else:
        result = _carry_out(planner, plans, source, earlier or ExecutionRecord())
    return {**result, "warnings": [*problems, *planner.warnings, *result.get("warnings", ())]}


def _planned_result(plan: Plan, source: TaskData | None) -> dict[str, t.Any]:
    """The result of a task that changes nothing, or of check mode."""
    return {
        **result_of([plan]),
        "image": plan.image,
        "members": _shown_members(plan.members_after),
        "source": source.inspected if source else None,
        "transfer": None,
    }


def _carry_out(
    planner: Planner, plans: t.Sequence[Plan], source: TaskData | None, earlier: ExecutionRecord
) -> dict[str, t.Any]:
    """Carry the plan out, and others in its place if another run changes the image; returns the result."""
    from .._transfer.polling import Deadline  # noqa: PLC0415
    from .._transfer.uploader import Uploader  # noqa: PLC0415
    from .apply import apply_plans  # noqa: PLC0415
    from .executor import create_or_update, replace  # noqa: PLC0415

    api, options = planner.api, planner.options
    content, data = (source.content, source.data) if source else (None, None)
    uploader = Uploader(api, content, data, options.wait, reporter(options.selection.label))

    def execute(plan: Plan, record: ExecutionRecord) -> None:
        if source and plan.has_data:
            source.prepare(Deadline(options.wait))
        (replace if plan.replaced else create_or_update)(api, plan, record, uploader)

    try:
        record = apply_plans(plans, planner.make_plans, execute, earlier)[0]
    finally:
        if source:
            source.close()
    after = record.shown_image
    return {
        **result_of([record], record.image or (Image(after) if after else None)),
        "image": after,
        "members": _shown_members(record.members),
        "source": source.inspected if source else None,
        "transfer": uploader.transfer.to_result() if uploader.transfer else None,
        "warnings": uploader.warnings,
    }


class Planner:
    """Reads the current state and plans the change, again if another run changes the image meanwhile."""

    def __init__(
        self,
        lookup: Lookup,
        options: ImageOptions,
        desired: DesiredImage,
        source: TaskData | None,
        checks: PropertyChecks | None,
    ) -> None:
        self.api = lookup.api
        self.options = options
        self._desired = desired
        self._source = source
        self._checks = checks
        self._reader = CurrentStateReader(lookup, options, desired, source)
        self.warnings: list[str] = []

    def make_plans(self) -> list[Plan]:
        """The plan of the task, in a list."""
        self._reader.concurrent_runs.forget_replacement()
        times_changed = 0
        while True:
            try:
                return [self._make_plan()]
            except OtherRunIsBusy:
                continue
            except ImageHasChanged as change:
                times_changed += 1
                if times_changed == MAX_PLANS:
                    raise change.error from change

    def _make_plan(self) -> Plan:
        state = self._reader.read()
        check_may_create(self.options, state)
        desired = self._with_calls(state)
        planned = plan_image(self.options, desired, state, self.api.connection.project_id)
        is_patched = any(operation.call is UPDATE for operation in planned.plan.operations)
        if isinstance(state, ExistingImage) and is_patched and in_transit(state.image):
            self._reader.concurrent_runs.let_transfer_end(state.image)
        self.warnings = [*planned.warnings, *(self._source.warnings if self._source else ())]
        if self._checks:
            self.warnings += self._checks.check_image(not_none(planned.plan.image))
        return planned.plan

    def _with_calls(self, state: CurrentState) -> DesiredImage:
        """What is desired, with the calls that bring the data if the plan needs them; the cloud is asked what it offers."""
        desired = self._desired
        if needs_stores(state, desired):
            check_stores_exist(desired.stores or (), self.api.list_stores())
        if not needs_data(state):
            return desired
        stores = desired.stores or default_stores(state)
        if self._source is None:
            return dataclasses.replace(desired, stores=stores)
        data = self._source.data_into(stores)
        current = attributes_before(state, desired, self.api.connection.project_id)
        following = self._source.attributes_for(data, desired.attributes, current)
        return dataclasses.replace(desired, data=data, attributes={**desired.attributes, **following}, stores=stores)


def _open_task_data(api: GlanceApi, options: ImageOptions, origin: RemoteSource | None = None) -> TaskData | None:
    if options.data is None:
        return None
    from .._transfer.open_task_data import open_task_data  # noqa: PLC0415

    return open_task_data(api, options.data, options.wait, origin)


def _property_checks(api: GlanceApi, options: ImageOptions) -> PropertyChecks | None:
    if options.validate_properties is None and options.property_policy is None:
        return None
    from .property_checks import PropertyChecks  # noqa: PLC0415

    return PropertyChecks(api, options.validate_properties, options.property_policy)


def _desired_image(lookup: Lookup, options: ImageOptions, source: TaskData | None) -> DesiredImage:
    """What the task wants, with the ids of the project and the images that it names."""
    owner = _owner(lookup, options)
    references = {
        key: find_by_id_or_name(lookup.api, reference, OPTION_OF_REFERENCE[key]).id if reference else None
        for key, reference in options.references.items()
    }
    records = {VERSION: options.version}
    if owner in (None, lookup.api.connection.project_id):
        records[CATALOGUE] = options.catalogue
    return DesiredImage(
        {**options.attributes, **({"owner": owner} if owner else {})},
        {**options.properties, **references, **{key: value for key, value in records.items() if value is not None}},
        options.purge_properties,
        data=source.data if source else None,
        stores=options.stores,
        keep_data=options.data_policy == "keep",
        status=options.status,
        members=_desired_members(lookup, options),
    )


def _desired_members(lookup: Lookup, options: ImageOptions) -> DesiredMembers | None:
    if options.members is None:
        return None
    ids = dict.fromkeys(lookup.projects.id_of(project) for project in options.members.projects)
    return DesiredMembers(tuple(ids), options.members.purge)


def _shown_members(members: Members | None) -> list[dict[str, str]] | None:
    return None if members is None else [{"member_id": key, "status": members[key]} for key in sorted(members)]


def _owner(lookup: Lookup, options: ImageOptions) -> str | None:
    """The id of the project that the task names; null where it names none."""
    owner = options.selection.owner
    return lookup.projects.id_of(owner) if owner else None


TASK = Task(run, IMAGE, ImageOptions.from_params, constraints={"required_one_of": [("name", "id")]})
