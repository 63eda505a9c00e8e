"""Points: the balance of a day, lots that run out, and what no order of bookings can do."""

from datetime import date, timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.club import bookings, points
from kiosk.club.bookings import PointsReason, Slip
from kiosk.club.calendar import add_months
from kiosk.club.points import Balance, Expiry, Kind, PointRules, PointsEntry, Source
from kiosk.club.refusal import Refusal
from kiosk.club.tiers import TierFacts, TierRules, earned
from kiosk.core.errors import InvalidInput
from tests.club.builders_points import FIRST_DAY, STEPS, book_history

DAY = FIRST_DAY


def make_earning(
    number: int, amount: int, on: date = DAY, expires_on: date | None = None, source: Source = Source.CONSUMPTION
) -> PointsEntry:
    """Return an earning `e1`, `e2` …"""
    return PointsEntry(f"e{number}", Kind.EARN, amount, on, source, expires_on)


def make_use(number: int, amount: int, on: date = DAY) -> PointsEntry:
    """Return a redemption `u1`, `u2` …"""
    return PointsEntry(f"u{number}", Kind.REDEEM, amount, on)


def make_reversal(of: str, amount: int, on: date = DAY, expires_on: date | None = None) -> PointsEntry:
    """Return a reversal of an earning or a redemption."""
    return PointsEntry(f"r.{of}", Kind.REVERSE, amount, on, of=of, expires_on=expires_on)


def after(days: int) -> date:
    """Return a day so many days after the first."""
    return DAY + timedelta(days=days)


def test_nobody_begins_with_points() -> None:
    assert points.balance_on([], DAY) == Balance(0, 0, 0, 0, 0, None)


@pytest.mark.proves("S47", "R78")
def test_use_lowers_what_is_available_and_never_what_was_earned_in_a_lifetime() -> None:
    balance = points.balance_on([make_earning(1, 2000), make_use(1, 1900)], DAY)
    assert (balance.available, balance.lifetime, balance.spent) == (100, 2000, 1900)
    facts = TierFacts(DAY, lifetime_points=balance.lifetime)
    assert earned(facts, TierRules(), DAY).tier == "gold"


def test_points_can_be_used_on_their_last_day_and_not_after() -> None:
    entries = [make_earning(1, 70, expires_on=after(5))]
    assert points.balance_on(entries, after(5)).available == 70
    gone = points.balance_on(entries, after(6))
    assert (gone.available, gone.expired, gone.lifetime) == (0, 70, 70)


def test_what_runs_out_first_is_used_first() -> None:
    entries = [
        make_earning(1, 50),
        make_earning(2, 50, expires_on=after(9)),
        make_earning(3, 50, expires_on=after(5)),
        make_use(1, 60),
    ]
    balance = points.balance_on(entries, DAY)
    assert (balance.available, balance.next_expiry) == (90, Expiry(after(9), 40))
    assert points.balance_on(entries, after(10)).available == 50


def test_the_next_expiry_adds_up_what_ends_on_one_day() -> None:
    entries = [make_earning(n, 10, expires_on=after(3)) for n in (1, 2)] + [make_earning(3, 5, expires_on=after(4))]
    assert points.balance_on(entries, DAY).next_expiry == Expiry(after(3), 20)


def test_entries_of_later_days_do_not_count_yet() -> None:
    entries = [make_earning(1, 10), make_earning(2, 5, after(1))]
    assert points.balance_on(entries, DAY).lifetime == 10


@pytest.mark.parametrize(
    ("rules", "last"),
    [
        (PointRules(), None),
        (PointRules(valid_months=12), date(2027, 11, 21)),
        (PointRules(valid_months=12, until_year_end=True), date(2027, 12, 31)),
    ],
)
def test_points_run_out_as_the_rule_says(rules: PointRules, last: date | None) -> None:
    assert points.expiry_of(DAY, rules) == last


@pytest.mark.parametrize(
    "entries",
    [
        [make_use(1, 1)],
        [make_earning(1, 5), make_use(1, 6)],
        [make_earning(1, 5), make_earning(1, 5)],
        [make_earning(1, 5), make_use(1, 1), make_use(1, 1)],
        [make_earning(1, 5), make_reversal("e1", 6)],
        [make_earning(1, 5), make_use(1, 2), make_reversal("u1", 3)],
        [make_earning(1, 5), PointsEntry("x", Kind.EXPIRE, 5, DAY, of="e2")],
        [make_earning(1, 5, after(1)), make_earning(2, 5, DAY)],
        [make_earning(1, 0)],
    ],
)
def test_entries_that_do_not_fit_together_are_not_summed_up(entries: list[PointsEntry]) -> None:
    with pytest.raises(InvalidInput):
        points.balance_on(entries, after(2))


@pytest.mark.proves("S47")
def test_only_the_reversal_of_what_was_spent_takes_the_balance_below_zero() -> None:
    spent = [make_earning(1, 100), make_use(1, 80), make_reversal("e1", 100)]
    balance = points.balance_on(spent, DAY)
    assert (balance.available, balance.owed, balance.lifetime) == (-80, 80, 0)
    paid = points.balance_on([*spent, make_earning(2, 90)], DAY)
    assert (paid.available, paid.owed, paid.lifetime) == (10, 0, 90)


def test_a_reversal_takes_other_points_before_it_owes_any() -> None:
    entries = [make_earning(1, 100, expires_on=after(1)), make_earning(2, 30), make_use(1, 100)]
    balance = points.balance_on([*entries, make_reversal("e1", 100)], DAY)
    assert (balance.available, balance.owed) == (-70, 70)


def test_the_reversal_of_what_ran_out_costs_nothing_more() -> None:
    entries = [make_earning(1, 100, expires_on=DAY), make_earning(2, 40), make_reversal("e1", 100, after(1))]
    balance = points.balance_on(entries, after(1))
    assert (balance.available, balance.lifetime, balance.expired) == (40, 40, 0)


def test_returned_points_pay_what_is_owed_first() -> None:
    entries = [make_earning(1, 100), make_use(1, 100), make_reversal("e1", 40), make_reversal("u1", 100)]
    balance = points.balance_on(entries, DAY)
    assert (balance.available, balance.owed, balance.spent, balance.lifetime) == (60, 0, 0, 60)


def test_returned_points_whose_time_is_over_stay_for_the_days_of_the_rule() -> None:
    entries = [make_earning(1, 100, expires_on=after(1)), make_use(1, 100)]
    back = bookings.book_return(Slip("r1", after(3)), "u1", entries, PointRules(returned_days=10))
    assert isinstance(back, PointsEntry)
    assert points.balance_on([*entries, back], after(13)).available == 100
    assert points.balance_on([*entries, back], after(14)).available == 0


def test_returned_points_that_never_ran_out_still_never_do() -> None:
    entries = [make_earning(1, 100), make_use(1, 100)]
    back = bookings.book_return(Slip("r1", after(3)), "u1", entries, PointRules())
    assert isinstance(back, PointsEntry)
    assert points.balance_on([*entries, back], after(3000)).available == 100


def test_the_nightly_run_books_what_ran_out_once() -> None:
    entries = [make_earning(1, 100, expires_on=after(1)), make_use(1, 30)]
    assert list(bookings.expiries_due(entries, after(1))) == []
    due = list(bookings.expiries_due(entries, after(2)))
    assert [(each.of, each.points, each.on) for each in due] == [("e1", 70, after(2))]
    assert list(bookings.expiries_due([*entries, *due], after(3))) == []
    assert points.balance_on([*entries, *due], after(3)) == points.balance_on(entries, after(3))


def test_who_leaves_forfeits_all_points_at_once() -> None:
    entries = [make_earning(1, 100, expires_on=after(9)), make_earning(2, 10), make_use(1, 30)]
    entries += [make_reversal("u1", 5, expires_on=after(20))]
    gone = [*entries, *bookings.forfeiture(entries, after(2), "withdrawn")]
    balance = points.balance_on(gone, after(2))
    assert (balance.available, balance.expired, balance.lifetime) == (0, 85, 110)
    assert list(bookings.expiries_due(gone, after(99))) == []


@pytest.mark.parametrize(
    ("booked", "reason"),
    [
        (bookings.book_earning(Slip("n", DAY), 0, Source.EVENT, PointRules()), PointsReason.NOTHING_TO_BOOK),
        (bookings.book_redemption(Slip("n", DAY), 0, [make_earning(1, 5)]), PointsReason.NOTHING_TO_BOOK),
        (bookings.book_redemption(Slip("n", DAY), 6, [make_earning(1, 5)]), PointsReason.NOT_ENOUGH),
        (bookings.book_return(Slip("n", DAY), "u9", [], PointRules()), PointsReason.NO_SUCH_ENTRY),
        (
            bookings.book_return(
                Slip("n", DAY), "u1", [make_earning(1, 5), make_use(1, 5), make_reversal("u1", 5)], PointRules()
            ),
            PointsReason.ALREADY_REVERSED,
        ),
        (bookings.book_reversal(Slip("n", DAY), "e9", []), PointsReason.NO_SUCH_ENTRY),
        (bookings.book_reversal(Slip("n", DAY), "e1", [make_earning(1, 5)], 6), PointsReason.ALREADY_REVERSED),
        (bookings.book_reversal(Slip("n", DAY), "e1", [make_earning(1, 5)], 0), PointsReason.NOTHING_TO_BOOK),
        (
            bookings.book_reversal(Slip("n", DAY), "e1", [make_earning(1, 5), make_reversal("e1", 5)]),
            PointsReason.ALREADY_REVERSED,
        ),
        (bookings.book_adjustment(Slip("n", DAY), 5, [], PointRules()), PointsReason.NO_EXPLANATION),
        (bookings.book_adjustment(Slip("n", DAY, "why"), 0, [], PointRules()), PointsReason.NOTHING_TO_BOOK),
        (
            bookings.book_adjustment(Slip("n", DAY, "why"), -6, [make_earning(1, 5)], PointRules()),
            PointsReason.NOT_ENOUGH,
        ),
    ],
)
def test_what_cannot_be_booked_is_refused_by_name(booked: object, reason: PointsReason) -> None:
    assert isinstance(booked, Refusal)
    assert booked.reason is reason


def test_all_points_can_be_used_and_adjusted_away() -> None:
    entries = [make_earning(1, 5)]
    assert bookings.book_redemption(Slip("n", DAY), 5, entries) == PointsEntry("n", Kind.REDEEM, 5, DAY)
    down = bookings.book_adjustment(Slip("n", DAY, "counted twice"), -5, entries, PointRules())
    assert isinstance(down, PointsEntry)
    balance = points.balance_on([*entries, down], DAY)
    assert (balance.available, balance.lifetime) == (0, 5)


def test_an_adjustment_upwards_can_be_used_and_counts_for_no_tier() -> None:
    up = bookings.book_adjustment(Slip("n", DAY, "goodwill"), 50, [], PointRules(valid_months=1))
    assert isinstance(up, PointsEntry)
    balance = points.balance_on([up], DAY)
    assert (balance.available, balance.lifetime) == (50, 0)
    assert balance.next_expiry == Expiry(add_months(DAY, 1) - timedelta(days=1), 50)


@given(STEPS)
@settings(max_examples=150, deadline=None)
@pytest.mark.proves("S47")
def test_points_are_never_below_zero_without_a_reversal(steps: list[tuple[str, int, int, int]]) -> None:
    entries = book_history(steps, reversals=False)
    for count in range(len(entries) + 1):
        day = entries[count - 1].on if count else DAY
        balance = points.balance_on(entries[:count], day)
        assert balance.available >= 0
        assert balance.owed == 0


@given(STEPS)
@settings(max_examples=150, deadline=None)
@pytest.mark.proves("R78")
def test_only_the_reversal_of_an_earning_lowers_the_lifetime_counter(steps: list[tuple[str, int, int, int]]) -> None:
    entries = book_history(steps)
    earnings = {each.id for each in entries if each.kind is Kind.EARN}
    before = 0
    for count, entry in enumerate(entries, 1):
        lifetime = points.balance_on(entries[:count], entry.on).lifetime
        change = {Kind.EARN: entry.points, Kind.REVERSE: -entry.points if entry.of in earnings else 0}
        assert lifetime - before == change.get(entry.kind, 0)
        before = lifetime
    assert before >= 0


@given(STEPS, st.integers(0, 60))
@settings(max_examples=150, deadline=None)
@pytest.mark.proves("S47")
def test_what_was_earned_is_available_used_run_out_or_taken_back(
    steps: list[tuple[str, int, int, int]], later: int
) -> None:
    entries = book_history(steps)
    day = (entries[-1].on if entries else DAY) + timedelta(days=later)
    lots = points.replay(entries, day)
    came = sum(each.points for each in entries if each.kind is Kind.EARN)
    came += sum(each.points for each in entries if each.kind is Kind.ADJUST and each.points > 0)
    went = sum(abs(each.points) for each in entries if each.kind is Kind.REDEEM or each.points < 0)
    kept = {each.id for each in entries if each.kind is Kind.EARN or (each.kind is Kind.ADJUST and each.points > 0)}
    reversals = [each for each in entries if each.kind is Kind.REVERSE]
    taken_back = sum(each.points for each in reversals if each.of in kept)
    given_back = sum(each.points for each in reversals if each.of not in kept)
    assert lots.spent == went - given_back
    assert lots.taken_back == taken_back
    assert came == lots.available + lots.spent + lots.expired + lots.taken_back
    assert lots.expired >= 0


@given(STEPS)
@settings(max_examples=100, deadline=None)
def test_booking_what_ran_out_changes_no_balance(steps: list[tuple[str, int, int, int]]) -> None:
    entries = book_history(steps)
    day = (entries[-1].on if entries else DAY) + timedelta(days=20)
    booked = [*entries, *bookings.expiries_due(entries, day)]
    assert points.balance_on(booked, day) == points.balance_on(entries, day)
    assert list(bookings.expiries_due(booked, day)) == []


def test_an_entry_survives_the_way_through_json() -> None:
    entry = make_earning(1, 5, expires_on=after(3))
    assert msgspec.json.decode(msgspec.json.encode(entry), type=PointsEntry) == entry


def test_a_balance_of_many_entries_takes_no_longer_for_each_than_one_of_few() -> None:
    """Counts the steps, not the time: each entry looks at a few lots, however many there are."""
    looked = []

    class Counted(date):
        def __lt__(self, other: date) -> bool:
            looked.append(1)
            return date.__lt__(self, other)

    def steps(number: int) -> float:
        looked.clear()
        entries = []
        for n in range(number):
            last = after(n + 400)
            entries.append(make_earning(n, 10, after(n), Counted(last.year, last.month, last.day)))
            entries.append(make_use(n, 7, after(n)))
        points.balance_on(entries, after(number))
        return len(looked) / number

    assert steps(1200) < 3 * steps(300)
