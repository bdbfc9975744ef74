# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The options of the module images. Pure."""

from __future__ import annotations

import dataclasses
import typing as t

from .._errors import InvalidInput
from .image import ImageOptions, ImageSelection

MAX_PARALLEL = 32

Params = t.Mapping[str, t.Any]


@dataclasses.dataclass(frozen=True)
class ImagesOptions:
    """A list of images.

    :param parallel: how many of them to work on at a time.
    """

    images: tuple[ImageOptions, ...]
    parallel: int

    @classmethod
    def from_params(cls, params: Params, validate: t.Callable[[Params], Params]) -> ImagesOptions:
        """Check a task's options.

        :param validate: validates the types of one entry's options, as ansible-core does with a module's.
        """
        parallel = params["parallel"]
        if not 1 <= parallel <= MAX_PARALLEL:
            raise InvalidInput(f"parallel: {parallel} was given; 1 to {MAX_PARALLEL} images at a time are allowed.")
        images = tuple(_parse_entry(number, entry, validate) for number, entry in enumerate(params["images"]))
        selections = [image.selection for image in images]
        check_no_duplicates(selections, [selection.owner for selection in selections])
        return cls(images, parallel)


def _parse_entry(number: int, entry: Params, validate: t.Callable[[Params], Params]) -> ImageOptions:
    try:
        return ImageOptions.from_params(validate(entry))
    except InvalidInput as error:
        label = entry.get("name") or entry.get("id") or ""
        raise InvalidInput(f"images[{number}] '{label}': {error}") from error


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
