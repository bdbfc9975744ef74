# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The calls of the Image API against responses that a real Glance would not give."""

from __future__ import annotations

import pathlib
import typing as t

import pytest
import requests
import requests_mock
from ansible_collections.cloudimage.glance.plugins.module_utils._client.image_api import GlanceApi
from ansible_collections.cloudimage.glance.plugins.module_utils._errors import ApiError, GlanceError, NotSupported
from ansible_collections.cloudimage.glance.plugins.module_utils._glance import operations
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.image import Image
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.operations import Operation
from ansible_collections.cloudimage.glance.plugins.module_utils._transfer.file_source import file_source
from ansible_collections.cloudimage.glance.plugins.module_utils._transfer.polling import Deadline
from ansible_collections.cloudimage.glance.plugins.module_utils._transfer.source import SourceContent
from ansible_collections.cloudimage.glance.plugins.module_utils._transfer.stats import TransferStats
from ansible_collections.cloudimage.glance.plugins.module_utils._transfer.upload import Upload, new_upload

BASE = "http://glance/v2"
IMAGES = f"{BASE}/images"
ID = "8f4c9f1e-0a1c-4f1f-9f8e-3a7c5b0f6a11"
IMAGE = f"{IMAGES}/{ID}"
FILE = f"{IMAGE}/file"
DEACTIVATE = Operation(operations.DEACTIVATE, ID)
DEACTIVATE_URL = f"{IMAGE}/actions/deactivate"
DELETE = Operation(operations.DELETE, ID)
UPLOAD = Operation(operations.UPLOAD, ID)


def image(image_id: str = ID, **attributes: t.Any) -> dict[str, t.Any]:
    return {"id": image_id, "name": "n", "status": "active", **attributes}


def page(*images: dict[str, t.Any], following: str | None = None) -> dict[str, t.Any]:
    return {"images": list(images), "next": following}


def sent(cloud: requests_mock.Mocker) -> list[str]:
    """The requests that were sent, in their order."""
    return [f"{request.method} {request.url}" for request in cloud.request_history]


def upload_of(path: pathlib.Path, data: bytes) -> Upload:
    path.write_bytes(data)
    return new_upload(SourceContent(file_source(str(path))), TransferStats("upload"), Deadline(None))


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (image(), True),
        (image(ID.upper()), True),
        (image(status="deleted"), False),
        (image(status="pending_delete"), False),
    ],
)
def test_deleted_record_counts_as_no_image(
    cloud: requests_mock.Mocker, api: GlanceApi, answer: dict[str, t.Any], found: bool
) -> None:
    cloud.get(IMAGE, json=answer)
    assert api.find_image(ID) == (Image(answer) if found else None)


def test_another_image_than_the_requested_one_is_an_error(cloud: requests_mock.Mocker, api: GlanceApi) -> None:
    cloud.get(IMAGE, json=image("another"))
    with pytest.raises(GlanceError, match=f"GET /v2/images/{ID} was answered with another image, another"):
        api.find_image(ID)


def test_an_image_is_absent_only_at_an_image_api(cloud: requests_mock.Mocker, api: GlanceApi) -> None:
    cloud.get(IMAGE, status_code=404)
    cloud.get(IMAGES, status_code=404)
    with pytest.raises(ApiError, match="not the answer of an Image API"):
        api.find_image(ID)


def test_whether_it_is_an_image_api_is_asked_once(cloud: requests_mock.Mocker, api: GlanceApi) -> None:
    cloud.get(IMAGE, status_code=404)
    probe = cloud.get(f"{IMAGES}?limit=1", json=page(), complete_qs=True)
    assert [api.find_image(ID), api.find_image(ID)] == [None, None]
    assert probe.call_count == 1


def test_an_address_that_a_gateway_does_not_know_is_no_absent_image(cloud: requests_mock.Mocker, api: GlanceApi) -> None:
    gateway = {"error_code": "APIGW.0101", "error_msg": "API not found", "request_id": "r"}
    cloud.get(IMAGE, status_code=404, json=gateway)
    error = r"HTTP 404 \(APIGW.0101\): API not found This is not the answer .* \[request r\]"
    with pytest.raises(ApiError, match=error):
        api.find_image(ID)


def test_all_pages_have_the_query_of_the_first(cloud: requests_mock.Mocker, api: GlanceApi) -> None:
    query = "name=a%26b%2Cc%22&tag=a&tag=b&limit=1"
    cloud.get(f"{IMAGES}?{query}", json=page(image("1"), following="/v2/images?tag=b&marker=1"), complete_qs=True)
    cloud.get(f"{IMAGES}?{query}&marker=1", json=page(), complete_qs=True)
    images = api.list_images([("name", 'a&b,c"'), ("tag", "a"), ("tag", "b")], page_size=1)
    assert [each.id for each in images] == ["1"]


@pytest.mark.parametrize("answer", [{}, {"images": None}, {"versions": []}])
def test_a_response_without_images_is_no_list(cloud: requests_mock.Mocker, api: GlanceApi, answer: t.Any) -> None:
    cloud.get(IMAGES, json=answer)
    with pytest.raises(GlanceError, match="without a list of images"):
        list(api.list_images([]))


FILTER = [("name", 'in:"a","b"'), ("tag", "t"), ("sort", "name:asc,id:desc")]
WITH_OPERATORS = f"{IMAGES}?name=in%3A%22a%22%2C%22b%22&tag=t&sort=name%3Aasc%2Cid%3Adesc&limit=5"
PROBE = f"{IMAGES}?name=unknown-operator%3Ax&limit=1"
WITHOUT_OPERATORS = f"{IMAGES}?tag=t&limit=1000"


def test_an_empty_list_is_empty_where_operators_are_known(cloud: requests_mock.Mocker, api: GlanceApi) -> None:
    cloud.get(WITH_OPERATORS, json=page(), complete_qs=True)
    cloud.get(PROBE, status_code=400, complete_qs=True)
    assert list(api.list_images(FILTER, page_size=5)) == []
    assert sent(cloud) == [f"GET {WITH_OPERATORS}", f"GET {PROBE}"]


def test_a_list_is_requested_without_operators_where_they_are_not_known(cloud: requests_mock.Mocker, api: GlanceApi) -> None:
    cloud.get(WITH_OPERATORS, json=page(), complete_qs=True)
    cloud.get(PROBE, json=page(), complete_qs=True)
    cloud.get(WITHOUT_OPERATORS, json=page(image("1", name="b"), image("2", name="a")), complete_qs=True)
    first = [each.id for each in api.list_images(FILTER, page_size=5)]
    again = [each.id for each in api.list_images(FILTER, page_size=5)]
    assert first == again == ["2", "1"]
    assert sent(cloud) == [f"GET {url}" for url in (WITH_OPERATORS, PROBE, WITHOUT_OPERATORS, WITHOUT_OPERATORS)]


@pytest.mark.parametrize("status", [404, 405, 501])
def test_a_cloud_may_have_no_imports_stores_tasks_and_members(
    cloud: requests_mock.Mocker, api: GlanceApi, status: int
) -> None:
    cloud.get(requests_mock.ANY, status_code=status, json={"error_code": "APIGW.0101", "error_msg": "API not found"})
    assert api.import_methods() == frozenset()
    assert api.list_stores() == []
    assert api.list_tasks(ID) == []
    assert api.member_status(ID, "p") is None


def test_answers_to_questions_about_an_image(cloud: requests_mock.Mocker, api: GlanceApi) -> None:
    cloud.get(f"{IMAGE}/tasks", json={"tasks": [{"id": "t", "created_at": "2"}, {"id": "u", "created_at": "1"}]})
    cloud.get(f"{IMAGE}/members", json={"members": [{"member_id": "p", "status": "pending"}]})
    cloud.get(f"{IMAGE}/members/a%2Fb", json={"status": "accepted"})
    assert [task["id"] for task in api.list_tasks(ID)] == ["u", "t"]
    assert api.list_members(ID) == [{"member_id": "p", "status": "pending", "created_at": None, "updated_at": None}]
    assert api.member_status(ID, "a/b") == "accepted"


def test_answers_to_questions_about_the_cloud(cloud: requests_mock.Mocker, api: GlanceApi) -> None:
    stores = [{"id": "fast"}, {"id": "http", "read-only": "true"}]
    cloud.get(f"{BASE}/info/import", json={"import-methods": {"value": ["web-download"]}})
    cloud.get(f"{BASE}/info/stores", json={"stores": stores})
    cloud.get("http://keystone/v3/projects?name=p", json={"projects": [{"id": "1", "name": "p"}]})
    cloud.get("http://keystone/v3/auth/projects", json={"projects": [{"id": "2", "name": "q"}]})
    cloud.get("http://keystone/v3/domains?name=d", json={"domains": [{"id": "3"}]})
    assert api.import_methods() == {"web-download"}
    assert api.list_stores() == ["fast"]
    assert api.list_projects([("name", "p")]) == [{"id": "1", "name": "p"}]
    assert api.list_projects([], own_only=True) == [{"id": "2", "name": "q"}]
    assert api.list_domains([("name", "d")]) == [{"id": "3"}]


@pytest.mark.parametrize(
    "answer",
    [{"status_code": 404}, {"content": b"<html>"}, {"status_code": 300, "json": {"versions": []}}, {"status_code": 503}],
)
def test_operations_are_sent_to_a_cloud_that_does_not_tell_its_version(
    cloud: requests_mock.Mocker, api: GlanceApi, answer: dict[str, t.Any]
) -> None:
    cloud.get("http://glance/", [answer])
    for _time in range(2):
        api.check_supported([DEACTIVATE])
    assert cloud.call_count == 1


def test_an_operation_of_a_later_version_is_refused(cloud: requests_mock.Mocker, api: GlanceApi) -> None:
    cloud.get("http://glance/", status_code=300, json={"versions": [{"id": "v2.2"}]})
    for _time in range(2):
        with pytest.raises(NotSupported, match=r"Not supported by this cloud: POST .* is v2.2, and this came with v2.3"):
            api.check_supported([DEACTIVATE])
    assert cloud.call_count == 1


@pytest.mark.parametrize("status", [404, 405, 501])
def test_an_operation_that_the_cloud_does_not_have_is_named(
    cloud: requests_mock.Mocker, api: GlanceApi, status: int
) -> None:
    cloud.post(DEACTIVATE_URL, status_code=status)
    cloud.get(IMAGE, json=image())
    with pytest.raises(NotSupported, match="Not supported by this cloud"):
        api.perform(DEACTIVATE)


def test_an_operation_on_an_absent_image_is_supported(cloud: requests_mock.Mocker, api: GlanceApi) -> None:
    cloud.post(DEACTIVATE_URL, status_code=404)
    cloud.get(IMAGE, status_code=404)
    cloud.get(IMAGES, json=page())
    with pytest.raises(ApiError, match="HTTP 404"):
        api.perform(DEACTIVATE)


def test_a_create_is_sent_as_json(cloud: requests_mock.Mocker, api: GlanceApi) -> None:
    cloud.post(IMAGES, status_code=201, json=image())
    assert api.perform(Operation(operations.CREATE, body={"name": "n"})) == Image(image())
    (create,) = cloud.request_history
    assert create.json() == {"name": "n"}
    assert create.headers["Content-Type"] == "application/json"


def test_a_patch_is_sent_as_glance_expects_it(cloud: requests_mock.Mocker, api: GlanceApi) -> None:
    patch = [{"op": "replace", "path": "/name", "value": "ä"}]
    cloud.patch(IMAGE, json=image(name="ä"))
    assert api.perform(Operation(operations.UPDATE, ID, patch)) == Image(image(name="ä"))
    (update,) = cloud.request_history
    assert update.json() == patch
    assert update.headers["Content-Type"] == "application/openstack-images-v2.1-json-patch"


@pytest.mark.parametrize(
    ("patch", "answer", "message"),
    [
        ([{"op": "replace", "path": "/name", "value": "new"}], image(), r"did not apply: name\."),
        ([{"op": "add", "path": "/a~1b", "value": "1"}], image(), r"did not apply: a/b\."),
        ([{"op": "remove", "path": "/a"}], image(a="1"), r"did not apply: a\."),
        ([{"op": "replace", "path": "/protected", "value": True}], image(), r"did not apply: protected\."),
        ([{"op": "replace", "path": "/name", "value": "n"}], image("another"), "with another image"),
    ],
)
def test_a_change_that_was_not_made_is_an_error(
    cloud: requests_mock.Mocker, api: GlanceApi, patch: t.Any, answer: t.Any, message: str
) -> None:
    cloud.patch(IMAGE, json=answer)
    with pytest.raises(GlanceError, match=message):
        api.perform(Operation(operations.UPDATE, ID, patch))


def test_a_deletion_whose_answer_was_lost_is_done(cloud: requests_mock.Mocker, api: GlanceApi) -> None:
    cloud.delete(IMAGE, [{"exc": requests.exceptions.ConnectionError("reset")}, {"status_code": 404}])
    assert api.perform(DELETE) is None


def test_a_deletion_of_an_absent_image_is_an_error(cloud: requests_mock.Mocker, api: GlanceApi) -> None:
    cloud.delete(IMAGE, status_code=404)
    with pytest.raises(ApiError, match="HTTP 404"):
        api.perform(DELETE)


def test_an_import_is_sent_once(cloud: requests_mock.Mocker, api: GlanceApi) -> None:
    cloud.post(f"{IMAGE}/import", status_code=429)
    with pytest.raises(ApiError, match="HTTP 429"):
        api.perform(Operation(operations.IMPORT, ID, {"method": {"name": "web-download"}}))
    assert cloud.call_count == 1


def test_an_upload_sends_its_size(cloud: requests_mock.Mocker, api: GlanceApi, tmp_path: pathlib.Path) -> None:
    data = b"x" * 3_000_000
    cloud.put(FILE, status_code=204)
    api.upload(UPLOAD, upload_of(tmp_path / "data", data), "cheap", timeout=90.0)
    (request,) = cloud.request_history
    expected = {
        "Content-Type": "application/octet-stream",
        "Content-Length": "3000000",
        "x-openstack-image-size": "3000000",
        "x-image-meta-store": "cheap",
    }
    assert expected.items() <= dict(request.headers).items()
    assert b"".join(request.body) == data
    assert str(request.timeout) == "(60.0, 90.0)"


@pytest.mark.parametrize("status", [401, 429, 503])
def test_an_upload_is_sent_once(cloud: requests_mock.Mocker, api: GlanceApi, tmp_path: pathlib.Path, status: int) -> None:
    cloud.put(FILE, status_code=status, headers={"Retry-After": "7"})
    with pytest.raises(ApiError, match=f"HTTP {status}") as caught:
        api.upload(UPLOAD, upload_of(tmp_path / "data", b"abc"), None, timeout=9.0)
    assert caught.value.retry_after == 7.0
    assert cloud.call_count == 1


def requests_of_data(cloud: requests_mock.Mocker) -> list[tuple[str | None, str | None]]:
    """Encoding and range that each request asked for."""
    return [(request.headers.get("Accept-Encoding"), request.headers.get("Range")) for request in cloud.request_history]


def test_data_are_requested_uncompressed_and_from_a_byte_on(cloud: requests_mock.Mocker, api: GlanceApi) -> None:
    cloud.get(FILE, status_code=206, content=b"56789")
    assert api.download(ID, 5).content == b"56789"
    assert not api.refuses_ranges(ID)
    assert requests_of_data(cloud) == [("identity", "bytes=5-")]


@pytest.mark.parametrize("status", [400, 416, 501])
def test_no_range_is_requested_after_one_was_refused(cloud: requests_mock.Mocker, api: GlanceApi, status: int) -> None:
    cloud.get(FILE, content=b"0123456789")
    cloud.get(FILE, status_code=status, request_headers={"Range": "bytes=5-"})
    assert [api.download(ID, offset).status_code for offset in (5, 7, 0)] == [200] * 3
    assert api.refuses_ranges(ID)
    assert requests_of_data(cloud) == [("identity", "bytes=5-"), *[("identity", None)] * 3]


def test_no_range_is_requested_after_one_was_ignored(cloud: requests_mock.Mocker, api: GlanceApi) -> None:
    cloud.get(FILE, content=b"012")
    assert [api.download(ID, offset).status_code for offset in (1, 2)] == [200, 200]
    assert api.refuses_ranges(ID)
    assert requests_of_data(cloud) == [("identity", "bytes=1-"), ("identity", None)]


@pytest.mark.parametrize("status", [403, 404])
def test_other_refusals_of_data_are_final(cloud: requests_mock.Mocker, api: GlanceApi, status: int) -> None:
    cloud.get(FILE, status_code=status)
    with pytest.raises(ApiError, match=f"HTTP {status}"):
        api.download(ID, 5)
    assert cloud.call_count == 1


def test_encoded_data_are_an_error(cloud: requests_mock.Mocker, api: GlanceApi) -> None:
    cloud.get(FILE, headers={"Content-Encoding": "GZIP", "Server": "nginx/1.22.1"})
    error = r"'Content-Encoding: gzip'.*a proxy \(nginx/1.22.1\) in front of the Image API"
    with pytest.raises(GlanceError, match=error):
        api.download(ID)


NAMESPACES = f"{BASE}/metadefs/namespaces"


def test_metadata_definitions_are_asked_for_once(cloud: requests_mock.Mocker, api: GlanceApi) -> None:
    query = "resource_types=OS%3A%3AGlance%3A%3AImage&limit=1000"
    first = {"namespaces": [{"namespace": "OS::A"}], "next": "/v2/metadefs/namespaces?marker=OS::A"}
    cloud.get(f"{NAMESPACES}?{query}", json=first, complete_qs=True)
    cloud.get(f"{NAMESPACES}?{query}&marker=OS%3A%3AA", json={"namespaces": [{"namespace": "B/C"}]}, complete_qs=True)
    cloud.get(f"{NAMESPACES}/OS%3A%3AA", json={"namespace": "OS::A"})
    cloud.get(f"{NAMESPACES}/B%2FC", status_code=404)  # deleted meanwhile
    assert api.metadata_namespaces() == api.metadata_namespaces() == [{"namespace": "OS::A"}]
    assert cloud.call_count == 4


def test_a_list_of_namespaces_that_repeats_itself_ends(cloud: requests_mock.Mocker, api: GlanceApi) -> None:
    cloud.get(NAMESPACES, json={"namespaces": [{"namespace": "A"}], "next": "/v2/metadefs/namespaces?marker=A"})
    cloud.get(f"{NAMESPACES}/A", json={"namespace": "A"})
    assert api.metadata_namespaces() == [{"namespace": "A"}]


def test_a_cloud_may_have_no_metadata_definitions(cloud: requests_mock.Mocker, api: GlanceApi) -> None:
    cloud.get(NAMESPACES, status_code=404)
    assert api.metadata_namespaces() == []
