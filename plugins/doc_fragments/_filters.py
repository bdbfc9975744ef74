# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""Documentation of the filters that the module image_info and the lookup image have, besides the name."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
---
options:
  id:
    description:
      - Ids of images. They are found in every project, hidden or not.
      - As with the other lists but O(tags), an empty list matches nothing.
    type: list
    elements: str
  name_pattern:
    description: Python regular expression that matches any part of the name.
    type: str
  status:
    description: Statuses, for example V(active) or V(queued).
    type: list
    elements: str
  visibility:
    description:
      - Who sees the image.
      - Other projects' community images are only found with V(community), V(all), O(id) or O(all_projects).
    type: str
    choices: [public, private, shared, community, all]
  owner:
    description:
      - Id or name of the project that the images belong to.
      - All of its images that the login may see are found. An administrator may see all images of every project.
    type: str
    aliases: [project]
  owner_domain:
    description: Id or name of the domain of the project in O(owner), if that is a name that several domains have.
    type: str
    aliases: [project_domain]
  member_status:
    description:
      - Of images that other projects share with this one, those with this status. Glance's own default is V(accepted).
      - It does not limit the images that O(id) names. With an administrator's login it does not limit those of O(owner) and
        O(all_projects) either.
    type: str
    choices: [accepted, pending, rejected, all]
  tags:
    description: Tags, all of which an image must have.
    type: list
    elements: str
  protected:
    description: Whether the image is protected against deletion.
    type: bool
  hidden:
    description:
      - With V(true) only hidden images, with V(any) hidden ones too.
      - If it is not given, hidden images are left out, unless O(id) is used.
    type: str
    choices: ['false', 'true', any]
  disk_format:
    description: Formats of the data.
    type: list
    elements: str
  container_format:
    description: Formats of what the data are wrapped in.
    type: list
    elements: str
  size_min:
    description: Size of the data at least (bytes).
    type: int
  size_max:
    description: Size of the data at most (bytes).
    type: int
  created_at:
    description:
      - When the image was created, in ISO 8601, with one of the operators C(gt), C(gte), C(lt), C(lte), C(eq), C(neq) before
        it, for example V(gte:2026-01-31T12:00:00Z). Without a time zone it is UTC.
    type: str
  updated_at:
    description: When the image was last changed, in the same form as O(created_at).
    type: str
  older_than:
    description:
      - Created longer ago than this, as numbers with the units C(s), C(m), C(h), C(d), C(w), for example V(30d) or V(1w12h).
    type: str
  newer_than:
    description: Created less long ago than this, in the same form as O(older_than).
    type: str
  properties:
    description:
      - Custom properties and the values that they must have.
      - A name that is an attribute of images, such as C(status), is an error. Use the option for it.
    type: dict
  newest:
    description: Return only the image that was created last.
    type: bool
    default: false
  all_projects:
    description:
      - Whether to list the images of all projects that the login may see, community images included. An administrator may
        see all images.
    type: bool
    default: false
"""
