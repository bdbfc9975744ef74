# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""One task, from its options to its result, in whichever process it runs."""

from __future__ import annotations

import dataclasses
import typing as t

from .._argspec import CONNECTION, Spec
from .._client.connection import Connection
from .._client.image_api import GlanceApi
from .._client.secrets import dictionary_in, secrets_in_login, secrets_in_remote
from .._errors import GlanceError
from .._options.connection import ConnectionOptions
from .._url_redaction import secrets_in_urls

# Every user who sees an image can read its properties. The elements of "images" are searched one by one.
SHOWN_OPTIONS = frozenset({"properties", "images"})

Params = t.Mapping[str, t.Any]
Result = dict[str, t.Any]


@dataclasses.dataclass(frozen=True)
class Task:
    """What a module does.

    :param run: takes the API, the parsed options and whether it is check mode; returns the result. If the module writes a
        file it also takes what moves a file to its place.
    :param options: the module's own options, in ansible-core's form.
    :param parse: checks the options that ansible-core has validated, and makes the object of them that ``run`` takes.
    :param constraints: what holds between them: ``mutually_exclusive``, ``required_one_of`` and the like of AnsibleModule.
    :param writes_file: whether it writes a file, named ``dest`` in the result, and so takes the options of file modules.
    """

    run: t.Callable[..., Result]
    options: Spec
    parse: t.Callable[[Params], t.Any]
    constraints: t.Mapping[str, t.Any] = dataclasses.field(default_factory=dict)
    writes_file: bool = False

    @property
    def spec(self) -> Spec:
        """All options, in ansible-core's form."""
        return {**CONNECTION, **self.options}


def secrets_in_task(params: Params) -> set[str]:
    """The strings among a task's options that must never be shown.

    ``no_log`` on the whole of ``auth`` would hide the names of users and projects too, and so blank out every image and tag
    in the result that has such a name in it; on ``url`` it would hide where data come from.
    """
    secrets = secrets_in_login(params.get("auth"), params.get("cloud"))
    for described in (params, *_described_images(params.get("images"))):
        secrets |= secrets_in_remote(described.get("remote"))
        secrets |= secrets_in_urls({option: value for option, value in described.items() if option not in SHOWN_OPTIONS})
        # The URL of a list may follow the algorithm, in a form that cannot be recognised as a URL.
        secrets |= secrets_in_urls(str(described.get("checksum")).partition(":")[2], "url")
    return secrets


def _described_images(images: t.Any) -> t.Iterator[dict[str, t.Any]]:
    """The options of each image of a list, also where it is text: JSON, or key=value key=value."""
    if isinstance(images, str):
        images = [images, *images.split(",")]
    for element in images if isinstance(images, list) else ():
        yield dictionary_in(element) or {"": element}  # the error that refuses it will repeat it


def failure(error: GlanceError) -> dict[str, t.Any]:
    """What a result says of an error."""
    return {"failed": True, "msg": str(error), **error.details}


def run_task(
    task: Task,
    params: Params,
    check_mode: bool,
    diff: bool,
    connect: t.Callable[[ConnectionOptions], Connection],
) -> Result:
    """Connect and run; what goes wrong becomes a failed result.

    :param params: the options, validated.
    :param connect: opens the connection that the options name.
    :param diff: whether the result's diff is asked for.
    """
    try:
        connection_options = ConnectionOptions.from_params(params)
        options = task.parse(params)
        api = GlanceApi(connect(connection_options), connect=connect)
        result = task.run(api, options, check_mode)
    except GlanceError as error:
        return failure(error)
    if not diff:
        result.pop("diff", None)
    return result
