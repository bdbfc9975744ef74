# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""Marks of parameters."""

from __future__ import annotations

import typing as t

import pytest


def nightly(*values: t.Any) -> t.Any:
    """Parameters that make test leaves out, as it tries others of the same test; the session functional_all has them."""
    return pytest.param(*values, marks=pytest.mark.nightly)
