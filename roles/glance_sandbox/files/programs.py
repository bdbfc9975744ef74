# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The programs of a sandbox: where they are installed, and how they start and end."""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import hashlib
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import time
import typing as t

HERE = pathlib.Path(__file__).resolve().parent
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser()
HOME = pathlib.Path(os.environ.get("GLANCE_SANDBOX_HOME") or CACHE / "cloudimage.glance").expanduser().resolve()
OLDEST_PYTHON = (3, 11)
START_TIMEOUT = 300.0
# simplegeneric is pure Python and was only ever published as source; all else comes as wheels: no compiler is needed.
WHEELS_ONLY = ("--only-binary", ":all:", "--no-binary", "simplegeneric")


class SandboxError(Exception):
    """Something that the person at the terminal has to know."""


def check_python() -> None:
    if sys.version_info < OLDEST_PYTHON:
        needed = ".".join(map(str, OLDEST_PYTHON))
        raise SandboxError(
            f"The sandbox needs Python {needed} or newer; {sys.executable} is {sys.version.split()[0]}."
            f" Run it with a newer one, for example python{needed}."
        )


def fingerprint(*files: pathlib.Path, also: str = "") -> str:
    """What a folder's name ends with, so that the folder fits these files and what else it depends on."""
    return hashlib.sha256(b"".join(file.read_bytes() for file in files) + also.encode()).hexdigest()[:12]


def inherited_environment() -> dict[str, str]:
    """The caller's environment, without what is not for the sandbox's own programs.

    What the caller constrains are other installations. And where Python may not write bytecode, as in many container images,
    each start would compile all of OpenStack again, which takes 15 seconds.
    """
    left_out = ("PIP_CONSTRAINT", "UV_CONSTRAINT", "PYTHONDONTWRITEBYTECODE")
    return {key: value for key, value in os.environ.items() if key not in left_out}


def call(*command: str | os.PathLike[str], env: dict[str, str] | None = None) -> str:
    """Run a command and return what it prints; it is an error if the command fails."""
    done = subprocess.run(
        [os.fspath(word) for word in command],
        env={**inherited_environment(), **(env or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SandboxError(f"'{' '.join(str(word) for word in command)}' exited {done.returncode}:\n{done.stdout}")
    return done.stdout


def make_home() -> None:
    """Only its owner may read it: it holds passwords."""
    try:
        HOME.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise SandboxError(
            f"The sandbox cannot keep its data in {HOME}: {error.strerror}. Name a folder of yours in GLANCE_SANDBOX_HOME."
        ) from error


@contextlib.contextmanager
def locked(name: str) -> t.Iterator[t.IO[str]]:
    """Hold HOME/name.lock, which is the file that this gives: for what only one process may do at a time."""
    make_home()
    with (HOME / f"{name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file


def build_once(folder: pathlib.Path, build: t.Callable[[pathlib.Path], None]) -> None:
    """Make ``folder`` with ``build``, unless it was made to the end before; then it stays as it is, for sandboxes use it."""
    complete = folder / "complete"
    with locked(folder.name):
        if not complete.is_file():
            shutil.rmtree(folder, ignore_errors=True)
            build(folder)
            complete.touch()


def interpreter(version: str) -> str:
    """The Python of this version, as "3.8": one that is installed, else one for uv to download."""
    if version == f"{sys.version_info[0]}.{sys.version_info[1]}":
        return sys.executable
    pyenv = pathlib.Path(os.environ.get("PYENV_ROOT") or pathlib.Path.home() / ".pyenv")
    for found in (shutil.which(f"python{version}"), *sorted(pyenv.glob(f"versions/{version}.*/bin/python{version}"))):
        # pyenv's shims are there for versions that are not installed or not chosen.
        with contextlib.suppress(SandboxError):
            if found:
                call(found, "-c", "")
                return str(found)
    return version


@dataclasses.dataclass(frozen=True)
class Venv:
    """A virtual environment in HOME, with what a requirements file names.

    :param python: version of Python, as "3.8"; empty for the one that runs this.
    :param options: options for the installation.
    """

    name: str
    lock_file: pathlib.Path
    python: str = ""
    options: tuple[str, ...] = WHEELS_ONLY

    @property
    def folder(self) -> pathlib.Path:
        return HOME / f"{self.name}-{fingerprint(self.lock_file, also=self.python or f'{sys.base_prefix} {sys.version}')}"

    def program(self, name: str) -> pathlib.Path:
        return self.folder / "bin" / name

    def version_of(self, package: str) -> str:
        return (
            next(self.folder.glob(f"lib/python*/site-packages/{package}-*.dist-info"))
            .name.split("-")[1]
            .removesuffix(".dist")
        )

    def install(self) -> None:
        build_once(self.folder, self._build)

    def _build(self, folder: pathlib.Path) -> None:
        print(f"sandbox: installing {self.lock_file.name} (once)", file=sys.stderr, flush=True)
        uv = shutil.which("uv", path=os.pathsep.join([str(pathlib.Path(sys.executable).parent), os.environ["PATH"]]))
        if self.python and not uv:
            raise SandboxError(f"uv is needed for a sandbox with Python {self.python}: pip install uv")
        if self.python:
            python = interpreter(self.python)
            try:
                call(str(uv), "venv", "--quiet", "--python", python, folder)
            except SandboxError as error:
                raise SandboxError(
                    f"{error}\nThis sandbox needs Python {self.python}, and uv cannot download it here."
                    f" Install it: uv python install {self.python}, or pyenv install {self.python}."
                ) from error
        elif uv:
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
        self._install_packages(folder, uv)

    def _install_packages(self, folder: pathlib.Path, uv: str | None) -> None:
        pip = folder / "bin/pip"
        commands: list[tuple[str | pathlib.Path, ...]] = []
        if uv:
            commands.append((uv, "pip", "install", "--quiet", "--python", folder / "bin/python"))
        if pip.exists():
            # pip reads a configuration that uv does not: its index may be another one.
            commands.append((pip, "install", "--quiet"))
        failures = []
        for command in commands:
            try:
                call(*command, *self.options, "-r", self.lock_file)
            except SandboxError as error:
                failures.append(str(error))
            else:
                return
        version = self.python or f"{sys.version_info[0]}.{sys.version_info[1]}"
        raise SandboxError(
            "\n".join(failures)
            + "\nThe sandbox's Python packages could not be installed. The first start needs a package index"
            f" that can be reached and that has the packages for Python {version}. UV_DEFAULT_INDEX and PIP_INDEX_URL name"
            " another index than pypi.org. Later starts need none."
        )


def free_port() -> socket.socket:
    """A listening socket on a free loopback port; the server inherits it, so no other process can take the port."""
    return socket.create_server(("127.0.0.1", 0))


class Program:
    """A program of a sandbox; whatever happens to the process that started it, it ends too.

    :param ends_with_stdin: whether the program itself ends when its standard input does.
    """

    def __init__(self, name: str, *, ends_with_stdin: bool = False) -> None:
        self.name = name
        self._ends_with_stdin = ends_with_stdin
        self._process: subprocess.Popen[bytes] | None = None
        self._logs: tuple[pathlib.Path, ...] = ()

    def start(
        self,
        command: t.Sequence[str | os.PathLike[str]],
        *logs: pathlib.Path,
        env: dict[str, str] | None = None,
        sockets: t.Sequence[socket.socket] = (),
    ) -> None:
        """Start it.

        :param logs: the file for what it prints, and those that it writes itself.
        :param env: its whole environment; null for that of this process.
        :param sockets: what it inherits; closed here.
        """
        self._logs = logs
        keeper = [] if self._ends_with_stdin else [sys.executable, str(HERE / "until_stdin_ends.py")]
        with logs[0].open("wb") as out:
            self._process = subprocess.Popen(
                [*keeper, *command],
                env=env,
                pass_fds=[each.fileno() for each in sockets],
                stdin=subprocess.PIPE,  # the program ends when this pipe does
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is for the command in the sandbox; the sandbox is stopped after it
            )
        for each in sockets:
            each.close()

    def wait_until(self, ready: t.Callable[[], bool]) -> None:
        assert self._process
        deadline = time.monotonic() + START_TIMEOUT
        while not ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                tail = "".join(
                    "".join(file.read_text(errors="replace").splitlines(keepends=True)[-30:])
                    for file in self._logs
                    if file.exists()
                )
                raise SandboxError(f"{self.name} did not start. The end of its logs:\n{tail}")
            time.sleep(0.05)

    def stop(self) -> None:
        if self._process:
            assert self._process.stdin
            self._process.stdin.close()
            try:
                self._process.wait(30)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
