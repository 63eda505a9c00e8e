"""What finance sees of the books from the office: what does not match, the nights' proofs, alarms, who is credited."""

import csv
import io
from collections.abc import Iterator
from datetime import date

import pytest
from flask import Flask
from sqlalchemy import insert, update

from kiosk.central.club.books import Actor, Books
from kiosk.central.club.people_tables import member_file
from kiosk.central.club.staff_tables import staff
from kiosk.central.database import Database
from kiosk.central.money import edge_top_ups, matching
from kiosk.central.money.edge_top_ups import EdgeTopUp
from kiosk.central.money.ledger import balance, post, prove
from kiosk.central.money.stored_lots import principal_of
from kiosk.club.ledger import Account, AccountKind, Posting, PostingKind, lines_of
from kiosk.club.paying_back import PayWay
from kiosk.club.roles import Role
from tests.builders import NOW, FakeClock
from tests.office.builders import MEMBER
from tests.office.builders_money import ITEMS
from tests.office.card_desk import Departments

DESK, FINANCE, MANAGER = Role.DESK, Role.FINANCE, Role.GENERAL_MANAGER
PATH = f"/money/{MEMBER}"
TODAY = date(2026, 11, 22)
STATEMENT = "id,amount_minor,at\nwx-1,4900,2026-11-22T08:00:00.000Z\nwx-2,700,2026-11-22T08:00:00.000Z"


@pytest.fixture
def club(app: Flask, database: Database, clock: FakeClock) -> Iterator[Departments]:
    """The departments of a club with a price list; the books hold afterwards, but for points that were never posted."""
    club = Departments(app, database, clock)
    for item in ITEMS:
        wish = {"id": item.id, "name": item.name, "name_en": item.name_en, "goods": item.goods}
        club.send(FINANCE, "/items", **wish, price=f"{item.price_minor // 100}.00")
    yield club
    with club.books.look() as look:
        assert [each for each in prove(look).found if each.check != "points"] == []


def pass_night(books: Books) -> None:
    """Match what there is."""
    with books.look() as look:
        today = look.today
    assert matching.run(books, today, "").finished


@pytest.mark.proves("S60", "S63", "R57")
def test_what_does_not_match_has_an_owner_until_it_is_closed_with_a_reason(club: Departments) -> None:
    club.send(DESK, f"{PATH}/orders", amount="50", way="wechat", id="wx-1")
    club.send(FINANCE, "/money/orders/wx-1/payment", amount="50")
    club.send(DESK, f"{PATH}/orders", amount="20", way="alipay", id="al-1")
    club.send(FINANCE, "/money/orders/al-1/payment", amount="20")
    wrong = club.fill_in(FINANCE, "/do/take_statement", 422, provider="wechat", text="id,at\nwx-1,x")
    assert "对账单缺少 amount_minor 这一列" in wrong
    club.fill_in(FINANCE, "/do/take_statement", provider="wechat", text=STATEMENT)
    club.fill_in(FINANCE, "/do/take_statement", provider="wechat", text=STATEMENT)
    pass_night(club.books)
    found = {each["id"]: each for each in club.read(FINANCE, "/reconciliation")["items"]}
    assert {id: (each["state"], each["reason"], each["owner"]) for id, each in found.items()} == {
        "wx-1": ("error", "amounts_differ", "finance"),
        "wx-2": ("timing", "not_in_ledger", "finance"),
        "al-1": ("timing", "not_in_statement", "finance"),
    }
    day = club.read(FINANCE, f"/reconciliation?day={TODAY}")
    assert (day["counts"], day["error_minor"]) == ({"matched": 0, "timing": 2, "error": 1}, 5_000)
    lines = club.read(FINANCE, "/reconciliation/wx-1")["lines"]
    assert {(each["side"], each["amount_minor"]) for each in lines} == {("ledger", 5_000), ("statement", 4_900)}
    page = club.page(FINANCE, f"/reconciliation?day={TODAY}")
    assert "金额不一致" in page
    assert "¥50.00" in page
    club.fill_in(FINANCE, "/do/assign_event/wx-1", staff=club.ids[Role.IT])
    assert club.read(FINANCE, "/reconciliation/wx-1")["event"]["assigned_to"] == club.ids[Role.IT]
    club.send(FINANCE, "/reconciliation/wx-1/owner", 422, staff="nobody")
    assert "请填写" in club.fill_in(FINANCE, "/do/close_event/wx-1", 422, why="")
    closed = club.fill_in(FINANCE, "/do/close_event/wx-1", why="渠道收了一元手续费，对账单已更正")
    assert "已结案" in closed
    assert "对账 · 结束" in closed
    pass_night(club.books)
    assert "wx-1" not in club.page(FINANCE, "/reconciliation")
    exported = club.browser(FINANCE).get("/reconciliation?part=closed&as=csv").data.decode("utf-8-sig")
    assert [row[0] for row in csv.reader(io.StringIO(exported))][1:] == ["wx-1"]
    club.send(FINANCE, "/reconciliation/wx-1/close", 422, why="again")


def put_in_suspense(books: Books, id: str, amount_minor: int, way: PayWay = PayWay.WECHAT) -> int:
    """Have an edge take money for a card that is nobody's; returns the number under which it rests."""
    said = EdgeTopUp(id, "", amount_minor, way, "", "desk", NOW, "till-1")
    return books.change(Actor("till-1"), lambda change: edge_top_ups.book_top_up(change, said)).n


@pytest.mark.proves("S60", "S45")
def test_money_in_suspense_is_finances_to_bring_to_its_end(club: Departments, database: Database) -> None:
    first, second = (put_in_suspense(club.books, id, 3_000) for id in ("n1", "n2"))
    cash = put_in_suspense(club.books, "n3", 700, PayWay.CASH)
    assert club.read(FINANCE, "/suspense")["sum_minor"] == 6_700
    assert "30.00" in club.page(FINANCE, "/suspense")
    page = club.fill_in(FINANCE, f"/do/credit_suspense/{first}", member="M0001", why="会员出示了付款记录")
    for text in ("已记入会员账户", "30.00", "会员出示了付款记录", "待查款项 · 记入会员账户"):
        assert text in page, text
    with club.books.look() as look:
        assert balance(look, principal_of(MEMBER)) == 3_000
    form = f"/do/give_back_suspense/{second}"
    assert "渠道收的钱要填退款单号，其他不填" in club.fill_in(FINANCE, form, 422, why="已退", till="desk")
    assert "已退回" in club.fill_in(FINANCE, form, why="已退", number="5030001", till="desk")
    club.send(FINANCE, f"/suspense/{cash}/give-back", why="member came back for it")
    club.send(FINANCE, f"/suspense/{cash}/give-back", 422, why="once more")
    club.send(FINANCE, f"/suspense/{cash}/write-off", 422, why="it is ours")
    assert club.read(FINANCE, "/suspense")["items"] == []
    done = club.read(FINANCE, "/suspense?part=ended")["items"]
    assert {each["n"]: each["ended"]["how"] for each in done} == {
        first: "credited", second: "given_back", cash: "given_back",
    }  # fmt: skip
    assert "已退回" in club.page(FINANCE, "/suspense?part=ended")
    assert club.browser(FINANCE).get("/suspense/0").status_code == 404
    assert club.browser(FINANCE).get("/suspense/x").status_code == 404


@pytest.mark.proves("S60", "S94")
def test_what_went_out_twice_is_taken_back_or_written_off_and_nobody_credits_himself(
    club: Departments, database: Database
) -> None:
    held, clearing = (Account(kind, "alipay") for kind in (AccountKind.SUSPENSE, AccountKind.PROVIDER_CLEARING))
    entry, source = Account(AccountKind.PROVIDER_ENTRY), Account(AccountKind.SOURCE_ALIPAY)
    numbers = []
    for id, amount in (("payout:r1", 500), ("payout:r2", 800)):
        lines = lines_of(((held, -amount), (clearing, -amount), (entry, amount), (source, amount)))
        out = Posting(id, PostingKind.PAY_OUT, lines, TODAY, NOW, "job:cashier", of=f"refund:{id}")
        numbers.append(club.books.change(Actor("job:cashier"), lambda change, out=out: post(change, out)).n)
    first, second = numbers
    assert "多付，待追回" in club.page(FINANCE, f"/suspense/{first}")
    assert "已追回" in club.fill_in(FINANCE, f"/do/take_back_suspense/{first}", way="cash", till="desk", why="会员已还")
    assert "已核销" in club.fill_in(FINANCE, f"/do/write_off_suspense/{second}", why="会员已离会")
    number = put_in_suspense(club.books, "n1", 3_000)
    with database.begin() as connection:
        connection.execute(update(staff).where(staff.c.id == club.ids[FINANCE]).values(member=MEMBER))
    refused = club.fill_in(FINANCE, f"/do/credit_suspense/{number}", 409, member="M0001", why="我的")
    assert "不能为自己的档案办理" in refused


@pytest.mark.proves("S63")
def test_an_alarm_is_told_and_a_proof_that_fails_says_where_and_keeps_the_day_open(
    club: Departments, database: Database, clock: FakeClock
) -> None:
    club.send(DESK, f"{PATH}/top-ups", amount="100", way="cash", id="t1")
    club.send(DESK, f"{PATH}/top-ups", 409, amount="200", way="cash", id="t1")
    assert [each["posting"] for each in club.read(FINANCE, "/ledger/alarms")["items"]] == ["t1"]
    assert "¥100.00" in club.page(MANAGER, "/ledger/alarms")
    assert club.read(FINANCE, "/ledger/proofs")["days"][0]["reason"] == "proof_missing"
    with database.begin() as connection:
        connection.exec_driver_sql("INSERT INTO ledger_balance VALUES ('CNY/deposit/x','deposit',500,0)")
    club.send(DESK, "/days/proof", 403)
    page = club.fill_in(FINANCE, "/do/prove_books")
    assert "账目不符" in page
    assert "押金 x" in page
    assert "¥5.00" in page
    assert club.read(FINANCE, "/ledger/proofs")["days"][0]["reason"] == "proof_failed"
    clock.advance(24 * 3600)
    club.send(FINANCE, "/days/proof")
    site = club.read(FINANCE, "/ledger/proofs")["days"][0]["site"]
    blocks = club.read(FINANCE, f"/days/{site}/{TODAY}")["preview"]["blocks"]
    assert "proof_failed" in [each["reason"] for each in blocks]
    club.send(FINANCE, f"/days/{site}/{TODAY}/close", 409)
    with database.begin() as connection:
        connection.exec_driver_sql("DELETE FROM ledger_balance WHERE account = 'CNY/deposit/x'")
    assert "不妨碍日结" not in club.page(FINANCE, "/ledger/proofs")
    club.fill_in(MANAGER, "/do/prove_books")
    proofs = club.read(FINANCE, "/ledger/proofs")
    assert [[wrong["check"] for wrong in each["found"] if wrong["check"] != "points"] for each in proofs["items"]] == [
        [], ["cached_balance", "liability"]
    ]  # fmt: skip


@pytest.mark.proves("S71", "R132", "R155")
def test_a_sale_names_who_served_and_is_credited_to_that_one(club: Departments, database: Database) -> None:
    owner, desk, other = club.ids[Role.MEMBERSHIP], club.ids[DESK], club.ids[MANAGER]
    row = {"member": MEMBER, "kind": "person", "owner_staff": owner, "opened_on": "2026-01-01", "changed_at": ""}
    with database.begin() as connection:
        connection.execute(insert(member_file).values(**row))
    club.send(DESK, f"{PATH}/sales", item="tea", by="cash", id="by-key")
    form = f"/do/sell_to_member/{MEMBER}"
    wish = {"item": "tea", "quantity": "2", "by": "cash", "till": "desk", "points": "0"}
    club.fill_in(DESK, form, **wish, id="by-desk")
    club.fill_in(DESK, form, **wish, id="by-other", served_by=other)
    club.send(DESK, f"{PATH}/sales", 422, item="tea", by="cash", served_by="nobody")
    assert {id: club.read(DESK, f"/sales/{id}")["head"]["served_by"] for id in ("by-key", "by-desk", "by-other")} == {
        "by-key": "", "by-desk": desk, "by-other": other
    }  # fmt: skip
    assert "业绩归属" in club.page(DESK, "/sales/by-other")
    club.fill_in(DESK, form, **wish, id="undone")
    club.fill_in(DESK, "/do/void_sale/undone", why="wrong member")
    found = club.read(FINANCE, "/reports/credits")["items"]
    assert {each["staff"]: (each["sales"], each["amount_minor"], each["of_others"]) for each in found} == {
        owner: (1, 2_000, 0), desk: (1, 4_000, 1), other: (1, 4_000, 1)
    }  # fmt: skip
    assert 'role="img"' in club.page(FINANCE, "/reports/credits")


@pytest.mark.proves("S89", "S43")
def test_consumption_is_told_by_month_by_item_and_by_way_of_paying(club: Departments) -> None:
    for id, item, quantity, by in (("a", "tea", 2, "cash"), ("b", "shirt", 1, "bank_card"), ("c", "tea", 1, "cash")):
        club.send(DESK, f"{PATH}/sales", item=item, quantity=quantity, by=by, id=id)
    club.send(DESK, "/sales/c/void", why="wrong member")
    club.send(FINANCE, "/sales/a/pieces", item="tea", pieces=1, why="cold")
    found = club.read(FINANCE, "/reports/consumption?by=year")
    month = found["items"][-1]
    assert [month[name] for name in ("sales", "members", "total_minor", "back_minor")] == [2, 1, 13_500, 2_000]
    assert [(each["item"], each["pieces"], each["net_minor"]) for each in found["goods"]] == [
        ("shirt", 1, 9_500), ("tea", 1, 4_000)
    ]  # fmt: skip
    assert [(each["kind"], each["amount_minor"]) for each in found["ways"]] == [("bank_card", 9_500), ("cash", 2_000)]
    assert club.read(FINANCE, "/reports/consumption?of=2026-10-01")["goods"] == []
    page = club.page(FINANCE, "/reports/consumption")
    assert page.count('role="img"') == 2
    assert "运动衫" in page
    saved = club.browser(FINANCE).get("/reports/consumption?as=csv").data.decode("utf-8-sig")
    assert saved.splitlines()[-1] == "2026-11,2,1,135.00,20.00"
