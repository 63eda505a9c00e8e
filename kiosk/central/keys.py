"""Central's secrets in files of mode 0600: what it signs, hashes card numbers and seals personal data with."""

import base64
import binascii
import os
import secrets
from pathlib import Path

import msgspec

from kiosk.central.personal_keys import init_personal_keys
from kiosk.core.errors import ConfigError
from kiosk.local.files import write_secret
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
    except OSError as error:
        raise ConfigError(f"{folder} cannot be made ({error.strerror})", hint="Check its permissions") from error
    write_secret(folder / SIGNING_FILE, SigningKey.generate().to_text(), keep=True)
    write_secret(folder / HASH_FILE, base64.b64encode(secrets.token_bytes(HASH_KEY_BYTES)).decode(), keep=True)
    init_personal_keys(folder)
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


def _read(path: Path) -> str:
    try:
        with path.open(encoding="ascii") as file:
            if os.fstat(file.fileno()).st_mode & 0o077:
                raise ConfigError(f"{path} can be read by others", hint=f"Run chmod 600 {path}")
            return file.read(256).strip()
    except (OSError, UnicodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}", hint="Run kiosk central init") from error
