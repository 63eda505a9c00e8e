"""Notices by mail: one connection for as many as are sent in a row, with TLS unless the server is this machine."""

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from enum import StrEnum
from pathlib import Path

import msgspec

from kiosk.central.club.channels import Message
from kiosk.core.clock import parse_utc
from kiosk.core.errors import ConfigError, InvalidInput, Refused, RetryLater

TIMEOUT_S = 5.0
"""For each answer of the server; a message needs a few, and a server that answers none costs this once."""

_PERMANENT = 500
_HINT = "Look at [notices] in central.toml"


class Tls(StrEnum):
    """How a connection is secured: by STARTTLS, from its start, or not at all."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


class SmtpSettings(msgspec.Struct, frozen=True):
    """A mail server, and who the sender is. `ca_file`: whose certificate it shows; None: one the system trusts."""

    host: str
    port: int
    sender: str
    tls: Tls = Tls.STARTTLS
    username: str = ""
    password: str = ""
    ca_file: Path | None = None
    timeout_s: float = TIMEOUT_S

    def __repr__(self) -> str:
        """Say nothing of the password."""
        return f"SmtpSettings({self.host}:{self.port})"


class SmtpChannel:
    """Hands messages to a mail server. The key becomes the Message-ID, by which mailboxes know a repeat.

    Raises ConfigError where `ca_file` cannot be read.
    """

    def __init__(self, settings: SmtpSettings) -> None:
        self._context = _context(settings.ca_file)
        self._settings = settings
        self._domain = settings.sender.rpartition("@")[2].rstrip("> ")
        self._server: smtplib.SMTP | None = None

    def send(self, message: Message) -> None:
        """Hand over one message; raises Refused for what the server will never take, RetryLater otherwise."""
        mail = self._mail(message)
        try:
            with _translated(self._settings.host):
                if self._server is None:
                    self._server = _connect(self._settings, self._context)
                self._server.send_message(mail, self._settings.sender, [message.address])
        except RetryLater:
            self.close()
            raise

    def close(self) -> None:
        """End the connection."""
        server, self._server = self._server, None
        if server is not None:
            with suppress(OSError, smtplib.SMTPException):
                server.quit()

    def _mail(self, message: Message) -> EmailMessage:
        mail = EmailMessage()
        try:
            mail["From"] = self._settings.sender
            mail["To"] = _one_address(message.address)
            mail["Subject"] = message.subject
            mail["Date"] = format_datetime(parse_utc(message.at))
            mail["Message-ID"] = f"<{message.key}@{self._domain}>"
            mail["Auto-Submitted"] = "auto-generated"
            mail["Content-Language"] = message.language
        except (ValueError, IndexError) as error:
            raise InvalidInput("a mail cannot be addressed so") from error
        mail.set_content(message.body)
        return mail


def _connect(wanted: SmtpSettings, context: ssl.SSLContext) -> smtplib.SMTP:
    """Return a connection that is secured and signed in; raises what smtplib raises, and RetryLater."""
    server: smtplib.SMTP
    if wanted.tls is Tls.TLS:
        server = smtplib.SMTP_SSL(wanted.host, wanted.port, timeout=wanted.timeout_s, context=context)
    else:
        server = smtplib.SMTP(wanted.host, wanted.port, timeout=wanted.timeout_s)
    try:
        if wanted.tls is Tls.STARTTLS:
            server.starttls(context=context)
        if wanted.username:
            server.login(wanted.username, wanted.password)
    except smtplib.SMTPNotSupportedError as error:
        server.close()
        raise RetryLater(f"mail server {wanted.host} cannot do that: {error}", hint=_HINT) from error
    except BaseException:
        server.close()
        raise
    return server


def _one_address(text: str) -> str:
    name, address = parseaddr(text)
    if name or address != text or "@" not in text or not text.isprintable() or "," in text:
        raise InvalidInput("that is not one mail address", hint="Correct it in the member's file")
    return text


def _context(ca_file: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=str(ca_file) if ca_file else None)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(f"{ca_file} cannot be read as certificates: {error}") from error


@contextmanager
def _translated(host: str) -> Iterator[None]:
    try:
        yield
    except smtplib.SMTPRecipientsRefused as error:
        code = next(iter(error.recipients.values()))[0]
        raise _by_code(code, f"mail server {host} does not take the address ({code})") from error
    except smtplib.SMTPDataError as error:
        code = error.smtp_code
        raise _by_code(code, f"mail server {host} does not take the mail ({code})") from error
    except smtplib.SMTPNotSupportedError as error:
        raise Refused(f"mail server {host} cannot do that: {error}") from error
    except (OSError, smtplib.SMTPException) as error:
        raise RetryLater(f"mail server {host}: {error}", hint=_HINT) from error


def _by_code(code: int, what: str) -> Refused | RetryLater:
    return Refused(what) if code >= _PERMANENT else RetryLater(what)
