# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The kinds of sandbox that only the tests need: with another Glance, database or store, or with something before it."""

from __future__ import annotations

import contextlib
import getpass
import pathlib
import re
import shutil
import socket
import typing as t

if __package__:
    from ansible_collections.cloudimage.glance.roles.glance_sandbox.files.programs import (
        Program,
        SandboxError,
        Venv,
        call,
        free_port,
    )
    from ansible_collections.cloudimage.glance.roles.glance_sandbox.files.variant import USUAL, Variant
else:  # run by sandbox.py as a script
    from programs import Program, SandboxError, Venv, call, free_port  # type: ignore[import-not-found,no-redef]
    from variant import USUAL, Variant  # type: ignore[import-not-found,no-redef]

HERE = pathlib.Path(__file__).resolve().parent
# Debian keeps servers here, where a user's PATH does not look.
SYSTEM_PROGRAMS = "/usr/local/sbin:/usr/sbin:/sbin"


def system_program(name: str) -> str:
    """The path of a program that the system has."""
    found = shutil.which(name) or shutil.which(name, path=SYSTEM_PROGRAMS)
    assert found, name
    return found


def connects(family: socket.AddressFamily, address: t.Any) -> bool:
    with contextlib.suppress(OSError), socket.socket(family) as connection:
        connection.connect(address)
        return True
    return False


class WithPrograms(Variant):
    """A sandbox that needs programs of the system.

    :cvar programs: these programs, and the Debian packages that bring them.
    """

    programs: t.ClassVar[dict[str, str]] = {}

    def check_programs(self) -> None:
        for program, package in self.programs.items():
            if not (shutil.which(program) or shutil.which(program, path=SYSTEM_PROGRAMS)):
                raise SandboxError(
                    f"The sandbox '{self.name}' needs {program}. On Debian and Ubuntu: apt-get install {package}"
                )


class Glance28(Variant):
    """The release 2024.1."""

    name = "glance-28"
    # netifaces, which it needs, has no wheel for this Python: a C compiler is needed.
    glance_venv = Venv("venv-glance-28", HERE / "requirements-glance-28.txt", "3.11", ())

    def glance_options(self) -> str:
        return "[oslo_policy]\nenforce_new_defaults = false\n"


class Glance22(Variant):
    """The release Wallaby, of 2021. It has no glance-download."""

    name = "glance-22"
    glance_venv = Venv("venv-glance-22", HERE / "requirements-glance-22.txt", "3.8", ())

    def glance_options(self) -> str:
        return """
[oslo_policy]
enforce_new_defaults = false
[DEFAULT]
enabled_import_methods = [glance-direct,web-download,copy-image]
"""


class MariaDb(WithPrograms):
    """Both services keep their data in MariaDB."""

    name = "mariadb"
    keystone_venv = glance_venv = Venv("venv-mariadb", HERE / "requirements-mariadb.txt")
    programs: t.ClassVar[dict[str, str]] = {
        "mariadbd": "mariadb-server",
        "mariadb-install-db": "mariadb-server",
        "mariadb": "mariadb-client",
    }

    def __init__(self, state: pathlib.Path) -> None:
        super().__init__(state)
        self._server = Program("MariaDB")
        self._socket = state / "mariadb.sock"

    def database_url(self, service: str) -> str:
        return f"mysql+pymysql://root@localhost/{service}?unix_socket={self._socket}&charset=utf8"

    def start_database(self, *, new: bool = False) -> None:
        datadir, user = self.state / "mariadb", f"--user={getpass.getuser()}"
        if new:
            arguments = (f"--datadir={datadir}", user, "--skip-test-db", "--auth-root-authentication-method=normal")
            call(system_program("mariadb-install-db"), "--no-defaults", *arguments)
        self._server.start(
            [
                *(system_program("mariadbd"), "--no-defaults", f"--datadir={datadir}", f"--socket={self._socket}", user),
                *("--skip-networking", f"--pid-file={self.state}/mariadb.pid", "--innodb-log-file-size=16M"),
                "--max-connections=500",
            ],
            self.state / "mariadb.out",
        )
        self._server.wait_until(lambda: connects(socket.AF_UNIX, str(self._socket)))
        if new:
            self._sql("CREATE DATABASE keystone CHARACTER SET utf8; CREATE DATABASE glance CHARACTER SET utf8")

    def _sql(self, statements: str) -> str:
        command = (
            system_program("mariadb"),
            "--no-defaults",
            f"--socket={self._socket}",
            "--user=root",
            "--skip-column-names",
        )
        return call(*command, "--execute", statements)

    def finish_databases(self) -> None:
        """Nothing is left to do."""

    def set_endpoints(self, urls: dict[str, str]) -> None:
        for placeholder, url in urls.items():
            self._sql(f"UPDATE keystone.endpoint SET url = '{url}' WHERE url = '{placeholder}'")

    def versions(self) -> dict[str, str]:
        return {**super().versions(), "MariaDB": self._sql("SELECT VERSION()").strip().split("-")[0]}

    def stop(self) -> None:
        self._server.stop()


class Stores(Variant):
    """The store 'fast', which is the default one, is S3, which has no random access; 'cheap' is a folder as ever."""

    name = "stores"
    glance_venv = Venv("venv-stores", HERE / "requirements-stores.txt")

    def __init__(self, state: pathlib.Path) -> None:
        super().__init__(state)
        self._server = Program("S3")
        self._url = ""

    def start_store(self) -> None:
        listening = free_port()
        self._url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        command = (self.glance_venv.program("python"), HERE / "serve_s3.py", str(listening.fileno()))
        self._server.start(command, self.state / "s3.out", sockets=[listening])

    def glance_options(self) -> str:
        return f"""
[DEFAULT]
enabled_backends = fast:s3, cheap:file
[fast]
s3_store_host = {self._url}
s3_store_access_key = sandbox
s3_store_secret_key = sandbox
s3_store_bucket = images
s3_store_create_bucket_on_put = true
s3_store_bucket_url_format = path
"""

    def versions(self) -> dict[str, str]:
        return {**super().versions(), "moto (S3)": self.glance_venv.version_of("moto")}

    def stop(self) -> None:
        self._server.stop()


class Proxy(WithPrograms):
    """nginx before both services. The catalogue has its addresses, which speak TLS and compress everything.

    Of Glance there are more: ``defaults_url``, with all limits as nginx has them by default; ``limited_url``, which takes
    few requests a second; ``gzip_url``, which is like the public one but without TLS.
    """

    name = "proxy"
    programs: t.ClassVar[dict[str, str]] = {"nginx": "nginx-light"}
    ca_file = "ca.pem"

    def __init__(self, state: pathlib.Path) -> None:
        super().__init__(state)
        self._server = Program("nginx")

    def start_proxy(self, keystone_url: str, glance_url: str) -> dict[str, str]:
        make = "import pathlib, sys; from certificates import certificates; certificates(pathlib.Path(sys.argv[1]))"
        call(
            *(USUAL.program("python"), "-c", make, self.state),
            env={"PYTHONPATH": str(HERE.parent / "functional")},
        )
        sockets = {name: free_port() for name in ("keystone", "glance", "defaults", "limited", "gzip")}
        addresses = {name: f"127.0.0.1:{each.getsockname()[1]}" for name, each in sockets.items()}
        (self.state / "nginx.conf").write_text(nginx_conf(self.state, addresses, keystone_url, glance_url))
        # nginx listens on the sockets that it inherits.
        inherited = "".join(f"{each.fileno()};" for each in sockets.values())
        command = ("env", f"NGINX={inherited}", system_program("nginx"), "-p", self.state, "-c", self.state / "nginx.conf")
        self._server.start(
            (*command, "-e", self.state / "nginx.log"),
            *(self.state / "nginx.out", self.state / "nginx.log"),
            sockets=list(sockets.values()),
        )
        host, port = addresses["glance"].split(":")
        self._server.wait_until(lambda: connects(socket.AF_INET, (host, int(port))))
        return {
            "public_keystone_url": f"https://{addresses['keystone']}",
            "public_glance_url": f"https://{addresses['glance']}",
            **{f"{name}_url": f"http://{addresses[name]}" for name in ("defaults", "limited", "gzip")},
        }

    def keystone_options(self) -> str:
        return "[oslo_middleware]\nenable_proxy_headers_parsing = true\n"

    def glance_options(self) -> str:
        # It validates tokens at the address that the catalogue has.
        return f"{self.keystone_options()}[keystone_authtoken]\ncafile = {self.state / self.ca_file}\n"

    def versions(self) -> dict[str, str]:
        printed = call(system_program("nginx"), "-v")
        return {**super().versions(), "nginx": printed.strip().rpartition("/")[2]}

    def stop(self) -> None:
        self._server.stop()


def nginx_conf(state: pathlib.Path, addresses: dict[str, str], keystone_url: str, glance_url: str) -> str:
    tls = f"ssl_certificate {state}/server.pem; ssl_certificate_key {state}/key.pem;"
    compressed = "gzip on; gzip_types *; gzip_proxied any; gzip_min_length 1;"
    # What Glance's operators set for large images.
    streamed = "client_max_body_size 0; proxy_request_buffering off; proxy_buffering off; proxy_http_version 1.1;"
    forwarded = "proxy_set_header Host $http_host; proxy_set_header X-Forwarded-Proto $scheme;"

    def server(name: str, upstream: str, options: str, listen: str = "") -> str:
        return f"""
    server {{
        listen {addresses[name]}{listen};
        {options}
        location / {{ proxy_pass {upstream}; {forwarded} }}
    }}"""

    return f"""
daemon off;
user {getpass.getuser()};
pid {state}/nginx.pid;
error_log {state}/nginx.log;
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_body_temp_path {state}/nginx-bodies;
    proxy_temp_path {state}/nginx-answers;
    fastcgi_temp_path {state}/nginx-fastcgi;
    uwsgi_temp_path {state}/nginx-uwsgi;
    scgi_temp_path {state}/nginx-scgi;
    limit_req_zone $binary_remote_addr zone=requests:1m rate=5r/s;
{server("keystone", keystone_url, f"{tls} {compressed}", " ssl")}
{server("glance", glance_url, f"{tls} {compressed} {streamed}", " ssl")}
{server("defaults", glance_url, "")}
{server("limited", glance_url, "limit_req zone=requests burst=2 nodelay;")}
{server("gzip", glance_url, f"{compressed} {streamed}")}
}}
"""


class Plugins(WithPrograms):
    """Imports are decompressed, converted to raw and given a property."""

    name = "import_plugins"
    programs: t.ClassVar[dict[str, str]] = {"qemu-img": "qemu-utils"}

    def glance_options(self) -> str:
        return f"[wsgi]\npython_interpreter = {self.glance_venv.program('python')}\n"

    def import_options(self) -> str:
        return """
[image_import_opts]
image_import_plugins = [image_decompression,image_conversion,inject_image_metadata]
[image_conversion]
output_format = raw
[inject_metadata_properties]
ignore_user_roles = nobody
inject = injected:yes
"""

    def versions(self) -> dict[str, str]:
        printed = re.search(r"version (\S+)", call("qemu-img", "--version"))
        return {**super().versions(), "qemu-img": printed[1] if printed else "?"}


VARIANTS: dict[str, type[Variant]] = {
    each.name: each for each in (Variant, Glance28, Glance22, MariaDb, Stores, Proxy, Plugins)
}
