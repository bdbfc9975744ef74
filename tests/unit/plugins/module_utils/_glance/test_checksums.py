# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._errors import InvalidInput
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.checksums import (
    Checksum,
    ChecksumList,
    file_name,
    find_in_list,
    parse_checksum,
)

ONE, TWO = "1" * 64, "2" * 64


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        (f"sha256:{'A' * 64}", Checksum("sha256", "a" * 64)),
        (f"MD5: {'1' * 32}", Checksum("md5", "1" * 32)),
        (f"sha1:{'1' * 40}", Checksum("sha1", "1" * 40)),
        (f"sha512:{'1' * 128}", Checksum("sha512", "1" * 128)),
        ("A" * 32, Checksum("md5", "a" * 32)),
        (f" {'1' * 40}", Checksum("sha1", "1" * 40)),
        ("1" * 64, Checksum("sha256", "1" * 64)),
        ("1" * 128, Checksum("sha512", "1" * 128)),
        ("sha512:https://host/SUMS?x=1:2", ChecksumList("sha512", "https://host/SUMS?x=1:2")),
    ],
)
def test_valid_checksum_is_parsed(text: str, parsed: Checksum | ChecksumList) -> None:
    assert parse_checksum(text) == parsed


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1" * 63, "a value without its algorithm, which has 32, 40, 64, 128 hexadecimal digits"),
        ("crc32:1", "one of the algorithms md5, sha1, sha256, sha512"),
        ("sha256:", "allowed are"),
        ("sha256:12", "has 64 hexadecimal digits"),
        (f"sha256:{'g' * 64}", "has 64 hexadecimal digits"),
        ("sha256:ftp://host/SUMS", "has 64 hexadecimal digits"),
    ],
)
def test_invalid_checksum_is_rejected(text: str, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        parse_checksum(text)


@pytest.mark.parametrize(
    "text",
    [
        f"{ONE}  disk.raw\n{TWO}  other.raw\n",
        f"{ONE} *disk.raw",
        f"{ONE}  ./images/disk.raw\r\n",
        f"# a comment\n\nSHA256 (disk.raw) = {ONE.upper()}\nSHA256 (other) = {TWO}",
        f"SHA-256 (disk.raw) = {ONE}\nSHA512 (disk.raw) = {'3' * 128}",
        f"MD5 (disk.raw) = {'3' * 32}\nSHA256 (a.raw) = {TWO}\nSHA256 (disk.raw) = {ONE}",
        f"{TWO}  a.raw\n{ONE}  disk.raw\n{TWO}  other.raw",
        f"{ONE}\n",
        f"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n{ONE}  disk.raw\n{ONE}  disk.raw\n-----BEGIN PGP",
    ],
)
def test_checksum_is_found_in_a_list(text: str) -> None:
    assert find_in_list(text, "sha256", "disk.raw", "SUMS") == Checksum("sha256", ONE)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "does not list the file 'disk.raw'"),
        (f"{ONE}  my-disk.raw", "does not list"),
        (f"{ONE}\n{TWO}\n", "does not list"),
        (f"{ONE}  disk.raw\n{TWO}  disk.raw", "2 times with different values"),
        (f"{'1' * 32}  disk.raw", "has 64 hexadecimal digits"),
        ("<html>not found</html>", "does not list"),
    ],
)
def test_list_without_one_valid_checksum_is_rejected(text: str, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        find_in_list(text, "sha256", "disk.raw", "SUMS")


@pytest.mark.parametrize(
    ("given", "name"), [("/srv/a b.raw", "a b.raw"), ("http://h/x/a%20b.raw?q=/c#d", "a b.raw"), ("a", "a")]
)
def test_file_name_is_the_last_part_of_the_path(given: str, name: str) -> None:
    assert file_name(given) == name
