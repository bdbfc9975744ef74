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
from ansible_collections.cloudimage.glance.plugins.plugin_utils._osism_values import InvalidDefinition, Values

Entry = dict[str, t.Any]

REQUIRED = ("name", "format", "login", "status", "versions", "visibility")
STATUSES = ("active", "deactivated")
VISIBILITIES = ("public", "private", "community", "shared")
# An upstream file that always has the newest build.
LATEST = "latest"
COMPRESSED = re.compile(r"\.(gz|bz2|xz|zst)$")
# The module decompresses one file; it takes none out of an archive.
ARCHIVE = re.compile(r"\.(zip|tar|tgz|tar\.\w+)$")


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
        if not how.enabled_only or image.boolean("enable", True)
        for entry in _entries_of(image, how)
    ]


def _images_in(definitions: t.Any) -> list[Values]:
    parts = [definitions] if isinstance(definitions, t.Mapping) else definitions
    if isinstance(parts, str) or not isinstance(parts, t.Iterable):
        raise InvalidDefinition(
            f"A {type(definitions).__name__} was given. Give the content of a file with 'images', or a list of these; for"
            " a file's text, use the filter ansible.builtin.from_yaml first."
        )
    images: list[Values] = []
    for number, part in enumerate(parts):
        inner = part["images"] if isinstance(part, t.Mapping) and "images" in part else [part]
        if not isinstance(inner, (list, tuple, type(None))):
            raise InvalidDefinition(f"Item {number} has a {type(inner).__name__} in 'images'; a list of images is allowed.")
        for image in inner or ():
            if not isinstance(image, t.Mapping):
                raise InvalidDefinition(f"Item {number} holds a {type(image).__name__} where an image is expected.")
            name = image.get("name")
            images.append(Values(f"Image '{name}'" if isinstance(name, (str, int)) else f"Image {len(images) + 1}", image))
    return images


def _entries_of(image: Values, how: Conversion) -> list[Entry]:
    missing = [key for key in REQUIRED if key not in image.given]
    if missing:
        raise InvalidDefinition(f"{image.label}: {', '.join(missing)} is missing.")
    versions: dict[str, Values] = {}
    for number, given in enumerate(image.dictionaries("versions")):
        named = Values(f"{image.label}, versions[{number}]", given).text("version")
        if named in versions:
            raise InvalidDefinition(f"{image.label}: the version '{named}' is given twice.")
        versions[named] = Values(f"{image.label}, version '{named}'", given)
    ordered = sorted(versions, key=_natural_order)
    newest = ordered[-1]
    if image.boolean("multi", False) and not how.all_versions:
        ordered = [newest]
    return [_entry(image, name, versions[name], name == newest, how) for name in ordered]


def _natural_order(version: str) -> list[tuple[int, int, str]]:
    """A key that sorts 1.9 before 1.10."""
    parts = re.findall(r"\d+|\D+", version)
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts]


def _entry(image: Values, version: str, of_version: Values, is_newest: bool, how: Conversion) -> Entry:
    separator = image.text("separator", may_be_empty=True) if image.has("separator") else " "
    name, multi = image.text("name"), image.boolean("multi", False)
    numbered = f"{name}{separator}({version})" if multi else f"{name}{separator}{version}"
    entry: Entry = {
        "name": name if multi and is_newest else numbered,
        "state": image.choice("status", STATUSES),
        "disk_format": image.text("format"),
        "container_format": "bare",
        **{key: image.whole_number(key) for key in ("min_disk", "min_ram") if image.has(key)},
        "visibility": (of_version if of_version.has("visibility") else image).choice("visibility", VISIBILITIES),
        "tags": _tags(image, how.tag),
        "properties": _properties(image, version, of_version),
        **_data(version, of_version, how.prefer_mirror),
    }
    if of_version.has("hidden"):
        entry["hidden"] = of_version.boolean("hidden", False)
    if version != LATEST and "checksum" in entry:
        entry["version"] = version
    if of_version.has("id"):
        entry["id"] = of_version.text("id")
    elif multi and is_newest:
        entry |= {"data_policy": "replace", "replaced": "keep", "replaced_name": f"{{name}}{separator}({{version}})"}
    return entry


def _tags(image: Values, tag: str | None) -> list[str]:
    distribution = image.properties("meta").get("os_distro")
    tags = [*image.texts("tags"), tag, f"os:{distribution}" if distribution else None]
    return list(dict.fromkeys(str(each) for each in tags if each))


def _properties(image: Values, version: str, of_version: Values) -> dict[str, t.Any]:
    """What openstack-image-manager sets; a value of the version comes before that of the image."""
    name = image.text("name")
    properties: dict[t.Any, t.Any] = {"image_description": name, "image_name": name, **image.properties("meta")}
    if version != LATEST:
        properties["internal_version"] = version
    properties["image_original_user"] = image.text("login")
    if not image.boolean("multi", False):
        properties["os_version"] = version
    for key in ("os_version", "image_description"):
        if of_version.has(key):
            properties[key] = of_version.text(key, may_be_empty=True)
    properties |= of_version.properties("meta")
    if of_version.has("url"):
        properties["image_source"] = _published_source(of_version.url("url"))
    if of_version.has("build_date"):
        properties["image_build_date"] = of_version.day("build_date")
    return {str(key): _property(value) for key, value in properties.items()}


def _published_source(url: str) -> str:
    """The URL without its secrets; of a file only the name, as its folder says something of the host that has it."""
    return f"file:{url.rsplit('/', 1)[-1]}" if url.startswith("file:") else redacted_url(url)


def _property(value: t.Any) -> t.Any:
    return value.isoformat() if isinstance(value, datetime.date) else value


def _data(version: str, of_version: Values, prefer_mirror: bool) -> Entry:
    """The options that name the data.

    The checksum belongs to the file that is downloaded. So only files that are compressed alike stand in for each other.
    """
    named = [of_version.url(key) for key in ("mirror_url", "url") if of_version.has(key)]
    urls = named if prefer_mirror else named[::-1]
    usable = [url for url in urls if _is_usable(url)]
    if not usable:
        given = ", ".join(map(redacted_url, urls)) or "none"
        raise InvalidDefinition(
            f"{of_version.label}: there is no URL that the module can use, among {given}. It takes http, https and file, and"
            " no archives (tar, zip)."
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
    checksum = _checksum(version, of_version)
    return {**data, "checksum": checksum} if checksum else data


def _is_usable(url: str) -> bool:
    parts = urllib.parse.urlsplit(url)
    return parts.scheme.lower() in ("http", "https", "file") and not ARCHIVE.search(parts.path.lower())


def _compression(url: str) -> str | None:
    found = COMPRESSED.search(urllib.parse.urlsplit(url).path.lower())
    return found[1] if found else None


def _checksum(version: str, of_version: Values) -> str | None:
    """The checksum, or where it is published."""
    label = of_version.label
    if of_version.has("checksum"):
        given = of_version.text("checksum")
        if ":" in given:
            return given
        if len(given) not in ALGORITHM_OF_DIGITS:
            raise InvalidDefinition(f"{label}: the checksum '{given}' names no algorithm.")
        return f"{ALGORITHM_OF_DIGITS[len(given)]}:{given}"
    lists = [of_version.url(key) for key in ("checksums_url", "checksum_url") if of_version.has(key)]
    if len(lists) > 1:
        raise InvalidDefinition(f"{label}: give checksums_url or checksum_url, not both.")
    if not lists:
        if version == LATEST:
            raise InvalidDefinition(f"{label}: this version needs checksums_url or checksum_url.")
        return None
    algorithm = re.search(r"md5|sha512|sha256|sha1", lists[0].lower())
    if not algorithm:
        shown = redacted_url(lists[0])
        raise InvalidDefinition(
            f"{label}: the name of {shown} does not say the algorithm. Give 'checksum', for example 'sha256:{shown}'."
        )
    return f"{algorithm[0]}:{lists[0]}"
