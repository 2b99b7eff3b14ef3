# Needs Python 3.11+ and make; everything else goes into .venv.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
# More than there are cores: three of them run the end-to-end tests, which mostly wait for their Airflow.
WORKERS := 4
# The Airflows that are supported, by the lists of what they are released with.
AIRFLOWS := $(patsubst tests/packaging/airflow-%.txt,%,$(wildcard tests/packaging/airflow-*.txt))

# Without compiled files every process of the tests compiles all of Airflow anew, which takes three seconds each.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help install test nightly test-versions pictures demo up lint format bench route clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: $(READY) ## make .venv with everything the other commands need

test: $(READY) ## run all tests, in random order
	@.ci/browser
	$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadscope $(PYTEST_ARGS)

nightly: export HISTORIES = all
nightly: export LIVES = 30
nightly: export KILLS = 300
nightly: PYTEST_ARGS += --hypothesis-profile=nightly
nightly: test ## the same with more of everything: histories, generated examples, lives, kills, each supported Airflow
	$(MAKE) test-versions

test-versions: $(addprefix test-airflow-,$(AIRFLOWS)) ## run the tests that start no Airflow on each supported one

test-airflow-%: $(READY)
	$(BIN)/uv venv --quiet --allow-existing --python $(BIN)/python $(VENV)/airflow-$*
	$(BIN)/uv pip install --python $(VENV)/airflow-$*/bin/python \
		--requirement tests/packaging/airflow-$*.txt --editable . --group test
	$(VENV)/airflow-$*/bin/python -m pytest --numprocesses 2 --dist loadscope \
		tests/unit tests/contract tests/dags tests/packaging $(PYTEST_ARGS)

pictures: $(READY) ## take the pictures of docs/images again
	PICTURES=1 $(BIN)/python -m pytest tests/e2e/ui tests/board tests/wall $(PYTEST_ARGS)

demo: $(READY) ## run a day of flights through a real Airflow, then stop it
	$(BIN)/python -m demo

up: $(READY) ## the same, left running to look around
	$(BIN)/python -m demo --keep

lint: $(READY) ## check style, types and import rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(READY) ## format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(READY) ## measure
	$(BIN)/python -m benchmarks

route: $(READY) ## print the route of a start through the code, file by file
	$(BIN)/python -m benchmarks.route

clean: ## remove .venv, caches and build results
	rm -rf $(VENV) .demo dist build .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The version is part of the installed metadata, so a new one needs a new installation.
$(READY): $(BIN)/uv pyproject.toml airflow_provider_liveactivity/__init__.py
	$(BIN)/uv pip install --python $(BIN)/python --editable . --group dev
	@touch $@

$(BIN)/uv:
	@command -v $(PYTHON) >/dev/null || { echo "'$(PYTHON)' was not found. Install Python 3.11 or newer, or name yours: make PYTHON=/path/to/python" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed, but '$(PYTHON)' is $$($(PYTHON) -V 2>&1). Name a newer one: make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "'$(PYTHON)' comes without venv. On Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
