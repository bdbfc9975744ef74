# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""Each YAML block of README, guides and roles, and the EXAMPLES of each plugin, are run as they are printed.

All blocks of a page run in order, in one ansible-playbook. Before the first task of a block, and before each task that
has an entry in PRECONDITIONS, the images of all its clouds are deleted, and then the tasks of the entry run.
"""

from __future__ import annotations

import ast
import dataclasses
import hashlib
import json
import lzma
import os
import pathlib
import re
import shutil
import subprocess
import sys
import textwrap
import typing as t
import uuid

import pytest
import yaml
from ansible_collections.cloudimage.glance.plugins.module_utils._client.openstack_config import cloud_region
from ansible_collections.cloudimage.glance.plugins.module_utils._options.connection import ConnectionOptions

from .cloud import Cloud, Json, Sandbox
from .image_server import serving
from .sources import checksum_of, make_disk

ROOT = pathlib.Path(__file__).parents[2]
MARKDOWN = ("README.md", "docs/*.md", "docs/clouds/*.md", "roles/*/README.md")
PLUGINS = tuple(f"plugins/{kind}/*.py" for kind in ("modules", "lookup", "inventory", "filter"))
PUBLISH, SANDBOX = "roles/image_publish/README.md", "roles/glance_sandbox/README.md"
DEBIAN = "debian-13-generic-amd64"
FORMATS: Json = {"disk_format": "qcow2", "container_format": "bare"}

# What cannot exist on the machine that runs the test, and by what it is replaced, in all texts of a block. {folder} is the
# playbook's folder; each of {first}, {second} and {third} is an id that no image has had.
REPLACED = {
    "/srv/images/": "{folder}/",
    "{{ playbook_dir }}/clouds.yaml": "{folder}/sandbox.yaml",
    "https://cloud.debian.org/": "{web}/",
    "https://mirror.example.com/": "{web}/",
    "https://example.com/": "{web}/",
    "https://keystone.example.com:5000/": "{keystone}/",
    "7208632eee21452fbc6bc55d1c73ac31": "{web_team}",
    "91c1d3ad1d204ac0a1e1e1b1b0d4ab2e": "{other_project}",
    "8f4c9f1e-0a1c-4f1f-9f8e-3a7c5b0f6a11": "{first}",
    "5d0c3c1e-2a51-4df0-8f57-0f4a4c6d9b3e": "{first}",
    "5d1a6f0c-3f5e-4c55-8a55-0e1f7a3c9d22": "{second}",
    "../../setup_glance/": f"{ROOT}/tests/integration/targets/setup_glance/",
}
# The sandbox's stores have other names.
REPLACED_WHOLE = {"ceph": "cheap", "file": "fast"}

# Of these tasks only the arguments are evaluated.
OTHER_MODULES = {"openstack.cloud.server": "needs Nova"}

# Blocks that nothing here reads, by page and first key.
PARSED_ONLY = {
    ("README.md", "collections"): "ansible-galaxy would download the release",
    ("docs/awx.md", "fields"): "AWX reads it; test_awx.py gives jobs the file and the variable that such a credential makes",
    ("docs/awx.md", "file"): "as above",
}


def image(name: str, cloud: str = "mycloud", **options: t.Any) -> Json:
    """An image with data."""
    return {"cloudimage.glance.image": {"cloud": cloud, "name": name, "path": "old.qcow2", **FORMATS, **options}}


def share(name: str) -> Json:
    options = {"cloud": "mycloud", "name": name, "member": "web-team", "state": "present"}
    return {"cloudimage.glance.image_member": options}


def fact(**facts: t.Any) -> Json:
    return {"ansible.builtin.set_fact": facts}


IMAGE, INFO, MEMBER = "plugins/modules/image.py", "plugins/modules/image_info.py", "plugins/modules/image_member.py"
PREPARED = image("debian-13", path="debian-13.qcow2", data_policy="replace", candidate="prepare")
NIGHTLY = [image(f"nightly-{number}", tags=["nightly"]) for number in range(5)]

# What must be there before a task or play, by page and name. The others need an empty cloud, or what those before them left.
PRECONDITIONS: dict[tuple[str, str], list[Json]] = {
    ("README.md", "Manage images"): NIGHTLY,
    ("README.md", "Ensure the newest Debian is published"): [image("debian-13")],
    ("README.md", "Ensure the copy is the same image"): [image("debian-13"), image("debian-13", "othercloud", tags=["new"])],
    ("docs/catalogue.md", "Apply the catalogue"): [image("debian-13")],
    ("docs/getting_started.md", "Find the newest image of a series"): [image("debian-13")],
    ("docs/getting_started.md", "Delete the image, also if it is protected"): [image("debian-13", protected=True)],
    ("docs/plugins.md", "Show the id of an image"): [image("debian-13")],
    ("docs/plugins.md", "Show the newest image of a series"): [image("debian-13")],
    ("docs/plugins.md", "Count the images of each cloud"): [image("debian-13"), image("debian-13", "othercloud")],
    ("docs/publishing.md", "Boot a server from the candidate"): [fact(image_publish_candidate={"id": "an id"})],
    ("docs/publishing.md", "Exclude a build from retirement"): [
        image("debian-13", id="{first}", properties={"cloudimage_published_as": "debian-13"})
    ],
    ("docs/replication.md", "Copy an image from another cloud"): [image("debian-13", "othercloud")],
    ("docs/sharing.md", "Share an image"): [image("debian-13", visibility="shared")],
    ("docs/sharing.md", "List the project's images of visibility shared, with their members"): [
        image("debian-13", visibility="shared"),
        share("debian-13"),
    ],
    ("docs/testing.md", "Test the module image"): [fact(prefix="example", glance_clouds={"alice": "mycloud"})],
    ("docs/transfers.md", "Give the name to the old image again"): [
        image("debian-13-old", id="{first}", hidden=True),
        image("debian-13", id="{second}"),
    ],
    (PUBLISH, "Publish the newest Debian once a server has booted from it"): [image("debian-13")],
    (
        "roles/image_retire/README.md",
        "Retire all nightly images that are older than thirty days, but keep the newest five",
    ): NIGHTLY,
    (IMAGE, "Upload an image"): [],
    (IMAGE, "Ensure a published image has the newest build"): [image("debian-13")],
    (IMAGE, "Make a new build that has no name yet, to test it"): [image("debian-13")],
    (IMAGE, "Give the name to the build that was tested, and hide the previous one"): [image("debian-13"), PREPARED],
    (IMAGE, "Convert a published image to raw, for a cloud that keeps its images in Ceph"): [],
    (IMAGE, "Copy an image from another cloud, with its formats, tags and properties"): [image("debian-13", "othercloud")],
    (IMAGE, "Copy the data and the formats of an image that has another name there, and no more"): [
        image("appliance-2026-11", "othercloud")
    ],
    (IMAGE, "Refuse properties that the cloud's metadata definitions do not allow"): [],
    (IMAGE, "Share an image with exactly these projects"): [image("debian-13")],
    (IMAGE, "Ensure the data are in two stores, and in no other"): [image("debian-13")],
    (IMAGE, "Set one property, remove another, change nothing else"): [
        image("debian-13", properties={"hw_disk_bus": "virtio"})
    ],
    (IMAGE, "Rename an image, and hide it"): [image("debian-13", id="{first}")],
    (IMAGE, "Delete an image although it is protected"): [image("debian-11", protected=True)],
    (IMAGE, "Delete all images of a name"): [
        {"cloudimage.glance.image": {"cloud": "mycloud", "name": "nightly", "id": "{second}", **FORMATS}},
        {"cloudimage.glance.image": {"cloud": "mycloud", "name": "nightly", "id": "{third}", **FORMATS}},
    ],
    ("plugins/modules/image_download.py", "Download an image"): [image("debian-13")],
    (INFO, "Find an image by its name"): [image("debian-13")],
    (INFO, "Find the newest image of a series"): [image("debian-13-1"), image("debian-13-2")],
    (INFO, "Find out who an image is shared with"): [image("debian-13", visibility="shared"), share("debian-13")],
    (MEMBER, "Share an image with a project"): [image("debian-13", visibility="shared")],
    ("plugins/modules/image_state.py", "Take an image out of use"): [image("debian-11")],
    ("plugins/modules/image_state.py", "Put two images back into use"): [
        image("one", id="{first}"),
        image("two", id="{second}"),
        {"cloudimage.glance.image_state": {"cloud": "mycloud", "id": ["{first}", "{second}"], "state": "deactivated"}},
    ],
    ("plugins/modules/images.py", "Ensure a catalogue of images exists"): [image("debian-11")],
    ("plugins/modules/images.py", "Let a list be the source of truth, and hide what it does not name any more"): [
        image("rescue")
    ],
    ("plugins/modules/images.py", "Copy images from another cloud"): [
        image("debian-13", "othercloud"),
        image("rescue-2026-11", "othercloud"),
    ],
    ("plugins/modules/images.py", "Ensure the images of a file exist, eight at a time"): [],
    ("plugins/lookup/image.py", "Create a server from the only image of a name"): [image("debian-13")],
    ("plugins/lookup/image.py", "Show when the newest image of a series was created"): [image("debian-13-1")],
    ("plugins/lookup/image.py", "Find the ids of several images, with the login in a variable"): [
        image("debian-13"),
        image("ubuntu-26.04"),
    ],
    ("plugins/inventory/clouds.py", "Find an image in each cloud"): [image("debian-13")],
    (
        "plugins/filter/from_osism.py",
        "Try the publisher's server before the mirror, and keep the tag of openstack-image-manager",
    ): [],
    ("plugins/filter/image_audit.py", "List the project's images"): [image("debian-13")],
}

# A block begins with them: no image of an earlier one is left.
EMPTY = """
- cloudimage.glance.image_info: {cloud: "{{ item.key }}", owner: "{{ item.value }}", hidden: any}
  loop: [{key: mycloud, value: my-project}, {key: othercloud, value: other-project}]
  register: example_images
- cloudimage.glance.image: {cloud: "{{ item.0.item.key }}", id: "{{ item.1.id }}", state: absent, force: true}
  loop: "{{ example_images.results | subelements('images') }}"
  loop_control: {label: "{{ item.1.name }}"}
"""
OSISM = """
images:
  - {name: NAME, format: qcow2, login: root, status: active, visibility: public, multi: false, min_disk: 1, min_ram: 1,
     meta: {os_distro: debian}, tags: [], versions: [{version: '1', url: URL, checksum: 'CHECKSUM'}]}
"""


@dataclasses.dataclass(frozen=True)
class Block:
    page: str
    line: int
    value: t.Any

    @property
    def kind(self) -> str:
        """What the block is, by its keys."""
        if isinstance(self.value, list):
            keys = {key for entry in self.value for key in entry}
            return "playbook" if "hosts" in keys else "tasks" if "block" in keys or "." in "".join(keys) else "images"
        return self._kind_of_mapping(set(self.value))

    def _kind_of_mapping(self, keys: set[str]) -> str:
        if "plugin" in keys or "hosts" in self.value.get("clouds", {}):
            return "inventory"
        if keys == {"clouds"}:
            return "clouds.yaml"
        if all(key.endswith("_report") for key in keys):
            return "report"
        if all(key.startswith("image_publish_") for key in keys):
            return "variables"
        return "keywords" if keys == {"environment"} else "other"

    @property
    def title(self) -> str:
        return f"{self.page}:{self.line} ({self.kind})"

    @property
    def first_key(self) -> str:
        return str(next(iter(self.value)))


def markdown_blocks(page: str) -> t.Iterator[Block]:
    text = (ROOT / page).read_text()
    for found in re.finditer(r"^( *)```ya?ml\n(.*?)^ *```$", text, re.DOTALL | re.MULTILINE):
        for document in yaml.safe_load_all(textwrap.dedent(found[2])):
            yield Block(page, text.count("\n", 0, found.start()) + 1, document)


def plugin_blocks(page: str) -> t.Iterator[Block]:
    for node in ast.parse((ROOT / page).read_text()).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "EXAMPLES":
            for document in yaml.safe_load_all(ast.literal_eval(node.value)):
                yield Block(page, node.lineno, document)


def all_blocks() -> dict[str, list[Block]]:
    """The blocks of each page that has any."""
    found = {}
    for patterns, blocks_of in ((MARKDOWN, markdown_blocks), (PLUGINS, plugin_blocks)):
        for path in sorted(path for pattern in patterns for path in ROOT.glob(pattern)):
            page = str(path.relative_to(ROOT))
            blocks = list(blocks_of(page))
            if blocks:
                found[page] = blocks
    return found


BLOCKS = all_blocks()


def replaced(value: t.Any, replacements: dict[str, str]) -> t.Any:
    """A block, or a part of one, with texts replaced."""
    if isinstance(value, dict):
        return {key: replaced(each, replacements) for key, each in value.items()}
    if isinstance(value, list):
        return [replaced(each, replacements) for each in value]
    if not isinstance(value, str):
        return value
    for old, new in replacements.items():
        value = value.replace(old, new)
    return REPLACED_WHOLE.get(value, value)


def runnable(task: Json) -> Json:
    """A task, or one that only evaluates the arguments of a module that is not there."""
    for module in OTHER_MODULES:
        if module in task:
            others = {key: value for key, value in task.items() if key != module}
            return {**others, "ansible.builtin.debug": {"msg": task[module]}}
    return task


@dataclasses.dataclass
class Workshop:
    """The folder in which the examples of a page run, with all that they name, and its clouds."""

    folder: pathlib.Path
    places: dict[str, str]

    def ready(self, value: t.Any) -> t.Any:
        """A block, or a precondition, with what exists on this machine."""
        texts = {old: new.format(**self.places) for old, new in REPLACED.items()}
        return replaced(
            value,
            {**texts, "{first}": self.places["first"], **{f"{{{key}}}": self.places[key] for key in ("second", "third")}},
        )

    def plays(self, block: Block) -> list[Json]:
        if block.kind == "playbook":
            return [self._whole_play(block.page, play) for play in self.ready(block.value)]
        if block.kind == "variables":
            variables = self.ready(block.value)
            return [self._play([self._empty()]), {"import_playbook": "cloudimage.glance.publish", "vars": variables}]
        if block.kind == "tasks":
            return [self._play(self._with_preconditions(block.page, self.ready(block.value), [self._empty()]))]
        if block.kind == "keywords":
            return [self._play([{**self.ready(block.value), "ansible.builtin.command": "true"}])]
        if block.kind == "report":
            return [self._play([reports_alike(name, sample) for name, sample in block.value.items()])]
        return []

    @staticmethod
    def _play(tasks: list[Json]) -> Json:
        defaults = {"group/cloudimage.glance.glance": {"cloud": "mycloud"}}
        return {"hosts": "localhost", "gather_facts": False, "module_defaults": defaults, "tasks": tasks}

    def _empty(self) -> Json:
        # A play may be for several hosts at once, and the clouds are emptied for the first.
        return {"ansible.builtin.include_tasks": f"{self.folder}/empty.yml", "run_once": True}

    def _whole_play(self, page: str, play: Json) -> Json:
        before = [self._empty(), *self._once(self.ready(PRECONDITIONS.get((page, play["name"]), [])))]
        return {**play, "tasks": self._with_preconditions(page, play["tasks"], before)}

    def _with_preconditions(self, page: str, tasks: list[Json], before: list[Json]) -> list[Json]:
        found = list(before)
        for task in tasks:
            if (page, task["name"]) in PRECONDITIONS:
                found += [self._empty(), *self._once(self.ready(PRECONDITIONS[page, task["name"]]))]
            found.append(runnable(task))
        return found

    @staticmethod
    def _once(tasks: list[Json]) -> list[Json]:
        return [{**task, "run_once": True} for task in tasks]


def reports_alike(name: str, sample: t.Any) -> Json:
    """A task that fails if a variable that a role has set has other keys than the sample of it."""
    shown, expected = (f"{name}[0]", sample[0]) if isinstance(sample, list) else (name, sample)
    return {"ansible.builtin.assert": {"that": f"{shown} | list | sort == {sorted(expected)!r}"}}


@dataclasses.dataclass(frozen=True)
class Projects:
    web_team: str
    other_project: str


@pytest.fixture(scope="module")
def projects(sandbox: Sandbox, admin: Cloud, alice: Cloud, bob: Cloud) -> Projects:
    """The projects that the examples name, with the user of the page 'Getting started', who may do everything in his own."""

    def call(method: str, path: str, **body: Json) -> Json:
        url = f"{sandbox.keystone_url}/v3{path}"
        return t.cast(Json, admin.session.request(url, method, json=body or None).json() if method != "PUT" else {})

    def make(kind: str, name: str, **attributes: str) -> str:
        for found in call("GET", f"/{kind}s?name={name}")[f"{kind}s"]:
            return str(found["id"])
        return str(call("POST", f"/{kind}s", **{kind: {"name": name, "domain_id": "default", **attributes}})[kind]["id"])

    own, web_team, other = (make("project", name) for name in ("my-project", "web-team", "other-project"))
    roles = {role["name"]: role["id"] for role in call("GET", "/roles")["roles"]}
    images = make("user", "images", password="not-a-real-secret")
    members = ((own, images, "admin"), (web_team, alice.session.get_user_id(), "member"))
    for project, user, role in (*members, (other, bob.session.get_user_id(), "member")):
        url = f"{sandbox.keystone_url}/v3/projects/{project}/users/{user}/roles/{roles[role]}"
        admin.session.request(url, "PUT")
    return Projects(web_team, other)


def first_of_kind(page: str, kind: str) -> t.Any:
    return next(block.value for block in BLOCKS[page] if block.kind == kind)


def write_yaml(path: pathlib.Path, value: t.Any) -> None:
    path.write_text(yaml.safe_dump(value, sort_keys=False))


def write_clouds(workshop: Workshop, sandbox: Sandbox) -> None:
    """The clouds.yaml and secure.yaml of the page 'Getting started', and the other clouds that examples name."""
    config, secure = (block.value for block in BLOCKS["docs/getting_started.md"] if block.kind == "clouds.yaml")
    clouds = workshop.ready(config)["clouds"]
    own = yaml.safe_load((sandbox.folder / "clouds.yaml").read_text())["clouds"]
    clouds["mycloud-admin"] = own["admin"]
    for name, user, project in (("othercloud", "bob", "other-project"), ("mycloud-web-team", "alice", "web-team")):
        clouds[name] = {**own[user], "auth": {**own[user]["auth"], "project_name": project}}
    clouds["pcd"] = own["alice"]
    if "cacert" in own["alice"]:
        clouds["mycloud"]["cacert"] = own["alice"]["cacert"]
    write_yaml(workshop.folder / "clouds.yaml", {"clouds": clouds})
    write_yaml(workshop.folder / "secure.yaml", secure)


@pytest.fixture
def workshop(tmp_path: pathlib.Path, sandbox: Sandbox, projects: Projects) -> t.Iterator[Workshop]:
    folder = tmp_path
    disk = pathlib.Path(make_disk(folder / "debian-13.qcow2")).read_bytes()
    make_disk(folder / "old.qcow2", "8")
    names = (f"{DEBIAN}.qcow2", f"{DEBIAN}-20260112-2355.qcow2")
    sums = "".join(f"{hashlib.sha512(disk).hexdigest()}  {name}\n" for name in names)
    packed = lzma.compress(b"an appliance" * 1000)
    with serving() as web:
        releases = "/images/cloud/trixie"
        web.files = {
            f"{releases}/latest/{DEBIAN}.qcow2": disk,
            f"{releases}/latest/SHA512SUMS": sums.encode(),
            f"{releases}/20260112-2355/{DEBIAN}-20260112-2355.qcow2": disk,
            f"{releases}/20260112-2355/SHA512SUMS": sums.encode(),
            "/appliance.raw.xz": packed,
            "/SHA256SUMS": f"{hashlib.sha256(packed).hexdigest()}  appliance.raw.xz\n".encode(),
        }
        places = {
            "folder": str(folder),
            "web": web.url,
            "keystone": sandbox.keystone_url,
            "first": str(uuid.uuid4()),
            "second": str(uuid.uuid4()),
            "third": str(uuid.uuid4()),
            **dataclasses.asdict(projects),
        }
        workshop = Workshop(folder, places)
        write_clouds(workshop, sandbox)
        (folder / "empty.yml").write_text(EMPTY)
        write_yaml(folder / "catalogue.yml", workshop.ready(first_of_kind("docs/catalogue.md", "images")))
        boot = [runnable(task) for task in first_of_kind("docs/publishing.md", "tasks")]
        write_yaml(folder / "boot_a_server.yml", boot)
        checksum = checksum_of(disk)
        for name in ("debian", "ubuntu"):
            text = OSISM.replace("NAME", name).replace("URL", f"{web.url}{releases}/latest/{DEBIAN}.qcow2")
            (folder / f"{name}.yml").write_text(text.replace("CHECKSUM", checksum))
        (folder / "roles" / "images" / "tasks").mkdir(parents=True)
        write_yaml(
            folder / "roles" / "images" / "tasks" / "main.yml", [{"name": "Image", "openstack.cloud.image": {"name": "x"}}]
        )
        yield workshop


def run_ansible(folder: pathlib.Path, program: str, *arguments: str) -> str:
    """Run one of Ansible's programs in the folder of a page; it must succeed. Returns what it printed."""
    command = [sys.executable, "-m", "ansible", program, *arguments]
    variables = {
        **os.environ,
        "OS_CLIENT_CONFIG_FILE": str(folder / "clouds.yaml"),
        "OS_CLIENT_SECURE_FILE": str(folder / "secure.yaml"),
        "ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "true",
        "ANSIBLE_LOCALHOST_WARNING": "false",
        "ANSIBLE_NOCOLOR": "true",
    }
    done = subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.nightly
@pytest.mark.slow
@pytest.mark.skipif(shutil.which("qemu-img") is None, reason="qemu-img is missing (Debian: qemu-utils)")
@pytest.mark.parametrize("page", BLOCKS)
def test_examples_of_page_run(page: str, workshop: Workshop) -> None:
    folder = workshop.folder
    inventories = []
    for number, block in enumerate(block for block in BLOCKS[page] if block.kind == "inventory"):
        path = folder / f"{number}.clouds.yml"
        write_yaml(path, workshop.ready(block.value))
        listed = json.loads(run_ansible(folder, "inventory", "-i", str(path), "--list"))
        assert listed["clouds"]["hosts"], block.title
        inventories.append(path)
    plays = [play for block in BLOCKS[page] for play in workshop.plays(block)]
    if plays:
        write_yaml(folder / "play.yml", plays)
        # A sandbox of a name of its own, so that the user's, which has the default name, keeps running.
        variables = {"ansible_python_interpreter": sys.executable, "glance_sandbox_name": f"example-{uuid.uuid4().hex[:8]}"}
        inventory = ("-i", str(inventories[0])) if inventories else ()
        run_ansible(folder, "playbook", *inventory, "-e", json.dumps(variables), "play.yml")


@pytest.mark.parametrize("page", [page for page in BLOCKS if any(block.kind == "clouds.yaml" for block in BLOCKS[page])])
def test_clouds_yaml_of_page_describes_a_login(page: str, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second file of a page is the secure.yaml of the first. Logins with them: above, and in test_supported_clouds.py."""
    config, *secure = (block.value for block in BLOCKS[page] if block.kind == "clouds.yaml")
    write_yaml(tmp_path / "clouds.yaml", config)
    write_yaml(tmp_path / "secure.yaml", secure[0] if secure else {})
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(tmp_path / "clouds.yaml"))
    monkeypatch.setenv("OS_CLIENT_SECURE_FILE", str(tmp_path / "secure.yaml"))
    for name in config["clouds"]:
        region = cloud_region(ConnectionOptions(name))
        assert "not-a-real-secret" in region.config["auth"].values()
        assert region.get_auth() is not None


def names_in(value: t.Any) -> t.Iterator[str]:
    for entry in value if isinstance(value, list) else []:
        yield entry.get("name", "")
        yield from names_in(entry.get("tasks"))


def test_tables_have_no_entry_without_an_example() -> None:
    blocks = [block for page in BLOCKS.values() for block in page]
    known = {(block.page, name) for block in blocks for name in names_in(block.value)}
    assert set(PRECONDITIONS) - known == set()
    others = {(block.page, block.first_key) for block in blocks if block.kind == "other"}
    assert others == set(PARSED_ONLY)
    text = json.dumps([block.value for block in blocks])
    assert [old for old in (*REPLACED, *REPLACED_WHOLE, *OTHER_MODULES) if old not in text] == []
