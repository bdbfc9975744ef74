# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The four clouds on loopback, and tasks that reach them by the clouds.yaml of their pages in the documentation."""

from __future__ import annotations

import contextlib
import copy
import dataclasses
import json
import os
import pathlib
import re
import subprocess
import sys
import typing as t

import yaml
from ansible_collections.cloudimage.glance.roles.glance_sandbox.files.sandbox import Service
from ansible_collections.cloudimage.glance.tests.sandbox.variants import VARIANTS

from .certificates import certificates
from .cloud import Cloud, Json, Outcome, Sandbox, run_module
from .gateway import Gateway
from .simulated_clouds import Otc, Pcd, Plain, Rackspace
from .support_page import DOCS

# What the pages have where a user puts in what is his own.
USER, SECRET, PROJECT, CA_FILE = "images", "not-a-real-secret", "my-project", "/etc/ssl/certs/pcd-ca.pem"


@dataclasses.dataclass(frozen=True)
class Page:
    """A cloud's page in docs/clouds.

    :param address: what stands there where the cloud's address is.
    """

    title: str
    address: str


CLOUDS = {
    "glance": Page("OpenStack Glance", "https://keystone.example.com:5000"),
    "pcd": Page("Platform9 PCD", "https://pcd.example.com"),
    "rackspace": Page("Rackspace", "https://identity.api.rackspacecloud.com"),
    "otc": Page("Open Telekom Cloud", "https://iam.eu-de.otc.t-systems.com"),
}


def entry_of(name: str) -> Json:
    """The cloud's entry in the clouds.yaml that is on its page."""
    found = re.search(r"```yaml\n(clouds:.*?)```", (DOCS / f"{name}.md").read_text(), re.DOTALL)
    assert found, name
    (entry,) = yaml.safe_load(found[1])["clouds"].values()
    return t.cast(Json, entry)


class CloudUnderTest(Cloud):
    """Runs tasks on a cloud, and makes and looks at images on the real Glance behind it."""

    def __init__(self, sandbox: Sandbox, user: str, title: str, entry: Json, gateway: Gateway) -> None:
        super().__init__(sandbox, user)
        self.title = title
        self.entry = entry
        self.gateway = gateway

    def run(self, module: str, *, check: bool = False, connection: Json | None = None, **options: t.Any) -> Outcome:
        arguments = {"cloud": copy.deepcopy(self.entry), **(connection or {})}
        return run_module(self.sandbox, module, {**arguments, **options}, check=check)

    def play_role(self, role: str, variables: Json, check: bool, folder: pathlib.Path, result: str) -> t.Any:
        """Run a role by ansible-playbook; returns one of its variables."""
        written = folder / "result.json"
        tasks = [
            {"ansible.builtin.include_role": {"name": role}, "vars": variables},
            {
                "ansible.builtin.copy": {"content": f"{{{{ {result} | to_json }}}}", "dest": str(written), "mode": "0600"},
                "check_mode": False,
            },
        ]
        playbook = folder / "play.yml"
        playbook.write_text(json.dumps([{"hosts": "localhost", "gather_facts": False, "tasks": tasks}]))
        command = [f"{pathlib.Path(sys.executable).parent}/ansible-playbook", str(playbook), *(["--check"] if check else [])]
        environment = {key: value for key, value in os.environ.items() if not key.startswith("OS_")}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(written.read_text())


class Clouds:
    """All of them, running."""

    def __init__(self, sandbox: Sandbox, gateways: dict[str, Gateway], ca_file: str) -> None:
        self._sandbox = sandbox
        self._gateways = gateways
        self._ca_file = ca_file

    @classmethod
    @contextlib.contextmanager
    def running(cls, sandbox: Sandbox, folder: pathlib.Path) -> t.Iterator[Clouds]:
        ca_file, *tls = certificates(folder)
        # A second Glance on the same database and stores, as PCD has it for its admin endpoint.
        admin_glance = Service("glance", VARIANTS[sandbox.variant](sandbox.folder), output="glance-admin")
        try:
            admin_glance.start()
            admin_glance.wait()
            behind = (sandbox.keystone_url, sandbox.glance_url)
            gateways: dict[str, Gateway] = {
                "glance": Plain(*behind),
                "pcd": Pcd(*behind, admin_glance.url),
                "rackspace": Rackspace(*behind),
                "otc": Otc(*behind),
            }
            with contextlib.ExitStack() as stack:
                for name, gateway in gateways.items():
                    stack.enter_context(gateway.running((tls[0], tls[1]) if name == "pcd" else None))
                yield cls(sandbox, gateways, ca_file)
        finally:
            admin_glance.stop()

    def cloud(self, name: str, administrator: bool = False) -> CloudUnderTest:
        page, gateway = CLOUDS[name], self._gateways[name]
        user, project = ("admin", "admin") if administrator else ("alice", "alpha")
        own = {
            page.address: gateway.url,
            USER: user,
            SECRET: self._sandbox.passwords[user],
            PROJECT: project,
            CA_FILE: self._ca_file,
        }
        # The sandbox's users and projects are all in this domain.
        entry = {**entry_of(name), "auth": {**entry_of(name)["auth"]}}
        for domain in ("user_domain_name", "project_domain_name"):
            if entry["auth"].pop(domain, None):
                entry["auth"][domain.replace("_name", "_id")] = "default"
        text = json.dumps(entry)
        for placeholder, value in own.items():
            text = text.replace(f'"{placeholder}', f'"{value}')
        return CloudUnderTest(self._sandbox, user, page.title, json.loads(text), gateway)
