# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""Which images a task means."""

from __future__ import annotations

import typing as t

from .._client.image_api import GlanceApi
from .._errors import InvalidInput
from .._glance.image import GONE, Image, describe
from .._glance.input_checks import UUID, id_spellings
from .._glance.list_query import Query, list_filters
from .projects import Projects
from .scope import images_in_scope


class Lookup:
    """Finds the images and projects that a task names, by asking the cloud each time."""

    def __init__(self, api: GlanceApi) -> None:
        self.api = api
        self.projects = Projects(api)

    def find_by_id(self, image_id: str) -> Image | None:
        """The image of this id, in whichever case it is written."""
        return find_by_id(self.api, image_id)

    def find_by_name(self, name: str, owner: str | None = None, hidden_too: bool = False) -> list[Image]:
        """See the function ``find_by_name``."""
        return find_by_name(self.api, name, owner, hidden_too)


def find_by_id(api: GlanceApi, image_id: str) -> Image | None:
    """The image of this id, in whichever case it is written."""
    for spelling in id_spellings([image_id]):
        image = api.find_image(spelling)
        if image:
            return image
    return None


def find_by_name(api: GlanceApi, name: str, owner: str | None = None, hidden_too: bool = False) -> list[Image]:
    """All images of exactly this name that the login's project can use; hidden ones only if none is shown.

    A name that no image has is an error if it is an image's id.

    Other projects' community images are left out, and shares that were not accepted: anybody could make one of any name.

    :param owner: find all images of this project that the login sees, and no others.
    :param hidden_too: find hidden images also if there are shown ones.
    """
    found: dict[str, Image] = {}
    for hidden in (False, True):
        if found and hidden and not hidden_too:
            break
        for image in list_named(api, [name], owner, hidden):
            found.setdefault(image.id, image)
    if not found:
        check_name_is_no_id(api, name)
    return list(found.values())


def list_named(api: GlanceApi, names: t.Sequence[str], owner: str | None, hidden: bool) -> t.Iterator[Image]:
    """All images of exactly these names that a bare name may mean, or those of the owner; either hidden ones or others."""
    for values in list_filters(names):
        # A database that compares without regard to case gives more than was asked for.
        listed = [
            image
            for image in api.list_images(query_for_names(values, owner, hidden))
            if image.name in names
            and matches_hidden_filter(image, hidden)
            and (owner is None or image.get("owner", owner) == owner)
        ]
        yield from images_in_scope(api, listed) if owner is None else listed


def check_name_is_no_id(api: GlanceApi, name: str) -> None:
    """Refuse a name that no image has and that is an image's id: the task would silently miss the image that it means.

    It costs one request, and only for a name that looks like an id.
    """
    image = find_by_id(api, name) if UUID.fullmatch(name) else None
    if image:
        raise InvalidInput(
            f"name: no image has the name '{name}', but it is the id of the image '{image.name}'. Use 'id' instead of"
            " 'name'."
        )


def matches_hidden_filter(image: Image, hidden: bool) -> bool:
    """Whether an image belongs in a list of hidden or of shown ones: some clouds ignore the filter, or list deleted ones."""
    return image.get("os_hidden", hidden) == hidden and image.status not in GONE


def query_for_names(names: str, owner: str | None, hidden: bool) -> Query:
    """The query for the images of some names.

    :param names: Glance's filter, an operator and the name or names.
    """
    of_owner = (("owner", owner), ("visibility", "all")) if owner else ()
    return (("name", names), *of_owner, *((("os_hidden", "true"),) if hidden else ()))


def find_by_id_or_name(api: GlanceApi, reference: str, option: str) -> Image:
    """One image that another option of a task refers to."""
    if UUID.fullmatch(reference):
        image = find_by_id(api, reference)
        if image:
            return image
    found = find_by_name(api, reference)
    if not found:
        raise InvalidInput(f"{option}: there is no image with the id or name '{reference}'.")
    return only_one(found, f"{option}: '{reference}'", "Give the id of the one that is meant.")


def find_existing(api: GlanceApi, ids: t.Sequence[str], names: t.Sequence[str]) -> list[Image]:
    """The images of these ids and names, each once, in the order given; it is an error if one is not there."""
    found: dict[str, Image] = {}
    missing: list[str] = []
    for image_id in ids:
        image = find_by_id(api, image_id)
        if image:
            found.setdefault(image.id, image)
        else:
            missing.append(f"id '{image_id}'")
    for name in names:
        images = find_by_name(api, name)
        if images:
            image = only_one(images, f"name: '{name}'", "Give the id of the one that is meant.")
            found.setdefault(image.id, image)
        else:
            missing.append(f"name '{name}'")
    if missing:
        raise InvalidInput(f"There is no image with the {', '.join(missing)}. Nothing was changed. {OF_OTHER_PROJECTS}")
    return list(found.values())


# Why an image that is there may not be found.
OF_OTHER_PROJECTS = (
    "Another project's image is found by its 'id', and by its name only if it is public or the share was accepted"
    " (image_member)."
)


def only_one(images: t.Sequence[Image], what: str, remedy: str) -> Image:
    """The only one of ``images``; more than one is an error that lists them."""
    if len(images) > 1:
        candidates = "; ".join(describe(image) for image in images)
        raise InvalidInput(
            f"{what} means {len(images)} images: {candidates}. {remedy}",
            candidates=[image.id for image in images],
        )
    return images[0]


def oldest_first(images: t.Iterable[Image]) -> list[Image]:
    """Oldest first; what was made in the same second stands in the order of the ids."""
    return sorted(images, key=lambda image: (image.created_at or "", image.id or ""))


def choose(images: t.Sequence[Image], name: str, on_duplicate: str) -> list[Image]:
    """What ``on_duplicate`` makes of several images of one name."""
    if len(images) <= 1 or on_duplicate == "all":
        return list(images)
    if on_duplicate == "newest":
        return oldest_first(images)[-1:]
    if on_duplicate == "oldest":
        return oldest_first(images)[:1]
    return [only_one(images, f"name: '{name}'", "Give the 'id' of the one that is meant, or set 'on_duplicate'.")]
