"""The file of the keys for personal data: a line each, the newest last. Only `kiosk central rotate-key` changes it."""

import base64
import binascii
import os
import re
from collections.abc import Sequence
from pathlib import Path

from kiosk.central.sealed import ID_CHARACTERS, KEY_BYTES, SealKey, Seals, new_key
from kiosk.core.errors import ConfigError
from kiosk.local.files import write_secret

PERSONAL_FILE = "personal.keys"
FILE_BYTES_MAX = 16 * 1024
_ID = re.compile(f"[0-9a-f]{{{ID_CHARACTERS}}}")


class KeyFile:
    """The keys in a file, and whether they are others than when they were last read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._seen = (0, 0, 0)

    def read(self) -> tuple[SealKey, ...]:
        """Return the keys, the newest last; raises ConfigError where the file is missing, damaged or open to others."""
        try:
            with self.path.open(encoding="ascii") as file:
                state = os.fstat(file.fileno())
                if state.st_mode & 0o077:
                    raise ConfigError(f"{self.path} can be read by others", hint=f"Run chmod 600 {self.path}")
                text = file.read(FILE_BYTES_MAX)
        except (OSError, UnicodeError) as error:
            raise ConfigError(f"{self.path} cannot be read: {error}", hint="Run kiosk central init") from error
        found = read_keys(text, self.path)
        self._seen = _state_of(state)
        return found

    def changed(self) -> tuple[SealKey, ...] | None:
        """Return the keys where the file is another one than was read last; raises ConfigError."""
        try:
            state = _state_of(self.path.stat())
        except OSError as error:
            raise ConfigError(f"{self.path} is gone ({error.strerror})", hint="Restore it from a backup") from error
        return self.read() if state != self._seen else None

    def write(self, keys: Sequence[SealKey]) -> None:
        """Replace the file, whole or not at all; raises ConfigError."""
        write_secret(self.path, keys_text(keys))


def init_personal_keys(folder: Path) -> None:
    """Make the file with a first key where there is none; raises ConfigError."""
    write_secret(folder / PERSONAL_FILE, keys_text([new_key()]), keep=True)


def load_seals(folder: Path) -> Seals:
    """Return what seals and opens with the keys of a folder, and follows their changes; raises ConfigError."""
    file = KeyFile(folder / PERSONAL_FILE)
    return Seals(file.read(), file.changed)


def read_keys(text: str, path: Path) -> tuple[SealKey, ...]:
    """Return the keys that a file's text has; raises ConfigError where it has none, or something else."""
    found = []
    for line in text.split("\n"):
        name, _, body = line.partition(" ")
        if not line:
            continue
        try:
            raw = base64.b64decode(body, validate=True)
        except (binascii.Error, ValueError) as error:
            raise ConfigError(f"{path} is damaged: a key is not base64", hint="Restore a backup") from error
        if len(raw) != KEY_BYTES or _ID.fullmatch(name) is None:
            raise ConfigError(f"{path} is damaged: {name[:ID_CHARACTERS]!r} is no key", hint="Restore a backup")
        found.append(SealKey(name, raw))
    if not found:
        raise ConfigError(f"{path} has no key", hint="Restore a backup")
    return tuple(found)


def keys_text(keys: Sequence[SealKey]) -> str:
    """Return keys as they stand in the file, without the last line end."""
    return "\n".join(f"{each.id} {base64.b64encode(each.raw).decode()}" for each in keys)


def _state_of(state: os.stat_result) -> tuple[int, int, int]:
    return state.st_ino, state.st_mtime_ns, state.st_size
