# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""Draws cases: images, tasks with all their options, and how runs are interrupted or overlap."""

from __future__ import annotations

import dataclasses
import typing as t

from hypothesis import strategies as st

from ..cloud import FORMATS, Json
from .cases import (
    CAN_CONVERT,
    COMPRESS,
    DATA,
    RECORD,
    File,
    ImageId,
    Interrupted,
    Name,
    Overlapping,
    Project,
    Single,
    Start,
    Task,
    Url,
    checksum_of,
    record_of,
)

AWKWARD = [
    "plain", "a:b", "in:a,b", "a,b", 'say "hi"', "it's", "*", "?", "a/b", "~", "~1", "back\\slash", "100%", "a&b=c", "+",
    "#",
    " lead", "trail ", "two  spaces", "ünïcödé", "Ünïcödé", "日本", "{{ x }}", "{id}", "null", "true", "1", "-", "$x",
]  # fmt: skip
KEYS = [
    "p", "P", "q", "hw_disk_bus", "os_distro", "a/b", "a~b", "~1", "a.b", "a:b", "a b", "ünï", "{id}", "kernel_id",
    "ramdisk_id", "is_public", "properties", "members", "hidden", "min_disk2", "os_hidden_", "Name", "state", "k" * 255,
]  # fmt: skip
# Checksums of these the cloud computes itself; of the others the module keeps a record.
ALGORITHMS = ["sha512", "md5", "sha256", "sha256", "sha1"]

characters = st.characters(max_codepoint=0xFFFF, exclude_categories=["C", "Zl", "Zp"])
texts = st.one_of(st.sampled_from(AWKWARD), st.text(characters, max_size=12), st.just("x" * 255))
values = st.one_of(texts, st.just(""), st.text(characters, min_size=300, max_size=400))
tags = st.lists(st.one_of(st.sampled_from(AWKWARD), st.text(characters, min_size=1, max_size=8)), max_size=3)
keys = st.sampled_from(KEYS)
visibilities = st.sampled_from(["private", "shared", "community"])
sizes = st.sampled_from([0, 1, 20, 2**31 - 1])
scalars = st.one_of(values, st.booleans(), st.integers(-5, 5), st.floats(-5, 5), st.none())
names = st.sampled_from(["one", "two", "Two", "o*e"])
users = st.sampled_from(["alice", "alice", "alice", "admin", "bob"])
members = st.lists(st.sampled_from([Project("alice"), Project("bob"), Project("admin"), "0" * 32]), max_size=2, unique=True)


# Images

starts = st.builds(
    Start,
    owner=st.sampled_from(["alice", "alice", "alice", "bob", "admin"]),
    name=names,
    status=st.sampled_from(["queued", "active", "deactivated"]),
    attributes=st.fixed_dictionaries(
        {
            "visibility": visibilities,
            "protected": st.booleans(),
            "os_hidden": st.booleans(),
            "tags": tags,
            "properties": st.dictionaries(keys, values, max_size=4),
        },
        optional={"min_disk": sizes, "min_ram": sizes, "disk_format": st.sampled_from(["raw", "qcow2", "iso"])},
    ),
    accepted_by=st.sampled_from([None, None, "alice", "bob", "admin"]),
    catalogue=st.sampled_from([None, None, "c", "c", "d"]),
    is_copy=st.sampled_from([False, False, True]),
)


# The image that tasks copy; the other cloud is another user's login to the same one.
IN_THE_OTHER_CLOUD = Start(
    "bob",
    "elsewhere",
    "active",
    {"visibility": "private", "protected": False, "os_hidden": False, "tags": ["e"], "properties": {"e": "1"}},
)


@st.composite
def _images_of_a_name(draw: st.DrawFn, owner: str) -> list[Start]:
    """Images named one: mostly one of the user's own, and those of other projects that no task may touch."""
    properties: dict[str, str] = draw(st.dictionaries(st.sampled_from(["p", "q"]), st.sampled_from(["1", "2"]), max_size=2))
    # A snapshot inherits such a record, and any user can write one. The data of all images that exist before are the same.
    record = draw(st.sampled_from([None, None, "same", "other"]))
    if record:
        properties.update(record_of(draw(st.sampled_from(["sha256", "sha1"])), record))
    own = Start(
        owner,
        "one",
        draw(st.sampled_from(["active", "active", "active", "deactivated", "queued"])),
        {
            "visibility": draw(st.sampled_from(["private", "shared"])),
            "protected": draw(st.booleans()),
            "os_hidden": False,
            "tags": draw(st.lists(st.sampled_from(["t", "u"]), unique=True, max_size=2)),
            "properties": properties,
        },
    )
    found = [own] if draw(st.sampled_from([True, True, True, False])) else []
    for other in ("alice", "bob", "admin"):
        if other != owner and draw(st.booleans()):
            visibility = draw(visibilities)
            attributes = {"visibility": visibility, "protected": False, "os_hidden": False, "tags": [], "properties": {}}
            found.append(Start(other, "one", "active", attributes))
    return [*found, IN_THE_OTHER_CLOUD]


# Tasks on attributes

image_options: dict[str, st.SearchStrategy[t.Any]] = {
    "state": st.sampled_from(["present", "absent", "absent", "inactive"]),
    "on_duplicate": st.sampled_from(["fail", "newest", "oldest", "all"]),
    "force": st.booleans(),
    "owner": st.sampled_from(["alpha", "beta", "admin"]),
    "visibility": st.one_of(visibilities, st.just("public")),
    "is_public": st.booleans(),
    "protected": st.booleans(),
    "hidden": st.booleans(),
    "min_disk": sizes,
    "min_ram": sizes,
    "tags": tags,
    "disk_format": st.sampled_from(["raw", "qcow2", "iso"]),
    "container_format": st.sampled_from(["bare", "ova"]),
    "properties": st.dictionaries(keys, scalars, max_size=4),
    "reserved properties": st.dictionaries(
        st.sampled_from(["size", "name", "os_glance_x", RECORD]), scalars, min_size=1, max_size=1
    ),
    "purge_properties": st.booleans(),
    "members": members,
    "purge_members": st.booleans(),
    "kernel": st.sampled_from(["", Name("helper")]),
    "path": st.sampled_from([File("same"), File("same"), File("other"), File("long")]),
    "data_policy": st.sampled_from(["keep", "replace", "replace", "replace"]),
}


@st.composite
def _options_of(draw: st.DrawFn, chosen: t.AbstractSet[str]) -> Json:
    """Values for these options. With all at once nearly every task would be refused, and a refusal shows little."""
    strategies = {option: image_options[option] for option in sorted(chosen)}
    if "purge_properties" in chosen:
        strategies.setdefault("properties", image_options["properties"])
    if "purge_members" in chosen:
        strategies.setdefault("members", members)
    if "members" in strategies and "visibility" in strategies:
        strategies["visibility"] = st.sampled_from(["shared", "shared", "private"])
    if "reserved properties" in chosen:
        strategies["properties"] = strategies.pop("reserved properties")
    if "data_policy" in chosen:
        strategies["path"] = st.sampled_from([File("same"), File("other"), File("other"), File("long")])
        strategies["replaced"] = st.sampled_from(["delete", "hide", "deactivate", "keep"])
        strategies["state"] = st.just("present")
    elif "path" in chosen:
        strategies.update(disk_format=st.sampled_from(["raw", "raw", "qcow2"]), container_format=st.just("bare"))
    if "path" in strategies:  # some images have formats that the data are not of, which only the store is to notice
        strategies["inspect"] = st.just("never")
    return {option: draw(strategy) for option, strategy in strategies.items()}


@st.composite
def _target(draw: st.DrawFn, start: list[Start], only_by_name: bool = False) -> Json:
    """Which image a task is about: by name, by id, or by id with a new name."""
    number = draw(st.integers(0, max(0, len(start) - 1)))
    name = Name(start[number].name if start else "one")
    how = "name" if only_by_name else draw(st.sampled_from(["name", "name", "id", "id and new name"]))
    if how == "name":
        return {"name": name}
    return {"id": ImageId(number), **({} if how == "id" else {"name": Name("new")})}


@st.composite
def _image_task(draw: st.DrawFn, start: list[Start], who: str) -> Task:
    chosen = draw(st.sets(st.sampled_from(sorted(image_options)), max_size=4))
    by_name = "data_policy" in chosen and draw(st.sampled_from([True, True, True, False]))
    return Task(who, "image", {**draw(_target(start, by_name)), **draw(_options_of(chosen))})


@st.composite
def _state_task(draw: st.DrawFn, start: list[Start], who: str) -> Task:
    target: Json = draw(_target(start))
    if len(target) == 2:
        del target["name"]
    options = {key: [value] for key, value in target.items()}
    return Task(who, "image_state", {**options, "state": draw(st.sampled_from(["active", "deactivated"]))})


@st.composite
def _list_task(draw: st.DrawFn, start: list[Start], who: str) -> Task:  # noqa: ARG001
    """Two images of different names in one task."""
    entries = []
    for name in draw(st.lists(names, min_size=2, max_size=2, unique=True)):
        chosen = draw(st.sets(st.sampled_from(sorted(image_options)), max_size=2))
        entries.append({"name": Name(name), **draw(_options_of(chosen))})
    return Task(who, "images", {"images": entries, "parallel": 1})


@st.composite
def _catalogue_task(draw: st.DrawFn, start: list[Start], who: str) -> Task:  # noqa: ARG001
    """A list of one image or two, which is a whole catalogue."""
    entries = []
    for name in draw(st.lists(names, min_size=1, max_size=2, unique=True)):
        chosen = draw(st.sets(st.sampled_from(["tags", "protected", "hidden", "path", "data_policy"]), max_size=1))
        entries.append({"name": Name(name), **draw(_options_of(chosen))})
    options = {
        "catalogue": Name("c"),
        "prune": draw(st.sampled_from(["keep", "hide", "deactivate", "delete"])),
        "prune_max": draw(st.sampled_from([10, 10, 10, 1])),
        "force": draw(st.sampled_from([True, True, False])),
    }
    return Task(who, "images", {"images": entries, "parallel": 1, **options})


@st.composite
def _info_task(draw: st.DrawFn, start: list[Start], who: str) -> Task:  # noqa: ARG001
    filters = draw(
        st.fixed_dictionaries(
            {},
            optional={
                "name": st.lists(names.map(Name), max_size=2),
                "owner": st.sampled_from(["alpha", "beta", "admin"]),
                "hidden": st.sampled_from(["false", "true", "any"]),
                "status": st.lists(st.sampled_from(["queued", "active", "deactivated"]), min_size=1, max_size=2),
                "protected": st.booleans(),
                "members": st.booleans(),
            },
        )
    )
    # The sandbox may hold other images, which a case does not know of.
    filters.setdefault("name", [Name("one"), Name("two")])
    return Task(who, "image_info", filters)


@st.composite
def replacement_cases(draw: st.DrawFn) -> Single:
    """An active image of one's own and a task that replaces it; left to chance, hardly any task would."""
    start = [dataclasses.replace(draw(starts), owner="alice", status="active")]
    of_replacing = (
        *("visibility", "protected", "hidden", "min_disk", "min_ram", "tags", "properties", "kernel"),
        *("members", "purge_members"),
    )
    chosen = draw(st.sets(st.sampled_from(of_replacing), max_size=3))
    options = draw(_options_of({*chosen, "data_policy"}))
    return Single(start, Task("alice", "image", {"name": Name(start[0].name), **options}))


@st.composite
def attribute_cases(draw: st.DrawFn) -> Single:
    start = draw(st.lists(starts, max_size=3))
    kinds = [*[_image_task] * 4, _state_task, _list_task, _catalogue_task, _info_task]
    kind = draw(st.sampled_from(kinds))
    return Single(start, draw(kind(start, draw(users))))


@st.composite
def catalogue_cases(draw: st.DrawFn) -> Single:
    """Images of the catalogue and a task that applies it."""
    drawn = draw(st.lists(starts, min_size=1, max_size=3))
    start = [dataclasses.replace(each, owner="alice", catalogue=draw(st.sampled_from(["c", "c", "d"]))) for each in drawn]
    return Single(start, draw(_catalogue_task(start, draw(st.sampled_from(["alice", "alice", "admin"])))))


# Tasks on data


@st.composite
def _remote_options(draw: st.DrawFn) -> Json:
    """Data from another cloud, with the image's formats, tags and properties or without."""
    remote = {"cloud": "bob", "name": Name(IN_THE_OTHER_CLOUD.name)}
    copied = draw(st.sampled_from([True, False, ["tags"], ["properties"], ["disk_format", "container_format"]]))
    return {"remote": remote, "remote_attributes": copied, **FORMATS}


@st.composite
def _conversion_options(draw: st.DrawFn) -> Json:
    """A qcow2 disk that becomes a raw image, whose data are known byte for byte."""
    file = f"{draw(st.sampled_from(sorted(DATA)))}.qcow2"
    options: Json = {"url": Url(file)} if draw(st.booleans()) else {"path": File(file)}
    if draw(st.sampled_from([True, True, False])):
        wrong = draw(st.sampled_from([False] * 15 + [True]))
        options["checksum"] = checksum_of(draw(st.sampled_from(ALGORITHMS)), "long.gz" if wrong else file)
    return {**options, "convert": "raw", "container_format": "bare"}


@st.composite
def _data_policy(draw: st.DrawFn) -> Json:
    policy = draw(st.sampled_from([None, "keep", *["replace"] * 6]))
    if policy == "replace":
        return {"data_policy": policy, "replaced": draw(st.sampled_from(["delete", "delete", "hide", "deactivate", "keep"]))}
    return {"data_policy": policy} if policy else {}


@st.composite
def _data_options(draw: st.DrawFn) -> Json:
    """A source, and what else the module offers for it; most go together."""
    if draw(st.sampled_from([False] * 6 + [True])):
        return {**draw(_remote_options()), **draw(_data_policy())}
    if CAN_CONVERT and draw(st.sampled_from([False] * 6 + [True])):
        return {**draw(_conversion_options()), **draw(_data_policy())}
    data = draw(st.sampled_from(sorted(DATA)))
    compression = draw(st.sampled_from([None, None, None, *COMPRESS]))
    file = f"{data}.{compression}" if compression else data
    from_url = draw(st.booleans())
    options: Json = {"url": Url(file)} if from_url else {"path": File(file)}
    if compression:
        options["decompress"] = draw(st.sampled_from([compression, "auto"]))
    if draw(st.sampled_from([True, True, False])):
        wrong = draw(st.sampled_from([False] * 15 + [True]))
        options["checksum"] = checksum_of(draw(st.sampled_from(ALGORITHMS)), "long.gz" if wrong else file)
    ways: list[Json] = [{}, {}, {"import_method": "glance-direct"}, {"use_import": True}, {"transfer": "stream"}]
    if from_url and not compression:
        ways += [{"transfer": "import"}, {"import_method": "web-download"}]
    options.update(draw(st.sampled_from(ways)))
    options.update(FORMATS)
    if draw(st.sampled_from([False] * 9 + [True])):
        options.update(disk_format="qcow2", inspect="never")  # which the data are not
    options.update(draw(_data_policy()))
    # Without formats the new image has those of the old one.
    if options.get("data_policy") == "replace" and draw(st.sampled_from([False] * 4 + [True])):
        del options["disk_format"], options["container_format"]
    stores = draw(st.sampled_from([None] * 6 + [["fast"], ["cheap"], ["fast", "cheap"]]))
    if stores:
        options["stores"] = stores
    return options


@st.composite
def _as_entry(draw: st.DrawFn, options: Json) -> Json:
    """An entry of the module images that names the version of the data, and the image that they replace."""
    options = dict(options)
    if draw(st.booleans()):
        options["version"] = draw(st.sampled_from(["1", "2"]))
    if options.get("data_policy") == "replace" and options.get("replaced", "delete") != "delete" and draw(st.booleans()):
        options["replaced_name"] = draw(st.sampled_from(["{name} ({version})", "{id} of {name}", "{name}-{created}"]))
    return options


of_members = st.fixed_dictionaries(
    {"members": members, "visibility": st.just("shared")}, optional={"purge_members": st.booleans()}
)
without_members = st.fixed_dictionaries(
    {},
    optional={
        "protected": st.booleans(),
        "state": st.sampled_from(["present", "present", "inactive"]),
        "tags": st.lists(st.sampled_from(["t", "u", "v"]), unique=True, max_size=2),
        "properties": st.dictionaries(st.sampled_from(["p", "q"]), st.sampled_from(["1", "2", None]), max_size=2),
        "visibility": st.sampled_from(["private", "shared"]),
        "min_disk": st.sampled_from([0, 1]),
    },
)
few_attributes = st.one_of(
    without_members, without_members, st.builds(lambda first, then: {**first, **then}, without_members, of_members)
)
# What a task is about: mostly data, whose requests are many.
KINDS = ("data", "data", "data", "data", "attributes", "absent", "state", "list")
PROJECTS = {"alice": "alpha", "bob": "beta", "admin": "admin"}


@st.composite
def _who_for_whom(draw: st.DrawFn) -> tuple[str, str, Json]:
    """A user, whose images the task is about, and the option that says so, if it is needed."""
    who, owner = draw(st.sampled_from([("alice", "alice"), ("alice", "alice"), ("admin", "admin"), ("admin", "alice")]))
    return who, owner, {} if who == owner else {"owner": PROJECTS[owner]}


@st.composite
def data_cases(draw: st.DrawFn) -> Single:
    who, owner, scope = draw(_who_for_whom())
    start = draw(_images_of_a_name(owner))
    options = {"name": Name("one"), **scope, **draw(_data_options())}
    if draw(st.booleans()):
        options.update(draw(few_attributes))
    return Single(start, Task(who, "image", options))


# Several runs


@st.composite
def _next_task(draw: st.DrawFn, who: str, scope: Json, kinds: t.Sequence[str] = KINDS) -> Task:
    """Any task on the images named one."""
    name: Json = {"name": Name("one"), **scope}
    kind = draw(st.sampled_from(kinds))
    if kind == "absent":
        return Task(
            who, "image", {**name, "state": "absent", "force": True, "on_duplicate": draw(st.sampled_from(["fail", "all"]))}
        )
    if kind == "state" and not scope:
        return Task(who, "image_state", {"name": [Name("one")], "state": draw(st.sampled_from(["active", "deactivated"]))})
    data = draw(_data_options()) if kind in ("data", "list") else {}
    options = {**name, **data, **draw(few_attributes)}
    if kind == "list":
        options = draw(_as_entry(options))
        return Task(who, "images", {"images": [options, {**name, "name": Name("two"), "tags": ["t"]}], "parallel": 1})
    return Task(who, "image", options)


@st.composite
def interrupted_cases(draw: st.DrawFn) -> Interrupted:
    who, owner, scope = draw(_who_for_whom())
    start = draw(_images_of_a_name(owner))
    first = draw(_next_task(who, scope, ["data"] * 6 + ["absent", "state", "list"]))
    then = first if draw(st.sampled_from([True, False, False, False])) else draw(_next_task(who, scope))
    return Interrupted(start, first, draw(st.integers(0, 7)), draw(st.booleans()), then)


@st.composite
def overlapping_cases(draw: st.DrawFn) -> Overlapping:
    who, owner, scope = draw(_who_for_whom())
    start = draw(_images_of_a_name(owner))
    first = draw(_next_task(who, scope))
    second = first if draw(st.booleans()) else draw(_next_task(who, scope))
    return Overlapping(start, (first, second), draw(st.lists(st.integers(0, 1), max_size=20)))


# Candidates


@st.composite
def _candidate_tasks(draw: st.DrawFn, who: str, scope: Json) -> tuple[Task, Task]:
    """The preparation of a candidate, and its promotion; now and then that has other data, and other attributes often."""
    common: Json = {"name": Name("one"), **scope, "data_policy": "replace", **FORMATS}
    file = File(draw(st.sampled_from(["same", "other", "other", "long"])))
    promoted = draw(st.sampled_from([file] * 7 + [File("long")]))
    replaced = draw(st.sampled_from(["delete", "hide", "deactivate", "keep"]))
    first: Json = {**common, "path": file, **draw(few_attributes), "candidate": "prepare"}
    attributes = draw(st.one_of(st.just(first), few_attributes))
    then: Json = {**common, **attributes, "path": promoted, "replaced": replaced, "candidate": "promote"}
    if draw(st.sampled_from([True, False, False])):
        entries = [draw(_as_entry(options)) for options in (first, then)]
        first_task, second_task = (Task(who, "images", {"images": [entry], "parallel": 1}) for entry in entries)
        return first_task, second_task
    return Task(who, "image", first), Task(who, "image", then)


@st.composite
def candidate_cases(draw: st.DrawFn) -> Single:
    """A candidate is prepared and promoted; sometimes another task comes between."""
    who, owner, scope = draw(_who_for_whom())
    start = draw(_images_of_a_name(owner))
    prepare, promote = draw(_candidate_tasks(who, scope))
    between = draw(_next_task(who, scope)) if draw(st.sampled_from([True, False, False, False])) else None
    return Single(start, promote, (prepare, between) if between else (prepare,))


@st.composite
def interrupted_candidate_cases(draw: st.DrawFn) -> Interrupted:
    """The preparation of a candidate, or its promotion, is killed. The next task goes on with it or wants something else."""
    who, owner, scope = draw(_who_for_whom())
    start = draw(_images_of_a_name(owner))
    prepare, promote = draw(_candidate_tasks(who, scope))
    first, before = draw(st.sampled_from([(prepare, ()), (promote, (prepare,)), (promote, (prepare,))]))
    then = draw(st.one_of(st.just(first), st.just(promote), st.just(prepare), _next_task(who, scope)))
    return Interrupted(start, first, draw(st.integers(0, 7)), draw(st.booleans()), then, before)
