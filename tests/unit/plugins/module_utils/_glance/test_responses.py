# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""What is made of a cloud's answers, in all the shapes that they come in."""

from __future__ import annotations

import datetime
import typing as t

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._errors import GlanceError
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.image import Image
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.responses import (
    MAX_REASON,
    MD5_OF_NOTHING,
    ParsedError,
    content_encoding,
    effective_status,
    parse_error,
    proxy_name,
    seconds_until,
    server_name,
    unapplied_fields,
    validate_image,
    validate_list,
    validate_members,
)

IMAGE = {"id": "i", "name": "n", "status": "active"}
NOW = datetime.datetime(2026, 11, 21, 7, 0, tzinfo=datetime.timezone.utc)


@pytest.mark.parametrize(
    ("status", "code", "retry_after", "means"),
    [
        (400, None, None, 400),
        (400, "IMG.0024", None, 400),
        (400, "IMG.0027", None, 404),
        (400, "IMG.0086", None, 404),
        (400, "IMG.0144", None, 404),
        (400, "IMG.0028", None, 403),
        (400, "IMG.0092", None, 403),
        (400, "IMG.0090", None, 409),
        (400, "IMG.0060", None, 413),
        (500, "IMG.0027", None, 500),
        (404, None, None, 404),
        (404, "APIGW.0101", None, 421),
        (404, "APIG.0101", None, 421),
        (413, None, None, 413),
        (413, None, "5", 429),
    ],
)
def test_effective_status_depends_on_the_error_code(
    status: int, code: str | None, retry_after: str | None, means: int
) -> None:
    assert effective_status(status, ParsedError("", code), retry_after) == means


GLANCE_403 = (
    "<html>\n <head>\n  <title>403 Forbidden</title>\n </head>\n <body>\n  <h1>403 Forbidden</h1>\n"
    "  Image &#x27;x&#x27; is protected.<br /><br />\n\n </body>\n</html>"
)


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
        ('{"message": "m", "details": ["d"]}', "application/json", "m", None),
        ('{"message": "m", "details": "m"}', "application/json", "m", None),
        ("<p>" + "x" * 1000, "text/html", "x" * 500 + " …", None),
        ("x" * 500, "text/plain", "x" * 500, None),
        ("<script>alert(1)</script><p>m</p>", "text/html", "m", None),
    ],
)
def test_message_and_code_are_read_from_any_body(body: str, content_type: str, reason: str, code: str | None) -> None:
    assert parse_error(body, content_type, NOW)[:2] == (reason, code)


@pytest.mark.parametrize(("request_id", "expected"), [('"req-1"', "req-1"), ("5", None), ("null", None)])
def test_id_of_the_request_is_read_from_the_body(request_id: str, expected: str | None) -> None:
    body = f'{{"error_code": "x", "error_msg": "m", "request_id": {request_id}}}'
    assert parse_error(body, "application/json", NOW).request_id == expected


def test_rate_limit_in_the_body_is_recognised() -> None:
    fault = parse_error('{"overLimit": {"code": 413, "message": "m", "retryAfter": "54"}}', "application/json", NOW)
    assert (fault.is_limit, fault.retry_after) == (True, 54.0)
    assert effective_status(413, fault, None) == 429


@pytest.mark.parametrize("key", ["retryAfter", "retryAt"])
def test_rate_limit_until_a_time_is_recognised(key: str) -> None:
    body = f'{{"overLimit": {{"message": "m", "{key}": "2026-11-21T07:01:40Z"}}}}'
    assert parse_error(body, "", NOW).retry_after == 100.0


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0.0),
        (" 12 ", 12.0),
        (12, 12.0),
        ("Sat, 21 Nov 2026 07:01:40 GMT", 100.0),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
        ("2026-11-21T07:01:40Z", 100.0),
    ],
)
def test_retry_after_is_seconds_or_a_date(value: t.Any, seconds: float) -> None:
    assert seconds_until(value, NOW) == seconds


@pytest.mark.parametrize("value", [None, "", "soon", "-1", ",", "Wed, 99 Oct 99999 25:61:00 GMT", True, [], {}, "²", 1.5])
def test_invalid_retry_after_is_ignored(value: t.Any) -> None:
    assert seconds_until(value, NOW) is None


@pytest.mark.parametrize(
    ("headers", "encoding"),
    [
        ({}, None),
        ({"Content-Encoding": ""}, None),
        ({"Content-Encoding": "Identity "}, None),
        ({"Content-Encoding": "gzip"}, "gzip"),
        ({"Content-Encoding": "BR"}, "br"),
        ({"Content-Encoding": "gzip, identity"}, "gzip, identity"),
    ],
)
def test_content_encoding_is_read_from_the_headers(headers: dict[str, str], encoding: str | None) -> None:
    assert content_encoding(headers) == encoding


NGINX = (
    "<html>\r\n<head><title>413 Request Entity Too Large</title></head>\r\n<body>\r\n"
    "<center><h1>413 Request Entity Too Large</h1></center>\r\n<hr><center>nginx/1.22.1</center>\r\n</body>\r\n"
    "</html>\r\n<!-- a padding to disable MSIE and Chrome friendly error page -->\r\n"
)
APACHE = """<!DOCTYPE HTML PUBLIC "-//IETF//DTD HTML 2.0//EN">
<html><head>
<title>502 Proxy Error</title>
</head><body>
<h1>Proxy Error</h1>
<p>The proxy server received an invalid
response from an upstream server.<br />
The proxy server could not handle the request<p>Reason: <strong>Error reading from remote server</strong></p></p>
<hr>
<address>Apache/2.4.57 (Debian) Server at cloud.example Port 443</address>
</body></html>
"""
APACHE_SAYS = (
    "Proxy Error: The proxy server received an invalid response from an upstream server. The proxy server could not handle"
    " the request Reason: Error reading from remote server (Apache/2.4.57 (Debian) Server at cloud.example Port 443)"
)
HAPROXY = "<html><body><h1>503 Service Unavailable</h1>\nNo server is available to handle this request.\n</body></html>\n"
GLANCE = """<html>
 <head>
  <title>413 Request Entity Too Large</title>
 </head>
 <body>
  <h1>413 Request Entity Too Large</h1>
  The limit has been exceeded on the number of allowed image tags. Attempted: 200, Maximum: 128<br /><br />



 </body>
</html>"""
PORTAL = (
    "<html><head><title>Your portal</title><style>h1 {color: red}</style></head>"
    "<body><h1>Welcome &amp; hello</h1>Please sign in.</body></html>"
)


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        (NGINX, "Request Entity Too Large (nginx/1.22.1)"),
        (APACHE, APACHE_SAYS),
        (HAPROXY, "No server is available to handle this request."),
        (GLANCE, "The limit has been exceeded on the number of allowed image tags. Attempted: 200, Maximum: 128"),
        (PORTAL, "Your portal: Welcome & hello: Please sign in."),
        ("<html><title>Bad Gateway</title><h1>502 Bad Gateway</h1></html>", "Bad Gateway"),
        ("<html><h1>403</h1></html>", "403"),
        ("<html><!-- <h1>not this</h1> --><p>this</p></html>", "this"),
        ("<title>never ends", "never ends"),
        ("<html></html>", ""),
        ("<" * 100_000, "<" * 500 + " …"),
    ],
)
def test_text_of_an_html_page_is_extracted(page: str, reason: str) -> None:
    assert parse_error(page, "text/html", NOW).reason == reason


@pytest.mark.parametrize("piece", ["<h1 ", "<h1>", "<!--", "<script>", "<title>x</h1>", "<hr"])
def test_long_broken_page_is_parsed_in_time(piece: str) -> None:
    assert len(parse_error(piece * 30_000, "text/html", NOW).reason) <= MAX_REASON + 2


@pytest.mark.parametrize(
    ("body", "content_type", "headers", "proxy"),
    [
        (NGINX, "text/html", {"Server": "nginx/1.22.1"}, "a proxy (nginx/1.22.1)"),
        (APACHE, "text/html", {}, "a proxy"),
        (NGINX, "", {"Server": "nginx"}, "a proxy (nginx)"),
        ("", "", {}, ""),
        ("", "text/html", {}, ""),
        ("Payload Too Large", "text/plain", {"x-request-id": "envoy's"}, ""),
        (GLANCE, "text/html", {"x-openstack-request-id": "req-1", "Server": "nginx"}, None),
        (GLANCE, "text/html", {}, None),
        (NGINX, "text/html", {"x-openstack-request-id": "req-1", "Server": "nginx"}, None),
        ("413 Request Entity Too Large\n\nImage storage media is full: No space left\n", "text/plain", {}, None),
        ("Image exceeds the storage quota: The size of the data 5 will exceed the limit.", "text/plain", {}, None),
        ("Project x is over a limit for [Resource image_size_total is over limit of 5", "text/plain", {}, None),
        ("The incoming image is too large: The provided image is too large.", "text/plain", {}, None),
        ('{"error": {"message": "m", "code": "IMG.0060"}}', "application/json", {}, None),
        ('{"error_code": "x", "error_msg": "m"}', "application/json", {}, None),
    ],
)
def test_response_of_a_proxy_is_recognised(body: str, content_type: str, headers: dict[str, str], proxy: str | None) -> None:
    assert proxy_name(headers, parse_error(body, content_type, NOW)) == proxy


@pytest.mark.parametrize(
    ("headers", "name"),
    [
        ({}, "a proxy"),
        ({"Server": ""}, "a proxy"),
        ({"Server": "nginx"}, "a proxy (nginx)"),
        ({"Server": "x" * 70}, f"a proxy ({'x' * 60})"),
    ],
)
def test_proxy_is_named_after_its_server_header(headers: dict[str, str], name: str) -> None:
    assert server_name(headers) == name


def test_deeply_nested_json_is_treated_as_text() -> None:
    assert parse_error('{"a":' * 50_000, "application/json", NOW).reason.startswith('{"a":')


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"id": 5}, "'id' is '5'"),
        ({"id": None}, "'id' is 'None'"),
        ({"name": 5}, "'name' is '5'"),
        ({"status": []}, "'status' is"),
        ({"tags": "a"}, "'tags' is"),
        ({"tags": [1]}, "'tags' is"),
        ({"tags": None}, "'tags' is"),
        ({"protected": "false"}, "'protected' is"),
        ({"os_hidden": 0}, "'os_hidden' is"),
        ({"size": "12"}, "'size' is"),
        ({"size": True}, "'size' is"),
        ({"min_disk": 1.5}, "'min_disk' is"),
    ],
)
def test_attribute_of_a_wrong_type_is_an_error(change: dict[str, t.Any], message: str) -> None:
    for image in (IMAGE, {**IMAGE, "tags": []}, {**IMAGE, "tags": ["a", "b"]}):
        assert validate_image(image, "GET").fields == image
    with pytest.raises(GlanceError, match=message):
        validate_image({**IMAGE, **change}, "GET")


@pytest.mark.parametrize("key", ["id", "name", "status"])
def test_missing_required_attribute_is_an_error(key: str) -> None:
    with pytest.raises(GlanceError, match=f"an image without '{key}'"):
        validate_image({name: value for name, value in IMAGE.items() if name != key}, "GET")


def test_error_does_not_repeat_values_of_the_image() -> None:
    with pytest.raises(GlanceError) as caught:
        validate_image({"id": "i", "direct_url": "swift+https://user:secret@store"}, "GET")
    assert "It has: id, direct_url." in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("answer", [None, 5, "image", [], [IMAGE]])
def test_response_that_is_no_image_is_an_error(answer: t.Any) -> None:
    with pytest.raises(GlanceError, match="where an image should be"):
        validate_image(answer, "GET")


def test_placeholders_of_size_and_checksum_are_replaced() -> None:
    shown = {**IMAGE, "size": 0, "checksum": MD5_OF_NOTHING, "__image_size": "449261568"}
    assert validate_image(shown, "GET").fields == {**shown, "size": 449261568, "checksum": None}
    shown = {**IMAGE, "size": 2, "__image_size": "449261568"}
    assert validate_image(shown, "GET").fields == {**shown, "size": 449261568, "checksum": None}
    shown = {**IMAGE, "size": 0, "checksum": "c", "__image_size": "5"}
    assert validate_image(shown, "GET").fields == {**shown, "size": 5}
    # With a hash, or without data, it is a property as any other.
    for more in (
        {"size": 2, "checksum": "c"},
        {"size": 1, "checksum": "c"},
        {"size": 2, "os_hash_value": "h"},
        {"size": None},
    ):
        shown = {**IMAGE, **more, "__image_size": "5"}
        assert validate_image(shown, "GET").fields == shown
    sizes: list[t.Any] = ["0", "", "many", "²", [], "9" * 5000]
    for size in sizes:
        shown = {**IMAGE, "size": 0, "checksum": MD5_OF_NOTHING, "__image_size": size}
        assert validate_image(shown, "GET").fields == shown


@pytest.mark.parametrize(
    ("body", "image", "lost"),
    [
        ({"name": "n", "tags": ["b", "a"]}, {"name": "n", "tags": ["a", "b"]}, []),
        ({"protected": False, "min_disk": 0, "tags": []}, {}, []),
        ({"protected": True, "min_disk": 5, "tags": ["a"]}, {}, ["min_disk", "protected", "tags"]),
        ({"a": ""}, {}, ["a"]),
        ({"a": ""}, {"a": ""}, []),
        ({"a": "1"}, {"a": [1, "a", {}]}, ["a"]),
        ([], {"a": "1"}, []),
        ([{"op": "remove", "path": "/a"}], {}, []),
        ([{"op": "remove", "path": "/a"}], {"a": ""}, ["a"]),
        ([{"op": "add", "path": "/a~1b~0c", "value": "1"}], {"a/b~c": "1"}, []),
    ],
)
def test_unapplied_attributes_are_found(body: t.Any, image: dict[str, t.Any], lost: list[str]) -> None:
    assert unapplied_fields(body, Image(image)) == lost


MEMBER = {"member_id": "p", "status": "pending", "created_at": "2026-11-21T00:00:01Z", "updated_at": None}


def test_members_are_sorted_and_have_their_attributes_only() -> None:
    shown = [{**MEMBER, "image_id": "i", "schema": "/v2/schemas/member"}, {"member_id": "a", "status": "accepted"}]
    first = {"member_id": "a", "status": "accepted", "created_at": None, "updated_at": None}
    assert validate_members({"members": shown}, "GET") == [first, MEMBER]
    assert validate_members({"members": []}, "GET") == []


@pytest.mark.parametrize("answer", [{}, {"members": None}, {"members": {"member_id": "p"}}, {"members": "p"}])
def test_response_without_a_list_of_members_is_an_error(answer: t.Any) -> None:
    with pytest.raises(GlanceError, match=r"^GET was answered without a list of members\.$"):
        validate_members(answer, "GET")


@pytest.mark.parametrize(
    "member",
    [
        "p",
        {"status": "pending"},
        {"member_id": "p"},
        {**MEMBER, "member_id": 5},
        {**MEMBER, "status": None},
        {**MEMBER, "created_at": 5},
        {**MEMBER, "updated_at": []},
    ],
)
def test_response_with_an_invalid_member_is_an_error(member: t.Any) -> None:
    with pytest.raises(GlanceError, match=r"^GET: the cloud's answer has '.*p.*' where a member should be\.$"):
        validate_members({"members": [MEMBER, member]}, "GET")


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({}, []),
        ({"tasks": None}, []),
        ({"tasks": []}, []),
        ({"tasks": [{"id": "t", "status": "success"}]}, [{"id": "t", "status": "success"}]),
    ],
)
def test_objects_that_an_answer_lists(answer: t.Any, expected: t.Any) -> None:
    assert validate_list(answer, "tasks", ["id"], "GET") == expected


@pytest.mark.parametrize("listed", [3, "t", {"id": "t"}, ["t"], [None], [{}], [{"id": "t"}, {"status": "success"}]])
def test_a_list_of_anything_else_is_an_error(listed: t.Any) -> None:
    with pytest.raises(GlanceError, match=r"^GET was answered without a list of tasks that have id\.$"):
        validate_list({"tasks": listed}, "tasks", ["id"], "GET")
