# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The audit report on a list of images, as a dictionary of numbers and findings. Pure."""

from __future__ import annotations

import datetime
import json
import typing as t
import unicodedata

# An image, or a part of the report, as JSON.
Json = dict[str, t.Any]

# The age groups: the most days, and what the group is called. The last one has what is older.
AGE_GROUPS = ((7, "7 days or less"), (30, "8 to 30 days"), (90, "31 to 90 days"), (365, "91 to 365 days"))
OLDEST = "over 365 days"
GROUPED_BY = ("status", "visibility", "owner", "disk_format", "container_format")
# Categories of characters that do not show, or that change how the text beside them is shown.
INVISIBLE = {"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp", "Zs"}


class InvalidReportInput(Exception):
    """An argument that is not what the report is made of; the text says which, and what is allowed."""


def visible_text(text: str) -> str:
    """The text with each invisible character but the space as an escape, such as that of a line break."""
    return "".join(
        character.encode("unicode_escape").decode()
        if character != " " and unicodedata.category(character) in INVISIBLE
        else character
        for character in text
    )


def build_report(images: t.Sequence[Json], date: datetime.date) -> Json:
    """Numbers and findings about the images, and a row for each of them.

    :param images: as the module image_info returns them.
    :param date: the day to which ages are counted.
    """
    rows = sorted((_row(image, date) for image in images), key=lambda row: (str(row["label"]).casefold(), row["id"]))
    duplicate_data = _duplicate_data(images, rows)
    return {
        "date": date.isoformat(),
        "totals": {
            "images": len(rows),
            "size": _total_size(rows),
            "without_size": sum(row["size"] is None for row in rows),
            "projects": len({row["owner"] for row in rows} - {None}),
            "protected": sum(row["protected"] for row in rows),
            "hidden": sum(row["hidden"] for row in rows),
            "extra_copies": sum(len(each["images"]) - 1 for each in duplicate_data),
            "extra_size": sum(each["extra_size"] for each in duplicate_data),
        },
        "groups": {**{key: _groups(rows, key) for key in GROUPED_BY}, "age": _age_groups(rows)},
        "duplicate_names": _duplicate_names(rows),
        "duplicate_data": duplicate_data,
        "protected": [_reference(row) for row in rows if row["protected"]],
        "hidden": [_reference(row) for row in rows if row["hidden"]],
        "images": rows,
    }


def _row(image: Json, date: datetime.date) -> Json:
    name = image.get("name")
    return {
        "id": image["id"],
        "name": name,
        "label": None if name is None else visible_text(name),
        "status": image.get("status"),
        "visibility": image.get("visibility"),
        "owner": image.get("owner"),
        "disk_format": image.get("disk_format"),
        "container_format": image.get("container_format"),
        "size": image.get("size"),
        "created_at": image.get("created_at"),
        "age_days": _age_in_days(image.get("created_at"), date),
        "protected": bool(image.get("protected")),
        "hidden": bool(image.get("os_hidden")),
    }


def _reference(row: Json) -> Json:
    return {key: row[key] for key in ("id", "name", "label", "owner", "status", "size", "created_at")}


def _age_in_days(created_at: str | None, date: datetime.date) -> int | None:
    """Calendar days in UTC; null if the time is not known. An image that is created after the report has the age 0."""
    try:
        return max(0, (date - datetime.date.fromisoformat(str(created_at)[:10])).days)
    except ValueError:
        return None


def _total_size(rows: t.Iterable[Json]) -> int:
    return sum(row["size"] or 0 for row in rows)


def _group(value: str | None, rows: t.Sequence[Json]) -> Json:
    return {"value": value, "images": len(rows), "size": _total_size(rows)}


def _groups(rows: t.Sequence[Json], key: str) -> list[Json]:
    """The values of an attribute, that of the most images first."""
    by_value = _by(rows, lambda row: row[key])
    groups = [_group(value, members) for value, members in by_value.items()]
    return sorted(groups, key=lambda group: (-group["images"], -group["size"], str(group["value"])))


def _age_groups(rows: t.Sequence[Json]) -> list[Json]:
    """All age groups, the youngest first, empty ones too; images of unknown age come last, if there are any."""
    by_group = _by(rows, lambda row: _age_group(row["age_days"]))
    names: list[str | None] = [*(name for _most, name in AGE_GROUPS), OLDEST, *([None] if None in by_group else [])]
    return [_group(name, by_group.get(name, [])) for name in names]


def _age_group(days: int | None) -> str | None:
    if days is None:
        return None
    return next((name for most, name in AGE_GROUPS if days <= most), OLDEST)


def _by(rows: t.Iterable[Json], key: t.Callable[[Json], t.Any]) -> dict[t.Any, list[Json]]:
    found: dict[t.Any, list[Json]] = {}
    for row in rows:
        found.setdefault(key(row), []).append(row)
    return found


def _duplicate_names(rows: t.Sequence[Json]) -> list[Json]:
    """Names that several images have; a missing or an empty one is no name."""
    by_name = _by((row for row in rows if row["name"]), lambda row: row["name"])
    return [
        {"name": name, "label": visible_text(name), "images": [_reference(row) for row in members]}
        for name, members in by_name.items()
        if len(members) > 1
    ]


def _duplicate_data(images: t.Iterable[Json], rows: t.Sequence[Json]) -> list[Json]:
    """Data that several images have, by the hash that the cloud keeps; what wastes most space comes first."""
    hashes = {
        image["id"]: f"{image.get('os_hash_algo')}:{image['os_hash_value']}"
        for image in images
        if image.get("os_hash_value")
    }
    by_hash = _by((row for row in rows if row["id"] in hashes), lambda row: hashes[row["id"]])
    found = [
        {
            "hash": data_hash,
            "extra_size": _total_size(members[1:]),
            "images": [_reference(row) for row in members],
        }
        for data_hash, members in by_hash.items()
        if len(members) > 1
    ]
    return sorted(found, key=lambda each: (-each["extra_size"], each["hash"]))


def shares_in(images: t.Sequence[Json], report: Json) -> Json:
    """Which images are shared with which projects, and those of which the cloud does not say.

    :param images: as image_info returns them with ``members: true``.
    :param report: the report on the same images.
    """
    members = {image["id"]: image.get("members") for image in images}
    return {
        "shared": [
            {
                **_reference(row),
                "members": [
                    {key: member.get(key) for key in ("member_id", "status")} for member in members[row["id"]] or ()
                ],
            }
            for row in report["images"]
            if members[row["id"]]
        ],
        "unknown": [_reference(row) for row in report["images"] if members[row["id"]] is None],
    }


def drift_in(result: Json, name: str) -> Json:
    """How the cloud differs from a catalogue.

    :param result: that of the module images in check mode, with the catalogue's name and with ``prune``.
    :param name: the catalogue's name.
    """
    outcomes: t.Sequence[Json] = result["outcomes"]
    failed = [
        {**_entry(outcome), "reason": visible_text(str(outcome.get("msg")))}
        for outcome in (*outcomes, *result["pruned"])
        if outcome["failed"]
    ]
    changed = [outcome for outcome in outcomes if outcome["changed"]]
    return {
        "name": name,
        "entries": len(outcomes),
        "missing": [_entry(outcome) for outcome in changed if _creates(outcome)],
        "different": [
            {
                **_entry(outcome),
                "changes": [
                    {
                        "attribute": change["attribute"],
                        "before": change["before"],
                        "after": change["after"],
                        "label": _change_label(change),
                    }
                    for change in outcome["changes"]
                ],
            }
            for outcome in changed
            if not _creates(outcome)
        ],
        # The module looks for them only if there are entries, and none has failed.
        "unlisted": (
            None
            if not outcomes or any(outcome["failed"] for outcome in outcomes)
            else [_entry(outcome) for outcome in result["pruned"]]
        ),
        "failed": failed,
    }


def _creates(outcome: Json) -> bool:
    """Whether the image is missing, and is not replaced by a new one."""
    return any(
        (change["attribute"], change["before"], change["after"]) == ("state", "absent", "present")
        for change in outcome["changes"]
    )


def _entry(outcome: Json) -> Json:
    name = outcome.get("name")
    return {"id": outcome.get("id"), "name": name, "label": visible_text(str(name or outcome.get("id")))}


def _change_label(change: Json) -> str:
    before, after = (json.dumps(change[key], ensure_ascii=False, sort_keys=True) for key in ("before", "after"))
    return visible_text(f"{change['attribute']}: {before} → {after}")


def retirement_in(outcomes: t.Sequence[Json], error: str | None) -> Json:
    """What the role image_retire has reported.

    :param outcomes: its ``image_retire_report``.
    :param error: why the role failed; null if it did not.
    """
    return {
        "error": None if error is None else visible_text(error),
        "outcomes": [
            {
                **{key: outcome.get(key) for key in ("id", "name", "owner", "outcome")},
                "reason": visible_text(str(outcome.get("reason") or "")),
                "label": visible_text(str(outcome.get("name") or outcome.get("id"))),
            }
            for outcome in outcomes
        ],
    }


def parse_date(text: str) -> datetime.date:
    """A day as ``2026-01-31``."""
    try:
        return datetime.date.fromisoformat(text)
    except (TypeError, ValueError) as error:
        raise InvalidReportInput(f"date is '{text}'; a day such as 2026-01-31 is allowed.") from error
