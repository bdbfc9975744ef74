# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""Whether the checkout can be released as the version in galaxy.yml: check_version.py FOLDER [TAG].

With ``--notes`` instead of a tag it prints the release's section of the changelog.
"""

from __future__ import annotations

import pathlib
import re
import sys

import yaml

# Numbers only: a pre-release is not what ansible-galaxy installs by default.
VERSION = re.compile(r"(\d+)\.(\d+)\.(\d+)")


def numbers(version: str) -> tuple[int, ...]:
    """``1.10.0`` as numbers, which compare as versions do."""
    matched = VERSION.fullmatch(version)
    if not matched:
        raise SystemExit(f"{version!r} is not a version; three numbers are allowed, as in 1.0.0.")
    return tuple(map(int, matched.groups()))


def problems(folder: pathlib.Path, tag: str | None = None) -> list[str]:
    """What hinders the release; nothing if it can be made.

    :param folder: the checkout.
    :param tag: the tag that the release is made from; null before there is one.
    """
    version = str(yaml.safe_load((folder / "galaxy.yml").read_text())["version"])
    release = numbers(version)
    found = []
    if tag not in (None, version):
        found.append(f"The tag is {tag}, and galaxy.yml has the version {version}.")
    changelog = yaml.safe_load((folder / "changelogs" / "changelog.yaml").read_text())
    releases = changelog.get("releases") or {}
    if version not in releases:
        found.append(f"changelogs/changelog.yaml has no release {version}. Run 'antsibull-changelog release'.")
    elif "release_summary" not in releases[version].get("changes", {}):
        found.append(f"The release {version} in changelogs/changelog.yaml has no release_summary.")
    found += [f"changelogs/changelog.yaml has the newer release {other}." for other in releases if numbers(other) > release]
    if not _section(folder, version):
        found.append(f"CHANGELOG.md has no section v{version}. Run 'antsibull-changelog generate'.")
    fragments = sorted(path.name for path in (folder / "changelogs" / "fragments").glob("*.y*ml"))
    if fragments:
        found.append(f"changelogs/fragments still has {', '.join(fragments)}. Run 'antsibull-changelog release'.")
    for path in sorted(folder.glob("plugins/**/*.py")) + sorted(folder.glob("roles/*/meta/argument_specs.yml")):
        for added in re.findall(r"^ *version_added: [\"']?([\d.]+)", path.read_text(), re.MULTILINE):
            if numbers(added) > release:
                found.append(f"{path.relative_to(folder)} has version_added: {added}, which is newer than {version}.")
    return found


def _section(folder: pathlib.Path, version: str) -> str:
    """The section of a release in CHANGELOG.md, without its heading; empty if there is none."""
    file = folder / "CHANGELOG.md"
    text = file.read_text() if file.is_file() else ""
    heading = re.escape(f"## v{version}".replace(".", "\\."))  # antsibull-changelog escapes the dots
    matched = re.search(rf"^{heading}\n(.*?)(?=^(?:<a id=\"v\d|## v)|\Z)", text, re.MULTILINE | re.DOTALL)
    return matched[1].strip() if matched else ""


def main() -> int:
    folder, *rest = sys.argv[1:]
    if rest == ["--notes"]:
        version = str(yaml.safe_load((pathlib.Path(folder) / "galaxy.yml").read_text())["version"])
        print(_section(pathlib.Path(folder), version))
        return 0
    found = problems(pathlib.Path(folder), *rest)
    print("\n".join(found) or "The checkout can be released.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
