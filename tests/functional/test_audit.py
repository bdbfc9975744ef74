# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The playbook audit: a report on images that changes nothing but its own two files."""

from __future__ import annotations

import dataclasses
import json
import os
import pathlib
import re
import subprocess
import typing as t

import pytest
import yaml

from .cloud import Cloud, Json, Outcome
from .marks import nightly

DATE = "2031-05-17"
# Names with HTML, a template, quotes, a line break and a character that turns the direction of writing.
HOSTILE = (
    "<script>document.title = 'changed'</script>",
    '"><img src=x onerror="document.title = \'changed\'">',
    "{{ 7 * 7 }} {% raw %}",
    "</script></style>&lt;",
    "two\nlines\u202e",
    "é 日本 'quoted'",
)


@dataclasses.dataclass(frozen=True)
class Auditor:
    """Runs the playbook as one of the sandbox's users."""

    cloud: Cloud
    folder: pathlib.Path

    @property
    def page(self) -> pathlib.Path:
        return self.folder / "audit.html"

    @property
    def data(self) -> pathlib.Path:
        return self.folder / "audit.json"

    def run(self, *arguments: str, **variables: t.Any) -> Run:
        given = {
            "audit_cloud": self.cloud.name,
            "audit_html_file": str(self.page),
            "audit_json_file": str(self.data),
            "audit_date": DATE,
            **variables,
        }
        environment = {**os.environ, "ANSIBLE_LOCALHOST_WARNING": "false", "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false"}
        environment |= {"ANSIBLE_NOCOLOR": "true"}
        command = ["ansible-playbook", "cloudimage.glance.audit", *arguments, "-e", json.dumps(given)]
        with self.cloud.sandbox.recorded() as requests:
            done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        outcome = Outcome({}, requests, "")
        assert outcome.mutations == [], "the cloud was changed"
        return Run(done.stdout + done.stderr, outcome.sent)

    def report(self) -> Json:
        return t.cast("Json", json.loads(self.data.read_text()))


@dataclasses.dataclass(frozen=True)
class Run:
    """What was printed of a run, and the requests that it sent to Glance."""

    output: str
    sent: list[str]

    def count(self, what: str) -> int:
        """A number of the recap."""
        found = re.search(rf"^localhost +: .*\b{what}=(\d+)", self.output, re.MULTILINE)
        assert found, self.output
        return int(found[1])

    @property
    def changed(self) -> int:
        """How many tasks have changed something; none may have failed."""
        assert self.count("failed") == 0, self.output
        return self.count("changed")

    @property
    def written(self) -> str:
        """What the last task says of the files."""
        found = re.search(r'"written": "(.*)"', self.output)
        assert found, self.output
        return found[1]


@pytest.fixture
def auditor(alice: Cloud, tmp_path: pathlib.Path) -> Auditor:
    return Auditor(alice, tmp_path)


def row_of(report: Json, image: Json) -> Json:
    (row,) = [each for each in report["images"] if each["id"] == image["id"]]
    return t.cast("Json", row)


def test_report_in_check_mode_for_real_and_again(auditor: Auditor, name: str) -> None:
    alice = auditor.cloud
    made = [alice.make(f"{name} {hostile}", tags=["secret-tag"], note="secret-property") for hostile in HOSTILE]
    twins = [alice.make(f"{name}-twin", b"data", visibility="private") for _twin in range(2)]
    shown = [alice.make(f"{name}-protected", protected=True), alice.make(f"{name}-hidden", os_hidden=True)]

    predicted = auditor.run("--check")
    assert (predicted.changed, predicted.written) == (2, "nothing, because of check mode")
    assert list(auditor.folder.iterdir()) == []
    real = auditor.run()
    assert (real.changed, real.written) == (2, "the files that were missing or different")
    before = (auditor.page.read_bytes(), auditor.data.read_bytes())
    again = auditor.run("--diff")
    assert (again.changed, again.written) == (0, "nothing, because the report has not changed")
    assert (auditor.page.read_bytes(), auditor.data.read_bytes()) == before
    # Shown images, and hidden ones: a page of each, or more in a sandbox in which there is much.
    assert predicted.sent == real.sent == again.sent
    assert set(real.sent) == {"GET /v2/images"}

    report = auditor.report()
    for image in (*made, *twins, *shown):
        row = row_of(report, image)
        expected = {
            key: image[key] for key in ("id", "name", "status", "visibility", "owner", "size", "created_at", "protected")
        }
        assert {key: row[key] for key in expected} == expected
    assert row_of(report, shown[1])["hidden"]
    (found,) = [each for each in report["duplicate_names"] if each["name"] == f"{name}-twin"]
    assert {each["id"] for each in found["images"]} == {twin["id"] for twin in twins}
    assert {twin["id"] for twin in twins} <= {each["id"] for found in report["duplicate_data"] for each in found["images"]}
    assert report["totals"]["images"] == len(report["images"])
    assert report["owner"] is None
    assert (report["date"], report["cloud"], report["project_id"], report["project_name"]) == (
        DATE,
        "alice",
        alice.project_id,
        "alpha",
    )
    page = auditor.page.read_text()
    assert "<script>document" not in page
    assert "<img" not in page
    assert "49 " not in row_of(report, made[2])["label"]
    for secret in ("secret-tag", "secret-property", *alice.sandbox.passwords.values()):
        assert secret not in page + auditor.data.read_text()

    # Ages are counted to another day.
    assert auditor.run(audit_date="2031-05-18").changed == 2
    assert row_of(auditor.report(), twins[0])["age_days"] == row_of(report, twins[0])["age_days"] + 1


@pytest.mark.nightly
def test_what_image_retire_would_do_is_reported_and_nothing_is_retired(auditor: Auditor, name: str) -> None:
    alice = auditor.cloud
    names = [f"{name}-{number} {{{{ 7 * 7 }}}} <b>" for number in range(3)]
    images = [alice.make(each, tags=[name], protected=each == names[1]) for each in names]
    filters = {"image_retire_filters": {"tags": [name]}, "image_retire_keep_newest": 1}
    for changed in (2, 0):
        assert auditor.run(**filters).changed == changed
        retire = auditor.report()["retire"]
        assert retire["error"] is None
        assert sorted(each["outcome"] for each in retire["outcomes"]) == ["deleted", "deleted", "kept"]
        assert {(each["id"], each["name"]) for each in retire["outcomes"]} == {
            (image["id"], image["name"]) for image in images
        }
    # The role's checks are part of what it would do.
    assert auditor.run(image_retire_max=1, image_retire_only_report=False, **filters).changed == 2
    assert "image_retire_max would be touched: 2, and 1 are allowed." in auditor.report()["retire"]["error"]
    assert "The role would fail" in auditor.page.read_text()
    assert [alice.show(image["id"]) for image in images] == images


def test_configuration_of_the_cloud_is_not_in_the_report(auditor: Auditor) -> None:
    clouds = yaml.safe_load(pathlib.Path(os.environ["OS_CLIENT_CONFIG_FILE"]).read_text())["clouds"]
    entry = clouds[auditor.cloud.name]
    real = auditor.run("-vvv", audit_cloud=entry)
    assert real.changed == 2
    assert auditor.report()["cloud"] is None
    for text in (real.output, auditor.page.read_text(), auditor.data.read_text()):
        assert entry["auth"]["password"] not in text


@pytest.mark.nightly
def test_drift_from_a_catalogue_is_reported(auditor: Auditor, name: str) -> None:
    alice = auditor.cloud
    mark: Json = {"cloudimage_catalogue": name}
    alice.make_as_own(f"{name}-same", **mark)
    alice.make_as_own(f"{name}-different", min_ram=1, **mark)
    unlisted = [
        alice.make_as_own(f"{name}-old", protected=True, **mark),
        alice.make_as_own(f"{name}-older", os_hidden=True, **mark),
    ]
    alice.make(f"{name}-stranger")
    entries: list[Json] = [
        {"name": f"{name}-same"},
        {"name": f"{name}-different", "min_ram": 2},
        {"name": f"{name}-missing"},
    ]
    file = auditor.folder / "images.yml"
    file.write_text(json.dumps({"images": entries}))
    variables = {"audit_catalogue_file": str(file), "audit_catalogue_name": name}
    for changed in (2, 0):
        assert auditor.run(**variables).changed == changed
    drift = auditor.report()["catalogue"]
    assert [each["name"] for each in drift["missing"]] == [f"{name}-missing"]
    assert [(each["name"], each["changes"]) for each in drift["different"]] == [
        (
            f"{name}-different",
            [{"attribute": "min_ram", "before": 1, "after": 2, "label": "min_ram: 1 → 2"}],
        )
    ]
    assert {each["id"] for each in drift["unlisted"]} == {image["id"] for image in unlisted}
    assert drift["failed"] == []

    entries.append({"name": f"{name}-same-2", "path": str(auditor.folder / "missing"), "disk_format": "raw"})
    file.write_text(json.dumps(entries))
    assert auditor.run(**variables).changed == 2
    drift = auditor.report()["catalogue"]
    assert drift["unlisted"] is None
    assert [each["name"] for each in drift["failed"]] == [f"{name}-same-2"]


@pytest.mark.nightly
def test_empty_catalogue_has_a_report(auditor: Auditor) -> None:
    file = auditor.folder / "images.yml"
    file.write_text("[]")
    assert auditor.run(audit_catalogue_file=str(file)).changed == 2
    drift = auditor.report()["catalogue"]
    assert (drift["entries"], drift["missing"], drift["unlisted"]) == (0, [], None)
    assert "or the list is empty" in auditor.page.read_text()


@pytest.mark.nightly
def test_audit_does_not_repeat_the_error_of_another_one(auditor: Auditor, name: str) -> None:
    for number in range(2):
        auditor.cloud.make(f"{name}-{number}", tags=[name])
    files = [auditor.folder / f"{user}.json" for user in ("alice", "bob")]
    audits = [
        {
            "ansible.builtin.import_playbook": "cloudimage.glance.audit",
            "vars": {
                "audit_cloud": file.stem,
                "audit_html_file": str(file.with_suffix(".html")),
                "audit_json_file": str(file),
                "image_retire_filters": {"tags": [name]},
                "image_retire_max": 1,
            },
        }
        for file in files
    ]
    playbook = auditor.folder / "site.yml"
    playbook.write_text(json.dumps(audits))
    subprocess.run(["ansible-playbook", str(playbook)], check=True, capture_output=True)
    errors = [json.loads(file.read_text())["retire"]["error"] for file in files]
    assert "would be touched: 2, and 1 are allowed" in errors[0]
    assert errors[1] is None


@pytest.mark.nightly
def test_members_are_reported_if_they_are_asked_for(auditor: Auditor, bob: Cloud, name: str) -> None:
    image = auditor.cloud.make(name, visibility="shared")
    auditor.cloud.call("POST", f"/images/{image['id']}/members", json={"member": bob.project_id})
    assert auditor.run(audit_members="yes").changed == 2
    (shared,) = [each for each in auditor.report()["shares"]["shared"] if each["id"] == image["id"]]
    assert shared["members"] == [{"member_id": bob.project_id, "status": "pending"}]


@pytest.mark.nightly
def test_answers_of_a_survey_are_accepted(admin: Cloud, bob: Cloud, name: str, tmp_path: pathlib.Path) -> None:
    """Surveys give text, and nothing for a question without an answer."""
    image = bob.make(name, visibility="private")
    auditor = Auditor(admin, tmp_path)
    unanswered = dict.fromkeys(
        (
            *("audit_all_projects", "audit_members", "audit_catalogue_file", "audit_catalogue_format"),
            *("audit_catalogue_name", "image_retire_filters", "image_retire_images"),
        ),
        "",
    )
    assert auditor.run(**unanswered, audit_owner="beta").changed == 2
    report = auditor.report()
    assert {row["owner"] for row in report["images"]} == {bob.project_id}
    row_of(report, image)
    assert (report["catalogue"], report["retire"], report["shares"]) == (None, None, None)
    assert auditor.run(**{**unanswered, "audit_all_projects": "true"}).changed == 2
    row_of(auditor.report(), image)


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"audit_date": "2026-02-30"}, "audit_date: '2026-02-30' was given; allowed is a day such as 2026-01-31"),
        nightly({"audit_html_file": "/proc/missing/audit.html"}, "The folder of /proc/missing/audit.html does not exist"),
        nightly({"audit_owner": "alpha", "audit_all_projects": True}, "Give either audit_owner or audit_all_projects"),
        nightly({"image_retire_cloud": "bob", "image_retire_images": ["x"]}, "the same as audit_cloud"),
        nightly(
            {"image_retire_region_name": "elsewhere", "image_retire_images": ["x"]},
            "would be those of another login: image_retire_region_name.",
        ),
    ],
)
@pytest.mark.slow
def test_invalid_variables_are_an_error(auditor: Auditor, variables: Json, message: str) -> None:
    run = auditor.run(**variables)
    assert run.count("failed") == 1
    assert message in run.output
    assert run.sent == []
    assert list(auditor.folder.iterdir()) == []
