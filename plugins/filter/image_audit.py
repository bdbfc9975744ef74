# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

DOCUMENTATION = r"""
---
name: image_audit
short_description: Make an audit report from a list of images
version_added: 1.0.0
description:
  - Counts images and adds up their sizes by status, visibility, owner, age and format, and finds duplicate names, duplicate
    data, protected and hidden images.
  - The playbook C(cloudimage.glance.audit) writes this report as an HTML page and as a JSON file. Use the filter to make a
    report of another form.
  - The report has the images' names as they are, and as C(label) with invisible characters escaped. It has no custom
    properties, except those that differ from a catalogue.
author:
  - The cloudimage.glance contributors (@cloudimage)
positional: _input
options:
  _input:
    description: The images, as RV(cloudimage.glance.image_info#module:images).
    type: list
    elements: dict
    required: true
  date:
    description: The day to which ages are counted, for example V(2026-01-31). Ages are calendar days in UTC.
    type: str
    required: true
  members:
    description: Whether to report shares. The images must have been listed with C(members=true).
    type: bool
    default: false
  catalogue:
    description:
      - A dictionary with C(name), the name of a catalogue, and C(result), that of M(cloudimage.glance.images) in check mode,
        with O(cloudimage.glance.images#module:catalogue) and O(cloudimage.glance.images#module:prune).
      - The report then says how the cloud differs from the catalogue.
    type: dict
  retirement:
    description:
      - A dictionary with C(outcomes), the C(image_retire_report) of the role P(cloudimage.glance.image_retire#role), and
        C(error), why the role has failed, null if it has not.
    type: dict
seealso:
  - module: cloudimage.glance.image_info
"""

EXAMPLES = r"""
---
- name: List the project's images
  cloudimage.glance.image_info:
    cloud: mycloud
    hidden: any
  register: listed

- name: Show which names several images have
  ansible.builtin.debug:
    msg: "{{ report.duplicate_names | map(attribute='name') }}"
  vars:
    report: "{{ listed.images | cloudimage.glance.image_audit(date=now(utc=true).strftime('%Y-%m-%d')) }}"
"""

RETURN = r"""
---
_value:
  description:
    - The report. docs/audit.md describes its keys.
  type: dict
"""

import typing as t

from ansible.errors import AnsibleFilterError
from ansible_collections.cloudimage.glance.plugins.plugin_utils._image_audit import (
    InvalidReportInput,
    Json,
    build_report,
    drift_in,
    parse_date,
    retirement_in,
    shares_in,
)
from ansible_collections.cloudimage.glance.plugins.plugin_utils._untemplated import never_templated


def image_audit(
    images: t.Sequence[Json],
    date: str,
    members: bool = False,
    catalogue: Json | None = None,
    retirement: Json | None = None,
) -> Json:
    """The report on the images, and on what else is given."""
    for option, value, keys in (
        ("catalogue", catalogue, {"name", "result"}),
        ("retirement", retirement, {"outcomes", "error"}),
    ):
        if value is not None and set(value) != keys:
            raise AnsibleFilterError(f"image_audit: {option} has the keys {sorted(value)}; it must have {sorted(keys)}.")
    try:
        report = build_report(images, parse_date(date))
    except InvalidReportInput as error:
        raise AnsibleFilterError(f"image_audit: {error}") from error
    report["shares"] = shares_in(images, report) if members else None
    report["catalogue"] = None if catalogue is None else drift_in(catalogue["result"], catalogue["name"])
    report["retire"] = None if retirement is None else retirement_in(retirement["outcomes"], retirement["error"])
    # A name can look like a template.
    return t.cast("Json", never_templated(report))


class FilterModule:
    """Ansible's entry to the filter."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"image_audit": image_audit}
