# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""Decompressing a source while it is read, in steps of bounded size."""

from __future__ import annotations

import bz2
import functools
import itertools
import lzma
import typing as t
import zlib

from .._errors import InvalidInput
from .._glance.checksums import file_name
from .blocks import BLOCK, Blocks
from .errors import WrongSource

# No more of a compressed source than this is decompressed at once. A block of zstd, at most 128 KiB of data, takes no less
# than four bytes (RFC 8878, 3.1.1.2), so the result stays below 16 MiB.
ZSTD_STEP = 512
# RFC 1952, 2.3.1
GZIP_MAGIC = b"\x1f\x8b"

SUFFIXES = {".gz": "gz", ".bz2": "bz2", ".xz": "xz", ".zst": "zst"}


def _zstandard() -> t.Any:
    """The library zstandard, which only its own format needs; null where it is not installed, or is too old."""
    try:
        import zstandard  # noqa: PLC0415
    except ImportError:
        return None
    return zstandard if hasattr(_new_zstd_stream(zstandard), "unused_data") else None


def _new_zstd_stream(zstandard: t.Any) -> t.Any:
    return zstandard.ZstdDecompressor().decompressobj()


def compression_of(option: str, source: str) -> str | None:
    """How a source is compressed: as the option ``decompress`` says, which with ``auto`` goes by the end of its name.

    :param source: path or URL.
    """
    kind = option if option != "none" else None
    if option == "auto":
        kind = next((kind for suffix, kind in SUFFIXES.items() if file_name(source).lower().endswith(suffix)), None)
    if kind == "zst" and _zstandard() is None:
        raise InvalidInput(
            "decompress: zst needs the Python library zstandard, 0.18 or newer, on the host that runs the task (pip install"
            " 'zstandard>=0.18')."
        )
    return kind


def decompressed_gzip(blocks: Blocks, label: str) -> Blocks | None:
    """The content of a gzip file; null if the data are no such file."""
    first = next(blocks, b"")
    return decompressed(itertools.chain([first], blocks), "gz", label) if first.startswith(GZIP_MAGIC) else None


def decompressed(blocks: Blocks, kind: str, label: str, step: int = BLOCK) -> Blocks:
    """The content of a compressed source; several compressed streams, one after the other, are one.

    :param kind: gz, bz2, xz or zst.
    :param label: what an error calls the source.
    :param step: how many bytes to decompress at once; zstd cannot be limited so, and has ZSTD_STEP.
    """
    zstandard = _zstandard() if kind == "zst" else None
    damages = (zlib.error, lzma.LZMAError, OSError, ValueError, EOFError, *((zstandard.ZstdError,) if zstandard else ()))
    try:
        yield from _decompressed(blocks, kind, label, step)
    except damages as error:
        raise WrongSource(f"decompress: {label} is no {kind} file, or is damaged: {error}.") from error


def _decompressed(blocks: Blocks, kind: str, label: str, step: int) -> Blocks:
    stream: t.Any = None
    for block in blocks:
        data = block
        while data:
            if stream is None or stream.eof:
                if stream is not None:
                    data = data.lstrip(b"\0")  # gzip and xz allow padding after the end
                    if not data:
                        break
                stream = _NEW_STREAM[kind]()
            data = yield from _STEPS[kind](stream, data, step)
    if stream is None or not stream.eof:
        raise WrongSource(f"decompress: {label} ends too early: the {kind} data in it are not whole.")


# Yields what it decompresses in pieces, as zeros can be compressed a thousandfold; returns the bytes after the stream's end.
Steps = t.Generator[bytes, None, bytes]


def _gzip_steps(stream: t.Any, data: bytes, step: int) -> Steps:
    while not stream.eof:
        piece = stream.decompress(data, step)
        if piece:
            yield piece
        data = stream.unconsumed_tail
        # zlib may keep some output back if the piece is as long as allowed.
        if not data and len(piece) < step:
            break
    return bytes(stream.unused_data)


def _bzip2_or_xz_steps(stream: t.Any, data: bytes, step: int) -> Steps:
    while not stream.eof:
        piece = stream.decompress(data, step)
        if piece:
            yield piece
        data = b""  # the stream keeps what it has not decompressed yet
        if stream.needs_input:
            break
    return bytes(stream.unused_data)


def _zstd_steps(stream: t.Any, data: bytes, _step: int) -> Steps:
    end = 0
    while end < len(data) and not stream.eof:
        start, end = end, end + ZSTD_STEP
        if piece := stream.decompress(data[start:end]):
            yield piece
    return bytes(stream.unused_data) + data[end:] if stream.eof else b""


_NEW_STREAM: dict[str, t.Callable[[], t.Any]] = {
    "gz": functools.partial(zlib.decompressobj, wbits=31),
    "bz2": bz2.BZ2Decompressor,
    "xz": lzma.LZMADecompressor,
    "zst": lambda: _new_zstd_stream(_zstandard()),
}
_STEPS: dict[str, t.Callable[[t.Any, bytes, int], Steps]] = {
    "gz": _gzip_steps,
    "bz2": _bzip2_or_xz_steps,
    "xz": _bzip2_or_xz_steps,
    "zst": _zstd_steps,
}
