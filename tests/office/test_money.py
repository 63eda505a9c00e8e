"""Money from the office's own doors: topped up, sold, voided, refunded, each by whom it is for, and the books hold."""

import csv
import io
from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import func, select

from kiosk.central.club.books import Actor, Books, Change
from kiosk.central.database import Database
from kiosk.central.money import payout_rows, payouts, provider_orders, provider_receiving
from kiosk.central.money.ledger import prove
from kiosk.central.money.tables import ledger_posting
from kiosk.central.money.top_ups import TopUp
from kiosk.central.pay.ways import offer
from kiosk.club.paying_back import PayWay
from kiosk.club.roles import Role
from tests.builders import FakeClock
from tests.central.money.builders import on
from tests.central.money.builders_sales import SALES, TILL
from tests.office.builders import MEMBER
from tests.office.builders_money import ITEMS
from tests.office.card_desk import Departments

DESK, FINANCE, MANAGER, MEMBERSHIP = Role.DESK, Role.FINANCE, Role.GENERAL_MANAGER, Role.MEMBERSHIP
PATH = f"/money/{MEMBER}"


@pytest.fixture
def club(app: Flask, database: Database, clock: FakeClock) -> Departments:
    """The departments of a club with a price list."""
    club = Departments(app, database, clock)
    for item in ITEMS:
        wish = {"id": item.id, "name": item.name, "name_en": item.name_en, "goods": item.goods}
        club.send(FINANCE, "/items", **wish, price=f"{item.price_minor // 100}.00")
    return club


@pytest.fixture(autouse=True)
def _proved(database: Database, clock: FakeClock) -> Iterator[None]:
    """The ledger holds after every test; what the template has of points was never posted."""
    yield
    with Books(database, clock).look() as look:
        assert [each for each in prove(look).found if each.check != "points"] == []


def postings(database: Database) -> int:
    with database.read() as connection:
        return int(connection.execute(select(func.count()).select_from(ledger_posting)).scalar_one())


@pytest.mark.proves("S45", "S46", "S53", "R20", "R25", "R95")
def test_a_member_tops_up_at_the_desk_buys_and_sees_it_all(club: Departments) -> None:
    quoted = club.read(DESK, f"{PATH}/top-up-quote?amount=200.50&way=cash")
    page = club.fill_in(DESK, f"/do/top_member_up/{MEMBER}", amount="200.50", way="cash", till="desk")
    assert "¥200.50" in page
    assert (quoted["before_minor"], quoted["after_minor"]) == (0, 20_050)
    club.fill_in(DESK, f"/do/top_member_up/{MEMBER}", 422, amount="1.005", way="cash", till="desk")
    wish = {"amount": "6000", "way": "bank_card", "till": "desk"}
    assert "单卡限额" in club.fill_in(DESK, f"/do/top_member_up/{MEMBER}", 409, **wish)
    basket = club.read(DESK, f"{PATH}/quote?items=shirt 1, tea 2&by=stored_value")["quote"]
    assert (basket["before_minor"], basket["total_minor"], basket["after_minor"]) == (20_050, 13_000, 7_050)
    page = club.fill_in(
        DESK, f"/do/sell_to_member/{MEMBER}", item="shirt", quantity="1", more="tea 2", by="stored_value",
        quoted="130.00", till="desk", points="0",
    )  # fmt: skip
    assert "¥70.50" in page
    assert on(club.books, SALES, TILL) == [13_000, 20_050]
    view = club.read(DESK, PATH)
    assert (view["free_minor"], len(view["lots"]), len(view["sales"])) == (7_050, 1, 1)
    statement = club.read(FINANCE, f"{PATH}/statement")["items"]
    assert [(each["kind"], each["amount"], each["balance"]) for each in statement] == [
        ("top_up", 20_050, 20_050), ("sale", -13_000, 7_050),
    ]  # fmt: skip
    sale = club.page(DESK, f"/sales/{view['sales'][0]['id']}")
    assert "储值折扣 -¥10.00" in sale
    assert "¥70.50" in club.page(DESK, "/money?q=M0001")
    assert "可退金额说明" in club.page(DESK, PATH)


@pytest.mark.proves("S45")
def test_l04_an_order_is_confirmed_by_its_id_and_credits_once(club: Departments) -> None:
    order = club.send(DESK, f"{PATH}/orders", amount="50", way="wechat", id="wx-1")
    assert order["state"] == "waiting"
    assert club.read(DESK, PATH)["waiting_minor"] == 5_000
    club.send(DESK, "/money/orders/wx-1/payment", 403, amount="50")
    club.send(FINANCE, "/money/orders/wx-1/payment", 422, amount="49")
    for _ in range(2):
        club.send(FINANCE, "/money/orders/wx-1/payment", amount="50")
    assert club.read(DESK, PATH)["free_minor"] == 5_000


@pytest.mark.proves("S45", "S94")
def test_l05_a_till_without_the_right_to_pay_out_is_refused_and_nothing_is_written(
    club: Departments, database: Database
) -> None:
    club.send(DESK, f"{PATH}/top-ups", amount="700", way="bank_card")
    refund = club.send(DESK, f"{PATH}/refunds", amount="600", why="moves away")
    view = club.read(DESK, PATH)
    assert (view["free_minor"], view["held_minor"], view["waiting_minor"]) == (10_000, 60_000, 0)
    before = postings(database)
    for path in ("approval", "payment"):
        club.send(DESK, f"/refunds/{refund['id']}/{path}", 403)
    assert postings(database) == before
    page = club.fill_in(FINANCE, f"/do/sign_refund/{refund['id']}")
    assert "已批准" in page
    club.send(MANAGER, f"/refunds/{refund['id']}/payment", 403)
    club.fill_in(FINANCE, f"/do/pay_refund/{refund['id']}", till="desk")
    done = club.send(MANAGER, f"/refunds/{refund['id']}/confirmation")
    assert (done["state"], done["ways"][0]["way"]) == ("paid", "bank_card")
    assert club.read(DESK, PATH)["free_minor"] == 10_000
    assert "按实付与赠送的比例" in club.page(DESK, f"/refunds/{refund['id']}")


@pytest.mark.proves("S45")
def test_l06_what_a_refund_may_be_is_said_at_the_desk(club: Departments) -> None:
    club.send(DESK, f"{PATH}/top-ups", amount="100", way="cash")
    assert "余额不足" in club.fill_in(DESK, f"/do/ask_refund/{MEMBER}", 409, amount="200", why="all of it")
    club.fill_in(DESK, f"/do/ask_refund/{MEMBER}", amount="20", why="a part")
    assert club.read(DESK, PATH)["free_minor"] == 8_000
    listed = club.read(FINANCE, "/refunds?state=reserved")["items"]
    assert [each["amount_minor"] for each in listed] == [2_000]
    club.send(DESK, f"/refunds/{listed[0]['id']}/withdrawal", why="stays")
    assert club.read(DESK, PATH)["free_minor"] == 10_000
    ten = {"id": "teas10", "name": "十杯茶", "name_en": "Ten teas", "price": "150.00", "times": 10, "times_of": "tea"}
    club.send(FINANCE, "/items", **ten)
    club.send(DESK, f"{PATH}/sales", item="teas10", by="cash", id="sale-v")
    whole = {"of": "visits", "goods": "tea", "why": "moves away"}
    assert "期限和次数只能全部退" in club.fill_in(DESK, f"/do/ask_refund/{MEMBER}", 409, amount="1", **whole)
    assert "没有可退金额" in club.fill_in(DESK, f"/do/ask_refund/{MEMBER}", 409, of="time", why="moves away")
    assert "剩余次数" in club.fill_in(DESK, f"/do/ask_refund/{MEMBER}", **whole)
    [row] = club.read(FINANCE, "/refunds?state=reserved")["items"]
    assert (row["amount_minor"], row["cards"][0]["visits"]["visits"]) == (15_000, 10)


@pytest.mark.proves("S45", "S94")
def test_l08_a_void_by_the_till_and_one_by_two_people(club: Departments, clock: FakeClock) -> None:
    club.send(DESK, f"{PATH}/top-ups", amount="100", way="cash")
    club.fill_in(DESK, f"/do/sell_to_member/{MEMBER}", item="tea", quantity="2", by="stored_value", till="desk",
                 points="0", id="sale-a")  # fmt: skip
    page = club.fill_in(DESK, "/do/void_sale/sale-a", why="wrong member")
    assert "已撤销" in page
    assert "不能" in club.fill_in(DESK, "/do/void_sale/sale-a", 409, why="again")
    club.fill_in(DESK, f"/do/sell_to_member/{MEMBER}", item="tea", quantity="2", by="stored_value", till="desk",
                 points="0", id="sale-b")  # fmt: skip
    clock.advance(6 * 60)
    assert "申请撤销" in club.fill_in(DESK, "/do/void_sale/sale-b", why="too late to do it alone")
    club.send(DESK, "/sales/sale-b/void-decision", 403, agree=True, why="mine")
    club.fill_in(MANAGER, "/do/decide_void/sale-b", agree="yes", why="seen")
    assert club.read(DESK, PATH)["free_minor"] == 10_000
    club.send(DESK, f"{PATH}/sales", item="tea", quantity=2, by="stored_value", id="sale-c")
    back = club.fill_in(FINANCE, "/do/take_pieces_back/sale-c", item="tea", pieces="1", why="cold")
    assert "部分退回" in back
    club.send(DESK, "/sales/sale-c/void", 409, why="all of it")
    exported = club.browser(FINANCE).get("/sales?as=csv").data.decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(exported)))
    assert [(row[1], row[2], row[3], row[6]) for row in rows[1:]] == [
        ("sale-c", "M0001", "40.00", "部分退回"), ("sale-b", "M0001", "40.00", "已撤销"),
        ("sale-a", "M0001", "40.00", "已撤销"),
    ]  # fmt: skip


@pytest.mark.proves("S29", "R26", "R28", "R29", "R31", "R33")
def test_a_gift_card_is_sold_and_pays_alone_at_the_counter(club: Departments) -> None:
    number = club.make_cards("gift", 1)[0]
    club.encode(number)
    club.fill_in(DESK, f"/do/sell_gift_card/{number}", amount_minor="2000", way="cash", till="desk")
    assert on(club.books, TILL) == [2_000]
    refused = club.fill_in(
        DESK, "/do/sell_to_anybody", 409, item="tea", quantity="2", by="gift_card", gift_card=number, till="desk"
    )
    assert "卡上余额不够" in refused
    club.fill_in(DESK, "/do/sell_to_anybody", item="tea", quantity="1", by="gift_card", gift_card=number, till="desk")
    club.send(DESK, f"{PATH}/sales", 409, item="tea", by="gift_card")
    assert number in [each["number"] for each in club.read(DESK, "/gift-cards?state=empty")["items"]]
    assert on(club.books, SALES, TILL) == [2_000, 2_000]


@pytest.mark.proves("S50", "S55", "R98", "R100", "R162", "S94")
def test_prices_are_set_by_finance_and_offers_are_shown_to_all_who_sell(club: Departments) -> None:
    club.send(DESK, "/items", 403, id="towel", name="毛巾", name_en="Towel", price="0")
    club.fill_in(MANAGER, "/do/add_item", id="towel", name="毛巾", name_en="Towel", price="0", tiers=["gold"],
                 paid_for="goods", offered="yes", times="0")  # fmt: skip
    assert "¥0.00" in club.page(DESK, "/items")
    club.send(DESK, f"{PATH}/sales", item="towel", by="cash", id="towel-1")
    assert club.read(DESK, "/sales/towel-1")["head"]["total_minor"] == 0
    club.fill_in(FINANCE, "/do/save_item/tea", name="绿茶", name_en="Green tea", price="25", paid_for="goods",
                 offered="yes", times="0")  # fmt: skip
    assert club.read(DESK, "/items/tea")["price_minor"] == 2_500
    offer = {"code": "autumn", "first": "2026-11-20", "last": "2026-11-30", "percent": 40}
    wish = {"effective_on": "2026-11-22", "decided_by": "council", "why": "autumn"}
    path = "/rules/promotions.promotions/amendments"
    club.send(MANAGER, path, 409, value=[offer], **wish)
    club.send(MANAGER, path, value=[offer | {"percent": 80, "threshold_minor": 3_000}], **wish)
    assert "autumn" in club.page(DESK, "/offers")
    quote = club.read(DESK, f"{PATH}/quote?items=tea 2&by=cash")["quote"]
    assert quote["total_minor"] == 4_000
    assert club.read(DESK, f"{PATH}/quote?items=tea&by=cash")["quote"]["total_minor"] == 2_500
    assert club.page(FINANCE, "/items/tea")


def test_a_refund_through_a_provider_says_how_it_stands_there_and_staff_wait_for_it(club: Departments) -> None:
    """What was paid by an order of ours goes back the same way: nobody writes down meanwhile that it came."""
    job = Actor("job:cashier", "job")

    def paid(change: Change) -> None:
        offer(change.connection, [PayWay.WECHAT])
        provider_orders.ask(change, TopUp("wx-9", MEMBER, 3_000, PayWay.WECHAT), "kiosk-1")
        provider_receiving.receive(change, "wx-9", 3_000, "4200009")

    club.books.change(job, paid)
    refund = club.send(DESK, f"{PATH}/refunds", amount="30", why="moves away")["id"]
    club.send(MANAGER, f"/refunds/{refund}/approval")
    club.send(FINANCE, f"/refunds/{refund}/payment", till="desk")
    assert "正在原路退回" in club.page(FINANCE, f"/refunds/{refund}")
    assert "正在由支付平台原路退回" in club.fill_in(MANAGER, f"/do/confirm_refund/{refund}", 409)
    number = payout_rows.number_of(refund, "wx-9")
    club.books.change(job, lambda change: payouts.refuse(change, number, "account closed"))
    page = club.page(FINANCE, f"/refunds/{refund}")
    assert "支付平台未退" in page
    assert "account closed" in page
    club.books.change(job, lambda change: payouts.arrived(change, number, 3_000))
    page = club.page(FINANCE, f"/refunds/{refund}")
    assert "支付平台已退回" in page
    assert "已付款" in page
