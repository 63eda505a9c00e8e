"""Readers on a serial line, by a pseudo terminal."""

from collections.abc import Callable
from pathlib import Path

import pytest

from kiosk.core.records import DenyReason
from kiosk.readers.lines import LENGTH_MAX
from kiosk.readers.reader import ReaderDown, ReaderSettings
from tests.readers.rigs import Rig, SerialRig
from tests.readers.running import running
from tests.support.needs import needs_module
from tests.support.wait import eventually


@pytest.fixture
def line(make_rig: Callable[[str], Rig]) -> SerialRig:
    rig = make_rig("serial")
    assert isinstance(rig, SerialRig)
    return rig


@pytest.mark.proves("S25")
@pytest.mark.parametrize(
    "sent",
    [b"04A1B2C3\r", b"04A1B2C3\n", b"\x0204A1B2C3\x03", b"\r\n\r\n04a1b2c3\r\n", b"04:A1:B2:C3\r\n", b" 04A1B2C3 \n"],
)
def test_a_number_ends_with_cr_lf_or_etx(line: SerialRig, sent: bytes) -> None:
    with running(line.settings()) as reader:
        reader.wait_until_up()
        line.write(sent)
        assert [tap.identifier for tap in reader.wait_for_taps(1)] == ["04A1B2C3"]


def test_a_number_that_arrives_in_pieces_is_put_together(line: SerialRig) -> None:
    with running(line.settings()) as reader:
        reader.wait_until_up()
        for piece in (b"04", b"A1B", b"2C3\r"):
            line.write(piece)
        assert reader.wait_for_taps(1)[0].identifier == "04A1B2C3"


def test_several_cards_at_once_are_several_taps(line: SerialRig) -> None:
    with running(line.settings(debounce_s=60)) as reader:
        reader.wait_until_up()
        line.write(b"04A1B2C3\r\nE43AC9D2\r\n04A1B2C3\r\n")
        eventually(lambda: reader.reader.counts.get("repeated") == 1)
        assert reader.numbers == ["04A1B2C3", "E43AC9D2"]


@pytest.mark.parametrize("noise", [b"\xff\xfe\x80zz\r", b"04A1B2\r", b"hello\n"])
def test_noise_is_a_refused_tap_never_a_number(line: SerialRig, noise: bytes) -> None:
    with running(line.settings()) as reader:
        reader.wait_until_up()
        line.write(noise)
        tap = reader.wait_for_taps(1)[0]
        assert tap.fault in (DenyReason.IDENTIFIER_NOT_TRUSTED, DenyReason.READ_FAILED)


def test_a_number_without_an_end_is_dropped_and_counted(line: SerialRig) -> None:
    with running(line.settings()) as reader:
        reader.wait_until_up()
        line.write(b"04A1")
        eventually(lambda: reader.reader.counts.get("partial") == 1)
        line.write(b"E43AC9D2\r")
        assert reader.wait_for_taps(1)[0].identifier == "E43AC9D2"


def test_a_line_without_end_is_dropped_and_counted(line: SerialRig) -> None:
    with running(line.settings()) as reader:
        reader.wait_until_up()
        line.write(b"0" * (LENGTH_MAX + 1) + b"\r04A1B2C3\r")
        assert [tap.identifier for tap in reader.wait_for_taps(1)] == ["04A1B2C3"]
        assert reader.reader.counts["overlong"] == 1


def test_a_port_that_another_program_holds_is_reported_as_in_use(line: SerialRig) -> None:
    with running(line.settings()) as first:
        first.wait_until_up()
        with running(line.settings()) as second:
            assert second.wait_for_health(ReaderDown) == [ReaderDown("entrance", "in_use")]


def test_a_port_that_is_not_there_is_reported_as_absent(tmp_path: Path) -> None:
    needs_module("serial", "pyserial")
    with running(ReaderSettings(name="entrance", device=f"serial:{tmp_path}/none")) as reader:
        assert reader.wait_for_health(ReaderDown) == [ReaderDown("entrance", "absent")]
