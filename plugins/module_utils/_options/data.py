# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""Which options about data go together. Pure."""

from __future__ import annotations

import typing as t

from .._errors import InvalidInput
from .._glance.input_checks import check_id

SOURCES = ("path", "url", "remote")


def source_option(params: t.Mapping[str, t.Any]) -> str | None:
    """The option that names where the data come from; null where the task names none."""
    given = [option for option in SOURCES if params[option] is not None]
    if len(given) > 1:
        raise InvalidInput(f"{', '.join(given)}: an image has its data from one source; give one of these.")
    return given[0] if given else None


def check_data_options(params: t.Mapping[str, t.Any]) -> None:
    """Refuse options that do not go together, before anybody is asked for anything."""
    source = source_option(params)
    method, transfer = params["import_method"], params["transfer"]
    if source is None:
        for option in ("checksum", "import_method"):
            if params[option] is not None:
                raise InvalidInput(
                    f"{option}: it says something of the data, and the task names none: give 'path' or 'url'."
                )
        return
    allowed = {"path": ("glance-direct",), "url": ("web-download", "glance-direct"), "remote": ("glance-download",)}[source]
    if method not in (None, *allowed):
        raise InvalidInput(f"import_method: '{method}' was given; with '{source}' there is {' and '.join(allowed)}.")
    if transfer == "import" and (source == "path" or method == "glance-direct"):
        raise InvalidInput(
            "transfer: with 'import' the cloud downloads the data itself, which needs 'url' and web-download."
        )
    if transfer == "stream" and (source == "remote" or method == "web-download"):
        raise InvalidInput(
            "transfer: with 'stream' the host that runs the task sends the data, which is for 'path' and 'url'"
            " without 'import_method: web-download'."
        )
    if source == "remote":
        check_id(params["remote"]["id"], "remote, id")
        if params["checksum"] is not None or params["decompress"] not in ("none", "auto"):
            raise InvalidInput(
                "checksum, decompress: with 'remote' the data are compared with the other region's image as it is."
            )
    if params["data_policy"] == "replace":
        if params["id"] is not None:
            raise InvalidInput(
                "data_policy: with 'replace' a new image, with an id of its own, takes the place of the old one;"
                " so give its 'name', and not its 'id'."
            )
        if params["on_duplicate"] == "oldest":
            raise InvalidInput(
                "data_policy: 'replace' goes with 'on_duplicate: fail' or 'newest'; a new image never is the oldest."
            )
        if not params["wait"]:
            raise InvalidInput("data_policy: 'replace' needs 'wait: true'; an image is replaced only by one that is whole.")
    if params["stores"] is not None and not params["wait"]:
        raise InvalidInput("stores: they need 'wait: true'; a copy is deleted only once the others are there.")
