"""Stories of being known: birthdays, privacy, more time, member days, and who brought whom."""

from datetime import date

import pytest
from flask import Flask

from kiosk.central.club import greeting
from kiosk.central.club.books import Books
from kiosk.central.club.misuse import MisuseWatch
from kiosk.central.database import Database, write_setting
from kiosk.central.lease import Lease
from kiosk.club.roles import Role
from kiosk.core.model import MORE_TIME, Schedule
from kiosk.gate.tap import said_on, said_to_all
from tests.builders import FakeClock
from tests.office.accounts import make_staff, signed_in
from tests.office.builders import MEMBER, make_decision, make_passage, store
from tests.office.program import CARD, FORM, Club, card_row, roster

TODAY = date(2026, 11, 22)


@pytest.fixture
def club(app: Flask, database: Database) -> Club:
    return Club(app, database)


def walk_in(club: Club, watch: MisuseWatch, member: str, hour: int) -> None:
    """Let the new member through the entrance, and central hear of it."""
    at = f"2026-11-22T{hour:02}:10:00.000Z"
    n = store(club.database, make_decision(credential=CARD, member=member) | {"at": at})
    newest = store(club.database, make_passage(n) | {"at": at})
    with club.database.begin() as connection:
        write_setting(connection, "records", str(newest))
    watch.tick(FakeClock().now())


def watch_over(club: Club) -> MisuseWatch:
    """Lead, and follow the taps that come in."""
    clock = FakeClock()
    lease = Lease(club.database, clock)
    assert lease.try_hold()
    return MisuseWatch(Books(club.database, clock), lease)


def night(club: Club) -> None:
    """Do the nightly work on what the gates say."""
    step = greeting.run(Books(club.database, FakeClock()), TODAY, "")
    assert (step.finished, step.error) == (True, "")


@pytest.mark.proves("S76", "S40")
def test_who_comes_on_a_birthday_is_wished_it_at_the_gate_and_finds_a_coupon_and_a_gift_at_the_desk(club: Club) -> None:
    club.operations.do("/coupon-kinds", code="cake", name="蛋糕券", amount_off_minor=3000)
    club.amend("greetings.birthday_gifts", ["birthday_gift", "cake"])
    member = club.join(born="1990-11-22")
    assert [each.code for each in said_on(card_row(club.database, CARD).notes, TODAY)] == ["birthday", "welcome_new"]
    watch = watch_over(club)
    for hour in (7, 8):
        walk_in(club, watch, member, hour)
    shown = club.points(member)
    given = {each["code"]: (each["became"], each["state"]) for each in shown["gifts"]}
    assert (given["birthday_gift"], given["cake"]) == (("desk", "due"), ("coupon", "had"))
    assert [each["kind"] for each in shown["coupons"]] == ["cake"]
    assert "coupon_granted" in club.told(member)
    desk = signed_in(club.app, club.database, make_staff(club.database, Role.DESK))
    assert "生日礼" in desk.get("/points").text
    gift = next(each["id"] for each in shown["gifts"] if each["code"] == "birthday_gift")
    assert club.desk.do(f"/member-gifts/{gift}/hand-over")["state"] == "had"


@pytest.mark.proves("S40", "S36", "R113")
def test_a_wish_for_privacy_and_for_more_time_reach_the_gate_with_the_change_of_the_file(club: Club) -> None:
    member = club.join()
    file = {"name": "林晓", "phone": "13900000001", "born": "1990-01-25"}
    club.amend("greetings.name_from_visit", 1)
    night(club)
    assert card_row(club.database, CARD).greeting == "林*"
    club.office.do(f"/people/{member}/file", **file, private=True, accessible=True)
    row = card_row(club.database, CARD)
    assert (row.greeting, MORE_TIME in {each.code for each in row.notes}) == ("", True)
    assert [each.code for each in said_on(row.notes, TODAY)] == ["welcome_new"]
    club.office.do(f"/people/{member}/file", **file)
    row = card_row(club.database, CARD)
    assert (row.greeting, MORE_TIME in {each.code for each in row.notes}) == ("林*", False)
    assert club.answer("club") != "credential_not_found"


@pytest.mark.proves("S51")
def test_a_member_day_set_in_the_office_is_known_to_the_gates_with_and_without_areas(club: Club) -> None:
    club.join()
    for areas in ([], ["lounge"]):
        club.amend("calendar.member_days", [{"code": "sunday", "weekdays": [7], "areas": areas}])
        days = [row for row in roster(club.database) if isinstance(row, Schedule)]
        said = said_to_all(card_row(club.database, CARD), days, TODAY)
        assert [each.code for each in said] == ["member_day"]
        assert club.answer("lounge") == ("ok" if areas else "not_permitted_here")


@pytest.mark.proves("S78", "R90")
def test_who_brings_members_gets_points_gift_and_tier_and_is_told_and_nobody_brings_himself(club: Club) -> None:
    steps = [{"number": 1, "points": 100, "gift": "referral_gift", "tier": "platinum"}]
    club.amend("referrals.steps", steps)
    member = club.apply()
    assert club.office.do(f"/points/{member}/referrer", referred_by="M0001")["referred_by"] == MEMBER
    again = club.office.do(f"/points/{member}/referrer", 409, referred_by="M0003")
    assert again["reason"] in ("already_brought", "not_a_valid_member")
    before = club.points(MEMBER)["balance"]["lifetime"]
    club.collect(member)
    shown = club.points(MEMBER)
    assert shown["balance"]["lifetime"] == before + 100
    assert "referral_gift" in {each["code"] for each in shown["gifts"]}
    assert shown["tier"]["holding"]["tier"] == "platinum"
    assert {"referral_rewarded", "tier_up"} <= set(club.told(MEMBER))
    assert [each["referred"] for each in shown["referrals"]] == [member]
    assert club.points(member)["referred_by"] == MEMBER
    assert club.desk.see("/referral-steps")["items"][0]["tier"] == "platinum"
    assert (
        FORM["name"]
        in signed_in(club.app, club.database, make_staff(club.database, Role.DESK)).get(f"/points/{MEMBER}").text
    )
