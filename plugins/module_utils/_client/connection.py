# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""From the task's connection options to an authenticated session and the address of the Image API.

openstacksdk's configuration reads clouds.yaml, secure.yaml and OS_* variables; keystoneauth logs in. Nothing else of the
SDK is used.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import functools
import hashlib
import json
import os
import re
import traceback
import typing as t
import urllib.parse

from ansible.module_utils.common.validation import check_type_dict

from .._errors import ConnectionProblem, InvalidInput, MissingLibrary, not_none
from .._glance.responses import MAX_ERROR, parse_error
from .._timing import TIMING
from .._url_redaction import secrets_in_urls
from .login_types import is_determined_by_options
from .sdk_import import config_loader

IMPORTED_IN = os.getcwd()
try:
    sdk = config_loader()
    from keystoneauth1 import exceptions as ksa
except ImportError:
    IMPORT_FAILURE: str | None = traceback.format_exc()
else:
    IMPORT_FAILURE = None

if t.TYPE_CHECKING:
    import requests
    from keystoneauth1.access import AccessInfo
    from keystoneauth1.plugin import BaseAuthPlugin
    from keystoneauth1.session import Session
    from openstack.config.cloud_region import CloudRegion

APP_NAME = "cloudimage.glance"
DEFAULT_API_TIMEOUT = 60.0
MAX_TIMEOUT = 10_000_000

# What an 'auth' dictionary may show. All else in it, known or not, is taken for a secret.
PUBLIC_AUTH_KEYS = frozenset(
    {
        "auth_url",
        "username",
        "user_name",
        "user_id",
        "user_domain_id",
        "user_domain_name",
        "project_id",
        "project_name",
        "project_domain_id",
        "project_domain_name",
        "tenant_id",
        "tenant_name",
        "domain_id",
        "domain_name",
        "default_domain",
        "default_domain_id",
        "default_domain_name",
        "system_scope",
        "trust_id",
        "application_credential_id",
        "application_credential_name",
        "identity_provider",
        "protocol",
        "endpoint",
        "auth_methods",
    }
)


# In a whole configuration, where options may also stand outside of 'auth'.
SECRET_NAME = re.compile(r"(?i)pass|secret|token|api_?key|credential|private")
URL_VARIABLE = re.compile(r"(?i)OS_\w+|\w+_proxy")


def secrets_in(options: t.Mapping[str, t.Any]) -> set[str]:
    """The strings among connection options that must never be shown, in whatever form ``auth`` and ``cloud`` are given.

    In ``auth`` all is secret that is not known to be public; in a ``cloud``, its ``auth`` and what has the name of a secret.
    """
    return {*_secrets_in_auth(options.get("auth")), *_secrets_in_cloud(options.get("cloud"))}


def secrets_in_environment(environment: t.Mapping[str, str]) -> set[str]:
    """The strings in URLs in variables that openstacksdk and requests read, which must never be shown."""
    return secrets_in_urls({name: value for name, value in environment.items() if URL_VARIABLE.fullmatch(name)})


def _secrets_in_auth(auth: t.Any) -> t.Iterator[str]:
    if isinstance(auth, str):
        try:
            auth = check_type_dict(auth)  # JSON, or key=value key=value
        except TypeError:
            yield auth  # refused in a moment, and not to be repeated
            return
    if isinstance(auth, dict):
        for key, value in auth.items():
            if key not in PUBLIC_AUTH_KEYS:
                yield from _texts(value)
    else:
        yield from _texts(auth)


def _secrets_in_cloud(cloud: t.Any) -> t.Iterator[str]:
    if isinstance(cloud, str) and not is_cloud_name(cloud):
        yield cloud
        with contextlib.suppress(TypeError):
            yield from _secrets_in_cloud(check_type_dict(cloud))
    elif isinstance(cloud, dict):
        for key, value in cloud.items():
            if key == "auth":
                yield from _secrets_in_auth(value)
            elif isinstance(value, (dict, list)):
                yield from _secrets_in_cloud(value)
            elif SECRET_NAME.search(str(key)):
                yield from _texts(value)
    elif isinstance(cloud, list):
        for item in cloud:
            yield from _secrets_in_cloud(item)


def _texts(value: t.Any) -> t.Iterator[str]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif value is not None and not isinstance(value, bool) and value != "":
        yield str(value)


def is_cloud_name(text: str) -> bool:
    """Whether this can be the name of an entry of clouds.yaml, and not a configuration that was written as a string."""
    return not re.search(r"[{}=\n]|: ", text)


def image_api_base(url: str) -> str:
    """The Image API's base, which ends in ``/v2``, from an endpoint with or without a version.

    No version document is fetched for it: links in there name a foreign host or leave out the prefix on some clouds, and
    there is no other version to choose.
    """
    stripped = re.sub(r"/v1(\.\d+)?$", "", url.rstrip("/"))
    return stripped if re.search(r"/v2(\.\d+)?(/|$)", stripped) else f"{stripped}/v2"


def check_timeout(seconds: float, option: str) -> float:
    if not 1 <= seconds <= MAX_TIMEOUT:
        raise InvalidInput(f"{option}: {seconds:g} was given; 1 to {MAX_TIMEOUT} seconds are allowed.")
    return seconds


@dataclasses.dataclass
class CloudCapabilities:
    """What has been learned of a cloud, so that it is not asked again.

    :param image_apis: base URLs that have answered as an Image API does; null is that of the connection.
    :param operators: whether its lists know operators; null if that was not asked yet.
    :param version: the newest version of its Image API; null also where it does not tell.
    """

    image_apis: set[str | None] = dataclasses.field(default_factory=set)
    operators: bool | None = None
    version: tuple[int, int] | None = None
    version_asked: bool = False


class Connection:
    """An authenticated way to one cloud."""

    def __init__(self, region: CloudRegion, endpoint_override: str | None) -> None:
        self._region = region
        self._endpoint_override = endpoint_override or region.get_endpoint("image")
        self.session: Session = region.get_session()
        self.timeout = check_timeout(float(region.config.get("api_timeout") or DEFAULT_API_TIMEOUT), "api_timeout")
        self.session.timeout = self.timeout
        self.session.session.hooks["response"].append(refuse_foreign_redirect)
        self.known = CloudCapabilities()

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
        return is_determined_by_options(config.get("auth_type"), auth, methods, self.session.cert)

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
        with translate_errors(self._region), contextlib.suppress(ksa.EndpointNotFound):
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

    def log_in(self) -> None:
        """Get a token now, so that a refused login is told from a refused request.

        An answer that is no whole login is not kept: whoever asked it later would stumble over it.
        """
        with translate_errors(self._region):
            try:
                token = self.session.get_token()
                is_whole = isinstance(token, (str, type(None))) and _is_whole(self._access)
            except Exception:
                self.session.invalidate()
                raise
            if not is_whole:
                self.session.invalidate()
                raise ConnectionProblem("The identity service answered the login with something that is no whole login.")

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
        with translate_errors(self._region):
            return self.session.get_project_id()

    @property
    def tells_project(self) -> bool:
        """Whether the login says which project it is for, or that it is for none; a login without Keystone does not."""
        with translate_errors(self._region):
            return self._access is not None

    @property
    def is_admin(self) -> bool:
        """Whether the login has the role admin, as far as it tells."""
        with translate_errors(self._region):
            login = self._access
            return login is not None and "admin" in (login.role_names or [])

    @property
    def project_name_and_domain(self) -> tuple[str | None, str | None, str | None]:
        """Name, domain id and domain name of the token's project, as far as the login knows them."""
        with translate_errors(self._region):
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


@contextlib.contextmanager
def translate_errors(region: CloudRegion) -> t.Iterator[None]:
    """What keystoneauth raises becomes a ConnectionProblem that says which of the ways it failed."""
    try:
        yield
    except ConnectionProblem:
        raise
    except Exception as error:  # login plugins raise what they like
        raise login_error(error, region.config.get("auth", {}).get("auth_url")) from error


def login_error(error: Exception, auth_url: str | None = None) -> ConnectionProblem:
    """The failure in words. keystoneauth wraps a failed discovery once more, so the text is looked at too."""
    text = _said_at_login(error)
    where = f" at {auth_url}" if auth_url else ""
    if isinstance(error, ksa.SSLError) or "SSL exception" in text or "certificate verify failed" in text:
        return ConnectionProblem(
            f"The server's certificate does not verify: {text}."
            " If the cloud has its own CA, give its certificate as 'ca_cert' (or 'cacert' in clouds.yaml)."
        )
    if isinstance(error, ksa.Unauthorized):
        return ConnectionProblem(
            f"The login was refused{where}: {text}. Check the credentials, and that the user's domain and project are right."
        )
    if isinstance(error, (ksa.ConnectFailure, ksa.DiscoveryFailure, ksa.NotFound)):
        return ConnectionProblem(f"The identity service cannot be reached{where}: {text}. Check 'auth_url' and the network.")
    return ConnectionProblem(f"The login failed{where}: {text}")


def _said_at_login(error: Exception) -> str:
    """What went wrong, in the cloud's words if there are any; keystoneauth reads one kind of body only."""
    response = getattr(error, "response", None)
    if response is None:
        return str(error)
    if response.status_code < 400:  # there may be a token in it
        return f"HTTP {response.status_code} with a body that is no login"
    fault = parse_error(response.text[:MAX_ERROR], response.headers.get("Content-Type", ""), TIMING.utc_now())
    code = f" ({fault.code})" if fault.code else ""
    return f"HTTP {response.status_code}{code}: {fault.reason}".rstrip(": .")


def config_fingerprint(options: t.Mapping[str, t.Any]) -> str:
    """A digest of all that ``configured`` looks at: as long as it is the same, so is the connection."""
    files = [path for paths in _files_of_this_folder().values() for path in paths]
    variables = {name: value for name, value in os.environ.items() if name.startswith("OS_")}
    named = [variables[name] for name in ("OS_CLIENT_CONFIG_FILE", "OS_CLIENT_SECURE_FILE") if variables.get(name)]
    looked_at = [
        {option: options.get(option) for option in (*CONFIG_KEYS, "cloud", "endpoint_override")},
        variables,
        [_state_of(path) for path in (*files, *named)],
    ]
    return hashlib.sha256(json.dumps(looked_at, sort_keys=True, default=str).encode()).hexdigest()


def _state_of(path: str) -> tuple[t.Any, ...]:
    try:
        status = os.stat(path)
    except OSError:
        return (path,)
    return path, status.st_ino, status.st_size, status.st_mtime_ns


def _files_of_this_folder() -> dict[str, t.Any]:
    """Where openstacksdk is to look for its files: in the working folder, and where it looks anyway.

    Left to itself it looks in the folder that was the working folder when it was imported, which is not the playbook's where
    a task runs in the controller. Some releases change the lists that they take, so these are copies.
    """
    folder = os.getcwd()
    lists = {"config_files": "CONFIG_FILES", "secure_files": "SECURE_FILES", "vendor_files": "VENDOR_FILES"}
    return {
        argument: [
            os.path.join(folder, os.path.basename(path)) if os.path.dirname(path) == IMPORTED_IN else path
            for path in getattr(sdk, constant)
        ]
        for argument, constant in lists.items()
    }


# Option of the module -> key of openstacksdk's configuration.
CONFIG_KEYS = {
    "auth": "auth",
    "auth_type": "auth_type",
    "region_name": "region_name",
    "interface": "interface",
    "validate_certs": "verify",
    "ca_cert": "cacert",
    "client_cert": "cert",
    "client_key": "key",
    "api_timeout": "api_timeout",
}


def build_connection(options: t.Mapping[str, t.Any]) -> Connection:
    """The connection that the options of the ``_auth`` documentation fragment mean, before anybody is asked for anything.

    What the task does not give is left to clouds.yaml and the environment, as openstacksdk has it. A ``cloud`` given as a
    dict is a whole configuration: neither files nor variables are read beside it.
    """
    if IMPORT_FAILURE:
        raise MissingLibrary(
            "The Python library openstacksdk is needed on the host that runs the task: pip install openstacksdk.",
            IMPORT_FAILURE,
        )
    cloud = options.get("cloud")
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
    override = options.get("endpoint_override")
    if override is not None and not re.fullmatch(r"https?://[^/?#][^?#]*", override):
        raise InvalidInput(
            f"endpoint_override: '{override}' is no address; it begins with http:// or https://, and has no '?' or '#'."
        )
    given = {key: options[option] for option, key in CONFIG_KEYS.items() if options.get(option) is not None}
    try:
        config = sdk.OpenStackConfig(
            load_yaml_config=not isinstance(cloud, dict),
            load_envvars=not isinstance(cloud, dict),
            app_name=APP_NAME,
            **_files_of_this_folder(),
        )
        region = config.get_one(**{**cloud, **given}) if isinstance(cloud, dict) else config.get_one(cloud=cloud, **given)
        return Connection(region, override)
    except InvalidInput:
        raise
    except Exception as error:  # openstacksdk and login plugins raise what they like about what they do not expect
        raise ConnectionProblem(
            f"The connection to the cloud is not configured: {error}"
            " Give 'cloud' (the name of an entry of clouds.yaml, or a dict), or 'auth' and 'auth_type', or OS_* variables."
        ) from error
