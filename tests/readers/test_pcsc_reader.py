"""PC/SC against the real pcscd, each test with a service of its own and cards that behave as cards do."""

import time
from collections.abc import Callable, Iterator

import pytest

from kiosk.core.identifiers import Assurance
from kiosk.core.records import DenyReason
from kiosk.readers.reader import CardRead, ReaderDown, ReaderSettings, ReaderUp
from tests.readers.rigs import Rig
from tests.readers.running import Running, running
from tests.support.pcsc import (
    CLIENT_SOCKET_VARIABLE,
    PrivatePcscd,
    VirtualCard,
    classic,
    desfire,
    in_process_socket,
    needs_pcsc,
    ntag,
    ultralight,
)
from tests.support.wait import eventually, in_time

pytestmark = pytest.mark.pcsc

ENTRANCE, EXIT = "ACS ACR1252 1S CL Reader", "HID Global OMNIKEY 5022 Smart Card Reader"
TURNS = 20
"""So often a service is restarted until a virtual card lies there again before its reader looks."""

FAILED = CardRead("entrance", None, Assurance.NONE, DenyReason.READ_FAILED)


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[PrivatePcscd]:
    """A pcscd with two readers."""
    needs_pcsc()
    monkeypatch.setenv(CLIENT_SOCKET_VARIABLE, str(in_process_socket()))
    service = PrivatePcscd([ENTRANCE, EXIT], in_process_socket())
    service.start()
    yield service
    service.close()


def make_settings(device: str = "pcsc:ACR1252", name: str = "entrance", debounce_s: float = 0) -> ReaderSettings:
    return ReaderSettings(name=name, device=device, debounce_s=debounce_s)


def lay(card: VirtualCard, service: PrivatePcscd, reader: str = ENTRANCE) -> VirtualCard:
    card.insert(service.ports[reader])
    return card


def take(card: VirtualCard, reader: Running) -> None:
    """Take a card away and wait until the reader has noticed."""
    before = reader.departures
    card.remove()
    eventually(lambda: reader.departures > before)


@pytest.mark.proves("S25")
@pytest.mark.parametrize(
    ("card", "expected"),
    [
        (lambda: ntag("04A1B2C3D4E5F6"), CardRead("entrance", "04A1B2C3D4E5F6", Assurance.UID)),
        (lambda: ultralight("0400000000000A"), CardRead("entrance", "0400000000000A", Assurance.UID)),
        (lambda: classic("E43AC9D2"), CardRead("entrance", "E43AC9D2", Assurance.UID)),
        (lambda: desfire("04782E21801D80"), CardRead("entrance", "04782E21801D80", Assurance.UID)),
        (
            lambda: desfire("08FA396C"),
            CardRead("entrance", "08FA396C", Assurance.NONE, DenyReason.IDENTIFIER_NOT_TRUSTED, "random_uid"),
        ),
    ],
    ids=["ntag", "ultralight", "classic", "desfire", "desfire with random uid"],
)
def test_each_kind_of_card_is_read(service: PrivatePcscd, card: Callable[[], VirtualCard], expected: CardRead) -> None:
    with running(make_settings()) as reader:
        laid = lay(card(), service)
        assert reader.wait_for_taps(1) == [expected]
        laid.remove()


def test_a_card_that_lay_there_before_the_start_is_read(service: PrivatePcscd) -> None:
    card = lay(ntag("04A1B2C3D4E5F6"), service)
    eventually(lambda: card.looks)
    with running(make_settings()) as reader:
        assert reader.wait_for_taps(1)[0].identifier == "04A1B2C3D4E5F6"
        card.remove()


def test_a_card_that_stays_is_read_once_and_its_leaving_is_seen(service: PrivatePcscd) -> None:
    with running(make_settings()) as reader:
        card = lay(ntag("04A1B2C3D4E5F6"), service)
        reader.wait_for_taps(1)
        looks = card.looks
        eventually(lambda: card.looks >= looks + 3)
        take(card, reader)
        assert len(reader.taps) == 1
        assert len(card.commands) == 1


def test_a_quick_swap_is_two_taps(service: PrivatePcscd) -> None:
    with running(make_settings()) as reader:
        first = lay(ntag("04A1B2C3D4E5F6"), service)
        reader.wait_for_taps(1)
        first.remove()
        second = lay(ntag("04112233445566"), service)
        reader.wait_for_taps(2)
        assert reader.numbers == ["04A1B2C3D4E5F6", "04112233445566"]
        assert reader.departures == 1
        take(second, reader)


def test_two_readers_read_at_once_and_do_not_mix_their_cards(service: PrivatePcscd) -> None:
    with running(make_settings()) as entrance, running(make_settings("pcsc:omnikey", "exit")) as way_out:
        cards = [lay(ntag("04A1B2C3D4E5F6"), service, ENTRANCE), lay(classic("E43AC9D2"), service, EXIT)]
        assert entrance.wait_for_taps(1) == [CardRead("entrance", "04A1B2C3D4E5F6", Assurance.UID)]
        assert way_out.wait_for_taps(1) == [CardRead("exit", "E43AC9D2", Assurance.UID)]
        for card in cards:
            card.remove()


def test_a_mute_card_is_a_failed_read_and_the_other_reader_does_not_wait_for_it(service: PrivatePcscd) -> None:
    with running(make_settings()) as entrance, running(make_settings("pcsc:OMNIKEY", "exit")) as way_out:
        mute = lay(ntag("04A1B2C3D4E5F6", mute=True), service)
        eventually(lambda: mute.commands)
        began = time.monotonic()
        other = lay(classic("E43AC9D2"), service, EXIT)
        way_out.wait_for_taps(1)
        assert entrance.taps == []
        assert entrance.wait_for_taps(1) == [FAILED]
        assert time.monotonic() - began < 3.5
        take(mute, entrance)
        good = lay(ntag("04112233445566"), service)
        assert entrance.wait_for_taps(2)[1].identifier == "04112233445566"
        assert entrance.health == []
        good.remove()
        other.remove()


def test_a_mute_card_that_stays_makes_the_reader_lost_until_it_is_taken_away(service: PrivatePcscd) -> None:
    with running(make_settings()) as reader:

        def until_it_reads_again() -> float:
            before, taps = [type(each) for each in reader.health], len(reader.taps)
            mute = lay(ntag("04A1B2C3D4E5F6", mute=True), service)
            down = reader.wait_for_health(*before, ReaderDown)[-1]
            assert down == ReaderDown("entrance", "mute")
            assert reader.taps[taps:] == [FAILED]
            assert not reader.reader.is_up
            began = time.monotonic()
            mute.remove()
            reader.wait_for_health(*before, ReaderDown, ReaderUp)
            took_s = time.monotonic() - began
            good = lay(ntag("04112233445566"), service)
            assert reader.wait_for_taps(taps + 2)[-1].identifier == "04112233445566"
            assert len(mute.commands) == 1
            take(good, reader)
            return took_s

        assert in_time(2.0, until_it_reads_again)


def test_a_restart_of_the_service_frees_a_reader_that_a_mute_card_holds(service: PrivatePcscd) -> None:
    with running(make_settings()) as reader:
        mute = lay(ntag("04A1B2C3D4E5F6", mute=True), service)
        reader.wait_for_health(ReaderDown)
        service.kill()
        mute.remove()
        service.start()
        reader.wait_for_health(ReaderDown, ReaderUp)
        good = lay(ntag("04112233445566"), service)
        assert reader.wait_for_taps(2)[1].identifier == "04112233445566"
        good.remove()


def test_stop_does_not_wait_for_a_mute_card(service: PrivatePcscd) -> None:
    with running(make_settings()) as reader:
        mute = lay(ntag("04A1B2C3D4E5F6", mute=True), service)
        eventually(lambda: mute.commands)
        assert reader.finish() < 1.0
        mute.remove()


def test_a_card_pulled_in_mid_command_is_a_failed_read_and_the_next_one_is_read(service: PrivatePcscd) -> None:
    with running(make_settings()) as reader:
        pulled = lay(ntag("04A1B2C3D4E5F6", leaves=True), service)
        assert reader.wait_for_taps(1) == [FAILED]
        eventually(lambda: reader.departures == 1)
        pulled.remove()
        good = lay(ntag("04112233445566"), service)
        assert reader.wait_for_taps(2)[1].identifier == "04112233445566"
        assert reader.health == []
        good.remove()


@pytest.mark.parametrize("answer", ["", "90", "9000", "6A81", "6300", "04A1B2C3D4E5F66A81"])
def test_an_answer_without_a_number_is_a_failed_read(service: PrivatePcscd, answer: str) -> None:
    with running(make_settings()) as reader:
        card = lay(VirtualCard(b"", answer=bytes.fromhex(answer)), service)
        assert reader.wait_for_taps(1) == [FAILED]
        card.remove()


def test_a_first_answer_that_fails_is_asked_again(service: PrivatePcscd) -> None:
    with running(make_settings()) as reader:
        card = lay(ntag("04A1B2C3D4E5F6", hesitates=True), service)
        assert reader.wait_for_taps(1)[0].identifier == "04A1B2C3D4E5F6"
        card.remove()


def test_a_restart_of_the_service_is_survived_and_a_card_that_lies_there_is_not_read_twice(
    service: PrivatePcscd,
) -> None:
    with running(make_settings()) as reader:
        card = lay(ntag("04A1B2C3D4E5F6"), service)
        reader.wait_for_taps(1)
        for turn in range(1, TURNS + 1):
            gone, read = reader.departures, len(reader.taps)
            restart_under(card, reader, service, turn)
            if reader.departures == gone:
                break
            # The reader was quicker than the hand: it saw itself empty, and what was laid on it then is a new tap.
            reader.wait_for_taps(read + 1)
        assert reader.departures == gone
        assert len(reader.taps) == read
        take(card, reader)
        lay(card, service)
        reader.wait_for_taps(read + 1)
        assert reader.numbers == ["04A1B2C3D4E5F6"] * (read + 1)
        card.remove()


def restart_under(card: VirtualCard, reader: Running, service: PrivatePcscd, turn: int) -> None:
    """Restart the service for the nth time while a card lies there, which a virtual one has to be told again."""
    told, asked = [ReaderDown, ReaderUp] * turn, len(card.commands)
    service.stop()
    assert reader.wait_for_health(*told[:-1])[-1] == ReaderDown("entrance", "service_down")
    service.start()
    card.remove()
    lay(card, service)
    reader.wait_for_health(*told)
    eventually(lambda: len(card.commands) > asked)


def test_a_reader_that_goes_and_comes_back_reads_again(service: PrivatePcscd) -> None:
    with running(make_settings()) as reader:
        reader.wait_until_up()
        service.stop()
        reader.wait_for_health(ReaderDown)
        service.start([EXIT])
        with running(make_settings("pcsc:OMNIKEY", "exit")) as way_out:
            card = lay(classic("E43AC9D2"), service, EXIT)
            way_out.wait_for_taps(1)
            card.remove()
        assert [type(event) for event in reader.health] == [ReaderDown]
        service.stop()
        service.start()
        reader.wait_for_health(ReaderDown, ReaderUp)
        card = lay(ntag("04A1B2C3D4E5F6"), service)
        assert reader.wait_for_taps(1)[0].identifier == "04A1B2C3D4E5F6"
        card.remove()


def test_a_card_taken_away_while_the_service_was_down_is_a_new_tap_when_it_comes_again(
    service: PrivatePcscd,
) -> None:
    with running(make_settings()) as reader:
        card = lay(ntag("04A1B2C3D4E5F6"), service)
        reader.wait_for_taps(1)
        service.stop()
        card.remove()
        reader.wait_for_health(ReaderDown)
        service.start()
        reader.wait_for_health(ReaderDown, ReaderUp)
        lay(card, service)
        reader.wait_for_taps(2)
        assert reader.numbers == ["04A1B2C3D4E5F6"] * 2
        card.remove()


def test_a_service_without_any_reader_is_a_reader_that_is_absent(service: PrivatePcscd) -> None:
    service.stop()
    service.start([])
    with running(make_settings("pcsc:")) as reader:
        eventually(lambda: reader.reader.counts.get("tries_failed", 0) >= 1)
        assert reader.health == [ReaderDown("entrance", "absent")]


def test_a_reader_of_another_name_is_never_taken(service: PrivatePcscd) -> None:
    with running(make_settings("pcsc:ACR122U")) as reader:
        (down,) = reader.wait_for_health(ReaderDown)
        assert down == ReaderDown("entrance", "absent")


def test_two_taps_of_one_card_in_quick_succession_are_one(make_rig: Callable[[str], Rig]) -> None:
    rig = make_rig("pcsc")
    with running(rig.settings(debounce_s=60)) as reader:
        rig.tap(reader, "04A1B2C3D4E5F6")
        rig.tap(reader, "04A1B2C3D4E5F6")
        eventually(lambda: reader.reader.counts.get("repeated") == 1)
        assert reader.numbers == ["04A1B2C3D4E5F6"]


PRESENT, EMPTY = 0x22, 0x12


@pytest.mark.parametrize(
    ("before", "state", "expected"),
    [
        (EMPTY, 0x10000 | PRESENT, ["came"]),
        (0x10000 | PRESENT, 0x20000 | EMPTY, ["left"]),
        (0x10000 | PRESENT, 0x30000 | PRESENT, ["left", "came"]),
        (0x20000 | EMPTY, 0x40000 | EMPTY, ["missed"]),
        (0x10000 | PRESENT, 0x10000 | PRESENT | 0x100, []),
        (0xFFFF0000 | PRESENT, EMPTY, ["left"]),
        (0xFFFF0000 | EMPTY, 0x10000 | EMPTY, ["missed"]),
        (EMPTY, EMPTY, []),
    ],
)
def test_the_count_of_arrivals_tells_what_happened_between_two_looks(
    before: int, state: int, expected: list[str]
) -> None:
    needs_pcsc()
    from kiosk.readers.pcsc import moves

    assert [move.value for move in moves(before, state)] == expected
