# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""No password and no token is shown, whatever happens and however much is asked for."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import typing as t

import pytest
from ansible.module_utils.basic import AnsibleModule

from .cloud import Cloud, Sandbox, run_module

Auth = dict[str, t.Any]


@pytest.fixture
def auth(password_auth: Auth) -> Auth:
    return password_auth


def as_words(auth: Auth) -> str:
    return " ".join(f"{key}={value}" for key, value in auth.items())


@pytest.mark.parametrize("form", [dict, json.dumps, as_words])
@pytest.mark.parametrize("options", [{"name": "nobody"}, {"nmae": "x"}, {"name": "n", "min_disk": "x"}, {"id": "x"}])
def test_secrets_in_auth_are_hidden(
    sandbox: Sandbox, auth: Auth, options: Auth, form: t.Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    logged: list[str] = []
    monkeypatch.setattr(AnsibleModule, "log", lambda _self, text, log_args=None: logged.append(f"{text} {log_args}"))
    outcome = run_module(sandbox, "image", {"auth": form(auth), "state": "absent", **options})
    for shown in (outcome.stdout, *logged):
        assert auth["password"] not in shown
    # Names are no secrets: an image that has the user's name in its own must not be blanked out.
    assert "alice" in outcome.stdout


FORMS: dict[str, t.Callable[[Auth], Auth]] = {
    "a cloud as JSON": lambda auth: {"cloud": json.dumps({"auth": auth})},
    "a cloud as words": lambda auth: {"cloud": as_words(auth)},
    "a flat cloud": lambda auth: {"cloud": {**auth, "auth": {"auth_url": auth["auth_url"]}}},
    "a cloud beside auth": lambda auth: {"cloud": {"auth": {"username": "x"}, "password": auth["password"]}},
    "a whole clouds.yaml": lambda auth: {"cloud": {"clouds": {"x": {"auth": auth}}}},
    "a list of clouds": lambda auth: {"cloud": [{"auth": auth}]},
    "a list of auths": lambda auth: {"auth": [auth]},
    "auth as YAML": lambda auth: {"auth": f"password: {auth['password']}"},
    "auth as broken JSON": lambda auth: {"auth": '{"password": "' + auth["password"]},
    "an unknown key": lambda auth: {"auth": {**auth, "password": "x", "passcodes": [auth["password"]]}},
}


@pytest.mark.parametrize("form", FORMS)
def test_secrets_in_unusual_forms_are_hidden(
    sandbox: Sandbox, auth: Auth, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    logged: list[str] = []
    monkeypatch.setattr(AnsibleModule, "log", lambda _self, text, log_args=None: logged.append(f"{text} {log_args}"))
    outcome = run_module(sandbox, "image", {**FORMS[form](auth), "name": "nobody", "state": "absent"})
    for shown in (outcome.stdout, *logged):
        assert auth["password"] not in shown
    assert "Traceback" not in outcome.stdout


def test_other_values_in_results_are_not_hidden(sandbox: Sandbox, alice: Cloud, auth: Auth, name: str) -> None:
    image = alice.make(f"alice-alpha-{name}", tags=["alpha"])
    outcome = run_module(sandbox, "image_info", {"auth": auth, "id": [image["id"]]})
    assert (outcome.images[0]["name"], outcome.images[0]["tags"]) == (f"alice-alpha-{name}", ["alpha"])


PLAYBOOK = """
- hosts: localhost
  gather_facts: false
  vars:
    auth: {auth}
    cloud: {{auth: "{{{{ auth }}}}", region_name: RegionOne}}
  tasks:
    - cloudimage.glance.image: {{auth: "{{{{ auth }}}}", name: "{name}", properties: {{a: 1}}}}
      check_mode: "{{{{ item }}}}"
      loop: [true, false, false]
    - cloudimage.glance.image: {{cloud: "{{{{ cloud }}}}", name: "{name}", visibility: public}}
      ignore_errors: true
    - cloudimage.glance.image: {{auth: "{{{{ auth | combine({{'user_domain_id': 'wrong'}}) }}}}", name: "{name}"}}
      ignore_errors: true
    - cloudimage.glance.image: {{auth: "{{{{ auth }}}}", nmae: "{name}"}}
      ignore_errors: true
    - cloudimage.glance.image_info: {{auth: "{{{{ auth }}}}", name: "{name}"}}
    - cloudimage.glance.image_state: {{auth: "{{{{ auth }}}}", name: "{name}", state: active}}
      ignore_errors: true
    - cloudimage.glance.image_info: {{auth: "{{{{ auth }}}}", endpoint_override: "http://127.0.0.1:1"}}
      ignore_errors: true
    - include_role: {{name: cloudimage.glance.image_retire}}
      vars: {{image_retire_images: ["{name}"], image_retire_auth: "{{{{ auth }}}}"}}
    - cloudimage.glance.image_info: {{auth: {token_auth}, auth_type: token, name: "{name}"}}
"""


def test_vvv_shows_no_secret(alice: Cloud, auth: Auth, name: str, tmp_path: pathlib.Path) -> None:
    token = str(alice.session.get_token())
    token_auth = {"auth_url": auth["auth_url"], "token": token, "project_id": alice.project_id}
    playbook = tmp_path / "play.yml"
    playbook.write_text(PLAYBOOK.format(auth=json.dumps(auth), token_auth=json.dumps(token_auth), name=name))
    done = subprocess.run(
        ["ansible-playbook", "-vvv", "--diff", str(playbook)],
        env={**os.environ, "ANSIBLE_LOCAL_TEMP": str(tmp_path / "local"), "ANSIBLE_NOCOLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    output = done.stdout + done.stderr
    assert done.returncode == 0, output
    assert "failed=0" in output
    assert "ignored=5" in output
    assert "nmae" in output
    for secret in (auth["password"], token, token[:40]):
        assert secret not in output
    assert "Traceback" not in output
