# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""What can go wrong, in words for the person who runs the task.

Everything below the module's edge raises one of these; only the edge (_module) turns it into a failed task.
"""

from __future__ import annotations

import typing as t

from ._url_redaction import without_users

T = t.TypeVar("T")


def not_none(value: T | None) -> T:
    """A value that is there wherever this is asked; if it is not, that is a mistake in this collection."""
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


class ApiError(GlanceError):
    """The cloud answered, with a code that this call does not take for success.

    ``status`` is the HTTP status code that says what the cloud means, and ``http_status`` the one that it answered: some say
    400 for everything. ``retry_after`` is how long it asks to wait before the next try (s), where it does. ``proxy`` is what
    to call a proxy that answered in front of the API; null if the API itself did, and empty where the answer shows neither.

    :param method: HTTP method of the request.
    :param path: its path, from ``/v2`` on.
    :param reason: what the cloud says happened, from the answer's body.
    :param code: the cloud's own error code, where it has one beside the HTTP status (``IMG.0028``).
    :param request_id: what the cloud's operator can find the request by.
    :param means: ``status``, where it is another than ``http_status``.
    """

    retry_after: float | None = None
    proxy: str | None = None

    def __init__(
        self,
        method: str,
        path: str,
        http_status: int,
        reason: str,
        code: str | None = None,
        request_id: str | None = None,
        means: int | None = None,
    ) -> None:
        self.method = method
        self.path = path
        self.http_status = http_status
        self.status = means or http_status
        self.reason = reason
        self.code = code
        self.request_id = request_id
        answer = f"HTTP {http_status}" + (f" ({code})" if code else "")
        super().__init__(
            f"{method} {path} was answered {answer}: {reason}" + (f" [request {request_id}]" if request_id else ""),
            http_status=http_status,
            request_id=request_id,
        )

    def explained(self, hint: str) -> ApiError:
        """The same error, with a sentence of what to do about it."""
        if hint:
            end = "" if self.message.endswith((".", "!", "?", "]")) else "."
            self.message = f"{self.message}{end} {hint}"
        return self
