# `make demo` and `make test` do all their own set-up. Options for the program go in ARGS, as in
# make demo ARGS="--port 9000".

.PHONY: help demo test check collect docs screenshots bench lock
.DEFAULT_GOAL := help
PYTEST := env -u PYTHONDONTWRITEBYTECODE .venv/bin/python -m pytest -q

help:
	@echo "make demo     a whole club on this machine, with nothing to configure"
	@echo "make test     every check and test; as root it installs the programs they need"
	@echo "make check    style and types only"
	@echo "make docs     the written pages anew: coverage, the rule book, the lives, the API"
	@echo "make screenshots  a picture of every screen, into FOLDER=... or those that docs/screens keeps"
	@echo "make bench    the benchmarks of docs/performance.md, such as ARGS=tap"
	@echo "make lock     the lock files anew, from pyproject.toml and requirements/test.in"

demo:
	@tools/setup base
	@exec .venv/bin/kiosk demo $(ARGS)

test:
	@tools/packages
	@tools/setup test
	@$(MAKE) --no-print-directory -j 2 check collect
	@exec $(PYTEST) -n 4 --dist loadfile --no-loadscope-reorder $(ARGS)

check:
	@tools/setup test
	@.venv/bin/ruff check
	@.venv/bin/ruff format --check
	@.venv/bin/mypy

# Compiles the tests while mypy runs: each of the workers would do it again.
collect:
	@$(PYTEST) --collect-only -p no:xdist | tail -n 1

docs:
	@tools/docs

screenshots:
	@tools/packages
	@tools/setup test
	@exec tools/screenshots $(FOLDER)

bench:
	@tools/setup base
	@exec .venv/bin/kiosk bench $(ARGS)

lock:
	@tools/lock
