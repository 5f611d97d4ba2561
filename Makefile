# Needs Python 3.11, 3.12 or 3.13 and make; everything else goes into .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUN := PATH="$(CURDIR)/$(BIN):$$PATH"

.DEFAULT_GOAL := help
.PHONY: help quickstart test check format clean

help:  ## List the targets
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' Makefile | expand -t 20

quickstart: $(VENV)/.installed  ## Train on 336,776 real flights, register, serve, score
	@$(RUN) podium quickstart

test: $(VENV)/.installed-dev  ## Run all tests
	@$(RUN) OMP_NUM_THREADS=1 python -m pytest --numprocesses 2 --dist loadfile

check: $(VENV)/.installed-dev  ## Lint, format check, types, direction of imports
	@$(RUN) ruff check .
	@$(RUN) ruff format --check .
	@$(RUN) mypy
	@$(RUN) lint-imports

format: $(VENV)/.installed-dev  ## Format and fix what can be fixed
	@$(RUN) ruff format .
	@$(RUN) ruff check --fix .

clean:  ## Remove the virtual environment and caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
	  || { echo 'Podium needs Python 3.11, 3.12 or 3.13: make PYTHON=python3.12'; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip

$(VENV)/.installed: $(VENV)/bin/python pyproject.toml
	@echo 'Installing MLflow, XGBoost and the rest into $(VENV): some minutes, 1.6 GB'
	$(BIN)/python -m pip install --quiet --editable '.[uv]'
	@touch $@

$(VENV)/.installed-dev: $(VENV)/bin/python pyproject.toml
	@echo 'Installing MLflow, XGBoost and the tools for tests into $(VENV): some minutes, 1.7 GB'
	$(BIN)/python -m pip install --quiet --editable '.[dev,shap]'
	@touch $@ $(VENV)/.installed
