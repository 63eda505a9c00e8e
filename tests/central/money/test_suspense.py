"""Money in suspense is brought to its end whole and once: to a member, back to where it came from, or given up."""

import threading
from functools import partial
from typing import Any

import pytest

from kiosk.central.club.books import Books, Change
from kiosk.central.club.refused import RuleRefused
from kiosk.central.money import edge_top_ups, provider_receiving, suspense
from kiosk.central.money.edge_top_ups import EdgeTopUp
from kiosk.central.money.stored_lots import bonus_of, principal_of
from kiosk.central.money.suspense import Ending, Resting
from kiosk.club.ledger import Account, AccountKind, PostingKind
from kiosk.club.paying_back import PayWay
from kiosk.club.stored_value import BonusTier
from kiosk.core.errors import InvalidInput
from tests.central.builders import ON_SQLITE, START, EdgeDevice, ManualClock
from tests.central.club.builders import noted
from tests.central.money.builders import make_posting, on, put
from tests.central.money.builders_sales import BOSS, TILL, change_of, set_rule
from tests.central.money.edges import Club, make_member
from tests.central.money.test_reconcile import AT, HOUR, pay, reconcile, statement

MEMBER = f"{1:016x}"
HELD, CLEARING = (Account(kind, "wechat") for kind in (AccountKind.SUSPENSE, AccountKind.PROVIDER_CLEARING))
WHY = "it was paid twice"


@pytest.fixture
def club(both_books: Books, clock: ManualClock) -> Club:
    """A club with one member."""
    found = Club(both_books, clock, EdgeDevice("north-1"))
    make_member(both_books)
    return found


def paid_twice(club: Club) -> Resting:
    """Have an order of 20 yuan paid twice through WeChat; return what then rests."""
    pay(club, "order-1", confirm=False)
    for payment in ("4200001", "4200002"):
        club.books.change(BOSS, lambda change, payment=payment: provider_receiving.receive(
            change, "order-1", 2_000, payment))  # fmt: skip
    (found,) = rests(club.books)
    return found


def out_twice(books: Books, amount_minor: int = 500) -> Resting:
    """Have a part of a refund paid that was paid by hand before; return what then rests."""
    put(books, make_posting(
        f"payout:r{amount_minor}", (HELD, -amount_minor), (CLEARING, -amount_minor),
        (Account(AccountKind.PROVIDER_ENTRY), amount_minor), (Account(AccountKind.SOURCE_WECHAT), amount_minor),
        kind=PostingKind.PAY_OUT, of=f"refund:{amount_minor}",
    ))  # fmt: skip
    return rests(books)[-1]


def rests(books: Books, *, ended: bool = False) -> list[Resting]:
    """Return what rests, or was brought to its end."""
    with books.look() as look:
        return suspense.resting(look, ended=ended)


def act(books: Books, work: Any, n: int, *args: Any, **more: Any) -> Resting:
    """Do something about what rests."""
    done: Resting = change_of(books, work, n, *args, actor=BOSS, **more)
    return done


@pytest.mark.proves("S60", "S45")
def test_a_second_payment_is_put_onto_a_members_account_once_and_without_a_bonus(club: Club) -> None:
    found = paid_twice(club)
    assert (found.amount_minor, found.way, found.place, found.at) == (2_000, PayWay.WECHAT, "wechat", START)
    set_rule(club.books, "stored_value.bonus_tiers", [BonusTier(2_000, 500)])
    done = act(club.books, suspense.credit, found.n, MEMBER, WHY)
    assert done.ended is not None
    assert (done.ended.how, done.ended.by) == (Ending.CREDITED, BOSS.id)
    assert on(club.books, principal_of(MEMBER), bonus_of(MEMBER), HELD) == [4_000, 0, 0]
    assert (rests(club.books), rests(club.books, ended=True)) == ([], [done])
    for again in (partial(suspense.credit, member=MEMBER), partial(suspense.give_back, number="5030001")):
        with pytest.raises(InvalidInput, match="brought to its end before"):
            act(club.books, again, found.n, why=WHY)
    assert noted(club.books, action="suspense.credited")[0]["why"] == WHY
    club.assert_proved()


def test_of_two_who_bring_it_to_different_ends_at_once_the_second_is_refused(club: Club) -> None:
    found, refused = paid_twice(club), list[str]()

    def give_back_later() -> None:
        try:
            act(club.books, suspense.give_back, found.n, WHY, number="5030001")
        except InvalidInput as error:
            refused.append(error.message)

    second = threading.Thread(target=give_back_later, name="second", daemon=True)

    def credit_first(change: Change) -> None:
        suspense.credit(change, found.n, MEMBER, WHY)
        second.start()
        second.join(0.3)

    club.books.change(BOSS, credit_first)
    second.join(30)
    assert refused == [f"number {found.n} in suspense was brought to its end before"]
    assert on(club.books, principal_of(MEMBER), HELD) == [4_000, 0]


@ON_SQLITE
def test_what_passes_a_limit_rests_on(club: Club) -> None:
    found = paid_twice(club)
    set_rule(club.books, "stored_value.own_cap_minor", 3_000)
    with pytest.raises(RuleRefused) as caught:
        act(club.books, suspense.credit, found.n, MEMBER, WHY)
    assert caught.value.reason == "over_own_cap"
    assert rests(club.books) == [found]


@pytest.mark.proves("S60")
def test_what_its_provider_gave_back_is_one_event_with_the_line_of_its_statement(club: Club) -> None:
    found = paid_twice(club)
    statement(club, f"order-1,2000,{AT}", f"{found.event},2000,{AT}", f"refund:5030001,-2000,{AT}")
    club.clock.pass_s(2 * HOUR)
    assert reconcile(club) == {"refund:5030001": ("error", "not_in_ledger")}
    with pytest.raises(InvalidInput, match="the refund's number"):
        act(club.books, suspense.give_back, found.n, WHY)
    done = act(club.books, suspense.give_back, found.n, WHY, number="5030001")
    assert done.ended is not None
    assert done.ended.how is Ending.GIVEN_BACK
    assert on(club.books, HELD, CLEARING) == [0, 2_000]
    assert reconcile(club) == {}
    club.assert_proved()


@ON_SQLITE
def test_what_a_provider_has_not_given_back_is_found_by_the_match(club: Club) -> None:
    found = paid_twice(club)
    statement(club, f"order-1,2000,{AT}", f"{found.event},2000,{AT}")
    act(club.books, suspense.give_back, found.n, WHY, number="5030001")
    assert reconcile(club) == {"refund:5030001": ("timing", "not_in_statement")}
    club.clock.pass_s(49 * HOUR)
    assert reconcile(club) == {"refund:5030001": ("error", "not_in_statement")}


def test_cash_for_a_card_that_is_nobodys_goes_out_of_a_till_or_to_the_member_who_asks(club: Club) -> None:
    for number in (1, 2):
        said = EdgeTopUp(f"t{number}", "", 3_000, PayWay.CASH, "", "desk", START, "li")
        change_of(club.books, edge_top_ups.book_top_up, said)
    first, second = rests(club.books)
    assert (first.amount_minor, first.way, first.place) == (3_000, PayWay.CASH, "desk")
    with pytest.raises(InvalidInput, match="no other"):
        act(club.books, suspense.give_back, first.n, WHY, number="5030001")
    act(club.books, suspense.give_back, first.n, WHY)
    act(club.books, suspense.credit, second.n, MEMBER, WHY)
    assert on(club.books, TILL, principal_of(MEMBER), Account(AccountKind.SUSPENSE, "desk")) == [3_000, 3_000, 0]
    # Of neither end anybody else has a line: no device of this test tells of the top-ups themselves.
    assert set(reconcile(club)) == {"topup:t1", "topup:t2"}
    club.assert_proved()


def test_what_went_out_twice_comes_back_in_cash_or_is_written_off(club: Club) -> None:
    first, second = out_twice(club.books, 500), out_twice(club.books, 700)
    assert [each.amount_minor for each in rests(club.books)] == [-500, -700]
    with pytest.raises(InvalidInput, match="does not come back by wechat"):
        act(club.books, suspense.take_back, first.n, PayWay.WECHAT, WHY)
    act(club.books, suspense.take_back, first.n, PayWay.CASH, WHY)
    done = act(club.books, suspense.write_off, second.n, WHY)
    assert done.ended is not None
    assert done.ended.how is Ending.WRITTEN_OFF
    assert on(club.books, TILL, HELD, Account(AccountKind.LOSS)) == [500, 0, -700]
    assert rests(club.books) == []
    club.assert_proved()


@ON_SQLITE
def test_each_end_is_for_what_is_above_or_below_zero_and_wants_a_reason(club: Club) -> None:
    came, went = paid_twice(club), out_twice(club.books)
    with pytest.raises(InvalidInput, match="owed to the club"):
        act(club.books, suspense.credit, went.n, MEMBER, WHY)
    with pytest.raises(InvalidInput, match="paid by the club"):
        act(club.books, suspense.write_off, came.n, WHY)
    with pytest.raises(InvalidInput, match="a reason"):
        act(club.books, suspense.credit, came.n, MEMBER, " ")
    with pytest.raises(InvalidInput, match="nothing in suspense of number 0"):
        act(club.books, suspense.write_off, 0, WHY)
    assert rests(club.books) == [came, went]


@ON_SQLITE
def test_what_a_list_brought_does_not_rest(club: Club) -> None:
    opened = make_posting(
        "opened:g1", (Account(AccountKind.DEPOSIT, "g1"), 500), (Account(AccountKind.SUSPENSE), -500),
        kind=PostingKind.OPENING,
    )  # fmt: skip
    put(club.books, opened)
    assert rests(club.books) == []
