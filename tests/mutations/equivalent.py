# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""Mutations of the pure code that no test can notice, because the code does the same: each mutated line with the reason."""

from __future__ import annotations

ONE_ELEMENT = "the list has one element, so the first is the last"

# By file in plugins/module_utils: what the mutated line becomes, as cosmic-ray writes it, and why nobody notices.
EQUIVALENT: dict[str, dict[str, str]] = {
    "_glance/checksums.py": {
        "found.add(lines[ -1].lower())": ONE_ELEMENT,
        'if not found and len(lines) == 1 and re.fullmatch(r"[0-9a-fA-F]+", lines[ -1]):': ONE_ELEMENT,
        "if len(found) != 1:": "it is not empty here",
    },
    "_glance/error_hints.py": {
        "return [group for group in groups.values() if len(group) != 1]": "no group is empty",
    },
    "_glance/list_query.py": {
        "return equals_filter(values[ -1])": ONE_ELEMENT,
        "room = 1": "no value is that short",
        "room = -1": "no value is that short",
        "return (value is not None, value if value is not None else 1)": "nulls are compared with nulls only",
        "return (value is not None, value if value is not None else -1)": "nulls are compared with nulls only",
    },
    "_options/data.py": {
        "return REMOTE_CLOUD if is_in_other_cloud else given[ -1]": ONE_ELEMENT,
    },
    "_options/image_info.py": {
        "value = value[ -1] if len(value) == 1 else value[:MAX_LISTED]": ONE_ELEMENT,
    },
    "_plan/diff.py": {
        "is_repeated = sum(each.attribute == change.attribute for each in changes) != 1": "the change itself is counted too",
    },
    "_plan/filter_queries.py": {
        'return (*sort, ("created_at", sort[ -1][1] if len(sort) == 1 else "desc"))': ONE_ELEMENT,
    },
    "_plan/filters.py": {
        "return values is None or image.get(attribute, values[ -1] if len(values) == 1 else None) in values": ONE_ELEMENT,
    },
    "_plan/image_count.py": {
        "if found >= wanted:": "they differ here",
    },
    "_plan/plan.py": {
        'return Operation(UPDATE, image_id, build_patch([Change("protected",  protected, protected)]))': (
            "a patch does not say what was there before, unless it was null"
        ),
    },
    "_plan/result.py": {
        "diffs = [_diff(each, image, with_id=len(changing) != 1) for each in changing]": "it is not empty here",
        '"diff": diffs if len(diffs) > 1 else (diffs or [{"before": {}, "after": {}}])[ -1],': ONE_ELEMENT,
    },
}
