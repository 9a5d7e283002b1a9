.DEFAULT_GOAL := help
SHELL := /bin/sh

# Programs are called by their place: nobody activates an environment.
PYTHON := .venv/bin/python
BOOTSTRAP := infra/local/bootstrap.py
UNIT := tests/unit tests/contract tests/lint tests/property
REAL := tests/sql tests/integration tests/browser tests/docs
# A folder that does not exist yet is no error.
present = $(wildcard $(1))

.PHONY: help
help: ## Show this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: install
install: ## Install everything into .venv, .venv-flink and the download cache
	@sh infra/local/install.sh

.PHONY: demo
demo: install ## Start the whole path with a demo site and traffic; Ctrl-C stops it
	@.venv/bin/headwater demo

.PHONY: up
up: install ## Start the whole path; Ctrl-C stops it
	@.venv/bin/headwater up

.PHONY: down
down: ## Stop what `make up` or `make demo` started
	@.venv/bin/headwater down

.PHONY: test
test: install ## Run every test, those on real engines too, but the longer ones of `make faults`
	$(PYTHON) -m pytest -m "not faults_only" --durations=20 $(call present,$(UNIT)) $(call present,$(REAL))

.PHONY: test-unit
test-unit: install ## Run the tests that need no engine (seconds)
	$(PYTHON) -m pytest $(call present,$(UNIT))

.PHONY: lint
lint: install ## Check style and types (ruff, mypy strict)
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m mypy .

.PHONY: format
format: ## Format and sort imports
	$(PYTHON) -m ruff check --fix .
	$(PYTHON) -m ruff format .

.PHONY: docs
docs: install ## Write docs/reference again from schemas/, cli/ and serving/
	$(PYTHON) -m docs.build_reference

.PHONY: lock
lock: ## Resolve the dependencies of pyproject.toml into the two locks
	$(PYTHON) $(BOOTSTRAP) lock

.PHONY: bench
bench: install ## Measure speed and freshness; writes docs/reference
	$(PYTHON) -m tests.load

.PHONY: bench-edge
bench-edge: install ## Measure the edge beside one written in the obvious way
	$(PYTHON) -m tests.load edge

.PHONY: bench-streams
bench-streams: install ## Measure each stream job beside plain Flink SQL and Python
	$(PYTHON) -m tests.load streams

.PHONY: bench-batch
bench-batch: install ## Restate a month, beside DuckDB; SIZE=1000000: events of a day
	$(PYTHON) -m tests.load batch $(if $(SIZE),--size $(SIZE))

.PHONY: faults
faults: install ## Kill processes under load and count every event; FULL=1: for longer
	$(if $(FULL),HEADWATER_FAULTS_FULL=1 )$(PYTHON) -m pytest -m faults tests

.PHONY: clean
clean: ## Remove both environments and built files; homes and downloads stay
	rm -rf .venv .venv-flink .mypy_cache .ruff_cache .pytest_cache
	find . -name node_modules -prune -exec rm -rf {} +
