# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""A file behind a URL, as the source of an image's data; and the lists of checksums that publishers offer beside it."""

from __future__ import annotations

import contextlib
import dataclasses
import re
import typing as t
import urllib.parse

from .._client.openstack_config import APP_NAME
from .._errors import InvalidInput
from .._glance.checksums import Checksum, ChecksumList, file_name, find_in_list
from .._glance.responses import IDENTITY, content_encoding, server_name
from .._url_redaction import redacted_url, without_queries
from .blocks import BLOCK, Blocks
from .errors import BrokenSource, OutOfTime, WrongSource
from .polling import Deadline

with contextlib.suppress(ImportError):  # _client.openstack_config reports it before anything here is called
    import requests
    import urllib3

# The longest list of checksums that is read (bytes).
MAX_LIST = 10_000_000
# The servers' answers after which another attempt may succeed.
TRANSIENT_ANSWERS = frozenset({429, 500, 502, 503, 504})
# Content-Encoding that some servers give for a file that is compressed itself, by the end of its name.
ENCODINGS = {"gzip": ".gz", "x-gzip": ".gz", "bzip2": ".bz2", "x-bzip2": ".bz2", "xz": ".xz", "x-xz": ".xz", "zstd": ".zst"}
# A compressed file must not be compressed once more, and a checksum is that of the file itself.
_HEADERS = {"User-Agent": APP_NAME, "Accept-Encoding": IDENTITY}


def check_url(url: str, option: str) -> str:
    """The URL as it is sent, with all that is not ASCII encoded. The error does not repeat the URL: it may hold a secret."""
    try:
        prepared = requests.Request("GET", url).prepare().url or ""
        parts = urllib.parse.urlsplit(prepared)
        valid = parts.scheme in ("http", "https") and ".." not in (parts.hostname or "..") and not re.search(r"\s", url)
    except (requests.RequestException, ValueError):
        valid = False
    if not valid:
        raise InvalidInput(
            f"{option}: what was given is no URL of a file that can be downloaded. Allowed are http and https, such as"
            " 'https://example.com/disk.qcow2'."
        )
    return prepared


@dataclasses.dataclass(frozen=True)
class UrlSource:
    """A file that this host downloads.

    :param timeout: how long the server may send nothing (s).
    :param wait: how long reading all of it may take (s); null for no limit.
    :param is_verified: whether the task has a checksum of it.
    """

    url: str
    timeout: float
    wait: float | None = None
    is_verified: bool = False
    option: str = "url"
    size: None = None

    @property
    def label(self) -> str:
        return redacted_url(self.url)

    def read(self) -> Blocks:
        deadline = Deadline(self.wait)
        with _opened(self.url, self.timeout, self.option) as answer:
            if not self.is_verified:
                _check_stays_secure(answer, self.url, "url: ", "Give a 'checksum', by which changed data are noticed, or")
            encoding = self._foreign_encoding(answer)
            if encoding:
                raise WrongSource(
                    f"url: {self.label} arrives with 'Content-Encoding: {encoding}', although the request says"
                    f" 'Accept-Encoding: {IDENTITY}': the server, or {server_name(answer.headers)} in front of it,"
                    " compresses the data. Switch that off there for this file, or give another 'url'."
                )
            for block in self._blocks_of(answer):
                if deadline.passed:
                    raise OutOfTime(
                        f"url: {self.label} was not read to its end within {self.wait} s, the 'wait_timeout'. Give it a"
                        " longer one."
                    )
                yield block

    def _blocks_of(self, answer: requests.Response) -> Blocks:
        """The body of an answer; yields the last block only once all bytes that the server announced have come."""
        length = answer.headers.get("Content-Length")
        left = int(length) if length and length.isdigit() else None
        last = b""
        while block := _read_block(answer, self.label):
            if left is not None:
                left -= len(block)
            if last:
                yield last
            last = block
        if left:
            raise BrokenSource(f"url: {self.label} broke off {left} bytes before its end.")
        if last:
            yield last

    def published_size(self) -> int | None:
        """The size (bytes) that the server says the file has; null if it does not say."""
        try:
            answer = requests.head(self.url, timeout=self.timeout, allow_redirects=True, headers=_HEADERS)
        except requests.RequestException:
            return None
        length = answer.headers.get("Content-Length", "")
        is_size = answer.status_code == 200 and length.isdigit() and not self._foreign_encoding(answer)
        # Programs that make a file while they send it announce 0 bytes. A file that is empty is an error elsewhere.
        return int(length) or None if is_size else None

    def _foreign_encoding(self, answer: requests.Response) -> str | None:
        """The encoding of an answer whose bytes are not those of the file; null if they are.

        Some servers give the compression of a file as its encoding, and send the file unchanged, with its length. Data that
        the server compresses while it sends them have no length.
        """
        encoding = content_encoding(answer.headers)
        suffix = ENCODINGS.get(encoding or "")
        is_own = suffix and file_name(self.url).lower().endswith(suffix) and "Content-Length" in answer.headers
        return None if is_own else encoding


@contextlib.contextmanager
def _opened(url: str, timeout: float, option: str) -> t.Iterator[requests.Response]:
    try:
        answer = requests.get(url, stream=True, timeout=timeout, headers=_HEADERS)
    except (requests.RequestException, ValueError) as error:
        raise BrokenSource(f"{option}: {redacted_url(url)} does not answer: {_reason(error)}.") from error
    with answer:
        if answer.status_code != 200:
            kind = BrokenSource if answer.status_code in TRANSIENT_ANSWERS else WrongSource
            raise kind(f"{option}: {redacted_url(url)} was answered HTTP {answer.status_code} {answer.reason}.")
        yield answer


def _check_stays_secure(answer: requests.Response, url: str, label: str, advice: str) -> None:
    """Refuse an answer that came without TLS though the URL demands it: anybody on the way can change such data."""
    if url.startswith("https:") and any(each.url.startswith("http:") for each in (*answer.history, answer)):
        raise WrongSource(
            f"{label}{redacted_url(url)} leads to {redacted_url(answer.url)}, by http and so without TLS. {advice} give the"
            " URL of a server that keeps to https."
        )


def _read_block(answer: requests.Response, label: str) -> bytes:
    block = b""
    try:
        while len(block) < BLOCK:
            piece = answer.raw.read(BLOCK - len(block), decode_content=False)
            if not piece:
                break
            block = block + piece if block else piece
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
        raise BrokenSource(f"url: {label} broke off: {without_queries(str(error))}.") from error
    return block


def _reason(error: Exception) -> str:
    """An error's text without URLs, the queries of which may be signatures; also those that a redirect leads to."""
    inner = getattr(error.args[0], "reason", None) if error.args else None
    return without_queries(str(inner or error))


def resolve_checksum(checksum: Checksum | ChecksumList | None, source: str, timeout: float) -> Checksum | None:
    """The checksum of the source; a list of checksums is downloaded.

    :param source: path or URL of the source, whose last part is its name in the list.
    """
    if not isinstance(checksum, ChecksumList):
        return checksum
    url = check_url(checksum.url, "checksum")
    try:
        with _opened(url, timeout, "checksum") as answer:
            _check_stays_secure(answer, url, "checksum: ", "Give the checksum itself, or")
            text = answer.raw.read(MAX_LIST, decode_content=True).decode("utf-8", "replace")
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise BrokenSource(f"checksum: {redacted_url(url)} broke off: {without_queries(str(error))}.") from error
    return find_in_list(text, checksum.algorithm, file_name(source), redacted_url(url))
