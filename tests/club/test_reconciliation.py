"""The daily match: edge records, ledger and statements, each event matched, timing or an error."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.club.reconciliation import (
    Matched,
    MatchLine,
    MatchReason,
    MatchState,
    ReconcilingRules,
    Side,
    reconcile,
)

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
RULES = ReconcilingRules()
BOTH = frozenset({Side.EDGE, Side.STATEMENT})


def make_line(side: Side = Side.LEDGER, hours: float = 1, **changes: object) -> MatchLine:
    """Return a line of an event of so many hours ago; a posting is expected on every side."""
    expects = BOTH if side is Side.LEDGER else frozenset()
    line = MatchLine(side, "e1", 5_000, NOW - timedelta(hours=hours), expects)
    return msgspec.structs.replace(line, **changes)


def judged(*lines: MatchLine) -> tuple[MatchState, MatchReason]:
    """Return where the one event stands."""
    (found,) = reconcile(lines, NOW, RULES)
    return found.state, found.reason


def test_an_event_that_stands_everywhere_with_one_amount_is_matched() -> None:
    found = reconcile([make_line(side) for side in Side], NOW, RULES)
    amounts = ((Side.EDGE, 5_000), (Side.LEDGER, 5_000), (Side.STATEMENT, 5_000))
    assert found == (Matched("e1", MatchState.MATCHED, MatchReason.IN_ORDER, amounts, "", 3_600),)


@pytest.mark.parametrize(
    ("sides", "hours", "state", "reason"),
    [
        ((Side.EDGE,), 1, MatchState.TIMING, MatchReason.NOT_IN_LEDGER),
        ((Side.EDGE,), 1.1, MatchState.ERROR, MatchReason.NOT_IN_LEDGER),
        ((Side.STATEMENT,), 1.1, MatchState.ERROR, MatchReason.NOT_IN_LEDGER),
        ((Side.LEDGER, Side.EDGE), 48, MatchState.TIMING, MatchReason.NOT_IN_STATEMENT),
        ((Side.LEDGER, Side.EDGE), 48.1, MatchState.ERROR, MatchReason.NOT_IN_STATEMENT),
        ((Side.LEDGER, Side.STATEMENT), 24, MatchState.TIMING, MatchReason.NOT_AT_EDGE),
        ((Side.LEDGER, Side.STATEMENT), 24.1, MatchState.ERROR, MatchReason.NOT_AT_EDGE),
        ((Side.LEDGER,), 24.1, MatchState.ERROR, MatchReason.NOT_AT_EDGE),
    ],
)
def test_what_is_missing_is_timing_as_long_as_its_side_may_take(
    sides: tuple[Side, ...], hours: float, state: MatchState, reason: MatchReason
) -> None:
    assert judged(*(make_line(side, hours) for side in sides)) == (state, reason)


@pytest.mark.parametrize(("days", "state"), [(10, MatchState.TIMING), (10.1, MatchState.ERROR)])
def test_a_refund_that_its_bank_takes_days_for_is_timing_as_long_as_that_is_usual(
    days: float, state: MatchState
) -> None:
    told = make_line(Side.STATEMENT, 24 * days, is_under_way=True)
    assert judged(told) == (state, MatchReason.NOT_IN_LEDGER)


def test_a_side_that_nobody_expects_is_not_missed_and_is_wrong_where_it_is() -> None:
    at_desk = make_line(expects=frozenset(), hours=500)
    assert judged(at_desk) == (MatchState.MATCHED, MatchReason.IN_ORDER)
    assert judged(at_desk, make_line(Side.STATEMENT)) == (MatchState.ERROR, MatchReason.NOBODY_EXPECTS)


def test_amounts_that_differ_and_lines_that_stand_twice_are_wrong_at_once() -> None:
    lines = [make_line(side) for side in Side]
    assert judged(*lines[:2], make_line(Side.STATEMENT, amount_minor=5_001)) == (
        MatchState.ERROR,
        MatchReason.AMOUNTS_DIFFER,
    )
    assert judged(*lines, make_line(Side.STATEMENT)) == (MatchState.ERROR, MatchReason.TWICE)


def test_what_does_not_match_has_an_owner_and_an_age() -> None:
    lost = reconcile([make_line(Side.EDGE, 30)], NOW, RULES)[0]
    assert (lost.owner, lost.age_s) == ("finance", 108_000)
    silent = reconcile([make_line(hours=30, expects=frozenset({Side.EDGE}))], NOW, RULES)[0]
    assert (silent.reason, silent.owner) == (MatchReason.NOT_AT_EDGE, "it")


def test_errors_come_first_the_oldest_of_them_first() -> None:
    lines = [
        make_line(Side.EDGE, 30, id="young", amount_minor=300),
        make_line(Side.EDGE, 40, id="old", amount_minor=-200),
        make_line(hours=2, id="waits"),
        *(make_line(side, id="done") for side in Side),
    ]
    found = reconcile(lines, NOW, RULES)
    assert [each.id for each in found] == ["old", "young", "waits", "done"]


LINES = st.lists(
    st.builds(
        MatchLine,
        side=st.sampled_from(Side),
        id=st.sampled_from(["e1", "e2", "e3"]),
        amount_minor=st.sampled_from([100, 200]),
        at=st.integers(0, 60).map(lambda hours: NOW - timedelta(hours=hours)),
        expects=st.sampled_from([frozenset(), BOTH, frozenset({Side.EDGE})]),
    ),
    max_size=10,
)


@settings(max_examples=150, deadline=None)
@given(lines=LINES)
def test_every_line_is_in_exactly_one_event_that_is_matched_timing_or_an_error(lines: list[MatchLine]) -> None:
    found = reconcile(lines, NOW, RULES)
    assert sorted((each.id, side, amount) for each in found for side, amount in each.amounts) == sorted(
        (each.id, each.side, each.amount_minor) for each in lines
    )
    assert len(found) == len({each.id for each in lines})
    assert all(bool(each.owner) is (each.state is not MatchState.MATCHED) for each in found)
