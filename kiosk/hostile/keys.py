"""The keys of both sides, made once into a folder: a merchant's that central is given, and the provider's own."""

import os
import secrets
from base64 import b64encode
from pathlib import Path

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from kiosk.core.errors import ConfigError

MERCHANT, APP = "1900000001", "wxdemo0000000001"
MERCHANT_SERIAL, PLATFORM = "5157F09EFDC096DE15EBE81A47057A7232F1B8E1", "PUB_KEY_ID_0000000000000000000000000000"
MERCHANT_FILE, PLATFORM_FILE, PLATFORM_PUBLIC_FILE = "merchant.pem", "platform-private.pem", "platform.pem"
SECRET_FILE = "api-v3.key"  # noqa: S105  # the name of a file
BITS = 2048


class ProviderKeys(msgspec.Struct, frozen=True):
    """The merchant's key, the platform's, and the secret that notices are sealed with."""

    merchant: rsa.RSAPrivateKey
    platform: rsa.RSAPrivateKey
    secret: str


def make_keys(folder: Path) -> ProviderKeys:
    """Return the keys in a folder, made where there are none; raises ConfigError."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        merchant, platform = (_key(folder / name) for name in (MERCHANT_FILE, PLATFORM_FILE))
        public = platform.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        _write(folder / PLATFORM_PUBLIC_FILE, public)
        _write(folder / SECRET_FILE, secrets.token_hex(16).encode())
        secret = (folder / SECRET_FILE).read_text(encoding="ascii").strip()
    except (OSError, ValueError) as error:
        raise ConfigError(f"no keys in {folder}: {error}", hint="Name a folder of its own") from error
    return ProviderKeys(merchant, platform, secret)


def sign(key: rsa.RSAPrivateKey, text: str) -> str:
    """Return a signature by SHA-256 and RSA, base64."""
    return b64encode(key.sign(text.encode(), PKCS1v15(), SHA256())).decode()


def is_signed(key: rsa.RSAPublicKey, text: str, signature: bytes) -> bool:
    """Say whether a text was signed by whoever has a key."""
    try:
        key.verify(signature, text.encode(), PKCS1v15(), SHA256())
    except InvalidSignature:
        return False
    return True


def _key(path: Path) -> rsa.RSAPrivateKey:
    if not path.exists():
        made = rsa.generate_private_key(public_exponent=65537, key_size=BITS)
        _write(path, made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    key = load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise ConfigError(f"{path.name} is no RSA key")
    return key


def _write(path: Path, content: bytes) -> None:
    if not path.exists():
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content + b"\n")
