# Two commands: `make demo` and `make test`. Everything else is for those who change the code.
PY ?= python3
BIN := .venv/bin
RUN := $(BIN)/python manage.py
PIP := $(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes --no-deps

.PHONY: install dev demo demo-reset test browser lint bench chaos nightly translations lock

install: .venv/.installed

.venv/bin/python:
	@$(PY) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PY=/path/to/python3.11"; exit 1; }
	$(PY) -m venv .venv

.venv/.installed: requirements.lock | .venv/bin/python
	$(PIP) -r requirements.lock
	@touch $@

dev: .venv/.dev

.venv/.dev: requirements-dev.lock | .venv/bin/python
	$(PIP) -r requirements-dev.lock
	@touch $@ .venv/.installed

demo: install
	$(RUN) demo $(ARGS)

demo-reset: install
	$(RUN) demo --reset $(ARGS)

test: install
	$(BIN)/python -m pytest -n 2 $(ARGS)

browser: dev
	$(BIN)/python -m pytest tests/browser -p no:cacheprovider $(ARGS)

lint: dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	DATABASE_URL=postgres://nobody@127.0.0.1:9/none $(BIN)/python -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run  # reads files alone
	$(RUN) pathways validate
	$(RUN) knowledge lint
	$(RUN) wording check

bench: install
	$(RUN) bench sweep --json $(ARGS)
	$(RUN) bench ingest --json

chaos: install  # with SEED=7: the storm, which prints one JSON line
	$(BIN)/python -m $(if $(SEED),tests.chaos --seed $(SEED),pytest tests/chaos) $(ARGS)

nightly: dev
	HYPOTHESIS_PROFILE=nightly $(BIN)/python -m pytest -n 2 -m "" $(ARGS)

translations: install  # needs gettext; translate what is new in config/locale/es, then run it again
	$(RUN) makemessages -l es --no-location --no-obsolete --no-wrap -e html,txt,py,svg -i .venv -i tests
	$(RUN) compilemessages -l es

lock:
	uv pip compile -q pyproject.toml --group test --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --no-annotate -o requirements.lock
	uv pip compile -q pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --no-annotate -o requirements-dev.lock
