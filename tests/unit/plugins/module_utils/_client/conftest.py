# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""A connection of keystoneauth whose requests requests-mock answers."""

from __future__ import annotations

import typing as t

import pytest
import requests_mock
from ansible_collections.cloudimage.glance.plugins.module_utils._client.connection import CloudCapabilities, Connection
from ansible_collections.cloudimage.glance.plugins.module_utils._client.http_client import Retries
from ansible_collections.cloudimage.glance.plugins.module_utils._client.image_api import GlanceApi
from keystoneauth1.session import Session
from keystoneauth1.token_endpoint import Token


class RenewableToken(Token):
    """Tells keystoneauth that it can have a new token, so that requests which allow it are sent again after HTTP 401."""

    def invalidate(self) -> bool:
        return True


class FakeConnection:
    image_url = "http://glance/v2"
    identity_url = "http://keystone/v3"
    timeout = 60.0

    def __init__(self) -> None:
        self.session = Session(auth=RenewableToken(self.image_url, "secret-token"))
        self.capabilities = CloudCapabilities()


@pytest.fixture
def connection() -> Connection:
    return t.cast("Connection", FakeConnection())


@pytest.fixture
def cloud() -> t.Iterator[requests_mock.Mocker]:
    """What answers all requests; one that it does not know fails as a refused connection does."""
    with requests_mock.Mocker(case_sensitive=True) as mocker:
        yield mocker


@pytest.fixture
def pauses() -> list[float]:
    """The pauses that the API made between attempts (s), none of which takes time."""
    return []


@pytest.fixture
def retries(pauses: list[float]) -> Retries:
    return Retries(sleep=pauses.append, jitter=lambda: 0.5)


@pytest.fixture
def api(connection: Connection, retries: Retries) -> GlanceApi:
    return GlanceApi(connection, retries)
