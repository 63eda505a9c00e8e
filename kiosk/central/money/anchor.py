"""The newest seal of each night, kept in a file outside the database too: whoever puts that back leaves a trace here.

A line a night, `day number hash`, only ever added to. What it says and the database does not is named.
"""

import os
from datetime import date
from pathlib import Path

from kiosk.central.club.books import Look
from kiosk.central.money.seals import Seal, seals_from
from kiosk.core.errors import ConfigError

LINES_MAX = 40_000
"""A hundred years of nights; more is no file of ours."""


def note(path: Path, seal: Seal) -> None:
    """Add a seal to the file, mode 0600, durably, where it is not its last line; raises ConfigError."""
    line = f"{seal.day} {seal.number} {seal.hash}"
    if not seal.number or _lines(path)[-1:] == [line]:
        return
    try:
        file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.write(file, f"{line}\n".encode())
            os.fsync(file)
        finally:
            os.close(file)
    except OSError as error:
        raise _broken(path, str(error.strerror)) from error


def against(look: Look, path: Path) -> list[str]:
    """Name each night whose seal the database has not got, or has differently; raises ConfigError."""
    last = {each.number: each for each in seals_from(look, 1, LINES_MAX * 100)}
    found = []
    for line in _lines(path):
        day, number, hash_ = _parts(path, line)
        seal = last.get(number)
        if seal is None:
            found.append(f"{day}: seal {number} is missing")
        elif (seal.day, seal.hash) != (day, hash_):
            found.append(f"{day}: seal {number} differs")
    return found


def _lines(path: Path) -> list[str]:
    try:
        with path.open(encoding="ascii") as file:
            lines = file.read(LINES_MAX * 100).splitlines()
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError) as error:
        raise _broken(path, str(error)) from error
    return lines


def _parts(path: Path, line: str) -> tuple[str, int, str]:
    day, _, rest = line.partition(" ")
    number, _, hash_ = rest.partition(" ")
    try:
        return date.fromisoformat(day).isoformat(), int(number), hash_
    except ValueError as error:
        raise _broken(path, f"{line[:40]!r} is no seal") from error


def _broken(path: Path, why: str) -> ConfigError:
    return ConfigError(f"the seals outside the database, {path}: {why}", hint="seals_file in central.toml names it")
