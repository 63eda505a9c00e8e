"""What fees brought in, whether service was given for it, what it was used for, and what the club owes."""

from collections.abc import Iterator
from datetime import date

import pytest

from kiosk.central.care.kpis import kpis
from kiosk.central.club import membership
from kiosk.central.club.books import Books
from kiosk.central.club.refused import RuleRefused
from kiosk.central.money import fee_payments, fee_reports, fees, renewals, top_ups
from kiosk.central.money.top_ups import Place, TopUp
from kiosk.club.calendar import Part, Span
from kiosk.club.fee_income import Mismatch
from kiosk.club.membership import StopReason
from kiosk.club.paying_back import PayWay
from tests.central.builders import ManualClock
from tests.central.club import builders_people as people
from tests.central.club.builders_points import run_job
from tests.central.money.builders_fees import (
    TODAY,
    assert_books_hold,
    do,
    join,
    open_club,
    pay,
    see,
    set_day,
    set_rule,
)

NOVEMBER = Span(date(2026, 11, 1), date(2026, 11, 30))
"""The month in which the members join, on the 22nd."""


@pytest.fixture
def member(books: Books) -> Iterator[str]:
    """A member who has paid a year, with the card in the hand; the books hold afterwards."""
    open_club(books)
    made = join(books)
    pay(books, made, 120_000)
    people.hand_over(books, made)
    yield made
    assert_books_hold(books)


def test_revenue_is_told_by_month_quarter_and_year_and_less_what_went_back(
    books: Books, clock: ManualClock, member: str
) -> None:
    other = join(books, "month", 2)
    pay(books, other, 10_000, "p2")
    set_day(clock, date(2026, 12, 1))
    do(books, fee_payments.take_back, "p2", new_id="b2", why="mistake")
    first, last = date(2026, 10, 1), date(2026, 12, 31)
    months = see(books, fee_reports.revenue, Part.MONTH, first, last)
    assert [(each.amount_minor, each.count) for each in months] == [(0, 0), (130_000, 2), (-10_000, 1)]
    for part in (Part.QUARTER, Part.YEAR):
        assert [each.amount_minor for each in see(books, fee_reports.revenue, part, first, last)][-1] == 120_000


def test_a_years_fee_is_earned_day_by_day_and_to_the_fen(books: Books, member: str) -> None:
    whole = Span(TODAY, date(2027, 11, 21))
    parts = [Span(TODAY, date(2027, 2, 28)), Span(date(2027, 3, 1), date(2027, 11, 21))]
    assert see(books, fee_reports.earned, whole) == 120_000
    assert sum(see(books, fee_reports.earned, each) for each in parts) == 120_000
    assert see(books, fee_reports.earned, Span(date(2027, 11, 22), date(2028, 1, 1))) == 0


def test_who_paid_and_was_kept_out_is_found_and_who_has_a_reason_is_not(
    books: Books, clock: ManualClock, member: str
) -> None:
    set_day(clock, date(2026, 12, 1))
    assert see(books, fee_reports.mismatches, NOVEMBER) == ([], "")
    do(books, membership.suspend, member, StopReason.REMINDERS, why="by mistake")
    set_day(clock, date(2026, 12, 11))
    [found] = see(books, fee_reports.mismatches, Span(date(2026, 12, 1), date(2026, 12, 10)))[0]
    assert (found.member, found.kind, found.days) == (member, Mismatch.PAID_NOT_SERVED, 10)
    do(books, membership.restore, member, StopReason.REMINDERS, why="put right")
    set_rule(books, "membership.grace_days", 5)
    assert see(books, fee_reports.mismatches, NOVEMBER) == ([], "")


def test_who_was_served_and_has_not_paid_is_found(books: Books, clock: ManualClock, member: str) -> None:
    do(books, fee_payments.take_back, "p1", new_id="b1", why="the cheque bounced")
    do(books, membership.record_paid, member, date(2027, 11, 21), why="as the old system had it")
    set_day(clock, date(2026, 12, 1))
    [found] = see(books, fee_reports.mismatches, NOVEMBER)[0]
    assert (found.kind, found.days, found.since) == (Mismatch.SERVED_NOT_PAID, 9, TODAY)


def test_fees_go_to_the_three_heads_with_the_councils_approval(books: Books, member: str) -> None:
    with pytest.raises(RuleRefused, match="unknown_head"):
        do(books, fee_reports.note_use, "party", 1_000, TODAY, "a party")
    use = do(books, fee_reports.note_use, "upkeep", 30_000, TODAY, "new nets")
    with pytest.raises(RuleRefused, match="not_approved"):
        do(books, fee_reports.approve_use, use.n, "manager", why="urgent")
    approved = do(books, fee_reports.approve_use, use.n, "council", why="minutes of 22 November")
    assert (approved.approved_by, approved.approved_on) == ("council", TODAY)
    with pytest.raises(RuleRefused, match="approved_before"):
        do(books, fee_reports.approve_use, use.n, "council", why="twice")


def test_the_half_year_is_published_once_when_all_of_it_is_approved(
    books: Books, clock: ManualClock, member: str
) -> None:
    use = do(books, fee_reports.note_use, "activities", 50_000, TODAY, "autumn outing")
    set_day(clock, date(2027, 1, 10))
    with pytest.raises(RuleRefused, match="use_not_approved"):
        do(books, fee_reports.publish, why="half-year")
    do(books, fee_reports.approve_use, use.n, "council", why="minutes")
    said = do(books, fee_reports.publish, why="half-year").statement
    assert said.span == Span(date(2026, 7, 1), date(2026, 12, 31))
    assert (said.income_minor, said.left_minor) == (120_000, 70_000)
    assert dict(said.used) == {"running": 0, "activities": 50_000, "upkeep": 0}
    with pytest.raises(RuleRefused, match="published_before"):
        do(books, fee_reports.publish, why="again")
    assert [each.statement for each in see(books, fee_reports.published)] == [said]


def test_what_the_club_owes_is_told_with_what_must_be_put_aside(books: Books, member: str) -> None:
    do(books, top_ups.book, TopUp("t1", member, 40_000, PayWay.CASH, Place("demo", "desk")))
    found = see(books, fee_reports.liabilities)
    assert (found.owed["member_principal"], found.prepaid_minor) == (40_000, 40_000)
    assert found.custody["till"] == 160_000
    pack = {"code": "local", "city": "here", "trades": ["any"], "since": "2020-01-01", "source": "its text"}
    figures = [
        {"kind": "escrow_percent", "value": 30, "confidence": "high"},
        {"kind": "pool_of_revenue_percent", "value": 10, "confidence": "high"},
    ]
    set_rule(books, "packs.own", [pack | {"figures": figures}])
    set_rule(books, "packs.chosen", ["local"])
    found = see(books, fee_reports.liabilities)
    assert (found.aside.amount_minor, found.aside.pack) == (12_000, "local")
    assert found.over_pool_minor == 40_000 - 12_000


@pytest.mark.proves("S89", "R121")
def test_renewed_is_who_paid_the_next_period_within_the_rules_days(
    books: Books, clock: ManualClock, member: str
) -> None:
    december = Span(date(2026, 12, 1), date(2026, 12, 31))
    early, late, never = (join(books, "month", number) for number in (2, 3, 4))
    for number, each in enumerate((early, late, never)):
        pay(books, each, 10_000, f"first{number}")
    set_day(clock, date(2026, 12, 20))
    run_job(fees.run, books)
    pay(books, early, 10_000, "early")
    set_day(clock, date(2026, 12, 25))
    pay(books, late, 10_000, "late")
    assert see(books, renewals.fees_renewed, december) == (3, 2)  # the year's fee of the fourth has not ended
    assert see(books, kpis, december).renewal_permille == 666
    set_rule(books, "income.renewal_days", 3)
    assert see(books, renewals.fees_renewed, december) == (3, 1)
    do(books, fee_payments.take_back, "early", new_id="b1", why="mistake")
    assert see(books, renewals.fees_renewed, december) == (3, 0)
    assert see(books, renewals.fees_renewed, NOVEMBER) == (0, 0)
