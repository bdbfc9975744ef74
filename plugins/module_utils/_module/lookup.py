# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""Which images a task means."""

from __future__ import annotations

import typing as t

from .._client.image_api import GlanceApi
from .._errors import ApiError, InvalidInput
from .._glance.image import GONE, Image, describe
from .._glance.input_checks import UUID, id_spellings
from .._glance.list_query import Query, equals_filter
from .._options.project import ProjectReference
from .scope import images_in_scope

# Keystone's ids are 32 hexadecimal digits, on some clouds with the dashes of a UUID.
_HEX = frozenset("0123456789abcdef")


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
        query = query_for_names(equals_filter(name), owner, hidden)
        # A database that compares without regard to case gives more than was asked for.
        listed = [
            image
            for image in api.list_images(query)
            if image.name == name and is_listed(image, hidden) and (owner is None or image.get("owner", owner) == owner)
        ]
        for image in images_in_scope(api, listed) if owner is None else listed:
            found.setdefault(image.id, image)
    if not found:
        check_name_is_no_id(api, name)
    return list(found.values())


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


def is_listed(image: Image, hidden: bool) -> bool:
    """Whether an image belongs into the list of hidden or of shown ones: some clouds take no notice of that condition, or
    list what is deleted."""
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
        raise InvalidInput(f"There is no image with the {', '.join(missing)}. Nothing was changed.")
    return list(found.values())


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


def project_id(api: GlanceApi, reference: ProjectReference) -> str:
    """The id of a project that is given by id or by name.

    Only a name that is not the session's own project costs a request to Keystone. Listing all projects is for
    administrators; other users are shown those that they have a role in.
    """
    connection = api.connection
    project, domain = reference.project, reference.domain
    own_name, own_domain_id, own_domain_name = connection.project_name_and_domain
    if project == connection.project_id:
        return project
    if project == own_name and domain in (None, own_domain_id, own_domain_name):
        return str(connection.project_id)
    if UUID.fullmatch(project) or (len(project) == 32 and set(project) <= _HEX):
        return project
    try:
        found = api.list_projects([("name", project)])
    except ApiError as error:
        if error.status != 403:
            raise
        found = api.list_projects([], own_only=True)
    found = [entry for entry in found if entry.get("name") == project]
    if domain is not None:
        domains = {domain, *_domain_ids(api, domain)}
        found = [entry for entry in found if entry.get("domain_id") in domains]
    if not found:
        where = f" in the domain '{domain}'" if domain else ""
        raise InvalidInput(
            f"owner: there is no project '{project}'{where} that this user can see. Give the id of the project instead."
        )
    if len(found) > 1:
        candidates = ", ".join(f"{entry.get('id')} in domain {entry.get('domain_id')}" for entry in found)
        raise InvalidInput(
            f"owner: several projects have the name '{project}': {candidates}. Give the id, or 'owner_domain'."
        )
    return str(found[0]["id"])


def _domain_ids(api: GlanceApi, name: str) -> list[str]:
    try:
        return [str(domain["id"]) for domain in api.list_domains([("name", name)])]
    except ApiError as error:
        if error.status == 403:
            return []  # not for plain users: then the domain must be given by id
        raise
