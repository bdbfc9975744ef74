# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""What a task says and does when the cloud, or a proxy in front of it, refuses a request."""

from __future__ import annotations

import hashlib
import pathlib
import typing as t

import pytest

from .cloud import FORMATS, Cloud, Json, assert_prediction_matches
from .glance_proxy import NGINX_413, Page, fault_on, proxy
from .image_server import Web, serving
from .sources import checksum_of

DATA = bytes(range(256)) * 5000
NOT_FOUND = Page(
    404,
    "<html>\n <head>\n  <title>404 Not Found</title>\n </head>\n <body>\n  <h1>404 Not Found</h1>\n"
    "  Failed to find image to delete<br /><br />\n\n\n\n </body>\n</html>",
)


@pytest.fixture
def web() -> t.Iterator[Web]:
    with serving() as web:
        web.files["/disk.raw"] = DATA
        yield web


def refused_import(url: str) -> Page:
    """Glance's answer where its filter does not let the cloud fetch a URL."""
    said = f"URI for web-download does not pass filtering: {url}"
    return Page(400, f"<html><head><title>400 Bad Request</title></head><body><h1>400 Bad Request</h1>{said}</body></html>")


@pytest.mark.parametrize("transport", ["path", "url"])
def test_body_limit_of_a_proxy_is_not_called_a_quota(alice: Cloud, name: str, path: str, web: Web, transport: str) -> None:
    source: Json = {"path": path} if transport == "path" else {"url": f"{web.url}/disk.raw", "transfer": "stream"}
    with proxy(alice.sandbox.glance_url, fault_on("PUT", "/file", NGINX_413)) as url:
        outcome = alice.run("image", name=name, endpoint_override=url, **source, **FORMATS)
    assert "HTTP 413: Request Entity Too Large (nginx/1.22.1). This is not a quota" in outcome.message
    assert "the limit of a proxy (nginx/1.22.1)" in outcome.message
    assert "client_max_body_size" in outcome.message
    assert "quota or" not in outcome.message
    assert alice.named(name) == []


def test_413_of_glance_is_called_a_quota(alice: Cloud, name: str) -> None:
    outcome = alice.run("image", name=name, tags=[f"tag-{number}" for number in range(129)])
    assert "The limit has been exceeded on the number of allowed image tags" in outcome.message
    assert "A quota or the store's space is used up" in outcome.message
    assert "proxy" not in outcome.message


@pytest.mark.parametrize("state", ["absent", "present"])
def test_404_for_another_projects_image_has_the_hint_of_a_403(admin: Cloud, alice: Cloud, name: str, state: str) -> None:
    image = admin.make(name, visibility="public")
    method = "DELETE" if state == "absent" else "PATCH"
    options: Json = {"id": image["id"], "state": state, **({} if state == "absent" else {"tags": ["x"]})}
    messages = [alice.run("image", **options).message]
    with proxy(alice.sandbox.glance_url, fault_on(method, image["id"], NOT_FOUND)) as url:
        messages.append(alice.run("image", endpoint_override=url, **options).message)
    assert alice.sandbox.refused_as_foreign(messages[0])
    assert "HTTP 404" in messages[1]
    for message in messages:
        assert f"The image belongs to project {admin.project_id} and this session works for project" in message
    assert admin.show(image["id"]) == image


@pytest.mark.parametrize("existing", [False, True])
@pytest.mark.parametrize(
    ("options", "names"),
    [
        ({"tags": ["Web", "web"]}, "Tags 'Web' and 'web'"),
        ({"properties": {"Café": "1", "cafe": "2"}}, "Properties 'Café' and 'cafe'"),
        ({"tags": ["a", "b"]}, None),
    ],
)
def test_500_for_names_that_the_database_treats_as_equal_has_a_hint(
    alice: Cloud, name: str, existing: bool, options: Json, names: str | None
) -> None:
    if existing:
        alice.make(name)
    fault = fault_on("PATCH", "", 500) if existing else fault_on("POST", "/images", 500)
    with proxy(alice.sandbox.glance_url, fault) as url:
        message = alice.run("image", name=name, endpoint_override=url, **options).message
    assert "HTTP 500" in message
    assert ("differ only in case, accents or trailing spaces" in message) is bool(names)
    assert (names or "Something failed inside the cloud") in message


def test_500_for_tags_that_the_database_treats_as_equal_has_a_hint(alice: Cloud, name: str) -> None:
    alice.make(name, tags=["Web", "web"])
    with proxy(alice.sandbox.glance_url, fault_on("PATCH", "", 500)) as url:
        message = alice.run("image", name=name, tags=["Web"], endpoint_override=url).message
    assert "Tags 'Web' and 'web' differ only in case" in message


def test_failed_import_without_a_reason_has_a_hint(alice: Cloud, name: str, web: Web) -> None:
    outcome = alice.run("image", name=name, url=f"{web.url}/nothing", transfer="import", **FORMATS)
    assert "could not import the data" in outcome.message
    assert "Task failed due to Internal Error" in outcome.message
    assert "Usual causes: the cloud cannot reach the URL" in outcome.message
    assert "'transfer: stream'" in outcome.message


@pytest.mark.parametrize("status", [400, 403, 404, 405, 501])
def test_data_are_streamed_if_the_cloud_refuses_the_import(alice: Cloud, name: str, web: Web, status: int) -> None:
    source = f"{web.url}/disk.raw?signature=secret-of-the-url"
    page = Page(status, refused_import(source).body)
    options: Json = {"name": name, "url": source, "tags": ["a"], **FORMATS}
    with proxy(alice.sandbox.glance_url, fault_on("POST", "/import", page)) as url:
        real = alice.run("image", endpoint_override=url, **options).succeeded()
    (image,) = alice.named(name)
    assert image["status"] == "active"
    assert image["os_hash_value"] == hashlib.sha512(DATA).hexdigest()
    assert [(each["method"], each["path"].rpartition("/")[2]) for each in real.result["operations"]] == [
        ("POST", "images"),
        ("PUT", "file"),
    ]
    assert real.sent.count("POST /v2/images") == 1  # the image that was made is used
    assert [(each["method"], each["path"]) for each in real.mutations] == [
        (each["method"], each["path"]) for each in real.result["operations"]
    ]
    assert real.result["transfer"]["method"] == "upload"
    (warning,) = real.warnings
    assert f"refuses to import {web.url}/disk.raw" in warning
    assert "'transfer: stream'" in warning
    assert f"HTTP {status}" in warning
    assert "secret-of-the-url" not in real.stdout
    # The same task, streamed from the start, has the same result.
    assert_prediction_matches(
        alice.run("image", check=True, **{**options, "name": f"{name}-2", "transfer": "stream"}).succeeded(),
        alice.run("image", **{**options, "name": f"{name}-2", "transfer": "stream"}).succeeded(),
    )
    assert not alice.unchanged("image", **options).changed


def test_refused_import_is_an_error_if_the_task_demands_it(alice: Cloud, name: str, web: Web) -> None:
    source = f"{web.url}/disk.raw?signature=secret-of-the-url"
    with proxy(alice.sandbox.glance_url, fault_on("POST", "/import", refused_import(source))) as url:
        demands: tuple[Json, ...] = ({"transfer": "import"}, {"import_method": "web-download"})
        for demand in demands:
            outcome = alice.run("image", name=name, url=source, endpoint_override=url, **demand, **FORMATS)
            assert "does not pass filtering" in outcome.message
            assert "secret-of-the-url" not in outcome.stdout
            assert alice.named(name) == []


def test_refused_import_into_an_existing_image(alice: Cloud, name: str, web: Web) -> None:
    image = alice.make(name, **FORMATS)
    source = f"{web.url}/disk.raw"
    with proxy(alice.sandbox.glance_url, fault_on("POST", "/import", refused_import(source))) as url:
        real = alice.run("image", name=name, url=source, tags=["a"], endpoint_override=url).succeeded()
    assert real.image["id"] == image["id"]
    assert real.image["status"] == "active"
    assert [each["method"] for each in real.result["operations"]] == ["PATCH", "PUT"]


def test_data_of_a_replacement_are_streamed_if_the_import_is_refused(alice: Cloud, name: str, path: str, web: Web) -> None:
    old = alice.make(name, pathlib.Path(path).read_bytes())
    source, checksum = f"{web.url}/disk.raw", checksum_of(DATA)
    options: Json = {"name": name, "url": source, "checksum": checksum, "data_policy": "replace"}
    with proxy(alice.sandbox.glance_url, fault_on("POST", "/import", refused_import(source))) as url:
        real = alice.run("image", endpoint_override=url, **options).succeeded()
    (image,) = alice.named(name)
    assert image["id"] == real.image["id"] != old["id"]
    assert [each["method"] for each in real.result["operations"]] == ["POST", "PUT", "PATCH", "DELETE"]
    assert not alice.unchanged("image", **options).changed


def test_refused_import_to_two_stores(admin: Cloud, name: str, web: Web) -> None:
    refused: list[str] = []

    def fault(method: str, path: str, _count: int) -> Page | None:
        if method == "POST" and path.endswith("/import") and not refused:
            refused.append(path)
            return refused_import(web.url)
        return None

    options: Json = {"name": name, "url": f"{web.url}/disk.raw", "stores": ["fast", "cheap"]}
    with proxy(admin.sandbox.glance_url, fault) as url:
        real = admin.run("image", endpoint_override=url, **options, **FORMATS).succeeded()
    assert real.image["stores"] == ["cheap", "fast"]
    assert [each["path"].rpartition("/")[2] for each in real.result["operations"]] == ["images", "file", "import"]
    assert not admin.unchanged("image", **options).changed


def test_source_that_neither_the_cloud_nor_the_host_can_read_is_an_error(alice: Cloud, name: str, web: Web) -> None:
    source = f"{web.url}/nothing"
    with proxy(alice.sandbox.glance_url, fault_on("POST", "/import", refused_import(source))) as url:
        message = alice.run("image", name=name, url=source, endpoint_override=url, **FORMATS).message
    assert "was answered HTTP 404" in message
    assert "the cloud refuses to import them: POST" in message
    assert alice.named(name) == []


def test_conflict_with_another_import_is_not_a_refusal(alice: Cloud, name: str, web: Web) -> None:
    with proxy(alice.sandbox.glance_url, fault_on("POST", "/import", 409)) as url:
        outcome = alice.run("image", name=name, url=f"{web.url}/disk.raw", endpoint_override=url, **FORMATS)
    assert "HTTP 409" in outcome.message
    assert "PUT /v2/images/ID/file" not in outcome.sent
