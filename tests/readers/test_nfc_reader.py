"""NFC modules through nfcpy's own drivers: a PN532 on a pseudo terminal, and nfcpy's UDP link."""

import threading
from collections.abc import Callable, Iterator

import pytest

from kiosk.core.identifiers import Assurance
from kiosk.core.records import DenyReason
from kiosk.readers.reader import CardRead, ReaderDown, ReaderSettings, ReaderUp
from tests.readers.conftest import NFCPY_LEAVES_FILES_OPEN
from tests.readers.rigs import NfcRig, Rig
from tests.readers.running import running
from tests.support.needs import needs_module
from tests.support.wait import eventually

pytestmark = NFCPY_LEAVES_FILES_OPEN

NTAG = "04A1B2C3D4E5F6"


@pytest.fixture
def module(make_rig: Callable[[str], Rig]) -> NfcRig:
    rig = make_rig("nfc")
    assert isinstance(rig, NfcRig)
    return rig


def test_a_card_that_stays_is_read_once_and_its_leaving_is_seen(module: NfcRig) -> None:
    with running(module.settings(debounce_s=0)) as reader:
        module.lay(NTAG)
        pn532 = module.module
        assert pn532 is not None
        eventually(lambda: pn532.found >= 10)
        module.take()
        eventually(lambda: reader.departures == 1)
        assert reader.numbers == [NTAG]


def test_a_phone_that_changes_its_number_while_it_lies_there_is_one_tap(module: NfcRig) -> None:
    with running(module.settings(debounce_s=0)) as reader:
        for number in ("08D3A1F7", "08000001", "08FFFFFF"):
            module.lay(number)
        module.lay(NTAG)
        reader.wait_for_taps(2)
        assert reader.numbers == ["08D3A1F7", NTAG]


def test_a_field_that_flickers_is_no_departure(module: NfcRig) -> None:
    with running(module.settings(debounce_s=0)) as reader:
        module.lay(NTAG)
        pn532 = module.module
        assert pn532 is not None
        pn532.skip = 2
        eventually(lambda: pn532.skip == 0)
        found = pn532.found
        eventually(lambda: pn532.found > found + 1)
        assert reader.departures == 0
        assert reader.numbers == [NTAG]


def test_a_torn_answer_loses_the_module_and_it_comes_back(module: NfcRig) -> None:
    with running(module.settings()) as reader:
        module.lay(NTAG)
        reader.wait_for_taps(1)
        pn532 = module.module
        assert pn532 is not None
        pn532.torn = True
        reader.wait_for_health(ReaderDown, ReaderUp)
        found = pn532.found
        eventually(lambda: pn532.found > found)
        assert reader.numbers == [NTAG]


def test_a_module_that_is_not_there_is_reported_as_absent() -> None:
    needs_module("nfc", "nfcpy")
    with running(ReaderSettings(name="entrance", device="nfc:tty:kioskreadernone:pn532")) as reader:
        assert reader.wait_for_health(ReaderDown) == [ReaderDown("entrance", "absent")]


@pytest.fixture
def udp_cards(free_port: int) -> Iterator[tuple[str, list[str]]]:
    """nfcpy in the part of a card, over UDP: shows the numbers in the list, one after the other."""
    needs_module("nfc", "nfcpy")
    import nfc.clf

    numbers: list[str] = []
    stop = threading.Event()
    path = f"udp:localhost:{free_port}"

    def show() -> None:
        frontend = nfc.clf.ContactlessFrontend(path)
        while not stop.is_set():
            target = nfc.clf.LocalTarget("106A")
            uid = bytearray.fromhex(numbers[0] if numbers else "0411223344556677"[:14])
            target.sdd_res = uid
            target.sens_res = bytearray.fromhex("4400" if len(uid) == 7 else "0400")
            target.sel_res = bytearray.fromhex("00" if len(uid) == 7 else "08")
            if numbers:
                frontend.listen(target, timeout=0.5)
            else:
                stop.wait(0.02)
        frontend.close()

    thread = threading.Thread(target=show, daemon=True)
    thread.start()
    yield path, numbers
    stop.set()
    thread.join(60)


@pytest.mark.proves("S25")
def test_cards_are_read_through_the_udp_driver(udp_cards: tuple[str, list[str]]) -> None:
    path, numbers = udp_cards
    numbers.append(NTAG)
    with running(ReaderSettings(name="entrance", device=f"nfc:{path}", debounce_s=0)) as reader:
        assert reader.wait_for_taps(1, timeout_s=10) == [CardRead("entrance", NTAG, Assurance.UID)]
        numbers[0] = "E43AC9D2"
        assert reader.wait_for_taps(2, timeout_s=10)[1].identifier == "E43AC9D2"
        numbers[0] = "08FA396C"
        assert reader.wait_for_taps(3, timeout_s=10)[2].fault is DenyReason.IDENTIFIER_NOT_TRUSTED
