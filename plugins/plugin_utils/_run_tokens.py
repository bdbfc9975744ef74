# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The logins of this run of Ansible.

The processes share them if this was imported before Ansible forked: the controller does so when it loads an action plugin of
the collection. A lookup is loaded later, in the process of a task.
"""

from __future__ import annotations

from ansible_collections.cloudimage.glance.plugins.module_utils._client.token_cache import TokenCache

TOKENS = TokenCache.for_this_run()
