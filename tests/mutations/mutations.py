# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""Mutations of the code that talks to the cloud, which only tests on a real Glance notice: mutations.py COPY [WORD...].

The copy is a collection in a tree (.../ansible_collections/cloudimage/glance); GLANCE_SANDBOX names a running sandbox. With
WORDs only the mutations are tried that have all of them in their description: "cloud:" for differences between clouds.

``mutations.py --check`` only checks that the code of each mutation is still there; a unit test does that too.
"""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys

import pytest

Mutation = tuple[str, str, str, str]

# (what is broken, file in plugins/module_utils or beside it, the code, what it becomes)
MUTATIONS: list[Mutation] = [
    (
        "a status that another run has just given is an error",
        "_module/state_change.py",
        "if error.status == 500 else None",
        "if False else None",
    ),
    (
        "a status that another run has just given is reported as a change",
        "_module/state_change.py",
        "        record.add_status_by_others(image.id)\n",
        "        record.add(operation)\n",
    ),
    (
        "remote: an image that is not active is copied",
        "_module/remote_images.py",
        '        if image.status != "active":\n',
        '        if image.status == "deleted":\n',
    ),
    (
        "remote: a hidden image is not found",
        "_module/remote_images.py",
        "found = self._listed.get(name) or list(list_named(self.api, [name], None, hidden=True))",
        "found = self._listed.get(name) or []",
    ),
    (
        "remote: each image logs in to the other cloud",
        "_module/remote_images.py",
        "            if self._api is None:\n",
        "            if True:\n",
    ),
    (
        "remote: a read that fails is an error of the task's own cloud",
        "_transfer/remote_source.py",
        'raise WrongSource(f"remote: {self.label} cannot be read: {error}", **error.details) from error',
        "raise",
    ),
    (
        "remote: the data are not compared with the other cloud's hash",
        "_transfer/remote_source.py",
        "    checksum = strongest_hash(source.image) if hashes_of(source.image) else None\n",
        "    checksum = None\n",
    ),
    (
        "remote: nothing is copied but the data",
        "_module/image.py",
        "    options = with_remote_attributes(options, origin.image, cloud_image.copied)\n",
        "",
    ),
    (
        "members are looked for at a new image that is private",
        "_module/current_state.py",
        'if new is None or new.visibility == "shared":',
        "if True:",
    ),
    ("a file is never inspected", "_transfer/task_data.py", 'if wanted == "never" or (', 'if wanted == "auto" or ('),
    (
        "data are sent without a conversion",
        "_module/image.py",
        "            source.prepare(Deadline(options.wait))\n",
        "            pass\n",
    ),
    (
        "policy: it is not compared",
        "_module/image.py",
        "        self.warnings += self._checks.check_image(not_none(planned.plan.image))\n",
        "",
    ),
    (
        "check mode changes things",
        "_module/image.py",
        "    if check_mode or not (plans[0].changed",
        "    if not (plans[0].changed",
    ),
    (
        "data that go on are deleted",
        "_timing.py",
        "upload_abandoned: float = 24 * 3600.0",
        "upload_abandoned: float = 0.0",
    ),
    (
        "catalogue: an image whose data are being stored is hidden",
        "_module/pruning.py",
        "in_transit(image) and not self._is_given_up(image):",
        "False:",
    ),
    (
        "a failed replacement leaves the new image",
        "_module/executor.py",
        "            roll_back_replacement(api, not_none(plan.replaced), executor.image, error)\n",
        "            pass\n",
    ),
    (
        "an answer of the first look at many is given again",
        "_module/prefetched_images.py",
        "self._by_name.pop((name, owner), None)",
        "self._by_name.get((name, owner))",
    ),
    (
        "one image that fails stops the others",
        "_module/images.py",
        "    except GlanceError as error:\n        return",
        "    except ZeroDivisionError as error:\n        return",
    ),
    (
        "images are looked up one by one",
        "_module/prefetched_images.py",
        "prefetched = self._by_name.pop((name, owner), None)",
        "prefetched = None",
    ),
    (
        "secrets are shown in the controller",
        "../plugin_utils/_in_process.py",
        "**remove_values(result, secrets)",
        "**result",
    ),
    (
        "each process logs in",
        "_client/token_cache.py",
        "connection.restore_token(kept)",
        "connection.restore_token(None)",
    ),
    (
        "items of a loop share a connection that is another user's by now",
        "../plugin_utils/_in_process.py",
        "    if known and known.can_be_shared:\n",
        "    if known:\n",
    ),
    (
        "log lines of libraries reach Ansible's log file",
        "../plugin_utils/_in_process.py",
        "        logging.disable(logging.CRITICAL)\n",
        "        pass\n",
    ),
    (
        "URLs in options are shown whole",
        "_module/task.py",
        "        secrets |= secrets_in_urls({",
        "        secrets_in_urls({",
    ),
    (
        "images given as text are not searched for secrets",
        "_module/task.py",
        'yield dictionary_in(element) or {"": element}',
        "yield dict(element)",
    ),
    (
        "proxies are not searched for secrets",
        "_client/secrets.py",
        'URL_VARIABLE = re.compile(r"(?i)OS_\\w+|\\w+_proxy")\n',
        'URL_VARIABLE = re.compile(r"(?i)OS_\\w+")\n',
    ),
    (
        "clouds.yaml is not searched for secrets",
        "_client/connection.py",
        '        return secrets_in_urls({**self._region.config, "endpoint_override": self._endpoint_override})\n',
        "        return set()\n",
    ),
    (
        "another Python is taken for the controller's",
        "../plugin_utils/_action.py",
        "            and self._is_same_python(task_vars)\n",
        "",
    ),
    (
        "the whole of openstacksdk is left half imported",
        "_client/sdk_import.py",
        "            del sys.modules[name]\n",
        "            pass\n",
    ),
    (
        "world: the hidden new image of an interrupted replacement is left",
        "_module/current_state.py",
        "tuple(self._unfinished(image)) if is_kept else ()",
        "()",
    ),
    (
        "world: 404 of a deletion is an error",
        "_module/deletion.py",
        "        return api.find_image(image_id) is None\n",
        "        return False\n",
    ),
    (
        "world: 404 of the members is an error",
        "_module/current_state.py",
        "            if error.status == 404 or (",
        "            if False and (",
    ),
    (
        "world: another run's replacement is not waited for",
        "_module/concurrent_runs.py",
        "        if not deadline.passed:\n            backoff.pause(deadline.left)\n            raise OtherRunIsBusy\n",
        "",
    ),
    (
        "world: an image that is gone is not created again",
        "_module/executor.py",
        "raise ConcurrentChange(error, may_repeat=True) from error",
        "raise ConcurrentChange(error) from error",
    ),
    (
        "scope: an administrator's filters match other projects' images",
        "_module/image_info.py",
        "    if filters.all_projects or filters.owner is not None",
        "    if True or filters.owner is not None",
    ),
    (
        "scope: a limit counts for each of an administrator's lists only",
        "_module/image_info.py",
        "        if len(result) == filters.limit:\n            break\n        access",
        "        access",
    ),
    (
        "scope: nothing is said of shares that were not looked at",
        "_module/image_info.py",
        "    if seen > most_checks or (is_cut and seen == shared):",
        "    if False:",
    ),
    (
        "info: any number of images is accepted",
        "_module/image_info.py",
        "    check_count(images, options, warnings)\n",
        "",
    ),
    (
        "no-op: an id given as name finds no image",
        "_module/lookup.py",
        "    if not found:\n        check_name_is_no_id(api, name)\n",
        "",
    ),
    (
        "no-op: an id given as name to image_info finds no image",
        "_module/image_info.py",
        "    _refuse_ids_as_names(api, filters, images)\n",
        "",
    ),
    (
        "no-op: an id given as name in a list is noticed after other changes",
        "_module/prefetched_images.py",
        "            check_name_is_no_id(self.api, name)\n",
        "",
    ),
    (
        "no-op: an image that must exist is created",
        "_module/image.py",
        "        check_may_create(self.options, state)\n",
        "",
    ),
    (
        "no-op: an image of a list that must exist is missed after other changes",
        "_module/prefetched_images.py",
        " and not entry.create:",
        " and False:",
    ),
    (
        "catalogue: images are pruned although an entry has failed",
        "_module/images.py",
        'if pruning and not any(outcome["failed"] for outcome in outcomes):',
        "if pruning:",
    ),
    (
        "catalogue: an image for another project is marked",
        "_module/image.py",
        "    if owner in (None, lookup.api.connection.project_id):\n        records",
        "    if True:\n        records",
    ),
    (
        "catalogue: hidden images are not pruned",
        "_module/pruning.py",
        '*self.api.list_images((*query, ("os_hidden", "true")))]',
        "]",
    ),
    (
        "catalogue: the limits are not checked",
        "_module/pruning.py",
        "        check_limits(changed, self.options)\n",
        "",
    ),
    (
        "catalogue: a mirror's file is looked up in the list of checksums by its own name",
        "_module/image.py",
        "dataclasses.replace(data, url=url, checksum=checksum)",
        "dataclasses.replace(data, url=url)",
    ),
    (
        "no-op: a project's name and its id are two projects",
        "_module/prefetched_images.py",
        "        check_no_duplicates([entry.selection for entry in entries], self._owners)\n",
        "",
    ),
    (
        "no-op: an image may be meant by its id and by its name",
        "_module/prefetched_images.py",
        "                if number_of.setdefault(image.id, number) != number:",
        "                if False:",
    ),
    (
        "no-op: two images get one name",
        "_module/prefetched_images.py",
        "            if by_id is not None:",
        "            if False:",
    ),
    (
        "scope: many images are looked up in all projects",
        "_module/lookup.py",
        "images_in_scope(api, listed) if owner is None else listed",
        "listed",
    ),
]

# What clouds do differently, by the rows of the table in docs/clouds/support.md.
CLOUD_MUTATIONS: list[Mutation] = [
    (
        "cloud: auth: certificates are not verified",
        "_client/connection.py",
        "        self.session.timeout = self.timeout\n",
        "        self.session.timeout = self.timeout\n        self.session.verify = False\n",
    ),
    ("cloud: auth: ca_cert is ignored", "_client/openstack_config.py", '    "ca_cert": "cacert",\n', ""),
    (
        "cloud: auth: the cloud's words at login are left out",
        "_client/login_errors.py",
        "    if response is None:\n",
        "    if True:\n",
    ),
    (
        "cloud: auth: an answer that is no login is shown",
        "_client/login_errors.py",
        "    if response.status_code < 400:",
        "    if False:",
    ),
    ("cloud: endpoints: interface is ignored", "_client/openstack_config.py", '    "interface": "interface",\n', ""),
    (
        "cloud: endpoints: all endpoints are public",
        "_client/connection.py",
        "wanted_interface = interface or self._region.get_interface(service)",
        'wanted_interface = interface or "public"',
    ),
    (
        "cloud: endpoints: a missing endpoint is replaced by the public one",
        "_client/connection.py",
        "            if url:\n                return url\n",
        '            return url or self._catalogue_url(service, region_name, "public")\n',
    ),
    (
        "cloud: endpoints: a missing endpoint is not named",
        "_client/connection.py",
        "no {wanted_interface or 'public'} endpoint of",
        "no endpoint of",
    ),
    (
        "cloud: endpoints: endpoint_override is ignored",
        "_client/connection.py",
        'endpoint_override or region.get_endpoint("image")',
        'region.get_endpoint("image")',
    ),
    (
        "cloud: prefix: the version is asked for at the host's root",
        "_client/image_api.py",
        'root = re.sub(r"/v2(\\.\\d+)?(/.*)?$", "", self.connection.image_url)',
        'root = "/".join(self.connection.image_url.split("/")[:3])',
    ),
    (
        "cloud: conditions: what fails is taken for knowing operators",
        "_client/image_api.py",
        "                if error.status != 400:\n                    raise\n",
        "",
    ),
    (
        "cloud: deactivate: an old version is not looked at",
        "_module/image_state.py",
        "    api.check_supported(operation for plan in plans for operation in plan.operations)\n",
        "",
    ),
    ("cloud: delete: a deleted image is found by its name", "_module/lookup.py", " and image.status not in GONE", ""),
    (
        "cloud: delete: a deleted image is found among many by its id",
        "_module/prefetched_images.py",
        " and image.status not in GONE:",
        ":",
    ),
    (
        "cloud: delete: nobody waits until an image is gone",
        "_module/deletion.py",
        "if wait is not None and not record.is_deleted_by_others(image_id):",
        "if False:",
    ),
    (
        "cloud: delete: without wait somebody waits",
        "_module/deletion.py",
        (
            "if wait is not None and not record.is_deleted_by_others(image_id):\n"
            "            wait_until_deleted(api, image_id, Deadline(wait))"
        ),
        "if not record.is_deleted_by_others(image_id):\n            wait_until_deleted(api, image_id, Deadline(wait or 1))",
    ),
    (
        "cloud: delete: an image that stays is not told of",
        "_module/deletion.py",
        "    poll(lambda: _find(api, image_id), lambda image: image is None, deadline, still_there)\n",
        "    _find(api, image_id)\n",
    ),
    (
        "cloud: delete: nobody waits until a replaced image is gone",
        "_module/executor.py",
        "        if is_own and wait is not None:\n",
        "        if False:\n",
    ),
    (
        "cloud: errors: Glance's 413 is a proxy's",
        "_client/http_client.py",
        "proxy=proxy_name(headers, parsed)",
        'proxy="a proxy"',
    ),
    (
        "cloud: errors: names that an image has already are not looked at",
        "_module/apply.py",
        "sides = [plan.image or {}, plan.before]",
        "sides = [plan.image or {}]",
    ),
    (
        "cloud: errors: an import's internal error is not explained",
        "_transfer/imports.py",
        "hint = import_hint(message, _method_of(tasks[-1]))",
        'hint = ""',
    ),
    (
        "a refused import is an error",
        "_module/executor.py",
        "if not operation.instead or refusal.status not in IMPORT_REFUSED:",
        "if True:",
    ),
    (
        "a refused import is streamed though the task demands it",
        "_transfer/import_methods.py",
        "        if self._options.import_is_demanded:\n            return ()\n",
        "",
    ),
    (
        "an upload instead of an import is not shown",
        "_module/executor.py",
        "        self._record.add(operation)\n        if is_last and",
        "        self._record.add(self._plan.operations[-1])\n        if is_last and",
    ),
    (
        "copies after an upload instead of an import are not looked at",
        "_module/executor.py",
        "for operation in record.operations):",
        "for operation in plan.operations):",
    ),
    ("cloud: errors: the header x-request-id is ignored", "_client/http_client.py", 'headers.get("x-request-id") or ', ""),
    (
        "cloud: fields: an image without an owner is not found",
        "_module/lookup.py",
        'image.get("owner", owner) == owner',
        'image.get("owner") == owner',
    ),
    (
        "cloud: delete: a replacement is undone though the old image may be being deleted",
        "_module/deletion.py",
        "        if _is_refusal(error):\n",
        "        if True:\n",
    ),
    (
        "cloud: delete: a replacement is undone though the deletion was accepted",
        "_module/executor.py",
        "    except DeletionUnconfirmed as error:\n",
        "    except ZeroDivisionError as error:\n",
    ),
    (
        "cloud: fields: data without a hash are not read back to be compared",
        "_transfer/task_data.py",
        "stored = strongest_hash(image) if hashes else self._read_back(image)",
        "if not hashes:\n            return True\n        stored = strongest_hash(image)",
    ),
    (
        "cloud: fields: no way out where data cannot be read back",
        "_transfer/task_data.py",
        "            raise error.explained(\n",
        "            raise\n            raise error.explained(\n",
    ),
    ("cloud: fields: no checksum is recorded", "_transfer/task_data.py", "if is_recorded else None", "if False else None"),
    (
        "cloud: fields: a recorded checksum is not looked at",
        "_transfer/task_data.py",
        "if data.source_checksum and recorded and _same_kind(data.source_checksum, recorded):",
        "if False:",
    ),
    (
        "cloud: create: imports are not asked for",
        "_transfer/import_methods.py",
        "        if method not in offered:\n",
        "        if False:\n",
    ),
    (
        "cloud: sharing: private images are asked for",
        "_module/lookup.py",
        'return (("name", names), *of_owner',
        'return (("name", names), ("visibility", "private"), *of_owner',
    ),
    (
        "cloud: sharing: images of any visibility are asked for",
        "_module/lookup.py",
        'return (("name", names), *of_owner',
        'return (("name", names), ("visibility", "all"), *of_owner',
    ),
    (
        "cloud: 300: it is success for a list",
        "_client/image_api.py",
        'LIST = Call("GET", "/images", (200,)',
        'LIST = Call("GET", "/images", (200, 300)',
    ),
    (
        "cloud: 300: it is success for an image",
        "_client/image_api.py",
        'SHOW = Call("GET", "/images/{id}", (200,)',
        'SHOW = Call("GET", "/images/{id}", (200, 300)',
    ),
]

DATA_TESTS = (
    "image_data",
    "replacement",
    "image_download",
    "remote_cloud",
    "openstack_cloud_regressions",
    "interrupted_runs",
    "transfer_faults",
)
SPEED_TESTS = ("images", "request_counts", "in_process")
# How pytest exits if it does not understand its arguments, or finds no test.
NOTHING_RAN = (pytest.ExitCode.USAGE_ERROR, pytest.ExitCode.NO_TESTS_COLLECTED)
RANDOMIZED_TESTS = "tests/functional/test_check_mode_matches_real_run.py"
NOTICED_BY = (
    # Their check of this list would notice every mutation.
    ("unit tests", ["tests/unit", "--ignore", "tests/unit/test_mutations.py"]),
    ("functional tests of the module image", ["tests/functional/test_image.py"]),
    ("functional tests of data", [f"tests/functional/test_{name}.py" for name in DATA_TESTS]),
    (
        "tests of many images, of requests and of the controller's process",
        [f"tests/functional/test_{name}.py" for name in SPEED_TESTS],
    ),
    ("randomized tests", [RANDOMIZED_TESTS]),
    ("other functional tests", ["tests/functional", "--ignore", RANDOMIZED_TESTS]),
)
# A whole run of the other tests takes minutes, and what clouds do differently is what these two files are about.
CLOUDS_NOTICED_BY = (
    NOTICED_BY[0],
    ("tests of what clouds do differently", ["tests/functional/test_cloud_differences.py"]),
    ("same scenarios on each cloud", ["tests/functional/test_supported_clouds.py"]),
    *NOTICED_BY[1:],
)


# The functional tests that are about what a mutation's description begins with, and those that are about a file. They are
# tried first, as they most likely notice what is broken.
NEAREST_TO_SUBJECT = {
    "catalogue": ("catalogue", "mirrors"),
    "clouds.yaml": ("secrets_in_urls",),
    "data": ("conversion",),
    "info": ("project_scope",),
    "members": ("image_members_option",),
    "no-op": ("silent_no_ops",),
    "policy": ("property_checks",),
    "remote": ("remote_cloud",),
    "scope": ("project_scope",),
}
NEAREST_TO_FILE = {
    "_client/secrets.py": ("secrets_in_urls",),
    "_client/token_cache.py": ("in_process",),
    "_module/concurrent_runs.py": ("overlapping_runs",),
    "_module/current_state.py": ("overlapping_runs", "interrupted_runs"),
    "_module/deletion.py": ("overlapping_runs",),
    "_module/image_info.py": ("project_scope", "image_info"),
    "_module/images.py": ("images", "catalogue"),
    "_module/prefetched_images.py": ("images",),
    "_module/pruning.py": ("catalogue",),
    "_module/remote_images.py": ("remote_cloud",),
    "_module/state_change.py": ("overlapping_runs",),
    "_module/task.py": ("secrets_in_urls",),
    "_transfer/remote_source.py": ("remote_cloud",),
    "../plugin_utils/_action.py": ("in_process",),
    "../plugin_utils/_in_process.py": ("in_process", "shared_logins", "secrets_in_urls"),
}


def passes(collection: pathlib.Path, arguments: list[str]) -> bool:
    """Whether the tests pass; tests that cannot be run are an error, as they would seem to notice every mutation."""
    tree = str(collection.parents[2])
    command = [sys.executable, "-m", "pytest", "-x", "-p", "no:cacheprovider", *arguments]
    environment = {**os.environ, "PYTHONPATH": tree, "ANSIBLE_COLLECTIONS_PATH": tree, "GLANCE_RANDOM_CASES": "100"}
    environment["GLANCE_RANDOM_SHRINK"] = "no"
    done = subprocess.run(command, cwd=collection, env=environment, capture_output=True, text=True, check=False)
    if done.returncode in NOTHING_RAN:
        raise SystemExit(f"{' '.join(command)} runs no test:\n{done.stdout}{done.stderr}")
    return done.returncode == 0


def outdated(collection: pathlib.Path) -> list[str]:
    """The mutations whose code is not in the file that they name."""
    module_utils = collection / "plugins" / "module_utils"
    return [
        f"{what}: the code that this mutation breaks is not in {name} any more"
        for what, name, code, _broken in (*MUTATIONS, *CLOUD_MUTATIONS)
        if not (module_utils / name).is_file() or code not in (module_utils / name).read_text()
    ]


def noticed_by(collection: pathlib.Path, mutation: Mutation) -> str | None:
    """Which tests notice a mutation."""
    what, name, code, broken = mutation
    file = collection / "plugins" / "module_utils" / name
    whole = file.read_text()
    file.write_text(whole.replace(code, broken, 1))
    try:
        groups = NOTICED_BY if mutation in MUTATIONS else CLOUDS_NOTICED_BY
        subject = what.partition(" ")[0].rstrip(":")
        tests = dict.fromkeys((*NEAREST_TO_SUBJECT.get(subject, ()), *NEAREST_TO_FILE.get(name, ())))
        nearest = [(f"tests of {test}", [f"tests/functional/test_{test}.py"]) for test in tests]
        return next((by for by, arguments in (*nearest, *groups) if not passes(collection, arguments)), None)
    finally:
        file.write_text(whole)


def main() -> int:
    if sys.argv[1] == "--check":
        missing = outdated(pathlib.Path(__file__).resolve().parents[2])
        print("\n".join(missing))
        return 1 if missing else 0
    collection = pathlib.Path(sys.argv[1])
    chosen = [each for each in (*MUTATIONS, *CLOUD_MUTATIONS) if all(word in each[0] for word in sys.argv[2:])]
    missed = 0
    for mutation in chosen:
        noticed = noticed_by(collection, mutation)
        missed += noticed is None
        print(f"{mutation[0]}: {'noticed by the ' + noticed if noticed else 'NOT NOTICED'}", flush=True)
    print(f"{len(chosen) - missed} passed, {missed} failed")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
