# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""OSISM's image definitions (those of openstack-image-manager) as entries of the module images. Pure."""

from __future__ import annotations

import dataclasses
import datetime
import re
import typing as t
import urllib.parse

from ansible_collections.cloudimage.glance.plugins.module_utils._glance.checksums import ALGORITHM_OF_DIGITS
from ansible_collections.cloudimage.glance.plugins.module_utils._url_redaction import redacted_url

Entry = dict[str, t.Any]

REQUIRED = ("name", "format", "login", "status", "versions", "visibility")
# An upstream file that always has the newest build.
LATEST = "latest"
COMPRESSED = re.compile(r"\.(gz|bz2|xz|zst)$")
# The module decompresses one file; it takes none out of an archive.
ARCHIVE = re.compile(r"\.(zip|tar|tgz|tar\.\w+)$")


class InvalidDefinition(Exception):
    """A definition that cannot be converted; the text names the image and what is wrong."""


@dataclasses.dataclass(frozen=True)
class Conversion:
    """What the user of the filter chooses.

    :param enabled_only: whether images with ``enable: false`` are left out.
    :param all_versions: whether the older versions of an image with ``multi: true`` become entries too.
    :param prefer_mirror: whether ``mirror_url`` is tried before ``url``.
    :param tag: a tag that every entry gets; null for none.
    """

    enabled_only: bool = True
    all_versions: bool = False
    prefer_mirror: bool = True
    tag: str | None = None


def convert(definitions: t.Any, how: Conversion) -> list[Entry]:
    """All entries of all definitions, in their order.

    :param definitions: the content of one file, a list of the contents of several, or a list of images.
    """
    return [
        entry
        for image in _images_in(definitions)
        if image.get("enable", True) or not how.enabled_only
        for entry in _entries_of(image, how)
    ]


def _images_in(definitions: t.Any) -> list[t.Mapping[str, t.Any]]:
    parts = [definitions] if isinstance(definitions, t.Mapping) else definitions
    if isinstance(parts, str) or not isinstance(parts, t.Iterable):
        raise InvalidDefinition(
            f"A {type(definitions).__name__} was given. Give the content of a file with 'images', or a list of these; for"
            " a file's text, use the filter ansible.builtin.from_yaml first."
        )
    images: list[t.Mapping[str, t.Any]] = []
    for number, part in enumerate(parts):
        inner = part.get("images") or [] if isinstance(part, t.Mapping) and "images" in part else [part]
        for image in inner:
            if not isinstance(image, t.Mapping):
                raise InvalidDefinition(f"Item {number} holds a {type(image).__name__} where an image is expected.")
            images.append(image)
    return images


def _entries_of(image: t.Mapping[str, t.Any], how: Conversion) -> list[Entry]:
    label = f"Image '{image.get('name', '')}'"
    missing = [key for key in REQUIRED if key not in image]
    if missing:
        raise InvalidDefinition(f"{label}: {', '.join(missing)} is missing.")
    versions: dict[str, t.Mapping[str, t.Any]] = {}
    for version in image["versions"]:
        named = str(version.get("version", ""))
        if not named:
            raise InvalidDefinition(f"{label}: a version has no 'version'.")
        if named in versions:
            raise InvalidDefinition(f"{label}: the version '{named}' is given twice.")
        versions[named] = version
    ordered = sorted(versions, key=_natural_order)
    if image.get("multi") and not how.all_versions:
        ordered = ordered[-1:]
    newest = ordered[-1] if ordered else ""
    return [_entry(image, name, versions[name], name == newest, how) for name in ordered]


def _natural_order(version: str) -> list[tuple[int, int, str]]:
    """A key that sorts 1.9 before 1.10."""
    parts = re.findall(r"\d+|\D+", version)
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts]


def _entry(
    image: t.Mapping[str, t.Any], version: str, of_version: t.Mapping[str, t.Any], is_newest: bool, how: Conversion
) -> Entry:
    separator = image.get("separator", " ")
    name, multi = str(image["name"]), bool(image.get("multi"))
    numbered = f"{name}{separator}({version})" if multi else f"{name}{separator}{version}"
    label = f"Image '{name}', version '{version}'"
    status = str(image["status"])
    if status not in ("active", "deactivated"):
        raise InvalidDefinition(f"{label}: the status is '{status}'; active and deactivated are allowed.")
    entry: Entry = {
        "name": name if multi and is_newest else numbered,
        "state": status,
        "disk_format": str(image["format"]),
        "container_format": "bare",
        **{key: int(image[key]) for key in ("min_disk", "min_ram") if image.get(key) is not None},
        "visibility": of_version.get("visibility", image["visibility"]),
        "tags": _tags(image, how.tag),
        "properties": _properties(image, version, of_version),
        **_data(label, of_version, how.prefer_mirror),
    }
    if "hidden" in of_version:
        entry["hidden"] = bool(of_version["hidden"])
    if version != LATEST and "checksum" in entry:
        entry["version"] = version
    if "id" in of_version:
        entry["id"] = str(of_version["id"])
    elif multi and is_newest:
        entry |= {"data_policy": "replace", "replaced": "keep", "replaced_name": f"{{name}}{separator}({{version}})"}
    return entry


def _tags(image: t.Mapping[str, t.Any], tag: str | None) -> list[str]:
    distribution = (image.get("meta") or {}).get("os_distro")
    tags = [*(image.get("tags") or ()), tag, f"os:{distribution}" if distribution else None]
    return list(dict.fromkeys(str(each) for each in tags if each))


def _properties(image: t.Mapping[str, t.Any], version: str, of_version: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """What openstack-image-manager sets; a value of the version comes before that of the image."""
    properties: dict[str, t.Any] = {"image_description": image["name"], "image_name": image["name"]}
    properties |= image.get("meta") or {}
    if version != LATEST:
        properties["internal_version"] = version
    properties["image_original_user"] = image["login"]
    if not image.get("multi"):
        properties["os_version"] = version
    properties |= {key: of_version[key] for key in ("os_version", "image_description") if key in of_version}
    properties |= of_version.get("meta") or {}
    if of_version.get("url"):
        properties["image_source"] = _published_source(str(of_version["url"]))
    if of_version.get("build_date"):
        properties["image_build_date"] = str(of_version["build_date"])[: len("2026-01-31")]
    return {str(key): _property(value) for key, value in properties.items()}


def _published_source(url: str) -> str:
    """The URL without its secrets; of a file only the name, as its folder says something of the host that has it."""
    return f"file:{url.rsplit('/', 1)[-1]}" if url.startswith("file:") else redacted_url(url)


def _property(value: t.Any) -> t.Any:
    return value.isoformat() if isinstance(value, datetime.date) else value


def _data(label: str, of_version: t.Mapping[str, t.Any], prefer_mirror: bool) -> Entry:
    """The options that name the data.

    The checksum belongs to the file that is downloaded. So only files that are compressed alike stand in for each other.
    """
    named = [str(of_version[key]) for key in ("mirror_url", "url") if of_version.get(key)]
    urls = named if prefer_mirror else named[::-1]
    usable = [url for url in urls if _is_usable(url)]
    if not usable:
        given = ", ".join(map(redacted_url, urls)) or "none"
        raise InvalidDefinition(
            f"{label}: there is no URL that the module can use, among {given}. It takes http, https and file, and no"
            " archives (tar, zip)."
        )
    first, *others = usable
    compression = _compression(first)
    data: Entry = {}
    if first.startswith("file:"):
        data["path"] = urllib.parse.unquote(urllib.parse.urlsplit(first).path)
    else:
        data["url"] = first
        mirrors = [url for url in others if not url.startswith("file:") and _compression(url) == compression]
        if mirrors:
            data["mirrors"] = mirrors
    if compression:
        data["decompress"] = compression
    checksum = _checksum(label, of_version)
    return {**data, "checksum": checksum} if checksum else data


def _is_usable(url: str) -> bool:
    parts = urllib.parse.urlsplit(url)
    return parts.scheme.lower() in ("http", "https", "file") and not ARCHIVE.search(parts.path.lower())


def _compression(url: str) -> str | None:
    found = COMPRESSED.search(urllib.parse.urlsplit(url).path.lower())
    return found[1] if found else None


def _checksum(label: str, of_version: t.Mapping[str, t.Any]) -> str | None:
    """The checksum, or where it is published."""
    if of_version.get("checksum"):
        given = str(of_version["checksum"])
        if ":" in given:
            return given
        if len(given) not in ALGORITHM_OF_DIGITS:
            raise InvalidDefinition(f"{label}: the checksum '{given}' names no algorithm.")
        return f"{ALGORITHM_OF_DIGITS[len(given)]}:{given}"
    lists = [str(of_version[key]) for key in ("checksums_url", "checksum_url") if of_version.get(key)]
    if len(lists) > 1:
        raise InvalidDefinition(f"{label}: give checksums_url or checksum_url, not both.")
    if not lists:
        if str(of_version["version"]) == LATEST:
            raise InvalidDefinition(f"{label}: this version needs checksums_url or checksum_url.")
        return None
    algorithm = re.search(r"md5|sha512|sha256|sha1", lists[0].lower())
    if not algorithm:
        shown = redacted_url(lists[0])
        raise InvalidDefinition(
            f"{label}: the name of {shown} does not say the algorithm. Give 'checksum', for example 'sha256:{shown}'."
        )
    return f"{algorithm[0]}:{lists[0]}"
