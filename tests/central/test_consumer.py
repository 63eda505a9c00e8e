"""One central process: what it says and when, and what only the one that leads may do."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest

from kiosk.central.consumer import Central
from kiosk.central.database import Database
from kiosk.central.devices import list_devices
from kiosk.central.keys import Keys, init_keys
from kiosk.central.lease import Lease
from kiosk.central.settings import CentralSettings
from kiosk.core.errors import MessageRejected, RetryLater
from kiosk.local.clock import SystemClock
from kiosk.wire.link import Disconnected, LinkSettings
from kiosk.wire.messages import Ack
from kiosk.wire.topics import dn, state, up
from tests.central.builders import ON_SQLITE, EdgeDevice, a_journal, listed, register, stored
from tests.central.uplink import ScriptedLink
from tests.support.wait import eventually


class QuietRequests:
    """Answers every request with its own bytes."""

    def __init__(self) -> None:
        self.counts = Counter(roster_parts=2, bad=1)

    def handle(self, device: str, payload: bytes) -> list[tuple[str, bytes]]:
        """Return the payload."""
        if payload == b"refuse":
            raise MessageRejected("not today")
        return [(dn(device, "res"), payload)]


class Ticks:
    """A duty that counts."""

    def __init__(self, tick: Callable[[], float] = lambda: 0.01) -> None:
        self.ticks = 0
        self.connections = 0
        self.counts = Counter(heads=3)
        self.seen: list[int] = []
        self._tick = tick

    def tick(self, now: datetime) -> float:
        """Count, and do what the test wants."""
        self.ticks += 1
        self.seen.append(self.connections)
        return self._tick()

    def connected(self) -> None:
        """Count."""
        self.connections += 1


class Running:
    """A central process in a thread, on a scripted link."""

    def __init__(self, database: Database, keys: Keys, settings: CentralSettings) -> None:
        self.links: list[ScriptedLink] = []
        self.stop = threading.Event()
        self.failure: BaseException | None = None
        self.central = Central(database, self._make_link, keys, settings, SystemClock(), self.stop)
        self.link = self.links[0]
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._duties: list[Ticks] = []

    def start(self, *duties: Ticks) -> None:
        """Let it run, and wait until it is connected or has ended."""
        self._duties = list(duties)
        self._thread.start()
        eventually(lambda: self.central.health().detail["connected"] or not self._thread.is_alive())

    def end(self) -> None:
        """Stop it, or see that it stopped."""
        self.stop.set()
        self.wait()

    def wait(self) -> None:
        """Wait until it has stopped by itself."""
        self._thread.join(60)
        assert not self._thread.is_alive()

    def acks(self) -> list[tuple[str, Ack]]:
        """The acks it sent, all of which must be signed by central."""
        key = self.central._keys.signing.public
        return [(topic, key.open(payload, Ack)) for topic, payload in self.link.published if topic.endswith("/ack")]

    def _make_link(self, settings: LinkSettings) -> ScriptedLink:
        self.links.append(ScriptedLink(settings))
        return self.links[-1]

    def _run(self) -> None:
        try:
            self.central.run(QuietRequests(), self._duties)
        except (RuntimeError, ZeroDivisionError) as error:
            self.failure = error


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    """Central's keys."""
    return init_keys(tmp_path / "home")


@pytest.fixture
def device(database: Database) -> EdgeDevice:
    """A registered device."""
    made = EdgeDevice()
    register(database, made)
    return made


@pytest.fixture
def running(database: Database, keys: Keys) -> Iterator[Running]:
    """A central process that has not been started."""
    made = Running(database, keys, CentralSettings())
    yield made
    if made._thread.is_alive():
        made.end()


@contextmanager
def another(database: Database, keys: Keys, **settings: object) -> Iterator[Running]:
    """Another central process, started."""
    made = Running(database, keys, CentralSettings(**settings))
    made.start()
    try:
        yield made
    finally:
        made.end()


def test_a_batch_is_acked_on_its_devices_topic_with_centrals_signature(running: Running, device: EdgeDevice) -> None:
    journal = a_journal(10)
    running.start()
    running.link.arrive(up(device.name, "journal"), device.batch(journal, 1, 10))
    eventually(running.acks)
    ((topic, ack),) = running.acks()
    assert topic == "kiosk/v1/d/north-1/dn/ack"
    assert (ack.journal, ack.seq, ack.hash) == (journal.id, 10, journal.hashes[10].hex())


@ON_SQLITE
def test_no_ack_is_sent_and_no_message_done_before_the_commit(
    database: Database, running: Running, device: EdgeDevice
) -> None:
    journal = a_journal(40)
    seen: list[tuple[int, int, int]] = []

    def look(topic: str, payload: bytes) -> None:
        ack = running.central._keys.signing.public.open(payload, Ack)
        seen.append((ack.seq, len(stored(database, journal)), len(running.link.done)))

    running.link.on_publish = look
    running.start()
    for number, first in enumerate(range(1, 41, 10)):
        running.link.arrive(up(device.name, "journal"), device.batch(journal, first, first + 9))
        eventually(lambda number=number: len(running.link.done) > number)
    assert seen == [(10, 10, 0), (20, 20, 1), (30, 30, 2), (40, 40, 3)]


def test_a_process_that_dies_between_commit_and_ack_loses_and_doubles_nothing(
    database: Database, keys: Keys, running: Running, device: EdgeDevice
) -> None:
    journal = a_journal(10)

    def die(topic: str, payload: bytes) -> None:
        raise ZeroDivisionError

    running.link.on_publish = die
    running.start()
    running.link.arrive(up(device.name, "journal"), device.batch(journal, 1, 10))
    running.wait()
    assert isinstance(running.failure, ZeroDivisionError)
    assert (running.link.published, running.link.done) == ([], [])
    with another(database, keys) as second:
        second.link.arrive(up(device.name, "journal"), device.batch(journal, 1, 10))
        eventually(second.acks)
    assert stored(database, journal) == journal.bodies
    assert len(listed(database)) == 10


@ON_SQLITE
def test_what_arrives_while_the_window_is_full_is_acked_when_it_opens_with_the_latest_word(
    running: Running, device: EdgeDevice
) -> None:
    journal = a_journal(30)
    running.start()
    running.link.is_open = False
    for first in (1, 11, 21):
        running.link.arrive(up(device.name, "journal"), device.batch(journal, first, first + 9))
    eventually(lambda: len(running.link.done) == 3)
    running.link.is_open = True
    eventually(running.acks)
    assert [ack.seq for _, ack in running.acks()] == [30]


@ON_SQLITE
def test_an_ack_that_answers_a_birth_is_not_replaced_by_a_later_one(running: Running, device: EdgeDevice) -> None:
    journal = a_journal(10)
    running.start()
    running.link.is_open = False
    running.link.arrive(state(device.name), device.birth(journal))
    running.link.arrive(up(device.name, "journal"), device.batch(journal, 1, 10))
    eventually(lambda: len(running.link.done) == 2)
    running.link.is_open = True
    eventually(lambda: len(running.acks()) == 2)
    assert [(ack.seq, ack.session == device.session) for _, ack in running.acks()] == [(0, True), (10, False)]


@ON_SQLITE
def test_what_could_not_be_sent_before_the_line_broke_is_forgotten(running: Running, device: EdgeDevice) -> None:
    journal = a_journal(10)
    running.start()
    running.link.is_open = False
    running.link.arrive(up(device.name, "journal"), device.batch(journal, 1, 10))
    eventually(lambda: running.link.done)
    running.link.events.put(Disconnected("gone"))
    eventually(lambda: not running.central.health().ok)
    running.link.is_open = True
    running.link.arrive(up(device.name, "journal"), device.batch(journal, 1, 10))
    eventually(running.acks)
    assert len(running.acks()) == 1


@ON_SQLITE
def test_nothing_that_comes_over_the_wire_stops_it(database: Database, running: Running, device: EdgeDevice) -> None:
    journal = a_journal(10)
    running.start()
    running.link.arrive("other/topic", b"?")
    running.link.arrive("kiosk/v1/d/", b"?")
    running.link.arrive(up(device.name, "nonsense"), b"?")
    running.link.arrive(state(device.name), b"")
    for topic in (up(device.name, "journal"), up("nul\0name", "journal"), state(device.name), state("Nobody")):
        for payload in (b"garbage", b"\xff" * 200_000, b'{"state":"offline","session":"\\ud800","schema":1}'):
            running.link.arrive(topic, payload)
    running.link.arrive(up(device.name, "journal"), device.batch(journal, 1, 10))
    eventually(running.acks)
    eventually(lambda: len(running.link.done) == 4 + 12 + 1)
    assert running.central.counts["unknown_topic"] == 3
    assert stored(database, journal) == journal.bodies


def test_only_the_leader_answers_births_and_notes_states(
    database: Database, keys: Keys, running: Running, device: EdgeDevice
) -> None:
    running.start()
    eventually(running.central.lease.held)
    with another(database, keys) as second:
        second.link.arrive(state(device.name), device.birth(a_journal(1)))
        eventually(lambda: second.link.done)
        assert second.acks() == []
        assert list_devices(database)[0].state == "never"
        running.link.arrive(state(device.name), device.birth(a_journal(1)))
        eventually(running.acks)
    assert list_devices(database)[0].state == "online"


@ON_SQLITE
def test_who_takes_over_the_lease_asks_the_broker_for_the_births_again(
    database: Database, keys: Keys, running: Running
) -> None:
    running.start()
    eventually(running.central.lease.held)
    with another(database, keys) as second:
        eventually(lambda: second.central.health().ok)
        assert not second.central.lease.held()
        running.end()
        eventually(second.central.lease.held)
        eventually(lambda: second.link.reconnects == 1)
    assert running.link.reconnects == 0


@ON_SQLITE
def test_duties_are_done_by_the_leader_alone(database: Database, keys: Keys, running: Running) -> None:
    mine, theirs = Ticks(), Ticks()
    running.start(mine)
    eventually(lambda: mine.ticks > 3)
    second = Running(database, keys, CentralSettings())
    second.start(theirs)
    eventually(lambda: second.central.health().detail["connected"])
    assert theirs.ticks == 0
    running.end()
    eventually(lambda: theirs.ticks > 3)
    second.end()


def test_duties_stop_at_once_when_the_lease_is_lost(database: Database, running: Running) -> None:
    duty = Ticks()
    running.start(duty)
    eventually(lambda: duty.ticks > 3)
    with database.begin() as connection:
        connection.exec_driver_sql("UPDATE lease SET holder = 'somebody:else', until_ms = 9000000000000000")
    eventually(lambda: not running.central.lease.held())
    ticks = duty.ticks
    threading.Event().wait(0.3)
    assert duty.ticks - ticks <= 1


@ON_SQLITE
def test_duties_hear_of_every_new_connection(running: Running) -> None:
    duty = Ticks(lambda: 3600.0)
    running.start(duty)
    eventually(lambda: duty.seen[-1:] == [1])
    before = len(duty.seen)
    running.link.start()
    eventually(lambda: duty.seen[before:] == [2])


@ON_SQLITE
def test_a_duty_that_cannot_go_on_is_put_off_and_holds_up_no_other(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kiosk.central.leading.RETRY_S", (60.0, 60.0))

    def later() -> float:
        raise RetryLater("no disk")

    failing, healthy = Ticks(later), Ticks(lambda: 0.0)
    running.start(failing, healthy)
    eventually(lambda: healthy.ticks > 30)
    assert 1 <= failing.ticks <= 2


@ON_SQLITE
def test_a_duty_that_takes_its_time_delays_no_ack(running: Running, device: EdgeDevice) -> None:
    release = threading.Event()

    def slow() -> float:
        release.wait(60)
        return 1.0

    duty = Ticks(slow)
    running.start(duty)
    eventually(lambda: duty.ticks == 1)
    running.link.arrive(up(device.name, "journal"), device.batch(a_journal(1), 1, 1))
    eventually(running.acks)
    release.set()


@ON_SQLITE
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_thread_that_dies_ends_the_process(running: Running) -> None:
    def fall() -> float:
        raise SystemExit

    running.start(Ticks(fall))
    running.wait()
    assert isinstance(running.failure, RuntimeError)
    assert "duties" in str(running.failure)
    assert not running.central.health().ok


@ON_SQLITE
def test_requests_are_answered_and_called_done(running: Running, device: EdgeDevice) -> None:
    running.start()
    for payload in (b"one", b"refuse", b"two"):
        running.link.arrive(up(device.name, "req"), payload)
    running.link.arrive(up(device.name, "cmdres"), b"three")
    eventually(lambda: len(running.link.done) == 4)
    answers = [payload for topic, payload in running.link.published if topic == dn(device.name, "res")]
    assert answers == [b"one", b"two", b"three"]


@ON_SQLITE
def test_a_lease_is_given_back_at_the_end(database: Database, running: Running) -> None:
    running.start()
    eventually(running.central.lease.held)
    running.end()
    assert Lease(database, SystemClock()).try_hold()


@ON_SQLITE
def test_health_says_whether_records_can_come_in(running: Running) -> None:
    assert not running.central.health().ok
    running.start()
    eventually(lambda: running.central.health().ok)
    running.link.events.put(Disconnected("gone"))
    eventually(lambda: not running.central.health().ok)


@ON_SQLITE
def test_health_tells_what_every_part_has_counted(running: Running, device: EdgeDevice) -> None:
    running.start(Ticks(), Ticks())
    eventually(lambda: running.central.health().detail["counts"] == {"heads": 6, "roster_parts": 2, "bad": 1})
    running.link.arrive(up(device.name, "journal"), device.batch(a_journal(1), 1, 1, hash=bytes(32)))
    eventually(lambda: running.central.health().detail["counts"]["bad"] == 2)


@ON_SQLITE
def test_states_are_never_shared_and_the_uplink_only_on_request(database: Database, keys: Keys) -> None:
    plain = Running(database, keys, CentralSettings()).link.settings
    dealt = Running(database, keys, CentralSettings(shared_subscription=True)).link.settings
    assert plain.subscriptions == ("kiosk/v1/d/+/state", "kiosk/v1/d/+/up/#")
    assert dealt.subscriptions == ("kiosk/v1/d/+/state", "$share/central/kiosk/v1/d/+/up/#")
    assert plain.client_id != dealt.client_id


@ON_SQLITE
def test_while_many_messages_wait_devices_are_asked_to_pause(
    running: Running, device: EdgeDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kiosk.central.consumer.EVENTS_MAX", 4)
    journal = a_journal(8)
    for seq in range(1, 9):
        running.link.arrive(up(device.name, "journal"), device.batch(journal, seq, seq))
    running.start()
    eventually(lambda: len(running.acks()) == 8)
    assert [ack.pause_ms > 0 for _, ack in running.acks()] == [True] * 6 + [False] * 2
