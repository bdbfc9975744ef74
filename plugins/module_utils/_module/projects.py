# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The projects that tasks name, as owners or as members."""

from __future__ import annotations

import threading
import typing as t

from .._client.image_api import GlanceApi
from .._errors import ApiError, InvalidInput
from .._glance.input_checks import UUID
from .._options.project import ProjectReference

# Keystone's ids are 32 hexadecimal digits, on some clouds with the dashes of a UUID.
_HEX = frozenset("0123456789abcdef")


class Projects:
    """Finds the ids of projects. What Keystone has answered once is not asked again."""

    def __init__(self, api: GlanceApi) -> None:
        self._api = api
        self._ids: dict[ProjectReference, str] = {}
        self._own: list[dict[str, t.Any]] | None = None
        self._lock = threading.Lock()

    def id_of(self, reference: ProjectReference) -> str:
        """The id of a project that is given by id or by name.

        Only names cost a request to Keystone, and the name of the session's own project only where another one of the name
        may be meant. Listing all projects is for administrators; other users are shown those that they have a role in.
        """
        with self._lock:
            if reference not in self._ids:
                self._ids[reference] = self._known_id(reference) or self._find_id(reference)
            return self._ids[reference]

    def _known_id(self, reference: ProjectReference) -> str | None:
        """The id, where no request is needed."""
        connection, project = self._api.connection, reference.project
        own_name, *own_domain = connection.project_name_and_domain
        # An image is mostly shared with another project, which may have the same name in another domain.
        is_certain = reference.domain is not None or reference.option == "owner"
        if is_certain and project == own_name and reference.domain in (None, *own_domain):
            return str(connection.project_id)
        is_id = project == connection.project_id or UUID.fullmatch(project) or (len(project) == 32 and set(project) <= _HEX)
        return project if is_id else None

    def _find_id(self, reference: ProjectReference) -> str:
        project, domain = reference.project, reference.domain
        found = [entry for entry in self._named(project) if entry.get("name") == project]
        if domain is not None:
            domains = {domain, *self._domain_ids(domain)}
            found = [entry for entry in found if entry.get("domain_id") in domains]
        if not found:
            where = f" in the domain '{domain}'" if domain else ""
            raise InvalidInput(
                f"{reference.option}: there is no project '{project}'{where} that this user can see. Correct the name, or"
                " give the id of the project."
            )
        if len(found) > 1:
            candidates = ", ".join(f"{entry.get('id')} in domain {entry.get('domain_id')}" for entry in found)
            raise InvalidInput(
                f"{reference.option}: several projects have the name '{project}': {candidates}. Give the id, or"
                f" '{reference.domain_option}'."
            )
        return str(found[0]["id"])

    def _named(self, project: str) -> list[dict[str, t.Any]]:
        """At least the projects of this name that the user is shown."""
        try:
            return self._api.list_projects([("name", project)])
        except ApiError as error:
            if error.status != 403:
                raise
        if self._own is None:
            self._own = self._api.list_projects([], own_only=True)
        return self._own

    def _domain_ids(self, name: str) -> list[str]:
        try:
            return [str(domain["id"]) for domain in self._api.list_domains([("name", name)])]
        except ApiError as error:
            if error.status == 403:
                return []  # not for plain users: then the domain must be given by id
            raise
