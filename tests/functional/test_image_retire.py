# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""What the role image_retire chooses, where an integration target cannot make the images that it takes."""

from __future__ import annotations

import uuid

from .cloud import FORMATS, Cloud, Json, Play

NAMES_LIKE_DATA = ["[1,2]", "{'a':1}", "True", "12", "{{ 1 }}", "*", " x "]


def test_image_may_have_a_name_that_looks_like_data(alice: Cloud, name: str, play: Play) -> None:
    images = [alice.make(each, tags=[name]) for each in NAMES_LIKE_DATA]
    tasks: list[Json] = [
        {
            "ansible.builtin.include_role": {"name": "cloudimage.glance.image_retire"},
            "vars": {"image_retire_filters": {"tags": [name]}},
        },
        {"ansible.builtin.debug": {"msg": "{{ image_retire_report | map(attribute='outcome') }}"}},
    ]
    assert play(*tasks).results[1]["msg"] == ["deleted"] * len(NAMES_LIKE_DATA)
    assert [alice.status_of(image) for image in images] == ["gone"] * len(NAMES_LIKE_DATA)


def made_in_one_second(cloud: Cloud, name: str) -> tuple[Json, Json]:
    """An image that gets its data and one that does not, of the same second; the id of the second one is the lower one."""
    while True:
        complete = cloud.make(name, tags=[name], id=f"f{str(uuid.uuid4())[1:]}", **FORMATS)
        without_data = cloud.make(name, tags=[name], id=f"0{str(uuid.uuid4())[1:]}", **FORMATS)
        if complete["created_at"] == without_data["created_at"]:
            break
        for image in (complete, without_data):
            cloud.call("DELETE", f"/images/{image['id']}")
    headers = {"Content-Type": "application/octet-stream"}
    cloud.call("PUT", f"/images/{complete['id']}/file", data=b"data", headers=headers)
    return complete, without_data


def test_image_without_data_of_the_same_second_stays_with_the_newest(alice: Cloud, name: str, play: Play) -> None:
    complete, without_data = made_in_one_second(alice, name)
    tasks: list[Json] = [
        {
            "ansible.builtin.include_role": {"name": "cloudimage.glance.image_retire"},
            "vars": {"image_retire_filters": {"tags": [name]}, "image_retire_keep_newest": 1},
        },
        {"ansible.builtin.debug": {"msg": "{{ image_retire_report }}"}},
    ]
    report = play(*tasks).results[1]["msg"]
    assert {each["id"]: (each["outcome"], each["reason"]) for each in report} == {
        complete["id"]: ("kept", "one of the newest 1"),
        without_data["id"]: ("kept", "kept with the newest 1"),
    }
    assert alice.status_of(without_data) == "queued"
