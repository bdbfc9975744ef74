# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The list in tests/mutations/mutations.py, which a nightly session tries, follows the code."""

from __future__ import annotations

import pathlib

from ansible_collections.cloudimage.glance.tests.mutations.mutations import outdated


def test_each_listed_mutation_still_applies() -> None:
    assert outdated(pathlib.Path(__file__).resolve().parents[2]) == []
