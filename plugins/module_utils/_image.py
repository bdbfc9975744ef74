# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The run of the module image: one image present as described, or absent."""

from __future__ import annotations

import time
import typing as t

from ._api import GlanceApi
from ._attributes import MAX_INTEGER, REFERENCES, Image, check_id, check_text, shown
from ._errors import ApiError, GlanceError, InvalidInput
from ._hints import hint
from ._operations import DELETE, UPDATE, UPLOAD, Operation
from ._patch import Change, build_patch, wanted_properties
from ._plan import DATA_IN_TRANSIT, Plan, Wanted, plan_create, plan_delete, plan_update
from ._result import result_of
from ._select import choose, find_by_id_or_name, find_by_name, project_id
from ._transfer import Upload, WrongData, file_size, has_same_data

POLL_FIRST = 0.5
POLL_LONGEST = 10.0


def run(api: GlanceApi, params: t.Mapping[str, t.Any], check_mode: bool) -> dict[str, t.Any]:
    """Bring the image to the state that the task wants; returns the module's result."""
    if params["state"] == "absent":
        return _absent(api, params, check_mode)
    return _present(api, params, check_mode)


def _absent(api: GlanceApi, params: t.Mapping[str, t.Any], check_mode: bool) -> dict[str, t.Any]:
    owner = _owner(api, params)
    plans = [plan_delete(image, params["force"]) for image in _find(api, params, owner)]
    if not check_mode:
        for plan in plans:
            _delete(api, plan)
    return {**result_of(plans), "image": None}


def _present(api: GlanceApi, params: t.Mapping[str, t.Any], check_mode: bool) -> dict[str, t.Any]:
    if params["on_duplicate"] == "all":
        raise InvalidInput("on_duplicate: 'all' is allowed with 'state: absent' only; use fail, newest or oldest.")
    wanted = _wanted(api, params)
    found = _find(api, params, wanted.attributes.get("owner"))
    image = found[0] if found else None
    if image is None:
        plan = plan_create(wanted, params["id"])
    else:
        same_data = None
        if wanted.path is not None and wanted.size is not None and image.get("status") in ("active", "deactivated"):
            same_data = has_same_data(image, wanted.path, wanted.size)
        plan = plan_update(image, wanted, same_data)
    if not check_mode and plan.changed:
        image = _apply(api, plan, image, wanted, params["wait_timeout"] if params["wait"] else None)
        return {**result_of([plan], image["id"]), "image": shown(image)}
    return {**result_of([plan]), "image": plan.image}


def _wanted(api: GlanceApi, params: t.Mapping[str, t.Any]) -> Wanted:
    """What the task names, checked, before the cloud is asked about the image."""
    attributes: dict[str, t.Any] = {}
    if params["name"] is not None:
        attributes["name"] = check_text(params["name"], "name")
    for option, key in (("visibility", "visibility"), ("protected", "protected"), ("hidden", "os_hidden")):
        if params[option] is not None:
            attributes[key] = params[option]
    if params["tags"] is not None:
        attributes["tags"] = sorted({check_text(tag, "tags") for tag in params["tags"]})
    for option in ("disk_format", "container_format"):
        if params[option] is not None:
            attributes[option] = check_text(params[option], option)
    for option in ("min_disk", "min_ram"):
        if params[option] is not None:
            if not 0 <= params[option] <= MAX_INTEGER:
                raise InvalidInput(f"{option}: {params[option]} was given; 0 to {MAX_INTEGER} is allowed.")
            attributes[option] = params[option]
    if params["purge_properties"] and params["properties"] is None:
        raise InvalidInput("purge_properties: give 'properties' too; with 'properties: {}' all of them are removed.")
    properties = wanted_properties(params["properties"] or {})
    for option, key in REFERENCES.items():
        if params[option] is not None and key in properties:
            raise InvalidInput(f"properties: '{key}' is given, and '{option}' too, which sets the same; give one of them.")
    path = params["path"]
    size = file_size(path) if path is not None else None
    # From here on the cloud is asked.
    owner = _owner(api, params)
    if owner:
        attributes["owner"] = owner
    for option, key in REFERENCES.items():
        if params[option] is not None:
            reference = params[option]
            properties[key] = find_by_id_or_name(api, reference, option)["id"] if reference else None
    return Wanted(attributes, properties, params["purge_properties"], path, size)


def _owner(api: GlanceApi, params: t.Mapping[str, t.Any]) -> str | None:
    if params["owner"] is None:
        return None
    return project_id(api, params["owner"], params["owner_domain"])


def _find(api: GlanceApi, params: t.Mapping[str, t.Any], owner: str | None) -> list[Image]:
    """The images that the task means: at most one unless ``on_duplicate`` is ``all``."""
    if params["id"] is not None:
        image = api.find_image(check_id(params["id"]))
        return [image] if image else []
    name = check_text(params["name"], "name")
    return choose(find_by_name(api, name, owner), name, params["on_duplicate"])


def _apply(api: GlanceApi, plan: Plan, image: Image | None, wanted: Wanted, wait: int | None) -> Image:
    """Carry out a plan; returns the image as the cloud then has it.

    A new image whose data do not arrive whole is deleted again. One that was there before stays as it is, without data,
    unless it got the wrong ones.
    """
    upload = Upload(wanted.path, wanted.size) if plan.uploads and wanted.path and wanted.size else None
    current: Image = image or {}
    try:
        for operation in plan.operations:
            this = operation.of(current["id"]) if "id" in current else operation
            if this.call is UPLOAD and upload:
                api.upload(this, upload, wait)
            else:
                current = api.perform(this) or current
        if upload:
            current = _await_data(api, current["id"], wait)
            if current.get("status") == "active":
                upload.check_arrived(current)
    except DataStillInTransit:
        raise
    except BaseException as error:
        if isinstance(error, ApiError):
            error.explained(hint(error, current.get("owner"), api.connection.project_id))
        if "id" in current and (image is None or isinstance(error, WrongData)):
            _withdraw(api, current, error)
        raise
    return current


def _await_data(api: GlanceApi, image_id: str, wait: int | None) -> Image:
    """The image once its data are there; with ``wait`` null as it is now, else waiting that many seconds at most."""
    deadline = time.monotonic() + (wait or 0)
    delay = POLL_FIRST
    while True:
        image = api.find_image(image_id)
        if image is None:
            raise GlanceError(f"Image {image_id} was deleted by somebody else while its data were being stored.")
        status = image.get("status")
        if status == "active" or (wait is None and status in DATA_IN_TRANSIT):
            return image
        if status not in DATA_IN_TRANSIT:
            raise GlanceError(f"The cloud took the data of image {image_id} and then did not keep them: it is '{status}'.")
        if time.monotonic() >= deadline:
            raise DataStillInTransit(
                f"Image {image_id} is still '{status}' after {wait} s. Nothing was deleted: the cloud may yet finish."
                " Run the task again later, with a longer 'wait_timeout' if this is usual."
            )
        time.sleep(delay)
        delay = min(delay * 2, POLL_LONGEST)


def _withdraw(api: GlanceApi, image: Image, error: BaseException) -> None:
    """Delete an image that must not stay, and add to the error what became of it."""
    try:
        if image.get("protected"):
            api.perform(Operation(UPDATE, image["id"], build_patch([Change("protected", True, False)])))
        api.perform(Operation(DELETE, image["id"]))
        outcome = f"Image {image['id']} was deleted again."
    except GlanceError as failure:
        outcome = (
            f"Image {image['id']} could not be deleted again ({failure}) and is left behind, without usable data."
            " Run the task again to go on with it, or delete it."
        )
    if isinstance(error, GlanceError):
        error.message = f"{error.message} {outcome}"


def _delete(api: GlanceApi, plan: Plan) -> None:
    """Carry out a deletion; if it fails the image is protected again as it was before."""
    for operation in plan.operations:
        try:
            api.perform(operation)
        except BaseException as error:
            if isinstance(error, ApiError):
                error.explained(hint(error, plan.before.get("owner"), api.connection.project_id))
            refused = operation.call is UPDATE and isinstance(error, ApiError)
            if len(plan.operations) > 1 and not refused:
                _protect_again(api, operation.image_id, error)
            raise


def _protect_again(api: GlanceApi, image_id: str | None, error: BaseException) -> None:
    try:
        api.perform(Operation(UPDATE, image_id, build_patch([Change("protected", False, True)])))
        outcome = "The image is protected again, as it was before."
    except GlanceError as failure:
        outcome = f"The image's protection had been lifted and could not be put back: {failure}"
    if isinstance(error, GlanceError):
        error.message = f"{error.message} {outcome}"


class DataStillInTransit(GlanceError):
    """Waiting took too long; the image may still become what it should."""
