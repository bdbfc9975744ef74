# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""How long a catalogue takes to apply, and how many requests, beside openstack-image-manager, on the same Glance.

Both apply the same OSISM image definition, which has as many versions as GLANCE_BENCH_IMAGES says (default 100): they create
the images, run again without a change, and prune the ten oldest once the definition no longer has them.
GLANCE_BENCH_OSISM is the folder with the programs of the environment that openstack-image-manager is installed in; without
it only the module is measured. The figures are printed as JSON.
"""

from __future__ import annotations

import hashlib
import http.server
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import time
import typing as t

IMAGES = int(os.environ.get("GLANCE_BENCH_IMAGES") or 100)
PRUNED = 10
DATA = hashlib.shake_256(b"an image").digest(64 * 1024)

Json = dict[str, t.Any]


class FileHandler(http.server.BaseHTTPRequestHandler):
    """Serves the same data at every path."""

    def do_HEAD(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(DATA)))
        self.end_headers()

    def do_GET(self) -> None:
        self.do_HEAD()
        self.wfile.write(DATA)

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


def definition(name: str, url: str, versions: range) -> Json:
    """OSISM's definition of one image with these versions."""
    return {
        "name": name,
        "enable": True,
        "format": "raw",
        "login": "root",
        "min_disk": 1,
        "min_ram": 64,
        "status": "active",
        "visibility": "private",
        "multi": False,
        "meta": {
            "architecture": "x86_64",
            "hw_disk_bus": "virtio",
            "hypervisor_type": "qemu",
            "os_distro": "cirros",
            "os_purpose": "minimal",
            "replace_frequency": "never",
            "uuid_validity": "none",
            "provided_until": "none",
        },
        "tags": [],
        "versions": [
            {
                "version": f"{number:03}",
                "url": f"{url}/{number:03}.img",
                "checksum": f"sha256:{hashlib.sha256(DATA).hexdigest()}",
                "build_date": "2026-01-31",
            }
            for number in versions
        ],
    }


class Bench:
    """Applies definitions with both programs, and counts the requests that reach Glance meanwhile."""

    def __init__(self, folder: pathlib.Path, url: str) -> None:
        self.folder = folder
        self.url = url
        facts = json.loads((pathlib.Path(os.environ["GLANCE_SANDBOX"]) / "sandbox.json").read_text())
        self.log = pathlib.Path(facts["requests_log"])
        self.figures: Json = {}

    def timed(self, what: str, command: t.Sequence[str | pathlib.Path], **environment: str | None) -> str:
        """Run a program, and note how long it took and what it sent; returns what it printed."""
        variables = {key: value for key, value in {**os.environ, **environment}.items() if value is not None}
        with self.log.open("rb") as log:
            log.seek(0, os.SEEK_END)
            began = time.perf_counter()
            done = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
            seconds = round(time.perf_counter() - began, 1)
            requests = [json.loads(line) for line in log if line.endswith(b"\n")]
        by_method: dict[str, int] = {}
        for request in requests:
            by_method[request["method"]] = by_method.get(request["method"], 0) + 1
        self.figures[what] = {"seconds": seconds, "requests": len(requests), "by_method": by_method, "rc": done.returncode}
        print(f"{what}: {self.figures[what]}", file=sys.stderr, flush=True)
        return done.stdout + done.stderr

    def module(self, what: str, versions: range, check: bool = False) -> Json:
        """Apply the definition with the module images; returns its result."""
        report = self.folder / "report.json"
        images = f"{{{{ {json.dumps([definition('bench module', self.url, versions)])} | cloudimage.glance.from_osism }}}}"
        options: Json = {"catalogue": "bench", "prune": "delete", "prune_max": PRUNED, "images": images, "parallel": 4}
        save = {"ansible.builtin.copy": {"dest": str(report), "mode": "0600", "content": "{{ done | to_json }}"}}
        play = {
            "hosts": "localhost",
            "gather_facts": False,
            "environment": {"OS_CLOUD": "alice"},
            "tasks": [{"cloudimage.glance.images": options, "register": "done"}, {**save, "check_mode": False}],
        }
        playbook = self.folder / "play.yml"
        playbook.write_text(json.dumps([play]))
        said = self.timed(what, ["ansible-playbook", playbook, *(["--check"] if check else [])])
        if self.figures[what]["rc"]:
            raise SystemExit(said)
        return t.cast(Json, json.loads(report.read_text()))

    def check_and_run(self, what: str, versions: range) -> None:
        """Apply the definition in check mode and for real, and note whether both say the same."""
        predicted, real = (
            self.module(f"images, {what}, check mode", versions, check=True),
            self.module(f"images, {what}", versions),
        )
        self.figures[f"images, {what}"] |= {
            "changed": sum(each["changed"] for each in real["outcomes"]),
            "pruned": sum(each["changed"] for each in real["pruned"]),
            "as check mode said": reported(predicted) == reported(real),
        }

    def peer(self, what: str, programs: str, versions: range, *options: str) -> None:
        """Apply the definition with openstack-image-manager."""
        file = self.folder / "peer.yml"
        text = json.dumps({"images": [definition("bench peer", self.url, versions)]})
        # Its schema wants dates, which JSON does not have.
        file.write_text(text.replace('"2026-01-31"', "2026-01-31"))
        command = [f"{programs}/openstack-image-manager", "--cloud", "alice", "--images", str(file), *options]
        said = self.timed(f"openstack-image-manager, {what}", command, PYTHONPATH=None)
        if self.figures[f"openstack-image-manager, {what}"]["rc"]:
            print(said[-2000:], file=sys.stderr)

    def run(self) -> None:
        every, fewer = range(IMAGES), range(PRUNED, IMAGES)
        for what, versions in (("created", every), ("unchanged", every), ("ten removed", fewer)):
            self.check_and_run(what, versions)
        programs = os.environ.get("GLANCE_BENCH_OSISM")
        if programs:
            delete = ("--delete", "--yes-i-really-know-what-i-do")
            for what, versions, options in (
                ("created", every, ()),
                ("unchanged", every, ()),
                ("ten removed", fewer, delete),
            ):
                self.peer(what, programs, versions, *options)


def reported(result: Json) -> t.Any:
    """What a run says of each image, without the ids of new ones, which check mode cannot know."""
    told = []
    for each, image in zip(result["outcomes"], result["images"], strict=True):
        new_id = (image or {}).get("id") or "{id}"
        text = json.dumps([each[key] for key in ("name", "changed", "operations")]).replace(new_id, "{id}")
        told.append((text, [(change["attribute"], change["after"]) for change in each["changes"]]))
    return told, result["pruned"], result["changed"]


def main() -> None:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), FileHandler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory(prefix="glance-bench-") as folder:
        bench = Bench(pathlib.Path(folder), f"http://127.0.0.1:{server.server_address[1]}")
        bench.run()
    print(json.dumps(bench.figures, indent=1))


if __name__ == "__main__":
    main()
