# Everything from one place: `make` lists what there is.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/installed
NPM_LOCKS := $(wildcard package-lock.json */package-lock.json */*/package-lock.json)

# Compiled modules are kept, whatever the surroundings say: dozens of processes and every workflow run read them.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help install up browser test check trace

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' Makefile

install: $(INSTALLED) ## Install everything into .venv (quick when nothing changed)

$(INSTALLED): requirements.lock pyproject.toml $(NPM_LOCKS)
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || { echo "Python 3.11, 3.12 or 3.13 is needed: make PYTHON=/path/to/python3 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -m venv .venv || { echo "python3 -m venv failed; on Debian: apt-get install python3-venv" >&2; exit 1; }
	$(BIN)/python -m pip install --quiet --no-deps -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	@for lock in $(NPM_LOCKS); do \
		command -v npm >/dev/null || { echo "npm is needed for $$lock: install Node.js 20 or newer" >&2; exit 1; }; \
		npm ci --no-audit --no-fund --prefix "$$(dirname "$$lock")"; \
	done
	@touch $@

up: $(INSTALLED) ## Start the whole house on this computer; Ctrl-C stops it
	@exec $(BIN)/placement up

browser:
	@command -v chromium >/dev/null || { \
		test "$$(id -u)" = 0 && command -v apt-get >/dev/null \
		&& echo "Installing Chromium for the tests of the pages" \
		&& apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null; \
	} || { echo "The tests of the pages need Chromium: apt-get install chromium" >&2; exit 1; }

test: $(INSTALLED) browser ## Run the tests
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

check: $(INSTALLED) ## Format, lint, types and the rooms' layers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy .
	$(BIN)/lint-imports

trace: $(INSTALLED) ## Follow one step through document, code, tests and screen: make trace STEP=1.6
	@$(BIN)/placement trace $(STEP)
