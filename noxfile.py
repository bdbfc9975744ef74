# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""All checks and tests.

``nox -l`` lists them, ``nox`` runs those of ``make test``, ``nox -Rs NAME`` runs one again quickly.
"""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import shutil
import signal
import sys
import tempfile
import time
import typing as t

import antsibull_nox
import nox

ROOT = pathlib.Path(__file__).resolve().parent
SANDBOX = ROOT / "tests" / "sandbox" / "sandbox.py"
CONSTRAINTS = str(ROOT / "tests" / "requirements" / "sessions.txt")
UNITS = ["jsonschema", "oslo.utils>=7.3.0", "pytest", "requests-mock", "zstandard"]
FUNCTIONAL = [*UNITS, "ansible-runner", "hypothesis", "pytest-xdist", "rackspaceauth", "uv"]
OLDEST_SDK = "openstacksdk==1.5.0"
# The supported versions of ansible-core that run on this Python: 2.17 needs one before 3.13, 2.20 and newer need 3.12.
CORES = [
    *(["2.17"] if sys.version_info < (3, 13) else []),
    *("2.18", "2.19"),
    *(["2.20", "2.21"] if sys.version_info >= (3, 12) else []),
]

nox.options.default_venv_backend = "uv|virtualenv"
nox.options.error_on_missing_interpreters = True

# Every session, antsibull-nox's own too, installs the locked versions and nothing else.
os.environ["PIP_CONSTRAINT"] = os.environ["UV_CONSTRAINT"] = CONSTRAINTS

# Container images often set it. Each of the many processes would compile its libraries again.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# antsibull-nox calls ansible-galaxy, which stands beside nox.
os.environ["PATH"] = os.pathsep.join([str(pathlib.Path(sys.executable).parent), os.environ["PATH"]])

# The role glance_sandbox shares what is installed with the other sessions, also where a copy of the collection is tested.
os.environ.setdefault("GLANCE_SANDBOX_HOME", str(ROOT / ".sandbox"))


def interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


# Nox stops its sessions if it is interrupted. So let it end in the same way when a CI service cancels the job.
signal.signal(signal.SIGTERM, interrupt)

antsibull_nox.load_antsibull_nox_toml()


def unlocked() -> dict[str, str | None]:
    """For sessions that test against other versions than the locked ones."""
    return {"PIP_CONSTRAINT": None, "UV_CONSTRAINT": None}


def own_folder(session: nox.Session) -> pathlib.Path:
    """A folder of the session's own. It is not TMPDIR, which nox makes it: paths of sockets in it can be too long."""
    folder = pathlib.Path(session.create_tmp()).resolve()
    session.env.pop("TMPDIR")
    return folder


def linked_tree(session: nox.Session) -> str:
    """A tree in which Python and Ansible find this checkout as the collection."""
    tree = own_folder(session) / "tree"
    namespace = tree / "ansible_collections" / "cloudimage"
    namespace.mkdir(parents=True, exist_ok=True)
    link = namespace / "glance"
    link.unlink(missing_ok=True)
    link.symlink_to(ROOT)
    return str(tree)


@contextlib.contextmanager
def copied_tree(session: nox.Session) -> t.Iterator[pathlib.Path]:
    """A copy of the collection's files in a tree of its own; ansible-test takes no folder that git ignores."""
    files = session.run(
        "git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard", external=True, silent=True
    )
    with tempfile.TemporaryDirectory(prefix="glance-") as tree:
        collection = pathlib.Path(tree).resolve() / "ansible_collections" / "cloudimage" / "glance"
        for name in filter(None, str(files).split("\0")):
            if (ROOT / name).is_file():
                (collection / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, collection / name)
        yield collection


def in_sandbox(session: nox.Session, *command: str, number: int = 1, variant: str = "usual", **env: str) -> None:
    """Run a command in a sandbox of its own, or in so many, which are stopped however the command ends."""
    session.run(
        *("python", str(SANDBOX), "run", "--number", str(number), "--variant", variant, "--"),
        *command,
        env=env,
        interrupt_timeout=30,
        terminate_timeout=30,
    )


@nox.session
def units(session: nox.Session) -> None:
    """Tests of pure logic, and of HTTP with requests-mock."""
    session.install(*UNITS, "ansible-core", "openstacksdk")
    tree = linked_tree(session)
    session.run("pytest", "-p", "no:cacheprovider", "tests/unit", *session.posargs, env={"PYTHONPATH": tree})


def run_functional(
    session: nox.Session, *arguments: str, files: t.Sequence[str] = (), workers: int = 3, variant: str = "usual", **env: str
) -> None:
    """Run the functional tests, or some files of them; each of the workers has a sandbox of its own."""
    tree = linked_tree(session)
    tests = [f"tests/functional/{file}.py" for file in files] or ["tests/functional"]
    if workers > 1:
        # A worker that has ended takes tests from another one. A worker in the place of one that has died would find no
        # sandbox.
        workers_options = ("--dist", "worksteal", "--max-worker-restart", "0")
        arguments = ("-n", str(workers), *workers_options, *arguments)
    in_sandbox(
        session,
        *("python", "-m", "pytest", "-p", "no:cacheprovider", *tests, *arguments, *session.posargs),
        number=workers,
        variant=variant,
        PYTHONPATH=tree,
        ANSIBLE_COLLECTIONS_PATH=tree,
        **env,
    )


def need_qemu_img(session: nox.Session) -> None:
    if not shutil.which("qemu-img"):
        session.error("qemu-img is missing: install qemu-utils. Without it nothing that converts images is tested")


@nox.session
def functional(session: nox.Session) -> None:
    """Each behaviour of the modules, through their own entry, against a real Glance, with requests counted at the wire."""
    session.install(*FUNCTIONAL, "ansible-core", "openstacksdk")
    run_functional(session, "-m", "not nightly")


@nox.session(default=False)
def functional_all(session: nox.Session) -> None:
    """All functional tests; needs Debian's qemu-utils."""
    need_qemu_img(session)
    session.install(*FUNCTIONAL, "ansible-core", "openstacksdk")
    run_functional(session)


def run_with_oldest_sdk(session: nox.Session, files: t.Sequence[str] = (), workers: int = 3) -> None:
    session.install(*FUNCTIONAL, "ansible-core", OLDEST_SDK, env=unlocked())
    run_functional(session, "-m", "not slow", files=files, workers=workers, GLANCE_IN_PROCESS="yes")


@nox.session
def functional_oldest(session: nox.Session) -> None:
    """The functional tests of logins, with the oldest openstacksdk that is supported, in the controller's process."""
    run_with_oldest_sdk(session, ("test_authentication",), workers=1)


@nox.session(default=False)
def oldest(session: nox.Session) -> None:
    """The functional tests without the slow ones, with the oldest openstacksdk, in the controller's process."""
    run_with_oldest_sdk(session)


@nox.session(default=False)
def in_process(session: nox.Session) -> None:
    """All functional tests, in the controller's process."""
    session.install(*FUNCTIONAL, "ansible-core", "openstacksdk")
    run_functional(session, GLANCE_IN_PROCESS="yes")


def run_variant(session: nox.Session, *arguments: str, files: t.Sequence[str] = (), workers: int = 2) -> None:
    """Run tests in the variant of the sandbox that has the session's name, and write the row of docs/tested_with.md.

    The row is written only if all tests of the session ran: not with further arguments.
    """
    session.install(*FUNCTIONAL, "ansible-core", "openstacksdk")
    env = {} if session.posargs else {"GLANCE_TESTED_WITH": session.name}
    run_functional(session, *arguments, files=files, workers=workers, variant=session.name, **env)


@nox.session(name="glance-28", default=False)
def glance_28(session: nox.Session) -> None:
    """The functional tests without the slow ones, with Glance 28 (2024.1); needs Python 3.11 and a C compiler."""
    run_variant(session, "-m", "not slow")


@nox.session(name="glance-22", default=False)
def glance_22(session: nox.Session) -> None:
    """The functional tests without the slow ones, with Glance 22 (Wallaby, 2021); needs Python 3.8 and a C compiler."""
    run_variant(session, "-m", "not slow")


@nox.session(default=False)
def mariadb(session: nox.Session) -> None:
    """The functional tests without the slow ones on MariaDB, and ten runs at once; needs Debian's mariadb-server."""
    run_variant(session, "-m", "not slow")


@nox.session(default=False)
def stores(session: nox.Session) -> None:
    """Uploads, downloads and replacements with an S3 store, which has no random access."""
    files = (
        *("test_image_data", "test_image", "test_image_download", "test_replacement"),
        *("test_transfer_faults", "test_interrupted_runs"),
    )
    run_variant(session, files=files)


@nox.session(default=False)
def proxy(session: nox.Session) -> None:
    """Behind nginx: TLS and compression for all tests, its own limits for some; needs Debian's nginx-light."""
    run_variant(session, "-m", "not slow")


@nox.session(default=False)
def import_plugins(session: nox.Session) -> None:
    """Imports that the cloud decompresses, converts and marks, and conversions; needs Debian's qemu-utils."""
    run_variant(session, files=("test_import_plugins", "test_conversion"), workers=1)


@nox.session(default=False)
def random_cases(session: nox.Session) -> None:
    """Whether check mode matches the real run: 1,000 random cases, or GLANCE_RANDOM_CASES; needs Debian's qemu-utils."""
    need_qemu_img(session)
    session.install(*FUNCTIONAL, "ansible-core", "openstacksdk")
    cases = os.environ.get("GLANCE_RANDOM_CASES", "1000")
    run_functional(session, files=("test_check_mode_matches_real_run",), workers=1, GLANCE_RANDOM_CASES=cases)


@nox.session(default=False)
def faults(session: nox.Session) -> None:
    """Every fault and every kill at every place of a transfer or publication; the session functional has a slice of it."""
    session.install(*FUNCTIONAL, "ansible-core", "openstacksdk")
    files = ("test_transfer_faults", "test_interrupted_runs", "test_replacement", "test_publish", "test_publish_interrupted")
    run_functional(session, files=files, workers=1, GLANCE_FAULTS="all")


@nox.session(default=False)
def fuzz(session: nox.Session) -> None:
    """Responses of any kind: 1,000 tasks with malformed responses; GLANCE_FUZZ_CASES asks for another number."""
    session.install(*FUNCTIONAL, "ansible-core", "openstacksdk")
    cases = os.environ.get("GLANCE_FUZZ_CASES", "1000")
    run_functional(session, files=("test_fuzz",), workers=1, GLANCE_FUZZ_CASES=cases)


@nox.session(default=False)
def bench(session: nox.Session) -> None:
    """How fast data are moved, beside curl, and tasks are, beside openstack.cloud; writes the tables of docs/speed.md."""
    session.install("ansible-core", "openstacksdk", "uv")
    tree = linked_tree(session)
    peer = own_folder(session) / "peer"
    session.run("uv", "venv", "--quiet", "--clear", "--python", sys.executable, str(peer), external=True)
    session.run(
        *("uv", "pip", "install", "--quiet", "--python", str(peer / "bin" / "python")),
        *("--requirements", str(ROOT / "tests" / "requirements" / "bench-peer.txt")),
        external=True,
        env=unlocked(),
    )
    for name in session.posargs or ("bench_tasks", "bench_transfer", "bench_replication"):
        in_sandbox(
            session,
            *("python", str(ROOT / "tests" / "bench" / f"{name}.py")),
            number=4 if name == "bench_replication" else 1,
            PYTHONPATH=tree,
            ANSIBLE_COLLECTIONS_PATH=tree,
            ANSIBLE_LOCALHOST_WARNING="false",
            GLANCE_SANDBOX_PASSWORD_ROUNDS="12",
            GLANCE_BENCH_PEER=str(peer / "bin"),
        )


@nox.session(default=False)
def examples(session: nox.Session) -> None:
    """The YAML blocks of README, guides and roles, and the EXAMPLES of plugins, as printed; needs Debian's qemu-utils."""
    need_qemu_img(session)
    session.install(*FUNCTIONAL, "ansible-core", "openstacksdk")
    run_functional(session, files=("test_examples",), workers=1)


@nox.session(default=False)
def awx(session: nox.Session) -> None:
    """Jobs of examples/awx by ansible-runner, as AWX runs them; the session functional has a slice of it."""
    session.install(*FUNCTIONAL, "ansible-core", "openstacksdk")
    run_functional(session, files=("test_awx",), workers=1)


@nox.session(default=False)
def awx_setup(session: nox.Session) -> None:
    """The playbook of examples/awx that sets up AWX, against the collection awx.awx; and the files to build its image."""
    session.install("--requirements", str(ROOT / "tests" / "requirements" / "bench-peer.txt"), env=unlocked())
    example = ROOT / "examples" / "awx"
    session.run("ansible-playbook", "--syntax-check", str(example / "setup.yml"))
    session.run("python", str(ROOT / "tests" / "awx" / "check_setup.py"))
    session.install("ansible-builder")
    context = str(own_folder(session) / "execution-environment")
    session.run("ansible-builder", "create", "--file", str(example / "execution-environment.yml"), "--context", context)


@nox.session(default=False)
def mutations(session: nox.Session) -> None:
    """Whether the unit tests notice mutations of the pure code; ``-- _plan _glance/image.py`` chooses the files."""
    session.install(*UNITS, "ansible-core", "cosmic-ray", "openstacksdk")
    with copied_tree(session) as collection:
        session.run(
            *("python", str(ROOT / "tests" / "mutations" / "pure_code.py"), str(collection), *session.posargs),
            env={"PYTHONPATH": str(collection.parents[2])},
        )


@nox.session(default=False)
def mutations_on_glance(session: nox.Session) -> None:
    """Whether the tests on a real Glance notice the listed mutations; ``-- WORD`` chooses those with it in their name."""
    session.install(*FUNCTIONAL, "ansible-core", "openstacksdk")
    with copied_tree(session) as collection:
        command = ("python", str(ROOT / "tests" / "mutations" / "mutations.py"), str(collection))
        in_sandbox(session, *command, *session.posargs)


@nox.session(default=False)
@nox.parametrize("core", CORES)
def cores(session: nox.Session, core: str) -> None:
    """Unit and functional tests and the integration targets with each supported ansible-core."""
    session.install(*FUNCTIONAL, f"ansible-core=={core}.*", "openstacksdk", env=unlocked())
    session.run("pytest", "-p", "no:cacheprovider", "tests/unit", *session.posargs, env={"PYTHONPATH": linked_tree(session)})
    run_functional(session, "-m", "not slow")
    if not session.posargs:  # which choose tests of pytest
        for in_process in ("true", "false"):
            run_integration(session, in_process)


def run_integration(session: nox.Session, in_process: str, targets: t.Sequence[str] = ()) -> None:
    """Run all targets, or some.

    :param in_process: whether tasks run inside the controller's process (true), or as modules (false).
    """
    in_sandbox(
        session,
        *("python", str(ROOT / "tests" / "integration" / "run.py"), *targets),
        number=2,
        ANSIBLE_COLLECTIONS_PATH=linked_tree(session),
        ANSIBLE_LOCALHOST_WARNING="false",
        ANSIBLE_INVENTORY_UNPARSED_WARNING="false",
        CLOUDIMAGE_GLANCE_IN_PROCESS=in_process,
    )


@nox.session
def integration(session: nox.Session) -> None:
    """Playbooks that a user could have written, against a real Glance, in the controller's process."""
    session.install("ansible-core", "openstacksdk", "oslo.utils>=7.3.0", "uv")
    run_integration(session, "true", session.posargs)


@nox.session(default=False)
def integration_as_modules(session: nox.Session) -> None:
    """All of the session integration, with the tasks as modules."""
    session.install("ansible-core", "openstacksdk", "oslo.utils>=7.3.0", "uv")
    run_integration(session, "false", session.posargs)


def ansible_test_home(session: nox.Session) -> str:
    """A home directory with the get-pip that ansible-test would download; Python brings what it is needed for."""
    home = own_folder(session) / "home"
    cache = home / ".ansible" / "test" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    for name in ("get_pip_24_2.py", "get_pip_25_2.py"):
        (cache / name).write_text(GET_PIP)
    return str(home)


@nox.session(default=False)
def ansible_test(session: nox.Session) -> None:
    """ansible-test units and integration, as contributors run them; ``-- --python 3.10`` chooses the modules' Python."""
    session.install("ansible-core", "uv")
    home = ansible_test_home(session)
    options = session.posargs or ["--python", f"{sys.version_info[0]}.{sys.version_info[1]}"]
    # ansible-test installs the newest versions that tests/unit/requirements.txt and its like allow.
    prefix = ("env", "-u", "PIP_CONSTRAINT", "-u", "UV_CONSTRAINT", f"HOME={home}")
    with copied_tree(session) as collection, session.chdir(collection):
        session.run(*prefix, "ansible-test", "units", "--venv", "--requirements", *options, external=True)
        in_sandbox(session, *prefix, "sh", "-c", ANSIBLE_TEST_INTEGRATION, "sh", *options)


ANSIBLE_TEST_INTEGRATION = """
sed 's/^clouds:/glance_clouds:/' "$OS_CLIENT_CONFIG_FILE" > tests/integration/integration_config.yml
exec ansible-test integration --venv --requirements "$@"
"""


def run_sanity(session: nox.Session, *options: str) -> None:
    """Run ansible-test sanity without a container."""
    session.install("ansible-core")
    home = ansible_test_home(session)
    with copied_tree(session) as collection, session.chdir(collection):
        session.run(
            *("ansible-test", "sanity", "--local", "--python", f"{sys.version_info[0]}.{sys.version_info[1]}"),
            *options,
            *session.posargs,
            # The locked versions are not those that ansible-core has tested its sanity tests with.
            env={"HOME": home, **unlocked()},
        )


@nox.session
def sanity(session: nox.Session) -> None:
    """ansible-test sanity of what users get, but for pylint, which takes most of the time, and what lint checks too."""
    skipped = (option for test in ("pep8", "pylint", "yamllint") for option in ("--skip-test", test))
    run_sanity(session, "--exclude", "tests/", *skipped)


@nox.session(default=False)
def sanity_all(session: nox.Session) -> None:
    """ansible-test sanity of all files, with all its tests."""
    run_sanity(session)


GET_PIP = """
import subprocess
import sys

subprocess.run([sys.executable, "-m", "ensurepip"], check=True)
packages = [argument for argument in sys.argv[1:] if not argument.startswith("-")]
subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", *packages], check=True)
"""


@nox.session
def artifact(session: nox.Session) -> None:
    """The built collection holds what a user needs and nothing else, and works from a clean collections path."""
    session.install("ansible-core", "molecule", "openstacksdk")
    tmp = own_folder(session)
    for name in ("built", "installed", "example"):
        shutil.rmtree(tmp / name, ignore_errors=True)
    with copied_tree(session) as collection:
        session.run(
            "ansible-galaxy", "collection", "build", str(collection), "--output-path", str(tmp / "built"), silent=True
        )
    tarball = next((tmp / "built").iterdir())
    # Also if the caller's collections path has it already.
    install = ("ansible-galaxy", "collection", "install", "--force")
    session.run(*install, str(tarball), "-p", str(tmp / "installed"), silent=True)
    installed = tmp / "installed" / "ansible_collections" / "cloudimage" / "glance"
    allowed = {
        *("CHANGELOG.md", "CHANGELOG.md.license", "CHANGELOG.rst", "CHANGELOG.rst.license", "COPYING", "LICENSES"),
        *(
            "FILES.json",
            "MANIFEST.json",
            "README.md",
            "changelogs",
            "docs",
            "examples",
            "meta",
            "playbooks",
            "plugins",
            "requirements.txt",
            "roles",
        ),
    }
    names = {path.name for path in installed.iterdir()}
    if names - allowed:
        session.error(f"The artifact holds more than a user needs: {sorted(names - allowed)}")
    entries = len(json.loads((installed / "FILES.json").read_text())["files"])
    session.log(f"{tarball.name}: {tarball.stat().st_size // 1024} KiB, {entries} entries")
    in_sandbox(
        session,
        *("ansible-playbook", "cloudimage.glance.retire", "-e", json.dumps({"image_retire_images": ["nobody"]})),
        ANSIBLE_COLLECTIONS_PATH=str(tmp / "installed"),
        OS_CLOUD="alice",
    )
    test_example(session, installed, tmp / "example")


def test_example(session: nox.Session, installed: pathlib.Path, project: pathlib.Path) -> None:
    """A copy of examples/molecule passes, as docs/molecule.md says; it needs nothing but the installed collection."""
    shutil.copytree(installed / "examples" / "molecule", project)
    roles = sorted(installed.glob("roles/**/*"))
    sandboxes = pathlib.Path(os.environ["GLANCE_SANDBOX_HOME"])
    others = set(sandboxes.glob("molecule-*/"))  # of scenarios that still run, or that were killed
    began = time.monotonic()
    with session.chdir(project):
        session.run("molecule", "test", env={"ANSIBLE_COLLECTIONS_PATH": str(installed.parents[2])})
    session.log(f"molecule test took {time.monotonic() - began:.0f} s")
    if sorted(installed.glob("roles/**/*")) != roles:
        session.error("The test wrote into the folder of the collection")
    if set(sandboxes.glob("molecule-*/")) - others:
        session.error("The test left a sandbox")


@nox.session(default=False)
def changelog(session: nox.Session) -> None:
    """Make CHANGELOG.md and changelogs/changelog.yaml of a release of the fragments; no tests."""
    session.install("antsibull-changelog")
    session.run("antsibull-changelog", "release", *session.posargs)


@nox.session(default=False)
def release(session: nox.Session) -> None:
    """Whether the version in galaxy.yml can be released, and the files of the release; ``-- TAG`` compares a tag with it."""
    session.install("ansible-core", "PyYAML")
    built = own_folder(session) / "built"
    shutil.rmtree(built, ignore_errors=True)
    check = ("python", str(ROOT / "tests" / "release" / "check_version.py"), str(ROOT))
    session.run(*check, *filter(None, session.posargs))
    with copied_tree(session) as collection:
        session.run("ansible-galaxy", "collection", "build", str(collection), "--output-path", str(built))
    (built / "notes.md").write_text(str(session.run(*check, "--notes", silent=True)))


@nox.session
def guides(session: nox.Session) -> None:
    """Whether the guides of the documentation site are what their pages say; ``make docs`` writes them."""
    session.install("pypandoc-binary")
    session.run("python", str(ROOT / "tests" / "docs" / "guides.py"), "--check")


@nox.session(default=False)
def docs(session: nox.Session) -> None:
    """Write the guides and build the documentation site; its first page is .nox/docs/tmp/site/index.html."""
    session.install("ansible-core", "antsibull-docs", "openstacksdk", "pypandoc-binary", "sphinx", "sphinx-ansible-theme")
    session.run("python", str(ROOT / "tests" / "docs" / "guides.py"), *session.posargs)
    tmp = own_folder(session)
    source, site = tmp / "source", tmp / "site"
    for folder in (source, site):
        shutil.rmtree(folder, ignore_errors=True)
    source.mkdir()
    with copied_tree(session) as collection:
        env = {"ANSIBLE_COLLECTIONS_PATH": str(collection.parents[2])}
        session.run("antsibull-docs", "lint-collection-docs", str(collection), "--skip-rstcheck", env=env)
        init = ("antsibull-docs", "sphinx-init", "--use-current", "--squash-hierarchy", "--dest-dir", str(source))
        titles = (f"--{option}=cloudimage.glance" for option in ("project", "title", "html-short-title"))
        session.run(*init, *titles, "cloudimage.glance", env=env, silent=True)
        render = ("antsibull-docs", "--config-file", str(source / "antsibull-docs.cfg"), "collection", "--use-current")
        rst = source / "rst"
        session.run(*render, "--squash-hierarchy", "--dest-dir", str(rst), "cloudimage.glance", env=env)
    with (source / "conf.py").open("a") as file:
        # The build needs no network. So terms of Ansible's own site are no links here; guides.py and the linter above have
        # checked all others.
        file.write("\nintersphinx_mapping = {}\nsuppress_warnings = ['ref.ref', 'ref.envvar']\n")
    session.run(
        "sphinx-build", "--fail-on-warning", "--keep-going", "-q", "-b", "html", "-c", str(source), str(rst), str(site)
    )
    session.log(f"The site is {site / 'index.html'}")


@nox.session(default=False)
def audit_page(session: nox.Session) -> None:
    """The page of the playbook audit in a browser; needs Debian's chromium, or a Chromium that GLANCE_CHROMIUM names."""
    session.install("ansible-core", "openstacksdk", "playwright", "pytest", "uv")
    tree = linked_tree(session)
    in_sandbox(
        session,
        *("python", "-m", "pytest", "-p", "no:cacheprovider", "tests/browser", *session.posargs),
        ANSIBLE_COLLECTIONS_PATH=tree,
        ANSIBLE_LOCALHOST_WARNING="false",
        ANSIBLE_INVENTORY_UNPARSED_WARNING="false",
    )


@nox.session(default=False)
def demo(session: nox.Session) -> None:
    """The main job, shown on a real Glance."""
    session.install("ansible-core", "openstacksdk", "uv")
    in_sandbox(
        session,
        *("ansible-playbook", "--diff", str(ROOT / "tests" / "demo" / "demo.yml"), *session.posargs),
        ANSIBLE_COLLECTIONS_PATH=linked_tree(session),
        ANSIBLE_LOCALHOST_WARNING="false",
        ANSIBLE_INVENTORY_UNPARSED_WARNING="false",
        ANSIBLE_CALLBACK_RESULT_FORMAT="yaml",
        ANSIBLE_DISPLAY_SKIPPED_HOSTS="false",
        ANSIBLE_FORCE_COLOR="true",
    )
