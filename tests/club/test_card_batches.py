"""Production orders: form, numbers, and the three checks before stock."""

from typing import Any

import pytest

from kiosk.club.card_batches import (
    BATCH_LIFE,
    Batch,
    BatchAction,
    BatchReason,
    BatchRefusal,
    BatchRules,
    BatchState,
    Checked,
    Issue,
    Maker,
    NumberFaults,
    Quality,
    after_checks,
    against_order,
    number_faults,
    numbers_of,
)
from kiosk.club.card_numbers import NumberRange
from kiosk.club.life import StepRefused
from tests.club.builders_cards import TODAY, make_batch

RULES = BatchRules()
MADE = make_batch(state=BatchState.MADE)


def reasons(used: frozenset[str] = frozenset(), **fields: Any) -> list[BatchReason]:
    """Return what speaks against an order with these fields."""
    return [each.reason for each in against_order(make_batch(**fields), {"annual", "gift"}, used, RULES)]


def found(*good: bool) -> list[Checked]:
    """Return the findings of the three checks in their order."""
    return [Checked(quality, each, "s2", TODAY) for quality, each in zip(Quality, good, strict=False)]


@pytest.mark.proves("S24", "R40", "R41")
@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"issue": Issue.GROUP}, BatchReason.GROUP_MISSING),
        ({"group": "u1"}, BatchReason.LOOSE_WITH_GROUP),
        ({"maker": Maker.FULL_CUSTOM}, BatchReason.FIRM_MISSING),
        ({"maker": Maker.CUSTOM_PRINT}, BatchReason.FIRM_MISSING),
        ({"kind": "gold"}, BatchReason.UNKNOWN_KIND),
        ({"quantity": 100_001}, BatchReason.TOO_MANY),
        ({"quantity": 9}, BatchReason.NOT_AS_MANY_NUMBERS),
        ({"numbers": NumberRange(99_999_995, 100_000_004, 8)}, BatchReason.NUMBERS_DO_NOT_FIT),
    ],
)
def test_an_order_is_turned_down_for_what_it_lacks(fields: dict[str, Any], reason: BatchReason) -> None:
    assert reasons(**fields) == [reason]


@pytest.mark.proves("S24", "R40", "R41")
def test_loose_and_group_issues_are_ordered_from_all_three_makers() -> None:
    assert reasons() == []
    assert reasons(issue=Issue.GROUP, group="u1") == []
    for maker in (Maker.FULL_CUSTOM, Maker.CUSTOM_PRINT):
        assert reasons(maker=maker, firm="printer") == []


@pytest.mark.proves("S24")
def test_a_batch_may_be_of_a_single_card_but_not_of_none() -> None:
    assert reasons(quantity=1, numbers=NumberRange(7, 7, 8)) == []
    assert BatchReason.TOO_FEW in reasons(quantity=0, numbers=NumberRange(7, 6, 8))


@pytest.mark.proves("S21", "S24", "R19")
def test_an_order_takes_no_number_that_was_ever_used() -> None:
    refusals = against_order(make_batch(), {"annual"}, frozenset({"00000105", "105"}), RULES)
    assert refusals == (BatchRefusal(BatchReason.NUMBER_TAKEN, {"taken": 1}),)


@pytest.mark.proves("S24", "R42")
def test_a_batch_passes_when_material_print_and_numbers_are_good() -> None:
    passed = after_checks(MADE, found(True, True, True), RULES)
    assert isinstance(passed, Batch)
    assert passed.state is BatchState.PASSED
    assert after_checks(MADE, found(True, True), RULES) == BatchRefusal(BatchReason.NOT_CHECKED, {"missing": "numbers"})


@pytest.mark.proves("R42")
@pytest.mark.parametrize("bad", range(3))
def test_one_bad_quality_fails_a_batch_for_good(bad: int) -> None:
    failed = after_checks(MADE, found(*(each != bad for each in range(3))), RULES)
    assert isinstance(failed, Batch)
    assert failed.state is BatchState.FAILED
    assert BATCH_LIFE.is_end(failed.state)


@pytest.mark.proves("R42")
def test_the_last_finding_of_a_quality_counts() -> None:
    again = [*found(True, False, True), Checked(Quality.PRINT, True, "s3", TODAY)]
    passed = after_checks(MADE, again, RULES)
    assert isinstance(passed, Batch)
    assert passed.state is BatchState.PASSED


@pytest.mark.proves("S24", "R42")
def test_nothing_goes_into_stock_that_was_not_made_and_passed() -> None:
    with pytest.raises(StepRefused):
        after_checks(make_batch(), found(True, True, True), RULES)
    leading = [state for state in BatchState if BatchAction.STOCK in BATCH_LIFE.actions(state)]
    assert leading == [BatchState.PASSED]


@pytest.mark.proves("R42", "R19")
def test_numbers_read_back_are_compared_with_those_ordered() -> None:
    ordered = list(numbers_of(make_batch()))
    assert ordered[0] == "00000100"
    assert number_faults(make_batch(), ordered) == NumberFaults()
    read = [*ordered[1:], ordered[3], "100"]
    assert number_faults(make_batch(), read) == NumberFaults(("00000100",), ("100",), ("00000103",))
