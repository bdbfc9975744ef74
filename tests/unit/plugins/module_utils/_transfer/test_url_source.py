# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

import io
import typing as t

import pytest
import requests
import urllib3
from ansible_collections.cloudimage.glance.plugins.module_utils._errors import InvalidInput
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.checksums import Checksum, ChecksumList
from ansible_collections.cloudimage.glance.plugins.module_utils._transfer.blocks import BLOCK
from ansible_collections.cloudimage.glance.plugins.module_utils._transfer.errors import BrokenSource, OutOfTime, WrongSource
from ansible_collections.cloudimage.glance.plugins.module_utils._transfer.url_source import (
    UrlSource,
    check_url,
    resolve_checksum,
)
from ansible_collections.cloudimage.glance.plugins.module_utils._url_redaction import secrets_in_url, secrets_in_urls

if t.TYPE_CHECKING:
    from ansible_collections.cloudimage.glance.tests.unit.plugins.module_utils.conftest import Clock

URL = "https://host/disk.raw"
DATA = bytes(range(256)) * (BLOCK // 100)


class Server:
    """Answers each request of this process with one status, body and headers."""

    def __init__(self, body: bytes = DATA, status: int = 200, headers: dict[str, str] | None = None) -> None:
        self.body = body
        self.status = status
        self.headers = headers or {}

    def send(self, request: requests.PreparedRequest, **_options: t.Any) -> requests.Response:
        answer = requests.Response()
        answer.status_code, answer.reason, answer.url = self.status, "said so", str(request.url)
        answer.headers.update(self.headers)
        answer.request = request
        # No enforcement of the length: the source has to notice itself that data are missing.
        answer.raw = urllib3.HTTPResponse(io.BytesIO(self.body), preload_content=False, enforce_content_length=False)
        return answer


@pytest.fixture
def answer_with(monkeypatch: pytest.MonkeyPatch) -> t.Callable[[Server], None]:
    return lambda server: monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", server.send)


Answer = t.Callable[[Server], None]


@pytest.mark.parametrize("url", ["http:/u:pw@host/x", "u:pw@host/x", "ftp://u:p@h/pw"])
def test_the_error_of_a_rejected_url_does_not_show_it(url: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        check_url(url, "url")
    assert "pw" not in caught.value.message


@pytest.mark.parametrize("url", ["http:/u:pw@host/x", "u:pw@host/x", "http://u:1#s@h/x", "ftp://u:p@h/x"])
def test_a_url_that_may_hold_a_password_is_a_secret(url: str) -> None:
    assert url in secrets_in_url(url)
    assert url in secrets_in_urls([url], "url")


@pytest.mark.parametrize("url", ["http://a..b/x", "http://*.x/x", "http://host:99999/x", "http:///x", "http://host/a b", ""])
def test_an_invalid_url_is_rejected(url: str) -> None:
    with pytest.raises(InvalidInput, match="is no URL of a file"):
        check_url(url, "url")


def test_a_url_is_sent_as_ascii() -> None:
    assert check_url("http://host/ü%20b.raw", "url") == "http://host/%C3%BC%20b.raw"


@pytest.mark.parametrize("headers", [{}, {"Content-Length": str(len(DATA))}])
def test_a_body_is_read_in_blocks(answer_with: Answer, headers: dict[str, str]) -> None:
    answer_with(Server(headers=headers))
    blocks = list(UrlSource(URL, 9.0).read())
    assert b"".join(blocks) == DATA
    assert [len(block) for block in blocks] == [BLOCK, BLOCK, len(DATA) - 2 * BLOCK]


def test_a_body_that_is_cut_off_is_never_read_to_its_end(answer_with: Answer) -> None:
    answer_with(Server(DATA[:-9], headers={"Content-Length": str(len(DATA))}))
    data = b""
    with pytest.raises(BrokenSource, match="broke off 9 bytes before its end"):
        for block in UrlSource(URL, 9.0).read():
            data += block
    assert len(data) < len(DATA) - 9


@pytest.mark.parametrize(
    ("status", "kind"), [(404, WrongSource), (403, WrongSource), (503, BrokenSource), (429, BrokenSource)]
)
def test_a_refusal_that_may_pass_is_a_broken_source(answer_with: Answer, status: int, kind: type[Exception]) -> None:
    answer_with(Server(status=status))
    with pytest.raises(kind, match=f"was answered HTTP {status}"):
        next(UrlSource(URL, 9.0).read())


def test_data_that_the_server_compresses_are_rejected(answer_with: Answer) -> None:
    answer_with(Server(headers={"Content-Encoding": "gzip", "Server": "nginx"}))
    with pytest.raises(WrongSource, match="'Content-Encoding: gzip'"):
        next(UrlSource(URL, 9.0).read())


def test_the_compression_of_the_file_itself_may_be_given_as_its_encoding(answer_with: Answer) -> None:
    answer_with(Server(headers={"Content-Encoding": "gzip", "Content-Length": str(len(DATA))}))
    assert b"".join(UrlSource(f"{URL}.gz", 9.0).read()) == DATA


@pytest.mark.parametrize(
    ("server", "size"),
    [
        (Server(headers={"Content-Length": "7"}), 7),
        (Server(), None),
        (Server(headers={"Content-Length": "seven"}), None),
        (Server(headers={"Content-Length": "0"}), None),
        (Server(headers={"Content-Length": "7", "Content-Encoding": "gzip"}), None),
        (Server(status=404, headers={"Content-Length": "7"}), None),
    ],
)
def test_the_published_size_is_that_of_the_file(answer_with: Answer, server: Server, size: int | None) -> None:
    answer_with(server)
    assert UrlSource(URL, 9.0).published_size() == size


def test_the_checksum_is_found_in_a_published_list(answer_with: Answer) -> None:
    answer_with(Server(f"{'a' * 64}  other.raw\n{'b' * 64}  disk.raw\n".encode()))
    found = resolve_checksum(ChecksumList("sha256", "https://host/SHA256SUMS"), URL, 9.0)
    assert found == Checksum("sha256", "b" * 64)


class Redirecting(Server):
    """Answers for https with a redirect to http."""

    def send(self, request: requests.PreparedRequest, **options: t.Any) -> requests.Response:
        answer = super().send(request, **options)
        if str(request.url).startswith("https:"):
            answer.status_code = 302
            answer.headers["Location"] = "http://mirror/disk.raw?token=x"
        return answer


def test_a_redirect_from_https_to_http_is_refused(answer_with: Answer) -> None:
    answer_with(Redirecting(f"{'b' * 64}  disk.raw\n".encode()))
    with pytest.raises(WrongSource, match="leads to http://mirror/disk.raw.* Give a 'checksum'") as caught:
        list(UrlSource(URL, 9.0).read())
    assert "token" not in caught.value.message
    with pytest.raises(WrongSource, match="checksum: https://host/SUMS leads to http.* Give the checksum itself"):
        resolve_checksum(ChecksumList("sha256", "https://host/SUMS"), URL, 9.0)


def test_data_with_a_checksum_may_come_by_http(answer_with: Answer) -> None:
    answer_with(Redirecting())
    assert b"".join(UrlSource(URL, 9.0, is_verified=True).read()) == DATA
    answer_with(Server())
    assert b"".join(UrlSource("http://host/disk.raw", 9.0).read()) == DATA


def test_reading_ends_with_the_time_of_the_task(answer_with: Answer, clock: Clock) -> None:
    answer_with(Server())
    blocks = UrlSource(URL, 9.0, wait=5.0).read()
    next(blocks)
    clock.now = 5.0
    with pytest.raises(OutOfTime, match="was not read to its end within 5.0 s"):
        next(blocks)


def test_a_checksum_that_the_task_gives_needs_no_request() -> None:
    checksum = Checksum("sha256", "b" * 64)
    assert resolve_checksum(checksum, URL, 9.0) is checksum
