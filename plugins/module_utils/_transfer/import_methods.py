# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The calls that bring a task's data into an image: an upload, or an import by one of the methods that the cloud offers."""

from __future__ import annotations

import functools
import typing as t

from .._client.image_api import GlanceApi
from .._errors import InvalidInput, not_none
from .._glance.operations import IMPORT, STAGE, UPLOAD, Operation
from .._options.data import DataOptions
from .._plan.store_changes import copy_to_stores
from .source import SourceContent
from .url_source import UrlSource


class DataCalls:
    """Chooses the calls for the data of one task.

    :param content: what this host reads; null where the data come from another region.
    """

    def __init__(self, api: GlanceApi, options: DataOptions, content: SourceContent | None) -> None:
        self._api = api
        self._options = options
        self._content = content

    def into(self, to_stores: t.Sequence[str] | None) -> list[Operation]:
        """The calls; for data from a URL or another region the cloud is asked what it offers.

        :param to_stores: the stores that the data go to; null for the cloud's default.
        """
        stores = {"stores": list(to_stores), "all_stores_must_succeed": True} if to_stores else {}
        if self._content is None:
            self._check_offered("glance-download")
            remote = not_none(self._options.remote)
            method = {
                "name": "glance-download",
                "glance_region": remote.region,
                "glance_image_id": remote.id,
                "glance_service_interface": remote.interface,
            }
            return [Operation(IMPORT, body={"method": method, **stores})]
        source = self._content.source
        if isinstance(source, UrlSource) and self._cloud_downloads():
            method = {"name": "web-download", "uri": source.url}
            return [Operation(IMPORT, body={"method": method, **stores}, instead=self._instead_of_import(to_stores))]
        if self._options.import_method == "glance-direct":
            self._check_offered("glance-direct")
            return [
                Operation(STAGE, body=self._sent_data(self._content)),
                Operation(IMPORT, body={"method": {"name": "glance-direct"}, **stores}),
            ]
        return [self._upload(self._content, to_stores)]

    @staticmethod
    def _upload(content: SourceContent, to_stores: t.Sequence[str] | None) -> Operation:
        store = {"store": to_stores[0]} if to_stores else {}
        return Operation(UPLOAD, body={**DataCalls._sent_data(content), **store})

    @staticmethod
    def _sent_data(content: SourceContent) -> dict[str, t.Any]:
        """What a result says of the data that this host sends."""
        compression = {"decompress": content.compression} if content.compression else {}
        return {content.source.option: content.source.label, "size": content.size, **compression}

    def _instead_of_import(self, to_stores: t.Sequence[str] | None) -> tuple[Operation, ...]:
        """What to do if the cloud refuses to download a URL itself; nothing if the task demands that it does."""
        if self._options.import_is_demanded:
            return ()
        upload = self._upload(not_none(self._content), to_stores)
        return (upload, copy_to_stores(None, to_stores[1:])) if to_stores and len(to_stores) > 1 else (upload,)

    def _cloud_downloads(self) -> bool:
        """Whether the cloud downloads a URL itself, as the task says or, if it leaves the choice, where it can."""
        content, options = not_none(self._content), self._options
        if options.import_is_demanded:
            if content.compression:
                raise InvalidInput("decompress: the cloud imports the data as they are; use 'transfer: stream'.")
            self._check_offered("web-download")
            return True
        is_read_here = content.compression or options.inspect == "always"
        may = options.transfer == "auto" and options.import_method is None and not is_read_here
        return may and "web-download" in self._offered

    @functools.cached_property
    def _offered(self) -> frozenset[str]:
        return self._api.import_methods()

    def _check_offered(self, method: str) -> None:
        offered = self._offered
        if method not in offered:
            others = f"it offers {', '.join(sorted(offered))}" if offered else "it offers no imports"
            raise InvalidInput(f"import_method: this cloud does not offer {method}; {others}. Use 'transfer: stream'.")
