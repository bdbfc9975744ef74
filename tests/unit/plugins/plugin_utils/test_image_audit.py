# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The audit report: its numbers and findings, and the page that shows them."""

from __future__ import annotations

import base64
import datetime
import hashlib
import html.parser
import pathlib
import re
import typing as t

import jinja2
import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.cloudimage.glance.plugins.filter.image_audit import FilterModule, image_audit
from ansible_collections.cloudimage.glance.plugins.plugin_utils._image_audit import (
    build_report,
    drift_in,
    retirement_in,
    visible_text,
)

Json = dict[str, t.Any]

TEMPLATES = pathlib.Path(__file__).resolve().parents[4] / "playbooks" / "templates"
TODAY = datetime.date(2026, 6, 30)
HOSTILE = "</bdi></style></script><script>alert('1')</script><img src=x onerror=\"alert(2)\">&amp;\u202e\n{{ 7 * 7 }}"


def image(number: int = 1, **different: t.Any) -> Json:
    return {
        "id": f"id-{number}",
        "name": f"image-{number}",
        "status": "active",
        "visibility": "private",
        "owner": "project-1",
        "disk_format": "qcow2",
        "container_format": "bare",
        "size": 100,
        "created_at": "2026-06-30T12:00:00Z",
        "protected": False,
        "os_hidden": False,
        "os_hash_algo": "sha512",
        "os_hash_value": f"hash-{number}",
        "tags": ["a"],
        "properties": {"note": "not in the report"},
        **different,
    }


def report_on(*images: Json) -> Json:
    return build_report(images, TODAY)


def ids(references: t.Sequence[Json]) -> list[str]:
    return [reference["id"] for reference in references]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("debian-13", "debian-13"),
        (" two  spaces ", " two  spaces "),
        ("مرحبا 日本 é 🙂", "مرحبا 日本 é 🙂"),
        ("line\nbreak\t\r", "line\\nbreak\\t\\r"),
        ("\x00\x1b", "\\x00\\x1b"),
        ("\u202egpj.exe", "\\u202egpj.exe"),
        ("\u200bzero\u2028", "\\u200bzero\\u2028"),
        ("no\u00a0break", "no\\xa0break"),
        ("\ud800", "\\ud800"),
        ("<b>&'\"", "<b>&'\""),
    ],
)
def test_invisible_characters_are_shown(text: str, shown: str) -> None:
    assert visible_text(text) == shown


@pytest.mark.parametrize(
    ("created_at", "days", "group"),
    [
        ("2026-06-30T23:59:59Z", 0, "7 days or less"),
        ("2026-07-01T00:00:00Z", 0, "7 days or less"),  # the cloud's clock is fast
        ("2026-06-29T23:59:59Z", 1, "7 days or less"),
        ("2026-06-23T00:00:00Z", 7, "7 days or less"),
        ("2026-06-22T23:59:59Z", 8, "8 to 30 days"),
        ("2026-05-31T00:00:00Z", 30, "8 to 30 days"),
        ("2026-05-30T00:00:00Z", 31, "31 to 90 days"),
        ("2026-04-01T00:00:00Z", 90, "31 to 90 days"),
        ("2026-03-31T00:00:00Z", 91, "91 to 365 days"),
        ("2025-06-30T00:00:00Z", 365, "91 to 365 days"),
        ("2025-06-29T00:00:00Z", 366, "over 365 days"),
        (None, None, None),
        ("yesterday", None, None),
    ],
)
def test_age_is_counted_in_calendar_days(created_at: str | None, days: int | None, group: str | None) -> None:
    report = report_on(image(created_at=created_at))
    assert report["images"][0]["age_days"] == days
    assert [each["value"] for each in report["groups"]["age"] if each["images"]] == [group]


def test_all_age_groups_are_shown_and_the_unknown_one_only_if_needed() -> None:
    known = ["7 days or less", "8 to 30 days", "31 to 90 days", "91 to 365 days", "over 365 days"]
    assert [each["value"] for each in report_on()["groups"]["age"]] == known
    assert [each["value"] for each in report_on(image(created_at=None))["groups"]["age"]] == [*known, None]


def test_totals_count_and_add_up_images() -> None:
    report = report_on(
        image(1, protected=True),
        image(2, size=None, os_hash_value=None, os_hidden=True, owner="project-2"),
        image(3, size=0, owner=None, os_hash_value="hash-1"),
        image(4, os_hash_value="hash-1"),
    )
    assert report["totals"] == {
        "images": 4,
        "size": 200,
        "without_size": 1,
        "projects": 2,
        "protected": 1,
        "hidden": 1,
        "extra_copies": 2,
        "extra_size": 100,
    }


def test_empty_list_has_a_report() -> None:
    report = report_on()
    assert report["totals"] == dict.fromkeys(report["totals"], 0)
    assert report["images"] == report["duplicate_names"] == report["duplicate_data"] == []


@pytest.mark.parametrize("key", ["status", "visibility", "owner", "disk_format", "container_format"])
def test_images_are_counted_by_the_attribute(key: str) -> None:
    report = report_on(
        image(1, **{key: "few"}),
        image(2, **{key: "many", "size": 1}),
        image(3, **{key: "many", "size": None}),
        image(4, **{key: None, "size": 101}),
    )
    assert report["groups"][key] == [
        {"value": "many", "images": 2, "size": 1},
        {"value": None, "images": 1, "size": 101},
        {"value": "few", "images": 1, "size": 100},
    ]


def test_groups_of_one_number_and_size_have_an_order() -> None:
    report = report_on(image(1, status="b"), image(2, status="c"), image(3, status="a"))
    assert [each["value"] for each in report["groups"]["status"]] == ["a", "b", "c"]


def test_images_are_sorted_by_name_and_id() -> None:
    report = report_on(image(3, name="b"), image(2, name="B"), image(1, name="c"), image(4, name="a"))
    assert ids(report["images"]) == ["id-4", "id-2", "id-3", "id-1"]


def test_order_of_the_list_makes_no_difference() -> None:
    images = [image(1), image(2, name=None), image(3, name="image-1"), image(4, os_hash_value="hash-1")]
    assert report_on(*images) == report_on(*reversed(images))


def test_names_of_several_images_are_found() -> None:
    report = report_on(
        image(1, name="twin"), image(2, name="twin"), image(3, name="Twin"), image(4, name=None), image(5, name=None)
    )
    assert [(each["name"], ids(each["images"])) for each in report["duplicate_names"]] == [("twin", ["id-1", "id-2"])]


def test_missing_and_empty_names_are_no_duplicates() -> None:
    assert report_on(image(1, name=None), image(2, name=None), image(3, name=""), image(4, name=""))["duplicate_names"] == []


def test_data_of_several_images_are_found_and_the_largest_come_first() -> None:
    report = report_on(
        *(image(number, os_hash_value="small", size=1) for number in (1, 2, 3)),
        *(image(number, os_hash_value="large", size=50) for number in (4, 5)),
        image(6, os_hash_value="large", os_hash_algo="sha256"),
        image(7, os_hash_value=None),
        image(8, os_hash_value=None),
    )
    found = [(each["hash"], each["extra_size"], ids(each["images"])) for each in report["duplicate_data"]]
    assert found == [("sha512:large", 50, ["id-4", "id-5"]), ("sha512:small", 2, ["id-1", "id-2", "id-3"])]


def test_protected_and_hidden_images_are_found() -> None:
    report = report_on(image(1, protected=True), image(2, os_hidden=True), image(3))
    assert (ids(report["protected"]), ids(report["hidden"])) == (["id-1"], ["id-2"])


def test_report_has_no_properties() -> None:
    assert "not in the report" not in str(report_on(image()))


def test_shares_are_reported_with_those_that_the_cloud_does_not_list() -> None:
    member = {"member_id": "project-2", "status": "pending", "created_at": "2026-01-01T00:00:00Z"}
    images = [image(1, members=[member]), image(2, members=[]), image(3, members=None)]
    shares = image_audit(images, "2026-06-30", members=True)["shares"]
    assert [(each["id"], each["members"]) for each in shares["shared"]] == [
        ("id-1", [{"member_id": "project-2", "status": "pending"}])
    ]
    assert ids(shares["unknown"]) == ["id-3"]


def change(attribute: str, before: t.Any, after: t.Any) -> Json:
    return {"id": None, "attribute": attribute, "before": before, "after": after}


def outcome(name: str | None, *changes: Json, **different: t.Any) -> Json:
    return {"name": name, "id": None, "changed": bool(changes), "failed": False, "changes": list(changes), **different}


CREATED = (change("state", "absent", "present"), change("name", None, "new"))
DELETED = change("state", "present", "absent")
UNLISTED = outcome("old", change("os_hidden", False, True), id="id-9")


@pytest.mark.parametrize(
    ("entry", "key"),
    [
        (outcome("same"), None),
        (outcome("new", *CREATED), "missing"),
        (outcome("gone", DELETED), "different"),
        (outcome("other", change("tags", ["a"], ["b"])), "different"),
        (outcome("new data", change("id", "id-1", "{id}")), "different"),
        (outcome(None, change("tags", [], ["b"]), id="id-1"), "different"),
        (outcome("broken", failed=True, msg="no such file"), "failed"),
    ],
)
def test_entries_of_the_catalogue_are_told_apart(entry: Json, key: str | None) -> None:
    drift = drift_in({"outcomes": [entry, outcome("same")], "pruned": []}, "base")
    assert {name: len(drift[name]) for name in ("missing", "different", "failed")} == {
        name: int(name == key) for name in ("missing", "different", "failed")
    }
    assert (drift["name"], drift["entries"]) == ("base", 2)


def test_differences_say_what_a_run_would_change() -> None:
    drift = drift_in({"outcomes": [outcome("x", change("tags", ["ä\n"], None))], "pruned": []}, "base")
    [different] = drift["different"][0]["changes"]
    assert different == {"attribute": "tags", "before": ["ä\n"], "after": None, "label": 'tags: ["ä\\n"] → null'}


def test_images_that_are_not_listed_are_reported_with_those_that_are_hidden_already() -> None:
    drift = drift_in({"outcomes": [outcome("same")], "pruned": [UNLISTED, outcome("hidden", id="id-8")]}, "base")
    assert ids(drift["unlisted"]) == ["id-9", "id-8"]


def test_after_a_failed_entry_it_is_not_known_what_is_not_listed() -> None:
    drift = drift_in({"outcomes": [outcome("broken", failed=True, msg="x")], "pruned": []}, "base")
    assert drift["unlisted"] is None
    assert [(each["name"], each["reason"]) for each in drift["failed"]] == [("broken", "x")]


def test_of_an_empty_catalogue_it_is_not_known_what_is_not_listed() -> None:
    assert drift_in({"outcomes": [], "pruned": []}, "base")["unlisted"] is None


def test_invisible_characters_of_reasons_are_shown() -> None:
    drift = drift_in({"outcomes": [outcome("broken", failed=True, msg="x\u202e")], "pruned": []}, "base")
    row = {"id": "i", "name": "n", "owner": "p", "outcome": "failed", "reason": "y\u202e"}
    retired = retirement_in([row], "z\u202e")
    reasons = [drift["failed"][0]["reason"], retired["outcomes"][0]["reason"], retired["error"]]
    assert reasons == ["x\\u202e", "y\\u202e", "z\\u202e"]


def test_retirement_is_what_the_role_reports() -> None:
    row = {
        "id": "id-1",
        "name": "a\n",
        "owner": "p",
        "outcome": "kept",
        "reason": "one of the newest 1",
        "all_projects": True,
    }
    gone = {"id": None, "name": None, "owner": None, "outcome": "absent", "reason": "there is no such image"}
    retired = retirement_in([row, gone], "too many")
    assert retired["error"] == "too many"
    assert retired["outcomes"][0] == {**{key: row[key] for key in row if key != "all_projects"}, "label": "a\\n"}


@pytest.mark.parametrize("date", ["", "today", "2026-13-01", "2026-6-30", None])
def test_invalid_date_is_refused(date: t.Any) -> None:
    with pytest.raises(AnsibleFilterError, match="2026-01-31 is allowed"):
        image_audit([], date)


@pytest.mark.parametrize("option", ["catalogue", "retirement"])
def test_incomplete_argument_is_refused(option: str) -> None:
    incomplete: t.Any = {option: {"name": "x"}}
    with pytest.raises(AnsibleFilterError, match=f"{option} has the keys .*; it must have "):
        image_audit([], "2026-06-30", **incomplete)


def test_filter_has_a_name() -> None:
    assert FilterModule().filters() == {"image_audit": image_audit}


def full_report(name: str, images: int = 40) -> Json:
    """A report with all findings, and with a text in every place where a cloud or a user gives one."""
    member = {"member_id": name, "status": name}
    texts = dict.fromkeys(("status", "visibility", "owner", "disk_format", "container_format", "created_at"), name)
    listed = [
        image(number, name=name, **texts, protected=True, os_hidden=True, os_hash_value="same", members=[member])
        for number in range(images)
    ]
    listed.append(image(images, id=f"{name}{images}", owner=f"{name}{images}", members=None))
    outcomes = [
        outcome(name, *CREATED),
        outcome(name, change(name, [name], name)),
        outcome(name, failed=True, msg=name),
    ]
    retired = [{"id": name, "name": name, "owner": name, "outcome": name, "reason": name}]
    drift = {"outcomes": outcomes, "pruned": [outcome(name, id=name)]}
    return {
        **dict.fromkeys(("cloud", "project_id", "project_name", "owner"), name),
        "all_projects": False,
        **image_audit(listed, "2026-06-30", True, {"name": name, "result": drift}, {"outcomes": retired, "error": name}),
    }


def rendered(report: Json) -> str:
    """The page, as Ansible's module template writes it."""
    environment = jinja2.Environment(  # each value is escaped in the template, and tested below
        loader=jinja2.FileSystemLoader(TEMPLATES), trim_blocks=True, undefined=jinja2.StrictUndefined
    )
    return environment.get_template("audit.html.j2").render(audit_report=report)


class Page(html.parser.HTMLParser):
    """The elements of a page with their attributes, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def tags(self) -> list[str]:
        return [tag for tag, _attributes in self.elements]


def test_every_expression_of_the_template_is_escaped() -> None:
    source = (TEMPLATES / "audit.html.j2").read_text()
    macros = set(re.findall(r"{% macro (\w+)", source))
    for expression in re.findall(r"{{(.*?)}}", source):
        is_escaped = expression.rstrip().endswith("| e")
        is_macro = re.match(r" *(\w+)\(", expression)
        # A constant, or a macro, whose own expressions are escaped.
        parts = re.split(r"\bif\b.*?\belse\b", expression)
        is_known = all(re.fullmatch(r' *("[^"<]*"|(\w+)\(.*\)) *', part) for part in parts)
        assert is_escaped or (is_macro and is_macro[1] in macros) or is_known, expression


def test_no_text_becomes_an_element_or_an_attribute() -> None:
    hostile, harmless = Page(rendered(full_report(HOSTILE))), Page(rendered(full_report("harmless")))
    assert hostile.tags() == harmless.tags()
    assert [sorted(attributes) for _tag, attributes in hostile.elements] == [
        sorted(attributes) for _tag, attributes in harmless.elements
    ]
    assert hostile.text.count("onerror") > 200


def test_names_are_shown_as_they_are_but_for_invisible_characters() -> None:
    assert visible_text(HOSTILE) in Page(rendered(full_report(HOSTILE))).text


def digest_of(tag: str, page: str) -> str:
    found = re.search(f"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
    assert found
    return "sha256-" + base64.b64encode(hashlib.sha256(found[1].encode()).digest()).decode()


def test_policy_allows_the_style_and_the_script_of_the_page_and_nothing_else() -> None:
    page = rendered(full_report("x"))
    [policy] = [
        attributes["content"]
        for tag, attributes in Page(page).elements
        if tag == "meta" and attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policy == (
        f"default-src 'none'; style-src '{digest_of('style', page)}'; script-src '{digest_of('script', page)}';"
        " base-uri 'none'; form-action 'none'"
    )


def test_page_refers_to_nothing_outside_itself() -> None:
    page = Page(rendered(full_report("x")))
    references = [
        attributes[key]
        for _tag, attributes in page.elements
        for key in ("src", "href", "action", "data")
        if key in attributes
    ]
    assert references
    assert not [reference for reference in references if not str(reference).startswith("#")]
    assert "style" not in {key for _tag, attributes in page.elements for key in attributes}
    style = (TEMPLATES / "audit.css.j2").read_text()
    assert "url(" not in style
    assert "@import" not in style


def test_links_lead_to_places_of_the_page() -> None:
    page = Page(rendered(full_report("x")))
    places = [attributes["id"] for _tag, attributes in page.elements if "id" in attributes]
    assert len(places) == len(set(places))
    links = {str(attributes["href"])[1:] for tag, attributes in page.elements if tag == "a"}
    assert links - set(places) == set()


def test_long_lists_are_cut_and_say_so() -> None:
    page = Page(rendered(full_report("x", images=25)))
    assert page.text.count("5 more are in the table of all images.") == 2


def test_many_owners_are_added_up() -> None:
    images = [image(number, owner=f"project-{number:02}", size=number) for number in range(20)]
    about = {"cloud": "", "project_id": None, "project_name": None, "owner": None, "all_projects": True}
    page = Page(rendered({**about, **image_audit(images, "2026-06-30")}))
    owners = [attributes for tag, attributes in page.elements if tag == "tr" and attributes.get("data-group") == "owner"]
    assert len(owners) == 12
    assert (owners[-1]["data-images"], owners[-1]["data-size"]) == ("9", str(sum(range(9))))
    assert "9 others" in page.text


@pytest.mark.parametrize(
    ("about", "heading"),
    [
        ({"project_name": "web", "project_id": "1"}, "Images for the project web in paris"),
        ({"project_id": "1"}, "Images for the project 1 in paris"),
        ({"project_name": "web", "owner": "other"}, "Images for the project other in paris"),
        ({"project_name": "web", "all_projects": True}, "Images for all projects in paris"),
        ({}, "Images for this login in paris"),
        ({"project_name": "web", "cloud": ""}, "Images for the project web"),
    ],
)
def test_heading_names_project_and_cloud(about: Json, heading: str) -> None:
    nothing = {"cloud": "paris", "project_id": None, "project_name": None, "owner": None, "all_projects": False}
    page = rendered({**nothing, **about, **image_audit([], "2026-06-30")})
    assert f"<h1><bdi>{heading}</bdi></h1>" in page
    assert "Not read. Set" in page
    assert "Not compared. Set" in page
    assert "Not asked for. Set" in page
