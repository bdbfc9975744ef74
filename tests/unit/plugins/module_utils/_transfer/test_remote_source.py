# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

import hashlib
import types
import typing as t

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.image import Image
from ansible_collections.cloudimage.glance.plugins.module_utils._options.data import DataOptions
from ansible_collections.cloudimage.glance.plugins.module_utils._transfer.blocks import BLOCK
from ansible_collections.cloudimage.glance.plugins.module_utils._transfer.errors import OutOfTime, WrongSource
from ansible_collections.cloudimage.glance.plugins.module_utils._transfer.remote_source import (
    RemoteSource,
    RemoteTaskData,
    remote_content,
)
from ansible_collections.cloudimage.glance.tests.unit.plugins.module_utils._transfer.breaking_downloads import (
    DATA,
    Cloud,
    refused,
)

if t.TYPE_CHECKING:
    from ansible_collections.cloudimage.glance.tests.unit.plugins.module_utils.conftest import Clock

SHA512, MD5 = hashlib.sha512(DATA).hexdigest(), hashlib.md5(DATA).hexdigest()
HASHES = {"checksum": MD5, "os_hash_algo": "sha512", "os_hash_value": SHA512}

# What a cloud has made of these data, with other hashes.
CONVERTED = {"os_hash_algo": "sha512", "os_hash_value": "9", "cloudimage_source_formats": "vmdk bare = sha512:9"}


def source(cloud: Cloud, wait: float | None = None, **fields: t.Any) -> RemoteSource:
    image = Image({"id": "i", "name": "n", "status": "active", "size": len(DATA), **fields})
    return RemoteSource(t.cast("t.Any", cloud), image, "cloud 'c'", wait)


def test_data_are_read_in_blocks() -> None:
    found = source(Cloud(len(DATA)))
    blocks = list(found.read())
    assert b"".join(blocks) == DATA
    assert {len(block) for block in blocks[:-1]} == {BLOCK}
    assert (found.label, found.size, found.published_size()) == ("image i 'n' of cloud 'c'", len(DATA), len(DATA))


def test_read_resumes_and_begins_anew_each_time(clock: Clock) -> None:
    cloud = Cloud(BLOCK, refused(503), len(DATA))
    found = source(cloud)
    assert b"".join(found.read()) == DATA
    assert b"".join(found.read()) == DATA
    assert cloud.offsets == [0, BLOCK, BLOCK, 0]
    assert len(clock.pauses) == 1


def test_last_block_is_held_back_until_the_answer_has_ended() -> None:
    found = source(Cloud(len(DATA)), size=len(DATA) - 1)
    read = bytearray()
    with pytest.raises(WrongSource, match="remote: image i 'n' of cloud 'c' cannot be read: The cloud sends more than"):
        for block in found.read():
            read += block
    assert len(read) < len(DATA) - 1


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (refused(404), "cannot be read: GET /v2/images/i/file was answered HTTP 404"),
        (0, "broke off 4 times at byte 0 of .* it starts at the first byte"),
    ],
)
def test_failed_read_names_the_cloud(clock: Clock, answer: t.Any, message: str) -> None:
    with pytest.raises(WrongSource, match=f"remote: image i 'n' of cloud 'c' .*{message}"):
        list(source(Cloud(answer)).read())
    assert clock.pauses == [] or answer == 0


def test_read_ends_with_the_time_of_the_task(clock: Clock) -> None:
    read = source(Cloud(len(DATA)), wait=5).read()
    next(read)
    clock.now += 6
    with pytest.raises(OutOfTime, match="wait_timeout"):
        list(read)


def test_data_are_compared_with_the_hash_of_their_cloud() -> None:
    wrong = source(Cloud(len(DATA)), os_hash_algo="sha512", os_hash_value="0" * 128)
    with pytest.raises(WrongSource, match=f"has the sha512 {SHA512}, not 0+ as cloud 'c' says"):
        list(remote_content(wrong).read())
    assert remote_content(source(Cloud(0))).checksum is None


@pytest.mark.parametrize(
    ("there", "here", "is_same", "is_read"),
    [
        (HASHES, HASHES, True, False),
        (HASHES, {"checksum": MD5}, True, False),
        ({"checksum": MD5}, HASHES, True, False),
        (HASHES, {**HASHES, "os_hash_value": "0"}, False, False),
        (HASHES, {**HASHES, "checksum": "0"}, True, False),
        (HASHES, {**HASHES, "size": 1}, False, False),
        (HASHES, {"os_hash_algo": "sha256", "os_hash_value": hashlib.sha256(DATA).hexdigest()}, True, True),
        ({}, HASHES, True, True),
        ({}, {**HASHES, "os_hash_value": "0"}, False, True),
        ({}, {**HASHES, "size": 1}, False, False),
        (HASHES, CONVERTED, False, False),
        (HASHES, {**CONVERTED, "cloudimage_source_checksum": f"sha512:{SHA512} = sha512:9"}, True, False),
    ],
)
def test_copy_is_recognised(there: dict[str, t.Any], here: dict[str, t.Any], is_same: bool, is_read: bool) -> None:
    cloud = Cloud(len(DATA))
    api = t.cast("t.Any", types.SimpleNamespace())
    resolver = RemoteTaskData(api, DataOptions(), None, source(cloud, **there))
    image = Image({"id": "copy", "status": "active", "size": len(DATA), **here})
    assert resolver.is_in(image) is is_same
    assert bool(cloud.offsets) is is_read
