# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""Behind nginx. All other tests of the session ``proxy`` run behind it too, with TLS and compression."""

from __future__ import annotations

import pathlib

import pytest

from .cloud import FORMATS, Cloud

pytestmark = pytest.mark.variant("proxy")

DATA = bytes(range(256)) * 12_000  # more than nginx takes by default, 1 MiB


@pytest.fixture
def large(tmp_path: pathlib.Path) -> str:
    (tmp_path / "large.raw").write_bytes(DATA)
    return str(tmp_path / "large.raw")


def test_data_are_uploaded_and_downloaded(alice: Cloud, name: str, large: str, tmp_path: pathlib.Path) -> None:
    outcome = alice.thrice("image", name=name, path=large, **FORMATS)
    alice.run("image_download", id=outcome.image["id"], dest=str(tmp_path / "back.raw")).succeeded()
    assert (tmp_path / "back.raw").read_bytes() == DATA


def test_compressed_downloads_are_complete(alice: Cloud, name: str, tmp_path: pathlib.Path) -> None:
    image = alice.make(name, DATA)
    override = f"{alice.sandbox.facts['gzip_url']}/v2"
    alice.run("image_download", id=image["id"], dest=str(tmp_path / "back.raw"), endpoint_override=override).succeeded()
    assert (tmp_path / "back.raw").read_bytes() == DATA


def test_error_names_the_limit_on_bodies(alice: Cloud, name: str, large: str) -> None:
    override = f"{alice.sandbox.facts['defaults_url']}/v2"
    outcome = alice.run("image", name=name, path=large, endpoint_override=override, **FORMATS)
    assert "413" in outcome.message
    assert "Request Entity Too Large" in outcome.message
    assert alice.named(name) == []


def test_small_images_pass_the_default_limits(alice: Cloud, name: str, path: str) -> None:
    alice.thrice("image", name=name, path=path, endpoint_override=f"{alice.sandbox.facts['defaults_url']}/v2", **FORMATS)


def test_rate_limit_is_waited_out(alice: Cloud, name: str) -> None:
    """nginx takes three requests at once here and five a second; it answers the others 503."""
    override = f"{alice.sandbox.facts['limited_url']}/v2"
    for _time in range(8):
        assert alice.run("image_info", name=[name], endpoint_override=override).images == []
