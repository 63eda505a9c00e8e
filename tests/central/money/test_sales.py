"""Sales: the best price for the member, paid to the last fen, once, and undone so that nothing of them is left."""

from collections.abc import Iterator
from datetime import date, timedelta

import msgspec
import pytest

from kiosk.central.club import coupons, earners, points
from kiosk.central.club.books import Books
from kiosk.central.club.cases import case_page
from kiosk.central.club.gifts import gifts_of
from kiosk.central.club.refused import RuleRefused
from kiosk.central.money import corrections, counter, items, sales, voiding
from kiosk.central.money.items import Item
from kiosk.central.money.ledger import NotEnough, PostedOtherwise, hold, void
from kiosk.central.money.sale_book import SaleRow
from kiosk.central.money.stored_lots import principal_of
from kiosk.central.money.times import times_account
from kiosk.club.calendar import MemberDay
from kiosk.club.coupons import CouponKind, CouponState
from kiosk.club.gift_cards import TenderKind
from kiosk.club.ledger import Account, AccountKind
from kiosk.club.life import StepRefused
from kiosk.club.paying_back import PayWay
from kiosk.club.prices import SpendGift, TierPrice
from kiosk.club.promotions import Promotion
from kiosk.club.sales import Sale, SaleLine, SaleState, Tender
from kiosk.club.stored_value import BonusTier
from tests.central.builders import START, ManualClock
from tests.central.money.builders import in_minutes, make_posting, on
from tests.central.money.builders_sales import (
    BOSS,
    CARD,
    CASH,
    LIST,
    SALES,
    STORED,
    TILL,
    ask_refund,
    basket,
    change_of,
    check,
    open_counter,
    owned,
    pay_out,
    postings,
    sell,
    set_rule,
    top_up,
)

TODAY = date(2026, 11, 22)


@pytest.fixture
def member(books: Books) -> str:
    return open_counter(books)[0]


@pytest.fixture(autouse=True)
def _proved(books: Books) -> Iterator[None]:
    """The books hold after every test, and lots and accounts say the same."""
    yield
    check(books)


def price(books: Books, what: counter.Basket) -> int:
    with books.look() as look:
        return counter.quote_basket(look, what).total_minor


def reasons(row: SaleRow, item: str) -> list[str]:
    return [each.partition(":")[0] for line in row.lines if line.item == item for each in line.reasons]


@pytest.mark.proves("S45", "S46", "R25", "R95", "R96", "R97")
def test_showing_the_card_takes_five_percent_off_and_stored_value_more(books: Books, member: str) -> None:
    assert price(books, basket(None, "shirt", by=[CASH])) == 10_000
    assert price(books, basket(member, "shirt", by=[CASH])) == 9_500
    assert price(books, basket(member, "shirt", by=[STORED])) == 9_000
    top_up(books, member, 20_000)
    with books.look() as look:
        quoted = counter.quote_basket(look, basket(member, "shirt"))
    assert (quoted.before_minor, quoted.total_minor, quoted.after_minor) == (20_000, 9_000, 11_000)
    row = sell(books, "s1", basket(member, "shirt"), total_minor=9_000)
    assert (row.head.total_minor, reasons(row, "shirt")) == (9_000, ["stored_value"])
    assert (owned(books, member), on(books, SALES)) == ((11_000, 0, 0), [9_000])
    sell(books, "s2", basket(member, "shirt", by=[CASH]))
    assert on(books, SALES, TILL) == [18_500, 29_500]
    with pytest.raises(RuleRefused) as caught:
        sell(books, "s3", basket(member, "shirt"), total_minor=8_999)
    assert caught.value.reason == "price_changed"


@pytest.mark.proves("S45")
def test_a_purchase_takes_paid_and_given_in_the_ratio_of_the_order_the_oldest_first(books: Books, member: str) -> None:
    set_rule(books, "stored_value.bonus_tiers", [BonusTier(50_000, 10_000)])
    top_up(books, member, 1_000, "t1")
    top_up(books, member, 50_000, "t2")
    row = sell(books, "s1", basket(member, "tea", "shirt"))
    assert row.head.total_minor == 11_000
    assert [(each.order, each.principal_minor, each.bonus_minor) for each in row.takes] == [
        ("t1", 1_000, 0), ("t2", 8_333, 1_667),
    ]  # fmt: skip
    assert owned(books, member) == (41_667, 8_333, 0)


@pytest.mark.proves("S50", "S51", "R98", "R99", "R100", "R101")
def test_offers_count_by_day_tier_and_amount_never_twice_and_never_below_the_floor(books: Books, member: str) -> None:
    set_rule(books, "calendar.member_days", [MemberDay("sunday", weekdays=(7,), price_percent=85)])
    assert price(books, basket(member, "tea", by=[CASH])) == 1_700
    assert price(books, basket(None, "tea", by=[CASH])) == 2_000, "everybody else pays the list price"
    year_end = Promotion(
        "year_end", date(2026, 11, 10), date(2026, 12, 5), percent=70, threshold_minor=5_000, times_max=1
    )
    set_rule(books, "promotions.promotions", [year_end])
    set_rule(books, "prices.gifts", [SpendGift(12_000, "umbrella")])
    assert price(books, basket(member, "tea", by=[CASH])) == 1_700, "below the amount from which it counts"
    twenty = basket(member, "lesson", by=[CASH])
    row = sell(books, "s1", twenty)
    assert (row.head.total_minor, reasons(row, "lesson"), row.head.gift) == (14_000, ["promotion"], "umbrella")
    with books.look() as look:
        assert [each.state for each in gifts_of(look, member) if each.code == "umbrella"] == ["due"]
    assert price(books, twenty) == 17_000, "the promotion is for once, the member day for every Sunday"
    set_rule(books, "prices.tier_prices", [TierPrice("silver", 20, "lesson")])
    row = sell(books, "s2", twenty)
    assert (row.head.total_minor, reasons(row, "lesson")) == (10_000, ["tier", "floor"])
    voided = change_of(books, voiding.void_sale, "s1", "brought back")
    assert voided.head.state is SaleState.VOIDED
    with books.look() as look:
        assert [each.state for each in gifts_of(look, member) if each.code == "umbrella"] == ["withdrawn"]
    set_rule(books, "prices.tier_prices", [])
    assert price(books, twenty) == 14_000, "a voided sale used no promotion"


@pytest.mark.proves("R102", "S50")
def test_a_season_is_offered_on_its_days_and_no_longer(books: Books, member: str, clock: ManualClock) -> None:
    season = Promotion("year_end", date(2026, 11, 10), date(2026, 12, 5), percent=70)
    set_rule(books, "promotions.promotions", [season])
    assert price(books, basket(member, "lesson", by=[CASH])) == 14_000
    clock.set_wall(in_minutes(clock.now(), 13 * 24 * 60))
    assert price(books, basket(member, "lesson", by=[CASH])) == 14_000, "on 5 December too"
    clock.set_wall(in_minutes(clock.now(), 24 * 60))
    assert price(books, basket(member, "lesson", by=[CASH])) == 20_000


@pytest.mark.proves("S50", "S51", "R96", "R100", "R101")
def test_a_plan_of_offers_that_breaks_its_own_limits_is_not_written_into_the_book(books: Books, member: str) -> None:
    def refused(rule: str, value: object) -> str:
        with pytest.raises(RuleRefused) as caught:
            set_rule(books, rule, value)
        return str(caught.value)

    cheap = Promotion("cheap", TODAY, TODAY, percent=40)
    assert "too_cheap" in refused("promotions.promotions", [cheap])
    long = Promotion("long", TODAY, TODAY + timedelta(days=40), percent=80)
    assert "too_long" in refused("promotions.promotions", [long])
    one = Promotion("one", TODAY, TODAY, percent=80)
    soon = Promotion("soon", TODAY + timedelta(days=5), TODAY + timedelta(days=6), percent=80)
    assert "too_soon" in refused("promotions.promotions", [one, soon])
    assert "member day plain" in refused(
        "calendar.member_days", [MemberDay("plain", weekdays=(1,), points_percent=100)]
    )
    assert "nowhere" in refused("packs.chosen", ["nowhere"])


@pytest.mark.proves("S49", "S50")
def test_a_coupon_counts_for_the_sale_it_is_shown_at_and_comes_back_when_that_is_voided(
    books: Books, member: str
) -> None:
    change_of(books, coupons.save_kind, CouponKind("tea5", amount_off_minor=500, goods=("tea",)), "茶券")
    code = change_of(books, coupons.grant, "tea5", member).code
    row = sell(books, "s1", basket(member, "tea", by=[CASH], coupons=(code,)))
    assert (row.head.total_minor, row.head.coupons) == (1_500, (code,))
    with books.look() as look:
        assert coupons.coupon_of(look, code).state is CouponState.USED
        spent = earners.bought_by(look, member, look.today).spend_minor
        before = points.balance(look, member).available
    assert spent == 1_500
    with pytest.raises(RuleRefused):
        sell(books, "s2", basket(member, "tea", by=[CASH], coupons=(code,)), total_minor=1_500)
    change_of(books, voiding.void_sale, "s1", "wrong cup")
    with books.look() as look:
        assert coupons.coupon_of(look, code).state is CouponState.USABLE
        assert earners.bought_by(look, member, look.today).spend_minor == 0
        assert points.balance(look, member).available < before


@pytest.mark.proves("S55", "R162")
def test_a_courtesy_is_written_down_at_no_price_and_for_its_tiers_only(books: Books, member: str) -> None:
    before = postings(books)
    row = sell(books, "s1", basket(member, "water", by=[CASH]))
    assert (row.head.total_minor, row.tenders, postings(books)) == (0, (), before)
    sell(books, "s2", basket(None, "water", by=[CASH]))
    with pytest.raises(RuleRefused) as caught:
        sell(books, "s3", basket(member, "lounge_tea", by=[CASH]))
    assert caught.value.reason == "not_for_this_tier"
    change_of(books, items.save, msgspec.structs.replace(LIST[1], offered=False))
    with pytest.raises(RuleRefused) as caught:
        sell(books, "s4", basket(member, "water", by=[CASH]))
    assert caught.value.reason == "not_offered"
    assert change_of(books, voiding.void_sale, "s1", "not wanted").head.state is SaleState.VOIDED


@pytest.mark.proves("S50")
def test_what_was_bought_ahead_is_used_up_first(books: Books, member: str) -> None:
    top_up(books, member, 200_000, way=PayWay.BANK_CARD)
    sell(books, "s1", basket(member, "lessons10"))
    lessons = times_account(member, "lesson")
    assert (owned(books, member), on(books, lessons)) == ((50_000, 0, 0), [10])
    twelve = counter.Basket((("lesson", 12),), (STORED,), member)
    row = sell(books, "s2", twelve)
    assert (row.head.total_minor, row.used, row.lines[0].entitled) == (40_000, (("lesson", 10),), 10)
    assert (owned(books, member), on(books, lessons)) == ((10_000, 0, 0), [0])
    change_of(books, voiding.void_sale, "s2", "ill")
    assert (owned(books, member), on(books, lessons)) == ((50_000, 0, 0), [10])
    sell(books, "s3", basket(member, "lesson"))
    with pytest.raises(NotEnough):
        change_of(books, voiding.void_sale, "s1", "one is used already")


@pytest.mark.proves("S45")
def test_l07_pieces_of_one_item_are_one_line_and_the_total_is_exact(books: Books, member: str) -> None:
    change_of(books, items.save, Item("cup", "杯", "Cup", 333, goods="clothes"))
    what = counter.Basket((("cup", 2), ("tea", 1), ("cup", 5)), (CARD,), member)
    row = sell(books, "s1", what)
    assert [(each.item, each.quantity, each.list_minor, each.net_minor) for each in row.lines] == [
        ("cup", 7, 2_331, 2_212), ("tea", 1, 2_000, 2_000),
    ]  # fmt: skip
    assert row.head.total_minor == sum(each.amount_minor for each in row.tenders) == 4_212


@pytest.mark.proves("S45", "S49")
def test_l08_a_void_restores_everything_once_and_a_corrected_sale_is_not_voided(books: Books, member: str) -> None:
    top_up(books, member, 20_000)
    before = on(books, principal_of(member), SALES, TILL)
    sell(books, "s1", basket(member, "shirt"))
    change_of(books, voiding.void_sale, "s1", "wrong size")
    assert on(books, principal_of(member), SALES, TILL) == before
    with pytest.raises(StepRefused):
        change_of(books, voiding.void_sale, "s1", "again")
    sell(books, "s2", counter.Basket((("tea", 3),), (STORED,), member))
    back = change_of(books, corrections.correct_sale, "s2", {"tea": 2}, "two were cold")
    assert (back.head.state, back.head.back_minor) == (SaleState.CORRECTED, 4_000)
    assert owned(books, member) == (18_000, 0, 0)
    with pytest.raises(StepRefused):
        change_of(books, voiding.void_sale, "s2", "all of it")
    with pytest.raises(RuleRefused) as caught:
        change_of(books, corrections.correct_sale, "s2", {"tea": 2}, "one more")
    assert (caught.value.reason, caught.value.detail["left"]) == ("more_than_sold", 1)
    with books.look() as look:
        assert earners.bought_by(look, member, look.today).spend_minor == 2_000
    with pytest.raises(PostedOtherwise):
        change_of(books, sales.book_sale, offline("s2", member, 1_000))


@pytest.mark.proves("S45")
def test_later_than_five_minutes_a_void_takes_two_people(books: Books, member: str, clock: ManualClock) -> None:
    top_up(books, member, 20_000)
    sell(books, "s1", basket(member, "shirt"))
    sell(books, "s2", basket(member, "tea"))
    asked = change_of(books, voiding.void_sale, "s2", "not mine to void", actor=BOSS)
    assert asked.head.state is SaleState.VOID_ASKED
    clock.set_wall(in_minutes(clock.now(), 6))
    assert change_of(books, voiding.void_sale, "s1", "too small").head.state is SaleState.VOID_ASKED
    with pytest.raises(RuleRefused) as caught:
        change_of(books, voiding.decide_void, "s1", agree=True, why="it is")
    assert caught.value.reason == "own_request"
    assert owned(books, member) == (9_000, 0, 0)
    done = change_of(books, voiding.decide_void, "s1", agree=True, why="seen", actor=BOSS)
    assert (done.head.state, done.head.void_by) == (SaleState.VOIDED, BOSS.id)
    kept = change_of(books, voiding.decide_void, "s2", agree=False, why="it was drunk")
    assert (kept.head.state, owned(books, member)) == (SaleState.MADE, (18_000, 0, 0))
    with pytest.raises(StepRefused):
        change_of(books, voiding.decide_void, "s2", agree=True, why="nobody asked", actor=BOSS)


def offline(id: str, member: str | None, amount_minor: int) -> Sale:
    line, paid = SaleLine("tea", 1, amount_minor, amount_minor), Tender(STORED, amount_minor)
    return Sale(id, "demo", "edge-1", "edge-1", START, (line,), (paid,), member=member, offline=True)


@pytest.mark.proves("S45")
def test_what_an_edge_sold_is_posted_whatever_the_books_say(books: Books, member: str) -> None:
    top_up(books, member, 2_000)
    row = change_of(books, sales.book_sale, offline("e1", member, 1_500))
    assert (row.head.debt_minor, row.head.loss_minor, owned(books, member)) == (0, 0, (500, 0, 0))
    assert change_of(books, sales.book_sale, offline("e1", member, 1_500)) == row
    row = change_of(books, sales.book_sale, offline("e2", member, 9_000))
    loss = Account(AccountKind.LOSS)
    assert (row.head.debt_minor, row.head.loss_minor, owned(books, member)) == (5_000, 3_500, (0, 0, 5_000))
    assert on(books, SALES, loss) == [10_500, -3_500]
    with books.look() as look:
        assert [each.member for each in case_page(look)] == [member]
    nobody = change_of(books, sales.book_sale, offline("e3", "f" * 16, 100))
    assert (nobody.head.member, nobody.head.loss_minor) == (None, 100)
    top_up(books, member, 6_000, "t2")
    assert owned(books, member) == (1_000, 0, 0)
    back = change_of(books, corrections.correct_sale, "e2", {"tea": 1}, "it never came")
    assert (back.head.back_minor, on(books, loss)) == (9_000, [-100])
    assert owned(books, member) == (6_500, 0, 0), "what a top-up has paid of the debt is the member's again"


def test_a_void_gives_back_what_a_top_up_has_paid_of_its_debt(books: Books, member: str) -> None:
    row = change_of(books, sales.book_sale, offline("e1", member, 6_000))
    assert (row.head.debt_minor, row.head.loss_minor) == (5_000, 1_000)
    top_up(books, member, 2_000)
    assert owned(books, member) == (0, 0, 3_000)
    change_of(books, voiding.void_sale, "e1", "a test of the till")
    change_of(books, voiding.decide_void, "e1", agree=True, why="it was", actor=BOSS)
    assert (owned(books, member), on(books, Account(AccountKind.LOSS))) == ((2_000, 0, 0), [0])


def test_an_edge_spends_no_more_than_a_hold_leaves_free(books: Books, member: str) -> None:
    top_up(books, member, 2_000)
    lease = make_posting("lease-1", (principal_of(member), -1_500), (Account(AccountKind.LEASE, "x:c"), 1_500))
    change_of(books, hold, lease, in_minutes(START, 60))
    row = change_of(books, sales.book_sale, offline("e1", member, 1_000))
    assert (row.head.debt_minor, owned(books, member)) == (500, (1_500, 0, 500))
    change_of(books, void, "lease-1", by="edge-1", why="over")


@pytest.mark.proves("R91")
def test_points_pay_at_a_till_where_the_rules_let_them_become_cash(books: Books, member: str) -> None:
    paid = (Tender(TenderKind.POINTS, 500, points=500), Tender(CASH, 1_500))
    what = basket(member, "tea", by=[TenderKind.POINTS, CASH])
    with pytest.raises(RuleRefused) as caught:
        sell(books, "s1", what, tenders=paid)
    assert caught.value.reason == "points_do_not_pay"
    set_rule(books, "rewards.cash", True)
    set_rule(books, "sales.point_minor", 1)
    with books.look() as look:
        before = points.balance(look, member).available
    sell(books, "s1", what, tenders=paid)
    with books.look() as look:
        assert points.balance(look, member).spent == 500
    assert on(books, Account(AccountKind.BONUS_EXPENSE), SALES, TILL) == [-500, 2_000, 1_500]
    change_of(books, voiding.void_sale, "s1", "no tea left")
    with books.look() as look:
        assert points.balance(look, member).available == before
    with pytest.raises(RuleRefused) as caught:
        sell(books, "s2", what, tenders=(Tender(CASH, 1_999),))
    assert caught.value.reason == "wrong_amount"


def test_a_story_of_stored_value_is_the_same_on_sqlite_and_postgresql(both_books: Books) -> None:
    member = open_counter(both_books)[0]
    set_rule(both_books, "stored_value.bonus_tiers", [BonusTier(20_000, 2_000)])
    top_up(both_books, member, 20_000)
    sell(both_books, "s1", basket(member, "tea"))
    sell(both_books, "s2", counter.Basket((("shirt", 2),), (STORED,), member))
    change_of(both_books, voiding.void_sale, "s1", "spilled")
    change_of(both_books, corrections.correct_sale, "s2", {"shirt": 1}, "too small")
    change_of(both_books, sales.book_sale, offline("e1", member, 14_000))
    assert owned(both_books, member) == (0, 0, 1_000)
    top_up(both_books, member, 5_000, "t2", PayWay.WECHAT)
    ask_refund(both_books, member)
    assert pay_out(both_books).amount_minor == 4_000
    check(both_books)
