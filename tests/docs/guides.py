# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""Writes the guides of the documentation site, from the Markdown pages that people read on GitHub: guides.py [--check].

Ansible's own site and antsibull-docs take the guides of a collection from docs/docsite/rst, as reStructuredText. With
``--check`` nothing is written, and a guide that is not what its page says is an error.
"""

from __future__ import annotations

import os
import pathlib
import re
import sys

import pypandoc

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docs" / "docsite" / "rst"
LABEL = "ansible_collections.cloudimage.glance.docsite"
ON_GITHUB = "https://github.com/cloudimage/cloudimage.glance/blob/main"
# The guides have the same copyright and licence as this file.
COPYRIGHT = [f"  {line.removeprefix('# ')}" for line in pathlib.Path(__file__).read_text().splitlines()[:4]]
HEAD = (
    "..\n"
    + "\n".join(COPYRIGHT)
    + '\n\n  Made from {page} by tests/docs/guides.py. Change that page, and run "make docs".\n\n.. _{label}:\n\n'
)
COMMENT = re.compile(r"<!--.*?-->\n*", re.DOTALL)
# Pandoc names headings whose text makes another name in Markdown than in reStructuredText.
NAMED_HEADING = re.compile(r"^\.\. _[^:\n]+:\n\n", re.MULTILINE)
LINK = re.compile(r"`([^`<]+?)\s*<([^`>]+)>`__?")

# The pages, by the name of their guide. docs/docsite/extra-docs.yml has the order in which the site shows them.
GUIDES = {
    "guide_getting_started": "docs/getting_started.md",
    "guide_migration": "docs/migration.md",
    "guide_check_mode": "docs/check_mode.md",
    "guide_transfers": "docs/transfers.md",
    "guide_formats": "docs/formats.md",
    "guide_properties": "docs/properties.md",
    "guide_catalogue": "docs/catalogue.md",
    "guide_sharing": "docs/sharing.md",
    "guide_publishing": "docs/publishing.md",
    "guide_retiring": "roles/image_retire/README.md",
    "guide_replication": "docs/replication.md",
    "guide_plugins": "docs/plugins.md",
    "guide_audit": "docs/audit.md",
    "guide_awx": "docs/awx.md",
    "guide_molecule": "docs/molecule.md",
    "guide_clouds": "docs/clouds/support.md",
    "guide_cloud_glance": "docs/clouds/glance.md",
    "guide_cloud_pcd": "docs/clouds/pcd.md",
    "guide_cloud_rackspace": "docs/clouds/rackspace.md",
    "guide_cloud_otc": "docs/clouds/otc.md",
    "guide_speed": "docs/speed.md",
    "guide_tested_with": "docs/tested_with.md",
    "guide_design": "docs/design.md",
    "guide_contributing": "CONTRIBUTING.md",
    "guide_testing": "docs/testing.md",
}
GUIDE_OF = {page: guide for guide, page in GUIDES.items()}


def link(page: str, text: str, target: str) -> str:
    """A link of a page as the site needs it: to another guide, to a file on GitHub, or to another site."""
    text = " ".join(text.split())
    if target.startswith(f"{ON_GITHUB}/"):
        # A page that users get links to one that they do not get.
        target = os.path.relpath(target.removeprefix(f"{ON_GITHUB}/"), os.path.dirname(page))
    path, _hash, anchor = target.partition("#")
    if "://" in target:
        return f"`{text} <{target}>`__"
    file = os.path.normpath(os.path.join(os.path.dirname(page), path)) if path else page
    if file in GUIDE_OF:
        label = f"{LABEL}.{GUIDE_OF[file]}"
        # On the site a guide is known by its title, not by its file.
        return f":ref:`{label}`" if text.endswith(".md") else f":ref:`{text} <{label}>`"
    if not (ROOT / file).exists():
        raise SystemExit(f"{page}: there is no {file}, to which '{text}' leads.")
    return f"`{text} <{ON_GITHUB}/{file}{'#' + anchor if anchor else ''}>`__"


def guide_of(page: str, markdown: str, guide: str) -> str:
    """The guide that a page of Markdown becomes."""
    text = pypandoc.convert_text(COMMENT.sub("", markdown), "rst", "gfm", extra_args=["--columns=120", "--list-tables"])
    text = NAMED_HEADING.sub("", text)
    text = LINK.sub(lambda match: link(page, match[1], match[2]), text)
    text = text.replace(".. code::", ".. code-block::").replace("\r\n", "\n")
    lines = [line.rstrip() for line in text.splitlines()]
    return HEAD.format(page=page, label=f"{LABEL}.{guide}") + "\n".join(lines).rstrip() + "\n"


def main() -> int:
    check = sys.argv[1:] == ["--check"]
    FOLDER.mkdir(exist_ok=True)
    outdated = []
    for guide, page in GUIDES.items():
        file = FOLDER / f"{guide}.rst"
        text = guide_of(page, (ROOT / page).read_text(), guide)
        if not file.is_file() or file.read_text() != text:
            outdated.append(file.name)
            if not check:
                file.write_text(text)
    for file in FOLDER.glob("*.rst"):
        if file.stem not in GUIDES:
            raise SystemExit(f"{file} belongs to no page.")
    print(f"{len(GUIDES)} guides; {'not what their pages say' if check else 'written'}: {', '.join(outdated) or 'none'}")
    return 1 if check and outdated else 0


if __name__ == "__main__":
    sys.exit(main())
