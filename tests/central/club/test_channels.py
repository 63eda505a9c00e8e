"""One contract for every way to tell somebody, and what is peculiar to the file."""

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from kiosk.central.club import channels
from kiosk.central.club.channels import Channel, FileChannel, Message, RecordedChannel
from kiosk.central.club.notice_settings import NoticeSettings, make_channels
from kiosk.central.club.smtp import SmtpChannel, SmtpSettings, Tls
from kiosk.core.errors import ConfigError, Refused, RetryLater
from kiosk.local.settings import load_settings
from tests.support.mail_server import MailServer

MESSAGE = Message(
    key="ab" * 16,
    channel="sms",
    address="li@example.org",
    member="7f" * 8,
    template="birthday",
    language="zh",
    subject="生日快乐",
    body="王小明，您好：\n祝您生日快乐！",
    at="2026-11-22T08:31:07.412Z",
)


def make_message(**changes: Any) -> Message:
    """A message."""
    return msgspec.structs.replace(MESSAGE, **changes)


class Rig:
    """A channel, what came out of it, by key, and how to make its other end fail."""

    def __init__(self, channel: Channel, came: Callable[[], list[str]], fail: Callable[[], None]) -> None:
        self.channel = channel
        self.came = came
        self.fail = fail


def make_file(folder: Path) -> Rig:
    """A file; it fails when its folder is gone."""
    path = folder / "out" / "notices.jsonl"
    path.parent.mkdir()

    def fail() -> None:
        path.unlink(missing_ok=True)
        path.parent.rmdir()

    return Rig(FileChannel(path), lambda: [json.loads(line)["key"] for line in path.read_text().splitlines()], fail)


def make_recorded() -> Rig:
    """A fake."""
    channel = RecordedChannel()

    def fail() -> None:
        channel.fail_with = RetryLater("the provider does not answer")

    return Rig(channel, lambda: [each.key for each in channel.sent], fail)


@pytest.fixture(params=["file", "email", "sms", "app"])
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rig]:
    """Each channel there is."""
    if request.param == "file":
        yield make_file(tmp_path)
    elif request.param == "email":
        with closing(MailServer()) as server:
            channel = SmtpChannel(SmtpSettings("127.0.0.1", server.port, "club@example.org", Tls.NONE))
            yield Rig(channel, lambda: [each[1:33] for each in server.keys], server.close)
            channel.close()
    else:
        yield make_recorded()


def test_a_message_that_was_taken_has_come_out_with_its_key(rig: Rig) -> None:
    first, second = make_message(), make_message(key="cd" * 16)
    rig.channel.send(first)
    assert rig.came() == [first.key]
    rig.channel.send(second)
    rig.channel.close()
    assert rig.came() == [first.key, second.key]


def test_a_repeat_is_known_by_its_key(rig: Rig) -> None:
    for _ in range(2):
        rig.channel.send(make_message())
    assert set(rig.came()) == {MESSAGE.key}


def test_a_closed_channel_opens_again_by_itself(rig: Rig) -> None:
    rig.channel.close()
    rig.channel.send(make_message())
    rig.channel.close()
    rig.channel.close()
    rig.channel.send(make_message(key="cd" * 16))
    assert len(rig.came()) == 2


def test_an_end_that_is_away_is_a_reason_to_come_again(rig: Rig) -> None:
    rig.fail()
    with pytest.raises(RetryLater):
        rig.channel.send(make_message())


def test_a_line_holds_the_whole_message_and_the_file_is_ours_alone(tmp_path: Path) -> None:
    path = tmp_path / "notices.jsonl"
    FileChannel(path).send(MESSAGE)
    assert msgspec.json.decode(path.read_bytes(), type=Message) == MESSAGE
    assert path.read_bytes().count(b"\n") == 1
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_torn_line_stays_alone(tmp_path: Path) -> None:
    path = tmp_path / "notices.jsonl"
    path.write_bytes(b'{"key":"torn')
    FileChannel(path).send(MESSAGE)
    torn, whole = path.read_bytes().splitlines()
    assert torn == b'{"key":"torn'
    assert msgspec.json.decode(whole, type=Message) == MESSAGE


def test_a_full_file_takes_nothing_until_it_is_moved_away(tmp_path: Path) -> None:
    path = tmp_path / "notices.jsonl"
    with path.open("wb") as file:
        file.truncate(channels.FILE_BYTES_MAX)
    channel = FileChannel(path)
    with pytest.raises(RetryLater, match="full"):
        channel.send(MESSAGE)
    path.rename(tmp_path / "taken.jsonl")
    channel.send(MESSAGE)
    assert msgspec.json.decode(path.read_bytes(), type=Message) == MESSAGE


def test_the_fake_counts_repeats_and_refuses_as_told() -> None:
    channel = RecordedChannel()
    channel.send(MESSAGE)
    channel.send(MESSAGE)
    assert (len(channel.sent), channel.repeats) == (1, 1)
    channel.fail_with = Refused("no such number")
    with pytest.raises(Refused):
        channel.send(msgspec.structs.replace(MESSAGE, key="other"))
    assert len(channel.sent) == 1


def test_nothing_is_sent_until_it_is_configured(tmp_path: Path) -> None:
    assert make_channels(NoticeSettings(), tmp_path.joinpath) == {}
    (tmp_path / "smtp.password").write_text("secret\n")
    settings = NoticeSettings(
        file="n.jsonl",
        smtp_host="mail.example.org",
        smtp_from="a@b.c",
        smtp_user="u",
        smtp_password_file="smtp.password",
    )
    made = make_channels(settings, tmp_path.joinpath)
    assert list(made) == ["email", "file"]
    missing = msgspec.structs.replace(settings, smtp_password_file="nowhere")
    with pytest.raises(ConfigError, match="nowhere"):
        make_channels(missing, tmp_path.joinpath)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('smtp_host = "mail.example.org"', "smtp_from"),
        ('smtp_host = "mail.example.org"\nsmtp_from = "a@b.c"\nsmtp_tls = "none"', "this machine only"),
        ('flie = "x"', 'Did you mean "file"'),
        ("smtp_port = 0", "smtp_port"),
    ],
)
def test_wrong_settings_are_named(tmp_path: Path, text: str, expected: str) -> None:
    path = tmp_path / "notices.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=expected):
        load_settings(path, NoticeSettings)
