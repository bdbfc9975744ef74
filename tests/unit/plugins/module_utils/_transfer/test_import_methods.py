# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._errors import InvalidInput
from ansible_collections.cloudimage.glance.plugins.module_utils._options.data import DataOptions, RemoteImage
from ansible_collections.cloudimage.glance.plugins.module_utils._transfer.import_methods import DataCalls
from ansible_collections.cloudimage.glance.plugins.module_utils._transfer.source import SourceContent
from ansible_collections.cloudimage.glance.plugins.module_utils._transfer.url_source import UrlSource
from ansible_collections.cloudimage.glance.tests.unit.plugins.module_utils._transfer.bytes_source import BytesSource

ALL = ("glance-direct", "web-download", "glance-download")
FILE = SourceContent(BytesSource(option="path"))
URL = SourceContent(UrlSource("https://h/disk", 1.0))
PACKED = SourceContent(UrlSource("https://h/disk.gz", 1.0), compression="gz")
REGION = RemoteImage("i", "r", "public")


class Cloud:
    """A cloud that offers some import methods, and counts how often it is asked."""

    def __init__(self, *methods: str) -> None:
        self._methods = frozenset(methods)
        self.asked = 0

    def import_methods(self) -> frozenset[str]:
        self.asked += 1
        return self._methods


def calls(cloud: Cloud, content: SourceContent | None, *stores: str, **options: t.Any) -> list[str]:
    """The calls as 'METHOD path', with the name of an import's method; those in its stead come in brackets."""
    found = DataCalls(t.cast("t.Any", cloud), DataOptions(**options), content).into(stores or None)
    named = [
        (each, each.body.get("method", {}).get("name") if each.call.path.endswith("import") else None) for each in found
    ]
    return [
        f"{each.call.method} {method or each.call.path.rpartition('/')[2]}"
        + "".join(f" [{other.call.method} {other.call.path.rpartition('/')[2]}]" for other in each.instead)
        for each, method in named
    ]


@pytest.mark.parametrize(
    ("content", "stores", "options", "expected"),
    [
        (FILE, (), {}, ["PUT file"]),
        (FILE, (), {"import_method": "glance-direct"}, ["PUT stage", "POST glance-direct"]),
        (URL, (), {}, ["POST web-download [PUT file]"]),
        (URL, ("a", "b"), {}, ["POST web-download [PUT file] [POST import]"]),
        (URL, (), {"transfer": "import"}, ["POST web-download"]),
        (URL, (), {"import_method": "web-download"}, ["POST web-download"]),
        (URL, (), {"transfer": "stream"}, ["PUT file"]),
        (URL, (), {"inspect": "always"}, ["PUT file"]),
        (PACKED, (), {}, ["PUT file"]),
        (None, (), {"remote": REGION}, ["POST glance-download"]),
    ],
)
def test_data_are_uploaded_or_imported(
    content: SourceContent | None, stores: tuple[str, ...], options: dict[str, t.Any], expected: list[str]
) -> None:
    assert calls(Cloud(*ALL), content, *stores, **options) == expected


@pytest.mark.parametrize(
    ("content", "options"),
    [
        (FILE, {"import_method": "glance-direct"}),
        (URL, {"transfer": "import"}),
        (URL, {"import_method": "web-download"}),
        (None, {"remote": REGION}),
    ],
)
def test_import_that_the_cloud_does_not_offer_is_refused(content: SourceContent | None, options: dict[str, t.Any]) -> None:
    with pytest.raises(InvalidInput, match="does not offer .*; it offers no imports. Use 'transfer: stream'."):
        calls(Cloud(), content, **options)


def test_url_is_uploaded_where_the_cloud_does_not_download() -> None:
    assert calls(Cloud("glance-direct"), URL) == ["PUT file"]


def test_compressed_data_are_not_imported() -> None:
    with pytest.raises(InvalidInput, match="decompress: the cloud imports the data as they are"):
        calls(Cloud(*ALL), PACKED, transfer="import")


def test_upload_of_a_file_does_not_ask_what_the_cloud_offers() -> None:
    cloud = Cloud(*ALL)
    calls(cloud, FILE)
    assert cloud.asked == 0
