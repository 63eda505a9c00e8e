"""Money onto an account: quoted as booked, within every limit, once for an order, a debt first."""

from collections.abc import Iterator
from datetime import date

import msgspec
import pytest

from kiosk.central.club import files
from kiosk.central.club.books import Books
from kiosk.central.club.refused import RuleRefused
from kiosk.central.money import gift_sales, provider_orders, top_ups
from kiosk.central.money.ledger import PostedOtherwise, balance, coming, hold, post, void
from kiosk.central.money.provider_orders import OrderState
from kiosk.central.money.stored_lots import lots_of, principal_of
from kiosk.central.money.top_ups import TopUp
from kiosk.club.ledger import Account, AccountKind, PostingKind
from kiosk.club.paying_back import PayWay
from kiosk.club.rule_packs import Confidence, Figure, FigureKind, Pack, Trade
from kiosk.club.stored_value import BonusTier
from kiosk.core.errors import InvalidInput
from tests.central.builders import ManualClock
from tests.central.money.builders import CASH as CASH_SOURCE
from tests.central.money.builders import ENTRY, in_minutes, make_posting, on
from tests.central.money.builders_sales import (
    BOSS,
    TILL,
    ask_refund,
    basket,
    change_of,
    check,
    lot_sums,
    open_counter,
    owned,
    postings,
    sell,
    set_rule,
    top_up,
)

WECHAT = Account(AccountKind.SOURCE_WECHAT)
CLEARING = Account(AccountKind.PROVIDER_CLEARING, "wechat")


@pytest.fixture
def member(books: Books) -> str:
    return open_counter(books)[0]


@pytest.fixture(autouse=True)
def _proved(books: Books) -> Iterator[None]:
    """The books hold after every test, and lots and accounts say the same."""
    yield
    check(books)


@pytest.mark.proves("S45", "R20", "R25")
def test_l01_what_is_quoted_and_what_is_booked_are_one_answer(books: Books, member: str) -> None:
    set_rule(books, "stored_value.bonus_tiers", [BonusTier(50_000, 5_000)])
    top_up(books, member, 10_000)
    wish = TopUp("t2", member, 50_000, PayWay.BANK_CARD)
    with books.look() as look:
        quoted = top_ups.quote(look, wish)
    booked = change_of(books, top_ups.book, wish)
    assert quoted == booked
    assert (booked.before_minor, booked.amount_minor, booked.bonus_minor, booked.after_minor) == (
        10_000, 50_000, 5_000, 65_000,
    )  # fmt: skip
    assert owned(books, member) == (60_000, 5_000, 0)
    assert change_of(books, top_ups.book, wish) == booked, "the same order credits once"
    assert lot_sums(books, member) == (60_000, 5_000)


@pytest.mark.proves("S45")
def test_l02_a_top_up_above_the_ceiling_is_refused_at_the_quote_and_a_deposit_returned_above_it_too(
    books: Books, member: str
) -> None:
    set_rule(books, "stored_value.own_cap_minor", 30_000)
    top_up(books, member, 20_000)
    with books.look() as look, pytest.raises(RuleRefused) as caught:
        top_ups.quote(look, TopUp("t2", member, 10_001, PayWay.CASH))
    assert (caught.value.reason, caught.value.detail["limit"]) == ("over_own_cap", 30_000)
    deposit = Account(AccountKind.DEPOSIT, "locker-7")
    put = make_posting("d1", (deposit, 20_000), (CASH_SOURCE, -20_000), (TILL, 20_000), (ENTRY, -20_000))
    change_of(books, post, put)
    before = postings(books)
    wish = TopUp("b1", member, 10_000, PayWay.CASH)
    more = msgspec.structs.replace(wish, amount_minor=10_001)
    with pytest.raises(RuleRefused) as caught:
        change_of(books, top_ups.move_in, more, deposit, PostingKind.DEPOSIT)
    assert caught.value.reason == "over_own_cap"
    assert postings(books) == before
    back = change_of(books, top_ups.move_in, wish, deposit, PostingKind.DEPOSIT)
    assert (back.before_minor, back.after_minor) == (20_000, 30_000)
    assert change_of(books, top_ups.move_in, wish, deposit, PostingKind.DEPOSIT) == back
    assert on(books, deposit, principal_of(member)) == [10_000, 30_000]


@pytest.mark.proves("S45")
def test_the_caps_of_the_rule_packs_hold_for_a_named_card(books: Books, member: str) -> None:
    top_up(books, member, 500_000, way=PayWay.BANK_CARD)
    with pytest.raises(RuleRefused) as caught:
        top_up(books, member, 100, "t2")
    assert (caught.value.reason, caught.value.detail["limit"]) == ("over_card_cap", 500_000)
    with pytest.raises(RuleRefused) as caught:
        top_up(books, member, 99, "t3")
    assert caught.value.reason == "below_minimum"


@pytest.mark.proves("S45", "R25")
def test_l03_a_cash_top_up_is_double_entry(books: Books, member: str) -> None:
    top_up(books, member, 2_000)
    assert on(books, principal_of(member), TILL, CASH_SOURCE, ENTRY) == [2_000, 2_000, -2_000, -2_000]


def test_an_order_that_comes_again_with_another_amount_is_not_booked(books: Books, member: str) -> None:
    top_up(books, member, 2_000)
    with pytest.raises(PostedOtherwise):
        top_up(books, member, 3_000)
    assert owned(books, member) == (2_000, 0, 0)


@pytest.mark.proves("S45")
def test_l04_an_order_with_a_provider_shows_in_what_is_to_come_and_credits_once(books: Books, member: str) -> None:
    top_up(books, member, 1_000)
    wish = TopUp("w1", member, 5_000, PayWay.WECHAT)
    order = change_of(books, provider_orders.ask, wish)
    assert change_of(books, provider_orders.ask, wish) == order
    with books.look() as look:
        assert balance(look, principal_of(member)) == 1_000
        assert coming(look, principal_of(member)) == 5_000
    with pytest.raises(InvalidInput):
        change_of(books, provider_orders.confirm, "w1", 4_999)
    done = change_of(books, provider_orders.confirm, "w1", 5_000)
    assert (done.before_minor, done.after_minor) == (1_000, 6_000)
    again = change_of(books, provider_orders.confirm, "w1", 5_000)
    assert (again.amount_minor, again.after_minor) == (0, 6_000)
    assert on(books, principal_of(member), WECHAT, CLEARING) == [6_000, -5_000, 5_000]
    with books.look() as look:
        assert [each.state for each in provider_orders.orders_of(look, member)] == [OrderState.PAID]


def test_orders_that_wait_count_for_the_limit(books: Books, member: str) -> None:
    set_rule(books, "stored_value.own_cap_minor", 10_000)
    change_of(books, provider_orders.ask, TopUp("w1", member, 6_000, PayWay.WECHAT))
    with pytest.raises(RuleRefused) as caught:
        change_of(books, provider_orders.ask, TopUp("w2", member, 6_000, PayWay.WECHAT))
    assert caught.value.reason == "over_own_cap"
    with pytest.raises(InvalidInput):
        change_of(books, provider_orders.ask, TopUp("w1", member, 5_000, PayWay.WECHAT))


def test_what_is_reserved_for_a_refund_hides_no_order_that_waits(books: Books, member: str) -> None:
    set_rule(books, "stored_value.own_cap_minor", 10_000)
    top_up(books, member, 6_000)
    ask_refund(books, member, 5_000)
    change_of(books, provider_orders.ask, TopUp("w1", member, 6_000, PayWay.WECHAT))
    with books.look() as look:
        assert coming(look, principal_of(member)) == 6_000
    with pytest.raises(RuleRefused, match="over_own_cap"):
        top_up(books, member, 3_001, "t2")
    top_up(books, member, 3_000, "t3")


@pytest.mark.proves("S45")
def test_from_the_laws_amount_on_a_file_says_whose_money_it_is(books: Books, member: str) -> None:
    figures = (Figure(FigureKind.IDENTITY_FROM_MINOR, 20_000, Confidence.HIGH),)
    own = Pack("town", "", (Trade.ANY,), date(2020, 1, 1), "a statute", figures)
    top_up(books, member, 19_999)
    set_rule(books, "packs.own", [own])
    top_up(books, member, 100, "t2")
    set_rule(books, "packs.chosen", ["town"])
    wishes = (
        (top_ups.book, TopUp("t3", member, 100, PayWay.CASH)),
        (provider_orders.ask, TopUp("w1", member, 100, PayWay.ALIPAY)),
    )
    for work, wish in wishes:
        with pytest.raises(RuleRefused) as caught:
            change_of(books, work, wish)
        assert (caught.value.reason, caught.value.detail["missing"]) == ("identity_needed", "id_document")
    with pytest.raises(RuleRefused, match="identity_needed missing=name id_document contact"):
        change_of(books, gift_sales.sell, "G1", 20_000, PayWay.CASH)
    change_of(books, files.change_file, member, {"id_document": "110101199003070000"}, why="shown")
    top_up(books, member, 100, "t3")


def test_what_is_paid_after_an_order_ran_out_is_credited_all_the_same(
    books: Books, member: str, clock: ManualClock
) -> None:
    change_of(books, provider_orders.ask, TopUp("w1", member, 6_000, PayWay.WECHAT))
    clock.set_wall(in_minutes(clock.now(), 31))
    with books.look() as look:
        assert [each.state for each in provider_orders.orders_of(look, member)] == [OrderState.EXPIRED]
    change_of(books, provider_orders.confirm, "w1", 6_000)
    change_of(books, provider_orders.confirm, "w1", 6_000)
    assert owned(books, member) == (6_000, 0, 0)


def test_a_top_up_pays_what_is_overdrawn_first(books: Books, member: str) -> None:
    set_rule(books, "stored_value.debt_minor", 3_000)
    top_up(books, member, 500)
    sell(books, "s1", basket(member, "tea"))
    assert owned(books, member) == (0, 0, 1_500)
    answer = top_up(books, member, 1_000, "t2")
    assert (answer.before_minor, answer.debt_paid_minor, answer.after_minor) == (-1_500, 1_000, -500)
    assert owned(books, member) == (0, 0, 500)
    change_of(books, provider_orders.ask, TopUp("w1", member, 2_000, PayWay.ALIPAY))
    change_of(books, provider_orders.confirm, "w1", 2_000, actor=BOSS)
    assert owned(books, member) == (1_500, 0, 0)
    with books.look() as look:
        assert sum(each.lot.paid_minor for each in lots_of(look, member)) == 3_500


def test_what_is_held_of_an_account_cannot_be_spent(books: Books, member: str, clock: ManualClock) -> None:
    top_up(books, member, 2_000)
    lease = Account(AccountKind.LEASE, "demo:card")
    held = make_posting("lease-1", (principal_of(member), -500), (lease, 500))
    change_of(books, hold, held, in_minutes(clock.now(), 60))
    with pytest.raises(RuleRefused) as caught:
        sell(books, "s1", basket(member, "tea"))
    assert (caught.value.reason, caught.value.detail["there"]) == ("not_enough", 1_500)
    change_of(books, void, "lease-1", by="desk-1", why="over")
    sell(books, "s1", basket(member, "tea"))
    assert owned(books, member) == (0, 0, 0)
