# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""What the controller hands to a task that runs in its process. Pure."""

from __future__ import annotations

import dataclasses
import typing as t


@dataclasses.dataclass(frozen=True)
class Invocation:
    """What a module would get from the controller, and the environment that its process would have.

    :param module: the module's name, as the task has it.
    :param arguments: the task's options, not validated.
    :param diff: whether the result's diff is asked for.
    :param folder: the working folder.
    :param environment: the variables beside those of the controller's process.
    """

    module: str
    arguments: t.Mapping[str, t.Any]
    folder: str
    check_mode: bool = False
    diff: bool = False
    environment: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
