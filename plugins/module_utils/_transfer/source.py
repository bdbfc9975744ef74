# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""Where an image's data come from: a file or a URL, decompressed on the way if the task says so, and checked."""

from __future__ import annotations

import bz2
import contextlib
import dataclasses
import hashlib
import lzma
import os
import re
import stat
import typing as t
import urllib.parse
import zlib

from .._client.connection import APP_NAME
from .._errors import GlanceError, InvalidInput
from .._glance.checksums import Checksum, ChecksumList, file_name, find_in_list
from .._glance.responses import IDENTITY, content_encoding, server_name
from .._url_redaction import redacted_url, without_queries

with contextlib.suppress(ImportError):  # _session says so, before anything here is called
    import requests
    import urllib3

zstandard: t.Any
try:
    import zstandard
except ImportError:
    zstandard = None  # only what is compressed with it needs it

# Of an upload of unknown size each block is a chunk. uWSGI takes at most 1 MiB a chunk, its framing included.
BLOCK = 256 * 1024
# No more of a compressed source than this is decompressed at once. A block of zstd, at most 128 KiB of data, takes no less
# than four bytes (RFC 8878, 3.1.1.2), so what comes of it stays below 16 MiB.
ZSTD_STEP = 512
MAX_LIST = 10_000_000

SUFFIXES = {".gz": "gz", ".bz2": "bz2", ".xz": "xz", ".zst": "zst"}
# Content-Encoding that some servers give for a file that is compressed itself, by the end of its name.
ENCODINGS = {"gzip": ".gz", "x-gzip": ".gz", "bzip2": ".bz2", "x-bzip2": ".bz2", "xz": ".xz", "x-xz": ".xz", "zstd": ".zst"}

Blocks = t.Iterator[bytes]


class BrokenSource(GlanceError):
    """The source broke off or did not answer; opened again it may be whole."""


class WrongSource(GlanceError):
    """The source is not what the task says it is."""


class Source(t.Protocol):
    """Bytes that can be read from the first one on, as often as needed."""

    @property
    def shown(self) -> str:
        """What a result or an error calls it, without secrets."""

    @property
    def option(self) -> str:
        """The option of the task that names it."""

    @property
    def size(self) -> int | None:
        """Size (bytes), if it is known without opening it."""

    def read(self) -> Blocks:
        """All of it, in blocks; the last one is handed out only once it is known to be the last."""


@dataclasses.dataclass(frozen=True)
class FileSource:
    """A file on the host that runs the task."""

    path: str
    size: int
    option: str = "path"

    @property
    def shown(self) -> str:
        return self.path

    def read(self) -> Blocks:
        left = self.size
        try:
            with open(self.path, "rb", buffering=0) as file:
                while left:
                    block = file.read(min(BLOCK, left))
                    if not block:
                        raise WrongSource(f"path: {self.path} became shorter while it was being read.")
                    left -= len(block)
                    # Asked before the last block leaves: without it Glance does not take the data for whole.
                    if not left and file.read(1):
                        raise WrongSource(f"path: {self.path} became longer while it was being read.")
                    yield block
        except OSError as error:  # to urllib3 it would look like a broken connection to the cloud
            raise BrokenSource(f"path: {self.path} cannot be read: {error.strerror}.") from error


def file_source(path: str) -> FileSource:
    """The file that a task names as source, which must be one that can be sent."""
    try:
        status = os.stat(path)
        if stat.S_ISDIR(status.st_mode):
            raise InvalidInput(f"path: {path} is a directory; an image's data come from one file.")
        if not stat.S_ISREG(status.st_mode):
            raise InvalidInput(f"path: {path} is not a regular file.")
        with open(path, "rb"):
            pass
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise InvalidInput(f"path: {path!r} cannot be read on the host that runs the task: {reason}.") from error
    if status.st_size == 0:
        raise InvalidInput(f"path: {path} is empty. Glance would make an active image of it that cannot boot.")
    return FileSource(path, status.st_size)


def check_url(url: str, option: str) -> str:
    """The URL as it is sent, with all that is not ASCII encoded. What is refused is not repeated: it may hold a secret."""
    try:
        prepared = requests.Request("GET", url).prepare().url or ""
        parts = urllib.parse.urlsplit(prepared)
        valid = parts.scheme in ("http", "https") and ".." not in (parts.hostname or "..") and not re.search(r"\s", url)
    except (requests.RequestException, ValueError):
        valid = False
    if not valid:
        raise InvalidInput(f"{option}: what was given is no URL of a file, such as 'https://example.com/disk.qcow2'.")
    return prepared


@dataclasses.dataclass(frozen=True)
class UrlSource:
    """A file that the host that runs the task downloads.

    :param timeout: how long the server may say nothing (s).
    """

    url: str
    timeout: float
    option: str = "url"
    size: None = None

    @property
    def shown(self) -> str:
        return redacted_url(self.url)

    def read(self) -> Blocks:
        with _opened(self.url, self.timeout, self.option) as answer:
            encoding = self._foreign_encoding(answer)
            if encoding:
                raise WrongSource(
                    f"url: {self.shown} arrives with 'Content-Encoding: {encoding}', although the request says"
                    f" 'Accept-Encoding: {IDENTITY}': the server, or {server_name(answer.headers)} in front of it,"
                    " compresses the data. Switch that off there for this file, or give another 'url'."
                )
            length = answer.headers.get("Content-Length")
            left = int(length) if length and length.isdigit() else None
            last = b""
            while True:
                block = _read_block(answer, self.shown)
                if left is not None:
                    left -= len(block)
                if not block:
                    break
                if last:
                    yield last
                last = block
            if left:
                raise BrokenSource(f"url: {self.shown} broke off {left} bytes before its end.")
            if last:
                yield last

    def published_size(self) -> int | None:
        """The size (bytes) that the server says the file has, if it does."""
        try:
            answer = requests.head(self.url, timeout=self.timeout, allow_redirects=True, headers=_HEADERS)
        except requests.RequestException:
            return None
        length = answer.headers.get("Content-Length", "")
        is_size = answer.status_code == 200 and length.isdigit() and not self._foreign_encoding(answer)
        return int(length) if is_size else None

    def _foreign_encoding(self, answer: requests.Response) -> str | None:
        """How a server encodes what it sends, if the bytes that arrive are not those of the file.

        Some servers give the compression of a file as its encoding, and send the file unchanged, with its length. DataSpec
        that are compressed on the way have no length.
        """
        encoding = content_encoding(answer.headers)
        suffix = ENCODINGS.get(encoding or "")
        is_own = suffix and file_name(self.url).lower().endswith(suffix) and "Content-Length" in answer.headers
        return None if is_own else encoding


# What is compressed is not to be packed once more, and a checksum is that of the file itself.
_HEADERS = {"User-Agent": APP_NAME, "Accept-Encoding": IDENTITY}


@contextlib.contextmanager
def _opened(url: str, timeout: float, option: str) -> t.Iterator[requests.Response]:
    try:
        answer = requests.get(url, stream=True, timeout=timeout, headers=_HEADERS)
    except (requests.RequestException, ValueError) as error:
        raise BrokenSource(f"{option}: {redacted_url(url)} does not answer: {_reason(error)}.") from error
    with answer:
        if answer.status_code != 200:
            kind = BrokenSource if answer.status_code in (429, 500, 502, 503, 504) else WrongSource
            raise kind(f"{option}: {redacted_url(url)} was answered HTTP {answer.status_code} {answer.reason}.")
        yield answer


def _read_block(answer: requests.Response, shown: str) -> bytes:
    block = b""
    try:
        while len(block) < BLOCK:
            piece = answer.raw.read(BLOCK - len(block), decode_content=False)
            if not piece:
                break
            block = block + piece if block else piece
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
        raise BrokenSource(f"url: {shown} broke off: {without_queries(str(error))}.") from error
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
            text = answer.raw.read(MAX_LIST, decode_content=True).decode("utf-8", "replace")
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise BrokenSource(f"checksum: {redacted_url(url)} broke off: {without_queries(str(error))}.") from error
    return find_in_list(text, checksum.algorithm, file_name(source), redacted_url(url))


def compression_of(option: str, source: str) -> str | None:
    """How a source is compressed: as the option ``decompress`` says, which with ``auto`` goes by the name's end."""
    kind = option if option != "none" else None
    if option == "auto":
        kind = next((kind for suffix, kind in SUFFIXES.items() if file_name(source).lower().endswith(suffix)), None)
    if kind == "zst" and zstandard is None:
        raise InvalidInput(
            "decompress: zst needs the Python library zstandard on the host that runs the task ('pip install zstandard')."
        )
    return kind


def decompressed(blocks: Blocks, kind: str, shown: str) -> Blocks:
    """What a compressed source holds; several compressed streams, one behind the other, are one."""
    damages = (zlib.error, lzma.LZMAError, OSError, ValueError, EOFError, *((zstandard.ZstdError,) if zstandard else ()))
    try:
        yield from _decompressed(blocks, kind, shown)
    except damages as error:
        raise WrongSource(f"decompress: {shown} is no {kind} file, or is damaged: {error}.") from error


def _decompressed(blocks: Blocks, kind: str, shown: str) -> Blocks:
    stream: t.Any = None
    for block in blocks:
        data = block
        while data:
            if stream is None or stream.eof:
                if stream is not None:
                    data = data.lstrip(b"\0")  # padding, which gzip and xz allow behind the end
                    if not data:
                        break
                stream = _new_stream(kind)
            data = yield from _steps(stream, kind, data)
    if stream is None or not stream.eof:
        raise WrongSource(f"decompress: {shown} ends too early: the {kind} data in it are not whole.")


def _new_stream(kind: str) -> t.Any:
    if kind == "gz":
        return zlib.decompressobj(wbits=31)
    if kind == "bz2":
        return bz2.BZ2Decompressor()
    if kind == "xz":
        return lzma.LZMADecompressor()
    return zstandard.ZstdDecompressor().decompressobj()


def _steps(stream: t.Any, kind: str, data: bytes) -> t.Generator[bytes, None, bytes]:
    """Decompress a block in steps of bounded size, as zeros can be packed a thousandfold; returns what is behind the end."""
    if kind == "zst":
        end = 0
        while end < len(data) and not stream.eof:
            start, end = end, end + ZSTD_STEP
            if piece := stream.decompress(data[start:end]):
                yield piece
        return bytes(stream.unused_data) + data[end:] if stream.eof else b""
    while not stream.eof:
        piece = stream.decompress(data, BLOCK)
        if piece:
            yield piece
        data = stream.unconsumed_tail if kind == "gz" else b""
        # zlib may keep back a little if the piece was as long as it may be.
        if (not data and len(piece) < BLOCK) if kind == "gz" else stream.needs_input:
            break
    return bytes(stream.unused_data)


def rechunk(pieces: Blocks) -> Blocks:
    """The same bytes in blocks of BLOCK bytes; the last one, which may be shorter, comes once the pieces have ended."""
    waiting = bytearray()
    for piece in pieces:
        for start in range(0, len(piece), BLOCK):
            waiting += piece[start : start + BLOCK]
            if len(waiting) > BLOCK:
                yield bytes(waiting[:BLOCK])
                del waiting[:BLOCK]
    if waiting:
        yield bytes(waiting)


@dataclasses.dataclass(frozen=True)
class SourceContent:
    """The bytes that an image is to have.

    :param checksum: hash of the source, as it is downloaded or read.
    :param compression: how the source is compressed: gz, bz2, xz or zst; null for not at all.
    """

    source: Source
    checksum: Checksum | None = None
    compression: str | None = None

    @property
    def size(self) -> int | None:
        """Size of the image (bytes), if it is known beforehand."""
        return None if self.compression else self.source.size

    @property
    def image_hash(self) -> Checksum | None:
        """Hash of the image, if the task gives it."""
        return None if self.compression else self.checksum

    def read(self) -> Blocks:
        """The image's bytes; what would make them whole is handed out only once the source has proved right."""
        blocks = self._checked(self.checksum) if self.checksum else self.source.read()
        if self.compression:
            blocks = rechunk(decompressed(blocks, self.compression, self.source.shown))
        empty = True
        for block in blocks:
            empty = False
            yield block
        if empty:
            raise WrongSource(
                f"{self.source.option}: there is nothing in {self.source.shown}."
                " Glance would make an active image of it that cannot boot."
            )

    def _checked(self, checksum: Checksum) -> Blocks:
        digest = new_hash(checksum.algorithm)
        last = b""
        for block in self.source.read():
            if last:
                yield last
            digest.update(block)
            last = block
        if digest.hexdigest() != checksum.value:
            raise WrongSource(
                f"checksum: {self.source.shown} has the {checksum.algorithm} {digest.hexdigest()},"
                f" not {checksum.value} as the task says."
            )
        if last:
            yield last


def new_hash(algorithm: str) -> hashlib._Hash:
    try:
        return hashlib.new(algorithm, usedforsecurity=False)
    except ValueError as error:
        raise GlanceError(f"This host's Python cannot compute the hash '{algorithm}' that the cloud uses.") from error
