"""A device's account at a mosquitto on this machine: its password, its rights, and the word to read both again."""

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import msgspec

from kiosk.core.errors import ConfigError
from kiosk.local.files import change_file, folder_lock
from kiosk.wire.access import mosquitto_lines

WAIT_S = 10.0


class MosquittoFiles(msgspec.Struct, frozen=True):
    """Where mosquitto has its password_file, and, where they are ours to keep, its acl_file and its pid_file."""

    passwords: Path
    acl: Path | None = None
    pid_file: Path | None = None


def add_account(
    files: MosquittoFiles, user: str, password: str, site: str, warn: Callable[[str], None],
    tell: Callable[[int, int], None] = os.kill,
) -> None:  # fmt: skip
    """Add or replace a device's account and have the broker read it; raises ConfigError before anything is changed.

    Only that the broker was not told is a warning: the account stands.
    """
    program = shutil.which("mosquitto_passwd")
    if program is None:
        raise ConfigError("mosquitto_passwd is not installed here", hint="Install mosquitto, or provision by hand")
    broker = _running(files.pid_file) if files.pid_file is not None else None
    if files.acl is not None:
        if not files.acl.exists():
            raise ConfigError(f"{files.acl} is not there", hint="Begin with config/mosquitto/acl")
        change_file(files.acl, lambda text: with_rights(text, user, site))
    _set_password(program, files.passwords, user, password)
    if broker is not None:
        try:
            tell(broker, signal.SIGHUP)
        except OSError as error:
            warn(f"mosquitto was not told of {user} ({error.strerror}): reload it")


def with_rights(text: str, user: str, site: str) -> str:
    """Return an acl_file in which a device reads its site, and no other that it read before.

    Its own topics are the file's patterns, which belong to nobody: they stay wherever they stand.
    """
    kept: list[str] = []
    its_own = False
    for line in text.splitlines():
        word, _, rest = line.strip().partition(" ")
        if word == "user":
            its_own = rest.strip() == user
        if not (its_own and word in ("user", "topic")):
            kept.append(line)
    body = re.sub(r"\n{3,}", "\n\n", "\n".join(kept).strip("\n"))
    return (body + "\n" if body else "") + mosquitto_lines(user, site)


def _running(pid_file: Path) -> int:
    """Return the process that a pid_file names, where that is a mosquitto; raises ConfigError."""
    hint = "Check mosquitto_pid_file, or leave it out and reload mosquitto by hand"
    try:
        pid = int(pid_file.read_text(encoding="ascii"))
        name = Path(f"/proc/{pid}/comm").read_text(encoding="utf-8", errors="replace").strip()
    except (OSError, ValueError) as error:
        raise ConfigError(f"{pid_file} names no running mosquitto: {error}", hint=hint) from error
    if name != "mosquitto":
        raise ConfigError(f"{pid_file} names process {pid}, which is {name} and no mosquitto", hint=hint)
    return pid


def _set_password(program: str, passwords: Path, user: str, password: str) -> None:
    change_file(passwords, lambda text: text)
    # The password goes through standard input: an argument could be read by every account of the machine.
    typed = f"{password}\n{password}\n"
    try:
        with folder_lock(passwords.resolve().parent):
            command = [program, str(passwords), user]
            done = subprocess.run(
                command, input=typed, capture_output=True, text=True, check=False, timeout=WAIT_S
            )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ConfigError(f"mosquitto_passwd failed: {error}", hint=f"Check {passwords}") from error
    if done.returncode != 0:
        raise ConfigError(f"mosquitto_passwd failed: {done.stderr.strip()}", hint=f"Check {passwords}")
