# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._errors import (
    ApiError,
    ErrorResponse,
    GlanceError,
    InvalidInput,
)
from ansible_collections.cloudimage.glance.plugins.module_utils._glance.image import Image
from ansible_collections.cloudimage.glance.plugins.module_utils._options.data import DataOptions
from ansible_collections.cloudimage.glance.plugins.module_utils._transfer.source import SourceContent
from ansible_collections.cloudimage.glance.plugins.module_utils._transfer.task_data import TaskData
from ansible_collections.cloudimage.glance.tests.unit.plugins.module_utils._transfer.bytes_source import DATA, BytesSource

REFUSAL = ApiError(ErrorResponse("GET", "/v2/images/i/file", 403, "Forbidden"))


class RefusingCloud:
    """A cloud that does not let data be read back."""

    def download(self, _image_id: str, _offset: int) -> t.NoReturn:
        raise REFUSAL

    def refuses_ranges(self, _image_id: str) -> bool:
        return False


def compare(status: str) -> bool:
    """Compare the data of a task with an image whose hash the cloud does not show."""
    content = SourceContent(BytesSource(option="path"))
    data = TaskData(t.cast("t.Any", RefusingCloud()), DataOptions(path="disk"), 10.0, content)
    return data.is_in(Image({"id": "i", "name": "n", "status": status, "size": len(DATA)}))


def test_data_of_a_deactivated_image_without_hash_cannot_be_compared() -> None:
    with pytest.raises(InvalidInput, match="is deactivated, and the cloud shows no hash of its data"):
        compare("deactivated")


def test_data_of_an_active_image_without_hash_need_a_checksum_if_they_cannot_be_read() -> None:
    with pytest.raises(GlanceError, match="This cloud keeps no hash of an image's data"):
        compare("active")
