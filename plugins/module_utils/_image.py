# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The run of the module image: one image present as described, or absent."""

from __future__ import annotations

import typing as t

from ._api import GlanceApi
from ._attributes import MAX_INTEGER, REFERENCES, Image, check_id, check_text, shown
from ._errors import InvalidInput
from ._execute import await_others_data, carry_out, create_or_update, delete
from ._patch import wanted_properties
from ._plan import DATA_IN_TRANSIT, Plan, Wanted, plan_create, plan_delete, plan_update
from ._result import result_of
from ._select import choose, find_by_id, find_by_id_or_name, find_by_name, project_id
from ._transfer import file_size, has_same_data


def run(api: GlanceApi, params: t.Mapping[str, t.Any], check_mode: bool) -> dict[str, t.Any]:
    """Bring the image to the state that the task wants; returns the module's result."""
    if params["state"] == "absent":
        return _absent(api, params, check_mode)
    return _present(api, params, check_mode)


def _absent(api: GlanceApi, params: t.Mapping[str, t.Any], check_mode: bool) -> dict[str, t.Any]:
    if params["on_duplicate"] in ("newest", "oldest"):
        raise InvalidInput(
            f"on_duplicate: '{params['on_duplicate']}' with 'state: absent' would delete another image in each run;"
            " use 'all', or the 'id' of the one that is meant."
        )
    _check_selection(params)
    owner = _owner(api, params)

    def make_plans() -> list[Plan]:
        # A hidden image must not come to light in the next run.
        return [plan_delete(image, params["force"]) for image in _find(api, params, owner, hidden_too=True)]

    plans = make_plans()
    if not check_mode:
        plans, _done = carry_out(plans, make_plans, lambda plan: delete(api, plan))
    return {**result_of(plans), "image": None}


def _present(api: GlanceApi, params: t.Mapping[str, t.Any], check_mode: bool) -> dict[str, t.Any]:
    if params["on_duplicate"] == "all":
        raise InvalidInput("on_duplicate: 'all' is allowed with 'state: absent' only; use fail, newest or oldest.")
    _check_selection(params)
    wanted = _wanted(api, params)
    wait = params["wait_timeout"] if params["wait"] else None

    def make_plans() -> list[Plan]:
        found = _find(api, params, wanted.attributes.get("owner"), hidden_too=params["hidden"] is True)
        if not found:
            return [plan_create(wanted, params["id"].lower() if params["id"] else None)]
        image = found[0]
        _check_stays_in_sight(api, params, image)
        if wanted.path is not None and image.get("status") in DATA_IN_TRANSIT and wait:
            await_others_data(api, image["id"], wait)
            image = api.find_image(image["id"]) or image
        same_data = None
        if wanted.path is not None and wanted.size is not None and image.get("status") in ("active", "deactivated"):
            same_data = has_same_data(image, wanted.path, wanted.size)
        return [plan_update(image, wanted, same_data)]

    plans = make_plans()
    if check_mode:
        return {**result_of(plans), "image": plans[0].image}
    plans, images = carry_out(plans, make_plans, lambda plan: create_or_update(api, plan, wanted, wait))
    image = images[0]
    if image is None:
        return {**result_of(plans), "image": plans[0].image}
    return {**result_of(plans, image["id"]), "image": shown(image)}


def _check_selection(params: t.Mapping[str, t.Any]) -> None:
    if params["id"] is None and params["name"] is None:
        raise InvalidInput("name, id: both are null; give at least one of them.")
    if params["id"] is not None:
        check_id(params["id"])
    if params["name"] is not None:
        check_text(params["name"], "name")


def _check_stays_in_sight(api: GlanceApi, params: t.Mapping[str, t.Any], image: Image) -> None:
    """Another project's community image is not found by its name alone: the next run would make a second one."""
    becomes_community = params["visibility"] == "community" != image.get("visibility")
    if becomes_community and params["id"] is None and params["owner"] is None and not _is_own(api, image):
        raise InvalidInput(
            f"visibility: image {image['id']} '{image.get('name')}' belongs to project {image.get('owner')}, and once it is"
            " a community image it is not found by its name alone. Give its 'id', or its project as 'owner'."
        )


def _is_own(api: GlanceApi, image: Image) -> bool:
    return image.get("owner") in (None, api.connection.project_id)


def _wanted(api: GlanceApi, params: t.Mapping[str, t.Any]) -> Wanted:
    """What the task names, checked, before the cloud is asked about the image."""
    attributes: dict[str, t.Any] = {}
    if params["name"] is not None:
        attributes["name"] = params["name"]
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
            # ansible-core takes true for an integer, Glance does not.
            if isinstance(params[option], bool) or not 0 <= params[option] <= MAX_INTEGER:
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


def _find(api: GlanceApi, params: t.Mapping[str, t.Any], owner: str | None, hidden_too: bool) -> list[Image]:
    """The images that the task means: at most one unless ``on_duplicate`` is ``all``."""
    if params["id"] is None:
        name = params["name"]
        return choose(find_by_name(api, name, owner, hidden_too), name, params["on_duplicate"])
    image = find_by_id(api, params["id"])
    if image and params["state"] == "absent" and owner not in (None, image.get("owner")):
        raise InvalidInput(
            f"owner: image {image['id']} '{image.get('name')}' belongs to project {image.get('owner')}, not to {owner}."
        )
    return [image] if image else []
