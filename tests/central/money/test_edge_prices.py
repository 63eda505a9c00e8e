"""The price list on its way to the boxes: what they charge without a line is what the counter quotes."""

from datetime import timedelta

import msgspec
from sqlalchemy import select

from kiosk.central.club import benefits, earners
from kiosk.central.club.books import Books
from kiosk.central.money import items, ledger, times
from kiosk.central.money.counter import Basket, quote_basket
from kiosk.central.money.items import Item
from kiosk.central.roster import roster_state
from kiosk.central.tables import roster_row
from kiosk.club.calendar import MemberDay
from kiosk.club.gift_cards import TenderKind
from kiosk.club.prices import TierPrice
from kiosk.club.promotions import Promotion
from kiosk.core import goods
from kiosk.core.goods import AtTill, price_for
from tests.central.builders import ON_SQLITE, START, EdgeDevice, EdgeJournal, ManualClock, parked_rows
from tests.central.club.builders import DESK
from tests.central.club.builders_points import run_job
from tests.central.money.builders import TODAY
from tests.central.money.builders_sales import BOSS, open_counter, set_rule
from tests.central.money.edges import Club, make_member, make_sale, sold


def told(books: Books) -> dict[str, goods.Item]:
    """Return the price list as the roster has it."""
    query = select(roster_row.c.body).where(roster_row.c.key >= b"item:", roster_row.c.key < b"item;")
    with books.look() as look:
        bodies = look.connection.execute(query).scalars().all()
    return {each.id: each for each in (msgspec.json.decode(bytes(body), type=goods.Item) for body in bodies)}


def revision(books: Books) -> int:
    with books.look() as look:
        return roster_state(look.connection).revision


@ON_SQLITE
def test_without_a_line_a_box_charges_what_the_counter_quotes(both_books: Books) -> None:
    (member,) = open_counter(both_books)
    with both_books.look() as look:
        tier = earners.tiers_of(look, [member])[member]
    plans = {
        "prices.tier_prices": (TierPrice(tier, 93), TierPrice(tier, 85, "tea")),
        "calendar.member_days": (MemberDay("sunday", dates=(TODAY,), price_percent=92),),
        "promotions.promotions": (
            Promotion("autumn", TODAY, TODAY + timedelta(days=9), percent=80, goods=("clothes", "cup")),
            Promotion("deep", TODAY, TODAY, percent=55, goods=("tea",), floor_percent=60),
            Promotion("much", TODAY, TODAY, percent=60, goods=("lesson",), threshold_minor=100_000),
        ),
    }
    both_books.change(BOSS, lambda change: items.save(change, Item("cup", "杯", "Cup", 333, floor_minor=330)))
    seen = set()
    for rule, plan in [("", ()), *plans.items()]:
        if rule:
            set_rule(both_books, rule, plan)
        listed = told(both_books)
        with both_books.look() as look:
            for who in (None, member):
                for tender in (TenderKind.CASH, TenderKind.STORED_VALUE, TenderKind.GIFT_CARD):
                    for item in ("shirt", "water", "tea", "lesson", "cup"):
                        if (tender is TenderKind.STORED_VALUE and who is None) or (
                            who and tender is TenderKind.GIFT_CARD
                        ):
                            continue
                        quoted = quote_basket(look, Basket(((item, 1),), (tender,), who)).total_minor
                        buyer = AtTill(look.today, tender.value, who is not None, tier if who else "")
                        here, why = price_for(listed[item], buyer)
                        assert here == quoted, (rule, item, tender, who, why)
                        seen.add(why)
    assert seen == {"", "instant", "stored_value", "tier", "member_day", "promotion"}


@ON_SQLITE
def test_the_boxes_list_follows_the_items_and_the_rules_and_a_quiet_night_changes_nothing(both_books: Books) -> None:
    open_counter(both_books)
    assert (told(both_books)["lessons10"].members, told(both_books)["tea"].members) == (True, False)
    assert told(both_books)["lounge_tea"].tiers == ("gold",)
    both_books.change(BOSS, lambda change: items.save(change, Item("tea", "茶", "Tea", 2_500)))
    both_books.change(BOSS, lambda change: items.save(change, Item("lesson", "课程", "Lesson", 1, offered=False)))
    both_books.change(BOSS, lambda change: items.save(change, Item("villa", "别墅", "Villa", 10**10)))
    assert told(both_books)["tea"].price_minor == 2_500
    assert not {"lesson", "villa"} & told(both_books).keys()
    set_rule(both_books, "prices.schemes", ())
    assert told(both_books)["shirt"].offers == ()
    run_job(benefits.run, both_books, TODAY)
    before = revision(both_books)
    run_job(benefits.run, both_books, TODAY + timedelta(days=1))
    assert revision(both_books) == before


@ON_SQLITE
def test_pieces_bought_before_are_bought_and_used_up_at_an_edge_and_come_back_with_the_sale(
    both_books: Books, clock: ManualClock
) -> None:
    north = EdgeDevice("north-1")
    club = Club(both_books, clock, north)
    make_member(both_books, 1, 10_000)
    member, journal = f"{1:016x}", EdgeJournal()
    club.books.change(DESK, lambda change: items.save(change, Item("towel", "毛巾", "Towel", 500)))
    ten = Item("towels10", "十条", "Ten towels", 4_000, times=10, times_of="towel")
    club.books.change(DESK, lambda change: items.save(change, ten))
    bought = [{"item": "towels10", "quantity": 1, "price_minor": 4_000}]
    sold(journal, "sale-0001", START, price_minor=4_000, lines=bought)
    lines = [{"item": "towel", "quantity": 3, "price_minor": 0}]
    free = {"lines": lines, "tender": "free", "unleased_minor": None, "price_minor": 0, "offline": False}
    sold(journal, "sale-0002", START, used={"towel": 3}, **free)
    sold(journal, "sale-0003", START, used={"towel": 9}, **free)
    data = make_sale("sale-0002", used={"towel": 3}, void_id="void-0001", **free)
    journal.append("sale.voided", data, START)
    sold(journal, "sale-0004", START, used={"towel": -1}, **free)
    assert club.send(north, journal) == "ok"
    club.settle()
    with club.books.look() as look:
        left = ledger.balance(look, times.times_account(member, "towel"))
    # Ten came, three and then the last seven went, and the three came back.
    assert left == 3
    assert [why for why, _, _ in parked_rows(club.books.database)] == ["bad_data"]
    club.assert_proved()
