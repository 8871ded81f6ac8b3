# Every target sets up .venv by itself: a clone, Python 3.11 or later, git and make are enough.
# Another interpreter: make PYTHON=python3.13 test

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
RUN := env -u PYTHONPATH
PIP := $(BIN)/python -m pip --disable-pip-version-check -qq

.DEFAULT_GOAL := help
.PHONY: help demo test check format lint types contracts generated bench ecosystem tables docs changelog dist clean

help:
	@echo 'make demo       the linter on examples/, then on a real package'
	@echo 'make test       all tests'
	@echo 'make check      format, ruff, mypy, import contracts, tests, generated pages'
	@echo 'make docs       regenerate the generated pages and build the site into site/'
	@echo 'make bench      time and memory beside other linters'
	@echo 'make ecosystem  diagnostics over the frozen package list, as a difference to the stored ones'
	@echo 'make tables     what docs/tables.md shows of three packages, brought up to date'
	@echo 'make changelog  what the next release would say; make dist builds it'
	@echo 'make clean      remove .venv, caches and build output; .corpus stays'

$(READY): pyproject.toml runtime/pyproject.toml scripts/supported_python.py
	@command -v $(PYTHON) >/dev/null || { echo 'error: $(PYTHON) not found; install Python 3.11 or later, or name one: make PYTHON=/path/to/python' >&2; exit 1; }
	@$(PYTHON) scripts/supported_python.py
	@echo 'setting up .venv'
	@$(PYTHON) -m venv --clear .venv
	@$(PIP) install --upgrade 'pip>=25.1'
	@$(PIP) install --editable . --editable ./runtime --group dev
	@$(BIN)/python -m compileall -q checker rules  # a start takes twice as long without, where Python may not write
	@touch $@

demo: $(READY)
	@$(RUN) $(BIN)/python scripts/demo.py

test: $(READY)
	@$(RUN) $(BIN)/pytest $(ARGS)

check: format lint types contracts test generated

format: $(READY)
	@$(RUN) $(BIN)/ruff format --check

lint: $(READY)
	@$(RUN) $(BIN)/ruff check

types: $(READY)
	@$(RUN) $(BIN)/mypy

contracts: $(READY)
	@$(RUN) $(BIN)/lint-imports

generated: $(READY)
	@$(RUN) $(BIN)/python scripts/generate.py --check
	@$(RUN) $(BIN)/mkdocs build --strict --quiet

docs: $(READY)
	@$(RUN) $(BIN)/python scripts/generate.py
	@$(RUN) $(BIN)/mkdocs build --strict --quiet
	@echo 'site/index.html is ready'

bench: $(READY)
	@$(RUN) $(BIN)/python scripts/bench.py $(ARGS)

ecosystem: $(READY)
	@$(RUN) $(BIN)/python scripts/ecosystem.py $(ARGS)

tables: $(READY)
	@$(RUN) $(BIN)/python scripts/tables.py $(ARGS)

changelog: $(READY)
	@$(RUN) $(BIN)/python scripts/changelog.py $(ARGS)

dist: $(READY)
	rm -rf dist
	@$(RUN) $(BIN)/python scripts/distributions.py

clean:
	rm -rf .venv site build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .worker-lint-cache
