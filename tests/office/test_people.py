"""Applications and members at the office: the whole life of one, and what stands on the pages."""

import json

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import insert

from kiosk.central.club.people_tables import member_file
from kiosk.central.database import Database
from kiosk.central.tables import roster_row
from kiosk.club.roles import Role
from kiosk.core.model import Product
from kiosk.core.roster import encode_row, row_key
from tests.office.accounts import make_staff, signed_in
from tests.office.builders import APPLICATION, MEMBER, STORED_AT
from tests.office.builders_people import FORM, Program
from tests.office.conftest import form_key


@pytest.fixture
def desk(app: Flask, database: Database) -> Program:
    return Program(app, database, Role.DESK)


@pytest.fixture
def office(app: Flask, database: Database) -> Program:
    return Program(app, database, Role.MEMBERSHIP)


@pytest.mark.proves("S03", "S04", "S05", "R07", "R08")
def test_an_application_goes_from_the_desk_to_a_member(desk: Program, office: Program) -> None:
    path = f"/applications/{desk.do('/applications', **FORM)['application']}"
    desk.do(f"{path}/registration")
    desk.do(f"{path}/review", 403)
    office.do(f"{path}/review")
    against = {each["reason"] for each in office.see(path)["open_today"]}
    assert against == {"document_missing", "not_yet_assessed"}
    assert office.do(f"{path}/approval", 409)["reason"] == "something_open"
    office.do(f"{path}/completion")
    desk.do(f"{path}/form", **FORM | {"documents": ["form", "id_copy", "photo"]})
    office.do(f"{path}/review")
    office.do(f"{path}/findings", fit_health=True)
    assert office.see(path)["open_today"] == []
    approved = office.do(f"{path}/approval", owes_fees=False)
    person = office.see(f"/people/{approved['member']}")
    assert (person["file"]["name"], person["standing"]["state"]) == ("林晓", "uncollected")
    assert person["papers"] == {"form": 1, "id_copy": 1, "photo": 1}
    assert {each["consent"] for each in person["consents"]} == {"purpose", "charter", "regulations"}


@pytest.mark.proves("S94")
def test_nobody_decides_on_the_application_that_he_took_in(office: Program, desk: Program) -> None:
    path = f"/applications/{office.do('/applications', **FORM)['application']}"
    desk.do(f"{path}/registration")
    office.do(f"{path}/review")
    wish = {"reason": "no_places", "why": "full"}
    assert office.do(f"{path}/rejection", 409, **wish)["reason"] == "own_request"


def test_an_application_that_is_withdrawn_leaves_the_queue(desk: Program) -> None:
    assert [each["id"] for each in desk.see("/applications?state=open")["items"]] == [APPLICATION]
    desk.do(f"/applications/{APPLICATION}/withdrawal", why="moved away")
    assert desk.see("/applications?state=open")["items"] == []
    assert [each["id"] for each in desk.see("/applications?state=withdrawn")["items"]] == [APPLICATION]
    assert desk.do(f"/applications/{APPLICATION}/registration", 409)["reason"] == "step_refused"


def test_the_queue_and_its_application_are_shown_in_both_languages(staff: FlaskClient) -> None:
    assert f'href="/applications/{APPLICATION}"' in staff.get("/applications").text
    assert "陈晨" not in staff.get("/applications?part=applications_closed").text
    shown = staff.get(f"/applications/{APPLICATION}").text
    for text in ("已提交", "申请表", "章程", "尚未评估", "预登记"):
        assert text in shown, text
    assert "批准</a>" not in shown
    english = staff.get(f"/applications/{APPLICATION}?lang=en", follow_redirects=True).text
    for text in ("Submitted", "Application form", "Charter", "Not yet looked at", "Pre-register"):
        assert text in english, text


def test_an_application_is_taken_in_by_form(staff: FlaskClient) -> None:
    assert "年度卡" in staff.get("/do/take_application").text
    fields = {"form_key": form_key(staff, "/do/take_application"), "once": "1", "kind": "person", "language": "zh"}
    response = staff.post("/do/take_application", data={**FORM, **fields, "full_capacity": "yes"})
    assert response.status_code == 302, response.text
    assert "林晓" in staff.get(response.location).text
    form = staff.get(response.location.split("?")[0].replace("/applications/", "/do/amend_application/")).text
    assert 'value="13900000001"' in form


@pytest.mark.proves("S19", "S20")
@pytest.mark.parametrize("text", ["138 0000-0001", "张", "m0001", "04:A1:B2:C3:D4:E5:F6"])
def test_a_member_is_found_by_phone_name_number_and_card(
    staff: FlaskClient, database: Database, office: Program, text: str
) -> None:
    row = {"member": MEMBER, "kind": "person", "phone": "13800000001", "opened_on": "2026-01-01"}
    with database.begin() as connection:
        connection.execute(insert(member_file).values(**row, changed_at=STORED_AT))
    assert [each["member_no"] for each in office.see(f"/members?q={text}")["items"]] == ["M0001"]
    shown = staff.get("/members", query_string={"q": text}).text
    assert "M0001" in shown
    assert "M0002" not in shown


@pytest.mark.proves("S17", "S18", "R116")
def test_a_file_is_changed_and_confirmed(office: Program, desk: Program) -> None:
    desk.do(f"/people/{MEMBER}/file", 403, name="张伟")
    office.do(f"/people/{MEMBER}/file", name="张伟", phone="13800000001", born="1980-02-03")
    office.do(f"/people/{MEMBER}/sensitive", health="花粉过敏")
    file = office.do(f"/people/{MEMBER}/confirmation")
    assert (file["phone"], file["confirmed_on"], file["health"]) == ("13800000001", "2026-11-22", "")
    assert office.see(f"/people/{MEMBER}/sensitive")["health"] == "花粉过敏"
    assert "花粉过敏" not in json.dumps(desk.see(f"/people/{MEMBER}"), ensure_ascii=False)
    assert office.do(f"/people/{MEMBER}/file", 409, name="张伟", phone="12")["reason"] == "malformed"


@pytest.mark.proves("S10", "R61", "R62")
def test_a_member_asks_to_leave_stays_and_leaves(office: Program, desk: Program) -> None:
    path = f"/people/{MEMBER}"
    asked = desk.do(f"{path}/withdrawal", why="in writing")
    assert asked["state"] == "withdrawal_pending"
    assert desk.do(f"{path}/stay", why="thinks better of it")["state"] == "valid"
    desk.do(f"{path}/withdrawal", why="in writing again")
    assert office.do(f"{path}/settlement", 409, why="done")["reason"] == "nothing_settled"
    office.do(f"{path}/settlement", why="done", card_returned=True)
    assert office.see(path)["own"]["withdrawals"][0]["approved_on"] == "2026-11-22"


def test_a_members_page_has_the_acts_that_are_possible(app: Flask, database: Database, desk: Program) -> None:
    client = signed_in(app, database, make_staff(database, Role.MEMBERSHIP))
    by_number, by_id = client.get("/members/M0001").text, client.get(f"/people/{MEMBER}").text
    for shown in (by_number, by_id):
        assert f'href="/do/record_paid/{MEMBER}"' not in client.get("/members/M0002").text
        assert f'href="/do/record_paid/{MEMBER}"' in shown
        assert f'href="/do/ask_to_leave/{MEMBER}"' in shown
        assert f'href="/do/stay/{MEMBER}"' not in shown
        assert f'href="/do/suspend_member/{MEMBER}"' in shown
        assert "/do/cancel" not in shown
    desk.do(f"/people/{MEMBER}/withdrawal", why="in writing")
    leaving = client.get(f"/people/{MEMBER}").text
    assert f'href="/do/stay/{MEMBER}"' in leaving
    assert f'href="/do/ask_to_leave/{MEMBER}"' not in leaving
    assert client.get("/people/none").status_code == 404


@pytest.mark.proves("S13", "S14")
def test_a_member_brings_a_child_and_a_guest(office: Program, desk: Program, database: Database) -> None:
    with database.begin() as connection:
        row = Product(id="day")
        connection.execute(insert(roster_row).values(key=row_key(row), body=encode_row(row)))
    path = f"/people/{MEMBER}"
    child = office.do(f"{path}/children", name="张小宝", born="2018-06-01")["child"]
    assert office.do(f"{path}/children", 409, name="张大", born="2000-06-01")["reason"] == "old_enough_to_join"
    day = {"product": "day", "first_day": "2026-11-22", "last_day": "2026-11-22"}
    given = desk.do(f"{path}/passes", name="李雷", **day)
    view = office.see(path)
    assert {each["name"] for each in view["guests"]} == {"张小宝", "李雷"}
    assert [each["id"] for each in view["passes"]] == [given["id"]]
    desk.do(f"{path}/passes/revoked", pass_id=given["id"], why="not coming")
    assert desk.do(f"{path}/passes/revoked", 409, pass_id=given["id"], why="again")["reason"] == "no_such_pass"
    assert office.do(f"/people/{child}/family-link", why="moved out")["state"] == "void"


@pytest.mark.proves("S12", "R11")
def test_a_unit_has_a_representative_until_he_leaves_the_post(office: Program, database: Database) -> None:
    unit = "7e" * 8
    with database.begin() as connection:
        row = {"member": unit, "kind": "organisation", "opened_on": "2026-01-01", "changed_at": STORED_AT}
        connection.execute(insert(member_file).values(**row))
    path, wish = f"/people/{unit}/representatives", {"role": "main", "why": "letter of the unit"}
    assert office.do(path, 409, person_no="M9999", **wish)["reason"] == "no_such_member"
    office.do(path, person_no="M0003", **wish)
    assert office.do(path, 409, person_no="M0001", **wish)["reason"] == "role_taken"
    assert [each["role"] for each in office.see(f"/people/{unit}")["representatives"]] == ["main"]
    person = f"/people/{'7d' * 8}"
    office.do(f"{person}/turn", turn="left_post", last_day="2026-11-22", why="new job")
    assert office.see(person)["units"][0]["until"] == "2026-11-22"
    wish |= {"person_no": "M0001", "since": "2026-11-23"}
    assert office.do(path, 409, **wish)["reason"] == "not_reviewed"
    office.do(path, **wish, reviewed=True, agreed=True, council_voted=True)
    assert office.see(f"/people/{MEMBER}")["units"][0]["unit"] == unit
