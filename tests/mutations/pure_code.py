# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""Mutates the pure code with cosmic-ray and prints the mutations that no unit test notices: pure_code.py COPY [NAME...].

The copy is a collection in a tree (.../ansible_collections/cloudimage/glance), and PYTHONPATH is the tree. A NAME is a
package or a file of plugins/module_utils; without one, all pure files are mutated. GLANCE_MUTATION_MINUTES limits the run:
each file gets an equal share of the time that is left, and its mutations are tried in random order.
"""

from __future__ import annotations

import ast
import os
import pathlib
import random
import re
import shlex
import sys
import tempfile
import time
import typing as t

from ansible_collections.cloudimage.glance.tests.mutations.equivalent import EQUIVALENT
from cosmic_ray.commands import init
from cosmic_ray.mutating import mutate_and_test
from cosmic_ray.testing import run_tests
from cosmic_ray.work_db import use_db
from cosmic_ray.work_item import MutationSpec, TestOutcome, WorkerOutcome, WorkResult

# Not _argspec.py: validate-modules (nox -s sanity) compares it with the documentation.
PURE = ("_glance", "_options", "_plan", "_errors.py", "_url_redaction.py")
TEST_TIMEOUT = 60.0
# These stop a programming error; correct code does the same without them.
SAFEGUARD = re.compile(r"frozen=True|strict=True")
# The number that a limit has is a choice; with the next one the code would be as right.
LIMIT = re.compile(r"[A-Z_]+ = [\d_]+( +#.*)?")
# The table of the API's calls: what a cloud answers is not for unit tests to say, and those on a real Glance notice.
CALL = re.compile(r"Call\(\"")
DEFAULT_MINUTES = "300"
# Tests of how long parsing takes: slow, and other tests notice what they would.
SLOW = "parsed_in_time"
# Comparisons of another kind. Equal constants are often identical too, and most values that are compared have no order that
# means something, so these mutations would say nothing about the tests.
SKIPPED_OPERATORS = re.compile(
    r".*Comparison.*_((Eq|NotEq)_(Is|IsNot|Lt|LtE|Gt|GtE)|(Is|IsNot)_(Eq|NotEq|Lt|LtE|Gt|GtE)|(Lt|LtE|Gt|GtE)_(Is|IsNot))"
)


class Mutated(t.NamedTuple):
    """What became of the mutations of one file."""

    tried: int
    survivors: list[WorkResult]
    total: int


def pure_files(module_utils: pathlib.Path, names: t.Sequence[str]) -> list[pathlib.Path]:
    found: list[pathlib.Path] = []
    for name in names:
        path = module_utils / name
        files = sorted(path.rglob("*.py")) if path.is_dir() else [path]
        found += [file for file in files if file.name != "__init__.py"]
    return found


def annotation_spans(source: str) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Where the type annotations are: nothing evaluates them."""
    found: list[ast.expr] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.arg, ast.AnnAssign)) and node.annotation:
            found.append(node.annotation)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.returns:
            found.append(node.returns)
    return [
        ((each.lineno, each.col_offset), (each.end_lineno or each.lineno, each.end_col_offset or each.col_offset))
        for each in found
    ]


def mutations_of(file: pathlib.Path) -> list[MutationSpec]:
    """The mutations of a file that can change what it does; of a binary operator one replacement is enough."""
    with tempfile.TemporaryDirectory() as folder, use_db(f"{folder}/session.sqlite") as session:
        init([file], session, {})
        specs = [spec for item in session.work_items for spec in item.mutations]
    source = file.read_text()
    lines, typed = source.splitlines(), annotation_spans(source)
    chosen: dict[t.Any, MutationSpec] = {}
    for spec in specs:
        line = lines[spec.start_pos[0] - 1]
        is_safeguard = "TrueWithFalse" in spec.operator_name and SAFEGUARD.search(line)
        is_choice = CALL.search(line) or LIMIT.fullmatch(line)
        is_annotation = any(begin <= spec.start_pos and spec.end_pos <= end for begin, end in typed)
        if SKIPPED_OPERATORS.fullmatch(spec.operator_name) or is_safeguard or is_choice or is_annotation:
            continue
        is_binary = "ReplaceBinaryOperator" in spec.operator_name
        key = (spec.start_pos, "binary") if is_binary else (spec.start_pos, spec.operator_name, spec.occurrence)
        chosen.setdefault(key, spec)
    return list(chosen.values())


def judge(collection: pathlib.Path, file: pathlib.Path) -> str:
    """The command that runs the unit tests of the pure code, those of the file first, and stops at the first failure."""
    tests = pathlib.Path("tests/unit/plugins/module_utils")
    package = file.parent.relative_to(collection / "plugins" / "module_utils")
    own = tests / package / f"test_{file.stem.removeprefix('_')}.py"
    others = [tests / name for name in ("_glance", "_options", "_plan", "test_errors.py", "test_url_redaction.py")]
    others.sort(key=lambda path: path.name != package.name)
    names = [str(path) for path in dict.fromkeys([own, *others]) if (collection / path).exists()]
    return shlex.join([sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "-k", f"not {SLOW}", *names])


def mutated_line(diff: str) -> str:
    """What the line that was mutated has become."""
    return " ".join(line[1:].strip() for line in diff.splitlines() if re.match(r"\+(?!\+\+ )", line))


def mutate(collection: pathlib.Path, file: pathlib.Path, end: float) -> Mutated:
    command = judge(collection, file)
    outcome, output = run_tests(command, TEST_TIMEOUT)
    if outcome != TestOutcome.SURVIVED:
        raise SystemExit(f"The tests fail without a mutation: {output}")
    equivalent = EQUIVALENT.get(str(file.relative_to(collection / "plugins" / "module_utils")), {})
    mutations = mutations_of(file)
    random.shuffle(mutations)
    survivors: list[WorkResult] = []
    for tried, mutation in enumerate(mutations):
        if time.monotonic() > end:
            return Mutated(tried, survivors, len(mutations))
        result = mutate_and_test([mutation], command, TEST_TIMEOUT)
        if result.worker_outcome == WorkerOutcome.EXCEPTION:
            continue  # cosmic-ray fails to make it, as with an exception whose name has a dot
        if result.test_outcome != TestOutcome.KILLED and mutated_line(result.diff or "") not in equivalent:
            survivors.append(result)
    return Mutated(len(mutations), survivors, len(mutations))


def main() -> int:
    collection = pathlib.Path(sys.argv[1]).resolve()
    module_utils = collection / "plugins" / "module_utils"
    # Plugins of pytest that the unit tests do not use take longer to load than most tests.
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    os.chdir(collection)
    end = time.monotonic() + 60 * float(os.environ.get("GLANCE_MUTATION_MINUTES", DEFAULT_MINUTES))
    files = pure_files(module_utils, sys.argv[2:] or [name for name in PURE if (module_utils / name).exists()])
    survived = 0
    for number, file in enumerate(files):
        now = time.monotonic()
        outcome = mutate(collection, file, now + (end - now) / (len(files) - number))
        for survivor in outcome.survivors:
            print(survivor.diff or survivor.output, flush=True)
        print(
            f"{file.relative_to(module_utils)}: {outcome.total} mutations, {outcome.tried} tried,"
            f" {len(outcome.survivors)} not noticed, {time.monotonic() - now:.0f} s",
            flush=True,
        )
        survived += len(outcome.survivors)
    print(f"{survived} mutations were not noticed")
    return 1 if survived else 0


if __name__ == "__main__":
    sys.exit(main())
