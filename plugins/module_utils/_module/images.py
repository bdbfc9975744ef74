# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The run of the module images: many images at once, each as the module image would have it."""

from __future__ import annotations

import concurrent.futures
import functools
import typing as t

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.errors import UnsupportedError

from .._argspec import IMAGES, IMAGES_ENTRY
from .._client.image_api import GlanceApi
from .._errors import GlanceError, InvalidInput
from .._options.image import ImageOptions
from .._options.images import ImagesOptions
from .._plan.result import result_of
from .image import NO_IMAGE, ensure_image, remote_images
from .image import TASK as IMAGE_TASK
from .lookup import Lookup
from .prefetched_images import PrefetchedImages
from .task import Task, failure

if t.TYPE_CHECKING:
    from .pruning import Pruning
    from .remote_images import RemoteImages


def run(api: GlanceApi, options: ImagesOptions, check_mode: bool) -> dict[str, t.Any]:
    """Bring all images to the states that are wanted; one that fails does not stop the others."""
    prefetched = PrefetchedImages(api, options.images)
    pruning = _pruning(prefetched, options)
    unlisted = pruning.find() if pruning else []
    if pruning:
        pruning.check(unlisted)
    remote = remote_images(api, options.images)
    pool = concurrent.futures.ThreadPoolExecutor(options.parallel)
    try:
        outcomes = list(pool.map(functools.partial(_ensure_entry, prefetched, remote, check_mode), options.images))
        pruned: list[dict[str, t.Any]] = []
        if pruning and not any(outcome["failed"] for outcome in outcomes):
            if not check_mode and any(outcome["changed"] for outcome in outcomes):
                unlisted = pruning.still_unlisted(unlisted)
            pruned = list(pool.map(functools.partial(pruning.prune, check_mode), unlisted))
    finally:
        # What is going on is finished, and nothing more is begun.
        pool.shutdown(cancel_futures=True)
    return _result_of(options.images, outcomes, pruned)


def _pruning(prefetched: PrefetchedImages, options: ImagesOptions) -> Pruning | None:
    if options.prune is None:
        return None
    from .pruning import Pruning  # noqa: PLC0415

    return Pruning(prefetched.api, options.prune, prefetched.listed)


def _ensure_entry(lookup: Lookup, remote: RemoteImages | None, check_mode: bool, entry: ImageOptions) -> dict[str, t.Any]:
    named = {"name": entry.selection.name, "id": entry.selection.id, "failed": False}
    try:
        return {**named, **ensure_image(lookup, remote, entry, check_mode)}
    except GlanceError as error:
        return {**named, **result_of([]), **NO_IMAGE, **failure(error)}


def _result_of(
    entries: t.Sequence[ImageOptions], outcomes: t.Sequence[dict[str, t.Any]], pruned: t.Sequence[dict[str, t.Any]]
) -> dict[str, t.Any]:
    labels = [entry.selection.label for entry in entries]
    every = [
        *zip(labels, outcomes, strict=True),
        *((f"{outcome['name']} ({outcome['id']})", outcome) for outcome in pruned),
    ]
    result: dict[str, t.Any] = {
        "changed": any(outcome["changed"] for _label, outcome in every),
        "images": [outcome["image"] for outcome in outcomes],
        "changes": [change for _label, outcome in every for change in outcome["changes"]],
        "operations": [operation for _label, outcome in every for operation in outcome["operations"]],
        "diff": [diff for _label, outcome in every for diff in _diffs(outcome)],
        "warnings": [
            f"{label}: {warning}"
            for label, outcome in zip(labels, outcomes, strict=True)
            for warning in outcome.get("warnings", [])
        ],
        "outcomes": [
            {key: value for key, value in outcome.items() if key not in ("image", "warnings")} for outcome in outcomes
        ],
        "pruned": list(pruned),
    }
    failed = [f"{label}: {outcome['msg']}" for label, outcome in every if outcome["failed"]]
    if failed:
        result |= {"failed": True, "msg": f"{len(failed)} of {len(every)} images failed. {' '.join(failed)}"}
    return result


def _diffs(outcome: dict[str, t.Any]) -> list[dict[str, t.Any]]:
    """The differences of one image, or of several if on_duplicate says so."""
    if not outcome["changed"]:
        return []
    diff = outcome["diff"]
    return diff if isinstance(diff, list) else [diff]


def _parse(params: t.Mapping[str, t.Any]) -> ImagesOptions:
    return ImagesOptions.from_params(params, _validated)


def _validated(entry: t.Mapping[str, t.Any]) -> t.Mapping[str, t.Any]:
    """The options of one image, with types and defaults as ansible-core gives them to the module image."""
    validation = ArgumentSpecValidator(IMAGES_ENTRY, **IMAGE_TASK.constraints).validate(entry)
    if validation.error_messages:
        is_unknown_option = isinstance(validation.errors[0], UnsupportedError)
        raise InvalidInput(f"{'Unsupported parameters: ' if is_unknown_option else ''}{validation.errors.msg}")
    return t.cast("t.Mapping[str, t.Any]", validation.validated_parameters)


TASK = Task(run, IMAGES, _parse)
