"""Cards at points of sale: what each has, moves of all or none, and asking for more."""

import pytest

from kiosk.central.club import stock
from kiosk.central.club.books import Books
from kiosk.central.club.refused import RuleRefused
from kiosk.club.card_stock import LowStock, PointKind, PointOfSale
from kiosk.core.errors import InvalidInput
from tests.central.builders import ManualClock
from tests.central.club.builders import noted, told
from tests.central.club.builders_cards import assign, do, kept, put_club, put_stock, put_waiting
from tests.central.club.builders_points import amend


def put_mall(books: Books) -> None:
    do(books, lambda change: stock.put_point(change, PointOfSale("mall", PointKind.MALL, "demo"), ["annual"]))


def stocks(books: Books) -> dict[tuple[str, str], int]:
    with books.look() as look:
        return dict(stock.stock(look))


@pytest.mark.proves("S26")
def test_cards_move_between_points_of_sale_all_or_none(both_books: Books) -> None:
    put_club(both_books)
    numbers = put_stock(both_books, quantity=3)
    put_mall(both_books)
    assert do(both_books, lambda change: stock.move(change, numbers[:2], "desk", "mall")) == 2
    assert stocks(both_books) == {("desk", "ordinary"): 1, ("mall", "ordinary"): 2}
    with pytest.raises(RuleRefused) as caught:
        do(both_books, lambda change: stock.move(change, numbers, "desk", "mall"))
    assert caught.value.reason == "at_another_point"
    assert kept(both_books, numbers[2]).card.point == "desk"
    assert noted(both_books, action="stock.move")[0]["after"]["count"] == 2


def test_only_cards_in_stock_are_moved_and_only_to_a_point_there_is(books: Books) -> None:
    put_club(books)
    numbers = put_stock(books, quantity=2)
    put_mall(books)
    assign(books, numbers[0], put_waiting(books))
    with pytest.raises(RuleRefused) as caught:
        do(books, lambda change: stock.move(change, numbers, "desk", "mall"))
    assert caught.value.reason == "not_in_stock"
    with pytest.raises(InvalidInput, match="no point of sale"):
        do(books, lambda change: stock.move(change, numbers, "desk", "moon"))
    with pytest.raises(InvalidInput, match="the limit is"):
        do(books, lambda change: stock.move(change, ["1"] * 5001, "desk", "mall"))


@pytest.mark.proves("S26", "R43")
def test_a_card_that_is_given_out_leaves_the_stock_at_once(books: Books) -> None:
    put_club(books)
    numbers = put_stock(books, quantity=2)
    assign(books, numbers[0], put_waiting(books))
    assert stocks(books) == {("desk", "ordinary"): 1}


@pytest.mark.proves("S26")
def test_staff_are_told_once_a_day_what_runs_low(books: Books, clock: ManualClock) -> None:
    put_club(books)
    amend(books, batches__low_stock=2)
    put_stock(books, quantity=2)
    put_stock(books, "lifetime", 3, point="tower")
    put_mall(books)
    with books.look() as look:
        low = stock.running_low(look)
    assert low == (LowStock("desk", "ordinary", 2), LowStock("mall", "annual", 0))
    assert [do(books, stock.ask_for_more) for _ in range(2)] == [2, 0]
    clock.pass_s(86400)
    assert do(books, stock.ask_for_more) == 2
    assert {row["channel"] for row in told(books, template="stock_low")} == {"office"}


def test_a_point_of_sale_sells_kinds_there_are(books: Books) -> None:
    put_club(books)
    point = PointOfSale("shop", PointKind.ONLINE, "demo")
    with pytest.raises(InvalidInput, match="no such kind"):
        do(books, lambda change: stock.put_point(change, point, ["golden"]))
    do(books, lambda change: stock.put_point(change, point, ["annual"]))
    do(books, lambda change: stock.put_point(change, point, ["month"]))
    assert noted(books, action="stock.point")[-1]["before"] == {"sold": ["annual"]}
    with books.look() as look:
        assert stock.points(look) == [point]


def test_the_nightly_job_tells_staff_once_a_day_of_what_runs_low(books: Books) -> None:
    put_club(books)
    put_mall(books)
    with books.look() as look:
        today = look.today
    for _ in range(2):
        assert stock.run(books, today, "").finished
    assert [each["template"] for each in told(books)] == ["stock_low"]
