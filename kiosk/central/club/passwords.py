"""Passwords of staff: what is acceptable, and how they rest (scrypt, with the parameters beside the hash)."""

import hashlib
import hmac
import secrets

import msgspec

from kiosk.core.errors import InvalidInput

CHARACTERS_MIN, CHARACTERS_MAX = 12, 128
DIFFERENT_MIN = 6

COST, BLOCK, PARALLEL = 2**15, 8, 1
"""32 MiB and about 0.1 s each: what RFC 7914 and OWASP have for signing in."""

MEMORY_BYTES_MAX = 256 * 1024 * 1024
SALT_BYTES = 16
HASH_BYTES = 32


class KeptPassword(msgspec.Struct, frozen=True):
    """A password as it rests: scrypt$cost$block$parallel$salt$hash."""

    text: str


def keep_password(password: str, login: str, cost: int = COST) -> KeptPassword:
    """Return how a password will rest; raises InvalidInput where it is a bad one.

    Takes about 0.1 s, so it belongs before the transaction that writes it.
    """
    if not CHARACTERS_MIN <= len(password) <= CHARACTERS_MAX:
        raise InvalidInput(
            f"the password has {len(password)} characters",
            hint=f"Take {CHARACTERS_MIN} to {CHARACTERS_MAX}: a few words will do",
        )
    if len(set(password)) < DIFFERENT_MIN or login.casefold() in password.casefold():
        raise InvalidInput("the password is easily guessed", hint="Take words that have nothing to do with the account")
    salt = secrets.token_bytes(SALT_BYTES)
    digest = _scrypt(password, salt, cost, BLOCK, PARALLEL)
    return KeptPassword(f"scrypt${cost}${BLOCK}${PARALLEL}${salt.hex()}${digest.hex()}")


def is_password(password: str, kept: str) -> bool:
    """Say whether this is the password that rests so. Takes as long for a wrong one, and for "" as kept."""
    if len(password) > CHARACTERS_MAX:
        return False
    _, cost, block, parallel, salt, digest = (kept or _nobody()).split("$")
    found = _scrypt(password, bytes.fromhex(salt), int(cost), int(block), int(parallel))
    return hmac.compare_digest(found, bytes.fromhex(digest)) and bool(kept)


def new_password() -> str:
    """Return a password for somebody's first sign-in, 100 random bits."""
    return "-".join(secrets.token_hex(3) for _ in range(4)) + secrets.token_hex(1)


def secret_hash(secret: str) -> str:
    """Return how a random secret rests: it cannot be guessed, so one round of a fast hash is enough."""
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()


def _nobody() -> str:
    return f"scrypt${COST}${BLOCK}${PARALLEL}${'00' * SALT_BYTES}${'00' * HASH_BYTES}"


def _scrypt(password: str, salt: bytes, cost: int, block: int, parallel: int) -> bytes:
    return hashlib.scrypt(
        password.encode(errors="replace"),
        salt=salt,
        n=cost,
        r=block,
        p=parallel,
        maxmem=MEMORY_BYTES_MAX,
        dklen=HASH_BYTES,
    )
