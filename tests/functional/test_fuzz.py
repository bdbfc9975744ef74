# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""Answers of any kind: whatever a gateway may answer, a task ends in one clear error, or does what it says.

GLANCE_FUZZ_CASES says how many cases are tried (default 30, always the same ones). A case that fails says its number, and
GLANCE_FUZZ_ONLY tries that one alone.
"""

from __future__ import annotations

import dataclasses
import json
import os
import pathlib
import random
import typing as t
import uuid

import pytest

from .cloud import FORMATS, Cloud, Json, Outcome, Sandbox
from .gateway import Gateway, Reply, Request, forward, json_reply, token_of
from .timing import Clock

CASES = int(os.environ.get("GLANCE_FUZZ_CASES") or 30)
ONLY = os.environ.get("GLANCE_FUZZ_ONLY")
# No case may take longer (s), by a clock on which each request takes as long as this; pauses count too.
SLOWEST = 30.0
REQUEST_TAKES = 0.05
DATA = b"the data of an image" * 500

HTML = b"<html><head><title>Sign in</title></head><body><h1>Welcome</h1>Please sign in.</body></html>"
STATUSES = [
    *(200, 201, 202, 204, 206, 300, 304, 400, 401, 403, 404, 405, 408, 409, 410),
    *(413, 415, 429, 500, 501, 502, 503, 504, 999),
]
OTHER_TYPES: list[t.Any] = [None, True, 5, 1.5, "text", [], {}, [None], {"id": 5}]


# What becomes of an answer


Malformer = t.Callable[[random.Random, Reply, str], Reply]


def a_page(rng: random.Random, _reply: Reply, _trap: str) -> Reply:
    return Reply(rng.choice(STATUSES), HTML, {"Content-Type": "text/html"})


def a_long_page(rng: random.Random, _reply: Reply, _trap: str) -> Reply:
    body = HTML + b"<p>lorem ipsum" * 750_000  # 10 MB
    return Reply(rng.choice([200, 201, 403, 404, 500, 502]), body, {"Content-Type": "text/html"})


def truncated(rng: random.Random, reply: Reply, _trap: str) -> Reply:
    return dataclasses.replace(reply, body=reply.body[: rng.randrange(max(1, len(reply.body)))])


def cut_off(rng: random.Random, reply: Reply, _trap: str) -> Reply:
    kept = rng.randrange(max(1, len(reply.body)))
    return dataclasses.replace(reply, body=reply.body[:kept], missing=len(reply.body) - kept + 1)


def wrong_type(rng: random.Random, reply: Reply, _trap: str) -> Reply:
    def change(container: t.Any, key: t.Any) -> None:
        kind = container[key].__class__
        container[key] = rng.choice([other for other in OTHER_TYPES if other.__class__ is not kind])

    return somewhere(rng, reply, change)


def missing_field(rng: random.Random, reply: Reply, _trap: str) -> Reply:
    def change(container: t.Any, key: t.Any) -> None:
        del container[key]

    return somewhere(rng, reply, change)


def somewhere(rng: random.Random, reply: Reply, change: t.Callable[[t.Any, t.Any], None]) -> Reply:
    """Change one field of a JSON answer, wherever it is."""
    answer = reply.json
    if not isinstance(answer, dict) or not answer:
        return json_reply(reply.status, rng.choice(OTHER_TYPES))
    container: t.Any = answer
    images = answer.get("images")
    if images and rng.random() < 0.8:
        container = rng.choice(images)
    fields = [key for key in container if key not in ("self", "file", "schema", "first")]
    if fields:
        change(container, rng.choice(fields))
    return reply.with_json(answer)


def another_kind(rng: random.Random, reply: Reply, _trap: str) -> Reply:
    return json_reply(reply.status, rng.choice(OTHER_TYPES))


def deep(rng: random.Random, reply: Reply, _trap: str) -> Reply:
    body = rng.choice([b"[" * 200_000, b'{"a":' * 200_000])
    return Reply(rng.choice([reply.status, 500]), body, {"Content-Type": "application/json"})


def versions(_rng: random.Random, _reply: Reply, _trap: str) -> Reply:
    return json_reply(300, {"versions": [{"id": "v2.16", "status": "CURRENT"}]})


def redirect(rng: random.Random, _reply: Reply, trap: str) -> Reply:
    return Reply(rng.choice([301, 302, 303, 307, 308]), b"", {"Location": f"{trap}/v2/images"})


def endless_next(rng: random.Random, reply: Reply, _trap: str) -> Reply:
    answer = reply.json
    page = answer if isinstance(answer, dict) and "images" in answer else {"images": []}
    return json_reply(200, {**page, "next": f"/v2/images?marker={uuid.UUID(int=rng.getrandbits(128))}"})


def a_strange_next(rng: random.Random, reply: Reply, _trap: str) -> Reply:
    answer = reply.json
    page = answer if isinstance(answer, dict) else {}
    return json_reply(reply.status, {**page, "next": rng.choice([5, [], {"a": 1}, True, "http://[::1", "?limit=5"])})


def bytes_of_no_text(rng: random.Random, reply: Reply, _trap: str) -> Reply:
    return Reply(rng.choice([reply.status, 400, 500]), rng.randbytes(2000), {"Content-Type": "application/json"})


def not_compressed(rng: random.Random, reply: Reply, _trap: str) -> Reply:
    return Reply(rng.choice([reply.status, 500]), rng.randbytes(100), {"Content-Encoding": "gzip"})


def nothing(rng: random.Random, reply: Reply, _trap: str) -> Reply:
    return Reply(rng.choice([reply.status, 200, 204]))


def come_back_later(rng: random.Random, _reply: Reply, _trap: str) -> Reply:
    later = rng.choice(["soon", "-5", "99999999999", "1e9", "Wed, 21 Oct 2999 07:28:00 GMT"])
    body = json.dumps({"overLimit": {"message": "later", "retryAfter": later, "retryAt": 5}}).encode()
    return Reply(rng.choice([413, 429, 503]), body, {"Retry-After": later})


def another_image(rng: random.Random, reply: Reply, _trap: str) -> Reply:
    other = str(uuid.UUID(int=rng.getrandbits(128)))
    answer = reply.json
    return (
        reply.with_json({**answer, "id": other}) if isinstance(answer, dict) and "id" in answer else reply.with_json([other])
    )


MALFORMERS: list[Malformer] = [
    *(a_page, a_long_page, truncated, cut_off, wrong_type, wrong_type, wrong_type, missing_field, missing_field),
    *(another_kind, deep, versions, redirect, endless_next, a_strange_next, bytes_of_no_text, not_compressed),
    *(nothing, come_back_later, another_image),
]


@dataclasses.dataclass(frozen=True)
class Case:
    """Which answers are malformed.

    :param of_login: whether answers of the Identity service are, else those of the Image service.
    :param first: which of them is the first to be malformed, from 0.
    :param only: whether it is the only one.
    :param carried_out: whether a request whose answer is malformed is carried out before.
    """

    malform: Malformer
    of_login: bool
    first: int
    only: bool
    carried_out: bool

    def __str__(self) -> str:
        which = f"{'only' if self.only else 'from'} answer {self.first} of the {'login' if self.of_login else 'images'}"
        return f"{self.malform.__name__}, {which}{', carried out' if self.carried_out else ''}"


class Spoiling(Gateway):
    """Malforms answers of the Image service, or of the login."""

    trap = ""
    clock: Clock

    def answer(self, request: Request) -> Reply:
        self.clock.now += REQUEST_TAKES
        return super().answer(request)

    def begin(self, rng: random.Random, case: Case) -> None:
        self.rng, self.case = rng, case
        self.count = self.malformed = 0
        self.asked.clear()

    def handle(self, request: Request) -> Reply:
        case = self.case
        is_login = request.path.startswith("/v3")
        behind = self.keystone if is_login else self.glance
        if is_login != case.of_login:
            return forward(behind, request)
        number, self.count = self.count, self.count + 1
        if number < case.first or (case.only and number > case.first):
            return forward(behind, request)
        self.malformed += 1
        carried_out = request.method == "GET" or case.carried_out or is_login
        return case.malform(self.rng, forward(behind, request) if carried_out else Reply(200, b"{}"), self.trap)


class Trap(Gateway):
    """Another host, which is not to be asked for anything."""

    def answer(self, request: Request) -> Reply:
        self.asked.append(request)
        return json_reply(200, {"images": []})


# What a task must achieve


@dataclasses.dataclass(frozen=True)
class Job:
    """A task, and whether it was done.

    :param options: the options, from the image that is there before, and a name that none has.
    :param done: whether the images are as they are to be, from the cloud, what was there before, the name and the result.
    """

    module: str
    options: t.Callable[[Json, str], Json]
    done: t.Callable[[Cloud, Json, str, Outcome], bool]


def one(images: list[Json], **attributes: t.Any) -> bool:
    return len(images) == 1 and all(images[0].get(key) == value for key, value in attributes.items())


FILES: dict[str, str] = {}
JOBS: dict[str, Job] = {
    "unchanged": Job(
        "image",
        lambda image, _new: {"name": image["name"], "tags": ["before"]},
        lambda cloud, image, _new, _outcome: cloud.show(image["id"]) == image,
    ),
    "update": Job(
        "image",
        lambda image, _new: {"id": image["id"], "tags": ["after"], "properties": {"a": "1"}},
        lambda cloud, image, _new, _outcome: one([cloud.show(image["id"])], tags=["after"], a="1"),
    ),
    "create": Job(
        "image",
        lambda _image, new: {"name": new, "tags": ["new"]},
        lambda cloud, _image, new, _outcome: one(cloud.named(new), tags=["new"]),
    ),
    "create with data": Job(
        "image",
        lambda _image, new: {"name": new, "path": FILES["data"], **FORMATS},
        lambda cloud, _image, new, _outcome: one(cloud.named(new), status="active", size=len(DATA)),
    ),
    "delete": Job(
        "image",
        lambda image, _new: {"name": image["name"], "state": "absent", "force": True},
        lambda cloud, image, _new, _outcome: cloud.named(image["name"]) == [],
    ),
    "delete by id": Job(
        "image",
        lambda image, _new: {"id": image["id"], "state": "absent", "force": True},
        lambda cloud, image, _new, _outcome: cloud.named(image["name"]) == [],
    ),
    "deactivate": Job(
        "image_state",
        lambda image, _new: {"name": [image["name"]], "state": "deactivated"},
        lambda cloud, image, _new, _outcome: cloud.show(image["id"])["status"] == "deactivated",
    ),
    "find": Job(
        "image_info",
        lambda image, _new: {"name": [image["name"], "nobody"]},
        lambda _cloud, image, _new, outcome: [each["id"] for each in outcome.images] == [image["id"]],
    ),
    "many": Job(
        "images",
        lambda image, new: {"images": [{"name": image["name"], "tags": ["after"]}, {"name": new}]},
        lambda cloud, image, new, _outcome: one([cloud.show(image["id"])], tags=["after"]) and one(cloud.named(new)),
    ),
    "download": Job(
        "image_download",
        lambda image, _new: {"id": image["id"], "dest": FILES["dest"]},
        lambda _cloud, _image, _new, _outcome: pathlib.Path(FILES["dest"]).read_bytes() == DATA,
    ),
}


def try_case(number: int, cloud: Cloud, gateway: Spoiling, auth: Json, clock: Clock) -> bool:
    """One task with its answers malformed; returns whether an answer was."""
    rng = random.Random(number)
    title = rng.choice(list(JOBS))
    job, malform = JOBS[title], rng.choice(MALFORMERS)
    case = Case(malform, rng.random() < 0.1, rng.randrange(4), rng.random() < 0.5, rng.random() < 0.5)
    said = f"case {number}: {title}, {case}"
    new = f"fuzz-{uuid.uuid4()}"
    image = cloud.make(f"fuzz-{uuid.uuid4()}", DATA, tags=["before"], protected=rng.random() < 0.3)
    pathlib.Path(FILES["dest"]).unlink(missing_ok=True)
    options = job.options(image, new)
    if job.module in ("image", "image_download"):
        options["wait_timeout"] = 2
    # Another timeout each time, so that no case uses the login of another.
    connection = {"auth": auth, "endpoint_override": gateway.url, "api_timeout": 60 + number}
    gateway.begin(rng, case)
    began = clock.now
    outcome = cloud.run(job.module, connection=connection, **options)
    assert clock.now - began < SLOWEST, said
    tokens = [token for request in gateway.asked for token in token_of(request).values()]
    assert not any(secret in outcome.stdout for secret in ("Traceback", auth["password"], *tokens)), said
    if outcome.failed:
        assert 20 < len(outcome.message) < 5000, f"{said}: {outcome.message}"
        assert "exception" not in outcome.result, f"{said}: {outcome.result['exception']}"
    else:
        assert job.done(cloud, image, new, outcome), f"{said}: {outcome.result}"
    return gateway.malformed > 0


@pytest.mark.slow
@pytest.mark.usefixtures("impatient")
def test_fuzzed_responses_end_in_an_error_or_the_truth(
    alice: Cloud, password_auth: Json, sandbox: Sandbox, tmp_path: pathlib.Path, clock: Clock
) -> None:
    FILES["data"], FILES["dest"] = str(tmp_path / "data"), str(tmp_path / "dest")
    (tmp_path / "data").write_bytes(DATA)
    bystander = alice.make(f"bystander-{uuid.uuid4()}", DATA, protected=True)
    malformed = 0
    gateway, trap = Spoiling(sandbox.keystone_url, sandbox.glance_url), Trap("", "")
    with gateway.running(), trap.running():
        gateway.clock = clock
        gateway.trap = trap.url.replace("127.0.0.1", "localhost")
        auth = {**password_auth, "auth_url": f"{gateway.url}/v3"}
        for number in [int(ONLY)] if ONLY else range(CASES):
            malformed += try_case(number, alice, gateway, auth, clock)
            assert trap.asked == [], number
    assert alice.show(bystander["id"]) == bystander
    assert ONLY or malformed > CASES / 2
