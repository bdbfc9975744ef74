# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The run of the module images: many images at once, each as the module image would have it."""

from __future__ import annotations

import concurrent.futures
import functools
import threading
import typing as t

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from .._argspec import IMAGES
from .._client.image_api import PAGE_SIZE, GlanceApi
from .._errors import GlanceError, InvalidInput
from .._glance.image import GONE, Image
from .._glance.input_checks import id_spellings
from .._glance.list_query import Query, equals_filter, list_filters
from .._options.image import ImageOptions
from .._options.images import ImagesOptions, check_no_duplicates
from .._plan.filter_queries import id_queries
from .image import TASK as IMAGE_TASK
from .image import no_such_image
from .image import run as run_image
from .lookup import check_name_is_no_id, choose, is_listed, project_id, query_for_names
from .scope import images_in_scope
from .task import Task


def run(api: GlanceApi, options: ImagesOptions, check_mode: bool) -> dict[str, t.Any]:
    """Bring all images to the states that are wanted; one that fails does not stop the others."""
    looked_up = PrefetchedImages(api, options.images)
    bring = functools.partial(_bring, looked_up, check_mode)
    pool = concurrent.futures.ThreadPoolExecutor(options.parallel)
    try:
        outcomes = list(pool.map(bring, options.images))
    finally:
        # What is going on is finished, and nothing more is begun.
        pool.shutdown(cancel_futures=True)
    return _result_of(options.images, outcomes)


def _same_image(first: int, second: int, which: str) -> InvalidInput:
    return InvalidInput(f"images: images[{first}] and images[{second}] mean the same image, {which}. Give one of them.")


def _bring(api: GlanceApi, check_mode: bool, item: ImageOptions) -> dict[str, t.Any]:
    named = {"name": item.selection.name, "id": item.selection.id, "failed": False}
    try:
        return {**named, **run_image(api, item, check_mode)}
    except GlanceError as error:
        nothing: dict[str, t.Any] = {"changed": False, "image": None, "changes": [], "operations": [], "transfer": None}
        return {**named, **nothing, "diff": {"before": {}, "after": {}}, "failed": True, "msg": str(error), **error.details}


def _result_of(items: t.Sequence[ImageOptions], outcomes: t.Sequence[dict[str, t.Any]]) -> dict[str, t.Any]:
    labels = [item.selection.label for item in items]
    result: dict[str, t.Any] = {
        "changed": any(outcome["changed"] for outcome in outcomes),
        "images": [outcome.pop("image") for outcome in outcomes],
        "changes": [change for outcome in outcomes for change in outcome["changes"]],
        "operations": [operation for outcome in outcomes for operation in outcome["operations"]],
        "diff": [diff for label, outcome in zip(labels, outcomes, strict=True) for diff in _diffs(label, outcome)],
        "warnings": [
            f"{label}: {warning}"
            for label, outcome in zip(labels, outcomes, strict=True)
            for warning in outcome.pop("warnings", [])
        ],
        "outcomes": list(outcomes),
    }
    failed = [f"{label}: {outcome['msg']}" for label, outcome in zip(labels, outcomes, strict=True) if outcome["failed"]]
    if failed:
        result |= {"failed": True, "msg": f"{len(failed)} of {len(items)} images failed. {' '.join(failed)}"}
    return result


def _diffs(label: str, outcome: dict[str, t.Any]) -> list[dict[str, t.Any]]:
    """The differences of one image, or of several that on_duplicate says, with its name above."""
    if not outcome["changed"]:
        return []
    diffs = outcome["diff"] if isinstance(outcome["diff"], list) else [outcome["diff"]]
    return [{"before_header": label, "after_header": label, **diff} for diff in diffs]


class PrefetchedImages(GlanceApi):
    """The API, with the first look at each image taken from a few lists of many.

    Each of these answers is given once: who asks again wants to know how things are by then. What the cloud offers, and the
    projects' ids, are the same for all images, so that they are asked for once.
    """

    def __init__(self, api: GlanceApi, items: t.Sequence[ImageOptions]) -> None:
        super().__init__(api.connection)
        self._is_ready = False
        self._by_query: dict[tuple[tuple[str, str], ...], list[Image]] = {}
        self._by_id: dict[str, Image] = {}
        self._missing_ids: set[str] = set()
        self._member_status: dict[tuple[str, str], str | None] = {}
        self._same_for_all: dict[t.Any, t.Any] = {}
        self._lock = threading.Lock()
        self._look_up_ids([item.selection.id for item in items if item.selection.id])
        selections = [item.selection for item in items]
        owners = [project_id(self, selection.owner) if selection.owner else None for selection in selections]
        # By now a project's name and its id are the same.
        check_no_duplicates(selections, owners)
        named: dict[str | None, list[ImageOptions]] = {}
        for item, owner in zip(items, owners, strict=True):
            if not item.selection.id:
                named.setdefault(owner, []).append(item)
        for owner, of_owner in named.items():
            self._look_up_names(of_owner, owner)
        self._refuse(items, owners)
        self._is_ready = True

    def _refuse(self, items: t.Sequence[ImageOptions], owners: t.Sequence[str | None]) -> None:
        """Refuse, before anything is changed, contradictions in the list that only the cloud's images show."""
        meant: dict[str, int] = {}
        # The names that images have once the items with an id are carried out, each with its project.
        given: dict[tuple[str, str | None], int] = {}
        own_project = self.connection.project_id
        for number, (item, owner) in enumerate(zip(items, owners, strict=True)):
            images = self._meant_by(item, owner)
            if not images and not item.is_absent and not item.create:
                raise InvalidInput(f"images[{number}]: {no_such_image(item.selection)}")
            for image in images:
                if meant.setdefault(image.id, number) != number:
                    raise _same_image(meant[image.id], number, f"{image.id} '{image.name}'")
            if item.selection.id and item.selection.name and not item.is_absent:
                given[item.selection.name, owner or (images[0].owner if images else own_project)] = number
        for number, (item, owner) in enumerate(zip(items, owners, strict=True)):
            by_id = None if item.selection.id else given.get((str(item.selection.name), owner or own_project))
            if by_id is not None:
                raise _same_image(by_id, number, f"that has the name '{item.selection.name}' then")

    def _meant_by(self, item: ImageOptions, owner: str | None) -> list[Image]:
        """The images that an item means, of those that were looked up."""
        if item.selection.id:
            return [self._by_id[image_id] for image_id in id_spellings([item.selection.id]) if image_id in self._by_id][:1]
        name, on_duplicate = str(item.selection.name), item.selection.on_duplicate
        shown, hidden = (
            self._by_query.get(tuple(query_for_names(equals_filter(name), owner, are_hidden)), [])
            for are_hidden in (False, True)
        )
        if not shown and not hidden:
            check_name_is_no_id(self, name)
            self._missing_ids |= {name, name.lower()}
        found = [*shown, *hidden] if item.hidden or item.is_absent else shown or hidden
        return found if on_duplicate == "fail" else choose(found, name, on_duplicate)

    def find_image(self, image_id: str, base: str | None = None) -> Image | None:
        if base is None and image_id in self._missing_ids:
            self._missing_ids.discard(image_id)
            return None
        known = self._by_id.pop(image_id, None) if base is None else None
        return known or super().find_image(image_id, base)

    def list_images(self, query: Query, page_size: int = PAGE_SIZE) -> t.Iterator[Image]:
        known = self._by_query.pop(tuple(query), None)
        return super().list_images(query, page_size) if known is None else iter(known)

    def member_status(self, image_id: str, project: str) -> str | None:
        if (image_id, project) in self._member_status:
            return self._member_status.pop((image_id, project))
        status = super().member_status(image_id, project)
        if not self._is_ready:
            self._member_status[image_id, project] = status
        return status

    def list_projects(self, query: Query, own_only: bool = False) -> list[dict[str, t.Any]]:
        ask = functools.partial(super().list_projects, query, own_only)
        return t.cast("list[dict[str, t.Any]]", self._once(("projects", tuple(query), own_only), ask))

    def import_methods(self) -> frozenset[str]:
        return t.cast("frozenset[str]", self._once("import methods", super().import_methods))

    def list_stores(self) -> list[str]:
        return t.cast("list[str]", self._once("stores", super().list_stores))

    def _once(self, key: t.Any, ask: t.Callable[[], t.Any]) -> t.Any:
        with self._lock:
            if key not in self._same_for_all:
                self._same_for_all[key] = ask()
            return self._same_for_all[key]

    def _look_up_ids(self, ids: t.Sequence[str]) -> None:
        for hidden in (False, True):
            left = [image_id for image_id in ids if image_id.lower() not in self._by_id]
            asked_for = id_spellings(left)
            for query in id_queries(asked_for, hidden):
                for image in super().list_images(query):
                    if image.id in asked_for and image.status not in GONE:
                        self._by_id[image.id] = image

    def _look_up_names(self, items: t.Sequence[ImageOptions], owner: str | None) -> None:
        names = [str(item.selection.name) for item in items]
        shown = self._images_of(names, owner, hidden=False)
        # Hidden ones too where the image is to be hidden or absent, or none is shown.
        also = [name for name, item in zip(names, items, strict=True) if not shown[name] or item.hidden or item.is_absent]
        hidden = self._images_of(also, owner, hidden=True)
        for found, are_hidden in ((shown, False), (hidden, True)):
            for name, images in found.items():
                self._by_query[tuple(query_for_names(equals_filter(name), owner, are_hidden))] = images

    def _images_of(self, names: t.Sequence[str], owner: str | None, hidden: bool) -> dict[str, list[Image]]:
        found: dict[str, dict[str, Image]] = {name: {} for name in names}
        for values in list_filters(names):
            listed = [
                image
                for image in super().list_images(query_for_names(values, owner, hidden))
                if image.name in found and is_listed(image, hidden)
            ]
            for image in images_in_scope(self, listed) if owner is None else listed:
                found[str(image.name)][image.id] = image
        return {name: list(images.values()) for name, images in found.items()}


def _parse(params: t.Mapping[str, t.Any]) -> ImagesOptions:
    return ImagesOptions.from_params(params, _validated)


def _validated(entry: t.Mapping[str, t.Any]) -> t.Mapping[str, t.Any]:
    """The options of one image, with types and defaults as ansible-core gives them to the module image."""
    validation = ArgumentSpecValidator(IMAGE_TASK.options, **IMAGE_TASK.constraints).validate(entry)
    if validation.error_messages:
        raise InvalidInput(validation.errors.msg)
    return t.cast("t.Mapping[str, t.Any]", validation.validated_parameters)


TASK = Task(run, IMAGES, _parse)
