"""Stories of tiers, points and rights: done in the office, told to the member, decided at the gate."""

import hashlib
from datetime import date

import msgspec
import pytest
from flask import Flask
from sqlalchemy import insert, select

from kiosk.central.club import benefits
from kiosk.central.club.activity_tables import activity
from kiosk.central.club.books import Books
from kiosk.central.club.card_tables import card
from kiosk.central.database import Database
from kiosk.central.tables import used
from kiosk.club.roles import Role
from kiosk.core.clock import epoch_ms
from kiosk.core.codec import canonical
from kiosk.core.identifiers import credential_of
from kiosk.core.visits import Usage
from tests.builders import FakeClock
from tests.office.accounts import make_staff, signed_in
from tests.office.builders import SECRET
from tests.office.builders_cards import BATCH, IN_STOCK
from tests.office.builders_conduct import ACTIVITY, make_activity_row
from tests.office.program import CARD, FORM, NOW, Club, card_row, gate, roster

LOUNGE = {"code": "lounge", "kind": "facility", "tier": "gold", "areas": ["lounge"]}
TWICE = {"times": 2, "per": "month"}
SAUNA = {"code": "sauna", "kind": "facility", "tier": "silver", "allowance": TWICE, "areas": ["sauna"]}


@pytest.fixture
def club(app: Flask, database: Database) -> Club:
    return Club(app, database)


@pytest.mark.proves("R152", "S33", "S34", "S77", "R18", "R74", "R07")
def test_a_tier_bought_with_joining_counts_with_the_card_and_the_welcome_reaches_the_member(club: Club) -> None:
    club.add_rights(LOUNGE)
    club.operations.do("/coupon-kinds", code="hello", name="迎新券", amount_off_minor=1000)
    club.amend("earning.welcome", {"gifts": ["welcome_pack"], "coupons": ["hello"]})
    club.desk.do("/applications", 422, **FORM | {"phone": "13900000009", "tier": "silver"})
    member = club.apply(tier="gold")
    assert (club.points(member)["tier"], club.answer("lounge")) == (None, "credential_not_found")
    club.collect(member)
    shown = club.points(member)
    assert (shown["tier"]["holding"]["tier"], shown["tier"]["holding"]["source"]) == ("gold", "bought")
    assert shown["balance"]["available"] == 1000
    assert {each["code"]: each["became"] for each in shown["gifts"]} == {"welcome_pack": "desk", "hello": "coupon"}
    assert [each["kind"] for each in shown["coupons"]] == ["hello"]
    assert club.told(member)["welcome"] == '{"gifts":1,"points":1000}'
    assert "coupon_granted" in club.told(member)
    assert (club.answer("lounge"), card_row(club.database, CARD).tier) == ("ok", "gold")
    person = club.office.see(f"/people/{member}")
    assert (person["tier"]["missing"]["tier"], person["member"]["tier"]) == ("platinum", "gold")
    clerk = signed_in(club.app, club.database, make_staff(club.database, Role.MEMBERSHIP))
    page = clerk.get(f"/people/{member}").text
    for said in ("下一等级", "累计积分满 5,000（还差 4,000）"):
        assert said in page


@pytest.mark.proves("S34", "S47", "R75", "R76", "R77", "R78", "R82", "R83", "R87", "S36", "S48", "R85")
def test_purchases_carry_a_member_up_with_gift_and_gate_and_redeeming_takes_nothing_of_it(club: Club) -> None:
    club.add_rights(LOUNGE)
    club.operations.do("/coupon-kinds", code="upgrade_gold", name="金卡礼券", percent_off=20)
    member = club.join()
    assert (club.points(member)["tier"]["holding"]["tier"], club.answer("lounge")) == ("silver", "not_permitted_here")
    assert club.buy(member, "a1") == {"sale": "a1", "points": 5, "reason": "", "tier": "silver"}
    assert club.buy(member, "a1", 2001)["reason"] == "already_had"
    assert club.buy(member, "a2", 99)["reason"] == "below_minimum"
    club.amend("earning.consumption_points", 995)
    assert club.buy(member, "a3")["tier"] == "gold"
    assert club.answer("lounge") == "ok"
    assert {"tier_up", "upgrade_gift", "coupon_granted"} <= set(club.told(member))
    reward = club.operations.do("/rewards", name="浴巾", kind="gift", points=2000)["id"]
    made = club.desk.do(f"/points/{member}/redemptions", reward=reward)
    club.desk.do(f"/redemptions/{made['id']}/hand-over")
    shown = club.points(member)
    assert (shown["balance"]["available"], shown["balance"]["lifetime"]) == (0, 2000)
    assert (shown["tier"]["holding"]["tier"], club.answer("lounge")) == ("gold", "ok")
    assert [each["sale"] for each in shown["purchases"] if each["earned"]] == ["a1", "a3"]
    club.amend("earning.consumption_points", 2500)
    assert club.buy(member, "a4") == {"sale": "a4", "points": 3000, "reason": "", "tier": "platinum"}
    assert club.office.see(f"/people/{member}")["tier"]["missing"] is None
    club.desk.do(f"/points/{member}/purchases/a4/undo", why="brought back")
    shown = club.points(member)
    assert (shown["balance"]["available"], shown["tier"]["holding"]["tier"]) == (0, "platinum")


@pytest.mark.proves("S47", "R88", "R89", "S51", "S76")
def test_purchases_and_activities_earn_more_in_a_senior_tier_on_a_member_day_and_on_a_birthday(
    club: Club,
) -> None:
    member = club.join(tier="platinum", born="1990-03-01")
    assert club.buy(member, "a1")["points"] == 7, "150 percent of five"
    sunday = {"code": "sunday", "weekdays": [7], "points_percent": 300, "areas": ["lounge"]}
    club.amend("calendar.member_days", [sunday])
    assert club.buy(member, "a2")["points"] == 15
    assert club.answer("lounge") == "ok"
    with club.database.begin() as connection:
        held = make_activity_row(state="running", starts_at="2026-11-22T08:00:00.000Z", obligatory=False)
        connection.execute(insert(activity).values(**held))
    number = club.office.see(f"/people/{member}")["member"]["member_no"]
    club.desk.do(f"/activities/{ACTIVITY}/sign-ins", who=number)
    club.amend("calendar.member_days", [])
    club.amend("earning.tier_percents", [])
    club.office.do(f"/people/{member}/file", name="林晓", phone="13900000001", born="1990-11-20")
    assert club.buy(member, "a3")["points"] == 10, "twice in the days after a birthday"
    booked = club.desk.see(f"/points/{member}/bookings")["items"]
    assert [(each["source"], each["entry"]["points"]) for each in booked if each["source"] != "registration"] == [
        ("consumption", 10),
        ("event", 15),
        ("consumption", 15),
        ("consumption", 7),
    ]
    assert [row.id for row in roster(club.database) if row.id.startswith("day.")] == []


@pytest.mark.proves("S48", "R91")
def test_points_buy_six_kinds_of_things_cash_only_where_the_rules_allow_it(club: Club) -> None:
    member = club.join()
    club.operations.do("/coupon-kinds", code="tea", name="茶券", amount_off_minor=500)
    for kind in ("gift", "privilege", "product", "service"):
        reward = club.operations.do("/rewards", name=kind, kind=kind, points=10)["id"]
        assert club.desk.do(f"/points/{member}/redemptions", reward=reward)["state"] == "reserved"
    coupon = club.operations.do("/rewards", name="券", kind="coupon", points=10, gives="tea")["id"]
    made = club.desk.do(f"/points/{member}/redemptions", reward=coupon)
    club.desk.do(f"/redemptions/{made['id']}/hand-over")
    assert [each["kind"] for each in club.points(member)["coupons"]] == ["tea"]
    cash = club.operations.do("/rewards", name="现金", kind="cash", points=10)["id"]
    assert club.desk.do(f"/points/{member}/redemptions", 409, reward=cash)["reason"] == "cash_not_allowed"
    club.amend("rewards.cash", True)
    assert club.desk.do(f"/points/{member}/redemptions", reward=cash)["points"] == 10
    assert club.points(member)["balance"]["available"] == 940


@pytest.mark.proves("R92", "S48", "S52")
def test_points_buy_a_special_price_a_lottery_ticket_and_a_guess_and_each_draw_is_held_once(club: Club) -> None:
    member = club.join()
    club.operations.do("/coupon-kinds", code="prize", name="奖券", amount_off_minor=9900)
    days = {"special_first": "2026-11-20", "special_last": "2026-11-30"}
    ticket = {"name": "抽奖券", "kind": "privilege", "points": 50}
    lottery = club.operations.do("/rewards", **ticket, special_points=20, **days)["id"]
    for quantity in (2, 1):
        made = club.desk.do(f"/points/{member}/redemptions", reward=lottery, quantity=quantity)
        assert made["points"] == 20 * quantity
        club.desk.do(f"/redemptions/{made['id']}/hand-over")
    draw = {"prize": "prize", "why": "year-end", "winners": 5}
    assert club.office.do(f"/rewards/{lottery}/draw", 409, **draw)["reason"] == "still_offered"
    sealed = club.office.do(f"/rewards/{lottery}/seal")
    assert club.office.do(f"/rewards/{lottery}/seal", 409)["reason"] == "has_a_seed"
    clerk = signed_in(club.app, club.database, make_staff(club.database, Role.MEMBERSHIP, login="the.clerk"))
    assert sealed["digest"] in clerk.get(f"/rewards/{lottery}").text
    club.operations.do(f"/rewards/{lottery}", **ticket, offered=False)
    drawn = club.office.do(f"/rewards/{lottery}/draw", **draw)
    seed = drawn.pop("seed")
    assert drawn == {"reward": lottery, "tickets": 3, "winners": [member]}
    assert hashlib.sha256(seed.encode()).hexdigest() == sealed["digest"]
    assert club.office.do(f"/rewards/{lottery}/draw", 409, **draw)["reason"] == "drawn_already"
    assert [each["kind"] for each in club.points(member)["coupons"]] == ["prize"]
    wrong = club.operations.do("/rewards", name="猜乙队", kind="privilege", points=10)["id"]
    club.operations.do(f"/rewards/{wrong}", name="猜乙队", kind="privilege", points=10, offered=False)
    assert club.office.do(f"/rewards/{wrong}/draw", 409, prize="prize", why="lost")["reason"] == "no_tickets"
    assert club.office.do(f"/rewards/{wrong}/seal", 409)["reason"] == "not_offered_any_more"
    other = club.operations.do("/rewards", name="抽奖", kind="privilege", points=10)["id"]
    made = club.desk.do(f"/points/{member}/redemptions", reward=other)
    club.desk.do(f"/redemptions/{made['id']}/hand-over")
    club.operations.do(f"/rewards/{other}", name="抽奖", kind="privilege", points=10, offered=False)
    assert club.office.do(f"/rewards/{other}/draw", 409, **draw)["reason"] == "no_seed"
    guessed = {"prize": "prize", "why": "whoever guessed right"}
    assert club.office.do(f"/rewards/{other}/draw", **guessed)["winners"] == [member]


@pytest.mark.proves("S49", "S94")
def test_a_campaign_reaches_those_it_is_for_and_codes_count_for_whoever_brings_them(club: Club) -> None:
    member = club.join()
    number = club.office.see(f"/people/{member}")["member"]["member_no"]
    club.office.do("/coupon-kinds", 403, code="spring", name="春", amount_off_minor=500)
    club.operations.do("/coupon-kinds", code="spring", name="春", amount_off_minor=500, segments_any="away")
    path = "/coupon-kinds/spring"
    wish = {"campaign": "spring-1", "members": f"{number} M0001", "why": "spring", "segments": "away"}
    club.operations.do(f"{path}/campaigns", 403, **wish)
    assert (
        club.office.do(f"{path}/campaigns", **wish | {"segments": ""})["not_sent"][0]["reason"] == "not_for_this_member"
    )
    for _ in range(2):
        assert club.office.do(f"{path}/campaigns", **wish)["sent"] == 2
    assert len(club.points(member)["coupons"]) == 1
    made = club.office.do(f"{path}/coupons", quantity=3, why="leaflets")["items"]
    assert len(club.desk.see(f"{path}/coupons")["items"]) == 5
    code = made[0]["code"]
    used = club.desk.do(f"/coupons/{code}/use", sale="a1", site="demo", amount_minor=2000)
    assert used == {"code": code, "off_minor": 500}
    desk = signed_in(club.app, club.database, make_staff(club.database, Role.DESK))
    assert f'href="/coupons/{code}"' in desk.get(f"/points?q={code}").text
    assert f'href="/coupons/{code}"' in desk.get(path).text


@pytest.mark.proves("S35", "S36", "R79", "R80", "R93", "R94", "S95")
def test_a_right_that_the_rule_book_gives_opens_the_gate_offline_and_is_shown_at_the_desk(
    club: Club,
) -> None:
    member = club.join()
    assert club.answer("sauna") == "not_permitted_here"
    club.add_rights(SAUNA | {"service": "sauna"})
    assert benefits.run(Books(club.database, FakeClock()), date(2026, 11, 22), "").error == ""
    assert club.answer("sauna") == "ok"
    rights = {each["code"]: each for each in club.points(member)["rights"]}
    assert (rights["sauna"]["at_gates"], rights["sauna"]["allowance"]) == (True, {"times": 2, "per": "month"})
    assert {"priority_service", "coupons", "member_events", "discount"} <= set(rights)


@pytest.mark.proves("S36", "R10")
def test_who_joins_both_clubs_opens_both_and_who_joins_one_opens_that_one(club: Club) -> None:
    brings = [{"scope": "indoor", "product": "indoor"}, {"scope": "outdoor", "product": "outdoor"}]
    club.amend("benefits.scope_products", brings)
    member = club.join(scopes=["outdoor"])
    assert (club.answer("club"), club.answer("sauna")) == ("not_permitted_here", "ok")
    assert [each["product"] for each in club.office.see(f"/people/{member}")["entitlements"]] == ["outdoor"]


@pytest.mark.proves("S36", "R10")
def test_both_clubs_come_with_joining_both(club: Club) -> None:
    brings = [{"scope": "indoor", "product": "indoor"}, {"scope": "outdoor", "product": "outdoor"}]
    club.amend("benefits.scope_products", brings)
    club.join(scopes=["indoor", "outdoor"])
    assert (club.answer("club"), club.answer("sauna"), club.answer("lounge")) == ("ok", "ok", "not_permitted_here")


@pytest.mark.proves("S35", "R80")
def test_a_card_that_replaces_a_lost_one_has_used_what_that_one_used(club: Club) -> None:
    member = club.join()
    club.add_rights(SAUNA)
    assert benefits.run(Books(club.database, FakeClock()), date(2026, 11, 22), "").error == ""
    name = f"{member}.right.sauna"
    spent = Usage(*[2] * 6, last_ms=epoch_ms(NOW))
    with club.database.begin() as connection:
        told = {"credential": CARD, "entitlement": name, "site": "demo", "counts": canonical(spent), "folded": b"{}"}
        connection.execute(insert(used).values(**told, version=1))
        kind = select(card.c.kind).where(card.c.number == IN_STOCK).scalar_subquery()
        fresh = {"number": "00000009", "use_class": "ordinary", "batch": BATCH, "state": "in_stock", "point": "desk"}
        connection.execute(insert(card).values(kind=kind, **fresh))
    club.desk.do(f"/card-book/{IN_STOCK}/loss")
    club.desk.do(f"/card-book/{IN_STOCK}/replacement", new="00000009", reason="lost")
    club.desk.do("/card-book/00000009/encoding", identifier="04A1B2CF")
    club.desk.do("/card-book/00000009/hand-over", identity_checked=True)
    new = credential_of("04A1B2CF", SECRET)
    with club.database.read() as connection:
        mine = (used.c.credential == new, used.c.entitlement == name)
        counts = connection.execute(select(used.c.counts).where(*mine)).scalar_one()
    known = {name: msgspec.json.decode(counts, type=Usage)}
    assert known == {name: spent}
    assert gate(club.database, new, "sauna", used=known).event.reason == "no_visits_left"
    assert gate(club.database, new, "sauna").granted
    assert club.noted("card.take_over_use") == 1


@pytest.mark.proves("R86", "S78", "S34")
def test_anybody_reads_the_tiers_and_the_rewards_for_bringing_members_in_both_languages(club: Club) -> None:
    stranger = club.app.test_client()
    page = stranger.get("/public/tiers")
    assert page.status_code == 200
    for said in ("累计积分满 2,000", "购买该等级", "每推荐 1 位", "100 积分", "升为金卡", "洗车"):
        assert said in page.text
    assert "退出" not in page.text
    english = stranger.get("/public/tiers?lang=en", follow_redirects=True).text
    for said in ("2,000 points earned in all; or bought", "every 1 new members", "100 points", "Car wash"):
        assert said in english
    plain = stranger.get("/public/tiers.json").json
    assert [each["tier"] for each in plain["tiers"]] == ["ordinary", "silver", "gold", "platinum"]
    assert [each["number"] for each in plain["referrals"]] == [1, 3, 10]
    assert stranger.get("/ladder").status_code == 302
