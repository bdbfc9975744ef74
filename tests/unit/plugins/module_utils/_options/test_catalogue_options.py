# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._errors import InvalidInput
from ansible_collections.cloudimage.glance.plugins.module_utils._options.catalogue import check_catalogue_name


@pytest.mark.parametrize("name", ["a", "base", "Base-1.2_x", "a" * 255])
def test_valid_catalogue_name_is_accepted(name: str) -> None:
    assert check_catalogue_name(name) == name


@pytest.mark.parametrize("name", ["", "a" * 256, "eq:a", "a b", "-a", "ä", "a\n", "in:a,b"])
def test_invalid_catalogue_name_is_refused(name: str) -> None:
    with pytest.raises(InvalidInput, match="^catalogue: "):
        check_catalogue_name(name)
