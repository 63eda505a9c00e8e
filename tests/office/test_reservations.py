"""Bookings of areas and classes of training plans, from the office's form to the gate's answer."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import func, select

from kiosk.central.club import benefits, reservations
from kiosk.central.club.reservation_tables import reservation
from kiosk.central.policy import AreaText, apply_policy
from kiosk.central.tables import entitlement, roster_row
from kiosk.club.reservations import BookableArea, TierDays
from kiosk.club.roles import Role
from kiosk.core.case import Case
from kiosk.core.clock import ClockReading, ClockState
from kiosk.core.decision import decide
from kiosk.core.errors import InvalidInput
from kiosk.core.identifiers import credential_of
from kiosk.core.model import AccessPoint, Credential
from kiosk.core.roster import decode_row, make_policy
from tests.builders import make_read
from tests.central.club.builders_activities import moment
from tests.central.club.builders_people import do, set_day
from tests.central.club.builders_points import amend, run_job
from tests.central.roster_builders import HASH_KEY, make_club_policy
from tests.office.accounts import signed_in
from tests.office.conftest import form_key
from tests.office.story import Club, open_story

TODAY = date(2026, 11, 22)
DAY = timedelta(days=1)
AHEAD = [TierDays("ordinary", 3), TierDays("gold", 7), TierDays("platinum", 14)]
COURT = BookableArea("court", places=1, minutes=60, opens="09:00", closes="21:00")


@pytest.fixture
def club(tmp_path: Path) -> Iterator[Club]:
    """A club with a court that is booked by the hour, by one at a time; nothing else opens it."""
    with open_story(tmp_path) as opened:
        policy = make_club_policy(areas={"club": AreaText(), "court": AreaText(name="网球场")})
        do(opened.books, lambda change: apply_policy(change.connection, policy, at=change.now))
        amend(opened.books, reservations__areas=[COURT])
        yield opened


def at_the_court(club: Club, number: int, at: datetime) -> str:
    """What the gate from the club into the court answers card `number`, by the roster as it is."""
    with club.books.look() as look:
        rows = [decode_row(bytes(body)) for body in look.connection.execute(select(roster_row.c.body)).scalars()]
    card = credential_of(f"04{number:012X}", HASH_KEY)
    case = Case(
        read=make_read(credential=card),
        point=AccessPoint("court", "club", "court"),
        clock=ClockReading(at, ClockState.OK, roster_age_s=0),
        policy=make_policy(1, "demo", rows, 14 * 86400, "Asia/Shanghai"),
        credential=next(row for row in rows if isinstance(row, Credential) and row.id == card),
    )
    return str(decide(case).event.reason)


def wish(club: Club, member: str, day: date, opens: str = "15:00") -> dict[str, Any]:
    """Make a wish for the court."""
    return {"member": club.number_of(member), "area": "court", "day": day.isoformat(), "opens": opens}


@pytest.mark.proves("S37")
def test_a_member_books_a_court_at_the_desk_and_the_gate_lets_in_at_that_time_alone(club: Club) -> None:
    one, two = club.join(1), club.join(2)
    desk = club.staff(Role.DESK, login="the.desk")
    assert at_the_court(club, 1, moment(TODAY + DAY, 15)) == "not_permitted_here"
    browser, form = signed_in(club.app, club.database, desk.staff), "/do/book_area"
    assert "网球场（09:00–21:00，每次 60 分钟）" in browser.get(form).text
    said = wish(club, one, TODAY + DAY) | {"form_key": form_key(browser, form), "once": "1"}
    assert browser.post(form, data=said).status_code == 302
    [found] = desk.see(f"/reservations?day={TODAY + DAY}")["items"]
    assert (found["member"], found["opens"], found["closes"], found["state"]) == (one, "15:00", "16:00", "booked")
    assert club.number_of(one) in browser.get(f"/reservations?day={TODAY + DAY}").text
    answers = [at_the_court(club, 1, moment(TODAY + DAY, *at)) for at in ((14, 49), (14, 50), (15, 59), (16, 0))]
    assert answers == ["not_permitted_at_this_time", "ok", "ok", "not_permitted_at_this_time"]
    for day in (TODAY, TODAY + 2 * DAY):
        assert at_the_court(club, 1, moment(day, 15)) == "not_permitted_here"
    assert at_the_court(club, 2, moment(TODAY + DAY, 15)) == "not_permitted_here"
    assert desk.do("/reservations", 409, **wish(club, two, TODAY + DAY))["reason"] == "full_then"
    refused = browser.post(form, data=wish(club, two, TODAY + DAY) | {"form_key": said["form_key"], "once": "2"})
    assert "这个时段已约满" in refused.text
    page = browser.get(f"/reservations/{found['id']}").text
    assert "取消预订" in page
    assert desk.do(f"/reservations/{found['id']}/cancel", why="下雨")["state"] == "cancelled"
    assert desk.do(f"/reservations/{found['id']}/cancel", 409, why="下雨")["reason"] == "not_booked_any_more"
    assert at_the_court(club, 1, moment(TODAY + DAY, 15)) == "not_permitted_here"
    desk.do("/reservations", **wish(club, two, TODAY + DAY))
    assert at_the_court(club, 2, moment(TODAY + DAY, 15)) == "ok"
    club.staff(Role.IT, login="the.it").see("/reservations", 403)


@pytest.mark.proves("S37")
def test_a_higher_tier_books_first(club: Club) -> None:
    one, two = club.join(1), club.join(2)
    office = club.staff(Role.MEMBERSHIP, login="li.na")
    assert office.do("/reservations", 409, **wish(club, one, TODAY + 4 * DAY))["reason"] == "too_far_ahead"
    office.do(f"/points/{two}/tier", tier="gold", why="理事会决定")
    office.do("/reservations", **wish(club, two, TODAY + 7 * DAY))
    assert office.do("/reservations", 409, **wish(club, two, TODAY + 8 * DAY))["reason"] == "too_far_ahead"
    assert at_the_court(club, 2, moment(TODAY + 7 * DAY, 15)) == "ok"


def test_no_rule_lets_a_lower_tier_book_first_or_books_what_there_is_not(club: Club) -> None:
    for fault, wrong in (
        ("gold has less of days_ahead than silver", {"reservations__days_ahead": [TierDays("silver", 9), *AHEAD]}),
        ("names the area moon", {"reservations__areas": [msgspec.structs.replace(COURT, area="moon")]}),
    ):
        with pytest.raises(InvalidInput, match=fault):
            amend(club.books, **wrong)


@pytest.mark.proves("S80")
def test_the_classes_of_a_training_plan_are_bookings_that_the_gate_knows(club: Club) -> None:
    member = club.join(1)
    desk = club.staff(Role.DESK, login="the.desk")
    browser, form = signed_in(club.app, club.database, desk.staff), "/do/make_training_plan"
    said = {"member": club.number_of(member), "name": "网球入门", "coach": "陈教练", "once": "1"}
    assert browser.post(form, data=said | {"form_key": form_key(browser, form)}).status_code == 302
    [plan] = desk.see("/training-plans")["items"]
    for week in (1, 2):
        where: dict[str, Any] = {"area": "court", "day": (TODAY + 7 * week * DAY).isoformat(), "opens": "18:00"}
        desk.do(f"/training-plans/{plan['id']}/classes", **where)
    seen = desk.see(f"/training-plans/{plan['id']}")
    assert (seen["plan"]["name"], seen["plan"]["coach"], seen["plan"]["member"]) == ("网球入门", "陈教练", member)
    assert [each["day"] for each in seen["classes"]] == ["2026-11-29", "2026-12-06"]
    assert at_the_court(club, 1, moment(TODAY + 14 * DAY, 18)) == "ok"
    assert at_the_court(club, 1, moment(TODAY + 14 * DAY, 20)) == "not_permitted_at_this_time"
    page = browser.get(f"/training-plans/{plan['id']}").text
    assert "陈教练" in page
    assert "2026-12-06 18:00–19:00" in page
    assert "网球入门" in browser.get(f"/reservations?q={club.number_of(member)}").text
    desk.see("/training-plans/0", 404)


def test_a_night_takes_bookings_that_are_over_off_the_gates_and_keeps_those_to_come(club: Club) -> None:
    member = club.join(1)
    desk = club.staff(Role.DESK, login="the.desk")
    desk.do("/reservations", **wish(club, member, TODAY + DAY))
    desk.do("/reservations", **wish(club, member, TODAY + 3 * DAY, "10:00"))
    set_day(club.clock, TODAY + 2 * DAY, 3)
    for run in (reservations.run, benefits.run):
        run_job(run, club.books)
    kept = {each["day"]: each["state"] for each in desk.see(f"/reservations?member={member}")["items"]}
    assert kept == {"2026-11-25": "booked", "2026-11-23": "over"}
    with club.books.look() as look:
        keys = {bytes(key) for key in look.connection.execute(select(roster_row.c.key)).scalars()}
        held = look.connection.execute(select(entitlement.c.product)).scalars().all()
    assert {key for key in keys if b":at." in key} == {b"product:at.court.1000-1100", b"schedule:at.1000-1100"}
    assert sorted(held) == ["at.court.1000-1100", "gym"]
    assert at_the_court(club, 1, moment(TODAY + 3 * DAY, 10)) == "ok"
    set_day(club.clock, date(2028, 12, 1), 3)
    run_job(reservations.run, club.books)
    with club.books.look() as look:
        assert look.connection.execute(select(func.count()).select_from(reservation)).scalar_one() == 0
