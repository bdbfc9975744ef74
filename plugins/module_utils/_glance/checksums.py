# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""Checksums as users give them, and the files in which publishers list them. Pure."""

from __future__ import annotations

import dataclasses
import posixpath
import re
import urllib.parse

from .._errors import InvalidInput

DIGITS = {"md5": 32, "sha1": 40, "sha256": 64, "sha512": 128}
ALGORITHM_OF_DIGITS = {digits: algorithm for algorithm, digits in DIGITS.items()}


@dataclasses.dataclass(frozen=True)
class Checksum:
    """The hash of a source, as it is downloaded or read.

    :param value: hexadecimal, in lower case.
    """

    algorithm: str
    value: str

    def __str__(self) -> str:
        return f"{self.algorithm}:{self.value}"


@dataclasses.dataclass(frozen=True)
class ChecksumList:
    """Where a file is published that lists the checksums of others, such as SHA256SUMS."""

    algorithm: str
    url: str


def parse_checksum(text: str) -> Checksum | ChecksumList:
    """What the option ``checksum`` says: ``algorithm:value``, ``algorithm:URL of a list``, or a value alone.

    The length of a value tells its algorithm.
    """
    if re.fullmatch(r"\s*[0-9a-fA-F]+\s*", text) and len(text.strip()) in ALGORITHM_OF_DIGITS:
        return Checksum(ALGORITHM_OF_DIGITS[len(text.strip())], text.strip().lower())
    algorithm, _colon, rest = text.partition(":")
    algorithm, rest = algorithm.strip().lower(), rest.strip()
    if algorithm not in DIGITS or not rest:
        raise InvalidInput(
            f"checksum: '{text}' was given; allowed are 'algorithm:value' and 'algorithm:URL' with one of the algorithms"
            f" {', '.join(DIGITS)}, for example 'sha256:https://example.com/SHA256SUMS', and a value without its algorithm,"
            f" which has {', '.join(map(str, DIGITS.values()))} hexadecimal digits."
        )
    if re.match(r"(?i)https?://", rest):
        return ChecksumList(algorithm, rest)
    return Checksum(algorithm, _value(algorithm, rest, "checksum"))


def _value(algorithm: str, value: str, where: str) -> str:
    if not re.fullmatch(f"[0-9a-fA-F]{{{DIGITS[algorithm]}}}", value):
        raise InvalidInput(f"{where}: '{value}' is no {algorithm}, which has {DIGITS[algorithm]} hexadecimal digits.")
    return value.lower()


def file_name(path_or_url: str) -> str:
    """The last part of a path or of a URL's path, as publishers list it."""
    if re.match(r"(?i)https?://", path_or_url):
        path_or_url = urllib.parse.unquote(urllib.parse.urlsplit(path_or_url).path)
    return posixpath.basename(path_or_url)


def find_in_list(text: str, algorithm: str, name: str, where: str) -> Checksum:
    """The checksum of a file in a list of them.

    Lists have lines as GNU coreutils write them (``value  name``, ``value *name``) or as BSD does
    (``SHA256 (name) = value``), or hold one value and nothing else.

    :param where: what the list is called in errors.
    """
    found: set[str] = set()
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    for line in lines:
        bsd = re.fullmatch(r"([A-Za-z0-9-]+) \((.+)\) = ([0-9a-fA-F]+)", line)
        gnu = re.fullmatch(r"\\?([0-9a-fA-F]{32,}) [ *]?(.+)", line)
        if bsd and bsd[1].lower().replace("-", "") == algorithm and posixpath.basename(bsd[2]) == name:
            found.add(bsd[3].lower())
        elif gnu and not bsd and posixpath.basename(gnu[2].strip()) == name:
            found.add(gnu[1].lower())
    if not found and len(lines) == 1 and re.fullmatch(r"[0-9a-fA-F]+", lines[0]):
        found.add(lines[0].lower())
    if not found:
        raise InvalidInput(f"checksum: {where} does not list the file '{name}'.")
    if len(found) > 1:
        raise InvalidInput(f"checksum: {where} lists the file '{name}' {len(found)} times with different values.")
    return Checksum(algorithm, _value(algorithm, found.pop(), f"checksum: {where}"))
