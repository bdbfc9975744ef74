# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The run of the module image_download: the data of an image in a file."""

from __future__ import annotations

import os
import re
import typing as t

from .._argspec import IMAGE_DOWNLOAD
from .._client.image_api import GlanceApi
from .._errors import ApiError, InvalidInput
from .._glance.error_hints import hint
from .._glance.image import Image, to_result
from .._glance.image_hashes import strongest_hash
from .._options.image_download import ImageDownloadOptions
from .._transfer.download import Download
from .._transfer.image_file import LONGEST_NAME, download_to, file_has
from .._transfer.polling import Deadline
from .._transfer.progress import reporter
from .lookup import find_existing
from .task import Task

Move = t.Callable[[str, str], None]


def run(api: GlanceApi, options: ImageDownloadOptions, check_mode: bool, move: Move) -> dict[str, t.Any]:
    """Have the image's data in the file; returns the module's result."""
    _check_dest(options.dest)
    ids, names = ([each] if each is not None else [] for each in (options.id, options.name))
    image = find_existing(api, ids, names)[0]
    _check_has_data(image)
    dest = _file_in(options.dest, image)
    _check_regular(dest)
    result = {"dest": dest, "image": to_result(image), "hash": str(strongest_hash(image)), "transfer": None}
    unchanged: dict[str, t.Any] = {**result, "changed": False, "diff": {"before": {}, "after": {}}}
    if file_has(dest, image):
        return unchanged
    there = os.path.exists(dest)
    before = {"state": "file", "size": os.path.getsize(dest)} if there else {"state": "absent"}
    after = {"state": "file", "size": image.size, "hash": result["hash"]}
    diff = {"before": before, "after": after, "before_header": dest, "after_header": dest}
    _check_writable(dest)
    if not check_mode:
        download = Download(api, image, Deadline(options.wait))
        try:
            if not download_to(dest, download, move, reporter(str(image.name))):
                return unchanged
        except ApiError as error:
            raise error.explained(hint(error, image.owner, api.connection.project_id)) from error
        result["transfer"] = download.transfer.to_result()
    return {**result, "changed": True, "diff": diff}


def _check_dest(dest: str) -> None:
    if not os.path.isdir(dest):
        _check_regular(dest)
    folder = dest if os.path.isdir(dest) else os.path.dirname(os.path.abspath(dest))
    if dest.endswith("/") and not os.path.isdir(dest):
        raise InvalidInput(f"dest: the folder {dest} does not exist on the host that runs the task.")
    if not os.path.isdir(folder):
        raise InvalidInput(f"dest: the folder {folder} does not exist on the host that runs the task.")


def _check_regular(path: str) -> None:
    if os.path.islink(path):
        raise InvalidInput(
            f"dest: {path} is a symbolic link to {os.path.realpath(path)}. The module would put a file in its place. Give"
            " the path of the file itself."
        )
    if os.path.exists(path) and not os.path.isfile(path):
        raise InvalidInput(f"dest: {path} is no regular file, so it cannot be replaced by one. Give another 'dest'.")


def _check_writable(dest: str) -> None:
    folder = os.path.dirname(os.path.abspath(dest))
    if not os.access(folder, os.W_OK | os.X_OK):
        raise InvalidInput(f"dest: the folder {folder} cannot be written by the user that runs the task.")


def _check_has_data(image: Image) -> None:
    if image.status not in ("active", "deactivated"):
        raise InvalidInput(f"{image} has the status '{image.status}': it has no data to download.")


def _file_in(dest: str, image: Image) -> str:
    """The file that is meant; in a folder it has the image's name, and its format as an extension."""
    if not os.path.isdir(dest):
        return dest
    # What ends a name, or what Ansible takes for a variable or a home, is no part of a file's name.
    name = re.sub(r"[/$~\x00-\x1f\x7f]", "_", str(image.name or image.id))
    extension = f".{image.disk_format}"
    file_name = name if name.endswith(extension) else name + extension
    length = len(os.fsencode(file_name))
    if length > LONGEST_NAME:
        raise InvalidInput(
            f"dest: the file in {dest} would have the image's name and its format as an extension, which are {length} bytes;"
            f" a file's name has at most {LONGEST_NAME}. Give the path of a file as 'dest'."
        )
    return os.path.join(dest, file_name)


TASK = Task(
    run,
    IMAGE_DOWNLOAD,
    ImageDownloadOptions.from_params,
    constraints={"required_one_of": [("name", "id")], "mutually_exclusive": [("name", "id")]},
    writes_file=True,
)
