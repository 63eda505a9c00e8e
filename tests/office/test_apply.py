"""The page on which people apply without an account, and what the desk makes of it."""

import re
from collections.abc import Mapping
from contextlib import closing
from http.client import HTTPConnection
from typing import Any

import pytest
from flask import Flask, request
from flask.testing import FlaskClient

from kiosk.central.club.application_book import application_of, number_of
from kiosk.central.database import Database
from kiosk.local.webserver import WebServer
from kiosk.office.apply import ALL_AN_HOUR
from tests.builders import FakeClock
from tests.central.club.builders import noted, told
from tests.office.builders_people import CONSENTS, TODAY, Club
from tests.office.conftest import MakeApp, form_key

FILLED: Mapping[str, Any] = {
    "kind": "person",
    "name": "林晓",
    "phone": "13900000001",
    "born": "1990-05-04",
    "full_capacity": "yes",
    "card_kind": "annual",
    "scopes": ["indoor"],
    "consents": list(CONSENTS),
}


@pytest.fixture
def club(app: Flask, database: Database, clock: FakeClock) -> Club:
    """A club that has published what is agreed to."""
    made = Club(app, database, clock)
    made.publish_consents()
    return made


@pytest.fixture
def browser(app: Flask) -> FlaskClient:
    """A stranger's browser."""
    return app.test_client()


def send(browser: FlaskClient, path: str = "/apply", **fields: Any) -> Any:
    """Fill the form in and send it."""
    return browser.post(path, data={**FILLED, **fields, "form_key": form_key(browser, path)})


@pytest.mark.proves("S03", "R17", "S06")
def test_a_stranger_applies_and_the_desk_goes_on_by_the_number(club: Club, browser: FlaskClient) -> None:
    assert send(browser, email="lin@example.org").status_code == 302
    page = browser.get("/apply/received").text
    found = re.search(r"[0-9A-F]{4}-[0-9A-F]{4}", page)
    assert found
    for text in ("2026-11-29", "申请表 × 1", "照片 × 1"):
        assert text in page, text
    waiting = club.desk.see("/applications?state=open")["items"]
    [view] = [each for each in waiting if number_of(each["id"]) == found[0]]
    said = view["applicant"]
    assert (said["channel"], said["name"], said["language"]) == ("web", "林晓", "zh")
    assert said["consents"] == dict.fromkeys(CONSENTS, "2026")
    assert (said["marks"], said["documents"], view["state"]) == ([], {}, "submitted")
    [letter] = told(club.books, template="application_received")
    assert (letter["data"]["number"], letter["address"]) == (found[0], "lin@example.org")
    assert [each["actor"] for each in noted(club.books, thing="application")] == ["web"]
    path = f"/applications/{view['id']}"
    club.desk.do(f"{path}/registration")
    club.office.do(f"{path}/review")
    assert {each["reason"] for each in club.office.see(path)["open_today"]} == {
        "document_missing",
        "mark_missing",
        "not_yet_assessed",
    }


@pytest.mark.proves("S03")
def test_the_desk_finds_an_application_by_number_phone_and_name(
    club: Club, browser: FlaskClient, staff: FlaskClient
) -> None:
    send(browser)
    found = re.search(r"[0-9A-F]{4}-[0-9A-F]{4}", browser.get("/apply/received").text)
    assert found
    for text in (found[0], found[0].lower(), "13900000001", "林"):
        page = staff.get("/applications", query_string={"q": text}).text
        assert found[0] in page, text
        assert "陈晨" not in page, text
    assert found[0] not in staff.get("/applications?q=0000-0000").text


def test_what_is_wrong_is_said_beside_its_field_and_nothing_is_taken(club: Club, browser: FlaskClient) -> None:
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"born": "2008-11-23"}, "入会须年满 18 周岁"),
        ({"born": ""}, "请填写"),
        ({"born": "30 February"}, "请填写有效的日期"),
        ({"phone": "12345"}, "请填写手机号码"),
        ({"phone": "1" * 40}, "最多 32 个字符"),
        ({"email": "lin@"}, "请检查邮箱地址"),
        ({"full_capacity": "no"}, "须具有完全民事行为能力"),
        ({"scopes": []}, "请至少选择一个会所"),
        ({"scopes": ["moon"]}, "请从列表中选择"),
        ({"consents": ["purpose", "charter"]}, "每一项都要同意"),
        ({"card_kind": "gift"}, "请从列表中选择"),
        ({"name": " "}, "请填写"),
    ]
    for fields, text in wrong:
        response = send(browser, **fields)
        assert response.status_code == 422, fields
        assert text in response.text, fields
    assert told(club.books, template="application_received") == []


def test_an_organisation_needs_no_age_and_the_page_speaks_english(club: Club, browser: FlaskClient) -> None:
    browser.get("/apply?lang=en")
    assert "Apply to join" in browser.get("/apply").text
    response = send(browser, kind="organisation", born="", full_capacity="", name="Evergrand")
    assert response.status_code == 302
    assert "supporting papers" not in browser.get("/apply/received").text
    assert "Proof × 1" in browser.get("/apply/received").text
    assert told(club.books, template="application_received")[0]["language"] == "en"


@pytest.mark.proves("S03")
def test_one_address_applies_five_times_an_hour(club: Club, app: Flask, clock: FakeClock) -> None:
    browsers = [app.test_client() for _ in range(2)]
    for n in range(5):
        assert send(browsers[n % 2], phone=f"1390000010{n}").status_code == 302
    refused = send(browsers[0], phone="13900000200")
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "3600")
    assert "60 分钟后再试" in refused.text
    elsewhere = browsers[1].post(
        "/apply",
        data={**FILLED, "phone": "13900000201", "form_key": form_key(browsers[1], "/apply")},
        environ_base={"REMOTE_ADDR": "203.0.113.9"},
    )
    assert elsewhere.status_code == 302
    clock.advance(3600)
    assert send(browsers[0], phone="13900000200").status_code == 302
    assert ALL_AN_HOUR == 200


def test_of_ipv6_a_house_counts_as_one_address(club: Club, app: Flask) -> None:
    def send_from(address: str, n: int) -> int:
        browser = app.test_client()
        data = {**FILLED, "phone": f"1390000030{n}", "form_key": form_key(browser, "/apply")}
        return int(browser.post("/apply", data=data, environ_base={"REMOTE_ADDR": address}).status_code)

    assert [send_from(f"2001:db8:0:1::{n:x}", n) for n in range(6)] == [302] * 5 + [429]
    assert send_from("2001:db8:0:2::1", 6) == 302
    assert [send_from(f"::ffff:203.0.113.{n}", n) for n in (7, 8)] == [302, 302]


@pytest.mark.proves("S03", "S90")
def test_a_stranger_does_not_learn_that_a_phone_has_applied_and_the_desk_sees_both(
    club: Club, browser: FlaskClient, app: Flask, staff: FlaskClient
) -> None:
    other = app.test_client()
    answers = [send(browser), send(other, name="王芳")]
    assert [(each.status_code, each.headers["Location"]) for each in answers] == [(302, "/apply/received")] * 2
    number = re.compile("[0-9A-F]{4}-[0-9A-F]{4}")
    first, second = (each.get("/apply/received").text for each in (browser, other))
    assert number.sub("", first) == number.sub("", second)
    # The owner of the phone is not rung again; who gave an address has the letter, as anybody.
    assert len(told(club.books, template="application_received")) == 1
    assert send(other, email="wang@example.org").status_code == 302
    assert len(told(club.books, template="application_received")) == 2
    ids = [each["id"] for each in club.desk.see("/applications?state=open")["items"]]
    mine = [each for each in ids if number_of(each) in first]
    page = staff.get(f"/applications/{mine[0]}").text
    assert all(f'href="/applications/{each}"' in page for each in ids if number_of(each) in second)
    wish = {"name": "王芳", "phone": FILLED["phone"], "card_kind": "annual", "channel": "desk"}
    assert club.desk.do("/applications", 409, **wish)["reason"] == "application_open"


def test_a_members_phone_is_not_given_away(club: Club, browser: FlaskClient) -> None:
    member = club.admit()
    assert club.office.see(f"/people/{member}")["file"]["phone"] == FILLED["phone"]
    assert send(browser).status_code == 302


def test_a_form_from_elsewhere_does_nothing(club: Club, browser: FlaskClient) -> None:
    browser.get("/apply")
    assert browser.post("/apply", data={**FILLED, "form_key": "guessed"}).status_code == 403
    assert told(club.books, template="application_received") == []
    assert browser.get("/apply/received").status_code == 302


def test_the_page_can_be_taken_away(make_app: MakeApp) -> None:
    browser = make_app(applications_an_hour=0).test_client()
    assert [browser.get(path).status_code for path in ("/apply", "/apply/received")] == [404, 404]
    assert browser.post("/apply").status_code == 404


@pytest.mark.proves("S03")
def test_a_web_site_sends_applications_on_with_a_key(club: Club) -> None:
    form = {"name": "陈光", "phone": "13900000300", "card_kind": "annual", "scopes": ["indoor"], "channel": "web"}
    application = club.desk.do("/applications", **form, consents=list(CONSENTS))["application"]
    with club.books.look() as look:
        view = application_of(look, application)
    assert (view.applicant.channel, view.applied_on) == ("web", TODAY)


@pytest.mark.parametrize(("behind_proxy", "seen"), [(True, "203.0.113.9"), (False, "127.0.0.1")])
def test_a_server_behind_a_proxy_counts_whom_the_proxy_speaks_for(behind_proxy: bool, seen: str) -> None:
    app = Flask("address")
    app.add_url_rule("/", "address", lambda: request.remote_addr or "")
    server = WebServer(app, "127.0.0.1", 0, 1, behind_proxy=behind_proxy)
    server.start()
    with closing(HTTPConnection("127.0.0.1", server.port, timeout=30)) as connection:
        connection.request("GET", "/", headers={"X-Forwarded-For": "198.51.100.1, 203.0.113.9"})
        assert connection.getresponse().read().decode() == seen
    server.close()
