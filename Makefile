# Two commands matter: `make run` and `make test`. Everything else is named by `make help`.
# Needed beforehand: python3 (3.11 or later) and make.

PYTHON ?= python3
PORT ?= 8000
BROWSER ?= 1
PYTEST_ARGS ?=
SIDE_BY_SIDE ?= -n logical --maxprocesses 4 --dist loadfile --no-loadscope-reorder
PY := .venv/bin/python
export PORT BROWSER
# Without kept bytecode each program that is started compiles Django anew: a second of processor.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help install run stop password test lint format bench lock clean

help:
	@echo "make run       everything on this machine, on http://127.0.0.1:8000 (PORT=...)"
	@echo "make stop      stop it, also what a crash left behind"
	@echo "make password  a new password for the administrator"
	@echo "make test      all tests; BROWSER=0 leaves out those in Chromium"
	@echo "make lint      style, types, layers, templates, migrations"
	@echo "make bench     the benchmarks"
	@echo "make install   .venv with everything, nothing started"
	@echo "make lock      pin the newest packages anew (needs uv)"

install: .venv/installed-dev

# A stamp tells which lock file is in .venv; the larger one holds the smaller.
.venv/installed-run: requirements-run.lock config/install.py
	@test -e .venv/installed-dev -a .venv/installed-dev -nt requirements-run.lock \
		&& touch $@ || $(PYTHON) config/install.py run

.venv/installed-dev: requirements-dev.lock config/install.py
	@$(PYTHON) config/install.py dev

run: .venv/installed-run
	@$(PY) -m config.supervisor run

stop:
	@if [ -x $(PY) ]; then $(PY) -m config.supervisor stop; else echo "Nothing is running."; fi

password: .venv/installed-run
	@$(PY) manage.py make_admin --new-password

test: .venv/installed-dev
	@$(PY) config/browser.py
	@if [ "$(BROWSER)" = 0 ]; then echo "Without the browser tests (BROWSER=0)."; fi
	@$(PY) -m pytest $(SIDE_BY_SIDE) $(if $(filter 0,$(BROWSER)),-m "not browser") $(PYTEST_ARGS)

lint: .venv/installed-dev
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy .
	.venv/bin/lint-imports
	git ls-files '*.html' ':!tests' | xargs -r .venv/bin/djade --check --target-version 5.2
	git ls-files '*.html' ':!tests' | xargs -r .venv/bin/djlint --lint --quiet
	@VAR_DIR=var/test $(PY) manage.py makemigrations --check --dry-run

format: .venv/installed-dev
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .
	git ls-files '*.html' ':!tests' | xargs -r .venv/bin/djade --target-version 5.2

bench: .venv/installed-dev
	@$(PY) -m bench

# No index addresses and no paths in the files: they are the same on every machine.
COMPILE := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-annotate --no-header

lock:
	$(COMPILE) pyproject.toml --extra s3 -o requirements.lock
	$(COMPILE) pyproject.toml --extra s3 --extra embedded -c requirements.lock -o requirements-run.lock
	$(COMPILE) pyproject.toml --extra s3 --extra embedded --group dev -c requirements-run.lock \
		-o requirements-dev.lock
