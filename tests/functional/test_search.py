# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""A search for lies: generated images, generated tasks, and whether check mode, the real run and the second run agree.

GLANCE_SEARCH_CASES says how many cases are tried (default 100, the same ones each time; more than that are random ones).
A failure prints its case as a playbook.
"""

from __future__ import annotations

import collections
import dataclasses
import datetime
import os
import pathlib
import re
import tempfile
import typing as t
import uuid

import pytest
import yaml
from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st

from .conftest import Cloud, Json, Outcome, assert_told_the_truth

CASES = int(os.environ.get("GLANCE_SEARCH_CASES") or 100)
SLICE = 100
# Making a failing case small takes minutes, and is of no use where only failing counts.
SHRINK = os.environ.get("GLANCE_SEARCH_SHRINK") != "no"

# Errors that only the cloud can know, with the reason why check mode cannot foresee them.
ONLY_THE_CLOUD_KNOWS = {
    r"HTTP 403: .*publicize_image": "the cloud's policy on public images",
    r"HTTP 403: .*The image belongs to project": "the cloud's policy on other projects' images",
    r"HTTP 403: .*Owner can't be updated by non admin": "the cloud's policy on giving images away",
    r"HTTP 403: .*not permitted to create images owned by": "the cloud's policy on giving images away",
    r"HTTP 409: .*An id is used once and for all": "the ids of images that this user cannot see, or that were deleted",
    r"HTTP 415: ": "the store looks into the data",
}

AWKWARD = [
    "plain", "a:b", "in:a,b", "a,b", 'say "hi"', "it's", "*", "?", "a/b", "~", "~1", "back\\slash", "100%", "a&b=c", "+",
    "#",
    " lead", "trail ", "two  spaces", "ünïcödé", "Ünïcödé", "日本", "{{ x }}", "{id}", "null", "true", "1", "-", "$x",
]  # fmt: skip
KEYS = [
    "p", "P", "q", "hw_disk_bus", "os_distro", "a/b", "a~b", "~1", "a.b", "a:b", "a b", "ünï", "{id}", "kernel_id",
    "ramdisk_id", "is_public", "properties", "members", "hidden", "min_disk2", "os_hidden_", "Name", "state", "k" * 255,
]  # fmt: skip

characters = st.characters(max_codepoint=0xFFFF, exclude_categories=["C", "Zl", "Zp"])
texts = st.one_of(st.sampled_from(AWKWARD), st.text(characters, max_size=12), st.just("x" * 255))
values = st.one_of(texts, st.just(""), st.text(characters, min_size=300, max_size=400))
tags = st.lists(st.one_of(st.sampled_from(AWKWARD), st.text(characters, min_size=1, max_size=8)), max_size=3)
keys = st.sampled_from(KEYS)
visibilities = st.sampled_from(["private", "shared", "community"])
sizes = st.sampled_from([0, 1, 20, 2**31 - 1])


@dataclasses.dataclass(frozen=True)
class Start:
    """An image that is there before the task runs."""

    owner: str
    name: str
    status: str
    attributes: Json


def optional(strategy: st.SearchStrategy[t.Any]) -> st.SearchStrategy[t.Any]:
    """Given or not given."""
    return st.one_of(st.just(None), st.just(None), strategy)


names = st.sampled_from(["one", "two", "Two", "o*e"])
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
)
scalars = st.one_of(values, st.booleans(), st.integers(-5, 5), st.floats(-5, 5), st.none())
image_options: dict[str, st.SearchStrategy[t.Any]] = {
    "state": st.sampled_from(["present", "absent", "absent"]),
    "on_duplicate": st.sampled_from(["fail", "newest", "oldest", "all"]),
    "force": st.booleans(),
    "owner": st.sampled_from(["alpha", "beta", "admin"]),
    "visibility": st.one_of(visibilities, st.just("public")),
    "protected": st.booleans(),
    "hidden": st.booleans(),
    "min_disk": sizes,
    "min_ram": sizes,
    "tags": tags,
    "disk_format": st.sampled_from(["raw", "qcow2", "iso"]),
    "container_format": st.sampled_from(["bare", "ova"]),
    "properties": st.dictionaries(keys, scalars, max_size=4),
    "reserved properties": st.dictionaries(
        st.sampled_from(["size", "name", "os_glance_x"]), scalars, min_size=1, max_size=1
    ),
    "purge_properties": st.booleans(),
    "kernel": st.sampled_from(["", "helper"]),
    "path": st.sampled_from(["same", "same", "other", "long"]),
    "data_policy": st.sampled_from(["keep", "replace", "replace", "replace"]),
}
image_bases: dict[str, st.SearchStrategy[t.Any]] = {
    "module": st.just("image"),
    "by": st.sampled_from(["name", "name", "id", "id and new name"]),
    "target": st.integers(0, 2),
}


def image_task(chosen: t.AbstractSet[str]) -> st.SearchStrategy[Json]:
    """A task with these options. With all at once nearly every task would be refused, and a refusal shows little."""
    strategies = {**image_bases, **{option: image_options[option] for option in sorted(chosen)}}
    if "purge_properties" in chosen:
        strategies.setdefault("properties", image_options["properties"])
    if "reserved properties" in chosen:
        strategies["properties"] = strategies.pop("reserved properties")
    if "data_policy" in chosen:
        strategies["path"] = st.sampled_from(["same", "other", "other", "long"])
        strategies["replaced"] = st.sampled_from(["delete", "hide", "deactivate", "keep"])
        strategies["by"] = st.sampled_from(["name", "name", "name", "name", "id"])
        strategies["state"] = st.just("present")
    elif "path" in chosen:
        strategies.update(disk_format=st.sampled_from(["raw", "raw", "qcow2"]), container_format=st.just("bare"))
    return st.fixed_dictionaries(strategies)


image_tasks = st.sets(st.sampled_from(sorted(image_options)), max_size=4).flatmap(image_task)
state_tasks = st.fixed_dictionaries(
    {
        "module": st.just("image_state"),
        "by": st.sampled_from(["name", "id"]),
        "target": st.integers(0, 2),
        "state": st.sampled_from(["active", "deactivated"]),
    }
)
tasks = st.one_of(image_tasks, image_tasks, image_tasks, state_tasks)

# An active image of one's own and a task that replaces it; left to chance, hardly any task would.
OF_REPLACING = ("visibility", "protected", "hidden", "min_disk", "min_ram", "tags", "properties", "kernel")
replacing = st.tuples(
    starts.map(lambda start: dataclasses.replace(start, owner="alice", status="active")),
    st.sets(st.sampled_from(OF_REPLACING), max_size=3).flatmap(lambda chosen: image_task({*chosen, "data_policy"})),
).map(lambda case: ([case[0]], {**case[1], "target": 0}, "alice"))
others = st.tuples(st.lists(starts, max_size=2), tasks, st.sampled_from(["alice", "alice", "admin"]))
cases = st.one_of(others, others, others, others, replacing)

DATA = {"same": b"some data", "other": b"other dat", "long": b"data of another length"}


# What came of the cases.
SEEN: collections.Counter[str] = collections.Counter()


class World:
    """The images of one case, on the real Glance."""

    def __init__(self, clouds: dict[str, Cloud], prefix: str) -> None:
        self.clouds = clouds
        self.admin = clouds["admin"]
        self.prefix = prefix
        self.ids: list[str] = []
        self.unused_id = str(uuid.uuid4())
        # A minute of grace; all that matters is that old images are not listed again and again.
        self.began = (datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(minutes=1)).strftime(
            "%Y-%m-%dT%H:%M:%SZ"
        )

    def make(self, start: Start) -> None:
        attributes = dict(start.attributes)
        attributes.update(attributes.pop("properties"))
        cloud = self.clouds[start.owner]
        data = None if start.status == "queued" else DATA["same"]
        if data is not None:
            attributes["disk_format"] = "raw"
        image = cloud.make(f"{self.prefix}{start.name}", data, **attributes)
        if start.status == "deactivated":
            self.admin.call("POST", f"/images/{image['id']}/actions/deactivate")
        self.ids.append(image["id"])

    def ids_meant(self, options: Json, before: dict[str, Json], cloud: Cloud) -> list[str]:
        """Of a task that deletes: the images that there were with its id, or with its name and its owner."""
        if "id" in options:
            image = before.get(options["id"], {})
            seen = image.get("visibility") in ("community", "public") or image.get("owner") == cloud.project_id
            return [options["id"]] if seen or cloud is self.admin else []
        projects = {"alpha": "alice", "beta": "bob", "admin": "admin"}
        owner = self.clouds[projects[options["owner"]]].project_id if "owner" in options else None
        mine = {image["owner"] for image in before.values()} if owner is None else {owner}
        return [
            image["id"] for image in before.values() if image["name"] == options["name"] and image["owner"] in mine and owner
        ]

    def snapshot(self) -> dict[str, Json]:
        """Every image of the case, as Glance shows it to an administrator."""
        found: dict[str, Json] = {}
        for hidden in ("false", "true"):
            query = f"visibility=all&member_status=all&limit=1000&os_hidden={hidden}&created_at=gte:{self.began}"
            for image in self.admin.call("GET", f"/images?{query}").json()["images"]:
                if str(image["name"]).startswith(self.prefix) or image["id"] in (*self.ids, self.unused_id):
                    found[image["id"]] = image
        return found

    def clean(self) -> None:
        for image in self.snapshot().values():
            if image["protected"]:
                patch = '[{"op": "replace", "path": "/protected", "value": false}]'
                headers = {"Content-Type": "application/openstack-images-v2.1-json-patch"}
                self.admin.call("PATCH", f"/images/{image['id']}", data=patch, headers=headers)
            self.admin.call("DELETE", f"/images/{image['id']}")


def options_of(task: Json, world: World, start: list[Start], folder: pathlib.Path) -> Json:
    """The module's options for a generated task."""
    options = {key: value for key, value in task.items() if key not in ("module", "by", "target")}
    target = task["target"] % max(1, len(start))
    name = f"{world.prefix}{start[target].name if start else 'one'}"
    image_id = world.ids[target] if start else world.unused_id
    if task["by"] == "name":
        options["name"] = name
    else:
        options["id"] = image_id
    if task["by"] == "id and new name":
        options["name"] = f"{world.prefix}new"
    if task["module"] == "image_state":
        options = {key: [value] if key in ("id", "name") else value for key, value in options.items()}
    if "path" in options:
        options["path"] = str(folder / options["path"])
    if options.get("kernel"):
        options["kernel"] = f"{world.prefix}helper"
    return options


class Unsafe(str):
    """Text that Ansible must not take for a template."""

    __slots__ = ()


yaml.SafeDumper.add_representer(Unsafe, lambda dumper, text: dumper.represent_scalar("!unsafe", str(text), style="'"))


def untemplated(value: t.Any) -> t.Any:
    if isinstance(value, str):
        return Unsafe(value) if "{" in value else value
    if isinstance(value, list):
        return [untemplated(item) for item in value]
    if isinstance(value, dict):
        return {untemplated(key): untemplated(item) for key, item in value.items()}
    return value


def as_playbook(start: list[Start], task: Json, who: str) -> str:
    """The case as something that a person can run."""
    steps: list[Json] = [
        {"ansible.builtin.copy": {"dest": f"/tmp/{key}", "content": data.decode()}} for key, data in DATA.items()
    ]
    steps.append({"cloudimage.glance.image": {"cloud": "alice", "name": "helper"}})
    for number, image in enumerate(start):
        attributes = {**image.attributes, "hidden": image.attributes["os_hidden"]}
        attributes.pop("os_hidden")
        if image.status != "queued":
            attributes.update(path="/tmp/same", disk_format="raw", container_format="bare")
        made = {"cloud": image.owner, "id": str(uuid.UUID(int=number + 1)), "name": image.name, **attributes}
        steps.append({"cloudimage.glance.image": made})
        if image.status == "deactivated":
            steps.append({"cloudimage.glance.image_state": {"cloud": "admin", "id": made["id"], "state": "deactivated"}})
    options: Json = {key: value for key, value in task.items() if key not in ("module", "by", "target")}
    target = task["target"] % max(1, len(start))
    if task["by"] == "name":
        options["name"] = start[target].name if start else "one"
    else:
        options["id"] = str(uuid.UUID(int=target + 1))
    if task["by"] == "id and new name":
        options["name"] = "new"
    if "path" in options:
        options["path"] = f"/tmp/{options['path']}"
    for check in (True, False, False):
        step = {f"cloudimage.glance.{task['module']}": {"cloud": who, **options}, "check_mode": check, "diff": True}
        steps.append({**step, "ignore_errors": True})
    play = {"hosts": "localhost", "gather_facts": False, "tasks": untemplated(steps)}
    return yaml.safe_dump([play], sort_keys=False, allow_unicode=True)


def touched_by(options: Json, module: str) -> set[str]:
    """The attributes of the target that the task names, by Glance's names."""
    if module == "image_state":
        return {"status"}
    renamed = {"hidden": "os_hidden", "kernel": "kernel_id"}
    touched = {renamed.get(key, key) for key in options} | {str(key) for key in options.get("properties") or {}}
    if "path" in options:
        touched |= {"size", "status", "checksum", "os_hash_algo", "os_hash_value", "virtual_size", "stores"}
    return touched


def check_only_named(before: dict[str, Json], after: dict[str, Json], real: Outcome, options: Json, module: str) -> None:
    """What the task did not name is the same, byte for byte."""
    changed = {change["id"] for change in real.result["changes"]}
    replaced_id = next((each["before"] for each in real.result["changes"] if each["attribute"] == "id"), None)
    for image_id, image in before.items():
        now = after.get(image_id)
        if image_id not in changed:
            assert now == image, "an image that the task did not change was touched"
        elif image_id == replaced_id:
            check_replaced(image, now, after[real.image["id"]], options)
        elif now is None:
            assert options.get("state") == "absent"
        else:
            named = touched_by(options, module) | {"updated_at"}
            if options.get("purge_properties"):
                continue
            assert {k: v for k, v in image.items() if k not in named} == {k: v for k, v in now.items() if k not in named}
    assert set(after) - set(before) <= changed, "an image appeared that the task does not speak of"


def check_replaced(old: Json, now: Json | None, new: Json, options: Json) -> None:
    """The new image has all of the old one but what the task names and its data, and the old one became what it should."""
    own = {"id", "created_at", "updated_at", "self", "file"}
    if not options.get("purge_properties"):
        named = touched_by(options, "image") | own
        ordered = [{**image, "tags": sorted(image["tags"])} for image in (old, new)]
        assert {k: v for k, v in ordered[0].items() if k not in named} == {
            k: v for k, v in ordered[1].items() if k not in named
        }
    how = options.get("replaced", "delete")
    assert (now is None) == (how == "delete")
    if now:
        assert now["name"].startswith(old["name"][:200])
        changed = {"name", {"hide": "os_hidden", "deactivate": "status"}.get(how, "name"), "updated_at"}
        assert {k: v for k, v in now.items() if k not in changed} == {k: v for k, v in old.items() if k not in changed}
        assert {"hide": now["os_hidden"], "deactivate": now["status"] == "deactivated"}.get(how, True)


def check_read_back(real: Outcome, after: dict[str, Json]) -> None:
    """The image that is there is the one that the diff promised."""
    diff = real.result["diff"]
    if isinstance(diff, list) or real.result.get("image") is None:
        return
    image = after[real.result["image"]["id"]]
    for key, value in diff["after"].items():
        if key == "state" or key.startswith("replaced."):
            continue
        if key == "properties":
            gone = set(diff["before"].get("properties", {})) - set(value)
            assert {name: image.get(name) for name in value} == value
            assert not gone & set(image)
        else:
            assert (sorted(image[key]) if key == "tags" else image[key]) == value


def check_asked_for(options: Json, module: str, ids: list[str], after: dict[str, Json]) -> None:
    """What is there is what the task asks for, read from its options alone."""
    if options.get("state") == "absent":
        assert not set(ids) & set(after)
        return
    for image in (after[image_id] for image_id in ids):
        if module == "image_state":
            assert image["status"] == options["state"]
            continue
        same = {"visibility": "visibility", "protected": "protected", "hidden": "os_hidden", "min_disk": "min_disk"}
        same.update(min_ram="min_ram", disk_format="disk_format", container_format="container_format", name="name")
        assert {option: image[key] for option, key in same.items() if option in options} == {
            option: options[option] for option in same if option in options
        }
        if "tags" in options:
            assert sorted(image["tags"]) == sorted(set(options["tags"]))
        for key, value in (options.get("properties") or {}).items():
            stored = (
                {True: "true", False: "false"}[value] if isinstance(value, bool) else None if value is None else str(value)
            )
            assert image.get(key) == stored
        if "path" in options and options.get("data_policy") != "keep":
            assert (image["status"] != "queued", image["size"]) == (True, pathlib.Path(options["path"]).stat().st_size)


def check_case(world: World, cloud: Cloud, start: list[Start], task: Json, folder: pathlib.Path) -> None:
    world.clouds["alice"].make(f"{world.prefix}helper")
    for image in start:
        world.make(image)
    module, options = task["module"], options_of(task, world, start, folder)
    before = world.snapshot()

    predicted = cloud.run(module, check=True, **options)
    assert predicted.mutations == [], "check mode changed something"
    assert "Traceback" not in predicted.stdout
    assert world.snapshot() == before

    real = cloud.run(module, **options)
    assert "Traceback" not in real.stdout
    after = world.snapshot()
    if real.failed:
        SEEN["refused" if predicted.failed else "refused by the cloud alone"] += 1
        if predicted.failed:
            assert predicted.message == real.message
            assert real.mutations == []
        else:
            assert any(re.search(reason, real.message, re.DOTALL) for reason in ONLY_THE_CLOUD_KNOWS), real.message
        # Glance leaves traces of a refused upload.
        ignored = {"updated_at", "os_hash_algo", "os_hash_value", "checksum", "stores"}
        if "The image's attributes were changed before it" in real.message:
            ignored |= touched_by(options, module)
        assert [{k: v for k, v in image.items() if k not in ignored} for image in after.values()] == [
            {k: v for k, v in image.items() if k not in ignored} for image in before.values()
        ]
        return
    assert not predicted.failed, predicted.result
    SEEN["changed" if real.changed else "unchanged"] += 1
    SEEN["of these replaced"] += any(change["attribute"] == "id" for change in real.result["changes"])
    assert_told_the_truth(predicted, real)
    assert real.changed == bool(real.mutations)
    assert real.changed == (after != before)
    check_only_named(before, after, real, options, module)
    check_read_back(real, after)
    images = real.result.get("images") or [real.result["image"]]
    check_asked_for(
        options, module, [image["id"] for image in images if image] or world.ids_meant(options, before, cloud), after
    )

    again = cloud.run(module, **options).succeeded()
    assert not again.changed
    assert again.mutations == []
    assert again.result["diff"] == {"before": {}, "after": {}}
    assert world.snapshot() == after


@pytest.mark.slow
def test_search_for_lies(admin: Cloud, alice: Cloud, bob: Cloud) -> None:
    clouds = {"admin": admin, "alice": alice, "bob": bob}

    @settings(
        max_examples=CASES,
        derandomize=CASES <= SLICE,
        deadline=None,
        database=None,
        phases=[Phase.generate, *([Phase.shrink] if SHRINK else [])],
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
        print_blob=True,
    )
    @given(case=cases)
    def search(case: tuple[list[Start], Json, str]) -> None:
        start, task, who = case
        world = World(clouds, f"{uuid.uuid4().hex[:10]}-")
        with tempfile.TemporaryDirectory() as folder:
            for key, data in DATA.items():
                (pathlib.Path(folder) / key).write_bytes(data)
            note(f"The case as a playbook (run it with the sandbox's clouds):\n{as_playbook(start, task, who)}")
            try:
                check_case(world, clouds[who], start, task, pathlib.Path(folder))
            finally:
                world.clean()

    search()
    print(f"\n{CASES} cases: {dict(SEEN)}")
    # A search whose tasks are mostly refused finds nothing.
    assert SEEN["changed"] > CASES / 3
    assert SEEN["of these replaced"] > CASES / 50
