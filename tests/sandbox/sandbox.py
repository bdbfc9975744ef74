# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
"""The sandbox of the role glance_sandbox, for this project's own tests.

Its actions are those of roles/glance_sandbox/files/sandbox.py. There is more to choose from:

    sandbox.py run --variant mariadb -- COMMAND
                                 another kind of sandbox; variants.py has them all

Everything lives in .sandbox/ in the checkout, unless GLANCE_SANDBOX_HOME names another folder.
"""

from __future__ import annotations

import os
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
os.environ.setdefault("GLANCE_SANDBOX_HOME", str(ROOT / ".sandbox"))
# The role's sandbox.py is to be found before this file.
sys.path.insert(0, str(ROOT / "roles" / "glance_sandbox" / "files"))

from sandbox import main  # type: ignore[import-not-found]
from variants import VARIANTS  # type: ignore[import-not-found]

if __name__ == "__main__":
    sys.exit(main(VARIANTS))
