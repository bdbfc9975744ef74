# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""Text that Ansible must not take for a template, such as the name of an image or the answer of a survey."""

from __future__ import annotations

import typing as t

try:
    from ansible.utils.unsafe_proxy import wrap_var
except ImportError:  # newer versions of ansible-core template no text that a plugin returns

    def wrap_var(value: t.Any) -> t.Any:
        """The value itself."""
        return value


def never_templated(value: t.Any) -> t.Any:
    """A copy of the value in which no text is a template; keys of dictionaries stay as they are."""
    if isinstance(value, dict):
        return {key: never_templated(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [never_templated(each) for each in value]
    return wrap_var(value) if isinstance(value, str) else value
