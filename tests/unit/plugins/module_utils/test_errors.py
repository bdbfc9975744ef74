# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._errors import (
    ApiError,
    ErrorResponse,
    GlanceError,
    explain,
)


@pytest.mark.parametrize(
    ("response", "message"),
    [
        (ErrorResponse("GET", "/v2/images/1", 404, "no"), "GET /v2/images/1 was answered HTTP 404: no"),
        (
            ErrorResponse("GET", "/v2/images/1", 400, "no", code="IMG.0027", request_id="req-1"),
            "GET /v2/images/1 was answered HTTP 400 (IMG.0027): no [request req-1]",
        ),
    ],
)
def test_error_shows_the_code_and_the_request_where_there_are_any(response: ErrorResponse, message: str) -> None:
    assert str(response) == message
    assert str(ApiError(response)).startswith(message)


def test_error_has_the_facts_of_the_response() -> None:
    error = ApiError(ErrorResponse("PUT", "/f", 413, "no", effective_status=429, retry_after=5.0))
    assert (error.method, error.http_status, error.status, error.retry_after) == ("PUT", 413, 429, 5.0)


def test_request_that_was_sent_once_is_no_repetition() -> None:
    assert ErrorResponse("GET", "/v2/images/1", 404, "no").attempt == 1


@pytest.mark.parametrize(
    ("message", "explained"),
    [
        ("It failed", "It failed. Try again."),
        ("It failed.", "It failed. Try again."),
        ("It failed!", "It failed! Try again."),
        ("Did it fail?", "Did it fail? Try again."),
        ("no [request req-1]", "no [request req-1] Try again."),
    ],
)
def test_explanation_is_a_sentence_of_its_own(message: str, explained: str) -> None:
    error = GlanceError(message)
    explain(error, "Try again.")
    assert str(error) == explained


def test_error_without_an_explanation_stays_as_it_is() -> None:
    assert str(GlanceError("It failed").explained("")) == "It failed"


def test_error_of_another_kind_stays_as_it_is() -> None:
    error = KeyboardInterrupt("stopped")
    explain(error, "Try again.")
    assert error.args == ("stopped",)
