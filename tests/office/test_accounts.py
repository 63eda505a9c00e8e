"""Signing in with an account, and what a person does with the own one."""

import base64
import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from kiosk.central.club.second_factor import code_at
from kiosk.central.database import Database
from kiosk.club.roles import Role
from tests.builders import FakeClock
from tests.office.accounts import PASSWORD, key_of, make_staff, signed_in
from tests.office.builders import TOKEN
from tests.office.conftest import MakeApp, form_key, sign_in

NEW = "a staple of blue paper"


def enter(client: FlaskClient, password: str = PASSWORD, code: str = "", login: str = "li.na", **more: str) -> Any:
    fields = {"login": login, "password": password, "code": code, "form_key": form_key(client)}
    return client.post("/sign-in", data=fields | more)


def post(client: FlaskClient, path: str, page: str = "/account", **fields: str) -> Any:
    return client.post(path, data={"form_key": form_key(client, page)} | fields)


@pytest.mark.proves("S94")
def test_an_account_signs_in_and_acts_in_its_own_name(app: Flask, database: Database) -> None:
    make_staff(database, Role.DESK, password=True)
    client = app.test_client()
    response = enter(client, next="/members")
    assert response.location == "/members"
    assert "li.na" not in response.headers["Set-Cookie"]
    shown = client.get("/account").text
    assert "李娜" in shown
    assert "前台" in shown
    assert client.get("/devices").status_code == 403
    cookie = client.get_cookie("kiosk-office")
    assert cookie
    assert post(client, "/sign-out").status_code == 302
    client.set_cookie("kiosk-office", cookie.value)
    assert client.get("/members").status_code == 302, "a cookie of before is good for nothing"


def test_a_wrong_name_or_password_says_the_same_and_locks(app: Flask, database: Database, clock: FakeClock) -> None:
    make_staff(database, Role.DESK, password=True)
    client = app.test_client()
    for login in ("li.na", "nobody"):
        response = enter(client, "wrong password 1", login=login)
        assert response.status_code == 403
        assert "账号、密码或动态码不对" in response.text
    for _ in range(9):
        clock.advance(61)  # the address may try again, the name counts on
        enter(client, "wrong password 1")
    clock.advance(61)
    response = enter(client)
    assert response.status_code == 429
    assert "秒后再试" in response.text
    clock.advance(15 * 60)
    assert enter(client).status_code == 302


def test_a_temporary_password_leads_to_its_change_and_nowhere_else(app: Flask, database: Database) -> None:
    make_staff(database, Role.DESK, password=True, temporary=True)
    client = app.test_client()
    enter(client)
    for path in ("/members", "/account", "/rules"):
        assert client.get(path).location == "/account/password"
    assert "临时密码" in client.get("/account/password").text
    fields = {"present": PASSWORD, "new": NEW, "again": NEW}
    response = post(client, "/account/password", "/account/password", **fields)
    assert response.location == "/account?done=password"
    assert "密码已修改" in client.get(response.location).text
    assert client.get("/members").status_code == 200
    assert enter(app.test_client(), NEW).status_code == 302
    assert enter(app.test_client()).status_code == 403


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"present": "not this one at all"}, "现在的密码不对"),
        ({"again": NEW + "x"}, "两次输入的新密码不一样"),
        ({"new": "short", "again": "short"}, "太短或太容易被猜到"),
        ({"new": PASSWORD, "again": PASSWORD}, "不能与现在的相同"),
    ],
)
def test_a_password_is_changed_only_by_who_knows_the_present_one(
    app: Flask, database: Database, fields: dict[str, str], said: str
) -> None:
    client = signed_in(app, database, make_staff(database, Role.DESK, password=True))
    given = {"present": PASSWORD, "new": NEW, "again": NEW} | fields
    response = post(client, "/account/password", **given)
    assert response.status_code == 422
    assert said in response.text
    assert enter(app.test_client()).status_code == 302


@pytest.mark.proves("S94")
def test_a_second_factor_is_set_up_asked_for_and_taken_off(app: Flask, database: Database, clock: FakeClock) -> None:
    make_staff(database, Role.ADMIN, password=True)
    client = app.test_client()
    enter(client)
    assert client.get("/audit").status_code == 403
    page = post(client, "/account/factor").text
    assert "otpauth://totp/" in page
    uri = re.search(r'name="uri" value="([^"]+)"', page)
    secret = re.search(r'name="secret" value="([^"]+)"', page)
    assert uri
    assert secret
    shown = {"uri": uri[1], "secret": secret[1]}
    key = base64.b32decode(secret[1])
    assert post(client, "/account/factor/confirm", code="000000", **shown).status_code == 422
    page = post(client, "/account/factor/confirm", code=code_at(key, clock.now()), **shown).text
    codes = re.findall(r"<li><code>([0-9a-f-]+)</code>", page)
    assert len(codes) == 10
    assert client.get("/audit").status_code == 200
    other = app.test_client()
    response = enter(other)
    assert "请再次输入密码" in response.text
    assert other.get("/audit").status_code == 302
    clock.advance(30)
    assert enter(other, code=code_at(key, clock.now())).status_code == 302
    assert enter(app.test_client(), code=codes[0]).status_code == 302
    assert enter(app.test_client(), code=codes[0]).status_code == 403
    assert post(other, "/account/factor/drop", code="000000").status_code == 422
    assert post(other, "/account/factor/drop", code=codes[1]).location == "/sign-in"
    assert other.get("/account").status_code == 302
    assert enter(other).status_code == 302


def test_an_idle_session_is_over(app: Flask, database: Database, clock: FakeClock) -> None:
    make_staff(database, Role.DESK, password=True)
    client = app.test_client()
    enter(client)
    clock.advance(timedelta(hours=1, minutes=59).total_seconds())
    assert client.get("/members").status_code == 200
    clock.advance(timedelta(hours=2).total_seconds())
    assert client.get("/members").status_code == 302


def test_a_page_that_brings_itself_up_to_date_keeps_no_session_alive(
    app: Flask, database: Database, clock: FakeClock
) -> None:
    make_staff(database, Role.DESK, password=True)
    client = app.test_client()
    enter(client)
    for status in (200, 302):
        clock.advance(timedelta(hours=1, minutes=30).total_seconds())
        assert client.get("/members", headers={"X-By-Itself": "yes"}).status_code == status


def test_a_deployment_may_do_without_the_staff_token(make_app: MakeApp, database: Database) -> None:
    app = make_app(token_file=None)
    client = app.test_client()
    page = client.get("/sign-in").text
    assert "staff_token" not in page
    assert 'name="login"' in page
    for token in ("", TOKEN):
        assert sign_in(client, token).status_code == 403
        assert client.get("/api/v1/tiers", headers={"Authorization": f"Bearer {token}"}).status_code == 401
    assert client.get("/api/v1/tiers", headers=key_of(database, Role.DESK)).status_code == 200


def test_the_token_has_no_account_to_look_after(staff: FlaskClient) -> None:
    assert "员工口令" in staff.get("/account").text
    for path in ("/account/password", "/account/factor"):
        assert staff.get(path).status_code == 404


def test_both_ways_in_are_offered_where_there_are_accounts(app: Flask, database: Database) -> None:
    assert 'name="login"' not in app.test_client().get("/sign-in").text
    make_staff(database, Role.DESK)
    page = app.test_client().get("/sign-in").text
    assert 'name="login"' in page
    assert 'name="staff_token"' in page
