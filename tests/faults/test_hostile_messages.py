"""A stranger with all the broker's rights repeats, reorders, forges, truncates and makes up messages."""

import random
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty

import msgspec
import pytest

from kiosk.core.clock import format_utc
from kiosk.core.codec import decode
from kiosk.local.clock import SystemClock
from kiosk.wire.link import Arrived, LinkSettings
from kiosk.wire.messages import Ack, AckStatus, DenyEntry, DenyList, RosterHead
from kiosk.wire.mqtt import MqttLink
from kiosk.wire.signing import SigningKey
from kiosk.wire.topics import dn, site, up
from tests.faults.books import heads
from tests.faults.club import (
    CARDS,
    DEVICE,
    SITE,
    Club,
    Visitors,
    a_club,
    assert_answers_recorded,
    fill_journal,
    pause,
    rounds,
)
from tests.support.central_home import CENTRAL_USER, PASSWORD
from tests.support.wait import eventually

pytestmark = pytest.mark.mosquitto

ROUNDS = rounds(40)
HEARD_MAX = 100
TOPICS = (
    up(DEVICE, "journal"), dn(DEVICE, "ack"), site(SITE, "roster/head"), site(SITE, "roster/delta"),
    site(SITE, "roster/deny"), site(SITE, "used"),
)  # fmt: skip
Message = tuple[str, bytes]


class Stranger:
    """Hears everything, and says what it likes under central's name at the broker; it has nobody's key."""

    def __init__(self, link: MqttLink) -> None:
        self.heard: dict[str, deque[bytes]] = {topic: deque(maxlen=HEARD_MAX) for topic in TOPICS}
        self._said: set[Message] = set()
        self._link = link
        self._chance = random.Random(6)
        self._key = SigningKey.generate()

    def listen(self) -> None:
        """Take in what has come from others: what it said itself comes back too."""
        while True:
            try:
                event = self._link.events.get_nowait()
            except Empty:
                return
            if isinstance(event, Arrived):
                event.done()
                if (event.topic, event.payload) not in self._said:
                    self.heard[event.topic].append(event.payload)

    def say(self, message: Message) -> None:
        """Publish a message; what should be retained is, so that it waits for whoever connects."""
        self._said.add(message)
        topic, payload = message
        retain = topic.endswith(("roster/head", "roster/deny"))
        eventually(lambda: self._link.publish(topic, payload, retain=retain), 20)

    def attack(self, club: Club) -> None:
        """Send one of each kind of bad message, in an order that nobody knows."""
        self.listen()
        bad = [*self._spoilt(), *self._forged(club), *self._garbage()]
        self._chance.shuffle(bad)
        for message in bad:
            self.say(message)

    def _spoilt(self) -> Iterator[Message]:
        for topic in TOPICS:
            mine = self.heard[topic]
            if not mine:
                continue
            yield topic, self._chance.choice(mine)
            payload = self._chance.choice(mine)
            yield topic, payload[: self._chance.randrange(len(payload))]
            place = self._chance.randrange(len(payload))
            yield topic, payload[:place] + bytes([payload[place] ^ 1]) + payload[place + 1 :]
            if topic != up(DEVICE, "journal"):
                yield topic, self._key.seal(msgspec.convert(decode(payload), dict))

    def _forged(self, club: Club) -> Iterator[Message]:
        now = format_utc(SystemClock().now())
        for journal, head in heads(club.data).items():
            for status, seq in ((AckStatus.OK, head + 1000), (AckStatus.FORK, 0), (AckStatus.BAD, 1)):
                ack = Ack(journal=journal, seq=seq, hash="ab" * 32, status=status, time=now)
                yield dn(DEVICE, "ack"), self._key.seal(ack)
        head = RosterHead(
            site=SITE, revision=10**6, serial=10**6, digest="0" * 64, issued_at="2099-01-01T00:00:00.000Z"
        )
        yield site(SITE, "roster/head"), self._key.seal(head)
        deny = DenyList(site=SITE, version=10**6, entries=(DenyEntry("ab" * 16, 10**6),))
        yield site(SITE, "roster/deny"), self._key.seal(deny)

    def _garbage(self) -> Iterator[Message]:
        for topic in TOPICS:
            yield topic, self._chance.randbytes(self._chance.randrange(1, 2000))
            yield topic, self._chance.choice([b"{}", b"[]", b"null", b'{"sig":1}', b"[" * 5000, b'{"data":{}}'])


@contextmanager
def a_stranger(club: Club) -> Iterator[Stranger]:
    """A client at the broker beside central and the box."""
    settings = LinkSettings(
        host="127.0.0.1", port=club.broker.port, client_id="stranger", username=CENTRAL_USER, password=PASSWORD,
        subscriptions=TOPICS,
    )  # fmt: skip
    link = MqttLink(settings)
    link.start()
    try:
        yield Stranger(link)
    finally:
        link.close()


def test_forty_rounds_of_hostile_messages_lose_double_and_move_nothing(tmp_path: Path) -> None:
    with a_club(tmp_path) as club:
        fill_journal(club.data, 3000)
        with a_stranger(club) as stranger:
            club.start("central", "sync", "gate")
            club.wait_for_night()
            revision = club.central.revision()
            with Visitors(club) as visitors:
                for _ in range(ROUNDS):
                    stranger.attack(club)
                    assert club.acked() <= club.records_stored()
                    pause(0.02)
            assert club.roster_revision() == revision == club.central.revision()
            assert club.tap(CARDS[0])["granted"]
            # Batches spoilt under its name are told to the box as `bad`, and it goes on in a new journal (CONTRACT §3);
            # that ends open grants, so that whoever is in the turnstile then has none.
            journals = club.check(parked=("bad", "unknown_schema"), forced=True)
            assert_answers_recorded(visitors, journals)
