"""A price list, a member who topped up and bought, a refund and an order that wait, and money that is nobody's."""

from kiosk.central.club.books import Actor, Books, Change
from kiosk.central.database import Database
from kiosk.central.money import counter, edge_top_ups, items, provider_orders, refunds, top_ups
from kiosk.central.money.counter import Basket
from kiosk.central.money.edge_top_ups import EdgeTopUp
from kiosk.central.money.items import Item
from kiosk.central.money.top_ups import Place, TopUp
from kiosk.club.gift_cards import TenderKind
from kiosk.club.paying_back import PayWay
from tests.builders import NOW, FakeClock
from tests.office.builders import MEMBER

MONEY_IDS = {"item": "tea", "sale": "sale-1", "refund": "rf1", "top_up_order": "o1", "suspense": "6"}
"""What `fill_money` writes down, as paths name it."""

DESK = Actor("till-1")
AT = Place("demo", "desk")
ITEMS = (Item("tea", "茶", "Tea", 2_000), Item("shirt", "运动衫", "Shirt", 10_000, goods="clothes"))


def fill_money(database: Database) -> None:
    """Write down what the office shows of money; MEMBER has topped up 100 yuan and bought a tea."""

    def work(change: Change) -> None:
        for item in ITEMS:
            items.save(change, item)
        top_ups.book(change, TopUp("t1", MEMBER, 10_000, PayWay.CASH, AT))
        counter.sell(change, "sale-1", Basket((("tea", 1),), (TenderKind.STORED_VALUE,), MEMBER, place=AT))
        refunds.request(change, "rf1", MEMBER, 1_000, "a remark")
        provider_orders.ask(change, TopUp("o1", MEMBER, 5_000, PayWay.WECHAT, AT))
        edge_top_ups.book_top_up(change, EdgeTopUp("n1", "", 3_000, PayWay.WECHAT, "demo", "desk", NOW, "till-1"))

    Books(database, FakeClock()).change(DESK, work)
