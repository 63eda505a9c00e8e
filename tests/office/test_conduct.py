"""Activities, discipline, cases, accounts, keys and notices: what the office does about them, by form and API."""

import json
import re
import secrets
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import insert, select, update

from kiosk.central.club.activity_tables import activity, activity_sign_in
from kiosk.central.club.case_tables import card_tap, club_case
from kiosk.central.club.staff_tables import staff
from kiosk.central.club.tables import answered
from kiosk.central.database import Database
from kiosk.club.roles import Role
from kiosk.core.clock import epoch_ms, parse_utc
from kiosk.office.routes import PREFIX
from tests.office.accounts import key_of, make_staff, signed_in
from tests.office.builders import JOURNAL, MEMBER, STORED_AT, make_decision, store
from tests.office.builders_conduct import (
    ACTIVITY,
    CARD,
    CASE,
    ORDER,
    STAFF,
    VIOLATION,
    add_notice,
    fill_conduct,
    fill_staff,
)
from tests.office.conftest import form_key


@pytest.fixture(autouse=True)
def _conduct(database: Database) -> None:
    """An activity, a proposed order, a case and an account."""
    fill_conduct(database)
    fill_staff(database)


def browser(app: Flask, database: Database, role: Role, login: str = "li.na") -> FlaskClient:
    """Return a browser of a new account with one role."""
    return signed_in(app, database, make_staff(database, role, login=login))


def send(client: FlaskClient, form: str, **fields: Any) -> Any:
    """Fill in a form and send it."""
    return client.post(form, data={"form_key": form_key(client, "/account"), "once": secrets.token_hex(4)} | fields)


def post(app: Flask, headers: dict[str, str], path: str, wish: Any, key: str = "k", status: int = 200) -> Any:
    """Do an act over the API."""
    response = app.test_client().post(PREFIX + path, json=wish, headers=headers | {"Idempotency-Key": key})
    assert response.status_code == status, response.text
    return json.loads(response.data)


@pytest.mark.proves("R148", "S73")
def test_an_activity_is_planned_announced_and_called_off_by_forms(app: Flask, database: Database) -> None:
    client = browser(app, database, Role.OPERATIONS)
    plan = {"title": "冬至聚会", "site": "demo", "starts_at": "2026-12-21T15:00", "ends_at": "2026-12-21T17:00"}
    planned = send(client, "/do/plan_activity", **plan)
    page = planned.location.partition("?")[0]
    shown = client.get(page).text
    name = page.rpartition("/")[2]
    assert "冬至聚会" in shown
    assert "2026-12-21T07:00:00" in shown
    assert "策划还缺" in shown
    assert send(client, f"/do/announce_activity/{name}").status_code == 409
    more = plan | {"place": "大厅", "agenda": "包饺子", "budget_minor": "100000", "obligatory": "yes"}
    assert send(client, f"/do/replan_activity/{name}", **more).status_code == 302
    assert send(client, f"/do/announce_activity/{name}").status_code == 302
    assert "已通知" in client.get(page).text
    assert send(client, f"/do/call_off_activity/{name}", why="下雪").status_code == 302
    assert "冬至聚会" in client.get("/activities?part=called_off").text
    assert "冬至聚会" not in client.get("/activities").text


@pytest.mark.proves("S73")
def test_an_activity_has_its_title_in_the_language_of_the_page(app: Flask, database: Database) -> None:
    client = browser(app, database, Role.OPERATIONS)
    plan = {"title": "冬至聚会", "title_en": "Midwinter", "site": "demo", "starts_at": "2026-12-21T15:00"}
    page = send(client, "/do/plan_activity", **plan).location.partition("?")[0]
    send(client, "/do/plan_activity", **plan | {"title": "灯会", "title_en": ""})
    assert "<h1>冬至聚会</h1>" in client.get(page).text
    places = ("/activities", "/year-plan?year=2026", f"/do/announce_activity/{page.rpartition('/')[2]}")
    for place in places:
        shown = client.get(place).text
        assert ("冬至聚会" in shown, "Midwinter" in shown) == (True, False), place
    assert 'value="Midwinter"' in client.get(f"/do/replan_activity/{page.rpartition('/')[2]}").text
    client.get("/activities?lang=en")
    assert "<h1>Midwinter</h1>" in client.get(page).text
    for place in places:
        shown = client.get(place).text
        assert ("冬至聚会" in shown, "Midwinter" in shown) == (False, True), place
    assert "灯会" in client.get("/activities").text


@pytest.mark.parametrize(
    ("page", "role"),
    [
        ("/desk", Role.DESK),
        (f"/do/sign_in_member/{ACTIVITY}", Role.DESK),
        (f"/do/sign_in_later/{ACTIVITY}", Role.OPERATIONS),
    ],
)
def test_wherever_an_activity_is_named_its_title_is_in_the_language_of_the_page(
    app: Flask, database: Database, page: str, role: Role
) -> None:
    with database.begin() as connection:
        state = "closed" if "later" in page else "sign_in_open"
        connection.execute(update(activity).values(title_en="Autumn tea", state=state))
    client = browser(app, database, role)
    shown = client.get(page).text
    assert ("秋季品茶会" in shown, "Autumn tea" in shown) == (True, False)
    shown = client.get(f"{page}?lang=en", follow_redirects=True).text
    assert ("秋季品茶会" in shown, "Autumn tea" in shown) == (False, True)


@pytest.mark.proves("S42")
def test_the_desk_signs_in_by_number_or_card(app: Flask, database: Database) -> None:
    desk = key_of(database, Role.DESK)
    path = f"/activities/{ACTIVITY}/sign-ins"
    assert post(app, desk, path, {"who": "M0001"}, status=409)["reason"] == "not_held"
    with database.begin() as connection:
        connection.execute(activity_sign_in.delete())
        connection.execute(
            update(activity).values(starts_at="2026-11-22T00:00:00.000Z", ends_at="2026-11-22T23:00:00.000Z")
        )
    assert post(app, desk, path, {"who": "04:a1:b2:c3 d4e5f6"}, "k2")["subject"] == MEMBER
    assert post(app, desk, path, {"who": "M0001"}, "k3", 409)["reason"] == "already_signed_in"
    assert "there is no member" in post(app, desk, path, {"who": "nobody"}, "k4", 422)["detail"]


@pytest.mark.proves("R149")
def test_who_sees_no_members_sees_an_activity_without_names(app: Flask, database: Database) -> None:
    assert "张伟" in browser(app, database, Role.DESK, "the.desk").get(f"/activities/{ACTIVITY}").text
    shown = browser(app, database, Role.IT, "the.it").get(f"/activities/{ACTIVITY}").text
    assert "秋季品茶会" in shown
    assert "张伟" not in shown


@pytest.mark.proves("S08", "R70", "S94")
def test_an_order_is_decided_by_somebody_else_than_its_proposer(app: Flask, database: Database) -> None:
    clerk = make_staff(database, Role.MEMBERSHIP, Role.GENERAL_MANAGER, login="both")
    both = signed_in(app, database, clerk)
    form = f"/do/propose_order/{MEMBER}"
    wish = {"measure": "warning", "body": "committee", "since": "2026-11-25", "why": "借卡"}
    assert "2026-11-20" in both.get(form).text
    assert send(both, form, **wish, violations=[VIOLATION]).status_code == 302
    shown = both.get("/orders").text
    own = next(each for each in re.findall(r"/orders/(\w{16})", shown) if each != ORDER)
    refused = send(both, f"/do/decide_order/{own}", why="同意")
    assert refused.status_code == 409
    assert "不能批准自己提出的申请" in refused.text
    manager = browser(app, database, Role.GENERAL_MANAGER, "the.boss")
    assert send(manager, f"/do/decide_order/{own}", why="同意", since="2026-11-25").status_code == 302
    assert "已决定" in manager.get(f"/orders/{own}").text
    assert send(manager, f"/do/lift_order/{own}", why="已改正").status_code == 302
    assert send(manager, f"/do/drop_order/{ORDER}", why="证据不足").status_code == 302


@pytest.mark.proves("S28", "S08")
def test_a_case_is_given_to_somebody_and_closed_with_what_was_found(app: Flask, database: Database) -> None:
    store(database, make_decision())
    manager = make_staff(database, Role.MEMBERSHIP)
    client = signed_in(app, database, manager)
    assert f"/cases/{CASE}" in client.get("/cases").text
    assert f"/cases/{CASE}" not in client.get("/cases?part=mine").text
    assert send(client, f"/do/assign_case/{CASE}", staff=manager).status_code == 302
    assert f"/cases/{CASE}" in client.get("/cases?part=mine").text
    shown = client.get(f"/cases/{CASE}").text
    assert "看过录像" in shown
    assert f"/cases/{CASE}/records/1" in shown
    assert "entrance" in client.get(f"/cases/{CASE}/records/1").text
    assert client.get(f"/cases/{CASE}/records/2").status_code == 404
    assert send(client, f"/do/close_case/{CASE}", decision="violation", why="是").status_code == 422
    closed = send(client, f"/do/violation_of_case/{CASE}", misconduct="card_lent", on="2026-11-22", why="承认借卡")
    assert closed.status_code == 302
    assert f"/cases/{CASE}" in client.get("/cases?part=closed").text
    assert client.get(f"/discipline/{MEMBER}").text.count("已放行") == 2
    assert send(client, f"/do/reopen_case/{CASE}", why="申诉").status_code == 302


@pytest.mark.proves("S28")
def test_the_desk_reports_a_card_that_another_shows(app: Flask, database: Database) -> None:
    store(database, make_decision())
    row = {"origin_journal": JOURNAL, "origin_seq": 1, "journal": JOURNAL, "seq": 1, "credential": CARD, "site": "demo"}
    row |= {"access_point": "entrance", "area": "club", "way_out": False, "passed": True}
    desk = browser(app, database, Role.DESK)
    fields = {"card": "04A1B2C3D4E5F6", "text": "照片上是位老人"}
    assert send(desk, "/do/report_photo", **fields).status_code == 422
    with database.begin() as connection:
        connection.execute(insert(card_tap).values(**row, at_ms=epoch_ms(parse_utc(STORED_AT))))
    assert send(desk, "/do/report_photo", **fields, once="2").location.startswith("/report")
    assert send(desk, "/do/report_case", kind="complaint", text="毛巾不够").status_code == 302
    with database.read() as connection:
        kinds = sorted(connection.execute(select(club_case.c.kind)).scalars())
    assert kinds == ["complaint", "misuse"]


@pytest.mark.proves("S94")
def test_a_temporary_password_is_shown_once_and_not_kept(app: Flask, database: Database) -> None:
    admin = browser(app, database, Role.ADMIN, "the.admin")
    wish = {"login": "wang.wu", "name": "王五", "roles": ["desk"], "once": "7"}
    first = send(admin, "/do/open_staff", **wish)
    found = re.search(r"\w{6}-\w{6}-\w{6}-\w{8}", first.text)
    assert found
    assert found[0] not in send(admin, "/do/open_staff", **wish).text
    with database.read() as connection:
        assert not [each for each in connection.execute(select(answered.c.answer)).scalars() if found[0] in each]
        kept = connection.execute(select(staff.c.password).where(staff.c.login == "wang.wu")).scalar_one()
    assert kept.startswith("scrypt$")
    client = app.test_client()
    signing = {"form_key": form_key(client), "login": "wang.wu", "password": found[0]}
    assert client.post("/sign-in", data=signing).status_code == 302
    assert client.get("/members").location == "/account/password"


@pytest.mark.proves("S94")
def test_an_account_is_looked_after_by_another_admin(app: Flask, database: Database) -> None:
    me = make_staff(database, Role.ADMIN, login="the.admin")
    admin = signed_in(app, database, me)
    assert send(admin, f"/do/give_roles/{me}", roles=["admin", "desk"], why="多做一点").status_code == 409
    assert send(admin, f"/do/give_roles/{STAFF}", roles=["desk"], why="调到前台").status_code == 302
    assert "前台" in admin.get(f"/staff/{STAFF}").text
    assert send(admin, f"/do/describe_staff/{STAFF}", name="陈杰", member_no="M0002").status_code == 302
    assert "M0002" in admin.get(f"/staff/{STAFF}").text
    assert re.search(r"\w{6}-\w{6}-", send(admin, f"/do/set_staff_password/{STAFF}", why="忘记密码").text)
    for act in ("unlock_staff", "close_staff"):
        assert send(admin, f"/do/{act}/{STAFF}", why="离职").status_code == 302
    shown = admin.get(f"/staff/{STAFF}").text
    assert "已停用" in shown
    assert "/do/close_staff" not in shown


@pytest.mark.proves("S94", "S90")
def test_a_key_works_until_it_is_revoked(app: Flask, database: Database) -> None:
    admin = key_of(database, Role.ADMIN)
    wish = {"name": "till", "roles": ["desk"], "days": 30}
    made = post(app, admin, "/api-keys", wish)
    assert post(app, admin, "/api-keys", wish)["api_key"] == ""
    bearer = {"Authorization": f"Bearer {made['api_key']}"}
    assert app.test_client().get(f"{PREFIX}/members", headers=bearer).status_code == 200
    post(app, admin, f"/api-keys/{made['id']}/revoke", {"why": "till is gone"}, "k2")
    assert app.test_client().get(f"{PREFIX}/members", headers=bearer).status_code == 401


@pytest.mark.proves("S74")
def test_a_notice_is_told_again_or_ticked_off(app: Flask, database: Database) -> None:
    call = add_notice(database)
    failed = add_notice(database, topic="fee_soon.2", channel="sms", state="failed", error="no credit")
    clerk = browser(app, database, Role.MEMBERSHIP)
    shown = clerk.get("/notices").text
    assert f"/do/tick_off_notice/{call}" in shown
    assert f"/do/tell_again/{failed}" in shown
    assert f"/do/tell_again/{call}" not in shown
    assert "/do/tick_off_notice" not in browser(app, database, Role.IT, "the.it").get("/notices").text
    assert send(clerk, f"/do/tick_off_notice/{call}", why="已通电话").status_code == 302
    assert send(clerk, f"/do/tell_again/{failed}").status_code == 302
    assert send(clerk, f"/do/tell_again/{failed}", once="2").status_code == 422
    assert "no credit" not in clerk.get("/notices").text


@pytest.mark.proves("R64")
def test_attendance_shows_what_was_to_attend_and_posts(app: Flask, database: Database) -> None:
    clerk = browser(app, database, Role.MEMBERSHIP)
    shown = clerk.get(f"/attendance/{MEMBER}").text
    assert "会长" in shown
    assert send(clerk, f"/do/appoint_leader/{MEMBER}", position="chair", why="换届").status_code == 409
    assert clerk.get("/attendance/none").status_code == 404
