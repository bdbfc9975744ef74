# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""What is sent, what is sent again, and which responses are errors."""

from __future__ import annotations

import datetime
import email.utils
import io
import typing as t

import pytest
import requests
import requests_mock
from ansible_collections.cloudimage.glance.plugins.module_utils._client.connection import Connection
from ansible_collections.cloudimage.glance.plugins.module_utils._client.http_client import HttpClient, Request, Retries
from ansible_collections.cloudimage.glance.plugins.module_utils._errors import ApiError, ConnectionProblem, GlanceError
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.operations import Call
from ansible_collections.cloudimage.glance.plugins.module_utils._timing import TIMING

BASE = "http://glance/v2"
URL = f"{BASE}/images/1"
READ = Request(Call("GET", "/images/1", (200,), idempotent=True))
WRITE = Request(Call("POST", "/images", (201,)))
UNREACHABLE = {"exc": requests.exceptions.ConnectionError("refused")}


@pytest.fixture
def http(connection: Connection, retries: Retries) -> HttpClient:
    return HttpClient(connection, retries)


def test_a_request_is_sent_as_described(cloud: requests_mock.Mocker, http: HttpClient) -> None:
    cloud.put(requests_mock.ANY, status_code=204)
    query = [("name", 'a&b,c"'), ("tag", "a"), ("tag", "b")]
    http.send(Request(Call("PUT", "/images", (204,)), "/images/2", query=query, headers={"X-One": "1"}, data=b"body"))
    (sent,) = cloud.request_history
    assert sent.url == f"{BASE}/images/2?name=a%26b%2Cc%22&tag=a&tag=b"
    assert (sent.body, sent.timeout) == (b"body", 60.0)
    assert {"X-One": "1", "X-Auth-Token": "secret-token"}.items() <= dict(sent.headers).items()


def test_a_request_can_go_to_another_api(cloud: requests_mock.Mocker, http: HttpClient) -> None:
    cloud.get("http://elsewhere/v2/images/1", content=b"{}")
    assert http.send_for_json(Request(READ.call, base="http://elsewhere/v2")) == {}


@pytest.mark.parametrize("status", [201, 202, 204, 300, 301, 302, 400, 401, 403, 409, 413, 500])
def test_any_status_that_is_not_listed_is_an_error(
    cloud: requests_mock.Mocker, http: HttpClient, pauses: list[float], status: int
) -> None:
    cloud.get(URL, status_code=status, json={"error": {"message": "m"}}, headers={"Location": "http://elsewhere/"})
    with pytest.raises(ApiError, match=f"GET /v2/images/1 was answered HTTP {status}: m") as caught:
        http.send(READ)
    assert caught.value.details["http_status"] == status
    assert pauses == []


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_an_idempotent_call_is_sent_again(
    cloud: requests_mock.Mocker, http: HttpClient, pauses: list[float], status: int
) -> None:
    cloud.get(
        URL,
        [
            {"status_code": status},
            UNREACHABLE,
            {"status_code": status, "headers": {"Retry-After": "7"}},
            {"status_code": status, "headers": {"Retry-After": "7000"}},
            {"content": b"{}"},
        ],
    )
    assert http.send_for_json(READ) == {}
    assert pauses == [0.5, 1.0, 7.0, 30.0]


class BrokenBody(io.BytesIO):
    """A body whose connection is lost while it is read."""

    def read(self, *_arguments: t.Any, **_options: t.Any) -> bytes:
        raise ConnectionResetError


def test_a_response_that_breaks_off_is_read_again(cloud: requests_mock.Mocker, http: HttpClient) -> None:
    cloud.get(URL, [{"body": BrokenBody()}, {"content": b'{"a": 1}'}])
    assert http.send_for_json(READ) == {"a": 1}


def test_the_last_attempt_is_an_error(cloud: requests_mock.Mocker, http: HttpClient, pauses: list[float]) -> None:
    cloud.get(URL, status_code=503)
    with pytest.raises(ApiError, match="HTTP 503") as caught:
        http.send(READ)
    assert caught.value.response.attempt == cloud.call_count == 5
    assert len(pauses) == 4


def test_no_answer_to_any_attempt_is_an_error(cloud: requests_mock.Mocker, http: HttpClient) -> None:
    cloud.get(URL, [UNREACHABLE])
    with pytest.raises(ConnectionProblem, match=r"GET /v2/images/1 got no answer: .*refused") as caught:
        http.send(READ)
    assert "Whether it was carried out" not in str(caught.value)
    assert cloud.call_count == 5


@pytest.mark.parametrize("failure", [{"status_code": 503}, {"status_code": 502}, UNREACHABLE])
def test_a_call_that_is_not_idempotent_is_sent_once(
    cloud: requests_mock.Mocker, http: HttpClient, failure: dict[str, t.Any]
) -> None:
    cloud.post(f"{BASE}/images", [failure])
    with pytest.raises(GlanceError):
        http.send(WRITE)
    assert cloud.call_count == 1


def test_a_lost_answer_to_a_call_that_is_not_idempotent_is_explained(cloud: requests_mock.Mocker, http: HttpClient) -> None:
    cloud.post(f"{BASE}/images", exc=requests.exceptions.ReadTimeout)
    with pytest.raises(ConnectionProblem, match="Whether it was carried out is not known; run the task again"):
        http.send(WRITE)


def test_a_limit_on_requests_is_waited_out(cloud: requests_mock.Mocker, http: HttpClient, pauses: list[float]) -> None:
    limit = {"overLimit": {"code": 413, "message": "OverLimit Retry...", "retryAfter": "3"}}
    cloud.post(
        f"{BASE}/images",
        [
            {"status_code": 429, "headers": {"Retry-After": "1"}},
            {"status_code": 413, "json": limit},
            {"status_code": 413, "headers": {"Retry-After": "2"}},
            {"status_code": 201},
        ],
    )
    http.send(WRITE)
    assert pauses == [1.0, 3.0, 2.0]


def test_a_quota_is_not_waited_for(cloud: requests_mock.Mocker, http: HttpClient) -> None:
    cloud.post(f"{BASE}/images", status_code=413)
    with pytest.raises(ApiError, match="HTTP 413"):
        http.send(WRITE)
    assert cloud.call_count == 1


def test_a_pause_can_end_at_a_date(
    cloud: requests_mock.Mocker, http: HttpClient, pauses: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime.datetime(2026, 11, 21, 7, 0, tzinfo=datetime.timezone.utc)
    monkeypatch.setattr(TIMING, "utc_now", lambda: now)
    soon = email.utils.format_datetime(now + datetime.timedelta(seconds=20), usegmt=True)
    cloud.get(URL, [{"status_code": 429, "headers": {"Retry-After": soon}}, {}])
    http.send(READ)
    assert pauses == [20.0]


def test_a_certificate_that_does_not_verify_is_not_tried_again(cloud: requests_mock.Mocker, http: HttpClient) -> None:
    cloud.get(URL, exc=requests.exceptions.SSLError("bad"))
    with pytest.raises(ConnectionProblem, match="bad"):
        http.send(READ)
    assert cloud.call_count == 1


def test_a_request_that_cannot_be_sent_is_an_error(cloud: requests_mock.Mocker, http: HttpClient) -> None:
    cloud.get(URL, exc=OSError("no such certificate"))
    with pytest.raises(ConnectionProblem, match="GET /v2/images/1 could not be sent: no such certificate"):
        http.send(READ)
    assert cloud.call_count == 1


def test_keystoneauth_sends_again_only_what_allows_it(cloud: requests_mock.Mocker, http: HttpClient) -> None:
    cloud.get(URL, status_code=401)
    for allow_reauth, requests_sent in ((True, 2), (False, 1)):
        cloud.reset_mock()
        with pytest.raises(ApiError, match="HTTP 401"):
            http.send(Request(READ.call, allow_reauth=allow_reauth))
        assert cloud.call_count == requests_sent


@pytest.mark.parametrize(
    ("in_every_api", "status", "is_explained"), [(False, 300, True), (True, 404, True), (False, 404, False)]
)
def test_a_wrong_address_is_explained(
    cloud: requests_mock.Mocker, http: HttpClient, in_every_api: bool, status: int, is_explained: bool
) -> None:
    cloud.get(URL, status_code=status, json={"versions": []})
    with pytest.raises(ApiError) as caught:
        http.send(Request(Call("GET", "/images/1", (200,), in_every_api=in_every_api)))
    explanation = "This is not the answer of an Image API at http://glance/v2: check 'endpoint_override'"
    assert (explanation in str(caught.value)) is is_explained


def test_an_error_has_the_facts_of_its_response(cloud: requests_mock.Mocker, http: HttpClient) -> None:
    cloud.get(
        URL,
        status_code=400,
        json={"error": {"message": "gone, with token secret-token", "code": "IMG.0027"}},
        headers={"x-openstack-request-id": "req-1", "Retry-After": "7"},
    )
    with pytest.raises(ApiError) as caught:
        http.send(READ)
    response = caught.value.response
    assert (response.method, response.path, response.http_status, response.status) == ("GET", "/v2/images/1", 400, 404)
    assert (response.code, response.request_id, response.retry_after) == ("IMG.0027", "req-1", 7.0)
    assert str(caught.value) == ("GET /v2/images/1 was answered HTTP 400 (IMG.0027): gone, with token … [request req-1]")


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"null", b'"x"', b'{"id": '])
def test_success_without_an_object_is_an_error(cloud: requests_mock.Mocker, http: HttpClient, body: bytes) -> None:
    cloud.get(URL, content=body)
    with pytest.raises(GlanceError, match="was answered HTTP 200 without a JSON object"):
        http.send_for_json(READ)


def test_broken_json_is_not_repeated(cloud: requests_mock.Mocker, http: HttpClient) -> None:
    cloud.get(URL, content=b'{"direct_url": "swift://user:secret@')
    with pytest.raises(GlanceError, match="without a JSON object: 36 bytes that are not valid JSON"):
        http.send_for_json(READ)


def test_a_response_without_end_is_cut_off(cloud: requests_mock.Mocker, connection: Connection) -> None:
    cloud.get(URL, content=b"x" * 100)
    with pytest.raises(GlanceError, match="does not end: .* beginning with 'xxx"):
        HttpClient(connection, max_body=10).send(READ)


def test_a_response_that_takes_too_long_is_cut_off(
    cloud: requests_mock.Mocker, http: HttpClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    moments = iter([0.0, 61.0, 61.0])
    monkeypatch.setattr(TIMING, "monotonic", lambda: next(moments))
    cloud.get(URL, content=b"{}")
    with pytest.raises(GlanceError, match="does not end: 2 bytes in 61 s"):
        http.send(READ)


def test_pauses_are_spread() -> None:
    assert Retries(jitter=lambda: 0.0).delay(2, None) == pytest.approx(0.5)
    assert Retries(jitter=lambda: 0.999).delay(2, None) == pytest.approx(1.499)


@pytest.mark.parametrize(("asked", "delay"), [(0.0, 1.0), (0.5, 1.0), (7.0, 7.0), (7000.0, 30.0)])
def test_a_server_makes_a_pause_longer_and_not_shorter(asked: float, delay: float) -> None:
    """A date by a clock that is behind this host's asks for no pause at all."""
    assert Retries(jitter=lambda: 0.5).delay(2, asked) == pytest.approx(delay)
