# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

import itertools
import pathlib
import typing as t

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils import _deliver
from ansible_collections.cloudimage.glance.plugins.module_utils._errors import ConnectionProblem
from ansible_collections.cloudimage.glance.plugins.module_utils._operations import UPLOAD, Operation
from ansible_collections.cloudimage.glance.plugins.module_utils._source import Content, file_source
from ansible_collections.cloudimage.glance.plugins.module_utils._timing import TIMING

ID = "5a8b9d0e-0000-4000-8000-000000000001"


class BusyCloud:
    """Takes all data, loses its answer, and is then busy with them for ever."""

    def upload(self, _operation: t.Any, upload: t.Iterable[bytes], _store: t.Any, _timeout: float) -> None:
        for _block in upload:
            pass
        raise ConnectionProblem("The answer got lost.")

    def find_image(self, image_id: str) -> dict[str, t.Any]:
        return {"id": image_id, "status": "saving"}


def test_a_task_that_does_not_wait_ends_though_the_cloud_stays_busy(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    moments = itertools.count()  # each look at the clock is a second later
    monkeypatch.setattr(TIMING, "monotonic", lambda: float(next(moments)))
    monkeypatch.setattr(TIMING, "sleep", lambda _seconds: None)
    (tmp_path / "disk").write_bytes(b"data")
    content = Content(file_source(str(tmp_path / "disk")))
    delivery = _deliver.Delivery(t.cast("t.Any", BusyCloud()), content, None, wait=None)
    upload = Operation(UPLOAD, ID, {"path": "disk", "size": 4})
    assert delivery.perform(upload, remake=lambda: pytest.fail("it was made again")) == ID
    assert delivery.await_and_verify(ID)["status"] == "saving"
