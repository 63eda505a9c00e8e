"""Readers that type, by recorded input events through a pipe."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from kiosk.readers.keyboard import KeyTyping
from kiosk.readers.lines import LENGTH_MAX, LineBuffer
from kiosk.readers.reader import ReaderDown, ReaderSettings
from tests.readers.rigs import ENTER, KeyboardRig, Rig
from tests.readers.running import running
from tests.support.wait import eventually

RECORDED = Path(__file__).parent / "recorded" / "wedge-04a1b2c3d4e5f6.events"
TAB, KEYPAD_ENTER, F1, LEFT_SHIFT, LEFT_CONTROL = 15, 96, 59, 42, 29
SECOND = 1_000_000_000


@pytest.fixture
def keyboard(make_rig: Callable[[str], Rig]) -> KeyboardRig:
    rig = make_rig("keyboard")
    assert isinstance(rig, KeyboardRig)
    return rig


def make_typing() -> tuple[KeyTyping, Counter[str]]:
    counts: Counter[str] = Counter()
    return KeyTyping(LineBuffer(counts)), counts


def typed(typing: KeyTyping, *codes: int, start_ns: int = 0, gap_ns: int = 1_000_000) -> list[str | None]:
    """Press and let go of each key in turn."""
    said = []
    for place, code in enumerate(codes):
        now_ns = start_ns + place * gap_ns
        said.append(typing.key(1, code, 1, now_ns))
        typing.key(1, code, 0, now_ns)
    return said


@pytest.mark.parametrize("end", [ENTER, TAB, KEYPAD_ENTER])
def test_enter_and_tab_end_a_number(end: int) -> None:
    typing, _ = make_typing()
    assert typed(typing, 2, 3, 11, end) == [None, None, None, "120"]


def test_the_number_block_types_digits() -> None:
    typing, _ = make_typing()
    assert typed(typing, 82, 79, 80, 81, 75, 76, 77, 71, 72, 73, ENTER)[-1] == "0123456789"


def test_shift_makes_capitals_and_never_a_digit() -> None:
    typing, _ = make_typing()
    typing.key(1, LEFT_SHIFT, 1, 0)
    typed(typing, 30, 2)
    typing.key(1, LEFT_SHIFT, 0, 0)
    assert typed(typing, 30, 2, ENTER)[-1] == "A!a1"


def test_a_key_held_down_counts_once() -> None:
    typing, _ = make_typing()
    typing.key(1, 2, 1, 0)
    typing.key(1, 2, 2, 0)
    typing.key(1, 2, 2, 0)
    assert typing.key(1, ENTER, 1, 0) == "1"


def test_a_key_without_a_letter_spoils_the_number_and_control_does_not() -> None:
    typing, _ = make_typing()
    assert typed(typing, 2, F1, 3, ENTER)[-1] == "1?2"
    assert typed(typing, 2, LEFT_CONTROL, 3, ENTER)[-1] == "12"


def test_a_number_left_unfinished_for_half_a_second_is_dropped_and_counted() -> None:
    typing, counts = make_typing()
    typed(typing, 2, 3)
    assert typed(typing, 4, 5, ENTER, start_ns=SECOND)[-1] == "34"
    assert counts["partial"] == 1


def test_an_end_that_comes_too_late_ends_nothing() -> None:
    typing, counts = make_typing()
    typed(typing, 2, 3)
    assert typed(typing, ENTER, start_ns=SECOND) == [None]
    assert counts["partial"] == 1


def test_a_number_that_never_ends_is_dropped_up_to_its_end_and_counted_once() -> None:
    typing, counts = make_typing()
    assert typed(typing, *[2] * (LENGTH_MAX + 40), ENTER)[-1] is None
    assert typed(typing, 3, ENTER, start_ns=SECOND)[-1] == "2"
    assert counts == {"overlong": 1}


def test_events_the_kernel_dropped_spoil_the_number() -> None:
    typing, counts = make_typing()
    typed(typing, 2)
    typing.key(0, 3, 0, 0)
    assert typed(typing, 3, ENTER)[-1] == "2"
    assert counts["partial"] == 1


def test_an_end_without_a_number_is_no_tap() -> None:
    typing, counts = make_typing()
    assert typed(typing, ENTER, TAB) == [None, None]
    assert not counts


@pytest.mark.proves("S25")
def test_recorded_events_of_a_wedge_are_read(keyboard: KeyboardRig) -> None:
    events = [tuple(map(int, line.split())) for line in RECORDED.read_text().splitlines() if line[0] != "#"]
    with running(keyboard.settings()) as reader:
        for kind, code, value in events:
            keyboard.send((kind, code, value))
        assert reader.wait_for_taps(1)[0].identifier == "04A1B2C3D4E5F6"


def test_events_cut_in_two_are_put_together(keyboard: KeyboardRig) -> None:
    with running(keyboard.settings()) as reader:
        reader.wait_until_up()
        keyboard.type("04a1b2c3d4e5f")
        keyboard.send_cut((1, 7, 1), at=5)
        keyboard.press(ENTER)
        assert reader.wait_for_taps(1)[0].identifier == "04A1B2C3D4E5F6"


def test_an_unfinished_number_is_counted_even_when_nothing_follows(keyboard: KeyboardRig) -> None:
    with running(keyboard.settings()) as reader:
        keyboard.type("0411")
        eventually(lambda: reader.reader.counts.get("partial") == 1)
        assert reader.taps == []


def test_what_is_no_keyboard_is_reported_as_unusable() -> None:
    with running(ReaderSettings(name="entrance", device="keyboard:/dev/null")) as reader:
        assert reader.wait_for_health(ReaderDown) == [ReaderDown("entrance", "unusable")]


def test_a_keyboard_that_is_not_there_is_reported_as_absent(tmp_path: Path) -> None:
    with running(ReaderSettings(name="entrance", device=f"keyboard:{tmp_path}/none")) as reader:
        assert reader.wait_for_health(ReaderDown) == [ReaderDown("entrance", "absent")]
