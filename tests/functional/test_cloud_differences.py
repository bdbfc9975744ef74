# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""What clouds do differently, each with a test. The list of them is in docs/clouds/support.md."""

from __future__ import annotations

import hashlib
import pathlib
import typing as t

import pytest
from ansible_collections.cloudimage.glance.plugins.module_utils._module import image_info

from .cloud import FORMATS, Json, Sandbox, forget_the_cloud
from .cloud_pages import Clouds, CloudUnderTest
from .gateway import Reply, Request, json_reply, token_of
from .image_server import serving
from .simulated_clouds import MD5_OF_NOTHING, PAGE_NOT_FOUND, Otc, Rackspace
from .sources import checksum_of
from .support_page import SUPPORT_PAGE, replaced_block
from .timing import Clock

Test = t.TypeVar("Test", bound=t.Callable[..., None])
ROWS: dict[str, list[str]] = {}
# Further away than anybody waits, which is half a minute.
FAR_AWAY = "2099-01-01T00:00:00Z"
OPTIONS: Json = {"com.rackspace__1__options": "0"}
HTML_403 = (
    b"<html><head><title>403 Forbidden</title></head><body><h1>403 Forbidden</h1>Not for you<br /><br /></body></html>"
)


def row(title: str) -> t.Callable[[Test], Test]:
    """The difference that a test is about."""

    def note(test: Test) -> Test:
        ROWS.setdefault(title, []).append(f"`{test.__name__}`: {test.__doc__}")
        return test

    return note


@pytest.fixture(scope="module")
def clouds(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Clouds]:
    with Clouds.running(sandbox, tmp_path_factory.mktemp("clouds")) as clouds:
        yield clouds


def fresh(clouds: Clouds, name: str) -> CloudUnderTest:
    """The cloud as a task finds it that is the first of its process, whatever ran before."""
    forget_the_cloud()
    cloud = clouds.cloud(name)
    cloud.gateway.asked.clear()
    cloud.gateway.instead.clear()
    return cloud


@pytest.fixture
def plain(clouds: Clouds) -> CloudUnderTest:
    return fresh(clouds, "glance")


@pytest.fixture
def pcd(clouds: Clouds) -> CloudUnderTest:
    return fresh(clouds, "pcd")


@pytest.fixture
def rackspace(clouds: Clouds) -> CloudUnderTest:
    return fresh(clouds, "rackspace")


@pytest.fixture
def otc(clouds: Clouds) -> CloudUnderTest:
    return fresh(clouds, "otc")


@pytest.fixture
def slept(clock: Clock) -> list[float]:
    """How long a task paused (s), each time; the pauses take no time."""
    return clock.slept


def without(entry: Json, key: str) -> Json:
    return {name: value for name, value in entry.items() if name != key}


def with_key(entry: Json, key: str) -> Json:
    """The entry of Rackspace with another API key."""
    return {**entry, "auth": {**entry["auth"], "api_key": key}}


# Auth


@row("Auth")
def test_private_ca_is_trusted_only_if_configured(pcd: CloudUnderTest, monkeypatch: pytest.MonkeyPatch) -> None:
    """PCD's certificate is not trusted unless `cacert` says so."""
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    monkeypatch.delenv("CURL_CA_BUNDLE", raising=False)
    entry = pcd.entry
    pcd.entry = without(entry, "cacert")
    message = pcd.run("image_info", name=["nobody"]).message
    assert "The server's certificate does not verify" in message
    assert "'ca_cert'" in message
    assert pcd.gateway.asked == []
    assert pcd.run("image_info", name=["nobody"], ca_cert=entry["cacert"]).images == []


@row("Auth")
def test_login_with_an_api_key(rackspace: CloudUnderTest) -> None:
    """Rackspace's own plugin logs in at Identity v2.0; no output shows the key."""
    # No other test logs in with this time limit, so no token of it is kept.
    assert rackspace.run("image_info", name=["nobody"], api_timeout=57).images == []
    assert "POST /v2.0/tokens" in [request.asked for request in rackspace.gateway.asked]
    key = "a-wrong-key"
    rackspace.entry = with_key(rackspace.entry, key)
    outcome = rackspace.run("image_info", name=["nobody"])
    assert "The login was refused" in outcome.message
    assert "Unable to authenticate user" in outcome.message
    assert key not in outcome.stdout


@row("Auth")
def test_invalid_login_response_is_an_error(rackspace: CloudUnderTest, monkeypatch: pytest.MonkeyPatch) -> None:
    """An invalid login response is not shown: it may contain a token."""
    monkeypatch.setattr(Rackspace, "_login", lambda _self, _body: json_reply(200, {"id": "a-token", "message": "a-token"}))
    # A key of its own, because an earlier login of this run would be gone on with.
    rackspace.entry = with_key(rackspace.entry, "another-key")
    outcome = rackspace.run("image_info", name=["nobody"])
    assert "HTTP 200 with a body that is no login" in outcome.message
    assert "a-token" not in outcome.stdout


# Endpoints


@row("Endpoints")
def test_interface_selects_the_admin_endpoint(pcd: CloudUnderTest, name: str, path: str) -> None:
    """`interface: admin` takes all requests of a task to PCD's other Glance."""
    image = pcd.run("image", name=name, path=path, interface="admin", **FORMATS).image
    asked = [request for request in pcd.gateway.asked if "/images" in request.path]
    assert len(asked) == 5
    assert all(request.path.startswith("/glance-admin/v2/") for request in asked)
    assert pcd.show(image["id"])["status"] == "active"


@row("Endpoints")
@pytest.mark.parametrize("interface", ["admin", "internal"])
def test_missing_endpoint_is_an_error(rackspace: CloudUnderTest, interface: str) -> None:
    """Rackspace has public endpoints only, and the error names the endpoint that was requested."""
    message = rackspace.run("image_info", name=["nobody"], interface=interface).message
    assert f"has no {interface} endpoint of a service of type 'image' in region 'IAD'" in message


@row("Endpoints")
@pytest.mark.parametrize("end", ["", "/", "/v1", "/v2", "/v2/"])
def test_endpoint_override_with_and_without_a_version(pcd: CloudUnderTest, name: str, end: str) -> None:
    """`endpoint_override` with a prefix, with a version and without."""
    pcd.make(name)
    assert not pcd.unchanged("image", name=name, endpoint_override=f"{pcd.gateway.url}/glance{end}").changed


# Prefix


@row("Prefix")
def test_all_requests_use_the_path_prefix(clouds: Clouds, name: str) -> None:
    """All requests go to PCD's prefixes, those for the version and for further pages too."""
    pcd = clouds.cloud("pcd", administrator=True)
    pcd.gateway.asked.clear()
    pcd.make(name, b"data")
    pcd.thrice("image_state", name=[name], state="deactivated")
    assert {request.path.split("/")[1] for request in pcd.gateway.asked} == {"keystone", "glance"}
    assert "GET /glance/" in [request.asked for request in pcd.gateway.asked]


# Pages


@row("Pages")
@pytest.mark.parametrize("cloud", ["pcd", "rackspace", "otc"])
def test_next_page_uses_only_the_marker(clouds: Clouds, name: str, cloud: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """`next` may be without the prefix (PCD) or have conditions of its own (OTC): only its marker counts."""
    monkeypatch.setattr(image_info, "PAGE_SIZE", 2)
    found = fresh(clouds, cloud)
    for _image in range(5):
        found.make(name, tags=[name])
    assert len(found.run("image_info", tags=[name], limit=5).images) == 5
    api_calls = [request.query for request in found.gateway.asked if "/images" in request.path]
    assert {key for query in api_calls for key, _value in query} <= {"tag", "limit", "marker"}


@pytest.mark.nightly
@row("Pages")
def test_short_page_is_not_the_last(rackspace: CloudUnderTest, name: str) -> None:
    """Rackspace returns at most 100 images, whatever the limit: a short page is not the last one."""
    for _image in range(101):
        rackspace.make(name, tags=[name])
    assert len(rackspace.run("image_info", tags=[name]).images) == 101
    assert len(rackspace.gateway.asked_for_images) == 2


# Conditions


@row("Conditions")
def test_images_are_found_without_filter_operators(otc: CloudUnderTest, name: str) -> None:
    """Where `in:` is taken for a name, images are found anyway, and none is created twice."""
    names = [f"{name}-1", f"{name}-2"]
    otc.run("images", images=[{"name": each} for each in names]).succeeded()
    assert not otc.unchanged("images", images=[{"name": each} for each in names]).changed
    assert sorted(otc.run("image_info", name=names).names) == names
    assert [len(otc.named(each)) for each in names] == [1, 1]


@pytest.mark.nightly
@row("Conditions")
@pytest.mark.parametrize("cloud", ["rackspace", "otc"])
def test_many_names_are_found_once_without_filter_operators(clouds: Clouds, name: str, cloud: str) -> None:
    """Names in several lists bring each image once."""
    found = fresh(clouds, cloud)
    names = [f"{name}-{'x' * 60}-{number}" for number in range(100)]
    made = [found.make(each)["id"] for each in names[:2]]
    assert sorted(image["id"] for image in found.run("image_info", name=names).images) == sorted(made)
    wanted = [{"name": each, "state": "absent"} for each in names]
    assert found.run("images", check=True, images=wanted).succeeded().result["operations"] != []


@row("Conditions")
def test_ignored_filters_are_applied_by_the_client(plain: CloudUnderTest, name: str) -> None:
    """Where `os_hidden` is not known, the same image in both lists is one image; without a time it has no age."""
    image = plain.make(name)
    shown = {key: value for key, value in image.items() if key not in ("os_hidden", "created_at")}
    pages = [("GET", json_reply(200, {"images": [shown]}))] * 2
    plain.gateway.instead += pages
    operations = plain.run("image", check=True, name=name, state="absent").succeeded().result["operations"]
    assert [operation["method"] for operation in operations] == ["DELETE"]
    plain.gateway.instead += pages
    assert len(plain.run("image_info", name_pattern=name, hidden="any").images) == 1
    plain.gateway.instead.clear()
    plain.gateway.instead += pages[:1]
    assert plain.run("image_info", name_pattern=name, older_than="1d").images == []


@row("Conditions")
def test_name_with_a_colon_is_found_without_filter_operators(otc: CloudUnderTest, name: str) -> None:
    """A name that looks like an operator is found where operators are not known, also together with its owner."""
    image = otc.make(f"{name}:22.04", tags=[name])
    otc.make(f"{name}:24.04", tags=[name])
    assert otc.unchanged("image", name=image["name"]).image["id"] == image["id"]
    otc.gateway.asked.clear()
    assert not otc.run("image", name=image["name"], owner=otc.project_id).succeeded().changed
    asked = [dict(request.query) for request in otc.gateway.asked if request.path == "/v2/images"]
    assert asked[-1] == {"name": image["name"], "owner": otc.project_id, "visibility": "all", "limit": "1000"}


@row("Conditions")
def test_lists_are_filtered_by_the_client(otc: CloudUnderTest, name: str) -> None:
    """Where lists of ids, formats and statuses are not known, the module filters images itself, by all conditions."""
    formats = ("raw", "iso", "qcow2")
    raw, iso, other = (otc.make(name, tags=[name], container_format="bare", disk_format=kind) for kind in formats)
    otc.make(f"{name}-active", b"data", tags=[name], disk_format="ami", container_format="ami")
    expected = {raw["id"], iso["id"]}

    def found(**options: t.Any) -> set[str]:
        return {image["id"] for image in otc.run("image_info", **options).images}

    assert found(id=[raw["id"], iso["id"]]) == expected
    otc.gateway.asked.clear()
    assert found(tags=[name], disk_format=["raw", "iso"]) == expected
    assert [dict(request.query).get("tag") for request in otc.gateway.asked if request.path == "/v2/images"][-1] == name
    assert found(tags=[name], container_format=["bare", "ova"], disk_format=["raw", "iso"]) == expected
    assert found(tags=[name], status=["queued", "saving"]) == {*expected, other["id"]}
    forget_the_cloud()
    otc.gateway.asked.clear()
    assert found(tags=[name], disk_format=["raw", "vhd"], limit=1) == {raw["id"]}
    # With the operator, the question whether it is known, and without it, not in pages of one.
    assert len(otc.gateway.asked_for_images) == 3


@row("Conditions")
def test_probe_for_filter_operators(plain: CloudUnderTest, name: str, slept: list[float]) -> None:
    """Only a 400 means that operators are known, and then an empty list is the result; any other error is reported."""
    names = [f"{name}-1", f"{name}-2"]
    assert plain.run("image_info", name=names).images == []
    assert len(plain.gateway.asked_for_images) == 2
    nothing = ("GET", json_reply(200, {"images": []}))
    forget_the_cloud()
    plain.gateway.instead += [nothing, ("GET", Reply(403, HTML_403))]
    assert "HTTP 403: Not for you" in plain.run("image_info", name=names).message
    assert slept == []


@row("Conditions")
def test_times_and_sort_are_applied_by_the_client(rackspace: CloudUnderTest, name: str) -> None:
    """Where conditions on times and `sort` are not known, the module filters and sorts images itself."""
    for number in range(3):
        rackspace.make(f"{name}-{number}", tags=[name])
    pattern = f"^{name}-"
    assert len(rackspace.run("image_info", name_pattern=pattern, newer_than="1h").images) == 3
    assert rackspace.run("image_info", name_pattern=pattern, older_than="1h").images == []
    for direction, order in (("asc", (0, 1, 2)), ("desc", (2, 1, 0))):
        images = rackspace.run("image_info", tags=[name], sort=[f"name:{direction}"])
        assert images.names == [f"{name}-{number}" for number in order]


# Deactivate


@row("Deactivate")
def test_action_newer_than_the_api_version_is_not_sent(otc: CloudUnderTest, name: str) -> None:
    """OTC's Image API is v2.2: no request is sent, in check mode and for real."""
    image = otc.make(name, b"data")
    message = otc.fails("image_state", id=[image["id"]], state="deactivated")
    assert "Not supported by this cloud: POST" in message
    assert "Its Image API is v2.2, and this came with v2.3" in message
    assert not any("/actions/" in request.path for request in otc.gateway.asked)
    assert not otc.unchanged("image_state", id=[image["id"]], state="active").changed


@row("Deactivate")
def test_missing_action_is_reported_as_unsupported(rackspace: CloudUnderTest, name: str) -> None:
    """Rackspace reports no version and has no such operation: 404 for an existing image shows that."""
    image = rackspace.make(name, b"data")
    message = rackspace.run("image_state", id=[image["id"]], state="deactivated").message
    assert "Not supported by this cloud, though the image is there: POST" in message
    assert rackspace.show(image["id"]) == image


@row("Deactivate")
@pytest.mark.parametrize("status", [404, 405, 501])
def test_missing_operation_is_distinguished_from_a_missing_image(plain: CloudUnderTest, name: str, status: int) -> None:
    """404, 405 and 501 mean that there is no such operation, unless the image was deleted meanwhile."""
    image = plain.make(name, b"data")
    refused = ("POST /deactivate", Reply(status))
    plain.gateway.instead += [refused]
    message = plain.run("image_state", id=[image["id"]], state="deactivated").message
    assert "Not supported by this cloud, though the image is there: POST" in message
    plain.call("DELETE", f"/images/{image['id']}")
    plain.gateway.instead += [("GET", json_reply(200, image)), refused]
    message = plain.run("image_state", id=[image["id"]], state="deactivated").message
    assert "Not supported" not in message


@row("Deactivate")
def test_only_active_images_can_be_deactivated(plain: CloudUnderTest, name: str) -> None:
    """Only an active image can be deactivated, and the error names the status."""
    image = plain.make(name)
    assert "has the status 'queued'" in plain.fails("image_state", id=[image["id"]], state="deactivated")


@row("Deactivate")
def test_refused_deactivation_has_a_hint(pcd: CloudUnderTest, name: str) -> None:
    """PCD's error, with a hint."""
    image = pcd.make(name, b"data")
    message = pcd.run("image_state", id=[image["id"]], state="deactivated").message
    assert "HTTP 403: You are not authorized to complete this action." in message
    assert "on many clouds only administrators may" in message


# Delete


@row("Delete")
@pytest.mark.parametrize("status", [200, 204])
def test_image_with_status_deleted_is_absent(
    otc: CloudUnderTest, name: str, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """200 with an empty HTML body and 204 are success, and an image that stays readable as `deleted` is absent."""
    monkeypatch.setattr(Otc, "deletes_with", status)
    image = otc.make(name, b"data")
    otc.thrice("image", id=image["id"], state="absent", wait_timeout=5)
    assert otc.run("image_info", id=[image["id"]]).images == []
    # Absent for 'present' too: it is to be made, which with this id no cloud does again.
    outcome = otc.run("image", id=image["id"], name=name, check=True)
    assert outcome.result["operations"][0]["method"] == "POST"
    assert "an id is used once and for all" in otc.run("image", id=image["id"], name=name).message
    assert otc.thrice("image", name=name).image["id"] != image["id"]


@row("Delete")
@pytest.mark.parametrize("status", ["deleted", "pending_delete"])
def test_listed_deleted_image_is_not_found(plain: CloudUnderTest, name: str, status: str) -> None:
    """An image that a list shows as `deleted` or `pending_delete` is not found by its name, nor among many by name or id."""
    image = {**plain.make(f"{name}-of-another-name"), "name": name, "status": status}
    listed = ("GET /images", json_reply(200, {"images": [image]}))
    plain.gateway.instead += [listed]
    assert not plain.run("image", name=name, state="absent").succeeded().changed
    plain.gateway.instead += [listed]
    assert not plain.run("images", images=[{"name": name, "state": "absent"}]).succeeded().changed
    plain.call("DELETE", f"/images/{image['id']}")
    plain.gateway.instead += [listed]
    outcome = plain.run("images", images=[{"id": image["id"], "state": "absent"}], check=True)
    assert not outcome.succeeded().changed


@row("Delete")
def test_wait_polls_until_the_image_is_deleted(plain: CloudUnderTest, name: str, slept: list[float]) -> None:
    """`wait` polls until the image is gone, and reports it if it is not."""
    image = plain.make(name)
    accepted = ("DELETE", Reply(204))
    plain.gateway.instead += [accepted]
    message = plain.run("image", id=image["id"], state="absent", wait_timeout=1).message
    assert "The cloud accepted the deletion of image" in message
    assert "still has it after 1 s, with the status 'queued'" in message
    plain.gateway.instead += [accepted]
    assert plain.run("image", id=image["id"], state="absent", wait=False).changed
    assert plain.show(image["id"]) == image
    assert plain.thrice("image", id=image["id"], state="absent").changed
    assert slept == [0.5, 0.5]


@row("Delete")
@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (405, b"", "This cloud does not have this operation."),
        (409, b"", "The image is in use"),
        (413, b"", "quota or the store's space is used up"),
        (500, b"", "Something failed inside the cloud"),
        (503, b"", "out of service or overloaded"),
        (403, HTML_403, "HTTP 403: Not for you"),
    ],
)
def test_refused_deletion_is_an_error(
    plain: CloudUnderTest, name: str, status: int, body: bytes, words: str, slept: list[float]
) -> None:
    """405, 409, 413, 500, 503 and 403 have an explanation. Only 503 is tried again; then the module looks for the image."""
    image = plain.make(name)
    plain.gateway.instead += [("DELETE", Reply(status, body, {"Content-Type": "text/html"}))] * 5
    message = plain.run("image", id=image["id"], state="absent").message
    assert f"DELETE /v2/images/{image['id']} was answered HTTP {status}" in message
    assert words in message
    assert (len(slept) > 4) if status == 503 else (slept == [])
    assert ("It is not known whether the cloud is deleting" in message) == (status == 503)
    assert plain.show(image["id"]) == image


@row("Delete")
@pytest.mark.usefixtures("clock")
def test_protection_is_restored_if_the_image_is_not_deleted(plain: CloudUnderTest, name: str) -> None:
    """If an image stays though its deletion was accepted, its protection is restored."""
    image = plain.make(name, protected=True)
    plain.gateway.instead += [("DELETE", Reply(204))]
    message = plain.run("image", id=image["id"], state="absent", force=True, wait_timeout=1).message
    assert "still has it after 1 s" in message
    assert message.endswith("The image is protected again, as it was before.")
    assert {**plain.show(image["id"]), "updated_at": None} == {**image, "updated_at": None}


@row("Delete")
@pytest.mark.usefixtures("clock")
def test_replacement_stands_if_the_deletion_of_the_old_image_may_be_going_on(
    plain: CloudUnderTest, name: str, path: str
) -> None:
    """The new image stays if a gateway gives a deletion up and the store refuses the next one, as Ceph does meanwhile."""
    old = plain.make(name, b"other data", protected=True)
    plain.gateway.instead += [("DELETE", Reply(504)), ("DELETE", Reply(409, b"The image is in use."))]
    options = {"name": name, "path": path, "data_policy": "replace", **FORMATS}
    message = plain.run("image", **options).message
    assert "was answered HTTP 409: The image is in use." in message
    assert f"It is not known whether the cloud is deleting image {old['id']}." in message
    assert message.endswith("The new image is in its place.")
    (new,) = [image for image in plain.named(name) if image["id"] != old["id"]]
    assert (new["status"], new["size"], new["protected"]) == ("active", pathlib.Path(path).stat().st_size, True)
    assert plain.thrice("image", **options).image["id"] == new["id"]
    assert [image["id"] for image in plain.named(name)] == [new["id"]]


@pytest.mark.nightly
@row("Delete")
@pytest.mark.usefixtures("clock")
def test_replacement_stands_though_the_old_image_is_deleted_slowly(plain: CloudUnderTest, name: str, path: str) -> None:
    """The new image stays in its place if the deletion of the old one was accepted and is not done yet."""
    old = plain.make(name, b"other data")
    plain.gateway.instead += [("DELETE", Reply(204))]
    options = {"name": name, "path": path, "data_policy": "replace", "wait_timeout": 2, **FORMATS}
    message = plain.run("image", **options).message
    assert "The cloud accepted the deletion of image" in message
    assert message.endswith("The new image is in its place.")
    plain.call("DELETE", f"/images/{old['id']}")  # now the cloud has done it
    (new,) = plain.named(name)
    assert new["size"] == pathlib.Path(path).stat().st_size
    assert plain.unchanged("image", **options).image["id"] == new["id"]


@row("Delete")
def test_unconfirmed_deletion_is_an_error(plain: CloudUnderTest, name: str) -> None:
    """If the module cannot see whether the image is gone, the error says that its deletion was accepted."""
    image = plain.make(name)
    shown = ("GET", json_reply(200, image))
    plain.gateway.instead += [shown, ("GET", Reply(500, b"oops"))]
    message = plain.run("image", id=image["id"], state="absent").message
    assert f"The deletion of image {image['id']} could not be confirmed: GET" in message
    assert "HTTP 500: oops" in message


@row("Delete")
def test_deleted_images_are_listed_only_on_request(plain: CloudUnderTest, name: str) -> None:
    """Nor does `image_info` show them, unless it is asked for that status."""
    image = {**plain.make(name), "status": "deleted"}
    page = ("GET", json_reply(200, {"images": [image]}))
    plain.gateway.instead += [page]
    assert plain.run("image_info", tags=[]).images == []
    plain.gateway.instead += [page]
    assert plain.run("image_info", status=["deleted"]).names == [name]


# Missing, protected


@row("Missing, protected")
@pytest.mark.parametrize("code", ["IMG.0027", "IMG.0086", "IMG.0144"])
def test_error_code_of_a_missing_image_means_absent(otc: CloudUnderTest, name: str, code: str) -> None:
    """OTC's 400 with one of these codes is Glance's 404."""
    image = otc.make(name)
    error = json_reply(400, {"error": {"message": "not there", "code": code}})
    otc.gateway.instead += [("GET", error)]
    assert otc.run("image", id=image["id"], state="absent", check=True).succeeded().changed is False
    # Another process deletes it between the lookup and the deletion.
    otc.call("DELETE", f"/images/{image['id']}")
    otc.gateway.instead += [("GET", json_reply(200, image))]
    assert not otc.run("image", id=image["id"], state="absent").succeeded().changed


@row("Missing, protected")
@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("IMG.0028", "HTTP 400 (IMG.0028): no. The cloud's policy does not let this user do it."),
        ("IMG.0092", "HTTP 400 (IMG.0092): no. The cloud's policy does not let this user do it."),
        ("IMG.0090", "HTTP 400 (IMG.0090): no. The image is in use"),
        ("IMG.0060", "HTTP 400 (IMG.0060): no. A quota or the store's space is used up"),
    ],
)
def test_error_codes_of_refused_deletions_are_mapped(
    otc: CloudUnderTest, name: str, code: str, words: str, slept: list[float]
) -> None:
    """OTC's 400 with one of these codes is Glance's 403, 409 or 413; none is tried again."""
    image = otc.make(name)
    otc.gateway.instead += [("DELETE", json_reply(400, {"error": {"message": "no.", "code": code}}))] * 2
    assert words in otc.run("image", id=image["id"], state="absent").message
    assert slept == []
    assert otc.show(image["id"]) == image


@row("Missing, protected")
@pytest.mark.parametrize(("status", "code"), [(400, "IMG.0001"), (500, "IMG.0027")])
def test_other_error_codes_do_not_mean_absent(otc: CloudUnderTest, name: str, status: int, code: str) -> None:
    """A 400 with any other code, or one of these codes with another status, does not mean an absent image."""
    image = otc.make(name)
    otc.gateway.instead += [("GET", json_reply(status, {"error": {"message": "no.", "code": code}}))] * 2
    message = otc.fails("image", id=image["id"], state="absent")
    assert message == f"GET /v2/images/{image['id']} was answered HTTP {status} ({code}): no."


@row("Missing, protected")
@pytest.mark.parametrize("code", ["APIG.0101", "APIGW.0101"])
def test_404_of_the_gateway_does_not_mean_absent(otc: CloudUnderTest, name: str, code: str) -> None:
    """The gateway's 404 (`APIG.*`, `APIGW.*`) does not mean an absent image, even if the Image API answers all else."""
    image = otc.make(name)
    unknown = json_reply(404, {"error_code": code, "error_msg": "The API does not exist", "request_id": "gateway-1"})
    otc.gateway.instead += [("GET", unknown)] * 2
    message = otc.fails("image", id=image["id"], state="absent")
    assert f"GET /v2/images/{image['id']} was answered HTTP 404 ({code}): The API does not exist" in message
    assert "check 'endpoint_override'" in message


@row("Missing, protected")
def test_404_of_the_gateway_means_a_wrong_endpoint(otc: CloudUnderTest, name: str) -> None:
    """The gateway's 404 (`APIGW.*`) means a wrong endpoint, not an absent image."""
    image = otc.make(name)
    message = otc.fails("image", id=image["id"], state="absent", endpoint_override=f"{otc.gateway.url}/ims")
    assert "HTTP 404 (APIGW.0101): The API does not exist" in message
    assert "check 'endpoint_override'" in message


@row("Missing, protected")
def test_404_of_a_web_server_means_a_wrong_endpoint(pcd: CloudUnderTest, name: str) -> None:
    """Nor does any other 404 mean an absent image, where no Image API answers."""
    assert PAGE_NOT_FOUND.status == 404
    image = pcd.make(name)
    message = pcd.fails("image", id=image["id"], state="absent", endpoint_override=f"{pcd.gateway.url}/glnace")
    assert "check 'endpoint_override'" in message
    # A service that knows all addresses, and has no images.
    pcd.gateway.instead += [("GET", Reply(404)), ("GET", json_reply(200, {"servers": []}))] * 2
    assert "Is this address an Image API?" in pcd.fails("image", id=image["id"], state="absent")


# Limits


@row("Limits")
@pytest.mark.parametrize(
    ("cloud", "reply", "waits"),
    [
        (
            "rackspace",
            json_reply(413, {"overLimit": {"code": 413, "message": "OverLimit Retry...", "retryAfter": "3"}}),
            3.0,
        ),
        ("rackspace", json_reply(413, {"overLimit": {"message": "OverLimit Retry...", "retryAt": FAR_AWAY}}), 30.0),
        ("rackspace", Reply(413, b"", {"Retry-After": "4"}), 4.0),
        (
            "otc",
            json_reply(429, {"error_code": "APIG.0308", "error_msg": "The throttling threshold has been reached"}),
            None,
        ),
    ],
)
def test_rate_limit_is_waited_out(
    clouds: Clouds, name: str, cloud: str, reply: Reply, waits: float | None, slept: list[float]
) -> None:
    """413 with `overLimit` or a Retry-After, and 429, are waited out."""
    found = fresh(clouds, cloud)
    found.make(name)
    found.gateway.instead += [("GET", reply)]
    assert not found.run("image", name=name).succeeded().changed
    assert slept == ([waits] if waits else slept)
    assert len(slept) == 1
    found.gateway.instead += [("GET", reply)] * 5
    message = found.run("image", name=name).message
    assert f"HTTP {reply.status}" in message


@row("Limits")
def test_rate_limited_create_is_repeated(plain: CloudUnderTest, name: str, slept: list[float]) -> None:
    """A rate limit is waited out even where no other error is repeated: when an image is created."""
    plain.gateway.instead += [("POST", Reply(429, b"", {"Retry-After": "2"}))]
    plain.run("image", name=name).succeeded()
    assert slept == [2.0]
    plain.gateway.instead += [("POST", Reply(429))] * 5
    assert "The cloud limits how many requests are made" in plain.run("image", name=f"{name}-2").message
    slept.clear()
    plain.gateway.instead += [("POST", Reply(503))]
    assert "HTTP 503" in plain.run("image", name=f"{name}-3").message
    assert slept == []


@row("Limits")
def test_quota_is_final(plain: CloudUnderTest, name: str, slept: list[float]) -> None:
    """Glance's own 413 is a quota, and final."""
    plain.gateway.instead += [("POST", Reply(413, b"too many", {"x-openstack-request-id": "req-1"}))]
    assert "A quota or the store's space is used up" in plain.run("image", name=name).message
    assert slept == []


# Error bodies


@row("Error bodies")
@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (Reply(403, HTML_403, {"Content-Type": "text/html"}), "HTTP 403: Not for you"),
        (Reply(403, b"plain words", {"Content-Type": "text/plain"}), "HTTP 403: plain words"),
        (json_reply(403, {"error": {"code": 403, "message": "No.", "details": "Why"}}), "HTTP 403: No. (Why)"),
        (json_reply(403, {"forbidden": {"code": 403, "message": "No."}}), "HTTP 403: No."),
        (json_reply(403, {"error": {"message": "No.", "code": "IMG.0024"}}), "HTTP 403 (IMG.0024): No."),
        (
            json_reply(403, {"error_code": "APIGW.0301", "error_msg": "No.", "request_id": "gateway-7"}),
            "HTTP 403 (APIGW.0301): No. [request gateway-7]",
        ),
        (json_reply(403, {"error": {"message": "No."}, "request_id": "r"}), "HTTP 403: No."),
        (json_reply(403, {"code": "403", "message": "No."}), "HTTP 403: No."),
        (Reply(403, b"No.", {"x-openstack-request-id": "req-7"}), "HTTP 403: No. [request req-7]"),
        (Reply(403, b"No.", {"x-request-id": "r-7"}), "HTTP 403: No. [request r-7]"),
    ],
)
def test_error_bodies_are_parsed(plain: CloudUnderTest, name: str, reply: Reply, words: str) -> None:
    """HTML, text and four kinds of JSON: message, code and request id reach the user."""
    plain.make(name)
    plain.gateway.instead += [("PATCH", reply)]
    assert words in plain.run("image", name=name, tags=["t"]).message


@row("Error bodies")
def test_token_in_an_error_body_is_not_shown(plain: CloudUnderTest, name: str) -> None:
    """A token that a gateway repeats in its error is not shown."""
    plain.make(name)
    handle = plain.gateway.handle

    def repeat(request: Request) -> Reply:
        if request.method != "PATCH":
            return handle(request)
        (token,) = token_of(request).values()
        return Reply(403, f"Not for {token}".encode())

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plain.gateway, "handle", repeat)
        assert "HTTP 403: Not for …" in plain.run("image", name=name, tags=["t"]).message


# PATCH, properties


@row("PATCH")
def test_patch_holds_only_the_named_change(rackspace: CloudUnderTest, name: str) -> None:
    """One operation for what the task names; the cloud's own properties stay."""
    own: Json = {"com.rackspace__1__options": "0", "org.openstack__1__os_version": "13"}
    image = rackspace.make(name, **own)
    rackspace.thrice("image", name=name, properties={"mine": "1"})
    (patch,) = [request for request in rackspace.gateway.asked if request.method == "PATCH"]
    assert patch.json == [{"op": "add", "path": "/mine", "value": "1"}]
    assert {**rackspace.show(image["id"]), "updated_at": None} == {**image, "mine": "1", "updated_at": None}


@row("PATCH")
def test_refused_change_shows_the_message_of_the_cloud(rackspace: CloudUnderTest, otc: CloudUnderTest, name: str) -> None:
    """A change that the cloud refuses fails with the cloud's message, and changes nothing."""
    image = rackspace.make(name, **OPTIONS)
    message = rackspace.run("image", name=name, properties={"com.rackspace__1__options": "1"}).message
    assert "HTTP 403: Attribute 'com.rackspace' is reserved." in message
    assert "The attributes /min_disk cannot be changed." in otc.run("image", name=name, min_disk=5).message
    assert rackspace.show(image["id"]) == image


@row("PATCH")
def test_unapplied_change_is_an_error(plain: CloudUnderTest, name: str) -> None:
    """200 for a change that the image does not show is an error."""
    image = plain.make(name)
    plain.gateway.instead += [("PATCH", json_reply(200, image))]
    message = plain.run("image", name=name, protected=True).message
    assert "the cloud did not apply: protected." in message


@row("Properties")
def test_properties_of_the_cloud_are_left_alone(rackspace: CloudUnderTest, otc: CloudUnderTest, name: str) -> None:
    """Properties of the cloud are returned unchanged, and cause no change."""
    rackspace.make(name, **OPTIONS)
    (found,) = rackspace.run("image_info", name=[name]).images
    assert found["properties"] == {"com.rackspace__1__options": "0"}
    properties = otc.unchanged("image", name=name, properties={"com.rackspace__1__options": "0"}).image["properties"]
    assert properties["__isregistered"] == "true"
    assert properties["__imagetype"] == "private"


# Missing fields


@row("Missing fields")
def test_missing_attributes_have_the_defaults_of_glance(rackspace: CloudUnderTest, otc: CloudUnderTest, name: str) -> None:
    """Rackspace's samples lack `protected`, `min_disk` and `owner`: missing attributes have Glance's defaults."""
    rackspace.make(name)
    shown = rackspace.unchanged("image", name=name, protected=False, min_disk=0, min_ram=0, hidden=False).image
    assert (shown["protected"], shown["min_disk"], shown["owner"]) == (False, 0, None)
    rackspace.thrice("image", name=name, min_disk=5)
    # Nor is it an error if an image is made with the default of what the cloud then leaves out.
    assert otc.thrice("image", name=f"{name}-made", hidden=False).image["os_hidden"] is False
    # An owner that is not shown is the one that was asked for.
    assert rackspace.run("image", name=name, owner=rackspace.project_id, state="absent", check=True).changed


@row("Missing fields")
def test_missing_owner_is_no_difference(rackspace: CloudUnderTest, name: str) -> None:
    """An owner that the cloud does not show is no difference."""
    image = rackspace.make(name)
    for options in ({"name": name}, {"id": image["id"]}):
        assert not rackspace.unchanged("image", owner="alpha", **options).changed
    rackspace.thrice("image", id=image["id"], owner="alpha", state="absent")


@row("Missing fields")
def test_image_size_property_is_ignored_where_there_is_a_hash(plain: CloudUnderTest, name: str, path: str) -> None:
    """`__image_size` counts only where a cloud has no hash of the data."""
    options = {"name": name, "path": path, "properties": {"__image_size": "5"}, **FORMATS}
    assert plain.thrice("image", **options).image["size"] == pathlib.Path(path).stat().st_size


@row("Missing fields")
def test_placeholder_size_and_checksum_are_ignored(
    otc: CloudUnderTest, name: str, path: str, tmp_path: pathlib.Path
) -> None:
    """OTC shows size 0 and the MD5 of empty data: the size is `__image_size`, and data are read back to be verified."""
    size = pathlib.Path(path).stat().st_size
    made = otc.thrice("image", name=name, path=path, **FORMATS)
    assert made.image["size"] == size
    assert made.image["checksum"] is None
    assert f"GET /v2/images/{made.image['id']}/file" in otc.gateway.asked_for_images
    assert made.image["properties"]["__image_size"] == str(size)
    other = tmp_path / "other"
    other.write_bytes(bytes(size))
    assert "has other data than" in otc.fails("image", name=name, path=str(other), **FORMATS)
    assert otc.show(made.image["id"])["checksum"] != MD5_OF_NOTHING


@row("Missing fields")
def test_real_checksum_is_used(otc: CloudUnderTest, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the MD5 of empty data is a placeholder: another checksum next to `__image_size` is used."""
    shown = Otc._shown
    checksum = hashlib.md5(b"data", usedforsecurity=False).hexdigest()
    monkeypatch.setattr(Otc, "_shown", lambda self, image: {**shown(self, image), "checksum": checksum})
    otc.make(name, b"data")
    image = otc.run("image", name=name).image
    assert (image["size"], image["checksum"]) == (4, checksum)


@row("Missing fields")
def test_corrupted_data_are_deleted(otc: CloudUnderTest, name: str, path: str) -> None:
    """Data that are read back are compared with those sent; an image with other data is deleted again."""
    size = pathlib.Path(path).stat().st_size
    otc.gateway.instead += [("GET /file", Reply(200, bytes(size)))]
    message = otc.run("image", name=name, path=path, **FORMATS).message
    assert "The data arrived changed" in message
    assert otc.named(name) == []


@row("Missing fields")
def test_unreadable_data_are_verified_by_size(
    otc: CloudUnderTest, name: str, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the data cannot be read, the size alone is verified, with a warning."""
    barred = ("GET /file", json_reply(403, {"error": {"message": "no.", "code": "IMG.0099"}}))
    otc.gateway.instead += [barred]
    made = otc.run("image", name=name, path=path, **FORMATS).succeeded()
    assert made.image["status"] == "active"
    assert "could be verified by their size only" in made.warnings[0]
    otc.gateway.instead += [barred]
    message = otc.run("image", name=name, path=path, **FORMATS).message
    assert "Give a 'checksum' with sha256" in message
    shown = Otc._shown
    monkeypatch.setattr(Otc, "_shown", lambda self, image: {**shown(self, image), "__image_size": "7"})
    otc.gateway.instead += [barred]
    message = otc.run("image", name=f"{name}-cut-off", path=path, **FORMATS).message
    assert "the cloud has 7 bytes with no hash" in message


@row("Missing fields")
def test_checksum_is_recorded_where_the_cloud_has_none(otc: CloudUnderTest, name: str, path: str) -> None:
    """With `checksum: sha256:…` further runs read nothing back."""
    checksum = checksum_of(pathlib.Path(path).read_bytes(), "sha256")
    otc.thrice("image", name=name, path=path, checksum=checksum, **FORMATS)
    otc.gateway.asked.clear()
    assert not otc.unchanged("image", name=name, path=path, checksum=checksum, **FORMATS).changed
    assert not any(asked.endswith("/file") for asked in otc.gateway.asked_for_images)


# Create, sharing


@row("Create")
def test_missing_create_operation_is_an_error(rackspace: CloudUnderTest, name: str, path: str) -> None:
    """Rackspace creates images by tasks only: a clear error, and no image remains."""
    message = rackspace.run("image", name=name, path=path, **FORMATS).message
    assert (
        "HTTP 405: The method is not allowed for this resource. This cloud does not support creating images this way"
        in message
    )
    url: Json = {"url": "https://example.com/disk", "transfer": "import"}
    assert "it offers no imports" in rackspace.run("image", name=name, **url, **FORMATS).message
    assert rackspace.named(name) == []


@row("Create")
def test_url_is_streamed_where_the_cloud_does_not_import(otc: CloudUnderTest, name: str) -> None:
    """Where the cloud does not know imports, data from a URL are streamed."""
    with serving() as web:
        web.files["/disk"] = b"data"
        assert otc.run("image", name=name, url=f"{web.url}/disk", **FORMATS).image["size"] == 4
        options = {"url": f"{web.url}/disk", "transfer": "import", **FORMATS}
        assert "it offers no imports" in otc.run("image", name=f"{name}-2", **options).message


@row("Create")
def test_repeated_conflict_of_a_create_ends_in_an_error(plain: CloudUnderTest, name: str) -> None:
    """A create that is always answered 409 ends in an error."""
    plain.gateway.instead += [("POST", json_reply(409, {"error": {"message": "taken"}}))] * 100
    assert "HTTP 409: taken" in plain.run("image", name=name).message
    assert len(plain.gateway.instead) > 50


@row("Create")
def test_created_image_with_another_id_is_an_error(plain: CloudUnderTest, name: str) -> None:
    """The error names the image that may have been created."""
    reply = json_reply(201, {"id": "0f5e9a3c-26f0-4c4e-8d35-0a9c2f9d7c11", "name": name, "status": "queued"})
    plain.gateway.instead += [("POST", reply)]
    message = plain.run("image", name=name, tags=["t"]).message
    assert "was answered with another image" in message
    assert "may have been made, and is left as it is; run the task again." in message


@row("Sharing")
def test_images_of_every_visibility_are_found(otc: CloudUnderTest, name: str) -> None:
    """On OTC, a query with a visibility would leave shared images out, so none is sent."""
    image = otc.make(name, visibility="shared")
    assert otc.unchanged("image", name=name).image["id"] == image["id"]
    assert not any(key == "visibility" for request in otc.gateway.asked for key, _value in request.query)


@row("HTTP 300")
def test_300_is_success_only_for_the_versions(plain: CloudUnderTest, name: str) -> None:
    """For an unknown prefix Glance answers 300 with its versions: no image is found or deleted that way."""
    image = plain.make(name)
    for options in ({"name": name}, {"id": image["id"]}):
        message = plain.fails("image", state="absent", endpoint_override=f"{plain.gateway.url}/nowhere", **options)
        assert "HTTP 300" in message
        assert "check 'endpoint_override'" in message
    plain.gateway.instead += [("DELETE", json_reply(300, {"versions": []}))]
    assert "HTTP 300" in plain.run("image", name=name, state="absent", wait_timeout=1).message


def test_support_page_lists_these_differences() -> None:
    """The list in the documentation is this file's."""
    lines = ["| Difference | Test |", "|---|---|"]
    lines += [f"| {title} | {'<br>'.join(tests)} |" for title, tests in ROWS.items()]
    assert replaced_block("rows", "\n".join(lines)) == SUPPORT_PAGE.read_text()
