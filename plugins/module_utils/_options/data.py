# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The options that say where an image's data come from and how they are transferred. Pure."""

from __future__ import annotations

import dataclasses
import typing as t

from .._errors import InvalidInput
from .._glance.checksums import Checksum, ChecksumList, parse_checksum
from .._glance.input_checks import check_id
from .remote import CloudImage

SOURCES = ("path", "url", "remote")
# What an error calls the option 'remote' that names a cloud.
REMOTE_CLOUD = "remote.cloud"
IMPORT_METHODS = {
    "path": ("glance-direct",),
    "url": ("web-download", "glance-direct"),
    "remote": ("glance-download",),
    REMOTE_CLOUD: ("glance-direct",),
}


@dataclasses.dataclass(frozen=True)
class RemoteImage:
    """An image of another region of the same cloud.

    :param interface: which of the other region's endpoints to use: public, internal or admin.
    """

    region: str
    id: str
    interface: str


@dataclasses.dataclass(frozen=True)
class DataOptions:
    """The data of an image: from a file, a URL, another region or another cloud; all but one of these are null.

    :param checksum: of the source, or where to find it; null where the task gives none.
    :param decompress: auto, none or the kind of compression.
    :param transfer: auto, import or stream.
    :param import_method: null where the task leaves the choice.
    :param inspect: whether to inspect the data before they are sent: auto, always or never.
    :param convert: the disk_format that this host converts the data to; null for not at all.
    :param cloud_image: the image in another cloud whose data they are.
    """

    path: str | None = None
    url: str | None = None
    remote: RemoteImage | None = None
    checksum: Checksum | ChecksumList | None = None
    decompress: str = "none"
    transfer: str = "auto"
    import_method: str | None = None
    inspect: str = "auto"
    convert: str | None = None
    cloud_image: CloudImage | None = None

    @classmethod
    def from_params(cls, params: t.Mapping[str, t.Any]) -> DataOptions | None:
        """Check a task's options about data; null where the task names no data."""
        source = _source_option(params)
        if source is None:
            return None
        _check_import_method(source, params["import_method"])
        _check_transfer(source, params["transfer"], params["import_method"])
        _check_inspection(source, params)
        if params["convert"] is not None:
            _check_conversion(source, params)
        cloud_image = _cloud_image(params) if source == REMOTE_CLOUD else None
        return cls(
            path=params["path"],
            url=params["url"],
            remote=_remote_image(params) if source == "remote" else None,
            checksum=parse_checksum(params["checksum"]) if params["checksum"] is not None else None,
            decompress=params["decompress"],
            transfer=params["transfer"],
            import_method=params["import_method"],
            inspect=params["inspect"],
            convert=params["convert"],
            cloud_image=cloud_image,
        )

    @property
    def is_comparable(self) -> bool:
        """Whether it can be found out if an image has these data: not with a URL alone."""
        return self.url is None or self.checksum is not None

    @property
    def import_is_demanded(self) -> bool:
        """Whether the cloud must download the URL itself."""
        return self.transfer == "import" or self.import_method == "web-download"


def _source_option(params: t.Mapping[str, t.Any]) -> str | None:
    """What names where the data come from, one of the keys of IMPORT_METHODS; null where the task names nothing."""
    given = [option for option in SOURCES if params[option] is not None]
    if len(given) > 1:
        raise InvalidInput(f"{', '.join(given)}: an image has its data from one source; give one of these.")
    is_in_other_cloud = given == ["remote"] and params["remote"].get("cloud") is not None
    if params["remote_attributes"] is not None and not is_in_other_cloud:
        raise InvalidInput(
            "remote_attributes: it says what is copied of an image in another cloud; give 'remote' with a 'cloud', or leave"
            " it out."
        )
    if given:
        return REMOTE_CLOUD if is_in_other_cloud else given[0]
    for option in ("checksum", "import_method", "convert"):
        if params[option] is not None:
            raise InvalidInput(f"{option}: it says something of the data, and the task names none: give 'path' or 'url'.")
    return None


def _check_import_method(source: str, method: str | None) -> None:
    allowed = IMPORT_METHODS[source]
    if method not in (None, *allowed):
        raise InvalidInput(f"import_method: '{method}' was given; with '{source}' there is {' and '.join(allowed)}.")


def _check_transfer(source: str, transfer: str, method: str | None) -> None:
    if transfer == "import" and (source in ("path", REMOTE_CLOUD) or method == "glance-direct"):
        raise InvalidInput(
            "transfer: with 'import' the cloud downloads the data itself, which needs 'url' and web-download."
        )
    if transfer == "stream" and (source == "remote" or method == "web-download"):
        raise InvalidInput(
            "transfer: with 'stream' the host that runs the task sends the data, which is for 'path', 'url' without"
            " 'import_method: web-download', and 'remote' with a 'cloud'."
        )


def _check_inspection(source: str, params: t.Mapping[str, t.Any]) -> None:
    is_fetched_by_cloud = source == "remote" or params["transfer"] == "import" or params["import_method"] == "web-download"
    if params["inspect"] == "always" and is_fetched_by_cloud:
        raise InvalidInput(
            "inspect: 'always' needs data that the host that runs the task sends; the cloud fetches these itself."
        )


def _check_conversion(source: str, params: t.Mapping[str, t.Any]) -> None:
    """Refuse options that contradict ``convert``, with which this host reads and sends the data."""
    wanted, given = params["convert"], params["disk_format"]
    if source == "remote":
        raise InvalidInput("convert: with 'remote' the cloud copies the data as they are.")
    if params["transfer"] == "import" or params["import_method"] == "web-download":
        raise InvalidInput("convert: the cloud imports the data as they are; use 'transfer: stream'.")
    if given not in (None, wanted):
        raise InvalidInput(
            f"convert: the data get the format '{wanted}', and disk_format is '{given}'. Leave disk_format out."
        )
    if params["inspect"] == "never":
        raise InvalidInput("convert: only data that were inspected are converted; leave 'inspect: never' out.")


def _remote_image(params: t.Mapping[str, t.Any]) -> RemoteImage:
    remote = params["remote"]
    if not remote.get("region") or not remote.get("id") or remote.get("name") is not None:
        raise InvalidInput(
            "remote: give 'region' and 'id' for an image in another region of the same cloud, or 'cloud' and 'id' or 'name'"
            " for one in another cloud."
        )
    check_id(remote["id"], "remote, id")
    _check_unchanged(params)
    return RemoteImage(remote["region"], remote["id"], remote.get("interface") or "public")


def _cloud_image(params: t.Mapping[str, t.Any]) -> CloudImage:
    _check_unchanged(params)
    return CloudImage.from_params(params["remote"], params["name"], params["remote_attributes"])


def _check_unchanged(params: t.Mapping[str, t.Any]) -> None:
    """Refuse options about a file that is no image yet."""
    if params["checksum"] is not None or params["decompress"] not in ("none", "auto"):
        raise InvalidInput(
            "checksum, decompress: with 'remote' the data are compared with the image in the other region or cloud as it is."
        )
