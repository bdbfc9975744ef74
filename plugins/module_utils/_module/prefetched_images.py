# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The first lookup of each image of a list, taken from a few lists of many images."""

from __future__ import annotations

import dataclasses
import typing as t

from .._client.image_api import GlanceApi
from .._errors import InvalidInput
from .._glance.image import GONE, Image
from .._glance.image_names import DEFAULT_TEMPLATE, replaced_name
from .._glance.input_checks import id_spellings
from .._glance.properties import VERSION
from .._options.image import ImageOptions
from .._options.images import check_no_duplicates
from .._plan.catalogue import CatalogueEntries
from .._plan.filter_queries import id_queries
from .._plan.image_plan import no_such_image
from .lookup import Lookup, check_name_is_no_id, choose, list_named


@dataclasses.dataclass(frozen=True)
class NamedImages:
    """The images of one name. Hidden ones are looked for only where the entry asks for them, or where no other is found."""

    visible: list[Image]
    hidden: list[Image]

    def found(self, hidden_too: bool) -> list[Image]:
        return [*self.visible, *self.hidden] if hidden_too else self.visible or self.hidden


class PrefetchedImages(Lookup):
    """Finds the images that the entries of a list name.

    Each image that was prefetched is returned once. A later look for it asks the cloud, which may have changed.
    """

    def __init__(self, api: GlanceApi, entries: t.Sequence[ImageOptions]) -> None:
        super().__init__(api)
        self._entries = entries
        owners = [entry.selection.owner for entry in entries]
        self._by_id = self._prefetch_ids([entry.selection.id for entry in entries if entry.selection.id])
        self._owners = [self.projects.id_of(owner) if owner else None for owner in owners]
        # By now a project's name and its id are the same.
        check_no_duplicates([entry.selection for entry in entries], self._owners)
        self._by_name: dict[tuple[str, str | None], NamedImages] = {}
        for owner in dict.fromkeys(self._owners):
            self._prefetch_names(owner)
        meanings = [self._meant_by(entry, owner) for entry, owner in zip(self._entries, self._owners, strict=True)]
        self._check_meanings(meanings)
        ids = frozenset(image.id for images in meanings for image in images)
        self.listed = CatalogueEntries(ids, self._own_names(), api.connection.project_id)

    def find_by_id(self, image_id: str) -> Image | None:
        for spelling in id_spellings([image_id]):
            prefetched = self._by_id.pop(spelling, None)
            if prefetched:
                return prefetched
        return super().find_by_id(image_id)

    def find_by_name(self, name: str, owner: str | None = None, hidden_too: bool = False) -> list[Image]:
        prefetched = self._by_name.pop((name, owner), None)
        return prefetched.found(hidden_too) if prefetched else super().find_by_name(name, owner, hidden_too)

    def _prefetch_ids(self, ids: t.Sequence[str]) -> dict[str, Image]:
        found: dict[str, Image] = {}
        for hidden in (False, True):
            asked_for = id_spellings(image_id for image_id in ids if image_id.lower() not in found)
            for query in id_queries(asked_for, hidden):
                for image in self.api.list_images(query):
                    if image.id in asked_for and image.status not in GONE:
                        found[image.id] = image
        return found

    def _prefetch_names(self, owner: str | None) -> None:
        """Find the images of all entries that name this owner and no id."""
        entries = {
            str(entry.selection.name): entry
            for entry, of_entry in zip(self._entries, self._owners, strict=True)
            if of_entry == owner and not entry.selection.id
        }
        shown = self._images_of(list(entries), owner, hidden=False)
        also = [name for name, entry in entries.items() if entry.finds_hidden or not shown[name]]
        hidden = self._images_of(also, owner, hidden=True)
        for name in entries:
            self._by_name[name, owner] = NamedImages(shown[name], hidden.get(name, []))

    def _images_of(self, names: t.Sequence[str], owner: str | None, hidden: bool) -> dict[str, list[Image]]:
        found: dict[str, dict[str, Image]] = {name: {} for name in names}
        for image in list_named(self.api, names, owner, hidden):
            found[str(image.name)][image.id] = image
        return {name: list(images.values()) for name, images in found.items()}

    def _own_names(self) -> frozenset[str]:
        """The names of the entries that are about images of the login's own project."""
        own = (None, self.api.connection.project_id)
        return frozenset(
            entry.selection.name
            for entry, owner in zip(self._entries, self._owners, strict=True)
            if entry.selection.name and owner in own
        )

    def _check_meanings(self, meanings: t.Sequence[t.Sequence[Image]]) -> None:
        """Refuse, before anything is changed, contradictions in the list that only the cloud's images show.

        :param meanings: the images that each entry means.
        """
        number_of: dict[str, int] = {}
        for number, (entry, images) in enumerate(zip(self._entries, meanings, strict=True)):
            if not images and not entry.is_absent and not entry.create:
                raise InvalidInput(f"images[{number}]: {no_such_image(entry.selection)}")
            for image in images:
                if number_of.setdefault(image.id, number) != number:
                    raise _same_image(number_of[image.id], number, f"{image.id} '{image.name}'")
        self._check_new_names(meanings)
        self._check_names_of_previous_builds(meanings)

    def _check_names_of_previous_builds(self, meanings: t.Sequence[t.Sequence[Image]]) -> None:
        """Refuse entries that give the image that they replace a name that another entry gives, or has.

        An entry whose image has its version already replaces nothing.
        """
        named: dict[tuple[str, str | None], int] = {}
        given: dict[tuple[str, str | None], int] = {}
        for number, (entry, owner, images) in enumerate(zip(self._entries, self._owners, meanings, strict=True)):
            project = owner or self.api.connection.project_id
            if images and entry.replaced_name != DEFAULT_TEMPLATE and not _has_version(images[0], entry):
                name = replaced_name(images[0], entry.replaced_name)
                first = given.setdefault((name, project), number)
                if first != number:
                    raise InvalidInput(
                        f"images: images[{first}] and images[{number}] give the images that they replace the same name,"
                        f" '{name}'. Give one of them another 'replaced_name'."
                    )
            if not entry.is_absent and not entry.selection.id:
                named[str(entry.selection.name), project] = number
        for (name, project), number in named.items():
            if (name, project) in given:
                hint = (
                    "Give it another 'replaced_name'."
                    if meanings[number]
                    else f"Run the task without images[{number}] first."
                )
                raise InvalidInput(
                    f"images[{number}] '{name}': images[{given[name, project]}] gives this name to the image that it"
                    f" replaces, so that two images would have it. {hint}"
                )

    def _check_new_names(self, meanings: t.Sequence[t.Sequence[Image]]) -> None:
        """Refuse an entry by name if another entry gives that name to an image by its id."""
        own_project = self.api.connection.project_id
        # The names that images have once the entries with an id are carried out, each with its project.
        given: dict[tuple[str | None, str | None], int] = {}
        for number, (entry, owner, images) in enumerate(zip(self._entries, self._owners, meanings, strict=True)):
            if entry.selection.id and entry.selection.name and not entry.is_absent:
                given[entry.selection.name, owner or (images[0].owner if images else own_project)] = number
        for number, (entry, owner) in enumerate(zip(self._entries, self._owners, strict=True)):
            name = entry.selection.name
            by_id = None if entry.selection.id else given.get((name, owner or own_project))
            if by_id is not None:
                raise InvalidInput(
                    f"images[{number}] means the image that images[{by_id}] renames to '{name}'. Keep only one of them."
                )

    def _meant_by(self, entry: ImageOptions, owner: str | None) -> list[Image]:
        """The prefetched images that an entry means."""
        selection = entry.selection
        if selection.id:
            return [self._by_id[image_id] for image_id in id_spellings([selection.id]) if image_id in self._by_id][:1]
        name = str(selection.name)
        found = self._by_name[name, owner].found(entry.finds_hidden)
        if not found:
            check_name_is_no_id(self.api, name)
        return found if selection.on_duplicate == "fail" else choose(found, name, selection.on_duplicate)


def _has_version(image: Image, entry: ImageOptions) -> bool:
    return entry.version is not None and entry.version == image.get(VERSION)


def _same_image(first: int, second: int, which: str) -> InvalidInput:
    return InvalidInput(f"images: images[{first}] and images[{second}] mean the same image, {which}. Give one of them.")
