# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""What to change in playbooks and roles for openstack.cloud's image modules, line by line. Pure.

What is refused and what differs stands in ``_openstack_cloud``, from which the action plugins have it too.
"""

from __future__ import annotations

import dataclasses
import itertools
import re
import typing as t

import yaml
from ansible.errors import AnsibleError
from ansible.parsing.splitter import parse_kv
from ansible_collections.cloudimage.glance.plugins.plugin_utils._openstack_cloud import (
    DIFFERENCES,
    GROUP,
    MODULES,
    OWN_GROUP,
    OWN_NAMES,
    RESULTS,
    RESULTS_LEFT_OUT,
    SHORT_NAMES,
    filters_of,
    refusal,
    unknown_filters,
)

# Without the change the task fails, or does not use this collection.
CHANGE = "change"
# The task runs, and may do something else than before.
DIFFERS = "differs"
NOT_CHECKED = "not checked"

TASK_LISTS = ("tasks", "pre_tasks", "post_tasks", "handlers", "block", "rescue", "always")
ACTIONS = ("action", "local_action")
# The id beside the image in a result, in one of those of a task with a loop, or in all of these.
ID_OF_RESULT = (
    r"(?:(?:\.results(?:\[\d+\]|\.\d+))?(?:\.id\b|\[['\"]id['\"]\])|\.results\s*\|\s*map\(\s*attribute\s*=\s*['\"]id['\"])"
)


@dataclasses.dataclass(frozen=True, order=True)
class Finding:
    """One thing to know about a line.

    :param kind: change, differs or not checked.
    """

    file: str
    line: int
    kind: str
    text: str


@dataclasses.dataclass(frozen=True)
class Use:
    """Options for one of the image modules: of a task, or of module_defaults.

    :param name: what the file calls the module.
    :param module: the module of this collection.
    :param args: null if they are a template.
    :param lines: the line of each option.
    """

    name: str
    module: str
    line: int
    args: dict[str, t.Any] | None
    lines: t.Mapping[str, int]
    register: str | None = None
    is_default: bool = False

    @property
    def is_own(self) -> bool:
        return self.name in OWN_NAMES


class Loader(yaml.SafeLoader):
    """Reads what Ansible's own tags, such as !vault, stand at as it is written."""


def _untagged(loader: Loader, _suffix: str, node: yaml.Node) -> t.Any:
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    return loader.construct_sequence(node, deep=True) if isinstance(node, yaml.SequenceNode) else node.value


Loader.add_multi_constructor("!", _untagged)


class UnreadableOptions(Exception):
    """Options in one line that Ansible cannot split. Its own error repeats the line, with the secrets in it."""

    def __init__(self, line: int) -> None:
        super().__init__("Ansible would not take these options: their quotes or braces do not match.")
        self.line = line


def _split_options(text: str, line: int) -> dict[str, t.Any]:
    try:
        return dict(parse_kv(text))
    except AnsibleError:
        raise UnreadableOptions(line) from None


def report(texts: t.Mapping[str, str]) -> list[Finding]:
    """The findings in files, in the order of files and lines.

    :param texts: the text of each file.
    """
    findings: list[Finding] = []
    documents: dict[str, list[yaml.Node]] = {}
    for file, text in texts.items():
        if text.startswith("$ANSIBLE_VAULT"):
            findings.append(Finding(file, 1, NOT_CHECKED, "This file is encrypted."))
            continue
        try:
            documents[file] = [node for node in yaml.compose_all(text, Loader) if node is not None]
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            problem = getattr(error, "problem", None) or str(error)
            findings.append(Finding(file, mark.line + 1 if mark else 1, NOT_CHECKED, f"This is not YAML: {problem}."))
    uses: dict[str, list[Use]] = {}
    for file, nodes in list(documents.items()):
        try:
            uses[file] = [use for node in nodes for use in _uses_in(node)]
        except UnreadableOptions as error:
            del documents[file]
            findings.append(Finding(file, error.line, NOT_CHECKED, str(error)))
        except (yaml.YAMLError, TypeError, ValueError) as error:
            del documents[file]
            reason = " ".join(str(error).split()).rstrip(".")
            findings.append(Finding(file, 1, NOT_CHECKED, f"Ansible would not take this file: {reason}."))
    variables = {use.register for each in uses.values() for use in each if use.register}
    for file, nodes in documents.items():
        found = [*itertools.chain.from_iterable(_of_use(use) for use in uses[file])]
        for node in nodes:
            found += [*_groups(node), *_of_results(node, variables), *_of_ids(node, variables)]
        findings += {Finding(file, *each) for each in found}
    return sorted(findings)


def _uses_in(node: yaml.Node, names: t.Mapping[str, str] | None = None) -> t.Iterator[Use]:
    """The uses in a list of plays or tasks, and in the lists within them.

    :param names: the names that modules have there; null for their full names only.
    """
    names = names or {**MODULES, **OWN_NAMES}
    for item in node.value if isinstance(node, yaml.SequenceNode) else ():
        if not isinstance(item, yaml.MappingNode):
            continue
        keys = _items(item)
        known = {**names, **SHORT_NAMES} if "openstack.cloud" in _value(keys.get("collections"), []) else names
        if "hosts" not in keys:
            yield from _uses_in_task(item, known)
        yield from _defaults(keys.get("module_defaults"), known)
        for key in TASK_LISTS:
            if key in keys:
                yield from _uses_in(keys[key], known)


def _uses_in_task(task: yaml.MappingNode, names: t.Mapping[str, str]) -> t.Iterator[Use]:
    keys = _items(task)
    register = _value(keys.get("register"), "") or None
    for key, value in task.value:
        line = key.start_mark.line + 1
        if key.value in names:
            args, lines = _args_of(value, keys.get("args"))
            yield Use(key.value, names[key.value], line, args, lines, register)
        elif key.value in ACTIONS:
            name, args, lines = _action(value, keys.get("args"))
            if name in names:
                yield Use(name, names[name], line, args, lines, register)


def _action(node: yaml.Node, more: yaml.Node | None) -> tuple[str, dict[str, t.Any] | None, dict[str, int]]:
    """The module and the options of the keywords action and local_action."""
    if isinstance(node, yaml.MappingNode):
        args, lines = _args_of(node, more)
        return str((args or {}).pop("module", "")), args, lines
    name, _space, text = str(node.value).partition(" ")
    line = node.start_mark.line + 1
    return name, None if _is_text(more) else {**_split_options(text, line), **_value(more, {})}, {}


def _args_of(node: yaml.Node, more: yaml.Node | None) -> tuple[dict[str, t.Any] | None, dict[str, int]]:
    """The options of a task, null for a template; and the line of each."""
    mappings = [each for each in (node, more) if isinstance(each, yaml.MappingNode)]
    lines = {str(key.value): key.start_mark.line + 1 for mapping in mappings for key, _node in mapping.value}
    if _is_text(more):
        return None, lines
    if isinstance(node, yaml.MappingNode):
        return {**_value(node, {}), **_value(more, {})}, lines
    text = str(node.value) if isinstance(node, yaml.ScalarNode) else ""
    if text.startswith("{{"):
        return None, lines
    options = _split_options("" if text in ("~", "null") else text, node.start_mark.line + 1)
    return {**options, **_value(more, {})}, lines


def _is_text(args: yaml.Node | None) -> bool:
    """Whether the keyword args is a template, and not options."""
    return isinstance(args, yaml.ScalarNode) and args.value not in ("", "~", "null")


def _defaults(node: yaml.Node | None, names: t.Mapping[str, str]) -> t.Iterator[Use]:
    """The uses in module_defaults."""
    for key, value in node.value if isinstance(node, yaml.MappingNode) else ():
        if key.value in names:
            args, lines = _args_of(value, None)
            yield Use(key.value, names[key.value], key.start_mark.line + 1, args, lines, is_default=True)


def _of_use(use: Use) -> t.Iterator[tuple[int, str, str]]:
    """The findings about the name and the options of a module: line, kind and text."""
    if not use.is_own:
        yield use.line, CHANGE, f"{use.name}: write cloudimage.glance.{use.module}."
    if use.args is None:
        yield use.line, NOT_CHECKED, f"{use.name}: the options are a template."
        return
    for option in use.args:
        refused = refusal(use.module, str(option))
        if refused:
            yield use.lines.get(option, use.line), CHANGE, refused
    if use.module == "image_info" and not use.is_own:
        line = use.lines.get("filters", use.lines.get("properties", use.line))
        yield from ((line, CHANGE, problem) for problem in unknown_filters(use.args))
        if isinstance(filters_of(use.args), str):
            yield line, NOT_CHECKED, f"{use.name}: the filters are a template."
    for difference in () if use.is_own else DIFFERENCES:
        if difference.concerns(use.module, use.args) and not (difference.is_missing and use.is_default):
            yield use.lines.get(difference.option, use.line), DIFFERS, f"{difference.option}: {difference.text}"


def _groups(node: yaml.Node) -> t.Iterator[tuple[int, str, str]]:
    """The findings about defaults for all modules of openstack.cloud."""
    for mapping in _nodes(node):
        for key, value in mapping.value if isinstance(mapping, yaml.MappingNode) else ():
            if isinstance(key, yaml.ScalarNode) and key.value == GROUP:
                text = f"{GROUP}: write {OWN_GROUP} too, with the options of the connection."
                yield key.start_mark.line + 1, CHANGE, text
                for option, line in _args_of(value, None)[1].items():
                    refused = refusal("image_info", option)
                    if refused:
                        yield line, CHANGE, f"{refused} It must not stand in {OWN_GROUP}."


def _of_results(node: yaml.Node, variables: t.Collection[str]) -> t.Iterator[tuple[int, str, str]]:
    """The findings about the use of results that image tasks have registered."""
    for text, known in _texts(node, variables):
        if any(re.search(rf"\b{re.escape(name)}\b", text.value) for name in known):
            first = text.start_mark.line + (2 if text.style in ("|", ">") else 1)
            for number, line in enumerate(text.value.splitlines() if text.style == "|" else [text.value]):
                for problem in _result_problems(line):
                    yield first + number, CHANGE, problem


def _of_ids(node: yaml.Node, variables: t.Collection[str]) -> t.Iterator[tuple[int, str, str]]:
    """The findings about the id beside the image, which results had before openstack.cloud 2.0."""
    for text, known in _texts(node, variables, r"\.results(?!\s*\|\s*map\()"):
        if any(re.search(rf"(?<![\w.]){re.escape(name)}{ID_OF_RESULT}", text.value) for name in known):
            yield text.start_mark.line + 1, CHANGE, "id: write image.id."


def _texts(
    node: yaml.Node, variables: t.Collection[str], part: str = ""
) -> t.Iterator[tuple[yaml.ScalarNode, t.Collection[str]]]:
    """The texts in a node, each with the variables that have results there: in a loop over them its item too.

    :param part: what the loop must be over, as a regular expression of what comes after the variable.
    """
    if isinstance(node, yaml.ScalarNode):
        yield node, variables
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from _texts(value, variables, part)
    elif isinstance(node, yaml.MappingNode):
        keys = _items(node)
        loops = [str(value.value) for key, value in keys.items() if key == "loop" or key.startswith("with_")]
        if any(re.search(rf"\b{re.escape(name)}{part}\b", loop) for name in variables for loop in loops):
            control = _value(keys.get("loop_control"), {})
            variables = {*variables, str(control.get("loop_var", "item"))}
        for _key, value in node.value:
            yield from _texts(value, variables, part)


def _result_problems(text: str) -> t.Iterator[str]:
    for key, own in RESULTS.items():
        if re.search(rf"(?<!properties)(?<!properties\[)(\.|['\"]){key}\b(?!['\"]?\s*:)", text):
            yield f"{key}: write {own}."
    for key in RESULTS_LEFT_OUT:
        if re.search(rf"\.(image|images(\.\d+|\[\d+\]))(\.|\[['\"]){key}\b", text):
            yield f"{key}: results of this collection do not have it."


def _nodes(node: yaml.Node) -> t.Iterator[yaml.Node]:
    """A node and all within it."""
    yield node
    within = node.value if isinstance(node, yaml.CollectionNode) else ()
    for child in itertools.chain.from_iterable(each if isinstance(each, tuple) else (each,) for each in within):
        yield from _nodes(child)


def _items(node: yaml.MappingNode) -> dict[str, yaml.Node]:
    return {str(key.value): value for key, value in node.value}


def _value(node: yaml.Node | None, default: t.Any) -> t.Any:
    """The value of a node if it is of the kind of the default; any kind if that is null."""
    value = None if node is None else Loader("").construct_object(node, deep=True)
    return value if default is None or isinstance(value, type(default)) else default
