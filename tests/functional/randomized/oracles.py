# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""What must hold of a task's runs. It is read from the options and from what Glance shows, not from the module's code."""

from __future__ import annotations

import collections
import dataclasses
import hashlib
import re
import typing as t

from ..cloud import Json, Outcome, assert_prediction_matches
from .cases import DATA, FILES, RECORD, Case, File, Interrupted, Overlapping, Single, Task, Url, disk_of
from .world import CATALOGUE, MARKED_ID, MEMBERS, USER_OF_PROJECT, Run, Snapshot, World, describe

# Errors that only the cloud can know, with the reason why check mode cannot foresee them.
ONLY_THE_CLOUD_KNOWS = {
    r"HTTP 403: .*publicize_image": "the cloud's policy on public images",
    r"HTTP 403: .*The image belongs to project": "the cloud's policy on other projects' images",
    r"HTTP 403: .*Owner can't be updated by non admin": "the cloud's policy on giving images away",
    r"HTTP 403: .*not permitted to create images owned by": "the cloud's policy on giving images away",
    r"HTTP 403: .*(delete_image_location|copy_image)": "the cloud's policy on copies in other stores",
    r"HTTP 409: .*an id is used once and for all": "the ids of images that this user cannot see, or that were deleted",
    r"HTTP 415: ": "the store looks into the data",
}
# Glance's file store keeps data that were refused with 415, and after that takes none into this image any more: 500.
WRONG_FORMAT = re.compile(r"HTTP 415: |could not import the data|PUT \S+/file was answered HTTP 500")
WRONG_CHECKSUM = re.compile(r"checksum|instead of")
# What a run says that waits for another one. If there is none, it waits for nothing.
WAITS_FOR_ANOTHER = re.compile(r"Wait until it is active|is still '|is being replaced by another run|still has it after")
# What a run may say when another one changes the same image in another way at the same time.
CHANGED_BY_ANOTHER = re.compile(
    r"[Rr]un the task again|has other data than|as a replacement was interrupted|There is no image with|is being replaced by"
    r"|can be only replaced for a queued image|was deleted by another process"
)
TEMPORARY = "-replacing-"
CANDIDATE = "-candidate"
# What a candidate gets only when it is promoted.
OF_PROMOTION = ("visibility", "protected", "hidden", "name", "members", "purge_members", "state")
PUBLISHED_AS = "cloudimage_published_as"
VERSION = "cloudimage_version"
REQUEST_ID = re.compile(r"\[request [^]]*\]")
# What is not carried over from one image to the next: Glance's own, and what tells of the data.
OWN_OF_ONE_IMAGE = re.compile(
    r"id|name|self|file|schema|created_at|updated_at|owner|status|size|virtual_size|checksum|os_hash_.*|stores|direct_url"
    r"|locations|disk_format|container_format|os_glance.*|cloudimage_.*"
)
DATA_KEYS = {"size", "status", "checksum", "os_hash_algo", "os_hash_value", "virtual_size", "stores"}

# How the cases ended.
SEEN: collections.Counter[str] = collections.Counter()


@dataclasses.dataclass(frozen=True)
class Observation:
    """A task's run in check mode and the real one, and all images before and after it.

    :param finishing: whether an interrupted run left something that this one finishes or deletes.
    """

    world: World
    task: Task
    before: Snapshot
    after: Snapshot
    predicted: Outcome
    real: Outcome
    finishing: bool = False

    @property
    def entries(self) -> list[Json]:
        return entries_of(self.world, self.task)

    def meant_before(self, entry: Json) -> list[Json]:
        return meant(self.world, self.task, entry, self.before)


# Which images a task is about


def project_of(world: World, task: Task, entry: Json) -> str:
    """The project whose images a name is looked for in first, and to which a new image belongs."""
    return world.project(USER_OF_PROJECT[entry["owner"]] if "owner" in entry else task.who)


def meant(world: World, task: Task, entry: Json, snapshot: Snapshot) -> list[Json]:
    """All images that an entry can be about, by its id or name and the user's project."""
    images = snapshot.values()
    if "id" in entry:
        return [image for image in images if image["id"] == entry["id"] and world.is_reachable(image, task.who)]
    named = [image for image in images if image["name"] == entry["name"]]
    if "owner" in entry:
        owner = project_of(world, task, entry)
        return [image for image in named if image["owner"] == owner and world.is_reachable(image, task.who)]
    return [image for image in named if world.is_usable(image, task.who)]


def entries_of(world: World, task: Task) -> list[Json]:
    """The options for each image, with everything in its place; for image_state an entry for each id and name."""
    options = world.options(task)
    if task.module == "images":
        return list(options["images"])
    if task.module == "image_state":
        state = options["state"]
        return [{key: value, "state": state} for key in ("id", "name") for value in options.get(key) or []]
    return [options]


def all_meant(world: World, task: Task, snapshot: Snapshot) -> set[str]:
    """The ids of the images that a task may change, but for what an interrupted run left and what is pruned."""
    named = {image["id"] for entry in entries_of(world, task) for image in meant(world, task, entry, snapshot)}
    return named | {image["id"] for image in candidates(world, task, snapshot)}


def unlisted(seen: Observation) -> list[Json]:
    """The images of the task's catalogue, in the user's project, that its list does not name; none if they are kept."""
    options = seen.world.options(seen.task)
    if options.get("prune", "keep") == "keep":
        return []
    names, project = {entry["name"] for entry in seen.entries}, seen.world.project(seen.task.who)
    return [
        image
        for image in seen.before.values()
        if image.get(CATALOGUE) == options["catalogue"]
        and image.get(MARKED_ID, image["id"]) == image["id"]
        and image["owner"] == project
        and image["name"] not in names
    ]


def own_named(world: World, task: Task, snapshot: Snapshot) -> list[Json]:
    """The images that bear the name of the task's first entry, in the project that it is about; oldest first."""
    entry = entries_of(world, task)[0]
    owner = project_of(world, task, entry)
    found = [image for image in snapshot.values() if image["name"] == entry["name"] and image["owner"] == owner]
    return sorted(found, key=lambda image: str(image["created_at"]))


def temporary(world: World, task: Task, snapshot: Snapshot) -> list[Json]:
    """The images under which replacements of the task's first image are prepared."""
    entry = entries_of(world, task)[0]
    return [image for image in snapshot.values() if image["name"].startswith(f"{entry.get('name')}{TEMPORARY}")]


def candidates(world: World, task: Task, snapshot: Snapshot) -> list[Json]:
    """The candidates for the names of the task's entries that work with candidates, or finish or remove them."""
    names = [entry["name"] for entry in entries_of(world, task) if entry.get("data_policy") == "replace" and "name" in entry]
    return [
        image
        for image in snapshot.values()
        if any(image["name"] == name + CANDIDATE or image["name"].startswith(name + TEMPORARY) for name in names)
    ]


# What a task wants


def source_of(entry: Json) -> str | None:
    """Which of FILES the data come from. The image in the other cloud has those of all images that exist before."""
    if "remote" in entry:
        return "same"
    source = entry.get("path") or entry.get("url")
    return str(source).rpartition("/")[2] if source else None


def data_of(entry: Json) -> bytes:
    """The data that the image is to have."""
    file = str(source_of(entry))
    base = FILES[file.partition(".")[0]]
    if "convert" in entry:
        return disk_of(base)
    return base if entry.get("decompress") else FILES[file]


def checksum_is_wrong(entry: Json) -> bool:
    if "checksum" not in entry:
        return False
    algorithm, _colon, value = entry["checksum"].partition(":")
    return hashlib.new(algorithm, FILES[str(source_of(entry))]).hexdigest() != str(value)


def has_data(image: Json, data: bytes) -> bool:
    """By Glance's own hash."""
    return bool((image["size"], image["os_hash_value"]) == (len(data), hashlib.sha512(data).hexdigest()))


def named_keys(entry: Json, module: str) -> set[str]:
    """The attributes of the image that the task names, by Glance's names."""
    if module == "image_state":
        return {"status"}
    renamed = {"hidden": "os_hidden", "kernel": "kernel_id", "is_public": "visibility"}
    named = {renamed.get(key, key) for key in entry} | {str(key) for key in entry.get("properties") or {}}
    if source_of(entry) or "stores" in entry:
        named |= DATA_KEYS
    if "convert" in entry:
        named |= {"disk_format", "min_disk"}
    if entry.get("state") == "inactive":
        named |= {"status"}
    copied = entry.get("remote_attributes", True) if "remote" in entry else False
    named |= {"tags", "min_disk", "min_ram", "e"} if copied is True else {"tags", "e"} if copied else set()
    # Glance shows members of shared images only.
    return named | {MEMBERS} if named & {"members", "visibility"} else named


def check_wishes(entry: Json, image: Json, before: Snapshot) -> None:
    """What is there is what the task asks for, read from its options alone."""
    if entry.get("candidate") == "prepare":
        check_candidate(entry, image)
        entry = {key: value for key, value in entry.items() if key not in OF_PROMOTION}
    if entry.get("state") in ("active", "deactivated"):
        assert image["status"] == entry["state"]
        return
    same = {"visibility": "visibility", "protected": "protected", "hidden": "os_hidden", "min_disk": "min_disk"}
    same.update(min_ram="min_ram", disk_format="disk_format", container_format="container_format", name="name")
    assert {option: image[key] for option, key in same.items() if option in entry} == {
        option: entry[option] for option in same if option in entry
    }
    if "is_public" in entry:
        assert image["visibility"] == entry.get("visibility", "public" if entry["is_public"] else "private")
    if "tags" in entry:
        assert sorted(image["tags"]) == sorted(set(entry["tags"]))
    for key, value in (entry.get("properties") or {}).items():
        stored = {True: "true", False: "false"}[value] if isinstance(value, bool) else None if value is None else str(value)
        assert image.get(key) == stored
    if "members" in entry:
        shared_with = set(image.get(MEMBERS, {}))
        assert set(entry["members"]) <= shared_with
        assert not entry.get("purge_members") or set(entry["members"]) == shared_with
    if source_of(entry):
        check_data(entry, image, before)
    if entry.get("state") == "inactive":
        assert image["status"] == "deactivated"
    # Glance hides from plain users in which stores a deactivated image is, so they stay.
    if "stores" in entry and before.get(image["id"], {}).get("status") != "deactivated":
        # Glance names a store twice if two runs import data into one image at the same moment.
        assert set(image["stores"].split(",")) == set(entry["stores"])


def check_candidate(entry: Json, image: Json) -> None:
    """A candidate is complete, and only its project can use it, under another name; or the image has the data already."""
    assert image["status"] in ("active", "deactivated")
    if image["name"] != entry["name"]:
        assert (image["os_hidden"], image["visibility"], image["protected"]) == (True, "shared", False)
        assert PUBLISHED_AS not in image


def check_data(entry: Json, image: Json, before: Snapshot) -> None:
    old = before.get(image["id"], {})
    # What a replacement that was interrupted left is not yet the image that the task is about.
    was_there = old.get("status") in ("active", "deactivated") and old["name"] == image["name"]
    assert image["status"] in ("active", "deactivated")
    if was_there and (entry.get("data_policy") == "keep" or ("url" in entry and "checksum" not in entry)):
        return  # the task leaves the data as they are, or has nothing to compare them with
    if checksum_is_wrong(entry):
        assert was_there, "data were taken whose checksum is wrong"
        return
    assert has_data(image, data_of(entry)), "the image has other data than the task says"
    if "version" in entry:
        assert image.get(VERSION) == entry["version"]
    if entry.get("candidate") == "promote":
        assert image[PUBLISHED_AS] == entry["name"]
    if "convert" in entry:
        assert image["disk_format"] == entry["convert"]


# What a run did


def check_only_named(seen: Observation) -> None:
    """What the task did not name is the same, byte for byte."""
    changes = seen.real.result.get("changes") or []
    check_changes_are_meant_and_reported(seen, {change["id"] for change in changes})
    if seen.finishing:
        return
    replaced = {each["before"]: each["after"] for each in changes if each["attribute"] == "id"}
    for entry in seen.entries:
        named = (
            named_keys(entry, seen.task.module)
            | {"updated_at", RECORD}
            | {key for image in seen.after.values() for key in _own(image)}
        )
        for image in seen.meant_before(entry):
            now = seen.after.get(image["id"])
            if image["id"] in replaced:
                new = replaced[image["id"]]
                # A candidate keeps what it has: the cloud may have set some properties.
                had = set(seen.before.get(new, {})) - set(image)
                check_replaced(image, now, seen.after[new], entry, named | had)
            elif now is None:
                assert entry.get("state") == "absent"
            elif not entry.get("purge_properties"):
                assert without(image, named) == without(now, named)


def check_changes_are_meant_and_reported(seen: Observation, reported: set[str]) -> None:
    allowed = all_meant(seen.world, seen.task, seen.before) | {image["id"] for image in unlisted(seen)}
    if seen.finishing:
        allowed |= {image["id"] for image in temporary(seen.world, seen.task, seen.before)}
    for image_id, image in seen.before.items():
        if seen.after.get(image_id) != image:
            assert image_id in allowed, f"the task does not mean this image, and it was changed: {describe(image)}"
            if not seen.finishing:
                assert image_id in reported, f"a change of this image was not reported: {describe(image)}"
    assert set(seen.after) - set(seen.before) <= reported, "an image appeared that the task does not speak of"


def _own(image: Json) -> set[str]:
    """What Glance notes of imports."""
    return {key for key in image if key.startswith(("os_glance", "cloudimage_"))}


def without(image: Json, keys: t.AbstractSet[str]) -> Json:
    return {key: value for key, value in image.items() if key not in keys}


def check_pruned(seen: Observation) -> None:
    """Images that are no longer listed became what the task says, and nothing else of them changed."""
    action = seen.world.options(seen.task).get("prune")
    for image in unlisted(seen):
        now = seen.after.get(image["id"])
        if action == "delete":
            assert now is None, "an image is there that should be pruned"
            continue
        assert now, "pruning deleted an image that it should only hide or deactivate"
        key, value = ("os_hidden", True) if action == "hide" else ("status", "deactivated")
        # An image without data cannot be deactivated, nor used.
        expected = image[key] if action == "deactivate" and image["status"] != "active" else value
        assert now[key] == expected
        assert without(now, {key, "updated_at"}) == without(image, {key, "updated_at"})


def check_replaced(old: Json, now: Json | None, new: Json, entry: Json, named: set[str]) -> None:
    """The new image has all of the old one but what the task names and its data, and the old one became what it should."""
    if not entry.get("purge_properties"):
        own = {"id", "created_at", "updated_at", "self", "file"}
        if old.get(MARKED_ID, old["id"]) != old["id"]:
            own |= {CATALOGUE, MARKED_ID}  # the mark was copied to it, and does not count
        # Only an administrator can copy what the members have answered.
        ordered = [{**image, "tags": sorted(image["tags"]), MEMBERS: sorted(image.get(MEMBERS, {}))} for image in (old, new)]
        assert without(ordered[0], named | own) == without(ordered[1], named | own)
    how = entry.get("replaced", "delete")
    assert (now is None) == (how == "delete")
    if now:
        assert now["name"].startswith(old["name"][:200]) or "replaced_name" in entry
        if "replaced_name" in entry:
            assert now["name"] == name_of_replaced(old, entry["replaced_name"])
        changed = _own(old) | {"name", {"hide": "os_hidden", "deactivate": "status"}.get(how, "name"), "updated_at"}
        if entry.get("candidate") == "promote":
            assert now[PUBLISHED_AS] == old["name"]
            changed |= {PUBLISHED_AS, MARKED_ID}
        assert without(now, changed) == without(old, changed)
        # An image without data, which only a candidate replaces, cannot be deactivated.
        is_deactivated = now["status"] == ("queued" if old["status"] == "queued" else "deactivated")
        assert {"hide": now["os_hidden"], "deactivate": is_deactivated}.get(how, True)


def name_of_replaced(old: Json, template: str) -> str:
    """The name that a replaced image is kept under."""
    created = old["created_at"].replace("-", "").replace(":", "")
    return template.format(name=old["name"], id=old["id"], created=created, version=old.get(VERSION, created))


def check_read_back(real: Outcome, after: Snapshot) -> None:
    """The image that is there is the one that the diff promised."""
    diff = real.result["diff"]
    if isinstance(diff, list) or real.result.get("image") is None:
        return
    image = after[real.result["image"]["id"]]
    for key, value in diff["after"].items():
        if key == "state" or "." in key or value is None:  # replaced.name is one of another image
            continue
        if key == "properties":
            gone = set(diff["before"].get("properties", {})) - set(value)
            # What check mode cannot know, the run tells by itself.
            assert {name: image.get(name) for name in value if name != RECORD} == {
                k: v for k, v in value.items() if k != RECORD
            }
            assert not gone & set(image)
        elif key == "stores":
            assert sorted(set(image["stores"].split(","))) == value
        else:
            assert (sorted(image[key]) if key == "tags" else image[key]) == value


def outcomes_of(outcome: Outcome) -> list[Outcome]:
    """One for each image of the module images; their requests follow one another."""
    if "outcomes" not in outcome.result:
        return [outcome]
    found = []
    sent = [entry for entry in outcome.mutations if entry["status"] < 400]
    for each, image in zip(outcome.result["outcomes"], outcome.result["images"], strict=True):
        number = len(each["operations"])
        found.append(Outcome({**each, "image": image}, sent[:number], outcome.stdout))
        sent = sent[number:]
    for each in outcome.result["pruned"]:
        number = len(each["operations"])
        found.append(Outcome(each, sent[:number], outcome.stdout))
        sent = sent[number:]
    return found


def check_refusal(seen: Observation) -> None:
    """A task that fails fails in check mode too, or for a reason that only the cloud knows, and changes nothing."""
    message = seen.real.message
    # Interrupted data make an orphaned image only of the project's own images that this collection made, and that are
    # neither protected nor shared.
    own = all(project_of(seen.world, seen.task, entry) == seen.world.project(seen.task.who) for entry in seen.entries)
    kept = (
        image["protected"] or image.get(MEMBERS) or image["id"] in seen.world.ids
        for entry in seen.entries
        for image in seen.meant_before(entry)
    )
    if own and not any(kept):
        assert not WAITS_FOR_ANOTHER.search(message), message
    if seen.predicted.failed:
        check_foreseen_refusal(seen)
    else:
        check_refusal_only_the_cloud_foresees(seen)
    for entry in seen.entries:
        if "has other data than" in message and source_of(entry) and seen.task.module == "image":
            assert not any(
                has_data(image, data_of(entry)) and not checksum_is_wrong(entry) for image in seen.meant_before(entry)
            ), "the task says that the image has other data, and it has the same"
    check_nothing_else_changed(seen, changed_before_refusal(seen))
    if seen.real.message.startswith("prune"):
        assert seen.after == seen.before
    for image in unlisted(seen):
        assert seen.after[image["id"]] == image, "an image was pruned although an entry of the list failed"


def check_foreseen_refusal(seen: Observation) -> None:
    message = seen.real.message
    assert REQUEST_ID.sub("", seen.predicted.message) == REQUEST_ID.sub("", message)
    assert not re.match(r"GET \S+ was answered HTTP (400|403|404|409|5..)", message), message
    if seen.task.module != "images":
        assert seen.real.mutations == []


def check_refusal_only_the_cloud_foresees(seen: Observation) -> None:
    reasons = list(ONLY_THE_CLOUD_KNOWS)
    if any(source_of(entry) for entry in seen.entries):
        reasons.append(WRONG_FORMAT.pattern)
    if any(checksum_is_wrong(entry) for entry in seen.entries):
        reasons.append(WRONG_CHECKSUM.pattern)
    message = seen.real.message
    assert any(re.search(reason, message, re.DOTALL) for reason in reasons), message


def changed_before_refusal(seen: Observation) -> set[str]:
    """The attributes that a task may have changed before the cloud refused the rest of it."""
    message = seen.real.message
    # Glance leaves traces of data that it refused.
    traces = {"updated_at", "os_hash_algo", "os_hash_value", "checksum", "stores", "size", "virtual_size"}
    touched = set() if seen.predicted.failed else traces
    if "catalogue" in seen.task.options:  # the other entries of the list are in the catalogue now
        touched |= {CATALOGUE, MARKED_ID, "updated_at"}
    for entry in seen.entries:
        # Data come after the attributes; if they fail, the error says that the attributes were changed before.
        if "changed of the image: its attributes" in message or seen.task.module == "images":
            touched |= named_keys(entry, seen.task.module)
        if "was there before, so" in message or entry.get("import_method") == "glance-direct" or entry.get("use_import"):
            touched |= DATA_KEYS
    return touched


def is_failed_import(image: Json) -> bool:
    """Whether this is what a run left that was interrupted after its import failed."""
    return image["status"] == "importing" and bool(image.get("os_glance_failed_import"))


def check_nothing_else_changed(seen: Observation, touched: set[str]) -> None:
    """A task that failed changed only these attributes, and only of the images that it means."""
    is_many = seen.task.module == "images"
    allowed = all_meant(seen.world, seen.task, seen.before) | {image["id"] for image in unlisted(seen)}
    candidates = set(seen.real.result.get("candidates", []))
    assert candidates <= allowed, "the task takes an image into account that it does not mean"
    for image_id, image in seen.before.items():
        now = seen.after.get(image_id)
        if now is None and (TEMPORARY in image["name"] or is_failed_import(image)):
            continue  # what an interrupted run left goes before the new data are sent
        if image_id not in allowed or now is None:
            assert now == image or is_many, f"a task that failed changed this image: {describe(image)}"
        else:
            ignored = touched | (set() if seen.predicted.failed else _own(image) | _own(now))
            assert without(now, ignored) == without(image, ignored)
    if not is_many:
        assert set(seen.after) <= set(seen.before), f"a task that failed left an image: {seen.real.message}"


def check_info(world: World, task: Task) -> None:
    """image_info finds what matches, of what the user's project can use."""
    before = world.snapshot()
    outcomes = [world.run(task, check=check) for check in (True, False)]
    options = world.options(task)
    assert [outcome.mutations for outcome in outcomes] == [[], []]
    assert world.snapshot() == before
    if outcomes[1].failed:
        assert outcomes[0].message == outcomes[1].message
        assert "owner: there is no project" in outcomes[1].message  # users see only their own projects
        SEEN["refused"] += 1
        return
    found, again = ({image["id"] for image in outcome.images} for outcome in outcomes)
    assert found == again
    matching = [
        image
        for image in before.values()
        if image["name"] in options["name"]
        and image["os_hidden"] in {"any": (True, False), "true": (True,), "false": (False,)}[options.get("hidden", "false")]
        and image["status"] in options.get("status", [image["status"]])
        and image["protected"] == options.get("protected", image["protected"])
    ]
    if "owner" in options:
        owner = project_of(world, task, options)
        matching = [image for image in matching if image["owner"] == owner]
    for image in outcomes[1].images if options.get("members") else ():
        # An image has no more than one member, who sees itself, as the owner and an administrator do.
        listed = {member["member_id"] for member in image["members"]}
        assert listed == world.members_of(image), "image_info does not list who an image is shared with"
    usable = {image["id"] for image in matching if world.is_usable(image, task.who)}
    reachable = {image["id"] for image in matching if world.is_reachable(image, task.who)}
    assert usable <= found, "image_info does not find an image that matches"
    assert found <= (reachable if "owner" in options else usable), "image_info finds an image that the project cannot use"
    SEEN["found" if found else "found none"] += 1


def forget_hidden_members(predicted: Outcome, real: Outcome, before: Snapshot) -> None:
    """Take out of a prediction the members that only the run can find: Glance hides those of an image that is not shared."""
    for change in list(predicted.result["changes"]):
        image, attribute = before.get(change["id"]), str(change["attribute"])
        is_hidden = image is not None and image["visibility"] != "shared"
        if not is_hidden or not attribute.startswith("members.") or change in real.result["changes"]:
            continue
        added = (f"/v2/images/{change['id']}/members", {"member": attribute.partition(".")[2]})
        predicted.result["changes"].remove(change)
        predicted.result["operations"] = [
            operation for operation in predicted.result["operations"] if (operation["path"], operation["body"]) != added
        ]
        for side in predicted.result["diff"].values():
            if isinstance(side, dict):
                side.pop(attribute, None)


def check_three_runs(world: World, task: Task, finishing: bool = False) -> Outcome | None:
    """Run a task in check mode, for real and again; returns the real run, or null if the task is refused."""
    if task.module == "image_info":
        check_info(world, task)
        return None
    before = world.snapshot()
    predicted = world.run(task, check=True)
    assert predicted.mutations == [], "check mode changed something"
    assert world.snapshot() == before, "check mode changed something"
    real = world.run(task)
    world.settle()
    after = world.snapshot()
    seen = Observation(world, task, before, after, predicted, real, finishing)
    if real.failed:
        SEEN["refused" if predicted.failed else "refused by the cloud alone"] += 1
        check_refusal(seen)
        return None
    assert not predicted.failed, f"check mode fails, and the task does not: {predicted.message}"
    SEEN["changed" if real.changed else "unchanged"] += 1
    SEEN["of these pruned"] += any(each["changed"] for each in real.result.get("pruned") or [])
    SEEN["of these replaced"] += any(change["attribute"] == "id" for change in real.result["changes"])
    for pair in zip(outcomes_of(predicted), outcomes_of(real), strict=True):
        forget_hidden_members(*pair, before)
        assert_prediction_matches(*pair)
    assert real.changed == bool(real.mutations)
    assert real.changed == (after != before)
    check_only_named(seen)
    check_pruned(seen)
    for each in outcomes_of(real):
        check_read_back(each, after)
    check_result(seen)

    again = world.run(task)
    assert not again.failed, f"the second run fails: {again.message}"
    assert not again.changed, f"the second run changes something: {again.result['changes']}"
    assert again.mutations == []
    assert again.result["changes"] == again.result["operations"] == []
    assert world.snapshot() == after
    return real


def check_result(seen: Observation) -> None:
    """Each entry has its image as it asks for, and no more images than that."""
    images = seen.real.result.get("images") or [seen.real.result.get("image")]
    for entry, image in zip(seen.entries, images, strict=seen.task.module != "image_state"):
        there = meant(seen.world, seen.task, entry, seen.after)
        if entry.get("state") == "absent":
            assert there == [], "an image that is to be absent is there"
            continue
        assert image, "the result has no image"
        check_wishes(entry, seen.after[image["id"]], seen.before)
        check_is_in_catalogue(seen, seen.after[image["id"]])
        old = seen.before.get(image["id"], {})
        keeps_status = source_of(entry) and entry.get("state") != "inactive"
        if keeps_status and old.get("status") in ("active", "deactivated") and old["name"] == image["name"]:
            assert image["status"] == old["status"], "a task on data changed the status"
        if "name" in entry and "id" not in entry:
            assert len(there) <= max(1, len(seen.meant_before(entry))), [describe(each) for each in there]


def check_is_in_catalogue(seen: Observation, image: Json) -> None:
    catalogue = seen.world.options(seen.task).get("catalogue")
    if catalogue and image["owner"] == seen.world.project(seen.task.who):
        assert image.get(CATALOGUE) == catalogue
        assert image.get(MARKED_ID, image["id"]) == image["id"]


# Cases of several runs


def check_others_data_are_noticed(world: World, task: Task) -> None:
    """The same task with other data notices that the image does not have them."""
    entry = task.entries[0]
    source = entry.get("path") or entry.get("url")
    if task.module != "image" or source is None or "name" not in entry or entry.get("state") == "absent":
        return
    if ("url" in entry and "checksum" not in entry) or "candidate" in entry:
        return
    own = own_named(world, task, world.snapshot())
    if len(own) != 1:
        return
    _base, dot, suffix = source.name.partition(".")
    of_others = {**entry, "path": None}
    files = [f"{base}{dot}{suffix}" for base in DATA]
    file = next(file for file in files if not has_data(own[0], data_of({**of_others, "url": file})))
    options: Json = {**entry, **({"path": File(file)} if "path" in entry else {"url": Url(file)}), "data_policy": "fail"}
    if "checksum" in entry:
        algorithm = entry["checksum"].partition(":")[0]
        options["checksum"] = f"{algorithm}:{hashlib.new(algorithm, FILES[file]).hexdigest()}"
    outcome = world.run(Task(task.who, task.module, options), check=True)
    assert outcome.failed, "a task with other data takes the image for one that has them"
    assert "has other data than" in outcome.message, outcome.message


def check_single(world: World, case: Single) -> None:
    for task in case.before:
        check_three_runs(world, task, finishing=task is not case.before[0])
    real = check_three_runs(world, case.task)
    if real and real.changed and case.task.entries[0].get("data_policy") != "keep":
        check_others_data_are_noticed(world, case.task)


def complete(images: list[Json]) -> list[Json]:
    return [image for image in images if image["status"] in ("active", "deactivated")]


def check_interrupted(world: World, case: Interrupted) -> None:
    for task in case.before:
        check_three_runs(world, task)
    before = world.snapshot()
    predicted = world.run(case.first, check=True)
    count = len(predicted.result.get("operations") or [])
    world.run_killed(case.first, case.step % max(1, count), case.carried_out)
    left = world.snapshot()
    allowed = all_meant(world, case.first, before)
    for image_id in set(before) - allowed:
        assert left.get(image_id) == before[image_id], "an interrupted run changed an image that it does not mean"
    had = complete(own_named(world, case.first, before))
    named = own_named(world, case.first, left)
    if case.first.entries[0].get("state") != "absent":
        assert complete(named) or not had, "an interrupted run leaves no whole image of the name"
    # Two may be of the same second, which is all that Glance tells. The one that has got the name is the newer one.
    named.sort(key=lambda image: before.get(image["id"], {}).get("name") != image["name"])
    model = (complete(named) or named or [None])[-1]  # type: ignore[list-item]
    real = check_three_runs(world, case.then, finishing=True)
    if real:
        after = world.snapshot()
        check_nothing_lost(world, case.then, model, after, real)
        check_no_left_overs(world, case.then, after)
        check_others_data_are_noticed(world, case.then)
    else:
        # What is left is no obstacle to the task that was interrupted.
        check_three_runs(world, case.first, finishing=True)


def check_nothing_lost(world: World, task: Task, model: Json | None, after: Snapshot, real: Outcome) -> None:
    """What the newest complete image had and the task does not name is still there, or the result says that it changed."""
    now = own_named(world, task, after)
    if not now or model is None:
        return
    entry = entries_of(world, task)[0]
    assert len(now) == 1, [describe(image) for image in now]
    reported = {change["attribute"].removeprefix("properties.") for change in real.result["changes"]}
    named = named_keys(entry, task.module)
    for key in {*model, *now[0]}:
        if key in named or key in reported or OWN_OF_ONE_IMAGE.fullmatch(key):
            continue
        was, is_now = (sorted(each["tags"]) if key == "tags" else each.get(key) for each in (model, now[0]))
        assert is_now == was, f"{key} was {was!r} and is {is_now!r}, and the result does not say so"


def check_no_left_overs(world: World, task: Task, after: Snapshot) -> None:
    """A task that brings data leaves no image behind that an interrupted replacement has made, but for its candidate."""
    entry = task.entries[0]
    is_candidate = entry.get("candidate") == "prepare"
    # Data that cannot be compared replace nothing, and so no task looks for what a replacement has left.
    is_comparable = "url" not in entry or "checksum" in entry
    replaces = source_of(entries_of(world, task)[0]) and entry.get("data_policy") == "replace" and is_comparable
    if replaces and not is_candidate:
        assert [describe(image) for image in temporary(world, task, after)] == []


def check_overlapping(world: World, case: Overlapping) -> None:
    before = world.snapshot()
    tasks = case.tasks
    alone = [world.run(task, check=True) for task in tasks]
    had = complete(own_named(world, tasks[0], before))
    gaps: list[str] = []

    def note_gaps() -> None:
        if had and not complete(own_named(world, tasks[0], world.snapshot())):
            gaps.append("at one moment there was no whole image of the name")

    wants_absent = any(task.entries[0].get("state") == "absent" for task in tasks)
    runs, trace = world.run_overlapping(case, (lambda: None) if wants_absent else note_gaps)
    after = world.snapshot()
    try:
        assert gaps == []
        allowed = all_meant(world, tasks[0], before) | all_meant(world, tasks[1], before)
        for image_id in set(before) - allowed:
            assert after.get(image_id) == before[image_id], "an image was changed that neither task means"
        for run in runs:
            check_report(run)
        if tasks[0] == tasks[1]:
            check_identical(tasks[0], alone[0], runs)
        else:
            check_different(alone, runs)
        check_state_after(world, case, before, after, runs)
    except AssertionError as error:
        answers = [run.outcome.result.get("msg") or f"changed: {run.outcome.changed}" for run in runs]
        raise AssertionError("\n".join([str(error), *trace, *answers])) from error
    # Whatever the outcome, the next run of either task reports it correctly.
    check_three_runs(world, tasks[1], finishing=True)


def check_report(run: Run) -> None:
    """What a run reports is what it sent."""
    assert "Traceback" not in run.outcome.stdout
    if not run.outcome.failed:
        assert run.reported == run.sent
        assert run.outcome.changed == bool(run.sent)


def check_identical(task: Task, alone: Outcome, runs: list[Run]) -> None:
    """Both succeed, and one of them reports the change; both do only if each did a part of it."""
    if alone.failed:
        assert all(run.outcome.failed and (task.module == "images" or not run.sent) for run in runs)
        return
    failed = [run.outcome.message for run in runs if run.outcome.failed]
    if _cloud_may_refuse(task) and failed:
        return
    assert failed == [], "one of two identical runs fails"
    # Glance does not refuse to set an attribute to what it is already, so of that both can be told truly.
    once = ("state", "id", "size")
    reports = [{each["attribute"] for each in run.outcome.result["changes"] if each["attribute"] in once} for run in runs]
    assert any(run.outcome.changed for run in runs) == alone.changed, "the change was reported by none"
    assert not reports[0] & reports[1], "two identical runs report the same change"
    SEEN["both of two identical runs changed something"] += all(run.outcome.changed for run in runs)


def _cloud_may_refuse(task: Task) -> bool:
    return (
        any("stores" in entry or entry.get("disk_format") == "qcow2" or ("checksum" in entry) for entry in task.entries)
        or task.module == "image_state"
    )


def check_different(alone: list[Outcome], runs: list[Run]) -> None:
    """Each succeeds, or says that another run changed the image first, or what it says alone."""
    for single, run in zip(alone, runs, strict=True):
        if run.outcome.failed and not single.failed:
            reasons = [*ONLY_THE_CLOUD_KNOWS, WRONG_FORMAT.pattern, WRONG_CHECKSUM.pattern, CHANGED_BY_ANOTHER.pattern]
            assert any(re.search(reason, run.outcome.message, re.DOTALL) for reason in reasons), run.outcome.message


def check_state_after(world: World, case: Overlapping, before: Snapshot, after: Snapshot, runs: list[Run]) -> None:
    """There is one image, and it is what one of the tasks wants."""
    first, second = case.tasks
    named = own_named(world, first, after)
    assert len(named) <= max(1, len(own_named(world, first, before))), [describe(image) for image in named]
    if any(run.outcome.failed for run in runs):
        return
    assert [describe(image) for image in temporary(world, first, after)] == []
    entries = [entries_of(world, task)[0] for task in (first, second)]
    if any(entry.get("state") == "absent" for entry in entries) and not named:
        return
    assert len(named) == 1, "an image that both tasks want is not there"
    # Each run sends what differed when it looked. So of each attribute, and of the data, one of the tasks is fulfilled.
    wishes = [part for entry in entries if entry.get("state") != "absent" for part in parts_of(entry).items()]
    # A new image is made of the old one as it was; what another run sets at the old one meanwhile goes with that.
    replacing = [
        entry
        for entry, run in zip(entries, runs, strict=True)
        if any(change["attribute"] == "id" for change in run.outcome.result["changes"])
    ]
    keys = {key for entry in replacing for key in parts_of(entry)} or {key for key, _part in wishes}
    for key in keys:
        refusals = [refusal_of(part, named[0], before) for each, part in wishes if each == key]
        assert None in refusals, f"{key} is what neither task wants: {refusals}"


OF_DATA = ("path", "url", "remote", "remote_attributes", "decompress", "convert", "checksum", "data_policy")


def parts_of(entry: Json) -> Json:
    """What an entry asks for, one by one: the data, each attribute and each property."""
    parts: Json = {key: {key: value} for key, value in entry.items() if key not in (*OF_DATA, "properties")}
    parts["data"] = {key: entry[key] for key in OF_DATA if key in entry}
    if "remote" in entry:
        parts = {**copied_parts(entry["remote_attributes"]), **parts}
    for key, value in (entry.get("properties") or {}).items():
        parts[f"properties.{key}"] = {"properties": {key: value}}
    return {key: part for key, part in parts.items() if part}


def copied_parts(copied: bool | list[str]) -> Json:
    """What an entry asks for by copying the attributes of the image in the other cloud."""
    every: Json = {"tags": {"tags": ["e"]}, "min_disk": {"min_disk": 0}, "min_ram": {"min_ram": 0}}
    if isinstance(copied, list):
        return {key: part for key, part in every.items() if key in copied}
    return every if copied else {}


def refusal_of(part: Json, image: Json, before: Snapshot) -> str | None:
    """Why the image is not as this says; null if it is."""
    try:
        check_wishes(part, image, before)
    except AssertionError as error:
        return str(error)
    return None


CHECKS: dict[type, t.Callable[[World, t.Any], None]] = {
    Single: check_single,
    Interrupted: check_interrupted,
    Overlapping: check_overlapping,
}


def check_case(world: World, case: Case) -> None:
    """Make the images of a case, and run its tasks with all that must hold of them."""
    world.clouds["alice"].make(f"{world.prefix}helper")
    for start in case.start:
        world.make(start)
    CHECKS[type(case)](world, case)
