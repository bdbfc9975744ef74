# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The options of the module image, and of each entry of the module images. Pure."""

from __future__ import annotations

import dataclasses
import typing as t

from .._errors import InvalidInput
from .._glance.image_names import DEFAULT_TEMPLATE
from .._glance.input_checks import MAX_INTEGER, check_id, check_text, check_timeout
from .._glance.properties import REFERENCES, desired_properties
from .data import DataOptions
from .openstack_cloud import own_image_options
from .project import MemberOptions, ProjectReference


@dataclasses.dataclass(frozen=True)
class ImageSelection:
    """Which image a task means. One of ``id`` and ``name`` is given; if both are, the id selects.

    :param on_duplicate: which of several images of the name is meant: fail, newest, oldest or all.
    """

    id: str | None = None
    name: str | None = None
    owner: ProjectReference | None = None
    on_duplicate: str = "fail"

    @property
    def label(self) -> str:
        """What to call the image where its id may not be known."""
        return str(self.name or self.id)


@dataclasses.dataclass(frozen=True)
class ImageOptions:
    """What a task says about one image.

    :param state: present or absent.
    :param create: whether an image that is missing is created.
    :param force: whether to delete a protected image.
    :param attributes: Glance's base attributes by Glance's names, but for the owner; ``tags`` as a sorted list.
    :param properties: custom properties as Glance stores them; null removes one.
    :param validate_properties: what to do with a property that the cloud's metadata definitions do not allow: error or warn;
        null to not compare them.
    :param property_policy: path or name of a policy for the image; null for none.
    :param references: ids or names of other images, by the property that holds the id; empty to remove the property.
    :param stores: the stores that are to hold the data, in the order in which they are given; null where none are named.
    :param data: null where the task names no data.
    :param data_policy: what to do with an image that has other data: fail, keep or replace.
    :param replaced: what becomes of a replaced image: delete, hide, deactivate or keep.
    :param replaced_name: template of the name of a replaced image that is kept.
    :param candidate: the part of a replacement that the task makes: prepare or promote; null for all of it.
    :param wait: how long the task may wait (s); null to not wait.
    :param status: active or deactivated; null where the status stays as it is.
    :param version: the version of the data; null where the task gives none.
    :param catalogue: the catalogue that the image belongs to; null where the task names none.
    :param mirrors: further URLs of the data, in the order in which they are tried.
    :param members: the projects that the image is to be shared with; null where the task names none.
    """

    selection: ImageSelection
    state: str = "present"
    create: bool = True
    force: bool = False
    attributes: t.Mapping[str, t.Any] = dataclasses.field(default_factory=dict)
    properties: t.Mapping[str, str | None] = dataclasses.field(default_factory=dict)
    purge_properties: bool = False
    validate_properties: str | None = None
    property_policy: str | None = None
    references: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    stores: tuple[str, ...] | None = None
    data: DataOptions | None = None
    data_policy: str = "fail"
    replaced: str = "delete"
    replaced_name: str = DEFAULT_TEMPLATE
    candidate: str | None = None
    wait: float | None = None
    status: str | None = None
    version: str | None = None
    catalogue: str | None = None
    mirrors: tuple[str, ...] = ()
    members: MemberOptions | None = None

    @classmethod
    def from_params(cls, params: t.Mapping[str, t.Any]) -> ImageOptions:
        """Check a task's options, as far as no request is needed. With 'absent' those about the image are ignored."""
        params = own_image_options(params)
        timeout = check_timeout(params["wait_timeout"], "wait_timeout")
        wait = timeout if params["wait"] else None
        selection = _selection(params)
        if params["state"] == "absent":
            return cls(selection, "absent", force=params["force"], wait=wait)
        data = DataOptions.from_params(params)
        remote = data.cloud_image if data else None
        _check_candidate(params, data)
        if data:
            _check_replacement(params)
        _check_wait(params)
        return cls(
            selection,
            create=params["create"],
            attributes=_attributes(params),
            properties=_properties(params, bool(remote and remote.copied.has_properties)),
            purge_properties=params["purge_properties"],
            validate_properties=params["validate_properties"],
            property_policy=params["property_policy"],
            references={key: params[option] for option, key in REFERENCES.items() if params[option] is not None},
            stores=_stores(params["stores"]),
            data=data,
            data_policy=params["data_policy"],
            replaced=params["replaced"],
            candidate=params["candidate"],
            wait=wait,
            status=params["status"],
            members=MemberOptions.from_params(params),
        )

    @property
    def is_absent(self) -> bool:
        return self.state == "absent"

    @property
    def visibility(self) -> str | None:
        """The visibility that the task names."""
        return self.attributes.get("visibility")

    @property
    def replaces(self) -> bool:
        """Whether an image with other data is replaced. Data that cannot be compared are never taken for other data."""
        return self.data is not None and self.data.is_comparable and self.data_policy == "replace"

    @property
    def finds_hidden(self) -> bool:
        """Whether hidden images of the name are looked for even if another one is not hidden.

        An image that is to be hidden or absent must not come to light in the next run, and one that a replacement left may
        be hidden where the other is not.
        """
        copies = self.data is not None and self.data.cloud_image is not None and self.data.cloud_image.copied.may_hide
        return self.is_absent or self.hidden is True or copies or (self.replaces and self.hidden is not None)

    @property
    def hidden(self) -> bool | None:
        """Whether the image is to be hidden; null where the task does not say."""
        return self.attributes.get("os_hidden")


def _selection(params: t.Mapping[str, t.Any]) -> ImageSelection:
    image_id, name, on_duplicate = params["id"], params["name"], params["on_duplicate"]
    if image_id is None and name is None:
        raise InvalidInput("name, id: both are null; give at least one of them.")
    if image_id is not None:
        check_id(image_id)
    if name is not None:
        check_text(name, "name")
    if params["state"] == "absent" and on_duplicate in ("newest", "oldest"):
        raise InvalidInput(
            f"on_duplicate: '{on_duplicate}' with 'state: absent' would delete another image in each run;"
            " use 'all', or the 'id' of the one that is meant."
        )
    if params["state"] == "present" and on_duplicate == "all":
        raise InvalidInput("on_duplicate: 'all' is allowed with 'state: absent' only; use fail, newest or oldest.")
    return ImageSelection(image_id, name, ProjectReference.from_params(params), on_duplicate)


def _check_replacement(params: t.Mapping[str, t.Any]) -> None:
    if params["data_policy"] != "replace":
        return
    if params["id"] is not None:
        raise InvalidInput(
            "data_policy: with 'replace' a new image, with an id of its own, takes the place of the old one;"
            " so give its 'name', and not its 'id'."
        )
    if params["on_duplicate"] == "oldest":
        raise InvalidInput(
            "data_policy: 'replace' goes with 'on_duplicate: fail' or 'newest'; a new image never is the oldest."
        )
    if not params["wait"]:
        raise InvalidInput("data_policy: 'replace' needs 'wait: true'; an image is replaced only by one that is whole.")


def _check_candidate(params: t.Mapping[str, t.Any], data: DataOptions | None) -> None:
    if params["candidate"] is None:
        return
    if data is None or params["data_policy"] != "replace":
        raise InvalidInput(
            "candidate: it is for a new image that replaces another one, so give 'path', 'url' or 'remote', and"
            " 'data_policy: replace'."
        )
    if not data.is_comparable:
        raise InvalidInput("candidate: with 'url' give a 'checksum', by which the next task recognises the data.")


def _check_wait(params: t.Mapping[str, t.Any]) -> None:
    if params["stores"] is not None and not params["wait"]:
        raise InvalidInput("stores: they need 'wait: true'; a copy is deleted only once the others are there.")


def _checked_tag(tag: str) -> str:
    if tag != tag.strip():
        raise InvalidInput(
            f"tags: '{tag}' begins or ends with white space. Of a text with commas Ansible makes a list, and keeps the white"
            " space after each comma. Give a list, such as [a, b], or a text such as 'a,b'."
        )
    return check_text(tag, "tags")


def _attributes(params: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    attributes: dict[str, t.Any] = {}
    for option, key in (("name", "name"), ("visibility", "visibility"), ("protected", "protected"), ("hidden", "os_hidden")):
        if params[option] is not None:
            attributes[key] = params[option]
    if params["tags"] is not None:
        attributes["tags"] = sorted({_checked_tag(tag) for tag in params["tags"]})
    if params["convert"] is not None:
        attributes["disk_format"] = params["convert"]
    for option in ("disk_format", "container_format"):
        if params[option] is not None:
            attributes[option] = check_text(params[option], option)
    for option in ("min_disk", "min_ram"):
        if params[option] is not None:
            # ansible-core takes true for an integer, Glance does not.
            if isinstance(params[option], bool) or not 0 <= params[option] <= MAX_INTEGER:
                raise InvalidInput(f"{option}: {params[option]} was given; 0 to {MAX_INTEGER} is allowed.")
            attributes[option] = params[option]
    return attributes


def _properties(params: t.Mapping[str, t.Any], copies_properties: bool) -> dict[str, str | None]:
    """The custom properties that the task names.

    :param copies_properties: whether those of an image in another cloud are added to them.
    """
    if params["purge_properties"] and params["properties"] is None and not copies_properties:
        raise InvalidInput("purge_properties: give 'properties' too; with 'properties: {}' all of them are removed.")
    properties = desired_properties(params["properties"] or {})
    for option, key in REFERENCES.items():
        if params[option] is not None and key in properties:
            raise InvalidInput(f"properties: '{key}' is given, and '{option}' too, which sets the same; give one of them.")
    return properties


def _stores(stores: t.Sequence[str] | None) -> tuple[str, ...] | None:
    if stores is None:
        return None
    if not stores:
        raise InvalidInput("stores: an empty list was given; name at least one store.")
    return tuple(dict.fromkeys(stores))
