# Needs make and a Python >= 3.10; everything else is installed into .venv, at the versions of constraints.txt.
#   make test PYTHON=python3.12         another interpreter for a new .venv
#   make test PYTEST_ARGS="-m 'not slow and not large'"

PYTHON ?= python3
PYTEST_ARGS ?=
VENV := .venv
BIN := $(VENV)/bin
PIP_INSTALL := $(BIN)/python -m pip install --disable-pip-version-check -c constraints.txt

# Without the notice that another generator succeeds this one.
BUILD_DOCS := NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

# Stamps: a second call installs nothing, unless a dependency or its version has changed since.
INSTALLED := $(VENV)/.installed
INSTALLED_DEV := $(VENV)/.installed-dev

.DEFAULT_GOAL := help
.PHONY: help install quickstart test test-versions test-containers coverage lint docs notebooks format clean

help: ## Show these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(INSTALLED) ## Install mtl-search into .venv

quickstart: $(INSTALLED) ## Install, then run the smallest sweep: configs/quickstart.yaml
	$(BIN)/mtl-search run configs/quickstart.yaml

test: lint ## Install with the development tools, then lint and run every test
	$(BIN)/pytest -n 2 $(PYTEST_ARGS)

test-versions: ## Run the quick tests on the oldest and newest Python and dependencies
	tests/versions.sh

# podman-compose is a program, and stays out of the environment that it tests.
test-containers: $(INSTALLED_DEV) ## Build the image and bring docker/compose.yaml up for real; as root, some minutes
	test -x .venv-containers/bin/podman-compose || { $(PYTHON) -m venv .venv-containers && .venv-containers/bin/pip install --disable-pip-version-check podman-compose==1.6.0; }
	PATH="$(CURDIR)/.venv-containers/bin:$$PATH" $(BIN)/pytest -n 0 -s -m large tests/integration/test_containers.py

coverage: $(INSTALLED_DEV) ## Run the unit tests and print which lines they leave out; fails below the floor
	$(BIN)/pytest -n 2 tests/unit --cov --cov-report=term:skip-covered

lint: $(INSTALLED_DEV) ## Style, types, the direction of imports, known vulnerabilities, and the documentation
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --strict mtl_search tests
	$(BIN)/lint-imports
	$(BIN)/python -m tests.audit
	$(BUILD_DOCS) --quiet

docs: $(INSTALLED_DEV) ## Build the documentation into site/, with warnings as errors
	$(BUILD_DOCS)

notebooks: $(INSTALLED_DEV) ## Run the notebooks of the documentation again, and store what they print
	$(BIN)/python -m tests.notebooks

format: $(INSTALLED_DEV) ## Rewrite the sources in the project's style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean: ## Remove caches and build output; .venv and results stay
	rm -rf build dist site *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find mtl_search tests -name __pycache__ -type d -prune -exec rm -rf {} +

# pip is the last thing that venv puts there, so an interrupted start is made again.
$(BIN)/pip:
	@$(PYTHON) -c 'import sys; v = sys.version_info; v >= (3, 10) or sys.exit("mtl-search needs Python >= 3.10 and $(PYTHON) is %d.%d: make PYTHON=<another> ..." % v[:2])'
	$(PYTHON) -m venv $(VENV)

$(INSTALLED): pyproject.toml constraints.txt | $(BIN)/pip
	@echo "Installing mtl-search into $(VENV). The first time takes some minutes: torch, ray and mlflow are large."
	$(PIP_INSTALL) -e .
	@touch $@

$(INSTALLED_DEV): pyproject.toml constraints.txt | $(BIN)/pip
	@echo "Installing mtl-search and its development tools into $(VENV). The first time takes some minutes: torch, ray and mlflow are large."
	$(PIP_INSTALL) -e '.[dev]'
	@touch $(INSTALLED) $@
