# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The progress of a transfer, as text.

A module has no terminal. If it runs on the controller's host, the action plugin of its name gives it a file in
the environment variable PROGRESS_FILE, and shows each line that is written to it.
"""

from __future__ import annotations

import contextlib
import os
import re
import typing as t

from .._timing import TIMING

PROGRESS_FILE = "CLOUDIMAGE_GLANCE_PROGRESS_FILE"
# Nothing is said of a transfer that is shorter than this, and something this often of one that is longer (s).
INTERVAL = 10.0

Report = t.Callable[[str], None]


class Reporter:
    """Takes how far a transfer is, and reports it now and then."""

    def __init__(self, what: str, report: Report, clock: t.Callable[[], float] | None = None) -> None:
        self._what = what
        self._report = report
        self._clock = clock or TIMING.monotonic
        self._began = self._said = self._clock()
        self._moved = 0

    def __call__(self, moved: int, size: int | None, had: int = 0) -> None:
        """Note how far it is.

        :param moved: bytes so far, from the first one on.
        :param size: all of them, if that is known.
        :param had: how many of them an earlier run had moved.
        """
        now = self._clock()
        if moved < self._moved:  # begun again
            self._began = now
        self._moved = moved
        self._say(now, lambda: progress_text(moved, size, now - self._began, had))

    def note_import(self, message: t.Callable[[], str], size: int | None) -> None:
        """Note that the cloud is importing the data.

        :param message: reads what the cloud says of the import; called only if it is reported.
        :param size: the size of the data (bytes), if it is known.
        """
        self._say(self._clock(), lambda: import_text(message(), size))

    def _say(self, now: float, text: t.Callable[[], str]) -> None:
        if now - self._said >= INTERVAL:
            self._said = now
            self._report(f"{self._what}: {text()}")


def progress_text(moved: int, size: int | None, seconds: float, had: int = 0) -> str:
    """``37 %, 380 of 1024 MiB, 38.0 MiB/s, 17 s left``; without a size what is known without it."""
    rate = (moved - had) / seconds if seconds else 0.0
    per_second = f"{rate / 2**20:.1f} MiB/s"
    if not size:
        return f"{moved / 2**20:.0f} MiB, {per_second}"
    left = f"{(size - moved) / rate:.0f} s left" if rate else "standing still"
    return f"{100 * moved // size} %, {moved / 2**20:.0f} of {size / 2**20:.0f} MiB, {per_second}, {left}"


def import_text(message: str, size: int | None) -> str:
    """``the cloud is importing the data: Copied 380 MiB (37 %)``, as far as the cloud says it.

    :param message: of the import's task. While Glance copies data to a store it is ``Copied N MiB``
        (glance/async_/flows/api_image_import.py).
    """
    copied = re.fullmatch(r"Copied (\d+) MiB", message)
    percent = f" ({100 * int(copied[1]) * 2**20 // size} %)" if copied and size else ""
    return f"the cloud is importing the data{f': {message}' if message else ''}{percent}"


def reporter(what: str) -> Reporter | None:
    """The reporter of a transfer; null unless PROGRESS_FILE is set."""
    path = os.environ.get(PROGRESS_FILE)
    if not path:
        return None

    def report(line: str) -> None:
        with contextlib.suppress(OSError), open(path, "a", encoding="utf-8") as file:
            file.write(line + "\n")

    return Reporter(what, report)
