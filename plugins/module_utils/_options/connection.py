# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The options that say how to log in to a cloud. Pure."""

from __future__ import annotations

import dataclasses
import re
import typing as t

from .._errors import InvalidInput
from .._glance.input_checks import check_timeout


@dataclasses.dataclass(frozen=True)
class ConnectionOptions:
    """The options of the documentation fragment ``_auth``, under their names. Null is what the task does not give.

    Making one of invalid options is an error.
    """

    cloud: str | dict[str, t.Any] | None = None
    auth: dict[str, t.Any] | None = None
    auth_type: str | None = None
    region_name: str | None = None
    interface: str | None = None
    validate_certs: bool | None = None
    ca_cert: str | None = None
    client_cert: str | None = None
    client_key: str | None = None
    endpoint_override: str | None = None
    api_timeout: int | None = None

    def __post_init__(self) -> None:
        if self.api_timeout is not None:
            check_timeout(self.api_timeout, "api_timeout")
        _check_cloud(self.cloud)
        if self.endpoint_override is not None:
            _check_endpoint(self.endpoint_override)

    @classmethod
    def from_params(cls, params: t.Mapping[str, t.Any]) -> ConnectionOptions:
        """Those among a task's options."""
        return cls(**{field.name: params.get(field.name) for field in dataclasses.fields(cls)})


def is_cloud_name(text: str) -> bool:
    """Whether this can be the name of an entry of clouds.yaml, and not a configuration that was written as a string."""
    return not re.search(r"[{}=\n]|: ", text)


def _check_cloud(cloud: t.Any) -> None:
    if isinstance(cloud, str) and not cloud.strip():
        raise InvalidInput(
            "cloud: an empty text was given. The name of an entry of clouds.yaml is allowed, or a dictionary. If a variable"
            " may be empty, and the option is to be left out then, write \"cloud: '{{ VARIABLE | default(omit, true) }}'\"."
        )
    if isinstance(cloud, str) and not is_cloud_name(cloud):
        raise InvalidInput(
            "cloud: a string with a configuration in it was given."
            " The name of an entry of clouds.yaml is allowed, or a dictionary."
        )
    if not isinstance(cloud, (str, dict, type(None))) or (
        isinstance(cloud, dict) and not isinstance(cloud.get("auth", {}), dict)
    ):
        raise InvalidInput(
            "cloud: the name of an entry of clouds.yaml is allowed, or a dictionary with a whole configuration,"
            " in which 'auth' is a dictionary too."
        )


def _check_endpoint(address: str) -> None:
    if not re.fullmatch(r"https?://[^/?#][^?#]*", address):
        raise InvalidInput(
            f"endpoint_override: '{address}' is no address; it begins with http:// or https://, and has no '?' or '#'."
        )
