"""The `[notices]` table of central.toml: by which ways notices leave. All are off until they are configured."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from kiosk.central.club.channels import Channel, FileChannel
from kiosk.central.club.smtp import SmtpChannel, SmtpSettings, Tls
from kiosk.core.errors import ConfigError
from kiosk.local.settings import is_loopback

SECRET_CHARACTERS_MAX = 1024


class NoticeSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where notices go: a file of JSON lines, a mail server, or both. The file takes what nothing else takes."""

    file: str = ""
    smtp_host: str = ""
    smtp_port: Annotated[int, Meta(ge=1, le=65535)] = 587
    smtp_tls: Tls = Tls.STARTTLS
    smtp_user: str = ""
    smtp_password_file: str = ""
    smtp_ca_file: str = ""
    smtp_from: str = ""

    def __post_init__(self) -> None:
        if self.smtp_host and "@" not in self.smtp_from:
            raise ValueError("smtp_host needs smtp_from, such as club@example.org")
        if self.smtp_host and self.smtp_tls is Tls.NONE and not is_loopback(self.smtp_host):
            raise ValueError(f'smtp_tls = "none" is for this machine only, and smtp_host is {self.smtp_host}')


def make_channels(settings: NoticeSettings, path: Callable[[str], Path]) -> dict[str, Channel]:
    """Return the channels that are configured; `path` finds what the file names. Raises ConfigError."""
    channels: dict[str, Channel] = {}
    if settings.smtp_host:
        wanted = SmtpSettings(
            host=settings.smtp_host,
            port=settings.smtp_port,
            sender=settings.smtp_from,
            tls=settings.smtp_tls,
            username=settings.smtp_user,
            password=_secret(path(settings.smtp_password_file)) if settings.smtp_password_file else "",
            ca_file=path(settings.smtp_ca_file) if settings.smtp_ca_file else None,
        )
        channels["email"] = SmtpChannel(wanted)
    if settings.file:
        channels["file"] = FileChannel(path(settings.file))
    return channels


def _secret(path: Path) -> str:
    try:
        with path.open(encoding="utf-8") as file:
            return file.read(SECRET_CHARACTERS_MAX).strip()
    except (OSError, UnicodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}", hint="Check its name and permissions") from error
