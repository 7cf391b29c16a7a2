# Each target makes its own virtual environment from nothing, with the tested versions of
# constraints.txt, and does the rest.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check

.PHONY: help bench test lint docs clean

help:
	@echo "make bench   measure, side by side, the models for which the install brings data; writes a page"
	@echo "make test    lint, types, floors, tests"
	@echo "make docs    render cards, README and studies from results/, matches/ and studies/"

bench: $(VENV)/.run
	$(BIN)/zoo bench --report

# Every core runs tests of its own, so what they test has one thread, unless it is about threads.
test: lint
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses auto --maxprocesses 8 --dist worksteal

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: $(VENV)/.run
	$(BIN)/python benchmarks/studies.py
	$(BIN)/zoo card --write cards --beside-weights
	$(BIN)/zoo report --into README.md
	$(BIN)/zoo matches matches --into README.md

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "zoo needs Python 3.11 or newer; name one: make PYTHON=python3.12 ..."; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || ./install-venv.sh $(PYTHON)
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: $(VENV)/bin/python pyproject.toml constraints.txt
	$(PIP) install --quiet -c constraints.txt -e ".[speech,transformers,translate,tts]"
	@touch $@

$(VENV)/.dev: $(VENV)/bin/python pyproject.toml constraints.txt
	$(PIP) install --quiet -c constraints.txt -e ".[speech,transformers,translate,tts,dev]"
	@touch $(VENV)/.run $@

clean:
	rm -rf $(VENV) build dist *.egg-info bench-results .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
