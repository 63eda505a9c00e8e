"""What a till asks of central: prices to the fen for whoever shows a card, and whether there is money."""

import msgspec
import pytest

from kiosk.central.club.books import Books
from kiosk.central.members import cards_by, save_cards
from kiosk.central.money import items, top_ups
from kiosk.central.money.items import Item
from kiosk.central.money.top_ups import TopUp
from kiosk.club.paying_back import PayWay
from kiosk.club.promotions import Promotion
from kiosk.core.model import CredentialState
from kiosk.core.self_service import MaySpend, QuoteAsked, Quoted, QuotedLine, SpendAsked, Subject
from tests.central.club.builders_activities import card
from tests.central.money.builders_fees import TODAY, do, set_rule
from tests.central.money.builders_sales import basket, sell
from tests.central.self_service.builders import CARD, Kiosk, join, open_house


@pytest.fixture
def kiosk(books: Books) -> Kiosk:
    """A kiosk of a club that is open."""
    open_house(books)
    return Kiosk(books)


@pytest.mark.proves("S46", "S50")
def test_pieces_times_prices_are_the_total_whatever_is_off_and_whatever_was_paid_ahead(
    kiosk: Kiosk, books: Books
) -> None:
    member = join(books)
    do(books, top_ups.book, TopUp("t1", member, 300_000, PayWay.BANK_CARD))
    do(books, items.save, Item("lessons2", "两次课", "Two lessons", 30_000, times=2, times_of="lesson"))
    sell(books, "s1", basket(member, "lessons2"))
    set_rule(books, "promotions.promotions", [Promotion("spring", TODAY, TODAY, off_minor=1_000)])
    asked = QuoteAsked((("tea", 3), ("lesson", 3)), "stored_value", CARD)
    told = kiosk.ask(Subject.QUOTE, asked)
    assert sum(each.quantity * each.price_minor for each in told.lines) == told.total_minor == 25_000
    assert QuotedLine("lesson", 2, 0, 20_000, "entitlement") in told.lines
    assert {each.why for each in told.lines} == {"entitlement", "promotion"}
    assert sum(each.quantity for each in told.lines if each.item == "tea") == 3
    assert (told.before_minor, told.after_minor) == (275_000, 250_000)
    in_cash = kiosk.ask(Subject.QUOTE, QuoteAsked((("tea", 1),), "cash"))
    assert (in_cash.before_minor, in_cash.after_minor) == (None, None)


def test_what_is_not_sold_so_has_a_reason_and_no_price(kiosk: Kiosk, books: Books) -> None:
    join(books)
    for item, tender, credential, reason in (
        ("moon", "cash", "", "not_possible"),
        ("tea", "shells", "", "not_possible"),
        ("tea", "stored_value", "", "needs_member"),
        ("tea", "stored_value", card(9), "needs_member"),
        ("tea", "points", CARD, "points_do_not_pay"),
    ):
        told = kiosk.ask(Subject.QUOTE, QuoteAsked(((item, 1),), tender, credential))
        assert told == Quoted((), 0, reason=reason)


def test_points_pay_where_the_club_says_what_one_is_worth(kiosk: Kiosk, books: Books) -> None:
    join(books)
    set_rule(books, "rewards.cash", True)
    set_rule(books, "sales.point_minor", 10)
    assert kiosk.ask(Subject.QUOTE, QuoteAsked((("tea", 1),), "points", CARD)).points == 200
    set_rule(books, "sales.point_minor", 30)
    told = kiosk.ask(Subject.QUOTE, QuoteAsked((("tea", 1),), "points", CARD))
    assert (told.points, told.reason) == (None, "points_do_not_pay")


def test_a_price_that_does_not_divide_by_the_pieces_is_told_to_the_fen(kiosk: Kiosk, books: Books) -> None:
    do(books, items.save, Item("soap", "皂", "Soap", 333))
    set_rule(books, "promotions.promotions", [Promotion("spring", TODAY, TODAY, off_minor=100, goods=("soap",))])
    told = kiosk.ask(Subject.QUOTE, QuoteAsked((("soap", 3),), "cash"))
    pieces = {(each.quantity, each.price_minor) for each in told.lines}
    assert (pieces, told.total_minor) == ({(1, 299), (2, 300)}, 899)


def test_a_card_that_was_lost_gets_no_members_price(kiosk: Kiosk, books: Books) -> None:
    join(books)
    with books.look() as look:
        (mine,) = cards_by(look.connection, "id", [CARD])
    with books.database.begin() as connection:
        save_cards(connection, [msgspec.structs.replace(mine, state=CredentialState.LOST)])
    assert kiosk.ask(Subject.QUOTE, QuoteAsked((("tea", 1),), "stored_value", CARD)).reason == "needs_member"


def test_a_till_is_told_whether_there_is_so_much_to_spend(kiosk: Kiosk, books: Books) -> None:
    member = join(books)
    do(books, top_ups.book, TopUp("t1", member, 600, PayWay.CASH))
    asked = [kiosk.ask(Subject.SPEND, SpendAsked(member, each)) for each in (600, 601)]
    assert asked == [MaySpend(True), MaySpend(False)]
    assert kiosk.ask(Subject.SPEND, SpendAsked("nobody", 1)) == MaySpend(False)
