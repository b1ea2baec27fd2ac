# `make run ARGS="..."` and `make test` need nothing but python3 (3.11 or newer) and make.

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
ARGS ?=
PYTEST_ARGS ?=
# More than cores: half of a test's time is waiting for processes, sockets and pauses.
WORKERS ?= 4

.PHONY: run test check bench bench-peers faults fuzz docs pictures clean

run: $(READY)
	@$(BIN)/ainf $(ARGS)

# Tests start hundreds of processes, each of which would compile its modules anew.
test: export PYTHONDONTWRITEBYTECODE :=
test: $(READY)
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup $(PYTEST_ARGS)

check: $(READY)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/python -m pytest tests/test_architecture.py tests/test_errors.py tests/test_docs.py
	@$(BIN)/python docs/generate.py --check

bench: $(READY)
	@$(BIN)/python -m benchmarks $(ARGS)

# What ainf is compared with, from PyPI, into .benchmarks/: a few hundred megabytes.
bench-peers: $(READY)
	@$(BIN)/python -m benchmarks.peers

faults: $(READY)
	@$(BIN)/python -m tests.faults $(ARGS)

# 100,000 hostile logs against the reader of logs: make fuzz ARGS="1000 --seed 7"
fuzz: $(READY)
	@$(BIN)/python -m tests.tools.fuzzlogs $(ARGS)

docs: $(READY)
	@$(BIN)/python docs/generate.py

# The screens in docs/app.md, from the running program: a minute, Linux.
pictures: $(READY)
	@$(BIN)/python docs/pictures.py

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

# Again only when the dependencies may have changed. What is printed goes to stderr: the stdout of
# `make run` is the command's.
$(READY): pyproject.toml
	@{ set -e; \
	if ! $(BIN)/python -c 'import sys, pip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
		found=; \
		for python in python3 python3.14 python3.13 python3.12 python3.11; do \
			if $$python -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; \
			then found=$$python; break; fi; \
		done; \
		if [ -z "$$found" ]; then \
			echo "ainf needs Python 3.11 or newer with venv (on Debian: apt install python3-venv)."; exit 1; \
		fi; \
		echo "creating $(VENV) with $$($$found --version)"; \
		$$found -m venv --clear $(VENV); \
	fi; \
	echo "installing what ainf needs into $(VENV)"; \
	$(BIN)/python -m pip install -qq --disable-pip-version-check --editable '.[dev]'; \
	touch $@; } >&2
