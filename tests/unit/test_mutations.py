# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The list in tests/mutations/mutations.py, which a nightly session tries, follows the code."""

from __future__ import annotations

import pathlib

from ansible_collections.cloudimage.glance.tests.mutations.mutations import (
    CLOUDS_NOTICED_BY,
    NEAREST_TO_FILE,
    NEAREST_TO_SUBJECT,
    outdated,
)

ROOT = pathlib.Path(__file__).resolve().parents[2]


def test_each_listed_mutation_still_applies() -> None:
    assert outdated(ROOT) == []


def test_tests_that_are_to_notice_mutations_exist() -> None:
    named = [argument for _by, arguments in CLOUDS_NOTICED_BY for argument in arguments if argument.startswith("tests/")]
    named += [
        f"tests/functional/test_{test}.py"
        for nearest in (NEAREST_TO_SUBJECT, NEAREST_TO_FILE)
        for tests in nearest.values()
        for test in tests
    ]
    assert [name for name in named if not (ROOT / name).exists()] == []
    assert len(named) > 10
