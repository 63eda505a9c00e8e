"""What the staff's pages show, in both languages."""

from datetime import date
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import delete

from kiosk.central.database import Database
from kiosk.central.members import MemberRecord
from kiosk.central.tables import journal
from kiosk.core.texts import Language
from kiosk.office.pages import PAGE, standing
from tests.office.builders import JOURNAL, add_journal, park_one
from tests.office.conftest import MakeApp, sign_in

DAY = date(2026, 11, 22)


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


def test_another_language_by_configuration(make_app: MakeApp) -> None:
    assert "Staff token" in make_app(language=Language.EN).test_client().get("/sign-in").text


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


def test_members_are_listed_and_found(staff: FlaskClient) -> None:
    shown = page(staff, "/members")
    assert "金卡" in shown
    assert "会籍已结束" in shown
    assert "会费逾期" in shown
    found = page(staff, "/members?q=alice", "en")
    assert "Alice Brown" in found
    assert "Ended" in found
    assert "M0001" not in found
    assert "No member matches" in page(staff, "/members?q=%3Cscript%3E", "en")


def test_a_page_escapes_what_people_typed(staff: FlaskClient) -> None:
    assert "<script>alert" not in page(staff, "/members?q=%3Cscript%3Ealert", "en")


def test_a_member_shows_cards_by_their_last_digits_only(staff: FlaskClient) -> None:
    shown = page(staff, "/members/M0001", "en")
    assert "…E5F6" in shown
    assert "04A1B2C3" not in shown
    assert "swim-10" in shown
    assert "Not paid" in shown
    assert page(staff, "/members/M0999", status=404)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, "ok"),
        ({"member_until": DAY}, "ok"),
        ({"member_until": date(2026, 11, 21)}, "ended"),
        ({"paid_until": DAY}, "ok"),
        ({"paid_until": date(2026, 11, 21)}, "overdue"),
        ({"suspended_from": DAY}, "suspended"),
        ({"suspended_from": date(2026, 11, 23)}, "ok"),
        ({"suspended_from": date(2026, 11, 1), "suspended_until": DAY}, "suspended"),
        ({"suspended_from": date(2026, 11, 1), "suspended_until": date(2026, 11, 21)}, "ok"),
        ({"member_until": date(2026, 1, 1), "paid_until": date(2026, 1, 1)}, "ended"),
    ],
)
def test_standing_follows_from_the_dates(fields: dict[str, Any], expected: str) -> None:
    assert standing(MemberRecord(id="1", member_no="M1", name="N", **fields), DAY) == expected


@pytest.mark.parametrize(("path", "status"), [("/nothing", 404), ("/members/none", 404)])
def test_errors_are_friendly_pages(staff: FlaskClient, path: str, status: int) -> None:
    assert "There is no such page" in page(staff, path, "en", status)
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
