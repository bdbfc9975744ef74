# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The run of the module image: one image present as described, or absent."""

from __future__ import annotations

import dataclasses
import datetime
import typing as t

from ._api import GlanceApi
from ._argspec import IMAGE
from ._attributes import MAX_INTEGER, REFERENCES, Image, check_id, check_text, shown, stores_of
from ._data_options import check_data_options, named_source
from ._errors import InvalidInput, present
from ._patch import wanted_properties
from ._plan import (
    FORMATS,
    DataState,
    Plan,
    Wanted,
    data_state,
    differ_in_stores,
    in_transit,
    is_abandoned,
    patience,
    plan_create,
    plan_delete,
    plan_update,
)
from ._progress import reporter
from ._queries import one_of_them
from ._replace import (
    carried_over,
    has_derived_id,
    is_replacement_of,
    plan_replacement,
    plan_restart,
    replacement_in,
    temporary_name,
)
from ._result import result_of
from ._select import choose, find_by_id, find_by_id_or_name, find_by_name, project_id
from ._task import Task
from ._timing import TIMING

if t.TYPE_CHECKING:
    from ._data import WantedData

# A module's process compiles all that it imports. So what moves data, and what carries plans out, is imported where it is
# needed: most tasks find everything as it is to be.


def check_options(params: t.Mapping[str, t.Any]) -> None:
    """Refuse what cannot be, as far as it is known without asking anybody."""
    if params["id"] is None and params["name"] is None:
        raise InvalidInput("name, id: both are null; give at least one of them.")
    if params["id"] is not None:
        check_id(params["id"])
    if params["name"] is not None:
        check_text(params["name"], "name")
    if params["state"] == "absent":
        if params["on_duplicate"] in ("newest", "oldest"):
            raise InvalidInput(
                f"on_duplicate: '{params['on_duplicate']}' with 'state: absent' would delete another image in each run;"
                " use 'all', or the 'id' of the one that is meant."
            )
        return
    if params["on_duplicate"] == "all":
        raise InvalidInput("on_duplicate: 'all' is allowed with 'state: absent' only; use fail, newest or oldest.")
    check_data_options(params)
    _named(params)


def run(api: GlanceApi, params: t.Mapping[str, t.Any], check_mode: bool) -> dict[str, t.Any]:
    """Bring the image to the state that the task wants; returns the module's result."""
    check_options(params)
    if params["state"] == "absent":
        return _absent(api, params, check_mode)
    return _present(api, params, check_mode)


def _absent(api: GlanceApi, params: t.Mapping[str, t.Any], check_mode: bool) -> dict[str, t.Any]:
    owner = _owner(api, params)

    def make_plans() -> list[Plan]:
        # A hidden image must not come to light in the next run.
        found = _candidates(api, params, owner, hidden_too=True)
        return [plan_delete(image, params["force"]) for image in _chosen(params, found)]

    plans = make_plans()
    if plans and not check_mode:
        from ._execute import carry_out, delete  # noqa: PLC0415

        wait = params["wait_timeout"] if params["wait"] else None
        plans, _done = carry_out(plans, make_plans, lambda plan: delete(api, plan, wait))
    return {**result_of(plans), "image": None, "transfer": None}


def _present(api: GlanceApi, params: t.Mapping[str, t.Any], check_mode: bool) -> dict[str, t.Any]:
    wanted, source = _wanted(api, params)
    planner = Planner(api, params, wanted, source)
    plans = planner.make_plans()
    api.check_supported(plans[0].operations)
    if check_mode or not plans[0].changed:
        return {**result_of(plans), "image": plans[0].image, "transfer": None, "warnings": planner.warnings}
    from ._deliver import Delivery  # noqa: PLC0415
    from ._execute import carry_out, create_or_update, replace  # noqa: PLC0415

    wait = params["wait_timeout"] if params["wait"] else None
    content, data = (source.content, source.data) if source else (None, None)
    delivery = Delivery(api, content, data, wait, reporter(str(params["name"] or params["id"])))
    plans, images = carry_out(
        plans,
        planner.make_plans,
        lambda plan: replace(api, plan, delivery) if plan.replaced else create_or_update(api, plan, delivery),
    )
    image = images[0]
    after = shown(image) if image else plans[0].image
    transfer = delivery.transfer.shown() if delivery.transfer else None
    return {
        **result_of(plans, image),
        "image": after,
        "transfer": transfer,
        "warnings": planner.warnings + delivery.warnings,
    }


class Planner:
    """Looks at how things are, and plans what makes them as they are to be."""

    def __init__(self, api: GlanceApi, params: t.Mapping[str, t.Any], wanted: Wanted, source: WantedData | None) -> None:
        self._api = api
        self._params = params
        self._wanted = wanted
        self._source = source
        # What cannot be compared is never other data, and nothing is replaced by what cannot be verified.
        self._replacing = source is not None and source.comparable and params["data_policy"] == "replace"
        self._wait: int | None = params["wait_timeout"] if params["wait"] else None
        self.warnings: list[str] = []

    def make_plans(self) -> list[Plan]:
        self.warnings = []
        params, wanted = self._params, self._wanted
        # A twin that a replacement left may be hidden where the image is not, or the other way round.
        hidden_too = params["hidden"] is True or (self._replacing and params["hidden"] is not None)
        found = _candidates(self._api, params, wanted.attributes.get("owner"), hidden_too)
        cut_off = replacement_in(found, wanted, self._api.connection.project_id)
        if cut_off:
            found = [image for image in found if image is not cut_off[1]]
        images = _chosen(params, found)
        if not images:
            return [plan_create(self._with_calls(), params["id"].lower() if params["id"] else None)]
        image = images[0]
        if cut_off and image is cut_off[0]:
            return [self._go_on_replacing(*cut_off)]
        _check_stays_in_sight(self._api, params, image)
        return [self._plan_for(image)]

    def _with_calls(self, stores: tuple[str, ...] | None = None) -> Wanted:
        """What is wanted, with the calls that bring the data, to these stores if the task names none."""
        self._check_stores()
        stores = self._wanted.stores or stores
        data = self._source.data_into(stores) if self._source else None
        return dataclasses.replace(self._wanted, data=data, stores=stores)

    def _check_stores(self) -> None:
        if not self._wanted.stores:
            return
        known = self._api.list_stores()
        unknown = [store for store in self._wanted.stores if store not in known]
        if unknown:
            there = f"it has {', '.join(known)}" if known else "it has only one, without a name"
            raise InvalidInput(f"stores: this cloud has no store {', '.join(unknown)}; {there}.")

    def _check_stores_if_other(self, image: Image) -> None:
        if differ_in_stores(image, self._wanted):
            self._check_stores()

    def _plan_for(self, image: Image) -> Plan:
        wanted, source = self._wanted, self._source
        if source is None:
            self._check_stores_if_other(image)
            return plan_update(image, wanted)
        if in_transit(image) and self._wait:
            image = self._waited_for(image) or image
            if in_transit(image) and self._can_be_made_anew(image):
                return plan_restart(image, self._with_calls(), self._api.connection.project_id)
        state = data_state(image, source.data, source.is_in)
        if state is DataState.OTHER and self._replacing:
            return self._plan_replacement(image)
        if state is DataState.OTHER and wanted.keep_data:
            self.warnings.append(
                f"Image {image['id']} '{image.get('name')}' has other data than {source.data.shown}, and keeps them,"
                " as 'data_policy: keep' says."
            )
        if state is DataState.NONE:
            wanted = self._with_calls()
        else:
            self._check_stores_if_other(image)
        return plan_update(image, wanted, state)

    def _waited_for(self, image: Image) -> Image | None:
        """The image once somebody else who sends its data has done so, or has taken too long."""
        from ._deliver import await_others_data  # noqa: PLC0415

        return await_others_data(self._api, image["id"], patience(image, _age(image), self._wait or 0))

    def _go_on_replacing(self, old: Image, new: Image) -> Plan:
        if not self._replacing:
            raise InvalidInput(
                f"name: '{old.get('name')}' means two images, as a replacement was cut off: {new['id']} is the new one,"
                f" {old['id']} the old one. Run the task that replaces it again, with 'data_policy: replace'."
            )
        return self._plan_replacement(old, new)

    def _plan_replacement(self, old: Image, new: Image | None = None) -> Plan:
        """A replacement, from wherever an earlier run left it."""
        source = present(self._source)
        project = self._api.connection.project_id
        left = new or self._left_over(old)
        about_to_begin = left is not None and left.get("status") == "queued" and _age(left) < TIMING.staged_abandoned
        if left and (in_transit(left) or about_to_begin):
            left = self._waited_for(left)
            if left and in_transit(left) and not is_abandoned(left, _age(left)):
                raise InvalidInput(
                    f"Image {old['id']} '{old.get('name')}' is being replaced by another run: {left['id']} has the status"
                    f" '{left.get('status')}'. Wait for it and run the task again; if nobody is sending, delete that one."
                )
        whole = left is not None and left.get("status") in ("active", "deactivated") and source.is_in(left)
        target = carried_over(old, self._wanted, project)
        if left and any(left.get(key) != target.get(key) for key in FORMATS):
            whole = False
        members, new_members = {}, {}
        if old.get("visibility") == "shared":
            members = self._members(old)
            new_members = _statuses(self._api, left["id"]) if left and whole else {}
        return plan_replacement(
            old,
            self._with_calls(tuple(stores_of(old)) or None),
            self._params["replaced"],
            members,
            project,
            left if whole else None,
            new_members,
            None if whole else left,
        )

    def _members(self, old: Image) -> dict[str, str]:
        """Whom the new image is to be shared with. Only an administrator can accept a share for somebody else."""
        members = _statuses(self._api, old["id"])
        if self._api.connection.is_admin:
            return members
        answered = sorted(member for member, status in members.items() if status == "accepted")
        if answered:
            self.warnings.append(
                f"These projects had accepted image {old['id']} and have to accept the new one too: {', '.join(answered)}."
            )
        return dict.fromkeys(members, "pending")

    def _left_over(self, old: Image) -> Image | None:
        """What an earlier replacement of an image left, while it was still hidden and had a name of its own."""
        name = temporary_name(old)
        query = [("name", one_of_them(name)), ("os_hidden", "true"), ("visibility", "all")]
        project = self._api.connection.project_id
        return next(
            (
                image
                for image in self._api.list_images(query)
                if image.get("name") == name and is_replacement_of(old, image, self._wanted, project)
            ),
            None,
        )

    def _can_be_made_anew(self, image: Image) -> bool:
        """Whether an image whose data never came may be deleted and made again: this collection's own, and nobody else's."""
        own = image.get("owner") == self._api.connection.project_id and has_derived_id(image, str(image.get("name")))
        return (
            own
            and self._params["id"] is None
            and not image.get("protected")
            and is_abandoned(image, _age(image))
            and not (image.get("visibility") == "shared" and self._api.list_members(image["id"]))
        )


def _statuses(api: GlanceApi, image_id: str) -> dict[str, str]:
    return {str(member["member_id"]): str(member["status"]) for member in api.list_members(image_id)}


def _age(image: Image) -> float:
    """Seconds since the image's last change, by this host's clock; 0 where the cloud does not tell."""
    try:
        changed = datetime.datetime.fromisoformat(str(image.get("updated_at")).replace("Z", "+00:00"))
    except ValueError:
        return 0.0
    return max(0.0, (TIMING.utc_now() - changed).total_seconds())


def _check_stays_in_sight(api: GlanceApi, params: t.Mapping[str, t.Any], image: Image) -> None:
    """Another project's image that is no longer public or shared is not found by its name alone: the next run would make a
    second one."""
    visibility = params["visibility"]
    gets_out_of_scope = visibility not in (None, "public", image.get("visibility"))
    if gets_out_of_scope and params["id"] is None and params["owner"] is None and not _is_own(api, image):
        raise InvalidInput(
            f"visibility: image {image['id']} '{image.get('name')}' belongs to project {image.get('owner')}, and once it is"
            f" {visibility} it is not found by its name alone. Give its 'id', or its project as 'owner'."
        )


def _is_own(api: GlanceApi, image: Image) -> bool:
    return image.get("owner") in (None, api.connection.project_id)


def _named(params: t.Mapping[str, t.Any]) -> Wanted:
    """What the task names, checked, as far as nobody has to be asked for it."""
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
    stores = tuple(dict.fromkeys(params["stores"])) if params["stores"] is not None else None
    if stores == ():
        raise InvalidInput("stores: an empty list was given; name at least one store.")
    keep_data = params["data_policy"] == "keep"
    return Wanted(attributes, properties, params["purge_properties"], stores=stores, keep_data=keep_data)


def _wanted(api: GlanceApi, params: t.Mapping[str, t.Any]) -> tuple[Wanted, WantedData | None]:
    """All that the task names, before the cloud is asked about the image."""
    named = _named(params)
    attributes, properties = dict(named.attributes), dict(named.properties)
    source = None
    if named_source(params):
        from ._data import wanted_data  # noqa: PLC0415

        source = wanted_data(api, params)
    owner = _owner(api, params)
    if owner:
        attributes["owner"] = owner
    for option, key in REFERENCES.items():
        if params[option] is not None:
            reference = params[option]
            properties[key] = find_by_id_or_name(api, reference, option)["id"] if reference else None
    data = source.data if source else None
    return dataclasses.replace(named, attributes=attributes, properties=properties, data=data), source


def _owner(api: GlanceApi, params: t.Mapping[str, t.Any]) -> str | None:
    if params["owner"] is None:
        return None
    return project_id(api, params["owner"], params["owner_domain"])


def _candidates(api: GlanceApi, params: t.Mapping[str, t.Any], owner: str | None, hidden_too: bool) -> list[Image]:
    """All images that have the id or the name."""
    if params["id"] is None:
        return find_by_name(api, params["name"], owner, hidden_too)
    image = find_by_id(api, params["id"])
    if image and params["state"] == "absent" and owner not in (None, image.get("owner", owner)):
        raise InvalidInput(
            f"owner: image {image['id']} '{image.get('name')}' belongs to project {image.get('owner')}, not to {owner}."
        )
    return [image] if image else []


def _chosen(params: t.Mapping[str, t.Any], images: list[Image]) -> list[Image]:
    """The images that the task means: at most one unless ``on_duplicate`` is ``all``."""
    return images if params["id"] is not None else choose(images, params["name"], params["on_duplicate"])


TASK = Task(run, IMAGE, constraints={"required_one_of": [("name", "id")]})
