"""The shipped fake, where it differs from the real ones."""

import threading

import pytest

from kiosk.core.errors import InvalidInput, ReaderLost
from kiosk.core.identifiers import Assurance
from kiosk.core.records import DenyReason
from kiosk.readers.factory import open_reader
from kiosk.readers.mock import WAITING_MAX, MockReader
from kiosk.readers.reader import CardGone, CardRead, ReaderDown, ReaderSettings
from tests.readers.running import Running, running
from tests.support.wait import eventually

CARD = "04A1B2C3D4E5F6"


def make_mock(device: str = "mock:") -> MockReader:
    reader = open_reader(ReaderSettings(name="entrance", device=device))
    assert isinstance(reader, MockReader)
    return reader


def test_each_present_is_a_tap_of_its_own_and_the_card_leaves_again() -> None:
    mock = make_mock()
    mock.present(CARD)
    mock.present(CARD)
    reader = Running(mock)
    eventually(lambda: len(reader.events) == 4)
    read = CardRead("entrance", CARD, Assurance.UID)
    assert reader.events == [read, CardGone("entrance"), read, CardGone("entrance")]
    reader.finish()


def test_present_tells_what_the_reader_will_read() -> None:
    mock = make_mock()
    told = [mock.present(CARD), mock.present("08D3A1F7"), mock.present("nonsense")]
    reader = Running(mock)
    assert reader.wait_for_taps(3) == told
    reader.finish()


@pytest.mark.parametrize("reason", [DenyReason.READ_FAILED, DenyReason.IDENTIFIER_NOT_TRUSTED])
def test_a_fault_is_a_tap_without_a_number(reason: DenyReason) -> None:
    mock = make_mock()
    mock.fault(reason)
    reader = Running(mock)
    assert reader.wait_for_taps(1) == [CardRead("entrance", None, Assurance.NONE, reason)]
    reader.finish()


def test_a_fault_that_is_no_readers_fault_is_refused() -> None:
    with pytest.raises(InvalidInput, match="fee_overdue"):
        make_mock().fault(DenyReason.FEE_OVERDUE)


def test_nothing_can_be_tapped_while_it_is_lost() -> None:
    mock = make_mock()
    mock.lose("unplugged")
    mock.lose("again")
    with pytest.raises(ReaderLost, match="unplugged"):
        mock.present(CARD)
    reader = Running(mock)
    eventually(lambda: mock.counts.get("tries_failed", 0) >= 3)
    assert reader.events == [ReaderDown("entrance", "unplugged")]
    mock.restore()
    mock.restore()
    mock.present(CARD)
    reader.wait_for_taps(1)
    assert len(reader.health) == 2
    reader.finish()


def test_taps_before_the_loss_are_still_read() -> None:
    mock = make_mock()
    mock.present(CARD)
    mock.lose("unplugged")
    reader = Running(mock)
    reader.wait_for_health(ReaderDown)
    assert reader.numbers == [CARD]
    reader.finish()


def test_a_tap_too_many_is_refused_and_counted() -> None:
    mock = make_mock()
    for _ in range(WAITING_MAX):
        mock.present(CARD)
    with pytest.raises(ReaderLost, match=str(WAITING_MAX)):
        mock.present(CARD)
    assert mock.counts == {"refused": 1}


def test_taps_from_many_threads_all_arrive() -> None:
    with running(ReaderSettings(name="entrance")) as reader:
        mock = reader.reader
        assert isinstance(mock, MockReader)
        threads = [
            threading.Thread(target=lambda first=first: [mock.present(f"04{first:02X}{n:04X}") for n in range(20)])
            for first in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        reader.wait_for_taps(160)
        assert len(set(reader.numbers)) == 160


def test_present_does_not_wait_for_whoever_takes_the_events() -> None:
    gate_is_busy, taken = threading.Event(), threading.Event()
    stop = threading.Event()
    mock = make_mock()

    def emit(event: object) -> None:
        taken.set()
        gate_is_busy.wait(60)

    thread = threading.Thread(target=mock.run, args=(emit, stop), daemon=True)
    thread.start()
    mock.present(CARD)
    assert taken.wait(30)
    mock.present(CARD)
    stop.set()
    gate_is_busy.set()
    thread.join(60)
    assert not thread.is_alive()
