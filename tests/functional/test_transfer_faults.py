# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""Each fault at each place of a transfer: in every case there is one verified image or none, a right file or none.

With GLANCE_FAULTS=all those at the first and the last byte are tried too, and what comes of it is written to docs/faults.md.
"""

from __future__ import annotations

import hashlib
import pathlib
import re
import typing as t

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._timing import TIMING

from .conftest import FORMATS, Cloud, Outcome
from .faults import ALL, CUT, CUT_ANSWER, Fault, Spoil, proxy
from .timing import HANGS, timing_out_soon
from .web import serving

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("impatient")]

DATA = hashlib.shake_256(b"an image").digest(10 * 1024 * 1024 + 12345)
PLACES = {"first": 0, "middle": len(DATA) // 2, "last": len(DATA) - 1}
# The end of the path of the request that is spoilt, by what is done.
TARGETS = {
    "upload": ("PUT", "/file"),
    "stage": ("PUT", "/stage"),
    "import": ("POST", "/import"),
    "download": ("GET", "/file"),
}
STATUSES = (401, 413, 429, 500, 503)


def spoils(target: str) -> t.Iterator[tuple[str, str, t.Any]]:
    """Name of a fault, place, and what the proxy does."""
    if target == "import":  # its body is not the data
        for status in STATUSES:
            yield str(status), "-", status
        yield "reset", "before", CUT
        yield "reset", "after", CUT_ANSWER
        return
    for place, at in PLACES.items():
        for how in ("cut", "stall", "corrupt"):
            yield how, place, Spoil(how, at)
        if target != "download":
            for status in STATUSES:
                yield str(status), place, Spoil("status", at, status)
    if target == "download":
        for status in STATUSES:
            yield str(status), "-", status
        yield "lying length", "-", Spoil("lie")
    else:
        yield "lost answer", "-", CUT_ANSWER


# All of them take two minutes; what is at the first and at the last byte is for the session of its own.
PLACES_TRIED = ("-", "before", "after", "middle", *(("first", "last") if ALL else ()))
TIMES = ("once", "always")
DOCUMENT = pathlib.Path(__file__).resolve().parents[2] / "docs" / "faults.md"
HEAD = [
    "<!--",
    *(line.removeprefix("# ") for line in pathlib.Path(__file__).read_text().splitlines()[:4]),
    "-->",
    "",
    "# What comes of each fault of a transfer",
    "",
    "Written by `nox -s faults`. A small proxy between module and Glance, or the server that a URL is of, does what the",
    "second column says, at the first byte, in the middle or at the last byte; the first time only, or each time. In every",
    "case there is one image afterwards, whole and verified, or none, and one right file or none.",
    "",
    "- `401` to `503`: that is the answer. `cut`: the connection ends. `stall`: nothing moves any more. `corrupt`: one",
    "  byte arrives changed. `lost answer`, `reset after`: the request is carried out and its answer lost. `lying length`,",
    "  `long`: more bytes are announced than come.",
    "- An upload that stalls at its end cannot be told from a store that is slow; here a stalled request timed out early.",
    "",
    "| Transfer | Fault | At | First time only | Each time |",
    "|---|---|---|---|---|",
]
CASES = [
    pytest.param(target, fault, place, spoil, times, id=f"{target}-{fault}-{place}-{times}")
    for target in TARGETS
    for fault, place, spoil in spoils(target)
    if place in PLACES_TRIED
    for times in TIMES
]

# What came of each transfer, fault and place: once, and each time.
TABLE: dict[tuple[str, str, str], dict[str, str]] = {}


@pytest.fixture(autouse=True)
def no_release(monkeypatch: pytest.MonkeyPatch) -> None:
    """The cloud gets no time to notice that an upload has broken off: both ways end in a complete image or none."""
    monkeypatch.setattr(TIMING, "upload_release_timeout", 0.5)


@pytest.fixture(scope="module", autouse=True)
def table() -> t.Iterator[None]:
    yield
    if ALL:
        DOCUMENT.write_text(document())


def document() -> str:
    """docs/faults.md, from what has come of each fault."""
    rows = [f"| {' | '.join(key)} | {' | '.join(cells[times] for times in TIMES)} |" for key, cells in TABLE.items()]
    return "\n".join([*HEAD, *rows]) + "\n"


def fault_for(target: str, spoil: t.Any, times: str) -> Fault:
    method, end = TARGETS[target]
    spoilt: list[str] = []

    def fault(asked: str, path: str, _count: int) -> t.Any:
        if asked != method or not path.endswith(end) or (times == "once" and spoilt):
            return None
        spoilt.append(path)
        return spoil

    return fault


def nothing_stalls(_method: str, _url: str) -> bool:
    return False


def stalled_requests(method: str, end: str, times: str) -> t.Callable[[str, str], bool]:
    """Which requests of a client get no further: the first of its kind, or all of them."""
    seen: list[str] = []

    def is_stalled(asked: str, url: str) -> bool:
        if asked.upper() != method or not url.endswith(end):
            return False
        seen.append(url)
        return times == "always" or len(seen) == 1

    return is_stalled


def record(target: str, fault: str, place: str, times: str, outcome: Outcome) -> None:
    if outcome.failed:
        message = str(outcome.result["msg"]).removeprefix("url: ")
        message = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "ID", message)
        message = re.sub(r"http://127.0.0.1:\d+", "http://host", message)
        said = f"nothing; *{re.split(r'(?<=[a-z])[.:;] |: a fault', message, maxsplit=1)[0]}*"
    else:
        attempts = (outcome.result.get("transfer") or {}).get("attempts")
        said = "whole, at once" if attempts == 1 else f"whole, {attempts} attempts"
    TABLE.setdefault((target, fault, place), {})[times] = said.replace("|", "\\|")


@pytest.mark.parametrize(("target", "fault", "place", "spoil", "times"), CASES)
def test_fault_leaves_verified_data_or_none(
    alice: Cloud, name: str, tmp_path: pathlib.Path, target: str, fault: str, place: str, spoil: t.Any, times: str
) -> None:
    (tmp_path / "disk").write_bytes(DATA)
    stalls = stalled_requests(*TARGETS[target], times) if fault == "stall" else nothing_stalls
    with proxy(alice.sandbox.glance_url, fault_for(target, spoil, times)) as url, timing_out_soon(stalls):
        options: dict[str, t.Any] = {"name": name, "endpoint_override": url, "wait_timeout": HANGS}
        if target == "download":
            alice.make(name, DATA)
            outcome = alice.run("image_download", dest=str(tmp_path / "copy"), **options)
        else:
            if target != "upload":
                options["import_method"] = "glance-direct"
            outcome = alice.run("image", path=str(tmp_path / "disk"), **options, **FORMATS)
    record(target, fault, place, times, outcome)
    assert "Traceback" not in outcome.stdout
    if target == "download":
        there = (tmp_path / "copy").exists()
        assert there is not outcome.failed
        if there:
            assert (tmp_path / "copy").read_bytes() == DATA
    else:
        images = alice.named(name)
        assert len(images) == (0 if outcome.failed else 1)
        for image in images:
            assert image["status"] == "active"
            assert image["os_hash_value"] == hashlib.sha512(DATA).hexdigest()
    if outcome.failed:
        words = {"corrupt": "arrive", "cut": "got no answer", "stall": "got no answer", "reset": "got no answer"}
        if target == "download":
            words.update(cut="broke off", stall="broke off")
        assert words.get(fault, f"HTTP {fault}") in outcome.message


@pytest.mark.parametrize("fault", [*STATUSES, "cut:0", "cut:1000000", f"cut:{len(DATA) - 1}", "long:7", "stall:1000000"])
@pytest.mark.parametrize("times", TIMES)
def test_broken_source_leaves_verified_data_or_none(alice: Cloud, name: str, fault: t.Any, times: str) -> None:
    kind, _colon, at = str(fault).partition(":")
    stalls = stalled_requests("GET", "/disk", times) if kind == "stall" else nothing_stalls
    with serving() as web, timing_out_soon(stalls):
        web.files["/disk"] = DATA
        web.faults = [fault] * (1 if times == "once" else 100)
        outcome = alice.run("image", name=name, url=f"{web.url}/disk", transfer="stream", **FORMATS)
    record("url", kind, f"byte {at}" if kind in ("cut", "stall") else "-", times, outcome)
    images = alice.named(name)
    assert len(images) == (0 if outcome.failed else 1)
    for image in images:
        assert image["os_hash_value"] == hashlib.sha512(DATA).hexdigest()
    assert outcome.failed == (times == "always" or fault in (401, 413))
    if outcome.failed:
        assert f"{web.url}/disk" in outcome.message
