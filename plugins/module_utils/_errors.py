# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""What can go wrong, in words for the person who runs the task.

Everything below the module's edge raises one of these; only the edge (_module) turns it into a failed task.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ._url_redaction import without_users

T = t.TypeVar("T")


def not_none(value: T | None) -> T:
    """Return a value that cannot be null here; null is a defect of this collection."""
    if value is None:
        raise AssertionError("unreachable: a value is missing that always is there")
    return value


class GlanceError(Exception):
    """A failure that the user can act on.

    ``details`` goes into the failed task's result beside the message; it never holds a secret. The text never shows users
    and passwords in URLs, which libraries repeat in their errors.
    """

    def __init__(self, message: str, **details: t.Any) -> None:
        super().__init__(message)
        self.message = message
        self.details = details

    def __str__(self) -> str:
        return without_users(self.message)

    def explained(self, explanation: str) -> GlanceError:
        """The same error, with one more sentence: its cause, what became of the image, or what to do."""
        if explanation:
            end = "" if self.message.endswith((".", "!", "?", "]")) else "."
            self.message = f"{self.message}{end} {explanation}"
        return self


def explain(error: BaseException, explanation: str) -> None:
    """Add a sentence to an error that is shown to the user; others, such as an interrupt, stay as they are."""
    if isinstance(error, GlanceError):
        error.explained(explanation)


class InvalidInput(GlanceError):
    """The task asks for something that cannot be: said before anything is changed."""


class MissingLibrary(GlanceError):
    """A Python library that the collection needs is not there."""

    def __init__(self, message: str, traceback: str) -> None:
        super().__init__(message, exception=traceback)


class ConnectionProblem(GlanceError):
    """No answer: an unknown cloud, a refused login, an unreachable or untrusted endpoint."""


class NotSupported(GlanceError):
    """This cloud does not have what the task needs."""


@dataclasses.dataclass(frozen=True)
class ErrorResponse:
    """The facts of a response whose status is not one of those that mean success.

    :param method: HTTP method of the request.
    :param path: its path, from ``/v2`` on.
    :param http_status: the status that the cloud answered.
    :param reason: what the cloud says happened, from the body.
    :param effective_status: the status that says what the cloud means, where it is another one: some clouds answer 400 for
        everything.
    :param code: the cloud's own error code, where it has one beside the HTTP status (``IMG.0028``).
    :param request_id: what the cloud's operator can find the request by.
    :param retry_after: how long the cloud asks to wait before the next attempt (s), where it does.
    :param proxy: what to call a proxy that answered in front of the API; null if the API itself did, and empty where the
        response shows neither.
    :param attempt: how many times the request had been sent, this time included.
    """

    method: str
    path: str
    http_status: int
    reason: str
    effective_status: int | None = None
    code: str | None = None
    request_id: str | None = None
    retry_after: float | None = None
    proxy: str | None = None
    attempt: int = 1

    @property
    def status(self) -> int:
        return self.effective_status or self.http_status

    def __str__(self) -> str:
        code = f" ({self.code})" if self.code else ""
        request = f" [request {self.request_id}]" if self.request_id else ""
        return f"{self.method} {self.path} was answered HTTP {self.http_status}{code}: {self.reason}{request}"


class ApiError(GlanceError):
    """The cloud answered, with a status that this call does not take for success."""

    def __init__(self, response: ErrorResponse) -> None:
        super().__init__(str(response), http_status=response.http_status, request_id=response.request_id)
        self.response = response

    @property
    def status(self) -> int:
        """The status that says what the cloud means."""
        return self.response.status

    @property
    def http_status(self) -> int:
        """The status that the cloud answered."""
        return self.response.http_status

    @property
    def method(self) -> str:
        return self.response.method

    @property
    def retry_after(self) -> float | None:
        return self.response.retry_after
