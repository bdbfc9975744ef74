# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""What the lookup image is asked for, and the options of image_info that find it. Pure."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible.module_utils.parsing.convert_bool import boolean
from ansible_collections.cloudimage.glance.plugins.module_utils._argspec import CONNECTION, IMAGE_INFO, Spec
from ansible_collections.cloudimage.glance.plugins.module_utils._errors import InvalidInput
from ansible_collections.cloudimage.glance.plugins.plugin_utils._arguments import find_argument_problem

# Names are the lookup's terms, and it always returns exactly one image for each; ``filters`` is for openstack.cloud's tasks.
NOT_OFFERED = ("name", "sort", "limit", "exactly", "members", "filters")
LOOKUP_FILTERS: Spec = {option: spec for option, spec in IMAGE_INFO.items() if option not in NOT_OFFERED}
RESULTS = ("id", "image")
Arguments = dict[str, t.Any]


def is_omitted(value: t.Any, placeholder: str | None) -> bool:
    """Whether an option has the value of Ansible's C(omit), which only tasks leave out by themselves.

    :param placeholder: the variable ``omit``, which ansible-core has until 2.18. Since 2.19 the value has a type of its own,
        which is not exported.
    """
    return type(value).__name__ == "_OmitType" or (placeholder is not None and value == placeholder)


@dataclasses.dataclass(frozen=True)
class ImageLookup:
    """One lookup.

    :param tasks: the options of image_info for each image that is to be found.
    :param returns_image: whether the image is returned, and not only its id.
    :param required: whether it is an error if there is no such image.
    """

    tasks: tuple[Arguments, ...]
    returns_image: bool = False
    required: bool = True

    @classmethod
    def parse(cls, terms: t.Sequence[t.Any], options: t.Mapping[str, t.Any]) -> ImageLookup:
        """Check what a lookup is called with.

        :param terms: names of images, or lists of names.
        """
        own = {"result": "id", "required": True, **options}
        result, required = own.pop("result"), own.pop("required")
        if result not in RESULTS:
            raise InvalidInput(f"result: {result!r} was given; id or image is allowed.")
        _check_names_of_options(own)
        problem = find_argument_problem(own)
        if problem:
            raise InvalidInput(problem)
        if not terms and not set(own) & _spellings(LOOKUP_FILTERS):
            raise InvalidInput("Give the name of an image, or a filter. Without both, all images of the cloud would match.")
        names = [[name] for name in _names(terms)] if terms else [None]
        tasks = tuple({**own, **({} if name is None else {"name": name}), "exactly": 1} for name in names)
        return cls(tasks, result == "image", _required(required))


def _check_names_of_options(given: t.Collection[str]) -> None:
    unknown = sorted(set(given) - _spellings({**CONNECTION, **LOOKUP_FILTERS}))
    if unknown:
        name = " The name of an image is given before the options, without a name of its own." if "name" in unknown else ""
        allowed = ", ".join(sorted({"result", "required", *CONNECTION, *LOOKUP_FILTERS}))
        raise InvalidInput(f"There is no option {', '.join(map(repr, unknown))}.{name} Allowed are {allowed}.")


def _spellings(spec: Spec) -> set[str]:
    """The names of options, and their aliases."""
    return {name for option, details in spec.items() for name in (option, *details.get("aliases", ()))}


def _names(terms: t.Iterable[t.Any]) -> t.Iterator[t.Any]:
    for term in terms:
        if isinstance(term, (list, tuple)):
            yield from _names(term)
        elif isinstance(term, bool) or not isinstance(term, (str, int, float)):
            # What was given is not shown: without its ** a login is a term, with its password.
            kind = "a dictionary" if isinstance(term, t.Mapping) else f"a value of the type {type(term).__name__}"
            raise InvalidInput(
                f"The name of an image is text; {kind} was given. Options are given by name, or as '**options'."
            )
        else:
            yield term


def _required(value: t.Any) -> bool:
    try:
        return bool(boolean(value))
    except TypeError:
        raise InvalidInput(f"required: {value!r} was given; true or false is allowed.") from None
