"""Stories of what surrounds a membership: cleared for an area, partners, offers that fit, and being looked after."""

from datetime import date

import pytest
from flask import Flask

from kiosk.central.club import greeting
from kiosk.central.club.books import Books
from kiosk.central.club.misuse import MisuseWatch
from kiosk.central.database import Database, write_setting
from kiosk.central.lease import Lease
from kiosk.club.roles import Role
from kiosk.gate.tap import said_of_area
from tests.builders import FakeClock
from tests.office.accounts import make_staff, signed_in
from tests.office.builders import MEMBER, make_decision, make_passage, store
from tests.office.builders_cards import IN_STOCK
from tests.office.program import CARD, FORM, Club, card_row
from tests.office.typed_form import send

TODAY = date(2026, 11, 22)


@pytest.fixture
def club(app: Flask, database: Database) -> Club:
    return Club(app, database)


def warned(club: Club, area: str, day: date = TODAY) -> bool:
    """Say whether the display into an area asks the new member for a clearance."""
    return bool(said_of_area(card_row(club.database, CARD).notes, area, day))


@pytest.mark.proves("S81")
def test_a_clearance_given_in_the_office_takes_the_warning_off_the_gate_until_it_runs_out(club: Club) -> None:
    club.add_rights({"code": "sauna", "kind": "facility", "tier": "silver", "areas": ["sauna"]})
    member = club.join()
    club.amend("clearances.areas", ["sauna"])
    step = greeting.run(Books(club.database, FakeClock()), TODAY, "")
    assert (step.finished, warned(club, "sauna"), warned(club, "club")) == (True, True, False)
    assert club.answer("sauna") == "ok"
    clerk = signed_in(club.app, club.database, make_staff(club.database, Role.MEMBERSHIP))
    assert "未确认或已过期" in clerk.get(f"/people/{member}").text
    form = f"/do/clear_member/{member}"
    answer = send(clerk, form, clerk.get(form).text, area="sauna", until="2027-03-31")
    assert answer.status_code in (302, 303), answer.text
    assert "已确认" in clerk.get(f"/people/{member}").text
    days = (TODAY, date(2027, 3, 31), date(2027, 4, 1))
    assert [warned(club, "sauna", day) for day in days] == [False, False, True]
    club.office.do(f"/people/{member}/clearances", area="sauna")
    assert (club.office.see(f"/people/{member}/clearances")["items"], warned(club, "sauna")) == ([], True)
    refused = club.office.do(f"/people/{member}/clearances", 409, area="lounge", until="2027-03-31")
    assert refused["reason"] == "clearance_not_needed"
    assert club.noted("clearance.set") == 2


@pytest.mark.proves("S81")
def test_an_injury_that_the_desk_reports_is_looked_into_and_closed_as_looked_after(club: Club) -> None:
    member = club.join()
    number = club.office.see(f"/people/{member}")["member"]["member_no"]
    case = club.desk.do("/cases", kind="injury", about=number, text="跑步机旁摔倒")["id"]
    closed = club.office.do(f"/cases/{case}/close", decision="looked_after", why="冰敷，陪同离开")
    assert (closed["kind"], closed["member"], closed["decision"]) == ("injury", member, "looked_after")
    clerk = signed_in(club.app, club.database, make_staff(club.database, Role.MEMBERSHIP))
    page = clerk.get(f"/cases/{case}").text
    assert ("受伤或事故" in page, "已妥善处理" in page) == (True, True)


@pytest.mark.proves("S64")
def test_a_partner_is_given_numbers_and_days_of_members_who_said_yes_alone(club: Club) -> None:
    member = club.join()
    manager = signed_in(club.app, club.database, make_staff(club.database, Role.OPERATIONS, login="operations"))
    form = "/do/add_partner"
    answer = send(manager, form, manager.get(form).text, code="tea", name="茶馆", offer="九折", until="2026-12-05")
    assert answer.status_code in (302, 303), answer.text
    clerk = signed_in(club.app, club.database, make_staff(club.database, Role.MEMBERSHIP))
    assert "九折" in clerk.get("/partners").text

    def listed() -> list[tuple[str, str]]:
        return [(each["number"], each["until"]) for each in club.office.see("/partners/tea/cards")["items"]]

    assert listed() == []
    answers = f"/people/{member}/purposes"
    club.office.do(answers, purpose="partners", agreed=True, version="2026-1")
    assert listed() == [(IN_STOCK, "2026-12-05")]
    shown = clerk.get("/partners/tea/cards")
    file = clerk.get("/partners/tea/cards?as=csv").text
    for text in (shown.text, file):
        assert (IN_STOCK in text, FORM["name"] in text, member in text) == (True, False, False)
    assert club.noted("list.export") == 1
    club.operations.do("/partners/tea", name="茶馆", offer="九折", tiers=["gold"])
    assert listed() == []
    club.operations.do("/partners/tea", name="茶馆", offer="九折", card_kinds=["annual"])
    assert listed() == []
    club.operations.do("/partners/tea", name="茶馆", offer="九折", card_kinds=["ordinary"])
    assert listed() == [(IN_STOCK, "2026-12-23")]
    club.office.do(answers, purpose="partners", agreed=False, version="2026-1")
    assert listed() == []
    club.operations.do("/partners/tea", 422, name="茶馆", offer="九折", tiers=["no-such"])
    club.desk.see("/partners/tea/cards", 403)


@pytest.mark.proves("S79")
def test_offers_are_ranked_by_what_a_member_likes_and_end_with_a_no_to_offers(club: Club) -> None:
    member = club.join(interests="")
    week = {"first": "2026-11-20", "last": "2026-12-10", "percent": 80}
    tea = {"code": "tea_week", "goods": ["tea"], **week}
    club.amend("promotions.promotions", [{"code": "cake_week", "goods": ["cake"], **week}, tea])

    def fits() -> list[tuple[str, list[str]]]:
        return [(each["offer"]["code"], each["reasons"]) for each in club.desk.see(f"/people/{member}/offers")["items"]]

    assert fits() == [("cake_week", []), ("tea_week", [])]
    clerk = signed_in(club.app, club.database, make_staff(club.database, Role.MEMBERSHIP))
    form = f"/do/set_likes/{member}"
    answer = send(clerk, form, clerk.get(form).text, likes="tea, 游泳")
    assert answer.status_code in (302, 303), answer.text
    assert fits() == [("tea_week", ["liked"]), ("cake_week", [])]
    page = clerk.get(f"/people/{member}").text
    assert ("tea_week" in page, "本人喜好" in page) == (True, True)
    club.office.do(f"/people/{member}/purposes", purpose="offers", agreed=False, version="2026-1")
    assert fits() == []


@pytest.mark.proves("S72")
def test_whoever_looks_after_a_member_of_an_announced_tier_sees_at_once_that_the_member_came_in(club: Club) -> None:
    member = club.join()
    owner = make_staff(club.database, Role.DESK, login="own.manager")
    club.office.do(f"/people/{member}/file", name="林晓", phone="13900000001", owner_staff=owner)
    clock = FakeClock()
    lease = Lease(club.database, clock)
    assert lease.try_hold()
    watch = MisuseWatch(Books(club.database, clock), lease)

    def walk_in(hour: int) -> None:
        at = f"2026-11-22T{hour:02}:10:00.000Z"
        n = store(club.database, make_decision(credential=CARD, member=member) | {"at": at})
        newest = store(club.database, make_passage(n) | {"at": at})
        with club.database.begin() as connection:
            write_setting(connection, "records", str(newest))
        watch.tick(clock.now())

    walk_in(5)
    assert club.desk.see("/care/arrivals")["items"] == []
    club.amend("ownership.arrival_tiers", ["silver"])
    for hour in (6, 7):
        walk_in(hour)
    (came,) = club.desk.see(f"/care/arrivals?staff={owner}")["items"]
    assert (came["member"], came["staff"], came["site"]) == (member, owner, "demo")
    assert "own_member_arrived" in club.told(member)
    assert "林晓" in signed_in(club.app, club.database, owner).get("/care/arrivals").text
    other = signed_in(club.app, club.database, make_staff(club.database, Role.DESK, login="somebody.else"))
    assert "林晓" not in other.get("/care/arrivals").text
    assert "林晓" in other.get("/care/arrivals?part=all").text
    assert MEMBER not in other.get("/care/arrivals?part=all").text
