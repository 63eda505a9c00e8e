"""What a test needs of the machine: there, or the test is skipped with the name of what to install."""

import importlib.util
import os
import shutil
from pathlib import Path
from typing import NoReturn

import pytest

PLACES = ("/usr/sbin", "/sbin", *sorted(map(str, Path("/usr/lib/postgresql").glob("*/bin")), reverse=True))
IN_CI = os.environ.get("CI") == "true"


def needs(program: str, package: str) -> Path:
    """Return where a program is; without it the test is skipped, or in CI fails, naming the Debian package.

    A name with a slash is a file that must exist, such as a library; `*` in it matches.
    """
    if "/" in program:
        found = next((str(path) for path in sorted(Path("/").glob(program.lstrip("/")))), None)
    else:
        found = shutil.which(program) or shutil.which(program, path=os.pathsep.join(PLACES))
    if found is None:
        _go_without(f"needs {program}: apt-get install {package}")
    return Path(found)


def needs_module(module: str, package: str) -> None:
    """Skip the test, or in CI fail it, where a Python module is not installed; names the package that has it."""
    if importlib.util.find_spec(module) is None:
        _go_without(f"needs the Python module {module}: pip install {package}, as requirements/extras.txt locks it")


def _go_without(what: str) -> NoReturn:
    if IN_CI:
        pytest.fail(what, pytrace=False)
    pytest.skip(what)
