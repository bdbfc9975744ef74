# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The options of the module images. Pure."""

from __future__ import annotations

import dataclasses
import typing as t

from .._errors import InvalidInput
from .._glance.image_names import DEFAULT_TEMPLATE, check_name_template
from .._glance.input_checks import check_text
from .catalogue import PruneOptions, check_catalogue_name
from .image import ImageOptions, ImageSelection

MAX_PARALLEL = 32
STATUSES = ("active", "deactivated")

Params = t.Mapping[str, t.Any]


@dataclasses.dataclass(frozen=True)
class ImagesOptions:
    """A list of images.

    :param parallel: how many of them to work on at a time.
    :param prune: what to do with images of the catalogue that are no longer listed; null to leave them alone.
    """

    images: tuple[ImageOptions, ...]
    parallel: int
    prune: PruneOptions | None = None

    @classmethod
    def from_params(cls, params: Params, validate: t.Callable[[Params], Params]) -> ImagesOptions:
        """Check a task's options.

        :param validate: validates the types of one entry's options, as ansible-core does with a module's.
        """
        parallel = params["parallel"]
        if not 1 <= parallel <= MAX_PARALLEL:
            raise InvalidInput(f"parallel: {parallel} was given; 1 to {MAX_PARALLEL} images at a time are allowed.")
        catalogue = None if params["catalogue"] is None else check_catalogue_name(params["catalogue"])
        prune = PruneOptions.from_params(params)
        images = tuple(_parse_entry(number, entry, validate, catalogue) for number, entry in enumerate(params["images"]))
        selections = [image.selection for image in images]
        check_no_duplicates(selections, [selection.owner for selection in selections])
        return cls(images, parallel, prune)


def _parse_entry(number: int, entry: Params, validate: t.Callable[[Params], Params], catalogue: str | None) -> ImageOptions:
    try:
        return _entry_options(validate(entry), catalogue)
    except InvalidInput as error:
        label = entry.get("name") or entry.get("id") or ""
        raise InvalidInput(f"images[{number}] '{label}': {error}") from error


def _entry_options(params: Params, catalogue: str | None) -> ImageOptions:
    """The options of one entry: those of the module image, and those that only entries take."""
    status = params["state"] if params["state"] in STATUSES else None
    options = ImageOptions.from_params({**params, "state": "present" if status else params["state"]})
    if options.is_absent:
        return options
    _check_version(params)
    return dataclasses.replace(
        options,
        status=status,
        version=None if params["version"] is None else check_text(params["version"], "version"),
        catalogue=catalogue,
        replaced_name=_replaced_name(params),
        mirrors=_mirrors(params),
    )


def _check_version(params: Params) -> None:
    if params["version"] is not None and params["url"] is not None and params["checksum"] is None:
        raise InvalidInput(
            "version: it needs a 'checksum' where the data come from a URL: without one, nobody can tell whether an image"
            " has the data of this version."
        )


def _replaced_name(params: Params) -> str:
    if params["replaced_name"] is None:
        return DEFAULT_TEMPLATE
    template = check_name_template(params["replaced_name"])
    if params["data_policy"] != "replace" or params["replaced"] == "delete":
        raise InvalidInput(
            "replaced_name: it names a previous build that is kept, so it needs 'data_policy: replace' and 'replaced' with"
            " keep, hide or deactivate."
        )
    return template


def _mirrors(params: Params) -> tuple[str, ...]:
    mirrors = tuple(url for url in params["mirrors"] or () if url)  # AWX's surveys give '' for none
    if mirrors and (params["url"] is None or params["checksum"] is None):
        raise InvalidInput("mirrors: they need 'url' and 'checksum', by which the data of each mirror are verified.")
    return mirrors


def check_no_duplicates(selections: t.Sequence[ImageSelection], owners: t.Sequence[t.Hashable]) -> None:
    """Refuse two descriptions of one image: the result would depend on which of them comes last.

    :param owners: the project that each entry names, in one form or by its id; null if it names none.
    """
    seen: dict[str, list[t.Hashable]] = {}
    for number, (selection, of_entry) in enumerate(zip(selections, owners, strict=True)):
        key, owner = (selection.id.lower(), None) if selection.id else (str(selection.name), of_entry)
        others = seen.setdefault(key, [])
        if owner in others or (others and None in (owner, *others)):
            raise InvalidInput(f"images[{number}] '{key}': another one in the list means the same image. Give one of them.")
        others.append(owner)
