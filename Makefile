# Every target does its own set-up: Python 3.11+ and make are all that a fresh machine needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
SERVE ?= 1
JOBS ?= 2

.DEFAULT_GOAL := help
.PHONY: help demo test check format bench clean

help: ## Show the targets
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

# Installed once, again when the requirements change.
$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "revrec needs Python 3.11 or newer: make PYTHON=python3.12 ..." >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

demo: $(READY) ## Build the demo practice, print its summary, serve its books in Fava (SERVE=0: stop after the summary)
	$(BIN)/revrec demo ledgers/demo $(if $(filter 0,$(SERVE)),--no-serve,--serve)

test: $(READY) ## Run the tests
	$(BIN)/python -m pytest -n $(JOBS)

check: $(READY) ## Check format, style, types and the arrows between rooms
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(READY) ## Format the code and mend what can be mended
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(READY) ## Measure speed and memory: a table and build/bench.json
	$(BIN)/python -m tests.bench

clean: ## Remove what the targets made
	rm -rf build dist ledgers/demo .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
