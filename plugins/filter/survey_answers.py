# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors

from __future__ import annotations

DOCUMENTATION = r"""
---
name: survey_answers
short_description: Give variables that come from a survey their types
version_added: 1.0.0
description:
  - A survey of AWX gives text, also where a list, a number or a dictionary is meant, and an empty text for a question that
    was not answered. It gives them as extra variables, which a playbook cannot override. This filter converts the values to
    their types.
  - The playbooks and roles of this collection read their variables with it. Values that have the right type already are
    returned unchanged.
  - Null and blank text count as not answered. The filter then gives the option's default, or null.
  - If values are wrong, the filter fails and names each variable, with what was given and what is allowed.
author:
  - The cloudimage.glance contributors (@cloudimage)
positional: _input
options:
  _input:
    description: The values of the variables, in the order of O(options).
    type: list
    elements: raw
    required: true
  options:
    description:
      - A dictionary with the name of each variable and its description, a dictionary.
      - C(type) is V(str), V(int), V(bool), V(list), V(bool_or_list), V(dict), V(duration) such as V(30d), V(day) such as
        V(2026-01-31), or V(cloud), which is the name of a cloud or its configuration.
      - C(elements) is V(raw) if a list may have dictionaries too, and not only texts.
      - C(choices), C(default), C(required) and C(minimum) restrict the values.
      - With C(secret) an error does not show the value, which may hold a secret. For the type V(cloud) it never does.
      - The text of a list has commas or line breaks between the items. If it begins with C([) or with C(- ), it is YAML.
      - The text of a dictionary is YAML or JSON.
    type: dict
    required: true
  prefix:
    description: The start of the variables' names, which the names of the result do not have.
    type: str
    default: ''
"""

EXAMPLES = r"""
---
- name: Show the answers of a survey with their types
  ansible.builtin.debug:
    msg: "{{ values | cloudimage.glance.survey_answers(my_options, prefix='my_') }}"
  vars:
    my_images: "debian-11, debian-12" # becomes ['debian-11', 'debian-12']
    my_number: "3" # becomes 3
    my_choice: "" # becomes 'hide', the default
    values: "{{ query('ansible.builtin.vars', *my_options, default='') }}"
    my_options:
      my_images: {type: list}
      my_number: {type: int, minimum: 0}
      my_choice: {type: str, choices: [delete, hide], default: hide}
"""

RETURN = r"""
---
_value:
  description: The value of each variable in its type, by the variable's name without the prefix.
  type: dict
"""

import typing as t

from ansible.errors import AnsibleFilterError
from ansible_collections.cloudimage.glance.plugins.plugin_utils._survey import InvalidAnswer, typed_answers
from ansible_collections.cloudimage.glance.plugins.plugin_utils._untemplated import never_templated


def survey_answers(values: t.Sequence[t.Any], options: dict[str, t.Any], prefix: str = "") -> dict[str, t.Any]:
    """The values with their types, by the options' names without the prefix."""
    if len(values) != len(options):
        raise AnsibleFilterError(f"survey_answers: {len(values)} values were given for {len(options)} options.")
    try:
        answers = typed_answers(dict(zip(options, values, strict=True)), options)
    except InvalidAnswer as error:
        raise AnsibleFilterError(str(error)) from None
    return {name.removeprefix(prefix): never_templated(answer) for name, answer in answers.items()}


class FilterModule:
    """Ansible's entry to the filter."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"survey_answers": survey_answers}
