# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The playbook replicate with four clouds: one has images, and three get them. Writes the table of docs/replication.md.

    nox -s bench -- bench_replication

GLANCE_BENCH_MIB is the size of an image (default 64), GLANCE_BENCH_IMAGES how many there are (default 4). One run copies to
the clouds one after the other, and one to all of them at once. Then one of the clouds stops in the middle of an upload, the
next run completes it, and the third one finds nothing to do.
"""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import typing as t
import uuid

import openstack.config
import yaml
from ansible_collections.cloudimage.glance.tests.functional.glance_proxy import CUT, BodyFault, proxy

MIB = int(os.environ.get("GLANCE_BENCH_MIB") or 64)
IMAGES = int(os.environ.get("GLANCE_BENCH_IMAGES") or 4)
PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs" / "replication.md"
SOURCE, *TARGETS = ("paris", "oslo", "rome", "lima")
STOPPING = TARGETS[-1]

Json = dict[str, t.Any]


class Clouds:
    """The sandboxes, as clouds of one clouds.yaml."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder = folder
        sandboxes = [pathlib.Path(each) for each in os.environ["GLANCE_SANDBOX"].split(os.pathsep)]
        self.logs = {name: sandbox / "requests.jsonl" for name, sandbox in zip((SOURCE, *TARGETS), sandboxes, strict=True)}
        self.entries: Json = {
            name: yaml.safe_load((log.parent / "clouds.yaml").read_text())["clouds"]["alice"]
            for name, log in self.logs.items()
        }
        facts = [json.loads((sandbox / "sandbox.json").read_text()) for sandbox in sandboxes]
        self.urls = dict(zip(self.logs, (each["glance_url"] for each in facts), strict=True))
        self._write(self.entries)
        os.environ["OS_CLIENT_CONFIG_FILE"] = str(folder / "clouds.yaml")
        hosts: Json = {"clouds": {"hosts": {name: {} for name in self.logs}}}
        (folder / "inventory.json").write_text(json.dumps(hosts))

    def _write(self, entries: Json) -> None:
        (self.folder / "clouds.yaml").write_text(yaml.safe_dump({"clouds": entries}))

    @contextlib.contextmanager
    def through(self, name: str, url: str) -> t.Iterator[None]:
        """Let the Image API of a cloud be at another address meanwhile."""
        self._write({**self.entries, name: {**self.entries[name], "image_endpoint_override": url}})
        try:
            yield
        finally:
            self._write(self.entries)

    def make_images(self) -> list[str]:
        """Make images in the source; returns their names."""
        session = openstack.config.OpenStackConfig().get_one(SOURCE).get_session()
        names = [f"image-{uuid.uuid4().hex[:8]}" for _image in range(IMAGES)]
        for name in names:
            described = {
                "name": name,
                "disk_format": "raw",
                "container_format": "bare",
                "tags": ["t"],
                "os_distro": "debian",
            }
            image = session.post(f"{self.urls[SOURCE]}/v2/images", json=described).json()
            data = os.urandom(MIB * 1024 * 1024)
            headers = {"Content-Type": "application/octet-stream"}
            session.put(f"{self.urls[SOURCE]}/v2/images/{image['id']}/file", data=data, headers=headers)
        return names

    def replicate(self, names: list[str], forks: int) -> Json:
        """Run the playbook; returns its figures."""
        before = {name: log.stat().st_size for name, log in self.logs.items()}
        variables = json.dumps({"replicate_source_cloud": SOURCE, "replicate_images": names})
        command = ["ansible-playbook", "-i", str(self.folder / "inventory.json"), "-f", str(forks)]
        began = time.monotonic()
        done = subprocess.run(
            [*command, "cloudimage.glance.replicate", "-e", variables], capture_output=True, text=True, check=False
        )
        seconds = time.monotonic() - began
        recap = done.stdout.rpartition("PLAY RECAP")[2]
        print(recap, file=sys.stderr, flush=True)
        counts = {name: log.read_bytes()[before[name] :].count(b"\n") for name, log in self.logs.items()}
        return {
            "seconds": round(seconds, 1),
            "requests at the source": counts.pop(SOURCE),
            "requests at the targets": sum(counts.values()),
            "MiB": round(sum(map(int, re.findall(r'"bytes": "?(\d+)', done.stdout))) / 2**20),
            "failed": ", ".join(re.findall(r"^(\w+) +: .*failed=[1-9]", recap, re.MULTILINE)) or "-",
        }

    def replicate_and_stop(self, names: list[str], forks: int) -> Json:
        """The same, and one cloud stops in the middle of its first upload."""
        stopped: list[str] = []

        def fault(method: str, path: str, _count: int) -> BodyFault | int | None:
            if stopped:
                return CUT
            if method == "PUT":
                stopped.append(path)
                return BodyFault("cut", MIB * 1024 * 512)
            return None

        with proxy(self.urls[STOPPING], fault) as url, self.through(STOPPING, url):
            return self.replicate(names, forks)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        clouds = Clouds(pathlib.Path(folder))
        one_by_one, at_once, stopped = (clouds.make_images() for _run in range(3))
        rows = {
            "one cloud after the other (`--forks 1`)": clouds.replicate(one_by_one, 1),
            "three clouds at once": clouds.replicate(at_once, 4),
            "three at once, one stops in the middle": clouds.replicate_and_stop(stopped, 4),
            "the next run": clouds.replicate(stopped, 4),
            "the run after that": clouds.replicate(stopped, 4),
        }
    for what, figures in rows.items():
        print(what, figures, file=sys.stderr)
    columns = ("seconds", "requests at the source", "requests at the targets", "MiB", "failed")
    lines = ["", *columns], ["---"] * (len(columns) + 1), *([what, *figures.values()] for what, figures in rows.items())
    setting = f"{IMAGES} images of {MIB} MiB each, from one cloud to three, all on one host with {os.cpu_count()} cores"
    table = [f"Measured on the sandbox: {setting}.", "", *(f"| {' | '.join(map(str, line))} |" for line in lines)]
    marked = re.compile(r"(<!-- replication: begin -->\n).*(<!-- replication: end -->)", re.DOTALL)
    PAGE.write_text(marked.sub(lambda found: found[1] + "\n".join(table) + "\n" + found[2], PAGE.read_text()))


if __name__ == "__main__":
    main()
