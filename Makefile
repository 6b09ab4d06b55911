# Two commands do everything on a machine with Python 3.11 or later: `make run` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
LIBRARY ?= library
WORKERS ?= 2

.PHONY: run install test lint bench clean

run: install ## index seeds/ and open the chat
	$(BIN)/dateline ingest seeds/articles --library $(LIBRARY)
	$(BIN)/dateline serve --library $(LIBRARY) --open

install: $(VENV)/.installed

$(VENV)/.installed: requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Dateline needs Python 3.11 or later; say make PYTHON=/path/to/it")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

test: install lint ## every check that continuous integration makes
	$(BIN)/pytest -n $(WORKERS) --dist loadfile

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: install ## every benchmark; DATA names the folder with the question sets
	$(BIN)/python -m bench --data $(DATA)

clean:
	rm -rf $(VENV) library .mypy_cache .ruff_cache .pytest_cache
