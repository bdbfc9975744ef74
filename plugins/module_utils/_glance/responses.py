# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""What a cloud's answers say: errors in every shape that they come in, and images, checked. Pure."""

from __future__ import annotations

import datetime
import email.utils
import html
import json
import re
import typing as t

from .._errors import GlanceError
from .image import Image
from .times import as_utc, parse_time

MAX_REASON = 500
# An error's body is looked at up to here (bytes), and of a HTML page no more than this (characters).
MAX_ERROR = 100_000
MAX_PAGE = 20_000
# How clients request data as they are (RFC 9110, 12.5.3): a checksum is that of the data, and so is a position in them.
IDENTITY = "identity"

TOO_MANY_REQUESTS = 429
# RFC 9110, 15.5.20: the server is not the one that could answer.
MISDIRECTED = 421
# Codes of Huawei's Image Management Service, which come with HTTP 400, and the status that says the same
# (https://docs.otc.t-systems.com/image-management-service/api-ref/appendix/error_codes.html).
MEANING_OF_400 = {
    "IMG.0027": 404,  # there is no such image
    "IMG.0086": 404,
    "IMG.0144": 404,
    "IMG.0028": 403,  # it is protected
    "IMG.0092": 403,  # it belongs to another project
    "IMG.0090": 409,  # it is being made
    "IMG.0060": 413,  # the quota is used up
}
# Codes of the gateway in front of it: with 404 it does not know the address, and says nothing about an image.
GATEWAY_CODES = ("APIG.", "APIGW.")

MD5_OF_NOTHING = "d41d8cd98f00b204e9800998ecf8427e"
# The property in which some clouds give the size of the data (bytes), while size and checksum are placeholders. An image
# with a hash has real values, and this is a custom property.
TRUE_SIZE = "__image_size"

# What the base attributes are made of. Of these, clouds show those that they have.
KINDS: dict[str, tuple[type, ...]] = {
    "id": (str,),
    "name": (str, type(None)),
    "status": (str,),
    "visibility": (str, type(None)),
    "owner": (str, type(None)),
    "disk_format": (str, type(None)),
    "container_format": (str, type(None)),
    "checksum": (str, type(None)),
    "os_hash_algo": (str, type(None)),
    "os_hash_value": (str, type(None)),
    "created_at": (str, type(None)),
    "updated_at": (str, type(None)),
    "stores": (str, type(None)),
    "protected": (bool,),
    "os_hidden": (bool,),
    "tags": (list,),
    "size": (int, type(None)),
    "virtual_size": (int, type(None)),
    "min_disk": (int, type(None)),
    "min_ram": (int, type(None)),
}
# An answer without them describes no image.
NEEDED = ("id", "name", "status")
# What a project that an image is shared with has.
MEMBER_KINDS: dict[str, tuple[type, ...]] = {
    "member_id": (str,),
    "status": (str,),
    "created_at": (str, type(None)),
    "updated_at": (str, type(None)),
}


# A project that an image is shared with, under Glance's names.
Member = dict[str, t.Any]


class ParsedError(t.NamedTuple):
    """What an error's body says.

    :param reason: what happened, in the cloud's words.
    :param code: the cloud's own code, where it has one beside the HTTP status.
    :param request_id: what the cloud's operator can find the request by.
    :param is_limit: whether it is about too many requests.
    :param retry_after: how long to wait before the next try (s), where the body says so.
    :param kind: of the body: ``json``, as APIs give it and proxies do not, ``html`` or ``text``.
    """

    reason: str
    code: str | None = None
    request_id: str | None = None
    is_limit: bool = False
    retry_after: float | None = None
    kind: str = "text"


def parse_error(body: str, content_type: str, now: datetime.datetime) -> ParsedError:
    """Read the body of an error.

    :param now: the time from which on a time in the body is counted.

    Bodies seen: Glance's HTML pages; plain text; ``{"error": {"code", "message", "details"}}``;
    ``{"<fault>": {"code", "message"}}``; ``{"error_code", "error_msg", "request_id"}``; ``{"code", "message"}``.
    """
    if body.lstrip().startswith("{"):
        try:
            found = _parse_json_error(json.loads(body), now)
        except (ValueError, RecursionError):
            found = None
        if found:
            return found
    if "html" in content_type or body.lstrip().startswith("<"):
        return ParsedError(shortened(_text_of_page(body[:MAX_PAGE])), kind="html")
    return ParsedError(shortened(body))


def _text_of_page(page: str) -> str:
    """What a HTML page says: its explanation, what its headings add to that, and in brackets the server's signature.

    Glance repeats the HTTP status in title and h1 and explains below; nginx has title and h1 only, then a line and its
    name; Apache and HAProxy explain, and a portal's title says what the page is.
    """
    page = re.sub(r"(?is)<!--.*?-->|<(style|script)\b.*?</\1\s*>", " ", page)
    headings = [_text(match[2]) for match in re.finditer(r"(?is)<(title|h1)\b[^>]*>(.*?)</\1\s*>", page)]
    rest = re.sub(r"(?is)<(title|h1)\b.*?</\1\s*>", " ", page)
    explanation, line, below = rest.rpartition("<hr")
    text, signature = (_text(explanation), _text(f"<hr{below}")) if line else (_text(rest), "")
    if text:
        headings = [heading for heading in headings if not re.match(r"\d{3}\b", heading)]
    headings = [re.sub(r"^\d{3} ", "", heading) for heading in headings]  # the status is shown anyway
    parts = list(dict.fromkeys(part for part in (*headings, text) if part))
    said = ": ".join(
        part for part in parts if not any(part.lower() in other.lower() for other in parts if other is not part)
    )
    return f"{said} ({signature})" if said and signature else said or signature


def _text(markup: str) -> str:
    return " ".join(html.unescape(re.sub(r"(?s)<[^>]*>", " ", markup)).split())


def content_encoding(headers: t.Mapping[str, str]) -> str | None:
    """How the body of an answer is encoded, for instance ``gzip``; null if it is not."""
    encoding = headers.get("Content-Encoding", "").strip().lower()
    return encoding if encoding not in ("", IDENTITY) else None


def server_name(headers: t.Mapping[str, str]) -> str:
    """What to call a proxy that answered: by the name of a server that it gives, if it does."""
    name = shortened(headers.get("Server", ""))[:60]
    return f"a proxy ({name})" if name else "a proxy"


# Words of Glance's own 413: a quota of its own or of Keystone's, a full store, or an image larger than it takes.
_LIMITS_OF_GLANCE = re.compile(r"(?i)quota|over a limit|limit has been exceeded|storage media|(incoming|provided) image")


def proxy_name(headers: t.Mapping[str, str], parsed: ParsedError) -> str | None:
    """What to call the proxy that refused a request in front of the Image API.

    Returns null if the Image API itself did, and an empty string where the answer shows neither. Glance gives each request
    an id, which proxies pass on; clouds of other makers answer with JSON; proxies answer with a page of their own.
    """
    if "x-openstack-request-id" in headers or parsed.kind == "json" or _LIMITS_OF_GLANCE.search(parsed.reason):
        return None
    return server_name(headers) if parsed.kind == "html" and parsed.reason else ""


def _parse_json_error(answer: t.Any, now: datetime.datetime) -> ParsedError | None:
    if not isinstance(answer, dict):
        return None
    name, fields = "", answer
    if len(answer) == 1 or "error" in answer:
        name = "error" if "error" in answer else next(iter(answer))
        fields = answer[name] if isinstance(answer[name], dict) else answer
    message = fields.get("message") or fields.get("error_msg") or fields.get("title")
    if not message:
        return None
    details = fields.get("details")
    text = f"{message} ({details})" if isinstance(details, str) and details and details != message else str(message)
    code = fields.get("error_code") or fields.get("code")
    request_id = fields.get("request_id")
    return ParsedError(
        shortened(text),
        # A number is only the HTTP status once more.
        code if isinstance(code, str) and not code.isdigit() else None,
        request_id if isinstance(request_id, str) else None,
        name == "overLimit",
        seconds_until(fields.get("retryAfter"), now) or seconds_until(fields.get("retryAt"), now),
        kind="json",
    )


def seconds_until(value: t.Any, now: datetime.datetime) -> float | None:
    """How long to wait (s): a number of seconds, an HTTP date (RFC 9110, 10.2.3), or an ISO 8601 time; null for neither."""
    text = str(value).strip() if isinstance(value, (str, int)) else ""
    if not text:
        return None
    if text.isascii() and text.isdigit():
        return float(text)
    moment: datetime.datetime | None
    try:
        moment = as_utc(email.utils.parsedate_to_datetime(text))
    except (ValueError, IndexError, TypeError, OverflowError):  # it was made for dates of mails, and raises what it likes
        moment = parse_time(text)
    return max(0.0, (moment - now).total_seconds()) if moment else None


def effective_status(status: int, parsed: ParsedError, retry_after: str | None) -> int:
    """The HTTP status that says what the cloud means, which is not always the one that it answers.

    :param retry_after: the header Retry-After.
    """
    code = parsed.code or ""
    if status == 400:
        return MEANING_OF_400.get(code, status)
    if status == 404 and code.startswith(GATEWAY_CODES):
        return MISDIRECTED
    if status == 413 and (parsed.is_limit or retry_after):
        return TOO_MANY_REQUESTS  # Glance's own 413 is a quota, and final
    return status


def shortened(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= MAX_REASON else text[:MAX_REASON] + " …"


def validate_image(answer: t.Any, what: str) -> Image:
    """An image as the cloud shows it, with its true size and nothing that only looks like a checksum.

    :param what: the request, for the error if the answer is no image.
    """
    if not isinstance(answer, dict):
        raise GlanceError(f"{what}: the cloud's answer has '{shortened(repr(answer))}' where an image should be.")
    for key in NEEDED:
        if key not in answer:
            has = shortened(", ".join(map(str, answer)))  # not the values, among which an address of the data may be
            raise GlanceError(f"{what}: the cloud's answer has an image without '{key}'. It has: {has or 'nothing'}.")
    for key in [key for key in KINDS if key in answer]:
        kinds, value = KINDS[key], answer[key]
        has_other_items = key == "tags" and isinstance(value, list) and not all(isinstance(tag, str) for tag in value)
        # Python takes true for an integer.
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds) or has_other_items:
            raise GlanceError(f"{what}: the cloud's answer has an image whose '{key}' is '{shortened(repr(value))}'.")
    true_size = str(answer.get(TRUE_SIZE))
    size, checksum = answer.get("size"), answer.get("checksum")
    has_checksum = checksum not in (None, "", MD5_OF_NOTHING)
    is_real_size = size is None or answer.get("os_hash_value") or (size and has_checksum)
    if not is_real_size and re.fullmatch(r"[1-9][0-9]{0,17}", true_size):
        return Image({**answer, "size": int(true_size), "checksum": checksum if has_checksum else None})
    return Image(answer)


def validate_members(answer: dict[str, t.Any], what: str) -> list[Member]:
    """The projects that an image is shared with, in the order of their ids.

    :param what: the request, for the error if the answer has no such projects.
    """
    members = answer.get("members")
    if not isinstance(members, list):
        raise GlanceError(f"{what} was answered without a list of members.")
    for member in members:
        if not isinstance(member, dict) or not all(
            isinstance(member.get(key), kinds) for key, kinds in MEMBER_KINDS.items()
        ):
            raise GlanceError(f"{what}: the cloud's answer has '{shortened(repr(member))}' where a member should be.")
    found = [{key: member.get(key) for key in MEMBER_KINDS} for member in members]
    return sorted(found, key=lambda member: str(member["member_id"]))


def validate_list(answer: dict[str, t.Any], key: str, needed: t.Sequence[str], what: str) -> list[dict[str, t.Any]]:
    """The objects that an answer lists under a key; none where it has no such key.

    :param needed: what each of them must have.
    :param what: the request, for the error if the answer has anything else.
    """
    found = answer.get(key) or []
    if not isinstance(found, list) or not all(isinstance(each, dict) and all(map(each.get, needed)) for each in found):
        raise GlanceError(f"{what} was answered without a list of {key} that have {' and '.join(needed)}.")
    return found


def unapplied_fields(body: t.Any, image: Image) -> list[str]:
    """What a create or an update asked for and the image does not have.

    :param body: the image to be, or a JSON patch.
    """
    is_patch = isinstance(body, list)
    asked = {_key(operation["path"]): operation.get("value") for operation in body} if is_patch else body
    return sorted(key for key, value in asked.items() if _comparable(image.get(key)) != _comparable(value))


def _key(pointer: str) -> str:
    return pointer[1:].replace("~1", "/").replace("~0", "~")


def _comparable(value: t.Any) -> t.Any:
    """What a cloud leaves out is taken for the value that it has by default."""
    if isinstance(value, list):
        value = sorted(map(str, value))
    return value if value or value == "" else None
