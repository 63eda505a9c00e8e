"""Who may connect to the demo's broker: a JSON file that the broker reads again when it changes."""

import hashlib
import hmac
import secrets
from pathlib import Path
from typing import Literal

import msgspec

from kiosk.core.errors import ConfigError
from kiosk.local.files import change_file
from kiosk.wire.access import Rights, central_rights, device_rights

Role = Literal["device", "central"]


class Account(msgspec.Struct, frozen=True):
    """One name at the broker; `password_hash` is salt and scrypt as hex, with a colon between."""

    password_hash: str
    role: Role
    site: str = ""

    def accepts(self, password: str) -> bool:
        """Compare a password."""
        salt, _, wanted = self.password_hash.partition(":")
        return hmac.compare_digest(_scrypt(password, bytes.fromhex(salt)), bytes.fromhex(wanted))

    def rights(self, name: str) -> Rights:
        """Return what the account with this name may write and read."""
        return central_rights() if self.role == "central" else device_rights(name, self.site)


def add_account(file: Path, user: str, password: str, role: Role, site: str = "") -> None:
    """Add or replace an account, atomically and beside other writers; the broker knows it at the next connect."""
    salt = secrets.token_bytes(16)
    account = Account(f"{salt.hex()}:{_scrypt(password, salt).hex()}", role, site)
    change_file(file, lambda text: _listed(_accounts(file, text) | {user: account}))


def read_accounts(file: Path) -> dict[str, Account]:
    """Read all accounts, none where there is no file; raises ConfigError."""
    try:
        return _accounts(file, file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file} cannot be read: {error}", hint="Begin with a new --home") from error


class AccountsFile:
    """The accounts as they stand in the file now."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._seen: tuple[int, int, int] | None = None
        self._accounts: dict[str, Account] = {}

    def get(self, user: str | None) -> Account | None:
        """Return an account; while the file cannot be read, as it stood before."""
        try:
            stat = self._file.stat()
            seen = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
            if seen != self._seen:
                self._accounts = read_accounts(self._file)
                self._seen = seen
        except (OSError, ConfigError):
            self._seen = None
        return self._accounts.get(user or "")


def _accounts(file: Path, text: str) -> dict[str, Account]:
    try:
        return msgspec.json.decode(text, type=dict[str, Account]) if text else {}
    except msgspec.DecodeError as error:
        raise ConfigError(f"{file} cannot be read: {error}", hint="Begin with a new --home") from error


def _listed(accounts: dict[str, Account]) -> str:
    return msgspec.json.format(msgspec.json.encode(accounts)).decode() + "\n"


def _scrypt(password: str, salt: bytes) -> bytes:
    # Cheap on purpose: the passwords are random, and the broker computes this between two messages.
    return hashlib.scrypt(password.encode(), salt=salt, n=1024, r=8, p=1, dklen=32)
