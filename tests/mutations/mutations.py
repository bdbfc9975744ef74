# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""Breaks the collection in small ways, one at a time, and shows whether the tests notice: mutations.py COPY [WORD].

With a WORD only the mutations are tried that have it in their description.

The copy is a collection in a tree (.../ansible_collections/cloudimage/glance); GLANCE_SANDBOX names a running sandbox. Each
mutation is tried on the unit tests first, and on the tests against a real Glance if these do not notice.
"""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys

# (what is broken, file in plugins/module_utils or beside it, the code, what it becomes)
MUTATIONS = [
    (
        "a tag is dropped",
        "_image.py",
        'for tag in params["tags"]})',
        'for tag in params["tags"][1:]})',
    ),
    (
        "tags are compared in order",
        "_plan.py",
        "before = sorted(before or [])",
        "before = list(before or [])",
    ),
    (
        "clearing tags is forgotten",
        "_image.py",
        'if params["tags"] is not None:',
        'if params["tags"]:',
    ),
    (
        "false is taken for not given",
        "_image.py",
        "if params[option] is not None:\n            attributes[key]",
        "if params[option]:\n            attributes[key]",
    ),
    (
        "an extra property is sent",
        "_plan.py",
        "goal = dict(wanted.properties)",
        'goal = {**wanted.properties, "extra": "1"}',
    ),
    (
        "purge is forgotten",
        "_plan.py",
        "    if wanted.purge:\n",
        "    if False:\n",
    ),
    (
        "purge takes the kernel too",
        "_plan.py",
        "if key not in KEPT_PROPERTIES and not",
        "if not",
    ),
    (
        "null does not remove",
        "_plan.py",
        "goal[key]) for key in sorted(goal)",
        "goal[key]) for key in sorted(goal) if goal[key] is not None",
    ),
    (
        "check mode predicts no upload",
        "_plan.py",
        '    if status == "queued":\n        return DataState.NONE\n',
        '    if status == "queued":\n        return DataState.SAME\n',
    ),
    (
        "the deletion of a protected image needs no force",
        "_plan.py",
        'if image.get("protected") and not force:',
        "if False:",
    ),
    (
        "protection is not lifted",
        "_plan.py",
        'lifted = [set_protection(image["id"], False)] if image.get("protected") else []',
        "lifted: list[Operation] = []",
    ),
    (
        "formats may change",
        "_plan.py",
        'FORMATS_OPEN = frozenset({"queued", "importing"})',
        'FORMATS_OPEN = frozenset({"queued", "importing", "active", "deactivated"})',
    ),
    (
        "visibility has a default",
        "_image.py",
        "    attributes: dict[str, t.Any] = {}\n",
        '    attributes: dict[str, t.Any] = {"visibility": "private"}\n',
    ),
    (
        "booleans are written as Python writes them",
        "_patch.py",
        'return "true" if value else "false"',
        "return str(value)",
    ),
    (
        "~ is not escaped",
        "_patch.py",
        'key.replace("~", "~0").replace("/", "~1")',
        'key.replace("/", "~1")',
    ),
    (
        "a name is compared without regard to case",
        "_select.py",
        'if image.get("name") == name]',
        'if image.get("name", "").lower() == name.lower()]',
    ),
    (
        "hidden images are not found",
        "_select.py",
        "    for hidden in (False, True):\n        if found",
        "    for hidden in (False,):\n        if found",
    ),
    (
        "check mode changes things",
        "_image.py",
        "    if check_mode or not plans[0].changed:\n",
        "    if not plans[0].changed:\n",
    ),
    (
        "changed is always true",
        "_result.py",
        '"changed": bool(changing),',
        '"changed": True,',
    ),
    (
        "the diff shows what did not change",
        "_plan.py",
        "        if before != after:\n",
        "        if True:\n",
    ),
    (
        "what arrived is not compared",
        "_deliver.py",
        "            self._upload.check_arrived(image, self._stored_hash(image))\n",
        "            pass\n",
    ),
    (
        "what was imported is not compared",
        "_deliver.py",
        "        if checksum != found:\n",
        "        if False:\n",
    ),
    (
        "an empty image is taken for good",
        "_deliver.py",
        '        if not image.get("size"):\n',
        "        if False:\n",
    ),
    (
        "a wrong source is sent to its end",
        "_source.py",
        "        if digest.hexdigest() != checksum.value:\n",
        "        yield last\n        last = b''\n        if digest.hexdigest() != checksum.value:\n",
    ),
    (
        "a compressed source that is cut off is taken for whole",
        "_source.py",
        "    if stream is None or not stream.eof:\n",
        "    if stream is None:\n",
    ),
    (
        "an upload is sent again from where it stopped",
        "_transfer.py",
        "        for block in self.content.read():\n",
        "        self._blocks = getattr(self, '_blocks', None) or self.content.read()\n        for block in self._blocks:\n",
    ),
    (
        "an upload is sent again while the cloud still has the first one",
        "_deliver.py",
        '            if image.get("status") == "queued":\n                return ""\n',
        '            if image:\n                return ""\n',
    ),
    (
        "data that go on are deleted",
        "_plan.py",
        "UPLOAD_ABANDONED = 24 * 3600.0",
        "UPLOAD_ABANDONED = 0.0",
    ),
    (
        "another project's image is taken for a left-over",
        "_replace.py",
        '    return new.get("owner") == owner and has_derived_id',
        "    return has_derived_id",
    ),
    (
        "the old image goes before the new one has the name",
        "_replace.py",
        "(*operations, *aside)",
        "(*operations[:-1], *aside, *operations[-1:])",
    ),
    (
        "a failed replacement leaves the new image",
        "_execute.py",
        "            _back_out(api, plan, maker.image, error)\n",
        "            pass\n",
    ),
    (
        "members are not carried over",
        "_replace.py",
        "    operations += _sharing(new_id, members, new_members)\n",
        "",
    ),
    (
        "a download goes on at the wrong byte",
        "_api.py",
        '{"Range": f"bytes={offset}-"}',
        '{"Range": f"bytes={offset + 1}-"}',
    ),
    (
        "a downloaded file is not compared",
        "_download.py",
        "            if found == stored:\n",
        "            if True:\n",
    ),
    (
        "a deactivated image is not reactivated",
        "_plan.py",
        "    if status == state:\n",
        '    if status == state or state == "active":\n',
    ),
    (
        "two descriptions of one image are taken",
        "_images.py",
        "if owner in others or (others and None in (owner, *others)):",
        "if False:",
    ),
    (
        "an answer of the first look at many is given again",
        "_images.py",
        "self._by_query.pop(tuple(query), None)",
        "self._by_query.get(tuple(query))",
    ),
    (
        "one image that fails stops the others",
        "_images.py",
        "    except GlanceError as error:\n        nothing",
        "    except ZeroDivisionError as error:\n        nothing",
    ),
    (
        "images are looked up one by one",
        "_images.py",
        "            self._look_up_names(of_owner, owner)\n",
        "            pass\n",
    ),
    (
        "secrets are shown in the controller",
        "../plugin_utils/_in_process.py",
        "**remove_values(result, secrets)",
        "**result",
    ),
    (
        "a task's variables stay behind",
        "../plugin_utils/_in_process.py",
        "                os.environ.pop(variable, None)\n",
        "                pass\n",
    ),
    (
        "a connection goes on on both sides of a fork",
        "../plugin_utils/_in_process.py",
        "os.register_at_fork(after_in_child=_connections.clear)\n",
        "",
    ),
    (
        "connections that are configured differently are taken for one",
        "_session.py",
        "return hashlib.sha256(json.dumps(looked_at, sort_keys=True, default=str).encode()).hexdigest()",
        'return "same"',
    ),
    (
        "each process logs in",
        "_tokens.py",
        "connection.go_on_with(self._content().get(connection.key))",
        "connection.go_on_with(None)",
    ),
    (
        "another Python is taken for the controller's",
        "../plugin_utils/_action.py",
        "            and self._is_same_python(task_vars)\n",
        "",
    ),
    (
        "the whole of openstacksdk is left half imported",
        "_sdk.py",
        "            del sys.modules[name]\n",
        "            pass\n",
    ),
]

DATA_TESTS = ("data", "replace", "image_download", "peers_defects", "interrupted", "transfer_faults")
SPEED_TESTS = [f"tests/functional/test_{name}.py" for name in ("images", "budgets", "in_process")]
NOTICED_BY = (
    ("unit tests", ["tests/unit"]),
    ("functional tests of the module image", ["tests/functional/test_image.py"]),
    ("functional tests of data", [f"tests/functional/test_{name}.py" for name in DATA_TESTS]),
    (
        "tests of many images, of requests and of the controller's process",
        [f"tests/functional/test_{n}.py" for n in SPEED_TESTS],
    ),
    ("search", ["tests/functional", "-k", "search_for_lies"]),
    ("other functional tests", ["tests/functional", "-k", "not search_for_lies"]),
)


def passes(collection: pathlib.Path, arguments: list[str]) -> bool:
    tree = str(collection.parents[2])
    command = [sys.executable, "-m", "pytest", "-x", "-p", "no:cacheprovider", *arguments]
    environment = {**os.environ, "PYTHONPATH": tree, "ANSIBLE_COLLECTIONS_PATH": tree, "GLANCE_SEARCH_CASES": "100"}
    environment["GLANCE_SEARCH_SHRINK"] = "no"
    return subprocess.run(command, cwd=collection, env=environment, capture_output=True, check=False).returncode == 0


def main() -> int:
    collection = pathlib.Path(sys.argv[1])
    chosen = [mutation for mutation in MUTATIONS if all(word in mutation[0] for word in sys.argv[2:])]
    missed = 0
    for what, name, code, broken in chosen:
        file = collection / "plugins" / "module_utils" / name
        whole = file.read_text()
        if code not in whole:
            raise SystemExit(f"{what}: the code that this mutation breaks is not in {name} any more")
        file.write_text(whole.replace(code, broken, 1))
        try:
            noticed = next((by for by, arguments in NOTICED_BY if not passes(collection, arguments)), None)
        finally:
            file.write_text(whole)
        missed += noticed is None
        print(f"{what}: {'noticed by the ' + noticed if noticed else 'NOT NOTICED'}", flush=True)
    print(f"{len(chosen) - missed} passed, {missed} failed")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
