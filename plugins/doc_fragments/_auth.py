# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""Documentation of the connection options, which all modules have."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
---
requirements:
  - python >= 3.10
  - openstacksdk >= 1.5.0
options:
  cloud:
    description:
      - Which cloud to work with, as the name of an entry of C(clouds.yaml).
      - Or a dictionary that is such an entry, with C(auth), C(region_name) and so on. Then neither files nor C(OS_*)
        variables are read.
      - Without it, and without O(auth), the variable E(OS_CLOUD) names the cloud, or E(OS_AUTH_URL) and the other C(OS_*)
        variables describe it. An empty text is an error, so that a variable without a value does not choose the cloud.
    type: raw
  auth:
    description:
      - What the login needs, as a dictionary, for O(auth_type=password) with V(auth_url), V(username), V(password),
        V(project_name), V(user_domain_name) and V(project_domain_name).
      - It is passed to the login plugin unchanged. Secrets in it are hidden from results and logs.
    type: dict
  auth_type:
    description:
      - Name of the login plugin, for example V(password), V(token) or V(v3applicationcredential).
      - Any plugin that keystoneauth finds on the host can be used.
      - The tasks of a run share one login if the options alone say who the user is, as with passwords, tokens and
        application credentials. With a client certificate, or a plugin such as V(v3kerberos) or V(v3totp), each task logs in
        for itself.
    type: str
  region_name:
    description: Name of the region.
    type: str
  interface:
    description:
      - Which of the catalogue's endpoints to use.
      - There is no default here, so that C(clouds.yaml) decides. openstacksdk's own default is V(public).
    type: str
    choices: [public, internal, admin]
    aliases: [endpoint_type]
  validate_certs:
    description: Whether the server's certificate must verify. openstacksdk's own default is V(true).
    type: bool
    aliases: [verify]
  ca_cert:
    description: File with the certificates of the authorities that the server's certificate is verified against.
    type: path
    aliases: [cacert]
  client_cert:
    description: File with a client certificate.
    type: path
    aliases: [cert]
  client_key:
    description: File with the key of O(client_cert).
    type: path
    aliases: [key]
  endpoint_override:
    description:
      - Address of the Image API, instead of the one in the cloud's catalogue.
      - C(/v2) is added where it is missing.
    type: str
  api_timeout:
    description:
      - How long a single request may wait for a response (seconds).
      - If neither this nor C(api_timeout) in C(clouds.yaml) is set, it is 60.
    type: int
notes:
  - All ways to configure a cloud that openstacksdk knows can be used, C(clouds.yaml) and C(secure.yaml) in their usual
    places, E(OS_CLIENT_CONFIG_FILE), and E(OS_CLOUD) or the other C(OS_*) variables.
"""
