# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""How fast data are moved, beside curl, on the sandbox: ``make bench``.

GLANCE_BENCH_MIB is the size of the image (default 1024), GLANCE_BENCH_ROUNDS how often each is done (default 5). The runs of
curl and of the modules take turns. Each figure is printed when it is measured, and a table for docs/transfers.md at the end.
"""

from __future__ import annotations

import hashlib
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time
import typing as t

import openstack.config

HERE = pathlib.Path(__file__).resolve().parent
MIB = int(os.environ.get("GLANCE_BENCH_MIB") or 1024)
ROUNDS = int(os.environ.get("GLANCE_BENCH_ROUNDS") or 5)
FORMATS = {"disk_format": "raw", "container_format": "bare"}

Json = dict[str, t.Any]


class Bench:
    def __init__(self, folder: pathlib.Path) -> None:
        self.folder = folder
        self.file = folder / "disk.raw"
        facts = json.loads((pathlib.Path(os.environ["GLANCE_SANDBOX"]) / "sandbox.json").read_text())
        self.glance = f"{facts['glance_url']}/v2"
        self.session = openstack.config.OpenStackConfig().get_one("alice").get_session()
        digest = hashlib.sha512()
        with self.file.open("wb") as file:
            for _block in range(MIB):
                block = os.urandom(1024 * 1024)
                digest.update(block)
                file.write(block)
        self.sha512 = digest.hexdigest()
        self.figures: dict[str, list[Json]] = {}

    def note(self, what: str, **figures: t.Any) -> None:
        self.figures.setdefault(what, []).append(figures)
        print(f"{what}: {figures}", file=sys.stderr, flush=True)

    def module(self, module: str, /, **arguments: t.Any) -> Json:
        """Run a module in a process of its own; returns its report."""
        report = self.folder / "report.json"
        command = [
            sys.executable,
            str(HERE / "run_module.py"),
            module,
            json.dumps({"cloud": "alice", **arguments}),
            str(report),
        ]
        subprocess.run(command, check=True)
        found = t.cast("Json", json.loads(report.read_text()))
        if found["result"].get("failed"):
            raise SystemExit(f"{module} failed: {found['result']['msg']}")
        return found

    def curl(self, *arguments: str) -> float:
        """Seconds that one request took, by curl's own clock."""
        token = f"X-Auth-Token: {self.session.get_token()}"
        command = [
            "curl",
            "--silent",
            "--show-error",
            "--fail",
            "--header",
            token,
            "--write-out",
            "%{time_total}",
            *arguments,
        ]
        return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)

    def create(self) -> str:
        image = self.session.post(f"{self.glance}/images", json={"name": "bench-curl", **FORMATS}).json()
        return str(image["id"])

    def delete(self, image_id: str) -> None:
        self.session.delete(f"{self.glance}/images/{image_id}")

    def upload_with_curl(self) -> str:
        image_id = self.create()
        headers = ("--header", "Content-Type: application/octet-stream", "--header", "Expect:")
        url = f"{self.glance}/images/{image_id}/file"
        self.note("curl upload", seconds=self.curl(*headers, "--output", "/dev/null", "--upload-file", str(self.file), url))
        return image_id

    def upload_with_module(self) -> str:
        report = self.module("image", name=f"bench-{time.monotonic_ns()}", path=str(self.file), **FORMATS)
        self.note_module("image upload", report)
        return str(report["result"]["image"]["id"])

    def note_module(self, what: str, report: Json) -> None:
        transfer = report["result"]["transfer"]
        self.note(what, seconds=transfer["seconds"], task=round(report["seconds"], 3), peak_kib=report["peak_kib"])

    def download_with_curl(self, image_id: str) -> None:
        copy = self.folder / "copy"
        self.note("curl download", seconds=self.curl("--output", str(copy), f"{self.glance}/images/{image_id}/file"))
        copy.unlink()

    def download_with_module(self, image_id: str) -> None:
        copy = self.folder / "copy"
        self.note_module("image_download", self.module("image_download", id=image_id, dest=str(copy)))
        copy.unlink()

    def run(self) -> None:
        for _round in range(ROUNDS):
            self.delete(self.upload_with_curl())
            image_id = self.upload_with_module()
            self.download_with_curl(image_id)
            self.download_with_module(image_id)
            idle = self.module("image_info", limit=1)
            self.note(
                "idle module", task=round(idle["seconds"], 3), peak_kib=idle["peak_kib"], read_bytes=idle["read_bytes"]
            )
            same = self.module("image", id=image_id, path=str(self.file), checksum=f"sha512:{self.sha512}")
            if same["result"]["changed"]:
                raise SystemExit("An unchanged image was changed.")
            self.note("unchanged", task=round(same["seconds"], 3), peak_kib=same["peak_kib"], read_bytes=same["read_bytes"])
            self.delete(image_id)


def median(figures: t.Sequence[Json], key: str) -> float:
    return float(statistics.median(each[key] for each in figures))


def summary(figures: dict[str, list[Json]]) -> Json:
    idle = median(figures["idle module"], "peak_kib")
    return {
        "upload_ratio": round(median(figures["image upload"], "seconds") / median(figures["curl upload"], "seconds"), 3),
        "download_ratio": round(
            median(figures["image_download"], "seconds") / median(figures["curl download"], "seconds"), 3
        ),
        "upload_memory_mib": round((median(figures["image upload"], "peak_kib") - idle) / 1024, 1),
        "download_memory_mib": round((median(figures["image_download"], "peak_kib") - idle) / 1024, 1),
        "unchanged_seconds": median(figures["unchanged"], "task"),
        "unchanged_read_mib": round(
            (median(figures["unchanged"], "read_bytes") - median(figures["idle module"], "read_bytes")) / 2**20, 2
        ),
    }


def table(figures: dict[str, list[Json]], found: Json) -> str:
    rows = [
        f"| {MIB} MiB, medians of {ROUNDS} | curl | module | ratio | whole task | above an idle module |",
        "|---|---|---|---|---|---|",
    ]
    for what, curl, module in (
        ("upload", "curl upload", "image upload"),
        ("download", "curl download", "image_download"),
    ):
        seconds = [median(figures[each], "seconds") for each in (curl, module)]
        rows.append(
            f"| {what} | {seconds[0]:.2f} s | {seconds[1]:.2f} s | {found[f'{what}_ratio']:.2f} |"
            f" {median(figures[module], 'task'):.2f} s | {found[f'{what}_memory_mib']:.0f} MiB of memory |"
        )
    rows.append(
        f"| unchanged, sha512 given | | | | {found['unchanged_seconds']:.2f} s |"
        f" {found['unchanged_read_mib']:.2f} MiB read |"
    )
    return "\n".join(rows)


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="glance-bench-") as folder:
        bench = Bench(pathlib.Path(folder))
        bench.run()
    print(table(bench.figures, summary(bench.figures)))


if __name__ == "__main__":
    main()
