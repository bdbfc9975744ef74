# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""What to do about an answer of the cloud, where the answer itself does not say. Pure."""

from __future__ import annotations

import re
import typing as t
import unicodedata

from .._errors import ApiError, ErrorResponse

# What may be wrong with an import, by its method, where Glance says no more than "Internal Error".
CAUSES_OF_FAILED_IMPORTS = {
    "web-download": "the cloud cannot reach the URL (name, port, proxy, firewall) or does not trust its certificate, the"
    " server answers the cloud with an error such as 404, or redirects it to a host or port that its import filter refuses,"
    " or sends less than it announced",
    "glance-download": "the cloud cannot reach the other region's Image API, or this user may not download the image there",
}
_SAYS_NOTHING = re.compile(
    r"(?i)(task failed due to )?internal error( occurred while trying to process task)?\.?|its task failed"
)
COMMON_CAUSES = (
    "the store is full or cannot be written, or the data are larger than the cloud takes or not of the disk_format"
)


ANOTHER_PROJECTS_IMAGE = (
    "The image belongs to project {owner} and this session works for project {project}:"
    " log in to the owner's project, or as an administrator."
)
LIMIT_OF_A_PROXY = (
    "This is not a quota of the Image API but the limit of {proxy} in front of it: it refuses requests of this size."
    " Ask its operator to raise the limit (nginx: 'client_max_body_size 0'; Apache: 'LimitRequestBody 0'), or give an"
    " address of the Image API that does not lead through it as 'endpoint_override'"
)
# The first condition that holds for a response chooses the hint: what is more special stands before what is more general.
HINTS: tuple[tuple[t.Callable[[ErrorResponse], bool], str], ...] = (
    (
        lambda r: r.status == 403 and r.path.endswith("/import") and "copy" in r.reason,
        (
            "By Glance's default policy only administrators may copy images to other stores. A task that replaces an image"
            " and names no 'stores' takes those of the old image: name one of them."
        ),
    ),
    (
        lambda r: r.status == 403 and r.path.startswith("/v2/stores/"),
        "By Glance's default policy only administrators may remove images from stores.",
    ),
    (
        lambda r: r.status == 403 and r.path.endswith("/file") and r.method == "GET",
        (
            "By Glance's default policy a download needs the role member, and the data of a deactivated image are for"
            " administrators only: reactivate it with image_state."
        ),
    ),
    (
        lambda r: r.status == 403 and r.path.endswith(("/deactivate", "/reactivate")),
        "The cloud's policy does not let this user do it; on many clouds only administrators may.",
    ),
    (
        lambda r: r.status == 403 and "publicize" in r.reason,
        "By Glance's default policy only administrators may make images public.",
    ),
    (
        lambda r: r.status == 403 and "communitize" in r.reason,
        "The cloud's policy does not let this user make community images.",
    ),
    (
        lambda r: r.status == 403 and r.method == "DELETE" and "protected" in r.reason,
        "Another process has protected the image in the meantime; run the task again.",
    ),
    (
        lambda r: r.status == 403 and r.method == "PUT" and "/members/" in r.path,
        "Only the project that the image is shared with can answer, or an administrator.",
    ),
    (
        lambda r: r.status == 403 and r.method == "POST" and r.path == "/v2/images" and "owned by" in r.reason,
        (
            "The image of the name belongs to another project. Set 'owner' to the login's own project for an image of its"
            " own."
        ),
    ),
    (
        lambda r: r.status == 403,
        "The cloud's policy does not let this user do it.",
    ),
    (
        lambda r: r.status == 409 and r.method == "DELETE" and r.path.startswith("/v2/stores/"),
        "Run the task again once the image is active.",
    ),
    (
        lambda r: r.status == 409 and r.method == "DELETE",
        "The image is in use: delete the servers, volumes or snapshots that need its data first.",
    ),
    (
        lambda r: r.status == 409 and r.method == "POST" and r.path == "/v2/images",
        (
            "It is the id of an image that this login cannot see, or of one that was deleted: an id is used once and for"
            " all. Leave 'id' out, or give another; 'create: false' makes a missing image an error."
        ),
    ),
    (
        lambda r: r.status == 409 and r.path.endswith("/import"),
        "If another import into this image is going on, wait for it; Glance releases the lock of a dead one after an hour.",
    ),
    (
        lambda r: r.status == 405 and r.path.endswith(("/v2/images", "/file", "/stage", "/import")),
        "This cloud does not support creating images this way; see its documentation.",
    ),
    (
        lambda r: r.status == 405,
        "This cloud does not have this operation.",
    ),
    (
        lambda r: r.status == 413 and bool(r.proxy) and r.method == "PUT",
        LIMIT_OF_A_PROXY + ", or let the cloud fetch the data ('transfer: import').",
    ),
    (
        lambda r: r.status == 413 and bool(r.proxy),
        LIMIT_OF_A_PROXY + ".",
    ),
    (
        lambda r: r.status == 413 and r.proxy == "",
        (
            "Either a quota or the store's space is used up, or a proxy in front of the Image API takes no request of this"
            " size (nginx: 'client_max_body_size'): the answer does not show which. Ask the cloud's operator."
        ),
    ),
    (
        lambda r: r.status == 413,
        "A quota or the store's space is used up: delete what is not needed, or ask the cloud's operator for more.",
    ),
    (
        lambda r: r.status == 415,
        "The file is not of the format that disk_format says: check it with 'qemu-img info'.",
    ),
    (
        lambda r: r.status == 429,
        "The cloud limits how many requests are made; run the task again later, or fewer of them at once.",
    ),
    (
        lambda r: r.status == 500,
        "Something failed inside the cloud; its operator can find it by the request's id.",
    ),
    (
        lambda r: r.status == 503,
        "The cloud's image service is out of service or overloaded; run the task again later.",
    ),
)


def hint(error: ApiError, owner: str | None, project: str | None, alike: str = "") -> str:
    """A sentence to go behind the error's message; empty when there is nothing to add.

    :param owner: the project that the image belongs to.
    :param project: the project that the session works for.
    :param alike: what ``names_alike`` says of the names that were sent.
    """
    response = error.response
    if owner and project and owner != project and _may_hide_an_image(response):
        return ANOTHER_PROJECTS_IMAGE.format(owner=owner, project=project)
    if alike and response.status == 500:
        return alike
    return next((text.format(proxy=response.proxy) for applies, text in HINTS if applies(response)), "")


def _may_hide_an_image(response: ErrorResponse) -> bool:
    """Whether the image may be there, and be another project's: Glance 26 and 30 answer 404 to a change of such an image."""
    is_change = response.method != "GET" and response.path != "/v2/images"
    return response.status == 403 or (response.status == 404 and is_change)


def names_alike(tags: t.Iterable[str], properties: t.Iterable[str]) -> str:
    """What to say about an image's tags or properties that some databases treat as equal; empty if there are none.

    MariaDB and MySQL compare without case, accents and trailing spaces by default, which Glance answers with HTTP 500.
    """
    found = [(kind, group) for kind, names in (("Tags", tags), ("Properties", properties)) for group in _alike(names)]
    if not found:
        return ""
    shown = "; ".join(f"{kind} {' and '.join(map(repr, group))}" for kind, group in found)
    return (
        f"{shown} differ only in case, accents or trailing spaces: the cloud's database may treat them as equal, as"
        " MariaDB and MySQL do. Choose names that differ in more. If an image has such tags already, create it again."
    )


def _alike(names: t.Iterable[str]) -> list[list[str]]:
    groups: dict[str, list[str]] = {}
    for name in sorted(set(names)):
        letters = (letter for letter in unicodedata.normalize("NFKD", name) if not unicodedata.combining(letter))
        groups.setdefault("".join(letters).casefold().rstrip(" "), []).append(name)
    return [group for group in groups.values() if len(group) > 1]


def import_hint(message: str, method: str | None) -> str:
    """The usual causes of an import's failure, where the cloud's message names none; else empty.

    :param message: that of the import's task at the cloud.
    :param method: the import's method; null where it is not known.
    """
    if message and not _SAYS_NOTHING.fullmatch(message):
        return ""
    causes = ", or ".join(filter(None, [CAUSES_OF_FAILED_IMPORTS.get(method or ""), COMMON_CAUSES]))
    instead = (
        " Try the URL from a host in the cloud's network, or use 'transfer: stream'." if method == "web-download" else ""
    )
    return f"Usual causes: {causes}.{instead} The cloud's operator finds the reason in Glance's log."
