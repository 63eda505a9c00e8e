"""Keys for personal data that are the same in every test."""

import hashlib

from kiosk.central.sealed import SealKey, Seals


def make_key(name: str = "00000001") -> SealKey:
    """Return a key that follows from its name."""
    return SealKey(name, hashlib.sha256(name.encode()).digest())


def make_seals(*names: str) -> Seals:
    """Return what seals with the last of some keys."""
    return Seals([make_key(name) for name in names or ("00000001",)])
