"""The ledger's model: balanced postings, what is wrong with others, reversals, and parts of what is pending."""

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from kiosk.club.business_days import DayRules, business_day
from kiosk.club.ledger import (
    AMOUNT_MAX,
    GUARDED,
    LIABILITIES,
    LINES_MAX,
    Account,
    AccountKind,
    LedgerReason,
    LedgerRefusal,
    Line,
    Posting,
    PostingKind,
    Unit,
    account_of,
    body_of,
    faults,
    lines_of,
    reversal_of,
    sealed_form,
    sums_of,
)
from kiosk.club.ledger_holds import HOLD_LIFE, HoldState, part_of

DAY = date(2026, 11, 22)
AT = datetime(2026, 11, 22, 8, 31, 7, tzinfo=UTC)
PRINCIPAL = Account(AccountKind.MEMBER_PRINCIPAL, "m1")
BONUS = Account(AccountKind.MEMBER_BONUS, "m1")
SALES = Account(AccountKind.REVENUE_SALES)
MANY_OF = st.integers(1, 10**9)


def make(*pairs: tuple[Account, int], **fields: Any) -> Posting:
    """Make a sale with these lines."""
    lines = tuple(Line(account, amount) for account, amount in pairs)
    said: dict[str, Any] = {"id": "s1", "kind": PostingKind.SALE, "lines": lines, "day": DAY, "at": AT, "by": "desk"}
    return Posting(**(said | fields))


@st.composite
def balanced(draw: st.DrawFn, *, units: tuple[Unit, ...] = (Unit.CNY,)) -> tuple[Line, ...]:
    """Some lines that sum to nothing in each unit."""
    lines: list[Line] = []
    for unit in units:
        takes, gives = draw(st.lists(MANY_OF, min_size=1, max_size=4)), draw(st.lists(MANY_OF, min_size=0, max_size=3))
        rest = sum(takes) - sum(gives)
        assume(rest > 0)
        lines += [Line(Account(AccountKind.MEMBER_PRINCIPAL, f"m{n}", unit), -amount) for n, amount in enumerate(takes)]
        lines += [Line(Account(AccountKind.REVENUE_SALES, f"p{n}", unit), n_) for n, n_ in enumerate([*gives, rest])]
    return tuple(draw(st.permutations(lines)))


def test_a_balanced_posting_has_no_fault() -> None:
    assert faults(make((PRINCIPAL, -7), (BONUS, -3), (SALES, 10))) == ()


@pytest.mark.parametrize(
    ("posting", "said"),
    [
        (make((PRINCIPAL, -7), (SALES, 8)), "CNY sums to 1"),
        (make((PRINCIPAL, -7), (Account(AccountKind.REVENUE_SALES, unit=Unit.POINTS), 7)), "points sums to 7"),
        (make((PRINCIPAL, -7)), "1 lines"),
        (make(), "0 lines"),
        (make((PRINCIPAL, -7), (PRINCIPAL, 7)), "two lines of one account"),
        (make((PRINCIPAL, 0), (SALES, 0)), "0 on CNY/member_principal/m1"),
        (make((PRINCIPAL, -AMOUNT_MAX - 1), (SALES, AMOUNT_MAX + 1)), f"{AMOUNT_MAX + 1} on"),
        (make((PRINCIPAL, -7), (SALES, 7), id=""), "a posting has one"),
        (make((PRINCIPAL, -7), (SALES, 7), id="x" * 97), "at most 96"),
        (make((PRINCIPAL, -7), (SALES, 7), by="a\nb"), "printable"),
        (make((PRINCIPAL, -7), (SALES, 7), at=datetime(2026, 11, 22)), "without a zone"),  # noqa: DTZ001  # the fault
        (make((PRINCIPAL, -7), (SALES, 7), kind=PostingKind.REVERSAL), "a reversal of nothing"),
        (make((PRINCIPAL, -7), (SALES, 7), memo={"note": "x" * 97}), "memo"),
        (make((PRINCIPAL, -7), (SALES, 7), memo={str(n): n for n in range(25)}), "memo"),
        (make((Account(AccountKind.TILL, "x" * 65), -7), (SALES, 7)), "an owner that is no id"),
    ],
)
def test_what_is_wrong_with_a_posting_is_said(posting: Posting, said: str) -> None:
    assert any(said in each for each in faults(posting)), faults(posting)


def test_the_limits_themselves_are_within_them() -> None:
    most = make((PRINCIPAL, -AMOUNT_MAX), (SALES, AMOUNT_MAX), id="x" * 96, memo={str(n): "y" * 96 for n in range(24)})
    assert faults(most) == ()
    products = [(Account(AccountKind.REVENUE_SALES, str(n)), 1) for n in range(LINES_MAX - 1)]
    assert faults(make((PRINCIPAL, 1 - LINES_MAX), *products)) == ()
    assert faults(make((PRINCIPAL, -LINES_MAX), *products, (SALES, 1))) != ()


@given(balanced(units=(Unit.CNY, Unit.VISITS)), st.data())
def test_a_line_that_is_changed_is_a_fault(lines: tuple[Line, ...], data: st.DataObject) -> None:
    posting = make(*((line.account, line.amount) for line in lines))
    assert faults(posting) == ()
    place = data.draw(st.integers(0, len(lines) - 1))
    other = [*lines]
    other[place] = Line(lines[place].account, lines[place].amount + data.draw(st.sampled_from([-1, 1])))
    assert faults(msgspec.structs.replace(posting, lines=tuple(other))) != ()


@given(st.lists(st.tuples(st.sampled_from([PRINCIPAL, BONUS, SALES]), st.integers(-50, 50))))
def test_pairs_become_one_line_an_account(pairs: list[tuple[Account, int]]) -> None:
    lines = lines_of(pairs)
    assert len({line.account for line in lines}) == len(lines)
    assert all(line.amount for line in lines)
    for account in (PRINCIPAL, BONUS, SALES):
        assert sum(line.amount for line in lines if line.account == account) == sum(
            amount for each, amount in pairs if each == account
        )


@given(st.sampled_from(AccountKind), st.text(max_size=8), st.sampled_from(Unit))
def test_an_account_is_read_again_from_its_id(kind: AccountKind, owner: str, unit: Unit) -> None:
    account = Account(kind, owner, unit)
    assert account_of(account.id) == account


def test_text_that_is_no_account_is_refused() -> None:
    for text in ("", "CNY", "CNY/till", "EUR/till/t1", "CNY/purse/m1"):
        if text == "CNY/till":
            assert account_of(text) == Account(AccountKind.TILL)
            continue
        with pytest.raises(Exception, match="is no account"):
            account_of(text)


@given(balanced(units=(Unit.CNY, Unit.POINTS)))
def test_a_reversal_takes_every_line_back_and_is_never_taken_back(lines: tuple[Line, ...]) -> None:
    posting = make(*((line.account, line.amount) for line in lines), site="demo", till="till-1")
    undone = reversal_of(posting, id="r1", day=DAY, at=AT, by="boss")
    assert isinstance(undone, Posting)
    assert faults(undone) == ()
    assert lines_of((line.account, line.amount) for line in (*lines, *undone.lines)) == ()
    assert (undone.of, undone.site, undone.till) == ("s1", "demo", "till-1")
    again = reversal_of(undone, id="r2", day=DAY, at=AT, by="boss")
    assert again == LedgerRefusal(LedgerReason.IS_A_REVERSAL, {"of": "s1"})


@given(balanced(), st.data())
def test_a_part_stays_balanced_and_no_line_goes_beyond_its_own(lines: tuple[Line, ...], data: st.DataObject) -> None:
    largest = max(abs(line.amount) for line in lines)
    amount = data.draw(st.integers(1, largest))
    parts = part_of(lines, amount)
    assert not isinstance(parts, LedgerRefusal)
    assert sums_of(parts).get(Unit.CNY, 0) == 0
    whole = {line.account: line.amount for line in lines}
    assert all(0 < part.amount / whole[part.account] <= 1 for part in parts)
    given_up = sum(line.amount for line in lines if line.amount > 0) * amount // largest
    assert sum(part.amount for part in parts if part.amount > 0) == given_up


@given(st.integers(2, 10**6), st.data())
def test_a_part_of_four_equal_lines_is_that_amount_on_each(amount: int, data: st.DataObject) -> None:
    less = data.draw(st.integers(1, amount))
    kinds = (AccountKind.MEMBER_PRINCIPAL, AccountKind.TILL, AccountKind.SOURCE_CASH, AccountKind.CASH_ENTRY)
    lines = tuple(Line(Account(kind, "x"), amount if n < 2 else -amount) for n, kind in enumerate(kinds))
    parts = part_of(lines, less)
    assert not isinstance(parts, LedgerRefusal)
    assert {abs(each.amount) for each in parts} == {less}
    assert len(parts) == 4


def test_what_cannot_be_divided_is_refused() -> None:
    lines = make((PRINCIPAL, -10), (SALES, 10)).lines
    assert part_of(lines, None) == part_of(lines, 10) == lines
    for amount in (0, -1, 11):
        assert isinstance(part_of(lines, amount), LedgerRefusal)
    visits = Account(AccountKind.MEMBER_VISITS, "m1", Unit.VISITS)
    both = (*lines, Line(visits, -1), Line(Account(AccountKind.VISITS_USED, unit=Unit.VISITS), 1))
    assert isinstance(part_of(both, 5), LedgerRefusal)
    assert part_of(both, None) == both


def test_a_posting_is_the_same_whenever_it_comes_and_another_with_anything_else() -> None:
    one = make((PRINCIPAL, -7), (SALES, 7), memo={"order": 1})
    same = msgspec.structs.replace(one, lines=one.lines[::-1], day=date(2026, 11, 23), late=True, at=AT.replace(hour=9))
    assert body_of(one) == body_of(same)
    assert sealed_form(one, 1, "", pending=False) != sealed_form(same, 1, "", pending=False)
    others: list[dict[str, Any]] = [
        {"id": "s2"},
        {"kind": PostingKind.CHARGE},
        {"by": "x"},
        {"site": "x"},
        {"till": "x"},
    ]
    others += [{"of": "x"}, {"memo": {"order": "1"}}, {"lines": make((PRINCIPAL, -8), (SALES, 8)).lines}]
    bodies = {body_of(msgspec.structs.replace(one, **other)) for other in others}
    assert len(bodies | {body_of(one)}) == len(others) + 1
    for changed in ({"n": 2}, {"booked_at": "x"}, {"pending": True}):
        said: dict[str, Any] = {"n": 1, "booked_at": "", "pending": False} | changed
        assert sealed_form(one, **said) != sealed_form(one, 1, "", pending=False)


def test_what_members_have_is_guarded_and_what_is_owed_is_money() -> None:
    assert {AccountKind.TILL, AccountKind.MEMBER_VISITS} == GUARDED - LIABILITIES
    assert {AccountKind.REFUND_PAYABLE} == LIABILITIES - GUARDED
    assert not {AccountKind.MEMBER_DEBT, AccountKind.SOURCE_CASH, AccountKind.MEMBER_POINTS} & GUARDED


def test_what_is_pending_is_resolved_once() -> None:
    assert [state for state in HoldState if HOLD_LIFE.is_end(state)] == ["posted", "voided", "expired"]
    assert len(HOLD_LIFE.actions(HoldState.PENDING)) == 3


@pytest.mark.parametrize(
    ("zone", "moment", "day"),
    [
        ("Asia/Shanghai", datetime(2026, 11, 22, 19, 59, 59, tzinfo=UTC), date(2026, 11, 22)),
        ("Asia/Shanghai", datetime(2026, 11, 22, 20, 0, tzinfo=UTC), date(2026, 11, 23)),
        ("Europe/Berlin", datetime(2026, 1, 1, 2, 59, tzinfo=UTC), date(2025, 12, 31)),
        ("Europe/Berlin", datetime(2026, 1, 1, 3, 0, tzinfo=UTC), date(2026, 1, 1)),
    ],
)
def test_a_business_day_ends_at_its_hour_of_the_night(zone: str, moment: datetime, day: date) -> None:
    assert business_day(moment, ZoneInfo(zone), DayRules()) == day
    assert business_day(moment, ZoneInfo(zone), DayRules(cutoff_hour=0)) == moment.astimezone(ZoneInfo(zone)).date()
