# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""What a cloud's Image API offers, and what a cloud does not show."""

from __future__ import annotations

import typing as t

import pytest

from .cloud import Cloud, Json
from .glance_proxy import proxy

pytestmark = pytest.mark.usefixtures("impatient")
READS = ["/", "/v2/info/import", "/v2/schemas/image", "/v2/info/stores", "/v2/info/usage"]


def service_of(cloud: Cloud, **options: t.Any) -> Json:
    return t.cast("Json", cloud.unchanged("image_service_info", **options).result["service"])


def test_service_of_glance_is_shown(alice: Cloud) -> None:
    outcome = alice.unchanged("image_service_info")
    service = outcome.result["service"]
    assert service["endpoint"] == f"{alice.session.get_endpoint(service_type='image')}/v2"
    assert service["project_id"] == alice.project_id
    assert service["api_version"] == service["api_versions"][-1]
    assert service["api_versions"][0] == "2.0"
    assert {"glance-direct", "web-download"} <= set(service["import_methods"])
    assert service["stores"] == [
        {"id": "fast", "description": None, "default": True, "read_only": False},
        {"id": "cheap", "description": None, "default": False, "read_only": False},
    ]
    assert {"qcow2", "raw"} <= set(service["disk_formats"])
    assert {"bare", "ova"} <= set(service["container_formats"])
    assert [entry.partition(" ")[2] for entry in outcome.sent] == READS


def test_check_mode_gives_the_same(admin: Cloud) -> None:
    assert admin.run("image_service_info", check=True).result["service"] == service_of(admin)


def test_document_that_the_cloud_does_not_have_is_null(alice: Cloud) -> None:
    refused = {"/v2/info/stores": 404, "/v2/info/usage": 403, "/v2/info/import": 405}
    with proxy(alice.sandbox.glance_url, lambda _method, path, _count: refused.get(path)) as url:
        service = service_of(alice, endpoint_override=url)
    assert (service["stores"], service["usage"], service["import_methods"]) == (None, None, None)
    assert "qcow2" in service["disk_formats"]


def test_error_of_the_cloud_is_an_error(alice: Cloud) -> None:
    with proxy(alice.sandbox.glance_url, lambda _method, path, _count: 500 if path.endswith("/usage") else None) as url:
        message = alice.run("image_service_info", endpoint_override=url).message
    assert "GET /v2/info/usage was answered HTTP 500" in message


def test_server_that_is_no_image_api_is_an_error(alice: Cloud) -> None:
    with proxy(alice.sandbox.glance_url, lambda *_request: 404) as url:
        message = alice.run("image_service_info", endpoint_override=url).message
    assert "This is not the answer of an Image API" in message


def test_password_in_the_endpoint_is_not_shown(alice: Cloud) -> None:
    url = alice.sandbox.glance_url.replace("http://", "http://user:hunter2@")
    outcome = alice.run("image_service_info", endpoint_override=url)
    assert "hunter2" not in str(outcome.result["service"])
