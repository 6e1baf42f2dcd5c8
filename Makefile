# `make ask` answers the first question; `make test` runs the whole suite. Both make the environment first.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
STUDY ?= shortcut-depth
SEEDS ?= 24
BANDS ?=  # every study; `make bands BANDS=shortcut-depth` measures one

.PHONY: ask test check lint types contract bench bands clean

ask: $(VENV)/.core
	$(BIN)/zhixing ask $(STUDY)

test: $(VENV)/.test
	$(BIN)/pytest -n 2

check: lint types contract

lint: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.test
	$(BIN)/mypy

contract: $(VENV)/.test
	$(BIN)/lint-imports

bench: $(VENV)/.test
	for script in benchmarks/*.py; do $(BIN)/python $$script || exit 1; done

bands: $(VENV)/.core
	$(BIN)/zhixing band $(BANDS) --seeds $(SEEDS)

clean:
	rm -rf $(VENV)

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.core: $(VENV)/bin/python pyproject.toml constraints.txt
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	touch $@

$(VENV)/.test: $(VENV)/.core
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test]'
	touch $@
