# Everything a person does with this repository. Each target first makes ready what it needs (see
# set_up/): a virtual environment from the lock files, npm packages, and for the tests, when root,
# Debian packages. A second call costs milliseconds.

BIN := .venv/bin
ON_PATH := PATH="$(CURDIR)/.venv/bin:$$PATH"
JAVASCRIPT_TESTS = $(wildcard widget/test/*.test.js)

# The whole of `make test` has 45 minutes on two cores. Budgets, as the closing census prints them:
#   unmarked   unit, API over HTTP and WebSocket, architecture      15 min
#   faults     processes killed at random moments                   10 min
#   browser    pages driven in Chromium                               8 min
#   wordpress  a real WordPress of three versions, in Chromium      10 min
#   node       the widget's own tests                                 1 min
PYTEST = $(ON_PATH) $(BIN)/python -m pytest -p tests.machine_needs -p tests.run_census \
	-p tests.one_after_another --numprocesses 2 --dist worksteal

.PHONY: help run example test lint bench schema lock clean

help: ## Lists the targets.
	@sed -n 's/^\([a-z]*\): ## /\1	/p' Makefile

run: ## Starts Parlance with its own database and a demo chatbot; the first time it installs what it needs.
	@set_up/prepare runtime
	@exec $(BIN)/parlance serve

example: ## Builds the dashboard of examples/react; `make run` then serves it and prints its address.
	@set_up/prepare example

test: ## Runs every test; TESTS="tests/unit -k name" runs some of them.
	@set_up/prepare tests
	$(if $(JAVASCRIPT_TESTS),$(ON_PATH) node --test $(JAVASCRIPT_TESTS))
	$(PYTEST) $(TESTS)

lint: ## Checks style, types, layers, dependencies, and that the schema's files and promise and the reference are kept.
	@set_up/prepare tools
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/deptry .
	$(ON_PATH) node_modules/.bin/biome check --no-errors-on-unmatched
	$(ON_PATH) node_modules/.bin/tsc -p widget
	$(BIN)/parlance export-schema --check
	$(BIN)/parlance export-settings --check
	$(BIN)/parlance export-reference --check

bench: ## Measures streaming and start-up against the baselines in benchmarks/ and keeps the raw output.
	@set_up/prepare tests
	$(ON_PATH) $(BIN)/python -m benchmarks

schema: ## Writes the schema's files and docs/reference/ from the code.
	@set_up/prepare runtime
	$(BIN)/parlance export-schema
	$(BIN)/parlance export-settings
	$(BIN)/parlance export-reference

lock: ## Writes both lock files from pyproject.toml; UPGRADE=1 moves to the newest versions.
	@set_up/prepare lock

clean: ## Removes what these targets made, but never the data in .parlance/.
	rm -rf .venv .venv-lock node_modules build *.egg-info test-results
	rm -rf examples/react/node_modules examples/react/dist examples/react/src/gql
	rm -rf .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
