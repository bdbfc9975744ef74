# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""Clouds as their documents describe them, in front of the real Keystone and Glance, so that no state is made up."""

from __future__ import annotations

import dataclasses
import json
import typing as t

from .gateway import OWN_AGENT, Gateway, Json, Reply, Request, forward, json_reply, token_of

PAGE_NOT_FOUND = Reply(
    404,
    b"<html><head><title>404 Not Found</title></head><body><center>nginx</center></body></html>",
    {"Content-Type": "text/html"},
)
MD5_OF_NOTHING = "d41d8cd98f00b204e9800998ecf8427e"
# Conditions that younger Glances take with an operator before a colon.
WITH_OPERATORS = ("id", "name", "status", "disk_format", "container_format")
FOREIGN = "https://foreign.invalid"


def in_catalogue(body: Json, service: str, urls: t.Mapping[str, str]) -> None:
    """Give a service of a token's catalogue these addresses, by interface."""
    for entry in body["token"].get("catalog", []):
        if entry["type"] == service:
            entry["endpoints"] = [
                {**endpoint, "url": urls[endpoint["interface"]]}
                for endpoint in entry["endpoints"]
                if endpoint["interface"] in urls
            ]


def reason_of(reply: Reply) -> str:
    """What Glance says in an HTML page, which are its errors."""
    text = reply.body.decode("utf-8", "replace")
    return text.partition("</h1>")[2].partition("<br")[0].strip() or text


class Plain(Gateway):
    """A Glance of its own address, as it is."""

    def handle(self, request: Request) -> Reply:
        if request.path.startswith("/v3"):
            return self._login(request)
        return forward(self.glance, request)

    def _login(self, request: Request) -> Reply:
        reply = forward(self.keystone, request)
        body = reply.json
        if body and "token" in body:
            in_catalogue(body, "image", {"public": self.url, "internal": self.url, "admin": self.url})
        return reply.with_json(body)


class Pcd(Gateway):
    """Platform9 Private Cloud Director: all services at one address behind prefixes, with TLS.

    :param admin_glance: the Glance that the admin endpoint leads to.
    """

    def __init__(self, keystone: str, glance: str, admin_glance: str) -> None:
        super().__init__(keystone, glance)
        self.admin_glance = admin_glance

    def handle(self, request: Request) -> Reply:
        prefix, _slash, path = request.path[1:].partition("/")
        inner = dataclasses.replace(request, path=f"/{path}")
        if prefix == "keystone":
            return self._identity(inner)
        if prefix == "glance":
            return self._images(self.glance, inner)
        if prefix == "glance-admin":
            return self._images(self.admin_glance, inner)
        return PAGE_NOT_FOUND

    def _identity(self, request: Request) -> Reply:
        reply = forward(self.keystone, request)
        body = reply.json
        if request.asked == "POST /v3/auth/tokens" and reply.status == 201:
            images = f"{self.url}/glance"
            in_catalogue(body, "image", {"public": images, "internal": images, "admin": f"{self.url}/glance-admin"})
            return reply.with_json(body)
        # As a Keystone that knows its own address.
        host = request.headers["Host"].encode()
        text = reply.body.replace(b"http://" + host, f"{self.url}/keystone".encode())
        return dataclasses.replace(reply, body=text)

    def _images(self, glance: str, request: Request) -> Reply:
        if "/actions/" in request.path and not self._is_admin(request):
            reply = Reply(403, b"</h1>You are not authorized to complete this action.<br")
        else:
            reply = forward(glance, request)
        if reply.status >= 400:
            error = {"code": reply.status, "message": reason_of(reply), "details": "from the image service"}
            return reply.with_json({"error": error})
        return reply

    def _is_admin(self, request: Request) -> bool:
        token = token_of(request)
        headers = {**OWN_AGENT, **token, "X-Subject-Token": next(iter(token.values()), "")}
        found = forward(self.keystone, Request("GET", "/v3/auth/tokens", [], headers)).json
        return "admin" in [role["name"] for role in found["token"]["roles"]]


class Rackspace(Gateway):
    """Rackspace Cloud Images: Identity v2.0 with an API key, pages of 100, no creating of images, no actions."""

    FAULTS: t.ClassVar = {
        400: "badRequest",
        401: "unauthorized",
        403: "forbidden",
        404: "itemNotFound",
        405: "methodNotAllowed",
        409: "conflictingRequest",
        413: "overLimit",
    }
    PAGE = 100
    # Not in the samples; of those with a value here, images have them that have another value.
    LEFT_OUT: t.ClassVar = {
        "owner": None,
        "protected": False,
        "min_disk": 0,
        "min_ram": 0,
        "os_hidden": False,
        "virtual_size": None,
        "os_hash_algo": None,
        "os_hash_value": None,
        "stores": None,
    }

    def handle(self, request: Request) -> Reply:
        if request.asked == "POST /v2.0/tokens":
            return self._login(request.json)
        if request.asked == "GET /v2/images":
            return self._list(request)
        refusal = self._refusal(request)
        if refusal:
            return self._fault(*refusal)
        reply = forward(self.glance, request)
        if reply.status >= 400:
            return self._fault(reply.status, reason_of(reply))
        body = reply.json
        return reply.with_json(self._shown(body)) if isinstance(body, dict) and "status" in body else reply

    @staticmethod
    def _refusal(request: Request) -> tuple[int, str] | None:
        """Status and message for what this cloud does not have."""
        parts = request.path.split("/")[2:]
        if not request.path.startswith("/v2/") or "actions" in parts or parts[0] in ("info", "stores"):
            return 404, "The resource could not be found."
        if request.method in ("PUT", "POST") and parts[-1] in ("images", "file", "stage", "import"):
            return 405, "The method is not allowed for this resource."
        if request.method == "PATCH" and any(change["path"].startswith("/com.rackspace") for change in request.json):
            return 403, "Attribute 'com.rackspace' is reserved."
        return None

    def _fault(self, status: int, message: str) -> Reply:
        return json_reply(status, {self.FAULTS.get(status, "imageFault"): {"code": status, "message": message}})

    def _login(self, body: Json) -> Reply:
        given = body["auth"]["RAX-KSKEY:apiKeyCredentials"]
        user = {"name": given["username"], "domain": {"id": "default"}, "password": given["apiKey"]}
        scope = {"project": {"name": "alpha", "domain": {"id": "default"}}}
        wanted = {"auth": {"identity": {"methods": ["password"], "password": {"user": user}}, "scope": scope}}
        headers = {**OWN_AGENT, "Content-Type": "application/json"}
        reply = forward(self.keystone, Request("POST", "/v3/auth/tokens", [], headers, json.dumps(wanted).encode()))
        if reply.status != 201:
            return self._fault(401, "Unable to authenticate user with credentials provided.")
        token = reply.json["token"]
        tenant = token["project"]
        access = {
            "token": {
                "id": reply.headers["X-Subject-Token"],
                "expires": token["expires_at"],
                "tenant": {"id": tenant["id"], "name": tenant["name"]},
            },
            "serviceCatalog": [
                {
                    "name": "cloudImages",
                    "type": "image",
                    "endpoints": [{"publicURL": f"{self.url}/v2", "region": "IAD", "tenantId": tenant["id"]}],
                }
            ],
            "user": {"id": token["user"]["id"], "name": given["username"], "roles": [], "RAX-AUTH:defaultRegion": "IAD"},
        }
        return json_reply(200, {"access": access})

    def _list(self, request: Request) -> Reply:
        query = dict(request.query)
        limit = min(int(query.pop("limit", 25)), self.PAGE)
        if {"sort", "created_at", "updated_at"} & query.keys():
            return json_reply(200, {"images": []})  # taken for properties, which no image has
        literal = [
            (key, f"eq:{value}" if key in WITH_OPERATORS else value) for key, value in request.query if key != "limit"
        ]
        reply = forward(self.glance, dataclasses.replace(request, query=[*literal, ("limit", str(limit))]))
        if reply.status != 200:
            return self._fault(reply.status, reason_of(reply))
        body = reply.json
        page = {"images": [self._shown(image) for image in body["images"]], "first": f"/v2/images?limit={limit}"}
        if "next" in body:
            page["next"] = f"/v2/images?limit={limit}&marker={body['images'][-1]['id']}"
        return json_reply(200, page)

    def _shown(self, image: Json) -> Json:
        return {
            key: value
            for key, value in image.items()
            if key not in self.LEFT_OUT or (value and self.LEFT_OUT[key] is not None)
        }


class Otc(Gateway):
    """Open Telekom Cloud's Image Management Service, which is Huawei's.

    ``deletes_with`` is the status that a deletion is answered with.
    """

    PAGE = 25
    BARE = ("virtual_size", "os_hash_algo", "os_hash_value", "os_hidden", "stores")
    CHANGEABLE = ("name", "description")

    deletes_with = 204

    def __init__(self, keystone: str, glance: str) -> None:
        super().__init__(keystone, glance)
        self._deleted: dict[str, Json] = {}

    def handle(self, request: Request) -> Reply:
        if request.path.startswith("/v3"):
            return self._identity(request)
        if request.asked == "GET /":
            versions = [
                {"status": status, "id": version, "links": [{"href": f"{FOREIGN}/v2/", "rel": "self"}]}
                for status, version in (("SUPPORTED", "v2.0"), ("CURRENT", "v2.2"), ("SUPPORTED", "v2.1"))
            ]
            return json_reply(300, {"versions": versions})
        parts = request.path.split("/")
        if parts[1:3] != ["v2", "images"] or "actions" in parts:
            error = {"error_code": "APIGW.0101", "error_msg": "The API does not exist", "request_id": "gateway-1"}
            return json_reply(404, error)
        if len(parts) == 3 and request.method == "GET":
            return self._list(request)
        if len(parts) == 4:
            return self._image(request, parts[3])
        return self._passed_on(request)

    def _identity(self, request: Request) -> Reply:
        reply = forward(self.keystone, request)
        body = reply.json
        if body and "token" in body:
            in_catalogue(body, "image", {"public": self.url})
            for entry in body["token"].get("catalog", []):
                for endpoint in entry["endpoints"]:
                    endpoint["region"] = endpoint["region_id"] = "eu-de"
            return reply.with_json(body)
        return reply

    def _image(self, request: Request, image_id: str) -> Reply:
        if request.method == "GET" and image_id in self._deleted:
            return json_reply(200, self._deleted[image_id])
        shown = forward(self.glance, Request("GET", request.path, [], {**OWN_AGENT, **token_of(request)}))
        if shown.status == 401:
            message = "Incorrect IAM authentication information: verify aksk fail"
            return json_reply(401, {"error_msg": message, "error_code": "APIGW.0301", "request_id": "gateway-2"})
        if shown.status == 404:
            code = {"GET": "IMG.0027", "PATCH": "IMG.0086", "DELETE": "IMG.0144"}[request.method]
            return self._error(400, code, f"The image {image_id} does not exist.")
        if request.method == "PATCH":
            barred = [change["path"] for change in request.json if not self._is_changeable(change["path"][1:])]
            if barred:
                # Its code is not in the documents at hand.
                return self._error(400, "IMG.0029", f"The attributes {', '.join(barred)} cannot be changed.")
        if request.method == "DELETE":
            return self._delete(request, shown.json)
        return self._passed_on(request)

    def _is_changeable(self, key: str) -> bool:
        is_base = key in ("tags", "visibility", "owner", "protected", "os_hidden", "min_disk", "min_ram", "disk_format")
        return key in self.CHANGEABLE or not (is_base or key in self.BARE or key.startswith("__"))

    def _delete(self, request: Request, image: Json) -> Reply:
        if image["protected"]:
            return self._error(400, "IMG.0028", "The image is protected and cannot be deleted.")
        if image["status"] in ("saving", "uploading", "importing"):
            return self._error(400, "IMG.0090", "The image is being created.")
        reply = forward(self.glance, request)
        if reply.status == 403:
            return self._error(400, "IMG.0092", "The image belongs to another tenant.")
        self._deleted[image["id"]] = {**self._shown(image), "status": "deleted"}
        # As the service's abandoned version 1.1 has it in its example.
        return reply if self.deletes_with == 204 else Reply(self.deletes_with, b"", {"Content-Type": "text/html"})

    def _passed_on(self, request: Request) -> Reply:
        reply = forward(self.glance, request)
        if reply.status >= 400:
            return self._error(reply.status, "IMG.0001", reason_of(reply))
        body = reply.json
        return reply.with_json(self._shown(body)) if isinstance(body, dict) and "status" in body else reply

    @staticmethod
    def _error(status: int, code: str, message: str) -> Reply:
        return json_reply(status, {"error": {"message": message, "code": code}})

    def _list(self, request: Request) -> Reply:
        query = dict(request.query)
        limit = min(int(query.pop("limit", 25)), self.PAGE)
        if "sort" in query:
            return json_reply(200, {"images": []})
        literal = [
            (key, f"eq:{value}" if key in WITH_OPERATORS else value) for key, value in request.query if key != "limit"
        ]
        reply = forward(self.glance, dataclasses.replace(request, query=[*literal, ("limit", str(limit))]))
        if reply.status != 200:
            return self._error(reply.status, "IMG.0001", reason_of(reply))
        body = reply.json
        page = {"images": [self._shown(image) for image in body["images"]], "first": "/v2/images"}
        if "next" in body:
            marker = body["images"][-1]["id"]
            page["next"] = f"/v2/images?__isregistered=true&marker={marker}&__imagetype=private&limit={limit}"
        return json_reply(200, page)

    def _shown(self, image: Json) -> Json:
        shown = {key: value for key, value in image.items() if key not in self.BARE}
        shown |= {"__imagetype": "private", "__isregistered": "true", "__os_bit": "64", "__backup_id": ""}
        if image.get("size") is not None:
            shown |= {"__image_size": str(image["size"]), "size": 0, "checksum": MD5_OF_NOTHING}
        return shown
