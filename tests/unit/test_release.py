# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""What hinders a release."""

from __future__ import annotations

import pathlib
import subprocess
import sys
import typing as t

import pytest
import yaml

CHECK = pathlib.Path(__file__).resolve().parents[1] / "release" / "check_version.py"
SUMMARY = {"changes": {"release_summary": "The first release."}}
CHANGELOG = '# Title\n\n<a id="v1-0-0"></a>\n## v1\\.0\\.0\n\nThe first release.\n'


def checkout(
    folder: pathlib.Path,
    version: str = "1.0.0",
    releases: dict[str, t.Any] | None = None,
    changelog: str = CHANGELOG,
    fragments: t.Sequence[str] = (),
    added: str = "1.0.0",
) -> pathlib.Path:
    (folder / "changelogs" / "fragments").mkdir(parents=True)
    (folder / "plugins" / "modules").mkdir(parents=True)
    (folder / "galaxy.yml").write_text(yaml.safe_dump({"version": version}))
    releases = {"1.0.0": SUMMARY} if releases is None else releases
    (folder / "changelogs" / "changelog.yaml").write_text(yaml.safe_dump({"releases": releases}))
    (folder / "CHANGELOG.md").write_text(changelog)
    for name in fragments:
        (folder / "changelogs" / "fragments" / name).write_text("")
    (folder / "plugins" / "modules" / "image.py").write_text(f'DOCUMENTATION = """\nversion_added: {added}\n"""\n')
    return folder


def check(folder: pathlib.Path, *arguments: str) -> tuple[int, str]:
    run = subprocess.run([sys.executable, str(CHECK), str(folder), *arguments], capture_output=True, text=True, check=False)
    return run.returncode, run.stdout + run.stderr


@pytest.mark.parametrize("arguments", [(), ("1.0.0",)])
def test_complete_checkout_can_be_released(tmp_path: pathlib.Path, arguments: tuple[str, ...]) -> None:
    assert check(checkout(tmp_path), *arguments) == (0, "The checkout can be released.\n")


@pytest.mark.parametrize(
    ("changes", "arguments", "words"),
    [
        ({}, ("1.0.1",), "The tag is 1.0.1, and galaxy.yml has the version 1.0.0"),
        ({"version": "1.0"}, (), "'1.0' is not a version"),
        ({"releases": {}}, (), "has no release 1.0.0"),
        ({"releases": {"1.0.0": {"changes": {}}}}, (), "has no release_summary"),
        ({"releases": {"1.0.0": SUMMARY, "1.10.0": SUMMARY}}, (), "the newer release 1.10.0"),
        ({"changelog": "# Title\n"}, (), "has no section v1.0.0"),
        ({"fragments": ["new.yml"]}, (), "still has new.yml"),
        ({"added": "1.1.0"}, (), "version_added: 1.1.0, which is newer than 1.0.0"),
    ],
)
def test_incomplete_checkout_cannot_be_released(
    tmp_path: pathlib.Path, changes: dict[str, t.Any], arguments: tuple[str, ...], words: str
) -> None:
    status, output = check(checkout(tmp_path, **changes), *arguments)
    assert status == 1
    assert words in output


def test_notes_are_the_section_of_the_release(tmp_path: pathlib.Path) -> None:
    changelog = '# Title\n\n<a id="v1-1-0"></a>\n## v1\\.1\\.0\n\nNew.\n\n<a id="v1-0-0"></a>\n## v1\\.0\\.0\n\nOld.\n'
    folder = checkout(tmp_path, version="1.1.0", changelog=changelog)
    assert check(folder, "--notes") == (0, "New.\n")
