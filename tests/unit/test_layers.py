# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The packages of plugins/module_utils import each other in one direction, and the pure ones do no input or output.

An import counts wherever it stands: at the top of a file, in a function, or under TYPE_CHECKING.
"""

from __future__ import annotations

import ast
import pathlib

import pytest

TESTS = pathlib.Path(__file__).resolve().parents[1]
MODULE_UTILS = TESTS.parent / "plugins" / "module_utils"
BASE = {"_argspec", "_errors", "_timing", "_url_redaction"}
# What each package may import, besides itself and the base files.
LOWER_PACKAGES: dict[str, set[str]] = {
    "_glance": set(),
    "_options": {"_glance"},
    "_plan": {"_options", "_glance"},
    "_client": {"_options", "_glance"},
    "_transfer": {"_client", "_plan", "_options", "_glance"},
    "_module": {"_transfer", "_client", "_plan", "_options", "_glance"},
}
PURE = {"_glance", "_options", "_plan"}
# What a pure package must not use: the clock, the network, the file system and random numbers. Pure code takes the time as
# an argument.
IMPURE_BASE = {"_timing"}
PURE_LIBRARY = {
    *("__future__", "collections", "dataclasses", "datetime", "email.utils", "enum", "functools", "html", "itertools"),
    *("json", "posixpath", "re", "typing", "unicodedata", "urllib.parse", "uuid"),
}
IMPURE_CALLS = {"now", "today", "utcnow", "uuid1", "uuid4", "open"}

FILES = {str(path.relative_to(MODULE_UTILS)): path for path in sorted(MODULE_UTILS.rglob("*.py"))}


def package_of(name: str) -> str:
    """The package of a file; a base file is its own."""
    return name.split("/", maxsplit=1)[0].removesuffix(".py")


PURE_FILES = [name for name in FILES if package_of(name) in PURE]


def imports_of(name: str) -> tuple[set[str], set[str]]:
    """The packages and base files of module_utils that a file imports, and the modules from elsewhere."""
    own: set[str] = set()
    foreign: set[str] = set()
    for node in ast.walk(ast.parse(FILES[name].read_text())):
        if isinstance(node, ast.Import):
            foreign |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            # One dot is the file's own folder; as many as the file has folders above it, and one more, is module_utils.
            depth = name.count("/") + 1
            if node.level == depth:
                own |= {module.split(".")[0]} if module else {alias.name for alias in node.names}
            elif node.level:
                assert node.level < depth, f"{name} imports from outside module_utils"
                own.add(package_of(name))
            else:
                foreign.add(module)
    return own, foreign


def test_every_package_has_a_place_in_the_order() -> None:
    assert {package_of(name) for name in FILES} == BASE | set(LOWER_PACKAGES)


@pytest.mark.parametrize("name", FILES)
def test_packages_import_lower_packages_only(name: str) -> None:
    own, foreign = imports_of(name)
    package = package_of(name)
    lower = BASE | {package} | LOWER_PACKAGES.get(package, set())
    assert own <= lower
    assert not [module for module in foreign if module.startswith("ansible_collections")], "write the import with dots"


def files_imported_by(name: str) -> set[str]:
    """The files of module_utils that a file imports."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(FILES[name].read_text())):
        if isinstance(node, ast.ImportFrom) and node.level:
            folder = pathlib.PurePosixPath(name).parents[node.level - 1]
            module = folder.joinpath(*(node.module or "").split("."))
            candidates = [f"{module}.py", *(f"{module / alias.name}.py" for alias in node.names)]
            found |= {candidate for candidate in candidates if candidate in FILES}
    return found - {name}


def test_no_file_imports_itself_by_way_of_others() -> None:
    left = {name: files_imported_by(name) for name in FILES}
    while ready := {name for name, imported in left.items() if not imported & set(left)}:
        left = {name: imported for name, imported in left.items() if name not in ready}
    assert set(left) == set()


@pytest.mark.parametrize("name", PURE_FILES)
def test_pure_packages_do_no_input_or_output(name: str) -> None:
    own, foreign = imports_of(name)
    assert foreign - PURE_LIBRARY | own & IMPURE_BASE == set()
    calls = [node.func for node in ast.walk(ast.parse(FILES[name].read_text())) if isinstance(node, ast.Call)]
    assert {
        call.attr if isinstance(call, ast.Attribute) else getattr(call, "id", "") for call in calls
    } & IMPURE_CALLS == set()


def test_no_file_imports_from_a_test_file() -> None:
    imported = [
        f"{path.relative_to(TESTS)} imports from {node.module}"
        for path in sorted(TESTS.rglob("*.py"))
        if path.relative_to(TESTS).parts[0] != "output"  # where ansible-test installs what it needs
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[-1].startswith("test_")
    ]
    assert imported == []
