# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

"""Options as the modules parse them, with defaults for what a test does not name."""

from __future__ import annotations

import datetime
import typing as t

from ansible_collections.cloudimage.glance.plugins.module_utils._argspec import IMAGE, IMAGE_INFO, Spec
from ansible_collections.cloudimage.glance.plugins.module_utils._options.image import ImageOptions
from ansible_collections.cloudimage.glance.plugins.module_utils._options.image_info import ImageFilters, ImageInfoOptions

NOW = datetime.datetime(2026, 3, 1, 12, 0, 0, tzinfo=datetime.timezone.utc)


def params_of(spec: Spec, **options: t.Any) -> dict[str, t.Any]:
    """The options of a module as ansible-core validates them."""
    unknown = options.keys() - spec.keys()
    assert not unknown, f"no options: {unknown}"
    return {**{name: option.get("default") for name, option in spec.items()}, **options}


def image_options(**options: t.Any) -> ImageOptions:
    return ImageOptions.from_params(params_of(IMAGE, **options))


def image_info_options(**options: t.Any) -> ImageInfoOptions:
    return ImageInfoOptions.from_params(params_of(IMAGE_INFO, **options), NOW)


def filters_of(**options: t.Any) -> ImageFilters:
    """The filters of image_info; an owner is taken for a project's id."""
    parsed = image_info_options(**options)
    return parsed.filters.of_owner(parsed.owner.project if parsed.owner else None)
