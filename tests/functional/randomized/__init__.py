# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The parts of test_check_mode_matches_real_run: cases, the environment they run in, and what must hold afterwards."""

from __future__ import annotations

import pytest

# Their assertions show values, as those of a test module do.
pytest.register_assert_rewrite(f"{__name__}.oracles", f"{__name__}.world")
