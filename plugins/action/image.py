# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

from ansible_collections.cloudimage.glance.plugins.plugin_utils._action import GlanceAction, in_process


class ActionModule(GlanceAction):
    """Runs the module image."""

    in_process = in_process("image")
    replaces = "image"
    tells_progress = True
