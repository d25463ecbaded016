# Every target does its own set-up: Python 3.11+ and make are all that a fresh machine needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
SCHEMAS := $(VENV)/.schemas
SERVE ?= 1
JOBS ?= 2
SAMPLE ?= 100
HISTORIES ?= 5000
ROUNDS ?= 200
SEED ?= 1

.DEFAULT_GOAL := help
.PHONY: help demo test properties faults check format bench mutation clean

help: ## Show the targets
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

# Installed once, again when the requirements change.
$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "revrec needs Python 3.11 or newer: make PYTHON=python3.12 ..." >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

# The official schemas that documents are held against: fetched once, known by their SHA-256.
$(SCHEMAS): $(READY) schemas/catalogue.toml
	$(BIN)/revrec schemas fetch
	@touch $@

demo: $(SCHEMAS) ## Build the demo practice, print its summary, serve its books in Fava (SERVE=0: stop after the summary)
	$(BIN)/revrec demo ledgers/demo $(if $(filter 0,$(SERVE)),--no-serve,--serve)

test: $(SCHEMAS) ## Run the tests
	$(BIN)/python -m pytest -n $(JOBS)

properties: $(READY) ## Play 5,000 random histories of every event and policy (HISTORIES=5000)
	REVREC_HISTORIES=$(HISTORIES) $(BIN)/python -m pytest tests/core/test_invariants.py tests/test_histories.py

faults: $(SCHEMAS) ## Kill the commands at 200 rounds of random points (ROUNDS=200): nothing lost, doubled or half done
	REVREC_KILL_ROUNDS=$(ROUNDS) $(BIN)/python -m pytest -n $(JOBS) tests/faults

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

# Not among the requirements of every day: installed when it is first asked for.
$(VENV)/.mutation: $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -c tests/mutation/constraints.txt -e '.[mutation]'
	@touch $@

mutation: $(VENV)/.mutation ## Change the core in small ways: does a test notice? (SAMPLE=100 of all, 0: all; SEED=1; MODULES="money units")
	$(BIN)/python -m tests.mutation $(MODULES) --sample $(SAMPLE) --seed $(SEED)

clean: ## Remove what the targets made
	rm -rf build dist ledgers/demo .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
