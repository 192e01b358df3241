# The only list of tasks. `make help` prints it.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
UV = $(BIN)/uv
# uv does not read pip's settings: hand it the package index that pip is set up with, if any.
export UV_DEFAULT_INDEX ?= $(shell $(PYTHON) -m pip config get global.index-url 2>/dev/null)
ifeq ($(strip $(UV_DEFAULT_INDEX)),)
unexport UV_DEFAULT_INDEX
endif
export UV_LINK_MODE ?= copy
export PIP_DISABLE_PIP_VERSION_CHECK := 1
COMPILE = $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate

.PHONY: help
help: ## list the tasks
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-9s %s\n", $$1, $$2}'

$(BIN)/python:
	@$(PYTHON) -m venv .venv || { rm -rf .venv; echo "no virtual environment could be made: on Debian, apt-get install python3-venv" >&2; exit 1; }

$(UV): requirements-uv.lock | $(BIN)/python
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements-uv.lock
	@touch $@

# $(1): the lock to install. pip is the slower road to the same place, where uv cannot reach the package source.
define install_lock
	@$(UV) pip install --quiet --require-hashes --python $(BIN)/python -r $(1) || $(BIN)/python -m pip install --quiet --require-hashes -r $(1)
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable . || $(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@
endef

.venv/.run-time: requirements.lock pyproject.toml | $(UV)
	$(call install_lock,requirements.lock)

.venv/.development: requirements-dev.lock pyproject.toml | $(UV)
	$(call install_lock,requirements-dev.lock)
	@touch .venv/.run-time

.PHONY: demo
demo: .venv/.run-time ## set everything up, run the main job and keep serving
	@$(BIN)/zhanggui demo

.PHONY: install
install: .venv/.development ## set up the development environment

.PHONY: test
test: install ## set everything up and run the tests (no server needed)
	@$(BIN)/pytest -n auto -m "not slow" $(ARGS)

.PHONY: slow
slow: install ## the tests that take over a second each
	@$(BIN)/pytest -n auto -m slow $(ARGS)

.PHONY: cov
cov: install ## every test, with the coverage gate
	@rm -f .coverage
	@$(MAKE) --no-print-directory test ARGS="--cov --cov-report="
	@$(MAKE) --no-print-directory slow ARGS="--cov --cov-append --cov-report="
	@$(BIN)/coverage report --skip-covered
	@$(BIN)/coverage report --fail-under=100 --skip-covered --include='labelling/*,channels/*/signature.py,channels/*/crypto.py'

.PHONY: fuzz
fuzz: install ## a hundred thousand mutations of files, read without a crash
	@FUZZ_EXAMPLES=1600 $(BIN)/pytest -n auto --timeout=0 tests/fuzz $(ARGS)

.PHONY: prove
prove: install ## take each line of the labelling gate out: a test must fail for every one
	@$(BIN)/python -m tests.prove.gate $(ARGS)

.PHONY: lint
lint: install ## ruff: rules and format
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

.PHONY: format
format: install ## rewrite to the house format
	@$(BIN)/ruff check --fix --quiet . || true
	@$(BIN)/ruff format --quiet .

.PHONY: types
types: install ## mypy strict
	@$(BIN)/mypy

.PHONY: imports
imports: install ## who may import whom
	@$(BIN)/lint-imports

.PHONY: check
check: lint types imports test ## what CI asks of a change

.PHONY: bench
bench: .venv/.run-time ## measure, each figure beside its reference
	@$(BIN)/python -m bench $(ARGS)

.PHONY: lock
lock: $(UV) ## renew the locks (hashes, no registry address)
	@$(COMPILE) pyproject.toml -o requirements.lock
	@$(COMPILE) --extra dev pyproject.toml -o requirements-dev.lock
	@echo "uv==$$($(UV) --version | cut -d' ' -f2)" | $(COMPILE) - -o requirements-uv.lock

.PHONY: changelog
changelog: install ## build CHANGELOG.md from changes/ (VERSION=x.y.z)
	@$(BIN)/towncrier build --yes --version $(VERSION)
