"""Stories of cards through the office's own doors: from the order to the gate, to the end of a card, and misuse."""

import csv
import io
import re
from datetime import date, timedelta
from typing import Any

import msgspec
import pytest
from flask import Flask
from sqlalchemy import update

from kiosk.central.club.composing import facts_of
from kiosk.central.club.gift_cards import note_balance
from kiosk.central.club.photos import set_photo
from kiosk.central.club.staff_tables import staff
from kiosk.central.database import Database
from kiosk.central.tables import device
from kiosk.club.card_kinds import CardKind, CardRules, Holder
from kiosk.club.roles import Role
from kiosk.office.live import LiveRecords
from tests.builders import FakeClock
from tests.central.club.builders import noted, told
from tests.central.club.builders_activities import MINUTE, Boxes
from tests.central.club.builders_cards import TODAY, do, put_waiting, uid
from tests.central.club.builders_points import amend
from tests.office.builders import TOKEN
from tests.office.card_desk import Departments

DAY = timedelta(days=1)
PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(200)
DESK, MEMBERSHIP, FINANCE, OPERATIONS = Role.DESK, Role.MEMBERSHIP, Role.FINANCE, Role.OPERATIONS
MANAGER, IT = Role.GENERAL_MANAGER, Role.IT


@pytest.fixture
def club(app: Flask, database: Database, clock: FakeClock) -> Departments:
    """The departments of a club."""
    return Departments(app, database, clock)


@pytest.mark.proves("S24", "S26", "S21", "R19", "R40", "R41", "R42")
def test_cards_are_ordered_checked_by_others_stocked_moved_and_listed_for_the_printer(club: Departments) -> None:
    order = {"kind": "annual", "quantity": "3", "issue": "group", "maker": "custom_print"}
    refused = club.fill_in(MEMBERSHIP, "/do/order_batch", 409, **order, firm="华印")
    assert "团体发行请填写团体名称" in refused
    refused = club.fill_in(MEMBERSHIP, "/do/order_batch", 409, **order, group="茶社")
    assert "请填写制卡厂家" in refused
    shown = club.fill_in(MEMBERSHIP, "/do/order_batch", **order, group="茶社", firm="华印", design="D-7")
    batch = re.search(r"/do/batch_made/(\w{16})", shown)
    assert batch
    assert "厂家印制" in shown
    path = f"/card-batches/{batch[1]}"
    club.fill_in(MEMBERSHIP, f"/do/batch_made/{batch[1]}")
    numbers = [each["number"] for each in club.read(DESK, f"/card-book?batch={batch[1]}")["items"]]
    assert [len(each) for each in numbers] == [8, 8, 8]
    assert "还有项目没有检验" in club.fill_in(OPERATIONS, f"/do/decide_batch/{batch[1]}", 409)
    club.fill_in(OPERATIONS, f"/do/check_batch/{batch[1]}", quality="material", good="yes")
    club.fill_in(OPERATIONS, f"/do/check_batch/{batch[1]}", quality="print", good="yes")
    faults = club.send(OPERATIONS, f"{path}/reading", numbers=[numbers[0], numbers[0], "77777777"])
    assert faults == {"missing": numbers[1:], "foreign": ["77777777"], "twice": [numbers[0]]}
    club.fill_in(OPERATIONS, f"/do/read_batch_back/{batch[1]}", numbers="\n".join(numbers))
    assert "检验合格" in club.fill_in(OPERATIONS, f"/do/decide_batch/{batch[1]}")
    club.fill_in(OPERATIONS, f"/do/stock_batch/{batch[1]}", point="desk")
    club.fill_in(OPERATIONS, "/do/move_stock/desk", target="hall", numbers=f"{numbers[0]}-{numbers[1]}")
    stocked = {each["id"]: each["cards"] for each in club.read(DESK, "/stock")["items"]}
    assert [(each["kind"], each["left"]) for each in stocked["hall"]] == [("annual", 2)]
    assert ("annual", 1) in [(each["kind"], each["left"]) for each in stocked["desk"]]
    assert "有的卡在别的发卡点" in club.fill_in(
        OPERATIONS, "/do/move_stock/desk", 409, target="hall", numbers=numbers[1]
    )
    put_waiting(club.books)
    club.send(MEMBERSHIP, f"/card-book/{numbers[0]}/assignment", member_no="M1")
    printed = club.browser(MEMBERSHIP).get(f"{path}/personalisation?as=csv").data.decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(printed)))
    assert rows[0][:4] == ["卡号", "卡种", "卡面设计", "会员号"]
    assert rows[1][:5] == [numbers[0], "年度卡", "D-7", "M1", "王小明"]
    assert [row[0] for row in rows[1:]] == numbers
    assert f"{path}/personalisation" in club.page(OPERATIONS, path)
    again = {"kind": "annual", "quantity": 1, "numbers_from": int(numbers[2])}
    assert club.send(MEMBERSHIP, "/card-batches", 409, **again)["reason"] == "number_taken"


@pytest.mark.proves("R42", "R19")
def test_who_orders_cards_does_not_pass_them_and_a_batch_that_fails_is_void_with_its_numbers(
    club: Departments, app: Flask, database: Database
) -> None:
    with database.begin() as connection:
        roles = '["membership","operations"]'
        connection.execute(update(staff).where(staff.c.id == club.ids[MEMBERSHIP]).values(roles=roles))
    shown = club.fill_in(MEMBERSHIP, "/do/order_batch", kind="ordinary", quantity="1", issue="loose", maker="own")
    batch = re.search(r"/do/batch_made/(\w{16})", shown)
    assert batch
    club.fill_in(MEMBERSHIP, f"/do/batch_made/{batch[1]}")
    refused = club.fill_in(MEMBERSHIP, f"/do/check_batch/{batch[1]}", 409, quality="print", good="yes")
    assert "不能批准自己提出的申请" in refused
    club.fill_in(OPERATIONS, f"/do/check_batch/{batch[1]}", quality="print", remark="偏色")
    assert "检验不合格" in club.fill_in(OPERATIONS, f"/do/decide_batch/{batch[1]}")
    (card,) = club.read(DESK, f"/card-book?batch={batch[1]}")["items"]
    assert card["state"] == "cancelled"


@pytest.mark.proves("S20", "S27", "S26", "R43", "R44", "R39", "S32")
def test_a_card_is_given_out_at_the_desk_and_the_gate_knows_it_with_that_commit(club: Departments) -> None:
    member = put_waiting(club.books)
    (number,) = club.make_cards("ordinary", 1)
    assert "请先写卡" not in club.page(DESK, f"/cards/{number}")
    club.fill_in(MEMBERSHIP, f"/do/assign_card/{number}", member_no="M1", way="grant")
    assert club.send(DESK, f"/card-book/{number}/hand-over", 409, identity_checked=True)["reason"] == "not_encoded"
    club.fill_in(
        DESK, f"/do/encode_card/{number}", identifier=uid(number), form="hex", byte_order="air", medium="chip",
        uid_bytes="7",
    )  # fmt: skip
    assert club.gate_says(number) == "card_not_collected"
    assert "须先核对本人证件" in club.fill_in(DESK, f"/do/hand_card_over/{number}", 409)
    assert club.gate_says(number) == "card_not_collected"
    shown = club.fill_in(DESK, f"/do/hand_card_over/{number}", identity_checked="yes")
    assert club.gate_says(number) == "ok"
    assert "使用中" in shown
    assert "可以通行" in shown
    assert "王小明 M1" in shown
    with club.books.look() as look:
        assert facts_of(look, member).collected_on == TODAY
    assert [each["template"] for each in told(club.books, member=member)][:1] == ["card_ready"]
    trail = [(each["action"], each["actor"]) for each in noted(club.books, thing="card")]
    assert trail == [
        ("card.assign", club.ids[MEMBERSHIP]),
        ("card.encode", club.ids[DESK]),
        ("card.hand_over", club.ids[DESK]),
    ]
    seen = club.read(MANAGER, f"/audit?thing=card&thing_id={number}")["items"]
    assert [each["action"] for each in seen] == ["card.hand_over", "card.encode", "card.assign"]
    assert "李娜" in club.page(DESK, f"/cards/{number}").partition("领卡时间")[2]


@pytest.mark.proves("S21", "R19", "S94")
def test_a_member_has_one_card_and_nobody_gives_one_to_himself(club: Departments, database: Database) -> None:
    member = put_waiting(club.books)
    first, second = club.make_cards("ordinary", 2)
    with database.begin() as connection:
        for role in (MEMBERSHIP, DESK):
            connection.execute(update(staff).where(staff.c.id == club.ids[role]).values(member=member))
    own = club.fill_in(MEMBERSHIP, f"/do/assign_card/{first}", 409, member_no="M1", way="grant")
    assert "不能为自己的档案办理" in own
    club.send(MEMBERSHIP, f"/card-book/{first}/assignment", member_no="M1")
    refused = club.send(MEMBERSHIP, f"/card-book/{second}/assignment", 409, member_no="M1")
    assert refused["reason"] == "member_has_a_card"
    club.encode(first)
    assert "不能为自己的档案办理" in club.fill_in(DESK, f"/do/hand_card_over/{first}", 409, identity_checked="yes")
    club.send(DESK, f"/card-book/{first}/hand-over", identity_checked=True)
    for form, fields in (("renew_card", {}), ("replace_card", {"new": second, "reason": "faulty"})):
        refused = club.fill_in(MEMBERSHIP, f"/do/{form}/{first}", 409, **fields)
        assert "不能为自己的档案办理" in refused, form


@pytest.mark.proves("S20", "S31", "S21", "R19")
def test_a_lost_card_is_shut_replaced_and_ended_and_the_desk_sees_which_gate_knows(
    club: Departments, database: Database
) -> None:
    put_waiting(club.books)
    old, new = club.make_cards("annual", 2)
    club.give(old, "M1")
    shown = club.fill_in(DESK, f"/do/report_card_lost/{old}", why="电话挂失")
    assert club.gate_says(old) == "credential_revoked"
    (gate,) = club.read(DESK, f"/card-book/{old}")["gates"]
    assert (gate["device"], gate["heard"], gate["revision"] < gate["needed"]) == ("north-1", False, True)
    assert "尚未收到" in shown
    assert str(gate["needed"]) in shown
    with database.begin() as connection:
        connection.execute(update(device).values(roster_revision=gate["needed"]))
    shown = club.page(DESK, f"/cards/{old}")
    assert "尚未收到" not in shown
    assert "north-1" in shown
    club.encode(new)
    club.fill_in(DESK, f"/do/replace_card/{old}", new=new, reason="lost")
    club.send(DESK, f"/card-book/{new}/hand-over", identity_checked=True)
    assert (club.gate_says(old), club.gate_says(new)) == ("credential_revoked", "ok")
    swap = club.read(DESK, f"/card-book/{new}")["swaps"][0]
    assert (swap["old"], swap["new"], swap["reason"], swap["charged"]) == (old, new, "lost", True)
    club.fill_in(DESK, f"/do/take_card_back/{new}")
    assert club.gate_says(new) == "credential_revoked"
    club.fill_in(MEMBERSHIP, f"/do/cancel_card/{new}", why="退会")
    for number in (old, new):
        club.fill_in(MEMBERSHIP, f"/do/destroy_card/{number}")
    assert {each["state"] for each in club.read(DESK, "/card-book?kind=annual")["items"]} == {"destroyed"}
    taken = {"kind": "ordinary", "quantity": 1, "numbers_from": int(old), "number_digits": 8}
    assert club.send(MEMBERSHIP, "/card-batches", 409, **taken)["reason"] == "number_taken"
    assert club.gate_says(new) == "credential_revoked"


@pytest.mark.proves("S20", "S28", "R39")
def test_a_desk_cannot_undo_a_stop_by_giving_another_card(club: Departments) -> None:
    put_waiting(club.books)
    old, new = club.make_cards("ordinary", 2)
    club.give(old, "M1")
    club.fill_in(MEMBERSHIP, f"/do/suspend_card/{old}", why="转借")
    club.fill_in(DESK, f"/do/report_card_lost/{old}")
    club.encode(new)
    club.fill_in(DESK, f"/do/replace_card/{old}", new=new, reason="lost")
    shown = club.fill_in(DESK, f"/do/hand_card_over/{new}", identity_checked="yes")
    assert club.gate_says(new) == "credential_not_enabled"
    assert "已被停用，须经恢复" in shown
    assert f"/do/restore_card/{new}" not in shown
    assert club.browser(DESK).get(f"/do/restore_card/{new}").status_code == 403
    club.fill_in(MEMBERSHIP, f"/do/restore_card/{new}", why="已谈话")
    assert club.gate_says(new) == "ok"


@pytest.mark.proves("S22", "S23", "R21", "R22", "R23")
@pytest.mark.parametrize(
    ("kind", "last", "renewed"),
    [
        ("annual", date(2027, 11, 21), date(2028, 11, 21)),
        ("month", date(2026, 12, 21), date(2027, 1, 21)),
        ("quarter", date(2027, 2, 21), date(2027, 5, 21)),
        ("year", date(2027, 11, 21), date(2028, 11, 21)),
        ("lifetime", None, None),
    ],
)
def test_the_kind_of_a_card_says_how_long_the_gate_opens(
    club: Departments, kind: str, last: date | None, renewed: date | None
) -> None:
    put_waiting(club.books)
    (number,) = club.make_cards(kind, 1)
    club.give(number, "M1")
    if last is None:
        assert club.gate_says(number, TODAY + 36_500 * DAY) == "ok"
        assert "无期限" in club.page(DESK, f"/cards/{number}")
        assert club.send(MEMBERSHIP, f"/card-book/{number}/renewal", 409)["reason"] == "not_renewable"
        return
    assert (club.gate_says(number, last), club.gate_says(number, last + DAY)) == ("ok", "credential_expired")
    assert last.isoformat() in club.page(DESK, f"/cards/{number}")
    club.fill_in(MEMBERSHIP, f"/do/renew_card/{number}")
    assert renewed is not None
    assert (club.gate_says(number, renewed), club.gate_says(number, renewed + DAY)) == ("ok", "credential_expired")


SUMMER = CardKind("summer", term_months=3, holders=(Holder.MEMBER,), earns_points=False)


@pytest.mark.proves("S22", "S32", "R33", "R30", "R37", "R38")
def test_a_kind_of_card_is_configuration_and_says_who_may_hold_one(club: Departments) -> None:
    rules = CardRules()

    def wish_for(*kinds: CardKind, status: int = 200) -> Any:
        wish = {"value": msgspec.to_builtins(kinds), "effective_on": TODAY.isoformat(), "decided_by": "理事会"}
        return club.send(MANAGER, "/rules/cards.kinds/amendments", status, **wish, why="夏季卡")

    gift = next(each for each in rules.kinds if each.code == "gift")
    second = msgspec.structs.replace(gift, code="gift_south")
    assert "second_gift_kind" in wish_for(*rules.kinds, second, status=409)["detail"]
    endless = [msgspec.structs.replace(gift, term_months=None) if each is gift else each for each in rules.kinds]
    assert "gift_never_expires" in wish_for(*endless, status=409)["detail"]
    wish_for(*rules.kinds, SUMMER)
    put_waiting(club.books)
    number, other = club.make_cards("summer", 2)
    for holder in ("dealer", "staff", "guest"):
        refused = club.send(MEMBERSHIP, f"/card-book/{number}/assignment", 409, member_no="M1", holder=holder)
        assert refused["reason"] == "holder_not_allowed"
    (ordinary,) = club.make_cards("ordinary", 1)
    path = f"/card-book/{ordinary}/assignment"
    assert club.send(MEMBERSHIP, path, 409, member_no="M1", holder="dealer")["reason"] == "holder_not_allowed"
    assert club.send(MEMBERSHIP, path, 409, holder="member")["reason"] == "member_missing"
    club.give(number, "M1")
    assert club.gate_says(number, date(2027, 2, 21)) == "ok"
    assert club.gate_says(number, date(2027, 2, 22)) == "credential_expired"
    kept = [each for each in rules.kinds if each.code != "summer"]
    assert "summer" in wish_for(*kept, status=409)["detail"]
    assert club.gate_says(other) == "credential_not_found"
    member = club.read(DESK, f"/card-book/{number}")
    assert member["card"]["kind"] == "summer"


@pytest.mark.proves("R24", "S22", "R91")
def test_a_points_card_is_had_for_points(club: Departments) -> None:
    member = put_waiting(club.books)
    (number,) = club.make_cards("points", 1)
    form = f"/do/assign_card/{number}"
    assert "积分不够" in club.fill_in(MEMBERSHIP, form, 409, member_no="M1", way="points")
    club.send(FINANCE, f"/points/{member}/adjustments", points=2300, why="旧系统余额")
    assert "待领取" in club.fill_in(MEMBERSHIP, form, member_no="M1", way="points")
    assert club.read(DESK, f"/points/{member}")["balance"]["available"] == 300
    club.encode(number)
    club.fill_in(DESK, f"/do/hand_card_over/{number}", identity_checked="yes")
    assert club.gate_says(number) == "ok"
    assert club.send(MEMBERSHIP, f"/card-book/{number}/assignment", 409, member_no="M1")["type"]


@pytest.mark.proves("S29", "S31", "S63", "R26", "R27", "R28", "R30", "R31", "R32")
def test_a_gift_card_from_its_sale_to_its_end(club: Departments) -> None:
    member = put_waiting(club.books)
    first, second = club.make_cards("gift", 2)
    club.encode(first)
    refused = club.send(MEMBERSHIP, f"/card-book/{first}/assignment", 409, member_no="M1")
    assert refused["reason"] == "is_a_gift_card"
    shown = club.fill_in(DESK, f"/do/sell_gift_card/{first}", amount_minor="20000")
    assert "200.00" in shown
    assert "2029-11-21" in shown
    assert club.gate_says(first) == "gift_card_not_admitted"
    file = club.read(DESK, f"/card-book/{first}")
    assert (file["card"]["member_no"], file["card"]["holder"]) == (None, "bearer")
    purchase = {"sale": "S-1", "amount_minor": 5000, "card": uid(first)}
    assert "another member's" in club.send(DESK, f"/points/{member}/purchases", 422, **purchase)["detail"]
    assert club.send(DESK, f"/gift-cards/{first}/return", 409, store="desk")["reason"] == "balance_left"
    spend_all(club, first)
    assert first in [each["number"] for each in club.read(DESK, "/gift-cards?state=empty")["items"]]
    club.fill_in(DESK, f"/do/take_in_gift_card/{first}", store="desk")
    wrong = {"numbers": [first], "taken_by": club.ids[MEMBERSHIP]}
    assert club.send(DESK, "/gift-way-back/funds", 409, **wrong)["reason"] == "not_their_work"
    club.fill_in(DESK, "/do/hand_gift_cards_to_funds", numbers=first, taken_by=club.ids[FINANCE])
    assert club.browser(DESK).get("/do/send_gift_cards").status_code == 403
    club.fill_in(FINANCE, "/do/send_gift_cards", numbers=first, taken_by=club.ids[MEMBERSHIP])
    own = {"numbers": first, "seen_by": club.ids[MEMBERSHIP]}
    assert "必须由另一个人办理" in club.fill_in(MEMBERSHIP, "/do/destroy_gift_cards", 409, **own)
    club.fill_in(MEMBERSHIP, "/do/destroy_gift_cards", numbers=first, seen_by=club.ids[OPERATIONS])
    file = club.read(DESK, f"/card-book/{first}")
    assert (file["card"]["state"], file["gift"]["state"]) == ("destroyed", "destroyed")
    assert sorted(each["stage"] for each in file["way_back"]) == ["destroyed", "taken_in", "to_funds", "to_service"]
    assert club.gate_says(first) == "gift_card_not_admitted"
    assert club.send(DESK, f"/gift-cards/{first}/sale", 409, amount_minor=100)["type"].startswith("urn:kiosk:problem")
    again = {"kind": "gift", "quantity": 1, "numbers_from": int(first), "number_digits": 8}
    assert club.send(MEMBERSHIP, "/card-batches", 409, **again)["reason"] == "number_taken"
    assert "销毁" in club.page(FINANCE, "/gift-way-back")
    assert club.gate_says(second) == "credential_not_found"


def spend_all(club: Departments, number: str) -> None:
    """Let the ledger say that nothing is left on a gift card."""
    do(club.books, lambda change: note_balance(change, number, 0))


@pytest.mark.proves("R30", "S29")
def test_who_sold_a_gift_card_does_not_lengthen_it(club: Departments, database: Database, clock: FakeClock) -> None:
    with database.begin() as connection:
        connection.execute(update(staff).where(staff.c.id == club.ids[DESK]).values(roles='["desk","finance"]'))
    kinds = [
        msgspec.structs.replace(each, term_months=12) if each.code == "gift" else each for each in CardRules().kinds
    ]
    amend(club.books, cards__kinds=kinds)
    (number,) = club.make_cards("gift", 1)
    club.fill_in(DESK, f"/do/sell_gift_card/{number}", amount_minor="100")
    clock.advance(400 * 86400)
    assert club.read(DESK, "/gift-cards?state=expired")["items"][0]["number"] == number
    wish = {"until": "2028-12-31", "why": "抽屉里找到"}
    assert "必须由另一个人办理" in club.fill_in(DESK, f"/do/extend_gift_card/{number}", 409, **wish)
    assert "2028-12-31" in club.fill_in(FINANCE, f"/do/extend_gift_card/{number}", **wish)
    assert club.read(DESK, "/gift-cards?state=active")["items"][0]["valid_until"] == "2028-12-31"


@pytest.mark.proves("S30", "R34", "R35", "R36")
def test_special_cards_are_asked_for_approved_by_three_people_and_switched_on_by_it(
    club: Departments, app: Flask
) -> None:
    (first, second) = club.make_cards("special", 2)
    club.encode(first)
    give = f"/card-book/{first}/assignment"
    assert club.send(MEMBERSHIP, give, 409, holder="staff")["reason"] == "request_missing"
    wish = {"department": "活动部", "report": "R-9", "quantity": "1", "way": "instant", "price_percent": "80"}
    assert "折扣超出规定" in club.fill_in(DESK, "/do/request_special", 409, **wish | {"price_percent": "10"})
    shown = club.fill_in(DESK, "/do/request_special", **wish)
    assert "运营" in shown
    (found,) = [each for each in club.read(DESK, "/special-cards")["items"] if each["report"] == "R-9"]
    request = found["id"]
    approve, activate = f"/do/approve_special/{request}", f"/do/activate_special/{request}"
    assert club.browser(DESK).get(approve).status_code == 403
    club.fill_in(FINANCE, approve, 422, role="general_manager")
    club.fill_in(FINANCE, approve, role="finance")
    assert "表过态" in club.fill_in(FINANCE, approve, 409, role="operations")
    program = club.send(OPERATIONS, f"/special-cards/{request}/approvals", 409, role="operations")
    assert program["reason"] == "not_a_person"
    headers = {"Authorization": f"Bearer {TOKEN}", "Idempotency-Key": "t"}
    answer = app.test_client().post(
        f"/api/v1/special-cards/{request}/approvals", json={"role": "operations"}, headers=headers
    )
    assert answer.json is not None
    assert answer.json["reason"] == "not_a_person"
    club.fill_in(OPERATIONS, approve, role="operations")
    assert "不能" in club.fill_in(IT, activate, 409)
    assert club.send(MEMBERSHIP, give, 409, holder="staff", request=request)["reason"] == "not_active"
    shown = club.fill_in(MANAGER, approve, role="general_manager", why="同意")
    assert "待开通" in shown
    assert club.browser(MANAGER).get(activate).status_code == 403
    club.fill_in(IT, activate)
    club.fill_in(MEMBERSHIP, f"/do/assign_card/{first}", holder="staff", way="grant", request=request)
    club.fill_in(DESK, f"/do/hand_card_over/{first}", identity_checked="yes")
    file = club.read(DESK, f"/card-book/{first}")
    assert (file["function_on"], club.gate_says(first)) == (True, "credential_not_enabled")
    over = club.send(MEMBERSHIP, f"/card-book/{second}/assignment", 409, holder="staff", request=request)
    assert over["reason"] == "all_issued"
    club.fill_in(IT, f"/do/close_special/{request}", why="活动结束")
    assert club.read(DESK, f"/card-book/{first}")["function_on"] is False
    said = {each["by"] for each in club.read(DESK, f"/special-cards/{request}")["request"]["opinions"]}
    assert said == {club.ids[FINANCE], club.ids[OPERATIONS], club.ids[MANAGER]}


@pytest.mark.proves("S28", "R39", "S08")
def test_a_card_at_two_sites_at_once_becomes_a_case_that_stops_it(
    club: Departments, database: Database, clock: FakeClock
) -> None:
    member = put_waiting(club.books)
    old, new = club.make_cards("ordinary", 2)
    club.give(old, "M1")
    boxes, at = Boxes(club.books, clock), clock.now()
    do(club.books, lambda change: set_photo(change, member, PICTURE))
    boxes.enter(boxes.at_demo, at - 20 * MINUTE, int(old), member=member)
    boxes.enter(boxes.at_island, at - 15 * MINUTE, int(old), member=member)
    boxes.send()
    lines = [each.row for each in LiveRecords(database).read(0) if each.row.kind == "decision"]
    assert [(each.name, each.photo) for each in lines] == [("王小明", f"/people/{member}/photo")] * 2
    assert club.browser(DESK).get(lines[0].photo).data == PICTURE
    assert f'href="/people/{member}/photo"' in club.page(DESK, f"/cards/{old}")
    listed = club.page(MEMBERSHIP, "/cases")
    (case,) = set(re.findall(r"/cases/(\w{16})", listed))
    assert [each["template"] for each in told(club.books, template="case_opened")] == ["case_opened"]
    shown = club.page(MEMBERSHIP, f"/cases/{case}")
    for text in (
        "同时在两处",
        "两处之间太快",
        "王小明",
        f'href="/cards/{old}"',
        "demo/club",
        f"/cases/{case}/records/",
    ):
        assert text in shown, text
    assert club.gate_says(old) == "ok"
    club.fill_in(MEMBERSHIP, f"/do/assign_case/{case}", staff=club.ids[MEMBERSHIP])
    closed = club.fill_in(MEMBERSHIP, f"/do/close_case/{case}", decision="card_stopped", why="承认借给朋友")
    assert "已结案" in closed
    assert club.gate_says(old) == "credential_not_enabled"
    assert [each["template"] for each in told(club.books, member=member)][-1] == "case_closed"
    club.encode(new)
    club.send(DESK, f"/card-book/{old}/replacement", new=new, reason="damaged")
    club.send(DESK, f"/card-book/{new}/hand-over", identity_checked=True)
    assert club.gate_says(new) == "credential_not_enabled"
    assert case not in club.page(MEMBERSHIP, "/cases")
    assert case in club.page(MANAGER, "/cases?part=closed")
