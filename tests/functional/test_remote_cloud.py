# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""Images that are copied from another cloud: here bob's login is the other cloud, and alice's the one of the task."""

from __future__ import annotations

import hashlib
import json
import pathlib
import shutil
import typing as t

import pytest
from ansible.module_utils.basic import AnsibleModule

from .cloud import FORMATS, Cloud, Json, Outcome, Play, Sandbox, forget_the_cloud
from .glance_proxy import ALL, CUT_ANSWER, NO_RANDOM_ACCESS, Behaviour, BodyFault, breaking_at, no_fault, proxy
from .marks import nightly
from .other_cloud import DATA, FOREIGN, PROPERTIES, assert_is_copy, cloud_at, origin_of
from .runs import images_thrice, run_killed
from .sources import MIB, checksum_of, make_disk
from .timing import HANGS

LIST, SHOW, READ = "GET /v2/images", "GET /v2/images/ID", "GET /v2/images/ID/file"


@pytest.fixture(autouse=True)
def forget_logins() -> None:
    """Let each test log in for itself: one process may have found a login through a proxy that is gone."""
    forget_the_cloud()


def copied(name: str, **options: t.Any) -> Json:
    return {"name": name, "remote": {"cloud": "bob"}, **options}


def reads(outcome: Outcome) -> int:
    """How often image data were requested."""
    return outcome.sent.count(READ)


def test_image_is_copied_with_its_attributes(alice: Cloud, bob: Cloud, name: str) -> None:
    origin = origin_of(bob, name)
    outcome = alice.thrice("image", **copied(name))
    assert_is_copy(alice, outcome.image)
    for key in ("disk_format", "container_format", "min_disk", "min_ram", "tags", "os_hash_value"):
        assert outcome.image[key] == (sorted(origin[key]) if key == "tags" else origin[key])
    assert outcome.image["properties"] == PROPERTIES
    assert (outcome.image["protected"], outcome.image["visibility"]) == (False, "shared")
    shown = f"image {origin['id']} '{name}' of cloud 'bob'"
    assert outcome.result["operations"][-1]["body"] == {"remote": shown, "size": len(DATA)}
    assert outcome.result["transfer"]["method"] == "upload"
    assert outcome.result["transfer"]["bytes"] == len(DATA)
    assert reads(outcome) == 1
    again = alice.unchanged("image", **copied(name))
    assert again.sent == [LIST, LIST]  # one list in each cloud
    # What the other cloud's image gains later is copied, and what it loses stays.
    bob.call(
        "PATCH",
        f"/images/{origin['id']}",
        headers={"Content-Type": "application/openstack-images-v2.1-json-patch"},
        json=[{"op": "remove", "path": "/hw_disk_bus"}, {"op": "add", "path": "/os_version", "value": "13"}],
    )
    outcome = alice.thrice("image", **copied(name))
    assert outcome.image["properties"] == {**PROPERTIES, "os_version": "13"}
    assert reads(outcome) == 0
    outcome = alice.thrice("image", **copied(name, purge_properties=True))
    assert outcome.image["properties"] == {"os_distro": "debian", "os_version": "13"}


def test_other_name_and_id_in_the_other_cloud(alice: Cloud, bob: Cloud, name: str) -> None:
    origin = origin_of(bob, f"{name}-there")
    for remote in ({"name": f"{name}-there"}, {"id": origin["id"].upper()}):
        outcome = alice.thrice("image", name=f"{name}-{len(remote)}-{next(iter(remote))}", remote={"cloud": "bob", **remote})
        assert_is_copy(alice, outcome.image)


def test_new_data_replace_the_copy(alice: Cloud, bob: Cloud, name: str) -> None:
    old = origin_of(bob, name, tags=["old"])
    first = alice.thrice("image", **copied(name)).image
    bob.run("image", id=old["id"], name=f"{name}-old").succeeded()
    origin_of(bob, name, DATA[::-1], tags=["new"])
    assert "has other data than image" in alice.fails("image", **copied(name, remote_attributes=["tags"]))
    outcome = alice.thrice("image", **copied(name, data_policy="replace", replaced="hide"))
    assert_is_copy(alice, outcome.image, DATA[::-1])
    assert outcome.image["tags"] == ["new"]
    assert outcome.image["id"] != first["id"]
    assert alice.show(first["id"])["os_hidden"]
    assert reads(outcome) == 1


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"remote_attributes": False, **FORMATS}, {"min_disk": 0, "tags": [], "properties": {}}),
        ({"remote_attributes": "false", **FORMATS}, {"min_disk": 0, "tags": [], "properties": {}}),
        (
            {"remote_attributes": ["disk_format", "container_format", "min_disk", "protected", "hidden", "visibility"]},
            {"min_disk": 3, "tags": [], "properties": {}, "protected": True, "visibility": "private", "os_hidden": True},
        ),
        (
            {"remote_attributes": "tags, properties.os_distro, properties.kernel_id", **FORMATS},
            {"tags": ["a", "b"], "properties": {"os_distro": "debian", "kernel_id": FOREIGN["kernel_id"]}},
        ),
        (
            {"tags": ["own"], "min_disk": 9, "properties": {"os_distro": "own", "hw_disk_bus": None, "x": "y"}},
            {"tags": ["own"], "min_disk": 9, "min_ram": 64, "properties": {"os_distro": "own", "x": "y"}},
        ),
        ({"visibility": "private", "protected": True}, {"visibility": "private", "protected": True, "tags": ["a", "b"]}),
    ],
)
def test_task_says_what_is_copied(alice: Cloud, bob: Cloud, name: str, options: Json, expected: Json) -> None:
    origin_of(bob, name, visibility="private", os_hidden=True)
    outcome = alice.thrice("image", **copied(name, **options))
    assert {key: outcome.image[key] for key in expected} == expected
    assert_is_copy(alice, outcome.image)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"remote_attributes": ["owner"]}, "remote_attributes: 'owner' was given; allowed are disk_format"),
        ({"remote_attributes": ["properties.cloudimage_version"]}, "this collection's own record"),
        ({"remote_attributes": ["properties.os_glance_x"]}, "reserved by Glance"),
        ({"remote_attributes": {"a": 1}}, "true, false or a list of names is allowed"),
        ({"remote": {"region": "r", "id": FOREIGN["kernel_id"]}, "remote_attributes": True}, "give 'remote' with a 'cloud'"),
        ({"remote": {"cloud": "bob", "id": "x"}}, "remote, id: 'x' is not an image id"),
        ({"remote": {"cloud": "bob", "name": "x", "id": FOREIGN["kernel_id"]}}, "give one of them"),
        ({"remote": {"cloud": "bob", "name": ""}}, "remote, name: '' has 0 characters"),
        ({"remote": {"region": "RegionTwo"}}, "give 'region' and 'id' for an image in another region"),
        ({"transfer": "import"}, "transfer: with 'import'"),
        ({"import_method": "glance-download"}, "with 'remote.cloud' there is glance-direct"),
        ({"checksum": "md5:x"}, "checksum, decompress: with 'remote'"),
        ({"path": "/x"}, "an image has its data from one source"),
    ],
)
def test_invalid_options_are_rejected(alice: Cloud, name: str, options: Json, message: str) -> None:
    assert message in alice.fails("image", **copied(name, **options))


def test_image_that_cannot_be_copied_is_an_error(alice: Cloud, admin: Cloud, bob: Cloud, name: str) -> None:
    said = alice.fails("image", **copied(name))
    assert f"remote, cloud 'bob': there is no image with the name '{name}', or this login must not see it" in said
    queued = bob.make(name)
    assert "has the status 'queued'; only an active image has data" in alice.fails("image", **copied(name))
    said = alice.fails("image", **copied(name, remote={"cloud": "bob", "name": queued["id"]}))
    assert "remote, cloud 'bob': name: no image has the name" in said
    active = origin_of(bob, name)
    outcome = alice.run("image", **copied(name))
    assert f"remote, cloud 'bob': name '{name}' means 2 images" in outcome.message
    assert sorted(outcome.result["candidates"]) == sorted([queued["id"], active["id"]])
    assert all(image["id"] in outcome.message for image in (queued, active))
    admin.call("POST", f"/images/{active['id']}/actions/deactivate")
    said = alice.fails("image", **copied(name, remote={"cloud": "bob", "id": active["id"]}))
    assert "has the status 'deactivated'" in said
    assert alice.named(name) == []


def test_images_of_other_projects_that_the_other_login_sees(alice: Cloud, admin: Cloud, bob: Cloud, name: str) -> None:
    """The other cloud's login needs no image of its own: a public image will do, or one that is shared with it."""
    public = admin.make(f"{name}-public", DATA, visibility="public")
    assert_is_copy(alice, alice.thrice("image", name=f"{name}-a", remote={"cloud": "bob", "name": f"{name}-public"}).image)
    shared = admin.make(f"{name}-shared", DATA[::-1], visibility="shared")
    admin.call("POST", f"/images/{shared['id']}/members", json={"member": bob.project_id})
    remote = {"cloud": "bob", "name": f"{name}-shared"}
    assert "there is no image with the name" in alice.fails("image", name=f"{name}-b", remote=remote)
    bob.call("PUT", f"/images/{shared['id']}/members/{bob.project_id}", json={"status": "accepted"})
    outcome = alice.thrice("image", name=f"{name}-b", remote=remote)
    assert_is_copy(alice, outcome.image, DATA[::-1])
    assert outcome.image["visibility"] == public["visibility"].replace("public", "shared")


def test_stores_and_staging(admin: Cloud, bob: Cloud, name: str) -> None:
    origin_of(bob, name)
    outcome = admin.thrice("image", **copied(name, stores=["cheap", "fast"]))
    assert outcome.image["stores"] == ["cheap", "fast"]
    outcome = admin.thrice("image", **copied(f"{name}-staged", import_method="glance-direct", remote=other(name)))
    assert outcome.result["transfer"]["method"] == "stage"
    assert outcome.image["os_hash_value"] == hashlib.sha512(DATA).hexdigest()


def other(name: str) -> Json:
    return {"cloud": "bob", "name": name}


# Reading


@pytest.mark.usefixtures("impatient")
def test_interrupted_read_resumes(alice: Cloud, bob: Cloud, name: str) -> None:
    origin_of(bob, name)
    behaviour = Behaviour()
    with proxy(bob.sandbox.glance_url, breaking_at(1_000_000, 500_000), behaviour=behaviour) as url:
        outcome = alice.run("image", **copied(name, remote={"cloud": cloud_at(bob, url)})).succeeded()
    assert_is_copy(alice, outcome.image)
    asked = bob.call("GET", f"/images/{outcome.image['id']}/file", headers={"Range": "bytes=5-"}, raise_exc=False)
    if asked.status_code == 206:
        assert behaviour.ranges == ["", "bytes=1000000-", "bytes=1500000-"]
    assert outcome.result["transfer"]["attempts"] == 1
    assert [entry["path"].rpartition("/")[2] for entry in outcome.mutations] == ["images", "file"]


@pytest.mark.usefixtures("impatient")
def test_store_without_ranges_is_read_again_and_the_bytes_before_are_skipped(alice: Cloud, bob: Cloud, name: str) -> None:
    origin_of(bob, name)
    behaviour = Behaviour(refuses_ranges=NO_RANDOM_ACCESS)
    with proxy(bob.sandbox.glance_url, breaking_at(1_000_000, 0, 2_000_000), behaviour=behaviour) as url:
        outcome = alice.run("image", **copied(name, remote={"cloud": cloud_at(bob, url)})).succeeded()
    assert_is_copy(alice, outcome.image)
    assert behaviour.ranges == ["", "bytes=1000000-", "", ""]
    assert outcome.result["transfer"]["attempts"] == 1


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (BodyFault("corrupt", 2_000_000), "has the sha512 {found}, not {right} as the cloud at {auth_url} says"),
        (BodyFault("cut", 0), "cannot be read: The download of image {id} broke off 4 times at byte 0"),
        (404, "cannot be read: GET /v2/images/{id}/file was answered HTTP 404"),
        (403, "cannot be read: GET /v2/images/{id}/file was answered HTTP 403"),
    ],
)
def test_read_that_fails_leaves_no_image(alice: Cloud, bob: Cloud, name: str, fault: BodyFault | int, message: str) -> None:
    origin = origin_of(bob, name)
    wrong = bytearray(DATA)
    wrong[2_000_000] ^= 1

    def on_read(method: str, path: str, _count: int) -> BodyFault | int | None:
        return fault if method == "GET" and path.endswith("/file") else None

    with proxy(bob.sandbox.glance_url, on_read) as url:
        remote = {"cloud": cloud_at(bob, url)}
        said = alice.run("image", **copied(name, remote=remote)).message
    expected = message.format(
        id=origin["id"],
        found=hashlib.sha512(wrong).hexdigest(),
        right=hashlib.sha512(DATA).hexdigest(),
        auth_url=remote["cloud"]["auth"]["auth_url"],
    )
    assert expected in said
    assert alice.named(name) == []
    assert_is_copy(alice, alice.thrice("image", **copied(name)).image)


def test_data_are_there_before_the_upload_begins(alice: Cloud, bob: Cloud, name: str) -> None:
    """A store may take longer to send the first byte than the server that gets the data waits for it."""
    origin_of(bob, name)
    began: list[str] = []

    def note(method: str, path: str, _count: int) -> None:
        if path.endswith("/file"):
            began.append(method)

    with proxy(alice.sandbox.glance_url, note) as here, proxy(bob.sandbox.glance_url, note) as there:
        outcome = alice.run(
            "image", **copied(name, remote={"cloud": cloud_at(bob, there)}, endpoint_override=here)
        ).succeeded()
    assert began == ["GET", "PUT"]
    assert_is_copy(alice, outcome.image)


@pytest.mark.usefixtures("impatient")
def test_upload_that_breaks_off_reads_the_image_again(alice: Cloud, bob: Cloud, name: str) -> None:
    origin_of(bob, name)
    left = [BodyFault("cut", 1_000_000)]

    def fault(method: str, path: str, _count: int) -> BodyFault | None:
        return left.pop() if left and method == "PUT" and path.endswith("/file") else None

    with proxy(alice.sandbox.glance_url, fault) as url:
        outcome = alice.run("image", **copied(name, endpoint_override=url)).succeeded()
    assert_is_copy(alice, outcome.image)
    # Glance may refuse the next attempt too, while it still reads the one that broke off.
    assert outcome.result["transfer"]["attempts"] >= 2
    assert reads(outcome) == outcome.result["transfer"]["attempts"]


def test_expired_token_of_the_other_cloud_is_renewed(alice: Cloud, bob: Cloud, name: str) -> None:
    origin_of(bob, name)
    refused: list[str] = []

    def fault(method: str, path: str, _count: int) -> int | None:
        if method == "GET" and path.endswith("/file") and not refused:
            refused.append(path)
            return 401
        return None

    with proxy(bob.sandbox.glance_url, fault) as url:
        outcome = alice.run("image", **copied(name, remote={"cloud": cloud_at(bob, url)})).succeeded()
    assert refused
    assert_is_copy(alice, outcome.image)


@pytest.mark.slow
@pytest.mark.parametrize("options", [{}, nightly({"data_policy": "replace", "replaced": "delete"})])
def test_run_after_a_killed_one_completes_the_copy(alice: Cloud, bob: Cloud, name: str, options: Json) -> None:
    for step in range(20):
        step_name = f"{name}-{step}"
        origin_of(bob, step_name)
        if options:
            alice.make(step_name, b"old")
        if not run_killed(alice, "image", copied(step_name, **options), step, CUT_ANSWER):
            break
        outcome = alice.run("image", **copied(step_name, wait_timeout=HANGS, **options)).succeeded()
        assert_is_copy(alice, outcome.image)
        assert [image["id"] for image in alice.named(step_name)] == [outcome.image["id"]]
        alice.unchanged("image", **copied(step_name, **options))
    assert step >= 2
    assert not ALL or step >= (4 if options else 2)


# Logging in


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"password": "wrong"}, "remote, the cloud at {auth_url}: The login was refused"),
        ({"auth_url": "http://127.0.0.1:1/v3"}, "remote, the cloud at http://127.0.0.1:1/v3: The identity service cannot"),
    ],
)
def test_login_error_names_the_other_cloud(alice: Cloud, bob: Cloud, name: str, change: Json, message: str) -> None:
    cloud = cloud_at(bob, bob.sandbox.glance_url)
    cloud["auth"] |= change
    said = alice.fails("image", **copied(name, remote={"cloud": cloud}))
    assert message.format(auth_url=cloud["auth"]["auth_url"]) in said
    assert "wrong" not in said


def test_unknown_cloud_is_named(alice: Cloud, name: str) -> None:
    said = alice.fails("image", **copied(name, remote={"cloud": "nowhere"}))
    assert "remote, cloud 'nowhere': The connection to the cloud is not configured: Cloud nowhere was not found" in said
    said = alice.fails("image", **copied(name, remote={"cloud": "bob", "region": "elsewhere"}))
    assert "remote, cloud 'bob' (region 'elsewhere'):" in said


FORMS: dict[str, t.Callable[[Json], t.Any]] = {
    "a dict": lambda cloud: {"cloud": cloud},
    "a cloud as JSON": lambda cloud: {"cloud": json.dumps(cloud)},
    "the whole as JSON": lambda cloud: json.dumps({"cloud": cloud, "name": "nobody"}),
    "the login without a cloud": lambda cloud: cloud,
    "an unknown key": lambda cloud: {"cloud": cloud, "passcode": "x"},
    "a broken JSON": lambda cloud: json.dumps({"cloud": cloud})[:-1],
    "a list": lambda cloud: [{"cloud": cloud}],
    "as words": lambda cloud: f"name=nobody cloud=password={cloud['auth']['password']}",
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("module", ["image", "images"])
def test_secrets_of_the_other_login_are_hidden(
    alice: Cloud, bob: Cloud, name: str, form: str, module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    logged: list[str] = []
    monkeypatch.setattr(AnsibleModule, "log", lambda _self, text, log_args=None: logged.append(f"{text} {log_args}"))
    cloud = cloud_at(bob, bob.sandbox.glance_url)
    entry = {"name": name, "remote": FORMS[form](cloud)}
    forms: list[Json] = [entry] if module == "image" else [{"images": [entry]}, {"images": json.dumps([entry])}]
    for options in forms:
        outcome = alice.run(module, **options)
        assert outcome.failed
        for shown in (outcome.stdout, *logged):
            assert cloud["auth"]["password"] not in shown
        assert "Traceback" not in outcome.stdout


@pytest.mark.parametrize("in_process", ["true", nightly("false")])
def test_vvvv_shows_no_secret_of_the_other_login(alice: Cloud, bob: Cloud, name: str, play: Play, in_process: str) -> None:
    origin_of(bob, name)
    cloud = cloud_at(bob, bob.sandbox.glance_url)
    wrong = {**cloud, "auth": {**cloud["auth"], "user_domain_id": "wrong"}}
    entries = [copied(f"{name}-2", remote={"cloud": cloud, "name": name}), copied(f"{name}-3", remote={"cloud": wrong})]
    run = play(
        {"cloudimage.glance.image": copied(name, remote={"cloud": cloud}), "diff": True},
        {"cloudimage.glance.image": copied(name, remote={"cloud": wrong})},
        {"cloudimage.glance.images": {"images": entries}},
        {"cloudimage.glance.image": copied(name, remote={"cloud": cloud, "nmae": "x"})},
        CLOUDIMAGE_GLANCE_IN_PROCESS=in_process,
    )
    assert [bool(result.get("failed")) for result in run.results] == [False, True, True, True]
    assert_is_copy(alice, run.results[0]["image"])
    assert "remote, the cloud at" in run.results[1]["msg"]
    assert [outcome["failed"] for outcome in run.results[2]["outcomes"]] == [False, True]
    assert bob.sandbox.passwords["bob"] not in run.stdout + json.dumps(run.results)
    assert "Traceback" not in run.stdout


# Many images


def test_list_of_images_is_looked_up_together(alice: Cloud, bob: Cloud, sandbox: Sandbox, name: str) -> None:
    names = [f"{name}-{number}" for number in range(3)]
    for number, each in enumerate(names):
        origin_of(bob, each, DATA + bytes([number]))
    images = [copied(each) for each in names]
    real = images_thrice(alice, images)
    assert [image["properties"] for image in real.images] == [PROPERTIES] * 3
    assert reads(real) == 3
    forget_the_cloud()
    before = sandbox.logins()
    again = alice.unchanged("images", images=images)
    assert again.sent == [LIST, LIST]
    assert sandbox.logins() - before <= 4  # check mode and the real run, two clouds each


def test_failure_of_one_cloud_leaves_the_other_images_alone(alice: Cloud, bob: Cloud, name: str, path: str) -> None:
    origin_of(bob, f"{name}-a")
    images = [
        copied(f"{name}-a"),
        copied(f"{name}-b", remote={"cloud": "nowhere"}),
        copied(f"{name}-c", remote={"cloud": "nowhere"}),
        {"name": f"{name}-d", "path": path, **FORMATS},
    ]
    outcome = alice.run("images", images=images)
    assert [each["failed"] for each in outcome.result["outcomes"]] == [False, True, True, False]
    assert outcome.message.count("remote, cloud 'nowhere': The connection to the cloud is not configured") == 2
    assert_is_copy(alice, alice.named(f"{name}-a")[0])


def test_requests_of_a_copy(alice: Cloud, bob: Cloud, name: str) -> None:
    """Those to the other cloud are the first ones."""
    origin = origin_of(bob, name)
    forget_the_cloud()
    created = alice.run("image", **copied(name)).succeeded()
    # A GET for the data is logged once all of them were sent.
    assert sorted(created.sent) == sorted([LIST, LIST, LIST, "POST /v2/images", READ, "PUT /v2/images/ID/file", SHOW])
    assert alice.run("image", **copied(name)).succeeded().sent == [LIST, LIST]
    by_id = {"cloud": "bob", "id": origin["id"]}
    assert alice.run("image", **copied(name, remote=by_id)).succeeded().sent == [SHOW, LIST]
    assert alice.run("image", check=True, **copied(f"{name}-new", remote=by_id)).succeeded().sent == [SHOW, LIST, LIST]
    with proxy(alice.sandbox.glance_url, no_fault) as url:
        assert alice.run("image", **copied(name, endpoint_override=url)).succeeded().sent == [LIST, LIST]


@pytest.mark.skipif(shutil.which("qemu-img") is None, reason="qemu-img is missing (Debian: qemu-utils)")
def test_image_is_not_converted_into_its_own_place(alice: Cloud, name: str) -> None:
    image = alice.make(name, bytes(MIB), disk_format="raw")
    options: Json = {"convert": "qcow2", "data_policy": "replace", "container_format": "bare"}
    message = alice.fails("image", name=name, remote={"cloud": "alice"}, **options)
    assert f"remote: Image {image['id']} '{name}' is the image that the task is to change" in message
    assert alice.named(name) == [image]
    alice.unchanged("image", name=name, remote={"cloud": "alice"}, **{**options, "convert": "raw"})


@pytest.mark.nightly
@pytest.mark.skipif(shutil.which("qemu-img") is None, reason="qemu-img is missing (Debian: qemu-utils)")
def test_image_that_is_named_by_its_id_is_converted_once(alice: Cloud, name: str) -> None:
    image = alice.make(name, bytes(MIB), disk_format="raw")
    options: Json = {"convert": "qcow2", "data_policy": "replace", "replaced": "hide", "container_format": "bare"}
    real = alice.thrice("image", name=name, remote={"cloud": "alice", "id": image["id"]}, **options)
    assert (real.image["disk_format"], real.image["id"] != image["id"]) == ("qcow2", True)
    assert alice.show(image["id"])["os_hidden"]


@pytest.mark.nightly
@pytest.mark.skipif(shutil.which("qemu-img") is None, reason="qemu-img is missing (Debian: qemu-utils)")
def test_copy_is_converted(alice: Cloud, bob: Cloud, name: str, tmp_path: pathlib.Path) -> None:
    disk = pathlib.Path(make_disk(tmp_path / "disk.qcow2")).read_bytes()
    origin_of(bob, name, disk, disk_format="qcow2")
    outcome = alice.thrice("image", **copied(name, convert="raw"))
    assert (outcome.image["disk_format"], outcome.image["size"], outcome.image["min_disk"]) == ("raw", 3 * MIB, 1)
    record = outcome.image["properties"]["cloudimage_source_checksum"]
    assert record.startswith(f"{checksum_of(disk)} convert:raw = ")
    assert reads(alice.unchanged("image", **copied(name, convert="raw"))) == 0
