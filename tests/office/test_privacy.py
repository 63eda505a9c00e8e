"""A member's privacy, walked from the office: what is sensitive, who reads it, what data are for, erasure, own data."""

import io
import json
import zipfile
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import insert, select, update

from kiosk.central.club import membership, passage_times
from kiosk.central.club.applications import submit
from kiosk.central.club.books import Actor
from kiosk.central.club.files import change_file, file_of
from kiosk.central.club.people_tables import application
from kiosk.central.club.photos import set_photo, with_photo
from kiosk.central.club.privacy_tables import reading
from kiosk.central.members import EntitlementRecord, save_entitlements
from kiosk.central.money.ledger import balance, post, prove, reverse
from kiosk.central.money.stored_lots import overdraft_of
from kiosk.central.tables import credential, visit
from kiosk.club.ledger import Account, AccountKind
from kiosk.club.roles import Role
from kiosk.core.clock import epoch_ms
from tests.central.club import builders_people as people
from tests.central.money.builders import cash_top_up, make_posting, sale
from tests.office.accounts import make_staff, signed_in
from tests.office.story import Club, open_story

DESK = Actor("desk-1")
FACE = b"\xff\xd8\xff\xe0" + b"\0" * 40


@pytest.fixture
def club(tmp_path: Path) -> Iterator[Club]:
    with open_story(tmp_path) as opened:
        yield opened


def browser(club: Club, *roles: Role, login: str) -> tuple[FlaskClient, str]:
    """Sign somebody of the staff in; return the browser and the id."""
    staff = make_staff(club.database, *roles, login=login)
    return signed_in(club.app, club.database, staff), staff


def fill(club: Club, member: str) -> None:
    """Write down what is sensitive of a member."""
    said = {"health": "花粉过敏", "address": "人民路 1 号", "born": "1990-05-04", "id_document": "shelf 7"}
    club.books.change(DESK, lambda change: change_file(change, member, said))
    club.books.change(DESK, lambda change: set_photo(change, member, FACE))


def readings(club: Club) -> list[dict[str, Any]]:
    with club.database.read() as connection:
        return [dict(row) for row in connection.execute(select(reading).order_by(reading.c.actor)).mappings()]


@pytest.mark.proves("S90", "R149")
def test_what_is_sensitive_is_shown_to_few_and_a_days_looks_are_one_row(club: Club) -> None:
    member = club.join(1)
    fill(club, member)
    desk, desk_id = browser(club, Role.DESK, login="desk")
    office, office_id = browser(club, Role.MEMBERSHIP, login="office")
    page = desk.get(f"/people/{member}").text
    assert not [word for word in ("花粉过敏", "人民路", "1990-05-04", "shelf 7") if word in page]
    assert desk.get(f"/people/{member}/sensitive").status_code == 403
    assert readings(club) == []
    for _ in range(3):
        page = office.get(f"/people/{member}/sensitive").text
        assert not [word for word in ("花粉过敏", "人民路", "1990-05-04", "shelf 7") if word not in page]
    office.get(f"/do/change_file/{member}")
    desk.get(f"/people/{member}/photo")
    rows = {row["actor"]: row for row in readings(club)}
    assert rows.keys() == {desk_id, office_id}
    assert (rows[office_id]["count"], rows[office_id]["member"]) == (4, member)
    assert json.loads(rows[office_id]["fields"]) == ["address", "born", "health", "id_document"]
    assert (rows[desk_id]["count"], json.loads(rows[desk_id]["fields"])) == (1, ["photo"])
    people.set_day(club.clock, date(2026, 11, 23))
    office, _ = browser(club, Role.MEMBERSHIP, login="other")
    office.get(f"/people/{member}/sensitive")
    assert len(readings(club)) == 3


@pytest.mark.proves("S90", "R149")
def test_who_read_what_is_on_the_members_page_and_can_be_searched(club: Club) -> None:
    one, other = club.join(1), club.join(2)
    office, office_id = browser(club, Role.MEMBERSHIP, login="office")
    manager = club.staff(Role.GENERAL_MANAGER, login="boss")
    office.get(f"/people/{one}/sensitive")
    office.get(f"/people/{other}/passages")
    assert "敏感资料查看记录" in office.get(f"/people/{one}/privacy").text
    assert office.get("/readings").status_code == 403
    found = manager.see(f"/readings?member={one}")["items"]
    assert [(each["actor"], each["fields"]) for each in found] == [
        (office_id, ["address", "born", "health", "id_document"])
    ]
    first = manager.see("/readings?limit=1")
    rest = manager.see(f"/readings?limit=1&after={first['next']}")
    assert {each["member"] for each in (*first["items"], *rest["items"])} == {one, other}
    assert rest["next"] is None
    assert manager.see("/readings?since=2030-01-01")["items"] == []
    assert manager.see("/readings?actor=nobody")["items"] == []
    program = club.staff(Role.MEMBERSHIP, login="program")
    program.see(f"/people/{one}/sensitive")
    assert len(manager.see(f"/readings?member={one}")["items"]) == 2


@pytest.mark.proves("S90")
def test_a_member_says_yes_or_no_to_each_use_with_version_and_day(club: Club) -> None:
    member = club.join(1)
    office = club.staff(Role.MEMBERSHIP, login="office")
    place = f"/people/{member}/purposes"
    office.do(place, purpose="partners", agreed=True, version="2026-1")
    with club.books.look() as look:
        today = look.today
    office.do(place, purpose="partners", agreed=False, version="2026-2", said_on=today.isoformat())
    said = office.see(place)["items"]
    assert [(each["agreed"], each["version"]) for each in said] == [(False, "2026-2"), (True, "2026-1")]
    office.do(place, 409, purpose="money", agreed=True, version="1")
    tomorrow = (today + timedelta(days=1)).isoformat()
    office.do(place, 409, purpose="offers", agreed=True, version="1", said_on=tomorrow)
    office.do(place, purpose="offers", agreed=False, version="1")
    with club.books.look() as look:
        assert file_of(look, member).preferences == {"wishes": False}
    page = browser(club, Role.DESK, login="desk")[0].get(f"/people/{member}/privacy").text
    assert "2026-2" in page
    assert "问候与优惠" in page


@pytest.mark.proves("S90")
def test_who_says_no_to_the_photo_on_screens_is_not_shown_there(club: Club) -> None:
    member = club.join(1)
    fill(club, member)
    office = club.staff(Role.MEMBERSHIP, login="office")

    def shown() -> frozenset[str]:
        with club.database.read() as connection:
            return with_photo(connection, [member])

    assert shown() == {member}
    office.do(f"/people/{member}/purposes", purpose="recognition", agreed=False, version="1")
    assert shown() == frozenset()
    office.do(f"/people/{member}/purposes", purpose="recognition", agreed=True, version="1")
    assert shown() == {member}


@pytest.mark.proves("S90")
def test_a_member_gets_all_the_own_data_in_one_file(club: Club) -> None:
    member = club.join(1)
    fill(club, member)
    club.books.change(DESK, lambda change: post(change, cash_top_up("t1", 10000, member)))
    desk, _ = browser(club, Role.DESK, login="desk")
    assert desk.get(f"/people/{member}/own-data").status_code == 403
    office, office_id = browser(club, Role.MEMBERSHIP, login="office")
    assert office.get("/people/0000000000000000/own-data").status_code == 404
    response = office.get(f"/people/{member}/own-data")
    with zipfile.ZipFile(io.BytesIO(response.data)) as file:
        data = json.loads(file.read("data.json"))
        page, table = file.read("index.html").decode(), file.read("member_file.csv").decode("utf-8-sig")
        face = file.read("photo.jpeg")
    (mine,) = data["tables"]["member_file"]
    assert (mine["health"], mine["born"]) == ("花粉过敏", "1990-05-04")
    assert (face, data["tables"]["member_photo"][0]["body"]) == (FACE, "photo.jpeg")
    booked = {each["account"].split("/")[1]: each["amount"] for each in data["tables"]["ledger"]}
    assert booked == {"member_points": 1000, "member_principal": 10000}
    assert all("identifier" not in each for each in data["tables"]["credential"])
    assert "花粉过敏" in page
    assert "花粉过敏" in table
    assert [row["actor"] for row in readings(club)] == [office_id]
    boss = club.staff(Role.GENERAL_MANAGER, login="boss")
    (entry,) = boss.see("/audit?action=file.export")["items"]
    assert (entry["actor"], entry["thing_id"]) == (office_id, member)


@pytest.mark.proves("S90", "R149")
def test_who_left_is_erased_on_request_and_ledger_counts_and_records_stay_whole(club: Club) -> None:
    member = club.join(1)
    fill(club, member)
    office = club.staff(Role.MEMBERSHIP, login="office")
    erase = f"/people/{member}/erasure"
    club.books.change(DESK, lambda change: post(change, cash_top_up("t1", 10000, member)))
    assert "membership_runs" in json.dumps(office.do(erase, 409, why="asked"))
    club.books.change(DESK, lambda change: membership.cancel(change, member, why="left"))
    people.set_day(club.clock, date(2026, 11, 24))
    assert "money_open" in json.dumps(office.do(erase, 409, why="asked"))
    owed = (overdraft_of(member), -10000), (Account(AccountKind.REVENUE_SALES), 10000)
    club.books.change(DESK, lambda change: post(change, make_posting("d1", *owed)))
    assert "money_open" in json.dumps(office.do(erase, 409, why="asked")), (
        "what is owed is no less open than what is held"
    )
    club.books.change(DESK, lambda change: reverse(change, "d1", new_id="d2", by="desk", why="paid"))
    club.books.change(DESK, lambda change: post(change, sale("s1", 10000, member)))
    with club.database.read() as connection:
        cards = connection.execute(select(credential.c.id, credential.c.identifier)).all()
    office.do(erase, why="asked by letter")
    office.do(erase, 409, why="again")
    with club.books.look() as look:
        file = file_of(look, member)
        assert (file.name, file.phone, file.health, file.born, file.purged_on) == ("", "", "", None, look.today)
        assert balance(look, Account(AccountKind.MEMBER_PRINCIPAL, member)) == 0
        assert prove(look).found == ()
        after = look.connection.execute(select(credential.c.id, credential.c.identifier)).all()
    assert [each.id for each in after] == [each.id for each in cards]
    assert not {each.identifier for each in after} & {each.identifier for each in cards}
    assert club.number_of(member)


@pytest.mark.proves("S90")
def test_entry_times_are_for_few_and_are_forgotten_after_the_rules_months(club: Club) -> None:
    member = club.join(1)
    with club.database.begin() as connection:
        card = connection.execute(select(credential.c.id).where(credential.c.member == member)).scalar_one()
        row = {"site": "demo", "credential": card, "at_ms": epoch_ms(club.clock.now())}
        running = EntitlementRecord("runs", member, "gym")
        save_entitlements(connection, [running])
        kept = row | {"n": 2, "entitlement": "runs", "at_ms": row["at_ms"] - 1}
        connection.execute(insert(visit), [row | {"n": 1, "entitlement": "gone"}, kept])
    desk, office = club.staff(Role.DESK, login="desk"), club.staff(Role.MEMBERSHIP, login="office")
    desk.see(f"/people/{member}/passages", 403)
    assert len(office.see(f"/people/{member}/passages")["items"]) == 2
    assert [json.loads(row["fields"]) for row in readings(club)] == [["entry_times"]]
    people.set_day(club.clock, date(2028, 11, 22))
    assert run_job(club) == 0
    office = club.staff(Role.MEMBERSHIP, login="later")
    assert len(office.see(f"/people/{member}/passages")["items"]) == 2
    people.set_day(club.clock, date(2028, 11, 23))
    assert office.see(f"/people/{member}/passages")["items"] == []
    assert run_job(club) == 1
    with club.database.read() as connection:
        assert connection.execute(select(visit.c.entitlement)).scalars().all() == ["runs"]


def run_job(club: Club) -> int:
    """Run the job to its end; return how many rows it forgot."""
    place = ""
    while True:
        step = passage_times.forget(club.books, date(2028, 11, 23), place)
        if step.finished:
            return step.done
        place = step.place


@pytest.mark.proves("S90", "R149")
def test_who_read_what_an_applicant_said_is_written_down_like_a_members_file(club: Club) -> None:
    said = people.make_applicant(7, address="人民路 7 号")
    found = club.books.change(DESK, lambda change: submit(change, said))
    office, office_id = browser(club, Role.MEMBERSHIP, login="office")
    listed = club.staff(Role.MEMBERSHIP, login="program").see("/applications?state=open")["items"]
    assert (listed[0]["applicant"]["address"], listed[0]["applicant"]["born"]) == ("", None)
    manager = club.staff(Role.GENERAL_MANAGER, login="boss")
    assert manager.see("/readings")["items"] == []
    for path in (f"/applications/{found}", f"/do/amend_application/{found}"):
        assert "人民路 7 号" in office.get(path).text
    (row,) = manager.see("/readings")["items"]
    assert (row["application"], row["member"], row["actor"], row["count"]) == (found, "", office_id, 2)
    assert row["fields"] == ["address", "born", "fit_health"]
    member = club.join(1)
    with club.database.begin() as connection:
        connection.execute(update(application).where(application.c.id == found).values(member=member))
    assert [each["application"] for each in manager.see(f"/readings?member={member}")["items"]] == [found]
