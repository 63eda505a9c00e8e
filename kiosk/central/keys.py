"""Central's secrets: the key it signs with and the key that card numbers are hashed with, in files of mode 0600."""

import base64
import binascii
import os
import secrets
from pathlib import Path

import msgspec

from kiosk.core.errors import ConfigError
from kiosk.wire.signing import SigningKey

FOLDER = "keys"
SIGNING_FILE = "central.key"
HASH_FILE = "hash.key"
HASH_KEY_BYTES = 32


class Keys(msgspec.Struct, frozen=True):
    """What central signs with, and what turns card numbers into credentials."""

    signing: SigningKey
    hash_key: bytes

    def __repr__(self) -> str:
        """Say nothing: this must not get into a log."""
        return "Keys(…)"

    @property
    def hash_key_text(self) -> str:
        """Return the hash key as devices are given it, base64. It is a secret."""
        return base64.b64encode(self.hash_key).decode()


def init_keys(home: Path) -> Keys:
    """Make the keys that are missing and return all; one that is there is never overwritten. Raises ConfigError."""
    folder = home / FOLDER
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write_new(folder / SIGNING_FILE, SigningKey.generate().to_text())
        _write_new(folder / HASH_FILE, base64.b64encode(secrets.token_bytes(HASH_KEY_BYTES)).decode())
        sync_folder(folder)
    except OSError as error:
        raise ConfigError(f"{folder} cannot be written: {error}", hint="Check its permissions") from error
    return load_keys(home)


def load_keys(home: Path) -> Keys:
    """Read the keys; raises ConfigError where they are missing, damaged or open to others."""
    folder = home / FOLDER
    signing = SigningKey.from_text(_read(folder / SIGNING_FILE))
    try:
        hash_key = base64.b64decode(_read(folder / HASH_FILE), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ConfigError(f"{folder / HASH_FILE} is not base64", hint="Restore a backup") from error
    if len(hash_key) != HASH_KEY_BYTES:
        raise ConfigError(f"{folder / HASH_FILE} has {len(hash_key)} bytes instead of {HASH_KEY_BYTES}")
    return Keys(signing, hash_key)


def sync_folder(path: Path) -> None:
    """Make new names in a folder durable."""
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _write_new(path: Path, text: str) -> None:
    try:
        file = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        return
    with os.fdopen(file, "w", encoding="ascii") as stream:
        stream.write(text + "\n")
        stream.flush()
        os.fsync(stream.fileno())


def _read(path: Path) -> str:
    try:
        with path.open(encoding="ascii") as file:
            if os.fstat(file.fileno()).st_mode & 0o077:
                raise ConfigError(f"{path} can be read by others", hint=f"Run chmod 600 {path}")
            return file.read(256).strip()
    except (OSError, UnicodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}", hint="Run kiosk central init") from error
