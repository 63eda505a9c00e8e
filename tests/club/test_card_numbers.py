"""Numbers of cards: unique, as long as they are wide, leading zeros kept, none used again."""

import pytest

from kiosk.club.card_numbers import NumberRange, NumberReason, against_number


@pytest.mark.proves("S21", "R19")
def test_numbers_keep_their_leading_zeros() -> None:
    assert NumberRange(1, 5, 8).number(2) == "00000002"
    assert NumberRange(7, 9, 6, prefix="88").number(7) == "880007"


def test_a_range_knows_its_own_numbers_by_their_whole_text() -> None:
    span = NumberRange(1, 5, 6, prefix="88")
    assert "880001" in span
    assert "880005" in span
    assert "880006" not in span
    assert "880000" not in span
    assert "8801" not in span
    assert "99" + "0001" not in span
    assert "88000²" not in span


def test_a_range_fits_while_its_largest_number_has_room() -> None:
    assert NumberRange(0, 99, 2).fits()
    assert not NumberRange(0, 100, 2).fits()
    assert not NumberRange(0, 99, 3, prefix="88").fits()
    assert not NumberRange(5, 4, 4).fits()
    assert not NumberRange(0, 9, 4, prefix="AB").fits()
    assert len(NumberRange(5, 4, 4)) == 0


@pytest.mark.proves("S21", "R19")
def test_a_number_from_outside_is_taken_once_and_as_it_is_written() -> None:
    assert against_number("0042", {"42"}) is None
    assert against_number("A7" * 16, set()) is None
    taken, malformed = against_number("0042", {"0042"}), against_number("00 42", set())
    assert taken is not None
    assert malformed is not None
    assert (taken.reason, malformed.reason) == (NumberReason.TAKEN, NumberReason.MALFORMED)
    for wrong in ("", "7" * 33, "卡42", "42\n"):
        refusal = against_number(wrong, set())
        assert refusal is not None
        assert refusal.reason is NumberReason.MALFORMED
