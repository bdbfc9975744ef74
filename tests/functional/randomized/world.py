# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The environment of one case: images on the real Glance, files, a web server, and runs that are killed or overlap."""

from __future__ import annotations

import dataclasses
import datetime
import json
import multiprocessing
import os
import pathlib
import signal
import threading
import time
import typing as t
import uuid

from ..cloud import Cloud, Json, Outcome, forget_the_cloud, own_id
from ..image_server import Web
from .cases import FILES, File, ImageId, Name, Overlapping, Project, Start, Task, Url, resolved
from .stepping import InTurn, Request, StopAt, Turns, stepping

USER_OF_PROJECT = {"alpha": "alice", "beta": "bob", "admin": "admin"}
# Seconds. No task of a case needs this long; one that does waits for an event that never comes.
WAIT_TIMEOUT = 40
SETTLE_TIMEOUT = 60.0
# The key under which a snapshot has the projects that an image is shared with; no property has this name.
MEMBERS = "(members)"
CATALOGUE, MARKED_ID = "cloudimage_catalogue", "cloudimage_marked_id"
JSON_PATCH = {"Content-Type": "application/openstack-images-v2.1-json-patch"}

Snapshot = dict[str, Json]


class World:
    """The images of one case, all of which have names that begin with its prefix."""

    def __init__(self, clouds: dict[str, Cloud], folder: pathlib.Path, web: Web) -> None:
        self.clouds = clouds
        self.admin = clouds["admin"]
        self._folder = folder
        self._web = web
        self.prefix = f"{uuid.uuid4().hex[:10]}-"
        self.ids: list[str] = []
        self.accepted: set[tuple[str, str]] = set()
        self.unused_id = str(uuid.uuid4())
        # A minute of grace; all that matters is that old images are not listed again and again.
        began = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(minutes=1)
        self._began = began.strftime("%Y-%m-%dT%H:%M:%SZ")
        for name, data in FILES.items():
            (folder / name).write_bytes(data)
            web.files[f"/{name}"] = data

    # What there is

    def make(self, start: Start) -> None:
        """Make an image that exists before, with bare requests."""
        attributes = dict(start.attributes)
        attributes.update(attributes.pop("properties"))
        if start.catalogue:
            attributes[CATALOGUE] = f"{self.prefix}{start.catalogue}"
            if start.is_copy:
                attributes[MARKED_ID] = self.unused_id
            else:
                attributes["id"] = own_id()
        cloud = self.clouds[start.owner]
        data = None if start.status == "queued" else FILES["same"]
        if data is not None:
            attributes["disk_format"] = "raw"
        image = cloud.make(f"{self.prefix}{start.name}", data, **attributes)
        member = self.clouds[start.accepted_by].project_id if start.accepted_by else None
        if member not in (None, cloud.project_id) and image["visibility"] == "shared":
            cloud.call("POST", f"/images/{image['id']}/members", json={"member": member})
            accept = {"json": {"status": "accepted"}}
            self.clouds[str(start.accepted_by)].call("PUT", f"/images/{image['id']}/members/{member}", **accept)
            self.accepted.add((image["id"], str(member)))
        if start.status == "deactivated":
            self.admin.call("POST", f"/images/{image['id']}/actions/deactivate")
        self.ids.append(image["id"])

    def members_of(self, image: Json) -> set[str]:
        """The projects that an image which existed before is shared with."""
        is_shared = image["visibility"] == "shared"
        return {project for image_id, project in self.accepted if is_shared and image_id == image["id"]}

    def snapshot(self) -> Snapshot:
        """Every image of the case by its id, as Glance shows it to an administrator, with its members if it is shared."""
        found: Snapshot = {}
        for hidden in ("false", "true"):
            query = f"visibility=all&member_status=all&limit=1000&os_hidden={hidden}&created_at=gte:{self._began}"
            for image in self.admin.call("GET", f"/images?{query}").json()["images"]:
                if str(image["name"]).startswith(self.prefix) or image["id"] in (*self.ids, self.unused_id):
                    found[image["id"]] = image
        for image in found.values():
            if image["visibility"] == "shared":
                image[MEMBERS] = self._members(image)
        return found

    def _members(self, image: Json) -> dict[str, str]:
        answer = self.admin.call("GET", f"/images/{image['id']}/members", raise_exc=False)
        # Another run may have deleted the image by now, or changed its visibility.
        members = answer.json()["members"] if answer.status_code == 200 else []
        return {member["member_id"]: member["status"] for member in members}

    def settle(self) -> None:
        """Wait until the cloud has ended the imports that are going on."""
        deadline = time.monotonic() + SETTLE_TIMEOUT
        while importing := [image for image in self.snapshot().values() if self._is_importing(image)]:
            assert time.monotonic() < deadline, f"imports do not end: {[(each, self._tasks(each)) for each in importing]}"
            time.sleep(0.05)

    def _is_importing(self, image: Json) -> bool:
        """Whether an import goes on; one that fails because its image was deactivated leaves its lock."""
        if not image.get("os_glance_import_task") and image["status"] != "importing":
            return False
        return any(task["status"] in ("pending", "processing") for task in self._tasks(image))

    def _tasks(self, image: Json) -> list[Json]:
        return t.cast("list[Json]", self.admin.call("GET", f"/images/{image['id']}/tasks").json()["tasks"])

    def clean(self) -> None:
        self.settle()
        for image in self.snapshot().values():
            if image["protected"]:
                patch = '[{"op": "replace", "path": "/protected", "value": false}]'
                self.admin.call("PATCH", f"/images/{image['id']}", data=patch, headers=JSON_PATCH)
            self.admin.call("DELETE", f"/images/{image['id']}")

    # Who sees what, by Glance's rules and not by the module's code

    def project(self, user: str) -> str:
        return self.clouds[user].project_id

    def is_usable(self, image: Json, user: str) -> bool:
        """Whether the user's project has the image in its lists, whatever role the user has."""
        project = self.project(user)
        accepted = image["visibility"] == "shared" and (image["id"], project) in self.accepted
        return image["owner"] == project or image["visibility"] == "public" or accepted

    def is_reachable(self, image: Json, user: str) -> bool:
        """Whether the user can read the image if its id or its owner is named."""
        return user == "admin" or self.is_usable(image, user) or image["visibility"] == "community"

    # Running tasks

    def options(self, task: Task) -> Json:
        """The module's options, with everything in its place."""
        return t.cast("Json", resolved(self._with_timeout(task), self._place))

    @staticmethod
    def _with_timeout(task: Task) -> Json:
        if task.module == "image":
            return {**task.options, "wait_timeout": WAIT_TIMEOUT}
        if task.module == "images":
            return {**task.options, "images": [{**entry, "wait_timeout": WAIT_TIMEOUT} for entry in task.entries]}
        return task.options

    def _place(self, placeholder: t.Any) -> str:
        if isinstance(placeholder, Name):
            return f"{self.prefix}{placeholder.text}"
        if isinstance(placeholder, ImageId):
            return self.ids[placeholder.number] if placeholder.number < len(self.ids) else self.unused_id
        if isinstance(placeholder, File):
            return str(self._folder / placeholder.name)
        if isinstance(placeholder, Project):
            return self.project(placeholder.user)
        assert isinstance(placeholder, Url)
        return f"{self._web.url}/{placeholder.name}"

    def run(self, task: Task, check: bool = False) -> Outcome:
        outcome = self.clouds[task.who].run(task.module, check=check, **self.options(task))
        assert "Traceback" not in outcome.stdout
        return outcome

    def run_killed(self, task: Task, step: int, carried_out: bool) -> list[Request]:
        """Run a task in a process of its own, and kill that at one of its requests that change something.

        :returns: the requests that it sent.
        """
        process: t.Any = None

        def kill() -> None:
            os.kill(process.pid, signal.SIGKILL)
            process.join()

        steps = StopAt(step, carried_out, kill)
        with stepping(self.admin.sandbox.glance_url, steps) as url:
            process = _process(self._run_through, task, url, None)
            process.start()
            process.join()
        self.settle()
        return steps.requests

    def run_overlapping(self, case: Overlapping, after_each: t.Callable[[], None]) -> tuple[list[Run], list[str]]:
        """Run two tasks at the same time, each in a process of its own, in the order that the case gives.

        :param after_each: called after each request that changes something.
        :returns: both runs, and all their requests in order.
        """
        turns = Turns(case.order)
        steps = [InTurn(turns, number, after_each) for number in (0, 1)]
        ended: list[Outcome | None] = [None, None]

        def run(number: int, url: str) -> None:
            receiving, sending = multiprocessing.Pipe(duplex=False)
            process = _process(self._run_through, case.tasks[number], url, sending)
            process.start()
            sending.close()
            try:
                ended[number] = receiving.recv()
            finally:
                process.join()
                turns.end(number)

        url = self.admin.sandbox.glance_url
        with stepping(url, steps[0]) as first, stepping(url, steps[1]) as second:
            threads = [threading.Thread(target=run, args=(number, each)) for number, each in enumerate((first, second))]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        self.settle()
        runs = [Run(t.cast("Outcome", outcome), step.requests) for outcome, step in zip(ended, steps, strict=True)]
        return runs, turns.trace

    def _run_through(self, task: Task, url: str, sending: t.Any) -> None:
        # What the process that this one was forked from has open is not shared with it.
        forget_the_cloud()
        outcome = self.clouds[task.who].run(task.module, endpoint_override=url, **self.options(task))
        if sending:
            sending.send(dataclasses.replace(outcome, requests=[]))


@dataclasses.dataclass
class Run:
    """One of several runs at the same time."""

    outcome: Outcome
    requests: list[Request]

    @property
    def sent(self) -> list[tuple[str, str]]:
        """Method and path of the requests that changed something."""
        return [(each.method, each.path) for each in self.requests if each.changes_something and (each.status or 500) < 400]

    @property
    def reported(self) -> list[tuple[str, str]]:
        return [(each["method"], each["path"]) for each in self.outcome.result.get("operations") or []]


def _process(target: t.Callable[..., None], *arguments: t.Any) -> t.Any:
    return multiprocessing.get_context("fork").Process(target=target, args=arguments)


def describe(image: Json) -> str:
    keys = ("name", "owner", "status", "size", "protected", "os_hidden", "visibility", "tags")
    return json.dumps({"id": image["id"], **{key: image.get(key) for key in keys}}, ensure_ascii=False)
