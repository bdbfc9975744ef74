# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""A connection to a cloud: logging in with keystoneauth, and the addresses of its APIs."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import functools
import hashlib
import json
import re
import typing as t
import urllib.parse

from .._errors import ConnectionProblem, InvalidInput, not_none
from .._glance.input_checks import check_timeout
from .._options.connection import ConnectionOptions
from .._url_redaction import secrets_in_urls
from .login_errors import translate_errors
from .login_sharing import may_share_login
from .openstack_config import check_sdk, cloud_region

with contextlib.suppress(ImportError):  # _client.openstack_config reports it before anything here is called
    from keystoneauth1 import exceptions as ksa

if t.TYPE_CHECKING:
    import requests
    from keystoneauth1.access import AccessInfo
    from keystoneauth1.plugin import BaseAuthPlugin
    from keystoneauth1.session import Session
    from openstack.config.cloud_region import CloudRegion

DEFAULT_API_TIMEOUT = 60.0


def image_api_base(url: str) -> str:
    """The Image API's base, which ends in ``/v2``, from an endpoint with or without a version.

    No version document is fetched for it: links in there name a foreign host or leave out the prefix on some clouds, and
    there is no other version to choose.
    """
    stripped = re.sub(r"/v1(\.\d+)?$", "", url.rstrip("/"))
    return stripped if re.search(r"/v2(\.\d+)?(/|$)", stripped) else f"{stripped}/v2"


# The roles of Keystone, and of services other than Glance, that give no rights to the images of other projects.
PLAIN_ROLES = frozenset(
    {
        *("_member_", "manager", "member", "reader"),
        *("creator", "observer"),  # Barbican
        *("heat_stack_owner", "heat_stack_user"),
        *("load-balancer_member", "load-balancer_observer"),
        "swiftoperator",
    }
)


@dataclasses.dataclass
class CloudCapabilities:
    """What has been learned of a cloud, so that it is not asked again.

    :param image_apis: base URLs that have answered as an Image API does; null is that of the connection.
    :param operators: whether its lists know operators; null if that was not asked yet.
    :param version: the newest version of its Image API; null also where it does not tell.
    :param namespaces: its metadata definitions for images; null if they were not asked for yet.
    """

    image_apis: set[str | None] = dataclasses.field(default_factory=set)
    operators: bool | None = None
    version: tuple[int, int] | None = None
    version_asked: bool = False
    namespaces: list[dict[str, t.Any]] | None = None


class Connection:
    """A connection to one cloud: its configuration, the login, and the addresses of its APIs."""

    def __init__(self, region: CloudRegion, endpoint_override: str | None) -> None:
        self._region = region
        self._endpoint_override = endpoint_override or region.get_endpoint("image")
        self.session: Session = region.get_session()
        self.timeout = check_timeout(float(region.config.get("api_timeout") or DEFAULT_API_TIMEOUT), "api_timeout")
        self.session.timeout = self.timeout
        self.session.session.hooks["response"].append(refuse_foreign_redirect)
        self.capabilities = CloudCapabilities()

    @functools.cached_property
    def key(self) -> str:
        """A digest of all that the connection is made of: two connections of one key are the same."""
        made_of = [self._region.name, self._region.config, self._endpoint_override]
        return hashlib.sha256(json.dumps(made_of, sort_keys=True, default=str).encode()).hexdigest()

    @property
    def secrets(self) -> set[str]:
        """The strings in URLs of the configuration, wherever it comes from, that must never be shown."""
        return secrets_in_urls({**self._region.config, "endpoint_override": self._endpoint_override})

    @property
    def can_be_shared(self) -> bool:
        """Whether tasks with the same options may share this login: only if nothing else decides who the user is."""
        config = self._region.config
        auth = config.get("auth") or {}
        methods = auth.get("auth_methods") or config.get("auth_methods")
        return may_share_login(config.get("auth_type"), auth, methods, self.session.cert)

    @functools.cached_property
    def image_url(self) -> str:
        """Base URL of the Image API; finding it logs in."""
        return image_api_base(self._endpoint_override or self._catalogue_url("image"))

    @functools.cached_property
    def identity_url(self) -> str:
        """Base URL of the Identity API v3."""
        url = self._catalogue_url("identity").rstrip("/")
        return re.sub(r"/v2\.0$", "", url) + "/v3" if not url.endswith("/v3") else url

    def image_url_in(self, region_name: str, interface: str) -> str:
        """Base URL of another region's Image API."""
        return image_api_base(self._catalogue_url("image", region_name, interface))

    def _catalogue_url(self, service: str, region_name: str | None = None, interface: str | None = None) -> str:
        wanted_interface = interface or self._region.get_interface(service)
        region_name = region_name or self._region.get_region_name(service)
        with self._translated_errors(), contextlib.suppress(ksa.EndpointNotFound):
            url = self.session.get_endpoint(
                service_type=service, interface=wanted_interface, region_name=region_name, skip_discovery=True
            )
            if url:
                return url
        if self.project_id is None:
            raise ConnectionProblem(
                "The login is for no project, so it has no catalogue. Give 'project_name' or 'project_id' in 'auth'."
            )
        raise ConnectionProblem(
            f"The cloud's catalogue has no {wanted_interface or 'public'} endpoint of a service of type '{service}'"
            f" in region '{region_name or 'any'}'. Check 'region_name' and 'interface', or give 'endpoint_override'."
        )

    def _translated_errors(self) -> contextlib.AbstractContextManager[None]:
        return translate_errors((self._region.config.get("auth") or {}).get("auth_url"))

    def log_in(self) -> None:
        """Get a token now, so that a refused login is told from a refused request.

        An invalid login response is not kept, because later requests would fail on it.
        """
        with self._translated_errors():
            try:
                token = self.session.get_token()
                is_whole = isinstance(token, (str, type(None))) and _is_whole(self._access)
            except Exception:
                self.session.invalidate()
                raise
            if not is_whole:
                self.session.invalidate()
                raise ConnectionProblem("The identity service sent an invalid login response.")

    @property
    def _access(self) -> AccessInfo | None:
        """What the login tells of itself; null for a kind of login that tells nothing."""
        get_access = getattr(self.session.auth, "get_access", None)
        return t.cast("AccessInfo", get_access(self.session)) if get_access else None

    @property
    def auth_state(self) -> str | None:
        """What the login has brought, as keystoneauth writes it, the token in it; null for a login that cannot be kept."""
        try:
            return t.cast("str | None", self._login.get_auth_state())
        except NotImplementedError:
            return None

    def restore_token(self, auth_state: str | None) -> None:
        """Use what an earlier login with the same options has brought, for as long as it is valid."""
        if auth_state is not None:
            self._login.set_auth_state(auth_state)

    @property
    def _login(self) -> BaseAuthPlugin:
        return not_none(self.session.auth)

    @property
    def project_id(self) -> str | None:
        """Id of the project that the token is for; null where the login has none (system scope, no Keystone)."""
        with self._translated_errors():
            return self.session.get_project_id()

    @property
    def tells_project(self) -> bool:
        """Whether the login says which project it is for, or that it is for none; a login without Keystone does not."""
        with self._translated_errors():
            return self._access is not None

    @property
    def is_admin(self) -> bool:
        """Whether the login has the role admin, as far as it tells."""
        with self._translated_errors():
            return "admin" in self._roles

    @property
    def is_plain_user(self) -> bool:
        """Whether Glance shows the login no private images of other projects, as its roles tell.

        A cloud may give such rights to a role of any name. So a login with a role that is not known is no plain user.
        """
        with self._translated_errors():
            return bool(self._roles) and self._roles <= PLAIN_ROLES

    @property
    def _roles(self) -> set[str]:
        """In lower case: OpenStack compares the names of roles without regard to case."""
        login = self._access
        return {str(role).lower() for role in login.role_names or []} if login else set()

    @property
    def project_name_and_domain(self) -> tuple[str | None, str | None, str | None]:
        """Name, domain id and domain name of the token's project, as far as the login knows them."""
        with self._translated_errors():
            login = self._access
            return (login.project_name, login.project_domain_id, login.project_domain_name) if login else (None, None, None)


def _is_whole(login: AccessInfo | None) -> bool:
    """Whether what a login tells of itself, if anything, is of the right types."""
    if login is None:
        return True
    # All of them are read: what is not there at all is an error of keystoneauth's.
    expires, roles, *texts = login.expires, login.role_names, login.project_id, login.project_name
    are_texts = all(isinstance(text, (str, type(None))) for text in texts)
    return are_texts and isinstance(expires, (datetime.datetime, type(None))) and isinstance(roles, list)


def refuse_foreign_redirect(response: requests.Response, *_arguments: t.Any, **_options: t.Any) -> None:
    """A hook of requests: keystoneauth sends a login once more to wherever it is redirected to, the password in it.

    To go on with TLS at the same host is what a redirect may ask for. Requests to the Image API follow none at all.
    """
    location = response.headers.get("Location")
    if not location or not 300 < response.status_code < 400:
        return
    asked = urllib.parse.urlsplit(response.request.url or "")
    target = urllib.parse.urlsplit(urllib.parse.urljoin(response.request.url or "", location))
    to_tls = (asked.scheme, target.scheme) == ("http", "https")
    if target.hostname != asked.hostname or not (to_tls or (asked.scheme, asked.port) == (target.scheme, target.port)):
        host = f"{target.scheme}://{target.hostname}" + (f":{target.port}" if target.port else "")
        raise ConnectionProblem(
            f"{asked.scheme}://{asked.hostname}:{asked.port or asked.scheme} redirects to another host, {host}, where no"
            " credentials are sent. If that is right, give its address instead."
        )


def build_connection(options: ConnectionOptions) -> Connection:
    """The connection that the options mean, before any request is sent."""
    check_sdk()
    try:
        return Connection(cloud_region(options), options.endpoint_override)
    except InvalidInput:
        raise
    except Exception as error:  # openstacksdk and login plugins raise what they like about what they do not expect
        raise ConnectionProblem(
            f"The connection to the cloud is not configured: {str(error).rstrip('.')}."
            " Give 'cloud' (the name of an entry of clouds.yaml, or a dict), or 'auth' and 'auth_type', or OS_* variables."
        ) from error
