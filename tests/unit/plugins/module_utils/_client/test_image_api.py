# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The API layer against scripted exchanges: what is sent, byte for byte, and what is made of each answer."""

from __future__ import annotations

import dataclasses
import datetime
import email.utils
import io
import json
import typing as t

import pytest
import requests
from ansible_collections.cloudimage.glance.plugins.module_utils._client import image_api
from ansible_collections.cloudimage.glance.plugins.module_utils._client.connection import CloudCapabilities
from ansible_collections.cloudimage.glance.plugins.module_utils._client.image_api import GlanceApi, Retries, newest_version
from ansible_collections.cloudimage.glance.plugins.module_utils._errors import (
    ApiError,
    ConnectionProblem,
    GlanceError,
    NotSupported,
)
from ansible_collections.cloudimage.glance.plugins.module_utils._glance import operations
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.image import Image
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.responses import parse_error, seconds_until
from ansible_collections.cloudimage.glance.plugins.module_utils._timing import TIMING
from ansible_collections.cloudimage.glance.plugins.module_utils._transfer.file_source import file_source
from ansible_collections.cloudimage.glance.plugins.module_utils._transfer.polling import Deadline
from ansible_collections.cloudimage.glance.plugins.module_utils._transfer.source import SourceContent
from ansible_collections.cloudimage.glance.plugins.module_utils._transfer.stats import TransferStats
from ansible_collections.cloudimage.glance.plugins.module_utils._transfer.upload import Upload, new_upload
from keystoneauth1 import exceptions as ksa

BASE = "http://glance/v2"
ID = "8f4c9f1e-0a1c-4f1f-9f8e-3a7c5b0f6a11"


def upload_of_file(path: t.Any) -> Upload:
    return new_upload(SourceContent(file_source(str(path))), TransferStats("upload"), Deadline(None))


@dataclasses.dataclass
class Exchange:
    """One request that must come, and what it is answered with: a status and a body, or an exception."""

    method: str
    url: str
    status: int = 200
    answer: t.Any = None
    headers: dict[str, str] = dataclasses.field(default_factory=dict)
    sent: t.Any = None
    raises: Exception | None = None


class ScriptedSession:
    def __init__(self, exchanges: list[Exchange]) -> None:
        self.exchanges = exchanges
        self.sent_headers: list[dict[str, str]] = []

    def request(self, url: str, method: str, **options: t.Any) -> requests.Response:
        assert self.exchanges, f"not in the script: {method} {url}"
        exchange = self.exchanges.pop(0)
        assert (method, url) == (exchange.method, exchange.url)
        assert options["redirect"] is False
        timeout = options["timeout"]
        assert min(timeout if isinstance(timeout, tuple) else (timeout,)) > 0
        data = options.get("data")
        if exchange.sent is not None:
            assert data is not None
            assert (json.loads(data) if isinstance(data, bytes) else b"".join(data)) == exchange.sent
        self.sent_headers.append(options.get("headers", {}))
        if exchange.raises:
            raise exchange.raises
        response = requests.Response()
        response.status_code = exchange.status
        body = exchange.answer
        response.raw = io.BytesIO(body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode())
        response.headers.update({"Content-Type": "application/json", **exchange.headers})
        return response


class Connection:
    image_url = BASE
    identity_url = "http://keystone/v3"
    timeout = 60.0

    def __init__(self, exchanges: list[Exchange]) -> None:
        self.session = ScriptedSession(exchanges)
        self.known = CloudCapabilities()


class Script:
    """The API on scripted exchanges; leaving the context checks that all of them took place."""

    def __init__(self, *exchanges: Exchange) -> None:
        self.slept: list[float] = []
        self.connection = Connection(list(exchanges))
        retries = Retries(sleep=self.slept.append, jitter=lambda: 0.5)
        self.api = GlanceApi(self.connection, retries)  # type: ignore[arg-type]

    def __enter__(self) -> Script:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_rest: object) -> None:
        if kind is None:
            assert self.connection.session.exchanges == []


def image(image_id: str = ID, **attributes: t.Any) -> dict[str, t.Any]:
    return {"id": image_id, "name": "n", "status": "active", **attributes}


def page(*ids: str, following: str | None = None) -> dict[str, t.Any]:
    return {"images": [image(image_id) for image_id in ids], **({"next": following} if following else {})}


def test_pages_keep_their_own_query_and_take_only_the_marker() -> None:
    with Script(
        Exchange("GET", f"{BASE}/images?tag=a&tag=b&limit=2", answer=page("1", "2", following="/v2/images?tag=b&marker=2")),
        Exchange(
            "GET", f"{BASE}/images?tag=a&tag=b&limit=2&marker=2", answer=page("2", "3", following="http://foreign/?marker=3")
        ),
        Exchange("GET", f"{BASE}/images?tag=a&tag=b&limit=2&marker=3", answer=page()),
    ) as script:
        images = script.api.list_images([("tag", "a"), ("tag", "b")], page_size=2)
        assert [image.id for image in images] == ["1", "2", "3"]


def test_no_page_is_fetched_before_it_is_needed() -> None:
    with Script(Exchange("GET", f"{BASE}/images?limit=2", answer=page("1", "2", following="?marker=2"))) as script:
        images = script.api.list_images([], page_size=2)
        assert [next(images).id, next(images).id] == ["1", "2"]


def test_pages_that_go_round_in_a_circle_are_refused() -> None:
    with (
        Script(
            Exchange("GET", f"{BASE}/images?limit=1", answer=page("1", following="?marker=1")),
            Exchange("GET", f"{BASE}/images?limit=1&marker=1", answer=page("2", following="?marker=1")),
        ) as script,
        pytest.raises(GlanceError, match="do not come to an end"),
    ):
        list(script.api.list_images([], page_size=1))


def test_pages_go_on_where_the_images_that_they_ended_with_are_gone() -> None:
    first, second = f"{BASE}/images?limit=2", f"{BASE}/images?limit=2&marker=2"
    with Script(
        Exchange("GET", first, answer=page("1", "2", following="?marker=2")),
        Exchange("GET", second, answer=page("3", "4", following="?marker=4")),
        Exchange("GET", f"{BASE}/images?limit=2&marker=4", 400),
        Exchange("GET", second, 404),
        Exchange("GET", first, answer=page("1", "3", following="?marker=3")),
        Exchange("GET", f"{BASE}/images?limit=2&marker=3", answer=page("5")),
    ) as script:
        assert [image.id for image in script.api.list_images([], page_size=2)] == ["1", "2", "3", "4", "5"]


def test_a_page_that_is_refused_for_good_is_an_error() -> None:
    first = Exchange("GET", f"{BASE}/images?limit=1", answer=page("1", following="?marker=1"))
    second = Exchange("GET", f"{BASE}/images?limit=1&marker=1", 400)
    with Script(first, second, first, second) as script, pytest.raises(ApiError, match="HTTP 400"):
        list(script.api.list_images([], page_size=1))
    with Script(Exchange("GET", f"{BASE}/images?limit=1", 400)) as script, pytest.raises(ApiError, match="HTTP 400"):
        list(script.api.list_images([], page_size=1))


@pytest.mark.parametrize("answer", [{}, {"images": None}, {"versions": []}])
def test_an_answer_without_images_is_no_list(answer: t.Any) -> None:
    with (
        Script(Exchange("GET", f"{BASE}/images?limit=1000", answer=answer)) as script,
        pytest.raises(GlanceError, match="without a list of images"),
    ):
        list(script.api.list_images([]))


def test_queries_are_escaped() -> None:
    with Script(Exchange("GET", f"{BASE}/images?name=a%26b%2Cc%22&limit=1000", answer=page())) as script:
        list(script.api.list_images([("name", 'a&b,c"')]))


@pytest.mark.parametrize(
    ("status", "answer", "expected"),
    [
        (200, image(), image()),
        (200, image(status="deleted"), None),
        (200, image(status="pending_delete"), None),
    ],
)
def test_find_image(status: int, answer: t.Any, expected: t.Any) -> None:
    with Script(Exchange("GET", f"{BASE}/images/{ID}", status, answer)) as script:
        assert script.api.find_image(ID) == (Image(expected) if expected else None)


def test_an_image_is_only_absent_where_there_is_an_image_api() -> None:
    missing = Exchange("GET", f"{BASE}/images/{ID}", 404)
    with Script(missing, Exchange("GET", f"{BASE}/images?limit=1", answer=page()), missing) as script:
        assert script.api.find_image(ID) is None
        assert script.api.find_image(ID) is None
    with (
        Script(missing, Exchange("GET", f"{BASE}/images?limit=1", 404)) as script,
        pytest.raises(ApiError, match="not the answer of an Image API"),
    ):
        script.api.find_image(ID)
    gateway = {"error_code": "APIGW.0101", "error_msg": "API not found", "request_id": "r"}
    with (
        Script(Exchange("GET", f"{BASE}/images/{ID}", 404, gateway)) as script,
        pytest.raises(ApiError, match=r"HTTP 404 \(APIGW.0101\): API not found This is not the answer .* \[request r\]"),
    ):
        script.api.find_image(ID)


@pytest.mark.parametrize(("refused", "lists"), [(True, 2), (False, 3)])
def test_a_cloud_that_does_not_know_operators_is_asked_without(refused: bool, lists: int) -> None:
    query = [("name", 'in:"a","b"'), ("tag", "t"), ("sort", "name:asc,id:desc")]
    script = [
        Exchange(
            "GET",
            f"{BASE}/images?name=in%3A%22a%22%2C%22b%22&tag=t&sort=name%3Aasc%2Cid%3Adesc&limit=5",
            answer=page(),
        ),
        Exchange("GET", f"{BASE}/images?name=unknown-operator%3Ax&limit=1", 400 if refused else 200, page()),
        Exchange(
            "GET",
            f"{BASE}/images?tag=t&limit=1000",
            answer={"images": [image("1", name="b"), image("2", name="a")]},
        ),
    ]
    again = [] if refused else [script[2]]
    with Script(*script[:lists], *again) as found:
        for _time in range(1 if refused else 2):  # the second time it is known
            images = list(found.api.list_images(query, page_size=5))
            assert [each.id for each in images] == ([] if refused else ["2", "1"])


def test_pages_that_bring_nothing_new_come_to_an_end() -> None:
    pages = [
        Exchange("GET", f"{BASE}/images?limit=1{f'&marker={number}' if number else ''}", answer=page(following=following))
        for number, following in ((number, f"?marker={number + 1}") for number in range(11))
    ]
    with Script(*pages) as script, pytest.raises(GlanceError, match="do not come to an end"):
        list(script.api.list_images([], page_size=1))


def test_a_list_has_not_more_pages_than_any_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image_api, "MAX_PAGES", 2)
    pages = [
        Exchange("GET", f"{BASE}/images?limit=1", answer=page("1", following="?marker=1")),
        Exchange("GET", f"{BASE}/images?limit=1&marker=1", answer=page("2", following="?marker=2")),
    ]
    with Script(*pages) as script, pytest.raises(GlanceError, match="do not come to an end.*after 2 images"):
        list(script.api.list_images([], page_size=1))


def test_an_answer_without_end_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image_api, "MAX_ANSWER", 10)
    with (
        Script(Exchange("GET", f"{BASE}/images/{ID}", 200, b"x" * 100)) as script,
        pytest.raises(GlanceError, match="does not come to an end: .* beginning with 'xxx"),
    ):
        script.api.find_image(ID)


@pytest.mark.parametrize(
    ("answer", "version"),
    [
        ({"versions": [{"id": "v2.9"}, {"id": "v2.16"}, {"id": "v1.0"}]}, (2, 16)),
        ({"versions": [{"id": "v2.2", "status": "CURRENT"}]}, (2, 2)),
        ({"versions": [{"id": "latest"}, None, {"id": 2}]}, None),
        ({"versions": {}}, None),
        ({}, None),
    ],
)
def test_newest_version(answer: t.Any, version: t.Any) -> None:
    assert newest_version(answer) == version


DEACTIVATE = operations.Operation(operations.DEACTIVATE, ID)


@pytest.mark.parametrize(("status", "answer"), [(404, None), (200, b"<html>"), (300, {"versions": []}), (503, None)])
def test_a_version_that_is_not_told_hinders_nothing(status: int, answer: t.Any) -> None:
    with Script(Exchange("GET", "http://glance/", status, answer)) as script:
        for _time in range(2):
            script.api.check_supported([DEACTIVATE])


def test_what_came_with_a_later_version_is_not_sent() -> None:
    with Script(Exchange("GET", "http://glance/", 300, {"versions": [{"id": "v2.2"}]})) as script:
        for _time in range(2):
            with pytest.raises(NotSupported, match=r"Not supported by this cloud: POST .* is v2.2, and this came with v2.3"):
                script.api.check_supported([DEACTIVATE])


@pytest.mark.parametrize("status", [404, 405, 501])
def test_an_operation_that_the_cloud_does_not_have(status: int) -> None:
    action = Exchange("POST", f"{BASE}/images/{ID}/actions/deactivate", status)
    with (
        Script(action, Exchange("GET", f"{BASE}/images/{ID}", answer=image())) as script,
        pytest.raises(NotSupported, match="Not supported by this cloud"),
    ):
        script.api.perform(DEACTIVATE)


def test_an_action_for_an_image_that_is_gone() -> None:
    with (
        Script(
            Exchange("POST", f"{BASE}/images/{ID}/actions/deactivate", 404),
            Exchange("GET", f"{BASE}/images/{ID}", 404),
            Exchange("GET", f"{BASE}/images?limit=1", answer=page()),
        ) as script,
        pytest.raises(ApiError, match="HTTP 404"),
    ):
        script.api.perform(DEACTIVATE)


@pytest.mark.parametrize(
    ("operation", "answer", "message"),
    [
        ([{"op": "replace", "path": "/name", "value": "new"}], image(), "name is not as"),
        ([{"op": "add", "path": "/a~1b", "value": "1"}], image(), "a/b is not as"),
        ([{"op": "remove", "path": "/a"}], image(a="1"), "a is not as"),
        ([{"op": "replace", "path": "/protected", "value": True}], image(), "protected is not as"),
        ([{"op": "replace", "path": "/name", "value": "n"}], image("another"), "with another image"),
    ],
)
def test_a_change_that_was_not_made_is_an_error(operation: t.Any, answer: t.Any, message: str) -> None:
    with (
        Script(Exchange("PATCH", f"{BASE}/images/{ID}", answer=answer)) as script,
        pytest.raises(GlanceError, match=message),
    ):
        script.api.perform(operations.Operation(operations.UPDATE, ID, operation))


def test_a_limit_on_requests_is_waited_out_and_a_quota_is_not() -> None:
    limit = {"overLimit": {"code": 413, "message": "OverLimit Retry...", "retryAfter": "3"}}
    with Script(
        Exchange("POST", f"{BASE}/images", 413, limit),
        Exchange("POST", f"{BASE}/images", 413, headers={"Retry-After": "2"}),
        Exchange("POST", f"{BASE}/images", 201, image(name="n")),
    ) as script:
        script.api.perform(operations.Operation(operations.CREATE, body={"name": "n"}))
        assert script.slept == [3.0, 2.0]
    with Script(Exchange("POST", f"{BASE}/images", 413)) as script, pytest.raises(ApiError, match="HTTP 413"):
        script.api.perform(operations.Operation(operations.CREATE, body={"name": "n"}))


@pytest.mark.parametrize("status", [201, 202, 204, 300, 301, 302, 400, 401, 403, 409, 413, 500])
def test_any_other_status_is_an_error(status: int) -> None:
    with Script(Exchange("GET", f"{BASE}/images/{ID}", status, {"error": {"message": "m"}})) as script:
        with pytest.raises(ApiError, match=f"GET /v2/images/{ID} was answered HTTP {status}") as caught:
            script.api.find_image(ID)
        assert caught.value.details["http_status"] == status
        assert script.slept == []


def test_300_says_that_the_address_is_wrong() -> None:
    with (
        Script(Exchange("DELETE", f"{BASE}/images/{ID}", 300, {"versions": []})) as script,
        pytest.raises(ApiError, match="not the answer of an Image API at http://glance/v2: check 'endpoint_override'"),
    ):
        script.api.perform(operations.Operation(operations.DELETE, ID))


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_idempotent_calls_are_tried_again(status: int) -> None:
    with Script(
        Exchange("GET", f"{BASE}/images/{ID}", status),
        Exchange("GET", f"{BASE}/images/{ID}", raises=ksa.ConnectFailure("refused")),
        Exchange("GET", f"{BASE}/images/{ID}", status, headers={"Retry-After": "7"}),
        Exchange("GET", f"{BASE}/images/{ID}", status, headers={"Retry-After": "7000"}),
        Exchange("GET", f"{BASE}/images/{ID}", 200, image()),
    ) as script:
        assert script.api.find_image(ID) == Image(image())
        assert script.slept == [0.5, 1.0, 7.0, 30.0]


def test_the_last_try_is_an_error() -> None:
    with Script(*[Exchange("GET", f"{BASE}/images/{ID}", 503) for _try in range(5)]) as script:
        with pytest.raises(ApiError, match="HTTP 503"):
            script.api.find_image(ID)
        assert len(script.slept) == 4


def test_no_answer_at_all() -> None:
    with (
        Script(
            *[Exchange("GET", f"{BASE}/images/{ID}", raises=ksa.ConnectFailure("refused")) for _try in range(5)]
        ) as script,
        pytest.raises(ConnectionProblem, match="got no answer: refused"),
    ):
        script.api.find_image(ID)


@pytest.mark.parametrize("failure", [{"status": 503}, {"status": 502}, {"raises": ksa.ConnectFailure("reset")}])
def test_a_create_is_not_sent_again(failure: dict[str, t.Any]) -> None:
    with Script(Exchange("POST", f"{BASE}/images", **failure)) as script:
        with pytest.raises(GlanceError):
            script.api.perform(operations.Operation(operations.CREATE, body={"name": "n"}))
        assert script.slept == []


def test_a_create_without_an_answer_says_that_its_outcome_is_not_known() -> None:
    with (
        Script(Exchange("POST", f"{BASE}/images", raises=ksa.ConnectTimeout("timed out"))) as script,
        pytest.raises(ConnectionProblem, match="Whether it was carried out is not known; run the task again"),
    ):
        script.api.perform(operations.Operation(operations.CREATE, body={"name": "n"}))


def test_a_create_that_was_not_let_through_is_sent_again() -> None:
    with Script(
        Exchange("POST", f"{BASE}/images", 429, headers={"Retry-After": "1"}),
        Exchange("POST", f"{BASE}/images", 201, image(), sent={"name": "n"}),
    ) as script:
        assert script.api.perform(operations.Operation(operations.CREATE, body={"name": "n"})) == Image(image())


def test_a_delete_whose_answer_was_lost_is_done() -> None:
    with Script(
        Exchange("DELETE", f"{BASE}/images/{ID}", raises=ksa.ConnectFailure("reset")),
        Exchange("DELETE", f"{BASE}/images/{ID}", 404),
    ) as script:
        script.api.perform(operations.Operation(operations.DELETE, ID))


def test_a_delete_of_what_is_not_there_is_an_error() -> None:
    with Script(Exchange("DELETE", f"{BASE}/images/{ID}", 404)) as script, pytest.raises(ApiError, match="HTTP 404"):
        script.api.perform(operations.Operation(operations.DELETE, ID))


def test_a_certificate_that_does_not_verify_is_not_tried_again() -> None:
    with Script(Exchange("GET", f"{BASE}/images/{ID}", raises=ksa.SSLError("bad"))) as script:
        with pytest.raises(ConnectionProblem, match="bad"):
            script.api.find_image(ID)
        assert script.slept == []


def test_patch_is_sent_as_glance_wants_it() -> None:
    patch = [{"op": "replace", "path": "/name", "value": "ä"}]
    with Script(Exchange("PATCH", f"{BASE}/images/{ID}", 200, image(name="ä"), sent=patch)) as script:
        assert script.api.perform(operations.Operation(operations.UPDATE, ID, patch)) == Image(image(name="ä"))
        sent = script.connection.session.sent_headers
        assert sent == [{"Content-Type": "application/openstack-images-v2.1-json-patch"}]


def test_upload_sends_its_size(tmp_path: t.Any) -> None:
    (tmp_path / "data").write_bytes(b"x" * 3_000_000)
    with Script(Exchange("PUT", f"{BASE}/images/{ID}/file", 204, sent=b"x" * 3_000_000)) as script:
        script.api.upload(operations.Operation(operations.UPLOAD, ID), upload_of_file(tmp_path / "data"), "cheap", 9.0)
        assert script.connection.session.sent_headers == [
            {
                "Content-Type": "application/octet-stream",
                "x-openstack-image-size": "3000000",
                "x-image-meta-store": "cheap",
            }
        ]


@pytest.mark.parametrize("status", [401, 429, 503])
def test_an_upload_is_not_sent_again_before_the_image_was_looked_at(tmp_path: t.Any, status: int) -> None:
    (tmp_path / "data").write_bytes(b"abc")
    answer = Exchange("PUT", f"{BASE}/images/{ID}/file", status, sent=b"abc", headers={"Retry-After": "7"})
    with Script(answer) as script, pytest.raises(ApiError, match=f"HTTP {status}") as caught:
        script.api.upload(operations.Operation(operations.UPLOAD, ID), upload_of_file(tmp_path / "data"), None, 9.0)
    assert caught.value.retry_after == 7.0


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"null", b'"x"', b'{"id": '])
def test_success_without_an_object_is_an_error(body: bytes) -> None:
    with (
        Script(Exchange("GET", f"{BASE}/images/{ID}", 200, body)) as script,
        pytest.raises(GlanceError, match="was answered HTTP 200 without a JSON object"),
    ):
        script.api.find_image(ID)


GLANCE_403 = (
    "<html>\n <head>\n  <title>403 Forbidden</title>\n </head>\n <body>\n  <h1>403 Forbidden</h1>\n"
    "  Image &#x27;x&#x27; is protected.<br /><br />\n\n </body>\n</html>"
)


def test_data_are_requested_uncompressed_and_a_refused_range_once_only() -> None:
    file = f"{BASE}/images/{ID}/file"
    with Script(
        Exchange("GET", file, 206, b"56789"),
        Exchange("GET", file, 400),
        Exchange("GET", file, 200, b"0123456789"),
        Exchange("GET", file, 200, b"0123456789"),
        Exchange("GET", file, 200, b"0123456789"),
    ) as script:
        assert script.api.download(ID, 5).status_code == 206
        assert not script.api.refuses_ranges(ID)
        assert [script.api.download(ID, offset).status_code for offset in (5, 7, 0)] == [200] * 3
        assert script.api.refuses_ranges(ID)
        assert script.connection.session.sent_headers == [
            {"Accept-Encoding": "identity", "Range": "bytes=5-"},
            {"Accept-Encoding": "identity", "Range": "bytes=5-"},
            *[{"Accept-Encoding": "identity"}] * 3,
        ]


def test_no_second_range_is_sent_to_a_cloud_that_ignores_ranges() -> None:
    file = f"{BASE}/images/{ID}/file"
    with Script(Exchange("GET", file, 200, b"012"), Exchange("GET", file, 200, b"012")) as script:
        assert [script.api.download(ID, offset).status_code for offset in (1, 2)] == [200, 200]
        assert [headers.get("Range") for headers in script.connection.session.sent_headers] == ["bytes=1-", None]


@pytest.mark.parametrize("status", [403, 404])
def test_other_refusals_of_data_are_final(status: int) -> None:
    with (
        Script(Exchange("GET", f"{BASE}/images/{ID}/file", status)) as script,
        pytest.raises(ApiError, match=f"HTTP {status}"),
    ):
        script.api.download(ID, 5)


def test_encoded_data_are_an_error() -> None:
    headers = {"Content-Encoding": "GZIP", "Server": "nginx/1.22.1"}
    with (
        Script(Exchange("GET", f"{BASE}/images/{ID}/file", 200, b"", headers)) as script,
        pytest.raises(GlanceError, match=r"'Content-Encoding: gzip'.*a proxy \(nginx/1.22.1\) in front of the Image API"),
    ):
        script.api.download(ID)


@pytest.mark.parametrize(
    ("body", "content_type", "reason", "code"),
    [
        (GLANCE_403, "text/html; charset=UTF-8", "Image 'x' is protected.", None),
        ("plain  words\n", "text/plain", "plain words", None),
        ("", "text/html", "", None),
        ('{"error": {"code": 403, "message": "m", "details": "d"}}', "application/json", "m (d)", None),
        ('{"itemNotFound": {"code": 404, "message": "m"}}', "application/json", "m", None),
        ('{"error": {"message": "m", "code": "IMG.0028"}}', "application/json", "m", "IMG.0028"),
        ('{"error_code": "APIG.0308", "error_msg": "m", "request_id": "r"}', "application/json", "m", "APIG.0308"),
        ('{"code": 403, "message": "m"}', "application/json", "m", None),
        ('{"error": {"message": "m"}}', "text/html", "m", None),
        ('{"error": "text"}', "application/json", '{"error": "text"}', None),
        ("{broken", "application/json", "{broken", None),
        ("[1]", "application/json", "[1]", None),
        ('{"a": [1]}', "application/json", '{"a": [1]}', None),
        ("<p>" + "x" * 1000, "text/html", "x" * 500 + " …", None),
        ("<script>alert(1)</script><p>m</p>", "text/html", "m", None),
    ],
)
def test_parse_error(body: str, content_type: str, reason: str, code: str | None) -> None:
    assert parse_error(body, content_type)[:2] == (reason, code)


@pytest.mark.parametrize("status", [404, 405, 501])
def test_a_cloud_without_imports_and_stores(status: int) -> None:
    gateway = {"error_code": "APIGW.0101", "error_msg": "API not found"}
    with Script(
        Exchange("GET", f"{BASE}/info/import", status, gateway), Exchange("GET", f"{BASE}/info/stores", status, gateway)
    ) as script:
        assert script.api.import_methods() == frozenset()
        assert script.api.list_stores() == []


def test_an_import_is_sent_once() -> None:
    operation = operations.Operation(operations.IMPORT, ID, {"method": {"name": "web-download"}})
    with Script(Exchange("POST", f"{BASE}/images/{ID}/import", 429)) as script:
        with pytest.raises(ApiError, match="HTTP 429"):
            script.api.perform(operation)
        assert script.slept == []


def test_broken_json_is_not_repeated() -> None:
    with (
        Script(Exchange("GET", f"{BASE}/images/{ID}", 200, b'{"direct_url": "swift://user:secret@')) as script,
        pytest.raises(GlanceError, match="without a JSON object: 36 bytes that are none"),
    ):
        script.api.find_image(ID)


def test_the_request_id_reaches_the_user() -> None:
    headers = {"x-openstack-request-id": "req-1", "Content-Type": "text/html"}
    with Script(Exchange("GET", f"{BASE}/images/{ID}", 403, GLANCE_403.encode(), headers)) as script:
        with pytest.raises(ApiError) as caught:
            script.api.find_image(ID)
        assert str(caught.value).endswith("HTTP 403: Image 'x' is protected. [request req-1]")


@pytest.mark.parametrize(
    ("value", "seconds"), [(None, None), ("", None), ("0", 0.0), (" 12 ", 12.0), ("soon", None), ("-1", None)]
)
def test_retry_after(value: str | None, seconds: float | None) -> None:
    assert seconds_until(value) == seconds


def test_retry_after_date(monkeypatch: pytest.MonkeyPatch) -> None:
    now = datetime.datetime(2026, 11, 21, 7, 0, tzinfo=datetime.timezone.utc)
    monkeypatch.setattr(TIMING, "utc_now", lambda: now)
    soon = now + datetime.timedelta(seconds=100)
    assert seconds_until(email.utils.format_datetime(soon, usegmt=True)) == 100.0
    assert seconds_until("Wed, 21 Oct 2015 07:28:00 GMT") == 0.0


def test_delays_are_spread() -> None:
    assert Retries(jitter=lambda: 0.0).delay(1, None) == pytest.approx(0.5)
    assert Retries(jitter=lambda: 0.999).delay(1, None) == pytest.approx(1.499)
