# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The project of examples/awx, run by ansible-runner as AWX runs jobs."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import typing as t

import pytest
import yaml

from .cloud import Cloud, Json, Outcome, PlaybookDumper, Tagged
from .glance_proxy import proxy
from .marks import nightly
from .other_cloud import DATA, assert_is_copy, origin_of
from .publishing import processes_of
from .timing import wait_for_a_later_second, wait_for_same_first_id, wait_until

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROJECT = ROOT / "examples" / "awx"
# Questions of AWX's surveys, and the Python type of their answers.
QUESTION_TYPES = {"text": str, "textarea": str, "integer": int, "multiplechoice": str}


def survey(name: str) -> list[Json]:
    """The questions of a survey."""
    return t.cast("list[Json]", json.loads((PROJECT / "surveys" / f"{name}.json").read_text())["spec"])


def answers(name: str, **given: t.Any) -> Json:
    """What AWX makes of a survey: the defaults, or what was given."""
    unknown = set(given) - {question["variable"] for question in survey(name)}
    assert not unknown
    return {question["variable"]: question["default"] for question in survey(name)} | given


def blank(name: str, **given: t.Any) -> Json:
    """All questions left unanswered, but for those that are given or required."""
    return {question["variable"]: "" for question in survey(name)} | given


def marked_unsafe(value: t.Any) -> t.Any:
    """Variables as AWX writes them: it marks the text of users, which must not be run as templates."""
    if isinstance(value, str):
        return Tagged("!unsafe", value)
    if isinstance(value, list):
        return [marked_unsafe(each) for each in value]
    if isinstance(value, dict):
        return {key: marked_unsafe(each) for key, each in value.items()}
    return value


@dataclasses.dataclass(frozen=True)
class Job:
    """A job that has ended."""

    status: str
    events: list[Json]
    output: str
    secrets: list[str]

    def succeeded(self) -> Job:
        assert self.status == "successful", self.output
        return self

    def failed(self) -> Job:
        assert self.status == "failed", self.output
        return self

    @property
    def changed(self) -> list[str]:
        """The tasks whose events say that they have changed something."""
        return [
            event["event_data"]["task"].rpartition(" : ")[2]
            for event in self.events
            if event["event"] == "runner_on_ok" and event["event_data"]["res"].get("changed")
        ]

    @property
    def artifacts(self) -> Json:
        """What the next node of a workflow gets."""
        (stats,) = [event["event_data"] for event in self.events if event["event"] == "playbook_on_stats"]
        assert len(json.dumps(stats["artifact_data"])) < 20_000
        return t.cast("Json", stats["artifact_data"])

    @property
    def totals(self) -> Json:
        """How many tasks changed something, by host."""
        (stats,) = [event["event_data"] for event in self.events if event["event"] == "playbook_on_stats"]
        return {host: stats["changed"].get(host, 0) for host in stats["processed"]}

    def assert_secret_free(self) -> None:
        assert self.events
        for secret in self.secrets:
            assert secret not in json.dumps(self.events)
            assert secret not in self.output


class Awx:
    """Runs jobs of the project, each in a private data directory of its own."""

    def __init__(self, cloud: Cloud, folder: pathlib.Path) -> None:
        self.cloud = cloud
        self._folder = folder
        self._count = 0

    def run(self, playbook: str, variables: Json, *options: str, hosts: t.Mapping[str, Json] | None = None) -> Job:
        """Run a job to its end."""
        job = self.start(playbook, variables, *options, hosts=hosts)
        return self.finish(job)

    def start(
        self, playbook: str, variables: Json, *options: str, hosts: t.Mapping[str, Json] | None = None
    ) -> subprocess.Popen[str]:
        """Start a job; ``finish`` waits for it."""
        self._count += 1
        private = self._folder / f"job-{self._count}"
        shutil.copytree(PROJECT, private / "project")
        (private / "inventory").mkdir()
        local = {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}
        inventory = {"clouds": {"hosts": dict(hosts or {})}, "all": {"hosts": {"localhost": local}}}
        (private / "inventory" / "hosts.json").write_text(json.dumps(inventory))
        env = private / "env"
        env.mkdir()
        (env / "extravars").write_text(yaml.dump(marked_unsafe(variables), Dumper=PlaybookDumper))
        (env / "cloud").write_text(json.dumps(self._credential()))
        environment = {
            "OS_CLIENT_CONFIG_FILE": str(env / "cloud"),
            "ANSIBLE_FORCE_COLOR": "false",
            "MAX_EVENT_RES": "700000",
        }
        (env / "envvars").write_text(json.dumps(environment))
        (env / "settings").write_text(json.dumps({"suppress_env_files": True}))
        command = [*(sys.executable, "-m", "ansible_runner", "run", str(private), "--playbook", f"{playbook}.yml")]
        command += ["--ident", "job", f"--cmdline={' '.join(options)}"] if options else ["--ident", "job"]
        # The login is that of the credential; a sandbox's own variables must not help.
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("OS_")}
        with (private / "console").open("w") as console:
            return subprocess.Popen(
                command,
                env=inherited,
                stdout=console,
                stderr=subprocess.STDOUT,
                text=True,
                cwd=private,
                start_new_session=True,
            )

    def finish(self, process: subprocess.Popen[str]) -> Job:
        """Wait for a job, and read what AWX would keep of it."""
        process.wait()
        private = pathlib.Path(t.cast("list[str]", process.args)[4])
        artifacts = private / "artifacts" / "job"
        console = (private / "console").read_text()
        assert (artifacts / "status").exists(), console
        files = sorted((artifacts / "job_events").glob("*-*.json"), key=lambda path: int(path.name.split("-")[0]))
        events = [json.loads(path.read_text()) for path in files]
        job = Job(
            status=(artifacts / "status").read_text(),
            events=events,
            output=console + (artifacts / "stdout").read_text(),
            secrets=list(self.cloud.sandbox.passwords.values()),
        )
        job.assert_secret_free()
        return job

    def _credential(self) -> Json:
        """The file of AWX's OpenStack credential, whose only cloud is 'devstack'; or of a custom one with several clouds."""
        passwords = self.cloud.sandbox.passwords
        projects = {"alice": "alpha", "bob": "beta", "admin": "admin"}
        clouds = {
            name: {
                "auth": {
                    "auth_url": f"{self.cloud.sandbox.keystone_url}/v3",
                    "username": name,
                    "password": passwords[name],
                    "project_name": project,
                    "user_domain_name": "Default",
                    "project_domain_name": "Default",
                },
                "verify": True,
            }
            for name, project in projects.items()
        }
        return {"clouds": {"devstack": clouds[self.cloud.name]}} if not self.several else {"clouds": clouds}

    several = False


class AwxWithClouds(Awx):
    """With a custom credential, whose file describes several clouds."""

    several = True


@pytest.fixture
def awx(alice: Cloud, tmp_path: pathlib.Path) -> Awx:
    return Awx(alice, tmp_path)


@contextlib.contextmanager
def mutations(cloud: Cloud) -> t.Iterator[list[str]]:
    """The requests of jobs that change something."""
    found: list[str] = []
    with cloud.sandbox.recorded() as requests:
        yield found
    found += [f"{entry['method']} {entry['path']}" for entry in Outcome({}, requests, "").mutations]


@pytest.mark.parametrize("name", sorted(path.stem for path in (PROJECT / "surveys").glob("*.json")))
def test_survey_has_the_form_that_awx_accepts(name: str) -> None:
    questions = survey(name)
    assert len({question["variable"] for question in questions}) == len(questions)
    for question in questions:
        assert question["question_name"]
        assert isinstance(question["required"], bool)
        kind = QUESTION_TYPES[question["type"]]
        assert question["default"] == "" or isinstance(question["default"], kind)
        for limit in ("min", "max"):
            assert question[limit] is None or isinstance(question[limit], int)
        if question["type"] == "multiplechoice":
            assert question["default"] in question["choices"]
        elif question["type"] == "integer" and question["default"] != "":
            assert question["min"] <= question["default"] <= question["max"]


@pytest.mark.nightly
@pytest.mark.slow
@pytest.mark.parametrize("action", ["delete", "hide", "deactivate"])
def test_retire_in_check_mode_for_real_and_again(awx: Awx, name: str, action: str) -> None:
    alice = awx.cloud
    images = [alice.make(f"{name} {number}", b"data") for number in range(3)]
    listed = f" {name} 0 ,\n{images[1]['id']}\r\n"
    variables = answers("retire", image_retire_images=listed, image_retire_action=action, image_retire_max="2")
    outcome = {"hide": "hidden", "deactivate": "deactivated", "delete": "deleted"}[action]

    with mutations(alice) as sent:
        predicted = awx.run("retire", variables, "--check", "--diff").succeeded()
    assert sent == []
    with mutations(alice) as sent:
        real = awx.run("retire", variables, "--diff").succeeded()
    assert len(sent) == 2
    again = awx.run("retire", variables).succeeded()

    for job, check in ((predicted, True), (real, False)):
        assert job.changed == [f"{action.capitalize()} images"]
        assert '"diff": {' in json.dumps(job.events)
        assert job.totals == {"localhost": 1}
        summary = job.artifacts["retire_summary"]
        assert summary["check_mode"] is check
        assert {(each["id"], each["outcome"]) for each in summary["images"]} == {
            (each["id"], outcome) for each in images[:2]
        }
        assert (summary["images_count"], summary["kept_count"]) == (2, 0)
    assert again.totals == {"localhost": 0}
    assert alice.named(f"{name} 2")[0]["status"] == "active"


@pytest.mark.nightly
@pytest.mark.slow
def test_unanswered_questions_count_as_not_given(awx: Awx, name: str) -> None:
    alice = awx.cloud
    images = [alice.make(name, b"data", tags=[name]) for _image in range(2)]
    for variables in (
        blank("retire", image_retire_filters=f"tags:\n  - {name}\nhidden: any\n", image_retire_keep_newest="1"),
        blank("retire", image_retire_filters=json.dumps({"tags": [name]})),
    ):
        awx.run("retire", variables).succeeded()
    assert alice.named(name) == []
    assert len(images) == 2


@pytest.mark.slow
@pytest.mark.parametrize(
    ("variables", "message"),
    [
        nightly({}, "Give either image_retire_images or image_retire_filters"),
        (
            {"image_retire_images": "NAME", "image_retire_max": "many"},
            "image_retire_max: 'many' was given; allowed is a whole",
        ),
        nightly(
            {"image_retire_images": "NAME", "image_retire_action": "burn"},
            "image_retire_action: 'burn' was given; allowed is one",
        ),
        nightly({"image_retire_filters": "NAME"}, "allowed is a dictionary, or one"),
        nightly({"image_retire_images": "[NAME"}, "allowed is a list of texts"),
        nightly(
            {"image_retire_images": "NAME", "image_retire_unprotect": "perhaps"},
            "'perhaps' was given; allowed is true or false",
        ),
    ],
)
def test_wrong_answers_fail_before_anything_is_changed(awx: Awx, name: str, variables: Json, message: str) -> None:
    awx.cloud.make(name, b"data")
    given = {key: value.replace("NAME", name) for key, value in variables.items()}
    with awx.cloud.sandbox.recorded() as requests:
        job = awx.run("retire", blank("retire", **given)).failed()
    assert message in " ".join(job.output.split())
    assert requests == []
    assert job.artifacts["retire_summary"]["images"] == []


@pytest.mark.nightly
@pytest.mark.slow
def test_answer_that_looks_like_a_template_is_a_name(awx: Awx, name: str) -> None:
    hostile = f"{name} {{{{ 7 * 7 }}}}"
    image = awx.cloud.make(hostile, b"data")
    job = awx.run("retire", answers("retire", image_retire_images=hostile, image_retire_action="delete")).succeeded()
    assert job.artifacts["retire_summary"]["images"] == [{"id": image["id"], "name": hostile, "outcome": "deleted"}]
    assert awx.cloud.named(hostile) == []


@pytest.mark.slow
@pytest.mark.nightly
def test_publish_with_answers_as_text(awx: Awx, name: str, path: str) -> None:
    alice = awx.cloud
    options = "disk_format: raw\ncontainer_format: bare\ntags: [a]\n"
    test = pathlib.Path(path).parent / "boot.yml"
    test.write_text(
        "---\n- name: Look at it\n  ansible.builtin.assert:\n    that: image_publish_candidate.status == 'active'\n"
    )
    given = {"image_publish_name": name, "image_publish_path": path, "image_publish_options": options}
    variables = blank("publish", **given, image_publish_keep="1", image_publish_test_tasks=str(test))
    with mutations(alice) as sent:
        predicted = awx.run("publish", variables, "--check").succeeded()
    assert sent == []
    assert predicted.artifacts["publish_summary"]["check_mode"]
    assert predicted.artifacts["publish_summary"]["outcome"] == "published"
    first = awx.run("publish", variables, "--diff").succeeded().artifacts["publish_summary"]
    pathlib.Path(path).write_bytes(b"another build")
    # Variables of a workflow go to all of its nodes.
    other = alice.make(f"{name}-other", b"data")
    refused = awx.run("publish", variables | {"image_retire_images": f"{name}-other"}).failed()
    assert "extra variables of the role image_retire" in " ".join(refused.output.split())
    assert [image["id"] for image in alice.named(f"{name}-other")] == [other["id"]]
    again = awx.run("publish", variables | {"image_retire_only_report": "y"}).failed()
    assert "extra variables of the role image_retire" in " ".join(again.output.split())
    assert again.artifacts["publish_summary"]["deleted_count"] == 0
    pathlib.Path(path).write_bytes(b"a third build")
    second = awx.run("publish", variables).succeeded().artifacts["publish_summary"]
    again = awx.run("publish", variables).succeeded()
    assert again.totals == {"localhost": 0}
    assert again.artifacts["publish_summary"]["outcome"] == "unchanged"
    refused_id = refused.artifacts["publish_summary"]["id"]
    assert (second["outcome"], second["previous_id"]) == ("published", refused_id)
    assert (set(second["deleted_ids"]), second["deleted_count"]) == ({first["id"], refused_id}, 2)
    (image,) = alice.named(name)
    assert (image["id"], image["tags"]) == (second["id"], ["a"])


@pytest.mark.slow
@pytest.mark.nightly
def test_catalogue_of_the_project_with_defaults(awx: Awx, name: str, path: str) -> None:
    alice = awx.cloud
    listed = [{"name": name, "path": path, "disk_format": "raw", "container_format": "bare"}]
    file = pathlib.Path(path).parent / "images.yml"
    file.write_text(yaml.safe_dump(listed))
    gone = alice.make_as_own(f"{name}-gone", b"data", cloudimage_catalogue=name)
    given = {"catalogue_file": str(file), "catalogue_name": name}
    defaults = awx.run("catalogue", answers("catalogue", **given)).succeeded()
    assert defaults.artifacts["catalogue_summary"] == {
        "check_mode": False,
        "succeeded": True,
        "changed": [name],
        "changed_count": 1,
        "failed": [],
        "failed_count": 0,
        "pruned": [],
        "pruned_count": 0,
    }
    pruned = awx.run("catalogue", blank("catalogue", **given, catalogue_prune="hide", catalogue_prune_max="1")).succeeded()
    assert pruned.artifacts["catalogue_summary"]["pruned"] == [gone["name"]]
    assert awx.run("catalogue", blank("catalogue", **given)).succeeded().totals == {"localhost": 0}
    file.unlink()
    missing = awx.run("catalogue", blank("catalogue", **given)).failed()
    assert f"catalogue_file: there is no file {file}" in " ".join(missing.output.split())


@pytest.mark.slow
@pytest.mark.nightly
def test_overlapping_slices_of_one_job(admin: Cloud, alice: Cloud, bob: Cloud, name: str, tmp_path: pathlib.Path) -> None:
    """AWX gives each slice a part of the inventory; here one cloud is in both, as if two jobs overlapped."""
    for number in range(2):
        origin_of(bob, f"{name}-{number}")
    awx = AwxWithClouds(alice, tmp_path)
    variables = answers("replicate", replicate_source_cloud="bob", replicate_images=f"{name}-0\n{name}-1")
    wait_for_same_first_id(120)
    started = [
        awx.start("replicate", variables, hosts={"alice": {}, "third": {"replicate_cloud": "admin"}}),
        awx.start("replicate", variables, hosts={"alice": {}, "bob": {}}),
    ]
    first, second = (awx.finish(process).succeeded() for process in started)
    for number in range(2):
        copies = [image for image in alice.named(f"{name}-{number}") if not image["os_hidden"]]
        assert len(copies) == 1
        assert_is_copy(alice, copies[0])
        (copy,) = [image for image in admin.named(f"{name}-{number}") if image["owner"] == admin.project_id]
        assert_is_copy(admin, copy)
    summary = first.artifacts["replicate_summary"]
    assert set(summary) == {"alice", "third"}
    assert set(second.artifacts["replicate_summary"]) == {"alice"}
    assert summary["third"] == {
        "check_mode": False,
        "succeeded": True,
        "changed_count": 2,
        "failed": [],
        "failed_count": 0,
        "bytes": 2 * len(DATA),
    }
    again = awx.run("replicate", variables, hosts={"alice": {}, "third": {"replicate_cloud": "admin"}}).succeeded()
    assert again.totals == {"alice": 0, "third": 0}


@pytest.mark.slow
@pytest.mark.nightly
def test_two_jobs_that_retire_the_same_images(awx: Awx, name: str) -> None:
    images = [awx.cloud.make(f"{name}-{number}", b"data", protected=True, tags=[name]) for number in range(4)]
    given = {"image_retire_filters": f"tags: [{name}]", "image_retire_action": "delete", "image_retire_unprotect": "true"}
    started = [awx.start("retire", answers("retire", **given)) for _job in range(2)]
    jobs = [awx.finish(process).succeeded() for process in started]
    for image in images:
        assert awx.cloud.named(image["name"]) == []
    deleted = [
        each["id"] for job in jobs for each in job.artifacts["retire_summary"]["images"] if each["outcome"] == "deleted"
    ]
    assert set(deleted) == {image["id"] for image in images}


@pytest.mark.slow
@pytest.mark.nightly
def test_cancelled_job_is_completed_by_the_next_one(awx: Awx, name: str, path: str) -> None:
    alice = awx.cloud
    pathlib.Path(path).write_bytes(DATA)
    given = {"image_publish_name": name, "image_publish_path": path}
    given["image_publish_options"] = "{disk_format: raw, container_format: bare}"
    cancelled: list[str] = []
    job: subprocess.Popen[str] | None = None

    def cancel(method: str, path: str, _count: int) -> None:
        """AWX cancels the job in the middle of an upload: SIGTERM, and then the container and all in it are gone."""
        if method == "PUT" and path.endswith("/file") and not cancelled:
            cancelled.append(path)
            wait_until(lambda: job is not None)
            assert job
            running = processes_of(job.pid)
            job.send_signal(signal.SIGTERM)
            job.wait()
            for pid in running:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    with proxy(alice.sandbox.glance_url, cancel) as url:
        job = awx.start("publish", answers("publish", **given) | {"image_publish_endpoint_override": url})
        stopped = awx.finish(job)
    assert cancelled
    assert stopped.status == "canceled"
    assert alice.named(name) == []
    summary = awx.run("publish", answers("publish", **given)).succeeded().artifacts["publish_summary"]
    assert summary["outcome"] == "published"
    (image,) = alice.named(name)
    assert (image["id"], image["size"], image["status"]) == (summary["id"], len(DATA), "active")
    assert awx.run("publish", answers("publish", **given)).succeeded().totals == {"localhost": 0}


def audited(awx: Awx, folder: pathlib.Path, **given: t.Any) -> tuple[Json, Job]:
    """The variables of the workflow, which AWX gives to each of its nodes, and the job of the first node."""
    variables = answers("workflow", **given)
    files = {"audit_html_file": str(folder / "audit.html"), "audit_json_file": str(folder / "audit.json")}
    with mutations(awx.cloud) as sent:
        job = awx.run("audit_candidates", variables | files).succeeded()
    assert sent == []
    return variables, job


@pytest.mark.slow
def test_workflow_retires_exactly_what_the_approved_audit_has_listed(awx: Awx, name: str, tmp_path: pathlib.Path) -> None:
    alice = awx.cloud
    images = [alice.make(f"{name}-{number}", b"data", tags=[name], protected=number == 0) for number in range(2)]
    wait_for_a_later_second(images[1]["created_at"])
    images.append(alice.make(f"{name}-2", b"data", tags=[name]))
    choice = {"candidates_keep_newest": "1", "candidates_action": "delete", "candidates_unprotect": "true"}
    variables, audit = audited(awx, tmp_path, candidates_filters=f"tags: [{name}]", **choice)
    ids = audit.artifacts["audit_summary"]["retire"]["ids"]
    assert set(ids) == {image["id"] for image in images[:2]}

    assert [image_id for image_id in ids if image_id not in audit.output] == []  # the user who approves sees them

    # While it waits for the approval, one image leaves the filters, and another one comes to match them.
    alice.run("image", id=images[0]["id"], tags=[]).succeeded()
    late = alice.make(f"{name}-late", b"data", tags=[name])
    approved = audit.artifacts | variables  # variables of the workflow come before artifacts
    retire = awx.run("retire_approved", approved).succeeded()
    deleted = [each["id"] for each in retire.artifacts["retire_summary"]["images"] if each["outcome"] == "deleted"]
    assert set(deleted) == set(ids)
    assert [image["id"] for image in alice.named(images[2]["name"]) + alice.named(late["name"])] == [
        images[2]["id"],
        late["id"],
    ]
    assert alice.named(images[0]["name"]) + alice.named(images[1]["name"]) == []


@pytest.mark.slow
@pytest.mark.nightly
def test_audit_with_unanswered_questions_and_with_wrong_answers(awx: Awx, name: str, tmp_path: pathlib.Path) -> None:
    awx.cloud.make(name, b"data")
    files = {"audit_html_file": str(tmp_path / "audit.html"), "audit_json_file": str(tmp_path / "audit.json")}
    summary = awx.run("audit", blank("audit", **files), "--check").succeeded().artifacts["audit_summary"]
    assert summary["check_mode"]
    assert summary["images_count"] > 0
    assert summary["retire"] is None
    assert not (tmp_path / "audit.json").exists()
    with awx.cloud.sandbox.recorded() as requests:
        job = awx.run("audit", blank("audit", **files, audit_members="perhaps", audit_catalogue_format="text")).failed()
    assert requests == []
    output = " ".join(job.output.split())
    assert "audit_members: 'perhaps' was given; allowed is true or false" in output
    assert "audit_catalogue_format: 'text' was given; allowed is one of images, osism" in output


@pytest.mark.slow
@pytest.mark.nightly
def test_workflow_leaves_protected_images_unless_it_is_told_otherwise(awx: Awx, name: str, tmp_path: pathlib.Path) -> None:
    alice = awx.cloud
    protected, plain = (alice.make(f"{name}-{number}", tags=[name], protected=number == 0) for number in range(2))
    variables, audit = audited(awx, tmp_path, candidates_filters=f"tags: [{name}]", candidates_action="delete")
    retire = audit.artifacts["audit_summary"]["retire"]
    assert retire == {"ids": [plain["id"]], "action": "delete", "unprotect": False, "error": None}
    awx.run("retire_approved", audit.artifacts | variables).succeeded()
    assert (alice.status_of(protected), alice.status_of(plain)) == ("queued", "gone")


@pytest.mark.slow
@pytest.mark.nightly
def test_workflow_retires_nothing_else(awx: Awx, name: str, tmp_path: pathlib.Path) -> None:
    alice = awx.cloud
    for number in range(2):
        alice.make(f"{name}-{number}", b"data", tags=[name])
    variables, too_many = audited(awx, tmp_path, candidates_filters=f"tags: [{name}]", candidates_max="1")
    _variables, none = audited(awx, tmp_path, candidates_filters=f"tags: [{name}-other]")
    _variables, listed = audited(awx, tmp_path, candidates_filters=f"tags: [{name}]")
    assert none.artifacts["audit_summary"]["retire"] == {
        "ids": [],
        "action": "hide",
        "unprotect": False,
        "error": None,
    }
    summary = listed.artifacts["audit_summary"]
    assert summary["cloud"] is None
    named: Json = {"audit_summary": {**summary, "cloud": "alice"}}
    with mutations(alice) as sent:
        awx.run("retire_approved", none.artifacts | variables).succeeded()
        jobs = [
            awx.run("retire_approved", given).failed()
            for given in (
                too_many.artifacts | variables,
                variables,
                listed.artifacts | variables | {"image_retire_filters": f"tags: [{name}]"},
                listed.artifacts | variables | {"image_retire_images": ""},
                listed.artifacts | variables | {"image_retire_unprotect": "true"},
                listed.artifacts | variables | {"image_retire_region_name": "elsewhere"},
                listed.artifacts | variables | {"image_retire_cloud": "bob"},
                named | {"image_retire_cloud": "bob"},
                named | {"image_retire_cloud": ""},
                {"audit_summary": {**summary, "cloud_is_configuration": True}},
            )
        ]
    assert sent == []
    expected = (
        "could not make the list",
        "There is no such list",
        *["Remove these variables"] * 4,
        *["about another cloud"] * 3,
        "set image_retire_cloud to it",
    )
    for job, message in zip(jobs, expected, strict=True):
        assert message in " ".join(job.output.split())
