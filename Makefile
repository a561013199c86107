# Every command of this project. They need Python 3.11 or newer, make, and a package index.

.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules

# The tests start many processes; without its cache each of them would compile all modules again.
unexport PYTHONDONTWRITEBYTECODE

PORT ?= 8000
PYTEST_ARGS ?=
LOCK_ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
# A lock file is complete, so nothing is looked up beside it: a release made tomorrow cannot change what is installed.
LOCKED := $(PIP) install --require-hashes --no-deps
PYTEST := $(BIN)/python -m pytest -n auto --dist worksteal
COMPILE := $(BIN)/uv pip compile --quiet --universal --no-strip-extras --python-version 3.11 --generate-hashes \
	--no-emit-index-url --custom-compile-command "make lock" $(LOCK_ARGS)

# The first interpreter that is new enough and can make an environment with pip in it.
CANDIDATES := $(PYTHON) python3 python3.11 python3.12 python3.13 python3.14 /usr/bin/python3
FIND_PYTHON = for python in $(CANDIDATES); do \
	if $$python -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; \
	then echo $$python; exit 0; fi; done; exit 1

.PHONY: help
help: ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: install
install: $(VENV)/.installed-dev ## Make .venv from the lock files, with all that development needs

.PHONY: demo
demo: $(VENV)/.installed ## Run the demo on PORT (8000)
	$(BIN)/python -m demo --port $(PORT)

.PHONY: test
test: install ## Run the tests; options go in PYTEST_ARGS
	$(PYTEST) $(PYTEST_ARGS)

.PHONY: test-long
test-long: install ## Run what the tests leave out: long random histories
	$(PYTEST) -m long $(PYTEST_ARGS)

.PHONY: check
check: lint types docs ## Run every check, then the tests with coverage: what CI runs
	$(PYTEST) --cov --cov-report=term $(PYTEST_ARGS)

.PHONY: format
format: install ## Format the code and mend what can be mended
	$(BIN)/ruff check --fix-only --quiet
	$(BIN)/ruff format

.PHONY: lint
lint: install ## Check format, style, imports and dependencies
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/lint-imports
	$(BIN)/deptry .

.PHONY: types
types: install ## Check the types
	$(BIN)/mypy

.PHONY: docs
docs: install ## Make the documentation's site in app/guide/, where it is served; warnings and broken links are errors
	rm -rf app/guide
	$(BIN)/python -m sphinx --builder html --fail-on-warning --keep-going --quiet --doctree-dir build/doctrees docs app/guide

.PHONY: wheel
wheel: docs ## Build the wheel of a release, with the site in it, in dist/
	$(PIP) wheel --no-deps --no-build-isolation --wheel-dir dist .

.PHONY: bench
bench: install ## Measure
	$(BIN)/python -m bench

.PHONY: lock
lock: install ## Compile the lock files anew; LOCK_ARGS=--upgrade takes newer releases
	$(COMPILE) --output-file requirements.lock pyproject.toml
	$(COMPILE) --output-file requirements-build.lock --constraint requirements.lock --group build
	$(COMPILE) --output-file requirements-dev.lock --constraint requirements.lock \
		--constraint requirements-build.lock --group dev pyproject.toml

.PHONY: clean
clean: ## Remove what the checks, the tests and builds leave behind (not .venv)
	rm -rf app/guide build dist htmlcov .coverage .coverage.* .hypothesis .import_linter_cache .mypy_cache \
		.pytest_cache .ruff_cache .schemathesis
	find app bench demo migrations roadstead tests -name __pycache__ -prune -exec rm -rf {} +

.PHONY: python
python:
	@( $(FIND_PYTHON) ) || { \
		echo "No Python 3.11 or newer with venv and ensurepip was found (tried: $(CANDIDATES))." >&2; \
		echo "On Debian and Ubuntu: apt-get install python3-venv. Or name one: make PYTHON=/path/to/python3.11" >&2; \
		exit 1; }

$(BIN)/python:
	@python="$$($(MAKE) --silent --no-print-directory python)" && "$$python" -m venv $(VENV)

# The project itself is installed editable, with the locked build tools instead of freshly fetched ones.
$(VENV)/.installed: requirements.lock requirements-build.lock pyproject.toml | $(BIN)/python
	$(LOCKED) -r requirements.lock -r requirements-build.lock
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.installed-dev: requirements-dev.lock $(VENV)/.installed
	$(LOCKED) -r requirements-dev.lock
	@touch $@
