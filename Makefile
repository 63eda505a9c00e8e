# `make demo` and `make test` do all their own set-up. Options for the program go in ARGS, as in
# make demo ARGS="--port 9000".

.PHONY: help demo test check bench lock
.DEFAULT_GOAL := help

help:
	@echo "make demo    a whole club on this machine, with nothing to configure"
	@echo "make test    every check and test; as root it installs the programs they need"
	@echo "make check   style and types only"
	@echo "make bench   the benchmarks of docs/performance.md, such as ARGS=tap"
	@echo "make lock    the lock files anew, from pyproject.toml and requirements/test.in"

demo:
	@tools/setup base
	@exec .venv/bin/kiosk demo $(ARGS)

test:
	@tools/packages
	@$(MAKE) --no-print-directory check
	@exec .venv/bin/python -m pytest -q $(ARGS)

check:
	@tools/setup test
	@.venv/bin/ruff check
	@.venv/bin/ruff format --check
	@.venv/bin/mypy

bench:
	@tools/setup base
	@exec .venv/bin/kiosk bench $(ARGS)

lock:
	@tools/lock
