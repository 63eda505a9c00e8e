"""Lists: found, sorted, gone through page by page, and taken away as a file."""

import csv
import io
from datetime import date
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy import insert

from kiosk.central.club.audits import AuditFilter, audit_page
from kiosk.central.club.books import Books
from kiosk.central.database import Database
from kiosk.central.tables import member
from kiosk.club.roles import Role
from kiosk.office.families import PAGES
from kiosk.office.listing import ROWS, ROWS_OF_FILE, rows_a_page, sorted_rows
from kiosk.office.page import Badge, Link
from kiosk.office.routes import PREFIX
from tests.builders import FakeClock
from tests.office.accounts import key_of, make_staff, signed_in


def rows_of(client: FlaskClient, address: str) -> list[list[str]]:
    answer = client.get(address)
    assert answer.status_code == 200, address
    assert answer.headers["Content-Disposition"].startswith("attachment")
    return list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))


def sheet_of(client: FlaskClient, address: str) -> list[tuple[Any, ...]]:
    return list(load_workbook(io.BytesIO(client.get(address).data)).active.values)


def add_members(database: Database, count: int) -> None:
    people = [{"id": f"{n:016x}", "member_no": f"Z{n:04}", "name": f"客人{n}"} for n in range(count)]
    with database.begin() as connection:
        connection.execute(insert(member), people)


def test_a_list_comes_as_a_file_with_what_its_page_shows(staff: FlaskClient) -> None:
    rows = rows_of(staff, "/members?as=csv")
    assert rows[0] == ["会员号", "姓名", "等级", "情况", "会籍到期", "会费缴至"]
    assert rows[1] == ["M0001", "张伟", "金卡", "正常", "长期", "2027-03-31"]
    assert [row[0] for row in rows_of(staff, "/members?q=alice&as=csv")[1:]] == ["M0002"]
    assert sheet_of(staff, "/members?as=xlsx")[2][:2] == ("M0002", "Alice Brown")
    staff.get("/members?lang=en")
    assert rows_of(staff, "/members?as=csv")[1][3] == "In order"


def test_a_file_holds_all_pages_of_a_list(
    staff: FlaskClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kiosk.office.listing.ROWS_OF_FILE", 60)
    add_members(database, 2 * ROWS + 1)
    shown = staff.get("/members").text
    assert "下一页" in shown
    assert shown.count("<tr>") == ROWS + 1
    numbers = [row[0] for row in rows_of(staff, "/members?as=csv")[1:]]
    assert len(numbers) == len(set(numbers)) == 3 + 2 * ROWS + 1
    assert [row[0] for row in rows_of(staff, "/members?q=Z000&as=csv")[1:]] == [f"Z000{n}" for n in range(10)]


def test_a_file_is_read_in_long_pages_and_holds_all_that_was_found(
    app: Flask, staff: FlaskClient, database: Database
) -> None:
    add_members(database, ROWS_OF_FILE + 10)
    assert len(rows_of(staff, "/members?q=Z&as=csv")) == 1 + ROWS_OF_FILE + 10
    assert len(rows_of(staff, "/members?as=csv")) == 1 + 3 + ROWS_OF_FILE + 10
    for address, rows in (("/members", ROWS), ("/members?as=csv", ROWS_OF_FILE)):
        with app.test_request_context(address):
            assert rows_a_page() == rows


def test_a_search_over_the_api_says_that_there_is_more(database: Database, app: Flask) -> None:
    add_members(database, 260)
    headers = key_of(database, Role.MEMBERSHIP)
    first = app.test_client().get("/api/v1/members?q=Z&limit=250", headers=headers).get_json()
    assert (len(first["items"]), first["next"]) == (250, "Z0249")


def test_a_file_too_long_says_that_there_is_more(
    staff: FlaskClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_members(database, ROWS)
    monkeypatch.setattr("kiosk.office.exporting.ROWS_MAX", 52)
    rows = rows_of(staff, "/members?as=csv")
    assert len(rows) == 1 + 52 + 1
    assert "只导出了前 52 行" in rows[-1][0]


def test_no_cell_of_a_file_is_a_formula(staff: FlaskClient, database: Database) -> None:
    with database.begin() as connection:
        connection.execute(insert(member).values(id="0" * 16, member_no="A1", name="=cmd|' /C calc'!A0\n"))
    assert rows_of(staff, "/members?q=A1&as=csv")[1][1] == "'=cmd|' /C calc'!A0 "
    assert sheet_of(staff, "/members?q=A1&as=xlsx")[1][1] == "'=cmd|' /C calc'!A0 "


def test_no_cell_is_a_formula_behind_blanks_or_in_wide_signs(staff: FlaskClient, database: Database) -> None:
    names = ["\t=1+1", "\u3000@SUM(A1)", "＝1+1", "－2", "＋3", "＠SUM(A1)"]
    with database.begin() as connection:
        for n, name in enumerate(names):
            connection.execute(insert(member).values(id=f"{n:016}", member_no=f"A1{n}", name=name))
    rows = rows_of(staff, "/members?q=A1&as=csv")[1:]
    assert [row[1] for row in rows if not row[1].startswith("'")] == []
    assert len(rows) == len(names)


def test_members_are_taken_away_by_those_who_may_and_that_is_written_down(app: Flask, database: Database) -> None:
    desk = signed_in(app, database, make_staff(database, Role.DESK, login="desk"))
    assert "as=csv" not in desk.get("/members").text
    assert desk.get("/members?as=csv").status_code == 404
    assert "as=csv" in desk.get("/rules").text
    known = make_staff(database, Role.MEMBERSHIP, login="membership")
    assert rows_of(signed_in(app, database, known), "/members?q=M000&as=csv")
    with Books(database, FakeClock()).look() as look:
        (entry,) = audit_page(look, AuditFilter(action="list.export"))
    assert (entry.actor, entry.thing_id, entry.after["file"]) == (known, "members", "csv")


def test_every_list_comes_as_a_file_or_is_empty(staff: FlaskClient) -> None:
    for page in PAGES:
        if page.show is None or "{" in page.path:
            continue
        shown = staff.get(page.path).text
        answer = staff.get(f"{page.path}?as=csv")
        if "?as=csv" in shown:
            assert len(rows_of(staff, f"{page.path}?as=csv")) > 1, page.path
        else:
            assert "text/csv" not in answer.content_type, page.path
    assert staff.get("/members?as=exe").status_code == 404


def test_a_list_on_one_page_is_sorted_by_any_column(staff: FlaskClient, database: Database) -> None:
    def names(address: str) -> list[str]:
        shown = staff.get(address).text
        return sorted(("张伟", "Alice Brown", "王芳"), key=shown.index)

    assert names("/members?sort=5") == ["王芳", "张伟", "Alice Brown"]
    assert names("/members?sort=-5") == ["张伟", "王芳", "Alice Brown"]
    assert 'aria-sort="descending"' in staff.get("/members?sort=-5").text
    for odd in ("99", "x", "--1", "²"):
        assert staff.get(f"/members?sort={odd}").status_code == 200
    add_members(database, ROWS)
    assert "aria-sort" not in staff.get("/members?sort=5").text


def test_a_number_or_day_that_cannot_be_is_none(staff: FlaskClient, app: Flask, database: Database) -> None:
    for digits in ("9" * 20, "0" * 20 + "9" * 30, "9" * 60, "9" * 5000):
        for page in ("/audit?after=", "/notices?after=", "/orders?skip=", "/parked?before=", "/members?skip="):
            assert staff.get(page + digits).status_code == 200, page
        assert staff.get(f"/do/tell_again/{digits}").status_code == 404
    for day in ("0001-01-01", "9999-12-31", "2026-02-30"):
        for page in ("/reconciliation?day=", "/money-reports/matching?month=", "/reports/credits?month="):
            assert staff.get(page + day).status_code == 200, page + day
    headers = key_of(database, Role.ADMIN, Role.MEMBERSHIP)
    for path in ("/orders", "/notices", "/audit"):
        response = app.test_client().get(f"{PREFIX}{path}?after={'9' * 60}", headers=headers)
        assert response.status_code in (200, 422), path


def test_cells_are_sorted_by_what_they_hold_and_empty_ones_come_last() -> None:
    rows: list[tuple[Any, ...]] = [(10,), (None,), (9,), (Link("b", "/b"),), (Badge("a", "ok"),), (date(2026, 1, 2),)]
    assert [row[0] for row in sorted_rows(rows, 0)] == [
        9,
        10,
        date(2026, 1, 2),
        Badge("a", "ok"),
        Link("b", "/b"),
        None,
    ]
    assert sorted_rows(rows, 0, True)[-1] == (None,)
    assert sorted_rows(rows, None) is rows
