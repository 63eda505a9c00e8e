"""What the staff's pages show, in both languages."""

from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, update

from kiosk.central.database import Database
from kiosk.central.tables import journal, member
from kiosk.core.texts import Language
from kiosk.office.pages import PAGE
from tests.office.builders import JOURNAL, MEMBER, TOKEN, add_journal, park_one
from tests.office.conftest import MakeApp, sign_in


def page(client: FlaskClient, path: str, language: str = "zh", status: int = 200) -> str:
    client.get(f"/devices?lang={language}")
    response = client.get(path)
    assert response.status_code == status
    return response.text


def test_the_language_is_kept_and_the_address_stays_clean(staff: FlaskClient) -> None:
    response = staff.get("/members?q=a&lang=en")
    assert (response.status_code, response.location) == (302, "/members?q=a")
    assert '<html lang="en"' in staff.get("/members").text
    assert '<html lang="zh-CN"' in page(staff, "/members", "zh")


def test_a_member_number_may_hold_any_character(staff: FlaskClient, app: Flask, database: Database) -> None:
    with database.begin() as connection:
        connection.execute(update(member).where(member.c.id == MEMBER).values(member_no="A#1/2?x"))
    listed = page(staff, "/members", "en")
    assert 'href="/members/A%231/2%3Fx"' in listed
    assert "张伟" in page(staff, "/members/A%231/2%3Fx", "en")
    response = staff.get("/members/A%231/2%3Fx?lang=zh")
    assert (response.status_code, response.location) == (302, "/members/A%231/2%3Fx")
    stranger = app.test_client().get("/members/A%231/2%3Fx")
    assert parse_qs(urlsplit(stranger.location).query)["next"] == ["/members/A%231/2%3Fx"]
    answer = app.test_client().get("/api/v1/members/A%231/2%3Fx", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.json is not None
    assert answer.json["member"]["member_no"] == "A#1/2?x"


def test_another_language_by_configuration(make_app: MakeApp) -> None:
    assert "Staff token" in make_app(language=Language.EN).test_client().get("/sign-in").text


@pytest.mark.proves("S92")
def test_devices_show_what_they_lack(staff: FlaskClient, database: Database) -> None:
    add_journal(database, "south-1", "b2" * 16, state="offline", roster_revision=9, seen_at=None, clock_offset_ms=-12)
    park_one(database)
    shown = page(staff, "/devices", "en")
    assert "2 behind" in shown
    assert "newest" in shown
    assert "+0.1 s" in shown
    assert "-0.0 s" not in shown
    assert "Offline" in shown
    assert 'datetime="2026-11-22T08:31:07.800Z"' in shown
    assert "落后 2" in page(staff, "/devices")


def test_no_devices_is_said_with_what_to_do(staff: FlaskClient, database: Database) -> None:
    with database.begin() as connection:
        connection.execute(delete(journal))
        connection.exec_driver_sql("DELETE FROM device")
    assert "kiosk central add-device" in page(staff, "/devices", "en")


def test_parked_items_say_why_newest_first(staff: FlaskClient, database: Database) -> None:
    assert "待处理的内容" in page(staff, "/parked")
    park_one(database, 1)
    park_one(database, 2, why="from_the_future", detail="x" * 10)
    park_one(database, 3, state="closed")
    shown = page(staff, "/parked", "en")
    assert shown.index("from_the_future") < shown.index("Same position, other content")
    assert f"{JOURNAL[:8]}:1" in shown
    assert "Too large" in shown  # counted, not kept
    assert shown.count("<code>fork</code>") == 1
    assert page(staff, "/parked?state=closed").count("<code>fork</code>") == 1
    assert page(staff, "/parked?state=other", status=404)


def test_parked_items_are_paged(staff: FlaskClient, database: Database) -> None:
    for number in range(1, PAGE + 2):
        park_one(database, number)
    first = page(staff, "/parked", "en")
    assert "before=2" in first
    second = page(staff, "/parked?state=open&before=2", "en")
    assert second.count("<code>fork</code>") == 1
    assert "Next page" not in second


@pytest.mark.proves("S02")
def test_members_are_listed_and_found(staff: FlaskClient) -> None:
    shown = page(staff, "/members")
    assert "金卡" in shown
    assert "已退会" in shown
    assert "待领卡" in shown
    found = page(staff, "/members?q=alice", "en")
    assert "Alice Brown" in found
    assert "Left" in found
    assert "M0001" not in found
    assert "No member matches" in page(staff, "/members?q=%3Cscript%3E", "en")


def test_a_page_escapes_what_people_typed(staff: FlaskClient) -> None:
    assert "<script>alert" not in page(staff, "/members?q=%3Cscript%3Ealert", "en")


@pytest.mark.proves("S90")
def test_a_member_shows_cards_by_their_last_digits_only(staff: FlaskClient) -> None:
    shown = page(staff, "/members/M0001", "en")
    assert "…E5F6" in shown
    assert "04A1B2C3" not in shown
    assert "swim-10" in shown
    assert "Not paid" in shown
    assert page(staff, "/members/M0999", status=404)


def test_errors_are_friendly_pages(staff: FlaskClient) -> None:
    for path in ("/nothing", "/members/none"):
        assert "There is no such page" in page(staff, path, "en", 404), path
    assert staff.post("/devices").status_code == 405


def test_a_database_that_is_gone_is_a_friendly_page(staff: FlaskClient, database: Database) -> None:
    with database.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE device RENAME TO device_elsewhere")
    response = staff.get("/devices")
    assert response.status_code == 503
    assert "暂时忙不过来" in response.text


def test_a_fault_is_a_friendly_page(make_app: MakeApp) -> None:
    app = make_app()

    @app.get("/fault")
    def fault() -> str:
        raise RuntimeError("secret detail")

    app.testing = False
    client = app.test_client()
    sign_in(client)
    response = client.get("/fault")
    assert response.status_code == 500
    assert "secret" not in response.text
    assert "出了点问题" in response.text
