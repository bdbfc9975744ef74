# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""What a task does to one image: a pure function from what it wants and what the cloud has to a plan.

``_module.current_state`` reads what the cloud has. Pure.
"""

from __future__ import annotations

import dataclasses
import typing as t

from .._errors import InvalidInput, not_none
from .._glance.image import FORMATS, Image
from .._glance.image_hashes import recorded_formats
from .._glance.properties import CATALOGUE, VERSION
from .._options.image import ImageOptions, ImageSelection
from .candidate import after_removal, plan_candidate, plan_first_image, plan_promotion, published_as
from .data_state import HAS_DATA, DataState
from .desired_image import DesiredImage
from .marks import without_marks
from .members import DesiredMembers, Members, warnings_of_hidden_members
from .plan import Plan, plan_create, plan_sharing, plan_update
from .replacement import ReplacementState, carried_over, plan_cleanup, plan_replacement, plan_restart
from .store_changes import differ_in_stores, hides_stores


@dataclasses.dataclass(frozen=True)
class MissingImage:
    """No image has the id or the name."""


@dataclasses.dataclass(frozen=True)
class ExistingImage:
    """An image that stays, whatever is changed of it.

    :param data: how its data compare with those that the task wants.
    :param unfinished: new images that interrupted replacements of it have left.
    :param members: the projects that it is shared with; empty where the task names none, and where it is not shared.
    """

    image: Image
    data: DataState = DataState.NOT_ASKED
    unfinished: tuple[Image, ...] = ()
    members: Members = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class IncompleteImage:
    """An image that cannot get its data any more: its import has failed, or the run that sent them was interrupted.

    :param import_failure: why the import failed; empty for an interrupted upload.
    :param may_be_created_again: whether this collection made it and nobody else can depend on it.
    """

    image: Image
    import_failure: str = ""
    may_be_created_again: bool = True


# What the cloud has of the image that a task names.
CurrentState: t.TypeAlias = "MissingImage | ExistingImage | IncompleteImage | ReplacementState"


@dataclasses.dataclass(frozen=True)
class PlannedImage:
    """A plan, and what the task warns of."""

    plan: Plan
    warnings: tuple[str, ...] = ()


def plan_image(options: ImageOptions, desired: DesiredImage, state: CurrentState, project: str | None) -> PlannedImage:
    """What to do to an image.

    :param desired: what the task wants; its data have the calls that bring them, if ``needs_data`` says so.
    :param project: id of the project that the session works for.
    """
    if isinstance(state, MissingImage):
        return PlannedImage(_plan_new(options, desired), tuple(_warnings_of_new(options)))
    if isinstance(state, ReplacementState) and not state.old.exists and not options.candidate:
        plan = plan_first_image(state, desired) if state.new else after_removal(_plan_new(options, desired), state)
        return PlannedImage(plan)
    if isinstance(state, ReplacementState):
        return _plan_replacement(options, _with_marks_of_owner(desired, state.old, project), state)
    desired = _with_marks_of_owner(desired, state.image, project)
    if isinstance(state, IncompleteImage):
        return _plan_again(desired, state, project)
    if options.candidate:
        desired = published_as(desired, str(state.image.name))
    warnings = (
        *_warnings_of_existing(state.image, desired),
        *_warnings_of_hidden_stores(state.image, desired),
        *_warnings_of_kept_data(state, desired),
    )
    if state.data is DataState.OTHER:
        desired = desired.without(VERSION)  # the version of the data that the image does not get
    return PlannedImage(_plan_existing(state, desired), warnings)


def _plan_new(options: ImageOptions, desired: DesiredImage) -> Plan:
    image_id = options.selection.id
    if desired.members and desired.members.projects:
        # Some clouds give new images another visibility.
        desired = dataclasses.replace(desired, attributes={"visibility": "shared", **desired.attributes})
    return plan_sharing(plan_create(desired, image_id.lower() if image_id else None), desired.members, {})


def _plan_existing(state: ExistingImage, desired: DesiredImage) -> Plan:
    if desired.members:
        desired.members.check(state.image, desired.attributes.get("visibility", state.image.visibility))
    plan = plan_sharing(plan_update(state.image, desired, state.data), desired.members, state.members)
    return plan_cleanup(plan, state.unfinished) if state.unfinished else plan


def _with_marks_of_owner(desired: DesiredImage, image: Image, project: str | None) -> DesiredImage:
    """Adapt the marks to the project that the image will belong to.

    Another project's image gets no mark of this task's catalogue: pruning leaves it alone, too. An image that is given to
    another project loses its marks, which that project's catalogues and publications would take for theirs.

    :param project: that of the login.
    """
    before = image.get("owner")
    owner = desired.attributes.get("owner") or before
    if owner not in (None, project):
        desired = desired.without(CATALOGUE)
    if before is None or owner == before:
        return desired
    return dataclasses.replace(desired, properties={**without_marks(image.properties), **desired.properties})


def _plan_replacement(options: ImageOptions, desired: DesiredImage, state: ReplacementState) -> PlannedImage:
    # A new image that has the name already was tested.
    if options.candidate == "prepare" and not state.is_promoted:
        return PlannedImage(plan_candidate(state, desired))
    warnings: tuple[str, ...] = ()
    if state.old.exists:
        warnings = (*_warnings_of_existing(state.named, desired), *_warnings_of_members(state, desired))
    if options.candidate:
        return PlannedImage(plan_promotion(state, desired, options.replaced, options.replaced_name), warnings)
    return PlannedImage(plan_replacement(state, desired, options.replaced, options.replaced_name), warnings)


def needs_data(state: CurrentState) -> bool:
    """Whether the plan brings the data, if the task names any."""
    return not isinstance(state, ExistingImage) or state.data is DataState.NONE


def needs_stores(state: CurrentState, desired: DesiredImage) -> bool:
    """Whether the plan uses the stores that the task names, so that the cloud must have them."""
    if not desired.stores:
        return False
    return needs_data(state) or (isinstance(state, ExistingImage) and differ_in_stores(state.image, desired))


def default_stores(state: CurrentState) -> tuple[str, ...] | None:
    """The stores that get the data if the task names none: those of a replaced image; null for the cloud's default."""
    return (tuple(state.old.stores) or None) if isinstance(state, ReplacementState) else None


def attributes_before(state: CurrentState, desired: DesiredImage, project: str | None) -> t.Mapping[str, t.Any]:
    """The attributes that the image has already, or takes over from the one that it replaces."""
    if isinstance(state, ReplacementState):
        return carried_over(state.old, desired, project)
    return {} if isinstance(state, MissingImage) else state.image.fields


def check_stores_exist(stores: t.Sequence[str], known: t.Sequence[str]) -> None:
    """Refuse stores that the cloud does not have."""
    unknown = [store for store in stores if store not in known]
    if unknown:
        there = f"it has {', '.join(known)}" if known else "it has only one, without a name"
        raise InvalidInput(f"stores: this cloud has no store {', '.join(unknown)}; {there}.")


def check_may_create(options: ImageOptions, state: CurrentState) -> None:
    """Refuse to create a missing image where the task says so."""
    if isinstance(state, MissingImage) and not options.create:
        raise InvalidInput(no_such_image(options.selection))


def no_such_image(selection: ImageSelection) -> str:
    """The error message for a missing image that the task must not create."""
    what = f"id '{selection.id}'" if selection.id is not None else f"name '{selection.name}'"
    whose = f" in the project '{selection.owner.project}'" if selection.id is None and selection.owner else ""
    return (
        f"There is no image with the {what}{whose}, and 'create: false' says not to create it. Nothing was changed. Correct"
        f" the {'id' if selection.id is not None else 'name'}, or set 'create: true'. Another project's image is found by"
        " its 'id' or with 'owner', and by its name alone only if it is public or the share was accepted (image_member)."
    )


def check_stays_in_scope(
    options: ImageOptions, image: Image, project: str | None, members: DesiredMembers | None = None
) -> None:
    """Refuse to hide another project's image from its own name.

    Once it is neither public nor shared with the login's project it is not found by the name alone: the next run would make
    a second one.

    :param project: that of the login.
    :param members: those that the task wants.
    """
    selection, visibility = options.selection, options.visibility
    if image.owner in (None, project) or selection.id is not None or selection.owner is not None:
        return
    is_shared = (visibility or image.visibility) == "shared"
    if is_shared and members and members.purge and project not in members.projects:
        raise InvalidInput(
            f"purge_members: {image} belongs to project {image.owner}, and once it is no longer shared with the login's"
            f" project {project} it is not found by its name alone. Give its 'id', or its project as 'owner', or add the"
            " login's project to 'members'."
        )
    if visibility not in (None, "public", image.visibility):
        raise InvalidInput(
            f"visibility: image {image.id} '{image.name}' belongs to project {image.owner}, and once it is"
            f" {visibility} it is not found by its name alone. Give its 'id', or its project as 'owner'."
        )


def check_may_finish_replacement(options: ImageOptions, new: Image, replaced: t.Sequence[Image]) -> None:
    """Refuse several images of the name that an interrupted replacement left, unless the task replaces images."""
    if not options.replaces:
        raise InvalidInput(
            f"name: '{new.name}' means {len(replaced) + 1} images, as a replacement was interrupted: {new.id}"
            f" is the new one and replaces {', '.join(image.id for image in replaced)}."
            " Run the task that replaces it again, with 'data_policy: replace'."
        )


def usable_replacement(
    old: Image,
    unfinished: t.Sequence[Image],
    desired: DesiredImage,
    project: str | None,
    has_data: t.Callable[[Image], bool],
) -> Image | None:
    """The last of the new images of interrupted replacements that is complete and has the desired data and formats.

    :param has_data: whether an image has the desired data; it may read the source.
    """
    target = carried_over(old, desired, project)
    usable = [
        image
        for image in unfinished
        if image.status in HAS_DATA
        and all({**image.formats, **recorded_formats(image)}.get(key) == target[key] for key in FORMATS if target.get(key))
        and has_data(image)
    ]
    return usable[-1] if usable else None


def _plan_again(desired: DesiredImage, state: IncompleteImage, project: str | None) -> PlannedImage:
    """Delete an image that cannot get its data any more, and create it again."""
    image, failure = state.image, state.import_failure
    if not state.may_be_created_again:
        raise InvalidInput(
            f"{image} has the status '{image.status}', and its import has failed: {failure} Glance takes no more"
            " data into it. Delete it, and run the task again."
        )
    plan = plan_restart(image, desired, project)
    if desired.members:
        desired.members.check(image, not_none(plan.image)["visibility"])
    plan = plan_sharing(plan, desired.members, {})
    if not failure:
        return PlannedImage(plan)
    return PlannedImage(plan, (f"{image} is created again, because the import of its data has failed: {failure}",))


def _warnings_of_new(options: ImageOptions) -> t.Iterator[str]:
    if options.data is None:
        yield (
            f"Image '{options.selection.label}' is created without data: no server can boot from it until a task gives"
            " 'path', 'url' or 'remote'. Set 'create: false' if the image must exist already."
        )


def _warnings_of_existing(image: Image, desired: DesiredImage) -> t.Iterator[str]:
    if desired.members and desired.members.purge:
        yield from warnings_of_hidden_members(image, image.visibility)
    catalogue = desired.properties.get(CATALOGUE)
    if catalogue and image.get(CATALOGUE) not in (None, catalogue):
        yield (
            f"{image} was in the catalogue '{image.get(CATALOGUE)}', and is in '{catalogue}' from now on. Remove it from"
            " the list of the other one, or each run of one takes it from the other."
        )
    if image.status == "deactivated" and desired.status is None:
        yield (
            f"{image} is deactivated and stays so: no server can be created"
            " from it. To reactivate it, use the module image_state with 'state: active'."
        )


def _warnings_of_hidden_stores(image: Image, desired: DesiredImage) -> t.Iterator[str]:
    if desired.stores and hides_stores(image) and desired.status != "active":
        yield f"{image} is deactivated, and of such an image the cloud does not show the stores: they stay as they are."


def _warnings_of_kept_data(state: ExistingImage, desired: DesiredImage) -> t.Iterator[str]:
    if state.data is DataState.OTHER and desired.keep_data and desired.data:
        yield f"{state.image} has other data than {desired.data.label}, and keeps them, as 'data_policy: keep' says."


def _warnings_of_members(state: ReplacementState, desired: DesiredImage) -> t.Iterator[str]:
    projects = ", ".join(state.to_accept_again(desired))
    if projects:
        yield f"These projects had accepted image {state.old.id} and have to accept the new one too: {projects}."
