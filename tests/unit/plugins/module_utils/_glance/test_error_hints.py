# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""What a failed task says to do."""

from __future__ import annotations

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._errors import ApiError, ErrorResponse
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.error_hints import hint, import_hint, names_alike

ID = "8f4c9f1e-0a1c-4f1f-9f8e-3a7c5b0f6a11"
FOREIGN = "The image belongs to project a and this session works for project b"


def error(status: int, method: str = "DELETE", path: str = f"/v2/images/{ID}", proxy: str | None = None) -> ApiError:
    return ApiError(ErrorResponse(method, path, status, "m", proxy=proxy))


@pytest.mark.parametrize(
    ("status", "method", "path", "owner", "is_foreign"),
    [
        (403, "DELETE", f"/v2/images/{ID}", "a", True),
        (404, "DELETE", f"/v2/images/{ID}", "a", True),
        (404, "PATCH", f"/v2/images/{ID}", "a", True),
        (404, "POST", f"/v2/images/{ID}/actions/deactivate", "a", True),
        (404, "DELETE", f"/v2/images/{ID}", "b", False),
        (404, "DELETE", f"/v2/images/{ID}", None, False),
        (404, "GET", f"/v2/images/{ID}/file", "a", False),
        (404, "POST", "/v2/images", "a", False),
        (409, "DELETE", f"/v2/images/{ID}", "a", False),
    ],
)
def test_refusal_for_an_image_of_another_project_has_a_hint(
    status: int, method: str, path: str, owner: str | None, is_foreign: bool
) -> None:
    assert (FOREIGN in hint(error(status, method, path), owner, "b")) is is_foreign


@pytest.mark.parametrize(
    ("status", "method", "path", "reason", "words"),
    [
        (403, "POST", f"/v2/images/{ID}/import", "copying is forbidden", "only administrators may copy images"),
        (403, "POST", f"/v2/images/{ID}/import", "", "The cloud's policy does not let this user do it."),
        (403, "DELETE", f"/v2/stores/fast/{ID}", "", "only administrators may remove images from stores"),
        (403, "GET", f"/v2/images/{ID}/file", "", "a download needs the role member"),
        (403, "PUT", f"/v2/images/{ID}/file", "", "The cloud's policy does not let this user do it."),
        (403, "POST", f"/v2/images/{ID}/actions/reactivate", "", "on many clouds only administrators may"),
        (403, "PATCH", f"/v2/images/{ID}", "publicize_image is disallowed", "may make images public"),
        (403, "PATCH", f"/v2/images/{ID}", "communitize_image is disallowed", "make community images"),
        (403, "DELETE", f"/v2/images/{ID}", "Image x is protected and cannot be deleted.", "Another process has protected"),
        (403, "PATCH", f"/v2/images/{ID}", "a protected property", "The cloud's policy does not let this user do it."),
        (400, "DELETE", f"/v2/images/{ID}", "it is protected", ""),
        (403, "PATCH", f"/v2/images/{ID}", "owned by 'p'", "The cloud's policy does not let this user do it."),
        (400, "POST", "/v2/images", "owned by 'p'", ""),
        (403, "PUT", f"/v2/images/{ID}/members/p", "", "Only the project that the image is shared with can answer"),
        (
            403,
            "POST",
            "/v2/images",
            "You are not permitted to create images owned by 'p'.",
            "Set 'owner' to the login's own",
        ),
        (409, "DELETE", f"/v2/images/{ID}", "", "The image is in use"),
        (409, "DELETE", f"/v2/stores/fast/{ID}", "", "once the image is active"),
        (409, "POST", "/v2/images", "", "It is the id of an image that this login cannot see"),
        (409, "POST", f"/v2/images/{ID}/import", "", "If another import into this image is going on"),
        (409, "PUT", f"/v2/images/{ID}/file", "", ""),
        (405, "POST", "/v2/images", "", "does not support creating images this way"),
        (405, "PUT", f"/v2/images/{ID}/file", "", "does not support creating images this way"),
        (405, "DELETE", f"/v2/images/{ID}", "", "This cloud does not have this operation."),
        (415, "PUT", f"/v2/images/{ID}/file", "", "check it with 'qemu-img info'"),
        (429, "GET", "/v2/images", "", "limits how many requests are made"),
        (500, "GET", "/v2/images", "", "can find it by the request's id"),
        (503, "GET", "/v2/images", "", "out of service or overloaded"),
        (404, "GET", f"/v2/images/{ID}", "", ""),
    ],
)
def test_hint_depends_on_the_failed_request(status: int, method: str, path: str, reason: str, words: str) -> None:
    found = hint(ApiError(ErrorResponse(method, path, status, reason)), None, None)
    assert words in found if words else found == ""


def test_413_is_a_quota_only_if_the_image_api_sent_it() -> None:
    assert hint(error(413, "POST", "/v2/images"), "a", "a").startswith("A quota or the store's space is used up")
    assert hint(error(413, "POST", "/v2/images", ""), "a", "a").startswith("Either a quota or the store's space is used up")
    limit = hint(error(413, "PUT", f"/v2/images/{ID}/file", "a proxy (nginx)"), "a", "a")
    assert "not a quota of the Image API but the limit of a proxy (nginx) in front of it" in limit
    assert "client_max_body_size" in limit
    assert "'transfer: import'" in limit
    assert "'transfer: import'" not in hint(error(413, "PATCH", f"/v2/images/{ID}", "a proxy"), "a", "a")
    for status in (412, 414):
        assert hint(error(status, "PATCH", f"/v2/images/{ID}", "a proxy"), "a", "a") == ""


@pytest.mark.parametrize(
    ("tags", "properties", "said"),
    [
        (["a", "b"], ["a", "A1"], None),
        (["a", "a"], [], None),
        (["a"], ["A"], None),
        (["Web", "web"], [], "Tags 'Web' and 'web' differ"),
        (["web", "web "], [], "Tags 'web' and 'web ' differ"),
        ([" web", "web"], [], None),
        (["café", "cafe", "CAFE"], [], "Tags 'CAFE' and 'cafe' and 'café' differ"),
        ([], ["os_Distro", "os_distro"], "Properties 'os_Distro' and 'os_distro' differ"),
        (["A", "a"], ["B", "b"], "Tags 'A' and 'a'; Properties 'B' and 'b' differ"),
    ],
)
def test_500_for_names_that_a_database_treats_as_equal_has_a_hint(
    tags: list[str], properties: list[str], said: str | None
) -> None:
    alike = names_alike(tags, properties)
    assert alike.startswith(said) if said else alike == ""
    assert hint(error(500, "PATCH"), "a", "a", alike) == (alike or hint(error(500, "PATCH"), "a", "a"))


@pytest.mark.parametrize(
    ("message", "method", "words"),
    [
        ("Task failed due to Internal Error", "web-download", "the cloud cannot reach the URL"),
        ("Internal Error", "web-download", "import filter"),
        ("Internal error occurred while trying to process task.", "web-download", "404"),
        ("its task failed", "web-download", "the store is full"),
        ("", "glance-download", "the other region's Image API"),
        ("Task failed due to Internal Error", "glance-direct", "not of the disk_format"),
        ("Task failed due to Internal Error", "copy-image", "the store is full"),
        ("Task failed due to Internal Error", None, "the store is full"),
        ("Image storage media is full: No space left", "web-download", None),
        ("Internal Error is the name of a store that is full", "web-download", None),
    ],
)
def test_usual_causes_of_a_failed_import_have_a_hint(message: str, method: str | None, words: str | None) -> None:
    found = import_hint(message, method)
    assert words in found if words else found == ""
    assert ("transfer: stream" in found) is bool(words and method == "web-download")
