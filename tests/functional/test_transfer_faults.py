# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""Each fault at each place of a transfer leaves one verified image or none, one verified file or none.

With GLANCE_FAULTS=all those at the first and the last byte are tried too.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import http.client
import pathlib
import typing as t
import urllib.parse

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._timing import TIMING

from .cloud import FORMATS, Cloud, Outcome
from .glance_proxy import ALL, CUT, CUT_ANSWER, BodyFault, proxy
from .image_server import serving
from .timing import HANGS, timing_out_soon, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("impatient")]

DATA = hashlib.shake_256(b"an image").digest(10 * 1024 * 1024 + 12345)
PLACES = {"first": 0, "middle": len(DATA) // 2, "last": len(DATA) - 1}
# The request that the proxy disturbs, by kind of transfer: its method and the end of its path.
REQUESTS = {
    "upload": ("PUT", "/file"),
    "stage": ("PUT", "/stage"),
    "import": ("POST", "/import"),
    "download": ("GET", "/file"),
}
STATUSES = (401, 413, 429, 500, 503)


@dataclasses.dataclass(frozen=True)
class Case:
    """A fault of one kind of transfer.

    :param kind: what happens, for example ``cut``, or the HTTP status of the response.
    :param place: where in the data; ``-`` if the fault is not in the data.
    :param action: what the proxy does.
    :param times: ``once`` or ``always``.
    """

    transfer: str
    kind: str
    place: str
    action: t.Any
    times: str

    def __str__(self) -> str:
        return f"{self.transfer}-{self.kind}-{self.place}-{self.times}"


def faults_of(transfer: str) -> t.Iterator[tuple[str, str, t.Any]]:
    """Kind, place, and what the proxy does."""
    if transfer == "import":  # its body is not the data
        for status in STATUSES:
            yield str(status), "-", status
        yield "reset", "before", CUT
        yield "reset", "after", CUT_ANSWER
        return
    for place, at in PLACES.items():
        for how in ("cut", "stall", "corrupt"):
            yield how, place, BodyFault(how, at)
        if transfer != "download":
            for status in STATUSES:
                yield str(status), place, BodyFault("status", at, status)
    if transfer == "download":
        for status in STATUSES:
            yield str(status), "-", status
        yield "wrong length", "-", BodyFault("wrong length")
    else:
        yield "lost response", "-", CUT_ANSWER


# All of them take two minutes, so only the session ``faults`` tries the first and the last byte.
PLACES_TRIED = ("-", "before", "after", "middle", *(("first", "last") if ALL else ()))
TIMES = ("once", "always")


def cases_of(*transfers: str) -> list[Case]:
    return [
        Case(transfer, kind, place, action, times)
        for transfer in transfers
        for kind, place, action in faults_of(transfer)
        if place in PLACES_TRIED
        for times in TIMES
    ]


@pytest.fixture(autouse=True)
def no_release(monkeypatch: pytest.MonkeyPatch) -> None:
    """The cloud gets no time to notice that an upload has broken off: both ways end in a complete image or none."""
    monkeypatch.setattr(TIMING, "upload_release_timeout", 0.5)


@contextlib.contextmanager
def faulty_glance(alice: Cloud, case: Case) -> t.Iterator[str]:
    """The URL of a proxy that causes the fault."""
    method, end = REQUESTS[case.transfer]
    disturbed: list[str] = []

    def fault(asked: str, path: str, _count: int) -> t.Any:
        if asked != method or not path.endswith(end) or (case.times == "once" and disturbed):
            return None
        disturbed.append(path)
        return case.action

    stalls = stalled_requests(method, end, case.times) if case.kind == "stall" else nothing_stalls
    with proxy(alice.sandbox.glance_url, fault) as url, timing_out_soon(stalls):
        yield url


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


def check_images(alice: Cloud, name: str, *, failed: bool) -> None:
    """There is one active image with the data, or none after a failure."""
    images = alice.named(name)
    assert len(images) == (0 if failed else 1)
    for image in images:
        assert image["status"] == "active"
        assert image["os_hash_value"] == hashlib.sha512(DATA).hexdigest()


def check_message(case: Case, outcome: Outcome, words: dict[str, str]) -> None:
    """A failure says which fault there was."""
    if outcome.failed:
        assert words.get(case.kind, f"HTTP {case.kind}") in outcome.message


@pytest.mark.parametrize("case", cases_of("upload", "stage", "import"), ids=str)
def test_fault_leaves_a_verified_image_or_none(alice: Cloud, name: str, tmp_path: pathlib.Path, case: Case) -> None:
    (tmp_path / "disk").write_bytes(DATA)
    method: dict[str, t.Any] = {} if case.transfer == "upload" else {"import_method": "glance-direct"}
    with faulty_glance(alice, case) as url:
        outcome = alice.run(
            "image",
            name=name,
            path=str(tmp_path / "disk"),
            endpoint_override=url,
            wait_timeout=HANGS,
            **method,
            **FORMATS,
        )
    assert "Traceback" not in outcome.stdout
    check_images(alice, name, failed=outcome.failed)
    no_answer = dict.fromkeys(("cut", "stall", "reset"), "got no answer")
    check_message(case, outcome, {"corrupt": "arrive", **no_answer})


@pytest.mark.parametrize("case", cases_of("download"), ids=str)
def test_fault_leaves_a_verified_file_or_none(alice: Cloud, name: str, tmp_path: pathlib.Path, case: Case) -> None:
    alice.make(name, DATA)
    copy = tmp_path / "copy"
    with faulty_glance(alice, case) as url:
        outcome = alice.run("image_download", name=name, dest=str(copy), endpoint_override=url, wait_timeout=HANGS)
    assert "Traceback" not in outcome.stdout
    assert copy.exists() is not outcome.failed
    if not outcome.failed:
        assert copy.read_bytes() == DATA
    check_message(case, outcome, {"corrupt": "arrive", "cut": "broke off", "stall": "broke off"})


class LateUpload:
    """A proxy's fault: the first upload breaks off, and Glance begins to read it only when the second one arrives.

    It ends once the client asks how the image is.
    """

    def __init__(self, alice: Cloud) -> None:
        self._alice = alice
        self._uploads = 0
        self._late: list[http.client.HTTPConnection] = []

    def __call__(self, method: str, path: str, _count: int) -> int | None:
        if (method, path.rpartition("/")[2]) == ("PUT", "file"):
            self._uploads += 1
            if self._uploads == 1:
                return CUT
            if self._uploads == 2:
                self._begin_again(path)
        elif method == "GET" and self._late:
            self._late.pop().close()
        return None

    def _begin_again(self, path: str) -> None:
        connection = http.client.HTTPConnection(urllib.parse.urlsplit(self._alice.sandbox.glance_url).netloc)
        connection.putrequest("PUT", path)
        headers = {"X-Auth-Token": str(self._alice.session.get_token()), "Content-Type": "application/octet-stream"}
        for key, value in {**headers, "Content-Length": "1000"}.items():
            connection.putheader(key, value)
        connection.endheaders(b"some bytes")
        self._late.append(connection)
        image_id = path.split("/")[-2]
        wait_until(lambda: self._alice.show(image_id)["status"] == "saving")


@pytest.mark.parametrize("existed", [False, True], ids=["new", "replacement"])
def test_an_upload_that_the_cloud_notices_late_is_not_taken_for_another_runs(
    alice: Cloud, name: str, tmp_path: pathlib.Path, existed: bool
) -> None:
    (tmp_path / "disk").write_bytes(b"new data")
    if existed:
        alice.make(name, b"old data")
    with proxy(alice.sandbox.glance_url, LateUpload(alice)) as url:
        options = {"path": str(tmp_path / "disk"), "data_policy": "replace", **FORMATS}
        outcome = alice.run("image", name=name, endpoint_override=url, **options).succeeded()
    assert outcome.result["transfer"]["attempts"] == 3
    (image,) = alice.named(name)
    assert image["os_hash_value"] == hashlib.sha512(b"new data").hexdigest()


# ``long:7`` announces seven bytes more than it sends.
@pytest.mark.parametrize("fault", [*STATUSES, "cut:0", "cut:1000000", f"cut:{len(DATA) - 1}", "long:7", "stall:1000000"])
@pytest.mark.parametrize("times", TIMES)
def test_broken_source_leaves_a_verified_image_or_none(alice: Cloud, name: str, fault: t.Any, times: str) -> None:
    stalls = stalled_requests("GET", "/disk", times) if str(fault).startswith("stall") else nothing_stalls
    with serving() as web, timing_out_soon(stalls):
        web.files["/disk"] = DATA
        web.faults = [fault] * (1 if times == "once" else 100)
        outcome = alice.run("image", name=name, url=f"{web.url}/disk", transfer="stream", **FORMATS)
    check_images(alice, name, failed=outcome.failed)
    assert outcome.failed == (times == "always" or fault in (401, 413))
    if outcome.failed:
        assert f"{web.url}/disk" in outcome.message
