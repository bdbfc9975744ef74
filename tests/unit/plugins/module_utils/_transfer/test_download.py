# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._errors import ApiError, ConnectionProblem
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.image import Image
from ansible_collections.cloudimage.glance.plugins.module_utils._transfer.blocks import BLOCK
from ansible_collections.cloudimage.glance.plugins.module_utils._transfer.download import Download
from ansible_collections.cloudimage.glance.plugins.module_utils._transfer.errors import DataMismatch, OutOfTime
from ansible_collections.cloudimage.glance.plugins.module_utils._transfer.polling import Deadline
from ansible_collections.cloudimage.glance.tests.unit.plugins.module_utils._transfer.breaking_downloads import (
    DATA,
    IMAGE,
    Cloud,
    refused,
)

if t.TYPE_CHECKING:
    from ansible_collections.cloudimage.glance.tests.unit.plugins.module_utils.conftest import Clock


def download(cloud: Cloud, seconds: float | None = None) -> Download:
    return Download(t.cast("t.Any", cloud), IMAGE, Deadline(seconds))


def test_all_data_come_in_one_answer() -> None:
    assert b"".join(download(Cloud(len(DATA))).blocks()) == DATA


def test_a_later_run_asks_only_for_what_is_missing() -> None:
    cloud = Cloud(len(DATA))
    assert b"".join(download(cloud).blocks(1000)) == DATA[1000:]
    assert cloud.offsets == [1000]


def test_a_download_resumes_where_it_broke_off(clock: Clock) -> None:
    cloud = Cloud(BLOCK, refused(503), len(DATA))
    assert b"".join(download(cloud).blocks()) == DATA
    assert cloud.offsets == [0, BLOCK, BLOCK]
    assert len(clock.pauses) == 1


def test_what_comes_again_without_ranges_is_skipped() -> None:
    cloud = Cloud(BLOCK, len(DATA), ranges=False)
    broken = download(cloud)
    assert b"".join(broken.blocks()) == DATA
    assert broken.transfer.bytes == BLOCK + len(DATA)


@pytest.mark.usefixtures("clock")
def test_the_last_attempt_asks_for_all_data() -> None:
    cloud = Cloud(BLOCK, refused(500), refused(500), len(DATA))
    assert b"".join(download(cloud).blocks()) == DATA
    assert cloud.offsets == [0, BLOCK, BLOCK, 0]


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize(("ranges", "advice"), [(True, "it goes on there"), (False, "starts at the first byte again")])
def test_breaks_without_a_new_byte_end_the_download(ranges: bool, advice: str) -> None:
    cloud = Cloud(BLOCK, ranges=ranges) if not ranges else Cloud(BLOCK, 0)
    with pytest.raises(ConnectionProblem, match=f"broke off 4 times at byte {BLOCK} of {len(DATA)}: .*{advice}"):
        list(download(cloud).blocks())


@pytest.mark.usefixtures("clock")
def test_a_final_refusal_ends_the_download() -> None:
    with pytest.raises(ApiError, match="HTTP 403"):
        list(download(Cloud(refused(403))).blocks())


def test_other_data_than_those_asked_for_are_an_error() -> None:
    cloud = Cloud(len(DATA))
    part = Download(t.cast("t.Any", cloud), IMAGE, Deadline(None))
    with pytest.raises(DataMismatch, match="from byte 5 on and gives others"):
        part._check_start("bytes 4-9/10", 5)
    part._check_start("bytes 5-9/10", 5)
    part._check_start("", 5)


def test_more_data_than_the_image_has_are_an_error() -> None:
    small = Download(t.cast("t.Any", Cloud(len(DATA))), Image({"id": "i", "size": 10}), Deadline(None))
    with pytest.raises(DataMismatch, match="sends more than the 10 bytes"):
        list(small.blocks())


def test_a_download_stops_when_its_time_is_over(clock: Clock) -> None:
    blocks = download(Cloud(len(DATA)), 5).blocks()
    next(blocks)
    clock.sleep(6)
    with pytest.raises(OutOfTime, match=f"stopped after 5 s, the 'wait_timeout', with {BLOCK} of {len(DATA)} bytes"):
        next(blocks)
