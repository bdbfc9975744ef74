# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The playbook replicate: images of one cloud in every cloud of a group."""

from __future__ import annotations

import dataclasses
import json
import os
import pathlib
import re
import subprocess
import typing as t

import pytest

from .cloud import Cloud, Json
from .glance_proxy import CUT, BodyFault, proxy
from .marks import nightly
from .other_cloud import DATA, assert_is_copy, cloud_at, origin_of


@dataclasses.dataclass(frozen=True)
class Replication:
    """Runs the playbook.

    :param hosts: the hosts of the group, with their variables.
    """

    folder: pathlib.Path
    hosts: Json

    def run(self, *arguments: str, **variables: t.Any) -> Run:
        inventory = self.folder / "inventory.json"
        inventory.write_text(json.dumps({"clouds": {"hosts": self.hosts}}))
        command = ["ansible-playbook", "-i", str(inventory), "cloudimage.glance.replicate", *arguments]
        environment = {**os.environ, "ANSIBLE_NOCOLOR": "true", "ANSIBLE_SHOW_CUSTOM_STATS": "true"}
        extra = json.dumps({"replicate_source_cloud": "bob", **variables})
        done = subprocess.run([*command, "-e", extra], env=environment, capture_output=True, text=True, check=False)
        return Run(done.stdout + done.stderr)


@dataclasses.dataclass(frozen=True)
class Run:
    """What was printed of a run."""

    output: str

    def report(self, host: str) -> Json:
        """What the last task says of one cloud."""
        text = self.output.rpartition(f"ok: [{host}] => ")[2]
        return t.cast(Json, json.JSONDecoder().raw_decode(text)[0]["msg"])

    def counts(self, host: str) -> tuple[int, int]:
        """How many tasks changed something in one cloud, and how many failed."""
        return self.count(host, "changed"), self.count(host, "failed")

    def count(self, host: str, what: str) -> int:
        """A number of the recap."""
        found = re.search(rf"^{host} +: .*\b{what}=(\d+)", self.output, re.MULTILINE)
        assert found, self.output
        return int(found[1])


def copies_of(cloud: Cloud, name: str) -> list[Json]:
    """The project's own images of a name; an administrator sees those of all projects."""
    return [image for image in cloud.named(name) if image["owner"] == cloud.project_id]


def names_of(name: str) -> tuple[str, str]:
    return f"{name}-1", f"{name} 2"


@pytest.mark.parametrize("form", [nightly("text"), "yaml", nightly("list")])
def test_images_are_copied_to_every_cloud_of_the_group(
    admin: Cloud, alice: Cloud, bob: Cloud, name: str, tmp_path: pathlib.Path, form: str
) -> None:
    first, second = names_of(name)
    origins = [origin_of(bob, each) for each in (first, second)]
    entries: list[t.Any] = [first, {"name": f"{second} here", "remote": {"id": origins[1]["id"]}, "min_ram": 9}]
    images = {"text": f" {first} ,\n{second}\n", "yaml": json.dumps(entries), "list": entries}[form]
    here = [first, second if form == "text" else f"{second} here"]
    replication = Replication(tmp_path, {"alice": {}, "bob": {}, "third": {"replicate_cloud": "admin"}})
    variables = {"replicate_images": images, "replicate_options": "{visibility: private}", "replicate_attributes": ""}
    predicted = replication.run("--check", **variables)
    assert [predicted.report(host)["changed"] for host in ("alice", "third")] == [here] * 2
    assert alice.named(here[0]) == []
    real = replication.run(**variables)
    for host, cloud in (("alice", alice), ("third", admin)):
        assert real.counts(host) == predicted.counts(host) == (1, 0)
        assert int(real.report(host)["bytes"]) == 2 * len(DATA)
        copies = [copies_of(cloud, each)[0] for each in here]
        for copy in copies:
            assert_is_copy(cloud, copy)
            assert (copy["visibility"], sorted(copy["tags"]), copy["os_distro"]) == ("private", ["a", "b"], "debian")
        assert copies[1]["min_ram"] == (64 if form == "text" else 9)
    assert real.count("bob", "ok") == 2  # the checks of the variables: the images are in this cloud
    again = replication.run(**variables)
    for host in ("alice", "third"):
        assert again.counts(host) == (0, 0)
        assert int(again.report(host)["bytes"]) == 0


@pytest.mark.nightly
def test_only_the_host_of_the_source_region_is_skipped(bob: Cloud, name: str, tmp_path: pathlib.Path) -> None:
    """Of a host without a region it is not known whether it is the source."""
    origin_of(bob, name)
    hosts = {"somewhere": {"replicate_cloud": "bob"}, "source": {"replicate_cloud": "bob", "replicate_region": "RegionOne"}}
    run = Replication(tmp_path, hosts).run(replicate_images=[name], replicate_source_region="RegionOne")
    assert run.counts("somewhere") == (0, 1)
    assert "Set replicate_region for it" in run.output
    assert run.counts("source") == (0, 0)
    assert run.count("source", "skipped") > 0


@pytest.mark.nightly
def test_new_build_replaces_the_old_one(alice: Cloud, bob: Cloud, name: str, tmp_path: pathlib.Path) -> None:
    origin = origin_of(bob, name)
    replication = Replication(tmp_path, {"alice": {}})
    assert replication.run(replicate_images=[name]).counts("alice") == (1, 0)
    (old,) = alice.named(name)
    bob.run("image", id=origin["id"], name=f"{name}-old").succeeded()
    origin_of(bob, name, DATA[::-1])
    assert replication.run(replicate_images=[name], replicate_data_policy="keep").counts("alice") == (0, 0)
    assert replication.run(replicate_images=[name]).counts("alice") == (1, 0)
    (new,) = alice.named(name)
    assert_is_copy(alice, new, DATA[::-1])
    assert alice.show(old["id"])["os_hidden"]
    assert replication.run(replicate_images=[name]).counts("alice") == (0, 0)


@pytest.mark.nightly
@pytest.mark.slow
def test_cloud_that_stops_fails_alone_and_is_completed_by_the_next_run(
    admin: Cloud, alice: Cloud, bob: Cloud, name: str, tmp_path: pathlib.Path
) -> None:
    names = names_of(name)
    for each in names:
        origin_of(bob, each)
    stopped: list[str] = []

    def stop_in_the_middle(method: str, path: str, _count: int) -> BodyFault | int | None:
        """The cloud stops while it gets the data of the first image."""
        if stopped:
            return CUT
        if method == "PUT":
            stopped.append(path)
            return BodyFault("cut", 1_000_000)
        return None

    variables = {"replicate_images": list(names), "replicate_parallel": 1}
    with proxy(alice.sandbox.glance_url, stop_in_the_middle) as url:
        hosts = {"admin": {}, "stopping": {"replicate_cloud": cloud_at(alice, url)}}
        first = Replication(tmp_path, hosts).run(**variables)
    assert (first.counts("admin"), first.counts("stopping")) == ((1, 0), (0, 1))
    assert first.report("stopping")["failed"] == list(names)
    replication = Replication(tmp_path, {"admin": {}, "stopping": {"replicate_cloud": "alice"}})
    second = replication.run(**variables)
    assert (second.counts("admin"), second.counts("stopping")) == ((0, 0), (1, 0))
    assert int(second.report("stopping")["bytes"]) == 2 * len(DATA)
    for cloud in (admin, alice):
        for each in names:
            (image,) = copies_of(cloud, each)
            assert_is_copy(cloud, image)
    with bob.sandbox.recorded() as requests:
        third = replication.run(**variables)
    assert (third.counts("admin"), third.counts("stopping")) == ((0, 0), (0, 0))
    assert [entry["path"] for entry in requests if entry["path"].endswith("/file")] == []


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        nightly({"replicate_images": ""}, "replicate_images must be set to a list"),
        nightly({"replicate_images": []}, "replicate_images is an empty list"),
        nightly(
            {"replicate_images": ["x"], "replicate_source_cloud": ""},
            "replicate_source_cloud must be set to the name of a cloud",
        ),
        (
            {"replicate_images": "[{name: x, remote: {cloud: {auth: {password: geheim}}}"},
            "replicate_images: text of another form was given; allowed is a list",
        ),
        nightly({"replicate_images": {"name": "x"}}, "replicate_images: a dictionary was given; allowed is a list"),
        nightly(
            {"replicate_images": ["x"], "replicate_options": "x"},
            "replicate_options: text of another form was given; allowed is a dictionary",
        ),
        nightly(
            {"replicate_images": ["x"], "replicate_parallel": "0"},
            "replicate_parallel: '0' was given; allowed is a whole number",
        ),
        nightly(
            {"replicate_images": ["x"], "replicate_replaced": "burn"},
            "replicate_replaced: 'burn' was given; allowed is one of",
        ),
    ],
)
def test_variables_are_checked(alice: Cloud, tmp_path: pathlib.Path, variables: Json, message: str) -> None:
    with alice.sandbox.recorded() as requests:
        run = Replication(tmp_path, {"alice": {}}).run(**variables)
    assert message in run.output
    assert "geheim" not in run.output
    assert requests == []
    assert '"succeeded": false' in run.output  # what a workflow gets


def test_remote_of_images_and_options(alice: Cloud, tmp_path: pathlib.Path) -> None:
    """What is no dictionary is an error, and no image is left out. What the options have is merged."""
    images = [
        {"name": "R1", "remote": "geheim"},
        {"name": "R2", "remote": {"name": "R"}},
        {"name": "R3", "remote": ["geheim"]},
    ]
    hosts: Json = {
        "images": {"replicate_images": images},
        "options": {"replicate_images": ["R"], "replicate_options": {"remote": "geheim"}},
        "merged": {
            "replicate_cloud": "alice",
            "replicate_images": [{"name": "R", "remote": {"name": "S"}}],
            "replicate_options": "remote: {interface: burn}",
        },
    }
    with alice.sandbox.recorded() as requests:
        run = Replication(tmp_path, hosts).run()
    assert [run.counts(host) for host in hosts] == [(0, 1)] * 3
    assert "'remote' is not a dictionary in R1 (it is text), R3 (it is a list). Allowed is a dictionary" in run.output
    assert "'remote' is not a dictionary in replicate_options (it is text)." in run.output
    assert "value of interface must be one of: public, internal, admin, got: burn" in run.output
    assert "geheim" not in run.output
    assert requests == []
    assert run.output.count('"succeeded": false') == 3


def test_secrets_of_the_source_cloud_are_not_shown(bob: Cloud, alice: Cloud, name: str, tmp_path: pathlib.Path) -> None:
    origin_of(bob, name)
    source = cloud_at(bob, bob.sandbox.glance_url)
    variables = {"replicate_source_cloud": source, "replicate_images": [name, f"{name}-missing"]}
    run = Replication(tmp_path, {"alice": {}}).run("-vvv", "--diff", **variables)
    assert run.counts("alice") == (0, 1)
    assert "there is no image with the name" in run.output
    assert_is_copy(alice, alice.named(name)[0])
    assert source["auth"]["password"] not in run.output
