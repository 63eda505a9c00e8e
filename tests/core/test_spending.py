"""The decision about money at an edge: in which order it looks, and where each limit lies."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from kiosk.core.records import DenyReason
from kiosk.core.spending import (
    FundsRow,
    LeaseHeld,
    OfflineSpend,
    SpendAnswer,
    SpendCase,
    SpendDecision,
    SpendLimits,
    SpendReason,
    SpentHere,
    Unreachable,
    may_spend_offline,
    spent_here,
)

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
LIMITS = SpendLimits()


def make_lease(amount_minor: int = 1_000, id: str = "l1", until: datetime = NOW + timedelta(hours=1)) -> LeaseHeld:
    """Return a lease for an hour."""
    return LeaseHeld(id, amount_minor, until)


def make_case(**changes: Any) -> SpendCase:
    """Return a purchase of ten yuan by a card in order with a hundred."""
    case = SpendCase(
        amount_minor=1_000,
        now=NOW,
        genuine=True,
        hot_listed=False,
        figures_age_s=60,
        deny=None,
        funds=FundsRow("c1", 10_000),
        spent=SpentHere(),
        lot=999,
    )
    return msgspec.structs.replace(case, **changes)


def test_a_card_in_order_spends_from_its_allowance() -> None:
    expected = SpendDecision(SpendAnswer.SPEND, SpendReason.FROM_ALLOWANCE, (), 1_000)
    assert may_spend_offline(make_case(), LIMITS) == expected


WRONG: list[tuple[str, Any, SpendReason]] = [
    ("amount_minor", 0, SpendReason.NO_AMOUNT),
    ("genuine", False, SpendReason.CARD_NOT_GENUINE),
    ("journal_ok", False, SpendReason.JOURNAL_UNAVAILABLE),
    ("hot_listed", True, SpendReason.HOT_LISTED),
    ("figures_age_s", 86_401, SpendReason.FIGURES_TOO_OLD),
    ("deny", DenyReason.MEMBERSHIP_SUSPENDED, SpendReason.NOT_IN_ORDER),
    ("funds", None, SpendReason.NOT_KNOWN),
]


@pytest.mark.parametrize("first", range(len(WRONG)))
def test_the_first_thing_that_is_wrong_is_the_reason_even_with_a_lease(first: int) -> None:
    leased = {"funds": FundsRow("c1", 10_000, leases=(make_lease(),))}
    case = make_case(**leased | {name: value for name, value, _ in WRONG[first:]})
    assert may_spend_offline(case, LIMITS) == SpendDecision(SpendAnswer.REFUSE, WRONG[first][2])


@pytest.mark.parametrize(("age", "fresh"), [(-1, False), (0, True), (86_400, True), (86_401, False)])
def test_figures_are_good_until_their_age_limit_and_never_from_the_future(age: int, fresh: bool) -> None:
    assert (may_spend_offline(make_case(figures_age_s=age), LIMITS).answer is SpendAnswer.SPEND) is fresh


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"amount_minor": 5_000}, SpendReason.FROM_ALLOWANCE),
        ({"amount_minor": 5_001}, SpendReason.OVER_TAP_LIMIT),
        ({"funds": FundsRow("c1", 1_000)}, SpendReason.FROM_ALLOWANCE),
        ({"funds": FundsRow("c1", 999)}, SpendReason.NOT_ENOUGH),
        ({"spent": SpentHere(9_000, 1)}, SpendReason.FROM_ALLOWANCE),
        ({"spent": SpentHere(9_001, 1)}, SpendReason.NOT_ENOUGH),
        ({"funds": FundsRow("c1", 90_000), "spent": SpentHere(19_000, 1)}, SpendReason.FROM_ALLOWANCE),
        ({"funds": FundsRow("c1", 90_000), "spent": SpentHere(19_001, 1)}, SpendReason.OVER_CARD_LIMIT),
        ({"spent": SpentHere(10, 9), "asked": True}, SpendReason.FROM_ALLOWANCE),
        ({"spent": SpentHere(10, 10), "asked": True}, SpendReason.TOO_MANY_IN_A_ROW),
    ],
)
def test_each_limit_holds_to_the_fen(changes: dict[str, Any], reason: SpendReason) -> None:
    assert may_spend_offline(make_case(**changes), LIMITS).reason is reason


@pytest.mark.parametrize(
    ("lot", "in_a_row", "reason"),
    [
        (50, 4, None),
        (49, 4, SpendReason.CHECK_BY_LOT),
        (50, 5, SpendReason.MANY_IN_A_ROW),
    ],
)
def test_central_is_asked_by_lot_and_after_many_in_a_row(lot: int, in_a_row: int, reason: SpendReason | None) -> None:
    case = make_case(lot=lot, spent=SpentHere(10, in_a_row))
    found = may_spend_offline(case, LIMITS)
    if reason is None:
        assert found.answer is SpendAnswer.SPEND
        return
    assert found == SpendDecision(SpendAnswer.ASK, reason)
    asked = msgspec.structs.replace(case, asked=True)
    assert may_spend_offline(asked, LIMITS).answer is SpendAnswer.SPEND
    strict = SpendLimits(unreachable=Unreachable.REFUSE)
    assert may_spend_offline(asked, strict) == SpendDecision(SpendAnswer.REFUSE, reason)


def test_a_lease_is_spent_first_and_needs_no_allowance() -> None:
    funds = FundsRow("c1", 0, leases=(make_lease(),))
    none = SpendLimits(tap_minor=0, card_minor=0)
    found = may_spend_offline(make_case(funds=funds, lot=0), none)
    assert found == SpendDecision(SpendAnswer.SPEND, SpendReason.FROM_LEASE, (("l1", 1_000),), 0)
    over = may_spend_offline(make_case(funds=funds, amount_minor=1_001), none)
    assert over.answer is SpendAnswer.REFUSE


def test_what_leases_do_not_cover_comes_from_the_allowance() -> None:
    soon = make_lease(300, "soon", NOW + timedelta(minutes=10))
    funds = FundsRow("c1", 10_000, leases=(make_lease(500, "later"), soon))
    found = may_spend_offline(make_case(funds=funds, spent=SpentHere(leased=(("later", 100),))), LIMITS)
    assert found == SpendDecision(SpendAnswer.SPEND, SpendReason.FROM_BOTH, (("soon", 300), ("later", 400)), 300)


@pytest.mark.parametrize(("left_s", "reason"), [(301, SpendReason.FROM_LEASE), (300, SpendReason.FROM_ALLOWANCE)])
def test_a_lease_ends_at_the_edge_before_it_ends_at_central(left_s: int, reason: SpendReason) -> None:
    lease = make_lease(until=NOW + timedelta(seconds=left_s))
    funds = FundsRow("c1", 10_000, leases=(lease,))
    assert may_spend_offline(make_case(funds=funds), LIMITS).reason is reason


def test_an_edge_counts_its_records_after_what_central_has_counted() -> None:
    records = [
        OfflineSpend(4, "c1", 100),
        OfflineSpend(5, "c1", 200),
        OfflineSpend(6, "c2", 400),
        OfflineSpend(7, "c1", 0, (("l1", 50),)),
        OfflineSpend(8, "c1", 300, (("l1", 25), ("l2", 5))),
    ]
    assert spent_here(records, FundsRow("c1", 0, through=4)) == SpentHere(500, 2, (("l1", 75), ("l2", 5)))
    assert spent_here(records, FundsRow("c1", 0, through=8)) == SpentHere()
