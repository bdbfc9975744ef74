# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""A real Keystone and a real Glance on loopback, for the demo and the tests. Needs python3 >= 3.11 and a package index.

    sandbox.py install           make the virtual environment and the database template (up and run do it too)
    sandbox.py run -- COMMAND    start a sandbox of its own, run COMMAND in it, stop the sandbox; exits as COMMAND does
    sandbox.py run --number 2 -- COMMAND
                                 the same with two sandboxes at once
    sandbox.py up [NAME]         start a sandbox in the background, unless it runs already
    sandbox.py status [NAME]     say where it is; exits 1 when there is none
    sandbox.py down [NAME]       stop it and remove its data

With --json behind their names the last three print a dictionary instead: whether it runs, whether that has changed, whether
there are data of a killed one, and what sandbox.json says. status exits 0 then.

COMMAND finds OS_CLIENT_CONFIG_FILE (clouds: admin, alice of project alpha, bob of project beta) and GLANCE_SANDBOX,
the folder with sandbox.json (addresses), requests.jsonl (each request that Glance answered) and
keystone-requests.jsonl (those that Keystone answered, without their bodies). Of several sandboxes GLANCE_SANDBOX holds all
folders, with colons between them, and OS_CLIENT_CONFIG_FILE is the first one's.
Everything lives in ~/.cache/cloudimage.glance, or in the folder that GLANCE_SANDBOX_HOME names. With
GLANCE_SANDBOX_PASSWORD_ROUNDS=12 a login costs what it does in a cloud.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import errno
import fcntl
import inspect
import json
import os
import pathlib
import re
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import typing as t
import urllib.error
import urllib.request

if __package__:
    from .programs import (
        HERE,
        HOME,
        Program,
        SandboxError,
        build_once,
        call,
        check_python,
        fingerprint,
        free_port,
        inherited_environment,
        locked,
        make_home,
    )
    from .variant import USUAL, Variant
else:  # run as a script
    sys.dont_write_bytecode = True  # nothing is written beside the script
    from programs import (  # type: ignore[import-not-found,no-redef]
        HERE,
        HOME,
        Program,
        SandboxError,
        build_once,
        call,
        check_python,
        fingerprint,
        free_port,
        inherited_environment,
        locked,
        make_home,
    )
    from variant import USUAL, Variant  # type: ignore[import-not-found,no-redef]

# One process with several threads. All limits, of a chunk's size too, are uWSGI's defaults: many clouds have them.
UWSGI_OPTIONS = [
    *("--threads", "8"),
    *("--enable-threads",),  # for those that Glance imports in
    *("--need-app",),  # an application that does not load ends the server
    *("--die-on-term",),
    *("--honour-stdin",),  # serve.py ends the server when its standard input ends
    *("--tcp-nodelay",),
    *("--add-header", "Connection: close"),  # as OpenStack's guides have it: uWSGI closes each connection
    *("--disable-logging",),  # serve.py writes the log of the requests
]
# In the template's catalogue; the real addresses are filled in when a sandbox starts.
KEYSTONE_PLACEHOLDER = "http://keystone.invalid"
GLANCE_PLACEHOLDER = "http://glance.invalid"
SECOND_GLANCE_PLACEHOLDER = "http://glance-of-region-two.invalid"
# What else is in HOME begins with one of these.
RESERVED = ("control-", "run-", "template-", "venv-")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")
CHEAP_ROUNDS = 4
PASSWORD_ROUNDS = int(os.environ.get("GLANCE_SANDBOX_PASSWORD_ROUNDS") or CHEAP_ROUNDS)
REQUESTS_LOGS = {"glance": "requests.jsonl", "keystone": "keystone-requests.jsonl"}
USERS = {"admin": "admin", "alice": "alpha", "bob": "beta"}


def keystone_conf(variant: Variant, password_rounds: int) -> str:
    state = variant.state
    return f"""
[DEFAULT]
log_file = {state}/keystone.log
use_stderr = false
[database]
connection = {variant.database_url("keystone")}
[token]
provider = fernet
[fernet_tokens]
key_repository = {state}/fernet-keys
[fernet_receipts]
key_repository = {state}/fernet-keys
[credential]
key_repository = {state}/credential-keys
[identity]
# bcrypt's default of 12 rounds costs 0.4 s a password: real, and of use to a benchmark, but to no test.
password_hash_rounds = {password_rounds}
[cache]
enabled = true
backend = dogpile.cache.memory
[oslo_policy]
enforce_new_defaults = true
{variant.keystone_options()}"""


def glance_conf(variant: Variant, keystone_url: str, glance_url: str, password: str) -> str:
    state = variant.state
    return f"""
[DEFAULT]
log_file = {state}/glance.log
use_stderr = false
enabled_backends = fast:file, cheap:file
enabled_import_methods = [glance-direct,web-download,copy-image,glance-download]
worker_self_reference_url = {glance_url}
[database]
connection = {variant.database_url("glance")}
[glance_store]
default_backend = fast
[fast]
filesystem_store_datadir = {state}/store-fast
[cheap]
filesystem_store_datadir = {state}/store-cheap
[os_glance_staging_store]
filesystem_store_datadir = {state}/staging
[os_glance_tasks_store]
filesystem_store_datadir = {state}/tasks
[import_filtering_opts]
# web-download and glance-download refuse loopback addresses that are not named here.
allowed_hosts = [127.0.0.1]
allowed_ports = []
disallowed_ports = []
[paste_deploy]
flavor = keystone
config_file = {state}/glance-api-paste.ini
[oslo_policy]
enforce_new_defaults = true
[keystone_authtoken]
www_authenticate_uri = {keystone_url}
auth_url = {keystone_url}
auth_type = password
username = glance
password = {password}
project_name = service
user_domain_id = default
project_domain_id = default
{variant.glance_options()}"""


def http_ready(url: str) -> bool:
    try:
        urllib.request.urlopen(url, timeout=5).close()
    except urllib.error.HTTPError as error:
        return error.code == 300  # Glance's and Keystone's version lists
    except OSError:
        return False
    return True


class Service:
    """One served application on a free loopback port.

    :param output: name of the file that holds what it prints, if several of one service run in one sandbox.
    """

    def __init__(self, name: str, variant: Variant, output: str | None = None) -> None:
        self.name = name
        self.output = f"{output or name}.out"
        self._variant = variant
        self._socket = free_port()
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._program = Program(name, ends_with_stdin=True)

    def start(self) -> None:
        state = self._variant.state
        venv = self._variant.glance_venv if self.name == "glance" else self._variant.keystone_venv
        listening = ("--http-socket", f"fd://{self._socket.fileno()}")
        self._program.start(
            [venv.program("uwsgi"), *UWSGI_OPTIONS, *listening, "--wsgi-file", HERE / "serve.py"],
            *(state / self.output, state / f"{self.name}.log"),
            env={
                **{key: value for key, value in inherited_environment().items() if not key.startswith("OS_")},
                "OS_KEYSTONE_CONFIG_FILES": f"{state}/keystone.conf",
                "OS_GLANCE_CONFIG_DIR": str(state),
                "SANDBOX_SERVICE": self.name,
                "SANDBOX_REQUESTS_LOG": str(state / REQUESTS_LOGS[self.name]),
                "PYTHONWARNINGS": "ignore",
            },
            sockets=[self._socket],
        )

    def wait(self) -> None:
        self._program.wait_until(lambda: http_ready(self.url))

    def stop(self) -> None:
        self._socket.close()
        self._program.stop()


def identity_call(url: str, token: str | None, method: str, path: str, body: t.Any) -> tuple[t.Any, t.Any]:
    request = urllib.request.Request(
        f"{url}/v3{path}",
        method=method,
        data=json.dumps(body).encode() if body else None,
        headers={"Content-Type": "application/json", **({"X-Auth-Token": token} if token else {})},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        text = answer.read()
        return (json.loads(text) if text else None), answer.headers


def admin_token(url: str, passwords: dict[str, str]) -> str:
    user = {"name": "admin", "domain": {"id": "default"}, "password": passwords["admin"]}
    project = {"name": "admin", "domain": {"id": "default"}}
    _body, headers = identity_call(
        url,
        None,
        "POST",
        "/auth/tokens",
        {"auth": {"identity": {"methods": ["password"], "password": {"user": user}}, "scope": {"project": project}}},
    )
    return str(headers["X-Subject-Token"])


def hash_passwords_again(url: str, passwords: dict[str, str]) -> None:
    """Set all passwords to what they are: the template's are hashed cheaply."""
    token = admin_token(url, passwords)
    body, _headers = identity_call(url, token, "GET", "/users", None)
    # The administrator last: a new password withdraws the tokens that were got with the one before.
    for user in sorted(body["users"], key=lambda user: user["name"] == "admin"):
        identity_call(url, token, "PATCH", f"/users/{user['id']}", {"user": {"password": passwords[user["name"]]}})


def fill_keystone(url: str, passwords: dict[str, str]) -> None:
    """Make the projects, the users and the image service of the sandbox."""
    token = admin_token(url, passwords)

    def make(kind: str, **attributes: t.Any) -> str:
        body, _headers = identity_call(url, token, "POST", f"/{kind}s", {kind: attributes})
        return str(body[kind]["id"])

    body, _headers = identity_call(url, token, "GET", "/roles", None)
    roles = {role["name"]: role["id"] for role in body["roles"]}
    for name, project_name, role_names in (
        ("glance", "service", ("service", "admin")),
        ("alice", "alpha", ("member",)),
        ("bob", "beta", ("member",)),
    ):
        project_id = make("project", name=project_name, domain_id="default")
        user_id = make("user", name=name, domain_id="default", password=passwords[name])
        for role in role_names:
            role_id = roles.get(role) or roles.setdefault(role, make("role", name=role))
            identity_call(url, token, "PUT", f"/projects/{project_id}/users/{user_id}/roles/{role_id}", None)
    service_id = make("service", type="image", name="glance")
    for interface in ("public", "internal", "admin"):
        make("endpoint", service_id=service_id, interface=interface, region_id="RegionOne", url=GLANCE_PLACEHOLDER)
    # A second region, for glance-download: the same Glance once more.
    make("region", id="RegionTwo")
    make("endpoint", service_id=service_id, interface="public", region_id="RegionTwo", url=SECOND_GLANCE_PLACEHOLDER)


def build_template(variant: Variant) -> None:
    """The state that each sandbox begins with: both databases, the keys, the projects and users."""
    print("sandbox: preparing the databases (once)", file=sys.stderr, flush=True)
    folder = variant.state
    folder.mkdir(mode=0o700, parents=True)  # HOME may have been there before, for all to read
    passwords = {name: secrets.token_hex(16) for name in (*USERS, "glance")}
    (folder / "passwords.json").write_text(json.dumps(passwords))
    # Older releases look for it beside their configuration, and only there.
    shutil.copy(variant.glance_venv.folder / "etc" / "glance" / "glance-api-paste.ini", folder)
    (folder / "keystone.conf").write_text(keystone_conf(variant, CHEAP_ROUNDS))
    (folder / "glance-api.conf").write_text(glance_conf(variant, "http://unused", "http://unused", "unused"))
    keystone_manage: list[str | pathlib.Path] = [
        *(variant.keystone_venv.program("keystone-manage"), "--config-file"),
        folder / "keystone.conf",
    ]
    for repository in ("fernet-keys", "credential-keys"):
        # What 'keystone-manage fernet_setup' does, which takes five seconds: a staged key, 0, and the primary one, 1.
        (folder / repository).mkdir(mode=0o700)
        for key in "01":
            (folder / repository / key).write_bytes(base64.urlsafe_b64encode(secrets.token_bytes(32)))
    keystone = Service("keystone", variant)
    try:
        variant.start_database(new=True)
        call(*keystone_manage, "db_sync")
        call(
            *keystone_manage,
            "bootstrap",
            *("--bootstrap-region-id", "RegionOne"),
            *("--bootstrap-public-url", KEYSTONE_PLACEHOLDER),
            *("--bootstrap-internal-url", KEYSTONE_PLACEHOLDER),
            env={"OS_BOOTSTRAP_PASSWORD": passwords["admin"]},
        )
        glance_manage = (variant.glance_venv.program("glance-manage"), "--config-file", folder / "glance-api.conf", "db")
        call(*glance_manage, "sync")
        call(*glance_manage, "load_metadefs", variant.glance_venv.folder / "etc" / "glance" / "metadefs")
        keystone.start()
        keystone.wait()
        fill_keystone(keystone.url, passwords)
    finally:
        keystone.stop()
        variant.stop()
    variant.finish_databases()
    for left_over in ("keystone.log", "glance.log", "keystone.out", *REQUESTS_LOGS.values()):
        (folder / left_over).unlink(missing_ok=True)


def template(kind: type[Variant]) -> pathlib.Path:
    files = (
        *(kind.keystone_venv.lock_file, kind.glance_venv.lock_file, pathlib.Path(inspect.getfile(kind))),
        *(HERE / name for name in ("sandbox.py", "serve.py", "variant.py", "programs.py")),
    )
    return HOME / f"template-{kind.name}-{fingerprint(*files)}"


def install(kind: type[Variant] = Variant) -> None:
    check_python()
    kind(HOME).check_programs()
    for venv in (USUAL, kind.keystone_venv, kind.glance_venv):
        venv.install()
    build_once(template(kind), lambda folder: build_template(kind(folder)))


def clouds_yaml(keystone_url: str, passwords: dict[str, str], ca_file: str) -> str:
    lines = ["# The clouds of this sandbox; gone when it stops.", "clouds:"]
    for user, project in USERS.items():
        lines += [
            f"  {user}:",
            "    auth_type: password",
            "    region_name: RegionOne",
            *([f"    cacert: {ca_file}"] if ca_file else []),
            "    auth:",
            f"      auth_url: {keystone_url}/v3",
            f"      username: {user}",
            f"      password: {passwords[user]}",
            f"      project_name: {project}",
            "      user_domain_id: default",
            "      project_domain_id: default",
        ]
    return "\n".join(lines) + "\n"


class Sandbox:
    """A Keystone and a Glance, with all that they have in the folder of the variant."""

    def __init__(self, variant: Variant) -> None:
        self.variant = variant
        self.keystone = Service("keystone", variant)
        self.glance = Service("glance", variant)
        self._addresses: dict[str, str] = {}

    def start(self) -> None:
        variant, state, keystone, glance = self.variant, self.variant.state, self.keystone, self.glance
        shutil.copytree(template(type(variant)), state)
        passwords = json.loads((state / "passwords.json").read_text())
        for folder in ("store-fast", "store-cheap", "staging", "tasks"):
            (state / folder).mkdir()
        variant.start_database()
        variant.start_store()
        self._addresses = variant.start_proxy(keystone.url, glance.url)
        public_keystone, public_glance = self._addresses["public_keystone_url"], self._addresses["public_glance_url"]
        (state / "keystone.conf").write_text(keystone_conf(variant, PASSWORD_ROUNDS))
        (state / "glance-api.conf").write_text(glance_conf(variant, keystone.url, glance.url, passwords["glance"]))
        if variant.import_options():
            (state / "glance-image-import.conf").write_text(variant.import_options())
        variant.set_endpoints(
            {
                GLANCE_PLACEHOLDER: public_glance,
                KEYSTONE_PLACEHOLDER: f"{public_keystone}/v3",
                # Glance itself fetches from there, and knows no authority of the variant's.
                SECOND_GLANCE_PLACEHOLDER: glance.url,
            }
        )
        ca_file = str(state / variant.ca_file) if variant.ca_file else ""
        (state / "clouds.yaml").write_text(clouds_yaml(public_keystone, passwords, ca_file))
        for log in REQUESTS_LOGS.values():
            (state / log).touch()
        for service in (keystone, glance):
            service.start()

    def wait(self) -> None:
        """Until it can be used; that is when there is a sandbox.json."""
        state = self.variant.state
        for service in (self.keystone, self.glance):
            service.wait()
        if PASSWORD_ROUNDS != CHEAP_ROUNDS:
            hash_passwords_again(self.keystone.url, json.loads((state / "passwords.json").read_text()))
        facts = {
            "keystone_url": self.keystone.url,
            "glance_url": self.glance.url,
            **self._addresses,
            "clouds_yaml": str(state / "clouds.yaml"),
            "requests_log": str(state / REQUESTS_LOGS["glance"]),
            "keystone_requests_log": str(state / REQUESTS_LOGS["keystone"]),
            "variant": self.variant.name,
            "versions": self.variant.versions(),
        }
        (state / "sandbox.json").write_text(json.dumps(facts, indent=2))

    def stop(self) -> None:
        self.glance.stop()
        self.keystone.stop()
        self.variant.stop()
        shutil.rmtree(self.variant.state, ignore_errors=True)


@contextlib.contextmanager
def running(kind: type[Variant], *states: pathlib.Path) -> t.Iterator[None]:
    """Sandboxes in these folders, which start side by side."""
    install(kind)
    with contextlib.ExitStack() as stack:
        sandboxes = [Sandbox(kind(state)) for state in states]
        for sandbox in sandboxes:
            stack.callback(sandbox.stop)
            sandbox.start()
        for sandbox in sandboxes:
            sandbox.wait()
        yield


def on_signals(handler: t.Any) -> None:
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, handler)


def raise_exit(number: int, _frame: t.Any) -> None:
    raise SystemExit(128 + number)


def run(command: list[str], number: int, kind: type[Variant]) -> int:
    on_signals(raise_exit)
    install(kind)
    with tempfile.TemporaryDirectory(prefix="run-", dir=HOME) as folder:
        states = [pathlib.Path(folder) / f"state-{each}" for each in range(number)]
        with running(kind, *states):
            process = subprocess.Popen(
                command,
                env={
                    **os.environ,
                    "OS_CLIENT_CONFIG_FILE": str(states[0] / "clouds.yaml"),
                    "GLANCE_SANDBOX": os.pathsep.join(map(str, states)),
                },
            )
            try:
                return process.wait()
            except KeyboardInterrupt:
                # The terminal sent it to the command too: let it clean up first.
                return process.wait()
            except SystemExit:
                process.terminate()
                process.wait()
                raise


def is_running(name: str) -> bool:
    """The keeper of a background sandbox holds its lock as long as it lives."""
    make_home()
    with (HOME / f"{name}.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False


def facts_of(name: str) -> dict[str, t.Any]:
    return t.cast("dict[str, t.Any]", json.loads((HOME / name / "sandbox.json").read_text()))


def can_be_used(name: str) -> bool:
    return (HOME / name / "sandbox.json").is_file() and is_running(name)


def stop_file(name: str) -> pathlib.Path:
    """A named pipe on which the keeper waits until it is to stop: the number of a process could be another's by now."""
    return HOME / f"{name}.stop"


def keep(name: str) -> int:
    """The background process of ``up``, from which it has the lock."""
    on_signals(raise_exit)
    stop = stop_file(name)
    stop.unlink(missing_ok=True)
    with running(Variant, HOME / name):
        os.mkfifo(stop, mode=0o600)
        stop.open("rb").close()  # that waits until somebody opens it for writing
        stop.unlink(missing_ok=True)
    return 0


def start_keeper(name: str) -> subprocess.Popen[bytes]:
    with locked(name) as lock, (HOME / f"{name}.log").open("wb") as out:
        shutil.rmtree(HOME / name, ignore_errors=True)  # what a killed keeper left; its servers ended with it
        return subprocess.Popen(
            [sys.executable, __file__, "keep", name],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=[lock.fileno()],  # so it has the lock from the beginning, whatever happens to this process
        )


def up(name: str) -> bool:
    """Start it in the background, and wait until it can be used.

    :returns: whether it did not run yet.
    """
    install()
    with locked(f"control-{name}"):
        # An interrupted one may have left a keeper that has not finished starting.
        while is_running(name):
            if can_be_used(name):
                return False
            time.sleep(0.05)
        keeper = start_keeper(name)
        while not can_be_used(name):
            if keeper.poll() is not None:
                log = HOME / f"{name}.log"
                raise SandboxError(f"The sandbox did not start:\n{log.read_text(errors='replace')}")
            time.sleep(0.05)
    return True


def down(name: str) -> bool:
    """Stop it and remove its data.

    :returns: whether there was something to stop or to remove.
    """
    make_home()
    with locked(f"control-{name}"):
        was_running = is_running(name)
        while is_running(name):
            try:
                os.close(os.open(stop_file(name), os.O_WRONLY | os.O_NONBLOCK))
            except OSError as error:
                # There is no pipe, or nobody waits on it: the keeper is still starting, or it stops already.
                if error.errno not in (errno.ENOENT, errno.ENXIO):
                    raise
            time.sleep(0.05)
        was_left = (HOME / name).exists()
        shutil.rmtree(HOME / name, ignore_errors=True)
        (HOME / f"{name}.log").unlink(missing_ok=True)
    return was_running or was_left


def show(name: str, *, changed: bool, as_json: bool) -> int:
    """Say where the sandbox is, if it runs."""
    found = can_be_used(name)
    facts = facts_of(name) if found else {}
    if as_json:
        clouds = {"clouds_yaml": str(HOME / name / "clouds.yaml"), "clouds": list(USERS)}
        left = not found and (HOME / name).exists()
        print(json.dumps({"name": name, "changed": changed, "running": found, "left": left, **clouds, **facts}))
        return 0
    if not found:
        print(f"no sandbox '{name}' is running")
        return 1
    for key, value in facts.items():
        print(f"{key}: {value}")
    print(f"\nexport OS_CLIENT_CONFIG_FILE={facts['clouds_yaml']} GLANCE_SANDBOX={HOME / name}")
    return 0


def run_as_told(words: list[str], kinds: dict[str, type[Variant]]) -> int:
    parser = argparse.ArgumentParser(usage="sandbox.py run [--number NUMBER] [--variant NAME] -- COMMAND")
    parser.add_argument("--number", type=int, default=1, help="of sandboxes")
    parser.add_argument("--variant", choices=list(kinds), default=Variant.name, help="kind of sandbox")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    arguments = parser.parse_args(words)
    command = arguments.command[1:] if arguments.command[:1] == ["--"] else arguments.command
    if not command or arguments.number < 1:
        parser.error("run takes a command, and at least one sandbox")
    return run(command, arguments.number, kinds[arguments.variant])


def in_background(action: str, words: list[str]) -> int:
    parser = argparse.ArgumentParser(usage=f"sandbox.py {action} [--json] [NAME]")
    parser.add_argument("--json", action="store_true", help="print a dictionary")
    parser.add_argument("name", nargs="?", default="shared", help="of the sandbox")
    arguments = parser.parse_args(words)
    name = arguments.name
    if not NAME.fullmatch(name) or name.startswith(RESERVED):
        raise SandboxError(
            f"'{name}' cannot be the name of a sandbox. A name has up to 100 letters, digits, - and _, begins with a letter"
            f" or a digit, and not with {', '.join(RESERVED)}."
        )
    actions: dict[str, t.Callable[[str], bool]] = {"up": up, "down": down}
    changed = actions[action](name) if action in actions else False
    if action == "down" and not arguments.json:
        return 0
    return show(name, changed=changed, as_json=arguments.json)


def main(kinds: dict[str, type[Variant]] | None = None) -> int:
    """Do what the command line says.

    :param kinds: what --variant chooses from, by name; null for the usual one only.
    """
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, usage="sandbox.py ACTION ..."
    )
    parser.add_argument("action", choices=["install", "run", "up", "status", "down", "keep"])
    parser.add_argument("rest", nargs=argparse.REMAINDER, help="the name of the sandbox, or what run takes")
    arguments = parser.parse_args()
    action, rest = arguments.action, arguments.rest
    try:
        if action == "run":
            return run_as_told(rest, kinds or {Variant.name: Variant})
        if action == "install":
            install()
            return 0
        if action == "keep":
            return keep(*rest)
        return in_background(action, rest)
    except SandboxError as error:
        print(f"sandbox: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
