# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""Runs of a module in the ways that a test compares: a list three times, at the same moment, disturbed, and killed."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import typing as t

from .cloud import Cloud, Json, Outcome
from .glance_proxy import proxy
from .timing import HANGS


def images_thrice(cloud: Cloud, images: list[Json], **options: t.Any) -> Outcome:
    """Run in check mode, for real, and again; the three must tell the same reported of each image. Returns the real run."""
    predicted = cloud.run("images", check=True, images=images, **options).succeeded()
    assert predicted.mutations == []
    real = cloud.run("images", images=images, **options).succeeded()
    again = cloud.run("images", images=images, **options).succeeded()
    for number, (said, done) in enumerate(zip(predicted.result["outcomes"], real.result["outcomes"], strict=True)):
        image = real.images[number]
        assert with_id(reported(said), image) == with_id(reported(done), image)
        assert done["transfer"] or not any(operation["path"].endswith("/file") for operation in done["operations"])
    sent = sorted((entry["method"], entry["path"]) for entry in real.mutations)
    assert sent == sorted((each["method"], each["path"]) for each in real.result["operations"])
    assert (again.changed, again.mutations, again.result["diff"]) == (False, [], [])
    assert predicted.changed == real.changed
    return real


def reported(outcome: Json) -> Json:
    return {key: outcome[key] for key in ("name", "id", "changed", "failed", "changes", "operations", "diff")}


def with_id(told: Json, image: Json | None) -> Json:
    """Values that contain the id of the new image, which check mode cannot know."""
    new_id = image["id"] if image else ""
    for change in told["changes"]:
        change["id"] = change["id"] or new_id
    return t.cast("Json", json.loads(json.dumps(told).replace("{id}", new_id)))


def applied(cloud: Cloud, images: list[Json], **options: t.Any) -> Outcome:
    return cloud.run("images", images=images, **options).succeeded()


def run_one(cloud: Cloud, barrier: t.Any, results: t.Any, module: str, options: Json) -> None:
    barrier.wait()
    outcome = cloud.run(module, **options)
    results.put((outcome.failed, outcome.changed, outcome.result.get("msg")))


def start_runs(
    cloud: Cloud, number: int, options: Json, module: str = "image"
) -> t.Callable[[], list[tuple[bool, bool, str | None]]]:
    """Run the same task in several processes at once; returns what waits for them: (failed, changed, message) of each."""
    context = multiprocessing.get_context("fork")
    barrier, results = context.Barrier(number), context.Queue()
    arguments = (cloud, barrier, results, module, options)
    processes = [context.Process(target=run_one, args=arguments) for _each in range(number)]
    for process in processes:
        process.start()

    def finish() -> list[tuple[bool, bool, str | None]]:
        found = [results.get(timeout=HANGS) for _process in processes]
        for process in processes:
            process.join()
        return found

    return finish


def run_at_once(cloud: Cloud, number: int, options: Json, module: str = "image") -> list[tuple[bool, bool, str | None]]:
    """Run the same task in several processes at once; returns (failed, changed, message) of each."""
    return start_runs(cloud, number, options, module)()


def check_one_changed(found: list[tuple[bool, bool, str | None]]) -> None:
    assert [message for failed, _changed, message in found if failed] == []
    assert sum(changed for _failed, changed, _message in found) == 1


def run_between(
    cloud: Cloud,
    is_meant: t.Callable[[str, str], bool],
    act: t.Callable[[], object],
    answer: int | None = None,
    module: str = "image",
    **options: t.Any,
) -> Outcome:
    """Run a module, and do something else just before the first request that is meant reaches Glance.

    :param answer: the status that this request is answered with, instead of reaching Glance.
    """
    acted: list[object] = []

    def hook(method: str, path: str, _count: int) -> int | None:
        if is_meant(method, path) and not acted:
            acted.append(act())
            return answer
        return None

    with proxy(cloud.sandbox.glance_url, hook) as url:
        outcome = cloud.run(module, endpoint_override=url, **options)
    assert acted
    return outcome


def run_killed(cloud: Cloud, module: str, options: Json, step: int, what_of_it: int | None, reading: bool = False) -> bool:
    """Run a module in a process of its own that is killed at its ``step``-th request that changes something.

    :param what_of_it: whether that request still is carried out: CUT, CUT_ANSWER, or null, with as much of its body as left.
    :param reading: count the requests that read the data instead.
    :returns: whether it came that far.
    """
    context = multiprocessing.get_context("fork")
    process: t.Any = None
    seen: list[str] = []

    def fault(method: str, path: str, _count: int) -> int | None:
        if (method == "GET") is not reading or (reading and not path.endswith("/file")):
            return None
        seen.append(path)
        if len(seen) == step + 1:
            os.kill(process.pid, signal.SIGKILL)
            process.join()
            return what_of_it
        return None

    with proxy(cloud.sandbox.glance_url, fault) as url:
        process = context.Process(target=cloud.run, args=(module,), kwargs={**options, "endpoint_override": url})
        process.start()
        process.join()
    return len(seen) > step
