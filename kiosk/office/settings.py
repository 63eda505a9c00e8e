"""What the office process is told."""

from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.core.errors import ConfigError
from kiosk.core.texts import Language

STAFF_TOKEN_CHARS_MIN = 16
STAFF_TOKEN_BYTES_MAX = 1024


class OfficeSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The `[office]` table: where staff pages and the REST API are served.

    `token_file` holds the one secret that signs staff in and that programs send as bearer token.
    """

    token_file: Path
    host: str = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535)] = 8001
    health_host: str = "127.0.0.1"
    health_port: Annotated[int, Meta(ge=0, le=65535)] = 9465
    streams_max: Annotated[int, Meta(ge=1, le=64)] = 8
    language: Language = Language.ZH


def read_staff_token(path: Path) -> bytes:
    """Read the secret, without the line end; raises ConfigError where there is none or it could be guessed."""
    try:
        with path.open("rb") as file:
            text = file.read(STAFF_TOKEN_BYTES_MAX).strip()
    except OSError as error:
        raise ConfigError(f"staff token {path} cannot be read ({error.strerror})", hint="Make it first") from error
    if len(text) < STAFF_TOKEN_CHARS_MIN:
        raise ConfigError(
            f"staff token {path} is shorter than {STAFF_TOKEN_CHARS_MIN} characters",
            hint="Put at least 16 random characters there",
        )
    return text
