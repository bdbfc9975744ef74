# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The types of variables that a survey may have given as text."""

from __future__ import annotations

import datetime
import pathlib
import typing as t

import pytest
import yaml
from ansible_collections.cloudimage.glance.plugins.plugin_utils._survey import InvalidAnswer, Option, typed_answers

ROOT = pathlib.Path(__file__).resolve().parents[4]
RAW_LIST = {"type": "list", "elements": "raw"}
CHOICE = {"type": "str", "choices": ["delete", "hide"]}


@pytest.mark.parametrize(
    ("option", "given", "typed"),
    [
        ({"type": "str"}, "30d", "30d"),
        ({"type": "str"}, " a b ", " a b "),
        ({"type": "str"}, 7, "7"),
        ({"type": "str"}, datetime.date(2026, 1, 31), "2026-01-31"),
        ({"type": "duration"}, " 1w2d\n", "1w2d"),
        ({"type": "duration"}, "0s", "0s"),
        ({"type": "day"}, " 2026-01-31 ", "2026-01-31"),
        ({"type": "day"}, datetime.date(2026, 1, 31), "2026-01-31"),
        (CHOICE, " hide ", "hide"),
        ({"type": "int"}, 3, 3),
        ({"type": "int"}, " 3\n", 3),
        ({"type": "int", "minimum": 0}, "0", 0),
        ({"type": "bool"}, True, True),
        ({"type": "bool"}, "Yes", True),
        ({"type": "bool"}, 0, False),
        ({"type": "bool"}, "false", False),
        ({"type": "list"}, ["a,b"], ["a,b"]),
        ({"type": "list"}, [], []),
        ({"type": "list"}, "a", ["a"]),
        ({"type": "list"}, " a b ,c\r\n\nd,", ["a b", "c", "d"]),
        ({"type": "list"}, '["a, b", "c"]', ["a, b", "c"]),
        ({"type": "list"}, "- a\n- '1'", ["a", "1"]),
        ({"type": "list"}, "-a", ["-a"]),
        (RAW_LIST, "[a, {name: b}]", ["a", {"name": "b"}]),
        ({"type": "bool_or_list"}, "False", False),
        ({"type": "bool_or_list"}, ["tags"], ["tags"]),
        ({"type": "bool_or_list"}, "tags, properties.os_distro", ["tags", "properties.os_distro"]),
        ({"type": "dict"}, {"a": 1}, {"a": 1}),
        ({"type": "dict"}, {}, {}),
        ({"type": "dict"}, '{"a": [1]}', {"a": [1]}),
        ({"type": "dict"}, "tags: [a]\nolder_than: 30d", {"tags": ["a"], "older_than": "30d"}),
        ({"type": "dict"}, "created_at: 2026-01-31", {"created_at": "2026-01-31"}),
        ({"type": "cloud"}, "my:cloud", "my:cloud"),
        ({"type": "cloud"}, {"auth": {}}, {"auth": {}}),
        ({"type": "cloud"}, "{auth: {username: u}}", {"auth": {"username": "u"}}),
        ({"type": "cloud"}, "auth:\n  username: u\n", {"auth": {"username": "u"}}),
    ],
)
def test_value_gets_its_type(option: Option, given: t.Any, typed: t.Any) -> None:
    answer = typed_answers({"v": given}, {"v": option})["v"]
    assert answer == typed
    assert type(answer) is type(typed)


@pytest.mark.parametrize("kind", ["str", "duration", "day", "int", "bool", "list", "bool_or_list", "dict", "cloud"])
@pytest.mark.parametrize("given", [None, "", " \n"])
def test_blank_text_and_null_count_as_not_answered(kind: str, given: t.Any) -> None:
    options: dict[str, Option] = {"v": {"type": kind}, "w": {"type": kind, "default": 7}}
    assert typed_answers({"v": given, "w": given}, options) == {"v": None, "w": 7}
    assert typed_answers({}, options) == {"v": None, "w": 7}


@pytest.mark.parametrize(
    ("option", "given", "message"),
    [
        ({"type": "str"}, ["a"], "v: ['a'] was given; allowed is text."),
        ({"type": "str"}, True, "v: True was given; allowed is text."),
        (
            {"type": "duration"},
            "soon",
            "v: 'soon' was given; allowed is a duration with the units s, m, h, d or w, such as 12h",
        ),
        ({"type": "duration"}, 30, "v: 30 was given; allowed is a duration"),
        ({"type": "duration"}, "99999999d", "v: '99999999d' was given; allowed is a duration"),
        ({"type": "day"}, "2026-02-30", "v: '2026-02-30' was given; allowed is a day such as 2026-01-31."),
        ({"type": "day"}, "20260131", "v: '20260131' was given; allowed is a day"),
        ({"type": "day"}, "today", "v: 'today' was given; allowed is a day"),
        (CHOICE, "destroy", "v: 'destroy' was given; allowed is one of delete, hide."),
        ({"type": "int"}, "many", "v: 'many' was given; allowed is a whole number."),
        ({"type": "int"}, True, "v: True was given; allowed is a whole number."),
        ({"type": "int"}, 1.5, "v: 1.5 was given; allowed is a whole number."),
        ({"type": "int"}, "1.0", "v: '1.0' was given; allowed is a whole number."),
        ({"type": "int", "minimum": 1}, "0", "v: '0' was given; allowed is a whole number of 1 or more."),
        ({"type": "bool"}, "maybe", "v: 'maybe' was given; allowed is true or false."),
        ({"type": "bool"}, 2, "v: 2 was given; allowed is true or false."),
        ({"type": "bool"}, [], "v: [] was given; allowed is true or false."),
        ({"type": "list"}, {"a": 1}, "v: {'a': 1} was given; allowed is a list of texts"),
        ({"type": "list"}, 5, "v: 5 was given; allowed is a list of texts"),
        ({"type": "list"}, "{a: 1}", "v: '{a: 1}' was given; allowed is a list of texts"),
        ({"type": "list"}, "[a", "v: '[a' was given; allowed is a list of texts"),
        ({"type": "list"}, "[]", "v: '[]' was given; allowed is a list of texts"),
        ({"type": "list"}, "[1]", "v: '[1]' was given; allowed is a list of texts"),
        ({"type": "list"}, ",\n", "v: ',\\n' was given; allowed is a list of texts"),
        ({"type": "list"}, [""], "v: [''] was given; allowed is a list of texts"),
        ({"type": "bool_or_list"}, 2, "v: 2 was given; allowed is true, false, or a list of texts."),
        (RAW_LIST, [1], "v: [1] was given; allowed is a list of texts and dictionaries"),
        (RAW_LIST, [{}], "v: [{}] was given; allowed is a list of texts and dictionaries"),
        ({"type": "dict"}, "a", "v: 'a' was given; allowed is a dictionary, or one as YAML or JSON."),
        ({"type": "dict"}, "[a]", "v: '[a]' was given; allowed is a dictionary"),
        ({"type": "dict"}, "{a", "v: '{a' was given; allowed is a dictionary"),
        (
            {"type": "dict"},
            "a: !!python/name:os.system",
            "v: 'a: !!python/name:os.system' was given; allowed is a dictionary",
        ),
    ],
)
def test_wrong_value_is_an_error(option: Option, given: t.Any, message: str) -> None:
    with pytest.raises(InvalidAnswer) as caught:
        typed_answers({"v": given}, {"v": option})
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("option", "given", "message"),
    [
        ({"type": "cloud"}, "{password: geheim", "text of another form was given; allowed is the name of a cloud"),
        ({"type": "cloud"}, ["geheim"], "a list was given; allowed is the name of a cloud"),
        ({"type": "dict", "secret": True}, "{password: geheim", "text of another form was given; allowed is a dictionary"),
        ({**RAW_LIST, "secret": True}, {"password": "geheim"}, "a dictionary was given; allowed is a list of texts"),
        ({**RAW_LIST, "secret": True}, 5, "5 was given; allowed is a list of texts"),
        ({"type": "str", "secret": True}, ["geheim"], "a list was given; allowed is text"),
    ],
)
def test_value_that_may_hold_a_secret_is_not_shown(option: Option, given: t.Any, message: str) -> None:
    with pytest.raises(InvalidAnswer) as caught:
        typed_answers({"v": given}, {"v": option})
    assert str(caught.value).startswith(f"v: {message}")
    assert "geheim" not in str(caught.value)


def test_all_errors_are_reported() -> None:
    options: dict[str, Option] = {"a": {"type": "int"}, "b": {"type": "bool"}, "c": {"type": "str", "required": True}}
    with pytest.raises(InvalidAnswer, match=r"a: 'x' was given.* b: 'x' was given.* c must be set to text\."):
        typed_answers({"a": "x", "b": "x", "c": ""}, options)


@pytest.mark.parametrize("option", [{"type": "text"}, {"type": "int", "minimun": 1}])
def test_unknown_option_is_an_error(option: Option) -> None:
    with pytest.raises(InvalidAnswer, match="v: the option .* not known"):
        typed_answers({"v": ""}, {"v": option})


@pytest.mark.parametrize("role", ["image_retire", "image_publish"])
def test_roles_document_what_they_read(role: str) -> None:
    """The argument specs, which Ansible checks before the role runs, leave to the role what a survey gives as text."""
    folder = ROOT / "roles" / role
    read = yaml.safe_load((folder / "vars" / "main.yml").read_text())[f"{role}_variables"]
    documented = yaml.safe_load((folder / "meta" / "argument_specs.yml").read_text())["argument_specs"]["main"]["options"]
    assert set(read) <= set(documented)
    for name, option in read.items():
        assert documented[name]["type"] in (
            ("str", "path") if option["type"] in ("str", "duration") and "choices" not in option else ("raw",)
        ), name
        assert documented[name].get("default") == option.get("default"), name
    for name, option in documented.items():
        # "" is text, and anything else than text would be an error before the role runs.
        assert option["type"] in ("str", "path", "raw"), name
        assert "choices" not in option, name
        assert option.get("required", False) == read.get(name, {}).get("required", False), name
