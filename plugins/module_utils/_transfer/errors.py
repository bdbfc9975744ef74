# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""What can go wrong while data move; apart from the code that moves them, so that a handler does not import that."""

from __future__ import annotations

from .._errors import GlanceError


class BrokenSource(GlanceError):
    """The source broke off or did not answer; another attempt may read it to its end."""


class WrongSource(GlanceError):
    """The source is not what the task says it is."""


class ImportFailed(GlanceError):
    """The cloud could not import the data."""


class OutOfTime(GlanceError):
    """A transfer was stopped because the task's time is over."""


class DataMismatch(GlanceError):
    """The image has other data than were sent."""


class WrongDataStored(GlanceError):
    """An image that existed before got other data than were sent, and they cannot be taken from it."""


class DataStillInTransit(GlanceError):
    """The task's time is over, and the image may still get its data."""


class ImageGone(GlanceError):
    """The cloud deleted the image while its data were being sent."""


# What another source of the same data may mend.
SOURCE_FAILURES = (BrokenSource, WrongSource, ImportFailed, DataMismatch, OutOfTime)
