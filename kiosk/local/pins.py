"""PINs of people at a box: what is acceptable, and how they rest in its configuration (scrypt, with its costs)."""

import hashlib
import hmac
import re
import secrets

from kiosk.core.errors import InvalidInput

DIGITS_MIN, DIGITS_MAX = 6, 12
COST, BLOCK, PARALLEL = 2**15, 8, 1
"""32 MiB and about 0.1 s each, so that a hash that was copied away is slow to try."""

MEMORY_BYTES_MAX = 64 * 1024 * 1024
KEPT = r"^scrypt\$[0-9]{4,6}\$[0-9]{1,2}\$[0-9]\$[0-9a-f]{32}\$[0-9a-f]{64}\Z"

_RUN = "01234567890123456789"


def keep_pin(pin: str, cost: int = COST) -> str:
    """Return how a PIN rests: scrypt$cost$block$parallel$salt$hash; raises InvalidInput for a weak one."""
    if not re.fullmatch(rf"[0-9]{{{DIGITS_MIN},{DIGITS_MAX}}}", pin):
        raise InvalidInput("not a PIN", hint=f"Take {DIGITS_MIN} to {DIGITS_MAX} digits")
    if len(set(pin)) < 3 or pin in _RUN or pin[::-1] in _RUN:
        raise InvalidInput("this PIN is easily guessed", hint="No run of digits, and at least three different ones")
    salt = secrets.token_bytes(16)
    return f"scrypt${cost}${BLOCK}${PARALLEL}${salt.hex()}${_scrypt(pin, salt, cost, BLOCK, PARALLEL).hex()}"


def is_pin(pin: str, kept: str) -> bool:
    """Say whether this is the PIN that rests so. Takes as long for a wrong one, and for "" as kept."""
    _, cost, block, parallel, salt, digest = (kept or _nobodys()).split("$")
    found = _scrypt(pin[: DIGITS_MAX + 1], bytes.fromhex(salt), int(cost), int(block), int(parallel))
    return hmac.compare_digest(found, bytes.fromhex(digest)) and bool(kept)


def _nobodys() -> str:
    return f"scrypt${COST}${BLOCK}${PARALLEL}${'00' * 16}${'00' * 32}"


def _scrypt(pin: str, salt: bytes, cost: int, block: int, parallel: int) -> bytes:
    said = pin.encode(errors="replace")
    return hashlib.scrypt(said, salt=salt, n=cost, r=block, p=parallel, maxmem=MEMORY_BYTES_MAX, dklen=32)
