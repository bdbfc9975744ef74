# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""Two tasks with the same options share a login only if the options alone say who the user is."""

from __future__ import annotations

import http.client
import json
import os
import pathlib
import sys
import typing as t
import urllib.parse

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from .certificates import certificate, certificates
from .cloud import Cloud, Json, Play, Sandbox, ran_as_modules
from .http_server import Handler, served
from .marks import nightly

SWITCH = "CLOUDIMAGE_GLANCE_IN_PROCESS"
PROJECTS = {"alice": "alpha", "bob": "beta"}

# Logs in as the user that a file names, as a Kerberos login does with its cache of tickets.
PLUGIN = """
import json, os
from keystoneauth1 import loading
from keystoneauth1.identity import v3

class TicketAuth(v3.Auth):
    def __init__(self, auth_url, **scope):
        super().__init__(auth_url, [], **scope)

    def get_auth_ref(self, session):
        with open(os.environ["TICKET_FILE"]) as file:
            ticket = json.load(file)
        self.project_name = ticket.pop("project_name")
        self.project_domain_id = "default"
        self.auth_methods = [v3.PasswordMethod(user_domain_id="default", **ticket)]
        return super().get_auth_ref(session)

class Ticket(loading.BaseV3Loader):
    plugin_class = TicketAuth
"""


@pytest.fixture
def ticket_plugin(tmp_path: pathlib.Path) -> str:
    """The folder of an installed login plugin, 'ticket'."""
    folder = tmp_path / "site"
    about = folder / "ticket_login-1.dist-info"
    about.mkdir(parents=True)
    (folder / "ticket_login.py").write_text(PLUGIN)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: ticket-login\nVersion: 1\n")
    (about / "entry_points.txt").write_text("[keystoneauth1.plugin]\nticket = ticket_login:Ticket\n")
    return str(folder)


def copied(source: str, dest: str) -> Json:
    return {
        "ansible.builtin.command": {"argv": ["cp", source, dest]},
        "vars": {"ansible_python_interpreter": sys.executable},
    }


def as_each_user(name: str, folder: pathlib.Path, current: str, **connection: t.Any) -> list[Json]:
    """Tasks that make an image as alice, then as bob, with the same options; first in two tasks, then in a loop."""
    tasks: list[Json] = []
    for user in PROJECTS:
        tasks += [copied(str(folder / user), current), {"cloudimage.glance.image": {"name": name, **connection}}]
    becomes = f"{{{{ lookup('ansible.builtin.pipe', 'cp {folder}/' ~ item ~ ' {current} && echo {name}-' ~ item) }}}}"
    tasks.append({"cloudimage.glance.image": {"name": becomes, **connection}, "loop": list(PROJECTS)})
    return tasks


def assert_each_user_has_images(results: list[Json], alice: Cloud, bob: Cloud) -> None:
    assert not [result["msg"] for result in results if result.get("failed")]
    images = [results[1]["image"], results[3]["image"], *(result["image"] for result in results[4]["results"])]
    assert [image["owner"] for image in images] == [alice.project_id, bob.project_id] * 2


@pytest.mark.parametrize("here", ["true", nightly("false")])
def test_identity_from_a_file_is_not_shared(
    play: Play, alice: Cloud, bob: Cloud, name: str, tmp_path: pathlib.Path, ticket_plugin: str, here: str
) -> None:
    sandbox = alice.sandbox
    for user, project in PROJECTS.items():
        ticket = {"username": user, "password": sandbox.passwords[user], "project_name": project}
        (tmp_path / user).write_text(json.dumps(ticket))
    current = str(tmp_path / "ticket")
    auth = {"auth_url": f"{sandbox.keystone_url}/v3"}
    run = play(
        *as_each_user(name, tmp_path, current, auth=auth, auth_type="ticket"),
        play={"module_defaults": {}},
        **{SWITCH: here},
        PYTHONPATH=os.pathsep.join([ticket_plugin, *filter(None, [os.environ.get("PYTHONPATH")])]),
        TICKET_FILE=current,
        OS_CLIENT_CONFIG_FILE="",
    )
    assert ran_as_modules(run.stdout) == (0 if here == "true" else 4)
    assert_each_user_has_images(run.results, alice, bob)


def write_client_certificates(folder: pathlib.Path) -> str:
    """A client certificate with its key for each user, in one file; returns the file of their authority."""
    ca_key = ec.generate_private_key(ec.SECP256R1())
    ca = certificate("clients", ca_key, ca_key, "clients", x509.BasicConstraints(ca=True, path_length=None))
    (folder / "clients.pem").write_bytes(ca.public_bytes(serialization.Encoding.PEM))
    for user in PROJECTS:
        key = ec.generate_private_key(ec.SECP256R1())
        made = certificate(user, key, ca_key, "clients", x509.SubjectAlternativeName([x509.DNSName(user)]))
        own = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ) + made.public_bytes(serialization.Encoding.PEM)
        (folder / user).write_bytes(own)
    return str(folder / "clients.pem")


def by_certificate(sandbox: Sandbox) -> type[Handler]:
    """A proxy before Keystone that logs in the user that the client's certificate names, whatever the request says."""

    class CertificateHandler(Handler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            body = b"".join(self.body())
            if self.command == "POST":
                subject = self.connection.getpeercert()["subject"]  # a TLS socket
                user = dict(part for parts in subject for part in parts)["commonName"]
                login = json.loads(body)
                named = {"name": user, "password": sandbox.passwords[user], "domain": {"id": "default"}}
                login["auth"]["identity"] = {"methods": ["password"], "password": {"user": named}}
                login["auth"]["scope"] = {"project": {"name": PROJECTS[user], "domain": {"id": "default"}}}
                body = json.dumps(login).encode()
            upstream = http.client.HTTPConnection(urllib.parse.urlsplit(sandbox.keystone_url).netloc)
            upstream.request(self.command, self.path, body, {"Content-Type": "application/json"})
            reply = upstream.getresponse()
            answer = reply.read()
            self.send_response(reply.status)
            for key in ("X-Subject-Token", "Content-Type"):
                if reply.getheader(key):
                    self.send_header(key, str(reply.getheader(key)))
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)
            upstream.close()

        do_GET = do_POST = handle_any  # noqa: N815

    return CertificateHandler


@pytest.mark.nightly
@pytest.mark.parametrize("here", ["true", "false"])
def test_login_with_a_rewritten_client_certificate_is_not_shared(
    play: Play, alice: Cloud, bob: Cloud, name: str, tmp_path: pathlib.Path, here: str
) -> None:
    ca_file, *tls = certificates(tmp_path)
    own_authority = alice.sandbox.folder / "ca.pem"
    if own_authority.is_file():  # the Image API of this sandbox speaks TLS too
        with open(ca_file, "a", encoding="utf-8") as file:
            file.write(own_authority.read_text())
    client_ca = write_client_certificates(tmp_path)
    current = str(tmp_path / "client.pem")
    with served(by_certificate(alice.sandbox), (tls[0], tls[1]), client_ca) as url:
        auth = {"auth_url": f"{url}/v3", "username": "by certificate", "password": "x", "user_domain_id": "default"}
        run = play(
            *as_each_user(name, tmp_path, current, auth=auth, ca_cert=ca_file, client_cert=current),
            play={"module_defaults": {}},
            **{SWITCH: here},
            OS_CLIENT_CONFIG_FILE="",
        )
    assert ran_as_modules(run.stdout) == (0 if here == "true" else 4)
    assert_each_user_has_images(run.results, alice, bob)
