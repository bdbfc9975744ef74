# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""Comparing a task's properties with the cloud's metadata definitions, and an image with a policy."""

from __future__ import annotations

import json
import typing as t

from .._client.image_api import GlanceApi
from .._errors import InvalidInput
from .._glance.image import FlatImage
from .._plan.property_policies import POLICIES, Schema, document_of, external_references, names_in
from .._plan.property_rules import definitions_of, problems_of

# More of a value is not repeated in a message.
MAX_SHOWN = 200


class PropertyChecks:
    """The checks that a task asks for.

    :param mode: ``error`` or ``warn``; null to not compare with the metadata definitions.
    :param policy: path or name of a policy; null for none.
    """

    def __init__(self, api: GlanceApi, mode: str | None, policy: str | None) -> None:
        self._api = api
        self._mode = mode
        self._policy_name = policy
        self._policy = load_policy(policy) if policy is not None else None

    def check_properties(self, properties: t.Mapping[str, str | None]) -> list[str]:
        """Compare properties with the cloud's metadata definitions; returns what is wrong, if that is no error."""
        if self._mode is None or not any(value is not None for value in properties.values()):
            return []
        definitions = definitions_of(self._api.metadata_namespaces())
        if not definitions:
            raise InvalidInput("validate_properties: this cloud has no metadata definitions for images to compare with.")
        known = names_in(self._policy) if self._policy else frozenset()
        return self._report("validate_properties", problems_of(properties, definitions, known))

    def check_image(self, image: FlatImage) -> list[str]:
        """Compare an image, as it will be, with the policy; returns what is wrong, if that is no error."""
        if self._policy is None:
            return []
        try:
            problems = policy_problems(self._policy, document_of(image))
        except Exception as error:  # jsonschema raises many kinds, also those of libraries that only some releases use
            raise InvalidInput(
                f"property_policy: the image cannot be compared with '{self._policy_name}'"
                f" ({type(error).__name__}: {_shortened(str(error))}). Each reference ('$ref') must lead to a schema in the"
                " file, and none back to itself."
            ) from error
        return self._report(f"property_policy, '{self._policy_name}'", problems)

    def _report(self, option: str, problems: list[str]) -> list[str]:
        if not problems:
            return []
        if self._mode == "warn":
            return [f"{option}: {problem}" for problem in problems]
        raise InvalidInput(
            f"{option}: {' '.join(problems)} Nothing was changed. With 'validate_properties: warn' this is a warning."
        )


def load_policy(name: str) -> Schema:
    """A policy of the collection by its name, or of a JSON file by its path."""
    _jsonschema()
    if name in POLICIES:
        return POLICIES[name]
    try:
        with open(name, encoding="utf-8") as file:
            schema = json.load(file)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else f"it is no JSON ({error})"
        raise InvalidInput(
            f"property_policy: '{name}' cannot be read on the host that runs the task: {reason}. Give the path of a JSON"
            f" Schema, or one of the policies of the collection: {', '.join(POLICIES)}."
        ) from error
    _check_schema(name, schema)
    return t.cast("Schema", schema)


def _check_schema(name: str, schema: t.Any) -> None:
    if not isinstance(schema, dict):
        raise InvalidInput(f"property_policy: '{name}' holds no JSON object, so it is no JSON Schema of an image.")
    references = external_references(schema)
    if references:
        raise InvalidInput(
            f"property_policy: '{name}' refers to {', '.join(references)}; only references within the file, which begin with"
            " '#', are followed."
        )
    jsonschema = _jsonschema()
    try:
        jsonschema.validators.validator_for(schema).check_schema(schema)
    except jsonschema.SchemaError as error:
        raise InvalidInput(f"property_policy: '{name}' is no valid JSON Schema: {_shortened(error.message)}.") from error


def policy_problems(schema: Schema, document: t.Mapping[str, t.Any]) -> list[str]:
    """What a policy says against an image, a sentence each."""
    validator = _jsonschema().validators.validator_for(schema)(schema)
    errors = sorted(validator.iter_errors(document), key=lambda error: ([str(part) for part in error.path], error.message))
    return [_sentence(error) for error in errors]


def _sentence(error: t.Any) -> str:
    place = ".".join(str(part) for part in error.absolute_path)
    description = error.schema.get("description") if isinstance(error.schema, dict) else None
    if error.validator == "not" and description:
        return f"{place}: {description}."
    explained = f" ({description})" if description and error.validator != "required" else ""
    return f"{place + ': ' if place else ''}{_shortened(error.message)}{explained}."


def _shortened(text: str) -> str:
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}…"


def _jsonschema() -> t.Any:
    try:
        import jsonschema  # noqa: PLC0415
    except ImportError as error:
        raise InvalidInput(
            "property_policy: it needs the Python library jsonschema on the host that runs the task ('pip install"
            " jsonschema')."
        ) from error
    return jsonschema
