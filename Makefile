# A fresh machine needs only `make run` (the dashboard) or `make test` (the tests); `make help` lists more.
# Written for GNU make 3.81 and later, POSIX sh, and Python 3.11 or later: Debian, its relatives, macOS.

.DEFAULT_GOAL := test
MAKEFLAGS += --no-print-directory

HOST ?= 127.0.0.1
PORT ?= 8050
# Processes that share the tests.
WORKERS ?= 2
# More words for pytest or the benchmark: make test ARGS="-k matrix -x"
ARGS ?=
export HOST PORT

# The interpreter that .venv is made with: PYTHON if given, else the first that is new enough.
NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
ifndef PYTHON
PYTHON := $(shell for name in python3.11 python3.12 python3.13 python3.14 python3; do \
	if $$name -c '$(NEW_ENOUGH)' 2>/dev/null; then echo $$name; break; fi; done)
endif
ENVIRONMENT = $(or $(PYTHON),$(error Python 3.11+ is needed; PYTHON=... names one)) -m scripts.environment
PY := .venv/bin/python
UV := uv==0.13.8

.PHONY: help run test lint format bench lock venv dev data browser clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' Makefile

run: data ## Set everything up and start the dashboard (HOST, PORT, SYNAPTOSCOPE_DATA)
	@echo "Synaptoscope: http://$(HOST):$(PORT)   (Ctrl-C stops it)"
	@exec $(PY) -m gunicorn app:server

test: dev browser lint ## Set everything up, lint, run all tests (the default target)
	@$(PY) -m pytest -n $(WORKERS) --dist loadgroup --durations 10 $(ARGS)

lint: dev ## Style, format, types, import directions
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy
	@$(PY) -c "from importlinter.cli import lint_imports_command; lint_imports_command()" --no-logo

format: dev ## Rewrite the code in the project's format
	@$(PY) -m ruff check --fix .
	@$(PY) -m ruff format .

bench: dev browser ## Measure, print the ratios, write docs/performance.md
	@$(PY) -m bench $(ARGS)

lock: dev ## Compile requirements*.txt, with hashes, from requirements*.in
	@$(PY) -m pip install --quiet --disable-pip-version-check $(UV)
	@for name in requirements requirements-dev; do \
		$(PY) -m uv pip compile $$name.in --generate-hashes -o $$name.txt --python-version 3.11 --universal \
			--no-emit-index-url --quiet || exit 1; done

venv: ## Create .venv with the pinned requirements
	@$(ENVIRONMENT)

dev: ## The same with what the tests need
	@$(ENVIRONMENT) --dev

data: venv ## Put the built-in datasets in place and compile the kernels
	@$(PY) -m data_access builtin
	@$(PY) -m analysis.warm

browser: dev ## Find or install the browser of the tests (CHROMIUM names one)
	@$(PY) -m scripts.browser

clean: ## Remove .venv and caches; datasets stay
	rm -rf .venv build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
