# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""Every way into a cloud, and what is said of each that is closed."""

from __future__ import annotations

import json
import pathlib
import re
import subprocess
import sys
import typing as t
import uuid

import pytest
import yaml

from .certificates import certificates
from .cloud import Cloud, Outcome, Sandbox, run_module
from .glance_proxy import proxy

Connect = t.Callable[..., Outcome]


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> pathlib.Path:
    """No configuration at all, but an empty working directory."""
    for name in ("OS_CLIENT_CONFIG_FILE", "OS_CLOUD", "OS_CLIENT_SECURE_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def connect(sandbox: Sandbox, bare: pathlib.Path) -> Connect:
    """List the images of a name that no image has, over the given connection."""
    del bare
    return lambda **connection: run_module(sandbox, "image_info", {"name": ["nobody"], **connection})


def test_login_with_a_password(connect: Connect, password_auth: dict[str, str]) -> None:
    assert connect(auth=password_auth).images == []
    assert connect(auth=password_auth, auth_type="password").images == []
    assert connect(auth=password_auth, auth_type="v3password", region_name="RegionOne", interface="internal").images == []


def test_login_with_a_token(connect: Connect, sandbox: Sandbox, alice: Cloud) -> None:
    auth = {"auth_url": f"{sandbox.keystone_url}/v3", "token": alice.session.get_token(), "project_id": alice.project_id}
    assert connect(auth=auth, auth_type="token").images == []
    assert connect(auth=auth, auth_type="v3token").images == []


def test_login_with_an_application_credential(connect: Connect, sandbox: Sandbox, alice: Cloud) -> None:
    made = alice.session.post(
        f"{sandbox.keystone_url}/v3/users/{alice.session.get_user_id()}/application_credentials",
        json={"application_credential": {"name": f"test-{uuid.uuid4()}"}},
    ).json()["application_credential"]
    auth = {
        "auth_url": f"{sandbox.keystone_url}/v3",
        "application_credential_id": made["id"],
        "application_credential_secret": made["secret"],
    }
    assert connect(auth=auth, auth_type="v3applicationcredential").images == []


def test_cloud_as_a_dictionary_ignores_the_environment(
    connect: Connect, password_auth: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    cloud = {"auth": password_auth, "region_name": "RegionOne", "interface": "public"}
    assert connect(cloud=cloud).images == []
    # It stands for itself: what the environment says is of no importance.
    monkeypatch.setenv("OS_PASSWORD", "wrong")
    monkeypatch.setenv("OS_CLOUD", "nowhere")
    assert connect(cloud=cloud).images == []
    assert "no public endpoint" in connect(cloud=cloud, region_name="Atlantis").message


def test_login_from_environment_variables(
    connect: Connect, password_auth: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for key, value in password_auth.items():
        monkeypatch.setenv(f"OS_{key.upper()}", value)
    assert connect().images == []


NEW_PROCESS = """
import json, sys
if {hide_library}:
    sys.modules["openstack"] = None
from ansible.module_utils import basic
basic._ANSIBLE_ARGS = json.dumps({{"ANSIBLE_MODULE_ARGS": {options!r}}}).encode()
basic._ANSIBLE_PROFILE = "legacy"
from ansible_collections.cloudimage.glance.plugins.modules.image_info import main
main()
"""


def connect_in_new_process(*, hide_library: bool = False, **connection: t.Any) -> Outcome:
    """Which files are read is decided when openstacksdk is imported."""
    code = NEW_PROCESS.format(hide_library=hide_library, options={"name": ["nobody"], **connection})
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
    return Outcome(json.loads(done.stdout), [], done.stdout)


def test_cloud_is_read_from_clouds_yaml_and_secure_yaml(
    password_auth: dict[str, str], monkeypatch: pytest.MonkeyPatch, bare: pathlib.Path
) -> None:
    connect = connect_in_new_process
    secret = {"clouds": {"mine": {"auth": {"password": password_auth.pop("password")}}}}
    clouds = {"clouds": {"mine": {"auth": password_auth, "region_name": "RegionOne"}}}
    (bare / "clouds.yaml").write_text(yaml.safe_dump(clouds))
    (bare / "secure.yaml").write_text(yaml.safe_dump(secret))
    assert connect(cloud="mine").images == []
    monkeypatch.setenv("OS_CLOUD", "mine")
    assert connect().images == []
    assert "cloud: an empty text was given" in connect(cloud="").message
    monkeypatch.delenv("OS_CLOUD")
    elsewhere = bare / "elsewhere"
    elsewhere.mkdir()
    (bare / "clouds.yaml").rename(elsewhere / "my.yaml")
    (bare / "secure.yaml").rename(elsewhere / "my-secure.yaml")
    assert "not configured" in connect(cloud="mine").message
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(elsewhere / "my.yaml"))
    monkeypatch.setenv("OS_CLIENT_SECURE_FILE", str(elsewhere / "my-secure.yaml"))
    assert connect(cloud="mine").images == []


def test_interface_of_clouds_yaml_is_used(password_auth: dict[str, str], bare: pathlib.Path) -> None:
    connect = connect_in_new_process
    clouds = {"clouds": {"mine": {"auth": password_auth, "interface": "no-such-interface"}}}
    (bare / "clouds.yaml").write_text(yaml.safe_dump(clouds))
    assert "no no-such-interface endpoint" in connect(cloud="mine").message
    assert connect(cloud="mine", interface="admin").images == []


def test_versions_are_not_requested(connect: Connect, password_auth: dict[str, str]) -> None:
    assert connect(auth=password_auth).sent == ["GET /v2/images"]


def test_missing_library_is_an_error() -> None:
    outcome = connect_in_new_process(hide_library=True)
    assert (
        "The Python library openstacksdk is needed on the host that runs the task: pip install openstacksdk."
        in outcome.message
    )


def test_missing_configuration_is_an_error(connect: Connect) -> None:
    assert "The connection to the cloud is not configured" in connect().message


def test_unknown_cloud_is_an_error(connect: Connect) -> None:
    message = connect(cloud="nowhere").message
    assert "The connection to the cloud is not configured: Cloud nowhere was not found." in message


def test_wrong_password_is_an_error(connect: Connect, password_auth: dict[str, str]) -> None:
    message = connect(auth={**password_auth, "password": "wrong-secret"}).message
    assert "The login was refused at" in message
    assert "wrong-secret" not in message


def test_unknown_login_plugin_is_an_error(connect: Connect, password_auth: dict[str, str]) -> None:
    assert "not configured" in connect(auth=password_auth, auth_type="telepathy").message


@pytest.mark.parametrize("version", ["", "/v3"])
def test_unreachable_keystone_is_an_error(
    connect: Connect, password_auth: dict[str, str], unused_port: int, version: str
) -> None:
    message = connect(auth={**password_auth, "auth_url": f"http://127.0.0.1:{unused_port}{version}"}).message
    assert "The identity service cannot be reached" in message


@pytest.mark.usefixtures("impatient")
def test_unreachable_glance_is_an_error(connect: Connect, password_auth: dict[str, str], unused_port: int) -> None:
    message = connect(auth=password_auth, endpoint_override=f"http://127.0.0.1:{unused_port}").message
    assert "GET /v2/images got no answer: Unable to establish connection" in message


def test_certificates_are_verified(
    connect: Connect,
    sandbox: Sandbox,
    password_auth: dict[str, str],
    tmp_path: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    monkeypatch.delenv("CURL_CA_BUNDLE", raising=False)
    certificate, *tls = certificates(tmp_path)
    with (
        proxy(sandbox.keystone_url, lambda *_request: None, (tls[0], tls[1])) as keystone,
        proxy(sandbox.glance_url, lambda *_request: None, (tls[0], tls[1])) as glance,
    ):
        secure = {"auth": {**password_auth, "auth_url": f"{keystone}/v3"}, "endpoint_override": glance}
        for version in ("", "/v3"):
            message = connect(auth={**password_auth, "auth_url": f"{keystone}{version}"}).message
            assert "The server's certificate does not verify" in message
            assert "'ca_cert'" in message
        half = connect(auth=password_auth, endpoint_override=glance).message
        assert "certificate" in half
        assert connect(**secure, ca_cert=certificate).images == []
        assert connect(**secure, validate_certs=False).images == []


def test_auth_and_cloud_of_another_type_are_rejected(connect: Connect) -> None:
    assert "argument 'auth' is of type" in connect(auth="nonsense").message
    assert "cloud: the name of an entry of clouds.yaml is allowed, or a dictionary" in connect(cloud=["a"]).message


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"password": None}, "Auth plugin requires|password"),
        ({"auth_url": None}, "not configured|login failed"),
        ({"auth_url": "http://[::1"}, "login failed|cannot be reached"),
        ({"auth_url": 5}, "not configured|login failed|cannot be reached"),
        ({"project_name": None}, "The login is for no project"),
    ],
)
def test_incomplete_auth_is_rejected(
    connect: Connect, password_auth: dict[str, str], change: dict[str, t.Any], message: str
) -> None:
    auth = {key: value for key, value in {**password_auth, **change}.items() if value is not None or key == "auth_url"}
    if "project_name" in change:
        del auth["project_domain_id"]
    outcome = connect(auth=auth)
    assert re.search(message, outcome.message)
    assert "Traceback" not in outcome.stdout


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"client_cert": "/nope"}, "/nope"),
        ({"endpoint_override": "foo"}, "endpoint_override: 'foo' is no address"),
        ({"endpoint_override": "http://[::1"}, "could not be sent|not configured|got no answer"),
        ({"api_timeout": -1}, "api_timeout: -1 was given; 1 to 10000000 seconds are allowed"),
        ({"cloud": {"auth": "x"}}, "'auth' is a dictionary too"),
        ({"cloud": {"auth": {}, "profile": 5}}, "not configured"),
        ({"cloud": {"api_timeout": -1}}, "api_timeout: -1|not configured"),
    ],
)
def test_invalid_connection_options_are_rejected(
    connect: Connect, password_auth: dict[str, str], options: dict[str, t.Any], message: str
) -> None:
    outcome = connect(**({} if "cloud" in options else {"auth": password_auth}), **options)
    assert re.search(message, outcome.message), outcome.message


@pytest.mark.parametrize("entry", [None, 5, {"auth": 5}])
def test_invalid_clouds_yaml_is_an_error(bare: pathlib.Path, entry: t.Any) -> None:
    (bare / "clouds.yaml").write_text(yaml.safe_dump({"clouds": {"mine": entry}}))
    assert "not configured" in connect_in_new_process(cloud="mine").message
