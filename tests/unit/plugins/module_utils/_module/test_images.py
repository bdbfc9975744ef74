# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The options of the entries of images, as ansible-core validates them."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._argspec import IMAGES
from ansible_collections.cloudimage.glance.plugins.module_utils._errors import InvalidInput
from ansible_collections.cloudimage.glance.plugins.module_utils._module.images import TASK
from ansible_collections.cloudimage.glance.tests.unit.plugins.module_utils.parsed import params_of


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"tag": ["a"]}, r"images\[0\] 'q0': Unsupported parameters: tag\. Supported parameters include: .*tags"),
        ({"remote": {"nmae": "a"}}, r"'q0': Unsupported parameters: remote\.nmae\. Supported parameters include: .*name"),
        ({"visibility": "open"}, r"images\[0\] 'q0': value of visibility must be one of"),
        ({"min_disk": "a"}, r"images\[0\] 'q0': argument 'min_disk' is of type"),
    ],
)
def test_an_invalid_option_of_an_entry_is_explained(entry: dict[str, t.Any], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        TASK.parse(params_of(IMAGES, images=[{"name": "q0", **entry}]))
