"""Points, tiers, rights and coupons in the office: what is done there is in the books and on the member's page."""

import json
import secrets
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

from kiosk.central.club.staff_tables import staff
from kiosk.central.database import Database
from kiosk.club.roles import Role
from kiosk.office.routes import PREFIX
from tests.office.accounts import make_staff, signed_in
from tests.office.builders import MEMBER, TOKEN
from tests.office.conftest import form_key

BEARER = {"Authorization": f"Bearer {TOKEN}"}
MINE = f"/points/{MEMBER}"


def get(app: Flask, path: str) -> Any:
    response = app.test_client().get(PREFIX + path, headers=BEARER)
    assert response.status_code == 200, response.text
    return json.loads(response.data)


def post(app: Flask, path: str, status: int = 200, **wish: Any) -> Any:
    headers = BEARER | {"Idempotency-Key": secrets.token_hex(8)}
    response = app.test_client().post(PREFIX + path, json=wish, headers=headers)
    assert response.status_code == status, response.text
    return json.loads(response.data)


def available(app: Flask) -> int:
    left: int = get(app, MINE)["balance"]["available"]
    return left


@pytest.mark.proves("S48", "S53")
def test_a_reward_is_reserved_handed_over_and_taken_back_with_its_points(app: Flask) -> None:
    assert available(app) == 850
    made = post(app, f"{MINE}/redemptions", reward="umbrella", quantity=2)
    assert (made["state"], made["points"], available(app)) == ("reserved", 300, 550)
    path = f"/redemptions/{made['id']}"
    assert {each["id"] for each in get(app, "/redemptions")["items"]} == {"r1", made["id"]}
    assert post(app, f"{path}/hand-over")["state"] == "redeemed"
    assert post(app, f"{path}/cancel", 409, why="too late")["reason"] == "step_refused"
    assert post(app, f"{path}/take-back", why="broken")["state"] == "returned"
    assert available(app) == 850
    assert post(app, f"{MINE}/redemptions", 409, reward="umbrella", quantity=3)["reason"] == "out_of_stock"


@pytest.mark.proves("S47")
def test_points_are_corrected_and_earnings_taken_back_with_a_reason(app: Flask) -> None:
    post(app, f"{MINE}/adjustments", points=-50, why="booked twice")
    assert available(app) == 800
    assert post(app, f"{MINE}/adjustments", 409, points=-900, why="all of it")["reason"] == "not_enough"
    post(app, f"{MINE}/adjustments", 422, points=5)
    post(app, f"{MINE}/bookings/p1/reversal", why="purchase undone", points=100)
    assert get(app, MINE)["balance"]["lifetime"] == 900
    post(app, f"/points/{'7e' * 8}/bookings/p1/reversal", 422, why="not the member's own")
    newest = get(app, f"{MINE}/bookings?limit=1")
    assert (newest["items"][0]["source"], newest["items"][0]["entry"]["reason"]) == ("reversal", "purchase undone")
    assert get(app, f"{MINE}/bookings?after={newest['next']}")["items"][0]["source"] == "adjust"


@pytest.mark.proves("R80", "R81")
def test_a_right_is_used_once_and_again_when_the_use_is_undone(app: Flask) -> None:
    uses = f"{MINE}/right-uses"
    assert post(app, uses, 409, right="car_wash")["reason"] == "used_up"
    assert post(app, uses, 409, right="hotline")["reason"] == "not_in_this_tier"
    assert post(app, f"{uses}/u1/undo", why="another car")["undone_at"]
    assert post(app, uses, right="car_wash")["used"]["total"] == 1
    assert [bool(each["undone_at"]) for each in get(app, MINE)["uses"]] == [False, True]


@pytest.mark.proves("S49")
def test_a_coupon_is_granted_used_given_back_and_withdrawn(app: Flask) -> None:
    wish = {"code": "five", "name": "五元券", "amount_off_minor": 500, "tier": "gold", "goods": "food drink"}
    assert post(app, "/coupon-kinds", **wish)["goods"] == ["food", "drink"]
    post(app, "/coupon-kinds", 422, **wish, alone=True)
    code = post(app, f"{MINE}/coupons", kind="five", why="an apology")["code"]
    sale = {"sale": "s9", "site": "demo", "amount_minor": 2000}
    refused = post(app, f"/coupons/{code}/use", 409, **sale, goods="food")
    assert refused["reason"] == "another_members"
    assert post(app, f"/coupons/{code}/use", **sale, buyer="M0001", goods="food")["off_minor"] == 500
    assert get(app, f"/coupons/{code}")["state"] == "used"
    assert post(app, f"/coupons/{code}/give-back", why="purchase undone")["state"] == "usable"
    assert post(app, f"/coupons/{code}/withdraw", why="granted in error")["state"] == "withdrawn"


@pytest.mark.proves("R90", "R152", "R68", "R69")
def test_a_member_is_raised_buys_falls_with_the_post_and_may_rise_again(app: Flask) -> None:
    assert post(app, f"{MINE}/tier", tier="platinum", why="ten members")["tier"] == "platinum"
    assert post(app, f"{MINE}/job-change", why="left the firm") == {"move": "fallen", "tier": "ordinary"}
    post(app, f"{MINE}/bought-tier", tier="gold", until="2027-12-31")
    assert get(app, MINE)["tier"]["holding"]["tier"] == "ordinary"
    assert post(app, f"{MINE}/job-review", why="council")["tier"] == "gold"
    post(app, f"{MINE}/tier", 422, tier="diamond", why="no such tier")


def test_a_reward_comes_into_the_catalogue_and_its_form_shows_what_it_is(app: Flask, database: Database) -> None:
    made = post(app, "/rewards", name="毛巾", kind="gift", points=80, first="2026-12-01")
    post(app, "/rewards", 422, name="茶", kind="gift", points=80, special_points=40)
    assert post(app, f"{MINE}/redemptions", 409, reward=made["id"])["reason"] == "not_yet"
    clerk = signed_in(app, database, make_staff(database, Role.OPERATIONS))
    form = clerk.get(f"/do/save_reward/{made['id']}").text
    assert 'value="毛巾"' in form
    assert 'value="2026-12-01"' in form
    address = f"/do/save_reward/{made['id']}"
    said = {"name": "浴巾", "kind": "gift", "points": "90", "offered": "yes", "once": "1"}
    sent = clerk.post(address, data=said | {"form_key": form_key(clerk, address)})
    assert sent.headers["Location"] == f"/rewards/{made['id']}?done=save_reward"
    assert "浴巾" in clerk.get("/rewards").text


@pytest.mark.proves("S34", "S35", "R86")
def test_a_members_page_and_the_ladder_are_in_words(app: Flask, database: Database) -> None:
    desk = signed_in(app, database, make_staff(database, Role.DESK))
    page = desk.get(MINE).text
    for said in (
        "850",
        "可用积分",
        "累计积分满 5,000（还差 4,000）",
        "洗车",
        "已用完",
        "九折券",
        "雨伞",
        f"/do/undo_right/{MEMBER}/u1",
    ):
        assert said in page
    assert f"/do/redeem_reward/{MEMBER}" in page
    assert f"/do/adjust_points/{MEMBER}" not in page
    assert "/do/reverse_points" not in page
    assert "雨伞" in desk.get("/points").text
    ladder = english(desk, "/ladder")
    for said in ("Platinum", "2,000 points earned in all; or bought", "Car wash", "1 in all"):
        assert said in ladder


def english(client: FlaskClient, path: str) -> str:
    """Return a page in English."""
    return client.get(f"{path}?lang=en", follow_redirects=True).text


def test_a_gift_that_waits_is_handed_over(app: Flask) -> None:
    assert post(app, "/member-gifts/g1/hand-over")["state"] == "had"
    assert get(app, "/member-gifts")["items"] == []


@pytest.mark.proves("S94")
def test_nobody_serves_himself_with_points_coupons_gifts_or_rights(app: Flask, database: Database) -> None:
    clerk_id = make_staff(database, Role.FINANCE, Role.MEMBERSHIP, Role.DESK)
    with database.begin() as connection:
        connection.execute(update(staff).values(member=MEMBER))
    clerk, other = signed_in(app, database, clerk_id), "7e" * 8
    wishes = {
        f"adjust_points/{MEMBER}": {"points": "5"},
        f"give_tier/{MEMBER}": {"tier": "platinum"},
        f"buy_tier/{MEMBER}": {"tier": "platinum"},
        f"grant_coupon/{MEMBER}": {"kind": "ten_off"},
        "use_coupon/k1": {"sale": "a1", "site": "demo", "amount_minor": "100", "buyer": "M0001"},
        "withdraw_coupon/k1": {},
        f"redeem_reward/{MEMBER}": {"reward": "umbrella", "quantity": "1"},
        "hand_over_redemption/r1": {},
        "hand_over_member_gift/g1": {},
        "withdraw_member_gift/g1": {},
        f"book_purchase/{MEMBER}": {"sale": "a1", "amount_minor": "100"},
        f"undo_right/{MEMBER}/u1": {},
        f"claim_referral/{other}": {"referred_by": "M0001"},
        "send_coupons/ten_off": {"campaign": "x", "members": "M0001"},
    }
    for name, wish in wishes.items():
        address = f"/do/{name}"
        sent = clerk.post(address, data=wish | {"why": "mine", "once": "1", "form_key": form_key(clerk, address)})
        assert (sent.status_code, "不能为自己的档案办理" in sent.text) == (409, True), name
    address = f"/do/adjust_points/{other}"
    fields = {"points": "5", "why": "another's", "once": "2", "form_key": form_key(clerk, address)}
    assert clerk.post(address, data=fields).status_code == 302
