"""What every driver owes the gate, checked on all of them alike."""

import os
import time

import pytest

from kiosk.core.identifiers import Assurance, ByteOrder, NumberForm
from kiosk.core.records import DenyReason
from kiosk.readers.reader import CardRead, ReaderDown, ReaderUp
from tests.readers.rigs import Rig
from tests.readers.running import running
from tests.support.wait import eventually, in_time

NTAG = "04A1B2C3D4E5F6"
OTHER = "04112233445566"


@pytest.mark.proves("S25")
def test_a_card_is_read_once_with_its_number(rig: Rig) -> None:
    with running(rig.settings()) as reader:
        rig.tap(reader, NTAG)
        assert reader.wait_for_taps(1) == [CardRead("entrance", NTAG, Assurance.UID)]


def test_leading_zeros_belong_to_the_number(rig: Rig) -> None:
    with running(rig.settings()) as reader:
        rig.tap(reader, "00000A0B")
        assert reader.wait_for_taps(1)[0].identifier == "00000A0B"


def test_a_random_uid_is_refused_and_its_number_kept_for_a_way_out(rig: Rig) -> None:
    with running(rig.settings()) as reader:
        rig.tap(reader, "08D3A1F7")
        assert reader.wait_for_taps(1) == [
            CardRead("entrance", "08D3A1F7", Assurance.NONE, DenyReason.IDENTIFIER_NOT_TRUSTED, "random_uid")
        ]


def test_a_truncated_uid_is_refused(rig: Rig) -> None:
    with running(rig.settings()) as reader:
        rig.tap(reader, "8804A1B2")
        assert (tap := reader.wait_for_taps(1)[0]).fault is DenyReason.IDENTIFIER_NOT_TRUSTED
        assert tap.distrust == "truncated"


def test_a_reader_that_turns_the_bytes_round_is_turned_back(rig: Rig) -> None:
    with running(rig.settings(byte_order=ByteOrder.REVERSED)) as reader:
        rig.tap(reader, "F6E5D4C3B2A104")
        assert reader.wait_for_taps(1)[0].identifier == NTAG


@pytest.mark.parametrize(
    ("form", "size", "raw", "identifier"),
    [
        (NumberForm.DECIMAL, 4, "3536403172", "D2C93AE4"),
        (NumberForm.DECIMAL, 4, "0000002571", "00000A0B"),
        (NumberForm.DECIMAL, 5, "0004522274", "0000450122"),
        (NumberForm.WIEGAND34, 4, "7186A61E", "7186A61E"),
        (NumberForm.WIEGAND26, 3, "430488", None),
        (NumberForm.WIEGAND26, 3, "450122", "450122"),
    ],
)
def test_numbers_are_read_in_the_form_the_reader_writes_them(
    text_rig: Rig, form: NumberForm, size: int, raw: str, identifier: str | None
) -> None:
    with running(text_rig.settings(form=form, bytes=size)) as reader:
        text_rig.tap(reader, raw)
        tap = reader.wait_for_taps(1)[0]
        if identifier is None:
            assert tap.fault is DenyReason.IDENTIFIER_NOT_TRUSTED
        else:
            assert (tap.identifier, tap.fault) == (identifier, None)


def test_the_same_card_within_the_debounce_time_is_one_tap_and_another_card_counts(rig: Rig) -> None:
    with running(rig.settings(debounce_s=60)) as reader:
        rig.tap(reader, NTAG)
        rig.tap(reader, NTAG)
        rig.tap(reader, OTHER)
        reader.wait_for_taps(2)
        assert reader.numbers == [NTAG, OTHER]
        assert reader.reader.counts["repeated"] == 1


def test_the_same_card_after_the_debounce_time_is_another_tap(rig: Rig) -> None:
    with running(rig.settings(debounce_s=0)) as reader:
        rig.tap(reader, NTAG)
        rig.tap(reader, NTAG)
        assert [tap.identifier for tap in reader.wait_for_taps(2)] == [NTAG, NTAG]


def test_a_reader_that_was_pulled_out_reads_again_by_itself(rig: Rig) -> None:
    with running(rig.settings(debounce_s=0)) as reader:
        rig.tap(reader, NTAG)
        reader.wait_for_taps(1)

        def until_it_reads_again() -> float:
            before, taps = [type(each) for each in reader.health], len(reader.taps)
            rig.lose(reader)
            down = reader.wait_for_health(*before, ReaderDown)[-1]
            assert isinstance(down, ReaderDown)
            assert down.reader == "entrance"
            assert down.cause
            began = time.monotonic()
            rig.restore(reader)
            up = reader.wait_for_health(*before, ReaderDown, ReaderUp)[-1]
            assert isinstance(up, ReaderUp)
            assert up.away_ms > 0
            rig.tap(reader, OTHER)
            reader.wait_for_taps(taps + 1)
            return time.monotonic() - began

        assert in_time(2.0, until_it_reads_again)
        assert set(reader.numbers[1:]) == {OTHER}
        assert [type(each) for each in reader.health] == [ReaderDown, ReaderUp] * (len(reader.taps) - 1)


def test_it_happens_again_and_again_and_leaves_no_file_open(rig: Rig) -> None:
    before = len(os.listdir("/proc/self/fd"))
    with running(rig.settings()) as reader:
        for rounds in range(1, 4):
            rig.lose(reader)
            reader.wait_for_health(*[ReaderDown, ReaderUp] * (rounds - 1), ReaderDown)
            rig.restore(reader)
            reader.wait_for_health(*[ReaderDown, ReaderUp] * rounds)
        rig.tap(reader, NTAG)
        assert reader.wait_for_taps(1)[0].identifier == NTAG
    assert len(os.listdir("/proc/self/fd")) <= before


def test_a_reader_that_is_not_there_at_the_start_is_taken_up_when_it_comes(device_rig: Rig) -> None:
    def until_it_is_taken_up() -> float:
        device_rig.lose(None)
        with running(device_rig.settings()) as reader:
            reader.wait_for_health(ReaderDown)
            began = time.monotonic()
            device_rig.restore(reader)
            reader.wait_for_health(ReaderDown, ReaderUp)
            took_s = time.monotonic() - began
            device_rig.tap(reader, NTAG)
            assert reader.wait_for_taps(1)[0].identifier == NTAG
        return took_s

    assert in_time(2.0, until_it_is_taken_up)


def test_a_reader_that_stays_away_says_so_once(device_rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    device_rig.lose(None)
    with caplog.at_level("INFO"), running(device_rig.settings()) as reader:
        eventually(lambda: reader.reader.counts.get("tries_failed", 0) >= 3)
        assert [type(event) for event in reader.events] == [ReaderDown]
        assert [record.message for record in caplog.records] == ["reader lost"]


def test_a_reader_that_works_says_nothing_of_itself(rig: Rig) -> None:
    with running(rig.settings()) as reader:
        rig.tap(reader, NTAG)
        reader.wait_for_taps(1)
        assert reader.health == []


@pytest.mark.parametrize("lost", [False, True])
def test_stop_returns_within_a_second(rig: Rig, lost: bool) -> None:
    with running(rig.settings()) as reader:
        rig.tap(reader, NTAG)
        reader.wait_for_taps(1)
        if lost:
            rig.lose(reader)
            reader.wait_for_health(ReaderDown)
        assert reader.finish() < 1.0


def test_close_ends_a_run_and_may_be_called_again(rig: Rig) -> None:
    with running(rig.settings()) as reader:
        rig.tap(reader, NTAG)
        reader.wait_for_taps(1)
        reader.reader.close()
        reader.thread.join(1.0)
        assert not reader.thread.is_alive()
        reader.reader.close()


def test_events_come_from_the_readers_own_thread_only(rig: Rig) -> None:
    with running(rig.settings()) as reader:
        rig.tap(reader, NTAG)
        reader.wait_for_taps(1)
        rig.lose(reader)
        reader.wait_for_health(ReaderDown)
        assert reader.emitters == {reader.thread}


def test_no_card_number_reaches_the_log(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("DEBUG"), running(rig.settings()) as reader:
        rig.tap(reader, NTAG)
        reader.wait_for_taps(1)
        rig.lose(reader)
        reader.wait_for_health(ReaderDown)
        rig.restore(reader)
        reader.wait_for_health(ReaderDown, ReaderUp)
    ours = [record.message for record in caplog.records if record.name.startswith("kiosk")]
    assert ours == ["reader lost", "reader is back"]
    assert not any(NTAG in str(vars(record)).upper() for record in caplog.records)
