# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The page of the playbook audit in Chromium: its numbers, its table, its keyboard, and that it loads nothing.

It needs Debian's package chromium, or another Chromium that GLANCE_CHROMIUM names, and a sandbox. With GLANCE_SCREENSHOTS,
a folder, the page is also kept there as pictures.
"""

from __future__ import annotations

import json
import os
import pathlib
import shutil
import subprocess
import typing as t

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

Json = dict[str, t.Any]

HERE = pathlib.Path(__file__).resolve().parent
# Where the columns of the table stand.
SIZE, AGE, OWNER = 4, 5, 8


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A folder with the page and the JSON file of a report on sixty images."""
    folder = tmp_path_factory.mktemp("audit")
    for playbook, variables in (
        (str(HERE / "images.yml"), {"folder": str(folder)}),
        (
            "cloudimage.glance.audit",
            {
                "audit_html_file": str(folder / "audit.html"),
                "audit_json_file": str(folder / "audit.json"),
                "image_retire_filters": {"name_pattern": "^image-1"},
                "image_retire_keep_newest": 2,
            },
        ),
    ):
        command = ["ansible-playbook", playbook, "-e", json.dumps(variables)]
        done = subprocess.run(command, env={**os.environ, "OS_CLOUD": "alice"}, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture(scope="module")
def report(folder: pathlib.Path) -> Json:
    return t.cast("Json", json.loads((folder / "audit.json").read_text()))


@pytest.fixture(scope="module")
def browser() -> t.Iterator[Browser]:
    program = os.environ.get("GLANCE_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        pytest.fail("Chromium is missing. Install Debian's package chromium, or set GLANCE_CHROMIUM to its path.")
    with sync_playwright() as playwright:
        # Chromium's own sandbox does not work for root, and the page is the project's own.
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"] if os.geteuid() == 0 else [])
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser, folder: pathlib.Path) -> t.Iterator[Page]:
    """The page, opened; the test fails if it asks for anything else, or if the browser complains."""
    context = browser.new_context(color_scheme="light", viewport={"width": 1280, "height": 900})
    page = context.new_page()
    requested: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("dialog", lambda dialog: complaints.append(dialog.message))
    address = (folder / "audit.html").as_uri()
    page.goto(address)
    yield page
    context.close()
    assert requested == [address]
    assert complaints == []


def texts(page: Page, column: int) -> list[str]:
    """What a column of the table of all images shows, row by row."""
    script = "column => Array.from(document.querySelectorAll('#images tbody tr'), row => row.cells[column].textContent)"
    return t.cast("list[str]", page.evaluate(script, column))


def ids(page: Page) -> list[str]:
    script = "() => Array.from(document.querySelectorAll('#images tbody tr'), row => row.id.slice('image-'.length))"
    return t.cast("list[str]", page.evaluate(script))


def sort_states(page: Page) -> list[str | None]:
    script = "() => Array.from(document.querySelectorAll('#images thead th'), cell => cell.getAttribute('aria-sort'))"
    return t.cast("list[str | None]", page.evaluate(script))


def test_numbers_of_the_page_are_those_of_the_json_file(page: Page, report: Json) -> None:
    shown = page.evaluate(
        "() => Object.fromEntries(Array.from(document.querySelectorAll('[data-number]'),"
        " each => [each.dataset.number, each.dataset.bytes ?? each.firstChild.textContent]))"
    )
    totals = {key: str(value) for key, value in report["totals"].items() if key != "extra_size"}
    assert shown == {**totals, "duplicate_names": str(len(report["duplicate_names"]))}
    assert report["totals"]["images"] == len(report["images"]) == 60
    assert report["totals"]["size"] > 0
    assert report["totals"]["extra_copies"] > 0


def test_charts_show_the_groups_of_the_json_file(page: Page, report: Json) -> None:
    shown = page.evaluate(
        "() => Array.from(document.querySelectorAll('[data-group]'), row => [row.dataset.group,"
        " row.cells[0].textContent, row.cells[1].textContent.trim(), row.dataset.size])"
    )
    missing = {"age": "unknown"}
    assert sorted(shown) == sorted(
        [key, group["value"] or missing.get(key, "none"), str(group["images"]), str(group["size"])]
        for key, groups in report["groups"].items()
        for group in groups
    )
    # The longest bar of each chart fills its place, and the others are as long as their share of it.
    bars = page.evaluate(
        "() => Array.from(document.querySelectorAll('[data-group=disk_format]'), row => ["
        " Number(row.dataset.images), row.querySelector('.count rect').getBoundingClientRect().width"
        " / row.querySelector('.count').getBoundingClientRect().width])"
    )
    most = max(images for images, _width in bars)
    assert [width for _images, width in bars] == pytest.approx([images / most for images, _width in bars], abs=0.02)


def test_findings_are_those_of_the_json_file(page: Page, report: Json) -> None:
    shown = page.evaluate(
        "() => Object.fromEntries(Array.from(document.querySelectorAll('[data-finding]'),"
        " each => [each.dataset.finding, Number(each.textContent)]))"
    )
    outcomes = [each["outcome"] for each in report["retire"]["outcomes"]]
    # Images without data do not count, and stay if they are newer.
    assert [each["reason"] for each in report["retire"]["outcomes"]].count("one of the newest 2") == 2
    assert shown == {
        **{key: len(report[key]) for key in ("duplicate_names", "duplicate_data", "protected", "hidden")},
        **{f"retire_{outcome}": outcomes.count(outcome) for outcome in set(outcomes)},
    }


def test_every_image_is_in_the_table_with_its_name(page: Page, report: Json) -> None:
    assert ids(page) == [row["id"] for row in report["images"]]
    names = page.evaluate("() => Array.from(document.querySelectorAll('#images tbody th bdi'), each => each.textContent)")
    assert names == [row["label"] for row in report["images"]]
    assert sum("<script>" in name for name in names) == 1
    assert "two\\nlines\\t\\u202egpj.exe" in names
    assert "{{ 7 * 7 }}" in names
    assert texts(page, AGE) == [str(row["age_days"]) for row in report["images"]]
    assert texts(page, OWNER) == [row["owner"] for row in report["images"]]


def test_names_are_not_taken_for_html(page: Page) -> None:
    assert page.title().startswith("Images for the project alpha in alice")
    for tag, number in (("script", 1), ("style", 1), ("img", 0)):
        assert page.locator(tag).count() == number


def test_table_is_sorted_with_the_keyboard(page: Page, report: Json) -> None:
    sizes = {row["id"]: row["size"] for row in report["images"]}
    assert sort_states(page) == ["ascending", *[None] * 8]
    page.locator("#images thead button").nth(SIZE - 1).focus()
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.textContent") == "Size"
    outline = page.evaluate("() => getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    for key, order in (("Enter", "ascending"), ("Space", "descending")):
        page.keyboard.press(key)
        assert sort_states(page) == [order if column == SIZE else None for column in range(9)]
        assert page.locator("#sorted").text_content() == f"Sorted by Size, {order}"
        found = [sizes[image_id] for image_id in ids(page)]
        known = [size for size in found if size is not None]
        assert known == sorted(known, reverse=order == "descending")
        # Images without data come last in both orders.
        assert found[len(known) :] == [None] * (len(found) - len(known))
        assert 0 < len(known) < len(found)


def test_whole_page_is_reached_with_the_keyboard(page: Page) -> None:
    """Links, the table, which can be scrolled, and each of its buttons, in the order in which they stand."""
    expected = page.evaluate("() => document.querySelectorAll('a[href], button, [tabindex]').length")
    reached = []
    for _number in range(expected):
        page.keyboard.press("Tab")
        reached.append(
            page.evaluate(
                "() => Array.from(document.querySelectorAll('a[href], button, [tabindex]')).indexOf(document.activeElement)"
            )
        )
    assert reached == list(range(expected))


def test_links_of_the_findings_lead_to_the_rows(page: Page) -> None:
    link = page.locator(".findings a").first
    link.click()
    target = page.evaluate("() => document.querySelector(':target').tagName")
    assert target == "TR"


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_page_is_never_wider_than_the_screen(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read_in_both_schemes(page: Page, scheme: t.Literal["light", "dark"]) -> None:
    """The contrast of each color of text is at least 4.5, as WCAG 2 wants it."""
    page.emulate_media(color_scheme=scheme)
    colors = page.evaluate(
        "() => ['body', '.quiet', 'a', 'code'].map(each => [getComputedStyle(document.querySelector(each)).color,"
        " getComputedStyle(document.body).backgroundColor])"
    )
    paper = luminance(colors[0][1])
    assert (paper > 0.5) == (scheme == "light")
    for text, _paper in colors:
        darker, lighter = sorted((luminance(text), paper))
        assert (lighter + 0.05) / (darker + 0.05) >= 4.5, text


def luminance(color: str) -> float:
    """The relative luminance of a color such as ``rgb(1, 2, 3)``, as WCAG 2 defines it."""
    parts = [int(part) / 255 for part in color.removeprefix("rgb(").removesuffix(")").split(",")]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_pictures_for_a_look(page: Page) -> None:
    """Light, dark, as wide as a phone, and printed."""
    target = os.environ.get("GLANCE_SCREENSHOTS")
    pictures = pathlib.Path(target) if target else None
    for name, scheme, width in (("light", "light", 1280), ("dark", "dark", 1280), ("phone", "light", 390)):
        page.emulate_media(color_scheme=t.cast("t.Literal['light', 'dark']", scheme))
        page.set_viewport_size({"width": width, "height": 900})
        picture = page.screenshot(full_page=True)
        assert len(picture) > 10_000
        if pictures:
            (pictures / f"{name}.png").write_bytes(picture)
    printed = page.pdf(format="A4")
    assert printed.startswith(b"%PDF")
    if pictures:
        (pictures / "print.pdf").write_bytes(printed)
