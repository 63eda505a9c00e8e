"""The second factor of staff: codes of RFC 6238 from a telephone, six digits every half minute, and recovery codes."""

import base64
import hashlib
import hmac
import secrets
from datetime import datetime

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from kiosk.central.club.passwords import secret_hash
from kiosk.core.errors import StoreDamaged

SECRET_BYTES = 20
DIGITS = 6
STEP_S = 30
STEPS_APART = (0, -1, 1)
RECOVERY_CODES = 10
RECOVERY_BYTES = 8
NONCE_BYTES = 12
ISSUER = "kiosk"


class Vault:
    """Seals the secrets of second factors with a key that follows from one of central's own, 32 bytes."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(hmac.digest(key, b"kiosk second factor", hashlib.sha256))

    def seal(self, secret: bytes, staff: str) -> str:
        """Return how a secret rests, for this account alone."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return base64.b64encode(nonce + self._cipher.encrypt(nonce, secret, staff.encode())).decode()

    def open(self, sealed: str, staff: str) -> bytes:
        """Return a secret; raises StoreDamaged where it is not what was sealed for this account."""
        raw = base64.b64decode(sealed)
        try:
            return self._cipher.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], staff.encode())
        except InvalidTag as error:
            raise StoreDamaged(
                f"the second factor of staff {staff} cannot be read", hint="Central's keys and database must fit"
            ) from error


def new_secret() -> bytes:
    """Return a secret for a telephone, 160 random bits."""
    return secrets.token_bytes(SECRET_BYTES)


def enrolment_uri(secret: bytes, login: str) -> str:
    """Return the otpauth URI that an authenticator takes in, as text or as a QR code."""
    return _totp(secret).get_provisioning_uri(login, ISSUER)


def secret_text(secret: bytes) -> str:
    """Return a secret as it is typed into a telephone by hand."""
    return base64.b32encode(secret).decode()


def code_at(secret: bytes, now: datetime) -> str:
    """Return the code that a telephone shows."""
    return _totp(secret).generate(int(now.timestamp())).decode()


def step_of(secret: bytes, code: str, now: datetime, last_step: int) -> int | None:
    """Return the half minute a code belongs to, one before and after now included, or None.

    A code of `last_step` or before was used: each counts once.
    """
    presented = code.replace(" ", "").encode(errors="replace")
    totp, current = _totp(secret), int(now.timestamp()) // STEP_S
    for step in (current + apart for apart in STEPS_APART):
        if hmac.compare_digest(totp.generate(step * STEP_S), presented) and step > last_step:
            return step
    return None


def new_recovery_codes() -> tuple[str, ...]:
    """Return codes to keep on paper, 64 random bits each."""
    raw = [secrets.token_hex(RECOVERY_BYTES) for _ in range(RECOVERY_CODES)]
    return tuple("-".join(each[at : at + 4] for at in range(0, len(each), 4)) for each in raw)


def recovery_hash(code: str) -> str:
    """Return how a recovery code rests, however it was typed."""
    return secret_hash(code.replace("-", "").replace(" ", "").lower())


def _totp(secret: bytes) -> TOTP:
    # SHA-1 is what authenticators take for granted; HMAC does not need its collision resistance.
    return TOTP(secret, DIGITS, hashes.SHA1(), STEP_S)  # noqa: S303
