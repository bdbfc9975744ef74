# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""How fast tasks are, beside openstack.cloud, on the sandbox: ``make bench``.

Whole playbooks are timed, from the start of ``ansible-playbook`` to its end. Those that are compared take turns. Each figure
is printed when it is measured, and tables of medians are written into docs/speed.md at the end.

GLANCE_BENCH_SIZES: sizes of the catalogue (default 10,1000,3000,10000). GLANCE_BENCH_ROUNDS: how often each is done (default
3; what takes over half a minute is done once). GLANCE_BENCH_LIMIT: what would take longer (s, default 600) is left out, and
the tables say so. GLANCE_BENCH_PEER: the folder with the programs of the environment that openstack.cloud is installed in.
"""

from __future__ import annotations

import concurrent.futures
import dataclasses
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time
import typing as t

import openstack.config
import requests
from ansible_collections.cloudimage.glance.plugins.module_utils._client.connection import build_connection
from ansible_collections.cloudimage.glance.plugins.module_utils._client.image_api import GlanceApi
from ansible_collections.cloudimage.glance.plugins.module_utils._module import image_info
from ansible_collections.cloudimage.glance.plugins.module_utils._options.connection import ConnectionOptions

DOCS = pathlib.Path(__file__).resolve().parents[2] / "docs"
SIZES = [int(size) for size in (os.environ.get("GLANCE_BENCH_SIZES") or "10,1000,3000,10000").split(",")]
ROUNDS = int(os.environ.get("GLANCE_BENCH_ROUNDS") or 3)
LIMIT = float(os.environ.get("GLANCE_BENCH_LIMIT") or 600)
LONG = 30.0
LOOPS = (1, 10, 100)
# Each item of a longer loop costs the same again.
MODULE_LOOP = 10
CHANGED = 50
FILLERS = 4

Json = dict[str, t.Any]
FLOOR, HERE, MODULE, MANY, PEER = "debug", "image", "image as a module", "images", "openstack.cloud"
UNCHANGED = (FLOOR, HERE, MANY, MODULE, PEER)
INFO, INFO_PEER = "image_info", "openstack.cloud image_info"


@dataclasses.dataclass(frozen=True)
class Case:
    """A playbook of one task: who runs it, and how many images it is about (null: all)."""

    who: str
    what: str
    items: int | None
    task: Json


def looped(module: str, names: list[str], **options: t.Any) -> Json:
    return {module: {**options, "name": "{{ item }}"}, "loop": names}


def unchanged(items: int, size: int) -> list[Case]:
    """Tasks for images that are as they are to be; a loop that is longer than the catalogue begins again at its first."""
    names = [f"image-{number % size:05}" for number in range(items)]
    cases = [
        Case(FLOOR, "unchanged", items, {"ansible.builtin.debug": {"msg": "{{ item }}"}, "loop": names}),
        Case(HERE, "unchanged", items, looped("cloudimage.glance.image", names)),
        # Without the visibility it would set the images back to private.
        Case(PEER, "unchanged", items, looped("openstack.cloud.image", names, visibility="shared")),
    ]
    if items <= size:
        images = [{"name": name} for name in names]
        cases.append(Case(MANY, "unchanged", items, {"cloudimage.glance.images": {"images": images}}))
    if items <= MODULE_LOOP:
        cases.append(Case(MODULE, "unchanged", items, looped("cloudimage.glance.image", names)))
    return cases


def listed(name: str | None) -> list[Case]:
    options = {"name": name} if name else {}
    what, items = ("found by name", 1) if name else ("all listed", None)
    return [
        Case(INFO, what, items, {"cloudimage.glance.image_info": options}),
        Case(INFO_PEER, what, items, {"openstack.cloud.image_info": options}),
    ]


def changing(state: str) -> list[Case]:
    def names(who: str) -> list[str]:
        return [f"new-{who}-{number}" for number in range(CHANGED)]

    def task(module: str, who: str, **options: t.Any) -> Json:
        return {module: {**options, "name": "{{ item }}", "state": state}, "loop": names(who)}

    what = "created" if state == "present" else "deleted"
    images = [{"name": name, "state": state} for name in names("many")]
    return [
        Case(HERE, what, CHANGED, task("cloudimage.glance.image", "here")),
        Case(MANY, what, CHANGED, {"cloudimage.glance.images": {"images": images}}),
        # It would wait three minutes for an image without data.
        Case(PEER, what, CHANGED, task("openstack.cloud.image", "peer", wait=False)),
    ]


class Bench:
    def __init__(self, folder: pathlib.Path, peer: pathlib.Path) -> None:
        self.folder = folder
        self.peer = peer
        self.figures: list[Json] = []
        facts = json.loads((pathlib.Path(os.environ["GLANCE_SANDBOX"]) / "sandbox.json").read_text())
        self.glance = f"{facts['glance_url']}/v2"
        self.session = openstack.config.OpenStackConfig().get_one("alice").get_session()

    def fill(self, have: int, size: int) -> None:
        """Make images until the catalogue has this many."""

        def make(number: int) -> None:
            attributes = {"name": f"image-{number:05}", "tags": ["bench", f"t{number % 10}"], "os_distro": "debian"}
            self.session.post(f"{self.glance}/images", json=attributes)

        with concurrent.futures.ThreadPoolExecutor(FILLERS) as pool:
            list(pool.map(make, range(have, size)))

    def seconds(self, case: Case, size: int) -> list[float]:
        return [
            each["seconds"]
            for each in self.figures
            if (each["who"], each["what"], each["items"], each["catalogue"]) == (case.who, case.what, case.items, size)
        ]

    def play(self, case: Case, size: int) -> None:
        """Run a playbook and note how long it took."""
        playbook = self.folder / "play.yml"
        play = {"hosts": "localhost", "gather_facts": False, "tasks": [case.task]}
        if case.who != FLOOR:
            play["environment"] = {"OS_CLOUD": "alice"}
        playbook.write_text(json.dumps([play]))
        is_peer = case.who in (PEER, INFO_PEER)
        program = self.peer / "ansible-playbook" if is_peer else pathlib.Path(sys.executable).parent / "ansible-playbook"
        variables = {**os.environ, "CLOUDIMAGE_GLANCE_IN_PROCESS": str(case.who != MODULE)}
        if is_peer:
            del variables["PYTHONPATH"]
            variables["ANSIBLE_COLLECTIONS_PATH"] = ""
        began = time.perf_counter()
        done = subprocess.run([program, playbook], env=variables, capture_output=True, text=True, check=False)
        seconds = round(time.perf_counter() - began, 3)
        changed = re.search(r"changed=(\d+)", done.stdout)
        wanted = "1" if case.what in ("created", "deleted") else "0"
        if done.returncode or changed is None or changed[1] != wanted:
            raise SystemExit(f"{case.who}, {case.what}: {done.stdout}{done.stderr}")
        self.figures.append({"who": case.who, "what": case.what, "items": case.items, "catalogue": size, "seconds": seconds})
        print(f"catalogue {size}: {case.what}, {case.items or 'all'}, {case.who}: {seconds} s", file=sys.stderr, flush=True)

    def compare(self, cases: t.Sequence[Case], size: int) -> None:
        """Run playbooks in turns."""
        for number in range(ROUNDS):
            for case in cases:
                earlier = self.seconds(case, size)
                if number and (not earlier or earlier[0] > LONG):
                    continue
                if not earlier and self.expected(case, size) > LIMIT:
                    print(f"catalogue {size}: {case.what}, {case.items}, {case.who}: left out", file=sys.stderr)
                    continue
                self.play(case, size)

    def expected(self, case: Case, size: int) -> float:
        """How long a loop should take (s), by shorter ones."""
        shorter = {
            items: found[0]
            for items in LOOPS
            if items < (case.items or 0) and (found := self.seconds(dataclasses.replace(case, items=items), size))
        }
        if len(shorter) < 2:
            return 0.0
        (few, short), (more, longer) = sorted(shorter.items())[-2:]
        return longer + (longer - short) / (more - few) * ((case.items or 0) - more)

    def compare_lists(self, size: int) -> None:
        """List everything with the module's own code and with a bare loop of requests, in one process."""
        connection = build_connection(ConnectionOptions("alice"))
        connection.log_in()
        api = GlanceApi(connection)
        headers = {"X-Auth-Token": str(self.session.get_token())}
        task = image_info.TASK
        options = task.parse({name: spec.get("default") for name, spec in task.options.items()})
        for _round in range(max(ROUNDS, 7)):
            for who in ("requests", INFO):
                began = time.perf_counter()
                if who == INFO:
                    found = len(image_info.run(api, options, False)["images"])
                else:
                    found = len(bare_list(self.glance, headers))
                seconds = round(time.perf_counter() - began, 4)
                if found < size:
                    raise SystemExit(f"{who} found {found} images of {size}")
                self.figures.append(
                    {"who": who, "what": "run of a list", "items": None, "catalogue": size, "seconds": seconds}
                )

    def run(self) -> None:
        have = 0
        for size in SIZES:
            self.fill(have, size)
            have = size
            for items in LOOPS:
                self.compare(unchanged(items, size), size)
            if size == SIZES[0]:
                self.compare_changes(size)
            self.compare(listed("image-00005"), size)
            self.compare(listed(None), size)
            self.compare_lists(size)

    def compare_changes(self, size: int) -> None:
        for number in range(ROUNDS):
            for create, delete in zip(changing("present"), changing("absent"), strict=True):
                if number and self.seconds(create, size)[0] > LONG:
                    continue
                self.play(create, size)
                self.play(delete, size)


def bare_list(glance: str, headers: dict[str, str]) -> list[Json]:
    """All images, listed by a client that knows that a page can have a thousand."""
    images: list[Json] = []
    with requests.Session() as session:
        query: dict[str, t.Any] = {"limit": 1000}
        while True:
            page = session.get(f"{glance}/images", params=query, headers=headers, timeout=60).json()
            images += page["images"]
            if "next" not in page:
                return images
            query["marker"] = page["images"][-1]["id"]


class Report:
    """What the figures say: medians and ratios, as tables."""

    def __init__(self, figures: t.Sequence[Json]) -> None:
        self._found: dict[tuple[str, str, int | None, int], list[float]] = {}
        for each in figures:
            key = (each["who"], each["what"], each["items"], each["catalogue"])
            self._found.setdefault(key, []).append(each["seconds"])
        self.sizes = sorted({size for _who, _what, _items, size in self._found})

    def median(self, who: str, what: str, items: int | None, size: int) -> float | None:
        found = self._found.get((who, what, items, size))
        return statistics.median(found) if found else None

    def summary(self) -> dict[str, dict[int, float | None]]:
        """The derived figures, by the size of the catalogue; null where one of them was not measured."""
        start = self.median(FLOOR, "unchanged", 1, self.sizes[0])
        rows: dict[str, dict[int, float | None]] = {}
        for size in self.sizes:
            of = {who: {items: self.median(who, "unchanged", items, size) for items in LOOPS} for who in UNCHANGED}
            further = {who: self.further(who, size) for who in UNCHANGED}
            lists = [self.median(who, "run of a list", None, size) for who in (INFO, "requests")]
            item = above(of[HERE][100], of[FLOOR][100])
            values = {
                "a loop of 100, times faster": ratio(of[PEER][100], of[HERE][100]),
                "the same without Ansible's own start": ratio(above(of[PEER][100], start), above(of[HERE][100], start)),
                "one more image in a loop, times faster": ratio(further[PEER], further[HERE]),
                "the same as a module": ratio(further[PEER], further[MODULE]),
                "100 with the module images, times faster": ratio(of[PEER][100], of[MANY][100]),
                "an image in a loop of 100, above debug (ms)": None if item is None else round(1000 * item / 100, 1),
                "a loop of 100, to the smallest catalogue's": ratio(
                    of[HERE][100], self.median(HERE, "unchanged", 100, self.sizes[0])
                ),
                "100 with the module images, above Ansible's own start (s)": above(of[MANY][100], start),
                "a list of all, to a bare loop of requests": ratio(*lists),
            }
            for what, value in values.items():
                rows.setdefault(what, {})[size] = value
        return rows

    def further(self, who: str, size: int) -> float | None:
        """What each image after the first costs in a loop (s), by the longest that was measured."""
        first = self.median(who, "unchanged", 1, size)
        for items in sorted(LOOPS[1:], reverse=True):
            found = self.median(who, "unchanged", items, size)
            if found is not None and first is not None:
                return (found - first) / (items - 1)
        return None

    def tables(self) -> str:
        sizes = " | ".join(f"{size:,} images" for size in self.sizes)
        lines = [f"| | {sizes} |", "|---" * (len(self.sizes) + 1) + "|"]
        for what, values in self.summary().items():
            lines.append(f"| {what} | {' | '.join(format_value(value, '') for value in values.values())} |")
        lines += [
            "",
            f"| Unchanged, in one loop | catalogue | {FLOOR} | {HERE} | {MANY} | {MODULE} | {PEER} | times faster |",
            "|---|---|---|---|---|---|---|---|",
        ]
        for size in self.sizes:
            for items in LOOPS:
                seconds = {who: self.median(who, "unchanged", items, size) for who in UNCHANGED}
                cells = " | ".join(format_value(each) for each in seconds.values())
                lines.append(f"| {items} | {size:,} | {cells} | {format_value(ratio(seconds[PEER], seconds[HERE]), '')} |")
        lines += ["", f"| | catalogue | {INFO} | {INFO_PEER} | times faster |", "|---|---|---|---|---|"]
        lists: list[tuple[str, int | None]] = [("found by name", 1), ("all listed", None)]
        for what, number in lists:
            for size in self.sizes:
                here, peer = (self.median(who, what, number, size) for who in (INFO, INFO_PEER))
                lines.append(
                    f"| {what} | {size:,} | {format_value(here)} | {format_value(peer)} |"
                    f" {format_value(ratio(peer, here), '')} |"
                )
        lines += ["", f"| {CHANGED} images | {HERE} | {MANY} | {PEER} |", "|---|---|---|---|"]
        for what in ("created", "deleted"):
            cells = " | ".join(format_value(self.median(who, what, CHANGED, self.sizes[0])) for who in (HERE, MANY, PEER))
            lines.append(f"| {what} | {cells} |")
        return "\n".join(lines)


def above(seconds: float | None, floor: float | None) -> float | None:
    return None if seconds is None or floor is None else round(seconds - floor, 3)


def ratio(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else round(one / other, 2)


def format_value(value: float | None, unit: str = " s") -> str:
    if value is None:
        return "-"
    return f"{value:.{1 if value >= 10 else 2}f}{unit}"


def main() -> None:
    peer = pathlib.Path(os.environ["GLANCE_BENCH_PEER"])
    with tempfile.TemporaryDirectory(prefix="glance-bench-") as folder:
        bench = Bench(pathlib.Path(folder), peer)
        bench.run()
    write_tables(Report(bench.figures))


def write_tables(report: Report) -> None:
    page = DOCS / "speed.md"
    before, _old, after = re.split(r"(?s)(?<=<!-- bench: begin -->\n)(.*?)(?=<!-- bench: end -->)", page.read_text())
    page.write_text(f"{before}{report.tables()}\n{after}")
    print(report.tables())


if __name__ == "__main__":
    main()
