"""What the office process is told."""

from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.core.errors import ConfigError
from kiosk.core.texts import Language
from kiosk.local.settings import is_loopback

STAFF_TOKEN_CHARS_MIN = 16
STAFF_TOKEN_BYTES_MAX = 1024


class OfficeSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The `[office]` table: where staff pages and the REST API are served.

    `token_file` holds a secret with all roles that signs in and that programs may send as bearer token; without it
    there are only accounts and their keys. `https` says that
    staff come by https, through a proxy; the session cookie then travels no other way. `applications_an_hour` is how
    many applications to join one address may hand in within an hour on the page /apply; 0 = there is no such page.
    `look_ups_a_minute` is how many searches one account or key may make.
    """

    token_file: Path | None = None
    host: str = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535)] = 8001
    health_host: str = "127.0.0.1"
    health_port: Annotated[int, Meta(ge=0, le=65535)] = 9465
    streams_max: Annotated[int, Meta(ge=1, le=64)] = 8
    applications_an_hour: Annotated[int, Meta(ge=0, le=100)] = 5
    look_ups_a_minute: Annotated[int, Meta(ge=1, le=1000)] = 30
    language: Language = Language.ZH
    https: bool = True

    def __post_init__(self) -> None:
        if not self.https and not is_loopback(self.host):
            raise ValueError(f"https = false is for this machine only, and host is {self.host}")


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
