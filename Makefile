# Copyright (c) 2026, the cloudimage.glance contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026 the cloudimage.glance contributors
# Needs git, python3 (3.11 or newer, with venv) and make; everything else is installed below .venv, .nox and .sandbox.

PYTHON ?= python3
NOX = .venv/bin/nox
COMPILE = pip compile --quiet --universal --python-version 3.11 --no-annotate --no-header --upgrade

.PHONY: demo test bench docs lock clean

demo: $(NOX)
	$(NOX) --non-interactive -s demo

test: $(NOX)
	$(NOX) --non-interactive --allow-parallel --parallel 2

bench: $(NOX)
	$(NOX) --non-interactive -s bench

docs: $(NOX)
	$(NOX) --non-interactive -s docs

lock: $(NOX)
	set -e; for name in nox sessions bench-peer; do \
	  .venv/bin/uv $(COMPILE) tests/requirements/$$name.in -o tests/requirements/$$name.txt; done
	set -e; for name in mariadb stores; do \
	  .venv/bin/uv $(COMPILE) tests/sandbox/requirements-$$name.in -o tests/sandbox/requirements-$$name.txt; done
	.venv/bin/uv $(COMPILE) --only-binary :all: --no-binary simplegeneric \
	  roles/glance_sandbox/files/requirements.in -o roles/glance_sandbox/files/requirements.txt

$(NOX): tests/requirements/nox.txt
	$(PYTHON) -m venv --clear .venv
	.venv/bin/python -m pip install --quiet --constraint tests/requirements/nox.txt uv
	.venv/bin/uv pip install --quiet --python .venv/bin/python --requirements tests/requirements/nox.txt
	touch $@

clean:
	rm -rf .venv .nox .sandbox .ansible
