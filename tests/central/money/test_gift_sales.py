"""Gift cards and money: sold for money, spent alone, empty in the end, and never a member's."""

from collections.abc import Iterator

import msgspec
import pytest

from kiosk.central.club import gift_cards, special_cards
from kiosk.central.club.books import Books
from kiosk.central.club.refused import RuleRefused
from kiosk.central.money import gift_sales, sales, voiding
from kiosk.central.money.ledger import PostedOtherwise
from kiosk.club.card_kinds import Holder
from kiosk.club.gift_cards import GiftState, TenderKind, state_on
from kiosk.club.ledger import Account, AccountKind
from kiosk.club.paying_back import PayWay
from kiosk.club.sales import Sale, SaleLine, Tender
from tests.central.builders import START
from tests.central.club.builders_cards import (
    IT,
    assign,
    credential,
    encode,
    put_club,
    put_special,
    put_stock,
)
from tests.central.money.builders import on
from tests.central.money.builders_sales import (
    BOSS,
    CASH,
    LIST,
    SALES,
    TILL,
    basket,
    change_of,
    check,
    items,
    open_counter,
    sell,
)

GIFT = TenderKind.GIFT_CARD


@pytest.fixture
def number(books: Books) -> str:
    """A gift card in stock."""
    put_club(books)
    for each in LIST:
        change_of(books, items.save, each, actor=BOSS)
    made = put_stock(books, "gift", 1)[0]
    encode(books, made)
    return made


@pytest.fixture(autouse=True)
def _proved(books: Books) -> Iterator[None]:
    """The books hold after every test."""
    yield
    check(books)


def account(number: str) -> Account:
    return Account(AccountKind.GIFT_CARD, number)


def by_card(number: str, amount_minor: int) -> tuple[Tender, ...]:
    return (Tender(GIFT, amount_minor, of=number),)


@pytest.mark.proves("S29", "R26", "R28", "R29", "R31")
def test_a_gift_card_is_sold_for_money_and_spent_at_list_prices_until_it_is_called_in(
    books: Books, number: str
) -> None:
    sold = change_of(books, gift_sales.sell, number, 12_000, PayWay.CASH)
    assert (sold.balance_minor, on(books, account(number), TILL, SALES)) == (12_000, [12_000, 12_000, 0])
    what = basket(None, "shirt", by=[GIFT])
    row = sell(books, "s1", what, tenders=by_card(number, 10_000))
    assert (row.head.total_minor, row.lines[0].net_minor) == (10_000, 10_000)
    with pytest.raises(RuleRefused) as caught:
        sell(books, "s2", what, tenders=by_card(number, 10_000))
    assert caught.value.reason == "balance_too_low"
    sell(books, "s3", basket(None, "tea", by=[GIFT]), tenders=by_card(number, 2_000))
    assert on(books, account(number), SALES) == [0, 12_000]
    with books.look() as look:
        assert gift_cards.empty_gifts(look) == [number]
        assert state_on(gift_cards.gift_of(look, number), look.today) is GiftState.EMPTY
    change_of(books, voiding.void_sale, "s3", "spilled")
    with books.look() as look:
        assert gift_cards.gift_of(look, number).balance_minor == 2_000
        assert gift_cards.empty_gifts(look) == []


@pytest.mark.proves("S29", "R26", "R27", "R28", "R29")
def test_a_gift_card_is_not_mixed_and_brings_a_member_nothing(books: Books, number: str) -> None:
    member = open_counter(books)[0]
    change_of(books, gift_sales.sell, number, 12_000, PayWay.BANK_CARD)
    both = (Tender(GIFT, 1_000, of=number), Tender(CASH, 1_000))
    with pytest.raises(RuleRefused) as caught:
        sell(books, "s1", basket(None, "tea", by=[GIFT, CASH]), tenders=both)
    assert caught.value.reason == "mixed"
    with pytest.raises(RuleRefused) as caught:
        sell(books, "s2", basket(member, "tea", by=[GIFT]), tenders=by_card(number, 2_000))
    assert caught.value.reason == "member_benefit"
    assert on(books, account(number), SALES) == [12_000, 0]


@pytest.mark.proves("R30", "R33")
def test_an_unnamed_card_holds_no_more_than_the_packs_allow_and_is_sold_once(books: Books, number: str) -> None:
    with pytest.raises(RuleRefused) as caught:
        change_of(books, gift_sales.sell, number, 100_001, PayWay.CASH)
    assert caught.value.reason == "over_card_cap"
    change_of(books, gift_sales.sell, number, 100_000, PayWay.TRANSFER)
    assert on(books, account(number), Account(AccountKind.BANK)) == [100_000, 100_000]


@pytest.mark.proves("R31")
def test_what_an_edge_took_of_a_gift_card_is_posted_as_far_as_there_is_any(books: Books, number: str) -> None:
    change_of(books, gift_sales.sell, number, 5_000, PayWay.CASH)
    line = SaleLine("tea", 1, 6_000, 6_000)
    said = Sale("x", "demo", "edge-1", "edge-1", START, (line,), by_card(number, 6_000), offline=True)
    row = change_of(books, sales.book_sale, said)
    assert (row.head.loss_minor, on(books, account(number), Account(AccountKind.LOSS))) == (1_000, [0, -1_000])
    with pytest.raises(PostedOtherwise):
        change_of(books, sales.book_sale, msgspec.structs.replace(said, till="edge-2"))


@pytest.mark.proves("S30")
def test_a_special_card_takes_its_discount_at_the_till_while_it_is_on(books: Books) -> None:
    put_club(books)
    for each in LIST:
        change_of(books, items.save, each, actor=BOSS)
    request = put_special(books)
    special = put_stock(books, "special", 1)[0]
    encode(books, special)
    shown = credential(special)
    what = basket(None, "tea", by=[CASH], card=shown)
    assert sell(books, "s1", what).head.total_minor == 2_000, "it belongs to no request yet"
    assign(books, special, None, holder=Holder.STAFF, request=request)
    assert sell(books, "s2", what).head.total_minor == 1_600
    change_of(books, special_cards.close, request, why="the drive is over", actor=IT)
    assert sell(books, "s3", what).head.total_minor == 2_000
