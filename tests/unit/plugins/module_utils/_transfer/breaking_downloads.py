# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""A cloud whose downloads break off, or are refused."""

from __future__ import annotations

import contextlib
import io
import types
import typing as t

import urllib3
from ansible_collections.cloudimage.glance.plugins.module_utils._errors import ApiError, ErrorResponse
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.image import Image
from ansible_collections.cloudimage.glance.plugins.module_utils._transfer.blocks import BLOCK

DATA = bytes(range(256)) * (BLOCK // 100)
IMAGE = Image({"id": "i", "size": len(DATA)})


class Cloud:
    """Answers each request for DATA with no more than so many bytes, or with an error; the last answer stays.

    :param ranges: whether it answers with the requested part; else it begins with the first byte.
    """

    def __init__(self, *answers: int | ApiError, ranges: bool = True) -> None:
        self._answers = list(answers)
        self._ranges = ranges
        self.offsets: list[int] = []

    @contextlib.contextmanager
    def download(self, _image_id: str, offset: int) -> t.Iterator[t.Any]:
        self.offsets.append(offset)
        answer = self._answers[0] if len(self._answers) == 1 else self._answers.pop(0)
        if isinstance(answer, ApiError):
            raise answer
        is_part = self._ranges and offset > 0
        body = DATA[offset if is_part else 0 :][:answer]
        headers = {"Content-Range": f"bytes {offset}-{len(DATA) - 1}/{len(DATA)}"} if is_part else {}
        raw = urllib3.HTTPResponse(io.BytesIO(body), preload_content=False)
        yield types.SimpleNamespace(status_code=206 if is_part else 200, headers=headers, raw=raw)

    def refuses_ranges(self, _image_id: str) -> bool:
        return not self._ranges


def refused(status: int) -> ApiError:
    return ApiError(ErrorResponse("GET", "/v2/images/i/file", status, "no"))
