# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""A user, a password or a token in a URL is not shown, wherever the URL stands and however the task ends."""

from __future__ import annotations

import json
import pathlib
import typing as t

import pytest
import yaml
from ansible.module_utils.basic import AnsibleModule

from . import cloud
from .cloud import FORMATS, Json, Play, Sandbox, ran_as_modules, run_module
from .http_server import Handler, served
from .marks import nightly

# As they stand in URLs; the second one is 'open@sesame-2' there, and a token without a password.
PASSWORD, ENCODED, TOKEN = "open-sesame-1", "open%40sesame-2", "tok-sesame-3"
SECRETS = (PASSWORD, ENCODED, "open@sesame-2", TOKEN)
CLOSED = "http://127.0.0.1:1"
NOT_ENCODED = f"http://me:{PASSWORD}/x@127.0.0.1:1"


@pytest.fixture(params=[False, True], ids=["module", "in process"])
def logged(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path, impatient: None
) -> list[str]:
    """What a module writes to the system's log; without configuration, without pauses, in both ways of running."""
    del impatient
    monkeypatch.setattr(cloud, "IN_PROCESS", request.param)
    for name in ("OS_CLIENT_CONFIG_FILE", "OS_CLOUD"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    lines: list[str] = []
    monkeypatch.setattr(AnsibleModule, "log", lambda _self, text, log_args=None: lines.append(f"{text} {log_args}"))
    return lines


def assert_nothing_is_shown(shown: str) -> None:
    for secret in SECRETS:
        where = shown.find(secret)
        assert where < 0, f"...{shown[max(0, where - 600) : where + 100]}"
    assert "Traceback" not in shown


def assert_runs_without_secrets(sandbox: Sandbox, logged: list[str], fails: bool, module: str, options: Json) -> None:
    outcome = run_module(sandbox, module, options)
    assert_nothing_is_shown(outcome.stdout + "".join(logged))
    assert outcome.failed is fails, outcome.result


def with_secret(url: str, user: str = f"me:{PASSWORD}") -> str:
    """The URL with a user in it."""
    return url.replace("://", f"://{user}@")


def without_tls(url: str) -> str:
    """The URL as one of TLS, which is not spoken there: an error that comes at once and repeats the URL."""
    return url.replace("http:", "https:")


class Answering(Handler):
    """Redirects to an address with secrets in it, where no server answers; requests for a file get the data."""

    def handle_any(self) -> None:
        for _piece in self.body():
            pass
        is_file = self.path.startswith("/disk.raw")
        self.send_response(200 if is_file else 302)
        if not is_file:
            self.send_header("Location", f"{with_secret(CLOSED)}/x?Signature={TOKEN}")
        self.send_header("Content-Length", "4" if is_file else "0")
        self.end_headers()
        if is_file and self.command == "GET":
            self.wfile.write(b"data")

    do_GET = do_POST = do_HEAD = handle_any  # noqa: N815


@pytest.fixture
def elsewhere() -> t.Iterator[str]:
    with served(Answering) as url:
        yield url


def urls_in_options(sandbox: Sandbox, auth: Json, elsewhere: str) -> list[tuple[bool, Json]]:
    """Whether a task fails, and its options."""
    glance, keystone = sandbox.glance_url, f"{sandbox.keystone_url}/v3"
    cloud = {"auth": {**auth, "auth_url": with_secret(keystone)}, "region_name": "RegionOne"}
    cases: list[tuple[bool, Json]] = []
    for user in (f"me:{PASSWORD}", f"me:{ENCODED}", TOKEN):
        cases += [
            (False, {"auth": auth, "endpoint_override": with_secret(glance, user)}),
            (True, {"auth": auth, "endpoint_override": with_secret(without_tls(glance), user)}),
            (True, {"auth": auth, "endpoint_override": with_secret(CLOSED, user)}),
            (True, {"auth": auth, "endpoint_override": with_secret(f"{glance}/elsewhere", user)}),
            (False, {"auth": {**auth, "auth_url": with_secret(keystone, user)}}),
            (True, {"auth": {**auth, "auth_url": with_secret(CLOSED, user)}}),
            (True, {"auth": {**auth, "auth_url": with_secret(f"{CLOSED}/v3", user)}}),
        ]
    odd = [with_secret("https://h/?x"), f"me:{PASSWORD}@127.0.0.1:1", NOT_ENCODED, {"url": with_secret(CLOSED)}, elsewhere]
    cases += [(True, {"auth": auth, "endpoint_override": override}) for override in odd]
    for auth_url in (with_secret(glance), f"{elsewhere}/v3", NOT_ENCODED, f"me:{PASSWORD}@127.0.0.1:1"):
        cases.append((True, {"auth": {**auth, "auth_url": auth_url}}))
    return [
        *cases,
        (True, {"auth": auth, "endpoint_overide": with_secret(CLOSED)}),
        (True, {"auth": {**auth, "auth_url": with_secret(keystone), "password": "wrong"}}),
        (True, {"auth": f"auth_url={with_secret(CLOSED)} username=x password=y project_name=z"}),
        (False, {"cloud": cloud}),
        (True, {"cloud": json.dumps(cloud)}),
        (False, {"cloud": {**cloud, "image_endpoint_override": with_secret(glance)}}),
        (True, {"cloud": {**cloud, "image_endpoint_override": with_secret(CLOSED)}}),
        (True, {"cloud": {**cloud, "image_endpoint_override": with_secret("ftp://h")}}),
        (True, {"cloud": {**cloud, "profile": with_secret(CLOSED)}}),
    ]


def test_secret_urls_in_options_are_not_shown(
    sandbox: Sandbox, logged: list[str], password_auth: Json, elsewhere: str
) -> None:
    for fails, options in urls_in_options(sandbox, password_auth, elsewhere):
        assert_runs_without_secrets(sandbox, logged, fails, "image_info", {"name": ["nobody"], **options})


def test_secret_urls_in_images_given_as_text_are_not_shown(
    sandbox: Sandbox, logged: list[str], password_auth: Json, name: str, elsewhere: str
) -> None:
    closed = f"{with_secret(CLOSED)}/x?Signature={TOKEN}"
    rest = "transfer=stream disk_format=raw container_format=bare"
    source = f"{with_secret(elsewhere)}/disk.raw?Signature={TOKEN}"
    whole = {"name": f"{name}-b", "url": closed, "transfer": "stream", **FORMATS}
    cases: list[tuple[bool, t.Any]] = [
        (False, [f"name={name} url={source} {rest}"]),
        (True, [f"name={name}-b url={closed} {rest}"]),
        (True, [f"name={name}-b url='{closed}' nonsense=1"]),
        (True, [f"name={name}-b url={elsewhere} {rest}"]),
        (True, [f"name={name}-b url={NOT_ENCODED} {rest}"]),
        (True, [json.dumps(whole)]),
        (True, [json.dumps({**whole, "nonsense": 1})]),
        (True, [json.dumps(whole)[:-1]]),
        (True, [whole, f"name={name}-c url={closed} {rest}"]),
        (True, f"name={name}-b url={closed} {rest}"),
        (True, json.dumps([whole])),
        (True, [[closed]]),
        (True, [f"just {closed}"]),
        (True, [{**whole, "nonsense": {"url": closed}}]),
        (True, [{**whole, "url": source, "checksum": f"sha256:{closed}"}]),
    ]
    for fails, images in cases:
        assert_runs_without_secrets(sandbox, logged, fails, "images", {"auth": password_auth, "images": images})


def urls_in_clouds(sandbox: Sandbox, auth: Json, elsewhere: str) -> list[tuple[bool, Json]]:
    """Whether a task fails, and its entry of clouds.yaml."""
    good = {**auth, "auth_url": with_secret(f"{sandbox.keystone_url}/v3")}
    overrides = [
        with_secret(CLOSED, f"me:{ENCODED}"),
        with_secret(f"{sandbox.glance_url}/x", TOKEN),
        with_secret("ftp://h"),
        NOT_ENCODED,
        elsewhere,
    ]
    auth_urls = [with_secret(CLOSED), with_secret(f"{CLOSED}/v3", TOKEN), f"{elsewhere}/v3", NOT_ENCODED]
    return [
        (False, {"auth": good, "image_endpoint_override": with_secret(sandbox.glance_url)}),
        *((True, {"auth": good, "image_endpoint_override": override}) for override in overrides),
        *((True, {"auth": {**auth, "auth_url": auth_url}}) for auth_url in auth_urls),
        (True, {"auth": {**good, "password": "wrong"}}),
        (True, {"auth": good, "auth_type": "telepathy"}),
    ]


def test_secret_urls_in_clouds_yaml_are_not_shown(
    sandbox: Sandbox,
    logged: list[str],
    password_auth: Json,
    elsewhere: str,
    tmp_path: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file = tmp_path / "my.yaml"
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(file))
    for fails, entry in urls_in_clouds(sandbox, password_auth, elsewhere):
        file.write_text(yaml.safe_dump({"clouds": {"mine": entry}}))
        assert_runs_without_secrets(sandbox, logged, fails, "image_info", {"cloud": "mine", "name": ["nobody"]})


UNUSED_ADDRESS = "http://192.0.2.1"  # so that the proxy is asked


@pytest.mark.parametrize(
    ("fails", "variables"),
    [
        (False, {"OS_AUTH_URL": with_secret("{keystone}/v3")}),
        (False, {"OS_IMAGE_ENDPOINT_OVERRIDE": with_secret("{glance}", f"me:{ENCODED}")}),
        (True, {"OS_AUTH_URL": with_secret(CLOSED)}),
        (True, {"OS_IMAGE_ENDPOINT_OVERRIDE": with_secret(CLOSED)}),
        (True, {"OS_IMAGE_ENDPOINT_OVERRIDE": with_secret("{glance}/x", TOKEN)}),
        *(
            (True, {"OS_AUTH_URL": f"{UNUSED_ADDRESS}/v3", "http_proxy": proxy})
            for proxy in (
                with_secret(CLOSED),
                with_secret(CLOSED, f"me:{ENCODED}"),
                with_secret("gopher://127.0.0.1:1"),
                f"me:{PASSWORD}@127.0.0.1:1",
                f"http://me:{PASSWORD}@127.0.0.1:port",
                NOT_ENCODED,
                f"http://me:{PASSWORD}@",
            )
        ),
    ],
)
def test_secret_urls_in_variables_are_not_shown(
    sandbox: Sandbox,
    logged: list[str],
    password_auth: Json,
    monkeypatch: pytest.MonkeyPatch,
    fails: bool,
    variables: dict[str, str],
) -> None:
    for option, value in password_auth.items():
        monkeypatch.setenv(f"OS_{option.upper()}", value)
    for name, value in variables.items():
        monkeypatch.setenv(name, value.format(keystone=sandbox.keystone_url, glance=sandbox.glance_url))
    assert_runs_without_secrets(sandbox, logged, fails, "image_info", {"name": ["nobody"]})


@pytest.mark.parametrize("here", ["true", nightly("false")])
def test_vvvv_and_the_log_file_show_no_url_with_a_secret(
    play: Play, sandbox: Sandbox, password_auth: Json, name: str, tmp_path: pathlib.Path, elsewhere: str, here: str
) -> None:
    log, clouds = tmp_path / "ansible.log", tmp_path / "my.yaml"
    auth = {**password_auth, "auth_url": with_secret(f"{sandbox.keystone_url}/v3")}
    override = with_secret(without_tls(sandbox.glance_url))
    clouds.write_text(yaml.safe_dump({"clouds": {"good": {"auth": auth}, "bad": {"auth": {**auth, "auth_url": override}}}}))
    data = f"name={name} url={with_secret(elsewhere)}/disk.raw transfer=stream disk_format=raw container_format=bare"
    cases: list[tuple[bool, str, Json]] = [
        (False, "image", {"auth": auth, "name": name, "endpoint_override": with_secret(sandbox.glance_url)}),
        (True, "image", {"auth": auth, "name": name, "endpoint_override": override}),
        (True, "image", {"auth": {**auth, "auth_url": with_secret(CLOSED)}, "name": name}),
        (True, "image", {"auth": auth, "name": name, "endpoint_overide": override}),
        (False, "images", {"auth": auth, "images": [data]}),
        (True, "images", {"auth": auth, "images": [f"{data} nonsense=1"]}),
        (True, "image", {"cloud": "bad", "name": name}),
        (False, "image", {"cloud": "good", "name": name}),
        (True, "image", {"auth": {**auth, "auth_url": UNUSED_ADDRESS}, "name": name}),
    ]
    run = play(
        *({f"cloudimage.glance.{module}": options} for _fails, module, options in cases),
        play={"module_defaults": {}},
        CLOUDIMAGE_GLANCE_IN_PROCESS=here,
        OS_CLIENT_CONFIG_FILE=str(clouds),
        http_proxy=with_secret(CLOSED),
        no_proxy="127.0.0.1",
        ANSIBLE_LOG_PATH=str(log),
    )
    assert_nothing_is_shown(run.stdout + json.dumps(run.results) + log.read_text())
    assert [bool(result.get("failed")) for result in run.results] == [fails for fails, _module, _options in cases]
    assert ran_as_modules(run.stdout) == (0 if here == "true" else len(cases))
