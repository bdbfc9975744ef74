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

COMMAND finds OS_CLIENT_CONFIG_FILE (clouds: admin, alice of project alpha, bob of project beta) and GLANCE_SANDBOX,
the folder with sandbox.json (addresses), requests.jsonl (each request that Glance answered) and
keystone-requests.jsonl (those that Keystone answered, without their bodies). Of several sandboxes GLANCE_SANDBOX holds all
folders, with colons between them, and OS_CLIENT_CONFIG_FILE is the first one's.
Everything lives in .sandbox/ in the checkout, or in the folder that GLANCE_SANDBOX_HOME names. With
GLANCE_SANDBOX_PASSWORD_ROUNDS=12 a login costs what it does in a cloud.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import fcntl
import hashlib
import json
import os
import pathlib
import secrets
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import typing as t
import urllib.error
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
HOME = pathlib.Path(os.environ.get("GLANCE_SANDBOX_HOME") or HERE.parents[1] / ".sandbox").resolve()
VENV = HOME / "venv"
TEMPLATE = HOME / "template"
LOCK_FILE = HERE / "requirements.txt"
START_TIMEOUT = 60.0
# simplegeneric is pure Python and was only ever published as source; all else comes as wheels: no compiler is needed.
INSTALL_OPTIONS = ["--only-binary", ":all:", "--no-binary", "simplegeneric", "-r", str(LOCK_FILE)]
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
RESERVED = (VENV.name, TEMPLATE.name)
CHEAP_ROUNDS = 4
PASSWORD_ROUNDS = int(os.environ.get("GLANCE_SANDBOX_PASSWORD_ROUNDS") or CHEAP_ROUNDS)
REQUESTS_LOGS = {"glance": "requests.jsonl", "keystone": "keystone-requests.jsonl"}
USERS = {"admin": "admin", "alice": "alpha", "bob": "beta"}


class SandboxError(Exception):
    """Something that the person at the terminal has to know."""


def fingerprint(*files: pathlib.Path) -> str:
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def call(*command: str | os.PathLike[str], env: dict[str, str] | None = None) -> None:
    """Run a command; its output is shown only when it fails."""
    # What the caller constrains is the caller's environment, not this one.
    inherited = {key: value for key, value in os.environ.items() if key not in ("PIP_CONSTRAINT", "UV_CONSTRAINT")}
    done = subprocess.run(
        [os.fspath(word) for word in command],
        env={**inherited, **(env or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SandboxError(f"'{' '.join(str(word) for word in command)}' exited {done.returncode}:\n{done.stdout}")


@contextlib.contextmanager
def locked(name: str) -> t.Iterator[None]:
    """Hold HOME/name.lock: two sandboxes that start at once must not build the same folder."""
    HOME.mkdir(parents=True, exist_ok=True)
    with (HOME / f"{name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def build_once(folder: pathlib.Path, stamp: str, build: t.Callable[[pathlib.Path], None]) -> None:
    """Make ``folder`` with ``build``, unless it was made with the same stamp and to the end."""
    stamp_file = folder / "stamp"
    with locked(folder.name):
        if stamp_file.is_file() and stamp_file.read_text() == stamp:
            return
        shutil.rmtree(folder, ignore_errors=True)
        build(folder)
        stamp_file.write_text(stamp)


def build_venv(folder: pathlib.Path) -> None:
    if sys.version_info < (3, 11):
        raise SandboxError(f"Glance needs Python 3.11 or newer; {sys.executable} is {sys.version.split()[0]}.")
    print("sandbox: installing Keystone and Glance (once)", file=sys.stderr, flush=True)
    uv = shutil.which("uv", path=os.pathsep.join([str(pathlib.Path(sys.executable).parent), os.environ["PATH"]]))
    if uv:
        call(uv, "venv", "--quiet", "--python", sys.executable, folder)
    else:
        try:
            call(sys.executable, "-m", "venv", folder)
        except SandboxError as error:
            raise SandboxError(f"{error}\nOn Debian and Ubuntu: apt install python3-venv") from error
        # uv is many times faster; where the index does not have it, pip does the same.
        with contextlib.suppress(SandboxError):
            call(folder / "bin/pip", "install", "--quiet", "--only-binary", ":all:", "uv")
            uv = str(folder / "bin/uv")
    if uv:
        call(uv, "pip", "install", "--quiet", "--python", folder / "bin/python", *INSTALL_OPTIONS)
    else:
        call(folder / "bin/pip", "install", "--quiet", *INSTALL_OPTIONS)


def keystone_conf(state: pathlib.Path, password_rounds: int) -> str:
    return f"""
[DEFAULT]
log_file = {state}/keystone.log
use_stderr = false
[database]
connection = sqlite:///{state}/keystone.db?timeout=60
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
"""


def glance_conf(state: pathlib.Path, keystone_url: str, glance_url: str, password: str) -> str:
    return f"""
[DEFAULT]
log_file = {state}/glance.log
use_stderr = false
enabled_backends = fast:file, cheap:file
enabled_import_methods = [glance-direct,web-download,copy-image,glance-download]
worker_self_reference_url = {glance_url}
[database]
connection = sqlite:///{state}/glance.db?timeout=60
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
config_file = {VENV}/etc/glance/glance-api-paste.ini
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
"""


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

    def __init__(self, name: str, output: str | None = None) -> None:
        self.name = name
        self.output = f"{output or name}.out"
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, state: pathlib.Path) -> None:
        fd = self.socket.fileno()
        with (state / self.output).open("wb") as out:
            self.process = subprocess.Popen(
                [VENV / "bin/uwsgi", *UWSGI_OPTIONS, "--http-socket", f"fd://{fd}", "--wsgi-file", HERE / "serve.py"],
                env={
                    **{key: value for key, value in os.environ.items() if not key.startswith("OS_")},
                    "OS_KEYSTONE_CONFIG_FILES": f"{state}/keystone.conf",
                    "OS_GLANCE_CONFIG_DIR": str(state),
                    "SANDBOX_SERVICE": self.name,
                    "SANDBOX_REQUESTS_LOG": str(state / REQUESTS_LOGS[self.name]),
                    "PYTHONWARNINGS": "ignore",
                },
                pass_fds=[fd],
                stdin=subprocess.PIPE,  # the server ends when this pipe does
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is for the command in the sandbox; the sandbox is stopped after it
            )
        self.socket.close()

    def wait(self, state: pathlib.Path) -> None:
        assert self.process
        deadline = time.monotonic() + START_TIMEOUT
        while not http_ready(self.url):
            if self.process.poll() is not None or time.monotonic() > deadline:
                tail = "".join(
                    "".join((state / file).read_text(errors="replace").splitlines(keepends=True)[-30:])
                    for file in (self.output, f"{self.name}.log")
                    if (state / file).exists()
                )
                raise SandboxError(f"{self.name} did not start. The end of its logs:\n{tail}")
            time.sleep(0.05)

    def stop(self) -> None:
        self.socket.close()
        if self.process:
            assert self.process.stdin
            self.process.stdin.close()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


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
    make("endpoint", service_id=service_id, interface="public", region_id="RegionTwo", url=GLANCE_PLACEHOLDER)


def build_template(folder: pathlib.Path) -> None:
    """The state that each sandbox begins with: both databases, the keys, the projects and users."""
    print("sandbox: preparing the databases (once)", file=sys.stderr, flush=True)
    folder.mkdir(parents=True)
    passwords = {name: secrets.token_hex(16) for name in (*USERS, "glance")}
    (folder / "passwords.json").write_text(json.dumps(passwords))
    (folder / "keystone.conf").write_text(keystone_conf(folder, CHEAP_ROUNDS))
    (folder / "glance-api.conf").write_text(glance_conf(folder, "http://unused", "http://unused", "unused"))
    keystone_manage: list[str | pathlib.Path] = [VENV / "bin/keystone-manage", "--config-file", folder / "keystone.conf"]
    for repository in ("fernet-keys", "credential-keys"):
        # What 'keystone-manage fernet_setup' does, which takes five seconds: a staged key, 0, and the primary one, 1.
        (folder / repository).mkdir(mode=0o700)
        for key in "01":
            (folder / repository / key).write_bytes(base64.urlsafe_b64encode(secrets.token_bytes(32)))
    call(*keystone_manage, "db_sync")
    call(
        *keystone_manage,
        "bootstrap",
        *("--bootstrap-region-id", "RegionOne"),
        *("--bootstrap-public-url", KEYSTONE_PLACEHOLDER),
        *("--bootstrap-internal-url", KEYSTONE_PLACEHOLDER),
        env={"OS_BOOTSTRAP_PASSWORD": passwords["admin"]},
    )
    call(VENV / "bin/glance-manage", "--config-file", folder / "glance-api.conf", "db", "sync")
    keystone = Service("keystone")
    try:
        keystone.start(folder)
        keystone.wait(folder)
        fill_keystone(keystone.url, passwords)
    finally:
        keystone.stop()
    for name in ("keystone", "glance"):
        with contextlib.closing(sqlite3.connect(folder / f"{name}.db")) as database:
            database.execute("PRAGMA journal_mode = WAL")  # readers and a writer do not wait for each other
    for left_over in ("keystone.log", "glance.log", "keystone.out", *REQUESTS_LOGS.values()):
        (folder / left_over).unlink(missing_ok=True)


def install() -> None:
    build_once(VENV, fingerprint(LOCK_FILE), build_venv)
    build_once(TEMPLATE, fingerprint(LOCK_FILE, HERE / "sandbox.py", HERE / "serve.py"), build_template)


def clouds_yaml(keystone_url: str, passwords: dict[str, str]) -> str:
    lines = ["# The clouds of this sandbox; gone when it stops.", "clouds:"]
    for user, project in USERS.items():
        lines += [
            f"  {user}:",
            "    auth_type: password",
            "    region_name: RegionOne",
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
    """A Keystone and a Glance, with all that they have in the folder ``state``."""

    def __init__(self, state: pathlib.Path) -> None:
        self.state = state
        self.keystone = Service("keystone")
        self.glance = Service("glance")

    def start(self) -> None:
        state, keystone, glance = self.state, self.keystone, self.glance
        shutil.copytree(TEMPLATE, state)
        passwords = json.loads((state / "passwords.json").read_text())
        for folder in ("store-fast", "store-cheap", "staging", "tasks"):
            (state / folder).mkdir()
        (state / "keystone.conf").write_text(keystone_conf(state, PASSWORD_ROUNDS))
        (state / "glance-api.conf").write_text(glance_conf(state, keystone.url, glance.url, passwords["glance"]))
        with contextlib.closing(sqlite3.connect(state / "keystone.db")) as database:
            for placeholder, url in ((GLANCE_PLACEHOLDER, glance.url), (KEYSTONE_PLACEHOLDER, f"{keystone.url}/v3")):
                database.execute("UPDATE endpoint SET url = ? WHERE url = ?", (url, placeholder))
            database.commit()
        (state / "clouds.yaml").write_text(clouds_yaml(keystone.url, passwords))
        for log in REQUESTS_LOGS.values():
            (state / log).touch()
        for service in (keystone, glance):
            service.start(state)

    def wait(self) -> None:
        """Until it can be used; that is when there is a sandbox.json."""
        for service in (self.keystone, self.glance):
            service.wait(self.state)
        if PASSWORD_ROUNDS != CHEAP_ROUNDS:
            hash_passwords_again(self.keystone.url, json.loads((self.state / "passwords.json").read_text()))
        facts = {
            "keystone_url": self.keystone.url,
            "glance_url": self.glance.url,
            "clouds_yaml": str(self.state / "clouds.yaml"),
            "requests_log": str(self.state / REQUESTS_LOGS["glance"]),
            "keystone_requests_log": str(self.state / REQUESTS_LOGS["keystone"]),
        }
        (self.state / "sandbox.json").write_text(json.dumps(facts, indent=2))

    def stop(self) -> None:
        self.glance.stop()
        self.keystone.stop()
        shutil.rmtree(self.state, ignore_errors=True)


@contextlib.contextmanager
def running(*states: pathlib.Path) -> t.Iterator[None]:
    """Sandboxes in these folders, which start side by side."""
    install()
    with contextlib.ExitStack() as stack:
        sandboxes = [Sandbox(state) for state in states]
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


def run(command: list[str], number: int) -> int:
    on_signals(raise_exit)
    install()
    with tempfile.TemporaryDirectory(prefix="run-", dir=HOME) as folder:
        states = [pathlib.Path(folder) / f"state-{each}" for each in range(number)]
        with running(*states):
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
    HOME.mkdir(parents=True, exist_ok=True)
    with (HOME / f"{name}.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False


def keep(name: str) -> int:
    """The background process of ``up``."""
    on_signals(raise_exit)
    with locked(name), running(HOME / name):
        signal.pause()
    return 0


def up(name: str) -> int:
    install()
    if not is_running(name):
        shutil.rmtree(HOME / name, ignore_errors=True)  # what a killed keeper left; its servers ended with it
        log = HOME / f"{name}.log"
        with log.open("wb") as out:
            keeper = subprocess.Popen(
                [sys.executable, __file__, "keep", name],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        (HOME / f"{name}.pid").write_text(str(keeper.pid))
        while not (HOME / name / "sandbox.json").exists():
            if keeper.poll() is not None:
                raise SandboxError(f"The sandbox did not start:\n{log.read_text(errors='replace')}")
            time.sleep(0.05)
    return status(name)


def down(name: str) -> int:
    if is_running(name):
        os.kill(int((HOME / f"{name}.pid").read_text()), signal.SIGTERM)
        with locked(name):  # free again once all is stopped and removed
            pass
    return 0


def status(name: str) -> int:
    if not is_running(name):
        print(f"no sandbox '{name}' is running")
        return 1
    facts = json.loads((HOME / name / "sandbox.json").read_text())
    for key, value in facts.items():
        print(f"{key}: {value}")
    print(f"\nexport OS_CLIENT_CONFIG_FILE={facts['clouds_yaml']} GLANCE_SANDBOX={HOME / name}")
    return 0


def run_as_told(words: list[str]) -> int:
    parser = argparse.ArgumentParser(usage="sandbox.py run [--number NUMBER] -- COMMAND")
    parser.add_argument("--number", type=int, default=1, help="of sandboxes")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    arguments = parser.parse_args(words)
    command = arguments.command[1:] if arguments.command[:1] == ["--"] else arguments.command
    if not command or arguments.number < 1:
        parser.error("run takes a command, and at least one sandbox")
    return run(command, arguments.number)


BACKGROUND = {"up": up, "status": status, "down": down, "keep": keep}


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, usage="sandbox.py ACTION ..."
    )
    parser.add_argument("action", choices=["install", "run", *BACKGROUND])
    parser.add_argument("rest", nargs=argparse.REMAINDER, help="the name of the sandbox, or what run takes")
    arguments = parser.parse_args()
    rest = arguments.rest
    try:
        if arguments.action == "run":
            return run_as_told(rest)
        if arguments.action == "install":
            install()
            return 0
        if len(rest) > 1 or any(not name.isalnum() or name in RESERVED for name in rest):
            parser.error(f"{arguments.action} takes at most the name of a sandbox, of letters and digits")
        return BACKGROUND[arguments.action](rest[0] if rest else "shared")
    except SandboxError as error:
        print(f"sandbox: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
