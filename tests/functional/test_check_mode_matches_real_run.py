# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""Randomized tests: what check mode says, what the real run does, and that a second run changes nothing.

GLANCE_RANDOM_CASES says how many cases are tried (default 20, the same ones each time; more than that are random ones), but
each test tries four at least.
GLANCE_RANDOM_SHRINK=no reports the first failing case as it is, as making it small takes minutes; with
GLANCE_RANDOM_FAILURES=all the other cases are tried all the same, and all that fail are reported.
A failure prints its case as a playbook. The cases, and what must hold of them, are in the folder randomized.
"""

from __future__ import annotations

import os
import pathlib
import pprint
import tempfile
import traceback
import typing as t

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._timing import TIMING
from hypothesis import HealthCheck, Phase, example, given, note, settings
from hypothesis import strategies as st

from .cloud import Cloud
from .image_server import Web, serving
from .randomized import generator, known
from .randomized.cases import Case
from .randomized.oracles import SEEN, check_case
from .randomized.playbook import as_playbook
from .randomized.world import World

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("impatient")]

SLICE = 20
# With fewer, a kind of task might never change anything.
FEWEST = 4
CASES = int(os.environ.get("GLANCE_RANDOM_CASES") or SLICE)
ALL_FAILURES = os.environ.get("GLANCE_RANDOM_FAILURES") == "all"
SHRINK = os.environ.get("GLANCE_RANDOM_SHRINK") != "no"


@pytest.fixture(scope="module")
def clouds(admin: Cloud, alice: Cloud, bob: Cloud) -> dict[str, Cloud]:
    return {"admin": admin, "alice": alice, "bob": bob}


@pytest.fixture(scope="module")
def web() -> t.Iterator[Web]:
    with serving() as web:
        yield web


@pytest.fixture
def no_other_run_sends(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a run was killed no other run continues with its data, so no task needs to wait for them."""
    monkeypatch.setattr(TIMING, "staged_abandoned", 0.0)


def try_case(case: Case, clouds: dict[str, Cloud], web: Web) -> None:
    with tempfile.TemporaryDirectory() as folder:
        world = World(clouds, pathlib.Path(folder), web)
        try:
            check_case(world, case)
        finally:
            world.clean()


def search(
    cases: st.SearchStrategy[t.Any], percent: int, clouds: dict[str, Cloud], web: Web, known: t.Sequence[Case] = ()
) -> None:
    """Try the known cases, and so many percent of the generated ones that are asked for."""
    number = max(FEWEST, CASES * percent // 100)

    @settings(
        max_examples=number,
        derandomize=CASES <= SLICE,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate, *([Phase.shrink] if SHRINK else [])],
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
        print_blob=True,
    )
    @given(case=cases)
    def try_one(case: Case) -> None:
        playbook = f"The case as a playbook (run it with the sandbox's clouds):\n{as_playbook(case)}"
        note(playbook)
        try:
            try_case(case, clouds, web)
            print("." if ALL_FAILURES else "", end="", flush=True)
        except Exception as error:
            if not ALL_FAILURES:
                raise
            failures.append(f"{traceback.format_exc(limit=-2)}\n{pprint.pformat(case, width=150)}")
            print(f"\nFAILED: {error}\n{failures[-1]}\n{playbook}", flush=True)

    failures: list[str] = []
    SEEN.clear()
    for case in known:
        try_one = example(case=case)(try_one)
    try_one()
    print(f"\n{number} cases: {dict(SEEN)}")
    assert not failures, f"{len(failures)} cases failed:\n" + "\n\n".join(failures)


def check_not_mostly_refused() -> None:
    """Tasks that are mostly refused would show little."""
    assert SEEN["changed"] + SEEN["unchanged"] > SEEN["refused"] / 2


def test_random_tasks_on_attributes(clouds: dict[str, Cloud], web: Web) -> None:
    search(generator.attribute_cases(), 20, clouds, web, known.ON_ATTRIBUTES)
    check_not_mostly_refused()


def test_random_replacements(clouds: dict[str, Cloud], web: Web) -> None:
    search(generator.replacement_cases(), 10, clouds, web)
    assert SEEN["of these replaced"]


def test_random_catalogues(clouds: dict[str, Cloud], web: Web) -> None:
    search(generator.catalogue_cases(), 10, clouds, web, known.CATALOGUES)
    assert SEEN["of these pruned"]


def test_random_tasks_on_data(clouds: dict[str, Cloud], web: Web) -> None:
    search(generator.data_cases(), 15, clouds, web, known.ON_DATA)
    check_not_mostly_refused()


@pytest.mark.usefixtures("no_other_run_sends")
def test_random_candidates(clouds: dict[str, Cloud], web: Web) -> None:
    search(generator.candidate_cases(), 10, clouds, web, known.OF_CANDIDATES)
    check_not_mostly_refused()
    assert SEEN["of these replaced"]


@pytest.mark.nightly
@pytest.mark.usefixtures("no_other_run_sends")
def test_random_interrupted_candidates(clouds: dict[str, Cloud], web: Web) -> None:
    search(generator.interrupted_candidate_cases(), 10, clouds, web, known.INTERRUPTED_CANDIDATES)
    check_not_mostly_refused()


@pytest.mark.usefixtures("no_other_run_sends")
def test_random_interrupted_runs(clouds: dict[str, Cloud], web: Web) -> None:
    search(generator.interrupted_cases(), 15, clouds, web, known.INTERRUPTED)
    check_not_mostly_refused()


@pytest.mark.usefixtures("same_first_id")
def test_random_overlapping_runs(clouds: dict[str, Cloud], web: Web) -> None:
    search(generator.overlapping_cases(), 10, clouds, web, known.OVERLAPPING)
    check_not_mostly_refused()
