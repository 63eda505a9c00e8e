#!/bin/sh
# Pins every dependency with its hashes. The address of the index must not land in the lock files.
set -eu
cd "$(dirname "$0")/.."
export PIP_CONFIG_FILE=/dev/null
unset PIP_FIND_LINKS PIP_EXTRA_INDEX_URL PIP_INDEX_URL || true
compile() { pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras --no-emit-index-url --no-emit-find-links --no-emit-options --no-header "$@"; }
compile --build-deps-for wheel --output-file requirements/base.txt pyproject.toml
compile --extra readers --extra actuators --extra postgresql --extra alipay --build-deps-for wheel --constraint requirements/base.txt --output-file requirements/extras.txt pyproject.toml
compile --constraint requirements/extras.txt --output-file requirements/test.txt requirements/test.in
