# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The run of the module image_service_info: what a cloud's Image API offers."""

from __future__ import annotations

import typing as t

from .._client.image_api import IMAGE_SCHEMA, IMPORT_INFO, STORES_INFO, USAGE_INFO, VERSIONS, GlanceApi
from .._glance import service
from .._url_redaction import redacted_url
from .task import Task


def run(api: GlanceApi, _options: None, _check_mode: bool) -> dict[str, t.Any]:
    """Read what the cloud shows; nothing is ever changed, so check mode makes no difference."""
    versions = service.api_versions(api.service_document(VERSIONS))
    methods = service.import_methods(api.service_document(IMPORT_INFO))
    schema = api.service_document(IMAGE_SCHEMA)
    if schema is None or (versions is None and methods is None):
        # Anything that answers HTTP 404 to everything would otherwise look like an Image API that shows nothing.
        api.check_is_image_api()
    shown = [service.dotted(version) for version in versions] if versions is not None else None
    return {
        "changed": False,
        "service": {
            "endpoint": redacted_url(api.connection.image_url),
            "project_id": api.connection.project_id if api.connection.tells_project else None,
            "api_versions": shown,
            "api_version": shown[-1] if shown else None,
            "import_methods": methods,
            "stores": service.stores(api.service_document(STORES_INFO)),
            "disk_formats": service.formats(schema, "disk_format"),
            "container_formats": service.formats(schema, "container_format"),
            "usage": service.usage(api.service_document(USAGE_INFO)),
        },
    }


TASK = Task(run, {}, lambda _params: None)
