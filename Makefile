# Everything a person runs. Each target sets up what it needs first, in .venv, and only once.
SHELL := /bin/sh
PYTHON ?= $(shell command -v python3.11 || command -v python3 || echo python3.11)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
ALL := $(VENV)/.with-dev
LOCAL := $(VENV)/.with-local
POLICIES := tests/policy/node_modules/.installed
SOURCES := config-schema provisioner providers/aws providers/local

.DEFAULT_GOAL := help
.PHONY: help install demo test test-engine check generate bench fuzz clean

help:
	@echo "make demo     from the example's source to a running, checked environment"
	@echo "make test     run all tests"
	@echo "make test-engine  whole commands on Pulumi's engine, against AWS on this machine"
	@echo "make check    formatting, lint, types, import rules, freshness of generated files"
	@echo "make bench    what the tool costs, as tables"
	@echo "make fuzz     100,000 generated apps against what the analysis promises (nightly)"
	@echo "make install  make $(VENV) with everything in it"
	@echo "make generate write JSON Schemas, protobuf code and the list of diagnostics anew"
	@echo "make clean    remove $(VENV) and caches (not any environment's data)"

install: $(ALL)

demo: $(LOCAL)
	@sh scripts/demo.sh examples/shop

test: $(ALL) $(POLICIES)
	$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist worksteal

# Pulumi's command line tool on PATH, or in the cache (scripts/get-pulumi builds it there). Without it
# these tests are skipped; ENCORE_REQUIRE_ENGINE=1 makes that an error, and so it makes too few of them.
test-engine: $(ALL)
	$(BIN)/python -m pytest -m engine -n 2 --dist loadfile --durations=10 tests/engine tests/unit/support

check: $(ALL)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy $(SOURCES) tests bench scripts
	$(BIN)/lint-imports
	$(BIN)/python -m encore_config.schema --check
	$(BIN)/python -m encore_config.proto.generate --check
	$(BIN)/python -m encore_config.rules.generate --check

generate: $(ALL)
	$(BIN)/python -m encore_config.proto.generate
	$(BIN)/python -m encore_config.schema
	$(BIN)/python -m encore_config.rules.generate

bench: $(ALL)
	$(BIN)/python -m bench.main_job
	$(BIN)/python -m bench.analysis
	$(BIN)/python -m bench.plan

fuzz: $(ALL)
	$(BIN)/python -m tests.fuzz $(FUZZ)

clean:
	rm -rf $(VENV) tests/policy/node_modules .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

# The evaluator of policies is used by tests alone and is no part of what is shipped. Where it cannot
# be had its tests are skipped; ENCORE_REQUIRE_POLICIES=1 makes that an error.
$(POLICIES): tests/policy/package.json
	@echo "Installing the evaluator of policies into tests/policy/node_modules (19 MB, once) ..."
	@{ command -v npm >/dev/null && cd tests/policy && npm install --silent && touch node_modules/.installed; } \
	  || [ "$$ENCORE_REQUIRE_POLICIES" != 1 ] || { \
	  echo "It could not be installed with npm, and ENCORE_REQUIRE_POLICIES=1 wants its tests." >&2; exit 1; }

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "encore-infra needs Python 3.11 or newer; $(PYTHON) is older or missing." >&2; \
	  echo "Install it, or name one: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
	  echo "Python could not make a virtual environment (on Debian and Ubuntu: install python3-venv)." >&2; exit 1; }

$(LOCAL): pyproject.toml | $(BIN)/python
	@echo "Installing encore-infra with its local servers into $(VENV) (about 150 MB, once) ..."
	@$(PIP) --editable '.[local]'
	@touch $@

$(ALL): pyproject.toml | $(BIN)/python
	@echo "Installing encore-infra with its development tools into $(VENV) (once) ..."
	@$(PIP) --editable '.[dev]'
	@touch $@ $(LOCAL)
