# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""A catalogue: which of its images are no longer listed, and what pruning does to them. Pure."""

from __future__ import annotations

import dataclasses
import functools
import typing as t

from .._errors import InvalidInput
from .._glance.image import GONE, Image, listing
from .._glance.image_ids import has_derived_id
from .._glance.image_names import candidate_name, id_source, replaced_by
from .._glance.json_patch import Change, build_patch
from .._glance.operations import UPDATE, Operation
from .._glance.properties import CATALOGUE
from .._options.catalogue import PruneOptions
from .marks import has_own_marks
from .plan import Plan, plan_change, plan_delete, plan_state

# What each value of the option ``prune`` does, in the words of an error.
PRUNE_ACTIONS = {"hide": "hidden", "deactivate": "deactivated", "delete": "deleted"}


@dataclasses.dataclass(frozen=True)
class CatalogueEntries:
    """What a list of images names.

    :param ids: the ids of the images that its entries mean.
    :param names: the names of its entries that are about the project of the login.
    :param project: id of that project.
    """

    ids: t.Collection[str] = frozenset()
    names: t.Collection[str] = frozenset()
    project: str | None = None

    def __contains__(self, image: Image) -> bool:
        """Whether an entry is about this image, about the one that it is to replace, or about its promotion."""
        if image.id in self.ids or image.name in self.names:
            return True
        old = replaced_by(image, self.project)
        if old is not None:
            return old.id in self.ids or old.name in self.names
        names = self._candidates.get(str(image.name), ()) if image.hidden else ()
        return any(has_derived_id(image, id_source(Image({"name": name})), self.project) for name in names)

    @functools.cached_property
    def _candidates(self) -> dict[str, list[str]]:
        """The names of the entries by those that their first images have until they are promoted."""
        found: dict[str, list[str]] = {}
        for name in self.names:
            found.setdefault(candidate_name(name), []).append(name)
        return found


def unlisted(images: t.Iterable[Image], catalogue: str, project: str, listed: CatalogueEntries) -> list[Image]:
    """The images of a catalogue that the list does not name any more, by name; no copies of them.

    :param images: what the cloud lists, which may be more than it was asked for.
    """
    found = {
        image.id: image
        for image in images
        if image.get(CATALOGUE) == catalogue
        and has_own_marks(image)
        and image.belongs_to(project)
        and image.status not in GONE
        and image not in listed
    }
    return sorted(found.values(), key=lambda image: (str(image.name), image.id))


def plan_prune(image: Image, action: str, force: bool) -> Plan:
    """What pruning does to one image; its plan is unchanged if that is done already.

    Only an active image is deactivated: without data, nobody can use it.

    :param action: hide, deactivate or delete.
    :param force: whether a protected image is pruned too; otherwise it is an error.
    """
    plan = _plan_action(image, action)
    if plan.changed and image.protected and not force:
        raise InvalidInput(
            f"prune: {image} is protected, and would be {PRUNE_ACTIONS[action]}. It was left as it is. Set 'force: true' to"
            " prune protected images too."
        )
    return plan


def _plan_action(image: Image, action: str) -> Plan:
    if action == "delete":
        return plan_delete(image, force=True)
    if action == "hide":
        changes = [] if image.hidden else [Change("os_hidden", False, True)]
        return plan_change(image, changes, [Operation(UPDATE, image.id, build_patch(changes))] if changes else [])
    return plan_state(image, "deactivated") if image.status == "active" else plan_change(image, [], [])


def check_limits(images: t.Sequence[Image], options: PruneOptions) -> None:
    """Refuse to prune more images than allowed, and protected ones.

    :param images: those that pruning changes.
    """
    done = PRUNE_ACTIONS[options.action]
    if len(images) > options.most:
        raise InvalidInput(
            f"prune_max: {len(images)} images would be {done}, and at most {options.most} may be: {listing(images)}. Nothing"
            " was changed. Correct the list, or set 'prune_max'.",
            candidates=[image.id for image in images],
        )
    protected = [image for image in images if image.protected]
    if protected and not options.force:
        raise InvalidInput(
            f"prune: protected images would be {done}: {listing(protected)}. Nothing was changed. Set 'force: true' to"
            " prune protected images too.",
            candidates=[image.id for image in protected],
        )
