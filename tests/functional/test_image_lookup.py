# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The lookup image: it finds what image_info finds, with as few requests and logins."""

from __future__ import annotations

import json
import os
import re
import typing as t

import pytest

from .cloud import Cloud, Json, Play


def looked_up(*terms: t.Any, function: str = "lookup", **options: t.Any) -> str:
    """A template with a lookup. What JSON writes is what Jinja reads."""
    given = [*map(json.dumps, terms), *(f"{name}={json.dumps(value)}" for name, value in options.items())]
    return f"{{{{ {function}('cloudimage.glance.image', {', '.join(given)}) }}}}"


def shown(template: str, **task: t.Any) -> Json:
    return {"ansible.builtin.debug": {"msg": template}, **task}


def messages(results: list[Json]) -> list[t.Any]:
    return [result["msg"] for result in results]


def test_image_is_found_by_name_or_filters(alice: Cloud, name: str, play: Play) -> None:
    first = alice.make(name, tags=[name])
    second = alice.make(f"{name},2", tags=[name], hw_disk_bus="virtio")
    tasks = [
        shown(looked_up(name, cloud="alice")),
        shown(looked_up([name, f"{name},2"], cloud="alice", function="query")),
        shown(looked_up(cloud="alice", tags=[name], properties={"hw_disk_bus": "virtio"})),
        shown(looked_up(cloud="alice", name_pattern=f"^{name}", newest=True)),
        shown(looked_up(cloud="alice", id=first["id"])),
        shown(looked_up(name, cloud="alice", result="image")),
    ]
    # Both may have been made in the same second.
    newest = alice.run("image_info", name_pattern=f"^{name}", newest=True).images[0]["id"]
    with alice.sandbox.recorded() as requests:
        found = messages(play(*tasks).results)
    assert found[:5] == [first["id"], [first["id"], second["id"]], second["id"], newest, first["id"]]
    assert found[5] == alice.run("image_info", name=name).images[0]
    # One for each image.
    assert len(requests) == 7


def test_missing_image_is_an_error_unless_it_may_be_missing(alice: Cloud, name: str, play: Play) -> None:
    expected = alice.run("image_info", name=[name], exactly=1).message
    tasks = [
        shown(looked_up(name, cloud="alice")),
        shown(f"{looked_up(name, cloud='alice', required=False)[:-3]} is none }}}}"),
        shown(looked_up(name, cloud="alice", required=False, function="query")),
    ]
    results = play(*tasks).results
    assert results[0]["failed"]
    assert expected in results[0]["msg"]
    assert [str(results[1]["msg"]), results[2]["msg"]] == ["True", [None]]


@pytest.mark.nightly
@pytest.mark.parametrize("required", [True, False])
def test_several_images_are_an_error_that_lists_them(alice: Cloud, name: str, play: Play, required: bool) -> None:
    images = [alice.make(name), alice.make(name)]
    expected = alice.run("image_info", name=[name], exactly=1).message
    (result,) = play(shown(looked_up(name, cloud="alice", required=required))).results
    assert result["failed"]
    assert expected in result["msg"]
    assert all(image["id"] in result["msg"] for image in images)


@pytest.mark.nightly
def test_scope_of_a_name_is_that_of_the_modules(alice: Cloud, name: str, play: Play) -> None:
    private = alice.make(name)
    alice.make(f"{name}-hidden", os_hidden=True)
    tasks = [
        shown(looked_up(name, cloud="admin", required=False, function="query")),
        shown(looked_up(name, cloud="admin", owner="alpha")),
        shown(looked_up(name, cloud="bob", required=False, function="query")),
        shown(looked_up(private["id"], cloud="alice")),
        shown(looked_up(f"{name}-hidden", cloud="alice", required=False, function="query")),
        shown(looked_up(f"{name}-hidden", cloud="alice", hidden="any", result="image", function="query")),
    ]
    results = play(*tasks).results
    assert results[0]["msg"] == results[2]["msg"] == results[4]["msg"] == [None]
    assert results[1]["msg"] == private["id"]
    assert "but it is the id of the image" in results[3]["msg"]
    assert results[5]["msg"][0]["os_hidden"]


@pytest.mark.nightly
def test_login_is_shared(alice: Cloud, name: str, play: Play) -> None:
    image = alice.make(name)
    item = looked_up("NAME", cloud="alice").replace('"NAME"', "item")
    before = alice.sandbox.logins()
    loop = play(shown(item, loop=[name] * 5))
    assert [result["msg"] for result in loop.results[0]["results"]] == [image["id"]] * 5
    assert alice.sandbox.logins() == before + 1
    # Each process that has loaded the action plugin before it was forked knows the login of the others.
    tasks = [
        {"cloudimage.glance.image_info": {"name": name}},
        shown(looked_up(name, cloud="alice")),
        shown(looked_up(name, cloud="alice")),
    ]
    assert messages(play(*tasks).results[1:]) == [image["id"]] * 2
    assert alice.sandbox.logins() == before + 2


def test_no_secret_is_shown(name: str, password_auth: Json, play: Play) -> None:
    nowhere = {**password_auth, "auth_url": "http://joe:hushhush@127.0.0.1:1/v3"}
    variables = {"right": password_auth, "wrong": {**password_auth, "password": "hushhush"}, "nowhere": nowhere}
    template = "{{ lookup('cloudimage.glance.image', '%s', auth=%s) }}"
    tasks = [shown(template % (name, variable)) for variable in variables]
    run = play(*tasks, play={"vars": variables}, OS_CLIENT_CONFIG_FILE="")
    refused = messages(run.results)
    assert "0 images were found" in refused[0]
    assert "The login was refused" in refused[1]
    assert "cannot be reached" in refused[2]
    for secret in (password_auth["password"], "hushhush"):
        assert secret not in run.stdout


@pytest.mark.nightly
def test_options_are_checked(alice: Cloud, name: str, play: Play) -> None:
    tasks = [
        shown(looked_up(name, cloud="alice", older_than="a while")),
        shown(looked_up(name, cloud="alice", tag=name)),
        shown(looked_up(cloud="alice")),
        shown(looked_up(name, cloud="no-such-cloud")),
        shown(looked_up(name, cloud="alice", newest="perhaps")),
        shown("{{ lookup('cloudimage.glance.image', no_such_variable, cloud='alice') }}"),
    ]
    with alice.sandbox.recorded() as requests:
        found = messages(play(*tasks).results)
    for message, expected in zip(
        found,
        (
            "'a while' was given|'a while' is not a duration",
            "There is no option 'tag'",
            "Give the name of an image, or a filter",
            "no-such-cloud",
            "argument 'newest' is of type",
            "'no_such_variable' is undefined",
        ),
        strict=True,
    ):
        assert re.search(expected, message), message
    assert requests == []


@pytest.mark.nightly
def test_lookup_works_without_a_task_of_the_collection_and_in_a_conditional(alice: Cloud, name: str, play: Play) -> None:
    alice.make(name)
    condition = looked_up(name, required=False).strip("{} ")
    run = play(
        shown("found", when=f"{condition} is not none"), shown("missing", when=f"{condition} is none"), OS_CLOUD="alice"
    )
    assert run.results[0]["msg"] == "found"
    assert run.results[1]["skipped"]
    assert os.environ.get("OS_CLOUD") is None
