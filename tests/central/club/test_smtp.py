"""Mail, over a real socket to a server that checks certificates' and passwords' part."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from kiosk.central.club.smtp import SmtpChannel, SmtpSettings, Tls
from kiosk.core.errors import ConfigError, InvalidInput, Refused, RetryLater
from tests.central.club.test_channels import make_message
from tests.support.certificates import Authority
from tests.support.mail_server import MailServer

SENDER = "Club <club@example.org>"


@pytest.fixture
def server() -> Iterator[MailServer]:
    """A server without TLS and passwords."""
    with closing(MailServer()) as started:
        yield started


def plain(server: MailServer) -> SmtpChannel:
    """A channel to it."""
    return SmtpChannel(SmtpSettings("127.0.0.1", server.port, SENDER, Tls.NONE))


def test_a_mail_carries_subject_words_key_and_sender(server: MailServer) -> None:
    with closing(plain(server)) as channel:
        message = make_message()
        channel.send(message)
    (mail,) = server.mails
    assert (mail["From"], mail["To"], mail["Subject"]) == (SENDER, "li@example.org", "生日快乐")
    assert mail["Message-ID"] == f"<{message.key}@example.org>"
    assert mail["Date"].datetime.isoformat() == "2026-11-22T08:31:07+00:00"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail.get_content().split() == message.body.split()
    assert server.recipients == ["<li@example.org>"]


def test_several_mails_share_a_connection(server: MailServer) -> None:
    with closing(plain(server)) as channel:
        for number in range(3):
            channel.send(make_message(key=f"{number:032x}"))
    assert (len(server.mails), server.connections) == (3, 1)


def test_the_connection_is_secured_and_signed_in(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    with closing(MailServer(authority.issue("mail.test"), password="secret")) as server:
        settings = SmtpSettings("127.0.0.1", server.port, SENDER, username="club", password="secret")
        trusted = msgspec.structs.replace(settings, ca_file=authority.ca_file)
        with closing(SmtpChannel(trusted)) as channel:
            channel.send(make_message())
        assert len(server.mails) == 1
        stranger = Authority(make_folder(tmp_path / "other"))
        for wrong in (
            settings,
            msgspec.structs.replace(settings, ca_file=stranger.ca_file),
            msgspec.structs.replace(trusted, password="wrong"),
        ):
            with closing(SmtpChannel(wrong)) as channel, pytest.raises(RetryLater):
                channel.send(make_message())
        assert len(server.mails) == 1


def make_folder(path: Path) -> Path:
    """A new folder."""
    path.mkdir()
    return path


def test_a_server_without_tls_gets_nothing(server: MailServer) -> None:
    with closing(SmtpChannel(SmtpSettings("127.0.0.1", server.port, SENDER))) as channel, pytest.raises(RetryLater):
        channel.send(make_message())
    assert server.mails == []


@pytest.mark.parametrize("command", ["RCPT", "."])
def test_a_lasting_no_is_refused_and_a_passing_one_is_not(server: MailServer, command: str) -> None:
    with closing(plain(server)) as channel:
        server.answers[command] = "550 never"
        with pytest.raises(Refused):
            channel.send(make_message())
        server.answers[command] = "450 later"
        with pytest.raises(RetryLater):
            channel.send(make_message())
        server.answers.clear()
        channel.send(make_message())
    assert len(server.mails) == 1


def test_a_server_that_does_not_want_the_sender_is_asked_again(server: MailServer) -> None:
    server.answers["MAIL"] = "553 not you"
    with closing(plain(server)) as channel, pytest.raises(RetryLater):
        channel.send(make_message())


def test_a_silent_server_is_waited_for_a_while_only(server: MailServer) -> None:
    server.silent.set()
    hasty = SmtpSettings("127.0.0.1", server.port, SENDER, Tls.NONE, timeout_s=0.2)
    with closing(SmtpChannel(hasty)) as channel, pytest.raises(RetryLater):
        channel.send(make_message())


@pytest.mark.parametrize(
    "address", ["", "li", "a@b.c,d@e.f", "a@b.c\nBcc: d@e.f", "Li <li@example.org>", "a@b.c\r\n", "@", "a@b.c d@e.f"]
)
def test_what_is_not_one_address_is_refused(server: MailServer, address: str) -> None:
    with closing(plain(server)) as channel, pytest.raises(InvalidInput):
        channel.send(make_message(address=address))
    assert server.connections == 0


def test_a_subject_cannot_bring_headers_of_its_own(server: MailServer) -> None:
    with closing(plain(server)) as channel, pytest.raises(InvalidInput):
        channel.send(make_message(subject="x\nBcc: d@e.f"))


def test_an_unreadable_certificate_file_is_named(server: MailServer, tmp_path: Path) -> None:
    settings = SmtpSettings("127.0.0.1", server.port, SENDER, ca_file=tmp_path / "nowhere.crt")
    with pytest.raises(ConfigError, match=r"nowhere\.crt"):
        SmtpChannel(settings)
